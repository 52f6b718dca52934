//! Orders: finding them, and the customer's own steps.

pub mod decision;
pub mod eligibility;
pub mod pending;
pub mod tickets;

use std::time::Duration;

use serde_json::json;

use crate::db::{
    self, Db, Error, Subject, WriteTx,
    audit::{BOT, Happened},
    orders::decision::Decided,
    outbox::Lease,
    people::confirmations::Presented,
    signed,
};
use crate::domain::{
    ChannelId, Millis, Order, OrderId, UserId,
    effect::Effect,
    order::{CancelCause, MethodSnapshot, PlanSnapshot},
};

mod row;

pub use row::order;

/// How long the ticket of an order that was never paid stays after its end.
pub const UNPAID_TICKET_STAYS: Duration = Duration::from_hours(1);

/// Whether an order is ended even though money has arrived for it: somebody was asked about that.
struct EvenPaid(bool);

/// An order about to be made.
#[derive(Debug, Clone)]
pub struct NewOrder {
    /// Its id, drawn at random.
    pub id: OrderId,
    pub customer: UserId,
    /// The customer's name on Discord today.
    pub name: String,
    pub locale: String,
    /// When the customer joined the server, as far as Discord says.
    pub joined_at: Option<Millis>,
    pub plan: PlanSnapshot,
    /// Proofs that may reach review.
    pub attempts: u32,
    /// How long it waits for a proof.
    pub lapse: Duration,
    /// At most this many orders in this time; `None` = no limit.
    pub limit: Option<(u32, Duration)>,
}

#[derive(Debug, Clone)]
pub enum Ordered {
    Made(Order),
    /// The customer has an open order already; here it is.
    Open(Order),
    Blocked,
    /// The customer ordered too often; the next order is possible then.
    Limited {
        /// When the limit's window frees a place.
        until: Millis,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    pub id: UserId,
    /// The name when last seen.
    pub name: String,
    /// The language when last seen.
    pub locale: String,
    /// Whether they may not order.
    pub blocked: bool,
}

/// The customer's open shop order, if there is one.
pub async fn open_order(db: &Db, customer: UserId) -> Result<Option<Order>, Error> {
    let customer = customer.to_sql();
    let id = sqlx::query_scalar!(
        "SELECT id FROM orders WHERE user_id = ? AND source = 'shop'
               AND status IN ('pending_payment', 'payment_submitted', 'provisioning', 'needs_attention')",
        customer
    )
    .fetch_optional(&db.readers)
    .await?;
    order_of(db, id).await
}

/// The order whose ticket a channel is.
pub async fn order_in(db: &Db, channel: ChannelId) -> Result<Option<Order>, Error> {
    let channel = channel.to_sql();
    let id =
        sqlx::query_scalar!("SELECT id FROM orders WHERE channel_id = ?", channel).fetch_optional(&db.readers).await?;
    order_of(db, id).await
}

async fn order_of(db: &Db, id: Option<String>) -> Result<Option<Order>, Error> {
    match id.and_then(|id| id.parse().ok()) {
        None => Ok(None),
        Some(id) => order(db, &id).await,
    }
}

/// A customer as last seen; `None` for somebody who never ordered.
pub async fn customer(db: &Db, id: UserId) -> Result<Option<Customer>, Error> {
    let key = id.to_sql();
    let row = sqlx::query!("SELECT name, locale, status FROM users WHERE discord_id = ?", key)
        .fetch_optional(&db.readers)
        .await?;
    Ok(row.map(|row| Customer { id, name: row.name, locale: row.locale, blocked: row.status == "blocked" }))
}

/// Makes an order and everything that follows from it. Two clicks at once make one: the
/// index over open orders decides, and the other click gets the order that was made.
pub async fn place_order(db: &Db, new: NewOrder, now: Millis) -> Result<Ordered, Error> {
    let standing = eligibility::eligibility(db, new.customer, new.limit, now).await?;
    if let (Some(until), None) = (standing.again_at, standing.open) {
        return Ok(Ordered::Limited { until });
    }
    let mut tx = db.begin().await?;
    if remember(&mut tx, &new, now).await? == "blocked" {
        return Ok(Ordered::Blocked);
    }
    if !insert_order(&mut tx, &new, now).await? {
        drop(tx);
        return match open_order(db, new.customer).await? {
            Some(order) => Ok(Ordered::Open(order)),
            None => Err(Error::Missing("open order")),
        };
    }
    let payload =
        json!({ "plan": new.plan.id, "price_minor": new.plan.price.minor, "currency": new.plan.price.currency.code() });
    audit_order(&mut tx, new.customer, "order.place", &new.id, payload, now).await?;
    db::outbox::enqueue(&mut tx, &Effect::SyncTicket { order: new.id.clone() }, now, now).await?;
    tx.about(Subject::Order(new.id.clone()));
    tx.commit().await?;
    order(db, &new.id).await?.map(Ordered::Made).ok_or(Error::Missing("order"))
}

/// Sets how the customer pays. `false` when a proof is under review or the order is over.
pub async fn choose_method(db: &Db, order: &OrderId, method: &MethodSnapshot, now: Millis) -> Result<bool, Error> {
    let (id, policy) = (order.as_str(), method.reference.as_str());
    let mut tx = db.begin().await?;
    // A reference belongs to the method with which it was paid.
    let done = sqlx::query!(
        "UPDATE orders SET reference = CASE WHEN method_id = ? THEN reference END, method_id = ?, method_name = ?,
                 method_account = ?, method_holder = ?, method_text = ?, method_reference = ?, updated_at = ?
             WHERE id = ? AND status = 'pending_payment'",
        method.id,
        method.id,
        method.name,
        method.account,
        method.holder,
        method.instructions,
        policy,
        now.0,
        id
    )
    .execute(tx.sql())
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    db::outbox::enqueue(&mut tx, &Effect::SyncTicket { order: order.clone() }, now, now).await?;
    tx.about(Subject::Order(order.clone()));
    tx.commit().await?;
    Ok(true)
}

/// Takes an unpaid order back. `false` when it is no longer unpaid: one that money has arrived
/// for ends by [`end_paid`] alone, and the audit log says how much there was.
pub async fn cancel(db: &Db, order: &OrderId, by: UserId, cause: CancelCause, now: Millis) -> Result<bool, Error> {
    let mut tx = db.begin().await?;
    let done = end_cancelled(&mut tx, order, by, cause, now).await?;
    if done {
        tx.commit().await?;
    }
    Ok(done)
}

/// Ends an unpaid order that money has arrived for, by staff who were asked whether they mean it.
pub async fn end_paid(db: &Db, presented: &Presented, order: &OrderId, now: Millis) -> Result<Decided, Error> {
    let done = try_end_paid(db, presented, order, now).await;
    decision::note_failed_decision(db, "order.cancel_failed", presented, order, done, now)
}

async fn try_end_paid(db: &Db, presented: &Presented, order: &OrderId, now: Millis) -> Result<Decided, Error> {
    let mut tx = db.begin().await?;
    let permit = db::people::confirmations::spend(&mut tx, presented, now).await?;
    if !end(&mut tx, order, permit.by(), (CancelCause::Staff, EvenPaid(true)), now).await? {
        return decision::changed(&mut tx, order).await;
    }
    tx.commit().await?;
    Ok(Decided::Done(order.clone()))
}

/// Whether what the customer wrote in the ticket waits to be looked at: it may be a proof.
pub async fn is_being_read(db: &Db, order: &OrderId) -> Result<bool, Error> {
    let key = Effect::ReadTicket { order: order.clone() }.key();
    let waits = sqlx::query_scalar!("SELECT id FROM outbox WHERE key = ? AND parked_at IS NULL", key)
        .fetch_optional(&db.readers)
        .await?;
    Ok(waits.is_some())
}

/// Unpaid orders whose time is over, up to a hundred. Never one that money has arrived for.
pub async fn lapsing_orders(db: &Db, now: Millis) -> Result<Vec<OrderId>, Error> {
    let due = sqlx::query_scalar!(
            "SELECT id FROM orders INDEXED BY orders_lapse WHERE status = 'pending_payment' AND expires_at <= ?
               AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = orders.id AND p.received_minor > 0) LIMIT 100",
            now.0
        )
        .fetch_all(&db.readers)
        .await?;
    Ok(due.iter().filter_map(|id| id.parse().ok()).collect())
}

/// Lapses an order that is still unpaid and whose time is over, and ends the effect. `false`
/// when neither is so any more.
pub async fn lapse(db: &Db, lease: &Lease, order: &OrderId, now: Millis) -> Result<bool, Error> {
    let id = order.as_str();
    let mut tx = db.begin().await?;
    let done = sqlx::query!(
        "UPDATE orders SET status = 'expired', ended_at = ?, updated_at = ?
             WHERE id = ? AND status = 'pending_payment' AND expires_at <= ?
               AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = orders.id AND p.received_minor > 0)",
        now.0,
        now.0,
        id,
        now.0
    )
    .execute(tx.sql())
    .await?;
    let lapsed = done.rows_affected() == 1;
    if lapsed {
        audit_order(&mut tx, BOT, "order.expire", order, json!({}), now).await?;
        close_unpaid_ticket(&mut tx, order, now).await?;
    }
    db::outbox::finish_row(&mut tx, lease, now).await?;
    tx.commit().await?;
    Ok(lapsed)
}

/// Orders whose tickets are to be read again: all that are open and have a channel.
pub async fn open_tickets(db: &Db) -> Result<Vec<OrderId>, Error> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM orders
             WHERE status IN ('pending_payment', 'payment_submitted', 'provisioning', 'needs_attention')
               AND source = 'shop'"
    )
    .fetch_all(&db.readers)
    .await?;
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}

/// Remembers the customer as seen now; answers the customer's status.
async fn remember(tx: &mut WriteTx, new: &NewOrder, now: Millis) -> Result<String, Error> {
    let (customer, joined) = (new.customer.to_sql(), new.joined_at.map(|at| at.0));
    Ok(sqlx::query_scalar!(
        "INSERT INTO users (discord_id, name, locale, first_seen, joined_at) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (discord_id) DO UPDATE SET name = excluded.name, locale = excluded.locale,
                 joined_at = COALESCE(excluded.joined_at, joined_at)
             RETURNING status",
        customer,
        new.name,
        new.locale,
        now.0,
        joined
    )
    .fetch_one(tx.sql())
    .await?)
}

/// Inserts the order unless the customer has an open one.
async fn insert_order(tx: &mut WriteTx, new: &NewOrder, now: Millis) -> Result<bool, Error> {
    let (id, customer, plan) = (new.id.as_str(), new.customer.to_sql(), &new.plan);
    let (bytes, currency) = (signed(plan.quota_bytes), plan.price.currency.code().to_owned());
    let lapses = now.plus(new.lapse);
    let inserted = sqlx::query!(
        "INSERT INTO orders (id, source, user_id, status, created_at, updated_at, plan_id, plan_name, duration_days,
                                 quota_bytes, price_minor, currency, panel, attempts_left, expires_at)
             SELECT ?, 'shop', ?, 'pending_payment', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
             WHERE NOT EXISTS (SELECT 1 FROM orders WHERE user_id = ? AND source = 'shop'
                 AND status IN ('pending_payment', 'payment_submitted', 'provisioning', 'needs_attention'))",
        id,
        customer,
        now.0,
        now.0,
        plan.id,
        plan.name,
        plan.duration_days,
        bytes,
        plan.price.minor,
        currency,
        plan.panel,
        new.attempts,
        lapses.0,
        customer
    )
    .execute(tx.sql())
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Takes an unpaid order back, with everything that follows from it.
pub(in crate::db) async fn end_cancelled(
    tx: &mut WriteTx,
    order: &OrderId,
    by: UserId,
    cause: CancelCause,
    now: Millis,
) -> Result<bool, Error> {
    end(tx, order, by, (cause, EvenPaid(false)), now).await
}

/// The same; whether there may be money in it is decided here, in the statement that ends it:
/// a part may have been booked since whoever asks read the order.
async fn end(
    tx: &mut WriteTx,
    order: &OrderId,
    by: UserId,
    (cause, EvenPaid(even_paid)): (CancelCause, EvenPaid),
    now: Millis,
) -> Result<bool, Error> {
    let (id, reason) = (order.as_str(), cause.as_str());
    let received = sqlx::query_scalar!(
            r#"UPDATE orders SET status = 'cancelled', reason = ?, ended_at = ?, updated_at = ?
               WHERE id = ? AND status = 'pending_payment'
                 AND (? OR NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = orders.id AND p.received_minor > 0))
               RETURNING COALESCE((SELECT p.received_minor FROM payments p WHERE p.order_id = orders.id), 0) AS "received!: i64""#,
            reason,
            now.0,
            now.0,
            id,
            even_paid
        )
        .fetch_optional(tx.sql())
        .await?;
    let Some(received) = received else { return Ok(false) };
    let payload = json!({ "cause": reason, "received_minor": received });
    audit_order(tx, by, "order.cancel", order, payload, now).await?;
    db::outbox::show_on_card(tx, order, now).await?;
    close_unpaid_ticket(tx, order, now).await?;
    Ok(true)
}

/// The ticket of an order that ended unpaid says so, and goes an hour later.
async fn close_unpaid_ticket(tx: &mut WriteTx, order: &OrderId, now: Millis) -> Result<(), Error> {
    db::outbox::enqueue(tx, &Effect::SyncTicket { order: order.clone() }, now, now).await?;
    db::outbox::enqueue(tx, &Effect::DeleteTicket { order: order.clone() }, now.plus(UNPAID_TICKET_STAYS), now).await?;
    tx.about(Subject::Order(order.clone()));
    Ok(())
}

/// An audit row about an order without a token.
pub(in crate::db) async fn audit_order(
    tx: &mut WriteTx,
    actor: UserId,
    action: &str,
    order: &OrderId,
    payload: serde_json::Value,
    now: Millis,
) -> Result<(), Error> {
    db::audit::audit(tx, now, Happened { actor, action, target: order.to_string(), payload, session: None }).await
}
