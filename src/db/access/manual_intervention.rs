//! Approved orders that a person must look at, and approvals that came to nothing: how an order
//! gets there, and the four ways on. The sale is booked in none of them but `by_hand`.

use std::time::Duration;

use serde_json::json;

use crate::db::orders::decision::changed;
use crate::db::{
    self, Db, Error, Subject, WriteTx, audit::BOT, orders::decision::Decided, outbox::Lease,
    people::confirmations::Presented,
};
use crate::domain::{
    Millis, OrderId, SubmissionId, SubscriptionRow, UserId,
    attention::Trouble,
    effect::{Effect, Notice},
    order::Source,
};

/// The panel refused for good: the payment goes back to review with what the panel said. A
/// sale that staff entered has no review to go back to; it waits for them.
pub async fn refused(db: &Db, lease: &Lease, order: &OrderId, trouble: &Trouble, now: Millis) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    // Before the return to review, which takes this very effect out of the outbox.
    db::outbox::finish_row(&mut tx, lease, now).await?;
    if db::outbox::is_manual(&mut tx, order).await? {
        db::access::grants::unfill_grant(&mut tx, order).await?;
        set_needs_attention(&mut tx, order, trouble, now).await?;
    } else {
        return_to_review(&mut tx, order, trouble, now).await?;
    }
    db::access::change_results::enqueue_next(&mut tx, lease, now).await?;
    db::orders::audit_order(&mut tx, BOT, "order.refused", order, json!({ "panel_said": trouble.detail }), now).await?;
    tx.commit().await
}

/// Something only a person can settle, such as a stranger's client under our e-mail. Where the
/// panel is `untouched`, what the order gives is computed anew when it is tried again.
pub async fn mark_needs_attention(
    db: &Db,
    lease: &Lease,
    order: &OrderId,
    trouble: &Trouble,
    untouched: bool,
    now: Millis,
) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    if untouched {
        db::access::grants::unfill_grant(&mut tx, order).await?;
    }
    set_needs_attention(&mut tx, order, trouble, now).await?;
    db::outbox::finish_row(&mut tx, lease, now).await?;
    db::access::change_results::enqueue_next(&mut tx, lease, now).await?;
    tx.commit().await
}

/// Sends an order that needs attention to the panel once more.
pub async fn retry(db: &Db, order: &OrderId, by: UserId, now: Millis) -> Result<bool, Error> {
    let id = order.as_str();
    let mut tx = db.begin().await?;
    let row = sqlx::query!(
        r#"UPDATE orders SET status = 'provisioning', reason = NULL, cause = NULL, updated_at = ?
               WHERE id = ? AND status = 'needs_attention'
               RETURNING subscription_id AS "subscription_id: i64", panel"#,
        now.0,
        id
    )
    .fetch_optional(tx.sql())
    .await?;
    let Some(row) = row else { return Ok(false) };
    let subscription = SubscriptionRow(row.subscription_id.ok_or(Error::Missing("subscription"))?);
    db::orders::audit_order(&mut tx, by, "order.retry", order, json!({}), now).await?;
    db::outbox::enqueue(&mut tx, &Effect::SyncSubscription { subscription, panel: row.panel }, now, now).await?;
    show_everywhere(&mut tx, order, now).await?;
    tx.commit().await?;
    Ok(true)
}

/// Sends an order that needs attention back to review; what it was granted is void.
pub async fn back_to_review(db: &Db, order: &OrderId, by: UserId, now: Millis) -> Result<bool, Error> {
    let id = order.as_str();
    let mut tx = db.begin().await?;
    let row = sqlx::query!(
        "SELECT cause, reason FROM orders WHERE id = ? AND status = 'needs_attention' AND source = 'shop'",
        id
    )
    .fetch_optional(tx.sql())
    .await?;
    let Some(row) = row else { return Ok(false) };
    let trouble = Trouble::from_columns(row.cause.as_deref(), row.reason.as_deref())
        .ok_or(Error::Missing("cause of an order that needs attention"))?;
    return_to_review(&mut tx, order, &trouble, now).await?;
    db::orders::audit_order(
        &mut tx,
        by,
        "order.back_to_review",
        order,
        json!({ "cause": trouble.cause.as_str() }),
        now,
    )
    .await?;
    tx.commit().await?;
    Ok(true)
}

/// Books an order that needs attention as delivered by hand: whoever did that says so. The
/// panel is left as it is; a client that was never confirmed is not the order's any more.
pub async fn book_by_hand(
    db: &Db,
    presented: &Presented,
    order: &OrderId,
    ticket_stays: Duration,
    now: Millis,
) -> Result<Decided, Error> {
    let done = try_book_by_hand(db, presented, order, ticket_stays, now).await;
    db::orders::decision::note_failed_decision(db, "order.by_hand_failed", presented, order, done, now)
}

async fn try_book_by_hand(
    db: &Db,
    presented: &Presented,
    order: &OrderId,
    ticket_stays: Duration,
    now: Millis,
) -> Result<Decided, Error> {
    let id = order.as_str();
    let mut tx = db.begin().await?;
    let permit = db::people::confirmations::spend(&mut tx, presented, now).await?;
    share_what_was_handed_over(&mut tx, order, now).await?;
    let done = sqlx::query!(
            "UPDATE orders SET status = 'completed', reason = NULL, cause = NULL, ended_at = ?, updated_at = ?,
                 delivery = 'by_hand', delivered_at = ?,
                 subscription_id = (SELECT s.id FROM subscriptions s WHERE s.id = orders.subscription_id AND s.status <> 'pending')
             WHERE id = ? AND status = 'needs_attention'",
            now.0,
            now.0,
            now.0,
            id
        )
        .execute(tx.sql())
        .await?;
    if done.rows_affected() == 0 {
        return changed(&mut tx, order).await;
    }
    void_grants(&mut tx, order, now).await?;
    sqlx::query!(
            "UPDATE payments SET status = 'approved', received_minor = max(received_minor, due_minor), updated_at = ? WHERE order_id = ?",
            now.0,
            id
        )
        .execute(tx.sql())
        .await?;
    db::audit::audit(&mut tx, now, permit.did("order.by_hand", order, json!({}))).await?;
    db::outbox::enqueue(&mut tx, &Effect::DeleteTicket { order: order.clone() }, now.plus(ticket_stays), now).await?;
    show_everywhere(&mut tx, order, now).await?;
    db::ledger::revenue::book_payment(&mut tx, order, now).await?;
    tx.commit().await?;
    Ok(Decided::Done(order.clone()))
}

/// Closes an order that needs attention: its proof is declined for good, with a reason that
/// the customer reads. Nothing is booked; a client of ours that nobody was given is removed.
pub async fn give_up(
    db: &Db,
    presented: &Presented,
    submission: SubmissionId,
    reason: &str,
    ticket_stays: Duration,
    now: Millis,
) -> Result<Decided, Error> {
    let done = try_give_up(db, presented, submission, reason, ticket_stays, now).await;
    db::orders::decision::note_failed_decision(db, "order.give_up_failed", presented, &submission, done, now)
}

async fn try_give_up(
    db: &Db,
    presented: &Presented,
    submission: SubmissionId,
    reason: &str,
    ticket_stays: Duration,
    now: Millis,
) -> Result<Decided, Error> {
    let mut tx = db.begin().await?;
    let permit = db::people::confirmations::spend(&mut tx, presented, now).await?;
    let order = order_of_submission(&mut tx, submission).await?;
    if !close_unsold(&mut tx, &order, Source::Shop, (permit.by(), reason), now).await? {
        return changed(&mut tx, &order).await;
    }
    db::payments::review::decide_submission(&mut tx, &order, submission, "declined", permit.by(), Some(reason), now)
        .await?;
    let payload = json!({ "submission": submission.0, "reason": reason });
    db::audit::audit(&mut tx, now, permit.did("order.give_up", &order, payload)).await?;
    // First the ticket, which may have to be made for it.
    show_everywhere(&mut tx, &order, now).await?;
    db::outbox::enqueue(
        &mut tx,
        &Effect::Notify { order: order.clone(), notice: Notice::Declined { submission } },
        now,
        now,
    )
    .await?;
    db::outbox::enqueue(&mut tx, &Effect::DeleteTicket { order: order.clone() }, now.plus(ticket_stays), now).await?;
    tx.commit().await?;
    Ok(Decided::Done(order))
}

/// Closes a sale that staff entered and that needs attention: nothing is booked, and a client
/// of ours that nobody was given is removed.
pub async fn void_sale(
    db: &Db,
    presented: &Presented,
    order: &OrderId,
    reason: &str,
    now: Millis,
) -> Result<Decided, Error> {
    let done = try_void_sale(db, presented, order, reason, now).await;
    db::orders::decision::note_failed_decision(db, "order.void_sale_failed", presented, order, done, now)
}

async fn try_void_sale(
    db: &Db,
    presented: &Presented,
    order: &OrderId,
    reason: &str,
    now: Millis,
) -> Result<Decided, Error> {
    let (id, admin) = (order.as_str(), presented.by().to_sql());
    let mut tx = db.begin().await?;
    let permit = db::people::confirmations::spend(&mut tx, presented, now).await?;
    if !close_unsold(&mut tx, order, Source::Manual, (permit.by(), reason), now).await? {
        return changed(&mut tx, order).await;
    }
    sqlx::query!(
        "UPDATE payments SET status = 'declined', reviewer_id = ?, decided_at = ?, updated_at = ? WHERE order_id = ?",
        admin,
        now.0,
        now.0,
        id
    )
    .execute(tx.sql())
    .await?;
    let payload = json!({ "reason": reason });
    db::audit::audit(&mut tx, now, permit.did("order.void_sale", order, payload)).await?;
    db::outbox::show_on_card(&mut tx, order, now).await?;
    tx.about(Subject::Order(order.clone()));
    tx.commit().await?;
    Ok(Decided::Done(order.clone()))
}

/// Whether the money of an order has been booked.
pub async fn is_booked(db: &Db, order: &OrderId) -> Result<bool, Error> {
    let id = order.as_str();
    // The second condition says what the first implies: with it the partial index is used.
    let found = sqlx::query_scalar!(
        "SELECT id FROM ledger WHERE order_id = ? AND kind = 'payment' AND kind <> 'adjustment'",
        id
    )
    .fetch_optional(&db.readers)
    .await?;
    Ok(found.is_some())
}

/// An approved order waits for a person; its card says why.
pub(in crate::db) async fn set_needs_attention(
    tx: &mut WriteTx,
    order: &OrderId,
    trouble: &Trouble,
    now: Millis,
) -> Result<(), Error> {
    let (id, cause) = (order.as_str(), trouble.cause.as_str());
    let done = sqlx::query!(
            "UPDATE orders SET status = 'needs_attention', reason = ?, cause = ?, updated_at = ? WHERE id = ? AND status = 'provisioning'",
            trouble.detail,
            cause,
            now.0,
            id
        )
        .execute(tx.sql())
        .await?;
    if done.rows_affected() == 0 {
        return Ok(());
    }
    let payload = json!({ "cause": cause, "detail": trouble.detail });
    db::orders::audit_order(tx, BOT, "order.needs_attention", order, payload, now).await?;
    show_everywhere(tx, order, now).await
}

/// An order that needs attention is closed by staff for a reason: nothing of it is wanted of the
/// panel any more. `false` when it does not need attention now, or came from elsewhere.
async fn close_unsold(
    tx: &mut WriteTx,
    order: &OrderId,
    source: Source,
    (by, reason): (UserId, &str),
    now: Millis,
) -> Result<bool, Error> {
    let (id, source, by) = (order.as_str(), source.as_str(), by.to_sql());
    let row = sqlx::query!(
            r#"UPDATE orders SET status = 'declined', reason = ?, cause = NULL, decided_by = ?, decided_at = ?, ended_at = ?, updated_at = ?
               WHERE id = ? AND status = 'needs_attention' AND source = ?
               RETURNING subscription_id AS "subscription_id: i64", panel"#,
            reason,
            by,
            now.0,
            now.0,
            now.0,
            id,
            source
        )
        .fetch_optional(tx.sql())
        .await?;
    let Some(row) = row else { return Ok(false) };
    undo_grant(tx, order, row.subscription_id.map(SubscriptionRow), row.panel, now).await?;
    Ok(true)
}

/// An approval did not come to pass: the payment is back in review with the reason why, the
/// grant is void, and a client of ours that nobody was given is removed.
async fn return_to_review(tx: &mut WriteTx, order: &OrderId, trouble: &Trouble, now: Millis) -> Result<(), Error> {
    let (id, cause) = (order.as_str(), trouble.cause.as_str());
    let row = sqlx::query!(
            r#"UPDATE orders SET status = 'payment_submitted', reason = ?, cause = ?, decided_by = NULL, decided_at = NULL, updated_at = ?
               WHERE id = ? AND status IN ('provisioning', 'needs_attention')
               RETURNING subscription_id AS "subscription_id: i64", panel"#,
            trouble.detail,
            cause,
            now.0,
            id
        )
        .fetch_optional(tx.sql())
        .await?
        .ok_or(Error::Missing("order being provisioned"))?;
    // What counts is what was accepted in parts before: of this proof is decided anew.
    let submission = sqlx::query_scalar!(
        "UPDATE payments SET status = 'pending', reviewer_id = NULL, decided_at = NULL, updated_at = ?,
                 received_minor = COALESCE((SELECT sum(s.received_minor) FROM payment_submissions s
                     WHERE s.order_id = payments.order_id AND s.is_partial = 1), 0)
             WHERE order_id = ? RETURNING submission_id",
        now.0,
        id
    )
    .fetch_optional(tx.sql())
    .await?
    .flatten();
    if let Some(submission) = submission {
        sqlx::query!(
                "UPDATE payment_submissions SET status = 'pending', decided_by = NULL, decided_at = NULL, received_minor = NULL,
                     reminded_at = NULL, escalated_at = NULL
                 WHERE id = ?",
                submission
            )
            .execute(tx.sql())
            .await?;
        db::outbox::enqueue(tx, &Effect::SyncCard { submission: SubmissionId(submission) }, now, now).await?;
    }
    undo_grant(tx, order, row.subscription_id.map(SubscriptionRow), row.panel, now).await?;
    show_everywhere(tx, order, now).await
}

/// Where another order waits for the same client that was never confirmed, that client is the
/// one which staff handed over: the other order renews it and does not begin it anew.
async fn share_what_was_handed_over(tx: &mut WriteTx, order: &OrderId, now: Millis) -> Result<(), Error> {
    let id = order.as_str();
    sqlx::query!(
            "UPDATE subscriptions SET status = 'active', expires_at = g.new_expiry, quota_bytes = g.new_quota, updated_at = ?1
             FROM grants g
             WHERE g.order_id = ?2 AND g.kind = 'sale' AND g.filled_at IS NOT NULL AND g.applied_at IS NULL AND g.voided_at IS NULL
               AND subscriptions.id = g.subscription_id AND subscriptions.status = 'pending'
               AND EXISTS (SELECT 1 FROM orders o WHERE o.id = ?2 AND o.status = 'needs_attention')
               AND EXISTS (SELECT 1 FROM orders o WHERE o.subscription_id = subscriptions.id AND o.id <> ?2
                           AND o.status IN ('provisioning', 'needs_attention'))",
            now.0,
            id
        )
        .execute(tx.sql())
        .await?;
    Ok(())
}

/// What an approval wanted of the panel is not wanted any more.
async fn undo_grant(
    tx: &mut WriteTx,
    order: &OrderId,
    subscription: Option<SubscriptionRow>,
    panel: String,
    now: Millis,
) -> Result<(), Error> {
    void_grants(tx, order, now).await?;
    if let Some(subscription) = subscription {
        let sync = Effect::SyncSubscription { subscription, panel: panel.clone() };
        db::outbox::cancel(tx, &sync.key()).await?;
        // Before whatever else waits for the same client.
        db::outbox::enqueue(tx, &Effect::RemoveClient { subscription, panel }, now, now).await?;
        db::access::change_results::enqueue_waiting(tx, &sync, now).await?;
    }
    Ok(())
}

async fn void_grants(tx: &mut WriteTx, order: &OrderId, now: Millis) -> Result<(), Error> {
    let id = order.as_str();
    sqlx::query!(
        "UPDATE grants SET voided_at = ? WHERE order_id = ? AND applied_at IS NULL AND voided_at IS NULL",
        now.0,
        id
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

async fn order_of_submission(tx: &mut WriteTx, submission: SubmissionId) -> Result<OrderId, Error> {
    let id = sqlx::query_scalar!("SELECT order_id FROM payment_submissions WHERE id = ?", submission.0)
        .fetch_optional(tx.sql())
        .await?
        .ok_or(Error::Missing("submission"))?;
    id.parse().map_err(|_| Error::Damaged { table: "payment_submissions", problem: format!("order `{id}`") })
}

/// Ticket and card say what is true now, and whoever waits for the order looks again.
pub(in crate::db) async fn show_everywhere(tx: &mut WriteTx, order: &OrderId, now: Millis) -> Result<(), Error> {
    db::outbox::enqueue(tx, &Effect::SyncTicket { order: order.clone() }, now, now).await?;
    db::outbox::show_on_card(tx, order, now).await?;
    tx.about(Subject::Order(order.clone()));
    Ok(())
}
