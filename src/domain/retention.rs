//! Which backups stay: the newest of each of the last seven days and of each of the last four
//! weeks that have any, and everything of the last day.
//!
//! Days and weeks are UTC and counted from what is there, not from today: a shop that was off
//! for a month does not lose its backups on the day it comes back.

use std::collections::BTreeSet;

use super::{Millis, time::DAY_MS};

/// Days whose newest backup stays.
const DAYS: usize = 7;
/// Weeks whose newest backup stays.
const WEEKS: usize = 4;
/// The first of January 1970 was a Thursday: three days after a Monday.
const MONDAY_OFFSET: i64 = 3;

/// Of backups taken at these moments, those that are not needed any more.
pub fn superseded(taken: &[Millis], now: Millis) -> Vec<Millis> {
    let newest_first: BTreeSet<_> = taken.iter().copied().collect();
    let mut kept = BTreeSet::new();
    for (most, period) in [(DAYS, day as fn(Millis) -> i64), (WEEKS, week)] {
        let mut seen = BTreeSet::new();
        for backup in newest_first.iter().rev() {
            if seen.len() < most && seen.insert(period(*backup)) {
                kept.insert(*backup);
            }
        }
    }
    // A backup made by hand before a risky step is not taken away by the nightly one.
    let fresh = |backup: &Millis| now.0.saturating_sub(backup.0) < DAY_MS;
    newest_first.into_iter().filter(|backup| !kept.contains(backup) && !fresh(backup)).collect()
}

fn day(at: Millis) -> i64 {
    at.0.div_euclid(DAY_MS)
}

fn week(at: Millis) -> i64 {
    (day(at) + MONDAY_OFFSET).div_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 20_000 * DAY_MS;

    #[test]
    fn a_backup_a_day_for_a_year_leaves_seven_days_and_four_weeks() {
        let mut taken = Vec::new();
        for day in 0..365 {
            let now = Millis(NOW + day * DAY_MS + 3_600_000);
            taken.push(now);
            let gone = superseded(&taken, now);
            taken.retain(|backup| !gone.contains(backup));
        }
        let ages: Vec<_> = taken.iter().rev().map(|at| 364 - (at.0 - NOW) / DAY_MS).collect();
        // 20 000 + 364 days after that Thursday is a Friday: the last Sunday was five days ago.
        assert_eq!(ages, [0, 1, 2, 3, 4, 5, 6, 12, 19]);
        assert_eq!(taken.iter().map(|at| week(*at)).collect::<BTreeSet<_>>().len(), WEEKS);
    }

    proptest! {
        #[test]
        fn the_newest_stays_and_little_else(hours in prop::collection::vec(0_i64..24 * 400, 1..200)) {
            let taken: Vec<_> = hours.iter().map(|hour| Millis(NOW - hour * 3_600_000)).collect();
            let gone = superseded(&taken, Millis(NOW + 30 * DAY_MS));
            let left: BTreeSet<_> = taken.iter().filter(|backup| !gone.contains(backup)).copied().collect();
            prop_assert_eq!(left.last(), taken.iter().max());
            prop_assert!(left.len() <= DAYS + WEEKS);
            // Nothing stays that was older than what went, unless it stands for a day or a week of its own.
            let left: Vec<_> = left.into_iter().collect();
            prop_assert!(superseded(&left, Millis(NOW + 30 * DAY_MS)).is_empty(), "once is enough");
            let every = |period: fn(Millis) -> i64, most: usize| {
                let periods: BTreeSet<_> = taken.iter().map(|at| period(*at)).collect();
                periods.into_iter().rev().take(most).collect::<Vec<_>>()
            };
            for (period, most) in [(day as fn(Millis) -> i64, DAYS), (week, WEEKS)] {
                for wanted in every(period, most) {
                    let newest = taken.iter().filter(|at| period(**at) == wanted).max();
                    prop_assert!(left.contains(newest.unwrap()), "the newest of each of the last {most} is there");
                }
            }
        }

        #[test]
        fn nothing_of_the_last_day_goes(minutes in prop::collection::vec(0_i64..1440, 1..50)) {
            let taken: Vec<_> = minutes.iter().map(|minute| Millis(NOW - minute * 60_000)).collect();
            prop_assert!(superseded(&taken, Millis(NOW)).is_empty());
        }
    }
}
