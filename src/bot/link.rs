//! The link, for its owner alone: "Get my link" in the ticket and `/link`, for ever. It is built from
//! what the panel says now: a port or a key may have been changed since it was sold. Everything needed
//! is stored as well, and a panel that is silent is not waited for long.

use futures_util::future::{join, join_all};

use crate::{
    db::{self, access::subscriptions::Subscription},
    domain::{Millis, OrderId, access_state::AccessState, grants::Expiry, limits::Limited},
    panel::link::name_for,
    view::{self, delivery::LinkFacts},
};

use super::{Bot, Context, error::Error, interaction::Interaction, order::own_order, usage};

#[poise::command(slash_command)]
pub(super) async fn link(ctx: Context<'_>) -> Result<(), Error> {
    command!(ctx, |bot, interaction| all(bot, interaction))
}

/// A subscription with what its message says.
struct Owned {
    subscription: Subscription,
    plan: String,
    page: Option<String>,
    used: Option<(u64, Millis)>,
    link: Link,
}

/// A link, and when it was built unless it was just now.
type Link = (Option<String>, Option<Millis>);

/// The link as the panel is now; the one built last where it does not say.
async fn current(bot: &Bot, subscription: &Subscription) -> Link {
    let stored = (subscription.link.clone(), subscription.link_at);
    let panel = bot.panels.get(&subscription.panel).filter(|panel| panel.availability().is_up());
    let (Some(panel), Some(known)) = (panel, subscription.link.as_ref()) else { return stored };
    let name = name_for(&bot.config.shop.name, &subscription.email);
    let built =
        panel.current_link((&subscription.email, subscription.inbound_id), |uuid| subscription.owns(uuid), &name);
    match tokio::time::timeout(usage::PATIENCE, built).await {
        Ok(Ok(Some(link))) => {
            if link != *known
                && let Err(error) =
                    db::people::search::note_link(&bot.db, subscription.id, &link, bot.clock.now()).await
            {
                tracing::warn!(subscription = subscription.id.0, %error, "a link could not be remembered");
            }
            (Some(link), None)
        }
        // It has no such client: of which time the link is makes no difference then.
        Ok(Ok(None)) => (stored.0, None),
        Ok(Err(_)) | Err(_) => stored,
    }
}

impl Owned {
    async fn new(
        bot: &Bot,
        subscription: Subscription,
        used: Option<(u64, Millis)>,
        link: Link,
    ) -> Result<Self, Error> {
        let plan = db::access::subscriptions::plan_of(&bot.db, subscription.id).await?.unwrap_or_default();
        let page = bot.panels.get(&subscription.panel).and_then(|panel| panel.subscription_link(&subscription.sub_id));
        Ok(Self { subscription, plan, page, used, link })
    }

    /// `None` while no link was ever built.
    fn facts(&self) -> Option<LinkFacts<'_>> {
        Some(LinkFacts {
            plan: &self.plan,
            link: self.link.0.as_deref()?,
            as_of: self.link.1,
            subscription: self.page.as_deref(),
            expiry: self.subscription.expiry.unwrap_or(Expiry::Never),
            quota: self.subscription.quota.unwrap_or(0),
            used: self.used,
        })
    }
}

async fn all(bot: &Bot, interaction: &mut Interaction<'_>) -> Result<(), Error> {
    bot.at_home(interaction)?;
    bot.within_limit(interaction, Limited::Link)?;
    let subscriptions = db::access::subscriptions::subscriptions_of(&bot.db, interaction.user).await?;
    if subscriptions.iter().any(|subscription| usage::answers(bot, subscription)) {
        interaction.defer().await?;
    }
    let each = |subscription| join(usage::look(bot, subscription), current(bot, subscription));
    let seen = join_all(subscriptions.iter().map(each)).await;
    let (mut owned, now) = (Vec::new(), bot.clock.now());
    for (subscription, (seen, link)) in subscriptions.into_iter().zip(seen) {
        let state = stands(&subscription, &seen, now);
        owned.push((Owned::new(bot, subscription, Some(seen.used), link).await?, state));
    }
    let (facts, states): (Vec<_>, Vec<_>) =
        owned.iter().filter_map(|(owned, state)| Some((owned.facts()?, *state))).unzip();
    for (n, post) in view::delivery::my_links(interaction.locale, &facts).into_iter().enumerate() {
        let state = states.get(n).copied().unwrap_or(AccessState::Works);
        interaction.reply(view::delivery::standing(interaction.locale, post, state)).await?;
    }
    for (shown, _) in owned.iter().filter(|(owned, _)| owned.subscription.link.is_some()) {
        fetched(bot, interaction, &shown.subscription).await?;
    }
    Ok(())
}

/// "Get my link" in the ticket.
pub(super) async fn of_order(bot: &Bot, interaction: &mut Interaction<'_>, id: &OrderId) -> Result<(), Error> {
    bot.within_limit(interaction, Limited::GetLink)?;
    let order = own_order(bot, interaction, id).await?;
    let subscription = match order.subscription {
        Some(row) => {
            db::access::subscriptions::subscription(&bot.db, row).await?.filter(|subscription| subscription.provisioned)
        }
        None => None,
    };
    let Some(subscription) = subscription else {
        return Ok(interaction.answer(view::delivery::not_ready(interaction.locale)).await?);
    };
    if usage::answers(bot, &subscription) {
        interaction.defer().await?;
    }
    let (seen, link) = join(usage::look(bot, &subscription), current(bot, &subscription)).await;
    let state = stands(&subscription, &seen, bot.clock.now());
    let owned = Owned::new(bot, subscription, None, link).await?;
    let Some(facts) = owned.facts() else {
        return Ok(interaction.reply(view::delivery::panel_down(interaction.locale)).await?);
    };
    let post = view::delivery::standing(interaction.locale, view::delivery::my_link(interaction.locale, &facts), state);
    interaction.reply(post).await?;
    fetched(bot, interaction, &owned.subscription).await
}

/// How a client stands: as the panel says, else by the books.
fn stands(subscription: &Subscription, seen: &usage::Seen, now: Millis) -> AccessState {
    match seen.state(now) {
        AccessState::Unknown => AccessState::remembered(subscription.expiry, subscription.disabled, now),
        state => state,
    }
}

/// The customer has the link now, whatever became of the direct message.
async fn fetched(bot: &Bot, interaction: &Interaction<'_>, subscription: &Subscription) -> Result<(), Error> {
    let waiting = db::access::subscriptions::undelivered_of(&bot.db, subscription.id).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    db::orders::tickets::fetched(&bot.db, interaction.user, &waiting, bot.clock.now()).await?;
    tracing::info!(user.id = %interaction.user, orders = waiting.len(), "a link was fetched");
    Ok(())
}
