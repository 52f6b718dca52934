//! Orders and money of a period, as they stand in the books.

use super::{Millis, Money, OrderStatus, UserId, amount::Amount};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedOrder {
    pub id: String,
    /// `shop`, or `manual` where staff entered it.
    pub source: String,
    pub created: Millis,
    /// When the proof came that was decided on, or the latest.
    pub submitted: Option<Millis>,
    /// When it was approved, where its money was booked.
    pub approved: Option<Millis>,
    pub customer: UserId,
    /// Their name when they ordered last.
    pub customer_name: String,
    pub plan: String,
    /// Days of 24 hours.
    pub days: i64,
    /// Bytes; 0 = unlimited.
    pub bytes: u64,
    pub price: Money,
    /// What was received, where its money was booked.
    pub received: Option<Money>,
    pub method: Option<String>,
    /// The reference of the transaction.
    pub reference: Option<String>,
    pub status: OrderStatus,
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
    pub reviewer: UserId,
    pub events: i64,
    pub amount: Money,
}

/// What a member of staff gave on a day without a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gift {
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
