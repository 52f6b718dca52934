//! Sales that staff enter by hand: booked like any other, without a ticket and without a proof.

use serde_json::json;

use crate::db::{
    self, Db, Error, Subject, WriteTx, outbox::Lease, payments::review::Identity, people::confirmations::Presented,
    signed,
};
use crate::domain::{MessageId, Millis, Money, OrderId, SubscriptionRow, UserId, effect::Effect, order::PlanSnapshot};

/// A sale that staff enter by hand.
#[derive(Debug, Clone)]
pub struct ManualSale {
    /// Its id, drawn at random.
    pub order: OrderId,
    pub user: UserId,
    /// Their name on Discord today.
    pub name: String,
    /// Their language, or the shop's.
    pub locale: String,
    pub plan: PlanSnapshot,
    pub received: Money,
    pub note: String,
}

/// The card of a sale by hand, as it was last shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleCard {
    /// The message, once posted.
    pub message: Option<MessageId>,
    /// A digest of what it says.
    pub digest: Option<String>,
    pub note: String,
}

/// Books a sale that staff entered: provisioned like any other, without a ticket.
pub async fn sell(
    db: &Db,
    presented: &Presented,
    sale: &ManualSale,
    identity: &Identity,
    now: Millis,
) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    let permit = db::people::confirmations::spend(&mut tx, presented, now).await?;
    db::access::change_requests::remember_person(&mut tx, sale.user, &sale.name, Some(&sale.locale), now).await?;
    insert_sale(&mut tx, permit.by(), sale, now).await?;
    let order = &sale.order;
    let subscription = db::payments::review::subscription_for(&mut tx, order, identity, now).await?;
    grant_sale(&mut tx, order, subscription, now).await?;
    let payload = json!({
        "customer": sale.user.to_string(), "plan": sale.plan.id, "received_minor": sale.received.minor,
        "currency": sale.received.currency.code(), "note": sale.note, "subscription": subscription.0,
    });
    db::audit::audit(&mut tx, now, permit.did("user.create", order, payload)).await?;
    let panel = sale.plan.panel.clone();
    db::outbox::enqueue(&mut tx, &Effect::SyncSubscription { subscription, panel }, now, now).await?;
    db::outbox::enqueue(&mut tx, &Effect::SyncSaleCard { order: order.clone() }, now, now).await?;
    db::payments::review::tell_of_own_order(&mut tx, order, permit.by(), now).await?;
    tx.about(Subject::Order(order.clone()));
    tx.commit().await?;
    Ok(())
}

/// The card of a sale by hand; `None` for every other order.
pub async fn sale_card(db: &Db, order: &OrderId) -> Result<Option<SaleCard>, Error> {
    let id = order.as_str();
    let row =
        sqlx::query!("SELECT card_message_id, card_digest, note FROM orders WHERE id = ? AND source = 'manual'", id)
            .fetch_optional(&db.readers)
            .await?;
    Ok(row.map(|row| SaleCard {
        message: row.card_message_id.map(MessageId::from_sql),
        digest: row.card_digest,
        note: row.note.unwrap_or_default(),
    }))
}

/// Remembers the card and what it says, and ends the effect.
pub async fn sale_card_shown(
    db: &Db,
    lease: &Lease,
    order: &OrderId,
    message: MessageId,
    digest: &str,
    now: Millis,
) -> Result<(), Error> {
    let (id, message) = (order.as_str(), message.to_sql());
    let mut tx = db.begin().await?;
    sqlx::query!("UPDATE orders SET card_message_id = ?, card_digest = ? WHERE id = ?", message, digest, id)
        .execute(tx.sql())
        .await?;
    db::outbox::finish_row(&mut tx, lease, now).await?;
    tx.commit().await
}

async fn insert_sale(tx: &mut WriteTx, by: UserId, sale: &ManualSale, now: Millis) -> Result<(), Error> {
    let (id, user, by, plan) = (sale.order.as_str(), sale.user.to_sql(), by.to_sql(), &sale.plan);
    let (bytes, currency) = (signed(plan.quota_bytes), sale.received.currency.code().to_owned());
    sqlx::query!(
            "INSERT INTO orders (id, source, user_id, status, created_at, updated_at, plan_id, plan_name, duration_days,
                                 quota_bytes, price_minor, currency, panel, attempts_left, expires_at, decided_by, decided_at, note)
             VALUES (?1, 'manual', ?2, 'provisioning', ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?3, ?11, ?3, ?12)",
            id,
            user,
            now.0,
            plan.id,
            plan.name,
            plan.duration_days,
            bytes,
            sale.received.minor,
            currency,
            plan.panel,
            by,
            sale.note
        )
        .execute(tx.sql())
        .await?;
    sqlx::query!(
            "INSERT INTO payments (order_id, due_minor, received_minor, currency, status, reviewer_id, decided_at, created_at, updated_at)
             VALUES (?1, ?2, ?2, ?3, 'pending', ?4, ?5, ?5, ?5)",
            id,
            sale.received.minor,
            currency,
            by,
            now.0
        )
        .execute(tx.sql())
        .await?;
    Ok(())
}

async fn grant_sale(
    tx: &mut WriteTx,
    order: &OrderId,
    subscription: SubscriptionRow,
    now: Millis,
) -> Result<(), Error> {
    let id = order.as_str();
    sqlx::query!("UPDATE orders SET subscription_id = ? WHERE id = ?", subscription.0, id).execute(tx.sql()).await?;
    sqlx::query!(
        "INSERT INTO grants (subscription_id, order_id, kind, days, bytes, created_at)
             SELECT ?, id, 'sale', duration_days, quota_bytes, ? FROM orders WHERE id = ?",
        subscription.0,
        now.0,
        id
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
