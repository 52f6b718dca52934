//! Backups: a whole, checked copy of the database under a name that tells when it was taken, and
//! the customers' pictures beside it.
//!
//! A copy is made by SQLite itself on a reader, so a bot may run meanwhile; it gets its name only
//! after it was opened, checked and flushed. Pictures are copied once: a file that the disk damages
//! later damages no other (where the file system shares blocks, a copy costs nothing).

use std::{
    fs,
    path::{Path, PathBuf},
};

use sqlx::{
    ConnectOptions as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqlitePool},
};

use crate::db::{Db, Error, maintenance::durable_files, maintenance::images};
use crate::domain::{Millis, retention};

/// The folder in the data directory.
pub const FOLDER: &str = "backups";
/// The folder of pictures, in the data directory and among the backups.
pub const PICTURES: &str = "screenshots";
/// What a backup's name begins with; only such files are ever removed.
const PREFIX: &str = "tollkeeper-";
const SUFFIX: &str = ".db";
/// What an encrypted one ends with.
const SEALED: &str = ".db.age";
/// What an unfinished one ends with.
const UNFINISHED: &str = ".tmp";
/// What an unfinished encrypted one ends with.
const UNSEALED: &str = ".db.tmp";
/// How the moment is written in a name, in UTC: sorts as text, and stands on every file system.
const STAMP: &str = "%Y%m%dT%H%M%S%.3fZ";

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database cannot be read.
    #[error("the database cannot be copied")]
    Database(#[from] Error),
    /// The copy was made and is not whole.
    #[error("the copy is damaged, and so may be the database: {0}")]
    Damaged(String),
    #[error("{what}: {source}")]
    Disk { what: &'static str, source: std::io::Error },
}

/// Writes a backup into `data_dir` and says where it is.
pub async fn back_up(db: &Db, data_dir: &Path, now: Millis) -> Result<PathBuf, BackupError> {
    let folder = data_dir.join(FOLDER);
    durable_files::make_folder(&folder).map_err(disk_failed("cannot make the folder for backups"))?;
    let stamp = stamp(now);
    let draft = folder.join(format!(".{PREFIX}{stamp}{UNFINISHED}"));
    let path = folder.join(format!("{PREFIX}{stamp}{SUFFIX}"));
    let made = copy_to(db, &draft, &path).await;
    if let Err(error) = made {
        // It may not exist; the first error is the one to tell.
        let _ = fs::remove_file(&draft);
        return Err(error);
    }
    let (from, to) = (data_dir.join(PICTURES), folder.join(PICTURES));
    // After the database: a picture is on disk before the row that names it.
    let pictures = tokio::task::spawn_blocking(move || images::put_beside(&from, &to)).await;
    let pictures = pictures
        .unwrap_or_else(|panic| Err(std::io::Error::other(panic)))
        .map_err(disk_failed("the database is copied, the pictures beside it are not"))?;
    if pictures.damaged > 0 {
        tracing::error!(pictures = pictures.damaged, "pictures are damaged on the disk and were not backed up");
    }
    Ok(path)
}

async fn copy_to(db: &Db, draft: &Path, path: &Path) -> Result<(), BackupError> {
    // Made empty first: SQLite would make it readable for everybody.
    durable_files::create(draft).map_err(disk_failed("cannot write among the backups"))?;
    vacuum_into(&db.readers, draft).await?;
    check_whole(draft).await?;
    durable_files::flush(draft)
        .and_then(|()| durable_files::rename(draft, path))
        .map_err(disk_failed("cannot keep the copy"))
}

async fn vacuum_into(readers: &SqlitePool, draft: &Path) -> Result<(), Error> {
    sqlx::query("VACUUM INTO ?").bind(draft.to_string_lossy().into_owned()).execute(readers).await?;
    Ok(())
}

/// Reads every page and index of a file that nobody writes.
pub(in crate::db) async fn check_whole(path: &Path) -> Result<(), BackupError> {
    let mut copy = look_at(path).await.map_err(|error| BackupError::Database(error.into()))?;
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
        .fetch_one(&mut copy)
        .await
        .map_err(|error| BackupError::Damaged(error.to_string()))?;
    if verdict == "ok" { Ok(()) } else { Err(BackupError::Damaged(verdict)) }
}

/// Opens a file that nobody writes; nothing is made beside it.
pub(in crate::db) async fn look_at(path: &Path) -> sqlx::Result<SqliteConnection> {
    SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .immutable(true)
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .connect()
        .await
}

/// Removes the backups that are not needed any more, and what unfinished ones left behind; says
/// which. Encrypted ones are counted for themselves: one of them is no reason to remove another that
/// opens without a passphrase. Files with other names are not looked at, pictures never removed.
pub fn forget_old(data_dir: &Path, now: Millis) -> std::io::Result<Vec<PathBuf>> {
    let folder = data_dir.join(FOLDER);
    let (mut taken, mut sealed, mut unfinished) = (Vec::new(), Vec::new(), Vec::new());
    for entry in fs::read_dir(&folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(at) = taken_at(&name) {
            taken.push(at);
        } else if let Some(at) = read_stamp(&name, SEALED) {
            sealed.push(at);
        } else if let Some(at) = drafted_at(&name) {
            unfinished.push((name, at));
        }
    }
    let mut gone = Vec::new();
    for (taken, suffix) in [(taken, SUFFIX), (sealed, SEALED)] {
        let superseded = retention::superseded(&taken, now).into_iter();
        gone.extend(superseded.map(|at| folder.join(format!("{PREFIX}{}{suffix}", stamp(at)))));
    }
    let abandoned = unfinished.into_iter().filter(|(_, at)| now.since(*at) > std::time::Duration::from_hours(24));
    gone.extend(abandoned.map(|(name, _)| folder.join(name)));
    for path in &gone {
        fs::remove_file(path)?;
    }
    Ok(gone)
}

/// When the newest backup was taken. One that is of a time to come was taken by a clock that was
/// ahead, nobody knows when.
pub fn newest(data_dir: &Path, now: Millis) -> Option<Millis> {
    let names = fs::read_dir(data_dir.join(FOLDER)).ok()?;
    let taken = names.filter_map(|entry| taken_at(&entry.ok()?.file_name().to_string_lossy()));
    taken.filter(|at| *at <= now).max()
}

/// When the backup of this name was taken; `None` = not a backup's name.
pub fn taken_at(name: &str) -> Option<Millis> {
    read_stamp(name, SUFFIX)
}

/// When the unfinished backup of this name was begun.
fn drafted_at(name: &str) -> Option<Millis> {
    let plain = name.strip_prefix('.').and_then(|name| read_stamp(name, UNFINISHED));
    plain.or_else(|| read_stamp(name, UNSEALED))
}

fn read_stamp(name: &str, suffix: &str) -> Option<Millis> {
    let stamp = name.strip_prefix(PREFIX)?.strip_suffix(suffix)?;
    let at = chrono::NaiveDateTime::parse_from_str(stamp, STAMP).ok()?;
    Some(Millis(at.and_utc().timestamp_millis()))
}

pub(in crate::db) fn stamp(at: Millis) -> String {
    chrono::DateTime::from_timestamp_millis(at.0).unwrap_or_default().format(STAMP).to_string()
}

fn disk_failed(what: &'static str) -> impl Fn(std::io::Error) -> BackupError {
    move |source| BackupError::Disk { what, source }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn encrypted_ones_and_what_a_crash_left_go_like_the_others() {
        const DAY: i64 = 24 * 60 * 60 * 1000;
        let now = Millis(20_000 * DAY);
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join(FOLDER);
        durable_files::make_folder(&folder).unwrap();
        let put = |name: &str| fs::write(folder.join(name), "").unwrap();
        for days in 0..40 {
            let stamp = stamp(Millis(now.0 - days * DAY));
            put(&format!("{PREFIX}{stamp}{SUFFIX}"));
            put(&format!("{PREFIX}{stamp}{SEALED}"));
        }
        let drafts =
            |at: i64| [format!(".{PREFIX}{}.tmp", stamp(Millis(at))), format!("{PREFIX}{}.db.tmp", stamp(Millis(at)))];
        let (fresh, old) = (drafts(now.0 - DAY / 2), drafts(now.0 - 2 * DAY));
        let others = ["before-restore-20260101T000000.000Z.db", "notes.txt"].map(str::to_owned);
        fresh.iter().chain(&old).chain(&others).for_each(|name| put(name));
        forget_old(data.path(), now).unwrap();
        let left: BTreeSet<_> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let kept = |suffix| left.iter().filter_map(|name| read_stamp(name, suffix)).collect::<Vec<_>>();
        assert_eq!(kept(SUFFIX), kept(SEALED));
        assert!((9..=11).contains(&kept(SEALED).len()), "{left:?}");
        assert!(fresh.iter().chain(&others).all(|name| left.contains(name)), "{left:?}");
        assert!(!old.iter().any(|name| left.contains(name)), "{left:?}");
        assert_eq!(left.len(), 2 * kept(SEALED).len() + fresh.len() + others.len());
    }

    #[test]
    fn a_name_tells_when_it_was_taken() {
        let at = Millis(1_800_000_000_123);
        let name = format!("{PREFIX}{}{SUFFIX}", stamp(at));
        assert_eq!(name, "tollkeeper-20270115T080000.123Z.db");
        assert_eq!(taken_at(&name), Some(at));
        for other in ["tollkeeper.db", "tollkeeper-20270115T080000.123Z.db.age", "tollkeeper-before-restore.db"] {
            assert_eq!(taken_at(other), None, "{other}");
        }
    }
}
