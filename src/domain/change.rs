//! What staff change about a subscription: and the client that each change wants.
//!
//! Computed once from what the panel says, stored, and only then written, as a sale's grant is.
//! What a reversal takes back is in [`super::reversal`].

use std::{cmp::Ordering, fmt};

use serde::{Deserialize, Serialize};

use super::{Millis, OrderId, amount::Amount, grants::Expiry, time::DAY_MS};

/// The number of a requested change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChangeId(pub i64);

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The most days by which an end is moved at once.
pub const MOST_DAYS: i64 = 3650;

/// A change of one subscription, as staff ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "args", rename_all = "snake_case")]
pub enum Change {
    Disable {},
    Enable {},
    /// Gives it another total quota.
    SetTraffic {
        /// Bytes; 0 = unlimited.
        bytes: u64,
    },
    /// Moves its end, later or earlier, never before now.
    Extend {
        /// Days of 24 hours; negative is earlier.
        days: i64,
    },
    /// Sets its counter of used traffic to zero.
    ResetTraffic {},
    /// Gives it a new uuid, and with it a new link: the old one leaked.
    Rotate {},
    Delete {},
    /// Makes a client ours that was made by hand.
    Adopt {},
    /// Takes back what is unused of an order's grant.
    Reverse {
        order: OrderId,
        /// Why; the customer reads it.
        reason: String,
    },
}

impl Change {
    /// The name in the database and in the audit log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Disable {} => "disable",
            Self::Enable {} => "enable",
            Self::SetTraffic { .. } => "set_traffic",
            Self::Extend { .. } => "extend",
            Self::ResetTraffic {} => "reset_traffic",
            Self::Rotate {} => "rotate",
            Self::Delete {} => "delete",
            Self::Adopt {} => "adopt",
            Self::Reverse { .. } => "reverse",
        }
    }

    /// What the audit log calls asking for it.
    pub fn action(&self) -> &'static str {
        match self {
            Self::Disable {} => "user.disable",
            Self::Enable {} => "user.enable",
            Self::SetTraffic { .. } => "user.edit_traffic",
            Self::Extend { .. } => "user.extend",
            Self::ResetTraffic {} => "user.reset_traffic",
            Self::Rotate {} => "user.rotate",
            Self::Delete {} => "user.delete",
            Self::Adopt {} => "user.adopt",
            Self::Reverse { .. } => "order.reverse",
        }
    }

    /// The order that is taken back, if it is that.
    pub fn reverses(&self) -> Option<&OrderId> {
        match self {
            Self::Reverse { order, .. } => Some(order),
            _ => None,
        }
    }
}

/// A client as the panel has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub enabled: bool,
    pub expiry: Expiry,
    /// Its quota in bytes, 0 = unlimited.
    pub quota: u64,
    /// Bytes used since the counter's last reset.
    pub used: u64,
}

impl Seen {
    /// Whether time and traffic are left, whatever the switch says.
    pub fn has_left(&self, now: Millis) -> bool {
        self.expiry.is_after(now) && (self.quota == 0 || self.used < self.quota)
    }

    /// Whether it is switched off by a person: panels of 2.9 and later also switch off what is used up
    /// or at its end, and that is no wish of anybody's.
    pub fn is_held(&self, ours_disabled: bool, now: Millis) -> bool {
        ours_disabled || (!self.enabled && self.has_left(now))
    }
}

/// The client that a change wants: written as often as it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    pub enabled: bool,
    pub expiry: Expiry,
    /// Its quota in bytes, 0 = unlimited.
    pub quota: u64,
    /// The counter at this moment, where the change resets it; 0 where it does not.
    pub used_before: u64,
    /// Time that the change gave on top, in milliseconds.
    pub time: Amount,
    /// Bytes that it gave on top.
    pub bytes: Amount,
}

impl Wanted {
    /// The client as it is.
    pub fn as_seen(seen: Seen) -> Self {
        let (time, bytes) = (Amount::NONE, Amount::NONE);
        Self { enabled: seen.enabled, expiry: seen.expiry, quota: seen.quota, used_before: 0, time, bytes }
    }
}

/// Computes the client that a change wants; `ours_disabled` is whether staff had switched it off.
/// A reversal is computed by [`super::reversal::take_back`].
pub fn want(now: Millis, change: &Change, seen: Seen, ours_disabled: bool) -> Wanted {
    let as_seen = Wanted::as_seen(seen);
    // What stays used up or ended the panel would switch off again at once.
    let lets_in = |after: Seen| !seen.is_held(ours_disabled, now) && after.has_left(now);
    match change {
        Change::Disable {} => Wanted { enabled: false, ..as_seen },
        Change::Enable {} => Wanted { enabled: true, ..as_seen },
        Change::SetTraffic { bytes } => {
            let given = match (seen.quota, *bytes) {
                (0, _) => Amount::NONE,
                (_, 0) => Amount::Endless,
                (old, new) => Amount::Some(new.saturating_sub(old)),
            };
            let enabled = lets_in(Seen { quota: *bytes, ..seen });
            Wanted { quota: *bytes, enabled, bytes: given, ..as_seen }
        }
        Change::Extend { days } => {
            let (expiry, given) = extended(now, seen.expiry, *days);
            let enabled = lets_in(Seen { expiry, ..seen });
            Wanted { expiry, enabled, time: given, ..as_seen }
        }
        Change::ResetTraffic {} => {
            // What was used is there to be used once more.
            let given = if seen.quota == 0 { Amount::NONE } else { Amount::Some(seen.used) };
            let enabled = lets_in(Seen { used: 0, ..seen });
            Wanted { enabled, used_before: seen.used, bytes: given, ..as_seen }
        }
        Change::Rotate {} | Change::Delete {} | Change::Adopt {} | Change::Reverse { .. } => as_seen,
    }
}

/// Whether what an extension wants has grown old: it is not written, and the client has ended. Its
/// days begin when there is access.
pub fn is_old(now: Millis, change: &Change, seen: Seen, filled: Wanted) -> bool {
    matches!(change, Change::Extend { days } if *days > 0) && seen.expiry != filled.expiry && !seen.expiry.is_after(now)
}

/// What a change of the end wants that the panel has already: made by a life of the bot that its
/// memory does not have, a backup having been restored. `ours` is the client by the books and
/// `wanted` what the change makes of that. What had ended is extended from the moment of the change.
pub fn made_before(now: Millis, ours: Seen, wanted: Wanted, seen: Seen) -> Option<Wanted> {
    let (Expiry::At(to), Expiry::At(there)) = (wanted.expiry, seen.expiry) else { return None };
    let is_made = match ours.expiry {
        // A new end may depend on the moment: what is as short as it would be now was shortened.
        Expiry::Never => there <= to,
        Expiry::At(from) => match to.cmp(&from) {
            Ordering::Less => there < from && there <= to,
            // Only the traffic was taken back.
            Ordering::Equal => (1..=wanted.quota).contains(&seen.quota) && seen.quota != ours.quota,
            Ordering::Greater if from < now => {
                let given = to.0.saturating_sub(now.0);
                there > from && (from.0..=now.0).contains(&there.0.saturating_sub(given))
            }
            Ordering::Greater => there == to,
        },
    };
    is_made.then_some(Wanted { time: wanted.time, bytes: wanted.bytes, ..Wanted::as_seen(seen) })
}

/// Another end, so many days later than the later of now and the old one; never before now.
fn extended(now: Millis, old: Expiry, days: i64) -> (Expiry, Amount) {
    let Expiry::At(end) = old else { return (Expiry::Never, Amount::NONE) };
    let span = DAY_MS.saturating_mul(days.clamp(-MOST_DAYS, MOST_DAYS));
    if days < 0 {
        // What is over stays over.
        let earlier = Millis(end.0.saturating_add(span));
        return (Expiry::At(if end < now { end } else { earlier.max(now) }), Amount::NONE);
    }
    let new = Millis(end.max(now).0.saturating_add(span));
    (Expiry::At(new), Amount::Some(span.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Millis = Millis(1_800_000_000_000);
    const GB: u64 = 1 << 30;

    fn seen() -> Seen {
        Seen { enabled: true, expiry: Expiry::At(NOW.plus_days(10)), quota: 50 * GB, used: 20 * GB }
    }

    #[test]
    fn a_change_touches_what_it_names_and_nothing_else() {
        let as_seen = Wanted::as_seen(seen());
        for (change, wanted) in [
            (Change::Disable {}, Wanted { enabled: false, ..as_seen }),
            (Change::Enable {}, as_seen),
            (Change::SetTraffic { bytes: 60 * GB }, Wanted { quota: 60 * GB, bytes: Amount::Some(10 * GB), ..as_seen }),
            // The panel would switch it off at once.
            (Change::SetTraffic { bytes: 10 * GB }, Wanted { quota: 10 * GB, enabled: false, ..as_seen }),
            (
                Change::Extend { days: 5 },
                Wanted {
                    expiry: Expiry::At(NOW.plus_days(15)),
                    time: Amount::Some(DAY_MS.unsigned_abs() * 5),
                    ..as_seen
                },
            ),
            (Change::Extend { days: -30 }, Wanted { expiry: Expiry::At(NOW), enabled: false, ..as_seen }),
            (Change::ResetTraffic {}, Wanted { used_before: 20 * GB, bytes: Amount::Some(20 * GB), ..as_seen }),
            (Change::Rotate {}, as_seen),
        ] {
            assert_eq!(want(NOW, &change, seen(), false), wanted, "{change:?}");
        }
    }

    #[test]
    fn what_staff_switched_off_stays_off_and_what_the_panel_cut_off_comes_back() {
        let off = Seen { enabled: false, ..seen() };
        let used_up = Seen { enabled: false, used: 50 * GB, ..seen() };
        let more = Change::SetTraffic { bytes: 80 * GB };
        assert!(!want(NOW, &more, off, false).enabled, "switched off by hand on the panel");
        assert!(!want(NOW, &more, used_up, true).enabled, "switched off by us");
        assert!(want(NOW, &more, used_up, false).enabled);
        let ended = Seen { expiry: Expiry::At(Millis(NOW.0 - 1)), ..off };
        assert!(!want(NOW, &more, ended, false).enabled, "more traffic alone lets nobody in who has ended");
        assert!(want(NOW, &Change::Extend { days: 1 }, ended, false).enabled);
    }

    #[test]
    fn an_extension_that_is_not_written_begins_with_access() {
        let extend = Change::Extend { days: 5 };
        let ended = Seen { expiry: Expiry::At(Millis(NOW.0 - 5)), ..seen() };
        let wanted = want(NOW, &extend, ended, false);
        let later = NOW.plus_days(9);
        assert!(is_old(later, &extend, ended, wanted));
        assert!(!is_old(later, &extend, Seen { expiry: wanted.expiry, ..ended }, wanted), "it was written");
        assert!(!is_old(NOW, &extend, seen(), want(NOW, &extend, seen(), false)), "it has not ended");
    }

    #[test]
    fn what_has_ended_is_extended_from_now_and_never_shortened() {
        let ended = Seen { expiry: Expiry::At(Millis(NOW.0 - 5)), ..seen() };
        assert_eq!(want(NOW, &Change::Extend { days: 1 }, ended, false).expiry, Expiry::At(NOW.plus_days(1)));
        assert_eq!(want(NOW, &Change::Extend { days: -1 }, ended, false).expiry, ended.expiry);
        let endless = Seen { expiry: Expiry::Never, ..seen() };
        assert_eq!(want(NOW, &Change::Extend { days: 1 }, endless, false).expiry, Expiry::Never);
    }

    #[test]
    fn what_was_changed_before_a_backup_was_restored_is_not_changed_twice() {
        let ours = seen();
        let at = |days: u32| Seen { expiry: Expiry::At(NOW.plus_days(days)), ..ours };
        let made = |days: i64, there: Seen| {
            let wanted = want(NOW, &Change::Extend { days }, ours, false);
            made_before(NOW, ours, wanted, there).map(|wanted| wanted.expiry)
        };
        assert_eq!(made(5, at(15)), Some(Expiry::At(NOW.plus_days(15))));
        assert_eq!(made(5, at(10)), None);
        assert_eq!(made(5, at(14)), None);
        assert_eq!(made(-5, at(5)), Some(Expiry::At(NOW.plus_days(5))));
        assert_eq!(made(-5, at(10)), None);
        assert_eq!(made(-5, at(9)), None, "somebody else's day");
        let ended = Seen { expiry: Expiry::At(Millis(NOW.0 - DAY_MS)), ..ours };
        let wanted = want(NOW, &Change::Extend { days: 5 }, ended, false);
        let there = |ms: i64| Seen { expiry: Expiry::At(Millis(NOW.0 + 5 * DAY_MS + ms)), ..ours };
        assert!(made_before(NOW, ended, wanted, there(-1000)).is_some());
        assert!(made_before(NOW, ended, wanted, there(1000)).is_none());
        assert!(made_before(NOW, ended, wanted, ended).is_none());
        // A reversal that took traffic only, and one that ended what had no end.
        let less = Wanted { quota: 30 * GB, ..Wanted::as_seen(ours) };
        assert!(made_before(NOW, ours, less, ours).is_none());
        assert_eq!(made_before(NOW, ours, less, Seen { quota: 30 * GB, ..ours }), Some(less));
        let endless = Seen { expiry: Expiry::Never, ..ours };
        let ending = Wanted { expiry: Expiry::At(NOW), ..Wanted::as_seen(endless) };
        assert!(made_before(NOW, endless, ending, endless).is_none());
        assert!(made_before(NOW, endless, ending, Seen { expiry: Expiry::At(Millis(NOW.0 - 5)), ..ours }).is_some());
    }

    proptest! {
        #[test]
        fn an_end_is_never_moved_before_now(left in -9_000_000_000_i64..9_000_000_000, days in -4000_i64..4000) {
            let seen = Seen { expiry: Expiry::At(Millis(NOW.0 + left)), ..seen() };
            let Expiry::At(end) = want(NOW, &Change::Extend { days }, seen, false).expiry else {
                return Err(TestCaseError::fail("ends"));
            };
            prop_assert!(end >= NOW || end.0 == NOW.0 + left);
        }
    }
}
