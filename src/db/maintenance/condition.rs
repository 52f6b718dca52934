//! How a database is, for `check`: only looked at.

use crate::db::{self, Db, Error, MIGRATIONS};

/// What a look at a database shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The version of its tables, the number of the last migration.
    pub tables: i64,
    /// The version that this program brings them to.
    pub known: i64,
    /// `ok`, or the first thing that is damaged.
    pub quick_check: String,
    /// Whether its outbox waits to be released, after a restore.
    pub held: bool,
}

/// Looks at the whole file: a second for each few hundred megabytes.
pub async fn condition(db: &Db) -> Result<Condition, Error> {
    let quick_check: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&db.readers).await?;
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    let tables: Option<i64> =
        sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success").fetch_one(&db.readers).await?;
    let held = db::maintenance::restore::outbox_held_since(db).await?.is_some();
    Ok(Condition { tables: tables.unwrap_or(0), known, quick_check, held })
}
