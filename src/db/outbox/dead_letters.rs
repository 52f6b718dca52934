//! The outbox as a person looks at it: how deep each lane is, and what gave up and waits.

use serde_json::json;

use crate::db::{
    self, Db, Error, Subject, WriteTx, audit::Happened, outbox::decode, people::confirmations::Presented, unsigned,
};
use crate::domain::{
    Millis, OrderId, SubscriptionRow, UserId,
    attention::{Cause, Trouble},
    effect::{Effect, StaffNews},
};

/// So many are shown; the rest is counted.
const MOST: i64 = 50;

/// One lane of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneDepth {
    pub lane: String,
    /// Rows that wait for their turn or their time.
    pub waiting: u64,
    /// When the oldest of them was wanted.
    pub oldest: Millis,
}

/// An effect that gave up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedRow {
    pub id: i64,
    pub key: String,
    /// Since when it waits for a person.
    pub since: Millis,
    /// What was wrong at the last try.
    pub error: String,
}

/// What came of a person's word about a parked effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It is done; with the effect's key.
    Done(String),
    /// It is not parked any more.
    Gone,
}

/// How deep each lane is, the oldest first. What is parked does not count.
pub async fn lanes(db: &Db) -> Result<Vec<LaneDepth>, Error> {
    let rows = sqlx::query!(
        r#"SELECT lane AS "lane!", COUNT(*) AS "n!: i64", MIN(created_at) AS "oldest!: i64"
               FROM outbox WHERE parked_at IS NULL GROUP BY lane ORDER BY 3"#
    )
    .fetch_all(&db.readers)
    .await?;
    let lane = |lane, n, oldest| LaneDepth { lane, waiting: unsigned(n), oldest: Millis(oldest) };
    Ok(rows.into_iter().map(|row| lane(row.lane, row.n, row.oldest)).collect())
}

/// What gave up, the oldest first.
pub async fn parked(db: &Db) -> Result<Vec<ParkedRow>, Error> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id!", key, parked_at AS "since!: i64", last_error FROM outbox
               WHERE parked_at IS NOT NULL ORDER BY parked_at, id LIMIT ?"#,
        MOST
    )
    .fetch_all(&db.readers)
    .await?;
    let parked = |id, key, since, error: Option<String>| ParkedRow {
        id,
        key,
        since: Millis(since),
        error: error.unwrap_or_default(),
    };
    Ok(rows.into_iter().map(|row| parked(row.id, row.key, row.since, row.last_error)).collect())
}

/// Has a parked effect tried again. Orders that wait for it go back to where it finds them.
pub async fn retry_parked(db: &Db, row: i64, by: UserId, now: Millis) -> Result<Settled, Error> {
    let mut tx = db.begin().await?;
    let woken = sqlx::query!(
            "UPDATE outbox SET parked_at = NULL, notified_at = NULL, failures = 0, run_at = ?1, set_at = ?1 WHERE id = ?2 AND parked_at IS NOT NULL
             RETURNING key, kind, args_version, args",
            now.0,
            row
        )
        .fetch_optional(tx.sql())
        .await?;
    let Some(woken) = woken else { return Ok(Settled::Gone) };
    let happened =
        Happened { actor: by, action: "effect.retry", target: woken.key.clone(), payload: json!({}), session: None };
    db::audit::audit(&mut tx, now, happened).await?;
    tx.about(Subject::Outbox);
    let effect = decode(&woken.kind, woken.args_version, &woken.args);
    if let Some(Effect::DeliverLink { order, .. } | Effect::SyncTicket { order }) = &effect {
        // The card said that it gave up.
        db::outbox::show_on_card(&mut tx, order, now).await?;
    }
    tx.commit().await?;
    if let Some(Effect::SyncSubscription { subscription, .. }) = effect {
        // Without an order in provisioning the effect finds nothing to do.
        for order in attention_of(db, subscription).await? {
            db::access::manual_intervention::retry(db, &order, by, now).await?;
        }
    }
    Ok(Settled::Done(woken.key))
}

/// The orders of a subscription that wait for a person.
async fn attention_of(db: &Db, subscription: SubscriptionRow) -> Result<Vec<OrderId>, Error> {
    let orders = sqlx::query_scalar!(
        "SELECT id FROM orders WHERE subscription_id = ? AND status = 'needs_attention'",
        subscription.0
    )
    .fetch_all(&db.readers)
    .await?;
    Ok(orders.iter().filter_map(|id| id.parse().ok()).collect())
}

/// Takes a parked effect out of the outbox for good. Its order stays in front of a person:
/// the review channel is told, and an order that still waits for it needs attention.
pub async fn drop_parked(db: &Db, presented: &Presented, row: i64, now: Millis) -> Result<Settled, Error> {
    let mut tx = db.begin().await?;
    let permit = db::people::confirmations::spend(&mut tx, presented, now).await?;
    let gone = sqlx::query!(
        "DELETE FROM outbox WHERE id = ? AND parked_at IS NOT NULL RETURNING key, kind, args_version, args, last_error",
        row
    )
    .fetch_optional(tx.sql())
    .await?;
    let Some(gone) = gone else {
        tx.commit().await?;
        return Ok(Settled::Gone);
    };
    let orders = match decode(&gone.kind, gone.args_version, &gone.args) {
        None => Vec::new(),
        Some(effect) => orders_of(&mut tx, &effect, gone.last_error.as_deref().unwrap_or_default(), now).await?,
    };
    for order in &orders {
        let news = StaffNews::Dropped { order: order.clone(), key: gone.key.clone(), by: permit.by() };
        db::outbox::enqueue(&mut tx, &Effect::TellStaff { news }, now, now).await?;
        db::outbox::show_on_card(&mut tx, order, now).await?;
    }
    let payload = json!({ "orders": orders, "error": gone.last_error });
    db::audit::audit(&mut tx, now, permit.did("effect.drop", &gone.key, payload)).await?;
    tx.commit().await?;
    Ok(Settled::Done(gone.key))
}

/// The orders that an effect is about; those that wait for a panel now wait for a person.
async fn orders_of(tx: &mut WriteTx, effect: &Effect, error: &str, now: Millis) -> Result<Vec<OrderId>, Error> {
    let subscription = match effect {
        Effect::SyncTicket { order }
        | Effect::ReadTicket { order }
        | Effect::DeliverLink { order, .. }
        | Effect::Notify { order, .. }
        | Effect::DeleteTicket { order }
        | Effect::SyncSaleCard { order } => return Ok(vec![order.clone()]),
        Effect::SyncCard { submission } => {
            let order = sqlx::query_scalar!("SELECT order_id FROM payment_submissions WHERE id = ?", submission.0)
                .fetch_optional(tx.sql())
                .await?;
            return Ok(order.and_then(|id| id.parse().ok()).into_iter().collect());
        }
        Effect::SyncSubscription { subscription, .. } | Effect::RemoveClient { subscription, .. } => *subscription,
        _ => return Ok(Vec::new()),
    };
    for order in db::access::subscriptions::orders_waiting_for(tx, subscription).await? {
        db::access::manual_intervention::set_needs_attention(tx, &order, &Trouble::new(Cause::GaveUp, error), now)
            .await?;
    }
    let orders = sqlx::query_scalar!(
        "SELECT id FROM orders WHERE subscription_id = ? AND status = 'needs_attention'",
        subscription.0
    )
    .fetch_all(tx.sql())
    .await?;
    Ok(orders.iter().filter_map(|id| id.parse().ok()).collect())
}
