//! Who may what: blocks, confirmations and their tokens, what one person may cause, and how people are found.

pub mod blocks;
pub mod confirmations;
pub mod limits;
pub mod search;
pub mod tokens;
