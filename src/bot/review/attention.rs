//! An order that needs attention, and one that money has arrived for: Retry, Back to review,
//! delivered by hand, a sale by hand that is closed, an order that is ended.

use crate::{
    db::{self, people::confirmations::Presented},
    domain::{Order, OrderId, OrderStatus, button::Button, confirmation::Confirmation, order::Source},
    view::{
        Post,
        decision::{Outcome, Reason, outcome},
        refusal::Refusal,
    },
};

use super::{
    super::{Bot, error::Error, interaction::Interaction},
    approve::await_outcome,
    decided, question,
};

/// Retry: the order goes to the panel once more.
pub(in crate::bot) async fn retry(bot: &Bot, interaction: &mut Interaction<'_>, id: &OrderId) -> Result<(), Error> {
    bot.admins_only(interaction, &Button::Retry(id.clone())).await?;
    if !interaction.defer_alone().await {
        return Ok(());
    }
    let said = if db::access::manual_intervention::retry(&bot.db, id, interaction.user, bot.clock.now()).await? {
        tracing::info!(order.id = %id, user.id = %interaction.user, "an order was sent to the panel again");
        await_outcome(bot, id).await?
    } else {
        changed(bot, id).await?
    };
    Ok(interaction.edit(outcome(interaction.locale, &said)).await?)
}

/// Back to review: the approval is taken back.
pub(in crate::bot) async fn back_to_review(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    id: &OrderId,
) -> Result<(), Error> {
    bot.admins_only(interaction, &Button::BackToReview(id.clone())).await?;
    if !interaction.defer_alone().await {
        return Ok(());
    }
    let said =
        if db::access::manual_intervention::back_to_review(&bot.db, id, interaction.user, bot.clock.now()).await? {
            tracing::info!(order.id = %id, user.id = %interaction.user, "an order went back to review");
            Outcome::BackInReview
        } else {
            changed(bot, id).await?
        };
    Ok(interaction.edit(outcome(interaction.locale, &said)).await?)
}

/// Delivered by hand: the question.
pub(in crate::bot) async fn ask_by_hand(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    id: &OrderId,
) -> Result<(), Error> {
    bot.admins_only(interaction, &Button::ByHand(id.clone())).await?;
    let order = needing_attention(bot, interaction, id, |_| true).await?;
    let post = question(bot, interaction, &order, &Confirmation::BookByHand { order: id.clone() }).await?;
    Ok(interaction.answer(post).await?)
}

/// Decline of a sale that staff entered: the question. Nobody waits for a reason.
pub(in crate::bot) async fn ask_to_void(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    id: &OrderId,
) -> Result<(), Error> {
    bot.admins_only(interaction, &Button::VoidSale(id.clone())).await?;
    let order = needing_attention(bot, interaction, id, |order| order.source == Source::Manual).await?;
    let what = Confirmation::VoidSale { order: id.clone(), reason: Reason::unsold(bot.locale) };
    let post = question(bot, interaction, &order, &what).await?;
    Ok(interaction.answer(post).await?)
}

/// Books an order as delivered by hand.
pub(in crate::bot) async fn book_by_hand(
    bot: &Bot,
    interaction: &Interaction<'_>,
    presented: &Presented,
    id: &OrderId,
) -> Result<Post, Error> {
    let stays = bot.config.schedule.ticket_delete_after;
    let done = db::access::manual_intervention::book_by_hand(&bot.db, presented, id, stays, bot.clock.now()).await?;
    decided(bot, interaction, "by_hand", None, done).await?;
    Ok(outcome(interaction.locale, &Outcome::BookedByHand))
}

/// Closes a sale by hand.
pub(in crate::bot) async fn void_sale(
    bot: &Bot,
    interaction: &Interaction<'_>,
    presented: &Presented,
    id: &OrderId,
    reason: &str,
) -> Result<Post, Error> {
    let done = db::access::manual_intervention::void_sale(&bot.db, presented, id, reason, bot.clock.now()).await?;
    decided(bot, interaction, "void_sale", None, done).await?;
    Ok(outcome(interaction.locale, &Outcome::SaleVoided))
}

/// Ends an unpaid order that money has arrived for.
pub(in crate::bot) async fn end_paid(
    bot: &Bot,
    interaction: &Interaction<'_>,
    presented: &Presented,
    id: &OrderId,
) -> Result<Post, Error> {
    let done = db::orders::end_paid(&bot.db, presented, id, bot.clock.now()).await?;
    decided(bot, interaction, "end_paid", None, done).await?;
    Ok(outcome(interaction.locale, &Outcome::Ended))
}

async fn needing_attention(
    bot: &Bot,
    interaction: &Interaction<'_>,
    id: &OrderId,
    is_it: impl Fn(&Order) -> bool,
) -> Result<Order, Error> {
    match db::orders::order(&bot.db, id).await? {
        Some(order) if is_it(&order) && order.status() == OrderStatus::NeedsAttention => Ok(order),
        Some(order) => Err(outcome(interaction.locale, &Outcome::OrderChanged { status: order.status() }).into()),
        None => Err(Error::refused(interaction.locale, Refusal::Stale)),
    }
}

async fn changed(bot: &Bot, id: &OrderId) -> Result<Outcome, Error> {
    let order = db::orders::order(&bot.db, id).await?;
    Ok(order.map_or(Outcome::OldCard, |order| Outcome::OrderChanged { status: order.status() }))
}
