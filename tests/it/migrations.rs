//! A shop that was set up with the first version of the tables goes on with this one.

use std::{path::Path, time::Duration};

use sqlx::{Connection as _, SqliteConnection, migrate::Migrator, sqlite::SqliteConnectOptions};
use tollkeeper::{
    db::{self, Db, access::completion::Provisioned},
    domain::{
        Currency, Millis, OrderId, OrderStatus,
        grants::{Expiry, Filled},
        revenue::Sum,
    },
};

/// A day after the last of the old rows.
const NOW: Millis = Millis(1_760_120_000_000);

/// Makes a database of the first version, with an order in each state.
async fn first_version(folder: &Path) {
    let migrations = folder.join("migrations");
    std::fs::create_dir(&migrations).unwrap();
    std::fs::write(migrations.join("0001_shop.sql"), include_str!("../../migrations/0001_shop.sql")).unwrap();
    let options = SqliteConnectOptions::new().filename(folder.join("tollkeeper.db")).create_if_missing(true);
    let mut sql = SqliteConnection::connect_with(&options).await.unwrap();
    Migrator::new(migrations).await.unwrap().run(&mut sql).await.unwrap();
    sqlx::raw_sql(include_str!("../migrations/0001.sql")).execute(&mut sql).await.unwrap();
    sql.close().await.unwrap();
}

#[tokio::test]
async fn what_the_first_version_wrote_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    first_version(folder.path()).await;
    let db = Db::open(&folder.path().join("tollkeeper.db"), chrono_tz::Africa::Cairo).await.unwrap();
    db::ledger::rebuild::settle_books(&db, Currency::parse("EGP").unwrap()).await.unwrap();

    let id = |number: u64| format!("{number:010}").parse::<OrderId>().unwrap();
    let counted: Vec<_> = db::ledger::revenue::orders_by_status(&db).await.unwrap();
    assert!(counted.iter().all(|(_, n)| *n == 1) && counted.len() == OrderStatus::ALL.len(), "{counted:?}");
    let states = [
        OrderStatus::PendingPayment,
        OrderStatus::PaymentSubmitted,
        OrderStatus::Provisioning,
        OrderStatus::NeedsAttention,
        OrderStatus::Completed,
        OrderStatus::Declined,
        OrderStatus::Cancelled,
        OrderStatus::Expired,
        OrderStatus::Reversed,
    ];
    for (number, status) in (1..).zip(states) {
        let order = db::orders::order(&db, &id(number)).await.unwrap().unwrap();
        assert_eq!(order.status(), status);
        assert_eq!(
            db::payments::submissions::latest_submission(&db, &order.id).await.unwrap().is_some(),
            (2..=6).contains(&number) || number == 9
        );
    }
    db::audit::verify_audit(&db).await.unwrap().expect("the chain is whole");
    let books = db::ledger::rebuild::rebuild(&db).await.unwrap();
    assert_eq!((books.wrong, books.entries, books.minor), (Vec::new(), 3, 10_000));
    let sold = db::ledger::revenue::revenue(&db, "2025-10-09".parse().unwrap()).await.unwrap();
    assert_eq!(
        (sold.total, sold.by_plan),
        (Sum { minor: 10_000, sales: 1 }, vec![("basic".to_owned(), Sum { minor: 10_000, sales: 1 })])
    );

    // The sale that was in hand is finished.
    let order = db::orders::order(&db, &id(3)).await.unwrap().unwrap();
    let sub = db::access::subscriptions::subscription(&db, order.subscription.unwrap()).await.unwrap().unwrap();
    let heads = db::outbox::heads(&db, "test", NOW).await.unwrap();
    let head = heads.iter().find(|head| head.lane == "panel:main").unwrap();
    let claim = db::outbox::claim(&db, &[head.id], "test", NOW).await.unwrap().remove(0);
    let grant = db::access::grants::next_grant(&db, sub.id).await.unwrap().unwrap();
    let expiry = Expiry::At(NOW.plus_days(grant.days));
    let filled = Filled { base: NOW, expiry, quota: grant.bytes, used_before: 0 };
    let done =
        Provisioned { grant: &grant, filled, inbound: 1, link: "vless://x", ticket_stays: Duration::from_hours(24) };
    db::access::completion::complete(&db, &claim, &sub, done, NOW).await.unwrap();
    assert_eq!(db::orders::order(&db, &id(3)).await.unwrap().unwrap().status(), OrderStatus::Completed);
    let books = db::ledger::rebuild::rebuild(&db).await.unwrap();
    assert_eq!((books.wrong, books.minor), (Vec::new(), 20_000));
    db::audit::verify_audit(&db).await.unwrap().expect("the chain is whole");
    db.close().await;
}
