//! What the books say should be on the panels.

use crate::db::{Db, Error, unsigned};
use crate::domain::{
    SubscriptionRow, UserId,
    drift::{Expected, Kept},
    grants::Expiry,
};

/// Every client that the database knows, as it should be on its panel.
pub async fn expected_clients(db: &Db) -> Result<Vec<Expected>, Error> {
    let rows = sqlx::query_as!(
            ExpectedRow,
            r#"SELECT s.id AS "id!", s.user_id, s.panel, s.inbound_id, s.email, s.client_uuid, s.next_uuid, s.status, s.deleted_at, s.expires_at,
                   s.quota_bytes, o.id AS "order?: String", o.status AS "order_status?: String",
                   EXISTS (SELECT 1 FROM outbox b WHERE b.key IN ('subscription:' || s.id, 'remove:' || s.id)
                           AND b.parked_at IS NULL) AS "unsettled!: bool"
               FROM subscriptions s LEFT JOIN orders o
                   ON o.id = (SELECT id FROM orders WHERE subscription_id = s.id ORDER BY created_at DESC LIMIT 1)
               ORDER BY s.id /* all of it */"#
        )
        .fetch_all(&db.readers)
        .await?;
    rows.into_iter().map(ExpectedRow::read).collect()
}

/// The clients of a panel that were made on other inbounds than the one that is sold: each
/// inbound with the number of its clients.
pub async fn clients_elsewhere(db: &Db, panel: &str, sold: i64) -> Result<Vec<(i64, u64)>, Error> {
    let rows = sqlx::query!(
        r#"SELECT inbound_id, count(*) AS "n!: i64" FROM subscriptions
               WHERE panel = ? AND inbound_id <> ? AND status <> 'pending' AND deleted_at IS NULL
               GROUP BY inbound_id ORDER BY inbound_id"#,
        panel,
        sold
    )
    .fetch_all(&db.readers)
    .await?;
    Ok(rows.into_iter().map(|row| (row.inbound_id, unsigned(row.n))).collect())
}

struct ExpectedRow {
    id: i64,
    user_id: i64,
    panel: String,
    inbound_id: i64,
    email: String,
    client_uuid: String,
    next_uuid: Option<String>,
    status: String,
    deleted_at: Option<i64>,
    expires_at: Option<i64>,
    quota_bytes: Option<i64>,
    order: Option<String>,
    order_status: Option<String>,
    unsettled: bool,
}

impl ExpectedRow {
    fn read(self) -> Result<Expected, Error> {
        let damaged = |problem: String| Error::Damaged { table: "orders", problem };
        let order = match (self.order, self.order_status) {
            (Some(id), Some(status)) => Some((
                id.parse().map_err(|_| damaged(format!("id `{id}`")))?,
                status.parse().map_err(|error| damaged(format!("{error}")))?,
            )),
            _ => None,
        };
        let kept = match self.status.as_str() {
            _ if self.deleted_at.is_some() => Kept::Deleted,
            "pending" => Kept::Pending,
            "disabled" => Kept::Disabled,
            _ => Kept::Active,
        };
        Ok(Expected {
            row: SubscriptionRow(self.id),
            user: UserId::from_sql(self.user_id),
            panel: self.panel,
            inbound: self.inbound_id,
            email: self.email,
            order,
            uuid: self.client_uuid,
            next_uuid: self.next_uuid,
            kept,
            expiry: self.expires_at.map_or(Expiry::Never, Expiry::from_ours),
            quota: self.quota_bytes.map_or(0, unsigned),
            unsettled: self.unsettled,
        })
    }
}
