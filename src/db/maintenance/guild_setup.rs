//! What owners were last told about the shop's channels and roles on Discord.

use crate::db::{self, Db, Error, outbox::Lease};
use crate::domain::{
    Millis,
    effect::{Effect, OwnerNews},
    guild_setup::SetupProblem,
};

/// The key under which `bot_config` keeps it.
const KEY: &str = "premises";

/// The premises were looked at: owners are told once of each set of flaws, and again when it
/// comes back after it was mended. Ends the effect.
pub async fn guild_setup_seen(db: &Db, lease: &Lease, flaws: &[SetupProblem], now: Millis) -> Result<(), Error> {
    let damaged = |error: serde_json::Error| Error::Damaged { table: "bot_config", problem: error.to_string() };
    let found = serde_json::to_string(flaws).map_err(damaged)?;
    let told =
        sqlx::query_scalar!("SELECT value FROM bot_config WHERE key = ?", KEY).fetch_optional(&db.readers).await?;
    let mut tx = db.begin().await?;
    if told.unwrap_or_else(|| "[]".to_owned()) != found {
        sqlx::query!(
            "INSERT INTO bot_config (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            KEY,
            found
        )
        .execute(tx.sql())
        .await?;
        if !flaws.is_empty() {
            let news = OwnerNews::Premises { at: now, flaws: flaws.to_vec() };
            db::outbox::enqueue(&mut tx, &Effect::TellOwner { news }, now, now).await?;
        }
    }
    db::outbox::finish_row(&mut tx, lease, now).await?;
    tx.commit().await
}
