//! The clock: the only place that asks the machine what time it is.
//!
//! One struct, handed down; `domain` and `db` receive a moment as an argument. The offset lets
//! the sandbox and the tests move the wall clock while the bot runs. Deadlines of network calls
//! use tokio's monotonic time and are not moved.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicI64, AtomicU64, Ordering},
};
use std::time::{Duration, Instant};

use crate::domain::Millis;

/// A wall clock that gained more than this on the monotonic one between two looks has jumped.
/// Slewing gains seconds a day; a machine that slept or was set right gains more.
const JUMP: Duration = Duration::from_mins(5);

/// A forward jump of the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jump {
    /// When it was noticed, by the wall clock.
    pub at: Millis,
    pub by: Duration,
    noticed: Duration,
}

/// A smaller step backwards leaves nothing waiting for long.
const STEP_MS: i64 = 1000;

/// What was seen at the last look.
#[derive(Debug)]
struct Seen {
    wall: Millis,
    uptime: Duration,
    jump: Option<Jump>,
}

/// The wall clock with a settable offset, and the monotonic time since it was made.
#[derive(Debug, Clone)]
pub struct Clock {
    offset_ms: Arc<AtomicI64>,
    /// What moved the wall clock forward, for the steady time.
    passed_ms: Arc<AtomicU64>,
    /// The latest time that was told since the last look of [`Clock::went_back`]; the end of all time
    /// before the first.
    latest_ms: Arc<AtomicI64>,
    started: Instant,
    seen: Arc<Mutex<Option<Seen>>>,
}

impl Clock {
    pub fn system() -> Self {
        Self {
            offset_ms: Arc::default(),
            passed_ms: Arc::default(),
            latest_ms: Arc::new(AtomicI64::new(i64::MAX)),
            started: Instant::now(),
            seen: Arc::default(),
        }
    }

    /// Now, by the wall clock and the offset.
    pub fn now(&self) -> Millis {
        let now = self.wall();
        self.latest_ms.fetch_max(now.0, Ordering::SeqCst);
        now
    }

    fn wall(&self) -> Millis {
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        let wall = chrono::Utc::now().timestamp_millis();
        Millis(wall.saturating_add(self.offset_ms.load(Ordering::SeqCst)))
    }

    /// Time since this clock was made, by the monotonic clock: never jumps, stops for nothing.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// The same, moved by what moves the wall clock forward in tests: for windows of minutes that a
    /// test wants to see end, and that must not depend on a wall clock being put right.
    pub fn steady(&self) -> Duration {
        self.uptime().saturating_add(Duration::from_millis(self.passed_ms.load(Ordering::SeqCst)))
    }

    /// The forward jump since which less than `hold` has passed by the monotonic clock, if there
    /// was one. What deletes by the wall clock asks this first: the clock may be wrong.
    pub fn jumped(&self, hold: Duration) -> Option<Jump> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (wall, uptime) = (self.now(), self.uptime());
        let mut jump = None;
        if let Some(last) = seen.as_ref() {
            jump = last.jump;
            let gained = wall.since(last.wall).saturating_sub(uptime.saturating_sub(last.uptime));
            if gained > JUMP {
                jump = Some(Jump { at: wall, by: gained, noticed: uptime });
            }
        }
        *seen = Some(Seen { wall, uptime, jump });
        jump.filter(|jump| uptime.saturating_sub(jump.noticed) < hold)
    }

    /// Whether the wall clock is behind what it told anybody since the last look, by more than a moment.
    /// The first look says so as well: nobody knows what it was before.
    pub fn went_back(&self) -> bool {
        let now = self.wall();
        self.latest_ms.swap(now.0, Ordering::SeqCst) > now.0.saturating_add(STEP_MS)
    }

    /// Moves the wall clock of everything that holds this clock.
    pub fn advance(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.passed_ms.fetch_add(ms, Ordering::SeqCst);
        self.offset_ms.fetch_add(ms.cast_signed(), Ordering::SeqCst);
    }

    /// Moves the wall clock back, as when one that was ahead is put right; no time passes by it.
    pub fn set_back(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.offset_ms.fetch_sub(ms, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLD: Duration = Duration::from_mins(15);

    #[test]
    fn a_jump_is_noticed_once_and_holds_for_a_while() {
        let clock = Clock::system();
        assert_eq!(clock.jumped(HOLD), None);
        clock.advance(Duration::from_mins(4));
        assert_eq!(clock.jumped(HOLD), None, "a clock may be put right a little");
        clock.advance(Duration::from_hours(26));
        let jump = clock.jumped(HOLD).unwrap();
        assert!(jump.by >= Duration::from_hours(25));
        assert_eq!(clock.clone().jumped(HOLD), Some(jump), "everybody sees the same jump");
        assert_eq!(clock.jumped(Duration::ZERO), None, "it does not hold for longer");
    }
}
