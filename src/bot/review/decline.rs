//! Decline: a reason is chosen or typed, confirmed, and the order takes another proof or is over. A
//! fake also blocks its customer; an order that needs attention is given up.

use crate::{
    db::{self, payments::review::Times, payments::submissions::Submission, people::confirmations::Presented},
    domain::{Order, OrderId, OrderStatus, SubmissionId, button::Button, confirmation::Confirmation, proofs::Verdict},
    view::{
        Locale, Post,
        decision::{self, Outcome, Reason, outcome},
        refusal::Refusal,
    },
};

use super::{
    super::{Bot, error::Error, interaction::Interaction},
    decided, found, looks, question, reviewable,
};

/// The longest reason that is kept; the form takes less, but a form can be forged.
const LONGEST_REASON: usize = 500;

/// Decline: the list of reasons.
pub(in crate::bot) async fn ask(bot: &Bot, interaction: &mut Interaction<'_>, id: SubmissionId) -> Result<(), Error> {
    bot.admins_only(interaction, &Button::Decline(id)).await?;
    let opened = open(bot, interaction, id).await;
    looks(bot, interaction, id).await?;
    opened
}

async fn open(bot: &Bot, interaction: &mut Interaction<'_>, id: SubmissionId) -> Result<(), Error> {
    declinable(bot, interaction.locale, id).await?;
    Ok(interaction.answer(decision::reason_menu(interaction.locale, id)).await?)
}

/// A reason was chosen from the list: the question, or the form for one that is typed.
pub(in crate::bot) async fn reason_chosen(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    id: SubmissionId,
    value: Option<&str>,
) -> Result<(), Error> {
    bot.admins_only(interaction, &Button::ReasonMenu(id)).await?;
    if value == Some(Reason::OTHER) {
        return Ok(interaction.ask(decision::reason_modal(interaction.locale, id)).await?);
    }
    let reason =
        value.and_then(Reason::from_value).ok_or_else(|| Error::refused(interaction.locale, Refusal::Stale))?;
    let order = declinable(bot, interaction.locale, id).await?;
    let reason = reason.text(customers_locale(bot, &order).await?);
    let post = question(bot, interaction, &order, &decline_of(&order, id, reason)).await?;
    Ok(interaction.update(post).await?)
}

/// A reason was typed.
pub(in crate::bot) async fn reason_typed(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    id: SubmissionId,
    typed: &str,
) -> Result<(), Error> {
    bot.admins_only(interaction, &Button::ReasonModal(id)).await?;
    let reason: String = typed.trim().chars().take(LONGEST_REASON).collect();
    let order = declinable(bot, interaction.locale, id).await?;
    let post = if reason.is_empty() {
        decision::reason_menu(interaction.locale, id)
    } else {
        question(bot, interaction, &order, &decline_of(&order, id, reason)).await?
    };
    Ok(interaction.update(post).await?)
}

/// A fake: the question.
pub(in crate::bot) async fn ask_fake(
    bot: &Bot,
    interaction: &Interaction<'_>,
    order: &Order,
    id: SubmissionId,
) -> Result<Post, Error> {
    let reason = Reason::fake(customers_locale(bot, order).await?);
    question(bot, interaction, order, &Confirmation::DeclineFake { submission: id, reason }).await
}

/// Declines.
pub(in crate::bot) async fn decline(
    bot: &Bot,
    interaction: &Interaction<'_>,
    presented: &Presented,
    id: SubmissionId,
    reason: &str,
) -> Result<Post, Error> {
    let done = db::payments::review::decline(&bot.db, presented, id, reason, times(bot), bot.clock.now()).await?;
    let order = decided(bot, interaction, "decline", Some(id), done).await?;
    let attempts_left = still_open(bot, &order).await?.map_or(0, |order| order.attempts_left);
    Ok(outcome(interaction.locale, &Outcome::Declined { attempts_left }))
}

/// Declines a fake and blocks its customer.
pub(in crate::bot) async fn decline_fake(
    bot: &Bot,
    interaction: &Interaction<'_>,
    presented: &Presented,
    id: SubmissionId,
    reason: &str,
) -> Result<Post, Error> {
    let done =
        db::payments::review_actions::decline_fake(&bot.db, presented, id, reason, times(bot), bot.clock.now()).await?;
    let order = decided(bot, interaction, "fake", Some(id), done).await?;
    let still_in_it = still_open(bot, &order).await?.map(|order| order.received);
    Ok(outcome(interaction.locale, &Outcome::Blocked { still_in_it }))
}

/// Closes an order that needs attention.
pub(in crate::bot) async fn give_up(
    bot: &Bot,
    interaction: &Interaction<'_>,
    presented: &Presented,
    id: SubmissionId,
    reason: &str,
) -> Result<Post, Error> {
    let stays = bot.config.schedule.ticket_delete_after;
    let done = db::access::manual_intervention::give_up(&bot.db, presented, id, reason, stays, bot.clock.now()).await?;
    decided(bot, interaction, "give_up", Some(id), done).await?;
    Ok(outcome(interaction.locale, &Outcome::GivenUp))
}

fn times(bot: &Bot) -> Times {
    let schedule = &bot.config.schedule;
    Times { lapse: schedule.order_expiry, ticket_stays: schedule.ticket_delete_after }
}

async fn still_open(bot: &Bot, id: &OrderId) -> Result<Option<Order>, Error> {
    Ok(db::orders::order(&bot.db, id).await?.filter(|order| order.status() == OrderStatus::PendingPayment))
}

async fn customers_locale(bot: &Bot, order: &Order) -> Result<Locale, Error> {
    let customer = db::orders::customer(&bot.db, order.customer).await?;
    Ok(customer.map_or(bot.locale, |customer| Locale::choose(&customer.locale, bot.locale)))
}

/// An order is declined with its proof while that is under review, and closed once it was
/// approved and needs attention: the token is good for one of the two.
fn decline_of(order: &Order, submission: SubmissionId, reason: String) -> Confirmation {
    if order.status() == OrderStatus::NeedsAttention {
        Confirmation::GiveUp { submission, reason }
    } else {
        Confirmation::Decline { submission, reason }
    }
}

/// The order of a submission that waits for a decision, or of an approved one that needs attention.
async fn declinable(bot: &Bot, locale: Locale, id: SubmissionId) -> Result<Order, Error> {
    let (Submission { verdict, .. }, order) = found(bot, locale, id).await?;
    if matches!(verdict, Verdict::Approved { .. }) && order.status() == OrderStatus::NeedsAttention {
        return Ok(order);
    }
    reviewable(bot, locale, id).await
}
