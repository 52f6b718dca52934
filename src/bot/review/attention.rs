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
    super::{Bot, asked::Asked, fault::Fault},
    approve::await_outcome,
    decided, question,
};

/// Retry: the order goes to the panel once more.
pub(in crate::bot) async fn retry(bot: &Bot, asked: &mut Asked<'_>, id: &OrderId) -> Result<(), Fault> {
    bot.admins_only(asked, &Button::Retry(id.clone())).await?;
    if !asked.defer_alone().await {
        return Ok(());
    }
    let said = if db::access::manual_intervention::retry(&bot.db, id, asked.user, bot.clock.now()).await? {
        tracing::info!(order.id = %id, user.id = %asked.user, "an order was sent to the panel again");
        await_outcome(bot, id).await?
    } else {
        changed(bot, id).await?
    };
    Ok(asked.edit(outcome(asked.locale, &said)).await?)
}

/// Back to review: the approval is taken back.
pub(in crate::bot) async fn back_to_review(bot: &Bot, asked: &mut Asked<'_>, id: &OrderId) -> Result<(), Fault> {
    bot.admins_only(asked, &Button::BackToReview(id.clone())).await?;
    if !asked.defer_alone().await {
        return Ok(());
    }
    let said = if db::access::manual_intervention::back_to_review(&bot.db, id, asked.user, bot.clock.now()).await? {
        tracing::info!(order.id = %id, user.id = %asked.user, "an order went back to review");
        Outcome::BackInReview
    } else {
        changed(bot, id).await?
    };
    Ok(asked.edit(outcome(asked.locale, &said)).await?)
}

/// Delivered by hand: the question.
pub(in crate::bot) async fn ask_by_hand(bot: &Bot, asked: &mut Asked<'_>, id: &OrderId) -> Result<(), Fault> {
    bot.admins_only(asked, &Button::ByHand(id.clone())).await?;
    let order = needing_attention(bot, asked, id, |_| true).await?;
    let post = question(bot, asked, &order, &Confirmation::BookByHand { order: id.clone() }).await?;
    Ok(asked.answer(post).await?)
}

/// Decline of a sale that staff entered: the question. Nobody waits for a reason.
pub(in crate::bot) async fn ask_to_void(bot: &Bot, asked: &mut Asked<'_>, id: &OrderId) -> Result<(), Fault> {
    bot.admins_only(asked, &Button::VoidSale(id.clone())).await?;
    let order = needing_attention(bot, asked, id, |order| order.source == Source::Manual).await?;
    let what = Confirmation::VoidSale { order: id.clone(), reason: Reason::unsold(bot.locale) };
    let post = question(bot, asked, &order, &what).await?;
    Ok(asked.answer(post).await?)
}

/// Books an order as delivered by hand.
pub(in crate::bot) async fn book_by_hand(
    bot: &Bot,
    asked: &Asked<'_>,
    presented: &Presented,
    id: &OrderId,
) -> Result<Post, Fault> {
    let stays = bot.config.schedule.ticket_delete_after;
    let done = db::access::manual_intervention::book_by_hand(&bot.db, presented, id, stays, bot.clock.now()).await?;
    decided(bot, asked, "by_hand", None, done).await?;
    Ok(outcome(asked.locale, &Outcome::BookedByHand))
}

/// Closes a sale by hand.
pub(in crate::bot) async fn void_sale(
    bot: &Bot,
    asked: &Asked<'_>,
    presented: &Presented,
    id: &OrderId,
    reason: &str,
) -> Result<Post, Fault> {
    let done = db::access::manual_intervention::void_sale(&bot.db, presented, id, reason, bot.clock.now()).await?;
    decided(bot, asked, "void_sale", None, done).await?;
    Ok(outcome(asked.locale, &Outcome::SaleVoided))
}

/// Ends an unpaid order that money has arrived for.
pub(in crate::bot) async fn end_paid(
    bot: &Bot,
    asked: &Asked<'_>,
    presented: &Presented,
    id: &OrderId,
) -> Result<Post, Fault> {
    let done = db::orders::end_paid(&bot.db, presented, id, bot.clock.now()).await?;
    decided(bot, asked, "end_paid", None, done).await?;
    Ok(outcome(asked.locale, &Outcome::Ended))
}

async fn needing_attention(
    bot: &Bot,
    asked: &Asked<'_>,
    id: &OrderId,
    is_it: impl Fn(&Order) -> bool,
) -> Result<Order, Fault> {
    match db::orders::order(&bot.db, id).await? {
        Some(order) if is_it(&order) && order.status() == OrderStatus::NeedsAttention => Ok(order),
        Some(order) => Err(outcome(asked.locale, &Outcome::OrderChanged { status: order.status() }).into()),
        None => Err(Fault::refused(asked.locale, Refusal::Stale)),
    }
}

async fn changed(bot: &Bot, id: &OrderId) -> Result<Outcome, Fault> {
    let order = db::orders::order(&bot.db, id).await?;
    Ok(order.map_or(Outcome::OldCard, |order| Outcome::OrderChanged { status: order.status() }))
}
