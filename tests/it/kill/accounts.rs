//! What must be true after a walk with a kill in it, besides what is true after every conversation.

use tollkeeper::sandbox::discord::{Message, View};

use super::walks::{USED, Walk};
use crate::world::World;

/// Counted in the database: a query, and its answer for so many sales and so many proofs.
type Counted = (&'static str, fn(i64, i64) -> i64);

const COUNTED: &[Counted] = &[
    ("SELECT count(*) FROM orders", |sales, _| sales),
    ("SELECT count(*) FROM orders WHERE status = 'completed' AND delivery = 'dm'", |sales, _| sales),
    ("SELECT count(*) FROM payments WHERE status = 'approved' AND received_minor = due_minor", |sales, _| sales),
    ("SELECT count(*) FROM payment_submissions", |_, proofs| proofs),
    ("SELECT count(*) FROM payment_submissions WHERE status = 'approved'", |sales, _| sales),
    ("SELECT count(*) FROM ledger", |sales, _| sales),
    ("SELECT count(DISTINCT order_id) FROM ledger", |sales, _| sales),
    // The roll-up and a recount of the ledger are the same rows.
    (
        "SELECT count(*) FROM (
             SELECT day, method_id, plan_id, source, SUM(amount_minor), COUNT(*) FROM ledger GROUP BY 1, 2, 3, 4
             EXCEPT SELECT day, method_id, plan_id, source, amount_minor, count FROM revenue_cache)",
        |_, _| 0,
    ),
    (
        "SELECT count(*) FROM (
             SELECT day, method_id, plan_id, source, amount_minor, count FROM revenue_cache
             EXCEPT SELECT day, method_id, plan_id, source, SUM(amount_minor), COUNT(*) FROM ledger GROUP BY 1, 2, 3, 4)",
        |_, _| 0,
    ),
    ("SELECT count(*) FROM bot_config WHERE key = 'revenue_stale_since'", |_, _| 0),
    ("SELECT count(*) FROM subscriptions", |_, _| 1),
    ("SELECT count(*) FROM grants WHERE applied_at IS NOT NULL", |sales, _| sales),
    ("SELECT count(*) FROM grants", |sales, _| sales),
    ("SELECT count(*) FROM audit_logs WHERE action = 'payment.approve'", |sales, _| sales),
    ("SELECT count(*) FROM audit_logs WHERE action = 'payment.decline'", |sales, proofs| proofs - sales),
    ("SELECT count(*) FROM audit_logs WHERE action = 'link.deliver'", |sales, _| sales),
    // The deletion of each ticket, and the second look at a counter, later; nothing else. The server is looked at whenever the bot comes.
    ("SELECT count(*) FROM outbox WHERE kind NOT IN ('inspect_premises', 'recheck_counter')", |sales, _| sales),
    ("SELECT count(*) FROM outbox WHERE kind = 'delete_ticket' AND tries = 0 AND parked_at IS NULL", |sales, _| sales),
];

/// What else may have been said than what the walk is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noise {
    Nothing,
    /// That something does not work, to staff and owners.
    Outage,
}

/// Looks at everything; panics at what is not right.
pub(crate) async fn hold(world: &World, walk: Walk, noise: Noise) {
    let (sales, proofs) = match walk {
        Walk::FirstSale => (1, 1),
        Walk::Decline => (1, 2),
        Walk::Renewal => (2, 2),
        Walk::Desk => return super::desk::held(world, noise).await,
    };
    for (query, answer) in COUNTED {
        assert_eq!(world.number(query).await, answer(sales, proofs), "{query}");
    }
    if walk == Walk::Renewal {
        the_renewal_added_up(world).await;
    }
    let (sales, proofs) = (usize::try_from(sales).unwrap_or(0), usize::try_from(proofs).unwrap_or(0));
    world.discord.look(|view| {
        the_tickets_are_in_order(world, view, sales, proofs - sales);
        let mut cards = view.messages(world.guild.review);
        if noise == Noise::Outage {
            cards.retain(|message| message.contains("· proof "));
        }
        let staffs: Vec<_> = cards.iter().filter(|message| !message.ephemeral).map(Message::render_text).collect();
        assert_eq!(staffs.len(), proofs, "one card for each proof and nothing else: {staffs:#?}");
        for number in 1..=proofs {
            let mark = format!("· proof {number})");
            assert_eq!(cards.iter().filter(|card| card.contains(&mark)).count(), 1, "cards of proof {number}");
        }
    });
    assert_eq!(letters(world, noise), sales, "direct messages: one link for each sale and nothing else");
}

/// How many direct messages there are; with noise, those of customers.
pub(super) fn letters(world: &World, noise: Noise) -> usize {
    let owner = world.person("Omar").id();
    world.discord.look(|view| {
        let mut channels = view.dm_channels();
        channels.retain(|channel| noise == Noise::Nothing || channel.recipient != Some(owner));
        channels.iter().flat_map(|channel| view.messages(channel.id)).filter(|message| message.by_bot).count()
    })
}

/// One channel per order, with one status message, one welcome, and what else had to be said.
fn the_tickets_are_in_order(world: &World, view: &View<'_>, sales: usize, declined: usize) {
    let tickets: Vec<_> = world.guild.tickets.iter().flat_map(|category| view.channels_in(*category)).collect();
    let names: Vec<_> = tickets.iter().map(|ticket| ticket.name.clone()).collect();
    assert_eq!(tickets.len(), sales, "one ticket for each order: {names:?}");
    for ticket in &tickets {
        let said: Vec<_> = view.messages(ticket.id).into_iter().filter(|message| message.by_bot).collect();
        let texts: Vec<_> = said.iter().map(Message::render_text).collect();
        let public = said.iter().filter(|message| !message.ephemeral).count();
        let with = |mark: &str| texts.iter().filter(|text| text.contains(mark)).count();
        assert_eq!(with("· ticket)"), 1, "status messages: {texts:#?}");
        assert_eq!(with("· welcome"), 1, "welcomes: {texts:#?}");
        assert_eq!(with("· declined:"), declined, "notices of the decline: {texts:#?}");
        assert_eq!(public, 2 + declined, "and nothing else: {texts:#?}");
    }
}

/// No day lost, and what was left over is kept.
async fn the_renewal_added_up(world: &World) {
    let first = world.number("SELECT new_expiry FROM grants ORDER BY id LIMIT 1").await;
    let left = world.number("SELECT new_quota FROM grants ORDER BY id LIMIT 1").await - USED.0 - USED.1;
    let days = world.number("SELECT days FROM grants ORDER BY id DESC LIMIT 1").await;
    let bytes = world.number("SELECT bytes FROM grants ORDER BY id DESC LIMIT 1").await;
    let clients = world.panel.clients();
    assert_eq!(clients.len(), 1, "a renewal makes no second client");
    assert_eq!(clients[0].expiry_ms, first + days * 24 * 60 * 60 * 1000, "the new expiry");
    assert_eq!(clients[0].total_bytes, left + bytes, "the new quota");
    assert_eq!((clients[0].up, clients[0].down), (0, 0), "the counter begins anew");
    assert_eq!(world.number("SELECT used_before FROM subscriptions").await, USED.0 + USED.1, "what was used before");
}
