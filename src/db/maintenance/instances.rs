//! The runs of this data directory's bot. Each has a name drawn at random, and the dashboard's
//! footer says which wrote it last: a name that is none of ours is another machine's.

use serde::{Deserialize, Serialize};

use crate::db::{Db, Error, WriteTx};

/// The key under which `bot_config` keeps them.
const KEY: &str = "boots";

/// As many as are remembered: a dashboard is edited every few minutes, so the last few suffice.
const REMEMBERED: usize = 20;

#[derive(Debug, Default, Serialize, Deserialize)]
struct Boots {
    /// Their names, the latest last.
    own: Vec<String>,
    /// Whether the next name that is seen is taken for ours: the list is new, or the database was
    /// restored and does not know the runs since the backup.
    trusting: bool,
}

/// Whose run a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Of this data directory, now or earlier; also when nobody can say.
    Ours,
    /// Of another machine or another data directory.
    Foreign,
}

/// Remembers that a run of this name has begun.
pub async fn record_instance(db: &Db, boot: &str) -> Result<(), Error> {
    let mut boots = instances(db).await?.unwrap_or(Boots { trusting: true, ..Boots::default() });
    boots.own.push(boot.to_owned());
    let forgotten = boots.own.len().saturating_sub(REMEMBERED);
    boots.own.drain(..forgotten);
    let mut tx = db.begin().await?;
    keep_instances(&mut tx, &boots).await?;
    tx.commit().await
}

/// Whose run a name is; only looks.
pub async fn instance_in_charge(db: &Db, boot: &str) -> Result<Whose, Error> {
    Ok(match instances(db).await? {
        Some(boots) if !boots.trusting && !boots.own.iter().any(|own| own == boot) => Whose::Foreign,
        _ => Whose::Ours,
    })
}

/// The same for a name that the dashboard shows; ends the trust that a new list begins with.
pub async fn meet_instance(db: &Db, boot: &str) -> Result<Whose, Error> {
    let whose = instance_in_charge(db, boot).await?;
    if let Some(mut boots) = instances(db).await?.filter(|boots| boots.trusting) {
        boots.trusting = false;
        if !boots.own.iter().any(|own| own == boot) {
            boots.own.insert(0, boot.to_owned());
        }
        let mut tx = db.begin().await?;
        keep_instances(&mut tx, &boots).await?;
        tx.commit().await?;
    }
    Ok(whose)
}

async fn instances(db: &Db) -> Result<Option<Boots>, Error> {
    let row =
        sqlx::query_scalar!("SELECT value FROM bot_config WHERE key = ?", KEY).fetch_optional(&db.readers).await?;
    Ok(row.and_then(|text| serde_json::from_str(&text).ok()))
}

/// After a restore: the runs since the backup are not known.
pub(in crate::db) async fn forget_instances(tx: &mut WriteTx) -> Result<(), Error> {
    keep_instances(tx, &Boots { trusting: true, ..Boots::default() }).await
}

async fn keep_instances(tx: &mut WriteTx, boots: &Boots) -> Result<(), Error> {
    let damaged = |error: serde_json::Error| Error::Damaged { table: "bot_config", problem: error.to_string() };
    let text = serde_json::to_string(boots).map_err(damaged)?;
    sqlx::query!(
        "INSERT INTO bot_config (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        KEY,
        text
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}
