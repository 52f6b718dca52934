//! Deleting what is over, and finding what was forgotten: messages with their time, channels that
//! nobody remembers, tickets that are gone.

use std::{collections::HashSet, time::Duration};

use serenity::all::{GuildChannel, MessageId as DiscordMessage};

use super::{
    EffectContext, EffectError,
    deleted_channel::{is_unknown, listed},
    discord::{Trouble, call, made_before, serenity_channel},
    ticket,
};
use crate::{
    db::{self, outbox::Lease},
    domain::{
        ChannelId, MessageId, Millis, Order,
        discord_error::Refused,
        effect::{Effect, OwnerNews},
    },
};

/// Discord deletes only younger messages in bulk ("Bulk Delete Messages": two weeks), with an hour
/// to spare for clocks that differ.
const BULK_AGE: Duration = Duration::from_hours(14 * 24 - 1);

/// A channel may be younger than the row that names it.
const BEING_MADE: Duration = Duration::from_mins(10);

/// After this many failures of Discord itself in a row, the rest of a channel waits for the next
/// round: it is down, and each call takes its whole deadline.
const GIVE_UP_AFTER: u32 = 3;

/// What became of a round in one channel.
enum Round {
    Done,
    /// The channel is gone with everything in it.
    ChannelGone,
    /// Discord answers nothing.
    GivenUp,
}

/// Deletes the messages in a channel whose time is over. What could not be deleted is tried again
/// in the next round, and stands in the way of nothing: neither of the other messages nor of the
/// other channels.
pub(super) async fn channel(context: &EffectContext, lease: &Lease, channel: ChannelId) -> Result<(), EffectError> {
    let mut tried = MessageId(0);
    let mut failures = 0;
    loop {
        let now = context.clock.now();
        let due = db::maintenance::housekeeping::messages_to_clean(&context.db, channel, tried, now).await?;
        let Some(last) = due.last().copied() else { break };
        if context.clock.jumped(context.config.schedule.clock_hold).is_some() {
            break;
        }
        match delete_all(context, channel, &due, &mut failures, now).await? {
            Round::Done => tried = last,
            Round::ChannelGone => db::maintenance::housekeeping::forget_channel(&context.db, channel).await?,
            Round::GivenUp => break,
        }
    }
    Ok(db::outbox::finish(&context.db, lease, context.clock.now()).await?)
}

async fn delete_all(
    context: &EffectContext,
    channel: ChannelId,
    due: &[MessageId],
    failures: &mut u32,
    now: Millis,
) -> Result<Round, EffectError> {
    let (old, young): (Vec<_>, Vec<_>) = due.iter().partition(|message| made_before(message.0, now.minus(BULK_AGE)));
    let mut one_by_one: Vec<MessageId> = old;
    if young.len() < 2 {
        one_by_one.extend(young);
    } else {
        let ids = young.iter().map(|message| DiscordMessage::new(message.0.max(1)));
        match call(serenity_channel(channel).delete_messages(&*context.http, ids)).await {
            Ok(()) => db::maintenance::housekeeping::forget_messages(&context.db, &young).await?,
            Err(trouble) if trouble.is(Refused::NoChannel) => return Ok(Round::ChannelGone),
            // One of them is in the way; alone, each shows what it is.
            Err(Trouble::Refused(_) | Trouble::Target(_) | Trouble::Unread(_)) => one_by_one.extend(young),
        }
    }
    for message in one_by_one {
        match call(serenity_channel(channel).delete_message(&*context.http, message.0)).await {
            Ok(()) => {}
            Err(trouble) if trouble.is(Refused::NoMessage) => {}
            Err(trouble) if trouble.is(Refused::NoChannel) => return Ok(Round::ChannelGone),
            Err(Trouble::Refused(refusal)) => {
                // It must not stand in the way of the others; it is asked for again, but not for ever.
                tracing::warn!(channel.id = %channel, message.id = %message, code = refusal.code, "a message of ours cannot be deleted: {}", refusal.says);
                if !db::maintenance::housekeeping::is_long_overdue(&context.db, message, now).await? {
                    continue;
                }
            }
            Err(Trouble::Target(why) | Trouble::Unread(why)) => {
                tracing::warn!(channel.id = %channel, message.id = %message, "a message of ours was not deleted, until the next round: {why}");
                *failures += 1;
                if *failures >= GIVE_UP_AFTER {
                    return Ok(Round::GivenUp);
                }
                continue;
            }
        }
        *failures = 0;
        db::maintenance::housekeeping::forget_messages(&context.db, &[message]).await?;
    }
    Ok(Round::Done)
}

/// Compares the guild's channels with the tickets we know, and mends both.
pub(super) async fn sweep(context: &EffectContext, lease: &Lease) -> Result<(), EffectError> {
    let now = context.clock.now();
    // Before the list: what is made after it is in neither.
    let known = db::maintenance::housekeeping::known_tickets(&context.db).await?;
    let there = match listed(context).await {
        Err(EffectError::Refused(_, says)) => {
            tracing::warn!("no channels were compared: {says}");
            db::outbox::enqueue_alone(&context.db, &Effect::InspectPremises {}, now, now).await?;
            return Ok(db::outbox::finish(&context.db, lease, now).await?);
        }
        there => there?,
    };
    let ids: HashSet<u64> = there.iter().map(|channel| channel.id.get()).collect();
    for channel in known.into_iter().filter(|channel| !ids.contains(&channel.0)) {
        if !is_unknown(context, channel).await? {
            tracing::warn!(channel.id = %channel, "Discord's list of channels lacks a ticket that is there");
            continue;
        }
        if let Some(order) = db::orders::tickets::ticket_gone(&context.db, channel, now).await? {
            tracing::info!(order.id = %order, "a ticket's channel is gone");
        }
    }
    for channel in &there {
        if made_before(channel.id.get(), now.minus(BEING_MADE)) {
            look_at(context, channel, now).await?;
        }
    }
    for order in db::maintenance::housekeeping::forgotten_orders(&context.db, now).await? {
        tracing::warn!(order.id = %order, "an order without a ticket was found; it is made");
        db::outbox::enqueue_alone(&context.db, &Effect::SyncTicket { order }, now, now).await?;
    }
    ticket::look_at_roles(context).await?;
    Ok(db::outbox::finish(&context.db, lease, now).await?)
}

/// One channel that is there: whether it is a ticket of ours that somebody still needs.
async fn look_at(context: &EffectContext, channel: &GuildChannel, now: Millis) -> Result<(), EffectError> {
    let Some(id) = channel.topic.as_deref().and_then(ticket::order_of_topic) else { return Ok(()) };
    let here = ChannelId(channel.id.get());
    let Some(order) = db::orders::order(&context.db, &id).await? else {
        tracing::warn!(order.id = %id, channel.id = %here, "a ticket of an order that is not in the database");
        db::maintenance::housekeeping::tell_owners_once(&context.db, OwnerNews::StrayTicket { channel: here }, now)
            .await?;
        return Ok(());
    };
    if order.ticket.channel == Some(here) {
        return end_in_time(context, &order, now).await;
    }
    // What is under way there may be all that is known of a payment.
    if order.ticket.channel.is_none() && order.status().is_active() {
        tracing::warn!(order.id = %id, "the ticket of an order was found again");
        // Whatever its overwrite says: it is written again.
        db::orders::tickets::ticket_made(&context.db, &id, here, order.ticket_is_open(), None, now).await?;
        db::outbox::enqueue_alone(&context.db, &Effect::SyncTicket { order: id }, now, now).await?;
        return Ok(());
    }
    if context.clock.jumped(context.config.schedule.clock_hold).is_some() {
        return Ok(());
    }
    tracing::warn!(order.id = %id, channel.id = %here, "a ticket that nobody needs any more is deleted");
    match context.delete_channel(here).await {
        Ok(()) => Ok(()),
        Err(trouble) if trouble.is(Refused::NoChannel) => Ok(()),
        Err(Trouble::Refused(refusal)) => {
            tracing::warn!(channel.id = %here, "the channel cannot be deleted: {}", refusal.says);
            Ok(())
        }
        Err(Trouble::Target(why) | Trouble::Unread(why)) => {
            // It is found again by the next sweep; the other channels need not wait for it.
            tracing::warn!(channel.id = %here, "the channel was not deleted: {why}");
            Ok(())
        }
    }
}

/// The ticket of an order that is over goes one day, whatever became of the row that said when.
async fn end_in_time(context: &EffectContext, order: &Order, now: Millis) -> Result<(), EffectError> {
    if order.status().is_active() || db::orders::tickets::ticket_closes_at(&context.db, &order.id).await?.is_some() {
        return Ok(());
    }
    tracing::warn!(order.id = %order.id, "the ticket of an order that is over was forgotten");
    let at = now.plus(context.config.schedule.ticket_delete_after);
    Ok(db::outbox::enqueue_alone(&context.db, &Effect::DeleteTicket { order: order.id.clone() }, at, now).await?)
}
