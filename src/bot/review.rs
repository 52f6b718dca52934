//! The review card's buttons: they open a question and decide nothing. Every decision needs a
//! confirmation, which carries a one-time token; see `decision`.

use crate::{
    db::{
        sessions::{Action, NewSession},
        submissions::Submission,
    },
    domain::{
        Money, Order, OrderId, OrderStatus, SubmissionId,
        button::{Button, Token},
        order::Source,
        proofs::Verdict,
    },
    view::{
        Locale, Post,
        decision::{self, ConfirmFacts, Done, Outcome, Reason},
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
        Ok(order) => question(bot, asked, id.to_string(), &order, Action::Approve, None).await?,
        Err(post) => post,
    };
    asked.answer(post).await?;
    looks(bot, asked, id).await
}

/// Amount differs: the form for what arrived.
pub(super) async fn ask_amount(bot: &Bot, asked: &mut Asked<'_>, id: SubmissionId) -> Result<(), Fault> {
    if !bot.admins_only(asked, &Button::AmountDiffers(id)).await? {
        return Ok(());
    }
    match reviewable(bot, asked.locale, id).await? {
        Ok(order) => asked.ask(decision::amount_modal(asked.locale, id, &order)).await?,
        Err(post) => asked.answer(post).await?,
    }
    looks(bot, asked, id).await
}

/// What arrived was typed: the question what follows from it.
pub(super) async fn amount_typed(bot: &Bot, asked: &mut Asked<'_>, id: SubmissionId, typed: &str) -> Result<(), Fault> {
    if !bot.admins_only(asked, &Button::AmountModal(id)).await? {
        return Ok(());
    }
    let post = match reviewable(bot, asked.locale, id).await? {
        Err(post) => post,
        Ok(order) => match Money::parse(typed, order.plan.price.currency) {
            Ok(amount) if amount.minor > 0 => {
                let action = Action::Receive { minor: amount.minor };
                question(bot, asked, id.to_string(), &order, action, None).await?
            }
            _ => decision::not_an_amount(asked.locale, &order),
        },
    };
    asked.answer(post).await?;
    Ok(())
}

/// Delivered by hand: the question.
pub(super) async fn ask_by_hand(bot: &Bot, asked: &mut Asked<'_>, id: &OrderId) -> Result<(), Fault> {
    if !bot.admins_only(asked, &Button::ByHand(id.clone())).await? {
        return Ok(());
    }
    let post = match bot.db.order(id).await? {
        Some(order) if order.status() == OrderStatus::NeedsAttention => {
            question(bot, asked, id.to_string(), &order, Action::ByHand, None).await?
        }
        Some(order) => decision::outcome(asked.locale, &Outcome::OrderChanged { status: order.status() }),
        None => refused(asked.locale, Refusal::Stale),
    };
    asked.answer(post).await?;
    Ok(())
}

/// Decline of a sale that staff entered: the question. Nobody waits for a reason.
pub(super) async fn ask_to_void(bot: &Bot, asked: &mut Asked<'_>, id: &OrderId) -> Result<(), Fault> {
    if !bot.admins_only(asked, &Button::VoidSale(id.clone())).await? {
        return Ok(());
    }
    let post = match bot.db.order(id).await? {
        Some(order) if order.source == Source::Manual && order.status() == OrderStatus::NeedsAttention => {
            let said = Some(Reason::unsold(bot.locale));
            question(bot, asked, id.to_string(), &order, Action::VoidSale, said).await?
        }
        Some(order) => decision::outcome(asked.locale, &Outcome::OrderChanged { status: order.status() }),
        None => refused(asked.locale, Refusal::Stale),
    };
    asked.answer(post).await?;
    Ok(())
}

/// Decline: the list of reasons.
pub(super) async fn ask_reason(bot: &Bot, asked: &mut Asked<'_>, id: SubmissionId) -> Result<(), Fault> {
    if !bot.admins_only(asked, &Button::Decline(id)).await? {
        return Ok(());
    }
    let post = match declinable(bot, asked.locale, id).await? {
        Ok(_) => decision::reason_menu(asked.locale, id),
        Err(post) => post,
    };
    asked.answer(post).await?;
    looks(bot, asked, id).await
}

/// The card says that this person looks at it, for as long as a confirmation may be answered.
/// Nobody is kept from deciding by it.
async fn looks(bot: &Bot, asked: &Asked<'_>, id: SubmissionId) -> Result<(), Fault> {
    let now = bot.clock.now();
    bot.db.look_at(id, asked.user, now.plus(bot.config.limits.confirm_ttl), now).await?;
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
    let post = match declinable(bot, asked.locale, id).await? {
        Ok(order) => {
            let customer = bot.db.customer(order.customer).await?;
            let locale = customer.map_or(bot.locale, |customer| Locale::choose(&customer.locale, bot.locale));
            question(bot, asked, id.to_string(), &order, decline_of(&order), Some(reason.text(locale))).await?
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
    let post = match declinable(bot, asked.locale, id).await? {
        Err(post) => post,
        Ok(_) if reason.is_empty() => decision::reason_menu(asked.locale, id),
        Ok(order) => question(bot, asked, id.to_string(), &order, decline_of(&order), Some(reason)).await?,
    };
    if asked.private {
        asked.update(post).await?;
    } else {
        asked.answer(post).await?;
    }
    Ok(())
}

/// An order is declined with its proof while that is under review, and closed once it was
/// approved and needs attention: the token is good for one of the two.
fn decline_of(order: &Order) -> Action {
    if order.status() == OrderStatus::NeedsAttention { Action::GiveUp } else { Action::Decline }
}

/// The order of a submission that waits for a decision, or who was first.
pub(super) async fn reviewable(bot: &Bot, locale: Locale, id: SubmissionId) -> Result<Result<Order, Post>, Fault> {
    let Some((submission, order)) = found(bot, id).await? else { return Ok(Err(refused(locale, Refusal::Stale))) };
    let status = order.status();
    let outcome = match submission.verdict {
        Verdict::Pending if bot.db.latest_submission(&order.id).await? != Some(id) => Outcome::OldCard,
        Verdict::Pending if status != OrderStatus::PaymentSubmitted => Outcome::OrderChanged { status },
        Verdict::Pending => return Ok(Ok(order)),
        verdict => {
            let (by, at) = verdict.decided().unzip();
            Outcome::AlreadyDecided { by, at, what: Done::of(&verdict), status }
        }
    };
    Ok(Err(decision::outcome(locale, &outcome)))
}

/// The same, or the order of an approved submission that needs attention.
async fn declinable(bot: &Bot, locale: Locale, id: SubmissionId) -> Result<Result<Order, Post>, Fault> {
    if let Some((Submission { verdict: Verdict::Approved { .. }, .. }, order)) = found(bot, id).await?
        && order.status() == OrderStatus::NeedsAttention
    {
        return Ok(Ok(order));
    }
    reviewable(bot, locale, id).await
}

async fn found(bot: &Bot, id: SubmissionId) -> Result<Option<(Submission, Order)>, Fault> {
    let Some(submission) = bot.db.submission(id).await? else { return Ok(None) };
    let order = bot.db.order(&submission.order).await?;
    Ok(order.map(|order| (submission, order)))
}

/// Stores a one-time token and makes the confirmation that carries it.
pub(super) async fn question(
    bot: &Bot,
    asked: &Asked<'_>,
    subject: String,
    order: &Order,
    action: Action,
    reason: Option<String>,
) -> Result<Post, Fault> {
    let (token, now, ttl) = (Token::from_random(random()?), bot.clock.now(), bot.config.limits.confirm_ttl);
    let customer = bot.db.customer(order.customer).await?;
    let session = NewSession { token: &token, admin: asked.user, action, subject, reason: reason.clone(), ttl };
    bot.db.open_session(session, now).await?;
    let facts = ConfirmFacts {
        order,
        customer_name: customer.as_ref().map_or("", |customer| &customer.name),
        action: shown(order, action, reason.as_deref().unwrap_or_default()),
        token: &token,
        expires_at: now.plus(ttl),
    };
    Ok(decision::confirmation(asked.locale, &facts))
}

/// An action with the numbers that a person should see before confirming it.
fn shown<'a>(order: &Order, action: Action, reason: &'a str) -> decision::Action<'a> {
    match action {
        Action::Approve => decision::Action::Approve,
        // The desk's own questions never come here.
        Action::Decline | Action::GiveUp | Action::Block | Action::Unblock | Action::DropEffect | Action::Release => {
            decision::Action::Decline(reason)
        }
        Action::Fake | Action::Reference => decision::Action::Fake(reason),
        Action::ByHand => decision::Action::ByHand,
        Action::VoidSale => decision::Action::VoidSale,
        Action::EndPaid => decision::Action::End,
        Action::Receive { minor } => {
            let money = |minor| Money::new(minor, order.plan.price.currency);
            let rest = order.missing().minor - minor;
            if rest > 0 {
                decision::Action::Part { received: money(minor), missing: money(rest) }
            } else {
                let surplus = (rest < 0).then(|| money(-rest));
                decision::Action::Enough { received: money(minor), surplus }
            }
        }
    }
}
