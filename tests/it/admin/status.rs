//! `/admin status`, Retry and Drop.

use serde_json::json;
use tollkeeper::sandbox::{discord::Message, panel::Generation};

use super::{GENERATIONS, sold};
use crate::world::{Question, World};

/// A delivery that gave up.
const PARK: &str = "UPDATE orders SET delivery = 'none', delivered_at = NULL;
    INSERT INTO outbox (key, lane, kind, args_version, args, run_at, created_at, failures, last_error, parked_at)
    SELECT 'deliver:' || id, 'dm:' || user_id, 'deliver_link', 1,
           json_object('order', id, 'user', CAST(user_id AS TEXT)), created_at, created_at, 8, 'Discord said no', created_at
    FROM orders";

#[tokio::test]
async fn what_gave_up_is_tried_again() {
    for generation in GENERATIONS {
        let world = World::with(|scene| scene.generation(generation)).await;
        let (mona, adel) = (world.customer("Mona"), world.admin("Adel"));
        mona.orders_and_pays("Basic", "first receipt").await;
        mona.person.closes_dms();
        adel.approves().await;
        world.settles().await;
        mona.person.opens_dms();
        let well = adel.desk("status", json!({})).await.render_text();
        assert!(well.contains("main: up, xray") && !well.contains("Gave up"), "{well}");
        let boot = world.word("SELECT json_extract(value, '$.own[#-1]') FROM bot_config WHERE key = 'boots'").await;
        assert!(well.contains(&format!("Version {}, running since", env!("CARGO_PKG_VERSION"))), "{well}");
        assert!(well.contains(&format!("run `{boot}`")), "{well}");
        world.changes(PARK).await;
        let status = adel.desk("status", json!({})).await;
        assert!(status.contains("Discord said no") && status.contains("Gave up (1)"), "{}", status.render_text());
        let pressed = adel.person.click(&status, "Retry 1").expect("the button is there");
        assert!(pressed.reply().await.expect("an answer").contains("is tried again"));
        mona.is_sent_link(0).await;
        world.settles().await;
        let pressed = adel.person.click(&status, "Retry 1").expect("the button is there");
        assert!(pressed.reply().await.expect("an answer").contains("not parked any more"));
        assert_eq!(world.number("SELECT count(*) FROM audit_logs WHERE action = 'effect.retry'").await, 1);
        world.finish().await;
    }
}

/// A field of the status as it was sent.
fn field(status: &Message, name: &str) -> String {
    let fields = status.embeds[0]["fields"].as_array().expect("fields");
    let found = fields.iter().find(|field| field["name"] == name).expect("the field is there");
    found["value"].as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn a_panel_a_lane_and_the_last_backup() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let adel = world.admin("Adel");
        let (xray, version) = match generation {
            Generation::V3 => ("26.7.28", "3.6.0"),
            _ => ("26.3.27", "2.7 to 2.9"),
        };
        let up = format!("main: up, xray {xray} (3x-ui {version}, breaker closed)");
        let well = adel.desk("status", json!({})).await;
        assert_eq!(field(&well, "Panels"), up);
        assert_eq!(field(&well, "Last backup"), "**There is none.**");
        world
            .changes(
                "INSERT INTO outbox (key, lane, kind, args_version, args, run_at, created_at)
                 SELECT 'subscription:' || value, 'panel:main', 'sync_subscription', 1,
                        json_object('subscription', value, 'panel', 'main'), 9000000000000, 1700000000000
                 FROM json_each('[8, 9]')",
            )
            .await;
        let from = world.clock.now().0 / 1000;
        let dashboard = world.guild.dashboard;
        let shown = world
            .until("the dashboard", |view| {
                view.messages(dashboard).into_iter().rev().find(|it| it.part("DB backup").is_some())
            })
            .await;
        let pressed = world.person("Omar").click(&shown, "DB backup").expect("the button is there");
        assert!(pressed.reply().await.expect("an answer").contains("tollkeeper-"));
        let busy = adel.desk("status", json!({})).await;
        let lanes = field(&busy, "Still to be done");
        assert!(lanes.contains("`panel:main`: 2 steps waiting, the oldest since <t:1700000000:R>"), "{lanes}");
        let backup = field(&busy, "Last backup");
        let at: i64 = backup.trim_start_matches("<t:").trim_end_matches(":R>").parse().expect(&backup);
        assert!((from..=world.clock.now().0 / 1000).contains(&at), "{backup} instead of {from}");
        world.changes("DELETE FROM outbox WHERE run_at = 9000000000000").await;

        // Three failures open the breaker, and one success closes it.
        world.panel.down().await;
        for _ in 0..2 {
            let silent = field(&adel.desk("status", json!({})).await, "Panels");
            let says = format!("main: up, but it did not answer just now (3x-ui {version}, breaker closed)");
            assert_eq!(silent, says);
        }
        let down = field(&adel.desk("status", json!({})).await, "Panels");
        assert!(down.starts_with("**main: down** since <t:"), "{down}");
        assert!(down.ends_with(&format!(" (3x-ui {version}, breaker open)")), "{down}");
        world.panel.up().await.expect("the panel comes back");
        assert_eq!(field(&adel.desk("status", json!({})).await, "Panels"), up);
        world.finish().await;
    }
}

#[tokio::test]
async fn what_is_dropped_stays_in_front_of_the_team() {
    let world = sold(GENERATIONS[1]).await;
    let adel = world.admin("Adel");
    world.changes(PARK).await;
    let status = adel.desk("status", json!({})).await;
    let pressed = adel.person.click(&status, "Drop 1").expect("the button is there");
    let question = Question { message: pressed.reply().await.expect("a question") };
    assert_eq!(world.number("SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL").await, 1, "only asked");
    assert!(adel.confirms(&question).await.contains("is dropped"));
    let order = world.word("SELECT id FROM orders").await;
    world.card("the team is told", |line| line.contains("dropped a step") && line.contains(&order)).await;
    assert_eq!(world.number("SELECT count(*) FROM audit_logs WHERE action = 'effect.drop'").await, 1);
    let pressed = adel.person.click(&status, "Drop 1").expect("the button is there");
    assert!(pressed.reply().await.expect("an answer").contains("not parked any more"));
    assert!(!adel.desk("status", json!({})).await.contains("Gave up"));
    world.finish().await;
}
