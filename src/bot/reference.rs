//! The transfer's reference: typed by the customer in the ticket, or by staff on the card. One that
//! another order owns is refused to the customer; staff see whose it is and may accept it all the
//! same, with a reason that stays in the audit log.

use crate::{
    db::{
        self,
        payments::references::Referenced,
        people::confirmations::{Found, TokenRefused},
    },
    domain::{
        OrderId, OrderState, SubmissionId,
        button::{Button, Token},
        confirmation::Confirmation,
        reference::Reference,
    },
    view::{
        reference::{self, Outcome},
        refusal::Refusal,
    },
};

use super::{Bot, error::Error, interaction::Interaction, order::own_order};
use crate::bot::issue::issue;

/// The longest reason that is kept.
const LONGEST_REASON: usize = 300;

/// The customer's button: the form.
pub(super) async fn ask(bot: &Bot, interaction: &mut Interaction<'_>, id: &OrderId) -> Result<(), Error> {
    let order = own_order(bot, interaction, id).await?;
    let OrderState::PendingPayment { .. } = order.state else {
        return Ok(interaction.answer(reference::outcome(interaction.locale, &Outcome::TooLate)).await?);
    };
    interaction.ask(reference::modal(interaction.locale, id)).await?;
    Ok(())
}

pub(super) async fn typed(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    id: &OrderId,
    typed: &str,
) -> Result<(), Error> {
    let order = own_order(bot, interaction, id).await?;
    if db::orders::customer(&bot.db, interaction.user).await?.is_some_and(|customer| customer.blocked) {
        return Err(Error::refused(interaction.locale, Refusal::Blocked));
    }
    let outcome = match understood(bot, order.method.as_ref().map(|method| method.id.as_str()), typed) {
        None => Outcome::NotOne,
        Some(reference) => {
            match db::payments::references::set_reference(&bot.db, id, interaction.user, &reference, bot.clock.now())
                .await?
            {
                Referenced::Kept => Outcome::Kept(reference),
                Referenced::Taken { .. } => Outcome::Taken,
                Referenced::TooLate => Outcome::TooLate,
            }
        }
    };
    interaction.answer(reference::outcome(interaction.locale, &outcome)).await?;
    Ok(())
}

/// Staff typed the reference of a proof.
pub(super) async fn noted(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    id: SubmissionId,
    typed: &str,
) -> Result<(), Error> {
    bot.admins_only(interaction, &Button::NoteReference(id)).await?;
    // What staff read on the receipt need not look like the pattern that guards against slips.
    let Ok(reference) = typed.parse::<Reference>() else {
        return Ok(interaction.answer(reference::outcome(interaction.locale, &Outcome::NotOne)).await?);
    };
    let post =
        match db::payments::references::note_reference(&bot.db, id, interaction.user, &reference, bot.clock.now())
            .await?
        {
            Referenced::Kept => reference::outcome(interaction.locale, &Outcome::Noted(reference)),
            Referenced::TooLate => reference::outcome(interaction.locale, &Outcome::Decided),
            Referenced::Taken { twin } => {
                let what = Confirmation::OverrideReference { submission: id, reference };
                let (token, _) = issue(bot, interaction, &what).await?;
                let card = match db::payments::submissions::latest_submission(&bot.db, &twin).await? {
                    Some(latest) => {
                        db::payments::submissions::submission(&bot.db, latest).await?.and_then(|found| found.card)
                    }
                    None => None,
                };
                let discord = &bot.config.discord;
                let place = card.map(|card| (discord.guild_id, discord.review_channel_id, card));
                reference::twin(interaction.locale, &twin, place, &token)
            }
        };
    interaction.answer(post).await?;
    Ok(())
}

/// Use it all the same: the form for the reason.
pub(super) async fn ask_why(bot: &Bot, interaction: &mut Interaction<'_>, token: &Token) -> Result<(), Error> {
    may_override(bot, interaction, &Button::Override(token.clone()), token).await?;
    interaction.ask(reference::why_modal(interaction.locale, token)).await?;
    Ok(())
}

/// The reason was typed: the token is spent with it.
pub(super) async fn overridden(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    token: &Token,
    typed: &str,
) -> Result<(), Error> {
    may_override(bot, interaction, &Button::OverrideModal(token.clone()), token).await?;
    let why: String = typed.trim().chars().take(LONGEST_REASON).collect();
    let now = bot.clock.now();
    let expired = || Error::answered(reference::outcome(interaction.locale, &Outcome::Expired));
    let Some(Found { confirmation: Confirmation::OverrideReference { submission, reference }, token }) =
        db::people::confirmations::confirmation(&bot.db, token, interaction.user, now).await?
    else {
        return Err(Error::refused(interaction.locale, Refusal::Stale));
    };
    let presented = match token {
        Ok(presented) => presented,
        Err(TokenRefused::Unknown | TokenRefused::NotYours) => {
            return Err(Error::refused(interaction.locale, Refusal::Stale));
        }
        Err(TokenRefused::Spent | TokenRefused::Expired) => return Err(expired()),
    };
    if why.is_empty() {
        return Err(Error::answered(reference::outcome(interaction.locale, &Outcome::NoReason)));
    }
    let outcome = match db::payments::references::override_reference(
        &bot.db, &presented, submission, &reference, &why, now,
    )
    .await
    {
        Ok(Referenced::Kept | Referenced::Taken { .. }) => Outcome::Overridden,
        Ok(Referenced::TooLate) => Outcome::Decided,
        Err(db::Error::Token(_)) => return Err(expired()),
        Err(error) => return Err(error.into()),
    };
    Ok(interaction.answer(reference::outcome(interaction.locale, &outcome)).await?)
}

/// Lets admins through; an open question dies with the power it was opened with.
async fn may_override(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    button: &Button,
    token: &Token,
) -> Result<(), Error> {
    if !bot.decides(interaction) {
        db::people::tokens::cancel_confirmation(&bot.db, token, interaction.user, bot.clock.now()).await?;
    }
    bot.admins_only(interaction, button).await
}

/// A reference that looks as the method's should.
fn understood(bot: &Bot, method: Option<&str>, typed: &str) -> Option<Reference> {
    let reference: Reference = typed.parse().ok()?;
    let pattern = bot.config.payment_method(method?).and_then(|method| method.reference_pattern.as_ref());
    pattern.is_none_or(|pattern| pattern.matches(reference.as_str())).then_some(reference)
}
