//! What goes when its time is over: messages, confirmations, unpaid orders. While the wall clock
//! is not to be trusted nothing goes.

use std::time::Duration;

use super::EffectContext;
use crate::{
    db,
    domain::effect::{Effect, OwnerNews},
};

/// The clock is looked at this often, so that a jump is noticed before what follows from it.
pub(super) const CLOCK_LOOK: Duration = Duration::from_secs(1);

/// Channels are compared for the first time this long after the start: the gateway has told by
/// then what it missed.
pub(super) const FIRST_SWEEP: Duration = Duration::from_secs(10);

/// Tokens stay this long after their end, so that a late click is told that it was late.
const ENDED_TOKENS_STAY: Duration = Duration::from_hours(24);

/// Owners read of a jump of the clock, once. After one backwards, nothing waits in the future.
pub(super) async fn watch_clock(world: EffectContext) -> Result<(), db::Error> {
    if world.clock.went_back() {
        let unpaid = world.config.schedule.order_expiry;
        if let Some(ahead) = db::maintenance::clock_jumps::put_times_right(
            &world.db,
            unpaid,
            world.config.limits.confirm_ttl,
            world.clock.now(),
        )
        .await?
        {
            tracing::warn!(
                ?ahead,
                "the clock had been ahead; what waited for its time waits as long as it was meant to"
            );
        }
    }
    let hold = world.config.schedule.clock_hold;
    let Some(jump) = world.clock.jumped(hold) else { return Ok(()) };
    let minutes = |time: Duration| time.as_secs().div_ceil(60);
    let news = OwnerNews::ClockJumped { at: jump.at, minutes: minutes(jump.by), hold: minutes(hold) };
    if db::maintenance::housekeeping::tell_owners_once(&world.db, news, world.clock.now()).await? {
        tracing::error!(by = ?jump.by, "the clock jumped forward; nothing is deleted or expired for {hold:?}");
    }
    Ok(())
}

fn is_held(world: &EffectContext) -> bool {
    world.clock.jumped(world.config.schedule.clock_hold).is_some()
}

/// Unpaid orders: a reminder first, the end later.
pub(super) async fn lapse(world: EffectContext) -> Result<(), db::Error> {
    if is_held(&world) {
        return Ok(());
    }
    let (schedule, now) = (&world.config.schedule, world.clock.now());
    let due = db::orders::lapsing_orders(&world.db, now).await?;
    let effects: Vec<_> = due.into_iter().map(|order| Effect::LapseOrder { order }).collect();
    db::outbox::enqueue_all(&world.db, &effects, now, now).await?;
    // A reminder that would come at the end or after it is none.
    let ahead = schedule.order_expiry.saturating_sub(schedule.order_reminder);
    db::maintenance::housekeeping::remind_unpaid(&world.db, ahead, now).await.map(drop)
}

pub(super) async fn delete_expired_tokens(world: EffectContext) -> Result<(), db::Error> {
    if is_held(&world) {
        return Ok(());
    }
    db::people::tokens::delete_expired_tokens(&world.db, world.clock.now().minus(ENDED_TOKENS_STAY)).await.map(drop)
}

/// Messages whose time is over, channel by channel: one that cannot be cleaned stops no other.
pub(super) async fn clean_messages(world: EffectContext) -> Result<(), db::Error> {
    if is_held(&world) {
        return Ok(());
    }
    let now = world.clock.now();
    let channels = db::maintenance::housekeeping::channels_to_clean(&world.db, now).await?;
    let effects: Vec<_> = channels.into_iter().map(|channel| Effect::CleanChannel { channel }).collect();
    db::outbox::enqueue_all(&world.db, &effects, now, now).await
}

pub(super) async fn sweep_channels(world: EffectContext) -> Result<(), db::Error> {
    let now = world.clock.now();
    db::outbox::enqueue_alone(&world.db, &Effect::SweepChannels {}, now, now).await
}
