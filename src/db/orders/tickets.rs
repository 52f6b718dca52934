//! The ticket channel of an order as last seen on Discord, and the link's delivery.

use crate::db::{self, Db, Error, Subject, WriteTx, audit::BOT, outbox::Lease};
use crate::domain::{
    ChannelId, MessageId, Millis, OrderId, UserId,
    access::StaffOverwrite,
    discord_error::Refused,
    effect::{Effect, Notice, OwnerNews},
    order::CancelCause,
    tracked::Tracked,
};
use serde_json::json;
use std::collections::BTreeSet;

/// Remembers the channel that was made for an order; `staff_overwrites` is who of staff sees it, where
/// that is known.
pub async fn ticket_made(
    db: &Db,
    order: &OrderId,
    channel: ChannelId,
    locked: bool,
    staff_overwrites: Option<&BTreeSet<StaffOverwrite>>,
    now: Millis,
) -> Result<(), Error> {
    let (id, channel, staff_overwrites) = (order.as_str(), channel.to_sql(), staff_overwrites.map(written));
    let mut tx = db.begin().await?;
    sqlx::query!(
            "UPDATE orders SET channel_id = ?, channel_locked = ?, staff_overwrites = ?, status_message_id = NULL, status_digest = NULL,
                 last_seen_message_id = 0, updated_at = ? WHERE id = ?",
            channel,
            locked,
            staff_overwrites,
            now.0,
            id
        )
        .execute(tx.sql())
        .await?;
    db::outbox::enqueue(&mut tx, &Effect::Notify { order: order.clone(), notice: Notice::Welcome }, now, now).await?;
    db::outbox::deleted_messages::enqueue_question(&mut tx, order, now).await?;
    tx.about(Subject::Order(order.clone()));
    tx.commit().await
}

/// Remembers that the customer's overwrite now forbids (or allows) writing.
pub async fn ticket_locked(db: &Db, order: &OrderId, locked: bool) -> Result<(), Error> {
    let id = order.as_str();
    let mut tx = db.begin().await?;
    sqlx::query!("UPDATE orders SET channel_locked = ? WHERE id = ?", locked, id).execute(tx.sql()).await?;
    tx.about(Subject::Order(order.clone()));
    tx.commit().await
}

/// Remembers who of staff sees the ticket now.
pub async fn ticket_permissions_set(
    db: &Db,
    order: &OrderId,
    staff_overwrites: &BTreeSet<StaffOverwrite>,
) -> Result<(), Error> {
    let (id, staff_overwrites) = (order.as_str(), written(staff_overwrites));
    let mut tx = db.begin().await?;
    sqlx::query!("UPDATE orders SET staff_overwrites = ? WHERE id = ?", staff_overwrites, id).execute(tx.sql()).await?;
    tx.commit().await
}

/// Remembers the status message and what it says, and ends the effect.
pub async fn status_shown(
    db: &Db,
    lease: &Lease,
    order: &OrderId,
    message: MessageId,
    digest: &str,
    now: Millis,
) -> Result<(), Error> {
    let (id, message) = (order.as_str(), message.to_sql());
    let mut tx = db.begin().await?;
    sqlx::query!("UPDATE orders SET status_message_id = ?, status_digest = ? WHERE id = ?", message, digest, id)
        .execute(tx.sql())
        .await?;
    db::outbox::finish_row(&mut tx, lease, now).await?;
    tx.about(Subject::Order(order.clone()));
    tx.commit().await
}

/// Remembers the status message and what it says, while the effect goes on.
pub async fn status_is(db: &Db, order: &OrderId, message: MessageId, digest: &str) -> Result<(), Error> {
    let (id, message) = (order.as_str(), message.to_sql());
    let mut tx = db.begin().await?;
    sqlx::query!("UPDATE orders SET status_message_id = ?, status_digest = ? WHERE id = ?", message, digest, id)
        .execute(tx.sql())
        .await?;
    tx.commit().await
}

/// The ticket that is missed least, besides those in `except`: its order ended unpaid, or was
/// completed and its link has reached its customer, longest ago. There are as many tickets as Discord
/// has room for, however many orders there were.
pub async fn ticket_to_spare(db: &Db, except: &[ChannelId]) -> Result<Option<ChannelId>, Error> {
    let except = serde_json::json!(except.iter().map(|channel| channel.to_sql()).collect::<Vec<_>>()).to_string();
    let channel = sqlx::query_scalar!(
            r#"SELECT channel_id AS "channel!" FROM orders INDEXED BY orders_channel
               WHERE channel_id IS NOT NULL
                 AND (status IN ('cancelled', 'expired') OR status = 'completed' AND delivery IN ('dm', 'fetched', 'by_hand'))
                 AND channel_id NOT IN (SELECT value FROM json_each(?))
               ORDER BY status = 'completed', ended_at LIMIT 1"#,
            except
        )
        .fetch_optional(&db.readers)
        .await?;
    Ok(channel.map(ChannelId::from_sql))
}

/// When the ticket of an order will be deleted, once that is decided.
pub async fn ticket_closes_at(db: &Db, order: &OrderId) -> Result<Option<Millis>, Error> {
    let key = Effect::DeleteTicket { order: order.clone() }.key();
    let at = sqlx::query_scalar!("SELECT run_at FROM outbox WHERE key = ?", key).fetch_optional(&db.readers).await?;
    Ok(at.map(Millis))
}

/// The status message is gone: it is posted again.
pub async fn status_lost(db: &Db, order: &OrderId) -> Result<(), Error> {
    let id = order.as_str();
    let mut tx = db.begin().await?;
    sqlx::query!("UPDATE orders SET status_message_id = NULL, status_digest = NULL WHERE id = ?", id)
        .execute(tx.sql())
        .await?;
    tx.commit().await
}

/// Discord refuses for good to make a ticket: an unpaid order is cancelled, and the owner is
/// told. An order with money behind it stays; the refusal is then the caller's to count.
pub async fn no_ticket(
    db: &Db,
    lease: &Lease,
    order: &OrderId,
    (cause, why): (CancelCause, Refused),
    now: Millis,
) -> Result<bool, Error> {
    let mut tx = db.begin().await?;
    if !db::orders::end_cancelled(&mut tx, order, BOT, cause, now).await? {
        return Ok(false);
    }
    let news = match cause {
        CancelCause::NoRoom => OwnerNews::NoRoom { order: Some(order.clone()) },
        _ => OwnerNews::NoTicket { order: order.clone(), why: Some(why) },
    };
    db::maintenance::housekeeping::enqueue_hourly_owner_news(&mut tx, &news, now).await?;
    db::outbox::finish_row(&mut tx, lease, now).await?;
    tx.commit().await?;
    Ok(true)
}

/// The ticket channel is gone, by hand or by us. An unpaid order is cancelled and the
/// customer can order at once; a paid one stays, and its ticket is made again when something
/// must be said in it.
pub async fn ticket_gone(db: &Db, channel: ChannelId, now: Millis) -> Result<Option<OrderId>, Error> {
    let channel = channel.to_sql();
    let mut tx = db.begin().await?;
    sqlx::query!("DELETE FROM bot_messages WHERE channel_id = ?", channel).execute(tx.sql()).await?;
    let id = sqlx::query_scalar!(
        "UPDATE orders SET channel_id = NULL, status_message_id = NULL, status_digest = NULL, channel_locked = 0,
                 updated_at = ? WHERE channel_id = ? RETURNING id",
        now.0,
        channel
    )
    .fetch_optional(tx.sql())
    .await?;
    let order = id.and_then(|id| id.parse::<OrderId>().ok());
    if let Some(order) = &order {
        if !db::orders::end_cancelled(&mut tx, order, BOT, CancelCause::TicketDeleted, now).await? {
            db::orders::audit_order(&mut tx, BOT, "ticket.gone", order, json!({}), now).await?;
            // Made again where something must be said in it: what is missing of a part payment.
            db::outbox::enqueue(&mut tx, &Effect::SyncTicket { order: order.clone() }, now, now).await?;
        }
        tx.about(Subject::Order(order.clone()));
    }
    tx.commit().await?;
    Ok(order)
}

/// Remembers the ticket's deletion by us, and ends the effect.
pub async fn ticket_deleted(db: &Db, lease: &Lease, order: &OrderId, now: Millis) -> Result<(), Error> {
    let id = order.as_str();
    let mut tx = db.begin().await?;
    sqlx::query!("DELETE FROM bot_messages WHERE channel_id = (SELECT channel_id FROM orders WHERE id = ?)", id)
        .execute(tx.sql())
        .await?;
    sqlx::query!(
            "UPDATE orders SET channel_id = NULL, status_message_id = NULL, status_digest = NULL, channel_locked = 0 WHERE id = ?",
            id
        )
        .execute(tx.sql())
        .await?;
    db::outbox::cancel(&mut tx, &Effect::SyncTicket { order: order.clone() }.key()).await?;
    db::outbox::finish_row(&mut tx, lease, now).await?;
    tx.about(Subject::Order(order.clone()));
    tx.commit().await
}

/// Puts off the deletion of a ticket, and ends this try of it.
pub async fn delete_ticket_later(
    db: &Db,
    lease: &Lease,
    order: &OrderId,
    at: Millis,
    remind: bool,
    now: Millis,
) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    db::outbox::finish_row(&mut tx, lease, now).await?;
    db::outbox::enqueue(&mut tx, &Effect::DeleteTicket { order: order.clone() }, at, now).await?;
    if remind {
        db::outbox::enqueue(&mut tx, &Effect::Notify { order: order.clone(), notice: Notice::LinkWaits }, now, now)
            .await?;
    }
    tx.commit().await
}

/// The link went out by direct message.
pub async fn delivered(db: &Db, lease: &Lease, order: &OrderId, now: Millis) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    delivered_by_dm(&mut tx, order, now).await?;
    db::outbox::finish_row(&mut tx, lease, now).await?;
    tx.commit().await
}

/// Discord refuses direct messages to this customer, for good: the link waits in the ticket.
pub async fn dm_closed(db: &Db, lease: &Lease, order: &OrderId, now: Millis) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    set_delivery(&mut tx, order, "dm_closed", None).await?;
    db::orders::audit_order(&mut tx, BOT, "link.dm_closed", order, json!({}), now).await?;
    show_delivery(&mut tx, order, now).await?;
    db::outbox::enqueue(&mut tx, &Effect::Notify { order: order.clone(), notice: Notice::LinkWaits }, now, now).await?;
    db::outbox::finish_row(&mut tx, lease, now).await?;
    tx.commit().await
}

/// The customer fetched the links of these orders.
pub async fn fetched(db: &Db, customer: UserId, orders: &[OrderId], now: Millis) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    for order in orders {
        let (id, user) = (order.as_str(), customer.to_sql());
        let first = sqlx::query!(
            "UPDATE orders SET delivery = 'fetched', delivered_at = ?
                 WHERE id = ? AND user_id = ? AND status = 'completed' AND delivery IN ('none', 'dm_closed')",
            now.0,
            id,
            user
        )
        .execute(tx.sql())
        .await?;
        if first.rows_affected() == 1 {
            db::orders::audit_order(&mut tx, customer, "link.fetch", order, json!({}), now).await?;
            show_delivery(&mut tx, order, now).await?;
        }
    }
    tx.commit().await
}

/// Tracks a message of ours that is deleted again when its kind's time is over, and ends the
/// effect.
pub async fn posted(
    db: &Db,
    lease: &Lease,
    message: MessageId,
    channel: ChannelId,
    kind: Tracked,
    now: Millis,
) -> Result<(), Error> {
    let (message, channel) = (message.to_sql(), channel.to_sql());
    let (delete_at, kind) = (now.plus(kind.stays()), kind.as_str());
    let question = match &lease.effect {
        Effect::Notify { notice: Notice::Asked { question }, .. } => Some(question.0),
        _ => None,
    };
    let mut tx = db.begin().await?;
    sqlx::query!(
        "INSERT OR IGNORE INTO bot_messages (message_id, channel_id, kind, created_at, delete_at, question_id)
             VALUES (?, ?, ?, ?, ?, ?)",
        message,
        channel,
        kind,
        now.0,
        delete_at.0,
        question
    )
    .execute(tx.sql())
    .await?;
    db::outbox::finish_row(&mut tx, lease, now).await?;
    tx.commit().await
}

/// An order's link is in the customer's direct messages.
pub(in crate::db) async fn delivered_by_dm(tx: &mut WriteTx, order: &OrderId, now: Millis) -> Result<(), Error> {
    set_delivery(tx, order, "dm", Some(now)).await?;
    db::orders::audit_order(tx, BOT, "link.deliver", order, json!({ "by": "dm" }), now).await?;
    show_delivery(tx, order, now).await
}

async fn set_delivery(tx: &mut WriteTx, order: &OrderId, how: &str, at: Option<Millis>) -> Result<(), Error> {
    let (id, at) = (order.as_str(), at.map(|at| at.0));
    sqlx::query!(
        "UPDATE orders SET delivery = ?, delivered_at = ? WHERE id = ? AND delivery IN ('none', 'dm_closed')",
        how,
        at,
        id
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

async fn show_delivery(tx: &mut WriteTx, order: &OrderId, now: Millis) -> Result<(), Error> {
    db::outbox::enqueue(tx, &Effect::SyncTicket { order: order.clone() }, now, now).await?;
    db::outbox::show_on_card(tx, order, now).await?;
    tx.about(Subject::Order(order.clone()));
    Ok(())
}

/// Seats as they stand in a row.
fn written(staff_overwrites: &BTreeSet<StaffOverwrite>) -> String {
    staff_overwrites.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
