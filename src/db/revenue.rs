//! The ledger, its roll-up per day, and what people ask of it.
//!
//! The ledger is the truth. The roll-up is written in the booking transaction, last and under a
//! savepoint: if only the roll-up fails, the sale stands and the roll-up is marked stale until
//! `recount` has built it anew.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sqlx::Executor;

use super::{Db, Error, WriteTx, unsigned};
use crate::domain::{
    Millis, OrderId, OrderStatus,
    effect::Effect,
    revenue::{Period, Revenue, Span, Sum, day_of},
    time::DAY_MS,
};

/// The key under which `bot_config` says since when the roll-up is not to be trusted.
pub(super) const STALE: &str = "revenue_stale_since";

/// What the four usual periods up to today brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Today.
    pub day: Sum,
    /// This month.
    pub month: Sum,
    /// This quarter.
    pub quarter: Sum,
    /// This year.
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

impl WriteTx {
    /// Books what was received for an order, by the time of approval.
    pub(super) async fn book_payment(&mut self, order: &OrderId, now: Millis) -> Result<(), Error> {
        let id = order.as_str();
        let at = sqlx::query_scalar!("SELECT decided_at FROM orders WHERE id = ?", id)
            .fetch_one(self.sql())
            .await?
            .unwrap_or(now.0);
        let day = day_of(Millis(at), self.zone).to_string();
        let entry = sqlx::query!(
            "INSERT INTO ledger (order_id, kind, source, amount_minor, currency, at, day, method_id, plan_id, reviewer_id)
             SELECT o.id, 'payment', o.source, p.received_minor, o.currency, ?, ?, COALESCE(o.method_id, ''), o.plan_id, COALESCE(o.decided_by, 0)
             FROM orders o JOIN payments p ON p.order_id = o.id WHERE o.id = ?
             RETURNING id AS \"id!\"",
            at,
            day,
            id
        )
        .fetch_one(self.sql())
        .await?;
        self.enqueue(&Effect::SyncDashboard {}, now, now).await?;
        self.roll_up(entry.id, now).await
    }

    /// Adds a ledger entry to the roll-up; its failure costs the roll-up, never the sale.
    pub(super) async fn roll_up(&mut self, entry: i64, now: Millis) -> Result<(), Error> {
        self.sql().execute("SAVEPOINT roll_up").await?;
        let added = sqlx::query!(
            "INSERT INTO revenue_cache (day, method_id, plan_id, source, amount_minor, n)
             SELECT day, method_id, plan_id, source, amount_minor,
                    CASE kind WHEN 'payment' THEN 1 WHEN 'reversal' THEN -1 ELSE 0 END
             FROM ledger WHERE id = ?
             ON CONFLICT (day, method_id, plan_id, source)
             DO UPDATE SET amount_minor = amount_minor + excluded.amount_minor, n = n + excluded.n",
            entry
        )
        .execute(self.sql())
        .await;
        if let Err(error) = added {
            self.sql().execute("ROLLBACK TO roll_up").await?;
            tracing::error!(%error, ledger.entry = entry, "the revenue roll-up failed; it will be rebuilt from the ledger");
            self.mark_stale(now).await?;
        }
        self.sql().execute("RELEASE roll_up").await?;
        Ok(())
    }

    /// The roll-up is not to be trusted from now on.
    pub(super) async fn mark_stale(&mut self, now: Millis) -> Result<(), Error> {
        let at = now.0.to_string();
        sqlx::query!("INSERT INTO bot_config (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING", STALE, at)
            .execute(self.sql())
            .await?;
        Ok(())
    }
}

impl Db {
    /// The shop's day of a moment.
    pub fn day_of(&self, at: Millis) -> NaiveDate {
        day_of(at, self.zone)
    }

    /// What a period brought, by method and plan.
    pub async fn revenue(&self, period: Period) -> Result<Revenue, Error> {
        let (first, last) = (period.first().to_string(), period.last().to_string());
        let rows = sqlx::query!(
            r#"SELECT method_id, plan_id, source, sum(amount_minor) AS "minor!: i64", sum(n) AS "n!: i64"
               FROM revenue_cache WHERE day BETWEEN ? AND ? GROUP BY method_id, plan_id, source"#,
            first,
            last
        )
        .fetch_all(&self.readers)
        .await?;
        let (mut total, mut manual) = (Sum::default(), Sum::default());
        let (mut by_method, mut by_plan) = (BTreeMap::new(), BTreeMap::new());
        for row in rows {
            let sum = Sum { minor: row.minor, sales: row.n };
            if row.source == "manual" {
                manual = manual.and(sum);
                continue;
            }
            total = total.and(sum);
            for (sums, key) in [(&mut by_method, row.method_id), (&mut by_plan, row.plan_id)] {
                let entry: &mut Sum = sums.entry(key).or_default();
                *entry = entry.and(sum);
            }
        }
        Ok(Revenue { period, total, manual, by_method: most_first(by_method), by_plan: most_first(by_plan) })
    }

    /// What today, this month, this quarter and this year have brought so far.
    pub async fn revenue_totals(&self, today: NaiveDate) -> Result<Totals, Error> {
        let [day, month, quarter, year] = Span::ALL.map(|span| Period::containing(span, today).first().to_string());
        let row = sqlx::query!(
            r#"SELECT COALESCE(sum(CASE WHEN day = ?1 THEN amount_minor END), 0) AS "day_minor!: i64",
                      COALESCE(sum(CASE WHEN day = ?1 THEN n END), 0) AS "day_n!: i64",
                      COALESCE(sum(CASE WHEN day >= ?2 THEN amount_minor END), 0) AS "month_minor!: i64",
                      COALESCE(sum(CASE WHEN day >= ?2 THEN n END), 0) AS "month_n!: i64",
                      COALESCE(sum(CASE WHEN day >= ?3 THEN amount_minor END), 0) AS "quarter_minor!: i64",
                      COALESCE(sum(CASE WHEN day >= ?3 THEN n END), 0) AS "quarter_n!: i64",
                      COALESCE(sum(amount_minor), 0) AS "year_minor!: i64",
                      COALESCE(sum(n), 0) AS "year_n!: i64"
               FROM revenue_days WHERE day >= ?4 AND day <= ?1"#,
            day,
            month,
            quarter,
            year
        )
        .fetch_one(&self.readers)
        .await?;
        Ok(Totals {
            day: Sum { minor: row.day_minor, sales: row.day_n },
            month: Sum { minor: row.month_minor, sales: row.month_n },
            quarter: Sum { minor: row.quarter_minor, sales: row.quarter_n },
            year: Sum { minor: row.year_minor, sales: row.year_n },
        })
    }

    /// What each day of a period brought; days without a sale are there too.
    pub async fn revenue_by_day(&self, period: Period) -> Result<Vec<(NaiveDate, Sum)>, Error> {
        let (first, last) = (period.first().to_string(), period.last().to_string());
        let rows = sqlx::query!("SELECT day, amount_minor, n FROM revenue_days WHERE day BETWEEN ? AND ?", first, last)
            .fetch_all(&self.readers)
            .await?;
        let known: BTreeMap<String, Sum> =
            rows.into_iter().map(|row| (row.day, Sum { minor: row.amount_minor, sales: row.n })).collect();
        Ok(period.days().map(|day| (day, known.get(&day.to_string()).copied().unwrap_or_default())).collect())
    }

    /// Since when the roll-up is not to be trusted, if that is so.
    pub async fn revenue_stale(&self) -> Result<Option<Millis>, Error> {
        let at = sqlx::query_scalar!("SELECT value FROM bot_config WHERE key = ?", STALE)
            .fetch_optional(&self.readers)
            .await?;
        Ok(at.map(|at| Millis(at.parse().unwrap_or_default())))
    }

    /// How many orders are in each state, in the order of an order's life.
    pub async fn orders_by_status(&self) -> Result<Vec<(OrderStatus, u64)>, Error> {
        let rows = sqlx::query!("SELECT status, n FROM order_counts").fetch_all(&self.readers).await?;
        let known: BTreeMap<String, u64> = rows.into_iter().map(|row| (row.status, unsigned(row.n))).collect();
        Ok(OrderStatus::ALL.map(|status| (status, known.get(status.as_str()).copied().unwrap_or(0))).to_vec())
    }

    /// Subscriptions that run now, and those of them that end within `days`. Whole days come
    /// from counters; only the ends of two days are looked at one by one.
    pub async fn running(&self, days: u32, now: Millis) -> Result<Running, Error> {
        let soon = now.plus_days(days);
        let (today, last) = (now.0.div_euclid(DAY_MS), soon.0.div_euclid(DAY_MS));
        let (today_ends, last_begins) = ((today + 1) * DAY_MS, last * DAY_MS);
        let row = sqlx::query!(
            r#"SELECT
                 (SELECT COALESCE(sum(n), 0) FROM subscription_days WHERE day = 0 OR day > ?1) AS "later!: i64",
                 (SELECT COALESCE(sum(n), 0) FROM subscription_days WHERE day > ?1 AND day < ?2) AS "between!: i64",
                 (SELECT count(*) FROM subscriptions WHERE status = 'active' AND expires_at > ?3 AND expires_at < ?4) AS "today!: i64",
                 (SELECT count(*) FROM subscriptions WHERE status = 'active' AND expires_at >= ?5 AND expires_at <= ?6) AS "last!: i64""#,
            today,
            last,
            now.0,
            today_ends,
            last_begins,
            soon.0
        )
        .fetch_one(&self.readers)
        .await?;
        Ok(Running { active: unsigned(row.later + row.today), expiring: unsigned(row.today + row.between + row.last) })
    }
}

fn most_first(sums: BTreeMap<String, Sum>) -> Vec<(String, Sum)> {
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.minor));
    sums
}
