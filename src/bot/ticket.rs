//! Events about tickets that are no interactions. They carry no state: each only wants the ticket
//! to be read, or notes that it is gone.

use serenity::all::Message;

use crate::domain::{ChannelId, GuildId, UserId, effect::Effect};

use super::{Bot, fault::Fault};

/// The gateway session is new: what was written in the meantime came with no event.
pub(super) async fn reread(bot: &Bot) -> Result<(), Fault> {
    let open = bot.db.open_tickets().await?;
    tracing::info!(tickets = open.len(), "connected to Discord");
    let tickets = open.into_iter().map(|order| Effect::ReadTicket { order });
    // Permissions and channels may have changed meanwhile as well.
    let effects: Vec<_> = tickets.chain([Effect::InspectPremises {}]).collect();
    let now = bot.clock.now();
    bot.db.want_all(&effects, now, now).await?;
    Ok(())
}

/// Somebody wrote somewhere. Only files of a ticket's own customer matter.
pub(super) async fn message(bot: &Bot, message: &Message) -> Result<(), Fault> {
    let home = message.guild_id.is_some_and(|guild| GuildId(guild.get()) == bot.config.discord.guild_id);
    if !home || message.author.bot || message.attachments.is_empty() {
        return Ok(());
    }
    let Some(order) = bot.db.order_in(ChannelId(message.channel_id.get())).await? else { return Ok(()) };
    if order.customer != UserId(message.author.id.get()) {
        return Ok(());
    }
    let now = bot.clock.now();
    bot.db.want(&Effect::ReadTicket { order: order.id }, now, now).await?;
    Ok(())
}

/// A channel was deleted.
pub(super) async fn gone(bot: &Bot, channel: ChannelId) -> Result<(), Fault> {
    if let Some(order) = bot.db.ticket_gone(channel, bot.clock.now()).await? {
        tracing::info!(order.id = %order, "a ticket's channel is gone");
    }
    Ok(())
}
