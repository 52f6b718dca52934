//! Decisions about a payment: each is one transaction that spends its token, moves the order,
//! writes the audit row and wants what follows. Of two decisions one finds the order moved on.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use crate::db::orders::decision::{Decided, note_failed_decision};
use crate::db::{
    self, Db, Error, Subject, WriteTx, moment,
    people::confirmations::{Permit, Presented},
    unsigned,
};
use crate::domain::{
    Millis, OrderId, OrderStatus, SubmissionId, SubscriptionRow, UserId,
    effect::{Effect, Notice, OwnerNews},
};

/// What follows a decline by the clock.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// After which another proof must have come.
    pub lapse: Duration,
    /// How long the ticket stays when the decline was the last one.
    pub ticket_stays: Duration,
}

/// How a proof is declined.
pub(in crate::db) struct Declining<'a> {
    pub(in crate::db) reason: &'a str,
    pub(in crate::db) by: UserId,
    /// When the order lapses if no other proof comes.
    pub(in crate::db) lapses: Millis,
    /// Whether no other proof is wanted, however many attempts are left.
    pub(in crate::db) for_good: bool,
}

/// What a decline left of its order.
pub(in crate::db) struct Ended {
    pub(in crate::db) customer: UserId,
    /// What had been accepted for it before, in minor units.
    pub(in crate::db) received: i64,
    pub(in crate::db) over: bool,
}

/// What a new client would be called on the panel: drawn before the first panel call, so that
/// a client found there later is ours if and only if its uuid is this one.
#[derive(Debug, Clone)]
pub struct Identity {
    pub uuid: Uuid,
    pub sub_id: String,
    /// The inbound of the order's panel.
    pub inbound_id: i64,
}

pub async fn approve(
    db: &Db,
    presented: &Presented,
    submission: SubmissionId,
    identity: &Identity,
    now: Millis,
) -> Result<Decided, Error> {
    let done = try_approve(db, presented, submission, identity, now).await;
    note_failed_decision(db, "payment.approve_failed", presented, &submission, done, now)
}

async fn try_approve(
    db: &Db,
    presented: &Presented,
    submission: SubmissionId,
    identity: &Identity,
    now: Millis,
) -> Result<Decided, Error> {
    let mut tx = db.begin().await?;
    let permit = db::people::confirmations::spend(&mut tx, presented, now).await?;
    let order = match under_review(&mut tx, submission).await? {
        Ok(order) => order,
        Err(already) => return Ok(already),
    };
    // Who approves says that all of it has arrived.
    let received = db::payments::amounts::sums(&mut tx, &order).await?.missing();
    start_provisioning(&mut tx, &order, submission, received, (&permit, identity), now).await?;
    tx.commit().await?;
    Ok(Decided::Done(order))
}

/// Declines a submission with a reason that the customer reads. The order takes another
/// proof while attempts are left.
pub async fn decline(
    db: &Db,
    presented: &Presented,
    submission: SubmissionId,
    reason: &str,
    times: Times,
    now: Millis,
) -> Result<Decided, Error> {
    let done = try_decline(db, presented, submission, reason, times, now).await;
    note_failed_decision(db, "payment.decline_failed", presented, &submission, done, now)
}

async fn try_decline(
    db: &Db,
    presented: &Presented,
    submission: SubmissionId,
    reason: &str,
    times: Times,
    now: Millis,
) -> Result<Decided, Error> {
    let mut tx = db.begin().await?;
    let permit = db::people::confirmations::spend(&mut tx, presented, now).await?;
    let order = match under_review(&mut tx, submission).await? {
        Ok(order) => order,
        Err(already) => return Ok(already),
    };
    let declining = Declining { reason, by: permit.by(), lapses: now.plus(times.lapse), for_good: false };
    let over = end_review(&mut tx, &order, &declining, now).await?.over;
    decide_submission(&mut tx, &order, submission, "declined", permit.by(), Some(reason), now).await?;
    let payload = json!({ "submission": submission.0, "reason": reason, "over": over });
    db::audit::audit(&mut tx, now, permit.did("payment.decline", &order, payload)).await?;
    db::outbox::enqueue(&mut tx, &Effect::SyncTicket { order: order.clone() }, now, now).await?;
    db::outbox::enqueue(&mut tx, &Effect::SyncCard { submission }, now, now).await?;
    db::outbox::enqueue(
        &mut tx,
        &Effect::Notify { order: order.clone(), notice: Notice::Declined { submission } },
        now,
        now,
    )
    .await?;
    if over {
        db::outbox::enqueue(&mut tx, &Effect::DeleteTicket { order: order.clone() }, now.plus(times.ticket_stays), now)
            .await?;
    }
    tx.about(Subject::Order(order.clone()));
    tx.commit().await?;
    Ok(Decided::Done(order))
}

/// The order of a submission that is the one under review, or who decided before.
pub(in crate::db) async fn under_review(
    tx: &mut WriteTx,
    submission: SubmissionId,
) -> Result<Result<OrderId, Decided>, Error> {
    let row = sqlx::query!(
            "SELECT s.order_id, s.status AS submission_status, s.decided_by AS submission_by, s.decided_at AS submission_at,
                    o.status, o.decided_by, o.decided_at, p.submission_id
             FROM payment_submissions s JOIN orders o ON o.id = s.order_id LEFT JOIN payments p ON p.order_id = o.id
             WHERE s.id = ?",
            submission.0
        )
        .fetch_optional(tx.sql())
        .await?
        .ok_or(Error::Missing("submission"))?;
    let damaged = |problem: String| Error::Damaged { table: "orders", problem };
    let order: OrderId = row.order_id.parse().map_err(|_| damaged(format!("id `{}`", row.order_id)))?;
    let status: OrderStatus = row.status.parse().map_err(|_| damaged(format!("status `{}`", row.status)))?;
    if status == OrderStatus::PaymentSubmitted
        && row.submission_status == "pending"
        && row.submission_id == Some(submission.0)
    {
        return Ok(Ok(order));
    }
    let by = row.submission_by.or(row.decided_by).map(UserId::from_sql);
    let at = moment(row.submission_at.or(row.decided_at));
    Ok(Err(Decided::Already { order, status, by, at }))
}

/// The subscription that an approval provisions: the customer's own on that panel (a renewal),
/// else the one of an earlier try, else one that another order is just being provisioned into,
/// else a new one. Never one that staff removed.
pub(in crate::db) async fn subscription_for(
    tx: &mut WriteTx,
    order: &OrderId,
    identity: &Identity,
    now: Millis,
) -> Result<SubscriptionRow, Error> {
    let id = order.as_str();
    let known = sqlx::query_scalar!(
            r#"SELECT COALESCE(
                   (SELECT s.id FROM subscriptions s WHERE s.id = o.subscription_id AND s.status <> 'pending' AND s.deleted_at IS NULL),
                   (SELECT s.id FROM subscriptions s WHERE s.user_id = o.user_id AND s.panel = o.panel AND s.status <> 'pending' AND s.deleted_at IS NULL
                    ORDER BY s.id DESC LIMIT 1),
                   (SELECT s.id FROM subscriptions s WHERE s.id = o.subscription_id AND s.deleted_at IS NULL),
                   (SELECT s.id FROM subscriptions s WHERE s.user_id = o.user_id AND s.panel = o.panel AND s.status = 'pending'
                      AND EXISTS (SELECT 1 FROM grants g JOIN orders w ON w.id = g.order_id WHERE g.subscription_id = s.id
                          AND g.kind = 'sale' AND g.applied_at IS NULL AND g.voided_at IS NULL AND w.status = 'provisioning')
                    ORDER BY s.id DESC LIMIT 1)) AS "subscription: i64"
               FROM orders o WHERE o.id = ?"#,
            id
        )
        .fetch_one(tx.sql())
        .await?;
    if let Some(known) = known {
        return Ok(SubscriptionRow(known));
    }
    let (uuid, email) = (identity.uuid.to_string(), format!("tk-{}", id.to_ascii_lowercase()));
    let made = sqlx::query_scalar!(
            "INSERT INTO subscriptions (user_id, panel, inbound_id, client_uuid, sub_id, email, status, created_at, updated_at)
             SELECT user_id, panel, ?, ?, ?, ?, 'pending', ?, ? FROM orders WHERE id = ? RETURNING id AS \"id!\"",
            identity.inbound_id,
            uuid,
            identity.sub_id,
            email,
            now.0,
            now.0,
            id
        )
        .fetch_one(tx.sql())
        .await?;
    Ok(SubscriptionRow(made))
}

/// Moves an order on to the panel. `received` is what arrived with this submission, in minor
/// units.
pub(in crate::db) async fn start_provisioning(
    tx: &mut WriteTx,
    order: &OrderId,
    submission: SubmissionId,
    received: i64,
    (permit, identity): (&Permit, &Identity),
    now: Millis,
) -> Result<(), Error> {
    let subscription = subscription_for(tx, order, identity, now).await?;
    let (id, admin) = (order.as_str(), permit.by().to_sql());
    let row = sqlx::query!(
            r#"UPDATE orders SET status = 'provisioning', decided_by = ?, decided_at = ?, subscription_id = ?, reason = NULL, cause = NULL, updated_at = ?
               WHERE id = ? AND status = 'payment_submitted'
               RETURNING panel, duration_days AS "days!: i64", quota_bytes AS "bytes!: i64", price_minor AS "price!: i64""#,
            admin,
            now.0,
            subscription.0,
            now.0,
            id
        )
        .fetch_one(tx.sql())
        .await?;
    sqlx::query!(
        "INSERT INTO grants (subscription_id, order_id, kind, days, bytes, created_at) VALUES (?, ?, 'sale', ?, ?, ?)",
        subscription.0,
        id,
        row.days,
        row.bytes,
        now.0
    )
    .execute(tx.sql())
    .await?;
    db::access::voided_grants::take_over_grant(tx, order, subscription).await?;
    sqlx::query!(
        "UPDATE payments SET received_minor = received_minor + ?, reviewer_id = ?, decided_at = ?, updated_at = ?
             WHERE order_id = ?",
        received,
        admin,
        now.0,
        now.0,
        id
    )
    .execute(tx.sql())
    .await?;
    decide_submission(tx, order, submission, "approved", permit.by(), None, now).await?;
    db::payments::amounts::note_received(tx, submission, Some(received), false).await?;
    let payload = json!({
        "submission": submission.0, "subscription": subscription.0, "price_minor": row.price, "received_minor": received,
    });
    db::audit::audit(tx, now, permit.did("payment.approve", order, payload)).await?;
    db::outbox::enqueue(tx, &Effect::SyncSubscription { subscription, panel: row.panel }, now, now).await?;
    db::outbox::enqueue(tx, &Effect::SyncTicket { order: order.clone() }, now, now).await?;
    db::outbox::enqueue(tx, &Effect::SyncCard { submission }, now, now).await?;
    tell_of_own_order(tx, order, permit.by(), now).await?;
    tx.about(Subject::Order(order.clone()));
    Ok(())
}

/// Has the owners told where somebody accepts a payment of their own.
pub(in crate::db) async fn tell_of_own_order(
    tx: &mut WriteTx,
    order: &OrderId,
    by: UserId,
    now: Millis,
) -> Result<(), Error> {
    let (id, user) = (order.as_str(), by.to_sql());
    let own = sqlx::query_scalar!("SELECT id FROM orders WHERE id = ? AND user_id = ?", id, user)
        .fetch_optional(tx.sql())
        .await?;
    if own.is_some() {
        let news = OwnerNews::OwnOrder { order: order.clone(), by };
        db::outbox::enqueue(tx, &Effect::TellOwner { news }, now, now).await?;
    }
    Ok(())
}

/// Writes a decision to the submission (and a decline to the payment).
pub(in crate::db) async fn decide_submission(
    tx: &mut WriteTx,
    order: &OrderId,
    submission: SubmissionId,
    status: &str,
    by: UserId,
    reason: Option<&str>,
    now: Millis,
) -> Result<(), Error> {
    let (id, by) = (order.as_str(), by.to_sql());
    sqlx::query!(
        "UPDATE payment_submissions SET status = ?, decided_by = ?, decided_at = ?, reason = ?, reviewing_by = NULL,
                 reviewing_until = NULL WHERE id = ?",
        status,
        by,
        now.0,
        reason,
        submission.0
    )
    .execute(tx.sql())
    .await?;
    if status == "declined" {
        sqlx::query!(
                "UPDATE payments SET status = 'declined', reviewer_id = ?, decided_at = ?, reason = ?, updated_at = ? WHERE order_id = ?",
                by,
                now.0,
                reason,
                now.0,
                id
            )
            .execute(tx.sql())
            .await?;
    }
    Ok(())
}

/// Moves a declined order on: back to payment while attempts are left, else it is over.
pub(in crate::db) async fn end_review(
    tx: &mut WriteTx,
    order: &OrderId,
    declining: &Declining<'_>,
    now: Millis,
) -> Result<Ended, Error> {
    let (id, by) = (order.as_str(), declining.by.to_sql());
    let row = sqlx::query!("SELECT user_id, attempts_left FROM orders WHERE id = ?", id).fetch_one(tx.sql()).await?;
    let customer = UserId::from_sql(row.user_id);
    // An order with money in it stays open for the rest, whatever becomes of a proof.
    let received = db::payments::amounts::sums(tx, order).await?.already;
    let paid_in = received > 0;
    if paid_in || (unsigned(row.attempts_left) > 0 && !declining.for_good) {
        sqlx::query!(
                "UPDATE orders SET status = 'pending_payment', reason = ?, cause = NULL, expires_at = ?, reminded_at = NULL,
                     attempts_left = max(attempts_left, ?), updated_at = ?
                 WHERE id = ? AND status = 'payment_submitted'",
                declining.reason,
                declining.lapses.0,
                paid_in,
                now.0,
                id
            )
            .execute(tx.sql())
            .await?;
        return Ok(Ended { customer, received, over: false });
    }
    sqlx::query!(
            "UPDATE orders SET status = 'declined', reason = ?, cause = NULL, decided_by = ?, decided_at = ?, ended_at = ?, updated_at = ?
             WHERE id = ? AND status = 'payment_submitted'",
            declining.reason,
            by,
            now.0,
            now.0,
            now.0,
            id
        )
        .execute(tx.sql())
        .await?;
    Ok(Ended { customer, received, over: true })
}
