//! The ticket channel of an order as last seen on Discord, and the link's delivery.

use super::{Db, Error, Subject, WriteTx, audit::BOT, outbox::Claim};
use crate::domain::{
    ChannelId, MessageId, Millis, OrderId, UserId,
    access::Seat,
    effect::{Effect, Notice, OwnerNews},
    order::CancelCause,
    refused::Refused,
    tracked::Tracked,
};
use serde_json::json;
use std::collections::BTreeSet;

impl Db {
    /// Remembers the channel that was made for an order; `seats` is who of staff sees it, where
    /// that is known.
    pub async fn ticket_made(
        &self,
        order: &OrderId,
        channel: ChannelId,
        locked: bool,
        seats: Option<&BTreeSet<Seat>>,
        now: Millis,
    ) -> Result<(), Error> {
        let (id, channel, seats) = (order.as_str(), channel.to_sql(), seats.map(written));
        let mut tx = self.begin().await?;
        sqlx::query!(
            "UPDATE orders SET channel_id = ?, channel_locked = ?, seats = ?, status_message_id = NULL, status_digest = NULL,
                 last_seen_message_id = 0, updated_at = ? WHERE id = ?",
            channel,
            locked,
            seats,
            now.0,
            id
        )
        .execute(tx.sql())
        .await?;
        tx.enqueue(&Effect::Notify { order: order.clone(), notice: Notice::Welcome }, now, now).await?;
        tx.ask_again(order, now).await?;
        tx.about(Subject::Order(order.clone()));
        tx.commit().await
    }

    /// Remembers that the customer's overwrite now forbids (or allows) writing.
    pub async fn ticket_locked(&self, order: &OrderId, locked: bool) -> Result<(), Error> {
        let id = order.as_str();
        let mut tx = self.begin().await?;
        sqlx::query!("UPDATE orders SET channel_locked = ? WHERE id = ?", locked, id).execute(tx.sql()).await?;
        tx.about(Subject::Order(order.clone()));
        tx.commit().await
    }

    /// Remembers who of staff sees the ticket now.
    pub async fn ticket_seated(&self, order: &OrderId, seats: &BTreeSet<Seat>) -> Result<(), Error> {
        let (id, seats) = (order.as_str(), written(seats));
        let mut tx = self.begin().await?;
        sqlx::query!("UPDATE orders SET seats = ? WHERE id = ?", seats, id).execute(tx.sql()).await?;
        tx.commit().await
    }

    /// Remembers the status message and what it says, and ends the effect.
    pub async fn status_shown(
        &self,
        claim: &Claim,
        order: &OrderId,
        message: MessageId,
        digest: &str,
        now: Millis,
    ) -> Result<(), Error> {
        let (id, message) = (order.as_str(), message.to_sql());
        let mut tx = self.begin().await?;
        sqlx::query!("UPDATE orders SET status_message_id = ?, status_digest = ? WHERE id = ?", message, digest, id)
            .execute(tx.sql())
            .await?;
        tx.finish(claim, now).await?;
        tx.about(Subject::Order(order.clone()));
        tx.commit().await
    }

    /// Remembers the status message and what it says, while the effect goes on.
    pub async fn status_is(&self, order: &OrderId, message: MessageId, digest: &str) -> Result<(), Error> {
        let (id, message) = (order.as_str(), message.to_sql());
        let mut tx = self.begin().await?;
        sqlx::query!("UPDATE orders SET status_message_id = ?, status_digest = ? WHERE id = ?", message, digest, id)
            .execute(tx.sql())
            .await?;
        tx.commit().await
    }

    /// The ticket that is missed least, besides those in `except`: its order ended unpaid, or was
    /// completed and its link has reached its customer, longest ago. There are as many tickets as Discord
    /// has room for, however many orders there were.
    pub async fn ticket_to_spare(&self, except: &[ChannelId]) -> Result<Option<ChannelId>, Error> {
        let except = serde_json::json!(except.iter().map(|channel| channel.to_sql()).collect::<Vec<_>>()).to_string();
        let channel = sqlx::query_scalar!(
            r#"SELECT channel_id AS "channel!" FROM orders INDEXED BY orders_channel
               WHERE channel_id IS NOT NULL
                 AND (status IN ('cancelled', 'expired') OR status = 'completed' AND delivery IN ('dm', 'fetched', 'by_hand'))
                 AND channel_id NOT IN (SELECT value FROM json_each(?))
               ORDER BY status = 'completed', ended_at LIMIT 1"#,
            except
        )
        .fetch_optional(&self.readers)
        .await?;
        Ok(channel.map(ChannelId::from_sql))
    }

    /// When the ticket of an order will be deleted, once that is decided.
    pub async fn ticket_closes_at(&self, order: &OrderId) -> Result<Option<Millis>, Error> {
        let key = Effect::DeleteTicket { order: order.clone() }.key();
        let at =
            sqlx::query_scalar!("SELECT run_at FROM outbox WHERE key = ?", key).fetch_optional(&self.readers).await?;
        Ok(at.map(Millis))
    }

    /// The status message is gone: it is posted again.
    pub async fn status_lost(&self, order: &OrderId) -> Result<(), Error> {
        let id = order.as_str();
        let mut tx = self.begin().await?;
        sqlx::query!("UPDATE orders SET status_message_id = NULL, status_digest = NULL WHERE id = ?", id)
            .execute(tx.sql())
            .await?;
        tx.commit().await
    }

    /// Discord refuses for good to make a ticket: an unpaid order is cancelled, and the owner is
    /// told. An order with money behind it stays; the refusal is then the caller's to count.
    pub async fn no_ticket(
        &self,
        claim: &Claim,
        order: &OrderId,
        (cause, why): (CancelCause, Refused),
        now: Millis,
    ) -> Result<bool, Error> {
        let mut tx = self.begin().await?;
        if !tx.cancel(order, BOT, cause, now).await? {
            return Ok(false);
        }
        let news = match cause {
            CancelCause::NoRoom => OwnerNews::NoRoom { order: Some(order.clone()) },
            _ => OwnerNews::NoTicket { order: order.clone(), why: Some(why) },
        };
        tx.tell_owners_hourly(&news, now).await?;
        tx.finish(claim, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The ticket channel is gone, by hand or by us. An unpaid order is cancelled and the
    /// customer can order at once; a paid one stays, and its ticket is made again when something
    /// must be said in it.
    pub async fn ticket_gone(&self, channel: ChannelId, now: Millis) -> Result<Option<OrderId>, Error> {
        let channel = channel.to_sql();
        let mut tx = self.begin().await?;
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
            if !tx.cancel(order, BOT, CancelCause::TicketDeleted, now).await? {
                tx.audit_order(BOT, "ticket.gone", order, json!({}), now).await?;
                // Made again where something must be said in it: what is missing of a part payment.
                tx.enqueue(&Effect::SyncTicket { order: order.clone() }, now, now).await?;
            }
            tx.about(Subject::Order(order.clone()));
        }
        tx.commit().await?;
        Ok(order)
    }

    /// Remembers the ticket's deletion by us, and ends the effect.
    pub async fn ticket_deleted(&self, claim: &Claim, order: &OrderId, now: Millis) -> Result<(), Error> {
        let id = order.as_str();
        let mut tx = self.begin().await?;
        sqlx::query!("DELETE FROM bot_messages WHERE channel_id = (SELECT channel_id FROM orders WHERE id = ?)", id)
            .execute(tx.sql())
            .await?;
        sqlx::query!(
            "UPDATE orders SET channel_id = NULL, status_message_id = NULL, status_digest = NULL, channel_locked = 0 WHERE id = ?",
            id
        )
        .execute(tx.sql())
        .await?;
        tx.unwant(&Effect::SyncTicket { order: order.clone() }.key()).await?;
        tx.finish(claim, now).await?;
        tx.about(Subject::Order(order.clone()));
        tx.commit().await
    }

    /// Puts off the deletion of a ticket, and ends this try of it.
    pub async fn delete_ticket_later(
        &self,
        claim: &Claim,
        order: &OrderId,
        at: Millis,
        remind: bool,
        now: Millis,
    ) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        tx.finish(claim, now).await?;
        tx.enqueue(&Effect::DeleteTicket { order: order.clone() }, at, now).await?;
        if remind {
            tx.enqueue(&Effect::Notify { order: order.clone(), notice: Notice::LinkWaits }, now, now).await?;
        }
        tx.commit().await
    }

    /// The link went out by direct message.
    pub async fn delivered(&self, claim: &Claim, order: &OrderId, now: Millis) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        tx.delivered_by_dm(order, now).await?;
        tx.finish(claim, now).await?;
        tx.commit().await
    }

    /// Discord refuses direct messages to this customer, for good: the link waits in the ticket.
    pub async fn dm_closed(&self, claim: &Claim, order: &OrderId, now: Millis) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        tx.set_delivery(order, "dm_closed", None).await?;
        tx.audit_order(BOT, "link.dm_closed", order, json!({}), now).await?;
        tx.show_delivery(order, now).await?;
        tx.enqueue(&Effect::Notify { order: order.clone(), notice: Notice::LinkWaits }, now, now).await?;
        tx.finish(claim, now).await?;
        tx.commit().await
    }

    /// The customer fetched the links of these orders.
    pub async fn fetched(&self, customer: UserId, orders: &[OrderId], now: Millis) -> Result<(), Error> {
        let mut tx = self.begin().await?;
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
                tx.audit_order(customer, "link.fetch", order, json!({}), now).await?;
                tx.show_delivery(order, now).await?;
            }
        }
        tx.commit().await
    }

    /// Tracks a message of ours that is deleted again when its kind's time is over, and ends the
    /// effect.
    pub async fn posted(
        &self,
        claim: &Claim,
        message: MessageId,
        channel: ChannelId,
        kind: Tracked,
        now: Millis,
    ) -> Result<(), Error> {
        let (message, channel) = (message.to_sql(), channel.to_sql());
        let (delete_at, kind) = (now.plus(kind.stays()), kind.as_str());
        let question = match &claim.effect {
            Effect::Notify { notice: Notice::Asked { question }, .. } => Some(question.0),
            _ => None,
        };
        let mut tx = self.begin().await?;
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
        tx.finish(claim, now).await?;
        tx.commit().await
    }
}

impl WriteTx {
    /// An order's link is in the customer's direct messages.
    pub(super) async fn delivered_by_dm(&mut self, order: &OrderId, now: Millis) -> Result<(), Error> {
        self.set_delivery(order, "dm", Some(now)).await?;
        self.audit_order(BOT, "link.deliver", order, json!({ "by": "dm" }), now).await?;
        self.show_delivery(order, now).await
    }

    async fn set_delivery(&mut self, order: &OrderId, how: &str, at: Option<Millis>) -> Result<(), Error> {
        let (id, at) = (order.as_str(), at.map(|at| at.0));
        sqlx::query!(
            "UPDATE orders SET delivery = ?, delivered_at = ? WHERE id = ? AND delivery IN ('none', 'dm_closed')",
            how,
            at,
            id
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    async fn show_delivery(&mut self, order: &OrderId, now: Millis) -> Result<(), Error> {
        self.enqueue(&Effect::SyncTicket { order: order.clone() }, now, now).await?;
        self.show_on_card(order, now).await?;
        self.about(Subject::Order(order.clone()));
        Ok(())
    }
}

/// Seats as they stand in a row.
fn written(seats: &BTreeSet<Seat>) -> String {
    seats.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
