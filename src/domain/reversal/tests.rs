//! The rules of a reversal beside a shop that keeps every lot as it goes: what was given, used,
//! edited and dropped is followed at the moment it happens, while [`take_back`] has only the books.

use crate::domain::time::DAY_MS;
use proptest::prelude::*;

use super::*;
use crate::domain::{
    change::{Change, want},
    grants::{Filled, Known, TrafficPolicy, fill},
};

const NOW: Millis = Millis(1_800_000_000_000);
const GB: u64 = 1 << 30;

/// Whose something is: the n-th order's, or nobody's.
type Owner = Option<usize>;

/// A subscription that is adopted, sold to, used, changed and reversed: the panel's client, the
/// books as the database keeps them, and the straightforward replay.
#[derive(Debug, Clone)]
struct Shop {
    now: Millis,
    policy: TrafficPolicy,
    seen: Seen,
    there: bool,
    layers: Vec<Layer>,
    sold: usize,
    reversed: Vec<usize>,
    /// Time, oldest first.
    time: Vec<(Owner, Amount)>,
    /// Traffic in piles, each of which set those before it aside, with the order that did.
    piles: Vec<(Owner, Vec<(Owner, Amount)>)>,
}

fn order(n: usize) -> OrderId {
    OrderId::from_random(u64::try_from(n).unwrap())
}

fn sum(lots: &[(Owner, Amount)]) -> Option<u64> {
    lots.iter().try_fold(0_u64, |sum, (_, amount)| match amount {
        Amount::Some(much) => Some(sum + much),
        Amount::Endless => None,
    })
}

/// Takes from the oldest first, and never from or beyond what has no end.
fn take(lots: &mut [(Owner, Amount)], mut much: u64) {
    for (_, amount) in lots {
        let Amount::Some(there) = amount else { return };
        let taken = much.min(*there);
        much -= taken;
        *amount = Amount::Some(*there - taken);
    }
}

/// Somebody set what is left.
fn set(lots: &mut Vec<(Owner, Amount)>, to: Option<u64>) {
    match (sum(lots), to) {
        (None, None) => {}
        (Some(_), None) => lots.push((None, Amount::Endless)),
        (Some(old), Some(new)) if new > old => lots.push((None, Amount::Some(new - old))),
        (Some(old), Some(new)) => take(lots, old - new),
        (None, Some(new)) => {
            let others: u64 = lots.iter().map(|(_, amount)| amount.finite()).sum();
            let newest = lots.iter().rposition(|(_, amount)| *amount == Amount::Endless).unwrap();
            for (n, (_, amount)) in lots.iter_mut().enumerate() {
                if *amount == Amount::Endless {
                    *amount = Amount::Some(if n == newest { new.saturating_sub(others) } else { 0 });
                }
            }
            let all = sum(lots).unwrap();
            take(lots, all.saturating_sub(new));
        }
    }
}

impl Shop {
    fn new(policy: TrafficPolicy) -> Self {
        let seen = Seen { enabled: false, expiry: Expiry::At(NOW), quota: NOTHING, used: 0 };
        let (layers, reversed, time, piles) = (vec![], vec![], vec![], vec![(None, vec![])]);
        Self { now: NOW, policy, seen, there: false, layers, sold: 0, reversed, time, piles }
    }

    fn level(&self) -> Level {
        Level { expiry: self.seen.expiry, quota: self.seen.quota, used: self.seen.used }
    }

    fn pile(&mut self) -> &mut Vec<(Owner, Amount)> {
        &mut self.piles.last_mut().unwrap().1
    }

    fn notes(&mut self, made: Made, before: Option<Level>) {
        let layer = Layer { at: self.now, made, before, after: self.level() };
        self.layers.push(layer);
    }

    fn adopt(&mut self, expiry: Expiry, quota: u64, used: u64) {
        self.seen = Seen { enabled: true, expiry, quota, used };
        self.there = true;
        let (time, bytes) = self.level().left(self.now);
        self.time.push((None, time));
        self.pile().push((None, bytes));
        self.notes(Made::Changed { time: Amount::NONE, bytes: Amount::NONE }, Some(self.level()));
    }

    fn sell(&mut self, days: u32, bytes: u64) {
        let before = self.there.then(|| self.level());
        let (end, quota) = (before.map(|had| had.expiry), before.map(|had| had.quota));
        let known = Known { our_expiry: end, panel_expiry: end, quota, used: self.seen.used };
        let Filled { expiry, quota, .. } = fill(self.now, known, days, bytes, self.policy);
        self.seen = Seen { enabled: true, expiry, quota, used: 0 };
        self.there = true;
        let n = self.sold;
        self.sold += 1;
        self.time.push((Some(n), Amount::of_days(days)));
        if self.policy == TrafficPolicy::Reset || bytes == 0 {
            self.piles.push((Some(n), vec![]));
        }
        self.pile().push((Some(n), Amount::of_bytes(bytes)));
        let (time, bytes) = (Amount::of_days(days), Amount::of_bytes(bytes));
        self.notes(Made::Sold { order: order(n), time, bytes }, before);
    }

    fn passes(&mut self, ms: i64, used: u64) {
        self.now = Millis(self.now.0 + ms);
        let room = if self.seen.quota == 0 { u64::MAX } else { self.seen.quota.saturating_sub(self.seen.used) };
        let used = used.min(room);
        self.seen.used += used;
        take(&mut self.time, ms.unsigned_abs());
        if sum(self.pile()).is_some() {
            take(self.pile(), used);
        }
    }

    fn changes(&mut self, change: &Change) {
        let before = self.level();
        let wanted = want(self.now, change, self.seen, false);
        let used = if wanted.used_before > 0 { 0 } else { self.seen.used };
        self.seen = Seen { enabled: wanted.enabled, expiry: wanted.expiry, quota: wanted.quota, used };
        let (time, bytes) = self.level().left(self.now);
        let finite = |amount| if let Amount::Some(much) = amount { Some(much) } else { None };
        set(&mut self.time, finite(time));
        set(self.pile(), finite(bytes));
        self.notes(Made::Changed { time: wanted.time, bytes: wanted.bytes }, Some(before));
    }

    fn reverse(&mut self, n: usize) {
        let before = self.level();
        let wanted = take_back(self.now, self.seen, false, (&self.layers, self.policy), &order(n));
        self.seen = Seen { enabled: wanted.enabled, expiry: wanted.expiry, quota: wanted.quota, ..self.seen };
        self.notes(Made::TakenBack(order(n)), Some(before));
        self.reversed.push(n);
        self.time.retain(|(owner, _)| *owner != Some(n));
        for (_, pile) in &mut self.piles {
            pile.retain(|(owner, _)| *owner != Some(n));
        }
        // What it had set aside counts again.
        if let Some(place) = self.piles.iter().position(|(by, _)| *by == Some(n)) {
            let (_, pile) = self.piles.remove(place);
            self.piles[place - 1].1.extend(pile);
        }
    }

    /// What the panel's client has left.
    fn left(&self) -> (Amount, Amount, bool) {
        let (time, bytes) = self.level().left(self.now);
        (time, bytes, self.seen.enabled)
    }

    /// What the replay says is left.
    fn replayed(&self) -> (Amount, Amount) {
        let amount = |lots| sum(lots).map_or(Amount::Endless, Amount::Some);
        (amount(&self.time), amount(&self.piles.last().unwrap().1))
    }

    fn orders(&self) -> Vec<usize> {
        (0..self.sold).filter(|n| !self.reversed.contains(n)).collect()
    }
}

fn days(n: u64) -> Amount {
    Amount::Some(DAY_MS.unsigned_abs() * n)
}

fn gb(n: u64) -> Amount {
    Amount::Some(n * GB)
}

fn sold_twice() -> Shop {
    let mut shop = Shop::new(TrafficPolicy::Add);
    shop.sell(30, 50 * GB);
    shop.passes(10 * DAY_MS, 20 * GB);
    shop.sell(30, 150 * GB);
    shop
}

#[test]
fn the_only_order_leaves_nothing() {
    let mut shop = Shop::new(TrafficPolicy::Add);
    shop.sell(30, 50 * GB);
    shop.passes(10 * DAY_MS, 20 * GB);
    shop.reverse(0);
    assert_eq!(shop.seen, Seen { enabled: false, expiry: Expiry::At(shop.now), quota: 20 * GB, used: 20 * GB });
}

#[test]
fn nothing_used_and_nothing_left_is_not_unlimited() {
    let mut shop = Shop::new(TrafficPolicy::Add);
    shop.sell(30, 50 * GB);
    shop.reverse(0);
    assert_eq!((shop.seen.quota, shop.seen.enabled), (NOTHING, false));
}

#[test]
fn the_other_order_keeps_what_it_gave() {
    let mut first = sold_twice();
    first.reverse(0);
    assert_eq!(first.left(), (days(30), gb(150), true));
    let mut second = sold_twice();
    second.reverse(1);
    assert_eq!(second.left(), (days(20), gb(30), true));
}

#[test]
fn what_is_used_up_cannot_be_taken_back() {
    let mut shop = sold_twice();
    shop.passes(25 * DAY_MS, 100 * GB);
    let before = shop.left();
    shop.reverse(0);
    assert_eq!(shop.left(), before, "the first order is used up");
}

#[test]
fn what_staff_gave_on_top_stays() {
    let mut shop = sold_twice();
    shop.changes(&Change::Extend { days: 7 });
    shop.changes(&Change::SetTraffic { bytes: 190 * GB });
    shop.reverse(1);
    assert_eq!(shop.left(), (days(27), gb(40), true));
}

#[test]
fn what_was_adopted_is_there_again_when_an_unlimited_plan_is_reversed() {
    let mut shop = Shop::new(TrafficPolicy::Add);
    shop.adopt(Expiry::At(NOW.plus_days(20)), 100 * GB, 30 * GB);
    shop.sell(30, 0);
    shop.passes(DAY_MS, 5 * GB);
    shop.reverse(0);
    assert_eq!(shop.left(), (days(19), gb(70), true));
    for policy in [TrafficPolicy::Add, TrafficPolicy::Reset] {
        let mut shop = Shop::new(policy);
        shop.adopt(Expiry::Never, 0, 30 * GB);
        shop.sell(30, 50 * GB);
        shop.passes(DAY_MS, 5 * GB);
        shop.reverse(0);
        assert_eq!(shop.left(), (Amount::Endless, Amount::Endless, true));
    }
}

#[test]
fn traffic_that_the_policy_dropped_does_not_come_back_with_another_order() {
    let mut shop = Shop::new(TrafficPolicy::Reset);
    shop.sell(30, 50 * GB);
    shop.passes(DAY_MS, 10 * GB);
    shop.sell(30, 50 * GB);
    shop.sell(30, 0);
    shop.reverse(2);
    assert_eq!(shop.left(), (days(59), gb(50), true));
    shop.reverse(1);
    assert_eq!(shop.left(), (days(29), gb(40), true), "what the renewal dropped was the first order's");
}

#[test]
fn what_comes_back_to_a_client_that_was_used_up_can_be_used() {
    let mut shop = Shop::new(TrafficPolicy::Reset);
    shop.sell(30, 50 * GB);
    shop.passes(DAY_MS, 10 * GB);
    shop.sell(30, 50 * GB);
    shop.passes(DAY_MS, 50 * GB);
    shop.seen.enabled = false;
    shop.reverse(1);
    assert_eq!(shop.left(), (days(28), gb(40), true));
}

#[test]
fn an_edit_downwards_counts() {
    let mut shop = Shop::new(TrafficPolicy::Add);
    shop.sell(30, 50 * GB);
    shop.changes(&Change::SetTraffic { bytes: 20 * GB });
    shop.sell(30, 0);
    shop.reverse(1);
    assert_eq!(shop.left(), (days(30), gb(20), true));
}

#[test]
fn a_limit_that_was_set_takes_from_what_had_none() {
    let mut shop = sold_twice();
    shop.sell(30, 0);
    shop.passes(DAY_MS, 5 * GB);
    shop.changes(&Change::SetTraffic { bytes: 205 * GB });
    shop.reverse(2);
    assert_eq!(shop.left(), (days(49), gb(180), true));
}

#[test]
fn changes_of_which_only_the_gift_is_known_count_by_it() {
    let mut shop = sold_twice();
    shop.changes(&Change::Extend { days: 7 });
    shop.changes(&Change::SetTraffic { bytes: 190 * GB });
    shop.passes(DAY_MS, 40 * GB);
    shop.changes(&Change::Disable {});
    for layer in shop.layers.iter_mut().filter(|layer| matches!(layer.made, Made::Changed { .. })) {
        layer.before = None;
        layer.after.used = 0;
    }
    shop.reverse(1);
    assert_eq!(shop.left(), (days(26), gb(10), false));
}

#[derive(Debug, Clone)]
enum Step {
    Sell(u32, u64),
    Passes(i64, u64),
    Change(Change),
    Reverse(prop::sample::Index),
}

fn sale() -> impl Strategy<Value = (u32, u64)> {
    (prop_oneof![1 => Just(0_u32), 6 => 1_u32..400], prop_oneof![1 => Just(0_u64), 6 => 2_u64..1 << 40])
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (0_u64..1 << 40).prop_map(|bytes| Change::SetTraffic { bytes: if bytes < 1 << 36 { 0 } else { bytes } }),
        3 => (-60_i64..60).prop_map(|days| Change::Extend { days }),
        1 => Just(Change::ResetTraffic {}),
        1 => Just(Change::Disable {}),
        1 => Just(Change::Enable {}),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => sale().prop_map(|(days, bytes)| Step::Sell(days, bytes)),
        4 => (0..60 * DAY_MS, 0_u64..1 << 40).prop_map(|(ms, used)| Step::Passes(ms, used)),
        2 => change().prop_map(Step::Change),
        2 => any::<prop::sample::Index>().prop_map(Step::Reverse),
    ]
}

fn adopted() -> impl Strategy<Value = Option<(Option<i64>, u64, u64)>> {
    let end = prop::option::of(0..400 * DAY_MS);
    let quota = prop_oneof![1 => Just(0_u64), 3 => 2_u64..1 << 40];
    prop::option::of((end, quota, 0_u64..1 << 38))
}

/// A shop at its first sale, and what happens then.
fn history() -> impl Strategy<Value = (Shop, Vec<Step>)> {
    (adopted(), any::<bool>(), sale(), proptest::collection::vec(step(), 0..10)).prop_map(
        |(adopted, reset, (days, bytes), steps)| {
            let mut shop = Shop::new(if reset { TrafficPolicy::Reset } else { TrafficPolicy::Add });
            if let Some((end, quota, used)) = adopted {
                let expiry = end.map_or(Expiry::Never, |ms| Expiry::At(Millis(NOW.0 + ms)));
                shop.adopt(expiry, quota, used);
            }
            shop.sell(days, bytes);
            (shop, steps)
        },
    )
}

fn plays(shop: &mut Shop, step: &Step) {
    match step {
        Step::Sell(days, bytes) => shop.sell(*days, *bytes),
        Step::Passes(ms, used) => shop.passes(*ms, *used),
        Step::Change(change) => shop.changes(change),
        Step::Reverse(which) => {
            let orders = shop.orders();
            if !orders.is_empty() {
                shop.reverse(*which.get(&orders));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn end_and_quota_are_those_of_a_straightforward_replay((mut shop, steps) in history()) {
        for step in &steps {
            let before = shop.clone();
            plays(&mut shop, step);
            let (time, bytes, enabled) = shop.left();
            prop_assert_eq!((time, bytes), shop.replayed(), "{:?} after {:?}", step, before);
            let open = time != Amount::NONE && bytes != Amount::NONE;
            prop_assert!(open || !enabled || shop.reversed == before.reversed, "{:?}", shop);
        }
    }

    #[test]
    fn reverse_and_renew_end_the_same_in_either_order(
        (mut shop, steps) in history(), which in any::<prop::sample::Index>(), (days, bytes) in sale(),
    ) {
        for step in &steps {
            plays(&mut shop, step);
        }
        let orders = shop.orders();
        prop_assume!(!orders.is_empty());
        let which = *which.get(&orders);
        let (mut one, mut other) = (shop.clone(), shop);
        one.sell(days, bytes);
        one.reverse(which);
        other.reverse(which);
        other.sell(days, bytes);
        prop_assert_eq!(one.left(), other.left());
    }

    #[test]
    fn nothing_falls_below_now_or_below_what_is_used(
        (mut shop, steps) in history(), which in any::<prop::sample::Index>(),
    ) {
        for step in &steps {
            plays(&mut shop, step);
        }
        let orders = shop.orders();
        prop_assume!(!orders.is_empty());
        let before = shop.clone();
        shop.reverse(*which.get(&orders));
        if let (Expiry::At(old), Expiry::At(new)) = (before.seen.expiry, shop.seen.expiry) {
            prop_assert!(new <= old && (new >= before.now || new == old));
        }
        prop_assert!(shop.seen.quota == 0 || shop.seen.quota >= before.seen.used.min(before.seen.quota));
    }
}
