//! The link, for its owner alone: "Get my link" in the ticket and `/link`, for ever. Everything
//! needed is stored; the panel is only asked how much has been used, and not waited for long.

use futures_util::future::join_all;

use crate::{
    db::subscriptions::Subscription,
    domain::{Millis, OrderId, grants::Expiry, limits::Limited},
    view::{self, delivery::LinkFacts},
};

use super::{
    Bot, Context,
    asked::Asked,
    fault::{Fault, settle},
    order::own_order,
    usage,
};

/// `/link`
#[poise::command(slash_command)]
pub(super) async fn link(ctx: Context<'_>) -> Result<(), Fault> {
    let bot = &ctx.data().bot();
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
    if !bot.at_home(asked).await? || !bot.within_limit(asked, Limited::Link).await? {
        return Ok(());
    }
    let subscriptions = bot.db.subscriptions_of(asked.user).await?;
    if subscriptions.iter().any(|subscription| usage::answers(bot, subscription)) {
        asked.defer().await?;
    }
    let seen = join_all(subscriptions.iter().map(|subscription| usage::look(bot, subscription))).await;
    let mut owned = Vec::new();
    for (subscription, seen) in subscriptions.into_iter().zip(seen) {
        owned.push(Owned::new(bot, subscription, Some(seen.used)).await?);
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

/// "Get my link" in the ticket. From what is stored: no panel can make the customer wait.
pub(super) async fn of_order(bot: &Bot, asked: &mut Asked<'_>, id: &OrderId) -> Result<(), Fault> {
    if !bot.within_limit(asked, Limited::GetLink).await? {
        return Ok(());
    }
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
