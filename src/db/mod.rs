//! The database: the only place with SQL.
//!
//! Every change goes through [`Db::begin`] and [`WriteTx::commit`]: `BEGIN IMMEDIATE` on the one
//! writer connection, one commit function, and after it an in-process notice to whoever waits
//! for that subject. A write transaction never spans a network call. Reading has its own
//! read-only pool. Moments, ids and tokens are arguments.

pub mod access;
pub mod audit;
pub mod ledger;
pub mod maintenance;
pub mod orders;
pub mod outbox;
pub mod payments;
pub mod people;

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use sqlx::{
    Sqlite, SqliteConnection, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::{broadcast, watch};

pub use audit::{AuditProblem, Happened};
pub use maintenance::lock::{DataDirLock, LockError, is_in_use};
pub use orders::{NewOrder, Ordered};

use crate::domain::{Millis, Money, OrderId, SubscriptionRow};

/// The first release of SQLite without the WAL-reset corruption bug (sqlite.org/wal.html).
const MINIMUM_SQLITE: &str = "3.51.3";

/// How many readers may look at once.
const READERS: u32 = 4;

/// How long a statement waits for another process that holds the write lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Statements that a connection keeps prepared: all there are. A hundred, as the driver has it,
/// are fewer than one shop's day.
const STATEMENTS: usize = 512;

/// Pages of the log at which a commit moves them into the file by itself: a net below
/// [`Db::checkpoint_wal`], so large that no commit meets it.
const LOG_PAGES: &str = "16384";

/// Notices that may pile up before a slow listener has to read the state again.
const NOTICES: usize = 1024;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database failed")]
    Sql(#[from] sqlx::Error),
    /// The file is not a database that this program can use.
    #[error("{path}: {problem}")]
    Unusable {
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A row says something that the program does not understand.
    #[error("a row in `{table}` is damaged: {problem}")]
    Damaged {
        table: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The shop's currency was changed although money in another one was booked.
    #[error(
        "the ledger holds amounts in {booked}, so shop.currency cannot be {configured}: set it back to {booked}, or begin a new shop with an empty data_dir"
    )]
    Currency { booked: String, configured: String },
    /// The shop's currency was changed although an order in another one is open.
    #[error(
        "order {order} is open in {ordered}, so shop.currency cannot be {configured}: set it back to {ordered} until that order is over"
    )]
    OpenOrder { order: String, ordered: String, configured: String },
    /// The data directory cannot be written.
    #[error("the data directory cannot be written")]
    Disk(#[from] std::io::Error),
    /// Something that must exist does not.
    #[error("there is no such {0}")]
    Missing(&'static str),
    /// A confirmation's token is not accepted; nothing was done.
    #[error("the token is not accepted: {0:?}")]
    Token(people::confirmations::TokenRefused),
}

/// SQLite's primary result codes of what passes: busy, locked, no memory, read-only, interrupted,
/// an I/O error, a full disk, a file that cannot be opened (sqlite.org/rescode.html).
const PASSING: [i32; 8] = [5, 6, 7, 8, 9, 10, 13, 14];

impl Error {
    /// Whether waiting helps: the disk, or another process that holds the file. Everything else
    /// fails in the same way the next time.
    pub fn passes(&self) -> bool {
        match self {
            Self::Sql(sqlx::Error::Database(error)) => {
                // The code is an extended one; its last byte is the primary.
                let code = error.code().and_then(|code| code.parse::<i32>().ok());
                code.is_some_and(|code| PASSING.contains(&(code & 0xff)))
            }
            Self::Sql(error) => matches!(
                error,
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed
            ),
            Self::Disk(_) => true,
            _ => false,
        }
    }
}

/// What a commit was about; listeners read the state again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// An order, its payment, its ticket or its delivery.
    Order(OrderId),
    /// A subscription, or a change of it that staff asked for.
    Subscription(SubscriptionRow),
    /// There is (perhaps) new work in the outbox.
    Outbox,
    /// The dashboard shows newer numbers.
    Dashboard,
}

/// The database of one data directory.
#[derive(Debug, Clone)]
pub struct Db {
    writer: SqlitePool,
    readers: SqlitePool,
    /// Moves what was committed from the log into the file, see [`Db::checkpoint_wal`].
    checkpointer: SqlitePool,
    changes: broadcast::Sender<Subject>,
    /// Whether nobody is to wait for a commit any more.
    stopping: watch::Sender<bool>,
    zone: chrono_tz::Tz,
    /// What could not be written here is written beside it.
    notes: audit::fallback_file::Notes,
}

/// An open write transaction. Dropping it rolls back.
#[derive(Debug)]
pub struct WriteTx {
    tx: Transaction<'static, Sqlite>,
    subjects: Vec<Subject>,
    changes: broadcast::Sender<Subject>,
    zone: chrono_tz::Tz,
}

impl Db {
    /// Opens, checks and migrates the database at `path`, creating it when there is none.
    /// `zone` is the shop's time zone, in which revenue has its days.
    pub async fn open(path: &Path, zone: chrono_tz::Tz) -> Result<Self, Error> {
        let unclean = std::fs::metadata(path.with_extension("db-wal")).is_ok_and(|wal| wal.len() > 0);
        let options = options(path).create_if_missing(true);
        let writer = pool(1).connect_with(options.clone()).await?;
        refuse_old_sqlite(&writer, path).await?;
        if unclean {
            quick_check(&writer, path).await?;
        }
        MIGRATIONS.run(&writer).await.map_err(|error| Error::Unusable {
            path: path.to_owned(),
            problem: format!(
                "its tables do not fit this program ({error}); run the version that wrote it, or a newer one"
            ),
        })?;
        let checkpointer =
            pool(1).connect_lazy_with(options.clone().create_if_missing(false).optimize_on_close(false, None));
        // A reader cannot optimise; trying to, it would be left open in the background, and the log with it.
        let options = options.read_only(true).optimize_on_close(false, None);
        let readers = pool(READERS).connect_with(options).await?;
        let (changes, _) = broadcast::channel(NOTICES);
        let notes = audit::fallback_file::Notes::beside(path);
        notes.keep_room();
        let stopping = watch::Sender::new(false);
        Ok(Self { writer, readers, checkpointer, changes, stopping, zone, notes })
    }

    /// Opens an existing database to look at it; a running bot is not disturbed.
    pub async fn open_read_only(path: &Path, zone: chrono_tz::Tz) -> Result<Self, Error> {
        let options = options(path).read_only(true).optimize_on_close(false, None);
        let readers = pool(READERS).connect_with(options).await?;
        let (changes, _) = broadcast::channel(1);
        let notes = audit::fallback_file::Notes::beside(path);
        let stopping = watch::Sender::new(false);
        Ok(Self { writer: readers.clone(), checkpointer: readers.clone(), readers, changes, stopping, zone, notes })
    }

    /// Starts a write transaction; whoever gets it is alone until it ends.
    pub async fn begin(&self) -> Result<WriteTx, Error> {
        let tx = match self.writer.begin_with("BEGIN IMMEDIATE").await {
            // SQLite ended a transaction by itself, as it does when the disk is full. The driver
            // goes on believing in it and would refuse every later one on that connection.
            Err(sqlx::Error::InvalidSavePointStatement) => {
                self.writer.acquire().await?.close().await?;
                self.writer.begin_with("BEGIN IMMEDIATE").await?
            }
            begun => begun?,
        };
        Ok(WriteTx { tx, subjects: Vec::new(), changes: self.changes.clone(), zone: self.zone })
    }

    /// Listens for commits. A listener that lags behind is told so and reads the state again.
    pub fn changes(&self) -> broadcast::Receiver<Subject> {
        self.changes.subscribe()
    }

    /// Ends every [`Self::wait_for`], now and later: who would commit what is waited for stops.
    pub fn end_waits(&self) {
        self.stopping.send_replace(true);
    }

    /// Waits until `look` finds something, looking again after every commit about `subject`,
    /// for at most `patience`.
    pub async fn wait_for<T, F>(
        &self,
        subject: &Subject,
        patience: Duration,
        look: impl Fn() -> F,
    ) -> Result<Option<T>, Error>
    where
        F: Future<Output = Result<Option<T>, Error>>,
    {
        let mut changes = self.changes();
        let mut stopping = self.stopping.subscribe();
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            if let Some(found) = look().await? {
                return Ok(Some(found));
            }
            loop {
                let change = tokio::select! {
                    biased;
                    _ = stopping.wait_for(|stopping| *stopping) => return Ok(None),
                    change = tokio::time::timeout_at(deadline, changes.recv()) => change,
                };
                match change {
                    Err(_) | Ok(Err(broadcast::error::RecvError::Closed)) => return Ok(None),
                    Ok(Ok(about)) if about != *subject => {}
                    Ok(Ok(_) | Err(broadcast::error::RecvError::Lagged(_))) => break,
                }
            }
        }
    }

    /// Moves what was committed from the write-ahead log into the file, as far as nobody still
    /// reads what was before, and says whether that was all of it. A commit would do it by itself
    /// at some length of the log, and whoever waits for that commit would wait for the disk three
    /// times as long; here nobody waits, and nobody is kept from writing.
    pub async fn checkpoint_wal(&self) -> Result<bool, Error> {
        // Kept out by somebody who does the same, pages in the log, pages of these that are in the
        // file (sqlite.org/pragma.html).
        let (kept_out, pages, moved): (i64, i64, i64) =
            sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(&self.checkpointer).await?;
        Ok(kept_out == 0 && moved == pages)
    }

    /// Closes all pools; SQLite folds the WAL into the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.checkpointer.close().await;
        self.writer.close().await;
    }
}

impl WriteTx {
    /// The connection, for the statements of this transaction.
    fn sql(&mut self) -> &mut SqliteConnection {
        &mut self.tx
    }

    /// Notes what this transaction is about.
    fn about(&mut self, subject: Subject) {
        if !self.subjects.contains(&subject) {
            self.subjects.push(subject);
        }
    }

    /// The one commit function. After it has returned, the change survives the process.
    pub async fn commit(self) -> Result<(), Error> {
        let number = COMMITS.fetch_add(1, Ordering::SeqCst) + 1;
        die_if_asked("before", number);
        self.tx.commit().await?;
        die_if_asked("after", number);
        for subject in self.subjects {
            // Nobody listening is fine: the rows are there.
            drop(self.changes.send(subject));
        }
        Ok(())
    }
}

/// Commits of this process so far.
static COMMITS: AtomicU64 = AtomicU64::new(0);

/// Debug builds die at the n-th commit when the environment says so: the tests count the
/// commits of a whole walk and restart the program after each. Release builds have no such door.
fn die_if_asked(moment: &str, number: u64) {
    #[cfg(debug_assertions)]
    if std::env::var("TOLLKEEPER_DIE_AT_COMMIT").is_ok_and(|at| at == format!("{moment}:{number}")) {
        std::process::abort();
    }
    #[cfg(not(debug_assertions))]
    let _ = (moment, number);
}

/// Connections that are opened once and kept. The file is beside us: what the driver does for a
/// server far away (ask whether it is there before every use, begin anew every half hour) would
/// only add two changes of thread to every use, and forget what was prepared. Statistics are
/// gathered when the writer is closed, and the plans are tested without any.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(STATEMENTS)
        .pragma("recursive_triggers", "ON")
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .pragma("journal_size_limit", "67108864")
        .pragma("wal_autocheckpoint", LOG_PAGES)
        .optimize_on_close(true, None)
}

async fn refuse_old_sqlite(pool: &SqlitePool, path: &Path) -> Result<(), Error> {
    let version: String =
        sqlx::query_scalar!(r#"SELECT sqlite_version() AS "version!: String""#).fetch_one(pool).await?;
    let numbers = |text: &str| text.split('.').map(|n| n.parse().unwrap_or(0)).collect::<Vec<u32>>();
    if numbers(&version) < numbers(MINIMUM_SQLITE) {
        return Err(Error::Unusable {
            path: path.to_owned(),
            problem: format!("SQLite {version} can corrupt it; this program needs {MINIMUM_SQLITE} or later"),
        });
    }
    Ok(())
}

async fn quick_check(pool: &SqlitePool, path: &Path) -> Result<(), Error> {
    let verdict: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(pool).await?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(Error::Unusable {
        path: path.to_owned(),
        problem: format!(
            "the file is damaged ({verdict}); stop here and run `tollkeeper restore` with the last backup"
        ),
    })
}

/// Money from its two columns.
fn money(minor: i64, currency: &str) -> Result<Money, Error> {
    let currency = crate::domain::Currency::parse(currency)
        .map_err(|_| Error::Damaged { table: "orders", problem: format!("currency `{currency}`") })?;
    Ok(Money::new(minor, currency))
}

/// Bytes or a count that SQLite holds as a signed integer but that is never negative.
fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// Bytes or a count on their way into SQLite.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn moment(value: Option<i64>) -> Option<Millis> {
    value.map(Millis)
}
