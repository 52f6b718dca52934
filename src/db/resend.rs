//! A link that staff had sent again, and what became of that.

use serde_json::json;

use super::{
    Db, Error, Subject,
    audit::{BOT, Happened},
    outbox::Claim,
};
use crate::domain::{Millis, SubscriptionRow, UserId, effect::Effect};

/// How a link that was sent again fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resent {
    /// It is in the customer's direct messages.
    Sent,
    /// Those are closed.
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

impl Db {
    /// Has the link sent again; `asked` tells this request from others.
    pub async fn resend(
        &self,
        subscription: SubscriptionRow,
        user: UserId,
        asked: u64,
        by: UserId,
        now: Millis,
    ) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        tx.enqueue(&Effect::ResendLink { subscription, user, asked }, now, now).await?;
        let payload = json!({ "asked": asked.to_string(), "customer": user });
        let happened =
            Happened { actor: by, action: "link.resend", target: target(subscription), payload, session: None };
        tx.audit(now, happened).await?;
        tx.commit().await
    }

    /// What became of it: booked together with the end of the effect. Orders whose link nobody
    /// had yet are delivered by it.
    pub async fn resent(
        &self,
        claim: &Claim,
        subscription: SubscriptionRow,
        asked: u64,
        how: Resent,
        now: Millis,
    ) -> Result<(), Error> {
        let waiting = if how == Resent::Sent { self.undelivered_of(subscription).await? } else { Vec::new() };
        let mut tx = self.begin().await?;
        for order in &waiting {
            tx.delivered_by_dm(order, now).await?;
        }
        let payload = json!({ "asked": asked.to_string(), "orders": waiting });
        let happened =
            Happened { actor: BOT, action: how.action(), target: target(subscription), payload, session: None };
        tx.audit(now, happened).await?;
        tx.finish(claim, now).await?;
        tx.about(Subject::Subscription(subscription));
        tx.commit().await
    }

    /// What became of a request to send the link again, once that is known.
    pub async fn resend_outcome(&self, subscription: SubscriptionRow, asked: u64) -> Result<Option<Resent>, Error> {
        let (target, asked) = (target(subscription), asked.to_string());
        let action = sqlx::query_scalar!(
            "SELECT action FROM audit_logs WHERE target = ? AND action IN ('link.resent', 'link.dm_closed')
               AND json_extract(payload, '$.asked') = ? ORDER BY id DESC LIMIT 1",
            target,
            asked
        )
        .fetch_optional(&self.readers)
        .await?;
        Ok(action.map(|action| if action == Resent::Sent.action() { Resent::Sent } else { Resent::DmClosed }))
    }
}
