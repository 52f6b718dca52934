//! The ledger, its roll-up per day, and what people ask of it.
//!
//! The ledger is the truth. The roll-up is written in the booking transaction, last and under a
//! savepoint: if only the roll-up fails, the sale stands and the roll-up is marked stale until
//! `recount` has built it anew.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sqlx::Executor;

use crate::db::{self, Db, Error, WriteTx, unsigned};
use crate::domain::{
    Millis, OrderId, OrderStatus,
    effect::Effect,
    revenue::{Period, Revenue, Sum, day_of},
};

/// The key under which `bot_config` says since when the roll-up is not to be trusted.
pub(in crate::db) const STALE: &str = "revenue_stale_since";

/// Books what was received for an order, by the time of approval.
pub(in crate::db) async fn book_payment(tx: &mut WriteTx, order: &OrderId, now: Millis) -> Result<(), Error> {
    let id = order.as_str();
    let at = sqlx::query_scalar!("SELECT decided_at FROM orders WHERE id = ?", id)
        .fetch_one(tx.sql())
        .await?
        .unwrap_or(now.0);
    let day = day_of(Millis(at), tx.zone).to_string();
    let entry = sqlx::query!(
            "INSERT INTO ledger (order_id, kind, source, amount_minor, currency, at, day, method_id, plan_id, reviewer_id)
             SELECT o.id, 'payment', o.source, p.received_minor, o.currency, ?, ?, COALESCE(o.method_id, ''), o.plan_id, COALESCE(o.decided_by, 0)
             FROM orders o JOIN payments p ON p.order_id = o.id WHERE o.id = ?
             RETURNING id AS \"id!\"",
            at,
            day,
            id
        )
        .fetch_one(tx.sql())
        .await?;
    db::outbox::enqueue(tx, &Effect::SyncDashboard {}, now, now).await?;
    roll_up(tx, entry.id, now).await
}

/// Adds a ledger entry to the roll-up; its failure costs the roll-up, never the sale.
pub(in crate::db) async fn roll_up(tx: &mut WriteTx, entry: i64, now: Millis) -> Result<(), Error> {
    tx.sql().execute("SAVEPOINT roll_up").await?;
    let added = sqlx::query!(
        "INSERT INTO revenue_cache (day, method_id, plan_id, source, amount_minor, count)
             SELECT day, method_id, plan_id, source, amount_minor,
                    CASE kind WHEN 'payment' THEN 1 WHEN 'reversal' THEN -1 ELSE 0 END
             FROM ledger WHERE id = ?
             ON CONFLICT (day, method_id, plan_id, source)
             DO UPDATE SET amount_minor = amount_minor + excluded.amount_minor, count = count + excluded.count",
        entry
    )
    .execute(tx.sql())
    .await;
    if let Err(error) = added {
        tx.sql().execute("ROLLBACK TO roll_up").await?;
        tracing::error!(%error, ledger.entry = entry, "the revenue roll-up failed; it will be rebuilt from the ledger");
        mark_stale(tx, now).await?;
    }
    tx.sql().execute("RELEASE roll_up").await?;
    Ok(())
}

/// The roll-up is not to be trusted from now on.
pub(in crate::db) async fn mark_stale(tx: &mut WriteTx, now: Millis) -> Result<(), Error> {
    let at = now.0.to_string();
    sqlx::query!("INSERT INTO bot_config (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING", STALE, at)
        .execute(tx.sql())
        .await?;
    Ok(())
}

/// The shop's day of a moment.
pub fn shop_day(db: &Db, at: Millis) -> NaiveDate {
    day_of(at, db.zone)
}

/// What a period brought, by method and plan.
pub async fn revenue(db: &Db, period: Period) -> Result<Revenue, Error> {
    let (first, last) = (period.first().to_string(), period.last().to_string());
    let rows = sqlx::query!(
        r#"SELECT method_id, plan_id, source, sum(amount_minor) AS "minor!: i64", sum(count) AS "count!: i64"
               FROM revenue_cache WHERE day BETWEEN ? AND ? GROUP BY method_id, plan_id, source"#,
        first,
        last
    )
    .fetch_all(&db.readers)
    .await?;
    Ok(summed(
        period,
        rows.into_iter().map(|row| {
            let sum = Sum { minor: row.minor, sales: row.count };
            (row.method_id, row.plan_id, row.source, sum)
        }),
    ))
}

/// What each day of a period brought; days without a sale are there too.
pub async fn revenue_by_day(db: &Db, period: Period) -> Result<Vec<(NaiveDate, Sum)>, Error> {
    let (first, last) = (period.first().to_string(), period.last().to_string());
    let rows = sqlx::query!("SELECT day, amount_minor, count FROM revenue_days WHERE day BETWEEN ? AND ?", first, last)
        .fetch_all(&db.readers)
        .await?;
    let known = rows.into_iter().map(|row| (row.day, Sum { minor: row.amount_minor, sales: row.count })).collect();
    Ok(each_day(period, &known))
}

/// Since when the roll-up is not to be trusted, if that is so.
pub async fn revenue_stale(db: &Db) -> Result<Option<Millis>, Error> {
    let at =
        sqlx::query_scalar!("SELECT value FROM bot_config WHERE key = ?", STALE).fetch_optional(&db.readers).await?;
    Ok(at.map(|at| Millis(at.parse().unwrap_or_default())))
}

/// How many orders are in each state, in the order of an order's life.
pub async fn orders_by_status(db: &Db) -> Result<Vec<(OrderStatus, u64)>, Error> {
    let rows = sqlx::query!("SELECT status, count FROM order_counts").fetch_all(&db.readers).await?;
    Ok(each_status(&rows.into_iter().map(|row| (row.status, row.count)).collect()))
}

/// What a period brought, from its sums by method, plan and source.
pub(in crate::db) fn summed(period: Period, sums: impl IntoIterator<Item = (String, String, String, Sum)>) -> Revenue {
    let (mut total, mut manual) = (Sum::default(), Sum::default());
    let (mut by_method, mut by_plan) = (BTreeMap::new(), BTreeMap::new());
    for (method, plan, source, sum) in sums {
        if source == "manual" {
            manual = manual.and(sum);
            continue;
        }
        total = total.and(sum);
        for (sums, key) in [(&mut by_method, method), (&mut by_plan, plan)] {
            let entry: &mut Sum = sums.entry(key).or_default();
            *entry = entry.and(sum);
        }
    }
    Revenue { period, total, manual, by_method: most_first(by_method), by_plan: most_first(by_plan) }
}

/// Every day of a period, from what is known of some of them.
pub(in crate::db) fn each_day(period: Period, known: &BTreeMap<String, Sum>) -> Vec<(NaiveDate, Sum)> {
    period.days().map(|day| (day, known.get(&day.to_string()).copied().unwrap_or_default())).collect()
}

/// Every state, in the order of an order's life.
pub(in crate::db) fn each_status(known: &BTreeMap<String, i64>) -> Vec<(OrderStatus, u64)> {
    OrderStatus::ALL.map(|status| (status, known.get(status.as_str()).copied().map_or(0, unsigned))).to_vec()
}

fn most_first(sums: BTreeMap<String, Sum>) -> Vec<(String, Sum)> {
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.minor));
    sums
}
