//! The shop's premises on Discord: whether its channels and roles are there, and whether the bot
//! may do in them what it has to do.
//!
//! Effective permissions are computed as Discord documents it ("Permissions": roles first, then
//! the channel's overwrites: everyone, roles together, member last). Nothing here asks Discord.

use serde::{Deserialize, Serialize};

use super::{ChannelId, GuildId, Millis, RoleId, UserId, access::Power};

/// One permission: Discord's bit ("Bitwise Permission Flags") under a name of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    ViewChannel,
    SendMessages,
    /// Embeds: cards, the dashboard, the status of a ticket.
    EmbedLinks,
    /// Files: receipts on cards, QR codes, the dashboard's picture.
    AttachFiles,
    /// Finding what was sent before.
    ReadMessageHistory,
    ManageChannels,
    /// Changing who sees a ticket; Discord shows it for a channel as "Manage Permissions".
    ManageRoles,
    /// Deleting many messages at once.
    ManageMessages,
    /// Keeping customers from opening threads in tickets: nobody takes away what they do not have.
    CreatePublicThreads,
    /// The same for private ones.
    CreatePrivateThreads,
    /// Keeping them from writing in threads, which no lock of the ticket reaches.
    SendMessagesInThreads,
}

impl Permission {
    /// Everything the bot needs and the invitation asks for, and no more.
    pub const ALL: [Self; 11] = [
        Self::ViewChannel,
        Self::SendMessages,
        Self::EmbedLinks,
        Self::AttachFiles,
        Self::ReadMessageHistory,
        Self::ManageChannels,
        Self::ManageRoles,
        Self::ManageMessages,
        Self::CreatePublicThreads,
        Self::CreatePrivateThreads,
        Self::SendMessagesInThreads,
    ];

    pub const fn bit(self) -> u64 {
        1 << match self {
            Self::ManageChannels => 4,
            Self::ViewChannel => 10,
            Self::SendMessages => 11,
            Self::ManageMessages => 13,
            Self::EmbedLinks => 14,
            Self::AttachFiles => 15,
            Self::ReadMessageHistory => 16,
            Self::ManageRoles => 28,
            Self::CreatePublicThreads => 35,
            Self::CreatePrivateThreads => 36,
            Self::SendMessagesInThreads => 38,
        }
    }

    /// The sum that an invitation link carries.
    pub fn invitation() -> u64 {
        Self::ALL.into_iter().fold(0, |bits, permission| bits | permission.bit())
    }
}

/// May do everything, whatever overwrites say.
const ADMINISTRATOR: u64 = 1 << 3;

/// May mention roles that not everybody may. The bot does not ask for it: it would ring the whole server.
const MENTION_EVERYONE: u64 = 1 << 17;

/// What the bot does in the review channel and on the dashboard.
const IN_CHANNEL: [Permission; 6] = [
    Permission::ViewChannel,
    Permission::SendMessages,
    Permission::EmbedLinks,
    Permission::AttachFiles,
    Permission::ReadMessageHistory,
    Permission::ManageMessages,
];

/// What it does in a category: a ticket has overwrites of its own, so the rest counts server-wide.
const IN_CATEGORY: [Permission; 2] = [Permission::ViewChannel, Permission::ManageChannels];

/// Discord's limits ("Channel Categories", "Guild Channels").
pub const PER_CATEGORY: usize = 50;
/// See [`PER_CATEGORY`]; categories count as well.
pub const PER_GUILD: usize = 500;

/// A guild as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guild {
    /// Its id, which is also that of its role `@everyone`.
    pub id: GuildId,
    /// Its roles with their permissions.
    pub roles: Vec<(RoleId, u64)>,
    /// Those of them that anyone may mention.
    pub mentionable: Vec<RoleId>,
    pub channels: Vec<Channel>,
    pub bot: Bot,
}

/// The bot as a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bot {
    pub user: UserId,
    pub roles: Vec<RoleId>,
    /// Until when a moderator has silenced it ("timeout").
    pub silenced_until: Option<Millis>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    pub id: ChannelId,
    pub name: String,
    pub kind: Kind,
    pub parent: Option<ChannelId>,
    /// Who may do what in it, besides their roles.
    pub overwrites: Vec<Overwrite>,
}

/// What a channel is, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Where text is written; announcement channels as well.
    Text,
    Category,
    /// Voice, stages, forums.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overwrite {
    pub target: Target,
    pub allow: u64,
    pub deny: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Of everybody with a role.
    Role(RoleId),
    Member(UserId),
}

/// What a configured channel is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// `review_channel_id`.
    Review,
    /// `dashboard_channel_id`.
    Dashboard,
    /// `ticket_category_id`.
    Tickets,
    /// One of `overflow_category_ids`.
    Overflow,
}

impl Place {
    /// The key in `[discord]`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Review => "review_channel_id",
            Self::Dashboard => "dashboard_channel_id",
            Self::Tickets => "ticket_category_id",
            Self::Overflow => "overflow_category_ids",
        }
    }

    fn needs(self) -> (Kind, &'static [Permission]) {
        match self {
            Self::Review | Self::Dashboard => (Kind::Text, &IN_CHANNEL),
            Self::Tickets | Self::Overflow => (Kind::Category, &IN_CATEGORY),
        }
    }
}

/// What the configuration says about the premises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub places: Vec<(Place, ChannelId)>,
    pub roles: Vec<(Power, RoleId)>,
    /// The role that reminders ring in the review channel, if they ring one.
    pub rings: Option<RoleId>,
}

/// Something that stops the shop or a part of it until somebody mends it on Discord or in the
/// configuration. Ids only: it is an argument of an effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "flaw", rename_all = "snake_case")]
pub enum SetupProblem {
    NoChannel {
        place: Place,
        channel: ChannelId,
    },
    /// A category where a text channel is wanted, or the other way round.
    WrongKind {
        place: Place,
        channel: ChannelId,
    },
    /// The bot's roles do not give it something that tickets need everywhere.
    MissingGuildPermission {
        missing: Vec<Permission>,
    },
    /// A channel's overwrites take something from the bot, or do not give it.
    MissingChannelPermission {
        place: Place,
        channel: ChannelId,
        missing: Vec<Permission>,
    },
    /// A role of staff is not there.
    NoRole {
        /// The power that its members have.
        power: RoleOf,
        role: RoleId,
    },
    /// A reminder rings nobody: the role is not one that the bot may mention.
    RoleNotMentionable {
        role: RoleId,
    },
    /// No category has room for another ticket.
    NoRoom,
    /// A moderator has silenced the bot.
    Silenced {
        until: Millis,
    },
}

impl SetupProblem {
    /// Whether a part of the shop does not work until it is mended. A role that is not to be mentioned
    /// is as Discord makes one: the reminders stand in the channel all the same, and go on to the owners.
    pub fn is_grave(&self) -> bool {
        !matches!(self, Self::RoleNotMentionable { .. })
    }
}

/// Whose role is missing, as the configuration's keys say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleOf {
    /// `owner_role_id`.
    Owner,
    /// `admin_role_id`.
    Admin,
    /// `support_role_id`.
    Support,
}

impl RoleOf {
    /// The key in `[discord]`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Owner => "owner_role_id",
            Self::Admin => "admin_role_id",
            Self::Support => "support_role_id",
        }
    }
}

impl From<Power> for RoleOf {
    fn from(power: Power) -> Self {
        match power {
            Power::Owner => Self::Owner,
            Power::Admin => Self::Admin,
            Power::Support => Self::Support,
        }
    }
}

impl Guild {
    pub fn channel(&self, id: ChannelId) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }

    /// How many more channels a category takes; the guild's own limit counts as well.
    pub fn room_in(&self, category: ChannelId) -> usize {
        let inside = self.channels.iter().filter(|channel| channel.parent == Some(category)).count();
        let all = PER_GUILD.saturating_sub(self.channels.len());
        PER_CATEGORY.saturating_sub(inside).min(all)
    }

    /// What the bot's roles give it in the whole guild.
    pub fn granted(&self) -> u64 {
        let everyone = RoleId(self.id.0);
        let held = self.roles.iter().filter(|(role, _)| *role == everyone || self.bot.roles.contains(role));
        let bits = held.fold(0, |bits, (_, permissions)| bits | permissions);
        if bits & ADMINISTRATOR == 0 { bits } else { u64::MAX }
    }

    /// What the bot has in a channel, before what is lost together with "View Channel": each bit
    /// that is missing here has to be given.
    pub fn granted_in(&self, channel: &Channel) -> u64 {
        let granted = self.granted();
        if granted == u64::MAX {
            return granted;
        }
        let everyone = RoleId(self.id.0);
        let (mut all, mut roles, mut own) = ((0, 0), (0, 0), (0, 0));
        for overwrite in &channel.overwrites {
            let sum = match overwrite.target {
                Target::Role(role) if role == everyone => &mut all,
                Target::Role(role) if self.bot.roles.contains(&role) => &mut roles,
                Target::Member(user) if user == self.bot.user => &mut own,
                Target::Role(_) | Target::Member(_) => continue,
            };
            *sum = (sum.0 | overwrite.allow, sum.1 | overwrite.deny);
        }
        [all, roles, own].into_iter().fold(granted, |bits, (allow, deny)| (bits & !deny) | allow)
    }

    /// Everything that is wrong with the premises, in the order of the configuration.
    pub fn flaws(&self, plan: &Plan, now: Millis) -> Vec<SetupProblem> {
        let mut flaws = Vec::new();
        if let Some(until) = self.bot.silenced_until.filter(|until| *until > now) {
            flaws.push(SetupProblem::Silenced { until });
        }
        // In a ticket only what the roles give holds: its own overwrites replace the category's,
        // and an overwrite can only hand on what the bot has in the whole guild.
        let powerless = missing(self.granted(), &Permission::ALL);
        if !powerless.is_empty() {
            flaws.push(SetupProblem::MissingGuildPermission { missing: powerless.clone() });
        }
        for (place, id) in &plan.places {
            flaws.extend(self.flaw_of(*place, *id, &powerless));
        }
        let categories = plan.places.iter().filter(|(place, _)| place.needs().0 == Kind::Category);
        let mut there = categories.filter(|(_, id)| self.channel(*id).is_some()).peekable();
        if there.peek().is_some() && there.all(|(_, id)| self.room_in(*id) == 0) {
            flaws.push(SetupProblem::NoRoom);
        }
        let known = |role| self.roles.iter().any(|(id, _)| *id == role);
        let lost = plan.roles.iter().filter(|(_, role)| !known(*role));
        flaws.extend(lost.map(|(power, role)| SetupProblem::NoRole { power: RoleOf::from(*power), role: *role }));
        flaws.extend(
            plan.rings
                .filter(|role| known(*role) && !self.hears(plan, *role))
                .map(|role| SetupProblem::RoleNotMentionable { role }),
        );
        flaws
    }

    /// Whether people with a role hear it when the bot mentions the role in the review channel
    /// (Discord's reference, "Role Object", `mentionable`).
    fn hears(&self, plan: &Plan, role: RoleId) -> bool {
        let review = plan.places.iter().find(|(place, _)| *place == Place::Review);
        let review = review.and_then(|(_, id)| self.channel(*id));
        let granted = review.map_or_else(|| self.granted(), |channel| self.granted_in(channel));
        self.mentionable.contains(&role) || granted & MENTION_EVERYONE != 0
    }

    fn flaw_of(&self, place: Place, id: ChannelId, powerless: &[Permission]) -> Option<SetupProblem> {
        let Some(channel) = self.channel(id) else { return Some(SetupProblem::NoChannel { place, channel: id }) };
        let (kind, needs) = place.needs();
        if channel.kind != kind {
            return Some(SetupProblem::WrongKind { place, channel: id });
        }
        // What the roles lack everywhere is said once.
        let lacks = missing(self.granted_in(channel), needs);
        let barred: Vec<_> = lacks.into_iter().filter(|permission| !powerless.contains(permission)).collect();
        (!barred.is_empty()).then_some(SetupProblem::MissingChannelPermission { place, channel: id, missing: barred })
    }
}

fn missing(granted: u64, wanted: &[Permission]) -> Vec<Permission> {
    wanted.iter().copied().filter(|permission| granted & permission.bit() == 0).collect()
}

#[cfg(test)]
mod tests;
