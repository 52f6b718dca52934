//! `/admin status`, Retry and Drop.

use serde_json::json;

use super::{GENERATIONS, sold};
use crate::world::{Question, World};

/// A delivery that gave up.
const PARK: &str = "UPDATE orders SET delivery = 'none', delivered_at = NULL;
    INSERT INTO outbox (key, lane, kind, v, args, run_at, created_at, failures, last_error, parked_at)
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
