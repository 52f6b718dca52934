//! Building the revenue roll-up anew, and comparing it with the ledger and the orders.
//!
//! These read everything there is, which is why they run at the start after a change of the
//! time zone, when the roll-up is known to be wrong, and when somebody asks; never for a screen.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;

use crate::db::{self, Db, Error, WriteTx, ledger::revenue::STALE};
use crate::domain::{
    Currency, Millis, OrderId,
    effect::Effect,
    revenue::{Sum, day_of},
};

/// The key under which `bot_config` says in which zone the ledger's days are.
const ZONE: &str = "revenue_zone";

/// Ledger entries looked at in one go while their days are computed anew.
const PAGE: i64 = 1000;

/// One thing about the money that does not fit another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Discrepancy {
    /// A line of the roll-up is not the sum of its ledger entries.
    #[error("{day}, method `{method}`, plan `{plan}` ({entered}): the roll-up says {rolled_up}, the ledger {ledger}")]
    RollUp {
        day: String,
        method: String,
        plan: String,
        /// `shop` or `manual`.
        entered: String,
        /// What the roll-up says.
        rolled_up: Sum,
        ledger: Sum,
    },
    /// The total of a day is not the sum of its lines.
    #[error("{day}: the day's total says {total}, its lines {lines}")]
    Day { day: String, total: Sum, lines: Sum },
    /// An order and its ledger entries say different things.
    #[error("order {order}: {problem}")]
    Order { order: OrderId, problem: String },
}

/// What a comparison of roll-up, ledger and orders found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recount {
    /// How many ledger entries there are.
    pub entries: u64,
    /// What they add up to, in minor units, entries by hand included.
    pub minor: i64,
    /// What does not fit, at most a hundred of each kind.
    pub wrong: Vec<Discrepancy>,
}

/// Fits the books to the configuration at the start: refuses another currency when money was
/// booked or an order is open in one, and puts every entry on its day of the zone when that is
/// another one. Says whether the roll-up was built anew for it.
pub async fn settle_books(db: &Db, currency: Currency) -> Result<bool, Error> {
    let booked =
        sqlx::query_scalar!("SELECT currency FROM ledger ORDER BY id DESC LIMIT 1").fetch_optional(&db.readers).await?;
    if let Some(booked) = &booked
        && booked != currency.code()
    {
        return Err(Error::Currency { booked: booked.clone(), configured: currency.code().to_owned() });
    }
    let code = currency.code();
    let open = sqlx::query!(
            "SELECT id, currency FROM orders
             WHERE status IN ('pending_payment', 'payment_submitted', 'provisioning', 'needs_attention') AND currency <> ? LIMIT 1",
            code
        )
        .fetch_optional(&db.readers)
        .await?;
    if let Some(open) = open {
        let configured = currency.code().to_owned();
        return Err(Error::OpenOrder { order: open.id, ordered: open.currency, configured });
    }
    let known =
        sqlx::query_scalar!("SELECT value FROM bot_config WHERE key = ?", ZONE).fetch_optional(&db.readers).await?;
    let zone = db.zone.name();
    if known.as_deref() == Some(zone) {
        return Ok(false);
    }
    let mut tx = db.begin().await?;
    let moved = if booked.is_some() { move_days(&mut tx).await? } else { 0 };
    rebuild_days(&mut tx).await?;
    sqlx::query!(
        "INSERT INTO bot_config (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        ZONE,
        zone
    )
    .execute(tx.sql())
    .await?;
    tx.commit().await?;
    if known.is_some() {
        tracing::info!(zone, moved, "the shop's time zone was changed; revenue was put on its new days");
    }
    Ok(known.is_some())
}

/// Builds the roll-up anew if it is marked stale or does not fit the ledger of the last two
/// days; says whether it did.
pub async fn repair_revenue(db: &Db, now: Millis) -> Result<bool, Error> {
    if db::ledger::revenue::revenue_stale(db).await?.is_none() {
        if recent_days_fit(db, now).await? {
            return Ok(false);
        }
        tracing::error!("the revenue roll-up does not fit the ledger; it is built anew");
    }
    let mut tx = db.begin().await?;
    rebuild_days(&mut tx).await?;
    db::outbox::enqueue(&mut tx, &Effect::SyncDashboard {}, now, now).await?;
    tx.commit().await?;
    Ok(true)
}

async fn recent_days_fit(db: &Db, now: Millis) -> Result<bool, Error> {
    let today = db::ledger::revenue::shop_day(db, now);
    let (first, last) = (today.pred_opt().unwrap_or(today).to_string(), today.to_string());
    let row = sqlx::query!(
            r#"SELECT (SELECT COALESCE(sum(amount_minor), 0) FROM ledger WHERE day BETWEEN ?1 AND ?2) AS "ledger!: i64",
                      (SELECT COALESCE(sum(amount_minor), 0) FROM revenue_cache WHERE day BETWEEN ?1 AND ?2) AS "rolled_up!: i64""#,
            first,
            last
        )
        .fetch_one(&db.readers)
        .await?;
    Ok(row.ledger == row.rolled_up)
}

/// Compares the roll-up with the ledger, and the ledger with the orders and their payments.
pub async fn rebuild(db: &Db) -> Result<Recount, Error> {
    // One snapshot: a sale between two of these statements would look like a mistake.
    let mut tx = db.readers.begin_with("BEGIN DEFERRED").await?;
    let all = sqlx::query!(
        r#"SELECT count(*) AS "n!: i64", COALESCE(sum(amount_minor), 0) AS "minor!: i64" FROM ledger /* all of it */"#
    )
    .fetch_one(&mut *tx)
    .await?;
    let mut wrong = lines_that_differ(&mut tx).await?;
    wrong.extend(days_that_differ(&mut tx).await?);
    wrong.extend(orders_that_differ(&mut tx).await?);
    Ok(Recount { entries: db::unsigned(all.n), minor: all.minor, wrong })
}

async fn lines_that_differ(sql: &mut SqliteConnection) -> Result<Vec<Discrepancy>, Error> {
    type Line = (String, String, String, String);
    let mut lines: BTreeMap<Line, (Sum, Sum)> = BTreeMap::new();
    let ledger = sqlx::query!(
        r#"SELECT day, method_id, plan_id, source, sum(amount_minor) AS "minor!: i64",
                  sum(CASE kind WHEN 'payment' THEN 1 WHEN 'reversal' THEN -1 ELSE 0 END) AS "n!: i64"
           FROM ledger /* all of it */ GROUP BY day, method_id, plan_id, source"#
    )
    .fetch_all(&mut *sql)
    .await?;
    for row in ledger {
        lines.entry((row.day, row.method_id, row.plan_id, row.source)).or_default().0 =
            Sum { minor: row.minor, sales: row.n };
    }
    let rolled_up = sqlx::query!("SELECT day, method_id, plan_id, source, amount_minor, count FROM revenue_cache")
        .fetch_all(&mut *sql)
        .await?;
    for row in rolled_up {
        lines.entry((row.day, row.method_id, row.plan_id, row.source)).or_default().1 =
            Sum { minor: row.amount_minor, sales: row.count };
    }
    let differ = lines.into_iter().filter(|(_, (ledger, rolled_up))| ledger != rolled_up);
    let named = differ.map(|((day, method, plan, entered), (ledger, rolled_up))| Discrepancy::RollUp {
        day,
        method,
        plan,
        entered,
        rolled_up,
        ledger,
    });
    Ok(named.take(100).collect())
}

async fn days_that_differ(sql: &mut SqliteConnection) -> Result<Vec<Discrepancy>, Error> {
    let rows = sqlx::query!(
        r#"SELECT day AS "day!", sum(total) AS "total!: i64", sum(total_n) AS "total_n!: i64",
                  sum(lines) AS "lines!: i64", sum(lines_n) AS "lines_n!: i64"
           FROM (SELECT day, amount_minor AS total, count AS total_n, 0 AS lines, 0 AS lines_n FROM revenue_days
                 UNION ALL SELECT day, 0, 0, amount_minor, count FROM revenue_cache WHERE source = 'shop')
           GROUP BY day HAVING sum(total) <> sum(lines) OR sum(total_n) <> sum(lines_n) LIMIT 100"#
    )
    .fetch_all(&mut *sql)
    .await?;
    let named = rows.into_iter().map(|row| Discrepancy::Day {
        day: row.day,
        total: Sum { minor: row.total, sales: row.total_n },
        lines: Sum { minor: row.lines, sales: row.lines_n },
    });
    Ok(named.collect())
}

/// Every completed or reversed order was paid once with what was received; every reversed
/// one was taken back once; no other order is in the ledger.
async fn orders_that_differ(sql: &mut SqliteConnection) -> Result<Vec<Discrepancy>, Error> {
    let rows = sqlx::query!(
        r#"SELECT o.id, o.status, COALESCE(p.received_minor, 0) AS "received!: i64",
                  COALESCE((SELECT sum(l.amount_minor) FROM ledger l WHERE l.order_id = o.id AND l.kind = 'payment'), 0) AS "paid!: i64",
                  (SELECT count(*) FROM ledger l WHERE l.order_id = o.id AND l.kind = 'payment') AS "payments!: i64",
                  (SELECT count(*) FROM ledger l WHERE l.order_id = o.id AND l.kind = 'reversal') AS "reversals!: i64"
           FROM orders o /* all of it */ LEFT JOIN payments p ON p.order_id = o.id"#
    )
    .fetch_all(&mut *sql)
    .await?;
    let mut wrong = Vec::new();
    for row in rows {
        let (sold, reversed) = (matches!(row.status.as_str(), "completed" | "reversed"), row.status == "reversed");
        let problem = if row.payments != i64::from(sold) {
            format!("it is {} and has {} payments in the ledger", row.status, row.payments)
        } else if row.reversals != i64::from(reversed) {
            format!("it is {} and has {} reversals in the ledger", row.status, row.reversals)
        } else if sold && row.paid != row.received {
            format!("the ledger has {} minor units, the payment {}", row.paid, row.received)
        } else {
            continue;
        };
        let order = row.id.parse().map_err(|_| Error::Damaged { table: "orders", problem: row.id.clone() })?;
        wrong.push(Discrepancy::Order { order, problem });
        if wrong.len() == 100 {
            break;
        }
    }
    Ok(wrong)
}

/// Makes the roll-up anew from the ledger; it is to be trusted again.
async fn rebuild_days(tx: &mut WriteTx) -> Result<(), Error> {
    sqlx::query!("DELETE FROM revenue_cache").execute(tx.sql()).await?;
    sqlx::query!("DELETE FROM revenue_days").execute(tx.sql()).await?;
    sqlx::query!(
        "INSERT INTO revenue_cache (day, method_id, plan_id, source, amount_minor, count)
             SELECT day, method_id, plan_id, source, sum(amount_minor),
                    sum(CASE kind WHEN 'payment' THEN 1 WHEN 'reversal' THEN -1 ELSE 0 END)
             FROM ledger /* all of it */ GROUP BY day, method_id, plan_id, source"
    )
    .execute(tx.sql())
    .await?;
    sqlx::query!("DELETE FROM bot_config WHERE key = ?", STALE).execute(tx.sql()).await?;
    Ok(())
}

/// Puts every ledger entry on its day of the shop's zone; says how many were on another.
async fn move_days(tx: &mut WriteTx) -> Result<u64, Error> {
    let (mut after, mut moved) = (0, 0);
    loop {
        let page =
            sqlx::query!(r#"SELECT id AS "id!", at, day FROM ledger WHERE id > ? ORDER BY id LIMIT ?"#, after, PAGE)
                .fetch_all(tx.sql())
                .await?;
        let Some(last) = page.last() else { return Ok(moved) };
        after = last.id;
        for entry in page {
            let day = day_of(Millis(entry.at), tx.zone).to_string();
            if day != entry.day {
                sqlx::query!("UPDATE ledger SET day = ? WHERE id = ?", day, entry.id).execute(tx.sql()).await?;
                moved += 1;
            }
        }
    }
}
