//! The review card's buttons: they open a question and decide nothing. Approve and Decline need a
//! confirmation, which carries a one-time token; see `decision`.

use crate::{
    db::{
        sessions::{Action, NewSession},
        submissions::Submission,
    },
    domain::{
        Order, OrderStatus, SubmissionId,
        button::{Button, Token},
        proofs::Verdict,
    },
    view::{
        Locale, Post,
        decision::{self, ConfirmFacts, Outcome, Reason},
        refusal::{Refusal, refused},
    },
};

use super::{
    Bot,
    asked::Asked,
    fault::{Fault, random},
};

/// The longest reason that is kept; the form takes less, but a form can be forged.
const LONGEST_REASON: usize = 500;

/// Approve: the question, with the facts once more.
pub(super) async fn ask_approval(bot: &Bot, asked: &mut Asked<'_>, id: SubmissionId) -> Result<(), Fault> {
    if !bot.admins_only(asked, &Button::Approve(id)).await? {
        return Ok(());
    }
    let post = match reviewable(bot, asked.locale, id).await? {
        Ok((_, order)) => question(bot, asked, id, &order, Action::Approve, None).await?,
        Err(post) => post,
    };
    asked.answer(post).await?;
    Ok(())
}

/// Decline: the list of reasons.
pub(super) async fn ask_reason(bot: &Bot, asked: &mut Asked<'_>, id: SubmissionId) -> Result<(), Fault> {
    if !bot.admins_only(asked, &Button::Decline(id)).await? {
        return Ok(());
    }
    let post = match reviewable(bot, asked.locale, id).await? {
        Ok(_) => decision::reason_menu(asked.locale, id),
        Err(post) => post,
    };
    asked.answer(post).await?;
    Ok(())
}

/// A reason was chosen from the list: the question, or the form for one that is typed.
pub(super) async fn reason_chosen(
    bot: &Bot,
    asked: &mut Asked<'_>,
    id: SubmissionId,
    value: Option<&str>,
) -> Result<(), Fault> {
    if !bot.admins_only(asked, &Button::ReasonMenu(id)).await? {
        return Ok(());
    }
    if value == Some(Reason::OTHER) {
        return Ok(asked.ask(decision::reason_modal(asked.locale, id)).await?);
    }
    let Some(reason) = value.and_then(Reason::from_value) else {
        return Ok(asked.answer(refused(asked.locale, Refusal::Stale)).await?);
    };
    let post = match reviewable(bot, asked.locale, id).await? {
        Ok((_, order)) => {
            let customer = bot.db.customer(order.customer).await?;
            let locale = customer.map_or(bot.locale, |customer| Locale::choose(&customer.locale, bot.locale));
            question(bot, asked, id, &order, Action::Decline, Some(reason.text(locale))).await?
        }
        Err(post) => post,
    };
    asked.update(post).await?;
    Ok(())
}

/// A reason was typed.
pub(super) async fn reason_typed(bot: &Bot, asked: &mut Asked<'_>, id: SubmissionId, typed: &str) -> Result<(), Fault> {
    if !bot.admins_only(asked, &Button::ReasonModal(id)).await? {
        return Ok(());
    }
    let reason: String = typed.trim().chars().take(LONGEST_REASON).collect();
    let post = match reviewable(bot, asked.locale, id).await? {
        Err(post) => post,
        Ok(_) if reason.is_empty() => decision::reason_menu(asked.locale, id),
        Ok((_, order)) => question(bot, asked, id, &order, Action::Decline, Some(reason)).await?,
    };
    if asked.private {
        asked.update(post).await?;
    } else {
        asked.answer(post).await?;
    }
    Ok(())
}

/// The submission and its order while they wait for a decision, or who was first.
async fn reviewable(bot: &Bot, locale: Locale, id: SubmissionId) -> Result<Result<(Submission, Order), Post>, Fault> {
    let Some(submission) = bot.db.submission(id).await? else {
        return Ok(Err(refused(locale, Refusal::Stale)));
    };
    let Some(order) = bot.db.order(&submission.order).await? else {
        return Ok(Err(refused(locale, Refusal::Stale)));
    };
    let status = order.status();
    let outcome = match submission.verdict {
        Verdict::Approved { by, at } | Verdict::Declined { by, at, .. } => {
            Outcome::AlreadyDecided { by: Some(by), at: Some(at), status }
        }
        Verdict::Pending if bot.db.latest_submission(&order.id).await? != Some(id) => Outcome::OldCard,
        Verdict::Pending if status != OrderStatus::PaymentSubmitted => Outcome::OrderChanged { status },
        Verdict::Pending => return Ok(Ok((submission, order))),
    };
    Ok(Err(decision::outcome(locale, &outcome)))
}

/// Stores a one-time token and makes the confirmation that carries it.
async fn question(
    bot: &Bot,
    asked: &Asked<'_>,
    id: SubmissionId,
    order: &Order,
    action: Action,
    reason: Option<String>,
) -> Result<Post, Fault> {
    let (token, now, ttl) = (Token::from_random(random()?), bot.clock.now(), bot.config.limits.confirm_ttl);
    let customer = bot.db.customer(order.customer).await?;
    let session =
        NewSession { token: &token, admin: asked.user, action, subject: id.to_string(), reason: reason.clone(), ttl };
    bot.db.open_session(session, now).await?;
    let facts = ConfirmFacts {
        order,
        customer_name: customer.as_ref().map_or("", |customer| &customer.name),
        action: match (&action, &reason) {
            (Action::Approve, _) => decision::Action::Approve,
            (Action::Decline, reason) => decision::Action::Decline(reason.as_deref().unwrap_or_default()),
        },
        token: &token,
        expires_at: now.plus(ttl),
    };
    Ok(decision::confirmation(asked.locale, &facts))
}
