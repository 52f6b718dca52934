//! Conversations with a Discord that refuses: what is no decision is waited out, what would be final
//! is asked for again, and what stays refused is told to whoever can act, with the remedy.

use std::time::Duration;

use serde_json::json;
use tollkeeper::{
    domain::discord_error::{CODES, Refused},
    sandbox::discord::Fault,
    view::{Locale, discord_error::why},
};

use crate::world::{World, receipt};

/// A refusal with the status that Discord gives with such a code.
fn refusal(code: i64) -> Fault {
    let status = if code / 1000 == 10 { 404 } else { 403 };
    Fault::refused(status, u32::try_from(code).unwrap(), "Discord's own words")
}

impl World {
    /// Waits until the owner reads a sentence for the `nth` time.
    async fn owner_is_told_of(&self, sentence: &str, nth: usize) {
        let omar = self.person("Omar").id();
        self.until(&format!("the owner to read {sentence:?}"), |view| {
            let told = view.dms_of(omar).into_iter().filter(|message| message.contains(sentence));
            (told.count() >= nth).then_some(())
        })
        .await;
    }
}

/// After an outage Discord may deny for days a channel that exists.
#[tokio::test]
async fn a_ticket_that_discord_denies_for_a_while_costs_nobody_their_order() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    world.settles().await;
    let ticket = mona.ticket();
    let of_it = format!("/channels/{ticket}");
    world.discord.on_request(move |asked| {
        if asked.path.contains(&of_it) { Fault::refused(404, 10003, "Unknown Channel") } else { Fault::None }
    });
    mona.posts("receipt.png", &receipt("Mona's receipt")).unwrap();
    world.owner_is_told_of("although its list of channels has it", 1).await;
    assert_eq!(world.word("SELECT status FROM orders").await, "pending_payment");
    assert_eq!(world.number("SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL").await, 0);
    world.discord.no_faults();
    mona.is_under_review().await;
    assert_eq!(mona.ticket(), ticket, "it is the same");
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    world.finish().await;
}

#[tokio::test]
async fn direct_messages_that_are_opened_too_fast_are_not_closed() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.discord.fail_next("POST", "/users/@me/channels", 3, refusal(40003));
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    world.settles().await;
    assert_eq!(world.word("SELECT delivery FROM orders").await, "dm");
    world.finish().await;
}

/// Whatever stops one category, the next is tried, and owners read what is to be mended.
#[tokio::test]
async fn what_stops_one_category_does_not_stop_the_next() {
    let world = World::with(|scene| scene.overflow = 1).await;
    world.inspected().await;
    let first = world.guild.tickets[0];
    let refusals = CODES.iter().filter(|(_, why)| !matches!(why, Refused::Passing | Refused::Account));
    let mona = world.customer("Mona");
    for (code, _) in refusals {
        let (code, category) = (*code, first.to_string());
        world.discord.on_request(move |asked| {
            if asked.body["parent_id"] == category.as_str() { refusal(code) } else { Fault::None }
        });
        mona.orders("Basic").await;
        let ticket = mona.tickets().pop().unwrap();
        assert_eq!(ticket.parent, Some(world.guild.tickets[1]), "{code}");
        mona.cancels().await;
        world.settles().await;
        let deleted = world.discord.owner().deletes_channel(ticket.id);
        deleted.unwrap_or_else(|error| panic!("{code}: {error:?}"));
        world.counts(0, "SELECT count(*) FROM orders WHERE channel_id IS NOT NULL").await;
    }
    world.discord.no_faults();
    assert_eq!(world.person("Omar").dms().len(), 0, "the server is as it should be");
    world.discord.owner().deletes_channel(first).unwrap();
    mona.orders("Basic").await;
    assert_eq!(mona.tickets().pop().unwrap().parent, Some(world.guild.tickets[1]));
    world.owner_is_told_of("discord.ticket_category_id", 1).await;
    world.finish().await;
}

#[tokio::test]
async fn whatever_discord_refuses_a_ticket_for_the_owner_is_told_of_what_helps() {
    let world = World::new().await;
    world.inspected().await;
    let mona = world.customer("Mona");
    for (code, refused) in CODES {
        world.passes(Duration::from_mins(61));
        world.discord.fail_next("POST", "/guilds/{guild_id}/channels", u32::MAX, refusal(*code));
        let menu = mona.asks_for_plans().await;
        let chosen = mona.person.select(&menu, &["Basic"]).unwrap();
        if *refused == Refused::Passing {
            world.counts(1, "SELECT count(*) FROM outbox WHERE last_error LIKE '%does not want to just now%'").await;
            world.discord.no_faults();
            mona.waits_for("How would you like to pay?").await;
            mona.waits_for("Welcome!").await;
            mona.cancels().await;
            world.settles().await;
            world.discord.owner().deletes_channel(mona.ticket()).unwrap();
            world.counts(0, "SELECT count(*) FROM orders WHERE channel_id IS NOT NULL").await;
            continue;
        }
        let (told, sentence) = match refused {
            Refused::ServerFull => ("All our places", "No ticket category has room".to_owned()),
            refused => ("could not open a ticket", why(Locale::English, *refused)),
        };
        let answer = chosen.until("why there is no ticket", |message| message.contains(told)).await;
        answer.unwrap_or_else(|error| panic!("{code}: {error:#}"));
        world.owner_is_told_of(&sentence, 1).await;
        world.settles().await;
        world.discord.no_faults();
    }
    world.finish().await;
}

#[tokio::test]
async fn whatever_discord_refuses_a_direct_message_for_the_link_is_not_lost() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.owns_basic().await;
    let user = json!({ "user": mona.person.id().to_string() });
    let dm = mona.person.dms()[0].channel;
    for (code, refused) in CODES {
        world.passes(Duration::from_mins(61));
        let links = mona.person.dms().len();
        world.discord.fail_next("POST", &format!("/channels/{dm}/messages"), u32::MAX, refusal(*code));
        let asked = world.person("Salma").slash(world.guild.lobby, "admin user-resend", user.clone()).unwrap();
        if *refused == Refused::Passing {
            world.counts(1, "SELECT count(*) FROM outbox WHERE last_error LIKE '%does not want to just now%'").await;
            world.discord.no_faults();
            mona.is_sent_link(links).await;
            world.settles().await;
            continue;
        }
        let answer = asked.until("how it went", |message| message.contains("/link")).await;
        answer.unwrap_or_else(|error| panic!("{code}: {error:#}"));
        if !refused.is_the_persons() {
            world.owner_is_told_of(&why(Locale::English, *refused), 1).await;
        }
        world.settles().await;
        world.discord.no_faults();
        assert!(mona.link().await.contains("vless://"), "{code}");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_receipt_that_discord_does_not_take_is_decided_without_its_picture() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    world.settles().await;
    let review = format!("/channels/{}/messages", world.guild.review);
    for (code, _) in CODES.iter().filter(|(_, why)| why.is_about_a_file()) {
        world.discord.fail_next("POST", &review, 1, refusal(*code));
        mona.uploads(&format!("receipt {code}")).await;
        assert!(world.admin("Adel").card().await.attachments.is_empty(), "{code}");
        let list = world.admin("Adel").opens(&world.admin("Adel").card().await, "More").await;
        let more = world.person("Adel").select(&list.message, &["One more attempt"]).unwrap();
        more.reply().await.unwrap();
        world.admin("Adel").declines("Screenshot not readable").await;
        mona.waits_for("We cannot read the screenshot").await;
        world.settles().await;
    }
    world.finish().await;
}

#[tokio::test]
async fn what_discord_does_not_let_us_write_or_delete_is_told_with_its_remedy() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    let review = format!("/channels/{}/messages", world.guild.review);
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    world.discord.fail_next("POST", &review, u32::MAX, refusal(200_000));
    mona.posts("receipt.png", &receipt("Mona's receipt")).unwrap();
    world.owner_is_told_of(&why(Locale::English, Refused::Filtered), 1).await;
    world.discord.no_faults();
    let retries = async || {
        let status = world.admin("Adel").desk("status", json!({})).await;
        world.person("Adel").click(&status, "Retry 1").unwrap().reply().await.unwrap();
    };
    retries().await;
    mona.is_under_review().await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    world.settles().await;
    let ticket = mona.ticket();
    world.discord.fail_next("DELETE", &format!("/channels/{ticket}"), u32::MAX, refusal(50074));
    world.passes(Duration::from_hours(25));
    world.restart().await;
    world.owner_is_told_of(&why(Locale::English, Refused::Required), 1).await;
    world.discord.no_faults();
    retries().await;
    world.until("the ticket to go", |view| view.channel(ticket).is_none().then_some(())).await;
    world.finish().await;
}

/// One refusal is no verdict: the server's own description says that the bot may.
#[tokio::test]
async fn one_odd_refusal_cancels_no_order() {
    let world = World::new().await;
    world.inspected().await;
    let mona = world.customer("Mona");
    for (code, _) in CODES.iter().filter(|(_, why)| *why != Refused::Passing) {
        world.discord.fail_next("POST", "/guilds/{guild_id}/channels", 1, refusal(*code));
        mona.orders("Basic").await;
        mona.cancels().await;
        world.settles().await;
        world.discord.owner().deletes_channel(mona.ticket()).unwrap();
        world.counts(0, "SELECT count(*) FROM orders WHERE channel_id IS NOT NULL").await;
    }
    assert_eq!(world.person("Omar").dms().len(), 0, "and there was nothing to tell");
    world.finish().await;
}
