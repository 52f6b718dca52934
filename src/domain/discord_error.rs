//! Why Discord refuses something: its JSON error codes, all in one list, and what each means for what
//! was asked.
//!
//! Discord documents the codes ("Opcodes and Status Codes", "JSON Error Codes"); a code that is not
//! in the list is [`Refused::Other`] and is told to a person as it is.

use serde::{Deserialize, Serialize};

/// What a refusal is about. Each has a sentence of its own with its remedy (`view/discord_error.rs`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// Discord does not want to just now: it is no decision, and waiting helps.
    Passing,
    /// There is no such channel.
    NoChannel,
    /// Discord denies a channel that its own list of channels has.
    Denied,
    /// There is no such message.
    NoMessage,
    /// The bot is not in the server, or there is no such server.
    NoServer,
    /// There is no such member, user, role or overwrite.
    Nobody,
    /// The bot does not see the channel.
    NoAccess,
    /// The bot sees it and lacks a permission.
    NoPermission,
    /// The server wants two-factor authentication of who moderates it: of the bot's owner.
    TwoFactor,
    /// The category has fifty channels.
    CategoryFull,
    /// The category was deleted, or is none.
    NoCategory,
    /// The server has five hundred channels.
    ServerFull,
    /// The channel has, or would have, more overwrites than Discord allows.
    TooManyOverwrites,
    /// The server's rules for names forbid a word in it.
    ForbiddenWord,
    /// The server's `AutoMod`, or Discord's filter of links, blocked the text.
    Filtered,
    /// The person takes no direct messages from the bot.
    DmClosed,
    /// The person shares no server with the bot.
    NotShared,
    /// Discord has flagged the bot: it may not write to people.
    Flagged,
    /// The picture is one that the receiver's settings forbid.
    Explicit,
    /// The file is too large or of a kind that Discord does not take.
    File,
    /// The channel is of a kind in which this cannot be done.
    WrongKind,
    Archived,
    /// A community server needs this channel.
    Required,
    /// The message is Discord's own, or somebody else's.
    NotOurs,
    /// The server's verification level keeps the bot out.
    Verification,
    /// Discord does not take the bot's account.
    Account,
    /// The request itself is wrong: a fault of this program.
    Form,
    /// A code that this program does not know.
    Other,
}

/// Every code that Discord documents for making a channel, writing, direct messages and deleting.
pub const CODES: &[(i64, Refused)] = &[
    (10003, Refused::NoChannel),
    (10004, Refused::NoServer),
    (10007, Refused::Nobody),
    (10008, Refused::NoMessage),
    (10009, Refused::Nobody),
    (10011, Refused::Nobody),
    (10013, Refused::Nobody),
    (20001, Refused::Account),
    (20009, Refused::Explicit),
    (20012, Refused::Account),
    (20016, Refused::Passing),
    (20022, Refused::Passing),
    (20026, Refused::Flagged),
    (20028, Refused::Passing),
    (20029, Refused::Passing),
    (20031, Refused::ForbiddenWord),
    (30013, Refused::ServerFull),
    (30015, Refused::File),
    (30046, Refused::Passing),
    (30060, Refused::TooManyOverwrites),
    (30061, Refused::TooManyOverwrites),
    (40001, Refused::Account),
    (40002, Refused::Account),
    (40003, Refused::Passing),
    (40004, Refused::Passing),
    (40005, Refused::File),
    (40006, Refused::Passing),
    (40007, Refused::DmClosed),
    (40058, Refused::WrongKind),
    (40062, Refused::Passing),
    (40333, Refused::Passing),
    (50001, Refused::NoAccess),
    (50003, Refused::WrongKind),
    (50005, Refused::NotOurs),
    (50006, Refused::Form),
    (50007, Refused::DmClosed),
    (50008, Refused::WrongKind),
    (50009, Refused::Verification),
    (50013, Refused::NoPermission),
    (50016, Refused::Form),
    (50021, Refused::NotOurs),
    (50024, Refused::WrongKind),
    (50028, Refused::Nobody),
    (50033, Refused::Nobody),
    (50034, Refused::Form),
    (50035, Refused::Form),
    (50045, Refused::File),
    (50046, Refused::File),
    (50055, Refused::NoServer),
    (50068, Refused::Form),
    (50074, Refused::Required),
    (50083, Refused::Archived),
    (50109, Refused::Form),
    (50110, Refused::File),
    (50138, Refused::File),
    (50146, Refused::File),
    (50278, Refused::NotShared),
    (60003, Refused::TwoFactor),
    (130_000, Refused::Passing),
    (200_000, Refused::Filtered),
    (200_001, Refused::Filtered),
    (240_000, Refused::Filtered),
];

/// The field errors of a malformed request (50035) that say more than that.
pub const DETAILS: &[(&str, Refused)] = &[
    ("CHANNEL_PARENT_MAX_CHANNELS", Refused::CategoryFull),
    ("CHANNEL_PARENT_INVALID", Refused::NoCategory),
    ("CHANNEL_PARENT_INVALID_TYPE", Refused::NoCategory),
];

impl Refused {
    pub const ALL: [Self; 28] = [
        Self::Passing,
        Self::NoChannel,
        Self::Denied,
        Self::NoMessage,
        Self::NoServer,
        Self::Nobody,
        Self::NoAccess,
        Self::NoPermission,
        Self::TwoFactor,
        Self::CategoryFull,
        Self::NoCategory,
        Self::ServerFull,
        Self::TooManyOverwrites,
        Self::ForbiddenWord,
        Self::Filtered,
        Self::DmClosed,
        Self::NotShared,
        Self::Flagged,
        Self::Explicit,
        Self::File,
        Self::WrongKind,
        Self::Archived,
        Self::Required,
        Self::NotOurs,
        Self::Verification,
        Self::Account,
        Self::Form,
        Self::Other,
    ];

    /// What a code means, with the codes of its field errors.
    pub fn of<'a>(code: i64, details: impl IntoIterator<Item = &'a str>) -> Self {
        let detail = |known: &str| DETAILS.iter().find(|(name, _)| *name == known).map(|(_, why)| *why);
        let listed = || CODES.iter().find(|(known, _)| *known == code).map(|(_, why)| *why);
        details.into_iter().find_map(detail).or_else(listed).unwrap_or(Self::Other)
    }

    /// Whether the category or the server has no place for another channel.
    pub fn is_full(self) -> bool {
        matches!(self, Self::CategoryFull | Self::ServerFull)
    }

    /// Whether it is the person written to, and nobody of the shop, who could change it.
    pub fn is_the_persons(self) -> bool {
        matches!(self, Self::DmClosed | Self::NotShared | Self::Nobody | Self::Explicit)
    }

    /// Whether the same without its file may be taken.
    pub fn is_about_a_file(self) -> bool {
        matches!(self, Self::File | Self::Explicit)
    }

    /// Whether the server's channels, roles and permissions say more about it.
    pub fn is_about_the_server(self) -> bool {
        matches!(
            self,
            Self::NoChannel
                | Self::NoServer
                | Self::NoAccess
                | Self::NoPermission
                | Self::CategoryFull
                | Self::NoCategory
                | Self::ServerFull
                | Self::WrongKind
        )
    }

    /// The end of its sentence's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passing => "passing",
            Self::NoChannel => "no-channel",
            Self::Denied => "denied",
            Self::NoMessage => "no-message",
            Self::NoServer => "no-server",
            Self::Nobody => "nobody",
            Self::NoAccess => "no-access",
            Self::NoPermission => "no-permission",
            Self::TwoFactor => "two-factor",
            Self::CategoryFull => "category-full",
            Self::NoCategory => "no-category",
            Self::ServerFull => "server-full",
            Self::TooManyOverwrites => "too-many-overwrites",
            Self::ForbiddenWord => "forbidden-word",
            Self::Filtered => "filtered",
            Self::DmClosed => "dm-closed",
            Self::NotShared => "not-shared",
            Self::Flagged => "flagged",
            Self::Explicit => "explicit",
            Self::File => "file",
            Self::WrongKind => "wrong-kind",
            Self::Archived => "archived",
            Self::Required => "required",
            Self::NotOurs => "not-ours",
            Self::Verification => "verification",
            Self::Account => "account",
            Self::Form => "form",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_code_stands_in_the_list_once_and_each_cause_can_come_about() {
        let codes: BTreeSet<_> = CODES.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes.len(), CODES.len());
        for (code, why) in CODES {
            assert_eq!(Refused::of(*code, []), *why);
        }
        for (detail, why) in DETAILS {
            assert_eq!(Refused::of(50035, ["BASE_TYPE_REQUIRED", detail]), *why);
        }
        assert_eq!(Refused::of(50035, ["BASE_TYPE_REQUIRED"]), Refused::Form);
        assert_eq!(Refused::of(999_999, []), Refused::Other);
        let listed: BTreeSet<_> =
            CODES.iter().map(|(_, why)| *why).chain(DETAILS.iter().map(|(_, why)| *why)).collect();
        let made: BTreeSet<_> = listed.into_iter().chain([Refused::Denied, Refused::Other]).collect();
        assert_eq!(made, Refused::ALL.into_iter().collect());
    }
}
