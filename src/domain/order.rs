//! An order: what was agreed on, in which state it is, and which states may follow.
//!
//! The row of the database becomes an [`Order`] in one place (`db::orders`); from there on a
//! state carries what exists in it and nothing else.

use std::{collections::BTreeSet, fmt};

use super::{
    ChannelId, MessageId, Millis, Money, OrderId, UserId, access::StaffOverwrite, attention::Trouble,
    shop::ReferencePolicy,
};

mod status;

pub use status::{OrderStatus, UnknownStatus};

/// Where an order came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    Shop,
    Manual,
}

impl Source {
    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::Manual => "manual",
        }
    }
}

/// The plan as it was when the order was made.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PlanSnapshot {
    /// The plan's id in the configuration of that day.
    pub id: String,
    pub name: String,
    /// Days of 24 hours; 0 = without end.
    pub duration_days: u32,
    /// Bytes; 0 = unlimited.
    pub quota_bytes: u64,
    pub price: Money,
    /// The panel its client lives on.
    pub panel: String,
}

/// The payment method as it was when the customer chose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodSnapshot {
    /// The method's id in the configuration of that day.
    pub id: String,
    pub name: String,
    /// The account the customer was shown.
    pub account: String,
    pub holder: String,
    /// The instructions the customer was shown, placeholders filled in.
    pub instructions: String,
    /// Whether it asked for the transaction's reference.
    pub reference: ReferencePolicy,
}

/// The row number of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct SubmissionId(pub i64);

impl fmt::Display for SubmissionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The row number of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct SubscriptionRow(pub i64);

/// How the link reached the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delivery {
    None,
    /// By direct message, at that time.
    Dm(Millis),
    /// Discord refuses direct messages to this customer; "Get my link" waits in the ticket.
    DmClosed,
    /// The customer fetched it with the button or with `/link`, at that time.
    Fetched(Millis),
    /// Staff say they gave it to the customer, at that time.
    ByHand(Millis),
}

impl Delivery {
    /// Whether the customer has the link.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Dm(_) | Self::Fetched(_) | Self::ByHand(_))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    pub by: UserId,
    pub at: Millis,
}

/// Why an order was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CancelCause {
    /// The customer took it back.
    Customer,
    Staff,
    /// No category had room for another ticket channel.
    NoRoom,
    /// Discord refused to make the ticket channel.
    NoTicket,
    /// The ticket channel was deleted before anything was paid.
    TicketDeleted,
}

impl CancelCause {
    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Staff => "staff",
            Self::NoRoom => "no_room",
            Self::NoTicket => "no_ticket",
            Self::TicketDeleted => "ticket_deleted",
        }
    }

    /// Reads the name from the database; anything unknown was written by staff.
    pub fn from_name(name: &str) -> Self {
        [Self::Customer, Self::NoRoom, Self::NoTicket, Self::TicketDeleted]
            .into_iter()
            .find(|c| c.as_str() == name)
            .unwrap_or(Self::Staff)
    }
}

/// The state of an order with what exists in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderState {
    /// Waits for payment and proof; `declined` is why the last proof was not accepted.
    PendingPayment {
        expires_at: Millis,
        /// The reason of the last decline, if there was one.
        declined: Option<String>,
    },
    /// A proof waits for review.
    PaymentSubmitted {
        /// Why the last approval came to nothing, if there was one.
        returned: Option<Trouble>,
    },
    /// Approved; the panel is being written.
    Provisioning {
        approved: Decision,
    },
    /// Approved, and a person must look at it.
    NeedsAttention {
        approved: Decision,
        trouble: Trouble,
    },
    /// The client exists and is paid for.
    Completed {
        approved: Decision,
        /// When the panel had been read back and the sale was booked.
        at: Millis,
    },
    /// Closed by staff or out of attempts.
    Declined {
        decided: Decision,
        /// The reason the customer read.
        reason: String,
    },
    Cancelled {
        cause: CancelCause,
        at: Millis,
    },
    /// Never paid.
    Expired {
        at: Millis,
    },
    /// Approved once, taken back later.
    Reversed {
        approved: Decision,
        decided: Decision,
        reason: String,
    },
}

/// The ticket channel as last seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ticket {
    pub channel: Option<ChannelId>,
    /// Whether the customer's overwrite forbids writing.
    pub locked: bool,
    pub status_message: Option<MessageId>,
    /// A digest of what the status message says.
    pub status_digest: Option<String>,
    /// Messages up to this one have been looked at.
    pub last_seen: u64,
    /// Who of staff has an overwrite of ours; `None` = nobody wrote it down.
    pub staff_overwrites: Option<BTreeSet<StaffOverwrite>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub id: OrderId,
    pub source: Source,
    pub customer: UserId,
    pub created_at: Millis,
    pub plan: PlanSnapshot,
    /// How the customer pays, once chosen.
    pub method: Option<MethodSnapshot>,
    /// The reference of the transfer whose proof is awaited, once typed.
    pub reference: Option<String>,
    /// Proofs that may still reach review.
    pub attempts_left: u32,
    /// What staff found to have arrived so far, in parts or at once.
    pub received: Money,
    pub state: OrderState,
    pub ticket: Ticket,
    /// How the link reached the customer.
    pub delivery: Delivery,
    /// What it was provisioned into, once approved.
    pub subscription: Option<SubscriptionRow>,
}

impl Order {
    /// The name of the state.
    pub fn status(&self) -> OrderStatus {
        match &self.state {
            OrderState::PendingPayment { .. } => OrderStatus::PendingPayment,
            OrderState::PaymentSubmitted { .. } => OrderStatus::PaymentSubmitted,
            OrderState::Provisioning { .. } => OrderStatus::Provisioning,
            OrderState::NeedsAttention { .. } => OrderStatus::NeedsAttention,
            OrderState::Completed { .. } => OrderStatus::Completed,
            OrderState::Declined { .. } => OrderStatus::Declined,
            OrderState::Cancelled { .. } => OrderStatus::Cancelled,
            OrderState::Expired { .. } => OrderStatus::Expired,
            OrderState::Reversed { .. } => OrderStatus::Reversed,
        }
    }

    /// Whether the customer may write and upload in the ticket: only while a proof is awaited.
    /// The lock is derived from the state and nothing else, so no failure can leave one behind.
    pub fn ticket_is_open(&self) -> bool {
        matches!(self.state, OrderState::PendingPayment { .. })
    }

    /// Whether money has arrived for the order: from then on no timer ends it, and neither does
    /// its customer.
    pub fn has_money(&self) -> bool {
        self.received.minor > 0
    }

    /// What has not arrived yet; nothing when all of it has.
    pub fn missing(&self) -> Money {
        Money::new((self.plan.price.minor - self.received.minor).max(0), self.plan.price.currency)
    }

    /// What arrived beyond the price.
    pub fn surplus(&self) -> Option<Money> {
        let surplus = self.received.minor - self.plan.price.minor;
        (surplus > 0).then(|| Money::new(surplus, self.plan.price.currency))
    }

    /// Whether declining its proof ends the order: no attempts are left, and no money is in it.
    pub fn decline_ends_it(&self) -> bool {
        match self.state {
            OrderState::PaymentSubmitted { .. } => self.attempts_left == 0 && !self.has_money(),
            _ => true,
        }
    }

    /// Whether the customer may still take the order back: nothing has been paid that we know of.
    pub fn may_be_cancelled(&self) -> bool {
        matches!(self.state, OrderState::PendingPayment { .. }) && !self.has_money()
    }

    /// Whether the transfer's reference must be typed before its proof is taken.
    pub fn lacks_reference(&self) -> bool {
        let required = |method: &MethodSnapshot| method.reference == ReferencePolicy::Required;
        self.reference.is_none() && self.method.as_ref().is_some_and(required)
    }

    /// Whether a proof from the customer is accepted now.
    pub fn accepts_proof(&self) -> Result<(), ProofRefused> {
        match self.state {
            OrderState::PendingPayment { .. } if self.method.is_none() => Err(ProofRefused::NoMethod),
            OrderState::PendingPayment { .. } if self.attempts_left == 0 => Err(ProofRefused::NoAttempts),
            OrderState::PendingPayment { .. } if self.lacks_reference() => Err(ProofRefused::NoReference),
            OrderState::PendingPayment { .. } => Ok(()),
            OrderState::PaymentSubmitted { .. } => Err(ProofRefused::UnderReview),
            OrderState::Provisioning { .. } | OrderState::NeedsAttention { .. } | OrderState::Completed { .. } => {
                Err(ProofRefused::AlreadyApproved)
            }
            OrderState::Declined { .. }
            | OrderState::Cancelled { .. }
            | OrderState::Expired { .. }
            | OrderState::Reversed { .. } => Err(ProofRefused::Closed),
        }
    }
}

/// Why a proof is not taken; nothing of it is kept and no attempt is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofRefused {
    /// No payment method has been chosen yet.
    NoMethod,
    /// The method wants the transfer's reference first.
    NoReference,
    /// A proof is already under review.
    UnderReview,
    /// The order has been approved.
    AlreadyApproved,
    Closed,
    NoAttempts,
    Blocked,
}
