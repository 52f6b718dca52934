//! The ledger, and its roll-up per day.
//!
//! The ledger is the truth. The roll-up is written in the booking transaction, last and under a
//! savepoint: if only the roll-up fails, the sale stands and the roll-up is marked stale.

use sqlx::Executor;

use super::{Error, WriteTx};
use crate::domain::{Millis, OrderId};

/// The key under which `bot_config` says since when the roll-up is not to be trusted.
const STALE: &str = "revenue_stale_since";

impl WriteTx {
    /// Books what was received for an order, by the time of approval.
    pub(super) async fn book_payment(&mut self, order: &OrderId, now: Millis) -> Result<(), Error> {
        let id = order.as_str();
        let at = sqlx::query_scalar!("SELECT decided_at FROM orders WHERE id = ?", id)
            .fetch_one(self.sql())
            .await?
            .unwrap_or(now.0);
        let day = day(Millis(at), self.zone);
        let entry = sqlx::query!(
            "INSERT INTO ledger (order_id, kind, source, amount_minor, currency, at, day, method_id, plan_id, reviewer_id)
             SELECT o.id, 'payment', o.source, p.received_minor, o.currency, ?, ?, COALESCE(o.method_id, ''), o.plan_id, COALESCE(o.decided_by, 0)
             FROM orders o JOIN payments p ON p.order_id = o.id WHERE o.id = ?
             RETURNING id AS \"id!\"",
            at,
            day,
            id
        )
        .fetch_one(self.sql())
        .await?;
        self.roll_up(entry.id, now).await
    }

    /// Adds a ledger entry to the roll-up; its failure costs the roll-up, never the sale.
    async fn roll_up(&mut self, entry: i64, now: Millis) -> Result<(), Error> {
        self.sql().execute("SAVEPOINT roll_up").await?;
        let added = sqlx::query!(
            "INSERT INTO revenue_cache (day, method_id, plan_id, source, amount_minor, n)
             SELECT day, method_id, plan_id, source, amount_minor, 1 FROM ledger WHERE id = ?
             ON CONFLICT (day, method_id, plan_id, source)
             DO UPDATE SET amount_minor = amount_minor + excluded.amount_minor, n = n + 1",
            entry
        )
        .execute(self.sql())
        .await;
        if let Err(error) = added {
            self.sql().execute("ROLLBACK TO roll_up").await?;
            tracing::error!(%error, ledger.entry = entry, "the revenue roll-up failed; it will be rebuilt from the ledger");
            sqlx::query!(
                "INSERT INTO bot_config (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING",
                STALE,
                now.0
            )
            .execute(self.sql())
            .await?;
        }
        self.sql().execute("RELEASE roll_up").await?;
        Ok(())
    }
}

/// The day of a moment in the shop's time zone, as `2026-11-22`.
fn day(at: Millis, zone: chrono_tz::Tz) -> String {
    use chrono::TimeZone as _;
    let utc = chrono::DateTime::from_timestamp_millis(at.0).unwrap_or_default();
    zone.from_utc_datetime(&utc.naive_utc()).format("%Y-%m-%d").to_string()
}
