//! Payment proofs: what was decided about one, and the duplicate rule (the first order that
//! claims a picture owns it).

use super::{Millis, Money, OrderId, OrderStatus, UserId};

/// The state of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Waits for review.
    Pending,
    /// Approved.
    Approved {
        /// By whom.
        by: UserId,
        /// When.
        at: Millis,
    },
    /// Less than the price had arrived: that much was accepted, and the order waits for the rest.
    Part {
        /// By whom.
        by: UserId,
        /// When.
        at: Millis,
        /// What had arrived with this proof.
        received: Money,
    },
    /// Declined.
    Declined {
        /// By whom.
        by: UserId,
        /// When.
        at: Millis,
        /// Why, as the customer read it.
        reason: String,
    },
}

impl Verdict {
    /// Who decided, and when.
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
    HandedOn {
        /// That order.
        from: OrderId,
    },
    /// The picture was sent before for this order.
    Again,
    /// The same pixels came in another file for another order.
    SamePixels {
        /// That order.
        twin: OrderId,
    },
}

/// Whose a picture already is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The order that claimed it.
    pub order: OrderId,
    /// Its customer.
    pub customer: UserId,
    /// Its state now. A state from which money was kept is never left but to `reversed`.
    pub status: OrderStatus,
    /// Whether a part of the money was accepted, whatever became of the order.
    pub has_money: bool,
}

/// What follows for a new submission of the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Never seen: the order claims it.
    Fresh,
    /// Already this order's own: a wrong decline must be curable.
    Again,
    /// It was sent for an earlier order of the same customer that never came to anything: the
    /// new order takes it over, and the card says so.
    HandedOn {
        /// The earlier order.
        from: OrderId,
    },
    /// Not accepted; staff read whose it is.
    Refused {
        /// The order that owns it.
        twin: OrderId,
        /// Whether another customer sent it.
        foreign: bool,
    },
}

/// Decides what a picture with this owner is worth for `order` of `customer`.
pub fn claim(order: &OrderId, customer: UserId, owner: Option<&Owner>) -> Claim {
    match owner {
        None => Claim::Fresh,
        Some(owner) if owner.order == *order => Claim::Again,
        Some(owner) if owner.customer != customer => Claim::Refused { twin: owner.order.clone(), foreign: true },
        Some(owner) if owner.has_money || keeps_money(owner.status) => {
            Claim::Refused { twin: owner.order.clone(), foreign: false }
        }
        Some(owner) => Claim::HandedOn { from: owner.order.clone() },
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
    fn the_four_cases() {
        let (mine, earlier) = (OrderId::from_random(1), OrderId::from_random(2));
        let (mona, karim) = (UserId(1), UserId(2));
        let owner = |customer, status| Owner { order: earlier.clone(), customer, status, has_money: false };
        assert_eq!(claim(&mine, mona, None), Claim::Fresh);
        let own = Owner { order: mine.clone(), ..owner(mona, OrderStatus::PendingPayment) };
        assert_eq!(claim(&mine, mona, Some(&own)), Claim::Again);
        assert_eq!(
            claim(&mine, mona, Some(&owner(karim, OrderStatus::Expired))),
            Claim::Refused { twin: earlier.clone(), foreign: true }
        );
        for status in [OrderStatus::Completed, OrderStatus::Reversed] {
            assert_eq!(
                claim(&mine, mona, Some(&owner(mona, status))),
                Claim::Refused { twin: earlier.clone(), foreign: false }
            );
        }
        for status in [OrderStatus::Expired, OrderStatus::Cancelled, OrderStatus::Declined] {
            assert_eq!(claim(&mine, mona, Some(&owner(mona, status))), Claim::HandedOn { from: earlier.clone() });
            let in_part = Owner { has_money: true, ..owner(mona, status) };
            assert_eq!(claim(&mine, mona, Some(&in_part)), Claim::Refused { twin: earlier.clone(), foreign: false });
        }
    }
}
