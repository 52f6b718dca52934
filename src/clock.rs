//! THE TIME: the only place that asks the machine what time it is.
//!
//! One struct, handed down; `domain` and `db` receive a moment as an argument. The offset lets
//! the sandbox and the tests move the wall clock while the bot runs. Deadlines of network calls
//! use tokio's monotonic time and are not moved.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use std::time::{Duration, Instant};

use crate::domain::Millis;

/// The wall clock with a settable offset, and the monotonic time since it was made.
#[derive(Debug, Clone)]
pub struct Clock {
    offset_ms: Arc<AtomicI64>,
    started: Instant,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self { offset_ms: Arc::new(AtomicI64::new(0)), started: Instant::now() }
    }

    /// Now, by the wall clock and the offset.
    pub fn now(&self) -> Millis {
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        let wall = chrono::Utc::now().timestamp_millis();
        Millis(wall.saturating_add(self.offset_ms.load(Ordering::SeqCst)))
    }

    /// Time since this clock was made, by the monotonic clock: never jumps, stops for nothing.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Moves the wall clock of everything that holds this clock.
    pub fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.offset_ms.fetch_add(ms, Ordering::SeqCst);
    }
}
