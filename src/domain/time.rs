//! A moment, as the database and the panel know it.

use std::{fmt, time::Duration};

/// A moment in Unix milliseconds, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

/// One day, in milliseconds. Plans are sold in days of 24 hours, not in calendar days.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Millis {
    /// This moment moved forward by a duration (saturating).
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This moment moved back by a duration (saturating).
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This moment moved forward by whole days of 24 hours.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        Self(self.0.saturating_add(DAY_MS.saturating_mul(i64::from(days))))
    }

    /// How long ago `earlier` was, zero when it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Unix seconds, as Discord's `<t:…>` markup wants them.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
