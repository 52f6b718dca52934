//! THE RULES. Pure: no async, no SQL, no HTTP, no Discord types, no clock and no randomness;
//! the time, new ids and new tokens are arguments.

pub mod access;
pub mod access_state;
pub mod audit;
pub mod books;
pub mod button;
pub mod change;
pub mod confirmation;
pub mod counter;
pub mod drift;
pub mod effect;
pub mod grants;
pub mod ids;
pub mod limits;
pub mod log;
pub mod money;
pub mod order;
pub mod picture;
pub mod premises;
pub mod proofs;
pub mod reference;
pub mod retention;
pub mod revenue;
pub mod reversal;
pub mod review;
pub mod shop;
pub mod target;
pub mod time;
pub mod tracked;
pub mod trouble;

pub use ids::{ChannelId, GuildId, Incident, MessageId, OrderId, RoleId, UserId};
pub use money::{Currency, Money};
pub use order::{Order, OrderState, OrderStatus, SubmissionId, SubscriptionRow};
pub use shop::{MethodId, PaymentMethod, Plan, PlanId};
pub use target::Target;
pub use time::Millis;
