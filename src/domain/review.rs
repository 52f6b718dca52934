//! What staff know and do around a proof before they decide. None of it is a decision.

use super::{Millis, OrderId, SubmissionId, UserId, effect::QuestionId};

/// Who says that they are looking at a proof. A courtesy that ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reviewing {
    pub by: UserId,
    /// Until when, unless they decide or let go earlier.
    pub until: Millis,
}

/// What staff asked a customer about a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub id: QuestionId,
    pub order: OrderId,
    /// Whom it was asked about.
    pub submission: SubmissionId,
    pub by: UserId,
    pub at: Millis,
    pub text: String,
    /// What the customer answered, and when.
    pub answer: Option<(String, Millis)>,
}

/// What came of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// It stands on the card.
    Kept,
    /// It was answered before.
    Before,
    /// The proof is decided: nobody waits for an answer any more.
    TooLate,
}

/// A customer as staff should know them before they decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    /// Orders that were completed, other than the one at hand.
    pub completed: u64,
    /// Orders that were declined for good.
    pub declined: u64,
    /// Orders that were taken back after the sale.
    pub reversed: u64,
    /// Other orders that are open.
    pub open: u64,
    /// Whether they may not order.
    pub blocked: bool,
    /// When they joined the server, as far as Discord told us.
    pub joined_at: Option<Millis>,
}
