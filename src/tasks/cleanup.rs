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
pub(super) async fn watch_clock(context: EffectContext) -> Result<(), db::Error> {
    if context.clock.went_back() {
        let unpaid = context.config.schedule.order_expiry;
        if let Some(ahead) = db::maintenance::clock_jumps::put_times_right(
            &context.db,
            unpaid,
            context.config.limits.confirm_ttl,
            context.clock.now(),
        )
        .await?
        {
            tracing::warn!(
                ?ahead,
                "the clock had been ahead; what waited for its time waits as long as it was meant to"
            );
        }
    }
    let hold = context.config.schedule.clock_hold;
    let Some(jump) = context.clock.jumped(hold) else { return Ok(()) };
    let minutes = |time: Duration| time.as_secs().div_ceil(60);
    let news = OwnerNews::ClockJumped { at: jump.at, minutes: minutes(jump.by), hold: minutes(hold) };
    if db::maintenance::housekeeping::tell_owners_once(&context.db, news, context.clock.now()).await? {
        tracing::error!(by = ?jump.by, "the clock jumped forward; nothing is deleted or expired for {hold:?}");
    }
    Ok(())
}

fn is_held(context: &EffectContext) -> bool {
    context.clock.jumped(context.config.schedule.clock_hold).is_some()
}

/// Unpaid orders: a reminder first, the end later.
pub(super) async fn lapse(context: EffectContext) -> Result<(), db::Error> {
    if is_held(&context) {
        return Ok(());
    }
    let (schedule, now) = (&context.config.schedule, context.clock.now());
    let due = db::orders::lapsing_orders(&context.db, now).await?;
    let effects: Vec<_> = due.into_iter().map(|order| Effect::LapseOrder { order }).collect();
    db::outbox::enqueue_all(&context.db, &effects, now, now).await?;
    // A reminder that would come at the end or after it is none.
    let ahead = schedule.order_expiry.saturating_sub(schedule.order_reminder);
    db::maintenance::housekeeping::remind_unpaid(&context.db, ahead, now).await.map(drop)
}

pub(super) async fn delete_expired_tokens(context: EffectContext) -> Result<(), db::Error> {
    if is_held(&context) {
        return Ok(());
    }
    db::people::tokens::delete_expired_tokens(&context.db, context.clock.now().minus(ENDED_TOKENS_STAY)).await.map(drop)
}

/// Messages whose time is over, channel by channel: one that cannot be cleaned stops no other.
pub(super) async fn clean_messages(context: EffectContext) -> Result<(), db::Error> {
    if is_held(&context) {
        return Ok(());
    }
    let now = context.clock.now();
    let channels = db::maintenance::housekeeping::channels_to_clean(&context.db, now).await?;
    let effects: Vec<_> = channels.into_iter().map(|channel| Effect::CleanChannel { channel }).collect();
    db::outbox::enqueue_all(&context.db, &effects, now, now).await
}

pub(super) async fn sweep_channels(context: EffectContext) -> Result<(), db::Error> {
    let now = context.clock.now();
    db::outbox::enqueue_alone(&context.db, &Effect::SweepChannels {}, now, now).await
}
