//! The panel did what a grant says: order, payment, subscription and ledger are completed together.

use std::time::Duration;

use serde_json::json;

use crate::db::{
    self, Db, Error, Subject, WriteTx,
    access::{grants::Grant, subscriptions::Subscription},
    audit::BOT,
    outbox::Lease,
    signed,
};
use crate::domain::{Millis, effect::Effect, grants::Filled};

/// What to write when the panel is as it should be.
#[derive(Debug, Clone)]
pub struct Provisioned<'a> {
    /// The grant that was written and read back.
    pub grant: &'a Grant,
    pub filled: Filled,
    pub inbound: i64,
    pub link: &'a str,
    /// How long the ticket stays after the sale.
    pub ticket_stays: Duration,
}

/// The panel has been read back and is as it should be: order, payment, subscription, ledger
/// and roll-up in one transaction, with everything that follows from the sale.
pub async fn complete(
    db: &Db,
    lease: &Lease,
    sub: &Subscription,
    done: Provisioned<'_>,
    now: Millis,
) -> Result<(), Error> {
    let order = &done.grant.order;
    let id = order.as_str();
    let mut tx = db.begin().await?;
    sqlx::query!(
        "UPDATE orders SET status = 'completed', reason = NULL, ended_at = ?, updated_at = ?
             WHERE id = ? AND status = 'provisioning' RETURNING id",
        now.0,
        now.0,
        id
    )
    .fetch_optional(tx.sql())
    .await?
    .ok_or(Error::Missing("order being provisioned"))?;
    sqlx::query!(
            "UPDATE payments SET status = 'approved', received_minor = max(received_minor, due_minor), updated_at = ? WHERE order_id = ?",
            now.0,
            id
        )
        .execute(tx.sql())
        .await?;
    apply_grant(&mut tx, sub, &done, now).await?;
    if done.filled.used_before > 0 {
        db::access::counters::look_again(&mut tx, sub, now).await?;
    }
    let payload = json!({
        "subscription": sub.id.0, "panel": sub.panel, "email": sub.email,
        "expiry": done.filled.expiry.to_panel(), "quota_bytes": done.filled.quota,
    });
    db::orders::audit_order(&mut tx, BOT, "order.complete", order, payload, now).await?;
    db::outbox::enqueue(&mut tx, &Effect::DeliverLink { order: order.clone(), user: sub.user }, now, now).await?;
    db::outbox::enqueue(&mut tx, &Effect::SyncTicket { order: order.clone() }, now, now).await?;
    db::outbox::enqueue(&mut tx, &Effect::DeleteTicket { order: order.clone() }, now.plus(done.ticket_stays), now)
        .await?;
    db::outbox::show_on_card(&mut tx, order, now).await?;
    db::access::change_results::go_on(&mut tx, lease, sub, now).await?;
    tx.about(Subject::Order(order.clone()));
    db::ledger::revenue::book_payment(&mut tx, order, now).await?;
    tx.commit().await
}

/// The subscription is what the grant says; the grant is used up.
async fn apply_grant(tx: &mut WriteTx, sub: &Subscription, done: &Provisioned<'_>, now: Millis) -> Result<(), Error> {
    let (expiry, quota, used) =
        (done.filled.expiry.to_panel(), signed(done.filled.quota), signed(done.filled.used_before));
    sqlx::query!(
        "UPDATE subscriptions SET status = 'active', expires_at = ?, quota_bytes = ?,
                 used_before = used_before
                     + CASE WHEN EXISTS (SELECT 1 FROM grants WHERE id = ? AND reset_at IS NOT NULL) THEN 0 ELSE ? END,
                 used_bytes = 0, used_at = ?, inbound_id = ?, link = ?, link_at = ?, deleted_at = NULL, updated_at = ?
             WHERE id = ?",
        expiry,
        quota,
        done.grant.id,
        used,
        now.0,
        done.inbound,
        done.link,
        now.0,
        now.0,
        sub.id.0
    )
    .execute(tx.sql())
    .await?;
    sqlx::query!("UPDATE grants SET applied_at = ? WHERE id = ?", now.0, done.grant.id).execute(tx.sql()).await?;
    Ok(())
}
