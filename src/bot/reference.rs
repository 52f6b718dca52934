//! The transfer's reference: typed by the customer in the ticket, or by staff on the card. One that
//! another order owns is refused to the customer; staff see whose it is and may accept it all the
//! same, with a reason that stays in the audit log.

use crate::{
    db::{
        references::Referenced,
        sessions::{Action, NewSession, TokenRefused},
    },
    domain::{
        OrderId, OrderState, SubmissionId,
        button::{Button, Token},
        reference::Reference,
    },
    view::{
        reference::{self, Outcome},
        refusal::{Refusal, refused},
    },
};

use super::{
    Bot,
    asked::Asked,
    fault::{Fault, random},
    order::own_order,
};

/// The longest reason that is kept.
const LONGEST_REASON: usize = 300;

/// The customer's button: the form.
pub(super) async fn ask(bot: &Bot, asked: &mut Asked<'_>, id: &OrderId) -> Result<(), Fault> {
    let Some(order) = own_order(bot, asked, id).await? else { return Ok(()) };
    let OrderState::PendingPayment { .. } = order.state else {
        return Ok(asked.answer(reference::outcome(asked.locale, &Outcome::TooLate)).await?);
    };
    asked.ask(reference::modal(asked.locale, id)).await?;
    Ok(())
}

/// The customer typed it.
pub(super) async fn typed(bot: &Bot, asked: &mut Asked<'_>, id: &OrderId, typed: &str) -> Result<(), Fault> {
    let Some(order) = own_order(bot, asked, id).await? else { return Ok(()) };
    let outcome = match understood(bot, order.method.as_ref().map(|method| method.id.as_str()), typed) {
        None => Outcome::NotOne,
        Some(reference) => match bot.db.set_reference(id, asked.user, &reference, bot.clock.now()).await? {
            Referenced::Kept => Outcome::Kept(reference),
            Referenced::Taken { .. } => Outcome::Taken,
            Referenced::TooLate | Referenced::Token(_) => Outcome::TooLate,
        },
    };
    asked.answer(reference::outcome(asked.locale, &outcome)).await?;
    Ok(())
}

/// Staff typed the reference of a proof.
pub(super) async fn noted(bot: &Bot, asked: &mut Asked<'_>, id: SubmissionId, typed: &str) -> Result<(), Fault> {
    if !bot.admins_only(asked, &Button::NoteReference(id)).await? {
        return Ok(());
    }
    // What staff read on the receipt need not look like the pattern that guards against slips.
    let Ok(reference) = typed.parse::<Reference>() else {
        return Ok(asked.answer(reference::outcome(asked.locale, &Outcome::NotOne)).await?);
    };
    let post = match bot.db.note_reference(id, asked.user, &reference, bot.clock.now()).await? {
        Referenced::Kept => reference::outcome(asked.locale, &Outcome::Noted(reference)),
        Referenced::TooLate | Referenced::Token(_) => reference::outcome(asked.locale, &Outcome::Decided),
        Referenced::Taken { twin } => {
            let (token, now, ttl) = (Token::from_random(random()?), bot.clock.now(), bot.config.limits.confirm_ttl);
            let subject = id.to_string();
            let reason = Some(reference.to_string());
            let session =
                NewSession { token: &token, admin: asked.user, action: Action::Reference, subject, reason, ttl };
            bot.db.open_session(session, now).await?;
            let card = match bot.db.latest_submission(&twin).await? {
                Some(latest) => bot.db.submission(latest).await?.and_then(|found| found.card),
                None => None,
            };
            let discord = &bot.config.discord;
            let place = card.map(|card| (discord.guild_id, discord.review_channel_id, card));
            reference::twin(asked.locale, &twin, place, &token)
        }
    };
    asked.answer(post).await?;
    Ok(())
}

/// Use it all the same: the form for the reason.
pub(super) async fn ask_why(bot: &Bot, asked: &mut Asked<'_>, token: &Token) -> Result<(), Fault> {
    if !may_override(bot, asked, &Button::Override(token.clone()), token).await? {
        return Ok(());
    }
    asked.ask(reference::why_modal(asked.locale, token)).await?;
    Ok(())
}

/// The reason was typed: the token is spent with it.
pub(super) async fn overridden(bot: &Bot, asked: &mut Asked<'_>, token: &Token, typed: &str) -> Result<(), Fault> {
    if !may_override(bot, asked, &Button::OverrideModal(token.clone()), token).await? {
        return Ok(());
    }
    let why: String = typed.trim().chars().take(LONGEST_REASON).collect();
    let now = bot.clock.now();
    let session = match bot.db.session(token, asked.user, now).await? {
        Ok(session) if session.action == Action::Reference => session,
        Ok(_) | Err(TokenRefused::Unknown | TokenRefused::NotYours) => {
            return Ok(asked.answer(refused(asked.locale, Refusal::Stale)).await?);
        }
        Err(TokenRefused::Spent | TokenRefused::Expired) => {
            return Ok(asked.answer(reference::outcome(asked.locale, &Outcome::Expired)).await?);
        }
    };
    if why.is_empty() {
        return Ok(asked.answer(reference::outcome(asked.locale, &Outcome::NoReason)).await?);
    }
    let outcome = match bot.db.override_reference(&session, &why, now).await? {
        Referenced::Kept | Referenced::Taken { .. } => Outcome::Overridden,
        Referenced::TooLate => Outcome::Decided,
        Referenced::Token(_) => Outcome::Expired,
    };
    asked.answer(reference::outcome(asked.locale, &outcome)).await?;
    Ok(())
}

/// Lets admins through; an open question dies with the power it was opened with.
async fn may_override(bot: &Bot, asked: &mut Asked<'_>, button: &Button, token: &Token) -> Result<bool, Fault> {
    if !bot.decides(asked) {
        bot.db.abort_session(token, asked.user, bot.clock.now()).await?;
    }
    bot.admins_only(asked, button).await
}

/// A reference that looks as the method's should.
fn understood(bot: &Bot, method: Option<&str>, typed: &str) -> Option<Reference> {
    let reference: Reference = typed.parse().ok()?;
    let pattern = bot.config.payment_method(method?).and_then(|method| method.reference_pattern.as_ref());
    pattern.is_none_or(|pattern| pattern.matches(reference.as_str())).then_some(reference)
}
