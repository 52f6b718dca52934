//! Reversing an order: what is still unused of its grant is taken away, and nothing else.
//!
//! What a client has left is kept in lots, one for each thing that gave something. The lots are not
//! computed from sums of what was sold, but followed from layer to layer by what each found and what
//! it left behind, so that an adoption, an edit, a hand on the panel and traffic that the policy
//! dropped all count as they were.
//!
//! Lots are used up in the order given, so what is left belongs to the newest of them first. Traffic
//! that is left when a plan without a limit is bought, or a renewal that drops it, is set aside: it
//! counts no more, and is there again when that order is reversed. Nothing falls below now or below
//! what is used, other orders keep what they gave, and reversing and renewing at the same moment end
//! the same in either order.

use super::amount::Amount;
use super::{
    Millis, OrderId,
    change::{Seen, Wanted},
    grants::{Expiry, NOTHING, TrafficPolicy},
};

#[cfg(test)]
mod tests;

/// End, quota and counter of a client at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    pub expiry: Expiry,
    /// Its quota in bytes, 0 = unlimited.
    pub quota: u64,
    /// Bytes used since the counter's last reset.
    pub used: u64,
}

impl Level {
    /// How much time and how many bytes are left.
    fn left(self, now: Millis) -> (Amount, Amount) {
        let time = match self.expiry {
            Expiry::Never => Amount::Endless,
            Expiry::At(end) => Amount::Some(u64::try_from(end.0.saturating_sub(now.0)).unwrap_or(0)),
        };
        let bytes = match self.quota {
            0 => Amount::Endless,
            NOTHING => Amount::NONE,
            quota => Amount::Some(quota.saturating_sub(self.used)),
        };
        (time, bytes)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// An order gave days and bytes.
    Sold {
        order: OrderId,
        time: Amount,
        /// How many bytes.
        bytes: Amount,
    },
    TakenBack(OrderId),
    /// Staff changed or adopted the client.
    Changed {
        /// How much time that gave on top.
        time: Amount,
        /// How many bytes.
        bytes: Amount,
    },
}

/// Something that was done to a subscription: what it found, and what it left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    pub at: Millis,
    pub made: Made,
    /// What the client had. `None` where there was no client, and for changes that were made when
    /// this was not kept yet: those count by what they gave.
    pub before: Option<Level>,
    /// What it had afterwards.
    pub after: Level,
}

/// A part of what is left, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Lot {
    /// The order that gave it; `None` for everything else.
    order: Option<OrderId>,
    amount: Amount,
    /// What lies below it is set aside.
    anew: bool,
}

/// What is left, oldest first.
#[derive(Debug, Clone, Default)]
struct Lots(Vec<Lot>);

impl Lots {
    /// Where the lots begin that are not set aside.
    fn floor(&self) -> usize {
        self.0.iter().rposition(|lot| lot.anew).unwrap_or(0)
    }

    fn live(&mut self) -> &mut [Lot] {
        let floor = self.floor();
        self.0.get_mut(floor..).unwrap_or_default()
    }

    fn total(&mut self) -> Amount {
        self.live().iter().fold(Amount::NONE, |sum, lot| sum.plus(lot.amount))
    }

    fn put(&mut self, order: Option<OrderId>, amount: Amount, anew: bool) {
        if order.is_some() || amount != Amount::NONE {
            self.0.push(Lot { order, amount, anew });
        }
    }

    fn remove(&mut self, order: &OrderId) {
        self.0.retain(|lot| lot.order.as_ref() != Some(order));
    }

    /// Keeps so much of the limited lots, the newest first.
    fn keep(&mut self, mut left: u64) {
        for lot in self.live().iter_mut().rev() {
            let kept = lot.amount.finite().min(left);
            left -= kept;
            lot.amount = Amount::Some(kept);
        }
    }

    /// Brings the lots to what is known to be left. What is more than they hold was given by hand.
    fn settle(&mut self, left: Amount) {
        match (self.total(), left) {
            (Amount::Endless, Amount::Endless) => {}
            (Amount::Some(_), Amount::Endless) => self.put(None, left, false),
            (Amount::Endless, Amount::Some(left)) => {
                // A limit was set: it takes from what had none, and only then from the others.
                let others: u64 = self.live().iter().map(|lot| lot.amount.finite()).sum();
                if let Some(lot) = self.live().iter_mut().rev().find(|lot| lot.amount == Amount::Endless) {
                    lot.amount = Amount::Some(left.saturating_sub(others));
                }
                self.keep(left);
            }
            (Amount::Some(total), Amount::Some(left)) if left > total => {
                self.put(None, Amount::Some(left - total), false);
            }
            (Amount::Some(_), Amount::Some(left)) => self.keep(left),
        }
    }

    /// The same where it is only known that no more is left than this.
    fn settle_at_most(&mut self, most: Amount) {
        match (self.total(), most) {
            (Amount::Some(total), Amount::Some(most)) if most > total => {}
            _ => self.settle(most),
        }
    }

    /// Time passes over what is older than the first lot without end.
    fn elapse(&mut self, mut ms: u64) {
        for lot in self.live() {
            let Amount::Some(left) = lot.amount else { return };
            let passed = left.min(ms);
            ms -= passed;
            lot.amount = Amount::Some(left - passed);
        }
    }
}

/// What a subscription was given, followed through its layers.
#[derive(Debug, Clone)]
struct Left {
    time: Lots,
    bytes: Lots,
    at: Option<Millis>,
    /// What the shop does where the books do not tell.
    policy: TrafficPolicy,
}

impl Left {
    fn settle(&mut self, at: Millis, level: Level) {
        let (time, bytes) = level.left(at);
        if self.time.total() == Amount::Endless || time == Amount::Endless {
            let passed = self.at.map_or(0, |since| at.0.saturating_sub(since.0));
            self.time.elapse(u64::try_from(passed).unwrap_or(0));
        }
        self.time.settle(time);
        self.bytes.settle(bytes);
        self.at = Some(at);
    }

    fn add(&mut self, layer: &Layer) {
        let (at, after) = (layer.at, layer.after);
        if let Some(before) = layer.before {
            self.settle(at, before);
        }
        match &layer.made {
            Made::Sold { order, time, bytes } => {
                let anew = self.sets_aside(*bytes, after.quota);
                self.time.put(Some(order.clone()), *time, false);
                self.bytes.put(Some(order.clone()), *bytes, anew);
            }
            Made::TakenBack(order) => {
                self.time.remove(order);
                self.bytes.remove(order);
            }
            Made::Changed { time, bytes } if layer.before.is_none() => {
                self.time.put(None, *time, false);
                self.bytes.put(None, *bytes, false);
            }
            Made::Changed { .. } => {}
        }
        if layer.before.is_some() || matches!(layer.made, Made::Sold { .. }) {
            self.settle(at, after);
        } else {
            let (time, bytes) = after.left(at);
            self.time.settle_at_most(time);
            self.bytes.settle_at_most(bytes);
        }
    }

    /// Whether what was left no longer counts: the sale has no limit, or its bytes are all there is.
    fn sets_aside(&mut self, bytes: Amount, quota: u64) -> bool {
        match (bytes, self.bytes.total()) {
            (Amount::Endless, _) => true,
            // Either policy says the same then.
            (_, Amount::NONE) => self.policy == TrafficPolicy::Reset,
            (Amount::Some(bytes), _) => bytes == quota,
        }
    }
}

/// The client without what is unused of an order's grant. `layers` is what was done to it, oldest
/// first; `ours_disabled` is whether staff had switched it off.
pub fn take_back(
    now: Millis,
    seen: Seen,
    ours_disabled: bool,
    (layers, policy): (&[Layer], TrafficPolicy),
    order: &OrderId,
) -> Wanted {
    let mut left = Left { time: Lots::default(), bytes: Lots::default(), at: None, policy };
    for layer in layers {
        left.add(layer);
    }
    left.settle(now, Level { expiry: seen.expiry, quota: seen.quota, used: seen.used });
    let had = (left.time.total(), left.bytes.total());
    left.time.remove(order);
    left.bytes.remove(order);
    let (time, bytes) = (left.time.total(), left.bytes.total());
    let expiry = match time {
        _ if time == had.0 => seen.expiry,
        Amount::Endless => Expiry::Never,
        Amount::Some(ms) => Expiry::At(Millis(now.0.saturating_add_unsigned(ms))),
    };
    let quota = match bytes {
        _ if bytes == had.1 => seen.quota,
        Amount::Endless => 0,
        // Zero would be unlimited, and nothing falls below what is used.
        Amount::Some(0) if seen.quota > 0 => seen.used.min(seen.quota).max(NOTHING),
        Amount::Some(kept) => seen.used.saturating_add(kept).max(NOTHING),
    };
    let after = Seen { expiry, quota, ..seen };
    let enabled = (seen.enabled || !seen.is_held(ours_disabled, now)) && after.has_left(now) && quota != NOTHING;
    Wanted { enabled, expiry, quota, ..Wanted::as_seen(seen) }
}
