//! What a customer has on the panel, while others change it too: somebody else's client under our
//! name, days that wait for a panel, counters that come back, and another inbound that is sold.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use tollkeeper::{
    db::{self, Db},
    domain::{Millis, SubscriptionRow},
    sandbox::panel::{Fault, Generation, InboundSpec, NewClient},
};

use crate::world::{Customer, Leaves, Question, World};

const DAY: i64 = 24 * 60 * 60 * 1000;
const GB: i64 = 1 << 30;
const GENERATIONS: [Generation; 2] = [Generation::V2_9, Generation::V3];

/// The breaker lets one call through after this long.
const BREAKER: Duration = Duration::from_secs(11);
/// After this long a counter that was reset is looked at again.
const LOOK: Duration = Duration::from_secs(61);

/// A world in which Mona owns Basic (30 days, 50 GB), of which 20 GB are used.
async fn sold(generation: Generation) -> World {
    sold_by(generation, "add").await
}

async fn sold_by(generation: Generation, policy: &'static str) -> World {
    let world = World::with(|scene| {
        scene.generation(generation);
        scene.impatient();
        scene.schedule("retry_min", "5ms");
        scene.schedule("retry_max", "20ms");
        scene.renewal_traffic = policy;
    })
    .await;
    world.customer("Mona").owns_basic().await;
    world.panel.set_traffic(&world.only_client().email, 5 * GB, 15 * GB);
    world
}

/// Orders Premium (30 days, 150 GB) and has it approved.
async fn renews(mona: &Customer<'_>) -> String {
    mona.orders_and_pays("Premium", "second receipt").await;
    mona.world.admin("Nadia").approves().await
}

/// Somebody makes a client without any limit by hand, under the name of Mona's that they deleted.
fn is_replaced(world: &World) -> String {
    let email = world.only_client().email;
    world.panel.remove_client(&email);
    world.panel.add_client(&NewClient {
        inbound_id: 1,
        uuid: "11111111-2222-4333-8444-555555555555".into(),
        email: email.clone(),
        sub_id: "stranger".into(),
        enable: true,
        total_bytes: 0,
        expiry_ms: 0,
    });
    email
}

const FILLED: &str = "SELECT count(*) FROM grants WHERE filled_at IS NOT NULL AND applied_at IS NULL";

#[tokio::test]
async fn nothing_is_learnt_from_a_strangers_client() {
    for (generation, button) in GENERATIONS.into_iter().flat_map(|one| [(one, "Retry"), (one, "Back to review")]) {
        let world = sold(generation).await;
        let mona = world.customer("Mona");
        let before = world.only_client();
        let email = is_replaced(&world);
        let answer = renews(&mona).await;
        assert!(answer.contains("with another uuid; it is not ours to change"), "{answer}");
        assert_eq!(world.number(FILLED).await, 0, "{generation:?}: nothing of it is kept");
        assert_eq!(world.only_client().expiry_ms, 0, "{generation:?}: nothing of it is changed");
        world.panel.remove_client(&email);
        world.admin("Adel").presses(button).await;
        if button != "Retry" {
            world.settles().await;
            world.admin("Adel").approves().await;
        }
        mona.is_sent_link(1).await;
        let after = world.only_client();
        let mine = (before.uuid.as_str(), before.expiry_ms + 30 * DAY, (50 + 150) * GB);
        assert_eq!((after.uuid.as_str(), after.expiry_ms, after.total_bytes), mine, "{generation:?} {button}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_first_sale_that_met_a_stranger_begins_when_it_is_made() {
    for generation in GENERATIONS {
        let world = World::with(|scene| scene.generation(generation)).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "first receipt").await;
        let email = world.has_a_stranger_under_our_name().await;
        let answer = world.admin("Nadia").approves().await;
        assert!(answer.contains("with another uuid; it is not ours to change"), "{answer}");
        assert_eq!(world.number(FILLED).await, 0, "{generation:?}: nothing was written");
        world.panel.remove_client(&email);
        world.passes(Duration::from_hours(3 * 24));
        let from = world.clock.now().0;
        world.admin("Adel").presses("Retry").await;
        mona.is_sent_link(0).await;
        assert!(world.only_client().expiry_ms >= from + 30 * DAY, "{generation:?}");
        // It was approved three days before.
        world.finish_but(Leaves { changed: &[&email], ..Leaves::default() }).await;
    }
}

/// The n-th write and all after it never reach the panel.
fn is_cut_off_from_write(world: &World, n: u32) -> Arc<AtomicU32> {
    let writes = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&writes);
    world.panel.on_request(move |request| {
        let strikes = request.is_write && count.fetch_add(1, Ordering::SeqCst) + 1 >= n;
        if strikes { Fault::CutBefore } else { Fault::None }
    });
    writes
}

/// Waits until so many writes were tried.
async fn tried(world: &World, writes: &AtomicU32, n: u32) {
    let tried = |_: &_| (writes.load(Ordering::SeqCst) >= n).then_some(());
    world.panel.until("a write", crate::world::SOON, tried).await.unwrap();
}

#[tokio::test]
async fn the_days_of_who_had_ended_begin_when_there_is_access() {
    for (generation, n) in GENERATIONS.into_iter().flat_map(|one| [(one, 1), (one, 2)]) {
        let world = sold(generation).await;
        let mona = world.customer("Mona");
        world.stop().await;
        world.passes(Duration::from_hours(40 * 24));
        world.start().await;
        mona.orders_and_pays("Premium", "second receipt").await;
        // The counter is reset with the first write, the rest comes with the second.
        let writes = is_cut_off_from_write(&world, n);
        let question = world.admin("Nadia").opens_approval().await;
        world.admin("Nadia").starts_to_confirm(&question);
        tried(&world, &writes, n).await;
        world.passes(Duration::from_hours(3 * 24));
        let from = world.clock.now().0;
        world.panel.clear_faults();
        world.passes(BREAKER);
        mona.is_sent_link(1).await;
        let after = world.only_client();
        assert!(
            after.expiry_ms >= from + 30 * DAY,
            "{generation:?}, write {n}: {} days",
            (after.expiry_ms - from) / DAY
        );
        assert!(after.expiry_ms <= world.clock.now().0 + 30 * DAY, "{generation:?}, write {n}: and no more");
        assert_eq!((after.total_bytes, after.serving), (180 * GB, true), "{generation:?}, write {n}");
        world.finish().await;
    }
}

#[tokio::test]
async fn days_that_staff_give_to_who_had_ended_begin_when_there_is_access() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        world.stop().await;
        world.passes(Duration::from_hours(40 * 24));
        world.start().await;
        let writes = is_cut_off_from_write(&world, 1);
        let user = world.person("Mona").id().to_string();
        let question = world.admin("Adel").desk("user-extend", json!({ "user": user, "days": 7 })).await;
        world.admin("Adel").starts_to_confirm(&Question { message: question });
        tried(&world, &writes, 1).await;
        world.passes(Duration::from_hours(3 * 24));
        let from = world.clock.now().0;
        world.panel.clear_faults();
        world.passes(BREAKER);
        world.counts(1, "SELECT count(*) FROM changes WHERE applied_at IS NOT NULL").await;
        let after = world.only_client();
        assert!((from + 7 * DAY..=world.clock.now().0 + 7 * DAY).contains(&after.expiry_ms), "{generation:?}");
        assert!(after.serving, "{generation:?}");
        world.settles().await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_counter_that_comes_back_is_reset_again() {
    for (generation, policy) in
        [(Generation::V2_9, "add"), (Generation::V3, "add"), (Generation::V2_9, "reset"), (Generation::V3, "reset")]
    {
        let world = sold_by(generation, policy).await;
        let mona = world.customer("Mona");
        let email = world.only_client().email;
        world.panel.set_traffic(&email, 5 * GB, 45 * GB);
        renews(&mona).await;
        mona.is_sent_link(1).await;
        let renewed = world.only_client();
        assert_eq!((renewed.up, renewed.down, renewed.total_bytes), (0, 0, 150 * GB));
        // The panel's traffic job writes what it had read before the reset.
        world.panel.set_traffic(&email, 5 * GB, 45 * GB + 1000);
        world.passes(LOOK);
        world
            .panel
            .until("another reset", crate::world::SOON, |panel| {
                panel.client(&email).filter(|client| client.up + client.down == 0).map(drop)
            })
            .await
            .unwrap();
        world.counts(1, "SELECT count(*) FROM subscriptions WHERE came_back = 1").await;
        let after = world.only_client();
        assert!(after.enable && after.serving && after.total_bytes == 150 * GB, "{generation:?}: {after:?}");
        assert_eq!(world.number("SELECT used_before FROM subscriptions").await, 50 * GB + 1000);
        // What is used from now on is hers.
        world.panel.set_traffic(&email, GB, GB);
        world.passes(LOOK);
        world.counts(0, "SELECT count(*) FROM outbox WHERE kind = 'recheck_counter'").await;
        assert_eq!(world.only_client().down, GB, "{generation:?}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_counter_that_comes_back_again_and_again_is_told_to_staff() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let email = world.only_client().email;
        let user = world.person("Mona").id().to_string();
        let question = world.admin("Adel").desk("user-reset-traffic", json!({ "user": user })).await;
        let answer = world.admin("Adel").confirms(&Question { message: question }).await;
        assert!(answer.starts_with("Done"), "{answer}");
        for query in [
            "SELECT count(*) FROM subscriptions WHERE came_back = 1 AND used_bytes = 0",
            "SELECT count(*) FROM subscriptions WHERE came_back = 2 AND used_bytes = 0",
            "SELECT count(*) FROM subscriptions WHERE came_back = 3 AND used_bytes = 0",
        ] {
            world.panel.set_traffic(&email, 5 * GB, 15 * GB);
            world.passes(LOOK);
            world.counts(1, query).await;
        }
        world.panel.set_traffic(&email, 5 * GB, 15 * GB);
        world.passes(LOOK);
        world.card("the line for staff", |card| card.contains("shows much used traffic for @Mona again")).await;
        world.counts(0, "SELECT count(*) FROM outbox WHERE kind = 'recheck_counter'").await;
        world.finish().await;
    }
}

/// A reading that was on its way while the counter was reset is of the use before the reset.
#[tokio::test]
async fn an_old_reading_is_not_written_over_a_reset() {
    let world = sold(Generation::V3).await;
    world.settles().await;
    let db = Db::open(&world.data_dir().join("tollkeeper.db"), chrono_tz::Africa::Cairo).await.unwrap();
    let (id, now) = (SubscriptionRow(1), world.clock.now());
    let asked = db::access::subscriptions::subscription(&db, id).await.unwrap().unwrap();
    db::access::grants::counter_reset(&db, 1, Millis(now.0 + 1)).await.unwrap();
    db::access::counters::note_use(&db, &asked, 20 << 30, Millis(now.0 + 2)).await.unwrap();
    assert_eq!(world.number("SELECT used_bytes FROM subscriptions").await, 0);
    let asked = db::access::subscriptions::subscription(&db, id).await.unwrap().unwrap();
    db::access::counters::note_use(&db, &asked, 7, Millis(now.0 + 3)).await.unwrap();
    assert_eq!(world.number("SELECT used_bytes FROM subscriptions").await, 7, "what is read since counts");
    db.close().await;
    world.finish().await;
}

/// Another inbound is sold from the next start on.
fn sells_inbound(world: &World, from: u32, to: u32) {
    let path = world.config_path();
    let toml = std::fs::read_to_string(&path).unwrap();
    let (from, to) = (format!("inbound_id = {from}"), format!("inbound_id = {to}"));
    assert!(toml.contains(&from));
    std::fs::write(path, toml.replacen(&from, &to, 1)).unwrap();
}

#[tokio::test]
async fn who_was_sold_to_on_another_inbound_is_renewed_there() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
        let before = world.only_client();
        let link = mona.link().await;
        world.stop().await;
        world.panel.set_inbound(&InboundSpec::reality(2));
        sells_inbound(&world, 1, 2);
        world.start().await;
        assert!(renews(&mona).await.starts_with("Approved. Link sent"), "{generation:?}");
        mona.is_sent_link(1).await;
        let after = world.only_client();
        assert_eq!((after.uuid.as_str(), after.inbound_id), (before.uuid.as_str(), 1), "{generation:?}");
        assert_eq!((after.expiry_ms, after.total_bytes), (before.expiry_ms + 30 * DAY, 180 * GB), "{generation:?}");
        assert!(link.contains(":20001?") && mona.link().await.contains(":20001?"), "{generation:?}");
        let user = world.person("Mona").id().to_string();
        let question = world.admin("Adel").desk("user-extend", json!({ "user": user, "days": 7 })).await;
        let answer = world.admin("Adel").confirms(&Question { message: question }).await;
        assert!(answer.starts_with("Done"), "{generation:?}: {answer}");
        karim.orders_and_pays("Basic", "Karim's receipt").await;
        world.admin("Nadia").approves().await;
        karim.is_sent_link(0).await;
        let new = world.panel.clients().into_iter().find(|client| client.email != before.email).unwrap();
        assert_eq!(new.inbound_id, 2, "{generation:?}: new customers are on the new one");
        let drift = world.admin("Omar").desk("drift", json!({})).await.render_text();
        assert!(drift.contains("everything is as the books say"), "{generation:?}: {drift}");
        world.finish().await;
    }
}

#[tokio::test]
async fn who_was_moved_by_hand_to_the_inbound_that_is_sold_now_is_found_there() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let mona = world.customer("Mona");
        let before = world.only_client();
        world.stop().await;
        world.panel.set_inbound(&InboundSpec::reality(2));
        world.panel.remove_client(&before.email);
        world.panel.add_client(&NewClient {
            inbound_id: 2,
            uuid: before.uuid.clone(),
            email: before.email.clone(),
            sub_id: before.sub_id.clone(),
            enable: true,
            total_bytes: before.total_bytes,
            expiry_ms: before.expiry_ms,
        });
        world.panel.remove_inbound(1);
        sells_inbound(&world, 1, 2);
        world.start().await;
        assert!(renews(&mona).await.starts_with("Approved. Link sent"), "{generation:?}");
        let told = mona.is_sent_link(1).await;
        assert!(told.contains(":20002?"), "{generation:?}: the link leads to where it is");
        let after = world.only_client();
        assert_eq!((after.inbound_id, after.expiry_ms), (2, before.expiry_ms + 30 * DAY), "{generation:?}");
        assert_eq!(world.number("SELECT inbound_id FROM subscriptions").await, 2);
        world.finish().await;
    }
}
