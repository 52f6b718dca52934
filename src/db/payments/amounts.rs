//! What an order costs and what of it has arrived.

use crate::db::{Error, WriteTx};
use crate::domain::{OrderId, SubmissionId};

/// What an order costs and what of it has arrived, in minor units.
#[derive(Debug, Clone, Copy)]
pub(in crate::db) struct Sums {
    pub(in crate::db) due: i64,
    pub(in crate::db) already: i64,
}

impl Sums {
    /// What has not arrived yet.
    pub(in crate::db) fn missing(self) -> i64 {
        (self.due - self.already).max(0)
    }
}

/// What an order costs and what of it has arrived.
pub(in crate::db) async fn sums(tx: &mut WriteTx, order: &OrderId) -> Result<Sums, Error> {
    let id = order.as_str();
    let row = sqlx::query!("SELECT due_minor, received_minor FROM payments WHERE order_id = ?", id)
        .fetch_one(tx.sql())
        .await?;
    Ok(Sums { due: row.due_minor, already: row.received_minor })
}

/// What arrived with a submission; a part is not all of it.
pub(in crate::db) async fn note_received(
    tx: &mut WriteTx,
    submission: SubmissionId,
    minor: Option<i64>,
    part: bool,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE payment_submissions SET received_minor = ?, is_partial = ? WHERE id = ?",
        minor,
        part,
        submission.0
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
