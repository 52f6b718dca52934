//! Confirmations: what the one-time token behind a Confirm button is good for, exactly as it was
//! shown. Stored whole with the token, so that what happens is what was read.

use serde::{Deserialize, Serialize};

use super::{
    OrderId, SubmissionId, SubscriptionRow, UserId, access::Power, change::Change, order::PlanSnapshot,
    reference::Reference,
};

/// What a member of staff is about to confirm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Confirmation {
    /// Approve a submission: all that was missing has arrived.
    Approve {
        submission: SubmissionId,
    },
    /// Book that this much arrived with a submission: a part, or enough to approve it. In minor units
    /// of the order's currency.
    Receive {
        submission: SubmissionId,
        minor: i64,
    },
    /// Decline a submission; the customer reads the reason.
    Decline {
        submission: SubmissionId,
        reason: String,
    },
    /// Decline a submission for good as a fake, and block its customer, who reads the reason.
    DeclineFake {
        submission: SubmissionId,
        reason: String,
    },
    /// Accept a reference although another order owns it. Confirmed by a form, with a reason.
    OverrideReference {
        submission: SubmissionId,
        reference: Reference,
    },
    /// Close an order that needs attention: decline its submission for good.
    GiveUp {
        submission: SubmissionId,
        reason: String,
    },
    /// Book an order that needs attention as delivered by hand.
    BookByHand {
        order: OrderId,
    },
    /// Close a sale by hand that needs attention; the reason is what its card will say.
    VoidSale {
        order: OrderId,
        reason: String,
    },
    /// End an unpaid order that money has arrived for.
    EndPaid {
        order: OrderId,
    },
    /// Block a person; `name` is what Discord calls them today.
    Block {
        user: UserId,
        name: String,
        reason: String,
    },
    /// Let a blocked person order again.
    Unblock {
        user: UserId,
    },
    /// Take a parked effect out of the outbox; its row.
    DropEffect {
        row: i64,
    },
    /// Let the effects of a restored database be performed again.
    ReleaseOutbox,
    Change {
        subscription: SubscriptionRow,
        change: Change,
    },
    /// Take back an order that was delivered by hand and of which the bot knows no client.
    Refund {
        order: OrderId,
        reason: String,
    },
    /// Make a client that was made by hand a customer's; `name` is what Discord calls them today.
    Adopt {
        panel: String,
        email: String,
        user: UserId,
        name: String,
    },
    /// Enter a sale by hand. The plan's price is what was received for it.
    Sell {
        user: UserId,
        name: String,
        plan: PlanSnapshot,
        note: String,
    },
}

impl Confirmation {
    /// The power that confirming asks for, when the question opens and when it is answered.
    pub fn required_power(&self) -> Power {
        match self {
            Self::ReleaseOutbox => Power::Owner,
            _ => Power::Admin,
        }
    }

    /// Whether it decides about a payment: the review card then shows what came of it.
    pub fn is_about_payment(&self) -> bool {
        match self {
            Self::Approve { .. }
            | Self::Receive { .. }
            | Self::Decline { .. }
            | Self::DeclineFake { .. }
            | Self::OverrideReference { .. }
            | Self::GiveUp { .. }
            | Self::BookByHand { .. }
            | Self::VoidSale { .. }
            | Self::EndPaid { .. } => true,
            Self::Block { .. }
            | Self::Unblock { .. }
            | Self::DropEffect { .. }
            | Self::ReleaseOutbox
            | Self::Change { .. }
            | Self::Refund { .. }
            | Self::Adopt { .. }
            | Self::Sell { .. } => false,
        }
    }

    /// What it is about, for the audit log.
    pub fn subject(&self) -> String {
        match self {
            Self::Approve { submission }
            | Self::Receive { submission, .. }
            | Self::Decline { submission, .. }
            | Self::DeclineFake { submission, .. }
            | Self::OverrideReference { submission, .. }
            | Self::GiveUp { submission, .. } => submission.to_string(),
            Self::BookByHand { order }
            | Self::VoidSale { order, .. }
            | Self::EndPaid { order }
            | Self::Refund { order, .. } => order.to_string(),
            Self::Block { user, .. } | Self::Unblock { user } | Self::Adopt { user, .. } | Self::Sell { user, .. } => {
                user.to_string()
            }
            Self::DropEffect { row } => row.to_string(),
            Self::ReleaseOutbox => "outbox".to_owned(),
            Self::Change { subscription, .. } => subscription.0.to_string(),
        }
    }
}
