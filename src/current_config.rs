//! The configuration in force: one value, replaced as a whole when the file is read again.
//!
//! Whoever decides something takes it once with [`Live::now`] and keeps it to the end of the
//! decision: an interaction, an effect, a tick of a task never sees two shops. Nothing is in force
//! before it was judged with the rules that judge it at the start, and written into the audit log.

use std::{fmt, path::PathBuf, sync::Arc};

use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};

use crate::{
    config::{Changed, Config, ConfigErrors, Renewal},
    db::{self, Db},
    domain::{Millis, UserId},
};

/// Looks a secret up by its name.
type Secrets = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Where the configuration is read again: its file, and the look-up of secrets.
pub struct Source {
    path: PathBuf,
    secrets: Box<Secrets>,
}

impl Source {
    /// A file, and where secrets are looked up.
    pub fn new(path: impl Into<PathBuf>, secrets: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { path: path.into(), secrets: Box::new(secrets) }
    }

    /// Reads it for a start.
    pub fn load(&self) -> Result<Config, ConfigErrors> {
        Config::load(&self.path, &self.secrets)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("path", &self.path).finish_non_exhaustive()
    }
}

/// What came of reading the file again.
#[derive(Debug)]
pub enum Reloaded {
    Done(Box<Renewal>),
    /// It is wrong, and what was in force stays.
    Wrong(ConfigErrors),
}

/// The configuration in force; cheap to clone, and every clone sees the same.
#[derive(Debug, Clone)]
pub struct Live {
    current: watch::Sender<Arc<Config>>,
    source: Arc<Source>,
    /// One reading at a time.
    turn: Arc<Mutex<()>>,
}

impl Live {
    /// What was read at the start, and where it came from.
    pub fn new(config: Config, source: Source) -> Self {
        let (current, _) = watch::channel(Arc::new(config));
        Self { current, source: Arc::new(source), turn: Arc::default() }
    }

    /// The configuration of this moment.
    pub fn now(&self) -> Arc<Config> {
        Arc::clone(&self.current.borrow())
    }

    pub fn watch(&self) -> watch::Receiver<Arc<Config>> {
        self.current.subscribe()
    }

    /// Reads the file again. What follows from it elsewhere (tickets that other staff see, the
    /// dashboard) is wanted with it; a crash in between is made good by the next start, which
    /// settles the tickets too.
    pub async fn reload(&self, db: &Db, by: UserId, now: Millis) -> Result<Reloaded, db::Error> {
        let _turn = self.turn.lock().await;
        let source = &self.source;
        let renewal = match self.now().renew(&source.path, &source.secrets) {
            Ok(renewal) => renewal,
            Err(problems) => {
                let keys: Vec<_> = problems.0.iter().map(|problem| problem.key.as_str()).collect();
                tracing::warn!(user.id = %by, ?keys, "the configuration was read again and is wrong; the old one stays");
                db::maintenance::reload::note_reload(db, by, false, json!({ "wrong": keys }), now).await?;
                return Ok(Reloaded::Wrong(problems));
            }
        };
        db::maintenance::reload::note_reload(db, by, true, payload(&renewal), now).await?;
        self.current.send_replace(Arc::new(renewal.config.clone()));
        db::maintenance::reload::settle_tickets(db, &renewal.config.tickets_digest(), now).await?;
        tracing::info!(user.id = %by, waits = ?renewal.waits, "the configuration was read again and is in force");
        Ok(Reloaded::Done(Box::new(renewal)))
    }
}

/// What changed, for the audit log: ids and keys, no values.
fn payload(renewal: &Renewal) -> Value {
    let list =
        |changed: &Changed| json!({ "added": changed.added, "changed": changed.changed, "removed": changed.removed });
    json!({
        "plans": list(&renewal.plans), "methods": list(&renewal.methods),
        "staff": renewal.staff, "waits": renewal.waits,
    })
}
