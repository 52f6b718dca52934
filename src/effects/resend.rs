//! The link once more, by direct message and nowhere else, because staff asked for it.

use super::{Failure, World, discord::Trouble};
use crate::{
    db::{outbox::Claim, resend::Resent},
    domain::{SubscriptionRow, UserId, grants::Expiry},
    view::{
        Marker,
        delivery::{LinkFacts, resent},
    },
};

/// Sends the link of a subscription.
pub(super) async fn link(
    world: &World,
    claim: &Claim,
    row: SubscriptionRow,
    user: UserId,
    asked: u64,
) -> Result<(), Failure> {
    let sub = world.db.subscription(row).await?.filter(|sub| sub.provisioned && sub.user == user);
    let Some(sub) = sub else { return Ok(world.db.finish(claim, world.clock.now()).await?) };
    let Some(link) = sub.link.as_deref() else {
        return Err(Failure::Row("the subscription has no link yet".to_owned()));
    };
    let page = world.panels.get(&sub.panel).and_then(|panel| panel.reader().subscription_link(&sub.sub_id));
    let plan = world.db.plan_of(row).await?.unwrap_or_default();
    let facts = LinkFacts {
        plan: &plan,
        link,
        subscription: page.as_deref(),
        expiry: sub.expiry.unwrap_or(Expiry::Never),
        quota: sub.quota.unwrap_or_default(),
        used: Some(sub.known_use),
    };
    let marker = Marker::resent(row, asked);
    let post = resent(world.locale_of(user).await?, &facts, &marker);
    let sent: Result<(), Trouble> = async {
        let channel = world.dm_channel(user).await?;
        if claim.must_look_first() && world.find_posted(channel, &marker, claim.first_try_at).await?.is_some() {
            return Ok(());
        }
        let seed = format!("{}:{}", claim.effect.key(), claim.first_try_at);
        world.post(channel, post, &seed).await.map(drop)
    }
    .await;
    let how = match sent {
        Ok(()) => Resent::Sent,
        Err(trouble) if trouble.is_no() => Resent::DmClosed,
        Err(trouble) => return Err(trouble.into()),
    };
    Ok(world.db.resent(claim, row, asked, how, world.clock.now()).await?)
}
