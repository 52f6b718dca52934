//! `/admin user-info`: a customer's record, with what the panels say at this moment.

use futures_util::future::join_all;
use serenity::all::User;

use crate::{
    db::{self, access::subscriptions::Subscription},
    domain::{Millis, access::Power, grants::Expiry},
    view::{
        self, Post,
        admin::{CustomerFacts, OrderFacts, SubscriptionFacts, Unclear},
    },
};

use super::{
    super::{
        Bot, Context,
        error::Error,
        interaction::Interaction,
        usage::{self, Seen},
    },
    admitted, suggest,
    target::{Meant, Named},
};

/// So many subscriptions are shown, the newest; hardly anybody has more than one.
const SUBSCRIPTIONS: usize = 4;
/// So many orders are shown, the newest.
const ORDERS: u32 = 8;

/// `/admin user-info`
#[poise::command(slash_command, rename = "user-info")]
pub(super) async fn user_info(
    ctx: Context<'_>,
    user: Option<User>,
    #[autocomplete = "suggest::subscription"] subscription: Option<String>,
) -> Result<(), Error> {
    command!(ctx, |bot, interaction| show(bot, interaction, Meant::new(user.as_ref(), subscription.as_deref())))
}

async fn show(bot: &Bot, interaction: &mut Interaction<'_>, meant: Meant<'_>) -> Result<(), Error> {
    admitted(bot, interaction, Power::Support, "user.info").await?;
    let named = meant.named(bot, interaction.locale).await?;
    let user = named.owner();
    let (mut owned, more) = match named {
        Named::Subscription(one) => (vec![*one], 0),
        Named::Person(user) => {
            let all = db::access::subscriptions::subscriptions_of(&bot.db, user).await?;
            let more = all.len().saturating_sub(SUBSCRIPTIONS);
            (all, more)
        }
    };
    owned.truncate(SUBSCRIPTIONS);
    if owned.iter().any(|one| usage::answers(bot, one)) {
        interaction.defer().await?;
    }
    let post = match db::people::search::person(&bot.db, user).await? {
        None => view::admin::unclear(interaction.locale, &Unclear::EmailTaken(user)),
        Some(person) => {
            bot.audit_lookup(interaction, "user.read", user.to_string()).await?;
            record(bot, interaction, &person, &owned, more).await?
        }
    };
    interaction.reply(post).await?;
    Ok(())
}

async fn record(
    bot: &Bot,
    interaction: &Interaction<'_>,
    person: &db::people::search::Person,
    owned: &[Subscription],
    more: usize,
) -> Result<Post, Error> {
    let seen = join_all(owned.iter().map(|one| usage::look(bot, one))).await;
    let mut plans = Vec::new();
    for one in owned {
        plans.push(db::access::subscriptions::plan_of(&bot.db, one.id).await?);
    }
    let now = bot.clock.now();
    let subscriptions: Vec<_> = owned
        .iter()
        .zip(&plans)
        .zip(&seen)
        .map(|((one, plan), seen)| SubscriptionFacts {
            plan: plan.as_deref(),
            email: &one.email,
            expiry: one.expiry.unwrap_or(Expiry::Never),
            quota: one.quota.unwrap_or(0),
            used: seen.used,
            state: seen.state(now),
            differs: differs(one, seen, now),
        })
        .collect();
    let lines = db::people::search::orders_of(&bot.db, person.id, ORDERS).await?;
    let orders: Vec<_> = lines
        .iter()
        .map(|line| OrderFacts { id: &line.id, plan: &line.plan, status: line.status, created_at: line.created_at })
        .collect();
    let facts = CustomerFacts {
        user: person.id,
        name: &person.name,
        first_seen: person.first_seen,
        blocked: person.blocked.as_ref().map(|block| (block.reason.as_str(), block.since)),
        subscriptions: &subscriptions,
        more,
        orders: &orders,
    };
    Ok(view::admin::customer(interaction.locale, &facts))
}

/// The panel's own end and quota, where they are not what we wrote.
fn differs(subscription: &Subscription, seen: &Seen, now: Millis) -> Option<(Expiry, u64)> {
    let client = seen.level(now)?;
    let ours = (subscription.expiry.unwrap_or(Expiry::Never), subscription.quota.unwrap_or(0));
    let theirs = (client.expiry, client.quota);
    (ours != theirs).then_some(theirs)
}
