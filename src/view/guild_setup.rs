//! What is wrong with the shop's channels and roles on Discord, a sentence each with its remedy.

use crate::domain::{
    ChannelId, RoleId,
    guild_setup::{Permission, Place, RoleOf, SetupProblem},
};

use super::{Locale, Marker, Post, text};

/// The most flaws in one message; `check` tells them all.
const TOLD: usize = 5;

/// How the reader can find a thing: mentions on Discord, names and ids in a terminal.
pub struct Names<'a> {
    pub channel: &'a dyn Fn(ChannelId) -> String,
    pub role: &'a dyn Fn(RoleId) -> String,
    pub moment: &'a dyn Fn(crate::domain::Millis) -> String,
}

impl std::fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Names")
    }
}

/// One flaw with its remedy, on one line.
pub fn flaw(locale: Locale, flaw: &SetupProblem, names: &Names<'_>) -> String {
    match flaw {
        SetupProblem::NoChannel { place, channel } => {
            let id = match place {
                Place::Review => "premises-no-channel-review",
                Place::Dashboard => "premises-no-channel-dashboard",
                Place::Tickets => "premises-no-channel-tickets",
                Place::Overflow => "premises-no-channel-overflow",
            };
            locale.with(id, &[("channel", (names.channel)(*channel).into())])
        }
        SetupProblem::WrongKind { place, channel } => {
            let id = match place {
                Place::Review => "premises-wrong-kind-review",
                Place::Dashboard => "premises-wrong-kind-dashboard",
                Place::Tickets => "premises-wrong-kind-tickets",
                Place::Overflow => "premises-wrong-kind-overflow",
            };
            locale.with(id, &[("channel", (names.channel)(*channel).into())])
        }
        SetupProblem::MissingGuildPermission { missing } => {
            locale.with("premises-powerless", &[("missing", permissions(locale, missing).into())])
        }
        SetupProblem::MissingChannelPermission { place, channel, missing } => {
            let id = match place {
                Place::Review => "premises-barred-review",
                Place::Dashboard => "premises-barred-dashboard",
                Place::Tickets | Place::Overflow => "premises-barred-tickets",
            };
            let missing = permissions(locale, missing);
            locale.with(id, &[("channel", (names.channel)(*channel).into()), ("missing", missing.into())])
        }
        SetupProblem::NoRole { power, role } => {
            let id = match power {
                RoleOf::Owner => "premises-no-role-owner",
                RoleOf::Admin => "premises-no-role-admin",
                RoleOf::Support => "premises-no-role-support",
            };
            locale.with(id, &[("role", (names.role)(*role).into())])
        }
        SetupProblem::RoleNotMentionable { role } => {
            locale.with("premises-unheard", &[("role", (names.role)(*role).into())])
        }
        SetupProblem::NoRoom => locale.say("premises-no-room"),
        SetupProblem::Silenced { until } => {
            locale.with("premises-silenced", &[("until", (names.moment)(*until).into())])
        }
    }
}

/// The direct message that tells an owner.
pub(super) fn news(locale: Locale, flaws: &[SetupProblem], marker: &Marker) -> Post {
    let channel = |id: ChannelId| format!("{} ({})", text::channel(id), text::code(&id.to_string(), 30));
    let role = |id: RoleId| text::code(&id.to_string(), 30);
    let names = Names { channel: &channel, role: &role, moment: &text::date };
    let lines: Vec<_> = flaws.iter().take(TOLD).map(|one| format!("- {}", flaw(locale, one, &names))).collect();
    let id = if flaws.len() > TOLD { "premises-news-more" } else { "premises-news" };
    Post::text(locale.with(id, &[("flaws", lines.join("\n").into())])).marked(marker)
}

/// Permissions by the names that Discord's settings have for them.
pub fn permissions(locale: Locale, missing: &[Permission]) -> String {
    let names = missing.iter().map(|permission| {
        locale.say(match permission {
            Permission::ViewChannel => "premises-permission-view-channel",
            Permission::SendMessages => "premises-permission-send-messages",
            Permission::EmbedLinks => "premises-permission-embed-links",
            Permission::AttachFiles => "premises-permission-attach-files",
            Permission::ReadMessageHistory => "premises-permission-read-message-history",
            Permission::ManageChannels => "premises-permission-manage-channels",
            Permission::ManageRoles => "premises-permission-manage-roles",
            Permission::ManageMessages => "premises-permission-manage-messages",
            Permission::CreatePublicThreads => "premises-permission-create-public-threads",
            Permission::CreatePrivateThreads => "premises-permission-create-private-threads",
            Permission::SendMessagesInThreads => "premises-permission-send-messages-in-threads",
        })
    });
    names.collect::<Vec<_>>().join(", ")
}
