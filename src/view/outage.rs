//! Outages of a panel: for owners and staff in words, for everybody as the bot's presence.

use super::{Locale, Post, text, words};
use crate::domain::Millis;

/// An outage of a panel, or its end.
#[derive(Debug)]
pub struct OutageFacts<'a> {
    pub panel: &'a str,
    /// Since when it is (or was) of no use.
    pub since: Millis,
    /// Why, in a sentence.
    pub cause: &'a str,
    /// Until when, once it is over.
    pub over_at: Option<Millis>,
    /// Approved orders that wait for the panel now.
    pub waiting: u64,
}

/// A panel went down. Unmarked: owners and staff are told in messages of their own.
pub fn began(locale: Locale, facts: &OutageFacts<'_>) -> Post {
    let arguments = [
        ("panel", words::name(facts.panel).into()),
        ("waiting", facts.waiting.into()),
        ("since", text::date(facts.since).into()),
        ("ago", text::relative(facts.since).into()),
        ("cause", words::reason(facts.cause).into()),
    ];
    Post::text(locale.with("outage-began", &arguments))
}

pub fn ended(locale: Locale, facts: &OutageFacts<'_>) -> Post {
    let lasted = facts.over_at.unwrap_or(facts.since).since(facts.since);
    let arguments = [
        ("panel", words::name(facts.panel).into()),
        ("waiting", facts.waiting.into()),
        ("lasted", words::lasted(locale, lasted).into()),
    ];
    Post::text(locale.with("outage-ended", &arguments))
}

/// How much of what is for sale can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doors {
    Open,
    /// Some plans: a panel is down, another is not.
    Partly,
    Closed,
}

/// What stands below the bot's name in the list of members.
pub fn presence(locale: Locale, doors: Doors) -> String {
    locale.say(match doors {
        Doors::Open => "outage-presence-open",
        Doors::Partly => "outage-presence-partly",
        Doors::Closed => "outage-presence-closed",
    })
}
