//! The ticket: channel, overwrites and status message, made what the order's state says now.

use std::time::Duration;

use super::{
    EffectContext, EffectError,
    deleted_channel::confirm_gone,
    discord::{Trouble, call, has_topic},
};
use crate::{
    db::{self, outbox::Lease},
    domain::{
        ChannelId, MessageId, Millis, Order, OrderId, OrderState,
        discord_error::Refused,
        order::{Delivery, Source},
    },
    view::{
        Marker,
        ticket::{TicketFacts, status},
    },
};

mod make;
mod permissions;

use make::NoChannel;
pub use permissions::StaffRoles;
pub(super) use permissions::look_at_roles;
use permissions::{grant_staff_overwrites, staff_overwrites, sync_lock};

/// How long a completed order's ticket waits for a link that was neither delivered nor fetched.
const UNDELIVERED_STAYS: Duration = Duration::from_hours(7 * 24);

/// How often the customer is asked to fetch it meanwhile.
const UNDELIVERED_REMINDER: Duration = Duration::from_hours(24);

/// Seconds between two messages of a customer in the ticket; staff who may manage messages, and bots,
/// do not wait (Discord's reference, "Channel Object").
const SLOW_MODE: u16 = 5;

/// What a ticket's topic begins with.
const TOPIC: &str = "Tollkeeper order ";

/// Makes the ticket what the state says.
pub(super) async fn sync(context: &EffectContext, lease: &Lease, id: &OrderId) -> Result<(), EffectError> {
    let Some(order) = db::orders::order(&context.db, id).await? else {
        return Ok(db::outbox::finish(&context.db, lease, context.clock.now()).await?);
    };
    let Some(channel) = ensure_channel(context, lease, &order).await? else { return Ok(()) };
    match sync_channel(context, lease, &order, channel).await {
        Err(Gone::Channel) => {
            confirm_gone(context, channel).await?;
            db::orders::tickets::ticket_gone(&context.db, channel, context.clock.now()).await?;
            Ok(db::outbox::finish(&context.db, lease, context.clock.now()).await?)
        }
        Err(Gone::EffectError(failure)) => Err(failure),
        Ok(()) => Ok(()),
    }
}

/// The channel does not exist any more, or something else failed.
enum Gone {
    Channel,
    EffectError(EffectError),
}

impl From<Trouble> for Gone {
    fn from(trouble: Trouble) -> Self {
        if trouble.is(Refused::NoChannel) { Self::Channel } else { Self::EffectError(trouble.into()) }
    }
}

impl From<db::Error> for Gone {
    fn from(error: db::Error) -> Self {
        Self::EffectError(error.into())
    }
}

async fn sync_channel(context: &EffectContext, lease: &Lease, order: &Order, channel: ChannelId) -> Result<(), Gone> {
    let now = context.clock.now();
    // Read again: the channel may have been made a moment ago.
    let Some(order) = db::orders::order(&context.db, &order.id).await? else {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    };
    let unseated = grant_staff_overwrites(context, &order, channel).await?;
    let refused = sync_lock(context, &order, channel).await?.or(unseated);
    let shown = sync_status(context, lease, &order, channel).await?;
    match (refused, shown) {
        (None, None) => Ok(db::outbox::finish(&context.db, lease, now).await?),
        (None, Some((message, digest))) => {
            Ok(db::orders::tickets::status_shown(&context.db, lease, &order.id, message, &digest, now).await?)
        }
        // The customer has read how the order stands; that the lock is wrong is for staff.
        (Some((why, says)), shown) => {
            if let Some((message, digest)) = shown {
                db::orders::tickets::status_is(&context.db, &order.id, message, &digest).await?;
            }
            Err(Gone::EffectError(EffectError::Refused(why, says)))
        }
    }
}

/// Makes the status message say what is true; `None` when it does.
async fn sync_status(
    context: &EffectContext,
    lease: &Lease,
    order: &Order,
    channel: ChannelId,
) -> Result<Option<(MessageId, String)>, Gone> {
    let locale = context.locale_of(order.customer).await.map_err(Gone::EffectError)?;
    let facts = TicketFacts {
        order,
        methods: &context.config.payment_methods,
        message_content: context.config.discord.message_content,
        closes_at: closes_at(context, order).await?,
    };
    let post = status(locale, &facts);
    let digest = post.digest();
    let mut message = order.ticket.status_message;
    if message.is_some() && order.ticket.status_digest.as_deref() == Some(&digest) {
        return Ok(None);
    }
    if message.is_none() && lease.must_look_first() {
        message = context.find_posted(channel, &Marker::ticket(&order.id), lease.first_try_at).await?;
    }
    let shown = match message {
        Some(message) => match context.edit(channel, message, post.clone()).await {
            Err(trouble) if trouble.is(Refused::NoMessage) => {
                db::orders::tickets::status_lost(&context.db, &order.id).await?;
                None
            }
            other => other.map(|()| Some(message))?,
        },
        None => None,
    };
    let message = if let Some(message) = shown {
        message
    } else {
        let seed = format!("{}:{}:{message:?}", lease.effect.key(), lease.first_try_at);
        context.post(channel, post, &seed).await?
    };
    Ok(Some((message, digest)))
}

/// When the ticket goes; while nobody has its link it does not go when its time comes.
async fn closes_at(context: &EffectContext, order: &Order) -> Result<Option<Millis>, Gone> {
    if matches!(order.state, OrderState::Completed { .. }) && !order.delivery.is_done() {
        return Ok(None);
    }
    Ok(db::orders::tickets::ticket_closes_at(&context.db, &order.id).await?)
}

/// The ticket's channel, made if the state wants one. `None` when the row has been ended because
/// there is nothing to say or no channel can be had.
async fn ensure_channel(
    context: &EffectContext,
    lease: &Lease,
    order: &Order,
) -> Result<Option<ChannelId>, EffectError> {
    if let Some(channel) = order.ticket.channel {
        return Ok(Some(channel));
    }
    if !wants_channel(context, order).await? {
        db::outbox::finish(&context.db, lease, context.clock.now()).await?;
        return Ok(None);
    }
    if lease.must_look_first()
        && let Some(channel) = find_channel(context, &order.id).await?
    {
        // Whatever its overwrite says: it is written again.
        db::orders::tickets::ticket_made(
            &context.db,
            &order.id,
            channel,
            order.ticket_is_open(),
            None,
            context.clock.now(),
        )
        .await?;
        return Ok(Some(channel));
    }
    let staff_overwrites = staff_overwrites(context, order).await?;
    match make::channel(context, order, &staff_overwrites, lease.failures).await? {
        Ok(channel) => {
            let locked = !order.ticket_is_open();
            db::orders::tickets::ticket_made(
                &context.db,
                &order.id,
                channel,
                locked,
                Some(&staff_overwrites),
                context.clock.now(),
            )
            .await?;
            Ok(Some(channel))
        }
        Err(NoChannel { cause, why, says }) => {
            tracing::error!(order.id = %order.id, error = says, "no ticket can be made");
            if db::orders::tickets::no_ticket(&context.db, lease, &order.id, (cause, why), context.clock.now()).await? {
                Ok(None)
            } else {
                Err(EffectError::Refused(why, says))
            }
        }
    }
}

/// A ticket that was lost is only made again when something must be said or done in it.
async fn wants_channel(context: &EffectContext, order: &Order) -> Result<bool, EffectError> {
    // A sale by hand came about elsewhere: its customer has `/link`.
    if order.source == Source::Manual {
        return Ok(false);
    }
    Ok(match order.state {
        OrderState::PendingPayment { .. } => true,
        // The reason must be read; once the ticket has had its time, it was.
        OrderState::Declined { .. } => db::orders::tickets::ticket_closes_at(&context.db, &order.id).await?.is_some(),
        OrderState::Completed { .. } => order.delivery == Delivery::DmClosed,
        // The question of staff must be read.
        OrderState::PaymentSubmitted { .. } => {
            db::payments::review_actions::awaits_answer(&context.db, &order.id).await?
        }
        OrderState::Provisioning { .. }
        | OrderState::NeedsAttention { .. }
        | OrderState::Cancelled { .. }
        | OrderState::Expired { .. }
        | OrderState::Reversed { .. } => false,
    })
}

/// What the topic says; by it a channel is found again. Set when the channel is made and never
/// changed: Discord allows two changes in ten minutes.
fn topic(order: &OrderId) -> String {
    format!("{TOPIC}{order}")
}

/// The order whose ticket a channel with this topic is.
pub(super) fn order_of_topic(topic: &str) -> Option<OrderId> {
    topic.strip_prefix(TOPIC)?.split_whitespace().next()?.parse().ok()
}

async fn find_channel(context: &EffectContext, order: &OrderId) -> Result<Option<ChannelId>, EffectError> {
    let guild = serenity::all::GuildId::new(context.config.discord.guild_id.0.max(1));
    let channels = call(context.http.get_channels(guild)).await?;
    let marker = topic(order);
    Ok(channels.iter().find(|channel| has_topic(channel, &marker)).map(|channel| ChannelId(channel.id.get())))
}

/// Deletes the ticket of an order that is over. A link that nobody has yet keeps it.
pub(super) async fn delete(context: &EffectContext, lease: &Lease, id: &OrderId) -> Result<(), EffectError> {
    let now = context.clock.now();
    let Some(order) = db::orders::order(&context.db, id).await? else {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    };
    if order.status().is_active() {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    }
    let hold = context.config.schedule.clock_hold;
    if context.clock.jumped(hold).is_some() {
        return Ok(db::orders::tickets::delete_ticket_later(&context.db, lease, id, now.plus(hold), false, now).await?);
    }
    if let OrderState::Completed { at, .. } = order.state
        && !order.delivery.is_done()
        && now < at.plus(UNDELIVERED_STAYS)
    {
        let later = now.plus(UNDELIVERED_REMINDER);
        return Ok(db::orders::tickets::delete_ticket_later(&context.db, lease, id, later, true, now).await?);
    }
    if let Some(channel) = order.ticket.channel {
        match context.delete_channel(channel).await {
            Ok(()) => {}
            Err(trouble) if trouble.is(Refused::NoChannel) => {}
            Err(trouble) => return Err(trouble.into()),
        }
    }
    Ok(db::orders::tickets::ticket_deleted(&context.db, lease, id, now).await?)
}
