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
use permissions::{seat_staff, seats, sync_lock};

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
pub(super) async fn sync(world: &EffectContext, claim: &Lease, id: &OrderId) -> Result<(), EffectError> {
    let Some(order) = db::orders::order(&world.db, id).await? else {
        return Ok(db::outbox::finish(&world.db, claim, world.clock.now()).await?);
    };
    let Some(channel) = ensure_channel(world, claim, &order).await? else { return Ok(()) };
    match sync_channel(world, claim, &order, channel).await {
        Err(Gone::Channel) => {
            confirm_gone(world, channel).await?;
            db::orders::tickets::ticket_gone(&world.db, channel, world.clock.now()).await?;
            Ok(db::outbox::finish(&world.db, claim, world.clock.now()).await?)
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

async fn sync_channel(world: &EffectContext, claim: &Lease, order: &Order, channel: ChannelId) -> Result<(), Gone> {
    let now = world.clock.now();
    // Read again: the channel may have been made a moment ago.
    let Some(order) = db::orders::order(&world.db, &order.id).await? else {
        return Ok(db::outbox::finish(&world.db, claim, now).await?);
    };
    let unseated = seat_staff(world, &order, channel).await?;
    let refused = sync_lock(world, &order, channel).await?.or(unseated);
    let shown = sync_status(world, claim, &order, channel).await?;
    match (refused, shown) {
        (None, None) => Ok(db::outbox::finish(&world.db, claim, now).await?),
        (None, Some((message, digest))) => {
            Ok(db::orders::tickets::status_shown(&world.db, claim, &order.id, message, &digest, now).await?)
        }
        // The customer has read how the order stands; that the lock is wrong is for staff.
        (Some((why, says)), shown) => {
            if let Some((message, digest)) = shown {
                db::orders::tickets::status_is(&world.db, &order.id, message, &digest).await?;
            }
            Err(Gone::EffectError(EffectError::Refused(why, says)))
        }
    }
}

/// Makes the status message say what is true; `None` when it does.
async fn sync_status(
    world: &EffectContext,
    claim: &Lease,
    order: &Order,
    channel: ChannelId,
) -> Result<Option<(MessageId, String)>, Gone> {
    let locale = world.locale_of(order.customer).await.map_err(Gone::EffectError)?;
    let facts = TicketFacts {
        order,
        methods: &world.config.payment_methods,
        message_content: world.config.discord.message_content,
        closes_at: closes_at(world, order).await?,
    };
    let post = status(locale, &facts);
    let digest = post.digest();
    let mut message = order.ticket.status_message;
    if message.is_some() && order.ticket.status_digest.as_deref() == Some(&digest) {
        return Ok(None);
    }
    if message.is_none() && claim.must_look_first() {
        message = world.find_posted(channel, &Marker::ticket(&order.id), claim.first_try_at).await?;
    }
    let shown = match message {
        Some(message) => match world.edit(channel, message, post.clone()).await {
            Err(trouble) if trouble.is(Refused::NoMessage) => {
                db::orders::tickets::status_lost(&world.db, &order.id).await?;
                None
            }
            other => other.map(|()| Some(message))?,
        },
        None => None,
    };
    let message = if let Some(message) = shown {
        message
    } else {
        let seed = format!("{}:{}:{message:?}", claim.effect.key(), claim.first_try_at);
        world.post(channel, post, &seed).await?
    };
    Ok(Some((message, digest)))
}

/// When the ticket goes; while nobody has its link it does not go when its time comes.
async fn closes_at(world: &EffectContext, order: &Order) -> Result<Option<Millis>, Gone> {
    if matches!(order.state, OrderState::Completed { .. }) && !order.delivery.is_done() {
        return Ok(None);
    }
    Ok(db::orders::tickets::ticket_closes_at(&world.db, &order.id).await?)
}

/// The ticket's channel, made if the state wants one. `None` when the row has been ended because
/// there is nothing to say or no channel can be had.
async fn ensure_channel(world: &EffectContext, claim: &Lease, order: &Order) -> Result<Option<ChannelId>, EffectError> {
    if let Some(channel) = order.ticket.channel {
        return Ok(Some(channel));
    }
    if !wants_channel(world, order).await? {
        db::outbox::finish(&world.db, claim, world.clock.now()).await?;
        return Ok(None);
    }
    if claim.must_look_first()
        && let Some(channel) = find_channel(world, &order.id).await?
    {
        // Whatever its overwrite says: it is written again.
        db::orders::tickets::ticket_made(
            &world.db,
            &order.id,
            channel,
            order.ticket_is_open(),
            None,
            world.clock.now(),
        )
        .await?;
        return Ok(Some(channel));
    }
    let seats = seats(world, order).await?;
    match make::channel(world, order, &seats, claim.failures).await? {
        Ok(channel) => {
            let locked = !order.ticket_is_open();
            db::orders::tickets::ticket_made(&world.db, &order.id, channel, locked, Some(&seats), world.clock.now())
                .await?;
            Ok(Some(channel))
        }
        Err(NoChannel { cause, why, says }) => {
            tracing::error!(order.id = %order.id, error = says, "no ticket can be made");
            if db::orders::tickets::no_ticket(&world.db, claim, &order.id, (cause, why), world.clock.now()).await? {
                Ok(None)
            } else {
                Err(EffectError::Refused(why, says))
            }
        }
    }
}

/// A ticket that was lost is only made again when something must be said or done in it.
async fn wants_channel(world: &EffectContext, order: &Order) -> Result<bool, EffectError> {
    // A sale by hand came about elsewhere: its customer has `/link`.
    if order.source == Source::Manual {
        return Ok(false);
    }
    Ok(match order.state {
        OrderState::PendingPayment { .. } => true,
        // The reason must be read; once the ticket has had its time, it was.
        OrderState::Declined { .. } => db::orders::tickets::ticket_closes_at(&world.db, &order.id).await?.is_some(),
        OrderState::Completed { .. } => order.delivery == Delivery::DmClosed,
        // The question of staff must be read.
        OrderState::PaymentSubmitted { .. } => {
            db::payments::review_actions::awaits_answer(&world.db, &order.id).await?
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

async fn find_channel(world: &EffectContext, order: &OrderId) -> Result<Option<ChannelId>, EffectError> {
    let guild = serenity::all::GuildId::new(world.config.discord.guild_id.0.max(1));
    let channels = call(world.http.get_channels(guild)).await?;
    let marker = topic(order);
    Ok(channels.iter().find(|channel| has_topic(channel, &marker)).map(|channel| ChannelId(channel.id.get())))
}

/// Deletes the ticket of an order that is over. A link that nobody has yet keeps it.
pub(super) async fn delete(world: &EffectContext, claim: &Lease, id: &OrderId) -> Result<(), EffectError> {
    let now = world.clock.now();
    let Some(order) = db::orders::order(&world.db, id).await? else {
        return Ok(db::outbox::finish(&world.db, claim, now).await?);
    };
    if order.status().is_active() {
        return Ok(db::outbox::finish(&world.db, claim, now).await?);
    }
    let hold = world.config.schedule.clock_hold;
    if world.clock.jumped(hold).is_some() {
        return Ok(db::orders::tickets::delete_ticket_later(&world.db, claim, id, now.plus(hold), false, now).await?);
    }
    if let OrderState::Completed { at, .. } = order.state
        && !order.delivery.is_done()
        && now < at.plus(UNDELIVERED_STAYS)
    {
        let later = now.plus(UNDELIVERED_REMINDER);
        return Ok(db::orders::tickets::delete_ticket_later(&world.db, claim, id, later, true, now).await?);
    }
    if let Some(channel) = order.ticket.channel {
        match world.delete_channel(channel).await {
            Ok(()) => {}
            Err(trouble) if trouble.is(Refused::NoChannel) => {}
            Err(trouble) => return Err(trouble.into()),
        }
    }
    Ok(db::orders::tickets::ticket_deleted(&world.db, claim, id, now).await?)
}
