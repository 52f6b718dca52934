//! A link that staff had sent again, and what became of that.

use serde_json::json;

use crate::db::{
    self, Db, Error, Subject,
    audit::{BOT, Happened},
    outbox::Lease,
};
use crate::domain::{Millis, SubscriptionRow, UserId, effect::Effect};

/// How a link that was sent again fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resent {
    /// It is in the customer's direct messages.
    Sent,
    DmClosed,
}

impl Resent {
    fn action(self) -> &'static str {
        match self {
            Self::Sent => "link.resent",
            Self::DmClosed => "link.dm_closed",
        }
    }
}

/// A subscription in the audit log.
pub fn target(subscription: SubscriptionRow) -> String {
    format!("subscription {}", subscription.0)
}

/// Has the link sent again; `asked` tells this request from others.
pub async fn resend(
    db: &Db,
    subscription: SubscriptionRow,
    user: UserId,
    asked: u64,
    by: UserId,
    now: Millis,
) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    db::outbox::enqueue(&mut tx, &Effect::ResendLink { subscription, user, asked }, now, now).await?;
    let payload = json!({ "asked": asked.to_string(), "customer": user });
    let happened = Happened { actor: by, action: "link.resend", target: target(subscription), payload, session: None };
    db::audit::audit(&mut tx, now, happened).await?;
    tx.commit().await
}

/// What became of it: booked together with the end of the effect. Orders whose link nobody
/// had yet are delivered by it.
pub async fn resent(
    db: &Db,
    lease: &Lease,
    subscription: SubscriptionRow,
    asked: u64,
    how: Resent,
    now: Millis,
) -> Result<(), Error> {
    let waiting = if how == Resent::Sent {
        db::access::subscriptions::undelivered_of(db, subscription).await?
    } else {
        Vec::new()
    };
    let mut tx = db.begin().await?;
    for order in &waiting {
        db::orders::tickets::delivered_by_dm(&mut tx, order, now).await?;
    }
    let payload = json!({ "asked": asked.to_string(), "orders": waiting });
    let happened = Happened { actor: BOT, action: how.action(), target: target(subscription), payload, session: None };
    db::audit::audit(&mut tx, now, happened).await?;
    db::outbox::finish_row(&mut tx, lease, now).await?;
    tx.about(Subject::Subscription(subscription));
    tx.commit().await
}

/// What became of a request to send the link again, once that is known.
pub async fn resend_outcome(db: &Db, subscription: SubscriptionRow, asked: u64) -> Result<Option<Resent>, Error> {
    let (target, asked) = (target(subscription), asked.to_string());
    let action = sqlx::query_scalar!(
        "SELECT action FROM audit_logs WHERE target = ? AND action IN ('link.resent', 'link.dm_closed')
               AND json_extract(payload, '$.asked') = ? ORDER BY id DESC LIMIT 1",
        target,
        asked
    )
    .fetch_optional(&db.readers)
    .await?;
    Ok(action.map(|action| if action == Resent::Sent.action() { Resent::Sent } else { Resent::DmClosed }))
}
