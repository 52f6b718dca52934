//! Taking a backup back: whether a file may become the database, what it needs before it does,
//! and what became of the effects that it still wants.
//!
//! The outbox of a backup is what was to be done *then*. It is held until a person releases it,
//! because some of it was done since.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::json;
use sqlx::SqliteConnection;

use crate::db::{
    self, AuditProblem, Db, Error, MIGRATIONS, Subject, WriteTx,
    audit::{BOT, Happened, read_chain},
    maintenance::backup::{self, BackupError, check_whole, look_at},
    maintenance::durable_files,
    maintenance::images::{self, Copied},
    people::confirmations::{Permit, Presented},
};
use crate::domain::{Millis, UserId};

mod schema;
pub mod shown;

/// The key under which `bot_config` says since when no effect is performed.
const HELD: &str = "outbox_held_since";

/// The key under which `bot_config` says until when every effect looks first, since when what it
/// looks for may have been made, and when the backup was restored.
const LOOK_FIRST: &str = "look_first";

/// So long after the release every effect looks first whether it was done in the time between the
/// backup and its restoration: by then what was lost is caught up with.
const LOOKS_FIRST: Duration = Duration::from_hours(24);

/// Why a file cannot become the database.
#[derive(Debug, thiserror::Error)]
pub enum NotABackup {
    #[error("it is not a SQLite database")]
    Format,
    /// It is a database of something else.
    #[error("it is a database, but not one of tollkeeper")]
    Foreign,
    /// It was written by a later version.
    #[error(
        "it was written by a newer tollkeeper (its tables have version {found}, this program knows {known}); install that version first"
    )]
    Newer { found: i64, known: i64 },
    /// A page or an index is damaged.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// The audit log was tampered with.
    #[error("its audit log does not verify: {0}")]
    Audit(AuditProblem),
    /// Its tables, indexes and triggers are others than those that its version made.
    #[error("its schema was changed: {0}")]
    Schema(String),
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

/// What a valid backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Entries of the audit log.
    pub audit_entries: i64,
    /// The hash of the last one.
    pub audit_head: String,
    /// When the last one was written.
    pub last_entry: Option<Millis>,
    pub orders: i64,
    /// Effects that were still to be done.
    pub effects: i64,
}

/// Reads a file from end to end and judges it. Nothing is written, not even beside it.
pub async fn examine(path: &Path) -> Result<Contents, NotABackup> {
    let mut start = [0; 16];
    fs::File::open(path).and_then(|mut file| io::Read::read_exact(&mut file, &mut start)).map_err(|error| {
        if error.kind() == io::ErrorKind::UnexpectedEof { NotABackup::Format } else { unreadable(error) }
    })?;
    if start != *b"SQLite format 3\0" {
        return Err(NotABackup::Format);
    }
    check_whole(path).await.map_err(|error| match error {
        BackupError::Damaged(what) => NotABackup::Damaged(what),
        other => unreadable(other),
    })?;
    let mut file = look_at(path).await.map_err(unreadable)?;
    let found = version(&mut file).await?;
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    if found > known {
        return Err(NotABackup::Newer { found, known });
    }
    let chain = read_chain(&mut file).await.map_err(unreadable)?;
    let (audit_entries, audit_head) = chain.map_err(NotABackup::Audit)?;
    if let Some(differs) = schema::difference(&mut file).await.map_err(unreadable)? {
        return Err(NotABackup::Schema(differs));
    }
    contents(&mut file, audit_entries, audit_head).await.map_err(unreadable)
}

async fn version(file: &mut SqliteConnection) -> Result<i64, NotABackup> {
    let version: Result<Option<i64>, _> =
        sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success").fetch_one(&mut *file).await;
    match version {
        Ok(Some(version)) => Ok(version),
        Ok(None) | Err(sqlx::Error::Database(_)) => Err(NotABackup::Foreign),
        Err(error) => Err(unreadable(error)),
    }
}

async fn contents(file: &mut SqliteConnection, audit_entries: i64, audit_head: String) -> sqlx::Result<Contents> {
    let last_entry = sqlx::query_scalar!(r#"SELECT at FROM audit_logs ORDER BY id DESC LIMIT 1"#)
        .fetch_optional(&mut *file)
        .await?
        .map(Millis);
    let orders =
        sqlx::query_scalar!(r#"SELECT CAST(COALESCE(SUM(count), 0) AS INTEGER) AS "count!: i64" FROM order_counts"#)
            .fetch_one(&mut *file)
            .await?;
    let effects = sqlx::query_scalar!(r#"SELECT COUNT(*) AS "n!: i64" FROM outbox"#).fetch_one(&mut *file).await?;
    Ok(Contents { audit_entries, audit_head, last_entry, orders, effects })
}

fn unreadable(error: impl std::error::Error) -> NotABackup {
    let mut says = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        says = format!("{says}: {next}");
        cause = next.source();
    }
    NotABackup::Unreadable(says)
}

/// What a restored database remembers of its restoration.
#[derive(Debug)]
pub struct Restoration<'a> {
    pub file: &'a str,
    pub contents: &'a Contents,
    /// The last audit entry of the database that it replaces, where that could still be read.
    pub replaced: Option<(i64, String)>,
}

/// Makes a restored copy fit to run: every confirmation that was open then is spent (it may
/// have acted since), effects are held, and the audit log says what happened.
pub async fn settle_restored(db: &Db, done: &Restoration<'_>, now: Millis) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    sqlx::query!("UPDATE admin_sessions SET spent_at = ? WHERE spent_at IS NULL", now.0).execute(tx.sql()).await?;
    sqlx::query!(
        "INSERT INTO bot_config (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        HELD,
        now.0
    )
    .execute(tx.sql())
    .await?;
    db::maintenance::instances::forget_instances(&mut tx).await?;
    // What came after the backup is not known here, and stands on the panel and on Discord.
    let since = done.contents.last_entry.unwrap_or(now);
    let look = json!({ "since": since.0, "until": 0, "restored": now.0 }).to_string();
    sqlx::query!(
        "INSERT INTO bot_config (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        LOOK_FIRST,
        look
    )
    .execute(tx.sql())
    .await?;
    shown::show_restored(&mut tx, now).await?;
    let payload = json!({
        "entries": done.contents.audit_entries,
        "head": done.contents.audit_head,
        "last_entry": done.contents.last_entry,
        "replaced_entries": done.replaced.as_ref().map(|(entries, _)| entries),
        "replaced_head": done.replaced.as_ref().map(|(_, head)| head),
    });
    let target = done.file.to_owned();
    db::audit::audit(&mut tx, now, Happened { actor: BOT, action: "database.restore", target, payload, session: None })
        .await?;
    tx.commit().await
}

/// Since when effects are held; `None` = they are performed.
pub async fn outbox_held_since(db: &Db) -> Result<Option<Millis>, Error> {
    let since =
        sqlx::query_scalar!("SELECT value FROM bot_config WHERE key = ?", HELD).fetch_optional(&db.readers).await?;
    // A value that cannot be read holds as well: performing is what cannot be taken back.
    Ok(since.map(|since| Millis(since.parse().unwrap_or(0))))
}

/// Lets effects be performed again; `false` = they were not held.
pub async fn release_outbox(db: &Db, by: UserId, now: Millis) -> Result<bool, Error> {
    let mut tx = db.begin().await?;
    let released = release(&mut tx, by, None, now).await?;
    tx.commit().await?;
    Ok(released)
}

/// The same, confirmed by an owner.
pub async fn release_confirmed(db: &Db, presented: &Presented, now: Millis) -> Result<bool, Error> {
    let mut tx = db.begin().await?;
    let permit = db::people::confirmations::spend(&mut tx, presented, now).await?;
    let released = release(&mut tx, permit.by(), Some(&permit), now).await?;
    tx.commit().await?;
    Ok(released)
}

/// `false` = nothing was held.
async fn release(tx: &mut WriteTx, by: UserId, permit: Option<&Permit>, now: Millis) -> Result<bool, Error> {
    let held = sqlx::query!("DELETE FROM bot_config WHERE key = ?", HELD).execute(tx.sql()).await?;
    if held.rows_affected() == 0 {
        return Ok(false);
    }
    let until = now.plus(LOOKS_FIRST);
    sqlx::query!("UPDATE bot_config SET value = json_set(value, '$.until', ?) WHERE key = ?", until.0, LOOK_FIRST)
        .execute(tx.sql())
        .await?;
    let (action, target, payload) = ("outbox.release", "outbox", json!({}));
    let happened = match permit {
        Some(permit) => permit.did(action, &target, payload),
        None => Happened { actor: by, action, target: target.to_owned(), payload, session: None },
    };
    db::audit::audit(tx, now, happened).await?;
    tx.about(Subject::Outbox);
    Ok(true)
}

/// Puts `prepared` in the place of the database at `path`, of which a copy is kept; says where,
/// `None` = there was none. Nobody may have either open.
///
/// The copy holds the write-ahead log as well: also what a crash left there is not lost.
pub fn replace(prepared: &Path, path: &Path, now: Millis) -> io::Result<Option<PathBuf>> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let safety = folder.join(backup::FOLDER).join(format!("before-restore-{}.db", backup::stamp(now)));
    let beside = |path: &Path, ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let kept = path.exists();
    if kept {
        durable_files::make_folder(&folder.join(backup::FOLDER))?;
        for ending in ["-wal", ""] {
            let from = beside(path, ending);
            if from.exists() {
                durable_files::copy(&from, &beside(&safety, ending))?;
            }
        }
    }
    // A log that belongs to another file would be replayed into this one.
    for ending in ["-wal", "-shm"] {
        match fs::remove_file(beside(path, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    durable_files::flush_folder(folder)?;
    durable_files::flush(prepared)?;
    durable_files::rename(prepared, path)?;
    Ok(kept.then_some(safety))
}

/// Puts a copy of a file into a data directory, to be prepared there.
pub fn draft(from: &Path, to: &Path) -> io::Result<()> {
    durable_files::make_folder(to.parent().unwrap_or(Path::new(".")))?;
    durable_files::copy(from, to)
}

/// Brings back pictures that stand among the backups and are missing or damaged in the data directory.
pub fn bring_pictures_back(from: &Path, data_dir: &Path) -> io::Result<Copied> {
    images::bring_back(from, &data_dir.join(backup::PICTURES))
}
