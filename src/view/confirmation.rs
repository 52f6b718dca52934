//! What is said to whoever presses Confirm and cannot, or presses Cancel.

use crate::domain::confirmation::Confirmation;

use super::{Locale, Post};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotConfirmed {
    /// The question is too old.
    Expired,
    /// It was already answered.
    Used,
    /// Somebody else opened it.
    NotYours,
    /// The person has lost the power meanwhile.
    PowerLost,
}

/// Why nothing was done. What decides about a payment has a card that shows more.
pub fn not_confirmed(locale: Locale, why: NotConfirmed, what: &Confirmation) -> Post {
    Post::text(locale.say(match (why, what.is_about_payment()) {
        (NotConfirmed::Expired, true) => "confirmation-expired-card",
        (NotConfirmed::Expired, false) => "confirmation-expired",
        (NotConfirmed::Used, true) => "confirmation-used-card",
        (NotConfirmed::Used, false) => "confirmation-used",
        (NotConfirmed::NotYours, _) => "confirmation-not-yours",
        (NotConfirmed::PowerLost, true) => "confirmation-power-lost-payment",
        (NotConfirmed::PowerLost, false) => "confirmation-power-lost",
    }))
}

pub fn cancelled(locale: Locale) -> Post {
    Post::text(locale.say("confirmation-cancelled"))
}
