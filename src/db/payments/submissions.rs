//! Proofs of payment: each is one submission however often it is seen, and a picture belongs to
//! the first order that claimed it.

use serde_json::json;

use crate::db::payments::proof::{Proof, ProofSource};
use crate::db::{self, Db, Error, Subject, WriteTx, moment, money};
use crate::domain::{
    MessageId, Millis, OrderId, SubmissionId, UserId,
    effect::{Effect, Notice},
    order::ProofRefused,
    picture::ImageMetadata,
    proofs::{self, FILES_OF_A_MESSAGE},
    review::Reviewing,
};

use crate::db::payments::image_owners::Whose;

pub use crate::domain::proofs::{Flag, Verdict};

/// What came of sending a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    Accepted(SubmissionId),
    /// This very message or command was taken before.
    Seen,
    /// The order takes no proof now.
    Refused(ProofRefused),
    /// Another order owns the picture; staff have been told.
    Duplicate {
        /// So many attempts are left, where it cost one.
        left: Option<u32>,
    },
}

/// A submission with what its card needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    pub id: SubmissionId,
    /// The order it pays for.
    pub order: OrderId,
    pub customer: UserId,
    pub proof: Proof,
    /// The hashes of the other pictures that came with it.
    pub others: Vec<String>,
    pub at: Millis,
    pub flags: Vec<Flag>,
    /// The transfer's reference, as the customer or staff typed it.
    pub reference: Option<String>,
    pub verdict: Verdict,
    /// The review card, once posted.
    pub card: Option<MessageId>,
    /// A digest of what the card says.
    pub card_digest: Option<String>,
    pub card_gone: bool,
    /// Who looked at it last, and until when.
    pub reviewing: Option<Reviewing>,
    /// When the customer was told that it is declined.
    pub told_at: Option<Millis>,
}

/// Takes a proof of one picture; see [`submit_proofs`].
pub async fn submit_proof(
    db: &Db,
    order: &OrderId,
    customer: UserId,
    source: &ProofSource,
    proof: &Proof,
    now: Millis,
) -> Result<Submitted, Error> {
    submit_proofs(db, order, customer, source, std::slice::from_ref(proof), now).await
}

/// Takes the pictures of one message as the proof for an order of `customer`, in one transaction:
/// the submission, the claims on the pictures, the payment, the order's state, the lock and the
/// card. What another order owns is left out, and reported only where nothing else was sent.
pub async fn submit_proofs(
    db: &Db,
    order: &OrderId,
    customer: UserId,
    source: &ProofSource,
    proofs: &[Proof],
    now: Millis,
) -> Result<Submitted, Error> {
    let mut tx = db.begin().await?;
    let source_id = source.key();
    if sqlx::query_scalar!("SELECT id FROM payment_submissions WHERE source_id = ?", source_id)
        .fetch_optional(tx.sql())
        .await?
        .is_some()
    {
        return Ok(Submitted::Seen);
    }
    if let Err(refused) = accepts_proof(&mut tx, order, customer).await? {
        return Ok(Submitted::Refused(refused));
    }
    let (mut flags, mut good, mut taken) = (Vec::new(), Vec::<&Proof>::new(), None);
    for proof in proofs {
        match db::payments::image_owners::whose(&mut tx, order, customer, proof).await? {
            Whose::Theirs(_) if good.iter().any(|other| other.hash == proof.hash) => {}
            Whose::Theirs(noted) => {
                flags.extend(noted);
                good.push(proof);
            }
            Whose::Anothers { twin, foreign } => taken = taken.or(Some((twin, foreign))),
        }
    }
    let Some((first, others)) = good.split_first() else {
        let Some((twin, foreign)) = taken else { return Ok(Submitted::Refused(ProofRefused::Closed)) };
        let left =
            db::payments::image_owners::refuse_duplicate(&mut tx, order, customer, source, (&twin, foreign), now)
                .await?;
        tx.commit().await?;
        return Ok(Submitted::Duplicate { left });
    };
    let ordered_at = ordered_at(&mut tx, order).await?;
    for proof in &good {
        flags.extend(proofs::oddities(&proof.told, customer, ordered_at, now));
        if let Some(twin) =
            db::payments::image_owners::pixel_twin(&mut tx, &proof.pixel_hash, &proof.hash, order).await?
        {
            flags.push(Flag::SamePixels { twin });
        }
    }
    let flags = each_once(flags);
    let submission = insert_submission(&mut tx, order, customer, &source_id, first, &flags, now).await?;
    db::payments::image_owners::insert_others(&mut tx, submission, 2, others).await?;
    for proof in &good {
        db::payments::image_owners::claim_picture(&mut tx, &proof.hash, order).await?;
    }
    proof_under_review(&mut tx, order, submission, now).await?;
    let others: Vec<_> = others.iter().map(|proof| &proof.hash).collect();
    let payload = json!({ "submission": submission.0, "hash": first.hash, "others": others, "flags": flags });
    db::orders::audit_order(&mut tx, customer, "proof.submit", order, payload, now).await?;
    tx.commit().await?;
    Ok(Submitted::Accepted(submission))
}

/// Adds the pictures of a later message to the proof that is under review: a payment in two transfers has
/// two receipts, and the first one locks the ticket. What another order owns, what is there already and
/// what is more than one message may carry is left out. Says how many were added.
pub async fn add_pictures(
    db: &Db,
    order: &OrderId,
    customer: UserId,
    proofs: &[Proof],
    now: Millis,
) -> Result<usize, Error> {
    let (id, user) = (order.as_str(), customer.to_sql());
    let mut tx = db.begin().await?;
    let under_review = sqlx::query!(
        r#"SELECT s.id AS "id!: i64", s.hash, s.flags,
               (SELECT count(*) FROM submission_pictures p WHERE p.submission_id = s.id) AS "others!: i64"
           FROM payments m JOIN payment_submissions s ON s.id = m.submission_id JOIN orders o ON o.id = m.order_id
           WHERE o.id = ? AND o.user_id = ? AND o.status = 'payment_submitted' AND s.status = 'pending'"#,
        id,
        user
    )
    .fetch_optional(tx.sql())
    .await?;
    let Some(row) = under_review else { return Ok(0) };
    let submission = SubmissionId(row.id);
    let damaged =
        |error: serde_json::Error| Error::Damaged { table: "payment_submissions", problem: error.to_string() };
    let mut flags: Vec<Flag> = serde_json::from_str(&row.flags).map_err(damaged)?;
    let ordered_at = ordered_at(&mut tx, order).await?;
    let mut others = Vec::<&Proof>::new();
    for proof in proofs {
        let there = sqlx::query_scalar!(
            "SELECT hash FROM submission_pictures WHERE submission_id = ? AND hash = ?",
            submission.0,
            proof.hash
        )
        .fetch_optional(tx.sql())
        .await?;
        let known = proof.hash == row.hash || there.is_some() || others.iter().any(|other| other.hash == proof.hash);
        let full =
            usize::try_from(row.others).unwrap_or(usize::MAX).saturating_add(others.len()) + 1 >= FILES_OF_A_MESSAGE;
        let whose = db::payments::image_owners::whose(&mut tx, order, customer, proof).await?;
        let Whose::Theirs(noted) = whose else { continue };
        if known || full {
            continue;
        }
        flags.extend(noted);
        flags.extend(proofs::oddities(&proof.told, customer, ordered_at, now));
        let twin = db::payments::image_owners::pixel_twin(&mut tx, &proof.pixel_hash, &proof.hash, order).await?;
        flags.extend(twin.map(|twin| Flag::SamePixels { twin }));
        others.push(proof);
    }
    if others.is_empty() {
        return Ok(0);
    }
    db::payments::image_owners::insert_others(&mut tx, submission, row.others + 2, &others).await?;
    for proof in &others {
        db::payments::image_owners::claim_picture(&mut tx, &proof.hash, order).await?;
    }
    let flags = each_once(flags);
    let stored = serde_json::to_string(&flags).map_err(damaged)?;
    sqlx::query!("UPDATE payment_submissions SET flags = ? WHERE id = ?", stored, submission.0)
        .execute(tx.sql())
        .await?;
    let hashes: Vec<_> = others.iter().map(|proof| &proof.hash).collect();
    let payload = json!({ "submission": submission.0, "others": hashes, "flags": flags });
    db::orders::audit_order(&mut tx, customer, "proof.add", order, payload, now).await?;
    db::outbox::enqueue(&mut tx, &Effect::SyncCard { submission }, now, now).await?;
    tx.about(Subject::Order(order.clone()));
    tx.commit().await?;
    Ok(others.len())
}

/// A submission by its number.
pub async fn submission(db: &Db, id: SubmissionId) -> Result<Option<Submission>, Error> {
    let row = sqlx::query!(
            "SELECT s.order_id, s.user_id, s.hash, s.pixel_hash, s.format, s.width, s.height, s.size, s.created_at, s.status,
                    s.flags, s.decided_by, s.decided_at, s.reason, s.reference, s.is_partial, s.received_minor, s.card_message_id,
                    s.card_digest, s.card_gone_at, s.reviewing_by, s.reviewing_until, s.notified_at, o.currency
             FROM payment_submissions s JOIN orders o ON o.id = s.order_id WHERE s.id = ?",
            id.0
        )
        .fetch_optional(&db.readers)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let others =
        sqlx::query_scalar!("SELECT hash FROM submission_pictures WHERE submission_id = ? ORDER BY position", id.0)
            .fetch_all(&db.readers)
            .await?;
    let damaged = |problem: String| Error::Damaged { table: "payment_submissions", problem };
    let decided = || match (row.decided_by, moment(row.decided_at)) {
        (Some(by), Some(at)) => Ok((UserId::from_sql(by), at)),
        _ => Err(damaged(format!("submission {id} is decided by nobody"))),
    };
    let verdict = match row.status.as_str() {
        "approved" if row.is_partial != 0 => {
            let received = money(row.received_minor.unwrap_or_default(), &row.currency)?;
            decided().map(|(by, at)| Verdict::Part { by, at, received })?
        }
        "approved" => decided().map(|(by, at)| Verdict::Approved { by, at })?,
        "declined" => decided().map(|(by, at)| Verdict::Declined { by, at, reason: row.reason.unwrap_or_default() })?,
        _ => Verdict::Pending,
    };
    Ok(Some(Submission {
        id,
        order: row.order_id.parse().map_err(|_| damaged(format!("order `{}`", row.order_id)))?,
        customer: UserId::from_sql(row.user_id),
        proof: Proof {
            hash: row.hash,
            pixel_hash: row.pixel_hash,
            format: row.format,
            width: u32::try_from(row.width).unwrap_or(0),
            height: u32::try_from(row.height).unwrap_or(0),
            size: db::unsigned(row.size),
            told: ImageMetadata::default(),
        },
        others,
        at: Millis(row.created_at),
        reference: row.reference,
        flags: serde_json::from_str(&row.flags).map_err(|error| damaged(error.to_string()))?,
        verdict,
        card: row.card_message_id.map(MessageId::from_sql),
        card_digest: row.card_digest,
        card_gone: row.card_gone_at.is_some(),
        reviewing: row
            .reviewing_by
            .zip(moment(row.reviewing_until))
            .map(|(by, until)| Reviewing { by: UserId::from_sql(by), until }),
        told_at: moment(row.notified_at),
    }))
}

/// The submission an order's card stands for: the latest.
pub async fn latest_submission(db: &Db, order: &OrderId) -> Result<Option<SubmissionId>, Error> {
    let order = order.as_str();
    let id = sqlx::query_scalar!(
        "SELECT id FROM payment_submissions WHERE order_id = ? AND status <> 'refused' ORDER BY id DESC LIMIT 1",
        order
    )
    .fetch_optional(&db.readers)
    .await?;
    Ok(id.map(SubmissionId))
}

/// Everything up to `message` in the ticket has been looked at. `notices` are what the
/// customer must be told about it, and `refused` files of it could not be taken: when these are
/// too many for an hour, that is all that is said.
pub async fn ticket_read(
    db: &Db,
    order: &OrderId,
    message: u64,
    mut notices: Vec<Notice>,
    refused: u32,
    now: Millis,
) -> Result<(), Error> {
    let (id, message) = (order.as_str(), message.cast_signed());
    let mut tx = db.begin().await?;
    if refused > 0
        && let Some(until) = db::payments::refused_files::count_refused_files(&mut tx, order, refused, now).await?
    {
        notices = vec![Notice::NoMoreFiles { until }];
    }
    for notice in notices {
        db::outbox::enqueue(&mut tx, &Effect::Notify { order: order.clone(), notice }, now, now).await?;
    }
    sqlx::query!("UPDATE orders SET last_seen_message_id = max(last_seen_message_id, ?) WHERE id = ?", message, id)
        .execute(tx.sql())
        .await?;
    tx.commit().await
}

/// Two pictures of one message may be odd in the same way.
fn each_once(flags: Vec<Flag>) -> Vec<Flag> {
    let mut once = Vec::new();
    for flag in flags {
        if !once.contains(&flag) {
            once.push(flag);
        }
    }
    once
}

/// Asks the rule, inside the transaction that acts on the answer.
async fn accepts_proof(tx: &mut WriteTx, order: &OrderId, customer: UserId) -> Result<Result<(), ProofRefused>, Error> {
    let (id, customer) = (order.as_str(), customer.to_sql());
    let row = sqlx::query!(
            r#"SELECT status, method_id, attempts_left, method_reference = 'required' AND reference IS NULL AS "lacks_reference!: bool",
                      EXISTS (SELECT 1 FROM users u WHERE u.discord_id = orders.user_id AND u.status = 'blocked') AS "blocked!: bool"
               FROM orders WHERE id = ? AND user_id = ?"#,
            id,
            customer
        )
        .fetch_optional(tx.sql())
        .await?;
    let Some(row) = row else { return Ok(Err(ProofRefused::Closed)) };
    Ok(match row.status.as_str() {
        "pending_payment" if row.blocked => Err(ProofRefused::Blocked),
        "pending_payment" if row.method_id.is_none() => Err(ProofRefused::NoMethod),
        "pending_payment" if row.attempts_left == 0 => Err(ProofRefused::NoAttempts),
        "pending_payment" if row.lacks_reference => Err(ProofRefused::NoReference),
        "pending_payment" => Ok(()),
        "payment_submitted" => Err(ProofRefused::UnderReview),
        "provisioning" | "needs_attention" | "completed" => Err(ProofRefused::AlreadyApproved),
        _ => Err(ProofRefused::Closed),
    })
}

async fn ordered_at(tx: &mut WriteTx, order: &OrderId) -> Result<Millis, Error> {
    let id = order.as_str();
    let at = sqlx::query_scalar!("SELECT created_at FROM orders WHERE id = ?", id).fetch_one(tx.sql()).await?;
    Ok(Millis(at))
}

async fn insert_submission(
    tx: &mut WriteTx,
    order: &OrderId,
    customer: UserId,
    source_id: &str,
    proof: &Proof,
    flags: &[Flag],
    now: Millis,
) -> Result<SubmissionId, Error> {
    let (order, customer, size) = (order.as_str(), customer.to_sql(), db::signed(proof.size));
    let flags = serde_json::to_string(flags).unwrap_or_else(|_| "[]".to_owned());
    let id = sqlx::query_scalar!(
            "INSERT INTO payment_submissions
                 (order_id, user_id, source_id, hash, pixel_hash, format, width, height, size, created_at, status, flags, reference)
             SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, reference FROM orders WHERE id = ? RETURNING id AS \"id!\"",
            customer,
            source_id,
            proof.hash,
            proof.pixel_hash,
            proof.format,
            proof.width,
            proof.height,
            size,
            now.0,
            flags,
            order
        )
        .fetch_one(tx.sql())
        .await?;
    Ok(SubmissionId(id))
}

/// The order is under review: an attempt is spent, the ticket is locked, the card is posted.
async fn proof_under_review(
    tx: &mut WriteTx,
    order: &OrderId,
    submission: SubmissionId,
    now: Millis,
) -> Result<(), Error> {
    let id = order.as_str();
    let done = sqlx::query!(
            "UPDATE orders SET status = 'payment_submitted', attempts_left = attempts_left - 1, reason = NULL, cause = NULL, updated_at = ?
             WHERE id = ? AND status = 'pending_payment'",
            now.0,
            id
        )
        .execute(tx.sql())
        .await?;
    if done.rows_affected() != 1 {
        return Err(Error::Missing("order that waits for a proof"));
    }
    sqlx::query!(
        "INSERT INTO payments (order_id, submission_id, due_minor, currency, status, created_at, updated_at)
             SELECT id, ?, price_minor, currency, 'pending', ?, ? FROM orders WHERE id = ?
             ON CONFLICT (order_id) DO UPDATE SET submission_id = excluded.submission_id, status = 'pending',
                 reviewer_id = NULL, decided_at = NULL, reason = NULL, updated_at = excluded.updated_at",
        submission.0,
        now.0,
        now.0,
        id
    )
    .execute(tx.sql())
    .await?;
    db::outbox::enqueue(tx, &Effect::SyncTicket { order: order.clone() }, now, now).await?;
    db::outbox::enqueue(tx, &Effect::SyncCard { submission }, now, now).await?;
    tx.about(Subject::Order(order.clone()));
    Ok(())
}
