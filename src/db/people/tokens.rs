//! One-time tokens: who was given one, for what and until when. Stored as hashes, and spent in the
//! transaction that acts. What a row's words mean is known to whoever issued it: confirmations of
//! staff ([`crate::db::people::confirmations`]), lists of the audit log ([`crate::db::audit::log`]).

use std::time::Duration;

use crate::db::{Db, Error, WriteTx};
use crate::domain::{Millis, UserId, button::Token};

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenRefused {
    /// We never issued it, or it was cleaned away long after it ended.
    Unknown,
    /// It was issued to somebody else.
    NotYours,
    /// It was spent before.
    Spent,
    Expired,
}

/// What a token is for.
#[derive(Debug)]
pub(in crate::db) struct Purpose {
    /// The name of what may be done.
    pub(in crate::db) action: String,
    pub(in crate::db) subject: String,
    /// The rest, as JSON.
    pub(in crate::db) args: String,
}

/// Stores a token that `owner` alone may use for as long as `ttl`.
pub(in crate::db) async fn issue(
    db: &Db,
    token: &Token,
    owner: UserId,
    purpose: Purpose,
    ttl: Duration,
    now: Millis,
) -> Result<(), Error> {
    let (hash, owner, expires) = (token.hash(), owner.to_sql(), now.plus(ttl));
    let mut tx = db.begin().await?;
    sqlx::query!(
        "INSERT INTO admin_sessions (token_hash, admin_id, action, subject, args, created_at, expires_at)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        hash,
        owner,
        purpose.action,
        purpose.subject,
        purpose.args,
        now.0,
        expires.0
    )
    .execute(tx.sql())
    .await?;
    tx.commit().await
}

/// Looks at a token without spending it, and says why it is refused. One that was issued for
/// something else than `wanted` is as unknown as one that was never issued: `None`.
pub(in crate::db) async fn purpose_of(
    db: &Db,
    token: &Token,
    by: UserId,
    wanted: impl FnOnce(&str) -> bool,
    now: Millis,
) -> Result<Option<(Purpose, Option<TokenRefused>)>, Error> {
    let hash = token.hash();
    let row = sqlx::query!(
        "SELECT admin_id, action, subject, args, expires_at, spent_at FROM admin_sessions WHERE token_hash = ?",
        hash
    )
    .fetch_optional(&db.readers)
    .await?;
    let Some(row) = row.filter(|row| wanted(&row.action)) else { return Ok(None) };
    let refused = if UserId::from_sql(row.admin_id) != by {
        Some(TokenRefused::NotYours)
    } else if row.spent_at.is_some() {
        Some(TokenRefused::Spent)
    } else if row.expires_at <= now.0 {
        Some(TokenRefused::Expired)
    } else {
        None
    };
    Ok(Some((Purpose { action: row.action, subject: row.subject, args: row.args }, refused)))
}

/// Lets a token lapse: the person pressed Cancel.
pub async fn cancel_confirmation(db: &Db, token: &Token, by: UserId, now: Millis) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    // One that is over, or somebody else's, stays as it is.
    let _ = spend_token(&mut tx, &token.hash(), by, now).await?;
    tx.commit().await
}

/// Deletes tokens that ended before `before`; says how many.
pub async fn delete_expired_tokens(db: &Db, before: Millis) -> Result<u64, Error> {
    let mut tx = db.begin().await?;
    let done = sqlx::query!("DELETE FROM admin_sessions WHERE expires_at < ?", before.0).execute(tx.sql()).await?;
    tx.commit().await?;
    Ok(done.rows_affected())
}

/// Spends a token by its hash: once, by its owner, in time.
pub(in crate::db) async fn spend_token(
    tx: &mut WriteTx,
    hash: &str,
    owner: UserId,
    now: Millis,
) -> Result<Result<(), TokenRefused>, Error> {
    let owner = owner.to_sql();
    let spent = sqlx::query!(
        "UPDATE admin_sessions SET spent_at = ?
             WHERE token_hash = ? AND admin_id = ? AND spent_at IS NULL AND expires_at > ?",
        now.0,
        hash,
        owner,
        now.0
    )
    .execute(tx.sql())
    .await?;
    Ok(if spent.rows_affected() == 1 { Ok(()) } else { Err(TokenRefused::Spent) })
}

/// A row says what no version of ours wrote.
pub(in crate::db) fn damaged(problem: String) -> Error {
    Error::Damaged { table: "admin_sessions", problem }
}
