//! What the dashboard shows, which message it is, and what its picture shows.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::db::{
    self, Db, Error, Subject,
    ledger::revenue::{STALE, each_day, each_status, summed},
    outbox::Lease,
    unsigned,
};
use crate::domain::{
    ChannelId, MessageId, Millis, OrderStatus,
    revenue::{Period, Revenue, Span, Sum},
    time::DAY_MS,
};

/// An hour in milliseconds.
const HOUR_MS: i64 = DAY_MS / HOURS;
/// Hours of a day.
const HOURS: i64 = 24;

/// The key under which `bot_config` keeps it.
const KEY: &str = "dashboard";

/// The dashboard as it was last shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    pub channel: ChannelId,
    pub message: MessageId,
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
    pub orders: Vec<(OrderStatus, u64)>,
    pub running: Running,
}

/// What the four usual periods up to today brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    pub day: Sum,
    pub month: Sum,
    pub quarter: Sum,
    pub year: Sum,
}

/// Subscriptions that run, and those that end soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    /// Switched on and not at their end.
    pub active: u64,
    /// Of these, those that end within the days asked for.
    pub expiring: u64,
}

/// Reads what the dashboard shows: the revenue of the last `days`, and the subscriptions that
/// end within `soon` days. One statement, so that its numbers belong to one moment; it costs
/// the same at any number of orders (`tests/bench` measures). Of the subscriptions, whole days
/// and hours come from counters and only the ends of two hours are looked at one by one.
pub async fn summary(db: &Db, days: u32, soon: u32, now: Millis) -> Result<Glance, Error> {
    let today = db::ledger::revenue::shop_day(db, now);
    let shown = Period::last_days(days, today);
    let [day, month, quarter, year] = Span::ALL.map(|span| Period::containing(span, today).first().to_string());
    let month_ends = Period::containing(Span::Month, today).last().to_string();
    let shown_from = shown.first().to_string();
    let until = now.plus_days(soon);
    let (utc_day, utc_last) = (now.0.div_euclid(DAY_MS), until.0.div_euclid(DAY_MS));
    let (hour, last_hour) = (now.0.div_euclid(HOUR_MS), until.0.div_euclid(HOUR_MS));
    let (hour_ends, last_hour_begins) = ((hour + 1) * HOUR_MS, last_hour * HOUR_MS);
    let (tomorrow, last_begins) = ((utc_day + 1) * HOURS, utc_last * HOURS);
    let row = sqlx::query!(
            r#"SELECT
                 (SELECT value FROM bot_config WHERE key = ?1) AS "stale?: String",
                 sums.*,
                 (SELECT json_group_object(day, json_array(amount_minor, count)) FROM revenue_days
                  WHERE day BETWEEN ?7 AND ?2) AS "days!: String",
                 (SELECT json_group_array(json_array(method_id, plan_id, source, json_array(minor, count))) FROM (
                    SELECT method_id, plan_id, source, sum(amount_minor) AS minor, sum(count) AS count
                    FROM revenue_cache WHERE day BETWEEN ?3 AND ?6 GROUP BY method_id, plan_id, source)) AS "month!: String",
                 (SELECT json_group_object(status, count) FROM order_counts) AS "orders!: String",
                 (SELECT COALESCE(sum(count), 0) FROM subscription_days WHERE day = 0 OR day > ?8) AS "later!: i64",
                 (SELECT COALESCE(sum(count), 0) FROM subscription_days WHERE day > ?8 AND day < ?9) AS "between!: i64",
                 (SELECT COALESCE(sum(count), 0) FROM subscription_hours WHERE hour > ?10 AND hour < ?11)
                    + (SELECT count(*) FROM subscriptions WHERE status = 'active' AND expires_at > ?12 AND expires_at < ?13)
                    AS "today!: i64",
                 (SELECT COALESCE(sum(count), 0) FROM subscription_hours WHERE hour >= ?14 AND hour < ?15)
                    + (SELECT count(*) FROM subscriptions WHERE status = 'active' AND expires_at >= ?16 AND expires_at <= ?17)
                    AS "last!: i64"
               FROM (
                 SELECT COALESCE(sum(CASE WHEN day = ?2 THEN amount_minor END), 0) AS "day_minor!: i64",
                        COALESCE(sum(CASE WHEN day = ?2 THEN count END), 0) AS "day_n!: i64",
                        COALESCE(sum(CASE WHEN day >= ?3 THEN amount_minor END), 0) AS "month_minor!: i64",
                        COALESCE(sum(CASE WHEN day >= ?3 THEN count END), 0) AS "month_n!: i64",
                        COALESCE(sum(CASE WHEN day >= ?4 THEN amount_minor END), 0) AS "quarter_minor!: i64",
                        COALESCE(sum(CASE WHEN day >= ?4 THEN count END), 0) AS "quarter_n!: i64",
                        COALESCE(sum(amount_minor), 0) AS "year_minor!: i64",
                        COALESCE(sum(count), 0) AS "year_n!: i64"
                 FROM revenue_days WHERE day >= ?5 AND day <= ?2) AS sums"#,
            STALE,
            day,
            month,
            quarter,
            year,
            month_ends,
            shown_from,
            utc_day,
            utc_last,
            hour,
            tomorrow,
            now.0,
            hour_ends,
            last_begins,
            last_hour,
            last_hour_begins,
            until.0
        )
        .fetch_one(&db.readers)
        .await?;
    let by_kind: Vec<(String, String, String, (i64, i64))> = read("revenue_cache", &row.month)?;
    let by_day: BTreeMap<String, (i64, i64)> = read("revenue_days", &row.days)?;
    let sum = |(minor, sales)| Sum { minor, sales };
    Ok(Glance {
        stale_since: row.stale.map(|at| Millis(at.parse().unwrap_or_default())),
        totals: Totals {
            day: sum((row.day_minor, row.day_n)),
            month: sum((row.month_minor, row.month_n)),
            quarter: sum((row.quarter_minor, row.quarter_n)),
            year: sum((row.year_minor, row.year_n)),
        },
        days: each_day(shown, &by_day.into_iter().map(|(day, pair)| (day, sum(pair))).collect()),
        month: summed(
            Period::containing(Span::Month, today),
            by_kind.into_iter().map(|(method, plan, source, pair)| (method, plan, source, sum(pair))),
        ),
        orders: each_status(&read("order_counts", &row.orders)?),
        running: Running {
            active: unsigned(row.later + row.today),
            expiring: unsigned(row.today + row.between + row.last),
        },
    })
}

/// The dashboard as it was last shown; `None` before the first time and when nobody can say.
pub async fn dashboard(db: &Db) -> Result<Option<Shown>, Error> {
    let row =
        sqlx::query_scalar!("SELECT value FROM bot_config WHERE key = ?", KEY).fetch_optional(&db.readers).await?;
    Ok(row.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Remembers what was shown, and ends the effect.
pub async fn dashboard_shown(db: &Db, lease: &Lease, shown: &Shown, now: Millis) -> Result<(), Error> {
    let damaged = |error: serde_json::Error| Error::Damaged { table: "bot_config", problem: error.to_string() };
    let text = serde_json::to_string(shown).map_err(damaged)?;
    let mut tx = db.begin().await?;
    sqlx::query!(
        "INSERT INTO bot_config (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        KEY,
        text
    )
    .execute(tx.sql())
    .await?;
    db::outbox::finish_row(&mut tx, lease, now).await?;
    tx.about(Subject::Dashboard);
    tx.commit().await
}

/// Reads the JSON that a statement made of some of its rows.
fn read<T: DeserializeOwned>(table: &'static str, json: &str) -> Result<T, Error> {
    serde_json::from_str(json).map_err(|error| Error::Damaged { table, problem: error.to_string() })
}
