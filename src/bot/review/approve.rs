//! Approve, and "Amount differs": asked, confirmed, and the panel's answer waited for.

use crate::{
    db::{self, payments::review::Identity, people::confirmations::Presented},
    domain::{Money, Order, OrderId, OrderState, SubmissionId, button::Button, confirmation::Confirmation},
    panel::{Availability, Reader},
    view::{
        Post,
        decision::{self, Outcome, outcome},
    },
};

use super::{
    super::{
        Bot,
        error::Error,
        interaction::Interaction,
        provisioning::{await_order, new_identity},
    },
    decided, found, looks, question, reviewable,
};
use crate::bot::instructions::instructions;

/// Approve: the question, with the facts once more.
pub(in crate::bot) async fn ask(bot: &Bot, interaction: &mut Interaction<'_>, id: SubmissionId) -> Result<(), Error> {
    bot.admins_only(interaction, &Button::Approve(id)).await?;
    let opened = open(bot, interaction, id).await;
    looks(bot, interaction, id).await?;
    opened
}

async fn open(bot: &Bot, interaction: &mut Interaction<'_>, id: SubmissionId) -> Result<(), Error> {
    let order = reviewable(bot, interaction.locale, id).await?;
    let post = question(bot, interaction, &order, &Confirmation::Approve { submission: id }).await?;
    Ok(interaction.answer(post).await?)
}

/// Amount differs: the form for what arrived.
pub(in crate::bot) async fn ask_amount(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    id: SubmissionId,
) -> Result<(), Error> {
    bot.admins_only(interaction, &Button::AmountDiffers(id)).await?;
    let opened = open_amount(bot, interaction, id).await;
    looks(bot, interaction, id).await?;
    opened
}

async fn open_amount(bot: &Bot, interaction: &mut Interaction<'_>, id: SubmissionId) -> Result<(), Error> {
    let order = reviewable(bot, interaction.locale, id).await?;
    Ok(interaction.ask(decision::amount_modal(interaction.locale, id, &order)).await?)
}

/// What arrived was typed: the question what follows from it.
pub(in crate::bot) async fn amount_typed(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    id: SubmissionId,
    typed: &str,
) -> Result<(), Error> {
    bot.admins_only(interaction, &Button::AmountModal(id)).await?;
    let order = reviewable(bot, interaction.locale, id).await?;
    let post = match Money::parse(typed, order.plan.price.currency) {
        Ok(amount) if amount.minor > 0 => {
            let what = Confirmation::Receive { submission: id, minor: amount.minor };
            question(bot, interaction, &order, &what).await?
        }
        _ => decision::not_an_amount(interaction.locale, &order),
    };
    Ok(interaction.answer(post).await?)
}

pub(in crate::bot) async fn approve(
    bot: &Bot,
    interaction: &Interaction<'_>,
    presented: &Presented,
    id: SubmissionId,
) -> Result<Post, Error> {
    let (_, order) = found(bot, interaction.locale, id).await?;
    let done = db::payments::review::approve(&bot.db, presented, id, &identity(bot, &order)?, bot.clock.now()).await?;
    let order = decided(bot, interaction, "approve", Some(id), done).await?;
    Ok(outcome(interaction.locale, &await_outcome(bot, &order).await?))
}

/// Books what arrived, where that is not simply the price: approves, or waits for the rest.
pub(in crate::bot) async fn receive(
    bot: &Bot,
    interaction: &Interaction<'_>,
    presented: &Presented,
    id: SubmissionId,
    minor: i64,
) -> Result<Post, Error> {
    let (_, order) = found(bot, interaction.locale, id).await?;
    let rest = Money::new(order.missing().minor - minor, order.plan.price.currency);
    // The account that the customer was shown, whatever the configuration says today.
    let instructions = order.method.as_ref().and_then(|shown| {
        let method = bot.config.payment_method(&shown.id)?;
        Some(instructions(&method.instructions, (&shown.account, &shown.holder), &order.id, rest))
    });
    let (identity, now) = (identity(bot, &order)?, bot.clock.now());
    let done =
        db::payments::parts::receive(&bot.db, presented, (id, minor), &identity, instructions.as_deref(), now).await?;
    let order = decided(bot, interaction, "receive", Some(id), done).await?;
    Ok(outcome(interaction.locale, &await_outcome(bot, &order).await?))
}

/// What the client will be called on the panel, should the order need a new one.
fn identity(bot: &Bot, order: &Order) -> Result<Identity, Error> {
    let panel = &order.plan.panel;
    new_identity(bot, panel)?.ok_or_else(|| Error::NoPanel { order: order.id.clone(), panel: panel.clone() })
}

/// Waits until the panel's work is done, for as long as a person watches a confirmation; says at
/// once when the panel is down.
pub(super) async fn await_outcome(bot: &Bot, id: &OrderId) -> Result<Outcome, Error> {
    let Some(order) = db::orders::order(&bot.db, id).await? else { return Ok(Outcome::InProgress(None)) };
    let order = await_order(bot, id, &order.plan.panel).await?.unwrap_or(order);
    Ok(outcome_of(bot, &order))
}

fn outcome_of(bot: &Bot, order: &Order) -> Outcome {
    match &order.state {
        OrderState::Completed { .. } => Outcome::Delivered(order.delivery),
        OrderState::PaymentSubmitted { returned: Some(trouble) } => {
            Outcome::PanelRefused { said: trouble.detail.clone() }
        }
        OrderState::NeedsAttention { trouble, .. } => Outcome::NeedsAttention { trouble: trouble.clone() },
        OrderState::PendingPayment { .. } if order.has_money() => {
            Outcome::PartBooked { received: order.received, missing: order.missing() }
        }
        OrderState::Provisioning { .. } => match bot.panels.get(&order.plan.panel).map(Reader::availability) {
            Some(Availability::Down { since, .. }) => Outcome::WaitsForPanel { since },
            Some(Availability::Up) | None => Outcome::InProgress(Some(bot.config.discord.review_channel_id)),
        },
        _ => Outcome::OrderChanged { status: order.status() },
    }
}
