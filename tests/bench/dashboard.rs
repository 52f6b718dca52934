//! What one refresh of the dashboard asks of the database, in a small shop and in a huge one.

use std::{path::Path, time::Instant};

use anyhow::ensure;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tollkeeper::{
    clock::Clock,
    db::{self, Db},
};

use crate::report::{Report, milliseconds};

/// Orders in the small shop and in the huge one.
const SIZES: [u32; 2] = [1_000, 1_000_000];

/// Readings that are measured, after as many that warm up.
const READINGS: usize = 500;

/// The days and the near future that the dashboard shows.
const DAYS: (u32, u32) = (30, 7);

pub(crate) async fn reading(report: &mut Report) -> anyhow::Result<()> {
    for size in SIZES {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("tollkeeper.db");
        let clock = Clock::system();
        Db::open(&path, chrono_tz::UTC).await?.close().await;
        fill(&path, size, clock.now().0).await?;
        let db = Db::open(&path, chrono_tz::UTC).await?;
        let mut times = Vec::new();
        for round in 0..2 * READINGS {
            let before = Instant::now();
            let glance = db::ledger::dashboard::summary(&db, DAYS.0, DAYS.1, clock.now()).await?;
            if round >= READINGS {
                times.push(before.elapsed());
            }
            let orders: u64 = glance.orders.iter().map(|(_, n)| n).sum();
            ensure!(orders == u64::from(size) && glance.totals.year.sales > 0, "the shop is not what was filled in");
            ensure!(glance.running.active > 0 && glance.running.expiring > 0, "nobody's access runs");
        }
        report.p99_at_most(&format!("Dashboard, database, {size} orders"), 1.0, "ms", &milliseconds(&times));
        db.close().await;
    }
    Ok(())
}

/// Orders of the last 300 days, five to a customer, each customer with a subscription that ends at
/// some time of some day of the next 30, three methods, four plans.
async fn fill(path: &Path, orders: u32, now: i64) -> anyhow::Result<()> {
    let mut sql = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path)).await?;
    let customers = orders / 5;
    let statements = format!(
        "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN;
         -- An order begins unpaid; these have been through all that.
         DROP TRIGGER orders_begin;
         CREATE TEMP TABLE days AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 299)
             SELECT i, {now} - i * 86400000 AS at, date({now} / 1000 - i * 86400, 'unixepoch') AS day FROM n;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {customers})
         INSERT INTO subscriptions (id, user_id, panel, inbound_id, client_uuid, sub_id, email, status, expires_at, quota_bytes, created_at, updated_at)
             SELECT i, i, 'main', 1, 'uuid-' || i, 'sub-' || i, 'tk-' || i, 'active', {now} + (i % 30) * 86400000 + i * 7919 % 86400 * 1000 + 1000, 0, {now}, {now} FROM n;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {orders})
         INSERT INTO orders (id, source, user_id, status, created_at, updated_at, plan_id, plan_name, duration_days, quota_bytes,
                             price_minor, currency, panel, attempts_left, expires_at, decided_by, decided_at, subscription_id)
             SELECT printf('%010d', n.i), 'shop', 1 + n.i / 5, 'completed', d.at, d.at, 'plan-' || n.i % 4, 'Plan', 30, 0,
                    10000, 'EGP', 'main', 3, d.at, 7, d.at, 1 + n.i / 5
             FROM n JOIN days d ON d.i = n.i % 300;
         INSERT INTO ledger (order_id, kind, source, amount_minor, currency, at, day, method_id, plan_id, reviewer_id)
             SELECT o.id, 'payment', 'shop', 10000, 'EGP', o.created_at, date(o.created_at / 1000, 'unixepoch'), 'method-' || o.id % 3, o.plan_id, 7
             FROM orders o;
         INSERT INTO revenue_cache (day, method_id, plan_id, source, amount_minor, count)
             SELECT day, method_id, plan_id, source, sum(amount_minor), count(*) FROM ledger GROUP BY 1, 2, 3, 4;
         COMMIT;"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(&mut sql).await?;
    sql.close().await?;
    // What was filled in is on the disk before anything is measured, not on its way there.
    std::fs::File::open(path)?.sync_all()?;
    Ok(())
}
