//! The transfer's reference: the forms in which it is typed, and what came of it.

use crate::domain::{
    ChannelId, GuildId, MessageId, OrderId, SubmissionId,
    button::{Button, Token},
    reference::Reference,
};

use super::{Locale, Modal, Post, Press, Row, Tone, news, text};

/// The longest reference with room for spaces.
const TYPED: u16 = 80;

pub fn modal(locale: Locale, order: &OrderId) -> Modal {
    Modal {
        button: Button::ReferenceModal(order.clone()),
        title: locale.say("reference-title"),
        label: locale.say("reference-label"),
        placeholder: locale.say("reference-placeholder"),
        max: TYPED,
    }
}

pub fn staff_modal(locale: Locale, submission: SubmissionId) -> Modal {
    Modal {
        button: Button::NoteReference(submission),
        title: locale.say("reference-title"),
        label: locale.say("reference-staff-label"),
        placeholder: locale.say("reference-placeholder"),
        max: TYPED,
    }
}

/// The form in which staff say why a reference may be used twice.
pub fn why_modal(locale: Locale, token: &Token) -> Modal {
    Modal {
        button: Button::OverrideModal(token.clone()),
        title: locale.say("reference-why-title"),
        label: locale.say("reference-why-label"),
        placeholder: locale.say("reference-why-placeholder"),
        max: 300,
    }
}

/// The reference belongs to another order; staff may use it all the same.
pub fn twin(locale: Locale, twin: &OrderId, card: Option<(GuildId, ChannelId, MessageId)>, token: &Token) -> Post {
    let said = locale.with("reference-twin", &[("twin", text::code(twin.as_str(), 20).into())]);
    let anyway = Press::ours(Button::Override(token.clone()), locale.say("reference-anyway-button"), Tone::Bad);
    let mut buttons = vec![anyway];
    if let Some((guild, channel, message)) = card
        && let Row::Buttons(link) = news::link_to(locale, guild, channel, message)
    {
        buttons.extend(link);
    }
    Post::text(said).row(Row::Buttons(buttons))
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Kept(Reference),
    Taken,
    /// It does not look like one.
    NotOne,
    /// The order waits for no payment.
    TooLate,
    Noted(Reference),
    /// The payment is decided already.
    Decided,
    /// Staff accepted it although another order owns it.
    Overridden,
    NoReason,
    /// The question is too old or was answered.
    Expired,
}

/// What came of it, as a sentence.
pub fn outcome(locale: Locale, outcome: &Outcome) -> Post {
    let with = |id, reference: &Reference| locale.with(id, &[("reference", text::code(reference.as_str(), 80).into())]);
    Post::text(match outcome {
        Outcome::Kept(reference) => with("reference-kept", reference),
        Outcome::Taken => locale.say("reference-taken"),
        Outcome::NotOne => locale.say("reference-not-one"),
        Outcome::TooLate => locale.say("reference-too-late"),
        Outcome::Noted(reference) => with("reference-noted", reference),
        Outcome::Decided => locale.say("reference-decided"),
        Outcome::Overridden => locale.say("reference-overridden"),
        Outcome::NoReason => locale.say("reference-no-reason"),
        Outcome::Expired => locale.say("reference-expired"),
    })
}
