//! Transaction references: the first order that claims one of a method's owns it, as with
//! pictures (`domain/proofs.rs`). Staff may say otherwise, with a reason.

use serde_json::json;

use crate::db::{self, Db, Error, WriteTx, people::confirmations::Presented, people::limits::Counted};
use crate::domain::{
    Millis, OrderId, OrderStatus, SubmissionId, UserId,
    effect::{Effect, StaffNews},
    proofs::{self, Flag, Owner},
    reference::Reference,
};

/// What came of typing a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Referenced {
    Kept,
    Taken {
        twin: OrderId,
    },
    /// The order takes no reference now.
    TooLate,
}

/// The customer types the reference of the transfer whose proof is awaited. One that another
/// order owns is refused, and staff read whose it is.
pub async fn set_reference(
    db: &Db,
    order: &OrderId,
    customer: UserId,
    reference: &Reference,
    now: Millis,
) -> Result<Referenced, Error> {
    let (id, user, text) = (order.as_str(), customer.to_sql(), reference.as_str());
    let mut tx = db.begin().await?;
    let row = sqlx::query!(
            "SELECT method_id, reference FROM orders WHERE id = ? AND user_id = ? AND status = 'pending_payment' AND attempts_left > 0
               AND NOT EXISTS (SELECT 1 FROM users u WHERE u.discord_id = orders.user_id AND u.status = 'blocked')",
            id,
            user
        )
        .fetch_optional(tx.sql())
        .await?;
    let Some((Some(method), earlier)) = row.map(|row| (row.method_id, row.reference)) else {
        return Ok(Referenced::TooLate);
    };
    if let Some((twin, foreign)) = reference_twin(&mut tx, &method, reference, order, customer).await? {
        let tally = db::people::limits::tally(&mut tx, order, Counted::Taken, now).await?;
        let left = db::people::limits::spend_attempt(&mut tx, order, tally, now).await?;
        if tally.this_hour == 1 {
            let news = StaffNews::ReferenceTaken { order: order.clone(), twin: twin.clone(), foreign };
            db::outbox::enqueue(&mut tx, &Effect::TellStaff { news }, now, now).await?;
        }
        if tally.this_hour == 1 || left.is_some() {
            let payload =
                json!({ "reference": text, "twin": twin, "foreign": foreign, "times": tally.ever, "left": left });
            db::orders::audit_order(&mut tx, customer, "reference.refuse", order, payload, now).await?;
        }
        tx.commit().await?;
        return Ok(Referenced::Taken { twin });
    }
    // A slip of the finger that no proof was sent with claims nothing any more.
    let earlier = earlier.and_then(|earlier| earlier.parse().ok()).map(|earlier: Reference| earlier.key());
    sqlx::query!(
            "DELETE FROM payment_references WHERE method_id = ? AND reference = ? AND order_id = ?
               AND NOT EXISTS (SELECT 1 FROM payment_submissions s WHERE s.order_id = ?
                   AND replace(replace(replace(replace(replace(s.reference, '-', ''), '/', ''), '.', ''), '_', ''), '#', '') = payment_references.reference)",
            method,
            earlier,
            id,
            id
        )
        .execute(tx.sql())
        .await?;
    claim_reference(&mut tx, &method, reference, order, now).await?;
    sqlx::query!("UPDATE orders SET reference = ?, updated_at = ? WHERE id = ?", text, now.0, id)
        .execute(tx.sql())
        .await?;
    db::orders::audit_order(&mut tx, customer, "reference.set", order, json!({ "reference": text }), now).await?;
    db::outbox::enqueue(&mut tx, &Effect::SyncTicket { order: order.clone() }, now, now).await?;
    tx.commit().await?;
    Ok(Referenced::Kept)
}

/// Staff type the reference of a proof under review.
pub async fn note_reference(
    db: &Db,
    submission: SubmissionId,
    by: UserId,
    reference: &Reference,
    now: Millis,
) -> Result<Referenced, Error> {
    let mut tx = db.begin().await?;
    let Ok(order) = db::payments::review::under_review(&mut tx, submission).await? else {
        return Ok(Referenced::TooLate);
    };
    let Some((method, customer)) = method_and_customer(&mut tx, &order).await? else { return Ok(Referenced::TooLate) };
    if let Some((twin, _)) = reference_twin(&mut tx, &method, reference, &order, customer).await? {
        return Ok(Referenced::Taken { twin });
    }
    claim_reference(&mut tx, &method, reference, &order, now).await?;
    write_reference(&mut tx, submission, reference, now).await?;
    let payload = json!({ "submission": submission.0, "reference": reference.as_str() });
    db::orders::audit_order(&mut tx, by, "reference.note", &order, payload, now).await?;
    tx.commit().await?;
    Ok(Referenced::Kept)
}

/// Staff accept a reference although another order owns it, for a reason.
pub async fn override_reference(
    db: &Db,
    presented: &Presented,
    submission: SubmissionId,
    reference: &Reference,
    why: &str,
    now: Millis,
) -> Result<Referenced, Error> {
    let mut tx = db.begin().await?;
    let permit = db::people::confirmations::spend(&mut tx, presented, now).await?;
    let Ok(order) = db::payments::review::under_review(&mut tx, submission).await? else {
        return Ok(Referenced::TooLate);
    };
    let Some((method, customer)) = method_and_customer(&mut tx, &order).await? else { return Ok(Referenced::TooLate) };
    let twin = reference_twin(&mut tx, &method, reference, &order, customer).await?.map(|(twin, _)| twin);
    claim_reference(&mut tx, &method, reference, &order, now).await?;
    if let Some(twin) = &twin {
        flag(&mut tx, submission, &Flag::ReferenceTwin { twin: twin.clone() }).await?;
    }
    write_reference(&mut tx, submission, reference, now).await?;
    let payload = json!({ "submission": submission.0, "reference": reference.as_str(), "twin": twin, "reason": why });
    db::audit::audit(&mut tx, now, permit.did("reference.override", &order, payload)).await?;
    tx.commit().await?;
    Ok(Referenced::Kept)
}

/// The order that keeps this one from having a reference, and whether it is another customer's.
async fn reference_twin(
    tx: &mut WriteTx,
    method: &str,
    reference: &Reference,
    order: &OrderId,
    customer: UserId,
) -> Result<Option<(OrderId, bool)>, Error> {
    let (key, id) = (reference.key(), order.as_str());
    let row = sqlx::query!(
            r#"SELECT r.order_id, o.user_id, o.status,
                      EXISTS (SELECT 1 FROM payments m WHERE m.order_id = o.id AND m.received_minor > 0) AS "has_money!: bool",
                      EXISTS (SELECT 1 FROM payment_submissions s WHERE s.order_id = ? AND s.is_partial = 1
                          AND replace(replace(replace(replace(replace(s.reference, '-', ''), '/', ''), '.', ''), '_', ''), '#', '') = r.reference)
                          AS "counted!: bool"
               FROM payment_references r JOIN orders o ON o.id = r.order_id WHERE r.method_id = ? AND r.reference = ?"#,
            id,
            method,
            key
        )
        .fetch_optional(tx.sql())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let damaged = |problem: String| Error::Damaged { table: "payment_references", problem };
    let owner = Owner {
        order: row.order_id.parse().map_err(|_| damaged(format!("order `{}`", row.order_id)))?,
        customer: UserId::from_sql(row.user_id),
        status: row.status.parse::<OrderStatus>().map_err(|error| damaged(error.to_string()))?,
        has_money: row.has_money,
    };
    Ok(match proofs::claim(order, customer, Some(&owner)) {
        proofs::ImageOwnership::Refused { twin, foreign } => Some((twin, foreign)),
        // Its money was accepted as a part: it cannot count again as the rest.
        proofs::ImageOwnership::Again if row.counted => Some((order.clone(), false)),
        proofs::ImageOwnership::Fresh | proofs::ImageOwnership::Again | proofs::ImageOwnership::HandedOn { .. } => None,
    })
}

async fn method_and_customer(tx: &mut WriteTx, order: &OrderId) -> Result<Option<(String, UserId)>, Error> {
    let id = order.as_str();
    let row = sqlx::query!("SELECT method_id, user_id FROM orders WHERE id = ?", id).fetch_one(tx.sql()).await?;
    Ok(row.method_id.map(|method| (method, UserId::from_sql(row.user_id))))
}

async fn claim_reference(
    tx: &mut WriteTx,
    method: &str,
    reference: &Reference,
    order: &OrderId,
    now: Millis,
) -> Result<(), Error> {
    let (key, id) = (reference.key(), order.as_str());
    sqlx::query!(
            "INSERT INTO payment_references (method_id, reference, order_id, owned_since) VALUES (?, ?, ?, ?)
             ON CONFLICT (method_id, reference) DO UPDATE SET order_id = excluded.order_id, owned_since = excluded.owned_since",
            method,
            key,
            id,
            now.0
        )
        .execute(tx.sql())
        .await?;
    Ok(())
}

async fn write_reference(tx: &mut WriteTx, id: SubmissionId, reference: &Reference, now: Millis) -> Result<(), Error> {
    let text = reference.as_str();
    sqlx::query!("UPDATE payment_submissions SET reference = ? WHERE id = ?", text, id.0).execute(tx.sql()).await?;
    db::outbox::enqueue(tx, &Effect::SyncCard { submission: id }, now, now).await
}

async fn flag(tx: &mut WriteTx, id: SubmissionId, flag: &Flag) -> Result<(), Error> {
    let flag = serde_json::to_string(flag).unwrap_or_default();
    sqlx::query!("UPDATE payment_submissions SET flags = json_insert(flags, '$[#]', json(?)) WHERE id = ?", flag, id.0)
        .execute(tx.sql())
        .await?;
    Ok(())
}
