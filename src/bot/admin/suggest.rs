//! What is suggested while somebody types an option. Customers' names are nobody's business:
//! whoever has no power gets an empty list, and the answer never says why.

use serenity::all::{AutocompleteChoice, CreateAutocompleteResponse};

use crate::{
    db::desk::SUGGESTIONS,
    domain::{Target, access::Power},
    view,
};

use super::super::{Bot, Context, asked::Asked, fault::Fault};

/// Longer beginnings than any name are not looked for.
const LONGEST: usize = 40;

/// Subscriptions, by the beginning of a name, an order or an e-mail.
pub(super) async fn subscription(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let bot = ctx.data();
    let asked = bot.command(&ctx);
    response(subscriptions(bot, &asked, typed).await)
}

async fn subscriptions(bot: &Bot, asked: &Asked<'_>, typed: &str) -> Result<Vec<AutocompleteChoice>, Fault> {
    let Some(typed) = wanted(bot, asked, typed) else { return Ok(Vec::new()) };
    let found = bot.db.suggest_subscriptions(&typed).await?;
    let zone = bot.config.shop.timezone;
    let name = |one: &crate::db::desk::FoundSubscription| {
        view::admin::subscription_choice(asked.locale, zone, &one.name, one.plan.as_deref(), one.expiry, &one.email)
    };
    Ok(found.iter().map(|one| choice(name(one), &Target::Subscription(one.id))).collect())
}

/// Orders, by the beginning of an id or a name.
pub(super) async fn order(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let bot = ctx.data();
    let asked = bot.command(&ctx);
    response(orders(bot, &asked, typed).await)
}

async fn orders(bot: &Bot, asked: &Asked<'_>, typed: &str) -> Result<Vec<AutocompleteChoice>, Fault> {
    let Some(typed) = wanted(bot, asked, typed) else { return Ok(Vec::new()) };
    let found = bot.db.suggest_orders(&typed).await?;
    let name = |one: &crate::db::desk::FoundOrder| {
        view::admin::order_choice(asked.locale, &one.id, &one.name, &one.plan, one.status)
    };
    Ok(found.iter().map(|one| choice(name(one), &Target::Order(one.id.clone()))).collect())
}

/// People who are blocked, by the beginning of their name.
pub(super) async fn blocked(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let bot = ctx.data();
    let asked = bot.command(&ctx);
    response(people(bot, &asked, typed).await)
}

async fn people(bot: &Bot, asked: &Asked<'_>, typed: &str) -> Result<Vec<AutocompleteChoice>, Fault> {
    let Some(typed) = wanted(bot, asked, typed) else { return Ok(Vec::new()) };
    let found = bot.db.suggest_blocked(&typed).await?;
    Ok(found.into_iter().map(|(id, name)| choice(view::admin::person_choice(&name, id), &Target::Person(id))).collect())
}

/// What to look for; `None` for who may not know.
fn wanted(bot: &Bot, asked: &Asked<'_>, typed: &str) -> Option<String> {
    let home = asked.guild == Some(bot.config.discord.guild_id);
    let may = home && bot.power(asked) >= Some(Power::Support);
    may.then(|| typed.trim().chars().take(LONGEST).collect())
}

fn choice(name: String, target: &Target) -> AutocompleteChoice {
    AutocompleteChoice::new(name, target.to_string())
}

/// A list that could not be made is empty: the value can still be typed.
fn response(choices: Result<Vec<AutocompleteChoice>, Fault>) -> CreateAutocompleteResponse {
    let mut choices = choices.unwrap_or_else(|fault| {
        tracing::warn!("nothing could be suggested: {}", super::super::fault::chain(&fault));
        Vec::new()
    });
    choices.truncate(SUGGESTIONS);
    CreateAutocompleteResponse::new().set_choices(choices)
}
