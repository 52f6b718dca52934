//! What owners are told by the clock: once a day how it went, and once an hour what failed.

use std::time::Duration;

use super::World;
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
pub(super) async fn tell_of_yesterday(world: World) -> Result<(), db::Error> {
    let now = world.clock.now();
    let today = world.db.day_of(now);
    if now < start_of(today, world.config.shop.timezone).plus(HOUR) {
        return Ok(());
    }
    world.db.tell_of_yesterday(today, now).await.map(drop)
}

/// Faults of ours, many of one kind as one.
pub(super) async fn tell_of_faults(world: World) -> Result<(), db::Error> {
    let now = world.clock.now();
    for (part, times, incident) in world.faults.due() {
        let news = OwnerNews::Faults { part, at: now, times, incident };
        world.db.want(&Effect::TellOwner { news }, now, now).await?;
        world.faults.told(part, times);
    }
    Ok(())
}
