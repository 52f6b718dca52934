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

use crate::db::{
    self, Db, Error, WriteTx,
    audit::{BOT, Happened},
    maintenance::durable_files,
};
use crate::domain::{Millis, UserId};

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
    pub(in crate::db) fn keep_room(&self) {
        let path = self.folder.join(RESERVE);
        let _alone = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if fs::metadata(&path).is_ok_and(|found| found.len() >= RESERVED as u64) {
            return;
        }
        // Half of one, from when the disk was full.
        let _ = fs::remove_file(&path);
        // Not zeros: some file systems keep no room for those.
        let kept = durable_files::create(&path)
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
        durable_files::private(&mut options);
        let is_new = !path.exists();
        let mut file = options.open(&path)?;
        if ends_within_a_line(&file)? {
            line.insert(0, b'\n');
        }
        file.write_all(&line)?;
        file.sync_all()?;
        if is_new { durable_files::flush_folder(&self.folder) } else { Ok(()) }
    }

    /// Puts what waits aside and reads it; what comes meanwhile goes into a new file.
    fn take(&self) -> io::Result<Option<String>> {
        let (waiting, taken) = (self.folder.join(WAITING), self.folder.join(TAKEN));
        let _alone = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // One that was put aside before and not finished comes first.
        if !taken.exists() {
            match durable_files::rename(&waiting, &taken) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                other => other?,
            }
        }
        // A line that was torn by a crash may end within a character.
        Ok(Some(String::from_utf8_lossy(&fs::read(&taken)?).into_owned()))
    }

    fn forget_taken(&self) -> io::Result<()> {
        fs::remove_file(self.folder.join(TAKEN))?;
        durable_files::flush_folder(&self.folder)
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

/// Remembers what was refused or attempted: in the audit log, or beside it while the database
/// cannot be written, or else in the general log. Never for what was done, which its own
/// transaction writes.
pub async fn audit_or_note(db: &Db, happened: Happened<'_>, now: Millis) -> Result<(), Error> {
    let Err(error) = audit_alone(db, happened.clone(), now).await else { return Ok(()) };
    note_instead(db, &happened, error, now)
}

/// Writes into the file what the database did not take; the database's error if that fails too.
pub(in crate::db) fn note_instead(db: &Db, happened: &Happened<'_>, error: Error, now: Millis) -> Result<(), Error> {
    let cause = &error as &dyn std::error::Error;
    match note(db, happened, now) {
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
pub fn note(db: &Db, happened: &Happened<'_>, now: Millis) -> io::Result<()> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(io::Error::other)?;
    db.notes.append(&Note {
        id: data_encoding::HEXLOWER.encode(&id),
        at: now,
        actor: happened.actor,
        action: happened.action.to_owned(),
        target: happened.target.clone(),
        payload: happened.payload.clone(),
        session: happened.session.map(str::to_owned),
    })
}

async fn audit_alone(db: &Db, happened: Happened<'_>, now: Millis) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    db::audit::audit(&mut tx, now, happened).await?;
    tx.commit().await
}

/// Appends what waits in the file to the chain; says how many entries that were. Each keeps
/// the moment at which it happened in its payload (`noted_at`).
pub async fn take_notes(db: &Db, now: Millis) -> Result<usize, Error> {
    let unusable = |error: io::Error| Error::Unusable { path: db.notes.folder.join(TAKEN), problem: error.to_string() };
    let Some(text) = db.notes.take().map_err(unusable)? else { return Ok(0) };
    let mut tx = db.begin().await?;
    let written = append_notes(&mut tx, &text, now).await?;
    tx.commit().await?;
    // A crash before this line: the last line's id says that all is in the chain.
    db.notes.forget_taken().map_err(unusable)?;
    db.notes.keep_room();
    Ok(written)
}

async fn append_notes(tx: &mut WriteTx, text: &str, now: Millis) -> Result<usize, Error> {
    let last = sqlx::query_scalar!("SELECT value FROM bot_config WHERE key = ?", LAST).fetch_optional(tx.sql()).await?;
    let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).map(serde_json::from_str::<Note>).collect();
    let ids = || lines.iter().filter_map(|line| line.as_ref().ok()).map(|note| &note.id);
    if last.as_ref().is_some_and(|last| ids().any(|id| id == last)) {
        return Ok(0);
    }
    let newest = ids().next_back().cloned();
    for line in &lines {
        match line {
            Ok(note) => db::audit::audit(tx, now, note.happened()).await?,
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
                db::audit::audit(tx, now, happened).await?;
            }
        }
    }
    if let Some(newest) = newest {
        sqlx::query!(
            "INSERT INTO bot_config (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            LAST,
            newest
        )
        .execute(tx.sql())
        .await?;
    }
    Ok(lines.len())
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
mod tests;
