//! What one account can cause in a day, computed from the limits as they are by default.

use std::time::Duration;

use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tollkeeper::{
    db::{self, Db, NewOrder, Ordered},
    domain::{
        Currency, Millis, Money, OrderId, UserId,
        limits::Limit,
        order::{CancelCause, PlanSnapshot},
    },
    limits::written_of,
};

const NOW: Millis = Millis(1_800_000_000_000);
const DAY: u64 = 24 * 60 * 60;
const MONA: UserId = UserId(7);
/// What a client can press in a day that is limited by nothing of ours: one thing each second.
const PRESSES: u64 = DAY;
/// A line of the log as JSON with its time, place and span; the longest of those below has 400 bytes.
const LINE: u64 = 512;

/// How often something can be done in a day: what is free at the beginning, and what frees itself.
fn times(limit: Limit) -> u64 {
    match limit {
        Limit::Off => PRESSES,
        Limit::Times { count, per } => {
            let count = u64::from(count.get());
            count + count * DAY / per.as_secs().max(1)
        }
    }
}

/// Orders that one customer places and cancels, and what of it stays in the database, in bytes.
async fn ordered_and_cancelled(orders: u64, refusals: u64) -> (i64, u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tollkeeper.db");
    let db = Db::open(&path, chrono_tz::Africa::Cairo).await.unwrap();
    let size = async || {
        let mut raw = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await.unwrap();
        let bytes: i64 = sqlx::query_scalar(
            "SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)",
        )
        .fetch_one(&mut raw)
        .await
        .unwrap();
        let rows: i64 = sqlx::query_scalar("SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM audit_logs)")
            .fetch_one(&mut raw)
            .await
            .unwrap();
        raw.close().await.unwrap();
        (rows, u64::try_from(bytes).unwrap())
    };
    let (_, before) = size().await;
    let plan = PlanSnapshot {
        id: "basic".into(),
        name: "B".repeat(80),
        duration_days: 30,
        quota_bytes: 50 << 30,
        price: Money::new(10_000, Currency::parse("EGP").unwrap()),
        panel: "main".into(),
    };
    for number in 0..orders {
        let new = NewOrder {
            id: OrderId::from_random(number),
            customer: MONA,
            name: "م".repeat(32),
            locale: "en".into(),
            joined_at: None,
            plan: plan.clone(),
            attempts: 3,
            lapse: Duration::from_hours(24),
            limit: None,
        };
        let Ordered::Made(order) = db::orders::place_order(&db, new, NOW).await.unwrap() else {
            unreachable!("no order was made")
        };
        assert!(db::orders::cancel(&db, &order.id, MONA, CancelCause::Customer, NOW).await.unwrap());
    }
    for times in 0..refusals {
        db::audit::audit_refusal(&db, MONA, "order.cancel_confirmed", "0123456789".into(), "none", times, NOW)
            .await
            .unwrap();
    }
    let (rows, after) = size().await;
    db.close().await;
    (rows, after - before)
}

#[tokio::test]
async fn what_one_account_can_cause_in_a_day_is_little() {
    let operator = crate::config::Operator::with_the_example();
    let limits = operator.loads().unwrap().limits;
    let (orders, proofs, admin) = (times(limits.order), times(limits.proof), times(limits.admin));
    let refusals = written_of(admin + PRESSES);
    let lines = [
        ("an order was placed", written_of(orders)),
        ("a ticket's channel is gone", written_of(orders)),
        ("refused: too often", written_of(PRESSES)),
        ("refused: a button that is none of ours", written_of(PRESSES)),
        ("refused: for lack of power", refusals),
        ("a proof was not fetched", written_of(proofs)),
    ];
    let (rows, bytes) = ordered_and_cancelled(orders, refusals).await;
    let all: u64 = lines.iter().map(|(_, lines)| lines).sum();
    let total = bytes + all * LINE;
    println!("One account, one day:");
    println!("  {orders} orders, each with one channel, of which one is there at a time");
    println!("  {rows} rows that stay, {bytes} bytes in the database");
    for (what, lines) in lines {
        println!("  {lines} lines: {what}");
    }
    println!("  {all} lines in all; {total} bytes with them");
    assert!(all <= 50, "{all} lines");
    assert!(total <= 1_000_000, "{total} bytes");
}
