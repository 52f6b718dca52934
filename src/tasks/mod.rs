//! What happens by the clock: loops of one shape that look and put rows into the outbox.

mod backup;
mod cleanup;
mod health;
mod memory;
mod owners;
mod review;

use std::time::Duration;

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, MissedTickBehavior},
};

use crate::{
    db,
    domain::effect::{Effect, Part},
    effects::EffectContext,
    limits::Limits,
    telemetry::incident,
};

/// How often the database's log is moved into its file.
const FOLD_LOG: Duration = Duration::from_secs(30);

/// Runs every loop until `stop` says so. A loop that ends by itself is an error.
pub async fn run(context: EffectContext, limits: Limits, stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let schedule = context.config.schedule.clone();
    health::remember(&context).await?;
    let mut loops = JoinSet::new();
    let start = |name, period, first| Loop { name, period, first, stop: stop.clone(), context: context.clone() };
    let later = |name, period| start(name, period, period);
    loops.spawn(start("panel health", schedule.health_check, Duration::ZERO).every(health::check));
    loops.spawn(later("ticket scan", schedule.ticket_scan).every(read_tickets));
    let lapse_look = schedule.order_scan.min(schedule.order_expiry).min(schedule.order_reminder);
    loops.spawn(start("clock", cleanup::CLOCK_LOOK, Duration::ZERO).every(cleanup::watch_clock));
    loops.spawn(later("unpaid orders", lapse_look).every(cleanup::lapse));
    let review_look = review::period(&context);
    loops.spawn(later("waiting reviews", review_look).every(review::remind));
    loops.spawn(later("session clean-up", schedule.session_cleanup).every(cleanup::delete_expired_tokens));
    loops.spawn(later("rate limit clean-up", schedule.rate_limit_cleanup).every(move |_| {
        tracing::trace!(people = limits.forget(), "rate limits whose time is over are forgotten");
        async { Ok(()) }
    }));
    loops.spawn(later("message clean-up", schedule.message_cleanup).every(cleanup::clean_messages));
    let first_sweep = cleanup::FIRST_SWEEP.min(schedule.message_cleanup);
    loops.spawn(start("channel sweep", schedule.message_cleanup, first_sweep).every(cleanup::sweep_channels));
    loops.spawn(later("daily news", schedule.owner_news).every(owners::tell_of_yesterday));
    loops.spawn(later("weekly news", schedule.owner_news).every(owners::tell_of_drift));
    loops.spawn(later("news of faults", schedule.owner_news).every(owners::tell_of_faults));
    loops.spawn(start("dashboard", schedule.dashboard_refresh, Duration::ZERO).every(refresh_dashboard));
    loops.spawn(start("revenue roll-up", schedule.revenue_cache, Duration::ZERO).every(repair_revenue));
    let first_backup = backup::FIRST_LOOK.min(schedule.backup_check);
    loops.spawn(start("backup", schedule.backup_check, first_backup).every(backup::back_up));
    loops.spawn(start("room on the disk", memory::ROOM_LOOK, FOLD_LOG).every(memory::warn));
    loops.spawn(later("memory", memory::LOOK.min(schedule.health_check)).every(memory::watch));
    loops.spawn(later("write-ahead log", FOLD_LOG).every(checkpoint_wal));
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
    context: EffectContext,
}

impl Loop {
    /// Calls `f` every period until told to stop, logs what fails, and never gives up.
    async fn every<F>(mut self, f: impl Fn(EffectContext) -> F + Send) -> &'static str
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
            if let Err(error) = f(self.context.now()).await {
                let (error, incident) = (&error as &dyn std::error::Error, incident());
                tracing::error!(%incident, task = self.name, error, "a task failed; it runs again");
                self.context.faults.note(Part::Tasks, incident);
            }
        }
    }
}

/// Every open ticket is read again: the gateway may have lost an event.
async fn read_tickets(context: EffectContext) -> Result<(), db::Error> {
    let now = context.clock.now();
    for order in db::orders::open_tickets(&context.db).await? {
        db::outbox::enqueue_alone(&context.db, &Effect::ReadTicket { order }, now, now).await?;
    }
    Ok(())
}

/// The roll-up is compared with the ledger and, where it does not fit, built anew.
async fn repair_revenue(context: EffectContext) -> Result<(), db::Error> {
    if db::ledger::rebuild::repair_revenue(&context.db, context.clock.now()).await? {
        tracing::info!("the revenue roll-up was built anew");
    }
    Ok(())
}

async fn refresh_dashboard(context: EffectContext) -> Result<(), db::Error> {
    let now = context.clock.now();
    db::outbox::enqueue_alone(&context.db, &Effect::SyncDashboard {}, now, now).await
}

async fn checkpoint_wal(context: EffectContext) -> Result<(), db::Error> {
    let all = context.db.checkpoint_wal().await?;
    tracing::trace!(all, "the write-ahead log was moved into the database");
    Ok(())
}
