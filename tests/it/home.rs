//! Conversations about the server itself: a bot that is taken out of it, and a category that is closed.

use tollkeeper::sandbox::discord::{Overwrite, Target, permission};

use crate::world::World;

#[tokio::test]
async fn a_bot_that_is_kicked_tells_the_owner_and_goes_on_when_it_is_back() {
    let world = World::new().await;
    world.inspected().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.settles().await;
    world.discord.kicks_bot(true);
    let omar = world.person("Omar").id();
    world
        .until("the owner to be told", |view| {
            view.dms_of(omar).into_iter().find(|message| message.contains("took the bot out of the server"))
        })
        .await;
    // What is due meanwhile waits, and nothing of it gives up.
    world.changes("UPDATE payment_submissions SET card_digest = NULL").await;
    world.changes("INSERT INTO outbox (key, lane, kind, args_version, args, run_at, created_at) VALUES ('card:1', 'review', 'sync_card', 1, '{\"submission\":1}', 0, 0)").await;
    world.counts(1, "SELECT count(*) FROM outbox WHERE key = 'card:1' AND tries > 2").await;
    assert_eq!(world.number("SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL OR failures > 0").await, 0);
    world.discord.invites_bot();
    world.until("the commands", |view| (!view.commands().is_empty()).then_some(())).await;
    world.counts(0, "SELECT count(*) FROM outbox WHERE lane = 'owner'").await;
    world.settles().await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    assert_eq!(world.person("Omar").dms().len(), 1, "told once");
    world.finish().await;
}

/// Without a server in common nobody can be written to: the log has said it, and nothing is left over.
#[tokio::test]
async fn a_bot_that_is_kicked_from_its_only_server_leaves_nothing_behind() {
    let world = World::new().await;
    world.inspected().await;
    world.settles().await;
    world.discord.kicks_bot(false);
    world
        .until("a try to tell the owner", |view| {
            let mut asked = view.requests().iter().filter(|asked| asked.info.method == "POST");
            asked.any(|asked| asked.status == Some(403)).then_some(())
        })
        .await;
    world.discord.invites_bot();
    world.until("the commands", |view| (!view.commands().is_empty()).then_some(())).await;
    world.customer("Mona").orders("Basic").await;
    world.finish().await;
}

#[tokio::test]
async fn a_category_that_is_closed_to_the_bot_is_told_at_once() {
    let world = World::new().await;
    world.inspected().await;
    world.settles().await;
    let (category, bot) = (world.guild.tickets[0], world.discord.bot_id());
    let deny = permission::VIEW_CHANNEL;
    world.discord.set_overwrite(category, Overwrite { id: bot, target: Target::Member, allow: 0, deny });
    let omar = world.person("Omar").id();
    world
        .until("the owner to be told", |view| {
            view.dms_of(omar).into_iter().find(|message| message.contains("View Channel"))
        })
        .await;
    world.finish().await;
}
