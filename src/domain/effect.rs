//! What must happen after a commit: the rows of the outbox, as types.
//!
//! Arguments are ids only; everything else is read when the effect runs, so that it does what
//! the state says *then*. `kind` and `v` are a promise: a row written by any released version
//! must decode in every later one (`tests/outbox` keeps a sample of each).

use serde::{Deserialize, Serialize};

use super::{
    ChannelId, Millis, OrderId, UserId,
    change::ChangeId,
    order::{SubmissionId, SubscriptionRow},
};

mod news;

pub use news::{Audience, Change, Notice, OutageId, OwnerNews, Part, QuestionId, StaffNews};

/// The version of the arguments below.
pub const VERSION: i64 = 1;

/// The kinds that read what a customer wrote, of which there may be as many as there are customers.
pub const READS: [&str; 2] = ["read_ticket", "lapse_order"];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "args", rename_all = "snake_case")]
pub enum Effect {
    /// Makes the ticket's channel, overwrites and status message what the state says.
    SyncTicket { order: OrderId },
    /// Reads what the customer wrote in the ticket since it was last read.
    ReadTicket { order: OrderId },
    /// Reads the ticket of an unpaid order whose time is over once more, and ends the order if there
    /// is no proof in it.
    LapseOrder { order: OrderId },
    /// Makes the review card of a submission what the state says.
    SyncCard { submission: SubmissionId },
    /// Makes the client on the panel what the grants say, then books what was waiting for it.
    SyncSubscription {
        subscription: SubscriptionRow,
        /// Its panel, which is the lane.
        panel: String,
    },
    /// Removes a client that is surely ours and was never delivered, after a refusal.
    RemoveClient {
        subscription: SubscriptionRow,
        /// Its panel, which is the lane.
        panel: String,
    },
    /// Looks at a counter again some time after it was reset: the old reading may have come back.
    RecheckCounter {
        subscription: SubscriptionRow,
        /// Its panel, which is the lane.
        panel: String,
    },
    /// Sends the link by direct message.
    DeliverLink {
        order: OrderId,
        /// Its customer, who is the lane.
        user: UserId,
    },
    /// Makes the card of a sale that staff entered what the state says.
    SyncSaleCard { order: OrderId },
    /// Tells a customer by direct message what staff changed.
    TellCustomer {
        change: ChangeId,
        /// The customer, who is the lane.
        user: UserId,
    },
    /// Tells staff of a change that was not made, or later than whoever asked for it watched.
    TellOfChange { change: ChangeId },
    /// Sends the link by direct message once more, because staff asked for it.
    ResendLink {
        subscription: SubscriptionRow,
        /// Its customer, who is the lane.
        user: UserId,
        /// What they asked with: tells this request from others.
        asked: u64,
    },
    /// Says to somebody without an order who wrote to the bot that nobody reads there, and what to do.
    AnswerDirect {
        /// Who wrote, and is the lane.
        user: UserId,
        /// The direct conversation.
        channel: ChannelId,
        /// What they wrote: tells this answer from others.
        message: u64,
    },
    /// Posts a short message in the ticket that mentions the customer.
    Notify { order: OrderId, notice: Notice },
    /// Posts a line for staff in the review channel.
    TellStaff { news: StaffNews },
    /// Sends the owners a direct message.
    TellOwner { news: OwnerNews },
    /// Tells the owners how a day of the shop went.
    TellDay { day: Millis },
    /// Tells the owners where panels and books differ.
    TellDrift {
        /// When the week began in which they are told.
        week: Millis,
    },
    /// Deletes the ticket channel of an order that is over.
    DeleteTicket { order: OrderId },
    /// Makes the dashboard message what the numbers say.
    SyncDashboard {},
    /// Deletes the messages in a channel whose time is over.
    CleanChannel { channel: ChannelId },
    /// Compares the guild's channels with the tickets we know, and mends both.
    SweepChannels {},
    /// Looks at the shop's channels and roles, and has owners told what is wrong with them.
    InspectPremises {},
    /// Sends an owner an encrypted backup by direct message.
    SendBackup {
        /// The name of its file.
        file: String,
        /// The owner, who is the lane.
        user: UserId,
    },
    /// Tells of an outage, once at its beginning and once at its end.
    TellOutage {
        outage: OutageId,
        /// What is told of it.
        change: Change,
        to: Audience,
    },
}

impl Effect {
    /// The idempotency key: wanting the same thing twice is one row.
    pub fn key(&self) -> String {
        match self {
            Self::SyncTicket { order } => format!("ticket:{order}"),
            Self::ReadTicket { order } => format!("read:{order}"),
            Self::LapseOrder { order } => format!("lapse:{order}"),
            Self::SyncCard { submission } => format!("card:{submission}"),
            Self::SyncSubscription { subscription, .. } => format!("subscription:{}", subscription.0),
            Self::RemoveClient { subscription, .. } => format!("remove:{}", subscription.0),
            Self::RecheckCounter { subscription, .. } => format!("counter:{}", subscription.0),
            Self::DeliverLink { order, .. } => format!("deliver:{order}"),
            Self::SyncSaleCard { order } => format!("sale:{order}"),
            Self::TellCustomer { change, .. } => format!("tell:{change}"),
            Self::ResendLink { subscription, asked, .. } => format!("resend:{}:{asked}", subscription.0),
            Self::AnswerDirect { user, .. } => format!("direct:{user}"),
            Self::Notify { order, notice } => format!("notify:{order}:{}", notice.key()),
            Self::TellStaff { news } => format!("staff:{}", news.key()),
            Self::TellOfChange { change } => format!("staff:change:{change}"),
            Self::TellOwner { news } => format!("owner:{}", news.key()),
            Self::TellDay { day } => format!("day:{day}"),
            Self::TellDrift { week } => format!("drift:{week}"),
            Self::DeleteTicket { order } => format!("delete:{order}"),
            Self::SyncDashboard {} => "dashboard".to_owned(),
            Self::CleanChannel { channel } => format!("clean:{channel}"),
            Self::SweepChannels {} => "sweep".to_owned(),
            Self::InspectPremises {} => "premises".to_owned(),
            Self::SendBackup { file, user } => format!("backup:{user}:{file}"),
            Self::TellOutage { outage, change, to } => {
                format!("outage:{}:{}:{}", outage.0, change.as_str(), to.as_str())
            }
        }
    }

    /// Whether it is one of [`READS`].
    pub fn reads(&self) -> bool {
        matches!(self, Self::ReadTicket { .. } | Self::LapseOrder { .. })
    }

    /// The lane: effects of one lane run one at a time, in the order they became due.
    pub fn lane(&self) -> Lane {
        match self {
            Self::SyncTicket { order }
            | Self::ReadTicket { order }
            | Self::LapseOrder { order }
            | Self::Notify { order, .. }
            | Self::DeleteTicket { order } => Lane::Order(order.clone()),
            Self::SyncCard { .. }
            | Self::SyncSaleCard { .. }
            | Self::TellOfChange { .. }
            | Self::TellStaff { .. }
            | Self::TellOutage { to: Audience::Staff, .. } => Lane::Review,
            Self::SyncSubscription { panel, .. }
            | Self::RemoveClient { panel, .. }
            | Self::RecheckCounter { panel, .. } => Lane::Panel(panel.clone()),
            Self::DeliverLink { user, .. }
            | Self::ResendLink { user, .. }
            | Self::TellCustomer { user, .. }
            | Self::AnswerDirect { user, .. }
            | Self::SendBackup { user, .. } => Lane::Dm(*user),
            Self::SyncDashboard {} => Lane::Dashboard,
            Self::CleanChannel { .. } | Self::SweepChannels {} | Self::InspectPremises {} => Lane::CleanUp,
            Self::TellOwner { .. }
            | Self::TellDay { .. }
            | Self::TellDrift { .. }
            | Self::TellOutage { to: Audience::Owners, .. } => Lane::Owner,
        }
    }
}

/// Where an effect waits its turn.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// One panel: one write at a time.
    Panel(String),
    Order(OrderId),
    Review,
    Dm(UserId),
    Dashboard,
    Owner,
    /// Deleting what is over, and looking for what was forgotten.
    CleanUp,
}

impl std::fmt::Display for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Panel(name) => write!(f, "panel:{name}"),
            Self::Order(order) => write!(f, "order:{order}"),
            Self::Review => f.write_str("review"),
            Self::Dm(user) => write!(f, "dm:{user}"),
            Self::Dashboard => f.write_str("dashboard"),
            Self::Owner => f.write_str("owner"),
            Self::CleanUp => f.write_str("cleanup"),
        }
    }
}
