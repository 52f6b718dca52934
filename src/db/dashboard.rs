//! Which message the dashboard is, and what its picture shows.

use serde::{Deserialize, Serialize};

use super::{Db, Error, Subject, outbox::Claim};
use crate::domain::{ChannelId, MessageId, Millis};

/// The key under which `bot_config` keeps it.
const KEY: &str = "dashboard";

/// The dashboard as it was last shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The channel.
    pub channel: ChannelId,
    /// The message.
    pub message: MessageId,
    /// What its picture shows.
    pub picture: String,
    /// When its numbers were read.
    pub at: Millis,
}

impl Db {
    /// The dashboard as it was last shown; `None` before the first time and when nobody can say.
    pub async fn dashboard(&self) -> Result<Option<Shown>, Error> {
        let row = sqlx::query_scalar!("SELECT value FROM bot_config WHERE key = ?", KEY)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Remembers what was shown, and ends the effect.
    pub async fn dashboard_shown(&self, claim: &Claim, shown: &Shown, now: Millis) -> Result<(), Error> {
        let damaged = |error: serde_json::Error| Error::Damaged { table: "bot_config", problem: error.to_string() };
        let text = serde_json::to_string(shown).map_err(damaged)?;
        let mut tx = self.begin().await?;
        sqlx::query!(
            "INSERT INTO bot_config (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            KEY,
            text
        )
        .execute(tx.sql())
        .await?;
        tx.finish(claim, now).await?;
        tx.about(Subject::Dashboard);
        tx.commit().await
    }
}
