//! Reversing an order: what is still unused of its grant is taken away, and nothing else.
//!
//! Grants are used up in the order given, so what is left of a client belongs to the newest of
//! them first. Nothing falls below now or below what is used, other orders keep what they gave,
//! and reversing and renewing at the same moment end the same in either order.

use super::{
    Millis,
    change::{Seen, Wanted},
    grants::{Expiry, NOTHING},
    time::DAY_MS,
};

/// A length of time in milliseconds or an amount of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// So much.
    Some(u64),
    /// Without end.
    Endless,
}

impl Amount {
    /// Nothing.
    pub const NONE: Self = Self::Some(0);

    /// The days of a grant; 0 = without end.
    pub fn of_days(days: u32) -> Self {
        if days == 0 { Self::Endless } else { Self::Some(DAY_MS.unsigned_abs().saturating_mul(u64::from(days))) }
    }

    /// The bytes of a grant; 0 = unlimited.
    pub fn of_bytes(bytes: u64) -> Self {
        if bytes == 0 { Self::Endless } else { Self::Some(bytes) }
    }

    fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Some(one), Self::Some(other)) => Self::Some(one.saturating_add(other)),
            _ => Self::Endless,
        }
    }
}

/// Something that was given to a subscription: by an order, or by staff on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// How much time.
    pub time: Amount,
    /// How many bytes.
    pub bytes: Amount,
    /// The end after it was given.
    pub expiry: Expiry,
    /// The quota after it was given, in bytes, 0 = unlimited.
    pub quota: u64,
    /// The counter that was reset when it was given.
    pub used_before: u64,
}

/// What a subscription was given, as seen from the order that is reversed. Without orders that
/// were reversed before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layers {
    /// What came before, oldest first.
    pub older: Vec<Layer>,
    /// The order's own.
    pub own: Layer,
    /// What came after.
    pub newer: Vec<Layer>,
}

/// The client without what is unused of an order's grant.
pub fn take_back(now: Millis, seen: Seen, layers: &Layers) -> Wanted {
    let expiry = end_without(now, seen, layers);
    let quota = quota_without(seen, layers);
    let left = expiry.is_after(now) && (quota == 0 || quota > seen.used.max(NOTHING));
    Wanted { enabled: seen.enabled && left, expiry, quota, ..Wanted::as_seen(seen) }
}

fn end_without(now: Millis, seen: Seen, layers: &Layers) -> Expiry {
    let newer = layers.newer.iter().fold(Amount::NONE, |sum, layer| sum.plus(layer.time));
    let Amount::Some(newer) = newer else { return seen.expiry };
    let later = |from: Millis, by: u64| Expiry::At(Millis(from.0.saturating_add_unsigned(by)));
    match (seen.expiry, layers.own.time) {
        (Expiry::At(end), own) => {
            let left = end.0.saturating_sub(now.0);
            let Ok(left) = u64::try_from(left) else { return seen.expiry };
            let mut taken = left.saturating_sub(newer);
            if let Amount::Some(size) = own {
                taken = taken.min(size);
            }
            // Time that was given on top later is not the order's.
            if let Expiry::At(own_end) = layers.own.expiry {
                taken = taken.min(u64::try_from(own_end.0.saturating_sub(now.0)).unwrap_or(0));
            }
            later(now, left - taken)
        }
        // Without end because of something else.
        (Expiry::Never, Amount::Some(_)) => Expiry::Never,
        (Expiry::Never, Amount::Endless) => match layers.older.last().map(|layer| layer.expiry) {
            Some(Expiry::Never) => Expiry::Never,
            Some(Expiry::At(end)) => later(end.max(now), newer),
            None => later(now, newer),
        },
    }
}

fn quota_without(seen: Seen, layers: &Layers) -> u64 {
    let newer = layers.newer.iter().fold(Amount::NONE, |sum, layer| sum.plus(layer.bytes));
    let Amount::Some(newer) = newer else { return seen.quota };
    let used_since: u64 = layers.newer.iter().map(|layer| layer.used_before).sum::<u64>().saturating_add(seen.used);
    let left = seen.quota.saturating_sub(seen.used);
    let kept = match (seen.quota, layers.own.bytes) {
        // Unlimited because of something else.
        (0, Amount::Some(_)) => return 0,
        (0, Amount::Endless) => {
            let older = layers.older.iter().fold(Amount::NONE, |sum, layer| sum.plus(layer.bytes));
            let Amount::Some(older) = older else { return 0 };
            let used_till_then = layers.older.iter().map(|layer| layer.used_before).sum::<u64>();
            let used = used_till_then.saturating_add(layers.own.used_before).saturating_add(used_since);
            older.saturating_sub(used).saturating_add(newer)
        }
        (_, Amount::Endless) => left.min(newer),
        (_, Amount::Some(size)) => {
            let mut taken = size.min(left.saturating_sub(newer));
            if layers.own.quota > 0 {
                taken = taken.min(layers.own.quota.saturating_sub(used_since));
            }
            left - taken
        }
    };
    // Zero would be unlimited, and nothing falls below what is used.
    let floor = if seen.quota == 0 { seen.used } else { seen.used.min(seen.quota) };
    floor.saturating_add(kept).max(NOTHING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::grants::{Filled, Known, TrafficPolicy, fill};
    use proptest::prelude::*;

    const NOW: Millis = Millis(1_800_000_000_000);
    const GB: u64 = 1 << 30;

    /// A subscription that is sold to, used and reversed, as the books keep it.
    #[derive(Debug, Clone)]
    struct Books {
        now: Millis,
        seen: Seen,
        layers: Vec<Layer>,
        policy: TrafficPolicy,
    }

    impl Books {
        fn new(policy: TrafficPolicy) -> Self {
            let seen = Seen { enabled: false, expiry: Expiry::At(NOW), quota: NOTHING, used: 0 };
            Self { now: NOW, seen, layers: Vec::new(), policy }
        }

        fn sell(&mut self, days: u32, bytes: u64) {
            let first = self.layers.is_empty();
            let expiry = (!first).then_some(self.seen.expiry);
            let quota = (!first).then_some(self.seen.quota);
            let known = Known { our_expiry: expiry, panel_expiry: expiry, quota, used: self.seen.used };
            let Filled { expiry, quota, used_before, .. } = fill(self.now, known, days, bytes, self.policy);
            self.seen = Seen { enabled: true, expiry, quota, used: 0 };
            let (time, bytes) = (Amount::of_days(days), Amount::of_bytes(bytes));
            self.layers.push(Layer { time, bytes, expiry, quota, used_before });
        }

        fn passes(&mut self, ms: i64, used: u64) {
            self.now = Millis(self.now.0 + ms);
            let room = if self.seen.quota == 0 { u64::MAX } else { self.seen.quota.saturating_sub(self.seen.used) };
            self.seen.used += used.min(room);
        }

        fn reverse(&mut self, n: usize) {
            let own = self.layers.remove(n);
            let newer = self.layers[n..].to_vec();
            let older = self.layers[..n].to_vec();
            let wanted = take_back(self.now, self.seen, &Layers { older, own, newer });
            self.seen =
                Seen { enabled: wanted.enabled, expiry: wanted.expiry, quota: wanted.quota, used: self.seen.used };
            // The counter that was reset with it stays used.
            if let Some(next) = self.layers.get_mut(n) {
                next.used_before += own.used_before;
            } else if let Some(last) = self.layers.last_mut() {
                last.used_before += own.used_before;
            }
        }

        fn left(&self) -> (Expiry, Option<u64>, bool) {
            let bytes = match self.seen.quota {
                0 => None,
                NOTHING => Some(0),
                quota => Some(quota.saturating_sub(self.seen.used)),
            };
            (self.seen.expiry, bytes, self.seen.enabled)
        }
    }

    fn sold_twice() -> Books {
        let mut books = Books::new(TrafficPolicy::Add);
        books.sell(30, 50 * GB);
        books.passes(10 * DAY_MS, 20 * GB);
        books.sell(30, 150 * GB);
        books
    }

    #[test]
    fn the_only_order_leaves_nothing() {
        let mut books = Books::new(TrafficPolicy::Add);
        books.sell(30, 50 * GB);
        books.passes(10 * DAY_MS, 20 * GB);
        books.reverse(0);
        assert_eq!(books.seen, Seen { enabled: false, expiry: Expiry::At(books.now), quota: 20 * GB, used: 20 * GB });
    }

    #[test]
    fn nothing_used_and_nothing_left_is_not_unlimited() {
        let mut books = Books::new(TrafficPolicy::Add);
        books.sell(30, 50 * GB);
        books.reverse(0);
        assert_eq!((books.seen.quota, books.seen.enabled), (NOTHING, false));
    }

    #[test]
    fn the_other_order_keeps_what_it_gave() {
        let mut first = sold_twice();
        first.reverse(0);
        assert_eq!(first.left(), (Expiry::At(first.now.plus_days(30)), Some(150 * GB), true));
        let mut second = sold_twice();
        second.reverse(1);
        assert_eq!(second.left(), (Expiry::At(second.now.plus_days(20)), Some(30 * GB), true));
    }

    #[test]
    fn what_is_used_up_cannot_be_taken_back() {
        let mut books = sold_twice();
        books.passes(25 * DAY_MS, 100 * GB);
        let before = books.left();
        books.reverse(0);
        assert_eq!(books.left(), before, "the first order is used up");
    }

    #[test]
    fn what_staff_gave_on_top_stays() {
        let mut books = sold_twice();
        let Expiry::At(end) = books.seen.expiry else { panic!("it ends") };
        books.seen.expiry = Expiry::At(end.plus_days(7));
        let time = Amount::of_days(7);
        let gift = Layer { time, bytes: Amount::NONE, expiry: books.seen.expiry, quota: 0, used_before: 0 };
        books.layers.push(gift);
        books.reverse(1);
        assert_eq!(books.seen.expiry, Expiry::At(books.now.plus_days(27)));
    }

    fn sale() -> impl Strategy<Value = (u32, u64)> {
        (prop_oneof![1 => Just(0_u32), 6 => 1_u32..400], prop_oneof![1 => Just(0_u64), 6 => 1_u64..(1 << 40)])
    }

    fn history() -> impl Strategy<Value = Books> {
        let step = (sale(), 0_i64..60 * DAY_MS, 0_u64..1 << 40);
        (proptest::collection::vec(step, 1..5), any::<bool>()).prop_map(|(steps, reset)| {
            let mut books = Books::new(if reset { TrafficPolicy::Reset } else { TrafficPolicy::Add });
            for ((days, bytes), ms, used) in steps {
                books.sell(days, bytes);
                books.passes(ms, used);
            }
            books
        })
    }

    proptest! {
        #[test]
        fn reverse_and_renew_end_the_same_in_either_order(
            books in history(), which in any::<prop::sample::Index>(), (days, bytes) in sale(),
        ) {
            let which = which.index(books.layers.len());
            let (mut one, mut other) = (books.clone(), books);
            one.sell(days, bytes);
            one.reverse(which);
            other.reverse(which);
            other.sell(days, bytes);
            prop_assert_eq!(one.left(), other.left());
        }

        #[test]
        fn nothing_falls_below_now_or_below_what_is_used(
            books in history(), which in any::<prop::sample::Index>(),
        ) {
            let which = which.index(books.layers.len());
            let mut after = books.clone();
            after.reverse(which);
            if let (Expiry::At(old), Expiry::At(new)) = (books.seen.expiry, after.seen.expiry) {
                prop_assert!(new <= old && (new >= books.now || new == old));
            }
            if after.seen.quota > 0 {
                prop_assert!(after.seen.quota >= books.seen.used.min(books.seen.quota.max(after.seen.quota)));
            }
            prop_assert!(books.seen.quota == 0 || after.seen.quota > 0, "nothing became unlimited");
        }
    }
}
