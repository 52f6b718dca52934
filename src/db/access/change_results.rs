//! The booking of what came of a change: made as it was read back, or not made and why.

use std::time::Duration;

use serde_json::json;

use crate::db::{
    self, Db, Error, Subject, WriteTx,
    access::change_queue::Waiting,
    access::subscriptions::Subscription,
    audit::{BOT, Happened},
    outbox::Lease,
    signed,
};
use crate::domain::{
    Millis, OrderId, SubscriptionRow, UserId,
    amount::Amount,
    attention::Trouble,
    change::{Change, ChangeId, Seen, Wanted},
    effect::Effect,
    grants::Expiry,
    revenue::day_of,
};

/// Whoever asked watches the answer for so long; later the result is told in the review channel.
const WATCHED: Duration = Duration::from_secs(10);

/// A change that is made: what the panel said when it was read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    pub wanted: Wanted,
    pub enabled: bool,
    /// It is switched off because a person wants it so, not because it is used up or ended.
    pub held: bool,
    pub expiry: Expiry,
    /// Its quota in bytes, 0 = unlimited.
    pub quota: u64,
    pub inbound: Option<i64>,
    /// Its link, where that is another now.
    pub link: Option<String>,
    /// It could not be removed and was switched off instead.
    pub kept: bool,
}

/// Stores what a change wants, before the panel is written, with what it was computed from.
pub async fn fill_change(db: &Db, id: ChangeId, seen: Seen, wanted: &Wanted, now: Millis) -> Result<(), Error> {
    let (old_expiry, old_quota, old_used) = (seen.expiry.to_panel(), signed(seen.quota), signed(seen.used));
    let (expiry, quota, used) = (wanted.expiry.to_panel(), signed(wanted.quota), signed(wanted.used_before));
    let (time, bytes) = (stored(wanted.time), stored(wanted.bytes));
    let mut tx = db.begin().await?;
    sqlx::query!(
        "UPDATE changes SET filled_at = ?, new_enabled = ?, new_expiry = ?, new_quota = ?, used_before = ?,
                 given_time = ?, given_bytes = ?, old_expiry = ?, old_quota = ?, old_used = ?
             WHERE id = ? AND applied_at IS NULL AND voided_at IS NULL",
        now.0,
        wanted.enabled,
        expiry,
        quota,
        used,
        time,
        bytes,
        old_expiry,
        old_quota,
        old_used,
        id.0
    )
    .execute(tx.sql())
    .await?;
    tx.commit().await
}

/// Remembers that the counter was reset for this change. What it had counted was used,
/// whatever becomes of the change.
pub async fn change_reset(db: &Db, id: ChangeId, now: Millis) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    let first = sqlx::query!(
        r#"UPDATE changes SET reset_at = ? WHERE id = ? AND reset_at IS NULL
               RETURNING subscription_id AS "subscription!: i64", used_before AS "used: i64""#,
        now.0,
        id.0
    )
    .fetch_optional(tx.sql())
    .await?;
    if let Some(row) = first {
        db::access::counters::count_used(&mut tx, SubscriptionRow(row.subscription), row.used.unwrap_or(0), now)
            .await?;
    }
    tx.commit().await
}

/// The panel has been read back and is as it should be: the subscription, what a reversal
/// books, the customer and the audit log in one transaction.
pub async fn apply_change(
    db: &Db,
    lease: &Lease,
    sub: &Subscription,
    change: &Waiting,
    done: &Applied,
    now: Millis,
) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    let applied = sqlx::query!(
        "UPDATE changes SET applied_at = ?, disabled_instead = ? WHERE id = ? AND applied_at IS NULL AND voided_at IS NULL",
        now.0,
        done.kept,
        change.id.0
    )
    .execute(tx.sql())
    .await?;
    if applied.rows_affected() == 0 {
        return Err(Error::Missing("change that waits"));
    }
    write_subscription(&mut tx, sub, change, done, now).await?;
    let payload = json!({
        "change": change.id.0, "panel": sub.panel, "email": sub.email, "enabled": done.enabled,
        "expiry": done.expiry.to_panel(), "quota_bytes": done.quota, "kept": done.kept,
    });
    audit_change(&mut tx, sub, change, "change.apply", payload, now).await?;
    db::outbox::enqueue(&mut tx, &Effect::TellCustomer { change: change.id, user: sub.user }, now, now).await?;
    tell_staff_later(&mut tx, change, now).await?;
    if matches!(change.what, Change::ResetTraffic {}) && done.wanted.used_before > 0 {
        db::access::counters::look_again(&mut tx, sub, now).await?;
    }
    go_on(&mut tx, lease, sub, now).await?;
    if let Change::Reverse { order, reason } = &change.what {
        reverse_order(&mut tx, order, reason, sub, change, done, now).await?;
    }
    tx.commit().await
}

/// A change will not be made; staff read why.
pub async fn void_change(
    db: &Db,
    lease: &Lease,
    sub: &Subscription,
    change: &Waiting,
    trouble: &Trouble,
    now: Millis,
) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    void(&mut tx, sub, change, trouble, now).await?;
    go_on(&mut tx, lease, sub, now).await?;
    tx.commit().await
}

async fn write_subscription(
    tx: &mut WriteTx,
    sub: &Subscription,
    change: &Waiting,
    done: &Applied,
    now: Millis,
) -> Result<(), Error> {
    let status = if done.held { "disabled" } else { "active" };
    let (expiry, quota, used) = (done.expiry.to_panel(), signed(done.quota), signed(done.wanted.used_before));
    let rotates = matches!(change.what, Change::Rotate {});
    let deleted = (matches!(change.what, Change::Delete {}) && !done.kept).then_some(now.0);
    // A client that was made again counts from zero as well.
    let again = matches!(change.what, Change::Enable {}) && used > 0;
    let resets = again || matches!(change.what, Change::ResetTraffic {});
    sqlx::query!(
            "UPDATE subscriptions SET status = CASE WHEN ?1 THEN status ELSE ?2 END, expires_at = ?3, quota_bytes = ?4,
                 used_before = used_before + CASE WHEN EXISTS (SELECT 1 FROM changes WHERE id = ?11 AND reset_at IS NOT NULL)
                     THEN 0 ELSE ?5 END,
                 used_bytes = CASE WHEN ?6 THEN 0 ELSE used_bytes END,
                 used_at = CASE WHEN ?6 THEN ?9 ELSE used_at END,
                 client_uuid = CASE WHEN ?1 THEN COALESCE(next_uuid, client_uuid) ELSE client_uuid END,
                 next_uuid = CASE WHEN ?1 THEN NULL ELSE next_uuid END,
                 link = COALESCE(?7, link), inbound_id = COALESCE(?12, inbound_id),
                 link_at = CASE WHEN ?7 IS NULL THEN link_at ELSE ?9 END, deleted_at = COALESCE(?8, deleted_at), updated_at = ?9 WHERE id = ?10",
            rotates,
            status,
            expiry,
            quota,
            used,
            resets,
            done.link,
            deleted,
            now.0,
            sub.id.0,
            change.id.0,
            done.inbound
        )
        .execute(tx.sql())
        .await?;
    Ok(())
}

/// An order is taken back, with the grant that takes away.
async fn reverse_order(
    tx: &mut WriteTx,
    order: &OrderId,
    reason: &str,
    sub: &Subscription,
    change: &Waiting,
    done: &Applied,
    now: Millis,
) -> Result<(), Error> {
    let (id, at) = (order.as_str(), change.at);
    let (expiry, quota) = (done.expiry.to_panel(), signed(done.quota));
    let bytes = signed(sub.quota.unwrap_or(0)).saturating_sub(quota).max(0);
    sqlx::query!(
        "INSERT INTO grants (subscription_id, order_id, kind, days, bytes, created_at, filled_at, base, new_expiry,
                                 new_quota, used_before, applied_at)
             SELECT ?1, ?2, 'reversal', -days, -?3, ?4, ?5, ?5, ?6, ?7, 0, ?5 FROM orders
             JOIN grants g ON g.order_id = orders.id AND g.kind = 'sale' AND g.voided_at IS NULL WHERE orders.id = ?2",
        sub.id.0,
        id,
        bytes,
        at.0,
        now.0,
        expiry,
        quota
    )
    .execute(tx.sql())
    .await?;
    book_reversal(tx, order, reason, (change.actor, at), now).await
}

/// An order is taken back: its state, and its money on the day of the reversal.
pub(in crate::db) async fn book_reversal(
    tx: &mut WriteTx,
    order: &OrderId,
    reason: &str,
    (by, at): (UserId, Millis),
    now: Millis,
) -> Result<(), Error> {
    let (id, by) = (order.as_str(), by.to_sql());
    sqlx::query!(
        "UPDATE orders SET status = 'reversed', reason = ?, reversed_by = ?, reversed_at = ?, updated_at = ?
             WHERE id = ? AND status = 'completed' RETURNING id",
        reason,
        by,
        at.0,
        now.0,
        id
    )
    .fetch_optional(tx.sql())
    .await?
    .ok_or(Error::Missing("completed order"))?;
    sqlx::query!("UPDATE payments SET status = 'reversed', updated_at = ? WHERE order_id = ?", now.0, id)
        .execute(tx.sql())
        .await?;
    db::outbox::enqueue(tx, &Effect::SyncTicket { order: order.clone() }, now, now).await?;
    db::outbox::show_on_card(tx, order, now).await?;
    tx.about(Subject::Order(order.clone()));
    let day = day_of(at, tx.zone).to_string();
    let entry = sqlx::query_scalar!(
        r#"INSERT INTO ledger (order_id, kind, source, amount_minor, currency, at, day, method_id, plan_id, reviewer_id)
               SELECT order_id, 'reversal', source, -sum(amount_minor), currency, ?1, ?2, method_id, plan_id, ?3
               FROM ledger WHERE order_id = ?4 GROUP BY order_id RETURNING id AS "id!: i64""#,
        at.0,
        day,
        by,
        id
    )
    .fetch_one(tx.sql())
    .await?;
    db::outbox::enqueue(tx, &Effect::SyncDashboard {}, now, now).await?;
    db::ledger::revenue::roll_up(tx, entry, now).await
}

async fn void(
    tx: &mut WriteTx,
    sub: &Subscription,
    change: &Waiting,
    trouble: &Trouble,
    now: Millis,
) -> Result<(), Error> {
    let cause = trouble.cause.as_str();
    // A new uuid that was refused is kept for the next rotation: nobody has seen it, and it
    // stays ours.
    sqlx::query!(
            "UPDATE changes SET voided_at = ?, cause = ?, refusal = ? WHERE id = ? AND applied_at IS NULL AND voided_at IS NULL",
            now.0,
            cause,
            trouble.detail,
            change.id.0
        )
        .execute(tx.sql())
        .await?;
    let payload = json!({ "change": change.id.0, "panel": sub.panel, "email": sub.email, "cause": cause,
        "detail": trouble.detail,
    });
    audit_change(tx, sub, change, "change.refuse", payload, now).await?;
    db::outbox::enqueue(tx, &Effect::TellOfChange { change: change.id }, now, now).await?;
    tx.about(Subject::Subscription(sub.id));
    Ok(())
}

/// What waits behind an effect that gave up will not be made by itself.
pub(in crate::db) async fn void_waiting(
    tx: &mut WriteTx,
    subscription: SubscriptionRow,
    trouble: &Trouble,
    now: Millis,
) -> Result<(), Error> {
    let cause = trouble.cause.as_str();
    let waiting = sqlx::query!(
        r#"UPDATE changes SET voided_at = ?, cause = ?, refusal = ?
               WHERE subscription_id = ? AND applied_at IS NULL AND voided_at IS NULL RETURNING id AS "id!", kind"#,
        now.0,
        cause,
        trouble.detail,
        subscription.0
    )
    .fetch_all(tx.sql())
    .await?;
    for change in waiting {
        let payload = json!({ "change": change.id, "kind": change.kind, "cause": cause, "detail": trouble.detail });
        let target = format!("subscription:{}", subscription.0);
        let happened = Happened { actor: BOT, action: "change.refuse", target, payload, session: None };
        db::audit::audit(tx, now, happened).await?;
        db::outbox::enqueue(tx, &Effect::TellOfChange { change: ChangeId(change.id) }, now, now).await?;
        tx.about(Subject::Subscription(subscription));
    }
    Ok(())
}

/// Whoever asked has stopped watching: the result goes to the review channel.
async fn tell_staff_later(tx: &mut WriteTx, change: &Waiting, now: Millis) -> Result<(), Error> {
    if now.since(change.at) > WATCHED {
        db::outbox::enqueue(tx, &Effect::TellOfChange { change: change.id }, now, now).await?;
    }
    Ok(())
}

/// Ends an effect; what is next about the same subscription is wanted at once.
pub(in crate::db) async fn go_on(
    tx: &mut WriteTx,
    lease: &Lease,
    sub: &Subscription,
    now: Millis,
) -> Result<(), Error> {
    db::outbox::finish_row(tx, lease, now).await?;
    enqueue_next(tx, lease, now).await?;
    tx.about(Subject::Subscription(sub.id));
    Ok(())
}

/// Wants what is next about the subscription of an effect, if there is something.
pub(in crate::db) async fn enqueue_next(tx: &mut WriteTx, lease: &Lease, now: Millis) -> Result<(), Error> {
    enqueue_waiting(tx, &lease.effect, now).await
}

/// The same, of the effect itself.
pub(in crate::db) async fn enqueue_waiting(tx: &mut WriteTx, effect: &Effect, now: Millis) -> Result<(), Error> {
    let Effect::SyncSubscription { subscription, .. } = effect else { return Ok(()) };
    let more = sqlx::query_scalar!(
            r#"SELECT (EXISTS (SELECT 1 FROM changes WHERE subscription_id = ?1 AND applied_at IS NULL AND voided_at IS NULL)
                    OR EXISTS (SELECT 1 FROM grants g JOIN orders o ON o.id = g.order_id
                               WHERE g.subscription_id = ?1 AND g.kind = 'sale' AND g.applied_at IS NULL
                                 AND g.voided_at IS NULL AND o.status = 'provisioning')) AS "more!: bool""#,
            subscription.0
        )
        .fetch_one(tx.sql())
        .await?;
    if more {
        db::outbox::enqueue(tx, effect, now, now).await?;
    }
    Ok(())
}

async fn audit_change(
    tx: &mut WriteTx,
    sub: &Subscription,
    change: &Waiting,
    action: &'static str,
    payload: serde_json::Value,
    now: Millis,
) -> Result<(), Error> {
    let target = change.what.reverses().map_or_else(|| sub.user.to_string(), ToString::to_string);
    db::audit::audit(tx, now, Happened { actor: BOT, action, target, payload, session: None }).await
}

fn stored(amount: Amount) -> i64 {
    match amount {
        Amount::Some(much) => signed(much),
        Amount::Endless => -1,
    }
}
