//! What `check` says beside a running bot, and what the running bot says by itself.

use tollkeeper::{
    config::Config,
    ops,
    sandbox::{
        discord::{self, Overwrite, Target, permission},
        panel::{Generation, InboundSpec},
    },
};

use super::{configured, finding, program};
use crate::world::World;

#[tokio::test]
async fn beside_a_running_bot_and_after_it() {
    let world = World::with(|scene| scene.process = true).await;
    configured(&world, "\"vpn.example.com\"", "\"203.0.113.7\"");
    world.until("the dashboard", |view| (!view.messages(world.guild.dashboard).is_empty()).then_some(())).await;
    world.counts(0, "SELECT count(*) FROM outbox").await;
    let (code, text) = program(&world).await;
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(finding(&text, "A bot runs"), "ok    A bot runs on this data directory; it is not disturbed.");
    assert!(finding(&text, "The database is whole").starts_with("ok"), "{text}");
    world.finish().await;
}

/// Says once what is wrong, and again when it comes back.
#[tokio::test]
async fn the_running_bot_tells_its_owner_what_is_wrong_on_the_server() {
    let world = World::asleep(|_| {}).await;
    let bot = world.discord.bot_id();
    let overwrite = |deny| Overwrite { id: bot, target: Target::Member, allow: permission::VIEW_CHANNEL, deny };
    world.discord.set_overwrite(world.guild.review, overwrite(permission::EMBED_LINKS));
    world.start().await;
    let told = |n: usize| {
        let omar = world.person("Omar").id();
        move |view: &discord::View<'_>| {
            let dms = view.dms_of(omar);
            let news: Vec<_> = dms.into_iter().filter(|message| message.contains("Something on the server")).collect();
            (news.len() == n).then(|| news.last().map(|message| message.content.clone()))
        }
    };
    let says = world.until("the owner to be told", told(1)).await.unwrap();
    insta::assert_snapshot!(says.replace(&world.guild.review.to_string(), "REVIEW").lines().take(2).collect::<Vec<_>>().join("\n"), @"
    Something on the server needs you, or the shop cannot work:
    - The bot may not do this in the review channel <#REVIEW> (`REVIEW`): Embed Links. Allow it for the bot's role in the channel's settings, Permissions.
    ");
    world.restart().await;
    world.counts(0, "SELECT count(*) FROM outbox").await;
    world.until("no second message", told(1)).await;
    world.discord.set_overwrite(world.guild.review, overwrite(0));
    world.restart().await;
    world.counts(1, "SELECT count(*) FROM bot_config WHERE key = 'premises' AND value = '[]'").await;
    world.discord.set_overwrite(world.guild.review, overwrite(permission::EMBED_LINKS));
    world.restart().await;
    world.until("the owner to be told again", told(2)).await;
    world.finish().await;
}

/// Reminders ring a role only if the bot may mention it: `check` says so, and then they do. Roles are
/// made without it, so the owner is not alarmed.
#[tokio::test]
async fn a_role_that_reminders_cannot_ring() {
    let world = World::asleep(|scene| {
        scene.admin_role = true;
        scene.schedule("review_reminder", "200ms");
    })
    .await;
    configured(&world, "\"vpn.example.com\"", "\"203.0.113.7\"");
    let role = world.guild.admins;
    world.discord.set_role_mentionable(role, false);
    // Everybody here may mention every role, the bot too.
    let (text, _) = check_at_once(&world).await;
    assert!(finding(&text, "Channels, roles and permissions").starts_with("ok"), "{text}");
    world.discord.set_role_permissions(world.discord.guild(), permission::EVERYONE & !permission::MENTION_EVERYONE);
    let (text, _) = check_at_once(&world).await;
    assert_eq!(text.matches("MEND  ").count(), 1, "the moved clock alone: {text}");
    insta::assert_snapshot!(finding(&text, "ring nobody").replace(&role.to_string(), "ROLE"), @"note  Reminders of payments that wait ring nobody: the bot may not mention the role ROLE of discord.admin_role_id, so switch on “Allow anyone to @mention this role” for it in Server Settings, Roles.");
    world.start().await;
    let waits = |line: &discord::Message, name| line.contains("is still waiting for review.") && line.contains(name);
    world.customer("Mona").orders_and_pays("Basic", "Mona's receipt").await;
    let line = world.card("a reminder", |line| waits(line, "@Mona")).await;
    assert_eq!((line.mention_roles.as_slice(), line.mentions.as_slice()), (&[][..], &[][..]), "no phone rings");
    assert_eq!(world.person("Omar").dms().len(), 0, "nothing that stops the shop");
    world.discord.set_role_mentionable(role, true);
    let (text, _) = check_at_once(&world).await;
    assert!(finding(&text, "Channels, roles and permissions").starts_with("ok"), "{text}");
    world.customer("Karim").orders_and_pays("Basic", "Karim's receipt").await;
    let line = world.card("a reminder", |line| waits(line, "@Karim")).await;
    assert_eq!((line.mention_roles.as_slice(), line.mentions.as_slice()), (&[role][..], &[][..]), "the role's do");
    world.finish().await;
}

/// The same token on two machines: each has its own data, and they meet on the dashboard.
#[tokio::test]
async fn the_same_token_on_another_machine_is_noticed() {
    let world = World::with(|scene| scene.schedule("dashboard_refresh", "1s")).await;
    let dashboard = world.guild.dashboard;
    world.until("the dashboard", |view| view.messages(dashboard).into_iter().next()).await;
    let omar = world.person("Omar").id();
    let told = |view: &discord::View<'_>| {
        view.dms_of(omar).into_iter().filter(|message| message.contains("Another program uses")).count()
    };
    // Its own footer, of this run and of those before, is no news.
    let before = edits(&world);
    world.restart().await;
    world
        .until("two edits", |view| {
            let edits = view.requests().iter().filter(|asked| is_edit(asked, dashboard)).count();
            (edits > before + 1).then_some(())
        })
        .await;
    assert_eq!(world.discord.look(told), 0);
    world
        .changes(
            "UPDATE bot_config SET value = '{\"own\":[\"0123456789abcdef\"],\"trusting\":false}' WHERE key = 'boots'",
        )
        .await;
    world.until("the owner to be told", |view| (told(view) == 1).then_some(())).await;
    let (text, well) = {
        configured(&world, "\"vpn.example.com\"", "\"203.0.113.7\"");
        check_at_once(&world).await
    };
    assert!(!well);
    assert!(
        finding(&text, "with the same token").starts_with("MEND  Another machine, or another data directory"),
        "{text}"
    );
    assert_eq!(world.discord.look(told), 1, "once");
    world.finish().await;
}

async fn check_at_once(world: &World) -> (String, bool) {
    let environment = world.environment();
    let mut config = Config::load(&world.config_path(), &|name: &str| environment.get(name).cloned()).unwrap();
    config.storage.data_dir = std::path::absolute(&config.storage.data_dir).unwrap();
    let mut out = Vec::new();
    let well = ops::check::check(&config, &world.clock, &mut out).await.unwrap();
    (String::from_utf8(out).unwrap(), well)
}

fn is_edit(asked: &discord::Request, channel: discord::Id) -> bool {
    asked.info.method == "PATCH" && asked.status == Some(200) && asked.info.path.contains(&channel.to_string())
}

fn edits(world: &World) -> usize {
    world.discord.requests().iter().filter(|asked| is_edit(asked, world.guild.dashboard)).count()
}

/// Who bought before another inbound was sold stays where they are: `check` and the start say so.
#[tokio::test]
async fn customers_on_another_inbound_than_the_one_that_is_sold() {
    for generation in [Generation::V2_9, Generation::V3] {
        let world = World::with(|scene| {
            scene.generation(generation);
            scene.process = true;
        })
        .await;
        configured(&world, "\"vpn.example.com\"", "\"203.0.113.7\"");
        world.customer("Mona").owns_basic().await;
        world.settles().await;
        world.stop().await;
        world.panel.set_inbound(&InboundSpec::reality(2));
        configured(&world, "inbound_id = 1", "inbound_id = 2");
        let (code, text) = program(&world).await;
        assert_eq!(code, Some(0), "{text}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(finding(&text, "1 client is"), @"note  1 client is on inbound 1, where they were made, and not on inbound 2: they keep their links and are renewed there, so leave inbound 1 on.");
        }
        world.panel.set_inbound_enabled(1, false);
        let (code, text) = program(&world).await;
        assert_eq!(code, Some(1), "{text}");
        assert!(finding(&text, "1 client is").contains("which is switched off, so these customers cannot connect"));
        world.panel.set_inbound_enabled(1, true);
        world.start().await;
        let console = std::fs::read_to_string(world.console()).unwrap();
        assert!(console.contains("clients are on another inbound than the one that is sold"), "{console}");
        world.finish().await;
    }
}
