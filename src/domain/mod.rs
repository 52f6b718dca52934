//! THE RULES. Pure: no async, no SQL, no HTTP, no Discord types, no clock and no randomness;
//! the time, new ids and new tokens are arguments.

pub mod ids;
pub mod money;
pub mod time;

pub use ids::{ChannelId, GuildId, MessageId, OrderId, RoleId, UserId};
pub use money::{Currency, Money};
pub use time::Millis;
