//! Payment proofs: what was decided about one, and the duplicate rule (the first order that
//! claims a picture owns it).

use std::time::Duration;

use super::{Millis, Money, OrderId, OrderStatus, UserId, picture::ImageMetadata};

/// So many files of one message are looked at. A receipt is one picture, or two halves of one.
pub const FILES_OF_A_MESSAGE: usize = 3;

/// So many files of one order that could not be taken are looked at in an hour ([`FILES_WINDOW`]).
pub const FILES_REFUSED: u32 = 10;

/// See [`FILES_REFUSED`].
pub const FILES_WINDOW: Duration = Duration::from_hours(1);

/// The state of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Pending,
    Approved {
        by: UserId,
        at: Millis,
    },
    /// Less than the price had arrived: that much was accepted, and the order waits for the rest.
    Part {
        by: UserId,
        at: Millis,
        /// What had arrived with this proof.
        received: Money,
    },
    Declined {
        by: UserId,
        at: Millis,
        /// Why, as the customer read it.
        reason: String,
    },
}

impl Verdict {
    pub fn decided(&self) -> Option<(UserId, Millis)> {
        match self {
            Self::Pending => None,
            Self::Approved { by, at } | Self::Part { by, at, .. } | Self::Declined { by, at, .. } => Some((*by, *at)),
        }
    }
}

/// Something worth a second look at a submission; never a verdict.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "flag", rename_all = "snake_case")]
pub enum Flag {
    /// The picture was sent before for an order of the same customer that came to nothing.
    HandedOn { from: OrderId },
    /// The picture was sent before for this order.
    Again,
    /// The same pixels came in another file for another order.
    SamePixels { twin: OrderId },
    /// Staff accepted a transaction reference although another order owns it.
    ReferenceTwin { twin: OrderId },
    /// The file says that a program for editing pictures wrote it.
    Edited {
        /// The program, as the file names it.
        software: String,
    },
    /// The file says that the picture was taken well before the order was made.
    TakenBefore,
    /// The file says that the picture was taken in the future.
    TakenLater,
    /// The customer's Discord account was made a day or two before the proof came.
    NewAccount,
}

/// Accounts younger than this are worth a word.
const NEW_ACCOUNT: Duration = Duration::from_hours(48);

/// A picture's time has no zone: a day and some hours cover every one of them and a wrong clock.
const ZONES: Duration = Duration::from_hours(27);

/// What is odd about a picture's file and its sender; none of it proves anything.
pub fn oddities(told: &ImageMetadata, customer: UserId, ordered_at: Millis, now: Millis) -> Vec<Flag> {
    let mut flags = Vec::new();
    flags.extend(told.software.clone().map(|software| Flag::Edited { software }));
    match told.taken_at {
        Some(taken) if taken < ordered_at.minus(ZONES) => flags.push(Flag::TakenBefore),
        Some(taken) if taken > now.plus(ZONES) => flags.push(Flag::TakenLater),
        _ => {}
    }
    if customer.made_at() > now.minus(NEW_ACCOUNT) {
        flags.push(Flag::NewAccount);
    }
    flags
}

/// Whose a picture already is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The order that claimed it.
    pub order: OrderId,
    pub customer: UserId,
    /// Its state now. A state from which money was kept is never left but to `reversed`.
    pub status: OrderStatus,
    /// Whether a part of the money was accepted, whatever became of the order.
    pub has_money: bool,
}

/// What follows for a new submission of the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageOwnership {
    /// Never seen: the order claims it.
    Fresh,
    /// Already this order's own: a wrong decline must be curable.
    Again,
    /// It was sent for an earlier order of the same customer that never came to anything: the
    /// new order takes it over, and the card says so.
    HandedOn { from: OrderId },
    /// Not accepted; staff read whose it is.
    Refused {
        /// The order that owns it.
        twin: OrderId,
        /// Whether another customer sent it.
        foreign: bool,
    },
}

/// Decides what a picture with this owner is worth for `order` of `customer`.
pub fn claim(order: &OrderId, customer: UserId, owner: Option<&Owner>) -> ImageOwnership {
    match owner {
        None => ImageOwnership::Fresh,
        Some(owner) if owner.order == *order => ImageOwnership::Again,
        Some(owner) if owner.customer != customer => {
            ImageOwnership::Refused { twin: owner.order.clone(), foreign: true }
        }
        Some(owner) if owner.has_money || keeps_money(owner.status) => {
            ImageOwnership::Refused { twin: owner.order.clone(), foreign: false }
        }
        Some(owner) => ImageOwnership::HandedOn { from: owner.order.clone() },
    }
}

/// Whether the money behind a picture has been, or may yet be, booked for its order.
fn keeps_money(status: OrderStatus) -> bool {
    match status {
        OrderStatus::Completed
        | OrderStatus::Reversed
        | OrderStatus::PaymentSubmitted
        | OrderStatus::Provisioning
        | OrderStatus::NeedsAttention => true,
        OrderStatus::PendingPayment | OrderStatus::Declined | OrderStatus::Cancelled | OrderStatus::Expired => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_odd_is_said_and_nothing_else() {
        let now = Millis(1_800_000_000_000);
        let old = UserId(1 << 22);
        let young = UserId(((now.0 - 1_420_070_400_000 - 3_600_000).cast_unsigned()) << 22);
        let told = |software: Option<&str>, taken_at| ImageMetadata { software: software.map(str::to_owned), taken_at };
        let odd = |told: &ImageMetadata, who| oddities(told, who, now, now);
        assert_eq!(odd(&told(None, None), old), []);
        assert_eq!(odd(&told(None, Some(now.minus(Duration::from_hours(26)))), old), [], "another zone");
        assert_eq!(odd(&told(None, Some(now.minus(Duration::from_hours(72)))), old), [Flag::TakenBefore]);
        assert_eq!(odd(&told(None, Some(now.plus(Duration::from_hours(72)))), old), [Flag::TakenLater]);
        assert_eq!(odd(&told(Some("Snapseed"), None), old), [Flag::Edited { software: "Snapseed".to_owned() }]);
        assert_eq!(odd(&told(None, None), young), [Flag::NewAccount]);
    }

    #[test]
    fn the_four_cases() {
        let (mine, earlier) = (OrderId::from_random(1), OrderId::from_random(2));
        let (mona, karim) = (UserId(1), UserId(2));
        let owner = |customer, status| Owner { order: earlier.clone(), customer, status, has_money: false };
        assert_eq!(claim(&mine, mona, None), ImageOwnership::Fresh);
        let own = Owner { order: mine.clone(), ..owner(mona, OrderStatus::PendingPayment) };
        assert_eq!(claim(&mine, mona, Some(&own)), ImageOwnership::Again);
        assert_eq!(
            claim(&mine, mona, Some(&owner(karim, OrderStatus::Expired))),
            ImageOwnership::Refused { twin: earlier.clone(), foreign: true }
        );
        for status in [OrderStatus::Completed, OrderStatus::Reversed] {
            assert_eq!(
                claim(&mine, mona, Some(&owner(mona, status))),
                ImageOwnership::Refused { twin: earlier.clone(), foreign: false }
            );
        }
        for status in [OrderStatus::Expired, OrderStatus::Cancelled, OrderStatus::Declined] {
            assert_eq!(
                claim(&mine, mona, Some(&owner(mona, status))),
                ImageOwnership::HandedOn { from: earlier.clone() }
            );
            let in_part = Owner { has_money: true, ..owner(mona, status) };
            assert_eq!(
                claim(&mine, mona, Some(&in_part)),
                ImageOwnership::Refused { twin: earlier.clone(), foreign: false }
            );
        }
    }
}
