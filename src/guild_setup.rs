//! The shop's premises as Discord describes them, in words of the domain. Three calls, all reading.

use std::sync::Arc;

use serenity::all::{
    ChannelType, GuildChannel, GuildId as DiscordGuild, Http, Member, PermissionOverwriteType, Role,
    UserId as DiscordUser,
};

use tokio::sync::watch;

use crate::{
    config::Config,
    domain::{
        ChannelId, GuildId, Millis, RoleId, UserId,
        access::Power,
        guild_setup::{Bot, Channel, Guild, Kind, Overwrite, Place, Plan, Target},
    },
};

/// Whether the bot is in its server, and how much is wrong there. Cheap to clone; every clone says the
/// same.
#[derive(Debug, Clone)]
pub struct Standing(Arc<watch::Sender<State>>);

/// What [`Standing`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Whether the bot is in the server, as far as Discord has said.
    pub at_home: bool,
    /// How many things there need an owner.
    pub flaws: usize,
}

impl Default for Standing {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(State { at_home: true, flaws: 0 })))
    }
}

impl Standing {
    /// The bot is not in the server any more; says whether that is new.
    pub fn left(&self) -> bool {
        self.0.send_if_modified(|state| std::mem::replace(&mut state.at_home, false))
    }

    /// The bot is in the server; says whether it was not.
    pub fn came(&self) -> bool {
        self.0.send_if_modified(|state| !std::mem::replace(&mut state.at_home, true))
    }

    /// So many things in the server need an owner.
    pub fn found(&self, flaws: usize) {
        self.0.send_if_modified(|state| std::mem::replace(&mut state.flaws, flaws) != flaws);
    }

    /// Whether the bot is in the server.
    pub fn is_at_home(&self) -> bool {
        self.0.borrow().at_home
    }

    pub fn watch(&self) -> watch::Receiver<State> {
        self.0.subscribe()
    }
}

pub fn wanted(config: &Config) -> Plan {
    let reminds = !config.schedule.review_reminder.is_zero();
    let config = &config.discord;
    let mut places = vec![
        (Place::Review, config.review_channel_id),
        (Place::Dashboard, config.dashboard_channel_id),
        (Place::Tickets, config.ticket_category_id),
    ];
    places.extend(config.overflow_category_ids.iter().map(|id| (Place::Overflow, *id)));
    let roles = [
        (Power::Owner, config.owner_role_id),
        (Power::Admin, config.admin_role_id),
        (Power::Support, config.support_role_id),
    ];
    Plan {
        places,
        roles: roles.into_iter().filter_map(|(power, role)| Some((power, role?))).collect(),
        rings: config.admin_role_id.filter(|_| reminds),
    }
}

/// Asks Discord for the guild, where `me` is a member.
pub async fn read(http: &Http, guild: GuildId, me: UserId) -> serenity::Result<Guild> {
    let id = DiscordGuild::new(guild.0.max(1));
    let (channels, roles, member) = tokio::try_join!(
        Box::pin(http.get_channels(id)),
        Box::pin(http.get_guild_roles(id)),
        Box::pin(http.get_member(id, DiscordUser::new(me.0.max(1))))
    )?;
    Ok(Guild {
        id: guild,
        roles: roles.iter().map(|role: &Role| (RoleId(role.id.get()), role.permissions.bits())).collect(),
        mentionable: roles.iter().filter(|role| role.mentionable).map(|role| RoleId(role.id.get())).collect(),
        channels: channels.iter().map(channel).collect(),
        bot: bot(me, &member),
    })
}

fn bot(me: UserId, member: &Member) -> Bot {
    Bot {
        user: me,
        roles: member.roles.iter().map(|role| RoleId(role.get())).collect(),
        silenced_until: member.communication_disabled_until.map(|until| Millis(until.timestamp_millis())),
    }
}

fn channel(from: &GuildChannel) -> Channel {
    let overwrites = from.permission_overwrites.iter().filter_map(|overwrite| {
        let target = match overwrite.kind {
            PermissionOverwriteType::Member(user) => Target::Member(UserId(user.get())),
            PermissionOverwriteType::Role(role) => Target::Role(RoleId(role.get())),
            _ => return None,
        };
        Some(Overwrite { target, allow: overwrite.allow.bits(), deny: overwrite.deny.bits() })
    });
    Channel {
        id: ChannelId(from.id.get()),
        name: from.name.clone(),
        kind: match from.kind {
            ChannelType::Text | ChannelType::News => Kind::Text,
            ChannelType::Category => Kind::Category,
            _ => Kind::Other,
        },
        parent: from.parent_id.map(|id| ChannelId(id.get())),
        overwrites: overwrites.collect(),
    }
}
