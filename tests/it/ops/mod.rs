//! What an operator types besides `run`, with the real program as a child.

mod backup;
mod books;
mod owner;
mod restore;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tollkeeper::{
    db::{self, Db, NewOrder, Ordered},
    domain::{Currency, Millis, Money, OrderId, UserId, order::PlanSnapshot},
};

const NOW: Millis = Millis(1_800_000_000_000);

/// An operator's machine: a folder with a configuration, and what is typed there.
struct Operator {
    folder: tempfile::TempDir,
    env: Vec<(String, String)>,
}

/// What the program printed and how it ended.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Operator {
    fn new() -> Self {
        Self::with_panel("https://panel.example.com")
    }

    fn with_panel(url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = include_str!("../../../config.example.toml");
        let url_line = text.lines().find(|line| line.starts_with("url = ")).unwrap();
        let data_line = text.lines().find(|line| line.starts_with("data_dir = ")).unwrap();
        let text =
            text.replacen(url_line, &format!("url = \"{url}\""), 1).replacen(data_line, "data_dir = \"data\"", 1);
        std::fs::write(folder.path().join("config.toml"), text).unwrap();
        Self { folder, env: Vec::new() }
    }

    fn sets(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn database(&self) -> PathBuf {
        self.data().join("tollkeeper.db")
    }

    /// The name of the first panel in the configuration.
    const PANEL: &str = "main";

    async fn db(&self) -> Db {
        std::fs::create_dir_all(self.data()).unwrap();
        Db::open(&self.database(), chrono_tz::Africa::Cairo).await.unwrap()
    }

    fn types(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollkeeper"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { code: status.code(), out: text(stdout), err: text(stderr) }
    }
}

/// An order that a customer placed.
async fn order(db: &Db, number: u64) -> OrderId {
    let price = Money::new(10_000, Currency::parse("EGP").unwrap());
    let plan = PlanSnapshot {
        id: "basic".into(),
        name: "Basic".into(),
        duration_days: 30,
        quota_bytes: 50 << 30,
        price,
        panel: Operator::PANEL.into(),
    };
    let new = NewOrder {
        id: OrderId::from_random(number),
        customer: UserId(number),
        name: "Mona".into(),
        locale: "en".into(),
        joined_at: None,
        plan,
        attempts: 3,
        lapse: Duration::from_hours(24),
        limit: None,
    };
    match db::orders::place_order(db, new, NOW).await.unwrap() {
        Ordered::Made(made) => made.id,
        other => unreachable!("no order was made: {other:?}"),
    }
}

/// A connection past all of our code, as somebody with the file has it.
async fn raw(path: &Path) -> SqliteConnection {
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path).foreign_keys(false)).await.unwrap()
}

async fn statement(path: &Path, sql: &'static str) {
    let mut raw = raw(path).await;
    sqlx::query(sql).execute(&mut raw).await.unwrap();
    raw.close().await.unwrap();
}

async fn number(path: &Path, sql: &'static str) -> i64 {
    let mut raw = raw(path).await;
    let number = sqlx::query_scalar(sql).fetch_one(&mut raw).await.unwrap();
    raw.close().await.unwrap();
    number
}
