//! Orders and money of a period, for the books.

use crate::db::{Db, Error, money, unsigned};
use crate::domain::{
    Millis, UserId,
    books::{ExportedOrder, ExportedTotal},
};

/// The orders of a period, oldest first: those whose money was booked in it, and those made in
/// it whose money never was.
pub async fn export_orders(db: &Db, from: Millis, until: Millis) -> Result<Vec<ExportedOrder>, Error> {
    let rows = sqlx::query!(
            r#"WITH wanted (id) AS (
                   SELECT order_id FROM ledger WHERE at >= ? AND at < ?
                   UNION
                   SELECT o.id FROM orders o
                   WHERE o.status IN ('pending_payment', 'payment_submitted', 'provisioning', 'needs_attention',
                                      'completed', 'declined', 'cancelled', 'expired', 'reversed')
                     AND o.created_at >= ? AND o.created_at < ?
                     AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id AND p.status IN ('approved', 'reversed'))
               )
               SELECT o.id, o.source, o.created_at, o.user_id, o.plan_name, o.duration_days, o.quota_bytes, o.price_minor,
                      o.currency, o.method_name, o.status, o.reason, o.decided_by, u.name,
                      s.email AS "email?", b.created_at AS "submitted_at?", b.reference,
                      p.status AS "payment?", p.received_minor AS "received?", p.decided_at AS "decided_at?",
                      p.reviewer_id AS "reviewer?"
               FROM wanted w
               CROSS JOIN orders o ON o.id = w.id
               CROSS JOIN users u ON u.discord_id = o.user_id
               LEFT JOIN payments p ON p.order_id = o.id
               LEFT JOIN payment_submissions b ON b.id = p.submission_id
               LEFT JOIN subscriptions s ON s.id = o.subscription_id
               ORDER BY o.created_at, o.id"#,
            from.0,
            until.0,
            from.0,
            until.0
        )
        .fetch_all(&db.readers)
        .await?;
    rows.into_iter()
        .map(|row| {
            let booked = matches!(row.payment.as_deref(), Some("approved" | "reversed"));
            let received = row.received.filter(|_| booked).map(|minor| money(minor, &row.currency)).transpose()?;
            Ok(ExportedOrder {
                status: row
                    .status
                    .parse()
                    .map_err(|_| Error::Damaged { table: "orders", problem: format!("status `{}`", row.status) })?,
                price: money(row.price_minor, &row.currency)?,
                received,
                id: row.id,
                source: row.source,
                created: Millis(row.created_at),
                submitted: row.submitted_at.map(Millis),
                approved: row.decided_at.filter(|_| booked).map(Millis),
                customer: UserId::from_sql(row.user_id),
                customer_name: row.name,
                plan: row.plan_name,
                days: row.duration_days,
                bytes: unsigned(row.quota_bytes),
                method: row.method_name,
                reference: row.reference,
                reviewer: row.reviewer.or(row.decided_by).map(UserId::from_sql),
                reason: row.reason,
                email: row.email,
            })
        })
        .collect()
}

/// The money events of a period, by the time of approval, summed by source, method and reviewer.
pub async fn export_totals(db: &Db, from: Millis, until: Millis) -> Result<Vec<ExportedTotal>, Error> {
    let rows = sqlx::query!(
            r#"SELECT source, method_id, reviewer_id, currency, COUNT(*) AS "events!: i64", SUM(amount_minor) AS "minor!: i64"
               FROM ledger WHERE at >= ? AND at < ?
               GROUP BY source, method_id, reviewer_id, currency ORDER BY source DESC, method_id, reviewer_id"#,
            from.0,
            until.0
        )
        .fetch_all(&db.readers)
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(ExportedTotal {
                amount: money(row.minor, &row.currency)?,
                source: row.source,
                method: row.method_id,
                reviewer: UserId::from_sql(row.reviewer_id),
                events: row.events,
            })
        })
        .collect()
}
