//! More: what staff do about a proof besides deciding, and the customer's answer to a question.
//!
//! A question does not unlock the ticket. The lock follows from the order's state and from nothing
//! else, so that no failure can leave a ticket open or shut; the customer answers with the button
//! under the question, and the answer stands on the card where the decision is made.

use crate::{
    db,
    domain::{SubmissionId, button::Button, effect::QuestionId, review::Answered},
    view::{
        self,
        more::{self, More, Outcome},
        refusal::Refusal,
    },
};

use super::{
    Bot,
    asked::Asked,
    fault::Fault,
    review::{decline::ask_fake, reviewable},
};

/// The longest question or answer that is kept; the forms take less, but a form can be forged.
const LONGEST: usize = 500;

/// More: the list.
pub(super) async fn open(bot: &Bot, asked: &mut Asked<'_>, id: SubmissionId) -> Result<(), Fault> {
    bot.admins_only(asked, &Button::More(id)).await?;
    let order = reviewable(bot, asked.locale, id).await?;
    Ok(asked.answer(more::menu(asked.locale, id, order.attempts_left.into())).await?)
}

/// An entry of the list was chosen.
pub(super) async fn chosen(
    bot: &Bot,
    asked: &mut Asked<'_>,
    id: SubmissionId,
    value: Option<&str>,
) -> Result<(), Fault> {
    bot.admins_only(asked, &Button::MoreMenu(id)).await?;
    let entry = value.and_then(More::from_value).ok_or_else(|| Fault::refused(asked.locale, Refusal::Stale))?;
    let order = reviewable(bot, asked.locale, id).await?;
    let now = bot.clock.now();
    let post = match entry {
        More::Ask => return Ok(asked.ask(more::ask_modal(asked.locale, id)).await?),
        More::Reference => return Ok(asked.ask(view::reference::staff_modal(asked.locale, id)).await?),
        More::Fake => ask_fake(bot, asked, &order, id).await?,
        More::Attempt { left } => {
            match db::payments::review_actions::one_more_attempt(&bot.db, id, left, asked.user, now).await? {
                Some(left) => more::outcome(asked.locale, Outcome::Attempts { left }),
                None => more::outcome(asked.locale, Outcome::TooLate),
            }
        }
        More::LetGo => {
            let done = db::payments::review_actions::stop_reviewing(&bot.db, id, asked.user, now).await?;
            more::outcome(asked.locale, if done { Outcome::LetGo } else { Outcome::NobodyLooks })
        }
    };
    asked.update(post).await?;
    Ok(())
}

/// A question to the customer was typed.
pub(super) async fn question_typed(
    bot: &Bot,
    asked: &mut Asked<'_>,
    id: SubmissionId,
    typed: &str,
) -> Result<(), Fault> {
    bot.admins_only(asked, &Button::AskModal(id)).await?;
    let text: String = typed.trim().chars().take(LONGEST).collect();
    let outcome = if text.is_empty() {
        Outcome::Empty
    } else {
        match db::payments::review_actions::ask_customer(&bot.db, id, asked.user, &text, bot.clock.now()).await? {
            Some(_) => Outcome::Asked,
            None => Outcome::TooLate,
        }
    };
    let post = more::outcome(asked.locale, outcome);
    Ok(asked.update(post).await?)
}

/// The customer wants to answer: the form.
pub(super) async fn ask_answer(bot: &Bot, asked: &mut Asked<'_>, id: QuestionId) -> Result<(), Fault> {
    let text = own_question(bot, asked, id).await?;
    Ok(asked.ask(more::answer_modal(asked.locale, id, &text)).await?)
}

/// The customer's answer.
pub(super) async fn answer_typed(bot: &Bot, asked: &mut Asked<'_>, id: QuestionId, typed: &str) -> Result<(), Fault> {
    own_question(bot, asked, id).await?;
    let text: String = typed.trim().chars().take(LONGEST).collect();
    let outcome = if text.is_empty() {
        Outcome::Empty
    } else {
        match db::payments::review_actions::answer(&bot.db, id, asked.user, &text, bot.clock.now()).await? {
            Answered::Kept => Outcome::Answered,
            Answered::Before => Outcome::AnsweredBefore,
            Answered::TooLate => Outcome::AnswerTooLate,
        }
    };
    asked.answer(more::outcome(asked.locale, outcome)).await?;
    Ok(())
}

/// The question's text, if it was asked of this person; everybody else is refused.
async fn own_question(bot: &Bot, asked: &mut Asked<'_>, id: QuestionId) -> Result<String, Fault> {
    let question = db::payments::review_actions::question(&bot.db, id)
        .await?
        .ok_or_else(|| Fault::refused(asked.locale, Refusal::Stale))?;
    super::order::own_order(bot, asked, &question.order).await?;
    Ok(question.text)
}
