//! What the admin's desk looks up: people, subscriptions and orders by what somebody types, a
//! customer's record, and how much of a subscription was used.
//!
//! What begins with the typed text is found by an index among all there is; what has it in the
//! middle only among the newest, so that typing costs the same in a shop of any size.

use crate::db::{Db, Error, moment};
use crate::domain::{Millis, OrderId, OrderStatus, SubscriptionRow, UserId, drift::Present, grants::Expiry};

/// Discord shows at most this many suggestions.
pub const SUGGESTIONS: usize = 25;
const LIMIT: i64 = 25;
/// So many of the newest are looked at for a text in the middle of a name.
const NEWEST: i64 = 2000;

/// A subscription as it is suggested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSubscription {
    pub id: SubscriptionRow,
    /// The customer's name when last seen.
    pub name: String,
    /// The plan last bought, if an order stands behind it.
    pub plan: Option<String>,
    /// The end, once written.
    pub expiry: Option<Expiry>,
    /// The client's e-mail on the panel.
    pub email: String,
}

/// An order as it is suggested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundOrder {
    pub id: OrderId,
    /// The customer's name when last seen.
    pub name: String,
    pub plan: String,
    pub status: OrderStatus,
    pub created_at: Millis,
}

/// A person as remembered, for staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: UserId,
    /// The name when last seen.
    pub name: String,
    /// When they came for the first time.
    pub first_seen: Millis,
    /// Since when they may not order, and why.
    pub blocked: Option<Block>,
}

/// Why a person may not order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Since when, where that is known.
    pub since: Option<Millis>,
    pub reason: String,
}

/// One line about an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderLine {
    pub id: OrderId,
    pub plan: String,
    pub status: OrderStatus,
    pub created_at: Millis,
}

struct SubscriptionHit {
    id: i64,
    name: String,
    email: String,
    expires_at: Option<i64>,
    plan: Option<String>,
}

impl From<SubscriptionHit> for FoundSubscription {
    fn from(row: SubscriptionHit) -> Self {
        let expiry = |ms| if ms == 0 { Expiry::Never } else { Expiry::At(Millis(ms)) };
        Self {
            id: SubscriptionRow(row.id),
            name: row.name,
            plan: row.plan,
            expiry: row.expires_at.map(expiry),
            email: row.email,
        }
    }
}

struct OrderHit {
    id: String,
    name: String,
    plan_name: String,
    status: String,
    created_at: i64,
}

impl OrderHit {
    fn read(self) -> Result<FoundOrder, Error> {
        let (id, status) = order_key(&self.id, &self.status)?;
        Ok(FoundOrder { id, name: self.name, plan: self.plan_name, status, created_at: Millis(self.created_at) })
    }
}

/// Where texts that begin with `prefix` end: nothing sorts behind the last character there is.
pub(in crate::db) fn end_of(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}

fn order_key(id: &str, status: &str) -> Result<(OrderId, OrderStatus), Error> {
    let damaged = |problem: String| Error::Damaged { table: "orders", problem };
    let read = id.parse().map_err(|_| damaged(format!("id `{id}`")))?;
    let status = status.parse().map_err(|error| damaged(format!("{error}")))?;
    Ok((read, status))
}

/// Subscriptions whose e-mail, order or customer begins with `text`, then the newest that have
/// it anywhere in them; the newest for no text.
pub async fn suggest_subscriptions(db: &Db, text: &str) -> Result<Vec<FoundSubscription>, Error> {
    if text.is_empty() {
        let rows = sqlx::query_as!(
                SubscriptionHit,
                r#"SELECT s.id AS "id!", u.name, s.email, s.expires_at,
                       (SELECT plan_name FROM orders WHERE subscription_id = s.id ORDER BY created_at DESC LIMIT 1) AS "plan?: String"
                   FROM subscriptions s JOIN users u ON u.discord_id = s.user_id
                   WHERE s.id > 0 ORDER BY s.id DESC LIMIT ?"#,
                LIMIT
            )
            .fetch_all(&db.readers)
            .await?;
        return Ok(rows.into_iter().map(Into::into).collect());
    }
    let lower = text.to_lowercase();
    let mut found = subscriptions_named(db, text).await?;
    for email in [format!("tk-{lower}"), lower] {
        let until = end_of(&email);
        let rows = sqlx::query_as!(
                SubscriptionHit,
                r#"SELECT s.id AS "id!", u.name, s.email, s.expires_at,
                       (SELECT plan_name FROM orders WHERE subscription_id = s.id ORDER BY created_at DESC LIMIT 1) AS "plan?: String"
                   FROM subscriptions s JOIN users u ON u.discord_id = s.user_id
                   WHERE s.email >= ? AND s.email < ? ORDER BY s.email LIMIT ?"#,
                email,
                until,
                LIMIT
            )
            .fetch_all(&db.readers)
            .await?;
        found.extend(rows.into_iter().map(FoundSubscription::from));
    }
    if found.len() < SUGGESTIONS {
        found.extend(subscriptions_with(db, text).await?);
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|one| seen.insert(one.id.0));
    found.truncate(SUGGESTIONS);
    Ok(found)
}

async fn subscriptions_named(db: &Db, text: &str) -> Result<Vec<FoundSubscription>, Error> {
    let until = end_of(text);
    let rows = sqlx::query_as!(
            SubscriptionHit,
            r#"SELECT s.id AS "id!", u.name, s.email, s.expires_at,
                   (SELECT plan_name FROM orders WHERE subscription_id = s.id ORDER BY created_at DESC LIMIT 1) AS "plan?: String"
               FROM users u CROSS JOIN subscriptions s ON s.user_id = u.discord_id
               WHERE u.name >= ? COLLATE NOCASE AND u.name < ? COLLATE NOCASE
               ORDER BY u.name COLLATE NOCASE LIMIT ?"#,
            text,
            until,
            LIMIT
        )
        .fetch_all(&db.readers)
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The newest subscriptions with `text` anywhere in their e-mail or their customer's name.
async fn subscriptions_with(db: &Db, text: &str) -> Result<Vec<FoundSubscription>, Error> {
    let text = text.to_lowercase();
    let rows = sqlx::query_as!(
            SubscriptionHit,
            r#"SELECT s.id AS "id!", u.name, s.email AS "email!", s.expires_at AS "expires_at?: i64",
                   (SELECT plan_name FROM orders WHERE subscription_id = s.id ORDER BY created_at DESC LIMIT 1) AS "plan?: String"
               FROM (SELECT id, user_id, email, expires_at FROM subscriptions WHERE id > 0 ORDER BY id DESC LIMIT ?1) s
               CROSS JOIN users u ON u.discord_id = s.user_id
               WHERE instr(lower(u.name), ?2) > 0 OR instr(s.email, ?2) > 0 ORDER BY s.id DESC LIMIT ?3"#,
            NEWEST,
            text,
            LIMIT
        )
        .fetch_all(&db.readers)
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// People whose name begins with `text`; nobody for no text.
pub async fn suggest_people(db: &Db, text: &str) -> Result<Vec<(UserId, String)>, Error> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let until = end_of(text);
    let rows = sqlx::query!(
        "SELECT discord_id, name FROM users WHERE name >= ? COLLATE NOCASE AND name < ? COLLATE NOCASE
             ORDER BY name COLLATE NOCASE LIMIT ?",
        text,
        until,
        LIMIT
    )
    .fetch_all(&db.readers)
    .await?;
    Ok(rows.into_iter().map(|row| (UserId::from_sql(row.discord_id), row.name)).collect())
}

/// The first of these clients of a panel that belong to no subscription, by name: of others an
/// adoption would be refused.
pub async fn suggest_adoptions(db: &Db, panel: &str, clients: &[Present]) -> Result<Vec<String>, Error> {
    let pairs: Vec<_> = clients.iter().map(|client| (&client.email, client.uuid.to_ascii_lowercase())).collect();
    let pairs = serde_json::json!(pairs).to_string();
    let names = sqlx::query_scalar!(
        r#"SELECT c.value ->> 0 AS "email!: String" FROM json_each(?1) c
               WHERE NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.panel = ?2 AND s.email = c.value ->> 0
                   AND (s.status <> 'pending' OR EXISTS (SELECT 1 FROM orders o WHERE o.subscription_id = s.id)
                       OR EXISTS (SELECT 1 FROM changes g WHERE g.subscription_id = s.id
                           AND g.applied_at IS NULL AND g.voided_at IS NULL)))
                 AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.client_uuid = c.value ->> 1
                   AND NOT (s.panel = ?2 AND s.email = c.value ->> 0))
                 AND NOT EXISTS (SELECT 1 FROM subscriptions s WHERE s.next_uuid = c.value ->> 1)
               ORDER BY c.key LIMIT ?3"#,
        pairs,
        panel,
        LIMIT
    )
    .fetch_all(&db.readers)
    .await?;
    Ok(names)
}

/// Orders whose id or customer begins with `text`, then the newest that have it anywhere in
/// them; the newest for no text.
pub async fn suggest_orders(db: &Db, text: &str) -> Result<Vec<FoundOrder>, Error> {
    if text.is_empty() {
        let rows = sqlx::query_as!(
            OrderHit,
            "SELECT o.id, u.name, o.plan_name, o.status, o.created_at
                 FROM orders o JOIN users u ON u.discord_id = o.user_id
                 WHERE o.created_at > 0 ORDER BY o.created_at DESC LIMIT ?",
            LIMIT
        )
        .fetch_all(&db.readers)
        .await?;
        return rows.into_iter().map(OrderHit::read).collect();
    }
    let upper = text.to_uppercase();
    let until = end_of(&upper);
    let mut rows = sqlx::query_as!(
        OrderHit,
        "SELECT o.id, u.name, o.plan_name, o.status, o.created_at
             FROM orders o JOIN users u ON u.discord_id = o.user_id
             WHERE o.id >= ? AND o.id < ? ORDER BY o.id LIMIT ?",
        upper,
        until,
        LIMIT
    )
    .fetch_all(&db.readers)
    .await?;
    let until = end_of(text);
    rows.extend(
        sqlx::query_as!(
            OrderHit,
            "SELECT o.id, u.name, o.plan_name, o.status, o.created_at
                 FROM users u CROSS JOIN orders o ON o.user_id = u.discord_id
                 WHERE u.name >= ? COLLATE NOCASE AND u.name < ? COLLATE NOCASE
                 ORDER BY o.created_at DESC LIMIT ?",
            text,
            until,
            LIMIT
        )
        .fetch_all(&db.readers)
        .await?,
    );
    if rows.len() < SUGGESTIONS {
        rows.extend(orders_with(db, text).await?);
    }
    let mut seen = std::collections::BTreeSet::new();
    rows.retain(|row| seen.insert(row.id.clone()));
    rows.truncate(SUGGESTIONS);
    rows.into_iter().map(OrderHit::read).collect()
}

/// The newest orders with `text` anywhere in their id or their customer's name.
async fn orders_with(db: &Db, text: &str) -> Result<Vec<OrderHit>, Error> {
    let text = text.to_lowercase();
    let rows = sqlx::query_as!(
            OrderHit,
            r#"SELECT o.id AS "id!", u.name, o.plan_name AS "plan_name!", o.status AS "status!", o.created_at AS "created_at!"
               FROM (SELECT id, user_id, plan_name, status, created_at FROM orders
                     WHERE created_at > 0 ORDER BY created_at DESC LIMIT ?1) o
               CROSS JOIN users u ON u.discord_id = o.user_id
               WHERE instr(lower(u.name), ?2) > 0 OR instr(lower(o.id), ?2) > 0 ORDER BY o.created_at DESC LIMIT ?3"#,
            NEWEST,
            text,
            LIMIT
        )
        .fetch_all(&db.readers)
        .await?;
    Ok(rows)
}

/// A person as remembered; `None` for somebody who never ordered.
pub async fn person(db: &Db, id: UserId) -> Result<Option<Person>, Error> {
    let key = id.to_sql();
    let row =
        sqlx::query!("SELECT name, first_seen, status, block_reason, blocked_at FROM users WHERE discord_id = ?", key)
            .fetch_optional(&db.readers)
            .await?;
    Ok(row.map(|row| {
        let block = Block { since: moment(row.blocked_at), reason: row.block_reason.unwrap_or_default() };
        Person {
            id,
            name: row.name,
            first_seen: Millis(row.first_seen),
            blocked: (row.status == "blocked").then_some(block),
        }
    }))
}

/// A person's orders, newest first, at most `limit`.
pub async fn orders_of(db: &Db, user: UserId, limit: u32) -> Result<Vec<OrderLine>, Error> {
    let user = user.to_sql();
    let rows = sqlx::query!(
        "SELECT id, plan_name, status, created_at FROM orders WHERE user_id = ? ORDER BY created_at DESC LIMIT ?",
        user,
        limit
    )
    .fetch_all(&db.readers)
    .await?;
    rows.into_iter()
        .map(|row| {
            let (id, status) = order_key(&row.id, &row.status)?;
            Ok(OrderLine { id, plan: row.plan_name, status, created_at: Millis(row.created_at) })
        })
        .collect()
}

/// Remembers the link as the panel is at `at`, for when it is down.
pub async fn note_link(db: &Db, subscription: SubscriptionRow, link: &str, at: Millis) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    sqlx::query!("UPDATE subscriptions SET link = ?, link_at = ? WHERE id = ?", link, at.0, subscription.0)
        .execute(tx.sql())
        .await?;
    tx.commit().await
}
