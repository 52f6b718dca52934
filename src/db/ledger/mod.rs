//! Money: what was booked, its roll-up by day, and what owners read of it.

pub mod dashboard;
pub mod export;
pub mod rebuild;
pub mod revenue;
