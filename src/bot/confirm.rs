//! Confirmations: the one place that looks at their tokens at Confirm, asks for the power afresh and has
//! each carried out. They are issued in `bot/issue.rs`.
//!
//! Confirm acknowledges first and acts only if Discord accepted that: Discord takes one answer per
//! interaction, which is the only mutual exclusion that two machines with one bot token have. The token
//! is spent in the transaction that acts.

use crate::{
    db::{self, people::confirmations::TokenRefused},
    domain::{button::Token, confirmation::Confirmation},
    view::{
        Post,
        confirmation::{self, NotConfirmed},
        refusal::{Refusal, refused},
    },
};

use super::{
    Bot, admin,
    error::Error,
    interaction::Interaction,
    review::{approve, attention, decline},
};

pub(super) async fn confirm(bot: &Bot, interaction: &mut Interaction<'_>, token: &Token) -> Result<(), Error> {
    if !interaction.take_alone().await {
        return Ok(());
    }
    let Some(found) =
        db::people::confirmations::confirmation(&bot.db, token, interaction.user, bot.clock.now()).await?
    else {
        interaction.edit(refused(interaction.locale, Refusal::Stale)).await?;
        return bot.audit_refusal(interaction, "confirm", "unknown".to_owned()).await;
    };
    let what = &found.confirmation;
    let presented = match found.token {
        Ok(presented) => presented,
        Err(why) => {
            not_confirmed(interaction, what, why).await?;
            return bot.audit_refusal(interaction, "confirm", format!("{why:?}").to_lowercase()).await;
        }
    };
    if bot.power(interaction) < Some(what.required_power()) {
        // An open confirmation dies with the power it was opened with.
        db::people::tokens::cancel_confirmation(&bot.db, token, interaction.user, bot.clock.now()).await?;
        interaction.edit(confirmation::not_confirmed(interaction.locale, NotConfirmed::PowerLost, what)).await?;
        return bot.audit_refusal(interaction, "confirm", what.subject()).await;
    }
    let done: Result<Post, Error> = match what {
        Confirmation::Approve { submission } => approve::approve(bot, interaction, &presented, *submission).await,
        Confirmation::Receive { submission, minor } => {
            approve::receive(bot, interaction, &presented, *submission, *minor).await
        }
        Confirmation::Decline { submission, reason } => {
            decline::decline(bot, interaction, &presented, *submission, reason).await
        }
        Confirmation::DeclineFake { submission, reason } => {
            decline::decline_fake(bot, interaction, &presented, *submission, reason).await
        }
        // Its button opens a form; see `reference`.
        Confirmation::OverrideReference { .. } => Ok(refused(interaction.locale, Refusal::Stale)),
        Confirmation::GiveUp { submission, reason } => {
            decline::give_up(bot, interaction, &presented, *submission, reason).await
        }
        Confirmation::BookByHand { order } => attention::book_by_hand(bot, interaction, &presented, order).await,
        Confirmation::VoidSale { order, reason } => {
            attention::void_sale(bot, interaction, &presented, order, reason).await
        }
        Confirmation::EndPaid { order } => attention::end_paid(bot, interaction, &presented, order).await,
        Confirmation::Block { user, name, reason } => {
            admin::block::carry_out(bot, interaction, &presented, *user, name, reason).await
        }
        Confirmation::Unblock { user } => admin::block::carry_out_unblock(bot, interaction, &presented, *user).await,
        Confirmation::DropEffect { row } => admin::status::drop_effect(bot, interaction, &presented, *row).await,
        Confirmation::ReleaseOutbox => admin::status::release(bot, interaction, &presented).await,
        Confirmation::Change { subscription, change } => {
            admin::change::carry_out(bot, interaction, &presented, *subscription, change).await
        }
        Confirmation::Refund { order, reason } => {
            admin::change::refund(bot, interaction, &presented, order, reason).await
        }
        Confirmation::Adopt { panel, email, user, name } => {
            let wanted = admin::adopt::Wanted { panel, email, user: *user, name };
            admin::adopt::carry_out(bot, interaction, &presented, &wanted).await
        }
        Confirmation::Sell { user, name, plan, note } => {
            admin::create::carry_out(bot, interaction, &presented, (*user, name), plan, note).await
        }
    };
    match done {
        Ok(post) => Ok(interaction.edit(post).await?),
        Err(Error::Db(db::Error::Token(why))) => not_confirmed(interaction, what, why).await,
        Err(fault) => Err(fault),
    }
}

pub(super) async fn cancel(bot: &Bot, interaction: &mut Interaction<'_>, token: &Token) -> Result<(), Error> {
    db::people::tokens::cancel_confirmation(&bot.db, token, interaction.user, bot.clock.now()).await?;
    Ok(interaction.update(confirmation::cancelled(interaction.locale)).await?)
}

/// Says why a token is not accepted. A question that belongs to somebody else, or to the first
/// click's result, stays as it is, and a message of its own says so.
async fn not_confirmed(interaction: &mut Interaction<'_>, what: &Confirmation, why: TokenRefused) -> Result<(), Error> {
    let say = |why| confirmation::not_confirmed(interaction.locale, why, what);
    match why {
        TokenRefused::Unknown => interaction.edit(refused(interaction.locale, Refusal::Stale)).await?,
        TokenRefused::Expired => interaction.edit(say(NotConfirmed::Expired)).await?,
        TokenRefused::Spent => interaction.add(say(NotConfirmed::Used)).await?,
        TokenRefused::NotYours => interaction.add(say(NotConfirmed::NotYours)).await?,
    }
    Ok(())
}
