//! Events about tickets that are no interactions. They carry no state: each only wants the ticket
//! to be read, or notes that it is gone.

use serenity::all::Message;

use crate::domain::{
    ChannelId, GuildId, MessageId, Order, UserId,
    effect::{Effect, Notice},
    order::ProofRefused,
};

use super::{Bot, error::Error};
use crate::db;

/// The gateway session is new, or was broken: what was written in the meantime may have come with
/// no event.
pub(super) async fn reread(bot: &Bot) -> Result<(), Error> {
    let open = db::orders::open_tickets(&bot.db).await?;
    tracing::info!(tickets = open.len(), "connected to Discord");
    let tickets = open.into_iter().map(|order| Effect::ReadTicket { order });
    // Permissions and channels may have changed meanwhile as well.
    let effects: Vec<_> = tickets.chain([Effect::InspectPremises {}]).collect();
    let now = bot.clock.now();
    db::outbox::enqueue_all(&bot.db, &effects, now, now).await?;
    Ok(())
}

/// Somebody wrote somewhere. In a ticket its own customer matters; elsewhere, files of customers whose
/// proof is awaited, and what they write to the bot itself.
pub(super) async fn message(bot: &Bot, message: &Message) -> Result<(), Error> {
    // Discord promises no guild in the event; that the channel is a ticket is asked below.
    let home = message.guild_id.is_none_or(|guild| GuildId(guild.get()) == bot.config.discord.guild_id);
    if !home || message.author.bot {
        return Ok(());
    }
    let (channel, author) = (ChannelId(message.channel_id.get()), UserId(message.author.id.get()));
    let forwarded = message.message_snapshots.iter().any(|snapshot| !snapshot.attachments.is_empty());
    let files = forwarded || !message.attachments.is_empty();
    match db::orders::order_in(&bot.db, channel).await? {
        Some(order) if order.customer == author && (files || awaits_proof(&order)) => {
            let now = bot.clock.now();
            if let Err(error) =
                db::outbox::enqueue_alone(&bot.db, &Effect::ReadTicket { order: order.id.clone() }, now, now).await
            {
                if error.passes() {
                    bot.faults.unheard(&order.id);
                }
                return Err(error.into());
            }
        }
        Some(_) => {}
        None => {
            let direct = message.guild_id.is_none() && message.member.is_none();
            if files || direct {
                elsewhere(bot, message, direct).await?;
            }
        }
    }
    Ok(())
}

/// Whether the next thing that a customer should send is a proof, or what must come before it.
fn awaits_proof(order: &Order) -> bool {
    matches!(order.accepts_proof(), Ok(()) | Err(ProofRefused::NoMethod | ProofRefused::NoReference))
}

/// A thread, another channel, a direct message: where proofs are not looked for. Its customer reads
/// in the ticket what to do; what they ask while it is locked, staff read.
async fn elsewhere(bot: &Bot, message: &Message, direct: bool) -> Result<(), Error> {
    let (user, now, id) = (UserId(message.author.id.get()), bot.clock.now(), message.id.get());
    let Some(order) = db::orders::open_order(&bot.db, user).await? else {
        // A few answers a day for each person, however often they write.
        if direct && bot.limits.repeated(user, "direct message").is_some() {
            let answer = Effect::AnswerDirect { user, channel: ChannelId(message.channel_id.get()), message: id };
            db::outbox::enqueue_alone(&bot.db, &answer, now, now).await?;
        }
        return Ok(());
    };
    if order.ticket.channel.is_none() {
        return Ok(());
    }
    if awaits_proof(&order) {
        db::people::limits::hint(&bot.db, &order.id, "elsewhere", Notice::Elsewhere { message: id }, now).await?;
    } else if direct && !message.content.trim().is_empty() {
        db::people::limits::pass_on(&bot.db, &order.id, ChannelId(message.channel_id.get()), MessageId(id), now)
            .await?;
    }
    Ok(())
}

/// Messages were deleted, by us or by somebody. Only in a ticket or in the review channel do
/// messages of ours stand that must stay.
pub(super) async fn messages_gone(bot: &Bot, channel: ChannelId, messages: &[MessageId]) -> Result<(), Error> {
    let ours =
        channel == bot.config.discord.review_channel_id || db::orders::order_in(&bot.db, channel).await?.is_some();
    if ours {
        let lost = db::outbox::deleted_messages::messages_gone(&bot.db, channel, messages, bot.clock.now()).await?;
        if lost > 0 {
            tracing::info!(channel.id = %channel, messages = lost, "somebody deleted what must stand; it is posted again");
        }
    }
    Ok(())
}

pub(super) async fn gone(bot: &Bot, channel: ChannelId) -> Result<(), Error> {
    if let Some(order) = db::orders::tickets::ticket_gone(&bot.db, channel, bot.clock.now()).await? {
        let customer = db::orders::order(&bot.db, &order).await?.map(|order| order.customer);
        if let Some(times) = customer.and_then(|customer| bot.limits.repeated(customer, "channel gone")) {
            tracing::info!(order.id = %order, times, "a ticket's channel is gone");
        }
    }
    Ok(())
}
