//! The worker: which row is next, and what its failure means for its lane.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use tokio::{
    sync::{broadcast::error::RecvError, watch},
    task::{Id, JoinError, JoinSet},
    time::Instant,
};

use super::{EffectContext, EffectError, Heartbeat, perform_in_time};
use crate::{
    db::{
        self, Subject,
        outbox::{Head, Lease, failures::Failed},
    },
    domain::{
        Millis,
        discord_error::Refused,
        effect::{Lane, Part},
    },
    panel,
    telemetry::incident,
};

/// Effects under way at the same time, each from another lane.
const SIDE_BY_SIDE: usize = 8;

/// So many of them at the most belong to single customers, of whom there may be any number: panels,
/// review desk and owners always find a place.
const FOR_CUSTOMERS: usize = 6;

/// So many of them at the most read what customers wrote: that waits for what they uploaded.
const READING: usize = 3;

/// A read that failed lets others go first for so long: it may fail again after its whole deadline.
const FAILED_READ_YIELDS: Duration = Duration::from_mins(1);

/// Where the target is no panel, a lane waits no longer than this: nobody looks whether Discord or
/// our own disk is back but the lanes themselves.
const LONGEST_BLIND: Duration = Duration::from_secs(30);

/// The longest the worker sleeps without looking: nothing depends on it, it is a net below the
/// notices that wake it.
const NET: Duration = Duration::from_secs(5);

/// So long the dashboard lets everything else go first: its picture is drawn on the cores that a
/// sale needs, and nobody waits for it as a customer waits for a link.
const YIELDS: Duration = Duration::from_secs(2);

/// While a lane is paused, whether its panel has come back is asked this often. It asks nobody
/// but the breaker.
const PAUSED_LOOK: Duration = Duration::from_millis(500);

/// Claims and performs until told to stop.
#[derive(Debug)]
pub struct Worker {
    context: EffectContext,
    pulse: Heartbeat,
    running: JoinSet<Result<(), EffectError>>,
    in_hand: HashMap<Id, InHand>,
    busy: HashSet<String>,
    paused: HashMap<String, Pause>,
    /// The dashboard's lane, and how long it goes on waiting for what is in hand.
    dashboard: String,
    yields: Option<Duration>,
    /// Rows that could not be given back because the database failed.
    stuck: Vec<(Lease, String)>,
}

#[derive(Debug)]
struct InHand {
    lease: Lease,
    /// How often its panel had come up again when it began.
    recoveries: u64,
}

/// A lane whose target is down.
#[derive(Debug)]
struct Pause {
    /// By the clock's steady time.
    until: Duration,
    delay: Duration,
    /// As in [`InHand`]: a panel that has come up again since ends the pause.
    recoveries: u64,
}

struct Room {
    places: usize,
    for_customers: usize,
    reading: usize,
}

impl Room {
    /// Takes a place, if one of its kind is left.
    fn takes(&mut self, lane: &str, reads: bool) -> bool {
        let customers = is_a_customers(lane);
        if self.places == 0 || customers && self.for_customers == 0 || reads && self.reading == 0 {
            return false;
        }
        self.places -= 1;
        self.for_customers = self.for_customers.saturating_sub(usize::from(customers));
        self.reading = self.reading.saturating_sub(usize::from(reads));
        true
    }
}

impl Worker {
    /// A worker; nothing happens before [`Worker::run`].
    pub fn new(context: EffectContext, pulse: Heartbeat) -> Self {
        Self {
            context,
            pulse,
            running: JoinSet::new(),
            in_hand: HashMap::new(),
            busy: HashSet::new(),
            paused: HashMap::new(),
            dashboard: Lane::Dashboard.to_string(),
            yields: None,
            stuck: Vec::new(),
        }
    }

    /// Works until `stop` says so, then finishes what is in hand.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        let mut changes = self.context.db.changes();
        loop {
            if *stop.borrow() {
                break;
            }
            let question = self.pulse.question();
            if let Err(error) = self.fill().await {
                let incident = incident();
                tracing::error!(%incident, error = &error as &dyn std::error::Error, "the outbox cannot be read; trying again");
                self.context.faults.note(Part::Outbox, incident);
            }
            let wake = self.wake_at().await;
            self.pulse.answer(question);
            tokio::select! {
                _ = stop.changed() => {}
                () = self.pulse.asked() => {}
                Some(ended) = self.running.join_next_with_id() => self.settle(ended).await,
                () = tokio::time::sleep_until(wake) => {}
                () = new_work(&mut changes) => {}
            }
        }
        while let Some(ended) = self.running.join_next_with_id().await {
            self.settle(ended).await;
        }
        Ok(())
    }

    /// Starts effects until all places are taken or no free lane has a due row.
    async fn fill(&mut self) -> Result<(), db::Error> {
        for (lease, error) in std::mem::take(&mut self.stuck) {
            if db::outbox::release(&self.context.db, &lease, &error).await.is_err() {
                self.stuck.push((lease, error));
            }
        }
        let mut room = self.room();
        if room.places == 0 {
            return Ok(());
        }
        let now = self.context.clock.now();
        let heads = db::outbox::heads(&self.context.db, &self.context.boot, now).await?;
        let free = heads.into_iter().filter(|head| !self.busy.contains(&head.lane) && !self.is_paused(&head.lane));
        let waited = |head: &Head| now.since(head.due_since);
        let (patient, urgent): (Vec<_>, Vec<_>) =
            free.partition(|head| head.lane == self.dashboard && waited(head) < YIELDS);
        let alone = urgent.is_empty() && self.running.is_empty();
        self.yields = patient.first().filter(|_| !alone).map(|head| YIELDS.saturating_sub(waited(head)));
        let rest = if alone { patient } else { Vec::new() };
        let mut turns: Vec<_> = urgent.into_iter().chain(rest).collect();
        turns.sort_by_key(|head| self.turn(head));
        turns.retain(|head| room.takes(&head.lane, head.reads));
        let rows: Vec<_> = turns.into_iter().map(|head| head.id).collect();
        for lease in db::outbox::lease(&self.context.db, &rows, &self.context.boot, now).await? {
            self.start(lease);
        }
        Ok(())
    }

    /// The places that are free now.
    fn room(&self) -> Room {
        let mut room = Room { places: SIDE_BY_SIDE, for_customers: FOR_CUSTOMERS, reading: READING };
        for InHand { lease, .. } in self.in_hand.values() {
            room.takes(&lease.lane, lease.effect.reads());
        }
        room
    }

    /// Since when a row has waited, as far as its turn goes.
    fn turn(&self, head: &Head) -> Millis {
        let failed = head.reads && self.paused.contains_key(&head.lane);
        head.due_since.plus(if failed { FAILED_READ_YIELDS } else { Duration::ZERO })
    }

    fn start(&mut self, lease: Lease) {
        tracing::debug!(effect = lease.effect.key(), tries = lease.tries, "performing");
        self.busy.insert(lease.lane.clone());
        let context = self.context.now();
        let in_hand = InHand { lease: lease.clone(), recoveries: self.recoveries(&lease.lane) };
        let task = self.running.spawn(async move { perform_in_time(&context, &lease).await });
        self.in_hand.insert(task.id(), in_hand);
    }

    /// Notes how an effect ended. Logged here and nowhere else.
    async fn settle(&mut self, ended: Result<(Id, Result<(), EffectError>), JoinError>) {
        let (task, result) = match ended {
            Ok(ended) => ended,
            Err(panic) => (panic.id(), Err(EffectError::Row(format!("a bug in this program: {panic}")))),
        };
        let Some(InHand { lease, recoveries }) = self.in_hand.remove(&task) else { return };
        self.busy.remove(&lease.lane);
        let key = lease.effect.key();
        match result {
            Ok(()) => {
                self.paused.remove(&lease.lane);
                tracing::debug!(effect = key, "done");
            }
            Err(EffectError::Row(error)) => self.count(lease, error, None).await,
            // Outside of its server the bot may do nothing; what waits goes on when it is invited again.
            Err(EffectError::Refused(_, error)) if !self.context.standing.is_at_home() => {
                self.wait(lease, error, recoveries, LONGEST_BLIND).await;
            }
            Err(EffectError::Refused(why, error)) => self.count(lease, error, Some(why)).await,
            Err(EffectError::Db(error)) if !error.passes() => self.count(lease, chain(&error), None).await,
            Err(failure @ EffectError::Db(_)) => {
                let incident = incident();
                let error = chain(&failure);
                tracing::error!(%incident, effect = key, error, "our own memory failed; the lane waits");
                self.context.faults.note(Part::Outbox, incident);
                self.context.faults.memory_failed();
                self.wait(lease, error, recoveries, LONGEST_BLIND).await;
            }
            Err(failure @ EffectError::Target(_)) => {
                let error = chain(&failure);
                tracing::warn!(effect = key, error, "the target failed; its lane waits");
                let longest = if self.panel(&lease.lane).is_some() { Duration::MAX } else { LONGEST_BLIND };
                self.wait(lease, error, recoveries, longest).await;
            }
        }
    }

    /// Gives a row back and pauses its lane.
    async fn wait(&mut self, lease: Lease, error: String, recoveries: u64, longest: Duration) {
        let delay = self.pause(&lease.lane, recoveries, longest);
        tracing::debug!(lane = lease.lane, pause = ?delay, "paused");
        if db::outbox::release(&self.context.db, &lease, &error).await.is_err() {
            self.stuck.push((lease, error));
        }
    }

    /// Counts a row error; `why` is what Discord refused it for.
    async fn count(&mut self, lease: Lease, error: String, why: Option<Refused>) {
        let key = lease.effect.key();
        let delay = backoff(&self.context, lease.failures);
        match db::outbox::failures::fail(&self.context.db, &lease, (&error, why), delay, self.context.clock.now()).await
        {
            Ok(Failed::Again) => tracing::warn!(effect = key, error, again_in = ?delay, "refused; trying again"),
            Ok(Failed::Parked) => tracing::error!(effect = key, error, "refused too often; parked for a person"),
            Err(failed) => {
                let incident = incident();
                tracing::error!(
                    %incident,
                    effect = key,
                    error = &failed as &dyn std::error::Error,
                    "a failure could not be written down"
                );
                self.context.faults.note(Part::Outbox, incident);
                self.stuck.push((lease, error));
            }
        }
    }

    /// Pauses a lane, longer each time in a row; one whose panel came up in between begins anew.
    fn pause(&mut self, lane: &str, recoveries: u64, longest: Duration) -> Duration {
        let schedule = &self.context.config.schedule;
        let delay = match self.paused.get(lane) {
            Some(pause) if pause.recoveries == recoveries => pause.delay.saturating_mul(2),
            Some(_) | None => schedule.retry_min,
        };
        let delay = delay.min(schedule.retry_max).min(longest);
        let until = self.context.clock.steady().saturating_add(delay);
        self.paused.insert(lane.to_owned(), Pause { until, delay, recoveries });
        delay
    }

    /// Whether a lane still waits. A panel that has been found up again ends its lane's pause, however
    /// long that would have been.
    fn is_paused(&self, lane: &str) -> bool {
        let Some(pause) = self.paused.get(lane) else { return false };
        let waits = pause.until > self.context.clock.steady();
        match self.panel(lane) {
            Some(panel) if !panel.availability().is_up() => waits || !panel.ready(),
            Some(panel) => waits && panel.recoveries() == pause.recoveries,
            None => waits,
        }
    }

    fn panel(&self, lane: &str) -> Option<&panel::Client> {
        lane.strip_prefix("panel:").and_then(|name| self.context.panels.get(name))
    }

    fn recoveries(&self, lane: &str) -> u64 {
        self.panel(lane).map_or(0, panel::Client::recoveries)
    }

    /// When to look again at the latest.
    async fn wake_at(&self) -> Instant {
        let now = self.context.clock.now();
        let mut sleep = NET;
        if let Ok(Some(due)) = db::outbox::next_due(&self.context.db, now).await {
            sleep = sleep.min(due.since(now));
        }
        if !self.paused.is_empty() || !self.stuck.is_empty() {
            sleep = sleep.min(PAUSED_LOOK);
        }
        if let Some(left) = self.yields {
            sleep = sleep.min(left);
        }
        Instant::now() + sleep
    }
}

/// Whether a lane is one of those of which each customer has one.
fn is_a_customers(lane: &str) -> bool {
    lane.starts_with("order:") || lane.starts_with("dm:")
}

/// Waits for a commit that may have put something into the outbox.
async fn new_work(changes: &mut tokio::sync::broadcast::Receiver<Subject>) {
    loop {
        match changes.recv().await {
            Ok(Subject::Outbox) | Err(RecvError::Lagged(_)) => return,
            Ok(Subject::Order(_) | Subject::Subscription(_) | Subject::Dashboard) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

fn backoff(context: &EffectContext, failures: i64) -> Duration {
    let schedule = &context.config.schedule;
    let doublings = u32::try_from(failures).unwrap_or(0).min(16);
    schedule.retry_min.saturating_mul(1 << doublings).min(schedule.retry_max)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
