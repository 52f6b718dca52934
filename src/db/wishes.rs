//! Confirmations of the desk: a one-time token together with what it would do, exactly as it was
//! shown. Spent in the transaction that acts, like every other (see [`super::sessions`]).

use std::time::Duration;

use super::{Db, Error, sessions::TokenRefused};
use crate::domain::{Millis, UserId, button::Token, change::Wish};

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
        let (hash, admin, expires) = (token.hash(), admin.to_sql(), now.plus(ttl));
        let args = serde_json::to_string(wish).map_err(|error| damaged(&error))?;
        let mut tx = self.begin().await?;
        sqlx::query!(
            "INSERT INTO admin_sessions (token_hash, admin_id, action, subject, args, created_at, expires_at)
             VALUES (?, ?, 'wish', ?, ?, ?, ?)",
            hash,
            admin,
            subject,
            args,
            now.0,
            expires.0
        )
        .execute(tx.sql())
        .await?;
        tx.commit().await
    }

    /// Looks at a token and what it would do, without spending it.
    pub async fn wish(
        &self,
        token: &Token,
        by: UserId,
        now: Millis,
    ) -> Result<Result<(Permit, Wish), TokenRefused>, Error> {
        let hash = token.hash();
        let row = sqlx::query!(
            "SELECT admin_id, args, expires_at, spent_at FROM admin_sessions WHERE token_hash = ? AND action = 'wish'",
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
        let wish = serde_json::from_str(&row.args).map_err(|error| damaged(&error))?;
        Ok(Ok((Permit { hash, admin: by }, wish)))
    }
}

fn damaged(error: &serde_json::Error) -> Error {
    Error::Damaged { table: "admin_sessions", problem: error.to_string() }
}
