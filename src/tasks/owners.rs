//! What owners are told by the clock: once a day how it went, once a week where panels and books
//! differ, and once an hour what failed.

use std::time::Duration;

use chrono::{Datelike as _, Days};

use super::EffectContext;
use crate::{
    db,
    domain::{
        effect::{Effect, OwnerNews},
        revenue::start_of,
    },
};

/// The hour of the shop's day from which owners read of the day before: they are awake, and the
/// night's backup is there.
const HOUR: Duration = Duration::from_hours(9);

/// The day before, once the morning has come.
pub(super) async fn tell_of_yesterday(context: EffectContext) -> Result<(), db::Error> {
    let now = context.clock.now();
    let today = db::ledger::revenue::shop_day(&context.db, now);
    if now < start_of(today, context.config.shop.timezone).plus(HOUR) {
        return Ok(());
    }
    db::maintenance::housekeeping::tell_of_yesterday(&context.db, today, now).await.map(drop)
}

/// Where panels and books differ, once the morning of a week's first day has come.
pub(super) async fn tell_of_drift(context: EffectContext) -> Result<(), db::Error> {
    let now = context.clock.now();
    let today = db::ledger::revenue::shop_day(&context.db, now);
    let since = Days::new(u64::from(today.weekday().num_days_from_monday()));
    let monday = today.checked_sub_days(since).unwrap_or(today);
    if now < start_of(monday, context.config.shop.timezone).plus(HOUR) {
        return Ok(());
    }
    db::maintenance::housekeeping::tell_of_drift(&context.db, monday, now).await.map(drop)
}

/// Faults of ours, many of one kind as one.
pub(super) async fn tell_of_faults(context: EffectContext) -> Result<(), db::Error> {
    let now = context.clock.now();
    for (part, times, incident) in context.faults.due() {
        let news = OwnerNews::Faults { part, at: now, times, incident };
        db::outbox::enqueue_alone(&context.db, &Effect::TellOwner { news }, now, now).await?;
        context.faults.told(part, times);
    }
    Ok(())
}
