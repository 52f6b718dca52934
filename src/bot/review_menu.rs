//! More: what staff do about a proof besides deciding, and the customer's answer to a question.
//!
//! A question does not unlock the ticket. The lock follows from the order's state and from nothing
//! else, so that no failure can leave a ticket open or shut; the customer answers with the button
//! under the question, and the answer stands on the card where the decision is made.

use crate::{
    db,
    domain::{OrderId, SubmissionId, button::Button, effect::QuestionId, review::Answered},
    view::{
        self,
        refusal::Refusal,
        review_menu::{self, More, Outcome},
    },
};

use super::{
    Bot,
    error::Error,
    interaction::Interaction,
    review::{decline::ask_fake, reviewable},
};

/// The longest question or answer that is kept; the forms take less, but a form can be forged.
const LONGEST: usize = 500;

pub(super) async fn open(bot: &Bot, interaction: &mut Interaction<'_>, id: SubmissionId) -> Result<(), Error> {
    bot.admins_only(interaction, &Button::More(id)).await?;
    let order = reviewable(bot, interaction.locale, id).await?;
    Ok(interaction.answer(review_menu::menu(interaction.locale, id, order.attempts_left.into())).await?)
}

/// An entry of the list was chosen.
pub(super) async fn chosen(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    id: SubmissionId,
    value: Option<&str>,
) -> Result<(), Error> {
    bot.admins_only(interaction, &Button::MoreMenu(id)).await?;
    let entry = value.and_then(More::from_value).ok_or_else(|| Error::refused(interaction.locale, Refusal::Stale))?;
    let order = reviewable(bot, interaction.locale, id).await?;
    let now = bot.clock.now();
    let post = match entry {
        More::Ask => return Ok(interaction.ask(review_menu::ask_modal(interaction.locale, id)).await?),
        More::Reference => return Ok(interaction.ask(view::reference::staff_modal(interaction.locale, id)).await?),
        More::Fake => ask_fake(bot, interaction, &order, id).await?,
        More::Attempt { left } => {
            match db::payments::review_actions::one_more_attempt(&bot.db, id, left, interaction.user, now).await? {
                Some(left) => review_menu::outcome(interaction.locale, Outcome::Attempts { left }),
                None => review_menu::outcome(interaction.locale, Outcome::TooLate),
            }
        }
        More::LetGo => {
            let done = db::payments::review_actions::stop_reviewing(&bot.db, id, interaction.user, now).await?;
            review_menu::outcome(interaction.locale, if done { Outcome::LetGo } else { Outcome::NobodyLooks })
        }
    };
    interaction.update(post).await?;
    Ok(())
}

/// An order that takes no more proofs takes one again.
pub(super) async fn give_attempt(bot: &Bot, interaction: &mut Interaction<'_>, order: &OrderId) -> Result<(), Error> {
    bot.admins_only(interaction, &Button::GiveAttempt(order.clone())).await?;
    let given = db::payments::review_actions::give_attempt(&bot.db, order, interaction.user, bot.clock.now()).await?;
    let outcome = if given { Outcome::AttemptGiven } else { Outcome::NoAttemptWanted };
    Ok(interaction.answer(review_menu::outcome(interaction.locale, outcome)).await?)
}

/// A question to the customer was typed.
pub(super) async fn question_typed(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    id: SubmissionId,
    typed: &str,
) -> Result<(), Error> {
    bot.admins_only(interaction, &Button::AskModal(id)).await?;
    let text: String = typed.trim().chars().take(LONGEST).collect();
    let outcome = if text.is_empty() {
        Outcome::Empty
    } else {
        match db::payments::review_actions::ask_customer(&bot.db, id, interaction.user, &text, bot.clock.now()).await? {
            Some(_) => Outcome::Asked,
            None => Outcome::TooLate,
        }
    };
    let post = review_menu::outcome(interaction.locale, outcome);
    Ok(interaction.update(post).await?)
}

/// The customer wants to answer: the form.
pub(super) async fn ask_answer(bot: &Bot, interaction: &mut Interaction<'_>, id: QuestionId) -> Result<(), Error> {
    let text = own_question(bot, interaction, id).await?;
    Ok(interaction.ask(review_menu::answer_modal(interaction.locale, id, &text)).await?)
}

pub(super) async fn answer_typed(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    id: QuestionId,
    typed: &str,
) -> Result<(), Error> {
    own_question(bot, interaction, id).await?;
    let text: String = typed.trim().chars().take(LONGEST).collect();
    let outcome = if text.is_empty() {
        Outcome::Empty
    } else {
        match db::payments::review_actions::answer(&bot.db, id, interaction.user, &text, bot.clock.now()).await? {
            Answered::Kept => Outcome::Answered,
            Answered::Before => Outcome::AnsweredBefore,
            Answered::TooLate => Outcome::AnswerTooLate,
        }
    };
    interaction.answer(review_menu::outcome(interaction.locale, outcome)).await?;
    Ok(())
}

/// The question's text, if it was asked of this person; everybody else is refused.
async fn own_question(bot: &Bot, interaction: &mut Interaction<'_>, id: QuestionId) -> Result<String, Error> {
    let question = db::payments::review_actions::question(&bot.db, id)
        .await?
        .ok_or_else(|| Error::refused(interaction.locale, Refusal::Stale))?;
    super::order::own_order(bot, interaction, &question.order).await?;
    Ok(question.text)
}
