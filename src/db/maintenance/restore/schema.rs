//! Whether a file has the tables, indexes, triggers and views that its migrations made, no more and
//! no less: an audit log without its triggers can be changed at leisure, and a trigger more can
//! change anything.

use std::collections::BTreeMap;

use sqlx::{Connection as _, SqliteConnection};

use crate::db::MIGRATIONS;

/// Kind and name, and the statement that made it.
type Schema = BTreeMap<(String, String), Option<String>>;

/// The first difference in words; `None` = there is none.
pub(in crate::db) async fn difference(file: &mut SqliteConnection) -> sqlx::Result<Option<String>> {
    let applied: Vec<i64> =
        sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success").fetch_all(&mut *file).await?;
    let mut fresh = SqliteConnection::connect("sqlite::memory:").await?;
    for migration in MIGRATIONS.iter().filter(|migration| applied.contains(&migration.version)) {
        sqlx::raw_sql(migration.sql.clone()).execute(&mut fresh).await?;
    }
    let (ours, theirs) = (read(&mut fresh).await?, read(file).await?);
    fresh.close().await?;
    let missing = ours.iter().find_map(|((kind, name), made)| match theirs.get(&(kind.clone(), name.clone())) {
        None => Some(format!("the {kind} {name} is missing")),
        Some(found) if found != made => Some(format!("the {kind} {name} is another one")),
        Some(_) => None,
    });
    let unknown = || {
        theirs.keys().find(|key| !ours.contains_key(key)).map(|(kind, name)| format!("the {kind} {name} is not ours"))
    };
    Ok(missing.or_else(unknown))
}

/// All but what SQLite, the migrations' own table and Litestream keep for themselves.
async fn read(file: &mut SqliteConnection) -> sqlx::Result<Schema> {
    let rows: Vec<(String, String, Option<String>)> = sqlx::query_as(
        "SELECT type, name, sql FROM sqlite_master
         WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> '_sqlx_migrations' AND tbl_name NOT LIKE '\\_litestream\\_%' ESCAPE '\\'
         AND NOT (type = 'index' AND sql IS NULL)",
    )
    .fetch_all(file)
    .await?;
    Ok(rows.into_iter().map(|(kind, name, sql)| ((kind, name), sql)).collect())
}
