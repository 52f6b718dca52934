//! The one place that stores a confirmation with its one-time token, when its question is shown.

use super::{
    Bot,
    error::{Error, random},
    interaction::Interaction,
};
use crate::{
    db,
    domain::{Millis, button::Token, confirmation::Confirmation},
};

/// Stores a one-time token for a question, and says when it expires.
pub(super) async fn issue(
    bot: &Bot,
    interaction: &Interaction<'_>,
    what: &Confirmation,
) -> Result<(Token, Millis), Error> {
    let (token, now, ttl) = (Token::from_random(random()?), bot.clock.now(), bot.config.limits.confirm_ttl);
    db::people::confirmations::issue_confirmation(&bot.db, &token, interaction.user, what, ttl, now).await?;
    Ok((token, now.plus(ttl)))
}
