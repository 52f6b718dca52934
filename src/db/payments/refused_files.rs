//! Files of a ticket that could not be taken: counted per order and hour, so that nobody keeps the
//! shop downloading and answering.

use crate::db::{Db, Error, WriteTx};
use crate::domain::{
    Millis, OrderId,
    proofs::{FILES_REFUSED, FILES_WINDOW},
};

/// Whether files in an order's ticket are looked at, or too many of the last hour were of no use.
pub async fn looks_at_files(db: &Db, order: &OrderId, now: Millis) -> Result<bool, Error> {
    let (id, since) = (order.as_str(), now.minus(FILES_WINDOW));
    let spent = sqlx::query_scalar!(
            "SELECT id FROM orders WHERE id = ? AND files_refused >= ? AND files_refused_since > ? AND files_refused_since <= ?",
            id,
            FILES_REFUSED,
            since.0,
            now.0
        )
        .fetch_optional(&db.readers)
        .await?;
    Ok(spent.is_none())
}

/// Counts files that were not taken. When that were the last that are looked at, until when.
pub(in crate::db) async fn count_refused_files(
    tx: &mut WriteTx,
    order: &OrderId,
    files: u32,
    now: Millis,
) -> Result<Option<Millis>, Error> {
    let (id, before) = (order.as_str(), now.minus(FILES_WINDOW));
    // An hour that began in the future was begun by a clock that was wrong.
    sqlx::query!(
        "UPDATE orders SET files_refused = 0, files_refused_since = ?1
             WHERE id = ?2 AND (files_refused_since <= ?3 OR files_refused_since > ?1)",
        now.0,
        id,
        before.0
    )
    .execute(tx.sql())
    .await?;
    let counted = sqlx::query!(
        "UPDATE orders SET files_refused = files_refused + ? WHERE id = ? AND files_refused < ?
             RETURNING files_refused, files_refused_since",
        files,
        id,
        FILES_REFUSED
    )
    .fetch_optional(tx.sql())
    .await?;
    let spent = counted.filter(|row| row.files_refused >= i64::from(FILES_REFUSED));
    Ok(spent.map(|row| Millis(row.files_refused_since).plus(FILES_WINDOW)))
}
