//! What is suggested while somebody types an option. Customers' names are nobody's business:
//! whoever has no power gets an empty list, and the answer never says why.

use serenity::all::{AutocompleteChoice, CreateAutocompleteResponse, ResolvedValue};

use crate::{
    db::{self, people::search::SUGGESTIONS},
    domain::{
        Target,
        access::Power,
        drift::is_kept_name,
        revenue::{Period, Span},
    },
    view,
};

use super::super::{Bot, Context, error::Error, interaction::Interaction, usage};

/// Longer beginnings than any name are not looked for.
const LONGEST: usize = 40;
/// The longest value that Discord takes from a list ("Application Command Option Choice").
const LONGEST_CHOICE: usize = 100;
/// So many people stand among what an audit entry may be about.
const PEOPLE: usize = 8;

/// Subscriptions, by a part of a name, an order or an e-mail.
pub(super) async fn subscription(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let bot = &ctx.data().bot();
    let interaction = bot.command(&ctx);
    response(subscriptions(bot, &interaction, typed).await)
}

async fn subscriptions(
    bot: &Bot,
    interaction: &Interaction<'_>,
    typed: &str,
) -> Result<Vec<AutocompleteChoice>, Error> {
    let Some(typed) = wanted(bot, interaction, typed, Power::Support) else { return Ok(Vec::new()) };
    let found = db::people::search::suggest_subscriptions(&bot.db, &typed).await?;
    let zone = bot.config.shop.timezone;
    let name = |one: &db::people::search::FoundSubscription| {
        view::admin::subscription_choice(
            interaction.locale,
            zone,
            &one.name,
            one.plan.as_deref(),
            one.expiry,
            &one.email,
        )
    };
    Ok(found.iter().map(|one| choice(name(one), &Target::Subscription(one.id))).collect())
}

/// Orders, by a part of an id or a name.
pub(super) async fn order(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let bot = &ctx.data().bot();
    let interaction = bot.command(&ctx);
    response(orders(bot, &interaction, typed).await)
}

async fn orders(bot: &Bot, interaction: &Interaction<'_>, typed: &str) -> Result<Vec<AutocompleteChoice>, Error> {
    let Some(typed) = wanted(bot, interaction, typed, Power::Support) else { return Ok(Vec::new()) };
    let found = db::people::search::suggest_orders(&bot.db, &typed).await?;
    let name = |one: &db::people::search::FoundOrder| {
        view::admin::order_choice(interaction.locale, &one.id, &one.name, &one.plan, one.status)
    };
    Ok(found.iter().map(|one| choice(name(one), &Target::Order(one.id.clone()))).collect())
}

/// People who are blocked, by a part of their name.
pub(super) async fn blocked(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let bot = &ctx.data().bot();
    let interaction = bot.command(&ctx);
    response(people(bot, &interaction, typed).await)
}

async fn people(bot: &Bot, interaction: &Interaction<'_>, typed: &str) -> Result<Vec<AutocompleteChoice>, Error> {
    let Some(typed) = wanted(bot, interaction, typed, Power::Support) else { return Ok(Vec::new()) };
    let found = db::people::blocks::suggest_blocked(&bot.db, &typed).await?;
    Ok(found.into_iter().map(|(id, name)| choice(view::admin::person_choice(&name, id), &Target::Person(id))).collect())
}

/// Actions that the audit log knows.
pub(super) async fn action(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let bot = &ctx.data().bot();
    let interaction = bot.command(&ctx);
    response(actions(bot, &interaction, typed).await)
}

async fn actions(bot: &Bot, interaction: &Interaction<'_>, typed: &str) -> Result<Vec<AutocompleteChoice>, Error> {
    let Some(typed) = wanted(bot, interaction, typed, Power::Admin) else { return Ok(Vec::new()) };
    let typed = typed.to_lowercase();
    let known = db::audit::log::audit_actions(&bot.db).await?.into_iter().filter(|action| action.contains(&typed));
    Ok(known.map(|action| AutocompleteChoice::new(action.clone(), action)).collect())
}

/// What the audit log may be about: orders, people, and whatever else begins so in it.
pub(super) async fn audited(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let bot = &ctx.data().bot();
    let interaction = bot.command(&ctx);
    response(all_audited(bot, &interaction, typed).await)
}

async fn all_audited(bot: &Bot, interaction: &Interaction<'_>, typed: &str) -> Result<Vec<AutocompleteChoice>, Error> {
    let Some(typed) = wanted(bot, interaction, typed, Power::Admin) else { return Ok(Vec::new()) };
    let (people, others) = tokio::try_join!(
        db::people::search::suggest_people(&bot.db, &typed),
        db::audit::log::audit_targets(&bot.db, &typed)
    )?;
    let orders = orders(bot, interaction, &typed).await?;
    let people = people
        .into_iter()
        .map(|(id, name)| choice(view::admin::person_choice(&name, id), &Target::Person(id)))
        .take(PEOPLE);
    // Orders and people are named in a better way than by their ids.
    let named = |text: &String| !matches!(text.parse(), Ok(Target::Order(_))) && text.parse::<u64>().is_err();
    let others = others.into_iter().filter(named).map(|text| {
        let shown: String = text.chars().take(100).collect();
        AutocompleteChoice::new(shown.clone(), shown)
    });
    let mut choices: Vec<_> = people.chain(others.filter(|_| !typed.is_empty())).collect();
    let left = SUGGESTIONS.saturating_sub(choices.len());
    choices.extend(orders.into_iter().take(left));
    Ok(choices)
}

/// Periods that are asked for most.
#[expect(clippy::unused_async, reason = "the framework awaits whatever suggests")]
pub(super) async fn period(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let bot = &ctx.data().bot();
    let interaction = bot.command(&ctx);
    response(Ok(periods(bot, &interaction, typed)))
}

fn periods(bot: &Bot, interaction: &Interaction<'_>, typed: &str) -> Vec<AutocompleteChoice> {
    let Some(typed) = wanted(bot, interaction, typed, Power::Admin) else { return Vec::new() };
    let today = db::ledger::revenue::shop_day(&bot.db, bot.clock.now());
    let month = Period::containing(Span::Month, today);
    let usual =
        [Period::containing(Span::Day, today), Period::last_days(7, today), Period::last_days(30, today), month];
    let typed_one = typed.parse::<Period>().ok();
    let all = typed_one.into_iter().chain(usual).chain([month.previous(), Period::containing(Span::Year, today)]);
    let mut names: Vec<String> = Vec::new();
    for name in all.map(|period| period.to_string()).filter(|name| name.starts_with(&typed)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.into_iter().map(|name| AutocompleteChoice::new(name.clone(), name)).collect()
}

/// Panels, by a part of their name.
#[expect(clippy::unused_async, reason = "the framework awaits whatever suggests")]
pub(super) async fn panel(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let bot = &ctx.data().bot();
    let interaction = bot.command(&ctx);
    response(Ok(panels(bot, &interaction, typed)))
}

fn panels(bot: &Bot, interaction: &Interaction<'_>, typed: &str) -> Vec<AutocompleteChoice> {
    let Some(typed) = wanted(bot, interaction, typed, Power::Admin) else { return Vec::new() };
    let typed = typed.to_lowercase();
    let names = bot.config.panels.iter().map(|panel| &panel.name);
    let fits = |name: &&String| name.len() <= LONGEST_CHOICE && name.to_lowercase().contains(&typed);
    names.filter(fits).map(|name| AutocompleteChoice::new(name.clone(), name.clone())).collect()
}

/// Clients that are nobody's, by a part of their name: of the panel that was chosen before, or of the first.
pub(super) async fn unowned(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let bot = &ctx.data().bot();
    let interaction = bot.command(&ctx);
    let chosen = ctx.args.iter().find_map(|option| match option.value {
        ResolvedValue::String(name) if option.name == "panel" => Some(name),
        _ => None,
    });
    response(strangers(bot, &interaction, chosen, typed).await)
}

async fn strangers(
    bot: &Bot,
    interaction: &Interaction<'_>,
    panel: Option<&str>,
    typed: &str,
) -> Result<Vec<AutocompleteChoice>, Error> {
    let Some(typed) = wanted(bot, interaction, typed, Power::Admin) else { return Ok(Vec::new()) };
    let Some(panel) = super::named(bot, panel) else { return Ok(Vec::new()) };
    // Discord waits three seconds; a panel that is slow or down costs its suggestions only.
    let Ok(Ok(mut found)) = tokio::time::timeout(usage::PATIENCE, panel.clients(&[])).await else {
        return Ok(Vec::new());
    };
    let typed = typed.to_lowercase();
    let fits = |name: &str| name.len() <= LONGEST_CHOICE && is_kept_name(name) && name.contains(&typed);
    found.retain(|client| client.inbounds.contains(&panel.inbound_id()) && fits(&client.email));
    found.sort_unstable_by(|a, b| a.email.cmp(&b.email));
    let names = db::people::search::suggest_adoptions(&bot.db, panel.name(), &found).await?;
    Ok(names.into_iter().map(|name| AutocompleteChoice::new(name.clone(), name)).collect())
}

/// What to look for; `None` for who may not know.
fn wanted(bot: &Bot, interaction: &Interaction<'_>, typed: &str, needed: Power) -> Option<String> {
    let home = interaction.guild == Some(bot.config.discord.guild_id);
    let may = home && bot.power(interaction) >= Some(needed);
    may.then(|| typed.trim().chars().take(LONGEST).collect())
}

fn choice(name: String, target: &Target) -> AutocompleteChoice {
    AutocompleteChoice::new(name, target.to_string())
}

/// A list that could not be made is empty: the value can still be typed.
fn response(choices: Result<Vec<AutocompleteChoice>, Error>) -> CreateAutocompleteResponse {
    let mut choices = choices.unwrap_or_else(|fault| {
        tracing::warn!("nothing could be suggested: {}", super::super::discord_failure::chain(&fault));
        Vec::new()
    });
    choices.truncate(SUGGESTIONS);
    CreateAutocompleteResponse::new().set_choices(choices)
}
