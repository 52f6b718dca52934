//! The audit log: written in the transaction that acts, and failing with it.

pub mod fallback_file;
pub mod log;

use serde_json::{Value, json};
use sqlx::SqliteConnection;

use crate::db::{Db, Error, WriteTx};
use crate::domain::{
    Millis, UserId,
    audit::{Anchor, Entry, GENESIS, hash},
};

/// Something worth an audit row.
#[derive(Debug, Clone)]
pub struct Happened<'a> {
    /// Who acted; `UserId(0)` is the bot itself.
    pub actor: UserId,
    /// What was done, as `noun.verb`.
    pub action: &'a str,
    pub target: String,
    /// Everything else; an object of ids, states and reasons, never a link or a token.
    pub payload: Value,
    /// The hash of the one-time token that acted.
    pub session: Option<&'a str>,
}

/// The actor of what the bot does by itself.
pub(in crate::db) const BOT: UserId = UserId(0);

/// The first entry that does not fit the chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditProblem {
    /// An entry's place is not the one after the entry before it.
    #[error("entry {expected} is missing: the next one is {found}")]
    Missing {
        /// The place that should come next.
        expected: i64,
        found: i64,
    },
    /// An entry names another predecessor than the one before it.
    #[error("entry {0} does not follow the entry before it")]
    Unlinked(i64),
    /// An entry's fields do not have its hash.
    #[error("entry {0} was changed after it was written")]
    Changed(i64),
    /// An entry that was noted elsewhere is not there any more.
    #[error("entry {noted} was noted elsewhere, and the log ends with entry {last}: its end was cut off")]
    Cut { noted: i64, last: i64 },
    /// An entry is another than the one that was noted elsewhere.
    #[error("entry {0} has another hash than the one that was noted elsewhere: the log was written anew")]
    Other(i64),
}

/// Appends an entry to the chain.
pub(in crate::db) async fn audit(tx: &mut WriteTx, now: Millis, happened: Happened<'_>) -> Result<(), Error> {
    let last =
        sqlx::query!("SELECT id, hash FROM audit_logs ORDER BY id DESC LIMIT 1").fetch_optional(tx.sql()).await?;
    let (id, previous) = last.map_or((1, GENESIS.to_owned()), |row| (row.id + 1, row.hash));
    let entry = Entry {
        id,
        at: now,
        actor: happened.actor,
        action: happened.action.to_owned(),
        target: happened.target,
        payload: happened.payload.to_string(),
        session: happened.session.map(str::to_owned),
    };
    let hash = hash(&previous, &entry);
    let actor = entry.actor.to_sql();
    sqlx::query!(
        "INSERT INTO audit_logs (id, at, actor_id, action, target, payload, session, prev_hash, hash)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        entry.id,
        entry.at.0,
        actor,
        entry.action,
        entry.target,
        entry.payload,
        entry.session,
        previous,
        hash
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// Remembers that somebody was refused what needs a power they do not have; in a file beside
/// the database while that cannot be written. `times` is how often they tried that day.
pub async fn audit_refusal(
    db: &Db,
    actor: UserId,
    what: &str,
    target: String,
    power: &str,
    times: u64,
    now: Millis,
) -> Result<(), Error> {
    let payload = json!({ "asked": what, "power": power, "times": times });
    fallback_file::audit_or_note(db, Happened { actor, action: "access.refuse", target, payload, session: None }, now)
        .await
}

/// The last entry's number and hash, as [`verify_audit`] would find them in a whole chain.
pub async fn audit_head(db: &Db) -> Result<Option<(i64, String)>, Error> {
    let last =
        sqlx::query!("SELECT id, hash FROM audit_logs ORDER BY id DESC LIMIT 1").fetch_optional(&db.readers).await?;
    Ok(last.map(|row| (row.id, row.hash)))
}

/// Whether the log is whole and still holds what was noted elsewhere.
pub async fn audit_holds(db: &Db, anchor: &Anchor) -> Result<Result<(), AuditProblem>, Error> {
    let (last, _) = match verify_audit(db).await? {
        Ok(whole) => whole,
        Err(problem) => return Ok(Err(problem)),
    };
    let found = sqlx::query_scalar!("SELECT hash FROM audit_logs WHERE id = ?", anchor.entry)
        .fetch_optional(&db.readers)
        .await?;
    Ok(match found {
        None => Err(AuditProblem::Cut { noted: anchor.entry, last }),
        Some(hash) if hash != anchor.hash => Err(AuditProblem::Other(anchor.entry)),
        Some(_) => Ok(()),
    })
}

/// When a backup took the place of a database that had the entry `noted`: a log that does not
/// hold it then goes on from the backup.
pub async fn restored_over(db: &Db, noted: i64) -> Result<Option<Millis>, Error> {
    let at = sqlx::query_scalar!(
        "SELECT at FROM audit_logs
             WHERE action = 'database.restore' AND id <= ?1 AND json_extract(payload, '$.replaced_entries') >= ?1
             ORDER BY at DESC LIMIT 1",
        noted
    )
    .fetch_optional(&db.readers)
    .await?;
    Ok(at.map(Millis))
}

/// Walks the whole chain from the first entry. `Ok` carries the number of entries and the
/// head hash, which the owner can compare with one noted elsewhere: a chain whose tail was
/// cut off still fits itself.
pub async fn verify_audit(db: &Db) -> Result<Result<(i64, String), AuditProblem>, Error> {
    let mut reader = db.readers.acquire().await?;
    Ok(read_chain(&mut reader).await?)
}

pub(in crate::db) async fn read_chain(
    file: &mut SqliteConnection,
) -> sqlx::Result<Result<(i64, String), AuditProblem>> {
    let (mut count, mut previous) = (0_i64, GENESIS.to_owned());
    loop {
        let page = sqlx::query!(
            "SELECT id, at, actor_id, action, target, payload, session, prev_hash, hash
             FROM audit_logs WHERE id > ? ORDER BY id LIMIT 500",
            count
        )
        .fetch_all(&mut *file)
        .await?;
        if page.is_empty() {
            return Ok(Ok((count, previous)));
        }
        for row in page {
            if row.id != count + 1 {
                return Ok(Err(AuditProblem::Missing { expected: count + 1, found: row.id }));
            }
            if row.prev_hash != previous {
                return Ok(Err(AuditProblem::Unlinked(row.id)));
            }
            let entry = Entry {
                id: row.id,
                at: Millis(row.at),
                actor: UserId::from_sql(row.actor_id),
                action: row.action,
                target: row.target,
                payload: row.payload,
                session: row.session,
            };
            if hash(&previous, &entry) != row.hash {
                return Ok(Err(AuditProblem::Changed(row.id)));
            }
            (count, previous) = (row.id, row.hash);
        }
    }
}
