//! Why something was not done, to the person who asked: one clear sentence and what to do next.

use crate::domain::Millis;

use super::{Locale, Post, text};

/// Why a person's request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The shop takes no orders from this person.
    Blocked,
    /// Too soon after the last time.
    TooSoon {
        /// When it may be tried again.
        again_at: Millis,
    },
    /// The same thing too many times in a short time.
    TooOften {
        /// When it may be tried again.
        again_at: Millis,
    },
    /// The panel of the plan is down.
    Outage,
    /// No category has room for another ticket.
    NoRoom,
    /// Discord refused to make the ticket.
    NoTicket,
    /// The plan is not for sale any more.
    UnknownPlan,
    /// The payment method is not offered any more.
    UnknownMethod,
    /// Somebody else's order.
    NotYours,
    /// Only the shop's staff may press this.
    StaffOnly,
    /// Staff may look at this, but only admins may do it.
    AdminsOnly,
    /// Staff, but not an owner.
    OwnersOnly,
    /// The order has been paid for or is over: it cannot be cancelled.
    NotCancellable,
    /// What the customer wrote in the ticket is just being read; it may be a proof.
    BeingRead,
    /// The method cannot be changed any more.
    NotChangeable,
    /// A button, menu or form that we did not issue or that no longer means anything.
    Stale,
    /// Used outside the shop's server.
    NotHere,
    /// Nobody knows whether Discord took the click, so nothing was done.
    NotTaken,
}

/// A refusal as the person reads it.
pub fn refused(locale: Locale, refusal: Refusal) -> Post {
    Post::text(match refusal {
        Refusal::Blocked => locale.say("refusal-blocked"),
        Refusal::TooSoon { again_at } => locale.with("refusal-too-soon", &[("when", text::relative(again_at).into())]),
        Refusal::TooOften { again_at } => {
            locale.with("refusal-too-often", &[("when", text::relative(again_at).into())])
        }
        Refusal::Outage => locale.say("refusal-outage"),
        Refusal::NoRoom => locale.say("refusal-no-room"),
        Refusal::NoTicket => locale.say("refusal-no-ticket"),
        Refusal::UnknownPlan => locale.say("refusal-unknown-plan"),
        Refusal::UnknownMethod => locale.say("refusal-unknown-method"),
        Refusal::NotYours => locale.say("refusal-not-yours"),
        Refusal::StaffOnly => locale.say("refusal-staff-only"),
        Refusal::AdminsOnly => locale.say("refusal-admins-only"),
        Refusal::OwnersOnly => locale.say("refusal-owners-only"),
        Refusal::NotCancellable => locale.say("refusal-not-cancellable"),
        Refusal::BeingRead => locale.say("refusal-being-read"),
        Refusal::NotChangeable => locale.say("refusal-not-changeable"),
        Refusal::Stale => locale.say("refusal-stale"),
        Refusal::NotHere => locale.say("refusal-not-here"),
        Refusal::NotTaken => locale.say("refusal-not-taken"),
    })
}

/// A fault of ours. The incident's id is in the log.
pub fn fault(locale: Locale, incident: &str) -> Post {
    Post::text(locale.with("refusal-fault", &[("incident", text::code(incident, 40).into())]))
}
