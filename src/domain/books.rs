//! Orders and money of a period, as they stand in the books.

use super::{Millis, Money, OrderStatus, UserId, reversal::Amount};

/// One order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedOrder {
    /// Its id.
    pub id: String,
    /// `shop`, or `manual` where staff entered it.
    pub source: String,
    /// When it was made.
    pub created: Millis,
    /// When the proof came that was decided on, or the latest.
    pub submitted: Option<Millis>,
    /// When it was approved, where its money was booked.
    pub approved: Option<Millis>,
    /// Whose it is.
    pub customer: UserId,
    /// Their name when they ordered last.
    pub customer_name: String,
    /// The plan's name.
    pub plan: String,
    /// Days of 24 hours.
    pub days: i64,
    /// Bytes; 0 = unlimited.
    pub bytes: u64,
    /// What it cost.
    pub price: Money,
    /// What was received, where its money was booked.
    pub received: Option<Money>,
    /// The payment method's name.
    pub method: Option<String>,
    /// The reference of the transaction.
    pub reference: Option<String>,
    /// Its state now.
    pub status: OrderStatus,
    /// Who decided last.
    pub reviewer: Option<UserId>,
    /// Why it was declined, cancelled or reversed.
    pub reason: Option<String>,
    /// The client on the panel.
    pub email: Option<String>,
}

/// What came in (and went back) by one method through one reviewer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedTotal {
    /// `shop` or `manual`.
    pub source: String,
    /// The payment method's id; empty = none.
    pub method: String,
    /// Who approved.
    pub reviewer: UserId,
    /// How many money events.
    pub events: i64,
    /// Their sum.
    pub amount: Money,
}

/// What a member of staff gave on a day without a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gift {
    /// Who.
    pub by: UserId,
    /// How often an end was moved, a total changed or a counter set to zero.
    pub times: u64,
    /// How often of these it was their own access.
    pub own: u64,
    /// The time that was given, in milliseconds.
    pub time: Amount,
    /// The traffic that was given, in bytes.
    pub bytes: Amount,
}
