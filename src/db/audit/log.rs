//! The audit log as a person reads it: a part of it, the newest first, a page at a time. Each way
//! to ask walks along an index and stops when the page is full.

use std::time::Duration;

use crate::db::{
    self, Db, Error,
    orders::pending::AuditLine,
    people::search::end_of,
    people::tokens::{Purpose, TokenRefused, damaged},
};
use crate::domain::{
    Millis, UserId,
    button::Token,
    log::{LogFilter, LogView},
};

/// So many targets are suggested at most.
const TARGETS: i64 = 10;

/// The action of a token that stands for a list.
pub(in crate::db) const LOG_VIEW: &str = "log_view";

struct LogRow {
    id: i64,
    at: i64,
    actor_id: i64,
    action: String,
    target: String,
    payload: String,
}

impl From<LogRow> for AuditLine {
    fn from(row: LogRow) -> Self {
        Self {
            id: row.id,
            at: Millis(row.at),
            actor: UserId::from_sql(row.actor_id),
            action: row.action,
            target: row.target,
            payload: row.payload,
        }
    }
}

/// A question with nothing left open, as SQL takes it.
struct Wanted<'a> {
    by: Option<i64>,
    action: Option<&'a str>,
    target: Option<&'a str>,
    from: i64,
    until: i64,
    newest: i64,
    limit: u32,
    skip: u32,
}

/// At most `limit` entries of a list after the first `skip`, newest first.
pub async fn audit_log(db: &Db, view: &LogView, skip: u32, limit: u32) -> Result<Vec<AuditLine>, Error> {
    let LogFilter { by, action, target, from, until } = &view.filter;
    let wanted = Wanted {
        by: by.map(UserId::to_sql),
        action: action.as_deref(),
        target: target.as_deref(),
        from: from.map_or(i64::MIN, |at| at.0),
        until: until.map_or(i64::MAX, |at| at.0),
        newest: view.newest,
        limit,
        skip,
    };
    // The bot has written most entries: what else is asked for narrows them more.
    let rows = match (wanted.target, wanted.by, wanted.action) {
        (Some(target), _, _) => log_of_target(db, &wanted, target).await?,
        (None, Some(by), None) => log_of_actor(db, &wanted, by).await?,
        (None, Some(by), Some(_)) if by != 0 => log_of_actor(db, &wanted, by).await?,
        (None, _, Some(action)) => log_of_action(db, &wanted, action).await?,
        (None, None, None) => log_of_time(db, &wanted).await?,
    };
    Ok(rows.into_iter().map(AuditLine::from).collect())
}

async fn log_of_target(db: &Db, wanted: &Wanted<'_>, target: &str) -> Result<Vec<LogRow>, Error> {
    let rows = sqlx::query_as!(
        LogRow,
        r#"SELECT id AS "id!", at, actor_id, action, target, payload FROM audit_logs INDEXED BY audit_target
               WHERE target = ?1 AND id <= ?2 AND at >= ?3 AND at < ?4
                   AND (?5 IS NULL OR actor_id = ?5) AND (?6 IS NULL OR action = ?6)
               ORDER BY id DESC LIMIT ?7 OFFSET ?8"#,
        target,
        wanted.newest,
        wanted.from,
        wanted.until,
        wanted.by,
        wanted.action,
        wanted.limit,
        wanted.skip
    )
    .fetch_all(&db.readers)
    .await?;
    Ok(rows)
}

async fn log_of_actor(db: &Db, wanted: &Wanted<'_>, by: i64) -> Result<Vec<LogRow>, Error> {
    let rows = sqlx::query_as!(
        LogRow,
        r#"SELECT id AS "id!", at, actor_id, action, target, payload FROM audit_logs INDEXED BY audit_actor
               WHERE actor_id = ?1 AND at >= ?2 AND at < ?3 AND id <= ?4 AND (?5 IS NULL OR action = ?5)
               ORDER BY at DESC, id DESC LIMIT ?6 OFFSET ?7"#,
        by,
        wanted.from,
        wanted.until,
        wanted.newest,
        wanted.action,
        wanted.limit,
        wanted.skip
    )
    .fetch_all(&db.readers)
    .await?;
    Ok(rows)
}

async fn log_of_action(db: &Db, wanted: &Wanted<'_>, action: &str) -> Result<Vec<LogRow>, Error> {
    let rows = sqlx::query_as!(
        LogRow,
        r#"SELECT id AS "id!", at, actor_id, action, target, payload FROM audit_logs INDEXED BY audit_action
               WHERE action = ?1 AND at >= ?2 AND at < ?3 AND id <= ?4 AND (?5 IS NULL OR actor_id = ?5)
               ORDER BY at DESC, id DESC LIMIT ?6 OFFSET ?7"#,
        action,
        wanted.from,
        wanted.until,
        wanted.newest,
        wanted.by,
        wanted.limit,
        wanted.skip
    )
    .fetch_all(&db.readers)
    .await?;
    Ok(rows)
}

async fn log_of_time(db: &Db, wanted: &Wanted<'_>) -> Result<Vec<LogRow>, Error> {
    let rows = sqlx::query_as!(
        LogRow,
        r#"SELECT id AS "id!", at, actor_id, action, target, payload FROM audit_logs INDEXED BY audit_at
               WHERE at >= ?1 AND at < ?2 AND id <= ?3 ORDER BY at DESC, id DESC LIMIT ?4 OFFSET ?5"#,
        wanted.from,
        wanted.until,
        wanted.newest,
        wanted.limit,
        wanted.skip
    )
    .fetch_all(&db.readers)
    .await?;
    Ok(rows)
}

/// Every action that the audit log knows, each found by one step along the index.
pub async fn audit_actions(db: &Db) -> Result<Vec<String>, Error> {
    let actions = sqlx::query_scalar!(
        r#"WITH RECURSIVE known (action) AS (
                   SELECT min(action) FROM audit_logs
                   UNION ALL
                   SELECT (SELECT min(action) FROM audit_logs WHERE action > known.action)
                   FROM known WHERE known.action IS NOT NULL
               )
               SELECT action AS "action!: String" FROM known WHERE action IS NOT NULL"#
    )
    .fetch_all(&db.readers)
    .await?;
    Ok(actions)
}

/// A few of the things that the audit log is about and that begin with `text`.
pub async fn audit_targets(db: &Db, text: &str) -> Result<Vec<String>, Error> {
    let until = end_of(text);
    let targets = sqlx::query_scalar!(
        r#"WITH RECURSIVE known (target) AS (
                   SELECT min(target) FROM audit_logs WHERE target >= ?1 AND target < ?2
                   UNION ALL
                   SELECT (SELECT min(target) FROM audit_logs WHERE target > known.target AND target < ?2)
                   FROM known WHERE known.target IS NOT NULL LIMIT ?3
               )
               SELECT target AS "target!: String" FROM known WHERE target IS NOT NULL"#,
        text,
        until,
        TARGETS
    )
    .fetch_all(&db.readers)
    .await?;
    Ok(targets)
}

/// Remembers a list, so that its pages can be turned; `ttl` is for how long.
pub async fn open_log_view(
    db: &Db,
    token: &Token,
    reader: UserId,
    view: &LogView,
    ttl: Duration,
    now: Millis,
) -> Result<(), Error> {
    let args = serde_json::to_string(view).map_err(|error| damaged(error.to_string()))?;
    let purpose = Purpose { action: LOG_VIEW.to_owned(), subject: String::new(), args };
    db::people::tokens::issue(db, token, reader, purpose, ttl, now).await
}

/// The list behind a token, for who opened it.
pub async fn log_view(
    db: &Db,
    token: &Token,
    reader: UserId,
    now: Millis,
) -> Result<Result<LogView, TokenRefused>, Error> {
    let purpose = match db::people::tokens::purpose_of(db, token, reader, |action| action == LOG_VIEW, now).await? {
        Some((purpose, None)) => purpose,
        Some((_, Some(refused))) => return Ok(Err(refused)),
        None => return Ok(Err(TokenRefused::Unknown)),
    };
    Ok(Ok(serde_json::from_str(&purpose.args).map_err(|error| damaged(error.to_string()))?))
}
