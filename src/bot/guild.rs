//! The shop's own server as the gateway tells of it: whether the bot is in it, and that something
//! changed there on which the shop stands.

use serenity::all::{GuildChannel, Http, UnavailableGuild};

use crate::domain::{
    ChannelId, GuildId,
    effect::{Effect, OwnerNews},
};

use super::{Bot, commands::registrations, error::Error, ticket};
use crate::db;

/// The session is new: whether the server is among those that the bot is in.
pub(super) async fn ready(bot: &Bot, guilds: &[UnavailableGuild]) -> Result<(), Error> {
    if guilds.iter().any(|guild| is_ours(bot, guild.id)) {
        return Ok(());
    }
    kicked(bot).await
}

/// A server is gone: during an outage of Discord for a while, otherwise for good.
pub(super) async fn lost(bot: &Bot, guild: &UnavailableGuild) -> Result<(), Error> {
    if !is_ours(bot, guild.id) {
        return Ok(());
    }
    if guild.unavailable {
        tracing::warn!("Discord has an outage: the server cannot be reached for the moment");
        return Ok(());
    }
    kicked(bot).await
}

async fn kicked(bot: &Bot) -> Result<(), Error> {
    if !bot.standing.left() {
        return Ok(());
    }
    tracing::error!(
        guild.id = %bot.config.discord.guild_id,
        "the bot is not in the server any more: invite it again with the link that `tollkeeper check` prints; what waits goes on then"
    );
    let now = bot.clock.now();
    Ok(db::outbox::enqueue_alone(&bot.db, &Effect::TellOwner { news: OwnerNews::Kicked { at: now } }, now, now).await?)
}

/// The server is there. If it was not, what was lost meanwhile is made good: the commands, which Discord
/// forgets with the bot, and what was written in the tickets.
pub(super) async fn found(bot: &Bot, http: &Http) -> Result<(), Error> {
    if !bot.standing.came() {
        return Ok(());
    }
    tracing::info!("the bot is in the server again");
    let guild = serenity::all::GuildId::new(bot.config.discord.guild_id.0.max(1));
    if let Err(error) = http.create_guild_commands(guild, &registrations(&bot.config)).await {
        let error = super::DiscordFailure::from(error);
        tracing::error!(%error, "the commands could not be registered again; a restart of the bot does that");
    }
    ticket::reread(bot).await
}

/// A channel or category changed or went. Only those count that the configuration names.
pub(super) async fn changed(bot: &Bot, channel: &GuildChannel) -> Result<(), Error> {
    let (id, config) = (ChannelId(channel.id.get()), &bot.config.discord);
    let named = [config.review_channel_id, config.dashboard_channel_id, config.ticket_category_id];
    if named.contains(&id) || config.overflow_category_ids.contains(&id) {
        return look(bot, GuildId(channel.guild_id.get())).await;
    }
    Ok(())
}

/// What the bot may do in the server may have changed: it is looked at, and owners are told.
pub(super) async fn look(bot: &Bot, guild: GuildId) -> Result<(), Error> {
    if guild != bot.config.discord.guild_id {
        return Ok(());
    }
    let now = bot.clock.now();
    Ok(db::outbox::enqueue_alone(&bot.db, &Effect::InspectPremises {}, now, now).await?)
}

fn is_ours(bot: &Bot, guild: serenity::all::GuildId) -> bool {
    GuildId(guild.get()) == bot.config.discord.guild_id
}
