//! What the dashboard shows, which message it is, and what its picture shows.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{
    Db, Error, Subject,
    outbox::Claim,
    revenue::{Running, Totals},
};
use crate::domain::{
    ChannelId, MessageId, Millis, OrderStatus,
    revenue::{Period, Revenue, Span, Sum},
};

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

/// All that the dashboard shows of the database.
#[derive(Debug)]
pub struct Glance {
    /// Since when the revenue is not to be trusted, if that is so.
    pub stale_since: Option<Millis>,
    /// Today, this month, this quarter and this year.
    pub totals: Totals,
    /// The last days, today last.
    pub days: Vec<(NaiveDate, Sum)>,
    /// This month, by method and plan.
    pub month: Revenue,
    /// Orders by state.
    pub orders: Vec<(OrderStatus, u64)>,
    /// Subscriptions that run.
    pub running: Running,
}

impl Db {
    /// Reads what the dashboard shows: the revenue of the last `days`, and the subscriptions that
    /// end within `soon` days. It costs the same at any number of orders (`tests/bench` measures).
    pub async fn glance(&self, days: u32, soon: u32, now: Millis) -> Result<Glance, Error> {
        let today = self.day_of(now);
        Ok(Glance {
            stale_since: self.revenue_stale().await?,
            totals: self.revenue_totals(today).await?,
            days: self.revenue_by_day(Period::last_days(days, today)).await?,
            month: self.revenue(Period::containing(Span::Month, today)).await?,
            orders: self.orders_by_status().await?,
            running: self.running(soon, now).await?,
        })
    }

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
