//! Confirmations of the desk: a one-time token together with what it would do, exactly as it was
//! shown. Spent in the transaction that acts, like every other (see `db/tokens.rs`).

use std::time::Duration;

use super::{
    Db, Error,
    tokens::{Purpose, TokenRefused, damaged},
};
use crate::domain::{Millis, UserId, button::Token, change::Wish};

/// The action of such a token.
pub(super) const WISH: &str = "wish";

/// The right to carry out a wish, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    /// The token's hash.
    pub hash: String,
    /// Who may spend it.
    pub admin: UserId,
}

impl Db {
    /// Stores a confirmation's token with what it would do; `subject` is what it is about.
    pub async fn open_wish(
        &self,
        token: &Token,
        admin: UserId,
        subject: &str,
        wish: &Wish,
        ttl: Duration,
        now: Millis,
    ) -> Result<(), Error> {
        let args = serde_json::to_string(wish).map_err(|error| damaged(error.to_string()))?;
        let purpose = Purpose { action: WISH.to_owned(), subject: subject.to_owned(), args };
        self.issue(token, admin, purpose, ttl, now).await
    }

    /// Looks at a token and what it would do, without spending it.
    pub async fn wish(
        &self,
        token: &Token,
        by: UserId,
        now: Millis,
    ) -> Result<Result<(Permit, Wish), TokenRefused>, Error> {
        let purpose = match self.purpose_of(token, by, |action| action == WISH, now).await? {
            Ok(purpose) => purpose,
            Err(refused) => return Ok(Err(refused)),
        };
        let wish = serde_json::from_str(&purpose.args).map_err(|error| damaged(error.to_string()))?;
        Ok(Ok((Permit { hash: token.hash(), admin: by }, wish)))
    }
}
