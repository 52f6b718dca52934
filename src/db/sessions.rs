//! Confirmations of staff: what exactly the token behind a Confirm button may do, and on what.

use std::time::Duration;

use serde_json::{Value, json};

pub use super::tokens::TokenRefused;
use super::{
    Db, Error, WriteTx,
    audit::Happened,
    log::LOG_VIEW,
    tokens::{Purpose, damaged},
    wishes::WISH,
};
use crate::domain::{Millis, OrderId, SubmissionId, UserId, button::Token};

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Approve a submission.
    Approve,
    /// Decline a submission; the reason is kept with the token.
    Decline,
    /// Book that this much arrived with a submission: a part, or enough to approve it.
    Receive {
        /// The amount in minor units of the order's currency.
        minor: i64,
    },
    /// Accept a reference although another order owns it; the reference is kept with the token.
    Reference,
    /// Decline a submission for good as a fake, and block its customer.
    Fake,
    /// Close an order that needs attention: decline its submission for good.
    GiveUp,
    /// Book an order that needs attention as delivered by hand.
    ByHand,
    /// Close a sale by hand that needs attention; what its card will say is kept with the token.
    VoidSale,
    /// End an unpaid order that money has arrived for.
    EndPaid,
    /// Block a person; the reason is kept with the token.
    Block,
    /// Let a blocked person order again.
    Unblock,
    /// Take a parked effect out of the outbox.
    DropEffect,
    /// Let the effects of a restored database be performed again.
    Release,
}

impl Action {
    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Decline => "decline",
            Self::Receive { .. } => "receive",
            Self::Reference => "reference",
            Self::Fake => "fake",
            Self::GiveUp => "give_up",
            Self::ByHand => "by_hand",
            Self::VoidSale => "void_sale",
            Self::EndPaid => "end_paid",
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::DropEffect => "drop_effect",
            Self::Release => "release",
        }
    }

    fn parse(text: &str, args: &Value) -> Result<Self, Error> {
        match (text, args.get("minor").and_then(Value::as_i64)) {
            ("approve", _) => Ok(Self::Approve),
            ("decline", _) => Ok(Self::Decline),
            ("receive", Some(minor)) => Ok(Self::Receive { minor }),
            ("reference", _) => Ok(Self::Reference),
            ("fake", _) => Ok(Self::Fake),
            ("give_up", _) => Ok(Self::GiveUp),
            ("by_hand", _) => Ok(Self::ByHand),
            ("void_sale", _) => Ok(Self::VoidSale),
            ("end_paid", _) => Ok(Self::EndPaid),
            ("block", _) => Ok(Self::Block),
            ("unblock", _) => Ok(Self::Unblock),
            ("drop_effect", _) => Ok(Self::DropEffect),
            ("release", _) => Ok(Self::Release),
            (other, _) => Err(damaged(format!("action `{other}`"))),
        }
    }
}

/// A confirmation about to be shown.
#[derive(Debug, Clone)]
pub struct NewSession<'a> {
    /// The token that the button will carry.
    pub token: &'a Token,
    /// Who may spend it.
    pub admin: UserId,
    /// For what.
    pub action: Action,
    /// On what: the number of a submission, the id of an order.
    pub subject: String,
    /// The reason of a decline.
    pub reason: Option<String>,
    /// How long it may be spent.
    pub ttl: Duration,
}

/// What a token is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The token's hash.
    pub hash: String,
    /// Who may spend it.
    pub admin: UserId,
    /// For what.
    pub action: Action,
    /// On what.
    pub subject: String,
    /// The reason of a decline.
    pub reason: Option<String>,
}

impl Session {
    /// The order that this is about.
    pub(super) fn order(&self) -> Result<OrderId, Error> {
        self.subject.parse().map_err(|_| damaged(format!("order `{}`", self.subject)))
    }

    /// For the audit log: what its admin did with it.
    pub(super) fn did<'a>(&'a self, action: &'a str, target: &impl ToString, payload: Value) -> Happened<'a> {
        let (target, session) = (target.to_string(), Some(self.hash.as_str()));
        Happened { actor: self.admin, action, target, payload, session }
    }

    /// The submission that this is about.
    pub(super) fn submission(&self) -> Result<SubmissionId, Error> {
        let id = self.subject.parse().map_err(|_| damaged(format!("submission `{}`", self.subject)))?;
        Ok(SubmissionId(id))
    }
}

impl Db {
    /// Stores a confirmation's token.
    pub async fn open_session(&self, new: NewSession<'_>, now: Millis) -> Result<(), Error> {
        let mut args = json!({ "reason": new.reason });
        if let (Action::Receive { minor }, Some(args)) = (new.action, args.as_object_mut()) {
            args.insert("minor".to_owned(), json!(minor));
        }
        let (action, args) = (new.action.as_str().to_owned(), args.to_string());
        self.issue(new.token, new.admin, Purpose { action, subject: new.subject, args }, new.ttl, now).await
    }

    /// Looks at a token without spending it.
    pub async fn session(
        &self,
        token: &Token,
        by: UserId,
        now: Millis,
    ) -> Result<Result<Session, TokenRefused>, Error> {
        let purpose = match self.purpose_of(token, by, |action| ![WISH, LOG_VIEW].contains(&action), now).await? {
            Ok(purpose) => purpose,
            Err(refused) => return Ok(Err(refused)),
        };
        let args: Value = serde_json::from_str(&purpose.args).unwrap_or_default();
        let reason = args.get("reason").and_then(Value::as_str).map(str::to_owned);
        let action = Action::parse(&purpose.action, &args)?;
        Ok(Ok(Session { hash: token.hash(), admin: by, action, subject: purpose.subject, reason }))
    }
}

impl WriteTx {
    /// Spends a token: once, by its admin, in time.
    pub(super) async fn spend(&mut self, session: &Session, now: Millis) -> Result<Result<(), TokenRefused>, Error> {
        self.spend_token(&session.hash, session.admin, now).await
    }
}
