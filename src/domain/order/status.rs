//! The states of an order by name, and the arrows between them.

use std::{fmt, str::FromStr};

/// The state of an order by name. [`OrderState`](super::OrderState) is the same with what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OrderStatus {
    /// Waits for the customer to pay and to send a proof.
    PendingPayment,
    /// A proof waits for review.
    PaymentSubmitted,
    /// Approved; the panel is being written.
    Provisioning,
    /// Approved, and a person must look at it.
    NeedsAttention,
    /// The client exists and is paid for.
    Completed,
    /// Closed by staff or out of attempts.
    Declined,
    /// Taken back by the customer, or by us where no ticket could be kept.
    Cancelled,
    /// Never paid.
    Expired,
    /// Approved once, taken back later.
    Reversed,
}

impl OrderStatus {
    /// All of them, in the order of an order's life.
    pub const ALL: [Self; 9] = [
        Self::PendingPayment,
        Self::PaymentSubmitted,
        Self::Provisioning,
        Self::NeedsAttention,
        Self::Completed,
        Self::Declined,
        Self::Cancelled,
        Self::Expired,
        Self::Reversed,
    ];

    /// The name in the database, in the audit log and in exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PendingPayment => "pending_payment",
            Self::PaymentSubmitted => "payment_submitted",
            Self::Provisioning => "provisioning",
            Self::NeedsAttention => "needs_attention",
            Self::Completed => "completed",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Reversed => "reversed",
        }
    }

    /// Whether the order still holds its customer's one place.
    pub fn is_active(self) -> bool {
        matches!(self, Self::PendingPayment | Self::PaymentSubmitted | Self::Provisioning | Self::NeedsAttention)
    }

    /// The states that may follow. The database's trigger says the same; a test compares the two.
    pub fn arrows(self) -> &'static [Self] {
        match self {
            Self::PendingPayment => &[Self::PaymentSubmitted, Self::Cancelled, Self::Expired],
            Self::PaymentSubmitted => &[Self::Provisioning, Self::PendingPayment, Self::Declined],
            Self::Provisioning => &[Self::Completed, Self::PaymentSubmitted, Self::NeedsAttention],
            Self::NeedsAttention => &[Self::Provisioning, Self::Completed, Self::PaymentSubmitted, Self::Declined],
            Self::Completed => &[Self::Reversed],
            Self::Declined | Self::Cancelled | Self::Expired | Self::Reversed => &[],
        }
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a state of an order")]
pub struct UnknownStatus(pub String);

impl FromStr for OrderStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| UnknownStatus(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_comes_back_from_its_name() {
        for status in OrderStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert!("paid".parse::<OrderStatus>().is_err());
    }

    #[test]
    fn an_order_that_is_over_stays_over() {
        for status in OrderStatus::ALL {
            let over = !status.is_active() && status != OrderStatus::Completed;
            assert_eq!(over, status.arrows().is_empty(), "{status}");
        }
    }
}
