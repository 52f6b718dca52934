//! What came of a decision about an order, and the trace of one that failed.

use serde_json::json;

use crate::db::{self, Db, Error, WriteTx, people::confirmations::Presented};
use crate::domain::{Millis, OrderId, OrderStatus, UserId};

/// What came of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    Done(OrderId),
    /// Somebody decided before.
    Already {
        order: OrderId,
        status: OrderStatus,
        /// Who decided, when that is known.
        by: Option<UserId>,
        at: Option<Millis>,
    },
    /// The order that needed attention is in another state now.
    Moved {
        status: OrderStatus,
    },
}

/// A decision that the database did not take is an attempt worth remembering beside it.
pub(in crate::db) fn note_failed_decision(
    db: &Db,
    action: &str,
    presented: &Presented,
    target: &impl ToString,
    done: Result<Decided, Error>,
    now: Millis,
) -> Result<Decided, Error> {
    if let Err(error @ Error::Sql(_)) = &done {
        let payload = json!({ "error": error.to_string() });
        let attempt = presented.tried(action, target.to_string(), payload);
        if let Err(file) = db::audit::fallback_file::note(db, &attempt, now) {
            tracing::error!(%file, actor = %presented.by(), action, "an attempt could be kept nowhere but here");
        }
    }
    done
}

/// Somebody else was first with an order that needed attention.
pub(in crate::db) async fn changed(tx: &mut WriteTx, order: &OrderId) -> Result<Decided, Error> {
    let id = order.as_str();
    let status = sqlx::query_scalar!("SELECT status FROM orders WHERE id = ?", id)
        .fetch_optional(tx.sql())
        .await?
        .ok_or(Error::Missing("order"))?;
    let status: OrderStatus =
        status.parse().map_err(|_| Error::Damaged { table: "orders", problem: format!("status `{status}`") })?;
    Ok(Decided::Moved { status })
}
