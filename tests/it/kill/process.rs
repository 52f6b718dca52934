//! The program as a process that is killed once and started again at once, as systemd does.

use std::{
    process::{Child, Command, ExitStatus},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, watch};
use tollkeeper::sandbox::{discord, panel};

use super::points::{Moment, Place, Point};
use crate::world::{World, program};

/// How often is looked whether the process is still there.
const LOOK: Duration = Duration::from_millis(5);

/// Longer than the program may take to stop when it is asked to.
const STOPS_WITHIN: Duration = Duration::from_secs(10);

/// The program's process, whichever it is at the moment.
pub(super) struct Process<'w> {
    world: &'w World,
    child: Arc<Mutex<Option<Child>>>,
    /// How many processes have become ready.
    lives: watch::Sender<u32>,
    /// How those ended that had not been asked to.
    deaths: Mutex<Vec<ExitStatus>>,
}

impl<'w> Process<'w> {
    /// No process yet.
    pub(super) fn new(world: &'w World) -> Self {
        Self { world, child: Arc::default(), lives: watch::Sender::new(0), deaths: Mutex::default() }
    }

    /// Starts the program, to be killed at `point`, and waits until it is ready. Killed on its
    /// way there it is started again.
    pub(super) async fn start(&self, point: Option<Point>) {
        let mut environment = self.world.environment().clone();
        match point {
            None => {}
            Some(Point { place: Place::Commit, moment, n }) => {
                environment.insert("TOLLKEEPER_DIE_AT_COMMIT".to_owned(), format!("{moment}:{n}"));
            }
            Some(Point { place: Place::Discord, moment, n }) => self.kill_at_discord(moment, n),
            Some(Point { place: Place::Panel, moment, n }) => self.kill_at_panel(moment, n),
        }
        let child = program(&self.world.config_path(), &environment, &self.world.console()).spawn();
        *self.lock() = Some(child.expect("the program starts"));
        tokio::select! {
            ready = self.world.discord.ready(super::walks::PATIENCE) => ready.expect("the program is ready"),
            status = self.ended() => {
                assert!(point.is_some(), "the program ended with {status} before it was ready");
                self.died(status);
                self.gone().await;
                return Box::pin(self.start(None)).await;
            }
        }
        self.lives.send_modify(|lives| *lives += 1);
    }

    /// Does something, and starts the program again whenever it ends meanwhile.
    pub(super) async fn alive_for<T>(&self, doing: impl Future<Output = T>) -> T {
        let done = Notify::new();
        let doing = async {
            let result = doing.await;
            done.notify_one();
            result
        };
        let keeping = async {
            loop {
                // A start that has begun is brought to its end: the next signal finds it ready.
                tokio::select! {
                    biased;
                    status = self.ended() => {
                        self.died(status);
                        self.gone().await;
                        self.start(None).await;
                    }
                    () = done.notified() => break,
                }
            }
        };
        tokio::join!(doing, keeping).0
    }

    /// Asks it to stop; the result says whether it ended as asked, or had died.
    pub(super) async fn stop(&self) -> bool {
        let id = self.lock().as_ref().map(Child::id).expect("there is a process");
        // The standard library only knows SIGKILL. A process that has just died takes no signal.
        let _ = Command::new("kill").args(["-TERM", &id.to_string()]).output().expect("there is a kill");
        let status = tokio::time::timeout(STOPS_WITHIN, self.ended()).await.expect("the program stops when asked to");
        self.gone().await;
        if !status.success() {
            self.died(status);
        }
        status.success()
    }

    /// How often it died.
    pub(super) fn deaths(&self) -> usize {
        self.deaths.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Follows how many processes have become ready.
    pub(super) fn lives(&self) -> watch::Receiver<u32> {
        self.lives.subscribe()
    }

    async fn ended(&self) -> ExitStatus {
        loop {
            let status = self.lock().as_mut().and_then(|child| child.try_wait().expect("the process can be asked"));
            match status {
                Some(status) => return status,
                None => tokio::time::sleep(LOOK).await,
            }
        }
    }

    fn died(&self, status: ExitStatus) {
        self.deaths.lock().unwrap_or_else(PoisonError::into_inner).push(status);
        self.lock().take();
    }

    /// Discord has noticed.
    async fn gone(&self) {
        let offline = |view: &discord::View<'_>| (!view.bot_online()).then_some(());
        let gone = self.world.discord.until("the bot to be gone", super::walks::PATIENCE, offline).await;
        gone.expect("the connection ends with the process");
        // As if it had been away for longer: what was sent must be found, not sent again.
        self.world.discord.forget_nonces();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something that ends the process there and then.
    fn deed(&self) -> Arc<dyn Fn() + Send + Sync> {
        let child = Arc::clone(&self.child);
        Arc::new(move || {
            if let Some(child) = child.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
                child.kill().expect("the process can be killed");
                child.wait().expect("the process is gone");
            }
        })
    }

    fn kill_at_discord(&self, moment: Moment, n: u64) {
        use discord::Fault;
        let (count, deed) = (AtomicU64::new(0), self.deed());
        self.world.discord.on_request(move |_| match moment {
            _ if count.fetch_add(1, Ordering::SeqCst) + 1 != n => Fault::None,
            Moment::Before => Fault::CallBefore(Arc::clone(&deed)),
            Moment::After => Fault::CallAfter(Arc::clone(&deed)),
        });
    }

    fn kill_at_panel(&self, moment: Moment, n: u64) {
        use panel::Fault;
        let (count, deed) = (AtomicU64::new(0), self.deed());
        self.world.panel.on_request(move |_| match moment {
            _ if count.fetch_add(1, Ordering::SeqCst) + 1 != n => Fault::None,
            Moment::Before => Fault::CallBefore(Arc::clone(&deed)),
            Moment::After => Fault::CallAfter(Arc::clone(&deed)),
        });
    }
}

impl Drop for Process<'_> {
    fn drop(&mut self) {
        if let Some(mut child) = self.lock().take() {
            // Already gone is as good.
            drop(child.kill());
            drop(child.wait());
        }
    }
}
