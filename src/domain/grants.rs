//! What an order gives: days on top of what is left, and bytes by the shop's policy.
//!
//! Computed once from what the panel says, stored, and only then written: a second write of the
//! same numbers changes nothing.

use super::{Millis, time::DAY_MS};

/// What happens to unused traffic at a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrafficPolicy {
    /// What is left is kept and the plan's bytes come on top.
    Add,
    /// What is left is lost and the plan's bytes begin anew.
    Reset,
}

/// The quota of a client that has no traffic left and has used none: 0 would be unlimited.
pub const NOTHING: u64 = 1;

/// What is known about a client at the moment a grant is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The expiry we wrote last; `None` for a first sale.
    pub our_expiry: Option<Expiry>,
    /// The expiry the panel has; `None` where the client does not exist.
    pub panel_expiry: Option<Expiry>,
    /// The quota in force: the panel's, or ours where the panel has no such client. 0 = unlimited.
    /// `None` for a first sale.
    pub quota: Option<u64>,
    /// The panel's counter of used bytes since its last reset.
    pub used: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    At(Millis),
    Never,
}

impl Expiry {
    /// From the panel's number: 0 = never, negative = that many milliseconds from the first use,
    /// which counts from now because nobody knows when the first use will be.
    pub fn from_panel(ms: i64, now: Millis) -> Self {
        match ms {
            0 => Self::Never,
            ms if ms < 0 => Self::At(Millis(now.0.saturating_sub(ms))),
            ms => Self::At(Millis(ms)),
        }
    }

    /// From the database's number: 0 = never.
    pub fn from_ours(ms: i64) -> Self {
        if ms == 0 { Self::Never } else { Self::At(Millis(ms)) }
    }

    /// Whether it is still to come.
    pub fn is_after(self, now: Millis) -> bool {
        match self {
            Self::At(at) => at > now,
            Self::Never => true,
        }
    }

    /// As the panel and the database write it: Unix milliseconds, 0 = never.
    pub fn to_panel(self) -> i64 {
        match self {
            Self::At(at) => at.0,
            Self::Never => 0,
        }
    }
}

/// A computed grant: the target that is written to the panel, as often as it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filled {
    /// The later of now, our expiry and the panel's: the days start here.
    pub base: Millis,
    pub expiry: Expiry,
    /// The new quota in bytes, 0 = unlimited.
    pub quota: u64,
    /// The counter at this moment; after the reset it is added to the total.
    pub used_before: u64,
}

/// What a client had before a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    pub expiry: Expiry,
    /// Its quota in bytes, 0 = unlimited.
    pub quota: u64,
}

impl Known {
    /// What the client has; `None` for a first sale.
    pub fn before(&self) -> Option<Before> {
        Some(Before { expiry: self.panel_expiry.or(self.our_expiry)?, quota: self.quota? })
    }
}

impl Filled {
    /// Whether nothing of it is on the panel yet: the client is as it was `before`, and its counter
    /// goes on. Then it may as well be computed from what is there now.
    pub fn is_unwritten(&self, known: &Known, before: Option<Before>, reset: bool) -> bool {
        let has = |had: Before| known.panel_expiry == Some(had.expiry) && known.quota == Some(had.quota);
        let written = has(Before { expiry: self.expiry, quota: self.quota });
        !written && !reset && known.used >= self.used_before && before.is_some_and(has)
    }

    /// The same with its days beginning now at the earliest, unless the panel has its end already:
    /// days are paid for with access.
    #[must_use]
    pub fn begun_by(self, now: Millis, known: &Known, days: u32) -> Self {
        let Expiry::At(_) = self.expiry else { return self };
        if self.base >= now || known.panel_expiry == Some(self.expiry) {
            return self;
        }
        Self { base: now, expiry: Expiry::At(now.plus_days(days)), ..self }
    }

    /// What the client gets back when the grant is taken out of the panel again. Where the counter
    /// was reset for it, what it had counted stays used.
    pub fn undone(&self, before: Before, reset: bool) -> Before {
        let quota = match before.quota {
            0 => 0,
            quota if reset => quota.saturating_sub(self.used_before).max(NOTHING),
            quota => quota,
        };
        Before { quota, ..before }
    }
}

/// What a renewal gives that the panel has already: made by a life of the bot that its memory does
/// not have, a backup having been restored. `None` where the panel's end does not tell: it must be
/// ours with the days on top, or that many days after a moment since ours (what had ended is
/// renewed from the moment of the renewal).
pub fn given_before(now: Millis, known: Known, days: u32, bytes: u64) -> Option<Filled> {
    let (Some(Expiry::At(ours)), Some(Expiry::At(theirs)), Some(quota)) =
        (known.our_expiry, known.panel_expiry, known.quota)
    else {
        return None;
    };
    let base = Millis(theirs.0.saturating_sub(DAY_MS.saturating_mul(i64::from(days))));
    let is_given = days > 0 && (base == ours || (base > ours && base <= now));
    let has_bytes = quota == 0 || (bytes > 0 && quota >= bytes);
    // Its counter was reset when it was given, if it had to be.
    (is_given && has_bytes).then_some(Filled { base, expiry: Expiry::At(theirs), quota, used_before: 0 })
}

/// Something that was found on the panel when a grant was computed, worth a line on the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// The panel had another expiry or quota than we wrote last.
    PanelChanged,
    /// The client was missing and is made again, with the same uuid.
    MadeAgain,
    /// The panel had it already: it was given after the backup was made that was restored since.
    GivenBefore,
}

impl Note {
    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PanelChanged => "panel_changed",
            Self::MadeAgain => "made_again",
            Self::GivenBefore => "given_before",
        }
    }

    /// Reads the name from the database.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::PanelChanged, Self::MadeAgain, Self::GivenBefore].into_iter().find(|note| note.as_str() == name)
    }
}

/// Computes what a sale of `days` and `bytes` gives.
pub fn fill(now: Millis, known: Known, days: u32, bytes: u64, policy: TrafficPolicy) -> Filled {
    let ends = [known.our_expiry, known.panel_expiry];
    let base = ends
        .into_iter()
        .filter_map(|end| match end {
            Some(Expiry::At(at)) => Some(at),
            Some(Expiry::Never) | None => None,
        })
        .fold(now, Millis::max);
    let endless = days == 0 || ends.contains(&Some(Expiry::Never));
    let expiry =
        if endless { Expiry::Never } else { Expiry::At(Millis(base.0.saturating_add(DAY_MS * i64::from(days)))) };
    let quota = match (known.quota, policy) {
        (_, _) if bytes == 0 => 0,
        (None, _) | (Some(_), TrafficPolicy::Reset) | (Some(NOTHING), TrafficPolicy::Add) => bytes,
        (Some(0), TrafficPolicy::Add) => 0,
        (Some(old), TrafficPolicy::Add) => old.saturating_sub(known.used).saturating_add(bytes),
    };
    Filled { base, expiry, quota, used_before: known.used }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Millis = Millis(1_800_000_000_000);
    const GB: u64 = 1 << 30;

    fn renewal(expiry: Millis, quota: u64, used: u64) -> Known {
        Known { our_expiry: Some(Expiry::At(expiry)), panel_expiry: Some(Expiry::At(expiry)), quota: Some(quota), used }
    }

    #[test]
    fn a_first_sale_starts_now() {
        let known = Known { our_expiry: None, panel_expiry: None, quota: None, used: 0 };
        let filled = fill(NOW, known, 30, 50 * GB, TrafficPolicy::Add);
        assert_eq!(filled.expiry, Expiry::At(NOW.plus_days(30)));
        assert_eq!((filled.quota, filled.used_before), (50 * GB, 0));
    }

    #[test]
    fn a_renewal_loses_no_day_and_by_policy_no_byte() {
        let end = NOW.plus_days(7);
        let kept = fill(NOW, renewal(end, 50 * GB, 20 * GB), 30, 50 * GB, TrafficPolicy::Add);
        assert_eq!(kept.expiry, Expiry::At(end.plus_days(30)));
        assert_eq!((kept.quota, kept.used_before), (80 * GB, 20 * GB));
        let anew = fill(NOW, renewal(end, 50 * GB, 20 * GB), 30, 50 * GB, TrafficPolicy::Reset);
        assert_eq!(anew.quota, 50 * GB);
    }

    #[test]
    fn what_was_given_before_a_backup_was_restored_is_not_given_twice() {
        let ours = NOW.plus_days(7);
        let with = |theirs: Millis, quota: u64| Known {
            panel_expiry: Some(Expiry::At(theirs)),
            quota: Some(quota),
            ..renewal(ours, 50 * GB, 0)
        };
        let given = given_before(NOW, with(ours.plus_days(30), 80 * GB), 30, 50 * GB).expect("it is there");
        assert_eq!((given.base, given.expiry), (ours, Expiry::At(ours.plus_days(30))));
        assert_eq!((given.quota, given.used_before), (80 * GB, 0));
        let not_given = [
            with(ours, 50 * GB),
            with(ours.plus_days(29), 80 * GB),
            with(ours.plus_days(31), 80 * GB),
            with(ours.plus_days(30), 49 * GB),
            Known { panel_expiry: None, ..with(ours, 50 * GB) },
            Known { panel_expiry: Some(Expiry::Never), ..with(ours, 50 * GB) },
        ];
        for known in not_given {
            assert_eq!(given_before(NOW, known, 30, 50 * GB), None, "{known:?}");
        }
        // What had ended was renewed some time between its end and now.
        let ended = |theirs: i64| Known { panel_expiry: Some(Expiry::At(Millis(theirs))), ..renewal(NOW, 50 * GB, 0) };
        let later = NOW.plus_days(3);
        let renewed = NOW.plus_days(31).0 + 5;
        let given = given_before(later, ended(renewed), 30, 50 * GB).expect("it is there");
        assert_eq!((given.base.0, given.expiry), (NOW.plus_days(1).0 + 5, Expiry::At(Millis(renewed))));
        assert_eq!(given_before(later, ended(NOW.plus_days(34).0), 30, 50 * GB), None, "from the future");
        assert_eq!(given_before(later, ended(renewed), 0, 50 * GB), None, "an end says nothing about what has none");
    }

    #[test]
    fn days_begin_when_there_is_access() {
        let ended = NOW.plus_days(0);
        let (was, later) = (renewal(ended, 50 * GB, 20 * GB), NOW.plus_days(3));
        let stored = fill(NOW, was, 30, 50 * GB, TrafficPolicy::Add);
        assert!(stored.is_unwritten(&was, was.before(), false));
        assert!(!stored.is_unwritten(&was, was.before(), true), "its counter was reset");
        assert!(!stored.is_unwritten(&Known { used: 0, ..was }, was.before(), false), "by an unknown hand");
        let written = Known { panel_expiry: Some(stored.expiry), quota: Some(stored.quota), used: 0, ..was };
        assert!(!stored.is_unwritten(&written, was.before(), false));
        assert_eq!(stored.begun_by(later, &written, 30), stored, "there was access since");
        let begun = stored.begun_by(later, &was, 30);
        assert_eq!((begun.expiry, begun.quota), (Expiry::At(later.plus_days(30)), stored.quota));
        let goes_on = fill(NOW, renewal(NOW.plus_days(9), GB, 0), 30, GB, TrafficPolicy::Add);
        assert_eq!(goes_on.begun_by(later, &was, 30), goes_on, "it has not ended meanwhile");
    }

    #[test]
    fn more_used_than_granted_is_not_held_against_the_next_month() {
        let filled = fill(NOW, renewal(NOW, 50 * GB, 51 * GB), 30, 50 * GB, TrafficPolicy::Add);
        assert_eq!(filled.quota, 50 * GB);
    }

    #[test]
    fn the_panels_own_expiry_counts_when_it_is_later() {
        let known = Known { panel_expiry: Some(Expiry::At(NOW.plus_days(20))), ..renewal(NOW.plus_days(5), GB, 0) };
        assert_eq!(fill(NOW, known, 30, GB, TrafficPolicy::Add).base, NOW.plus_days(20));
    }

    #[test]
    fn unlimited_stays_unlimited() {
        assert_eq!(fill(NOW, renewal(NOW, 0, GB), 30, 50 * GB, TrafficPolicy::Add).quota, 0);
        assert_eq!(fill(NOW, renewal(NOW, GB, 0), 30, 0, TrafficPolicy::Reset).quota, 0);
        let never = Known { panel_expiry: Some(Expiry::Never), ..renewal(NOW, GB, 0) };
        assert_eq!(fill(NOW, never, 30, GB, TrafficPolicy::Add).expiry, Expiry::Never);
    }

    #[test]
    fn an_expiry_that_waits_for_the_first_use_counts_from_now() {
        assert_eq!(Expiry::from_panel(-5000, NOW), Expiry::At(Millis(NOW.0 + 5000)));
    }

    proptest! {
        #[test]
        fn a_renewal_that_is_undone_and_made_again_gives_the_same(
            left_days in 1_i64..400, quota in 1_u64..1 << 42, used in 0_u64..1 << 42, bytes in 1_u64..1 << 42,
            reset in any::<bool>(),
        ) {
            let known = renewal(NOW.plus_days(u32::try_from(left_days).unwrap_or(1)), quota, used);
            let once = fill(NOW, known, 30, bytes, TrafficPolicy::Add);
            let back = once.undone(known.before().expect("there is a client"), reset);
            let used = if reset { 0 } else { used };
            let known = Known { panel_expiry: Some(back.expiry), quota: Some(back.quota), used, ..known };
            let again = fill(NOW.plus_days(1), known, 30, bytes, TrafficPolicy::Add);
            prop_assert_eq!((again.expiry, again.quota), (once.expiry, once.quota));
        }

        #[test]
        fn nobody_ever_loses_by_renewing(
            left_days in -400_i64..400, quota in 0_u64..1 << 42, used in 0_u64..1 << 42,
            days in 1_u32..400, bytes in 1_u64..1 << 42, reset in any::<bool>(),
        ) {
            let end = Millis(NOW.0 + left_days * DAY_MS);
            let policy = if reset { TrafficPolicy::Reset } else { TrafficPolicy::Add };
            let filled = fill(NOW, renewal(end, quota, used), days, bytes, policy);
            let Expiry::At(new_end) = filled.expiry else { return Err(TestCaseError::fail("ends")) };
            prop_assert!(new_end >= end && new_end >= NOW.plus_days(days));
            prop_assert!(filled.quota == 0 || filled.quota >= bytes);
            prop_assert_eq!(quota == 0 && !reset, filled.quota == 0);
        }
    }
}
