//! `/admin drift` and the weekly message: what differs on the panel, and that the command beside it
//! mends it.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tollkeeper::sandbox::{discord::Message, panel::NewClient};

use super::{GENERATIONS, sold};
use crate::world::{Leaves, Question, World};

const DAY: i64 = 24 * 60 * 60 * 1000;
const GB: i64 = 1 << 30;
const CLEAN: &str = "│ **Panels and books compared**\n│ main: everything is as the books say.";

async fn compared(world: &World) -> Message {
    world.admin("Adel").desk("drift", json!({})).await
}

async fn email(world: &World) -> String {
    world.word("SELECT email FROM subscriptions").await
}

fn stranger(n: usize, email: String) -> NewClient {
    NewClient {
        inbound_id: 1,
        uuid: format!("11111111-2222-4333-8444-{n:012}"),
        sub_id: format!("sub-{email}"),
        email,
        enable: true,
        total_bytes: 7 * GB,
        expiry_ms: 0,
    }
}

/// The commands in a report, as they are copied.
fn commands(report: &Message) -> Vec<String> {
    let body = report.embeds[0]["description"].as_str().unwrap_or_default();
    let lines = body.lines().filter_map(|line| line.strip_prefix('`')?.strip_suffix('`'));
    lines.filter(|line| line.starts_with("/admin ")).map(str::to_owned).collect()
}

/// Types a command as it was copied, with `user` where it waits for one, and confirms it.
async fn runs(world: &World, command: &str, user: &str) -> String {
    let mut words = command.strip_prefix("/admin ").expect("a command of the desk").split(' ');
    let name = words.next().expect("its name");
    let options: Map<String, Value> = words
        .map(|word| {
            let (option, value) = word.split_once(':').expect("an option with its value");
            let value = match (option, value.parse::<i64>()) {
                ("days" | "gigabytes", Ok(number)) => json!(number),
                ("user", _) => json!(world.person(user).id().to_string()),
                _ => json!(value),
            };
            (option.to_owned(), value)
        })
        .collect();
    let message = world.admin("Adel").desk(name, Value::Object(options)).await;
    let answer = world.admin("Adel").confirms(&Question { message }).await;
    world.settles().await;
    answer
}

/// Runs the one command that a report suggests; after it everything agrees.
async fn mended_by(world: &World, says: &str, command: &str) {
    let report = compared(world).await;
    let text = world.tidied(&report.render_text()).await;
    assert!(text.contains("one difference") && text.contains(says), "{says}: {text}");
    let suggested = commands(&report);
    assert_eq!(suggested, [command], "{text}");
    let before = world.panel.write_count();
    let again = compared(world).await;
    assert_eq!((world.panel.write_count(), commands(&again)), (before, suggested), "a report changes nothing");
    let answer = runs(world, command, "Karim").await;
    assert!(answer.starts_with("Done"), "{command}: {answer}");
    assert_eq!(compared(world).await.render_text(), CLEAN, "after {command}");
}

#[tokio::test]
async fn each_difference_has_the_command_that_mends_it() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        assert_eq!(compared(&world).await.render_text(), CLEAN, "{generation:?}");
        let email = email(&world).await;
        let sold = world.panel.client(&email).expect("it was sold");

        world.panel.edit_client(&email, |fields| {
            fields.insert("expiryTime".into(), json!(sold.expiry_ms - 3 * DAY));
        });
        mended_by(
            &world,
            "ends <time f> on the panel and <time f> by the books",
            "/admin user-extend days:3 subscription:s:1",
        )
        .await;
        assert_eq!(world.panel.client(&email).unwrap().expiry_ms, sold.expiry_ms, "to the millisecond");
        world.panel.edit_client(&email, |fields| {
            fields.insert("expiryTime".into(), json!(sold.expiry_ms + 2 * DAY));
        });
        mended_by(&world, "ends <time f> on the panel", "/admin user-extend days:-2 subscription:s:1").await;
        world.panel.edit_client(&email, |fields| {
            fields.insert("expiryTime".into(), json!(0));
        });
        mended_by(&world, "ends never on the panel", "/admin user-enable subscription:s:1").await;
        assert_eq!(world.number("SELECT expires_at FROM subscriptions").await, 0, "taken over");
        world.panel.edit_client(&email, |fields| {
            fields.insert("totalGB".into(), json!(9 * GB));
        });
        mended_by(
            &world,
            "has 9 GB in all on the panel and 50 GB by the books",
            "/admin user-edit-traffic gigabytes:50 subscription:s:1",
        )
        .await;
        world.panel.set_client_enabled(&email, false);
        mended_by(&world, "switched off on the panel and should be on", "/admin user-enable subscription:s:1").await;
        let answer = runs(&world, "/admin user-disable subscription:s:1", "Mona").await;
        assert!(answer.starts_with("Done"), "{answer}");
        assert_eq!(compared(&world).await.render_text(), CLEAN, "switched off by us");
        world.panel.set_client_enabled(&email, true);
        mended_by(&world, "switched on on the panel and should be off", "/admin user-disable subscription:s:1").await;
        world.panel.remove_client(&email);
        mended_by(&world, "is not on the panel, and gave no access any more", "/admin user-delete subscription:s:1")
            .await;
        assert_eq!(world.panel.clients(), []);
        world.panel.add_client(&stranger(1, "by-hand".to_owned()));
        mended_by(&world, "`by-hand` is on the panel and has no order", "/admin user-adopt email:by-hand user:").await;
        assert_eq!(world.number("SELECT count(*) FROM subscriptions WHERE deleted_at IS NULL").await, 1, "Karim's");
        world.finish().await;
    }
}

#[tokio::test]
async fn what_is_missing_is_made_again_with_the_same_link() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let email = email(&world).await;
        let link = world.customer("Mona").link().await;
        world.panel.set_traffic(&email, 5 * GB, 7 * GB);
        assert!(world.customer("Mona").link().await.contains("12 GB"), "the bot has read what was used");
        let sold = world.panel.client(&email).unwrap();
        world.panel.remove_client(&email);
        mended_by(&world, "is not on the panel. This makes it again", "/admin user-enable subscription:s:1").await;
        let again = world.panel.client(&email).expect("it is there again");
        assert_eq!((&again.uuid, &again.sub_id, again.enable), (&sold.uuid, &sold.sub_id, true));
        assert_eq!((again.expiry_ms, again.total_bytes), (sold.expiry_ms, 38 * GB), "what was used stays used");
        let vless = |text: &str| text.lines().find(|line| line.starts_with("vless://")).map(str::to_owned);
        let now = world.customer("Mona").link().await;
        assert_eq!(vless(&now), vless(&link));
        assert!(now.contains("12 GB"), "{now}");

        // Somebody made it anew by hand, with another key.
        world.panel.edit_client(&email, |fields| {
            fields.insert("id".into(), json!("99999999-2222-4333-8444-555555555555"));
        });
        let report = compared(&world).await;
        assert!(report.contains("was made anew with another key"), "{}", report.render_text());
        let suggested = commands(&report);
        assert_eq!(suggested, ["/admin user-enable subscription:s:1"]);
        world.panel.remove_client(&email);
        assert!(runs(&world, &suggested[0], "Mona").await.starts_with("Done"));
        assert_eq!(world.panel.client(&email).unwrap().uuid, sold.uuid);
        assert_eq!(compared(&world).await.render_text(), CLEAN);
        world.finish().await;
    }
}

#[tokio::test]
async fn many_differences_come_as_a_file_and_support_is_refused() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let names: Vec<_> = (0..12).map(|n| format!("by-hand-{n:02}")).chain(["=1+1".to_owned()]).collect();
        for (n, name) in names.iter().enumerate() {
            world.panel.add_client(&stranger(n, name.clone()));
        }
        let report = compared(&world).await;
        let text = report.render_text();
        assert!(text.contains("main: 13 differences.") && text.contains("6 more are in the file."), "{text}");
        assert_eq!(commands(&report).len(), 6, "one of seven has a name that cannot be kept: {text}");
        let [file] = report.attachments.as_slice() else { unreachable!("{text}") };
        let table = std::str::from_utf8(&file.bytes).unwrap();
        let mut rows = csv::Reader::from_reader(table.strip_prefix('\u{feff}').expect("a byte order mark").as_bytes());
        let rows: Vec<_> = rows.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 13);
        assert!(rows.iter().any(|row| &row[1] == "'=1+1" && row[7].is_empty()), "no formula: {rows:?}");
        assert!(rows.iter().any(|row| &row[7] == "/admin user-adopt email:by-hand-11 user:"), "{rows:?}");
        for salmas in ["drift", "audit"] {
            let refused = world.admin("Salma").desk(salmas, json!({})).await;
            assert_eq!(refused.content, "Your role lets you see this, but only admins can do it.");
        }
        let strangers: Vec<_> = names.iter().map(String::as_str).collect();
        world.finish_but(Leaves { strangers: &strangers, ..Leaves::default() }).await;
    }
}

#[tokio::test]
async fn what_is_still_being_written_is_left_out_and_a_silent_panel_is_said_to_be() {
    let world = sold(GENERATIONS[1]).await;
    let email = email(&world).await;
    world.panel.remove_client(&email);
    world
        .changes("INSERT INTO outbox (key, lane, kind, args_version, args, run_at, created_at) VALUES ('subscription:1', 'panel:main', 'sync_subscription', 1, '{\"panel\":\"main\",\"subscription\":1}', 9000000000000, 0)")
        .await;
    let report = compared(&world).await.render_text();
    assert!(report.ends_with("One client was left out: it is still being written."), "{report}");
    world.changes("DELETE FROM outbox WHERE key = 'subscription:1'").await;
    world.panel.down().await;
    let silent = compared(&world).await.render_text();
    assert_eq!(
        silent,
        "│ **Panels and books compared**\n│ **main does not answer, so it was not compared.** Please try again later."
    );
    world.panel.up().await.expect("the panel comes back");
    mended_by(&world, "is not on the panel", "/admin user-enable subscription:s:1").await;
    world.finish().await;
}

#[tokio::test]
async fn owners_read_once_a_week_what_differs() {
    for generation in GENERATIONS {
        let world = World::with(|scene| {
            scene.generation(generation);
            scene.schedule("owner_news", "50ms");
        })
        .await;
        let weekly = |world: &World| {
            let said = |message: &Message| message.contains("Panels and books compared");
            world.person("Omar").dms().iter().filter(|message| said(message)).count()
        };
        world.customer("Mona").orders_and_pays("Basic", "first receipt").await;
        world.admin("Adel").approves().await;
        world.customer("Mona").is_sent_link(0).await;
        world.counts(1, "SELECT count(*) FROM bot_config WHERE key = 'weekly_drift'").await;
        world.settles().await;
        assert_eq!(weekly(&world), 0, "a new shop has no week behind it");
        let email = email(&world).await;
        world.panel.edit_client(&email, |fields| {
            fields.insert("totalGB".into(), json!(9 * GB));
        });
        world.passes(Duration::from_hours(7 * 24));
        let omar = world.person("Omar").id();
        let told = world
            .until("the weekly message", |view| {
                view.dms_of(omar).into_iter().find(|message| message.contains("Panels and books compared"))
            })
            .await;
        assert!(told.contains("has 9 GB in all on the panel and 50 GB by the books"), "{}", told.render_text());
        assert_eq!(commands(&told), ["/admin user-edit-traffic gigabytes:50 subscription:s:1"]);
        world.settles().await;
        world.restart().await;
        world.counts(0, "SELECT count(*) FROM outbox WHERE kind = 'tell_drift'").await;
        world.settles().await;
        assert_eq!(weekly(&world), 1, "once, also after a restart");
        let answer = runs(&world, &commands(&told)[0], "Mona").await;
        assert!(answer.starts_with("Done"), "{answer}");
        world.passes(Duration::from_hours(7 * 24));
        world
            .until("the next one", |view| {
                let dms = view.dms_of(omar);
                let last = dms.iter().rfind(|message| message.contains("Panels and books compared"))?;
                last.contains("main: everything is as the books say.").then_some(())
            })
            .await;
        world.settles().await;
        assert_eq!(weekly(&world), 2);
        world.finish().await;
    }
}
