//! How a call fails.

use std::fmt;

use serde_json::json;
use tollkeeper::sandbox::{
    discord::{Fault as OnDiscord, Gate, RequestInfo},
    panel::Fault as OnPanel,
};

/// One way in which a call fails.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// 429 with `Retry-After`.
    Limited,
    /// 500 of its own making.
    Error,
    /// 502 of a machine before it, with a page of HTML.
    Page,
    /// Done, and the answer ends after its headers.
    CutAnswer,
    /// Nothing is done and nothing is said.
    SilentBefore,
    /// Done, and nothing is said.
    SilentAfter,
    /// 401.
    Unauthorized,
    /// Something that Discord says when it will not do a thing.
    Says(&'static Code),
}

/// One of the codes of Discord's reference ("JSON Error Codes") that come with 403 and 404, and one of a full
/// guild; and the calls to which it is a possible answer.
#[derive(Debug)]
pub(super) struct Code {
    status: u16,
    number: u32,
    says: &'static str,
    fits: fn(&RequestInfo) -> bool,
}

const fn code(status: u16, number: u32, says: &'static str, fits: fn(&RequestInfo) -> bool) -> Code {
    Code { status, number, says, fits }
}

fn is_write_of_message(asked: &RequestInfo) -> bool {
    asked.method == "POST" && asked.route == "/channels/{channel_id}/messages"
}

fn is_about_one_message(asked: &RequestInfo) -> bool {
    asked.route == "/channels/{channel_id}/messages/{message_id}"
}

fn is_in_a_channel(asked: &RequestInfo) -> bool {
    asked.route.starts_with("/channels/")
}

fn is_in_the_guild(asked: &RequestInfo) -> bool {
    asked.route.starts_with("/guilds/")
}

pub(super) static CODES: [Code; 19] = [
    code(404, 10002, "Unknown Application", |asked| asked.route.starts_with("/applications/")),
    code(404, 10003, "Unknown Channel", is_in_a_channel),
    code(404, 10004, "Unknown Guild", |asked| is_in_the_guild(asked) || asked.route.contains("/guilds/")),
    code(404, 10007, "Unknown Member", |asked| asked.route.contains("/members/")),
    code(404, 10008, "Unknown Message", is_about_one_message),
    code(404, 10009, "Unknown Permission Overwrite", |asked| asked.route.contains("/permissions/")),
    code(404, 10013, "Unknown User", |asked| {
        asked.route.starts_with("/users/") || asked.route.contains("/members/") || asked.route.contains("/permissions/")
    }),
    code(404, 10015, "Unknown Webhook", |asked| asked.route.starts_with("/webhooks/")),
    code(404, 10062, "Unknown interaction", |asked| asked.route.ends_with("/callback")),
    code(403, 40003, "You are opening direct messages too fast", |asked| asked.route == "/users/@me/channels"),
    code(403, 50001, "Missing Access", |asked| is_in_a_channel(asked) || is_in_the_guild(asked)),
    code(403, 50003, "Cannot execute action on a DM channel", is_about_one_message),
    code(403, 50005, "Cannot edit a message authored by another user", |asked| {
        asked.method == "PATCH" && is_about_one_message(asked)
    }),
    code(403, 50007, "Cannot send messages to this user", is_write_of_message),
    code(403, 50009, "Channel verification level is too high", is_write_of_message),
    code(403, 50013, "You lack permissions to perform that action", |asked| {
        is_in_a_channel(asked) || is_in_the_guild(asked)
    }),
    code(403, 50278, "Cannot send messages to this user due to having no mutual guilds", is_write_of_message),
    code(403, 40002, "You need to verify your account in order to perform this action", |asked| asked.is_write),
    code(400, 30013, "Maximum number of server channels reached (500)", |asked| {
        asked.method == "POST" && asked.route == "/guilds/{guild_id}/channels"
    }),
];

impl Kind {
    /// Those after which trying again is all there is to do.
    pub(super) const PASSING: [Self; 7] = [
        Self::Limited,
        Self::Error,
        Self::Page,
        Self::CutAnswer,
        Self::SilentBefore,
        Self::SilentAfter,
        Self::Unauthorized,
    ];

    /// Whether it says nothing about what was asked.
    pub(super) fn passes(self) -> bool {
        !matches!(self, Self::Says(_))
    }

    /// Whether somebody has to wait for the end of a deadline.
    pub(super) fn is_silent(self) -> bool {
        matches!(self, Self::SilentBefore | Self::SilentAfter)
    }

    /// Whether a call to Discord may fail in this way. A file has no route, and no code of Discord's.
    pub(super) fn fits(self, asked: &RequestInfo) -> bool {
        match self {
            Self::Says(code) => (code.fits)(asked),
            // Where files are there is nobody to be: it answers 403 or 404, which asks for another file.
            Self::Unauthorized => !asked.route.is_empty(),
            _ => true,
        }
    }

    pub(super) fn on_discord(self) -> OnDiscord {
        match self {
            Self::Limited => OnDiscord::rate_limited(0.3),
            Self::Error => OnDiscord::server_error(),
            Self::Page => OnDiscord::Page(502),
            Self::CutAnswer => OnDiscord::CutAnswer,
            Self::SilentBefore => OnDiscord::HoldBefore(Gate::new()),
            Self::SilentAfter => OnDiscord::HoldAfter(Gate::new()),
            Self::Unauthorized => {
                let body = json!({ "message": "401: Unauthorized", "code": 0 });
                OnDiscord::Status { status: 401, body, headers: Vec::new() }
            }
            Self::Says(code) => OnDiscord::refused(code.status, code.number, code.says),
        }
    }

    pub(super) fn on_panel(self) -> OnPanel {
        match self {
            Self::Limited => OnPanel::Limited,
            Self::Error => OnPanel::Status(500),
            Self::Page => OnPanel::Page(502),
            Self::CutAnswer => OnPanel::CutAnswer,
            Self::SilentBefore => OnPanel::HangBefore,
            Self::SilentAfter => OnPanel::HangAfter,
            Self::Unauthorized => OnPanel::Status(401),
            Self::Says(code) => OnPanel::Status(code.status),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limited => f.write_str("429"),
            Self::Error => f.write_str("500"),
            Self::Page => f.write_str("502 with HTML"),
            Self::CutAnswer => f.write_str("cut after the headers"),
            Self::SilentBefore => f.write_str("silence before it was done"),
            Self::SilentAfter => f.write_str("silence after it was done"),
            Self::Unauthorized => f.write_str("401"),
            Self::Says(code) => write!(f, "{}/{}", code.status, code.number),
        }
    }
}
