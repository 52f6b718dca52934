//! A shop that goes on from a restored backup: nothing is done before a person has read what is
//! missing, and then nothing is done twice.

use serde_json::json;

use crate::{process::tollkeeper, world::World};

/// A shop that was backed up with an approval in hand, went on to sell, and was then restored from
/// that backup. The bot does not run.
async fn restored() -> World {
    let world = World::with(|scene| scene.process = true).await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.settles().await;
    world.panel.down().await;
    let answer = world.admin("Adel").approves().await;
    assert!(answer.starts_with("Approved."), "{answer}");
    let made = operator(&world, &["backup"]);
    world.stop().await;
    world.panel.up().await.unwrap();
    world.start().await;
    mona.is_sent_link(0).await;
    world.settles().await;
    world.stop().await;
    let said = operator(&world, &["restore", made.trim_end()]);
    assert!(said.contains("press Release below `/admin status`"), "{said}");
    let order = world.word("SELECT id FROM orders").await;
    let begun = format!("client tk-{} belongs to order {order}, which was being set up", order.to_lowercase());
    assert!(said.contains(&begun) && !said.contains("has no order in this backup"), "{said}");
    assert_eq!(world.number("SELECT count(*) FROM orders WHERE status = 'provisioning'").await, 1);
    world
}

/// What the program prints.
pub(crate) fn operator(world: &World, types: &[&str]) -> String {
    let said = tokio::task::block_in_place(|| tollkeeper(world, types));
    assert!(said.status.success(), "{said:?}");
    String::from_utf8(said.stdout).unwrap()
}

/// Changes that were made so far: on the panel, and on Discord besides registering commands and
/// answering people.
fn changes(world: &World) -> (u64, usize) {
    let answers = ["/interactions/", "/webhooks/", "/applications/"];
    let requests = world.discord.requests();
    let ours = requests.iter().filter(|it| it.info.is_write && !answers.iter().any(|part| it.info.path.contains(part)));
    (world.panel.write_count(), ours.count())
}

/// Mona has what she paid for, once.
async fn mona_was_served_once(world: &World) {
    world.counts(1, "SELECT count(*) FROM orders WHERE status = 'completed' AND delivery = 'dm'").await;
    world.settles().await;
    assert_eq!(world.panel.clients().len(), 1);
    let links = world.person("Mona").dms().into_iter().filter(|message| message.contains("vless://"));
    assert_eq!(links.count(), 1);
    assert_eq!(world.customer("Mona").tickets().len(), 1);
    assert!(
        world.person("Mona").sees(world.customer("Mona").ticket()).iter().filter(|it| it.contains("Welcome!")).count()
            == 1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_releases_what_a_restored_backup_wanted_and_nothing_is_done_twice() {
    let world = restored().await;
    let before = changes(&world);
    world.start().await;
    let (omar, adel) = (world.admin("Omar"), world.admin("Adel"));
    let seen = adel.desk("status", json!({})).await;
    assert!(seen.contains("A backup was restored at") && seen.part("Release").is_none(), "{}", seen.render_text());
    let status = omar.desk("status", json!({})).await;
    let question = omar.opens(&status, "Release").await;
    let steps = regex::Regex::new(r"(one|\d+) steps?").unwrap();
    insta::assert_snapshot!(steps.replace(&question.message.render_text(), "N steps"), @"
    │ **Release what is held?**
    │ The backup still wanted to do N steps on the panel or on Discord. What was done since is not done again: the bot looks first.
    │ The backup was restored at <time f>. Please read what `restore` said about clients and orders before you go on.
    │ This question expires: <time R>
    [Confirm] [Cancel]
    ");
    assert_eq!(changes(&world), before, "nothing is done while it is held");
    assert!(omar.confirms(&question).await.starts_with("Released."));
    mona_was_served_once(&world).await;
    assert_eq!(changes(&world).0, before.0, "the client was there");
    let release =
        "SELECT count(*) FROM audit_logs WHERE action = 'outbox.release' AND actor_id > 0 AND session IS NOT NULL";
    assert_eq!(world.number(release).await, 1);
    let late = omar.opens(&status, "Release").await;
    assert_eq!(late.message.render_text(), "Nothing is held any more.");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_releases_it_on_the_command_line() {
    let mut world = restored().await;
    let before = changes(&world);
    world.start().await;
    assert!(world.admin("Adel").desk("status", json!({})).await.contains("A backup was restored at"));
    assert_eq!(changes(&world), before, "nothing is done while it is held");
    world.stop().await;
    world.adds("--release-outbox");
    world.start().await;
    mona_was_served_once(&world).await;
    assert_eq!(world.number("SELECT count(*) FROM audit_logs WHERE action = 'outbox.release'").await, 1);
    world.finish().await;
}
