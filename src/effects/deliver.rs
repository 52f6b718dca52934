//! The link, by direct message, once.

use super::{EffectContext, EffectError, discord::Trouble};
use crate::{
    db::{self, outbox::Lease},
    domain::{OrderId, OrderStatus, UserId, grants::Expiry, order::Delivery},
    view::{
        Marker,
        delivery::{LinkFacts, dm},
    },
};

/// Sends the link of a completed order.
pub(super) async fn link(
    context: &EffectContext,
    lease: &Lease,
    id: &OrderId,
    user: UserId,
) -> Result<(), EffectError> {
    let now = context.clock.now();
    let Some(order) = db::orders::order(&context.db, id).await? else {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    };
    let due = order.status() == OrderStatus::Completed && order.delivery == Delivery::None;
    let (true, Some(row)) = (due, order.subscription) else {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    };
    let given = db::access::grants::given(&context.db, id, row).await?;
    let Some(sub) = db::access::subscriptions::subscription(&context.db, row).await? else {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    };
    let Some(link) = sub.link.as_deref() else {
        return Err(EffectError::Row("the subscription has no link yet".to_owned()));
    };
    let subscription = context.panels.get(&sub.panel).and_then(|panel| panel.reader().subscription_link(&sub.sub_id));
    let facts = LinkFacts {
        plan: &order.plan.name,
        link,
        as_of: None,
        subscription: subscription.as_deref(),
        expiry: sub.expiry.unwrap_or(Expiry::Never),
        quota: sub.quota.unwrap_or_default(),
        used: None,
    };
    let locale = context.locale_of(user).await?;
    let post = dm(locale, id, &facts, given.is_some_and(|given| given.renewal));
    let sent: Result<(), Trouble> = async {
        let channel = context.dm_channel(user).await?;
        if lease.must_look_first() {
            let marker = Marker::link(id);
            if context.find_posted(channel, &marker, lease.first_try_at).await?.is_some() {
                return Ok(());
            }
        }
        let seed = format!("{}:{}", lease.effect.key(), lease.first_try_at);
        context.post(channel, post, &seed).await.map(drop)
    }
    .await;
    let now = context.clock.now();
    match sent {
        Ok(()) => Ok(db::orders::tickets::delivered(&context.db, lease, id, now).await?),
        Err(trouble) => {
            context.not_sent(lease, trouble).await?;
            Ok(db::orders::tickets::dm_closed(&context.db, lease, id, now).await?)
        }
    }
}
