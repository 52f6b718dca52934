//! What customers own on a panel, what grants and changes give it, and sales that a person finishes by hand.

pub mod change_queue;
pub mod change_requests;
pub mod change_results;
pub mod clients;
pub mod completion;
pub mod counters;
pub mod gifts;
pub mod grants;
pub mod manual_intervention;
pub mod manual_sales;
pub mod resend;
pub mod subscriptions;
pub mod voided_grants;
