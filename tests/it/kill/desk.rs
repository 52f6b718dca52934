//! A day at the desk: every command that changes something, one after the other, each asked for
//! again only where nothing came of it, and a payment that comes in two parts. Nobody confirms twice
//! without having looked.

use std::time::Duration;

use serde_json::{Value, json};
use tollkeeper::{clock::Clock, sandbox::panel::NewClient};

use super::{
    accounts::{self, Noise},
    people::{self, People, Stuck},
    walks::{Sale, USED},
};
use crate::world::World;

const GB: i64 = 1 << 30;
const WEEK: i64 = 7 * 24 * 60 * 60 * 1000;
/// A day at the desk takes less than that, with a kill in it.
const PATIENCE_MS: i64 = 60_000;

/// A client that was made by hand before the bot came.
pub(crate) const BY_HAND: &str = "by-hand-1";

/// Somebody who pays 40 of 100 first.
const IN_PARTS: Sale = Sale { customer: "Farid", plan: "basic", method: "InstaPay", receipt: "the first part" };

/// How often the desk is looked at.
const LOOK: Duration = Duration::from_millis(10);

pub(super) fn by_hand() -> NewClient {
    NewClient {
        inbound_id: 1,
        uuid: "11111111-2222-4333-8444-555555555555".to_owned(),
        email: BY_HAND.to_owned(),
        sub_id: "byhandsubscription".to_owned(),
        enable: true,
        total_bytes: 7 * GB,
        expiry_ms: 0,
    }
}

/// A command, its options, and two counts that turn from 0 to 1: once it is accepted, and once
/// everything has come of it.
struct Deed {
    command: &'static str,
    options: Value,
    accepted: &'static str,
    done: &'static str,
}

macro_rules! change {
    ($command:literal, $kind:literal, $options:expr) => {
        Deed {
            command: $command,
            options: $options,
            accepted: concat!("SELECT count(*) FROM changes WHERE kind = '", $kind, "'"),
            done: concat!(
                "SELECT count(*) FROM changes WHERE kind = '",
                $kind,
                "' AND applied_at IS NOT NULL AND notified_via = 'dm'"
            ),
        }
    };
}

async fn deeds(world: &World) -> Vec<Deed> {
    let user = |name: &str| json!({ "user": world.person(name).id().to_string() });
    let with = |name: &str, key: &str, value: Value| {
        let mut options = user(name);
        options[key] = value;
        options
    };
    let mut sale = user("Karim");
    (sale["plan"], sale["amount"]) = (json!("basic"), json!("100"));
    let order = world.word("SELECT id FROM orders WHERE source = 'shop'").await;
    vec![
        change!("user-extend", "extend", with("Mona", "days", json!(7))),
        change!("user-edit-traffic", "set_traffic", with("Mona", "gigabytes", json!(80))),
        change!("user-disable", "disable", user("Mona")),
        change!("user-enable", "enable", user("Mona")),
        change!("user-reset-traffic", "reset_traffic", user("Mona")),
        change!("user-rotate", "rotate", user("Mona")),
        Deed {
            command: "user-create",
            options: sale,
            accepted: "SELECT count(*) FROM orders WHERE source = 'manual'",
            done: "SELECT count(*) FROM orders WHERE source = 'manual' AND status = 'completed' AND delivery = 'dm'",
        },
        change!("user-adopt", "adopt", with("Hoda", "email", json!(BY_HAND))),
        change!("order-reverse", "reverse", json!({ "order": order, "reason": "The money was taken back." })),
        change!("user-delete", "delete", user("Karim")),
    ]
}

/// All of them, and the two parts.
pub(super) async fn day(people: &People<'_>) -> Result<(), Stuck> {
    for deed in deeds(people.world).await {
        comes_about(people, &deed).await?;
    }
    let ticket = people.orders(&IN_PARTS).await?;
    people.chooses(&IN_PARTS, ticket).await?;
    people.pays(&IN_PARTS, ticket, IN_PARTS.receipt).await?;
    people.is_received_in_part(&IN_PARTS, ticket, "40").await?;
    people.pays(&IN_PARTS, ticket, "the rest").await?;
    people.is_approved(&IN_PARTS, 1).await
}

async fn comes_about(people: &People<'_>, deed: &Deed) -> Result<(), Stuck> {
    let (world, admin) = (people.world, people.world.person("Adel"));
    let deadline = tokio::time::Instant::now() + people.patience;
    let is = async |query: &'static str| world.number(query).await == 1;
    while !is(deed.accepted).await {
        if tokio::time::Instant::now() >= deadline {
            return Err(people.stuck(&format!("{} is not accepted", deed.command)).await);
        }
        let life = people.life();
        let asked = admin.slash(world.guild.lobby, &format!("admin {}", deed.command), deed.options.clone());
        let question = people.message(asked).await.filter(|question| question.part("Confirm").is_some());
        let Some(question) = question else {
            tokio::time::sleep(LOOK).await;
            continue;
        };
        let pressed = admin.click(&question, "Confirm");
        let waits = async {
            while !is(deed.accepted).await {
                tokio::time::sleep(LOOK).await;
            }
        };
        // A click that died with the process is looked into before another is made.
        tokio::select! {
            biased;
            () = waits => {}
            () = people::next(life) => {}
            () = tokio::time::sleep(people.calm) => people.world.passes(people.pause),
        }
        drop(pressed);
    }
    while !is(deed.done).await {
        if tokio::time::Instant::now() >= deadline {
            return Err(people.stuck(&format!("nothing comes of {}", deed.command)).await);
        }
        if people.pause.is_zero() {
            tokio::time::sleep(LOOK).await;
        } else {
            // What waits for a panel waits by the clock.
            tokio::time::sleep(people.calm).await;
            world.passes(people.pause);
        }
    }
    Ok(())
}

/// What must be true after that day: each thing once, and only what was meant.
pub(super) async fn held(world: &World, noise: Noise) {
    for (query, answer) in [
        ("SELECT count(*) FROM changes", 9),
        ("SELECT count(DISTINCT kind) FROM changes WHERE applied_at IS NOT NULL AND voided_at IS NULL", 9),
        ("SELECT count(*) FROM orders", 3),
        ("SELECT count(*) FROM orders WHERE source = 'shop' AND status = 'completed' AND delivery = 'dm'", 1),
        ("SELECT count(*) FROM payment_submissions", 3),
        ("SELECT count(*) FROM payment_submissions WHERE status = 'approved'", 3),
        ("SELECT received_minor FROM payment_submissions WHERE is_partial = 1", 4_000),
        ("SELECT sum(received_minor - due_minor) FROM payments", 0),
        ("SELECT count(*) FROM audit_logs WHERE action = 'payment.part'", 1),
        ("SELECT count(*) FROM audit_logs WHERE action = 'payment.approve'", 2),
        ("SELECT count(*) FROM orders WHERE source = 'shop' AND status = 'reversed' AND reversed_by IS NOT NULL", 1),
        ("SELECT count(*) FROM orders WHERE source = 'manual' AND status = 'completed' AND delivery = 'dm'", 1),
        ("SELECT count(*) FROM ledger", 4),
        ("SELECT sum(amount_minor) FROM ledger", 20_000),
        ("SELECT count(*) FROM subscriptions", 4),
        ("SELECT count(*) FROM subscriptions WHERE deleted_at IS NOT NULL", 1),
        ("SELECT count(*) FROM subscriptions WHERE next_uuid IS NOT NULL", 0),
        ("SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL", 0),
    ] {
        assert_eq!(world.number(query).await, answer, "{query}");
    }
    let clients = world.panel.clients();
    assert_eq!(clients.len(), 3, "Karim's is gone: {clients:#?}");
    let kept = world.panel.client(BY_HAND).expect("the client that was made by hand");
    let was = by_hand();
    assert_eq!((kept.uuid, kept.sub_id, kept.total_bytes), (was.uuid, was.sub_id, was.total_bytes), "left as it was");
    let email = world.word("SELECT email FROM subscriptions ORDER BY id LIMIT 1").await;
    let monas = clients.iter().find(|client| client.email == email).expect("Mona's client");
    // The order's days are taken back; the week that staff gave is not the order's.
    let (now, since) = match noise {
        Noise::Nothing => (Clock::system().now(), 2 * PATIENCE_MS),
        // In the world's own time, of which people let some pass.
        Noise::Outage => (world.clock.now(), 60 * PATIENCE_MS),
    };
    let left = monas.expiry_ms - now.0;
    assert!(monas.enable && (WEEK - since..=WEEK).contains(&left), "{left} ms are left of Mona's access");
    assert_eq!(world.number("SELECT used_before FROM subscriptions ORDER BY id LIMIT 1").await, USED.0 + USED.1);
    // One link for each sale, one word for each change, and nothing else.
    assert_eq!(accounts::letters(world, noise), 3 + 9, "direct messages");
}
