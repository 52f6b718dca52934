//! A panel that is ahead of the books, because a backup was restored: what it has already is not
//! given twice and not taken twice, and staff find their buttons again. And a panel that keeps what
//! was removed, or what staff have handed over.

use serde_json::{Value, json};
use tollkeeper::sandbox::panel::Generation;

use crate::{
    restored::operator,
    world::{Leaves, Question, World},
};

const DAY: i64 = 24 * 60 * 60 * 1000;
const GB: i64 = 1 << 30;
const GENERATIONS: [Generation; 2] = [Generation::V2_9, Generation::V3];

/// A shop in a process of its own, in which Mona owns Basic (30 days, 50 GB), of which 20 GB are used.
async fn sold(generation: Generation) -> World {
    let world = World::with(|scene| {
        scene.process = true;
        scene.generation(generation);
    })
    .await;
    world.customer("Mona").owns_basic().await;
    world.panel.set_traffic(&world.only_client().email, 5 * GB, 15 * GB);
    world
}

/// What Mona has: her end, her quota and whether it is switched on.
fn has(world: &World) -> (i64, i64, bool) {
    let client = world.only_client();
    (client.expiry_ms, client.total_bytes, client.enable)
}

/// The bot is stopped, the backup restored, and what is held released at once.
async fn goes_back(world: &mut World, backup: &str) {
    world.settles().await;
    world.stop().await;
    operator(world, &["restore", backup.trim_end()]);
    world.adds("--release-outbox");
    world.start().await;
}

/// A command about Mona, confirmed while the panel is down: it is accepted and waits.
async fn waits(world: &World, command: &str, mut options: Value) {
    world.panel.down().await;
    if command != "order-reverse" {
        options["user"] = json!(world.person("Mona").id().to_string());
    }
    let question = Question { message: world.admin("Adel").desk(command, options).await };
    let answer = world.admin("Adel").confirms(&question).await;
    assert!(answer.starts_with("Accepted"), "{answer}");
}

/// A backup with what waits in it, and then the panel is back. The bot starts anew, so that it does
/// not wait for its breaker.
async fn is_backed_up_and_goes_on(world: &World) -> String {
    let backup = operator(world, &["backup"]);
    world.stop().await;
    world.panel.up().await.unwrap();
    world.start().await;
    backup
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_was_made_before_the_restoration_is_not_given_twice() {
    for generation in GENERATIONS {
        let mut world = sold(generation).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Premium", "second receipt").await;
        world.settles().await;
        let backup = operator(&world, &["backup"]);
        world.admin("Adel").approves().await;
        mona.is_sent_link(1).await;
        let renewed = has(&world);
        goes_back(&mut world, &backup).await;
        // The card said that it is approved; now it asks again.
        let answer = world.admin("Nadia").approves().await;
        assert!(answer.starts_with("Approved. Link sent"), "{generation:?}: {answer}");
        world.settles().await;
        assert_eq!(has(&world), renewed, "{generation:?}");
        assert!(world.cards().await.contains("they were given after the backup was made that was restored."));
        let links = world.person("Mona").dms().into_iter().filter(|message| message.contains("vless://"));
        assert_eq!(links.count(), 2, "{generation:?}: no link twice");
        world.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_was_not_made_before_the_restoration_is_made_after_it() {
    let mut world = sold(Generation::V3).await;
    let mona = world.customer("Mona");
    let before = has(&world);
    mona.orders_and_pays("Premium", "second receipt").await;
    world.settles().await;
    let backup = operator(&world, &["backup"]);
    goes_back(&mut world, &backup).await;
    assert!(world.admin("Adel").approves().await.starts_with("Approved. Link sent"));
    assert_eq!(has(&world), (before.0 + 30 * DAY, (50 - 20 + 150) * GB, true));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_was_made_before_the_restoration_is_not_made_twice() {
    for generation in GENERATIONS {
        let mut world = sold(generation).await;
        let before = has(&world);
        waits(&world, "user-extend", json!({ "days": 7 })).await;
        let backup = is_backed_up_and_goes_on(&world).await;
        world.counts(1, "SELECT count(*) FROM changes WHERE applied_at IS NOT NULL").await;
        assert_eq!(has(&world).0, before.0 + 7 * DAY, "{generation:?}");
        goes_back(&mut world, &backup).await;
        world.counts(1, "SELECT count(*) FROM changes WHERE applied_at IS NOT NULL").await;
        assert_eq!(has(&world).0, before.0 + 7 * DAY, "{generation:?}: once");
        world.settles().await;
        world.finish_but(Leaves::default()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reversal_that_was_made_before_the_restoration_takes_nothing_of_other_orders() {
    for generation in GENERATIONS {
        let mut world = sold(generation).await;
        let mona = world.customer("Mona");
        let basic = has(&world);
        mona.orders_and_pays("Premium", "second receipt").await;
        world.admin("Adel").approves().await;
        mona.is_sent_link(1).await;
        world.settles().await;
        let order = world.word("SELECT id FROM orders WHERE plan_id = 'premium'").await;
        waits(&world, "order-reverse", json!({ "order": order, "reason": "sent back" })).await;
        let backup = is_backed_up_and_goes_on(&world).await;
        world.counts(1, "SELECT count(*) FROM orders WHERE status = 'reversed'").await;
        let reversed = has(&world);
        assert_eq!(reversed.0, basic.0, "{generation:?}");
        goes_back(&mut world, &backup).await;
        world.counts(1, "SELECT count(*) FROM orders WHERE status = 'reversed'").await;
        assert_eq!(has(&world), reversed, "{generation:?}: once");
        world.settles().await;
        world.finish_but(Leaves::default()).await;
    }
}

#[tokio::test]
async fn a_counter_that_outlived_its_client_is_not_held_against_the_renewal() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.owns_basic().await;
    let before = world.only_client();
    world.panel.set_traffic(&before.email, 20 * GB, 40 * GB);
    world.panel.remove_client_keeping_its_counter(&before.email);
    mona.orders_and_pays("Premium", "second receipt").await;
    assert!(world.admin("Adel").approves().await.starts_with("Approved. Link sent"));
    let after = world.only_client();
    assert_eq!((after.up, after.down), (0, 0), "it begins anew");
    assert!(after.total_bytes >= 150 * GB && after.enable && after.serving, "{after:?}");
    assert_eq!(after.uuid, before.uuid);
    world.finish().await;
}

/// Two orders of one customer wait for one client that was never confirmed; staff hand the first one's over.
#[tokio::test]
async fn a_client_that_was_handed_over_is_not_taken_by_the_next_order() {
    for (generation, button) in [
        (Generation::V3, "Retry"),
        (Generation::V2_9, "Retry"),
        (Generation::V3, "Decline"),
        (Generation::V2_9, "Decline"),
    ] {
        let world = World::with(|scene| {
            scene.generation(generation);
            scene.schedule("retry_min", "5ms");
            scene.schedule("retry_max", "20ms");
            scene.schedule("health_check", "100ms");
        })
        .await;
        let (mona, adel) = (world.customer("Mona"), world.admin("Adel"));
        mona.orders_and_pays("Basic", "first receipt").await;
        world.panel.down().await;
        assert!(adel.approves().await.starts_with("Approved."));
        let user = mona.person.id().to_string();
        let sale = json!({ "user": user, "plan": "premium", "amount": "250", "note": "paid in the shop" });
        let question = Question { message: adel.desk("user-create", sale).await };
        adel.confirms(&question).await;
        world.panel.spoils_what_is_written();
        world.panel.up().await.unwrap();
        world.counts(2, "SELECT count(*) FROM orders WHERE status = 'needs_attention'").await;
        let handed = has(&world);
        world.panel.spoils_no_more();

        let card = world.card("the order's card", |card| card.part("Back to review").is_some()).await;
        let question = adel.opens(&card, "Delivered by hand").await;
        assert_eq!(adel.confirms(&question).await, "Booked as delivered by hand.");
        let is_sale =
            |card: &tollkeeper::sandbox::discord::Message| card.contains("Sale by hand") && card.part(button).is_some();
        let card = world.card("the sale's card", is_sale).await;
        if button == "Retry" {
            adel.person.click(&card, "Retry").unwrap();
            world.counts(2, "SELECT count(*) FROM orders WHERE status = 'completed'").await;
            assert_eq!(has(&world), (handed.0 + 30 * DAY, (50 + 150) * GB, true), "{generation:?}: on top of it");
        } else {
            let question = adel.opens(&card, "Decline").await;
            assert_eq!(adel.confirms(&question).await, "The sale is closed and nothing was booked.");
            world.settles_but(&["owner:", "subscription:"]).await;
            assert_eq!(has(&world), handed, "{generation:?}: it stays the customer's");
        }
        // By hand: what the books say of the first order nobody has read back.
        let email = world.only_client().email;
        let left = Leaves { outbox: &["subscription:", "owner:"], changed: &[&email], ..Leaves::default() };
        world.settles_but(left.outbox).await;
        world.finish_but(left).await;
    }
}
