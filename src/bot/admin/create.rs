//! `/admin user-create`: a sale that came about outside of Discord, entered by hand.

use serenity::all::{AutocompleteChoice, CreateAutocompleteResponse, User};

use crate::{
    db::{self, access::manual_sales::ManualSale, people::confirmations::Presented},
    domain::{Money, OrderId, OrderState, UserId, access::Power, confirmation::Confirmation, order::PlanSnapshot},
    view::{
        Post,
        change::{Outcome, Proposed as Shown, outcome},
    },
};

use super::{
    super::{
        Bot, Context,
        error::{Error, random},
        interaction::Interaction,
        order::plan_snapshot,
        provisioning::{await_order, new_identity},
    },
    admitted,
    question::{About, question, waits},
};

/// The longest note that is kept.
const LONGEST_NOTE: usize = 300;

/// `/admin user-create`
#[poise::command(slash_command, rename = "user-create")]
pub(super) async fn user_create(
    ctx: Context<'_>,
    user: User,
    #[autocomplete = "plans"] plan: String,
    #[max_length = 20] amount: String,
    #[max_length = 300] note: Option<String>,
) -> Result<(), Error> {
    command!(ctx, |bot, interaction| open(bot, interaction, &user, &plan, &amount, &note.unwrap_or_default()))
}

/// The plans of the configuration.
#[expect(clippy::unused_async, reason = "the framework awaits it")]
async fn plans(ctx: Context<'_>, typed: &str) -> CreateAutocompleteResponse {
    let typed = typed.to_lowercase();
    let named = |plan: &&crate::domain::Plan| plan.name.to_lowercase().contains(&typed);
    let choice = |plan: &crate::domain::Plan| AutocompleteChoice::new(plan.name.clone(), plan.id.to_string());
    let plans = ctx.data().bot().config.plans.iter().filter(named).take(25).map(choice).collect();
    CreateAutocompleteResponse::new().set_choices(plans)
}

async fn open(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    user: &User,
    plan: &str,
    amount: &str,
    note: &str,
) -> Result<(), Error> {
    admitted(bot, interaction, Power::Admin, "user.create").await?;
    let Some(plan) = bot.config.plan(plan) else {
        return Ok(interaction.answer(outcome(interaction.locale, &Outcome::NoPlan)).await?);
    };
    let received = match Money::parse(amount, plan.price.currency) {
        Ok(money) if money.minor >= 0 => money,
        _ => return Ok(interaction.answer(outcome(interaction.locale, &Outcome::BadAmount)).await?),
    };
    let note: String = note.trim().chars().take(LONGEST_NOTE).collect();
    let (customer, name) = (UserId(user.id.get()), user.display_name());
    let shown = Shown::Sell { plan: &plan.name, received, note: &note };
    let what = Confirmation::Sell {
        user: customer,
        name: name.to_owned(),
        plan: PlanSnapshot { price: received, ..plan_snapshot(plan) },
        note: note.clone(),
    };
    let post = question(bot, interaction, &what, shown, About { customer, name, client: None }).await?;
    Ok(interaction.answer(post).await?)
}

/// Books the sale and waits for what the panel says.
pub(in crate::bot) async fn carry_out(
    bot: &Bot,
    interaction: &Interaction<'_>,
    presented: &Presented,
    (user, name): (UserId, &str),
    plan: &PlanSnapshot,
    note: &str,
) -> Result<Post, Error> {
    let sale = ManualSale {
        order: OrderId::from_random(u64::from_le_bytes(random()?)),
        user,
        name: name.to_owned(),
        locale: bot.locale.tag().to_owned(),
        plan: plan.clone(),
        received: plan.price,
        note: note.to_owned(),
    };
    let Some(identity) = new_identity(bot, &plan.panel)? else {
        return Ok(outcome(interaction.locale, &Outcome::NoPanel));
    };
    db::access::manual_sales::sell(&bot.db, presented, &sale, &identity, bot.clock.now()).await?;
    tracing::info!(order.id = %sale.order, user.id = %interaction.user, "a sale was entered by hand");
    let order = await_order(bot, &sale.order, &plan.panel).await?;
    let said = match order.as_ref().map(|order| (&order.state, order.delivery)) {
        Some((OrderState::Completed { .. }, delivery)) => Outcome::Sold(delivery),
        Some((OrderState::NeedsAttention { trouble, .. }, _)) => Outcome::SaleAttention(trouble),
        _ => waits(bot, &plan.panel),
    };
    Ok(outcome(interaction.locale, &said))
}
