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
pub(super) async fn link(world: &EffectContext, claim: &Lease, id: &OrderId, user: UserId) -> Result<(), EffectError> {
    let now = world.clock.now();
    let Some(order) = db::orders::order(&world.db, id).await? else {
        return Ok(db::outbox::finish(&world.db, claim, now).await?);
    };
    let due = order.status() == OrderStatus::Completed && order.delivery == Delivery::None;
    let (true, Some(row)) = (due, order.subscription) else {
        return Ok(db::outbox::finish(&world.db, claim, now).await?);
    };
    let given = db::access::grants::given(&world.db, id, row).await?;
    let Some(sub) = db::access::subscriptions::subscription(&world.db, row).await? else {
        return Ok(db::outbox::finish(&world.db, claim, now).await?);
    };
    let Some(link) = sub.link.as_deref() else {
        return Err(EffectError::Row("the subscription has no link yet".to_owned()));
    };
    let subscription = world.panels.get(&sub.panel).and_then(|panel| panel.reader().subscription_link(&sub.sub_id));
    let facts = LinkFacts {
        plan: &order.plan.name,
        link,
        as_of: None,
        subscription: subscription.as_deref(),
        expiry: sub.expiry.unwrap_or(Expiry::Never),
        quota: sub.quota.unwrap_or_default(),
        used: None,
    };
    let locale = world.locale_of(user).await?;
    let post = dm(locale, id, &facts, given.is_some_and(|given| given.renewal));
    let sent: Result<(), Trouble> = async {
        let channel = world.dm_channel(user).await?;
        if claim.must_look_first() {
            let marker = Marker::link(id);
            if world.find_posted(channel, &marker, claim.first_try_at).await?.is_some() {
                return Ok(());
            }
        }
        let seed = format!("{}:{}", claim.effect.key(), claim.first_try_at);
        world.post(channel, post, &seed).await.map(drop)
    }
    .await;
    let now = world.clock.now();
    match sent {
        Ok(()) => Ok(db::orders::tickets::delivered(&world.db, claim, id, now).await?),
        Err(trouble) => {
            world.not_sent(claim, trouble).await?;
            Ok(db::orders::tickets::dm_closed(&world.db, claim, id, now).await?)
        }
    }
}
