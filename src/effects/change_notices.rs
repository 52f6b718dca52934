//! What is said about changes by staff: the customer's message about a change, the line in the
//! review channel that nobody waited for, and the card of a sale by hand.

use super::{EffectContext, EffectError, discord::Trouble, notify::say};
use crate::{
    db::{self, access::change_requests::Standing, access::subscriptions::Subscription, outbox::Lease},
    domain::{
        OrderId, UserId, change::Change, change::ChangeId, discord_error::Refused, grants::Expiry, tracked::Tracked,
    },
    view::{
        Marker,
        change::Outcome,
        change_notice::{self, LineFacts, ToldFacts},
        delivery::LinkFacts,
    },
};

async fn found(context: &EffectContext, id: ChangeId) -> Result<Option<(Standing, Subscription)>, EffectError> {
    let Some(change) = db::access::change_requests::change(&context.db, id).await? else { return Ok(None) };
    let subscription = db::access::subscriptions::subscription(&context.db, change.subscription).await?;
    Ok(subscription.map(|subscription| (change, subscription)))
}

/// Tells the customer what was changed.
pub(super) async fn tell(
    context: &EffectContext,
    lease: &Lease,
    id: ChangeId,
    user: UserId,
) -> Result<(), EffectError> {
    let found = found(context, id).await?.filter(|(change, _)| change.applied.is_some());
    let Some((change, sub)) = found else {
        return Ok(db::outbox::finish(&context.db, lease, context.clock.now()).await?);
    };
    let plan = db::access::subscriptions::plan_of(&context.db, sub.id).await?.unwrap_or_default();
    let page = context.panels.get(&sub.panel).and_then(|panel| panel.reader().subscription_link(&sub.sub_id));
    let (expiry, quota) = (sub.expiry.unwrap_or(Expiry::Never), sub.quota.unwrap_or(0));
    let tells_link = matches!(change.what, Change::Rotate {} | Change::Adopt {});
    let link = sub.link.as_deref().filter(|_| tells_link).map(|link| LinkFacts {
        plan: &plan,
        link,
        as_of: None,
        subscription: page.as_deref(),
        expiry,
        quota,
        used: None,
    });
    let facts = ToldFacts { id, change: &change.what, expiry, quota, enabled: !sub.disabled, link };
    let post = change_notice::told(context.locale_of(user).await?, &facts);
    let sent: Result<(), Trouble> = async {
        let channel = context.dm_channel(user).await?;
        say(context, lease, channel, post, &Marker::change(id)).await.map(drop)
    }
    .await;
    let now = context.clock.now();
    match sent {
        Ok(()) => Ok(db::access::change_requests::change_notified(&context.db, lease, id, true, now).await?),
        Err(trouble) => {
            context.not_sent(lease, trouble).await?;
            Ok(db::access::change_requests::change_notified(&context.db, lease, id, false, now).await?)
        }
    }
}

/// Tells staff what came of a change whose answer nobody watches any more.
pub(super) async fn line(context: &EffectContext, lease: &Lease, id: ChangeId) -> Result<(), EffectError> {
    let now = context.clock.now();
    let Some((change, sub)) = found(context, id).await? else {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    };
    let outcome = match &change.refusal {
        Some(trouble) => Outcome::Void(trouble),
        None => Outcome::Done {
            change: &change.what,
            kept: change.kept,
            told: None,
            expiry: sub.expiry.unwrap_or(Expiry::Never),
            quota: sub.quota.unwrap_or(0),
        },
    };
    let (actor, at, customer) = (change.actor, change.at, sub.user);
    let facts = LineFacts { id, actor, at, customer, email: &sub.email, outcome };
    let post = change_notice::line(context.shop_locale(), &facts);
    let channel = context.config.discord.review_channel_id;
    let message = say(context, lease, channel, post, &Marker::change(id)).await?;
    Ok(db::orders::tickets::posted(&context.db, lease, message, channel, Tracked::StaffNews, now).await?)
}

/// Makes the card of a sale by hand what the order says.
pub(super) async fn sale_card(context: &EffectContext, lease: &Lease, id: &OrderId) -> Result<(), EffectError> {
    let now = context.clock.now();
    let (Some(order), Some(sale)) =
        (db::orders::order(&context.db, id).await?, db::access::manual_sales::sale_card(&context.db, id).await?)
    else {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    };
    let name =
        db::orders::customer(&context.db, order.customer).await?.map(|customer| customer.name).unwrap_or_default();
    let channel = context.config.discord.review_channel_id;
    let post = change_notice::sale_card(context.shop_locale(), &order, &name, &sale.note);
    let digest = post.digest();
    if let Some(known) = sale.message {
        if sale.digest.as_deref() == Some(&digest) {
            return Ok(db::outbox::finish(&context.db, lease, now).await?);
        }
        match context.edit(channel, known, post.clone()).await {
            Ok(()) => {
                return Ok(
                    db::access::manual_sales::sale_card_shown(&context.db, lease, id, known, &digest, now).await?
                );
            }
            // Somebody deleted it: it is posted again where somebody has to press something.
            Err(trouble) if trouble.is(Refused::NoMessage) && !post.asks() => {
                return Ok(
                    db::access::manual_sales::sale_card_shown(&context.db, lease, id, known, &digest, now).await?
                );
            }
            Err(trouble) if trouble.is(Refused::NoMessage) => {}
            Err(trouble) => return Err(trouble.into()),
        }
    }
    let message = if sale.message.is_none() {
        say(context, lease, channel, post, &Marker::sale(id)).await?
    } else {
        let seed = format!("{}:{}:{:?}", lease.effect.key(), lease.first_try_at, sale.message);
        context.post(channel, post, &seed).await?
    };
    Ok(db::access::manual_sales::sale_card_shown(&context.db, lease, id, message, &digest, now).await?)
}
