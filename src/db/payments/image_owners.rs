//! Whose a picture is: the first order that claimed it owns it, until it may be handed on.

use serde_json::json;

use crate::db::payments::proof::{Proof, ProofSource};
use crate::{
    db::{self, Error, WriteTx, people::limits::Counted},
    domain::{
        Millis, OrderId, OrderStatus, SubmissionId, UserId,
        effect::{Effect, Notice, StaffNews},
        proofs::{self, Flag, Owner},
    },
};

/// Whether a picture may be an order's.
pub(in crate::db) enum Whose {
    /// It may, with something worth a look.
    Theirs(Option<Flag>),
    /// Another order owns it, or its money was accepted before.
    Anothers {
        /// The order that owns it.
        twin: OrderId,
        /// Whether another customer sent it.
        foreign: bool,
    },
}

/// The order that a file belongs to.
pub(in crate::db) async fn picture_owner(tx: &mut WriteTx, hash: &str) -> Result<Option<Owner>, Error> {
    let row = sqlx::query!(
            r#"SELECT p.order_id, o.user_id, o.status,
                      EXISTS (SELECT 1 FROM payments m WHERE m.order_id = o.id AND m.received_minor > 0) AS "has_money!: bool"
               FROM proof_hashes p JOIN orders o ON o.id = p.order_id WHERE p.hash = ?"#,
            hash
        )
        .fetch_optional(tx.sql())
        .await?;
    let damaged = |problem: String| Error::Damaged { table: "proof_hashes", problem };
    row.map(|row| {
        Ok(Owner {
            order: row.order_id.parse().map_err(|_| damaged(format!("order `{}`", row.order_id)))?,
            customer: UserId::from_sql(row.user_id),
            status: row.status.parse::<OrderStatus>().map_err(|error| damaged(error.to_string()))?,
            has_money: row.has_money,
        })
    })
    .transpose()
}

/// Whether a picture was accepted as part of the payment for its order.
pub(in crate::db) async fn is_a_part(tx: &mut WriteTx, order: &OrderId, hash: &str) -> Result<bool, Error> {
    let id = order.as_str();
    let found = sqlx::query_scalar!(
            "SELECT id FROM payment_submissions WHERE order_id = ? AND is_partial = 1
               AND (hash = ? OR EXISTS (SELECT 1 FROM submission_pictures p WHERE p.submission_id = payment_submissions.id AND p.hash = ?))",
            id,
            hash,
            hash
        )
        .fetch_optional(tx.sql())
        .await?;
    Ok(found.is_some())
}

/// Another order that was sent the same pixels in another file.
pub(in crate::db) async fn pixel_twin(
    tx: &mut WriteTx,
    pixels: &str,
    hash: &str,
    order: &OrderId,
) -> Result<Option<OrderId>, Error> {
    let id = order.as_str();
    let twin = sqlx::query_scalar!(
            r#"SELECT order_id AS "order_id!" FROM payment_submissions WHERE pixel_hash = ? AND hash <> ? AND (order_id <> ? OR is_partial = 1)
               UNION ALL
               SELECT s.order_id FROM submission_pictures p JOIN payment_submissions s ON s.id = p.submission_id
               WHERE p.pixel_hash = ? AND p.hash <> ? AND (s.order_id <> ? OR s.is_partial = 1) LIMIT 1"#,
            pixels,
            hash,
            id,
            pixels,
            hash,
            id
        )
        .fetch_optional(tx.sql())
        .await?;
    Ok(twin.and_then(|twin| twin.parse().ok()))
}

/// The file is the order's from now on.
pub(in crate::db) async fn claim_picture(tx: &mut WriteTx, hash: &str, order: &OrderId) -> Result<(), Error> {
    let order = order.as_str();
    sqlx::query!(
            "INSERT INTO proof_hashes (hash, order_id) VALUES (?, ?) ON CONFLICT (hash) DO UPDATE SET order_id = excluded.order_id",
            hash,
            order
        )
        .execute(tx.sql())
        .await?;
    Ok(())
}

/// Whether a picture may be the order's.
pub(in crate::db) async fn whose(
    tx: &mut WriteTx,
    order: &OrderId,
    customer: UserId,
    proof: &Proof,
) -> Result<Whose, Error> {
    let owner = picture_owner(tx, &proof.hash).await?;
    Ok(match proofs::claim(order, customer, owner.as_ref()) {
        proofs::ImageOwnership::Fresh => Whose::Theirs(None),
        // Its money was accepted: it cannot count again as the rest.
        proofs::ImageOwnership::Again if is_a_part(tx, order, &proof.hash).await? => {
            Whose::Anothers { twin: order.clone(), foreign: false }
        }
        proofs::ImageOwnership::Again => Whose::Theirs(Some(Flag::Again)),
        proofs::ImageOwnership::HandedOn { from } => Whose::Theirs(Some(Flag::HandedOn { from })),
        proofs::ImageOwnership::Refused { twin, foreign } => Whose::Anothers { twin, foreign },
    })
}

/// The other pictures of a submission.
pub(in crate::db) async fn insert_others(
    tx: &mut WriteTx,
    submission: SubmissionId,
    first: i64,
    others: &[&Proof],
) -> Result<(), Error> {
    for (n, proof) in (first..).zip(others) {
        sqlx::query!(
            "INSERT INTO submission_pictures (submission_id, position, hash, pixel_hash) VALUES (?, ?, ?, ?)",
            submission.0,
            n,
            proof.hash,
            proof.pixel_hash
        )
        .execute(tx.sql())
        .await?;
    }
    Ok(())
}

/// The customer is told that the picture is taken, staff are told by whom, once an hour; from the
/// third on it costs an attempt, and says how many are left.
pub(in crate::db) async fn refuse_duplicate(
    tx: &mut WriteTx,
    order: &OrderId,
    customer: UserId,
    source: &ProofSource,
    (twin, foreign): (&OrderId, bool),
    now: Millis,
) -> Result<Option<u32>, Error> {
    let tally = db::people::limits::tally(tx, order, Counted::Taken, now).await?;
    let left = db::people::limits::spend_attempt(tx, order, tally, now).await?;
    if let ProofSource::Message(message) = *source {
        let spent = left.is_some();
        let notice = if spent { Notice::AttemptSpent { message } } else { Notice::Duplicate { message } };
        db::outbox::enqueue(tx, &Effect::Notify { order: order.clone(), notice }, now, now).await?;
    }
    if tally.this_hour == 1 {
        let news = StaffNews::Duplicate { order: order.clone(), twin: twin.clone(), foreign, source: source.key() };
        db::outbox::enqueue(tx, &Effect::TellStaff { news }, now, now).await?;
    }
    if tally.this_hour == 1 || left.is_some() {
        let payload =
            json!({ "twin": twin, "foreign": foreign, "source": source.key(), "times": tally.ever, "left": left });
        db::orders::audit_order(tx, customer, "proof.duplicate", order, payload, now).await?;
    }
    Ok(left)
}
