//! Review cards: which message shows a submission, and what it says.

use crate::db::{self, Db, Error, outbox::Lease};
use crate::domain::{MessageId, Millis, SubmissionId};

/// Remembers the card that was posted or edited, and ends the effect; where something on it
/// ends by itself, it is wanted again then.
pub async fn card_shown(
    db: &Db,
    lease: &Lease,
    submission: SubmissionId,
    card: MessageId,
    (digest, again_at): (&str, Option<Millis>),
    now: Millis,
) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    let card = card.to_sql();
    sqlx::query!(
        "UPDATE payment_submissions SET card_message_id = ?, card_digest = ?, card_gone_at = NULL WHERE id = ?",
        card,
        digest,
        submission.0
    )
    .execute(tx.sql())
    .await?;
    db::outbox::finish_row(&mut tx, lease, now).await?;
    if let Some(at) = again_at {
        db::outbox::enqueue(&mut tx, &lease.effect, at, now).await?;
    }
    tx.commit().await
}

/// The card says already what it should; it is looked at again when that ends by itself.
pub async fn card_stays(db: &Db, lease: &Lease, again_at: Option<Millis>, now: Millis) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    db::outbox::finish_row(&mut tx, lease, now).await?;
    if let Some(at) = again_at {
        db::outbox::enqueue(&mut tx, &lease.effect, at, now).await?;
    }
    tx.commit().await
}

pub async fn card_lost(db: &Db, submission: SubmissionId, now: Millis) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    sqlx::query!(
        "UPDATE payment_submissions SET card_message_id = NULL, card_digest = NULL, card_gone_at = ? WHERE id = ?",
        now.0,
        submission.0
    )
    .execute(tx.sql())
    .await?;
    tx.commit().await
}
