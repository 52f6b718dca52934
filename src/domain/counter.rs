//! The second look at a traffic counter some time after it was reset.
//!
//! A panel's own job reads the counters, adds what was used meanwhile and writes them back. Where a
//! reset falls between, the old reading is there again some seconds later, and a customer who has
//! just paid has nothing left.

use std::time::Duration;

use super::Millis;

/// How long after a reset its counter is looked at again: panels' jobs run every ten seconds.
pub const LOOK_AFTER: Duration = Duration::from_mins(1);

/// A counter that comes back so often is for staff to look at.
pub const MOST_RESETS: u32 = 3;

/// What nobody uses more of: 50 MB a second.
const MOST_BYTES_PER_MS: u64 = 50_000;

/// So soon after a reset, a large reading is likelier the old one than new use.
const SOON_MS: u64 = 5 * 60 * 1000;

/// The last reset of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastReset {
    pub at: Millis,
    pub before: u64,
    /// How often it came back since and was reset again.
    pub came_back: u32,
}

/// What a counter says at the second look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Fine,
    /// The old reading again: it is to be reset once more.
    CameBack,
    /// Perhaps the old reading: a person has to judge.
    Doubtful,
}

/// Judges what is `counted` of a `quota` (0 = unlimited) some time after a reset.
pub fn judge(last: LastReset, counted: u64, quota: u64, now: Millis) -> Verdict {
    // An old reading that is written once more has what was used meanwhile on top.
    if last.before == 0 || counted < last.before {
        return Verdict::Fine;
    }
    let since = u64::try_from(now.0.saturating_sub(last.at.0)).unwrap_or(0);
    let impossible = counted > since.saturating_mul(MOST_BYTES_PER_MS);
    // A quarter of what there is, and more, is missed.
    let is_missed = quota > 0 && last.before.saturating_mul(4) >= quota;
    if impossible || (is_missed && since <= SOON_MS) {
        return if last.came_back < MOST_RESETS { Verdict::CameBack } else { Verdict::Doubtful };
    }
    if is_missed { Verdict::Doubtful } else { Verdict::Fine }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_800_000_000_000);
    const GB: u64 = 1 << 30;

    #[test]
    fn an_old_reading_is_told_from_new_use() {
        let last = LastReset { at: NOW, before: 50 * GB, came_back: 0 };
        let minute = Millis(NOW.0 + 60_000);
        for (counted, verdict) in
            [(0, Verdict::Fine), (2 * GB, Verdict::Fine), (50 * GB, Verdict::CameBack), (51 * GB, Verdict::CameBack)]
        {
            assert_eq!(judge(last, counted, 50 * GB, minute), verdict, "{counted}");
            assert_eq!(judge(last, counted, 0, minute), verdict, "{counted} of an unlimited one");
        }
        assert_eq!(judge(last, 50 * GB, 50 * GB, Millis(NOW.0 - 9)), Verdict::CameBack, "a clock that stepped back");
        let often = LastReset { came_back: MOST_RESETS, ..last };
        assert_eq!(judge(often, 50 * GB, 50 * GB, minute), Verdict::Doubtful);
        // A small plan that was used up can be used up in a minute; who has just paid gets it anew.
        let small = LastReset { before: GB, ..last };
        assert_eq!(judge(small, GB, GB, minute), Verdict::CameBack);
        assert_eq!(judge(small, GB, 100 * GB, minute), Verdict::Fine, "it is not missed");
        // The bot was away for a day.
        let day = NOW.plus_days(1);
        assert_eq!(judge(last, 50 * GB, 50 * GB, day), Verdict::Doubtful);
        assert_eq!(judge(last, 50 * GB, 500 * GB, day), Verdict::Fine);
        assert_eq!(judge(LastReset { before: 0, ..last }, 50 * GB, 50 * GB, minute), Verdict::Fine);
    }
}
