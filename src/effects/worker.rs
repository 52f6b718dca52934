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

use super::{Failure, Pulse, World, perform};
use crate::{
    db::{
        Subject,
        outbox::{Claim, Failed, Head},
    },
    domain::effect::{Lane, Part},
    telemetry::incident,
};

/// Effects under way at the same time, each from another lane.
const SIDE_BY_SIDE: usize = 8;

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
    world: World,
    pulse: Pulse,
    running: JoinSet<Result<(), Failure>>,
    in_hand: HashMap<Id, Claim>,
    busy: HashSet<String>,
    paused: HashMap<String, Pause>,
    /// The dashboard's lane, and how long it goes on waiting for what is in hand.
    dashboard: String,
    yields: Option<Duration>,
    /// Rows that could not be given back because the database failed.
    stuck: Vec<(Claim, String)>,
}

/// A lane whose target is down.
#[derive(Debug)]
struct Pause {
    until: Instant,
    delay: Duration,
}

impl Worker {
    /// A worker; nothing happens before [`Worker::run`].
    pub fn new(world: World, pulse: Pulse) -> Self {
        Self {
            world,
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
        let mut changes = self.world.db.changes();
        loop {
            if *stop.borrow() {
                break;
            }
            let question = self.pulse.question();
            if let Err(error) = self.fill().await {
                let incident = incident();
                tracing::error!(%incident, error = &error as &dyn std::error::Error, "the outbox cannot be read; trying again");
                self.world.faults.note(Part::Outbox, incident);
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
    async fn fill(&mut self) -> Result<(), crate::db::Error> {
        for (claim, error) in std::mem::take(&mut self.stuck) {
            if self.world.db.release(&claim, &error).await.is_err() {
                self.stuck.push((claim, error));
            }
        }
        let places = SIDE_BY_SIDE.saturating_sub(self.running.len());
        if places == 0 {
            return Ok(());
        }
        let now = self.world.clock.now();
        let heads = self.world.db.heads(&self.world.boot, now).await?;
        let free = heads.into_iter().filter(|head| !self.busy.contains(&head.lane) && !self.is_paused(&head.lane));
        let waited = |head: &Head| now.since(head.due_since);
        let (patient, urgent): (Vec<_>, Vec<_>) =
            free.partition(|head| head.lane == self.dashboard && waited(head) < YIELDS);
        let alone = urgent.is_empty() && self.running.is_empty();
        self.yields = patient.first().filter(|_| !alone).map(|head| YIELDS.saturating_sub(waited(head)));
        let rest = if alone { patient } else { Vec::new() };
        let rows: Vec<_> = urgent.into_iter().chain(rest).map(|head| head.id).take(places).collect();
        for claim in self.world.db.claim(&rows, &self.world.boot, now).await? {
            self.start(claim);
        }
        Ok(())
    }

    fn start(&mut self, claim: Claim) {
        tracing::debug!(effect = claim.effect.key(), tries = claim.tries, "performing");
        self.busy.insert(claim.lane.clone());
        let world = self.world.now();
        let in_hand = claim.clone();
        let task = self.running.spawn(async move { perform(&world, &claim).await });
        self.in_hand.insert(task.id(), in_hand);
    }

    /// Notes how an effect ended. Logged here and nowhere else.
    async fn settle(&mut self, ended: Result<(Id, Result<(), Failure>), JoinError>) {
        let (task, result) = match ended {
            Ok(ended) => ended,
            Err(panic) => (panic.id(), Err(Failure::Row(format!("a bug in this program: {panic}")))),
        };
        let Some(claim) = self.in_hand.remove(&task) else { return };
        self.busy.remove(&claim.lane);
        let key = claim.effect.key();
        match result {
            Ok(()) => {
                self.paused.remove(&claim.lane);
                tracing::debug!(effect = key, "done");
            }
            Err(Failure::Row(error)) => self.count(claim, error).await,
            Err(Failure::Db(error)) if !error.passes() => self.count(claim, chain(&error)).await,
            Err(failure @ Failure::Db(_)) => {
                let incident = incident();
                let error = chain(&failure);
                tracing::error!(%incident, effect = key, error, "our own memory failed; the lane waits");
                self.world.faults.note(Part::Outbox, incident);
                self.wait(claim, error).await;
            }
            Err(failure @ Failure::Target(_)) => {
                let error = chain(&failure);
                tracing::warn!(effect = key, error, "the target failed; its lane waits");
                self.wait(claim, error).await;
            }
        }
    }

    /// Gives a row back and pauses its lane.
    async fn wait(&mut self, claim: Claim, error: String) {
        let delay = self.pause(&claim.lane);
        tracing::debug!(lane = claim.lane, pause = ?delay, "paused");
        if self.world.db.release(&claim, &error).await.is_err() {
            self.stuck.push((claim, error));
        }
    }

    /// Counts a row error.
    async fn count(&mut self, claim: Claim, error: String) {
        let key = claim.effect.key();
        let delay = backoff(&self.world, claim.failures);
        match self.world.db.fail(&claim, &error, delay, self.world.clock.now()).await {
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
                self.world.faults.note(Part::Outbox, incident);
                self.stuck.push((claim, error));
            }
        }
    }

    /// Pauses a lane, longer each time in a row.
    fn pause(&mut self, lane: &str) -> Duration {
        let schedule = &self.world.config.schedule;
        let delay = match self.paused.get(lane) {
            Some(pause) => (pause.delay * 2).min(schedule.retry_max),
            None => schedule.retry_min,
        };
        self.paused.insert(lane.to_owned(), Pause { until: Instant::now() + delay, delay });
        delay
    }

    /// Whether a lane still waits. A panel that has been found up again ends its lane's pause.
    fn is_paused(&self, lane: &str) -> bool {
        let Some(pause) = self.paused.get(lane) else { return false };
        let panel = lane.strip_prefix("panel:").and_then(|name| self.world.panels.get(name));
        match panel {
            Some(panel) if !panel.availability().is_up() => pause.until > Instant::now() || !panel.ready(),
            Some(_) | None => pause.until > Instant::now(),
        }
    }

    /// When to look again at the latest.
    async fn wake_at(&self) -> Instant {
        let now = self.world.clock.now();
        let mut sleep = NET;
        if let Ok(Some(due)) = self.world.db.next_due(now).await {
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

fn backoff(world: &World, failures: i64) -> Duration {
    let schedule = &world.config.schedule;
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
