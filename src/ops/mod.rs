//! What the command line does besides run: looks at the data and reports, beside a running bot.

pub mod audit;
pub mod revenue;
