//! The question before a command that changes something: the facts, and the one-time token behind its
//! Confirm.

use crate::{
    domain::{UserId, confirmation::Confirmation, grants::Expiry},
    panel::{Availability, Reader},
    view::{
        Post,
        change::{self, Outcome, Proposed as Shown, QuestionFacts},
    },
};

use super::super::{Bot, error::Error, interaction::Interaction};
use crate::bot::issue::issue;

/// Whom a question is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) customer: UserId,
    pub(super) name: &'a str,
    /// The client on the panel, with its end and its traffic as last known.
    pub(super) client: Option<(&'a str, Expiry, u64)>,
}

/// Stores a one-time token and makes the question that carries it.
pub(super) async fn question(
    bot: &Bot,
    interaction: &Interaction<'_>,
    what: &Confirmation,
    shown: Shown<'_>,
    subject: About<'_>,
) -> Result<Post, Error> {
    let (token, expires_at) = issue(bot, interaction, what).await?;
    let facts = QuestionFacts {
        proposed: shown,
        customer: subject.customer,
        name: subject.name,
        client: subject.client,
        token: &token,
        expires_at,
    };
    Ok(change::question(interaction.locale, &facts))
}

/// What is true of work that is not done yet.
pub(super) fn waits<'a>(bot: &Bot, panel: &str) -> Outcome<'a> {
    let place = bot.config.discord.review_channel_id;
    match bot.panels.get(panel).map(Reader::availability) {
        Some(Availability::Down { since, .. }) => Outcome::Waits { since, place },
        Some(Availability::Up) | None => Outcome::InProgress { place },
    }
}
