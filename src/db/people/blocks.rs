//! Blocking: who may not order any more, and why. Orders that are open stay as they are.

use serde_json::json;

use crate::db::{self, Db, Error, people::confirmations::Presented};
use crate::domain::{Millis, UserId};

/// Discord shows at most this many suggestions.
const LIMIT: i64 = 25;

/// What came of blocking or unblocking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocked {
    Done,
    /// It was so before.
    Already,
}

/// Blocks a person; one who never came before is remembered for it.
pub async fn block(
    db: &Db,
    presented: &Presented,
    user: UserId,
    name: &str,
    reason: &str,
    now: Millis,
) -> Result<Blocked, Error> {
    let key = user.to_sql();
    let mut tx = db.begin().await?;
    let permit = db::people::confirmations::spend(&mut tx, presented, now).await?;
    let done = sqlx::query!(
            "INSERT INTO users (discord_id, name, status, block_reason, blocked_at, first_seen) VALUES (?, ?, 'blocked', ?, ?, ?)
             ON CONFLICT (discord_id) DO UPDATE SET status = 'blocked', block_reason = excluded.block_reason,
                 blocked_at = excluded.blocked_at WHERE status <> 'blocked'",
            key,
            name,
            reason,
            now.0,
            now.0
        )
        .execute(tx.sql())
        .await?;
    if done.rows_affected() == 0 {
        tx.commit().await?;
        return Ok(Blocked::Already);
    }
    db::audit::audit(&mut tx, now, permit.did("user.block", &user, json!({ "reason": reason }))).await?;
    tx.commit().await?;
    Ok(Blocked::Done)
}

/// Lets a person order again.
pub async fn unblock(db: &Db, presented: &Presented, user: UserId, now: Millis) -> Result<Blocked, Error> {
    let key = user.to_sql();
    let mut tx = db.begin().await?;
    let permit = db::people::confirmations::spend(&mut tx, presented, now).await?;
    let done = sqlx::query!(
            "UPDATE users SET status = 'active', block_reason = NULL, blocked_at = NULL WHERE discord_id = ? AND status = 'blocked'",
            key
        )
        .execute(tx.sql())
        .await?;
    if done.rows_affected() == 0 {
        tx.commit().await?;
        return Ok(Blocked::Already);
    }
    db::audit::audit(&mut tx, now, permit.did("user.unblock", &user, json!({}))).await?;
    tx.commit().await?;
    Ok(Blocked::Done)
}

/// People who are blocked, the latest first; only those with `text` in their name.
pub async fn suggest_blocked(db: &Db, text: &str) -> Result<Vec<(UserId, String)>, Error> {
    let text = text.to_lowercase();
    let rows = sqlx::query!(
        "SELECT discord_id, name FROM users INDEXED BY users_blocked
             WHERE status = 'blocked' AND instr(lower(name), ?) > 0 ORDER BY blocked_at DESC LIMIT ?",
        text,
        LIMIT
    )
    .fetch_all(&db.readers)
    .await?;
    Ok(rows.into_iter().map(|row| (UserId::from_sql(row.discord_id), row.name)).collect())
}
