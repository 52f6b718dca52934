//! The database's own promises: arrows, append-only tables, plans, the audit chain.

use std::path::Path;

use sqlx::{Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};
use tollkeeper::{
    db::{self, Db, NewOrder, Ordered},
    domain::{Currency, Millis, Money, OrderId, OrderStatus, UserId, order::CancelCause, order::PlanSnapshot},
};

const NOW: Millis = Millis(1_800_000_000_000);

async fn fresh(folder: &Path) -> Db {
    Db::open(&folder.join("tollkeeper.db"), chrono_tz::Africa::Cairo).await.unwrap()
}

/// A connection past all of our code, as somebody with the file has it.
async fn raw(folder: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(folder.join("tollkeeper.db")).foreign_keys(false);
    SqliteConnection::connect_with(&options).await.unwrap()
}

fn order(number: u64, customer: u64) -> NewOrder {
    let price = Money::new(10_000, Currency::parse("EGP").unwrap());
    let plan = PlanSnapshot {
        id: "basic".into(),
        name: "Basic".into(),
        duration_days: 30,
        quota_bytes: 50 << 30,
        price,
        panel: "main".into(),
    };
    NewOrder {
        id: OrderId::from_random(number),
        customer: UserId(customer),
        name: "Mona".into(),
        locale: "en".into(),
        joined_at: None,
        plan,
        attempts: 3,
        lapse: std::time::Duration::from_hours(24),
        limit: None,
    }
}

#[tokio::test]
async fn the_trigger_and_the_rules_know_the_same_arrows() {
    let folder = tempfile::tempdir().unwrap();
    let db = fresh(folder.path()).await;
    let Ordered::Made(made) = db::orders::place_order(&db, order(1, 1), NOW).await.unwrap() else { panic!("not made") };
    let mut raw = raw(folder.path()).await;
    let mut arrows = 0;
    for from in OrderStatus::ALL {
        for to in OrderStatus::ALL.into_iter().filter(|to| *to != from) {
            // Put the row into `from` past the trigger, then try the arrow with it.
            let mut tx = raw.begin().await.unwrap();
            sqlx::query("DROP TRIGGER orders_arrows").execute(&mut *tx).await.unwrap();
            set(&mut tx, made.id.as_str(), from).await.unwrap();
            let trigger = include_str!("../../migrations/0001_schema.sql");
            let start = trigger.find("CREATE TRIGGER orders_arrows").unwrap();
            let end = start + trigger[start..].find("END;").unwrap() + 4;
            sqlx::query(sqlx::AssertSqlSafe(&trigger[start..end])).execute(&mut *tx).await.unwrap();
            let allowed = set(&mut tx, made.id.as_str(), to).await.is_ok();
            assert_eq!(allowed, from.arrows().contains(&to), "{from} → {to}");
            arrows += usize::from(allowed);
            tx.rollback().await.unwrap();
        }
    }
    assert_eq!(arrows, 14, "the design's list of arrows");
}

async fn set(connection: &mut SqliteConnection, id: &str, status: OrderStatus) -> sqlx::Result<()> {
    sqlx::query("UPDATE orders SET status = ? WHERE id = ?")
        .bind(status.as_str())
        .bind(id)
        .execute(connection)
        .await
        .map(drop)
}

#[tokio::test]
async fn what_was_committed_moves_into_the_file_while_somebody_reads_and_writes() {
    let folder = tempfile::tempdir().unwrap();
    let db = fresh(folder.path()).await;
    db::orders::place_order(&db, order(1, 1), NOW).await.unwrap();
    let mut reader = raw(folder.path()).await;
    let mut past = reader.begin().await.unwrap();
    assert_eq!(orders(&mut past).await, 1);
    db::orders::place_order(&db, order(2, 2), NOW).await.unwrap();
    assert!(!db.checkpoint_wal().await.unwrap(), "what somebody reads stays as it is");
    assert_eq!(orders(&mut past).await, 1);
    past.rollback().await.unwrap();
    assert!(db.checkpoint_wal().await.unwrap());
    // The file alone, without its log, as a copy in the middle of the day has it.
    let alone = tempfile::tempdir().unwrap();
    std::fs::copy(folder.path().join("tollkeeper.db"), alone.path().join("tollkeeper.db")).unwrap();
    assert_eq!(orders(&mut raw(alone.path()).await).await, 2);
    db::orders::place_order(&db, order(3, 3), NOW).await.unwrap();
    assert_eq!(orders(&mut reader).await, 3);
}

async fn orders(connection: &mut SqliteConnection) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn nothing_is_taken_out_of_audit_ledger_and_orders() {
    let folder = tempfile::tempdir().unwrap();
    let db = fresh(folder.path()).await;
    db::orders::place_order(&db, order(1, 1), NOW).await.unwrap();
    let mut raw = raw(folder.path()).await;
    for statement in [
        "UPDATE audit_logs SET actor_id = 2",
        "DELETE FROM audit_logs",
        "INSERT OR REPLACE INTO audit_logs SELECT id, at, 9, action, target, payload, session, prev_hash, hash FROM audit_logs",
        "DELETE FROM orders",
    ] {
        sqlx::query("PRAGMA recursive_triggers = ON").execute(&mut raw).await.unwrap();
        let refused = sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut raw).await;
        assert!(refused.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn the_audit_chain_names_the_first_bad_row() {
    let folder = tempfile::tempdir().unwrap();
    let db = fresh(folder.path()).await;
    for number in 1..=4 {
        db::orders::place_order(&db, order(number, number), NOW).await.unwrap();
    }
    let (entries, _) = db::audit::verify_audit(&db).await.unwrap().unwrap();
    assert_eq!(entries, 4);
    for (tamper, says) in [
        ("UPDATE audit_logs SET payload = '{}' WHERE id = 2", "entry 2 was changed after it was written"),
        ("DELETE FROM audit_logs WHERE id = 3", "entry 3 is missing: the next one is 4"),
        ("UPDATE audit_logs SET prev_hash = hash WHERE id = 2", "entry 2 does not follow the entry before it"),
    ] {
        let copy = tempfile::tempdir().unwrap();
        let into = copy.path().join("tollkeeper.db");
        let mut raw = raw(folder.path()).await;
        sqlx::query("VACUUM INTO ?").bind(into.to_str().unwrap()).execute(&mut raw).await.unwrap();
        let mut raw = self::raw(copy.path()).await;
        for trigger in ["audit_no_update", "audit_no_delete"] {
            sqlx::query(sqlx::AssertSqlSafe(format!("DROP TRIGGER {trigger}"))).execute(&mut raw).await.unwrap();
        }
        sqlx::query(sqlx::AssertSqlSafe(tamper)).execute(&mut raw).await.unwrap();
        raw.close().await.unwrap();
        let problem = db::audit::verify_audit(&fresh(copy.path()).await).await.unwrap().unwrap_err();
        assert_eq!(problem.to_string(), says);
    }
}

#[tokio::test]
async fn two_clicks_at_once_make_one_order() {
    let folder = tempfile::tempdir().unwrap();
    let db = fresh(folder.path()).await;
    let (one, two) =
        tokio::join!(db::orders::place_order(&db, order(1, 7), NOW), db::orders::place_order(&db, order(2, 7), NOW));
    let made = [one.unwrap(), two.unwrap()];
    assert_eq!(made.iter().filter(|made| matches!(made, Ordered::Made(_))).count(), 1);
    assert_eq!(made.iter().filter(|made| matches!(made, Ordered::Open(_))).count(), 1);
}

#[tokio::test]
async fn an_order_that_we_had_to_cancel_does_not_count_against_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let db = fresh(folder.path()).await;
    let limited = |number| NewOrder { limit: Some((1, std::time::Duration::from_mins(10))), ..order(number, 7) };
    db::orders::place_order(&db, limited(1), NOW).await.unwrap();
    assert!(db::orders::cancel(&db, &OrderId::from_random(1), UserId(0), CancelCause::NoRoom, NOW).await.unwrap());
    assert!(matches!(db::orders::place_order(&db, limited(2), NOW).await.unwrap(), Ordered::Made(_)));
    assert!(db::orders::cancel(&db, &OrderId::from_random(2), UserId(7), CancelCause::Customer, NOW).await.unwrap());
    let Ordered::Limited { until } = db::orders::place_order(&db, limited(3), NOW).await.unwrap() else {
        panic!("not limited")
    };
    assert_eq!(until, Millis(NOW.0 + 600_000));
    assert!(matches!(db::orders::place_order(&db, limited(3), until).await.unwrap(), Ordered::Made(_)));
}

/// Tables that grow with the shop; a statement that scans one gets slower every month.
const GROWING: [&str; 10] = [
    "users",
    "orders",
    "payments",
    "payment_submissions",
    "proof_hashes",
    "subscriptions",
    "grants",
    "ledger",
    "audit_logs",
    "bot_messages",
];

#[tokio::test]
async fn every_statement_fits_the_schema_and_scans_no_growing_table() {
    let folder = tempfile::tempdir().unwrap();
    drop(fresh(folder.path()).await);
    let mut raw = raw(folder.path()).await;
    let mut checked = 0;
    let quoted = regex::Regex::new(r#""[^"]*"|'[^']*'"#).unwrap();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx")).unwrap() {
        let stored: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
        let sql = stored["query"].as_str().unwrap().to_owned();
        compare(&mut raw, &stored, &sql).await;
        // Beside a `?1` the driver gives a plain `?` the arguments from the first one on again.
        let bare = quoted.replace_all(&sql, "").into_owned();
        let numbered =
            bare.match_indices('?').filter(|(at, _)| bare[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
        let numbered = numbered.count();
        assert!(numbered == 0 || numbered == bare.matches('?').count(), "`?1` and `?` in one statement: {sql}");
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).fetch_all(&mut raw).await;
        let steps: Vec<String> =
            plan.unwrap_or_else(|error| panic!("{sql}\n{error}")).iter().map(|row| row.get("detail")).collect();
        // The first row of a table in its own order is found without a walk.
        // The few that look at everything on purpose say so.
        if sql.contains("/* all of it */") {
            continue;
        }
        let first_only = sql.ends_with("LIMIT 1") && !steps.iter().any(|step| step.contains("TEMP B-TREE"));
        for step in steps.into_iter().filter(|_| !first_only) {
            let aliases = aliases(&sql);
            let scans = GROWING.iter().any(|table| {
                aliases.iter().filter(|(of, _)| of == table).any(|(_, alias)| {
                    step == format!("SCAN {alias}") || step.starts_with(&format!("SCAN {alias} USING COVERING"))
                })
            });
            assert!(!scans, "{step}\n{sql}");
        }
        checked += 1;
    }
    assert!(checked > 80, "only {checked} statements were found");
}

/// Columns and their nullability are what the committed description says.
async fn compare(raw: &mut SqliteConnection, stored: &serde_json::Value, sql: &str) {
    use sqlx::{Executor, SqlSafeStr};
    let described = raw.describe(sqlx::AssertSqlSafe(sql.to_owned()).into_sql_str()).await.unwrap();
    let names: Vec<_> = described.columns().iter().map(|column| sqlx::Column::name(column).to_owned()).collect();
    let columns = stored["describe"]["columns"].as_array().unwrap();
    let expected: Vec<_> = columns.iter().map(|column| column["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, expected, "{sql}");
    // SQLite does not always know; where both know, they agree.
    for (index, nullable) in stored["describe"]["nullable"].as_array().unwrap().iter().enumerate() {
        if let (Some(now), Some(then)) = (described.nullable(index), nullable.as_bool()) {
            assert_eq!(now, then, "nullability of column {index}\n{sql}");
        }
    }
}

/// Each table of a statement with the name it goes by in the plan.
fn aliases(sql: &str) -> Vec<(String, String)> {
    let words: Vec<_> =
        sql.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if !GROWING.contains(word) {
            continue;
        }
        found.push(((*word).to_owned(), (*word).to_owned()));
        if let Some(alias) = words.get(at + 1).filter(|next| next.len() == 1) {
            found.push(((*word).to_owned(), (*alias).to_owned()));
        }
    }
    found
}
