//! The shop's premises as Discord describes them, in words of the domain. Three calls, all reading.

use serenity::all::{
    ChannelType, GuildChannel, GuildId as DiscordGuild, Http, Member, PermissionOverwriteType, Role,
    UserId as DiscordUser,
};

use crate::{
    config::Config,
    domain::{
        ChannelId, GuildId, Millis, RoleId, UserId,
        access::Power,
        premises::{Bot, Channel, Guild, Kind, Overwrite, Place, Plan, Target},
    },
};

/// What the configuration wants.
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
