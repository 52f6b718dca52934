//! Renewals that were approved, reached the panel in part or in whole, and were not sold: one
//! payment gives once, whatever staff press then.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;
use tollkeeper::sandbox::panel::{ClientRow, Fault, Generation, InboundSpec};

use crate::world::{Customer, Leaves, World};

const DAY: i64 = 24 * 60 * 60 * 1000;
const GB: i64 = 1 << 30;
const GENERATIONS: [Generation; 2] = [Generation::V2_9, Generation::V3];

/// A world in which Mona owns Basic (30 days, 50 GB), of which 20 GB are used.
async fn sold(generation: Generation) -> World {
    let world = World::with(|scene| {
        scene.generation(generation);
        scene.schedule("retry_min", "5ms");
        scene.schedule("retry_max", "20ms");
    })
    .await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "first receipt").await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    world.settles().await;
    world.panel.set_traffic(&client(&world).email, 5 * GB, 15 * GB);
    world
}

fn client(world: &World) -> ClientRow {
    let mut clients = world.panel.clients();
    assert_eq!(clients.len(), 1, "Mona has one client: {clients:#?}");
    clients.remove(0)
}

/// What Mona has left: her end, and the bytes she may still use.
fn left(client: &ClientRow) -> (i64, i64) {
    (client.expiry_ms, client.total_bytes - client.up - client.down)
}

/// Mona's renewal (30 days, 150 GB) is written, and then the inbound turns out to give no link.
async fn gives_up(world: &World) {
    world.customer("Mona").orders_and_pays("Premium", "second receipt").await;
    let stream = json!({ "network": "carrier-pigeon", "security": "none" });
    world.panel.set_inbound(&InboundSpec::with_stream(1, stream));
    let question = world.admin("Nadia").opens_approval().await;
    world.admin("Nadia").starts_to_confirm(&question);
    world.counts(1, "SELECT count(*) FROM orders WHERE status = 'needs_attention'").await;
    world.panel.set_inbound(&InboundSpec::reality(1));
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
        let before = client(&world);
        gives_up(&world).await;
        assert_eq!(client(&world).expiry_ms, before.expiry_ms + 30 * DAY, "it was written");
        world.admin("Adel").presses("Back to review").await;
        world.settles_but(&PARKED).await;
        assert_eq!(left(&client(&world)), left(&before), "{generation:?}: taken back");
        assert_eq!(world.number("SELECT count(*) FROM audit_logs WHERE action = 'order.undo'").await, 1);
        let answer = world.admin("Adel").approves().await;
        assert!(answer.starts_with("Approved. Link sent"), "{answer}");
        mona.is_sent_link(1).await;
        let after = client(&world);
        assert_eq!((after.expiry_ms, after.total_bytes), (before.expiry_ms + 30 * DAY, 180 * GB));
        assert_eq!(lifetime_use(&world).await, 20 * GB);
        world.finish_but(Leaves { outbox: &PARKED, ..Leaves::default() }).await;
    }
}

#[tokio::test]
async fn an_unsold_renewal_that_is_declined_leaves_what_was_there() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let before = client(&world);
        gives_up(&world).await;
        let card = world.admin("Adel").attention().await;
        let question = world.admin("Adel").opens_decline_of(&card, "We cannot deliver it.").await;
        world.admin("Adel").confirms(&question).await;
        world.settles_but(&PARKED).await;
        let after = client(&world);
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
        let before = client(&world);
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
        world.customer("Mona").is_sent_link(1).await;
        let after = client(&world);
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
        let before = client(&world);
        mona.orders_and_pays("Premium", "second receipt").await;
        refuses_write(&world, 2);
        let answer = world.admin("Nadia").approves().await;
        assert!(answer.starts_with("The panel refused, so nothing was sold"), "{answer}");
        world.settles().await;
        assert_eq!(left(&client(&world)), left(&before), "{generation:?}: 30 of 50 GB are left, as before");
        assert_eq!(lifetime_use(&world).await, 20 * GB);
        world.admin("Adel").approves().await;
        mona.is_sent_link(1).await;
        assert_eq!(client(&world).total_bytes, 180 * GB);
        assert_eq!(lifetime_use(&world).await, 20 * GB, "counted once");
        world.finish().await;
    }
}

#[tokio::test]
async fn half_a_reset_of_the_traffic_is_told_as_half_of_it() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        // Used up: 2.9 keeps the client cut off until an update lets it in, 3.x lets it in by itself.
        world.panel.set_traffic(&client(&world).email, 30 * GB, 21 * GB);
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
        let email = client(&world).email;
        world.finish_but(Leaves { changed: &[&email], ..Leaves::default() }).await;
    }
}

#[tokio::test]
async fn what_staff_want_meanwhile_outlives_an_order_that_goes_back() {
    let world = sold(Generation::V3).await;
    let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
    let before = client(&world);
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
    world.counts(1, "SELECT count(*) FROM changes WHERE applied_at IS NOT NULL").await;
    karim.is_sent_link(0).await;
    let after = world.panel.client(&before.email).unwrap();
    assert_eq!(after.expiry_ms, before.expiry_ms + 7 * DAY);
    world.finish().await;
}
