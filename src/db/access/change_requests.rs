//! What staff ask for about a subscription: accepted with a one-time token, kept as a row, and
//! read again by whoever waits for the result. The work itself is in [`crate::db::access::change_results`].

use serde_json::json;
use uuid::Uuid;

use crate::db::access::change_queue::{decode, encode};
use crate::db::{
    self, Db, Error, Subject, WriteTx, moment,
    outbox::Lease,
    people::confirmations::{Permit, Presented},
};
use crate::domain::{
    Millis, OrderId, OrderStatus, SubscriptionRow, UserId,
    attention::Trouble,
    change::{Change, ChangeId},
    effect::Effect,
};

/// What came of asking for a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requested {
    Done(ChangeId),
    /// There is no such subscription (any more).
    Gone,
    /// The same was asked for before and is not done yet.
    Already,
    /// The order is in a state that cannot be reversed.
    OrderIs(OrderStatus),
    /// The client belongs to another subscription of ours.
    Ours,
}

/// A change as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub id: ChangeId,
    pub subscription: SubscriptionRow,
    pub what: Change,
    pub actor: UserId,
    pub at: Millis,
    /// Since when it is so.
    pub applied: Option<Millis>,
    /// The client could not be removed and was switched off instead.
    pub kept: bool,
    /// Why it was not done.
    pub refusal: Option<Trouble>,
    /// Whether the customer could be told; `None` while that is not known.
    pub told: Option<bool>,
}

/// A client that was made by hand and is to be ours.
#[derive(Debug, Clone)]
pub struct Found {
    pub user: UserId,
    /// Their name on Discord today.
    pub name: String,
    pub panel: String,
    /// The inbound that is sold on it.
    pub inbound_id: i64,
    /// Its e-mail on the panel.
    pub email: String,
    pub uuid: Uuid,
    pub sub_id: String,
}

/// Accepts a change. `next` is the new uuid of a rotation: stored before the first write, so
/// that until it is read back either counts as ours.
pub async fn request_change(
    db: &Db,
    presented: &Presented,
    id: SubscriptionRow,
    what: &Change,
    next: Option<Uuid>,
    now: Millis,
) -> Result<Requested, Error> {
    let mut tx = db.begin().await?;
    let permit = db::people::confirmations::spend(&mut tx, presented, now).await?;
    let row = sqlx::query!(
            r#"SELECT status, deleted_at, EXISTS (SELECT 1 FROM changes WHERE subscription_id = ?1 AND kind = 'rotate'
                   AND applied_at IS NULL AND voided_at IS NULL) AS "rotating!: bool" FROM subscriptions WHERE id = ?1"#,
            id.0
        )
        .fetch_optional(tx.sql())
        .await?;
    // What a removed client cost can still be given back.
    let is_there = |deleted: bool| !deleted || what.reverses().is_some();
    let Some(row) = row.filter(|row| row.status != "pending" && is_there(row.deleted_at.is_some())) else {
        tx.commit().await?;
        return Ok(Requested::Gone);
    };
    let refused = match what {
        Change::Rotate {} if row.rotating => Some(Requested::Already),
        Change::Reverse { order, .. } => not_reversible(&mut tx, order).await?,
        _ => None,
    };
    if let Some(refused) = refused {
        tx.commit().await?;
        return Ok(refused);
    }
    if let (Change::Rotate {}, Some(next)) = (what, next) {
        let next = next.to_string();
        sqlx::query!(
            "UPDATE subscriptions SET next_uuid = COALESCE(next_uuid, ?), updated_at = ? WHERE id = ?",
            next,
            now.0,
            id.0
        )
        .execute(tx.sql())
        .await?;
    }
    let change = insert_change(&mut tx, &permit, id, what, now).await?;
    tx.commit().await?;
    Ok(Requested::Done(change))
}

/// Takes back an order of which we know no client: its money alone, at once. `Ok(None)` is done.
pub async fn refund(
    db: &Db,
    presented: &Presented,
    order: &OrderId,
    reason: &str,
    now: Millis,
) -> Result<Option<Requested>, Error> {
    let mut tx = db.begin().await?;
    let permit = db::people::confirmations::spend(&mut tx, presented, now).await?;
    if let Some(refused) = not_reversible(&mut tx, order).await? {
        tx.commit().await?;
        return Ok(Some(refused));
    }
    db::audit::audit(&mut tx, now, permit.did("order.reverse", order, json!({ "reason": reason }))).await?;
    db::access::change_results::book_reversal(&mut tx, order, reason, (permit.by(), now), now).await?;
    tx.commit().await?;
    Ok(None)
}

/// Accepts that a client made by hand becomes a customer's.
pub async fn request_adoption(db: &Db, presented: &Presented, found: &Found, now: Millis) -> Result<Requested, Error> {
    let mut tx = db.begin().await?;
    let permit = db::people::confirmations::spend(&mut tx, presented, now).await?;
    remember_person(&mut tx, found.user, &found.name, None, now).await?;
    let (user, uuid) = (found.user.to_sql(), found.uuid.to_string());
    // What was refused before may be tried again; a client of ours is never taken over.
    let row = sqlx::query_scalar!(
            r#"INSERT INTO subscriptions (user_id, panel, inbound_id, client_uuid, sub_id, email, status, created_at, updated_at)
               SELECT ?1, ?2, ?3, ?4, ?5, ?6, 'pending', ?7, ?7
               WHERE NOT EXISTS (SELECT 1 FROM subscriptions WHERE client_uuid = ?4 AND NOT (panel = ?2 AND email = ?6))
                 AND NOT EXISTS (SELECT 1 FROM subscriptions WHERE next_uuid = ?4)
                 AND NOT EXISTS (SELECT 1 FROM subscriptions WHERE sub_id = ?5 AND NOT (panel = ?2 AND email = ?6))
               ON CONFLICT (panel, email) DO UPDATE SET user_id = excluded.user_id, client_uuid = excluded.client_uuid,
                   sub_id = excluded.sub_id, updated_at = excluded.updated_at
               WHERE status = 'pending' AND NOT EXISTS (SELECT 1 FROM orders WHERE subscription_id = subscriptions.id)
                 AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.subscription_id = subscriptions.id
                     AND c.applied_at IS NULL AND c.voided_at IS NULL)
               RETURNING id AS "id!: i64""#,
            user,
            found.panel,
            found.inbound_id,
            uuid,
            found.sub_id,
            found.email,
            now.0
        )
        .fetch_optional(tx.sql())
        .await?;
    let Some(id) = row else {
        tx.commit().await?;
        return Ok(Requested::Ours);
    };
    let change = insert_change(&mut tx, &permit, SubscriptionRow(id), &Change::Adopt {}, now).await?;
    tx.commit().await?;
    Ok(Requested::Done(change))
}

pub async fn change(db: &Db, id: ChangeId) -> Result<Option<Standing>, Error> {
    let row = sqlx::query!(
        "SELECT subscription_id, kind, args, actor_id, created_at, applied_at, disabled_instead, cause, refusal, notified_via
             FROM changes WHERE id = ?",
        id.0
    )
    .fetch_optional(&db.readers)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Standing {
        id,
        subscription: SubscriptionRow(row.subscription_id),
        what: decode(&row.kind, &row.args)?,
        actor: UserId::from_sql(row.actor_id),
        at: Millis(row.created_at),
        applied: moment(row.applied_at),
        kept: row.disabled_instead != 0,
        refusal: row.refusal.and_then(|detail| Trouble::from_columns(row.cause.as_deref(), Some(&detail))),
        told: row.notified_via.map(|how| how == "dm"),
    }))
}

/// The customer has been told of a change, or cannot be.
pub async fn change_notified(db: &Db, lease: &Lease, id: ChangeId, reached: bool, now: Millis) -> Result<(), Error> {
    let told = if reached { "dm" } else { "dm_closed" };
    let mut tx = db.begin().await?;
    let row = sqlx::query!("UPDATE changes SET notified_via = ? WHERE id = ? RETURNING subscription_id", told, id.0)
        .fetch_optional(tx.sql())
        .await?;
    db::outbox::finish_row(&mut tx, lease, now).await?;
    if let Some(row) = row {
        tx.about(Subject::Subscription(SubscriptionRow(row.subscription_id)));
    }
    tx.commit().await
}

/// Why an order cannot be reversed now.
async fn not_reversible(tx: &mut WriteTx, order: &OrderId) -> Result<Option<Requested>, Error> {
    let id = order.as_str();
    let row = sqlx::query!(
        r#"SELECT status, EXISTS (SELECT 1 FROM changes WHERE order_id = ?1 AND voided_at IS NULL) AS "asked!: bool"
               FROM orders WHERE id = ?1"#,
        id
    )
    .fetch_optional(tx.sql())
    .await?;
    let Some(row) = row else { return Ok(Some(Requested::Gone)) };
    let damaged = || Error::Damaged { table: "orders", problem: format!("status `{}`", row.status) };
    Ok(match row.status.parse().map_err(|_| damaged())? {
        OrderStatus::Completed if row.asked => Some(Requested::Already),
        OrderStatus::Completed => None,
        status => Some(Requested::OrderIs(status)),
    })
}

async fn insert_change(
    tx: &mut WriteTx,
    permit: &Permit,
    id: SubscriptionRow,
    what: &Change,
    now: Millis,
) -> Result<ChangeId, Error> {
    let (kind, args) = encode(what)?;
    let (actor, order) = (permit.by().to_sql(), what.reverses().map(OrderId::as_str));
    let change = sqlx::query_scalar!(
        r#"INSERT INTO changes (subscription_id, kind, args, order_id, actor_id, created_at, after_grant_id)
               SELECT ?1, ?2, ?3, ?4, ?5, ?6, COALESCE(max(id), 0) FROM grants WHERE subscription_id = ?1
               RETURNING id AS "id!: i64""#,
        id.0,
        kind,
        args,
        order,
        actor,
        now.0
    )
    .fetch_one(tx.sql())
    .await?;
    let sub =
        sqlx::query!("SELECT user_id, panel, email FROM subscriptions WHERE id = ?", id.0).fetch_one(tx.sql()).await?;
    let asked: serde_json::Value = serde_json::from_str(&args).unwrap_or_default();
    let payload = json!({ "change": change, "panel": sub.panel, "email": sub.email, "args": asked });
    let user = UserId::from_sql(sub.user_id);
    let target = what.reverses().map_or_else(|| user.to_string(), ToString::to_string);
    db::audit::audit(tx, now, permit.did(what.action(), &target, payload)).await?;
    db::outbox::enqueue(tx, &Effect::SyncSubscription { subscription: id, panel: sub.panel }, now, now).await?;
    tx.about(Subject::Subscription(id));
    Ok(ChangeId(change))
}

/// Somebody whom staff named, perhaps for the first time. A language that we know stays.
pub(in crate::db) async fn remember_person(
    tx: &mut WriteTx,
    user: UserId,
    name: &str,
    locale: Option<&str>,
    now: Millis,
) -> Result<(), Error> {
    let (user, locale) = (user.to_sql(), locale.unwrap_or("en"));
    sqlx::query!(
        "INSERT INTO users (discord_id, name, locale, first_seen) VALUES (?, ?, ?, ?)
             ON CONFLICT (discord_id) DO UPDATE SET name = excluded.name",
        user,
        name,
        locale,
        now.0
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
