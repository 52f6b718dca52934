//! Renewals that were approved, reached the panel in part or in whole, and were not sold: one
//! payment gives once, whatever staff press then.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use serde_json::json;
use tollkeeper::sandbox::panel::{ClientRow, Fault, Generation, NewClient};

use crate::world::{Customer, Leaves, World};

const DAY: i64 = 24 * 60 * 60 * 1000;
const GB: i64 = 1 << 30;
const GENERATIONS: [Generation; 2] = [Generation::V2_9, Generation::V3];

/// The breaker lets one call through after this long.
const BREAKER: Duration = Duration::from_secs(11);

/// A world in which Mona owns Basic (30 days, 50 GB), of which 20 GB are used.
async fn sold(generation: Generation) -> World {
    let world = World::with(|scene| {
        scene.generation(generation);
        scene.schedule("retry_min", "5ms");
        scene.schedule("retry_max", "20ms");
    })
    .await;
    world.customer("Mona").owns_basic().await;
    world.panel.set_traffic(&world.only_client().email, 5 * GB, 15 * GB);
    world
}

/// What Mona has left: her end, and the bytes she may still use.
fn left(client: &ClientRow) -> (i64, i64) {
    (client.expiry_ms, client.total_bytes - client.up - client.down)
}

/// Mona's renewal (30 days, 150 GB) is written, and another program writes over a part of it each time.
async fn gives_up(world: &World) {
    world.customer("Mona").orders_and_pays("Premium", "second receipt").await;
    world.panel.spoils_what_is_written();
    let question = world.admin("Nadia").opens_approval().await;
    world.admin("Nadia").starts_to_confirm(&question);
    world.counts(1, "SELECT count(*) FROM orders WHERE status = 'needs_attention'").await;
    world.panel.spoils_no_more();
}

async fn lifetime_use(world: &World) -> i64 {
    world.number("SELECT used_before FROM subscriptions").await
}

/// The row that gave up, and the word about it to the owners.
const PARKED: [&str; 2] = ["subscription:", "owner:"];

#[tokio::test]
async fn back_to_review_takes_an_unsold_renewal_back_and_approving_gives_it_once() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let mona = world.customer("Mona");
        let before = world.only_client();
        gives_up(&world).await;
        assert_eq!(world.only_client().expiry_ms, before.expiry_ms + 30 * DAY, "it was written");
        world.admin("Adel").presses("Back to review").await;
        world.settles_but(&PARKED).await;
        assert_eq!(left(&world.only_client()), left(&before), "{generation:?}: taken back");
        assert_eq!(world.number("SELECT count(*) FROM audit_logs WHERE action = 'order.undo'").await, 1);
        let answer = world.admin("Adel").approves().await;
        assert!(answer.starts_with("Approved. Link sent"), "{answer}");
        mona.is_sent_link(1).await;
        let after = world.only_client();
        assert_eq!((after.expiry_ms, after.total_bytes), (before.expiry_ms + 30 * DAY, 180 * GB));
        assert_eq!(lifetime_use(&world).await, 20 * GB);
        world.finish_but(Leaves { outbox: &PARKED, ..Leaves::default() }).await;
    }
}

#[tokio::test]
async fn an_unsold_renewal_that_is_declined_leaves_what_was_there() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let before = world.only_client();
        gives_up(&world).await;
        let card = world.admin("Adel").attention().await;
        let question = world.admin("Adel").opens_decline_of(&card, "We cannot deliver it.").await;
        world.admin("Adel").confirms(&question).await;
        world.settles_but(&PARKED).await;
        let after = world.only_client();
        assert_eq!(left(&after), left(&before), "{generation:?}");
        assert!(after.enable && after.serving, "Mona goes on with what she had");
        assert_eq!(world.number("SELECT count(*) FROM ledger").await, 1);
        assert_eq!(lifetime_use(&world).await, 20 * GB);
        world.finish_but(Leaves { outbox: &PARKED, ..Leaves::default() }).await;
    }
}

#[tokio::test]
async fn approved_again_before_it_could_be_taken_back_it_gives_once() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let before = world.only_client();
        gives_up(&world).await;
        world.panel.on_request(|_| Fault::CutBefore);
        world.admin("Adel").presses("Back to review").await;
        let question = world.admin("Adel").opens_approval().await;
        world.admin("Adel").starts_to_confirm(&question);
        world
            .counts(
                1,
                "SELECT count(*) FROM grants WHERE voided_at IS NULL AND applied_at IS NULL AND filled_at IS NOT NULL",
            )
            .await;
        world.panel.clear_faults();
        world.passes(BREAKER);
        world.customer("Mona").is_sent_link(1).await;
        let after = world.only_client();
        assert_eq!((after.expiry_ms, after.total_bytes), (before.expiry_ms + 30 * DAY, 180 * GB), "{generation:?}");
        assert_eq!((after.up, after.down, lifetime_use(&world).await), (0, 0, 20 * GB));
        world.finish_but(Leaves { outbox: &PARKED, ..Leaves::default() }).await;
    }
}

/// Refuses the n-th write, once.
fn refuses_write(world: &World, n: u32) {
    let writes = AtomicU32::new(0);
    world.panel.on_request(move |request| {
        let strikes = request.is_write && writes.fetch_add(1, Ordering::SeqCst) + 1 == n;
        if strikes { Fault::Refuse("no".into()) } else { Fault::None }
    });
}

#[tokio::test]
async fn a_refusal_after_the_counters_reset_gives_no_traffic_away() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let mona: Customer<'_> = world.customer("Mona");
        let before = world.only_client();
        mona.orders_and_pays("Premium", "second receipt").await;
        refuses_write(&world, 2);
        let answer = world.admin("Nadia").approves().await;
        assert!(answer.starts_with("The panel refused, so nothing was sold"), "{answer}");
        world.settles().await;
        assert_eq!(left(&world.only_client()), left(&before), "{generation:?}: 30 of 50 GB are left, as before");
        assert_eq!(lifetime_use(&world).await, 20 * GB);
        world.admin("Adel").approves().await;
        mona.is_sent_link(1).await;
        assert_eq!(world.only_client().total_bytes, 180 * GB);
        assert_eq!(lifetime_use(&world).await, 20 * GB, "counted once");
        world.finish().await;
    }
}

#[tokio::test]
async fn half_a_reset_of_the_traffic_is_told_as_half_of_it() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        // Used up: 2.9 keeps the client cut off until an update lets it in, 3.x lets it in by itself.
        world.panel.set_traffic(&world.only_client().email, 30 * GB, 21 * GB);
        refuses_write(&world, 2);
        let mona = world.person("Mona").id().to_string();
        let message = world.admin("Adel").desk("user-reset-traffic", json!({ "user": mona })).await;
        let answer = world.admin("Adel").confirms(&crate::world::Question { message }).await;
        let says = match generation {
            Generation::V3 => "Done: the used traffic is zero now.",
            _ => "Only half of it was done.\nThe used traffic is zero now, but the panel refused",
        };
        assert!(answer.starts_with(says), "{answer}");
        assert_eq!(lifetime_use(&world).await, 51 * GB);
        world.panel.clear_faults();
        let email = world.only_client().email;
        world.finish_but(Leaves { changed: &[&email], ..Leaves::default() }).await;
    }
}

#[tokio::test]
async fn what_staff_want_meanwhile_outlives_an_order_that_goes_back() {
    let world = sold(Generation::V3).await;
    let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
    let before = world.only_client();
    karim.orders_and_pays("Basic", "Karim's receipt").await;
    let first = world.admin("Nadia").opens_approval().await;
    mona.orders_and_pays("Premium", "second receipt").await;
    // Somebody else's client has Mona's name for a while.
    let uuid = "11111111-2222-4333-8444-555555555555";
    world.panel.edit_client(&before.email, |fields| {
        fields.insert("id".into(), json!(uuid));
    });
    world.admin("Adel").approves().await;
    world.settles().await;
    // Karim's order comes first in the panel's lane, and the panel is away.
    world.panel.on_request(|_| Fault::CutBefore);
    world.admin("Nadia").starts_to_confirm(&first);
    world.counts(1, "SELECT count(*) FROM outbox WHERE lane = 'panel:main' AND last_error IS NOT NULL").await;
    let asked = json!({ "user": mona.person.id().to_string(), "days": 7 });
    let message = world.admin("Nadia").desk("user-extend", asked).await;
    world.admin("Nadia").starts_to_confirm(&crate::world::Question { message });
    world.counts(1, "SELECT count(*) FROM changes").await;
    world.admin("Adel").presses("Back to review").await;
    world.panel.edit_client(&before.email, |fields| {
        fields.insert("id".into(), json!(before.uuid));
    });
    world.panel.clear_faults();
    world.passes(BREAKER);
    world.counts(1, "SELECT count(*) FROM changes WHERE applied_at IS NOT NULL").await;
    karim.is_sent_link(0).await;
    let after = world.panel.client(&before.email).unwrap();
    assert_eq!(after.expiry_ms, before.expiry_ms + 7 * DAY);
    world.finish().await;
}

#[tokio::test]
async fn a_removed_client_is_not_sold_into() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let (mona, adel) = (world.customer("Mona"), world.admin("Adel"));
        world.panel.add_client(&stranger());
        let old = world.panel.clients().into_iter().find(|client| client.email != STRANGER).unwrap();
        mona.orders_and_pays("Premium", "second receipt").await;
        world.panel.on_request(|request| if request.is_write { Fault::Refuse("no".into()) } else { Fault::None });
        world.admin("Nadia").approves().await;
        world.settles().await;
        world.panel.clear_faults();
        let message = adel.desk("user-delete", json!({ "user": mona.person.id().to_string() })).await;
        let answer = adel.confirms(&crate::world::Question { message }).await;
        assert!(answer.starts_with("Done: the access is removed"), "{answer}");
        adel.approves().await;
        mona.is_sent_link(1).await;
        let new = world.panel.clients().into_iter().find(|client| client.email != STRANGER).unwrap();
        assert_ne!(new.uuid, old.uuid, "{generation:?}: another client");
        assert_eq!(new.total_bytes, 150 * GB, "what was removed gives nothing");
        assert!(mona.link().await.contains(&new.uuid), "and /link knows it");
        mona.orders_and_pays("Basic", "third receipt").await;
        world.admin("Nadia").approves().await;
        mona.is_sent_link(2).await;
        assert_eq!(world.panel.clients().len(), 2, "renewed");
        world.finish_but(Leaves { strangers: &[STRANGER], ..Leaves::default() }).await;
    }
}

/// 2.x keeps an inbound's last client.
const STRANGER: &str = "by-hand-1";

fn stranger() -> NewClient {
    NewClient {
        inbound_id: 1,
        uuid: "11111111-2222-4333-8444-555555555555".to_owned(),
        email: STRANGER.to_owned(),
        sub_id: "byhandsubscription".to_owned(),
        enable: true,
        total_bytes: 0,
        expiry_ms: 0,
    }
}

#[tokio::test]
async fn a_client_that_is_made_again_does_not_get_its_traffic_back() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let mona = world.customer("Mona");
        mona.link().await;
        assert_eq!(world.number("SELECT used_bytes FROM subscriptions").await, 20 * GB, "the bot knows of it");
        world.panel.remove_client(&world.only_client().email);
        mona.orders_and_pays("Premium", "second receipt").await;
        world.admin("Nadia").approves().await;
        mona.is_sent_link(1).await;
        assert_eq!(world.only_client().total_bytes, (50 - 20 + 150) * GB, "{generation:?}");
        assert_eq!(lifetime_use(&world).await, 20 * GB);
        world.finish().await;
    }
}

#[tokio::test]
async fn the_days_begin_when_there_is_access() {
    for generation in GENERATIONS {
        let world = World::with(|scene| scene.generation(generation)).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "first receipt").await;
        world.panel.on_request(|request| if request.is_write { Fault::CutBefore } else { Fault::None });
        let question = world.admin("Adel").opens_approval().await;
        world.admin("Adel").starts_to_confirm(&question);
        world.counts(1, "SELECT count(*) FROM grants WHERE filled_at IS NOT NULL").await;
        // Not before the first try has come to nothing.
        let tried = "SELECT count(*) FROM outbox WHERE key LIKE 'subscription:%' AND last_error IS NOT NULL";
        world.counts(1, tried).await;
        world.passes(Duration::from_hours(30));
        world.panel.clear_faults();
        mona.is_sent_link(0).await;
        let left = world.only_client().expiry_ms - world.clock.now().0;
        assert!((30 * DAY - 60_000..=30 * DAY).contains(&left), "{generation:?}: {left}");
        world.finish().await;
    }
}

#[tokio::test]
async fn two_first_sales_to_one_customer_make_one_client() {
    for generation in GENERATIONS {
        let world = World::with(|scene| scene.generation(generation)).await;
        let (mona, nadia) = (world.customer("Mona"), world.admin("Nadia"));
        mona.orders_and_pays("Basic", "first receipt").await;
        world.panel.on_request(|_| Fault::CutBefore);
        let question = world.admin("Adel").opens_approval().await;
        world.admin("Adel").starts_to_confirm(&question);
        world.counts(1, "SELECT count(*) FROM grants").await;
        let sale = json!({ "user": mona.person.id().to_string(), "plan": "basic", "amount": "100" });
        let message = nadia.desk("user-create", sale).await;
        nadia.starts_to_confirm(&crate::world::Question { message });
        world.counts(2, "SELECT count(*) FROM grants").await;
        world.panel.clear_faults();
        world.passes(BREAKER);
        mona.is_sent_link(1).await;
        let both = world.only_client();
        assert_eq!(both.total_bytes, 100 * GB, "{generation:?}");
        let left = both.expiry_ms - world.clock.now().0;
        assert!((60 * DAY - 60_000..=60 * DAY).contains(&left), "sixty days: {left}");
        world.finish().await;
    }
}
