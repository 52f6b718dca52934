//! Messages of ours that are deleted again after a while: which kinds there are, and how long each
//! stays.
//!
//! What is not in here stays: cards, status messages, links and the dashboard tell what is true
//! for as long as somebody may ask. Answers that only one person sees need no care of ours:
//! Discord forgets them.

use std::time::Duration;

/// A kind of message that is deleted again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tracked {
    /// A short message to the customer in a ticket.
    TicketNotice,
    /// A line for staff in the review channel.
    StaffNews,
    /// A message that calls an owner in the review channel.
    OwnerNews,
    /// The news of an outage or its end, in the review channel.
    Outage,
}

impl Tracked {
    pub const ALL: [Self; 4] = [Self::TicketNotice, Self::StaffNews, Self::OwnerNews, Self::Outage];

    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TicketNotice => "ticket_notice",
            Self::StaffNews => "staff_news",
            Self::OwnerNews => "owner_news",
            Self::Outage => "outage",
        }
    }

    pub fn stays(self) -> Duration {
        const DAY: u64 = 24;
        Duration::from_hours(match self {
            // The ticket's status message says the same and stays; a question stays until it is answered.
            Self::TicketNotice => DAY,
            // Long enough to be read after a free weekend.
            Self::StaffNews | Self::OwnerNews | Self::Outage => 7 * DAY,
        })
    }
}
