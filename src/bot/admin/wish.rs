//! The desk's confirmations: a question with a one-time token, and what is done once it is
//! answered. The power is asked afresh at both; the click is acknowledged first and acted on only
//! if Discord accepted that.

use crate::{
    db::sessions::TokenRefused,
    domain::{UserId, button::Token, change::Wish, grants::Expiry},
    panel::{Availability, Reader},
    view::{
        Post,
        change::{self, Asked as Shown, Outcome, QuestionFacts, outcome},
        refusal::{Refusal, refused},
    },
};

use super::{
    super::{
        Bot,
        asked::Asked,
        fault::{Fault, random},
    },
    adopt, create,
};

/// Whom a question is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    /// The customer.
    pub(super) customer: UserId,
    /// Their name on Discord.
    pub(super) name: &'a str,
    /// The client on the panel, with its end and its traffic as last known.
    pub(super) client: Option<(&'a str, Expiry, u64)>,
}

/// Stores a one-time token for a wish and makes the question that carries it.
pub(super) async fn question(
    bot: &Bot,
    asked: &Asked<'_>,
    wish: &Wish,
    shown: Shown<'_>,
    subject: About<'_>,
) -> Result<Post, Fault> {
    let (token, now, ttl) = (Token::from_random(random()?), bot.clock.now(), bot.config.limits.confirm_ttl);
    bot.db.open_wish(&token, asked.user, &subject.customer.to_string(), wish, ttl, now).await?;
    let facts = QuestionFacts {
        asked: shown,
        customer: subject.customer,
        name: subject.name,
        client: subject.client,
        token: &token,
        expires_at: now.plus(ttl),
    };
    Ok(change::question(asked.locale, &facts))
}

/// Confirm: the wish is carried out in the transaction that spends its token.
pub(in super::super) async fn confirm(bot: &Bot, asked: &mut Asked<'_>, token: &Token) -> Result<(), Fault> {
    if !asked.take_alone().await {
        return Ok(());
    }
    let (permit, wish) = match bot.db.wish(token, asked.user, bot.clock.now()).await? {
        Ok(found) => found,
        Err(why) => {
            if let Some(post) = refused_token(asked, why).await? {
                asked.edit(post).await?;
            }
            return bot.audit_refusal(asked, "confirm", format!("{why:?}").to_lowercase()).await;
        }
    };
    if !bot.decides(asked) {
        // An open question dies with the power it was opened with.
        bot.db.abort_session(token, asked.user, bot.clock.now()).await?;
        asked.edit(outcome(asked.locale, &Outcome::PowerLost)).await?;
        return bot.audit_refusal(asked, "confirm", "wish".to_owned()).await;
    }
    let post = match &wish {
        Wish::Change { subscription, change } => {
            super::change::carry_out(bot, asked, &permit, *subscription, change).await?
        }
        Wish::Refund { order, reason } => super::change::refund(bot, asked, &permit, order, reason).await?,
        Wish::Adopt { .. } => adopt::carry_out(bot, asked, &permit, &wish).await?,
        Wish::Sell { .. } => create::carry_out(bot, asked, &permit, &wish).await?,
    };
    if let Some(post) = post {
        asked.edit(post).await?;
    }
    Ok(())
}

/// What is said to a token that is not accepted. Where the question belongs to somebody else, or
/// to the first click's result, it stays as it is and a message of its own says so.
pub(super) async fn refused_token(asked: &mut Asked<'_>, why: TokenRefused) -> Result<Option<Post>, Fault> {
    let said = match why {
        TokenRefused::Unknown => return Ok(Some(refused(asked.locale, Refusal::Stale))),
        TokenRefused::Expired => return Ok(Some(outcome(asked.locale, &Outcome::Expired))),
        TokenRefused::Spent => Outcome::Used,
        TokenRefused::NotYours => Outcome::NotYours,
    };
    asked.add(outcome(asked.locale, &said)).await?;
    Ok(None)
}

/// What is true of work that is not done yet.
pub(super) fn waits<'a>(bot: &Bot, panel: &str) -> Outcome<'a> {
    let place = bot.config.discord.review_channel_id;
    match bot.panels.get(panel).map(Reader::availability) {
        Some(Availability::Down { since, .. }) => Outcome::Waits { since, place },
        Some(Availability::Up) | None => Outcome::InProgress { place },
    }
}
