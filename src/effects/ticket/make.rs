//! Making a ticket's channel: in the first category that takes one, with room made where there is
//! none, and never given up for one answer of Discord.

use std::collections::BTreeSet;

use serenity::all::{ChannelType, CreateChannel, PermissionOverwrite};

use super::{
    SLOW_MODE,
    permissions::{drop_unknown_members, overwrites, without_threads},
    topic,
};
use crate::{
    db,
    domain::{
        ChannelId, Order,
        access::StaffOverwrite,
        discord_error::Refused,
        effect::Effect,
        guild_setup::{Guild, Place, SetupProblem},
        order::CancelCause,
    },
    effects::{
        EffectContext, EffectError,
        discord::{Refusal, Trouble, call, serenity_channel},
    },
    guild_setup,
};

/// A refusal that no other route confirms is believed when Discord has given it this often.
const BELIEVED_AFTER: i64 = 3;

/// So many tickets go early for one order: others may take the place that was made.
const PLACES: usize = 5;

#[derive(Debug)]
pub(super) struct NoChannel {
    /// What the order is cancelled for, if it may be.
    pub(super) cause: CancelCause,
    /// What is to be mended.
    pub(super) why: Refused,
    pub(super) says: String,
}

/// Makes the channel; early ends of other tickets make room for it. `failures` is how often it was
/// refused before.
pub(super) async fn channel(
    context: &EffectContext,
    order: &Order,
    staff_overwrites: &BTreeSet<StaffOverwrite>,
    failures: i64,
) -> Result<Result<ChannelId, NoChannel>, EffectError> {
    let mut freed = Vec::new();
    let stops = loop {
        match in_first_category(context, order, staff_overwrites).await? {
            Ok(channel) => return Ok(Ok(channel)),
            Err(stops) if !stops.iter().any(|stop| stop.why.is_full()) => break stops,
            Err(stops) => {
                if !make_room(context, &mut freed).await? {
                    break stops;
                }
            }
        }
    };
    let cause = if stops.iter().all(|stop| stop.why.is_full()) { CancelCause::NoRoom } else { CancelCause::NoTicket };
    // What can be mended comes before what is merely full.
    let stop = stops.iter().find(|stop| !stop.why.is_full()).or(stops.first());
    let (why, says) = stop.map_or((Refused::Other, String::new()), |stop| (stop.why, stop.says.clone()));
    if failures + 1 < BELIEVED_AFTER && !is_confirmed(context, why).await? {
        return Err(EffectError::Refused(why, format!("no ticket can be made: {says}")));
    }
    Ok(Err(NoChannel { cause, why, says }))
}

/// Tries one category after the other; whatever stops one, the next may do.
async fn in_first_category(
    context: &EffectContext,
    order: &Order,
    staff_overwrites: &BTreeSet<StaffOverwrite>,
) -> Result<Result<ChannelId, Vec<Refusal>>, EffectError> {
    let discord = &context.config.discord;
    let mut permissions = overwrites(context, order, staff_overwrites);
    let mut stops = Vec::new();
    for category in std::iter::once(&discord.ticket_category_id).chain(&discord.overflow_category_ids) {
        let mut made = match create(context, order, *category, &permissions).await {
            Err(Trouble::Refused(refusal)) if drop_unknown_members(&mut permissions, &refusal) => {
                tracing::warn!(order.id = %order.id, "somebody in the lists of staff is nobody on Discord: {}", refusal.says);
                create(context, order, *category, &permissions).await
            }
            made => made,
        };
        if let Err(trouble) = &made
            && without_threads(&mut permissions, trouble)
        {
            made = create(context, order, *category, &permissions).await;
        }
        match made {
            Ok(channel) => {
                look_at_the_server(context, &stops).await?;
                return Ok(Ok(channel));
            }
            Err(Trouble::Refused(refusal)) => {
                tracing::warn!(order.id = %order.id, channel.id = %category, "a category takes no ticket: {}", refusal.says);
                stops.push(refusal);
            }
            Err(trouble @ (Trouble::Target(_) | Trouble::Unread(_))) => return Err(trouble.into()),
        }
    }
    look_at_the_server(context, &stops).await?;
    Ok(Err(stops))
}

async fn create(
    context: &EffectContext,
    order: &Order,
    category: ChannelId,
    permissions: &[PermissionOverwrite],
) -> Result<ChannelId, Trouble> {
    let guild = serenity::all::GuildId::new(context.config.discord.guild_id.0.max(1));
    let builder = CreateChannel::new(format!("order-{}", order.id.as_str().to_ascii_lowercase()))
        .kind(ChannelType::Text)
        .topic(topic(&order.id))
        .category(serenity_channel(category))
        .rate_limit_per_user(SLOW_MODE)
        .permissions(permissions.to_vec());
    call(guild.create_channel(&*context.http, builder)).await.map(|channel| ChannelId(channel.id.get()))
}

/// Owners read what is wrong with a category, also where another one has taken its place.
async fn look_at_the_server(context: &EffectContext, stops: &[Refusal]) -> Result<(), EffectError> {
    if stops.iter().any(|stop| !stop.why.is_full()) {
        let now = context.clock.now();
        db::outbox::enqueue_alone(&context.db, &Effect::InspectPremises {}, now, now).await?;
    }
    Ok(())
}

/// Whether the server's own description says the same as a refusal.
async fn is_confirmed(context: &EffectContext, why: Refused) -> Result<bool, EffectError> {
    if !why.is_about_the_server() {
        return Ok(false);
    }
    let guild = match call(guild_setup::read(&context.http, context.config.discord.guild_id, context.me)).await {
        Ok(guild) => guild,
        Err(Trouble::Refused(refusal)) => return Ok(refusal.why == why),
        Err(trouble) => return Err(trouble.into()),
    };
    let flaws = guild.flaws(&guild_setup::wanted(&context.config), context.clock.now());
    Ok(flaws.iter().any(|flaw| says_the_same(flaw, why)) || why.is_full() && is_full(context, &guild))
}

fn says_the_same(flaw: &SetupProblem, why: Refused) -> bool {
    let tickets = |place: &Place| matches!(place, Place::Tickets | Place::Overflow);
    match flaw {
        SetupProblem::NoChannel { place, .. } | SetupProblem::WrongKind { place, .. } => {
            tickets(place) && matches!(why, Refused::NoCategory | Refused::NoChannel | Refused::WrongKind)
        }
        SetupProblem::MissingChannelPermission { place, .. } => {
            tickets(place) && matches!(why, Refused::NoAccess | Refused::NoPermission)
        }
        SetupProblem::MissingGuildPermission { .. } | SetupProblem::Silenced { .. } => {
            matches!(why, Refused::NoAccess | Refused::NoPermission)
        }
        SetupProblem::NoRoom => why.is_full(),
        SetupProblem::NoRole { .. } | SetupProblem::RoleNotMentionable { .. } => false,
    }
}

/// Whether every category that is there has its fifty channels.
fn is_full(context: &EffectContext, guild: &Guild) -> bool {
    let discord = &context.config.discord;
    let categories = std::iter::once(&discord.ticket_category_id).chain(&discord.overflow_category_ids);
    categories.into_iter().all(|category| guild.room_in(*category) == 0)
}

/// Where there is no room, a ticket goes early that is missed least: one that ended unpaid, then one
/// whose link has reached its customer, the oldest first. `freed` are those that went or cannot go.
async fn make_room(context: &EffectContext, freed: &mut Vec<ChannelId>) -> Result<bool, EffectError> {
    while freed.len() < PLACES {
        let Some(channel) = db::orders::tickets::ticket_to_spare(&context.db, freed).await? else { return Ok(false) };
        freed.push(channel);
        match context.delete_channel(channel).await {
            Err(Trouble::Refused(refusal)) if refusal.why != Refused::NoChannel => {
                tracing::warn!(channel.id = %channel, "a ticket cannot be deleted to make room: {}", refusal.says);
                continue;
            }
            Err(trouble @ (Trouble::Target(_) | Trouble::Unread(_))) => return Err(trouble.into()),
            Ok(()) | Err(Trouble::Refused(_)) => {}
        }
        db::orders::tickets::ticket_gone(&context.db, channel, context.clock.now()).await?;
        tracing::info!(channel.id = %channel, "the ticket of an order that is over went early to make room");
        return Ok(true);
    }
    Ok(false)
}
