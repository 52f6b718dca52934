//! Conversations with people who ask for the same thing too often.

use std::time::Duration;

use serde_json::json;

use crate::world::World;

/// How long somebody has to wait who reads this, in milliseconds.
fn wait(world: &World, refused: &str) -> i64 {
    let told = regex::Regex::new(r"That was too often in a short time\. You can do it again <t:(\d+):R>\.").unwrap();
    let seconds: i64 = told.captures(refused).expect(refused)[1].parse().unwrap();
    seconds * 1000 - world.clock.now().0
}

#[tokio::test]
async fn a_customer_who_asks_too_often_reads_when_to_come_back() {
    let world = World::with(|scene| {
        scene.limit("link", "\"2/1m\"");
        scene.schedule("rate_limit_cleanup", "20ms");
    })
    .await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    for _ in 0..2 {
        assert!(mona.link().await.contains("vless://"));
    }
    let asked = mona.person.slash(world.guild.lobby, "link", json!({})).unwrap();
    let refused = asked.reply().await.unwrap().content;
    let wait = wait(&world, &refused);
    assert!((0..=31_000).contains(&wait), "{wait} ms");
    // Nobody else has to wait, and neither has she for anything else.
    assert!(!world.customer("Karim").link().await.contains("too often"));
    world.passes(Duration::from_secs(31));
    assert!(mona.link().await.contains("vless://"), "part of the window is free again");
    assert!(mona.link().await.contains("too often"));
    world.passes(Duration::from_mins(2));
    assert!(mona.link().await.contains("vless://"));
    world.finish().await;
}

#[tokio::test]
async fn proofs_by_command_are_limited_and_an_upload_is_not() {
    let world = World::with(|scene| scene.limit("proof", "\"1/10m\"")).await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("Vodafone Cash").await;
    let not_a_picture = [("image", "receipt.png", &b"no picture"[..])];
    let asked = mona.person.slash_with(mona.ticket(), "proof", json!({}), &not_a_picture).unwrap();
    assert!(!asked.reply().await.unwrap().contains("too often"));
    let again = mona.proves("Mona's receipt").await;
    assert!(again.contains("too often"), "{}", again.render_text());
    mona.uploads("Mona's receipt").await;
    world.finish().await;
}

#[tokio::test]
async fn each_button_of_the_dashboard_is_limited_for_each_admin() {
    let world = World::with(|scene| scene.limit("dashboard", "\"1/1m\"")).await;
    let dashboard = world.guild.dashboard;
    let shown = world
        .until("the dashboard", |view| {
            view.messages(dashboard).into_iter().rev().find(|it| it.part("Refresh").is_some())
        })
        .await;
    let (adel, nadia) = (world.person("Adel"), world.person("Nadia"));
    let press = async |who: &tollkeeper::sandbox::discord::Person, button| {
        who.click(&shown, button).unwrap().reply().await.unwrap().render_text()
    };
    assert!(!press(&adel, "Refresh").await.contains("too often"));
    assert!(press(&adel, "Refresh").await.contains("too often"));
    assert!(!press(&adel, "Export CSV").await.contains("too often"));
    assert!(press(&adel, "Export CSV").await.contains("too often"));
    assert!(!press(&nadia, "Refresh").await.contains("too often"));
    // A stranger cannot fill the audit log by pressing what they may not.
    let before = world.number("SELECT count(*) FROM audit_logs").await;
    let omar = world.person("Omar");
    assert!(!press(&adel, "DB backup").await.contains("too often"), "refused for lack of power");
    assert!(press(&adel, "DB backup").await.contains("too often"));
    world.counts(before + 1, "SELECT count(*) FROM audit_logs").await;
    assert!(press(&omar, "DB backup").await.contains("tollkeeper-"));
    world.finish().await;
}

#[tokio::test]
async fn the_desk_is_limited_for_each_admin_and_over_all_of_its_commands() {
    let world = World::with(|scene| scene.limit("admin", "\"2/1m\"")).await;
    let (adel, nadia) = (world.admin("Adel"), world.admin("Nadia"));
    let pending = "Nothing waits for you.";
    assert_eq!(adel.desk("pending", json!({})).await.content, pending);
    assert!(adel.desk("status", json!({})).await.contains("main: up"));
    let audited = world.number("SELECT count(*) FROM audit_logs").await;
    let refused = adel.desk("pending", json!({})).await.content;
    let wait = wait(&world, &refused);
    assert!((0..=31_000).contains(&wait), "{wait} ms");
    let mona = world.person("Mona").id().to_string();
    let block = adel.desk("block", json!({ "user": mona, "reason": "none" })).await;
    assert!(block.content.contains("too often") && block.part("Confirm").is_none(), "{}", block.render_text());
    assert_eq!(world.number("SELECT count(*) FROM audit_logs").await, audited, "and nothing is kept of it");
    assert_eq!(nadia.desk("pending", json!({})).await.content, pending, "nobody else has to wait");
    world.passes(Duration::from_secs(31));
    assert_eq!(adel.desk("pending", json!({})).await.content, pending, "part of the window is free again");
    assert!(adel.desk("pending", json!({})).await.content.contains("too often"));
    world.passes(Duration::from_mins(2));
    for _ in 0..2 {
        assert_eq!(adel.desk("pending", json!({})).await.content, pending, "and now all of it");
    }
    assert!(adel.desk("pending", json!({})).await.content.contains("too often"));
    world.finish().await;
}

#[tokio::test]
async fn the_limit_of_orders_is_counted_from_orders_and_survives_a_restart() {
    let world = World::with(|scene| scene.limit("order", "\"1/10m\"")).await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.cancels().await;
    assert!(mona.asks_for_plans().await.contains("You ordered a short while ago"));
    world.restart().await;
    assert!(mona.asks_for_plans().await.contains("You ordered a short while ago"));
    world.passes(Duration::from_mins(10));
    assert!(mona.asks_for_plans().await.contains("Premium"));
    world.finish().await;
}

/// Anybody may ask for what is not theirs, all day long.
#[tokio::test]
async fn what_a_stranger_is_refused_is_counted_and_not_written_each_time() {
    let world = World::with(|scene| scene.limit("admin", "\"off\"")).await;
    let hoda = world.admin("Hoda");
    for _ in 0..12 {
        assert_eq!(hoda.desk("pending", json!({})).await.content, "Only our team can use this.");
    }
    world.counts(4, "SELECT count(*) FROM audit_logs WHERE action = 'access.refuse'").await;
    let tenth = "SELECT count(*) FROM audit_logs WHERE json_extract(payload, '$.times') = 10";
    world.counts(1, tenth).await;
    world.passes(Duration::from_hours(24));
    hoda.desk("pending", json!({})).await;
    world.counts(5, "SELECT count(*) FROM audit_logs WHERE action = 'access.refuse'").await;
    world.finish().await;
}

/// Who cannot use the desk is not shown it.
#[tokio::test]
async fn customers_do_not_see_the_desk() {
    let world = World::new().await;
    world.settles().await;
    world.discord.shows_all_commands(false);
    let mona = world.person("Mona");
    assert!(mona.slash(world.guild.lobby, "admin pending", json!({})).is_err());
    assert!(mona.slash(world.guild.lobby, "link", json!({})).is_ok());
    assert!(!world.admin("Adel").desk("pending", json!({})).await.content.is_empty());
    world.settles().await;
    world.finish().await;
}
