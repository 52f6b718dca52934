//! The one place where a row becomes an [`Order`].

use crate::{
    db::{Db, Error, moment, money, unsigned},
    domain::{
        ChannelId, MessageId, Millis, Order, OrderId, OrderState, OrderStatus, SubscriptionRow, UserId,
        attention::{Cause, Trouble},
        order::{CancelCause, Decision, Delivery, MethodSnapshot, PlanSnapshot, Source, Ticket},
        shop::ReferencePolicy,
    },
};

#[derive(Debug)]
struct Row {
    id: String,
    source: String,
    user_id: i64,
    status: String,
    created_at: i64,
    plan_id: String,
    plan_name: String,
    duration_days: i64,
    quota_bytes: i64,
    price_minor: i64,
    currency: String,
    panel: String,
    method_id: Option<String>,
    method_name: Option<String>,
    method_account: Option<String>,
    method_holder: Option<String>,
    method_text: Option<String>,
    method_reference: String,
    reference: Option<String>,
    attempts_left: i64,
    received_minor: i64,
    expires_at: i64,
    reason: Option<String>,
    cause: Option<String>,
    decided_by: Option<i64>,
    decided_at: Option<i64>,
    ended_at: Option<i64>,
    subscription_id: Option<i64>,
    delivery: String,
    delivered_at: Option<i64>,
    channel_id: Option<i64>,
    channel_locked: i64,
    status_message_id: Option<i64>,
    status_digest: Option<String>,
    last_seen_message_id: i64,
    staff_overwrites: Option<String>,
    reversed_by: Option<i64>,
    reversed_at: Option<i64>,
}

impl TryFrom<Row> for Order {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let state = row.state()?;
        let method = match (row.method_id, row.method_name) {
            (Some(id), Some(name)) => Some(MethodSnapshot {
                id,
                name,
                account: row.method_account.unwrap_or_default(),
                holder: row.method_holder.unwrap_or_default(),
                instructions: row.method_text.unwrap_or_default(),
                reference: ReferencePolicy::from_name(&row.method_reference),
            }),
            _ => None,
        };
        let delivered = Millis(row.delivered_at.unwrap_or_default());
        Ok(Self {
            id: row.id.parse().map_err(|_| damaged(format!("id `{}`", row.id)))?,
            source: if row.source == "manual" { Source::Manual } else { Source::Shop },
            customer: UserId::from_sql(row.user_id),
            created_at: Millis(row.created_at),
            plan: PlanSnapshot {
                id: row.plan_id,
                name: row.plan_name,
                duration_days: u32::try_from(row.duration_days).unwrap_or(0),
                quota_bytes: unsigned(row.quota_bytes),
                price: money(row.price_minor, &row.currency)?,
                panel: row.panel,
            },
            method,
            reference: row.reference,
            attempts_left: u32::try_from(row.attempts_left).unwrap_or(0),
            received: money(row.received_minor, &row.currency)?,
            state,
            ticket: Ticket {
                channel: row.channel_id.map(ChannelId::from_sql),
                locked: row.channel_locked != 0,
                status_message: row.status_message_id.map(MessageId::from_sql),
                status_digest: row.status_digest,
                last_seen: row.last_seen_message_id.cast_unsigned(),
                staff_overwrites: row
                    .staff_overwrites
                    .map(|staff_overwrites| staff_overwrites.split(' ').filter_map(|seat| seat.parse().ok()).collect()),
            },
            delivery: match row.delivery.as_str() {
                "dm" => Delivery::Dm(delivered),
                "dm_closed" => Delivery::DmClosed,
                "fetched" => Delivery::Fetched(delivered),
                "by_hand" => Delivery::ByHand(delivered),
                _ => Delivery::None,
            },
            subscription: row.subscription_id.map(SubscriptionRow),
        })
    }
}

impl Row {
    /// A state carries what exists in it; a row that lacks it is damaged.
    fn state(&self) -> Result<OrderState, Error> {
        let status: OrderStatus = self.status.parse().map_err(|_| damaged(format!("status `{}`", self.status)))?;
        let decision = |by: Option<i64>, at: Option<i64>| match (by, moment(at)) {
            (Some(by), Some(at)) => Ok(Decision { by: UserId::from_sql(by), at }),
            _ => Err(damaged(format!("order {} is {status} and nobody decided it", self.id))),
        };
        let decided = || decision(self.decided_by, self.decided_at);
        let ended = Millis(self.ended_at.unwrap_or(self.created_at));
        let reason = || self.reason.clone().unwrap_or_default();
        let trouble = || Trouble::from_columns(self.cause.as_deref(), self.reason.as_deref());
        Ok(match status {
            OrderStatus::PendingPayment => {
                OrderState::PendingPayment { expires_at: Millis(self.expires_at), declined: self.reason.clone() }
            }
            OrderStatus::PaymentSubmitted => OrderState::PaymentSubmitted { returned: trouble() },
            OrderStatus::Provisioning => OrderState::Provisioning { approved: decided()? },
            OrderStatus::NeedsAttention => OrderState::NeedsAttention {
                approved: decided()?,
                trouble: trouble().unwrap_or_else(|| Trouble::new(Cause::Unknown, "")),
            },
            OrderStatus::Completed => OrderState::Completed { approved: decided()?, at: ended },
            OrderStatus::Declined => OrderState::Declined { decided: decided()?, reason: reason() },
            OrderStatus::Cancelled => OrderState::Cancelled { cause: CancelCause::from_name(&reason()), at: ended },
            OrderStatus::Expired => OrderState::Expired { at: ended },
            OrderStatus::Reversed => OrderState::Reversed {
                approved: decided()?,
                decided: decision(self.reversed_by, self.reversed_at)?,
                reason: reason(),
            },
        })
    }
}

fn damaged(problem: String) -> Error {
    Error::Damaged { table: "orders", problem }
}

pub async fn order(db: &Db, id: &OrderId) -> Result<Option<Order>, Error> {
    let id = id.as_str();
    let row = sqlx::query_as!(
            Row,
            r#"SELECT id, source, user_id, status, created_at, plan_id, plan_name, duration_days, quota_bytes, price_minor,
                    currency, panel, method_id, method_name, method_account, method_holder, method_text, method_reference, reference, attempts_left,
                    COALESCE((SELECT p.received_minor FROM payments p WHERE p.order_id = orders.id), 0) AS "received_minor!: i64",
                    expires_at, reason, cause, decided_by, decided_at, ended_at, subscription_id, delivery, delivered_at,
                    channel_id, channel_locked, status_message_id, status_digest, last_seen_message_id, staff_overwrites, reversed_by, reversed_at
             FROM orders WHERE id = ?"#,
            id
        )
        .fetch_optional(&db.readers)
        .await?;
    row.map(Order::try_from).transpose()
}
