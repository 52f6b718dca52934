//! Subscriptions: what a user owns on a panel.

use uuid::Uuid;

use crate::db::{Db, Error, WriteTx, unsigned};
use crate::domain::{Millis, OrderId, SubscriptionRow, UserId, grants::Expiry};

/// What a user owns on a panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub id: SubscriptionRow,
    pub user: UserId,
    pub panel: String,
    /// The inbound on it that the client was made on.
    pub inbound_id: i64,
    pub uuid: Uuid,
    /// The uuid it is about to have instead: until that is read back, either is ours.
    pub next_uuid: Option<Uuid>,
    pub sub_id: String,
    /// The client's e-mail, the panel-wide key.
    pub email: String,
    /// Whether the client has ever been confirmed on the panel.
    pub provisioned: bool,
    /// Whether staff, or a reversal, switched it off.
    pub disabled: bool,
    /// Whether staff removed it; the next sale makes a new one.
    pub deleted: bool,
    /// The end we wrote last; `None` before the first write.
    pub expiry: Option<Expiry>,
    /// The quota we wrote last in bytes, 0 = unlimited; `None` before the first write.
    pub quota: Option<u64>,
    /// Bytes used before the counter's last reset.
    pub used_before: u64,
    /// Bytes used in all, and when that was read on the panel.
    pub known_use: (u64, Millis),
    /// The link as last built; a secret of the customer's.
    pub link: Option<String>,
    pub link_at: Option<Millis>,
}

impl Subscription {
    /// Whether a client with this uuid is this subscription's.
    pub fn owns(&self, uuid: &Uuid) -> bool {
        self.uuid == *uuid || self.next_uuid.as_ref() == Some(uuid)
    }
}

/// A subscription by its number.
pub async fn subscription(db: &Db, id: SubscriptionRow) -> Result<Option<Subscription>, Error> {
    let row = sqlx::query!(
            "SELECT user_id, panel, inbound_id, client_uuid, next_uuid, sub_id, email, status, deleted_at, expires_at,
                    quota_bytes, used_before, used_bytes, COALESCE(used_at, updated_at) AS \"used_at!: i64\", link, link_at
             FROM subscriptions WHERE id = ?",
            id.0
        )
        .fetch_optional(&db.readers)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Subscription {
        id,
        user: UserId::from_sql(row.user_id),
        panel: row.panel,
        inbound_id: row.inbound_id,
        uuid: row.client_uuid.parse().map_err(|_| damaged("client_uuid"))?,
        next_uuid: row.next_uuid.map(|uuid| uuid.parse()).transpose().map_err(|_| damaged("next_uuid"))?,
        sub_id: row.sub_id,
        email: row.email,
        provisioned: row.status != "pending",
        disabled: row.status == "disabled",
        deleted: row.deleted_at.is_some(),
        expiry: row.expires_at.map(Expiry::from_ours),
        quota: row.quota_bytes.map(unsigned),
        used_before: unsigned(row.used_before),
        known_use: (unsigned(row.used_before).saturating_add(unsigned(row.used_bytes)), Millis(row.used_at)),
        link: row.link,
        link_at: row.link_at.map(Millis),
    }))
}

/// The user's subscriptions that exist on a panel, newest first.
pub async fn subscriptions_of(db: &Db, user: UserId) -> Result<Vec<Subscription>, Error> {
    let user = user.to_sql();
    let ids = sqlx::query_scalar!(
            "SELECT id FROM subscriptions WHERE user_id = ? AND status <> 'pending' AND deleted_at IS NULL ORDER BY id DESC",
            user
        )
        .fetch_all(&db.readers)
        .await?;
    let mut all = Vec::new();
    for id in ids {
        all.extend(subscription(db, SubscriptionRow(id)).await?);
    }
    Ok(all)
}

/// The name of the plan that a subscription was last bought or renewed with.
pub async fn plan_of(db: &Db, subscription: SubscriptionRow) -> Result<Option<String>, Error> {
    Ok(sqlx::query_scalar!(
            "SELECT plan_name FROM orders WHERE subscription_id = ? AND status = 'completed' ORDER BY ended_at DESC LIMIT 1",
            subscription.0
        )
        .fetch_optional(&db.readers)
        .await?)
}

/// Completed orders of a subscription that still wait for their link to be fetched.
pub async fn undelivered_of(db: &Db, subscription: SubscriptionRow) -> Result<Vec<OrderId>, Error> {
    let ids = sqlx::query_scalar!(
            "SELECT id FROM orders WHERE subscription_id = ? AND status = 'completed' AND delivery IN ('none', 'dm_closed')",
            subscription.0
        )
        .fetch_all(&db.readers)
        .await?;
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}

/// Whether the client of a subscription may be removed: nothing was ever delivered from it, by
/// hand neither, and no order is being provisioned into it.
pub async fn may_remove_client(db: &Db, subscription: SubscriptionRow) -> Result<bool, Error> {
    let row = sqlx::query!(
            r#"SELECT s.status = 'pending' AND NOT EXISTS (
                   SELECT 1 FROM orders o WHERE o.subscription_id = s.id AND o.status IN ('provisioning', 'needs_attention', 'completed', 'reversed')
               ) AND NOT EXISTS (
                   SELECT 1 FROM grants g JOIN orders o ON o.id = g.order_id
                   WHERE g.subscription_id = s.id AND o.status IN ('completed', 'reversed')
               ) AS "may!: bool" FROM subscriptions s WHERE s.id = ?"#,
            subscription.0
        )
        .fetch_optional(&db.readers)
        .await?;
    Ok(row.is_some_and(|row| row.may))
}

/// The orders being provisioned into a subscription.
pub(in crate::db) async fn orders_waiting_for(
    tx: &mut WriteTx,
    subscription: SubscriptionRow,
) -> Result<Vec<OrderId>, Error> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM orders WHERE subscription_id = ? AND status = 'provisioning'",
        subscription.0
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}

fn damaged(column: &str) -> Error {
    Error::Damaged { table: "subscriptions", problem: format!("{column} cannot be read") }
}
