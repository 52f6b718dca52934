//! `/admin user-create`: a sale that came about outside of Discord, entered by hand.

use serenity::all::{AutocompleteChoice, CreateAutocompleteResponse, User};

use crate::{
    db::{Subject, manual::ManualSale, wishes::Permit},
    domain::{Money, OrderId, OrderState, UserId, access::Power, change::Wish, order::PlanSnapshot},
    view::{
        Post,
        change::{Asked as Shown, Outcome, outcome},
    },
};

use super::{
    super::{
        Bot, Context, PATIENCE,
        asked::Asked,
        decision::{goes_down, is_settled, new_identity},
        fault::{Fault, random, settle},
        order::plan_snapshot,
    },
    admitted,
    wish::{About, question, refused_token, waits},
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
) -> Result<(), Fault> {
    let bot = &ctx.data().bot();
    let mut asked = bot.command(&ctx);
    let done = open(bot, &mut asked, &user, &plan, &amount, &note.unwrap_or_default()).await;
    settle(&mut asked, done).await;
    Ok(())
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
    asked: &mut Asked<'_>,
    user: &User,
    plan: &str,
    amount: &str,
    note: &str,
) -> Result<(), Fault> {
    if !admitted(bot, asked, Power::Admin, "user.create").await? {
        return Ok(());
    }
    let Some(plan) = bot.config.plan(plan) else {
        return Ok(asked.answer(outcome(asked.locale, &Outcome::NoPlan)).await?);
    };
    let received = match Money::parse(amount, plan.price.currency) {
        Ok(money) if money.minor >= 0 => money,
        _ => return Ok(asked.answer(outcome(asked.locale, &Outcome::BadAmount)).await?),
    };
    let note: String = note.trim().chars().take(LONGEST_NOTE).collect();
    let (customer, name) = (UserId(user.id.get()), user.display_name());
    let shown = Shown::Sell { plan: &plan.name, received, note: &note };
    let wish = Wish::Sell {
        user: customer,
        name: name.to_owned(),
        plan: PlanSnapshot { price: received, ..plan_snapshot(plan) },
        note: note.clone(),
    };
    let post = question(bot, asked, &wish, shown, About { customer, name, client: None }).await?;
    Ok(asked.answer(post).await?)
}

/// Books the sale and waits for what the panel says.
pub(super) async fn carry_out(
    bot: &Bot,
    asked: &mut Asked<'_>,
    permit: &Permit,
    wish: &Wish,
) -> Result<Option<Post>, Fault> {
    let Wish::Sell { user, name, plan, note } = wish else { return Ok(None) };
    let sale = ManualSale {
        order: OrderId::from_random(u64::from_le_bytes(random()?)),
        user: *user,
        name: name.clone(),
        locale: bot.locale.tag().to_owned(),
        plan: plan.clone(),
        received: plan.price,
        note: note.clone(),
    };
    let Some(identity) = new_identity(bot, &plan.panel)? else {
        return Ok(Some(outcome(asked.locale, &Outcome::NoPanel)));
    };
    if let Err(why) = bot.db.sell(permit, &sale, &identity, bot.clock.now()).await? {
        return refused_token(asked, why).await;
    }
    tracing::info!(order.id = %sale.order, user.id = %asked.user, "a sale was entered by hand");
    Ok(Some(result(bot, asked, &sale.order, &plan.panel).await?))
}

async fn result(bot: &Bot, asked: &Asked<'_>, id: &OrderId, panel: &str) -> Result<Post, Fault> {
    let about = Subject::Order(id.clone());
    let look = || async { Ok(bot.db.order(id).await?.filter(is_settled)) };
    let settled = tokio::select! {
        biased;
        settled = bot.db.wait_for(&about, PATIENCE, look) => settled?,
        () = goes_down(bot, panel) => None,
    };
    let order = match settled {
        Some(order) => Some(order),
        None => bot.db.order(id).await?,
    };
    let said = match order.as_ref().map(|order| (&order.state, order.delivery)) {
        Some((OrderState::Completed { .. }, delivery)) => Outcome::Sold(delivery),
        Some((OrderState::NeedsAttention { trouble, .. }, _)) => Outcome::SaleAttention(trouble),
        _ => waits(bot, panel),
    };
    Ok(outcome(asked.locale, &said))
}
