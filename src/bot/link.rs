//! The link, for its owner alone: "Get my link" in the ticket and `/link`, for ever. Everything
//! needed is stored; the panel is only asked how much has been used, and not waited for long.

use std::time::Duration;

use futures_util::future::join_all;

use crate::{
    db::subscriptions::Subscription,
    domain::{Millis, OrderId, grants::Expiry},
    view::{self, delivery::LinkFacts},
};

use super::{
    Bot, Context,
    asked::Asked,
    fault::{Fault, settle},
    order::own_order,
};

/// How long a panel may take to say how much was used. The person waits for a link, not for this.
const USAGE: Duration = Duration::from_secs(2);

/// `/link`
#[poise::command(slash_command)]
pub(super) async fn link(ctx: Context<'_>) -> Result<(), Fault> {
    let bot = ctx.data();
    let mut asked = bot.command(&ctx);
    let done = all(bot, &mut asked).await;
    settle(&mut asked, done).await;
    Ok(())
}

/// A subscription with what its message says.
struct Owned {
    subscription: Subscription,
    plan: String,
    page: Option<String>,
    used: Option<(u64, Millis)>,
}

impl Owned {
    async fn new(bot: &Bot, subscription: Subscription, used: Option<(u64, Millis)>) -> Result<Self, Fault> {
        let plan = bot.db.plan_of(subscription.id).await?.unwrap_or_default();
        let page = bot.panels.get(&subscription.panel).and_then(|panel| panel.subscription_link(&subscription.sub_id));
        Ok(Self { subscription, plan, page, used })
    }

    /// `None` while no link was ever built.
    fn facts(&self) -> Option<LinkFacts<'_>> {
        Some(LinkFacts {
            plan: &self.plan,
            link: self.subscription.link.as_deref()?,
            subscription: self.page.as_deref(),
            expiry: self.subscription.expiry.unwrap_or(Expiry::Never),
            quota: self.subscription.quota.unwrap_or(0),
            used: self.used,
        })
    }
}

async fn all(bot: &Bot, asked: &mut Asked<'_>) -> Result<(), Fault> {
    if !bot.at_home(asked).await? {
        return Ok(());
    }
    let subscriptions = bot.db.subscriptions_of(asked.user).await?;
    let up = |sub: &Subscription| bot.panels.get(&sub.panel).is_some_and(|panel| panel.availability().is_up());
    if subscriptions.iter().any(up) {
        asked.defer().await?;
    }
    let used = join_all(subscriptions.iter().map(|subscription| usage(bot, subscription))).await;
    let mut owned = Vec::new();
    for (subscription, used) in subscriptions.into_iter().zip(used) {
        owned.push(Owned::new(bot, subscription, used).await?);
    }
    let facts: Vec<_> = owned.iter().filter_map(Owned::facts).collect();
    for post in view::delivery::my_links(asked.locale, &facts) {
        asked.reply(post).await?;
    }
    for shown in owned.iter().filter(|owned| owned.subscription.link.is_some()) {
        fetched(bot, asked, &shown.subscription).await?;
    }
    Ok(())
}

/// What was used in all, as the panel says now; nothing while it does not.
async fn usage(bot: &Bot, subscription: &Subscription) -> Option<(u64, Millis)> {
    let panel = bot.panels.get(&subscription.panel).filter(|panel| panel.availability().is_up())?;
    let found = tokio::time::timeout(USAGE, panel.find(&subscription.email)).await.ok()?.ok()??;
    let used = u64::try_from(found.used_bytes).unwrap_or(0);
    Some((subscription.used_before.saturating_add(used), bot.clock.now()))
}

/// "Get my link" in the ticket. From what is stored: no panel can make the customer wait.
pub(super) async fn of_order(bot: &Bot, asked: &mut Asked<'_>, id: &OrderId) -> Result<(), Fault> {
    let Some(order) = own_order(bot, asked, id).await? else { return Ok(()) };
    let subscription = match order.subscription {
        Some(row) => bot.db.subscription(row).await?.filter(|subscription| subscription.provisioned),
        None => None,
    };
    let Some(subscription) = subscription else {
        return Ok(asked.answer(view::delivery::not_ready(asked.locale)).await?);
    };
    let owned = Owned::new(bot, subscription, None).await?;
    let Some(facts) = owned.facts() else {
        return Ok(asked.answer(view::delivery::panel_down(asked.locale)).await?);
    };
    asked.answer(view::delivery::my_link(asked.locale, &facts)).await?;
    fetched(bot, asked, &owned.subscription).await
}

/// The customer has the link now, whatever became of the direct message.
async fn fetched(bot: &Bot, asked: &Asked<'_>, subscription: &Subscription) -> Result<(), Fault> {
    let waiting = bot.db.undelivered_of(subscription.id).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    bot.db.fetched(asked.user, &waiting, bot.clock.now()).await?;
    tracing::info!(user.id = %asked.user, orders = waiting.len(), "a link was fetched");
    Ok(())
}
