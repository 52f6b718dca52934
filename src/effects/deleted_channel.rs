//! Whether a channel that Discord denies is really gone: after an outage it may deny for days what is
//! there, and what follows from a lost ticket is not undone.

use serenity::all::{GuildChannel, GuildId};

use super::{
    EffectContext, EffectError,
    discord::{Trouble, call, serenity_channel},
};
use crate::{
    db,
    domain::{ChannelId, discord_error::Refused, effect::OwnerNews},
};

/// The channels of the guild as its list has them; one that lacks the review channel is not believed.
pub(super) async fn listed(context: &EffectContext) -> Result<Vec<GuildChannel>, EffectError> {
    let guild = GuildId::new(context.config.discord.guild_id.0.max(1));
    let there: Vec<GuildChannel> = call(context.http.get_channels(guild)).await?;
    if there.iter().all(|channel| channel.id.get() != context.config.discord.review_channel_id.0) {
        let says = "Discord's list of channels lacks the review channel; it is not believed".to_owned();
        return Err(EffectError::Refused(Refused::NoChannel, says));
    }
    Ok(there)
}

/// A call about a channel says that it does not exist: the list of channels has to say the same.
/// Otherwise its lane waits, and owners read of it.
pub(super) async fn confirm_gone(context: &EffectContext, channel: ChannelId) -> Result<(), EffectError> {
    if listed(context).await?.iter().all(|there| there.id.get() != channel.0) {
        return Ok(());
    }
    let now = context.clock.now();
    db::maintenance::housekeeping::tell_owners_hourly(&context.db, &OwnerNews::Refused { why: Refused::Denied }, now)
        .await?;
    Err(EffectError::Target(format!("Discord denies the channel {channel}, which its list of channels has")))
}

/// The list of channels lacks one: asked for itself, it has to be unknown.
pub(super) async fn is_unknown(context: &EffectContext, channel: ChannelId) -> Result<bool, EffectError> {
    match call(context.http.get_channel(serenity_channel(channel))).await {
        Ok(_) | Err(Trouble::Unread(_)) => Ok(false),
        Err(Trouble::Refused(refusal)) => Ok(refusal.why == Refused::NoChannel),
        Err(trouble @ Trouble::Target(_)) => Err(trouble.into()),
    }
}
