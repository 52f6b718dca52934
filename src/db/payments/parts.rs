//! Money that arrived, where it is not simply the price. Less leaves the order open for the rest,
//! enough approves it.
//!
//! Parts are added up with the payment; the ledger gets one row per order, with all of it, when
//! the order is completed and by the time of its approval. Until then the money is the
//! customer's: no sale has taken place, and it may still have to be given back.

use serde_json::json;

use crate::db::payments::amounts::{note_received, sums};
use crate::db::{
    self, Db, Error, Subject, WriteTx,
    orders::decision::Decided,
    payments::review::Identity,
    people::confirmations::{Permit, Presented},
};
use crate::domain::{
    Millis, OrderId, SubmissionId,
    effect::{Effect, Notice},
};

/// Books that `minor` arrived with a submission. `instructions` are those for the rest, where
/// the method still has some.
pub async fn receive(
    db: &Db,
    presented: &Presented,
    (submission, minor): (SubmissionId, i64),
    identity: &Identity,
    instructions: Option<&str>,
    now: Millis,
) -> Result<Decided, Error> {
    let done = try_receive(db, presented, (submission, minor), identity, instructions, now).await;
    db::orders::decision::note_failed_decision(db, "payment.receive_failed", presented, &submission, done, now)
}

async fn try_receive(
    db: &Db,
    presented: &Presented,
    (submission, minor): (SubmissionId, i64),
    identity: &Identity,
    instructions: Option<&str>,
    now: Millis,
) -> Result<Decided, Error> {
    let mut tx = db.begin().await?;
    let permit = db::people::confirmations::spend(&mut tx, presented, now).await?;
    let order = match db::payments::review::under_review(&mut tx, submission).await? {
        Ok(order) => order,
        Err(already) => return Ok(already),
    };
    let sums = sums(&mut tx, &order).await?;
    if minor >= sums.missing() {
        db::payments::review::start_provisioning(&mut tx, &order, submission, minor, (&permit, identity), now).await?;
    } else {
        accept_part(&mut tx, &order, submission, minor, &permit, now).await?;
        let payload = json!({ "submission": submission.0, "received_minor": minor, "already_minor": sums.already, "due_minor": sums.due });
        db::audit::audit(&mut tx, now, permit.did("payment.part", &order, payload)).await?;
        instruct(&mut tx, &order, instructions).await?;
        db::payments::review::tell_of_own_order(&mut tx, &order, permit.by(), now).await?;
    }
    tx.commit().await?;
    Ok(Decided::Done(order))
}

/// Less than what is missing arrived: the order waits for the rest, and this proof has cost
/// no attempt.
async fn accept_part(
    tx: &mut WriteTx,
    order: &OrderId,
    submission: SubmissionId,
    minor: i64,
    permit: &Permit,
    now: Millis,
) -> Result<(), Error> {
    let id = order.as_str();
    // The next transfer has a reference of its own.
    sqlx::query!(
        "UPDATE orders SET status = 'pending_payment', attempts_left = attempts_left + 1, reason = NULL, cause = NULL,
                 reference = NULL, updated_at = ? WHERE id = ? AND status = 'payment_submitted'",
        now.0,
        id
    )
    .execute(tx.sql())
    .await?;
    sqlx::query!(
        "UPDATE payments SET received_minor = received_minor + ?, updated_at = ? WHERE order_id = ?",
        minor,
        now.0,
        id
    )
    .execute(tx.sql())
    .await?;
    db::payments::review::decide_submission(tx, order, submission, "approved", permit.by(), None, now).await?;
    note_received(tx, submission, Some(minor), true).await?;
    db::outbox::enqueue(tx, &Effect::SyncTicket { order: order.clone() }, now, now).await?;
    db::outbox::enqueue(tx, &Effect::SyncCard { submission }, now, now).await?;
    db::outbox::enqueue(
        tx,
        &Effect::Notify { order: order.clone(), notice: Notice::PartPaid { submission } },
        now,
        now,
    )
    .await?;
    tx.about(Subject::Order(order.clone()));
    Ok(())
}

async fn instruct(tx: &mut WriteTx, order: &OrderId, instructions: Option<&str>) -> Result<(), Error> {
    let id = order.as_str();
    sqlx::query!("UPDATE orders SET method_text = COALESCE(?, method_text) WHERE id = ?", instructions, id)
        .execute(tx.sql())
        .await?;
    Ok(())
}
