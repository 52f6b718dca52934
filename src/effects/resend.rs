//! The link once more, by direct message and nowhere else, because staff asked for it.

use std::time::Duration;

use super::{EffectContext, EffectError, discord::Trouble};
use crate::{
    db::{self, access::resend::Resent, access::subscriptions::Subscription, outbox::Lease},
    domain::{Millis, SubscriptionRow, UserId, grants::Expiry},
    panel::link::name_for,
    view::{
        Marker,
        delivery::{LinkFacts, resent},
    },
};

/// How long a panel may take to say what the link is; the stored one goes out otherwise.
const PATIENCE: Duration = Duration::from_secs(5);

/// The link as the panel is now; the one built last, with its time, where it does not say.
async fn current(context: &EffectContext, sub: &Subscription) -> Result<(Option<String>, Option<Millis>), EffectError> {
    let stored = (sub.link.clone(), sub.link_at);
    let panel = context.panels.get(&sub.panel).filter(|panel| panel.availability().is_up());
    let (Some(panel), true) = (panel, sub.link.is_some()) else { return Ok(stored) };
    let (panel, name) = (panel.reader(), name_for(&context.config.shop.name, &sub.email));
    let built = panel.current_link((&sub.email, sub.inbound_id), |uuid| sub.owns(uuid), &name);
    Ok(match tokio::time::timeout(PATIENCE, built).await {
        Ok(Ok(Some(link))) => {
            if sub.link.as_ref() != Some(&link) {
                db::people::search::note_link(&context.db, sub.id, &link, context.clock.now()).await?;
            }
            (Some(link), None)
        }
        Ok(Ok(None)) => (stored.0, None),
        Ok(Err(_)) | Err(_) => stored,
    })
}

/// Sends the link of a subscription.
pub(super) async fn link(
    context: &EffectContext,
    lease: &Lease,
    row: SubscriptionRow,
    user: UserId,
    asked: u64,
) -> Result<(), EffectError> {
    let sub = db::access::subscriptions::subscription(&context.db, row)
        .await?
        .filter(|sub| sub.provisioned && sub.user == user);
    let Some(sub) = sub else { return Ok(db::outbox::finish(&context.db, lease, context.clock.now()).await?) };
    let (Some(link), as_of) = current(context, &sub).await? else {
        return Err(EffectError::Row("the subscription has no link yet".to_owned()));
    };
    let page = context.panels.get(&sub.panel).and_then(|panel| panel.reader().subscription_link(&sub.sub_id));
    let plan = db::access::subscriptions::plan_of(&context.db, row).await?.unwrap_or_default();
    let facts = LinkFacts {
        plan: &plan,
        link: &link,
        as_of,
        subscription: page.as_deref(),
        expiry: sub.expiry.unwrap_or(Expiry::Never),
        quota: sub.quota.unwrap_or_default(),
        used: Some(sub.known_use),
    };
    let marker = Marker::resent(row, asked);
    let post = resent(context.locale_of(user).await?, &facts, &marker);
    let sent: Result<(), Trouble> = async {
        let channel = context.dm_channel(user).await?;
        if lease.must_look_first() && context.find_posted(channel, &marker, lease.first_try_at).await?.is_some() {
            return Ok(());
        }
        let seed = format!("{}:{}", lease.effect.key(), lease.first_try_at);
        context.post(channel, post, &seed).await.map(drop)
    }
    .await;
    let how = match sent {
        Ok(()) => Resent::Sent,
        Err(trouble) => {
            context.not_sent(lease, trouble).await?;
            Resent::DmClosed
        }
    };
    Ok(db::access::resend::resent(&context.db, lease, row, asked, how, context.clock.now()).await?)
}
