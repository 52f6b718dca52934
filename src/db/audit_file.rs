//! What belongs into the audit log while the database cannot be written: a file beside it, one
//! JSON object a line, each on the disk before the next step, appended to the chain later, once.
//!
//! Only what was refused or attempted comes here. What was done is in the audit log by the
//! transaction that did it, or was not done.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Db, Error, WriteTx,
    audit::{BOT, Happened},
    disk,
};
use crate::domain::{Millis, UserId};

/// What waits.
const WAITING: &str = "audit-waiting.jsonl";
/// What is being appended to the chain.
const TAKEN: &str = "audit-taken.jsonl";
/// Room that is kept for them: on a full disk it is given up, and what waits has a place.
const RESERVE: &str = "audit-reserve";
/// How much that is, in bytes: some hundred entries.
const RESERVED: usize = 64 * 1024;
/// The key under which `bot_config` remembers the last line appended, until its file is gone.
const LAST: &str = "audit_file_last";

/// The file beside one database. Clones share it.
#[derive(Debug, Clone)]
pub struct Notes {
    folder: PathBuf,
    /// Held while a line is written and while the file is put aside.
    file: Arc<Mutex<()>>,
}

/// One line.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    /// Tells this line from every other.
    id: String,
    at: Millis,
    actor: UserId,
    action: String,
    target: String,
    payload: Value,
    session: Option<String>,
}

impl Notes {
    /// The notes of the database at `path`; nothing is made before there is something to write.
    pub fn beside(path: &Path) -> Self {
        Self { folder: path.parent().unwrap_or(Path::new(".")).to_owned(), file: Arc::default() }
    }

    /// Keeps room on the disk, written and not merely promised. Without room for it there is none.
    pub(super) fn keep_room(&self) {
        let path = self.folder.join(RESERVE);
        let _alone = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if fs::metadata(&path).is_ok_and(|found| found.len() >= RESERVED as u64) {
            return;
        }
        // Half of one, from when the disk was full.
        let _ = fs::remove_file(&path);
        // Not zeros: some file systems keep no room for those.
        let kept = disk::create(&path)
            .and_then(|mut file| file.write_all(&vec![b'.'; RESERVED]).and_then(|()| file.sync_all()));
        if let Err(error) = kept {
            tracing::warn!(%error, "no room can be kept for audit entries that the database does not take");
        }
    }

    fn append(&self, note: &Note) -> io::Result<()> {
        let mut line = serde_json::to_vec(note)?;
        line.push(b'\n');
        let _alone = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        match self.write(line.clone()) {
            Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                fs::remove_file(self.folder.join(RESERVE)).map_err(|_| error)?;
                self.write(line)
            }
            written => written,
        }
    }

    fn write(&self, mut line: Vec<u8>) -> io::Result<()> {
        let path = self.folder.join(WAITING);
        let mut options = OpenOptions::new();
        options.create(true).append(true).read(true);
        disk::private(&mut options);
        let is_new = !path.exists();
        let mut file = options.open(&path)?;
        if ends_within_a_line(&file)? {
            line.insert(0, b'\n');
        }
        file.write_all(&line)?;
        file.sync_all()?;
        if is_new { disk::flush_folder(&self.folder) } else { Ok(()) }
    }

    /// Puts what waits aside and reads it; what comes meanwhile goes into a new file.
    fn take(&self) -> io::Result<Option<String>> {
        let (waiting, taken) = (self.folder.join(WAITING), self.folder.join(TAKEN));
        let _alone = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // One that was put aside before and not finished comes first.
        if !taken.exists() {
            match disk::rename(&waiting, &taken) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                other => other?,
            }
        }
        // A line that was torn by a crash may end within a character.
        Ok(Some(String::from_utf8_lossy(&fs::read(&taken)?).into_owned()))
    }

    fn forget_taken(&self) -> io::Result<()> {
        fs::remove_file(self.folder.join(TAKEN))?;
        disk::flush_folder(&self.folder)
    }
}

/// Whether a crash left half a line: the next one must not be appended to it.
fn ends_within_a_line(file: &File) -> io::Result<bool> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let mut file = file;
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

impl Db {
    /// Remembers what was refused or attempted: in the audit log, or beside it while the database
    /// cannot be written, or else in the general log. Never for what was done, which its own
    /// transaction writes.
    pub async fn audit_or_note(&self, happened: Happened<'_>, now: Millis) -> Result<(), Error> {
        let Err(error) = self.audit_alone(happened.clone(), now).await else { return Ok(()) };
        self.note_instead(&happened, error, now)
    }

    /// Writes into the file what the database did not take; the database's error if that fails too.
    pub(super) fn note_instead(&self, happened: &Happened<'_>, error: Error, now: Millis) -> Result<(), Error> {
        let cause = &error as &dyn std::error::Error;
        match self.note(happened, now) {
            Ok(()) => {
                tracing::error!(error = cause, "the audit log cannot be written; an entry waits in a file beside it");
                Ok(())
            }
            Err(file) => {
                let (actor, action, target) = (happened.actor, happened.action, &happened.target);
                tracing::error!(error = cause, %file, %actor, action, target, "an audit entry could be kept nowhere but here");
                Err(error)
            }
        }
    }

    /// Writes into the file at once, when it is known that the database cannot be written.
    pub fn note(&self, happened: &Happened<'_>, now: Millis) -> io::Result<()> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(io::Error::other)?;
        self.notes.append(&Note {
            id: data_encoding::HEXLOWER.encode(&id),
            at: now,
            actor: happened.actor,
            action: happened.action.to_owned(),
            target: happened.target.clone(),
            payload: happened.payload.clone(),
            session: happened.session.map(str::to_owned),
        })
    }

    async fn audit_alone(&self, happened: Happened<'_>, now: Millis) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        tx.audit(now, happened).await?;
        tx.commit().await
    }

    /// Appends what waits in the file to the chain; says how many entries that were. Each keeps
    /// the moment at which it happened in its payload (`noted_at`).
    pub async fn take_notes(&self, now: Millis) -> Result<usize, Error> {
        let unusable =
            |error: io::Error| Error::Unusable { path: self.notes.folder.join(TAKEN), problem: error.to_string() };
        let Some(text) = self.notes.take().map_err(unusable)? else { return Ok(0) };
        let mut tx = self.begin().await?;
        let written = tx.append_notes(&text, now).await?;
        tx.commit().await?;
        // A crash before this line: the last line's id says that all is in the chain.
        self.notes.forget_taken().map_err(unusable)?;
        self.notes.keep_room();
        Ok(written)
    }
}

impl WriteTx {
    async fn append_notes(&mut self, text: &str, now: Millis) -> Result<usize, Error> {
        let last =
            sqlx::query_scalar!("SELECT value FROM bot_config WHERE key = ?", LAST).fetch_optional(self.sql()).await?;
        let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).map(serde_json::from_str::<Note>).collect();
        let ids = || lines.iter().filter_map(|line| line.as_ref().ok()).map(|note| &note.id);
        if last.as_ref().is_some_and(|last| ids().any(|id| id == last)) {
            return Ok(0);
        }
        let newest = ids().next_back().cloned();
        for line in &lines {
            match line {
                Ok(note) => self.audit(now, note.happened()).await?,
                Err(error) => {
                    // Half a line, written as the machine stopped: that there was one is told.
                    let payload = json!({ "noted": false, "error": error.to_string() });
                    let happened = Happened {
                        actor: BOT,
                        action: "audit.torn_note",
                        target: WAITING.to_owned(),
                        payload,
                        session: None,
                    };
                    self.audit(now, happened).await?;
                }
            }
        }
        if let Some(newest) = newest {
            sqlx::query!(
                "INSERT INTO bot_config (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                LAST,
                newest
            )
            .execute(self.sql())
            .await?;
        }
        Ok(lines.len())
    }
}

impl Note {
    fn happened(&self) -> Happened<'_> {
        let mut payload = self.payload.clone();
        if let Some(fields) = payload.as_object_mut() {
            fields.insert("noted_at".to_owned(), json!(self.at));
        }
        let session = self.session.as_deref();
        Happened { actor: self.actor, action: &self.action, target: self.target.clone(), payload, session }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use sqlx::{Executor as _, SqliteConnection, sqlite::SqlitePoolOptions};

    use super::*;

    const NOW: Millis = Millis(1_800_000_000_000);

    async fn fresh(folder: &Path) -> Db {
        Db::open(&folder.join("tollkeeper.db"), chrono_tz::UTC).await.unwrap()
    }

    fn refusal(target: &str) -> Happened<'_> {
        let payload = json!({ "asked": "order.approve" });
        Happened { actor: UserId(7), action: "access.refuse", target: target.to_owned(), payload, session: None }
    }

    async fn entries(db: &Db) -> Vec<(String, String, String)> {
        sqlx::query_as("SELECT action, target, payload FROM audit_logs ORDER BY id")
            .fetch_all(&db.readers)
            .await
            .unwrap()
    }

    /// A database that cannot grow by a page while the flag is up: to SQLite a full disk.
    async fn on_a_disk_of_its_own(folder: &Path) -> (Db, Arc<AtomicBool>) {
        let db = fresh(folder).await;
        let full = Arc::new(AtomicBool::new(false));
        let (limit, again) = (Arc::clone(&full), Arc::clone(&full));
        // Also a new connection, which takes the place of one whose transaction SQLite ended.
        let limited = SqlitePoolOptions::new()
            .max_connections(1)
            .after_connect(move |connection, _| Box::pin(limit_pages(connection, limit.load(Ordering::SeqCst))))
            .before_acquire(move |connection, _| {
                let set = limit_pages(connection, again.load(Ordering::SeqCst));
                Box::pin(async move { set.await.map(|()| true) })
            });
        db.writer.close().await;
        let writer = limited.connect_with(super::super::options(&folder.join("tollkeeper.db"))).await.unwrap();
        (Db { writer, ..db }, full)
    }

    async fn limit_pages(connection: &mut SqliteConnection, full: bool) -> sqlx::Result<()> {
        let pragma = if full { "PRAGMA max_page_count = 1" } else { "PRAGMA max_page_count = 1000000" };
        sqlx::query(pragma).execute(connection).await.map(drop)
    }

    /// Uses up what is free within pages.
    async fn fill(db: &Db) {
        for number in 0.. {
            let row = sqlx::query("INSERT INTO bot_config (key, value) VALUES (?, hex(zeroblob(400)))");
            if row.bind(format!("filler-{number}")).execute(&db.writer).await.is_err() {
                break;
            }
        }
    }

    #[tokio::test]
    async fn with_a_full_disk_refusals_are_noted_and_come_into_the_chain_later_once() {
        let folder = tempfile::tempdir().unwrap();
        let (db, full) = on_a_disk_of_its_own(folder.path()).await;
        full.store(true, Ordering::SeqCst);
        fill(&db).await;
        let mut noted = 0;
        // An entry or two may still fit into the last pages.
        while !folder.path().join(WAITING).exists() {
            db.audit_or_note(refusal(&format!("order {noted}")), NOW).await.unwrap();
            noted += 1;
        }
        db.note(&refusal("the next"), Millis(NOW.0 + 1)).unwrap();
        db.take_notes(NOW).await.unwrap_err();

        full.store(false, Ordering::SeqCst);
        let later = Millis(NOW.0 + 60_000);
        assert_eq!(db.take_notes(later).await.unwrap(), 2);
        let chain = entries(&db).await;
        assert_eq!(chain.len(), noted + 1, "each once: {chain:?}");
        let (action, target, payload) = chain.last().unwrap();
        assert_eq!((action.as_str(), target.as_str()), ("access.refuse", "the next"));
        let payload: Value = serde_json::from_str(payload).unwrap();
        assert_eq!(payload, json!({ "asked": "order.approve", "noted_at": NOW.0 + 1 }));
        db.verify_audit().await.unwrap().unwrap();
        assert_eq!(db.take_notes(later).await.unwrap(), 0);
        assert!(!folder.path().join(WAITING).exists() && !folder.path().join(TAKEN).exists());
    }

    /// `/dev/full` takes nothing, as a disk without room.
    #[tokio::test]
    async fn room_for_notes_is_kept_and_given_up_when_the_disk_is_full() {
        let folder = tempfile::tempdir().unwrap();
        let db = fresh(folder.path()).await;
        let reserve = folder.path().join(RESERVE);
        assert_eq!(fs::metadata(&reserve).unwrap().len(), 64 * 1024);
        let waiting = folder.path().join(WAITING);
        std::os::unix::fs::symlink("/dev/full", &waiting).unwrap();
        let lost = db.note(&refusal("lost"), NOW).unwrap_err();
        assert_eq!(lost.kind(), io::ErrorKind::StorageFull);
        assert!(!reserve.exists(), "given up before the second try");
        fs::remove_file(&waiting).unwrap();
        db.note(&refusal("kept"), NOW).unwrap();
        assert_eq!(db.take_notes(NOW).await.unwrap(), 1);
        assert_eq!(fs::metadata(&reserve).unwrap().len(), 64 * 1024, "kept again");
    }

    #[tokio::test]
    async fn while_another_process_holds_the_database_refusals_are_noted() {
        let folder = tempfile::tempdir().unwrap();
        let db = fresh(folder.path()).await;
        db.writer.execute("PRAGMA busy_timeout = 50").await.unwrap();
        let other = fresh(folder.path()).await;
        let held = other.begin().await.unwrap();
        db.audit_or_note(refusal("order"), NOW).await.unwrap();
        drop(held);
        assert_eq!(entries(&db).await, []);
        // Given back in the background; the writer waits for it by itself.
        db.writer.execute("PRAGMA busy_timeout = 5000").await.unwrap();
        assert_eq!(db.take_notes(NOW).await.unwrap(), 1);
        assert_eq!(entries(&db).await.len(), 1);
    }

    #[tokio::test]
    async fn a_crash_between_the_chain_and_the_file_writes_nothing_twice() {
        let folder = tempfile::tempdir().unwrap();
        let db = fresh(folder.path()).await;
        db.note(&refusal("first"), NOW).unwrap();
        db.note(&refusal("second"), NOW).unwrap();
        let waiting = fs::read(folder.path().join(WAITING)).unwrap();
        assert_eq!(db.take_notes(NOW).await.unwrap(), 2);
        // As if the process had ended after the commit and before the file was removed.
        fs::write(folder.path().join(TAKEN), waiting).unwrap();
        db.note(&refusal("third"), NOW).unwrap();
        assert_eq!(db.take_notes(NOW).await.unwrap(), 0, "known already");
        assert_eq!(db.take_notes(NOW).await.unwrap(), 1, "what came meanwhile");
        let targets: Vec<_> = entries(&db).await.into_iter().map(|(_, target, _)| target).collect();
        assert_eq!(targets, ["first", "second", "third"]);
    }

    #[tokio::test]
    async fn half_a_line_is_told_and_hides_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let db = fresh(folder.path()).await;
        db.note(&refusal("first"), NOW).unwrap();
        let path = folder.path().join(WAITING);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        db.note(&refusal("second"), NOW).unwrap();
        assert_eq!(db.take_notes(NOW).await.unwrap(), 2);
        let actions: Vec<_> = entries(&db).await.into_iter().map(|(action, ..)| action).collect();
        assert_eq!(actions, ["audit.torn_note", "access.refuse"]);
        db.verify_audit().await.unwrap().unwrap();
    }
}
