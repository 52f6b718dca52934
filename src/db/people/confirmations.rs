//! Confirmations: issued with a question, looked at when somebody confirms, and spent in the
//! transaction that acts. Only spending makes a `Permit`, and what a confirmation allows asks for one.

use std::time::Duration;

use serde_json::Value;

pub use crate::db::people::tokens::TokenRefused;
use crate::db::{
    self, Db, Error, WriteTx,
    audit::Happened,
    people::tokens::{Purpose, damaged},
};
use crate::domain::{Millis, UserId, button::Token, confirmation::Confirmation};

/// The action of such a token in `admin_sessions`.
const CONFIRMATION: &str = "confirmation";

/// A token that was presented by the person it was issued to, in time, and was not spent when it was
/// looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    hash: String,
    by: UserId,
}

impl Presented {
    pub fn by(&self) -> UserId {
        self.by
    }

    /// For the audit log: what they tried with it.
    pub(in crate::db) fn tried<'a>(&'a self, action: &'a str, target: String, payload: Value) -> Happened<'a> {
        Happened { actor: self.by, action, target, payload, session: Some(&self.hash) }
    }
}

/// The right to carry out a confirmation, once: it was spent in this transaction.
#[derive(Debug)]
pub(in crate::db) struct Permit {
    hash: String,
    by: UserId,
}

impl Permit {
    pub(in crate::db) fn by(&self) -> UserId {
        self.by
    }

    /// For the audit log: what they did with it.
    pub(in crate::db) fn did<'a>(&'a self, action: &'a str, target: &impl ToString, payload: Value) -> Happened<'a> {
        Happened { actor: self.by, action, target: target.to_string(), payload, session: Some(&self.hash) }
    }
}

/// A token of ours, with what it is good for.
#[derive(Debug)]
pub struct Found {
    pub confirmation: Confirmation,
    /// Whether it may be spent.
    pub token: Result<Presented, TokenRefused>,
}

/// Stores a confirmation's token, which `by` alone may spend for as long as `ttl`.
pub async fn issue_confirmation(
    db: &Db,
    token: &Token,
    by: UserId,
    confirmation: &Confirmation,
    ttl: Duration,
    now: Millis,
) -> Result<(), Error> {
    let args = serde_json::to_string(confirmation).map_err(|error| damaged(error.to_string()))?;
    let purpose = Purpose { action: CONFIRMATION.to_owned(), subject: confirmation.subject(), args };
    db::people::tokens::issue(db, token, by, purpose, ttl, now).await
}

/// Looks at a token without spending it; `None` was never issued, or was cleaned away.
pub async fn confirmation(db: &Db, token: &Token, by: UserId, now: Millis) -> Result<Option<Found>, Error> {
    let Some((purpose, refused)) =
        db::people::tokens::purpose_of(db, token, by, |action| action == CONFIRMATION, now).await?
    else {
        return Ok(None);
    };
    // One of an older version has lapsed.
    let Ok(confirmation) = serde_json::from_str(&purpose.args) else { return Ok(None) };
    let token = refused.map_or_else(|| Ok(Presented { hash: token.hash(), by }), Err);
    Ok(Some(Found { confirmation, token }))
}

/// Spends a token: once, by its person, in time.
pub(in crate::db) async fn spend(tx: &mut WriteTx, presented: &Presented, now: Millis) -> Result<Permit, Error> {
    db::people::tokens::spend_token(tx, &presented.hash, presented.by, now).await?.map_err(Error::Token)?;
    Ok(Permit { hash: presented.hash.clone(), by: presented.by })
}
