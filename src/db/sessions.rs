//! One-time tokens of staff confirmations: stored as hashes, spent in the transaction that acts.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Db, Error, WriteTx};
use crate::domain::{Millis, UserId, button::Token};

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
            (other, _) => Err(Error::Damaged { table: "admin_sessions", problem: format!("action `{other}`") }),
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

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenRefused {
    /// We never issued it, or it was cleaned away long after it ended.
    Unknown,
    /// It was issued to somebody else.
    NotYours,
    /// It was spent before.
    Spent,
    /// Its time is over.
    Expired,
}

impl Db {
    /// Stores a confirmation's token.
    pub async fn open_session(&self, new: NewSession<'_>, now: Millis) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        let (hash, admin, action) = (new.token.hash(), new.admin.to_sql(), new.action.as_str());
        let mut args = json!({ "reason": new.reason });
        if let (Action::Receive { minor }, Some(args)) = (new.action, args.as_object_mut()) {
            args.insert("minor".to_owned(), json!(minor));
        }
        let args = args.to_string();
        let expires = now.plus(new.ttl);
        sqlx::query!(
            "INSERT INTO admin_sessions (token_hash, admin_id, action, subject, args, created_at, expires_at)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
            hash,
            admin,
            action,
            new.subject,
            args,
            now.0,
            expires.0
        )
        .execute(tx.sql())
        .await?;
        tx.commit().await
    }

    /// Looks at a token without spending it.
    pub async fn session(
        &self,
        token: &Token,
        by: UserId,
        now: Millis,
    ) -> Result<Result<Session, TokenRefused>, Error> {
        let hash = token.hash();
        let row = sqlx::query!(
            "SELECT admin_id, action, subject, args, expires_at, spent_at FROM admin_sessions
             WHERE token_hash = ? AND action NOT IN ('wish', 'log_view')",
            hash
        )
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(Err(TokenRefused::Unknown)) };
        if UserId::from_sql(row.admin_id) != by {
            return Ok(Err(TokenRefused::NotYours));
        }
        if row.spent_at.is_some() {
            return Ok(Err(TokenRefused::Spent));
        }
        if row.expires_at <= now.0 {
            return Ok(Err(TokenRefused::Expired));
        }
        let args: Value = serde_json::from_str(&row.args).unwrap_or_default();
        let reason = args.get("reason").and_then(Value::as_str).map(str::to_owned);
        let action = Action::parse(&row.action, &args)?;
        Ok(Ok(Session { hash, admin: by, action, subject: row.subject, reason }))
    }

    /// Lets a token lapse: the person pressed Cancel.
    pub async fn abort_session(&self, token: &Token, by: UserId, now: Millis) -> Result<(), Error> {
        let (hash, admin) = (token.hash(), by.to_sql());
        let mut tx = self.begin().await?;
        sqlx::query!(
            "UPDATE admin_sessions SET spent_at = ? WHERE token_hash = ? AND admin_id = ? AND spent_at IS NULL",
            now.0,
            hash,
            admin
        )
        .execute(tx.sql())
        .await?;
        tx.commit().await
    }

    /// Deletes tokens that ended before `before`; says how many.
    pub async fn forget_sessions(&self, before: Millis) -> Result<u64, Error> {
        let mut tx = self.begin().await?;
        let done = sqlx::query!("DELETE FROM admin_sessions WHERE expires_at < ?", before.0).execute(tx.sql()).await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}

impl WriteTx {
    /// Spends a token: once, by its admin, in time.
    pub(super) async fn spend(&mut self, session: &Session, now: Millis) -> Result<Result<(), TokenRefused>, Error> {
        self.spend_hash(&session.hash, session.admin, now).await
    }

    /// The same, by the token's hash.
    pub(super) async fn spend_hash(
        &mut self,
        hash: &str,
        admin: UserId,
        now: Millis,
    ) -> Result<Result<(), TokenRefused>, Error> {
        let admin = admin.to_sql();
        let spent = sqlx::query!(
            "UPDATE admin_sessions SET spent_at = ?
             WHERE token_hash = ? AND admin_id = ? AND spent_at IS NULL AND expires_at > ?",
            now.0,
            hash,
            admin,
            now.0
        )
        .execute(self.sql())
        .await?;
        Ok(if spent.rows_affected() == 1 { Ok(()) } else { Err(TokenRefused::Spent) })
    }
}
