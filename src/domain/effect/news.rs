//! What people are told after a commit: short messages, each wanted once by its key.
//!
//! They are kept in rows of the outbox, so the promise about `kind` and `v` holds for them too.

use serde::{Deserialize, Serialize};

use crate::domain::{
    ChannelId, Incident, Millis, OrderId, UserId, discord_error::Refused, guild_setup::SetupProblem,
    order::SubmissionId, picture::PictureRefused,
};

/// A short message to a customer in the ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Notice {
    /// The ticket is there: what to do.
    Welcome,
    /// The proof was declined; the reason stands with the submission.
    Declined {
        submission: SubmissionId,
    },
    /// Less than the price arrived: what is missing stands in the status message.
    PartPaid {
        /// The submission it came with.
        submission: SubmissionId,
    },
    /// Staff ask something about the proof.
    Asked {
        question: QuestionId,
    },
    /// The file is not a picture that can be taken.
    BadPicture {
        /// The message it came with.
        message: u64,
        why: PictureRefused,
    },
    /// The file could not be had from Discord's file store.
    NotFetched {
        /// The message it came with.
        message: u64,
    },
    /// None of the first files of a message could be taken, and it has more than are looked at.
    ManyFiles {
        /// The message they came with.
        message: u64,
    },
    /// So many files could not be taken that no more are looked at for a while.
    NoMoreFiles {
        until: Millis,
    },
    /// The picture was already used for another order.
    Duplicate {
        /// The message it came with.
        message: u64,
    },
    /// The same, and it cost an attempt.
    AttemptSpent {
        /// The message it came with.
        message: u64,
    },
    /// Words instead of a picture.
    WordsOnly {
        message: u64,
    },
    /// The address of a picture instead of the picture.
    Address {
        message: u64,
    },
    /// A file in a thread, in another channel or in a direct message.
    Elsewhere {
        /// The message it came with.
        message: u64,
    },
    /// Staff read what the customer wrote elsewhere.
    PassedOn {
        message: u64,
    },
    Blocked {
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
            Self::ManyFiles { message } => format!("files:{message}"),
            Self::NoMoreFiles { until } => format!("nofiles:{until}"),
            Self::Duplicate { message } => format!("duplicate:{message}"),
            Self::AttemptSpent { message } => format!("spent:{message}"),
            Self::WordsOnly { message } => format!("words:{message}"),
            Self::Address { message } => format!("address:{message}"),
            Self::Elsewhere { message } => format!("elsewhere:{message}"),
            Self::PassedOn { message } => format!("passed:{message}"),
            Self::Blocked { message } => format!("blocked:{message}"),
            Self::NoMethod { message } => format!("method:{message}"),
            Self::NoReference { message } => format!("reference:{message}"),
            Self::LinkWaits => "link".to_owned(),
            Self::PaySoon => "pay".to_owned(),
        }
    }
}

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
    ReviewWaits { order: OrderId, submission: SubmissionId },
    /// A counter that was reset for an order stands high again: perhaps the panel wrote an old reading.
    CounterBack {
        /// The last order that was sold into it.
        order: OrderId,
        at: Millis,
    },
    /// An unpaid order takes no more proofs: what was sent or typed for it is somebody else's.
    OutOfAttempts { order: OrderId },
    /// A customer wrote to the bot while the ticket is locked.
    Wrote { order: OrderId, channel: ChannelId, message: u64 },
    /// Staff took a parked effect of an order out of the outbox.
    Dropped {
        /// The order, which is nobody's work any more.
        order: OrderId,
        key: String,
        by: UserId,
    },
}

impl StaffNews {
    /// The order it is about.
    pub fn order(&self) -> &OrderId {
        match self {
            Self::Duplicate { order, .. }
            | Self::ReferenceTaken { order, .. }
            | Self::ReviewWaits { order, .. }
            | Self::CounterBack { order, .. }
            | Self::OutOfAttempts { order }
            | Self::Wrote { order, .. }
            | Self::Dropped { order, .. } => order,
        }
    }

    /// What tells it from other lines: part of the row's key.
    pub fn key(&self) -> String {
        match self {
            Self::Duplicate { order, source, .. } => format!("duplicate:{order}:{source}"),
            Self::ReferenceTaken { order, twin, .. } => format!("reference:{order}:{twin}"),
            Self::ReviewWaits { submission, .. } => format!("waits:{submission}"),
            Self::CounterBack { order, at } => format!("counter:{order}:{at}"),
            Self::OutOfAttempts { order } => format!("attempts:{order}"),
            Self::Wrote { message, .. } => format!("wrote:{message}"),
            Self::Dropped { order, key, .. } => format!("dropped:{order}:{key}"),
        }
    }
}

/// A message to the owners.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum OwnerNews {
    /// No category has room for another ticket.
    NoRoom {
        /// The order that was cancelled for it, if one was made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<OrderId>,
    },
    /// Discord refused to make a ticket.
    NoTicket {
        /// The order that was cancelled for it.
        order: OrderId,
        /// Why, as far as Discord says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<Refused>,
    },
    /// Somebody took the bot out of the server.
    Kicked { at: Millis },
    /// Discord refuses something that the shop needs.
    Refused { why: Refused },
    /// A panel refuses our login.
    LoginRefused { panel: String },
    /// A proof has waited for review much longer than it should.
    ReviewWaits { order: OrderId, submission: SubmissionId },
    /// The daily backup could not be made.
    NoBackup,
    /// The server's clock jumped forward; nothing is deleted for a while.
    ClockJumped {
        at: Millis,
        /// How far it jumped, in minutes.
        minutes: u64,
        /// How long nothing is deleted, in minutes.
        hold: u64,
    },
    /// The disk has little room left.
    LittleRoom {
        at: Millis,
        /// How much, in megabytes.
        megabytes: u64,
    },
    /// The database cannot be written. Never in a row of the outbox: it is told without one.
    CannotWrite {
        /// Since when that is known.
        at: Millis,
    },
    /// The database can be written again.
    WritesAgain { at: Millis },
    /// The server's clock was ahead and has been put right.
    ClockSetBack {
        at: Millis,
        /// How far it was ahead, in minutes.
        minutes: u64,
    },
    /// Something of ours failed, once or many times, since an owner was last told of its kind.
    Faults {
        part: Part,
        at: Millis,
        times: u32,
        /// The word that leads to the last of them in the log.
        incident: Incident,
    },
    /// A channel looks like a ticket of ours, of an order that is not in the database.
    StrayTicket { channel: ChannelId },
    /// The shop's channels or roles on Discord are not as the bot needs them.
    Premises { at: Millis, flaws: Vec<SetupProblem> },
    /// The dashboard was written by a run that is none of ours.
    SecondBot {
        /// The name of that run.
        boot: String,
    },
    /// An effect gave up and waits for a person.
    Parked {
        key: String,
        /// What Discord refused it for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<Refused>,
    },
    /// A member of staff accepted a payment of their own, or entered a sale to themselves.
    OwnOrder { order: OrderId, by: UserId },
}

impl OwnerNews {
    /// What tells it from other messages of its kind: part of the row's key and of the message's marker.
    pub fn key(&self) -> String {
        match self {
            Self::NoRoom { .. } => "room".to_owned(),
            Self::NoTicket { .. } => "ticket".to_owned(),
            Self::Kicked { at } => format!("kicked:{at}"),
            Self::Refused { why } => format!("refused:{}", why.as_str()),
            Self::LoginRefused { panel } => format!("login:{panel}"),
            Self::ReviewWaits { submission, .. } => format!("waits:{submission}"),
            Self::NoBackup => "backup".to_owned(),
            Self::ClockJumped { at, .. } => format!("clock:{at}"),
            Self::LittleRoom { at, .. } => format!("disk:{at}"),
            Self::CannotWrite { at } => format!("full:{at}"),
            Self::WritesAgain { at } => format!("writes:{at}"),
            Self::ClockSetBack { at, .. } => format!("clockback:{at}"),
            Self::Faults { part, at, .. } => format!("faults:{}:{at}", part.as_str()),
            Self::StrayTicket { channel } => format!("stray:{channel}"),
            Self::Premises { at, .. } => format!("premises:{at}"),
            Self::SecondBot { boot } => format!("second:{boot}"),
            Self::OwnOrder { order, .. } => format!("own:{order}"),
            Self::Parked { key, .. } => format!("parked:{key}"),
        }
    }
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

/// The number of a question to a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QuestionId(pub i64);

/// The number of an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OutageId(pub i64);

/// What is told of an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Began,
    Ended,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Every owner, by direct message.
    Owners,
    /// Staff, in the review channel.
    Staff,
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
