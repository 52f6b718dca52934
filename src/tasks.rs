//! What happens by the clock: loops of one shape that look and put rows into the outbox.

use std::time::Duration;

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, MissedTickBehavior},
};

use crate::{db, domain::effect::Effect, effects::World};

/// Unpaid orders whose time is over are looked for this often; a minute late harms nobody.
const LAPSE_LOOK: Duration = Duration::from_mins(1);

/// Tokens stay this long after their end, so that a late click is told that it was late.
const ENDED_TOKENS_STAY: Duration = Duration::from_hours(24);

/// Runs every loop until `stop` says so. A loop that ends by itself is an error.
pub async fn run(world: World, stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let schedule = world.config.schedule.clone();
    let mut loops = JoinSet::new();
    loops.spawn(every("ticket scan", schedule.ticket_scan, stop.clone(), world.clone(), read_tickets));
    loops.spawn(every("lapsing orders", LAPSE_LOOK.min(schedule.order_expiry), stop.clone(), world.clone(), lapse));
    loops.spawn(every("session clean-up", schedule.session_cleanup, stop.clone(), world, forget_sessions));
    while let Some(ended) = loops.join_next().await {
        let name = ended?;
        anyhow::ensure!(*stop.borrow(), "the loop `{name}` ended by itself");
    }
    Ok(())
}

/// Calls `f` now and then every `period`, logs what fails, and never gives up.
async fn every<F>(
    name: &'static str,
    period: Duration,
    mut stop: watch::Receiver<bool>,
    world: World,
    f: impl Fn(World) -> F + Send,
) -> &'static str
where
    F: Future<Output = Result<(), db::Error>> + Send,
{
    let mut ticks = tokio::time::interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stop.changed() => return name,
            _ = ticks.tick() => {}
        }
        if let Err(error) = f(world.clone()).await {
            tracing::error!(task = name, error = &error as &dyn std::error::Error, "a task failed; it runs again");
        }
    }
}

/// Every open ticket is read again: the gateway may have lost an event.
async fn read_tickets(world: World) -> Result<(), db::Error> {
    let now = world.clock.now();
    for order in world.db.open_tickets().await? {
        world.db.want(&Effect::ReadTicket { order }, now, now).await?;
    }
    Ok(())
}

async fn lapse(world: World) -> Result<(), db::Error> {
    for order in world.db.expire_orders(world.clock.now()).await? {
        tracing::info!(order.id = %order, "never paid; lapsed");
    }
    Ok(())
}

async fn forget_sessions(world: World) -> Result<(), db::Error> {
    world.db.forget_sessions(world.clock.now().minus(ENDED_TOKENS_STAY)).await.map(drop)
}
