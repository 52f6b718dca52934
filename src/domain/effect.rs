//! What must happen after a commit: the rows of the outbox, as types.
//!
//! Arguments are ids only; everything else is read when the effect runs, so that it does what
//! the state says *then*. `kind` and `v` are a promise: a row written by any released version
//! must decode in every later one (`tests/outbox` keeps a sample of each).

use serde::{Deserialize, Serialize};

use super::{
    ChannelId, Incident, Millis, OrderId, UserId,
    change::ChangeId,
    order::{SubmissionId, SubscriptionRow},
    picture::PictureRefused,
    premises::Flaw,
};

/// The version of the arguments below.
pub const VERSION: i64 = 1;

/// A side effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "args", rename_all = "snake_case")]
pub enum Effect {
    /// Makes the ticket's channel, overwrites and status message what the state says.
    SyncTicket {
        /// The order.
        order: OrderId,
    },
    /// Reads what the customer wrote in the ticket since it was last read.
    ReadTicket {
        /// The order.
        order: OrderId,
    },
    /// Reads the ticket of an unpaid order whose time is over once more, and ends the order if there
    /// is no proof in it.
    LapseOrder {
        /// The order.
        order: OrderId,
    },
    /// Makes the review card of a submission what the state says.
    SyncCard {
        /// The submission.
        submission: SubmissionId,
    },
    /// Makes the client on the panel what the grants say, then books what was waiting for it.
    SyncSubscription {
        /// The subscription.
        subscription: SubscriptionRow,
        /// Its panel, which is the lane.
        panel: String,
    },
    /// Removes a client that is surely ours and was never delivered, after a refusal.
    RemoveClient {
        /// The subscription.
        subscription: SubscriptionRow,
        /// Its panel, which is the lane.
        panel: String,
    },
    /// Sends the link by direct message.
    DeliverLink {
        /// The order.
        order: OrderId,
        /// Its customer, who is the lane.
        user: UserId,
    },
    /// Makes the card of a sale that staff entered what the state says.
    SyncSaleCard {
        /// The order.
        order: OrderId,
    },
    /// Tells a customer by direct message what staff changed.
    TellCustomer {
        /// The change.
        change: ChangeId,
        /// The customer, who is the lane.
        user: UserId,
    },
    /// Tells staff of a change that was not made, or later than whoever asked for it watched.
    TellOfChange {
        /// The change.
        change: ChangeId,
    },
    /// Sends the link by direct message once more, because staff asked for it.
    ResendLink {
        /// The subscription.
        subscription: SubscriptionRow,
        /// Its customer, who is the lane.
        user: UserId,
        /// What they asked with: tells this request from others.
        asked: u64,
    },
    /// Posts a short message in the ticket that mentions the customer.
    Notify {
        /// The order.
        order: OrderId,
        /// What it says.
        notice: Notice,
    },
    /// Posts a line for staff in the review channel.
    TellStaff {
        /// What it says.
        news: StaffNews,
    },
    /// Sends the owners a direct message.
    TellOwner {
        /// What it says.
        news: OwnerNews,
    },
    /// Tells the owners how a day of the shop went.
    TellDay {
        /// When it began.
        day: Millis,
    },
    /// Tells the owners where panels and books differ.
    TellDrift {
        /// When the week began in which they are told.
        week: Millis,
    },
    /// Deletes the ticket channel of an order that is over.
    DeleteTicket {
        /// The order.
        order: OrderId,
    },
    /// Makes the dashboard message what the numbers say.
    SyncDashboard {},
    /// Deletes the messages in a channel whose time is over.
    CleanChannel {
        /// The channel.
        channel: ChannelId,
    },
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
        /// The outage.
        outage: OutageId,
        /// What is told of it.
        change: Change,
        /// Whom.
        to: Audience,
    },
}

/// What is told of an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The panel went down.
    Began,
    /// It came back.
    Ended,
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Every owner, by direct message.
    Owners,
    /// Staff, in the review channel.
    Staff,
}

/// A short message to a customer in the ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Notice {
    /// The ticket is there: what to do.
    Welcome,
    /// The proof was declined; the reason stands with the submission.
    Declined {
        /// The submission.
        submission: SubmissionId,
    },
    /// Less than the price arrived: what is missing stands in the status message.
    PartPaid {
        /// The submission it came with.
        submission: SubmissionId,
    },
    /// Staff ask something about the proof.
    Asked {
        /// The question.
        question: QuestionId,
    },
    /// The file is not a picture that can be taken.
    BadPicture {
        /// The message it came with.
        message: u64,
        /// Why.
        why: PictureRefused,
    },
    /// The file could not be had from Discord's file store.
    NotFetched {
        /// The message it came with.
        message: u64,
    },
    /// The picture was already used for another order.
    Duplicate {
        /// The message it came with.
        message: u64,
    },
    /// A file came before a payment method was chosen.
    NoMethod {
        /// The message it came with.
        message: u64,
    },
    /// A file came before the transfer's reference was typed, and the method requires that.
    NoReference {
        /// The message it came with.
        message: u64,
    },
    /// Direct messages are closed: the link waits in the ticket.
    LinkWaits,
    /// The order was not paid yet and ends soon.
    PaySoon,
}

/// A line for staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum StaffNews {
    /// A picture was refused because another order owns it.
    Duplicate {
        /// The order it was sent for.
        order: OrderId,
        /// The order that owns it.
        twin: OrderId,
        /// Whether that is another customer's.
        foreign: bool,
        /// What it came with: message or interaction.
        source: String,
    },
    /// A customer typed a transaction reference that another order owns.
    ReferenceTaken {
        /// The order it was typed for.
        order: OrderId,
        /// The order that owns it.
        twin: OrderId,
        /// Whether that is another customer's.
        foreign: bool,
    },
    /// A proof has waited for review longer than it should.
    ReviewWaits {
        /// The order.
        order: OrderId,
        /// The proof.
        submission: SubmissionId,
    },
    /// Staff took a parked effect of an order out of the outbox.
    Dropped {
        /// The order, which is nobody's work any more.
        order: OrderId,
        /// The effect's key.
        key: String,
        /// Who did.
        by: UserId,
    },
}

/// The number of a question to a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QuestionId(pub i64);

/// The number of an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OutageId(pub i64);

/// A message to the owners.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum OwnerNews {
    /// No category has room for another ticket.
    NoRoom {
        /// The order that was cancelled for it.
        order: OrderId,
    },
    /// Discord refused to make a ticket.
    NoTicket {
        /// The order that was cancelled for it.
        order: OrderId,
    },
    /// A panel refuses our login.
    LoginRefused {
        /// The panel.
        panel: String,
    },
    /// A proof has waited for review much longer than it should.
    ReviewWaits {
        /// The order.
        order: OrderId,
        /// The proof.
        submission: SubmissionId,
    },
    /// The daily backup could not be made.
    NoBackup,
    /// The server's clock jumped forward; nothing is deleted for a while.
    ClockJumped {
        /// When that was noticed.
        at: Millis,
        /// How far it jumped, in minutes.
        minutes: u64,
        /// How long nothing is deleted, in minutes.
        hold: u64,
    },
    /// Something of ours failed, once or many times, since an owner was last told of its kind.
    Faults {
        /// What failed.
        part: Part,
        /// When this is told.
        at: Millis,
        /// How often it failed.
        times: u32,
        /// The word that leads to the last of them in the log.
        incident: Incident,
    },
    /// A channel looks like a ticket of ours, of an order that is not in the database.
    StrayTicket {
        /// The channel.
        channel: ChannelId,
    },
    /// The shop's channels or roles on Discord are not as the bot needs them.
    Premises {
        /// When that was seen.
        at: Millis,
        /// What is wrong.
        flaws: Vec<Flaw>,
    },
    /// The dashboard was written by a run that is none of ours.
    SecondBot {
        /// The name of that run.
        boot: String,
    },
    /// An effect gave up and waits for a person.
    Parked {
        /// The row's key.
        key: String,
    },
}

/// A part of the program in which something can fail that is not somebody else's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Answers to people's commands and buttons.
    Answers,
    /// Events of Discord that nobody waits for.
    Events,
    /// What happens by the clock.
    Tasks,
    /// What is done after a commit.
    Outbox,
}

impl Part {
    /// Its name in keys and markers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::Events => "events",
            Self::Tasks => "tasks",
            Self::Outbox => "outbox",
        }
    }
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
            Self::DeliverLink { order, .. } => format!("deliver:{order}"),
            Self::SyncSaleCard { order } => format!("sale:{order}"),
            Self::TellCustomer { change, .. } => format!("tell:{change}"),
            Self::ResendLink { subscription, asked, .. } => format!("resend:{}:{asked}", subscription.0),
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
            Self::SyncSubscription { panel, .. } | Self::RemoveClient { panel, .. } => Lane::Panel(panel.clone()),
            Self::DeliverLink { user, .. }
            | Self::ResendLink { user, .. }
            | Self::TellCustomer { user, .. }
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

impl Change {
    /// Its name in keys and markers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Began => "began",
            Self::Ended => "ended",
        }
    }
}

impl Audience {
    /// Its name in keys and markers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owners => "owners",
            Self::Staff => "staff",
        }
    }
}

impl Notice {
    /// What tells it from other messages of its kind: part of the row's key and of the message's marker.
    pub fn key(&self) -> String {
        match self {
            Self::Welcome => "welcome".to_owned(),
            Self::Declined { submission } => format!("declined:{submission}"),
            Self::PartPaid { submission } => format!("part:{submission}"),
            Self::Asked { question } => format!("asked:{}", question.0),
            Self::BadPicture { message, .. } => format!("picture:{message}"),
            Self::NotFetched { message } => format!("fetch:{message}"),
            Self::Duplicate { message } => format!("duplicate:{message}"),
            Self::NoMethod { message } => format!("method:{message}"),
            Self::NoReference { message } => format!("reference:{message}"),
            Self::LinkWaits => "link".to_owned(),
            Self::PaySoon => "pay".to_owned(),
        }
    }
}

impl StaffNews {
    /// The order it is about.
    pub fn order(&self) -> &OrderId {
        match self {
            Self::Duplicate { order, .. }
            | Self::ReferenceTaken { order, .. }
            | Self::ReviewWaits { order, .. }
            | Self::Dropped { order, .. } => order,
        }
    }

    /// What tells it from other lines: part of the row's key.
    pub fn key(&self) -> String {
        match self {
            Self::Duplicate { order, source, .. } => format!("duplicate:{order}:{source}"),
            Self::ReferenceTaken { order, twin, .. } => format!("reference:{order}:{twin}"),
            Self::ReviewWaits { submission, .. } => format!("waits:{submission}"),
            Self::Dropped { order, key, .. } => format!("dropped:{order}:{key}"),
        }
    }
}

impl OwnerNews {
    /// What tells it from other messages of its kind: part of the row's key and of the message's marker.
    pub fn key(&self) -> String {
        match self {
            Self::NoRoom { .. } => "room".to_owned(),
            Self::NoTicket { .. } => "ticket".to_owned(),
            Self::LoginRefused { panel } => format!("login:{panel}"),
            Self::ReviewWaits { submission, .. } => format!("waits:{submission}"),
            Self::NoBackup => "backup".to_owned(),
            Self::ClockJumped { at, .. } => format!("clock:{at}"),
            Self::Faults { part, at, .. } => format!("faults:{}:{at}", part.as_str()),
            Self::StrayTicket { channel } => format!("stray:{channel}"),
            Self::Premises { at, .. } => format!("premises:{at}"),
            Self::SecondBot { boot } => format!("second:{boot}"),
            Self::Parked { key } => format!("parked:{key}"),
        }
    }
}

/// Where an effect waits its turn.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// One panel: one write at a time.
    Panel(String),
    /// One order's ticket.
    Order(OrderId),
    /// The review channel.
    Review,
    /// One person's direct messages.
    Dm(UserId),
    /// The dashboard message.
    Dashboard,
    /// The owners' direct messages.
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
