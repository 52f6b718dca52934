//! What happens by the clock: loops of one shape that look and put rows into the outbox.

mod backup;
mod health;

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
    health::remember(&world).await?;
    let mut loops = JoinSet::new();
    let start = |name, period, first| Loop { name, period, first, stop: stop.clone(), world: world.clone() };
    let later = |name, period| start(name, period, period);
    loops.spawn(start("panel health", schedule.health_check, Duration::ZERO).every(health::check));
    loops.spawn(later("ticket scan", schedule.ticket_scan).every(read_tickets));
    loops.spawn(later("lapsing orders", LAPSE_LOOK.min(schedule.order_expiry)).every(lapse));
    loops.spawn(later("session clean-up", schedule.session_cleanup).every(forget_sessions));
    loops.spawn(start("dashboard", schedule.dashboard_refresh, Duration::ZERO).every(refresh_dashboard));
    loops.spawn(start("revenue roll-up", schedule.revenue_cache, Duration::ZERO).every(repair_revenue));
    loops.spawn(start("backup", backup::LOOK, backup::FIRST_LOOK).every(backup::back_up));
    loops.spawn(start("audit notes", backup::NOTES_LOOK, Duration::ZERO).every(backup::take_notes));
    while let Some(ended) = loops.join_next().await {
        let name = ended?;
        anyhow::ensure!(*stop.borrow(), "the loop `{name}` ended by itself");
    }
    Ok(())
}

/// Something that happens again and again.
struct Loop {
    name: &'static str,
    period: Duration,
    /// When it happens for the first time after the start.
    first: Duration,
    stop: watch::Receiver<bool>,
    world: World,
}

impl Loop {
    /// Calls `f` every period until told to stop, logs what fails, and never gives up.
    async fn every<F>(mut self, f: impl Fn(World) -> F + Send) -> &'static str
    where
        F: Future<Output = Result<(), db::Error>> + Send,
    {
        let mut ticks = tokio::time::interval_at(Instant::now() + self.first, self.period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = self.stop.changed() => return self.name,
                _ = ticks.tick() => {}
            }
            if let Err(error) = f(self.world.clone()).await {
                let error = &error as &dyn std::error::Error;
                tracing::error!(task = self.name, error, "a task failed; it runs again");
            }
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

/// The roll-up is compared with the ledger and, where it does not fit, built anew.
async fn repair_revenue(world: World) -> Result<(), db::Error> {
    if world.db.repair_revenue(world.clock.now()).await? {
        tracing::info!("the revenue roll-up was built anew");
    }
    Ok(())
}

async fn refresh_dashboard(world: World) -> Result<(), db::Error> {
    let now = world.clock.now();
    world.db.want(&Effect::SyncDashboard {}, now, now).await
}
