//! The money: roll-up, ledger and orders agree, whatever happened and in whichever zone.

use std::time::Duration;

use proptest::prelude::*;
use tollkeeper::{
    db::{self, Db, NewOrder},
    domain::{
        Currency, Millis, OrderId, OrderState, UserId,
        order::CancelCause,
        revenue::{Period, Sum},
    },
};

use crate::world::World;

mod books;

use books::*;

fn period(text: &str) -> Period {
    text.parse().unwrap()
}

#[tokio::test]
async fn any_past_period_can_be_asked_for_by_method_and_plan() {
    let mut books = Books::open(CAIRO).await;
    let year_ago = Millis(NOON.0 - 366 * 86_400_000);
    for (plan, method, at) in [(0, 0, year_ago), (1, 0, NOON), (1, 1, NOON), (2, 1, NOON.plus_days(1))] {
        books.sell(plan, method, at).await;
    }
    let month = db::ledger::revenue::revenue(&books.db, period("2026-11")).await.unwrap();
    assert_eq!(month.total, Sum { minor: 95_050, sales: 3 });
    let named = |name: &str, minor, sales| (name.to_owned(), Sum { minor, sales });
    assert_eq!(month.by_method, [named("instapay", 70_050, 2), named("vodafone", 25_000, 1)]);
    assert_eq!(month.by_plan, [named("premium", 50_000, 2), named("pro", 45_050, 1)]);
    for (asked, minor) in [("2026-11-22", 50_000), ("2026-Q4", 95_050), ("2026", 95_050), ("2025", 10_000), ("2024", 0)]
    {
        assert_eq!(db::ledger::revenue::revenue(&books.db, period(asked)).await.unwrap().total.minor, minor, "{asked}");
    }
    let totals = db::ledger::dashboard::summary(&books.db, 2, 7, NOON).await.unwrap().totals;
    let sums = [totals.day, totals.month, totals.quarter, totals.year].map(|sum| (sum.minor, sum.sales));
    assert_eq!(sums, [(50_000, 2); 4], "tomorrow's sale is not in today's figures");
    let days = db::ledger::revenue::revenue_by_day(&books.db, period("2026-11-21..2026-11-23")).await.unwrap();
    assert_eq!(days.iter().map(|(_, sum)| sum.minor).collect::<Vec<_>>(), [0, 50_000, 45_050]);
    books.assert_agree(4, 105_050).await;
}

#[tokio::test]
async fn a_sale_stands_when_the_roll_up_fails_and_the_task_repairs_it() {
    let mut books = Books::open(CAIRO).await;
    books.sell(0, 0, NOON).await;
    let mut raw = books.raw().await;
    run(&mut raw, "CREATE TRIGGER broken BEFORE INSERT ON revenue_cache BEGIN SELECT RAISE(ABORT, 'broken'); END")
        .await;
    let order = books.sell(1, 1, NOON.plus(Duration::from_secs(1))).await;
    let sold = db::orders::order(&books.db, &order).await.unwrap().unwrap();
    assert!(matches!(sold.state, OrderState::Completed { .. }), "the sale stands");
    assert_eq!(db::ledger::revenue::revenue_stale(&books.db).await.unwrap(), Some(NOON.plus(Duration::from_secs(1))));
    let found = db::ledger::rebuild::rebuild(&books.db).await.unwrap();
    assert_eq!((found.entries, found.wrong.len()), (2, 1), "{:?}", found.wrong);
    assert!(
        db::ledger::rebuild::repair_revenue(&books.db, NOON).await.is_err(),
        "what is broken is not called repaired"
    );
    assert!(db::ledger::revenue::revenue_stale(&books.db).await.unwrap().is_some());
    run(&mut raw, "DROP TRIGGER broken").await;
    assert!(db::ledger::rebuild::repair_revenue(&books.db, NOON).await.unwrap());
    assert_eq!(db::ledger::revenue::revenue_stale(&books.db).await.unwrap(), None);
    books.assert_agree(2, 35_000).await;
    assert!(!db::ledger::rebuild::repair_revenue(&books.db, NOON).await.unwrap(), "nothing is left to repair");
}

#[tokio::test]
async fn a_roll_up_that_ends_the_whole_transaction_leaves_the_sale_to_be_done_again() {
    let mut books = Books::open(CAIRO).await;
    let order = books.submitted(0, 0, NOON).await;
    books.decide(&order, Decision::Approve, NOON).await;
    let mut raw = books.raw().await;
    run(&mut raw, "CREATE TRIGGER broken BEFORE INSERT ON revenue_cache BEGIN SELECT RAISE(ROLLBACK, 'broken'); END")
        .await;
    assert!(books.complete(&order, NOON).await.is_err());
    let state = db::orders::order(&books.db, &order).await.unwrap().unwrap().state;
    assert!(matches!(state, OrderState::Provisioning { .. }), "nothing is half done");
    run(&mut raw, "DROP TRIGGER broken").await;
    books.complete(&order, NOON).await.unwrap();
    books.assert_agree(1, 10_000).await;
}

#[tokio::test]
async fn a_roll_up_that_somebody_edited_is_noticed_and_built_anew() {
    let mut books = Books::open(CAIRO).await;
    books.sell(0, 0, NOON).await;
    run(&mut books.raw().await, "UPDATE revenue_cache SET amount_minor = 1").await;
    let found = db::ledger::rebuild::rebuild(&books.db).await.unwrap();
    assert_eq!(
        found.wrong[0].to_string(),
        "2026-11-22, method `vodafone`, plan `basic` (shop): the roll-up says 1 minor units (1 sales), the ledger 10000 minor units (1 sales)"
    );
    assert!(db::ledger::rebuild::repair_revenue(&books.db, NOON).await.unwrap());
    books.assert_agree(1, 10_000).await;
}

#[tokio::test]
async fn a_payment_that_is_not_in_the_ledger_is_named() {
    let mut books = Books::open(CAIRO).await;
    let order = books.sell(0, 0, NOON).await;
    run(&mut books.raw().await, "UPDATE payments SET received_minor = 7").await;
    let found = db::ledger::rebuild::rebuild(&books.db).await.unwrap();
    let says: Vec<_> = found.wrong.iter().map(ToString::to_string).collect();
    assert_eq!(says, [format!("order {order}: the ledger has 10000 minor units, the payment 7")]);
}

#[tokio::test]
async fn a_changed_time_zone_puts_every_sale_on_its_new_day() {
    let mut books = Books::open(CAIRO).await;
    // Half past midnight in Cairo, still yesterday in Lisbon.
    books.sell(0, 0, Millis(1_795_386_600_000)).await;
    assert_eq!(db::ledger::revenue::revenue(&books.db, period("2026-11-23")).await.unwrap().total.minor, 10_000);
    let books = books.again(chrono_tz::Europe::Lisbon).await;
    assert!(db::ledger::rebuild::settle_books(&books.db, egp()).await.unwrap());
    assert_eq!(db::ledger::revenue::revenue(&books.db, period("2026-11-22")).await.unwrap().total.minor, 10_000);
    assert_eq!(db::ledger::revenue::revenue(&books.db, period("2026-11-23")).await.unwrap().total.minor, 0);
    books.assert_agree(1, 10_000).await;
    assert!(!db::ledger::rebuild::settle_books(&books.db, egp()).await.unwrap(), "once");
}

#[tokio::test]
async fn another_currency_is_refused_only_when_money_was_booked() {
    let mut books = Books::open(CAIRO).await;
    let dollars = Currency::parse("USD").unwrap();
    db::ledger::rebuild::settle_books(&books.db, dollars).await.unwrap();
    books.sell(0, 0, NOON).await;
    let refused = db::ledger::rebuild::settle_books(&books.db, dollars).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the ledger holds amounts in EGP, so shop.currency cannot be USD: set it back to EGP, or begin a new shop with an empty data_dir"
    );
}

#[tokio::test]
async fn an_order_that_is_open_keeps_its_currency() {
    let world = World::new().await;
    world.customer("Mona").orders("Basic").await;
    world.settles().await;
    world.stop().await;
    let db = Db::open_read_only(&world.data_dir().join("tollkeeper.db"), CAIRO).await.unwrap();
    let refused =
        db::ledger::rebuild::settle_books(&db, Currency::parse("USD").unwrap()).await.unwrap_err().to_string();
    db.close().await;
    assert!(refused.contains("is open in EGP, so shop.currency cannot be USD"), "{refused}");
    world.start().await;
    world.finish().await;
}

#[tokio::test]
async fn running_and_ending_subscriptions_are_counted_without_looking_at_each() {
    let mut books = Books::open(CAIRO).await;
    for days in [0, 0, 10, 28] {
        books.sell(0, 0, NOON.plus_days(days)).await;
    }
    // They end on days 30, 30, 40 and 58.
    let hours = |days: u32, hours: u64| NOON.plus_days(days).plus(Duration::from_hours(hours));
    for (now, active, expiring) in [
        (NOON, 4, 0),
        (hours(22, 23), 4, 0),
        (hours(23, 0), 4, 2),
        (hours(29, 20), 4, 2),
        (Millis(NOON.plus_days(30).0 - 1), 4, 2),
        (hours(30, 0), 2, 0),
        (hours(33, 0), 2, 1),
        (hours(57, 23), 1, 1),
        (hours(58, 0), 0, 0),
    ] {
        let running = db::ledger::dashboard::summary(&books.db, 30, 7, now).await.unwrap().running;
        assert_eq!((running.active, running.expiring), (active, expiring), "at {now}");
        let mut raw = books.raw().await;
        let counted: i64 =
            sqlx::query_scalar("SELECT count(*) FROM subscriptions WHERE status = 'active' AND expires_at > ?")
                .bind(now.0)
                .fetch_one(&mut raw)
                .await
                .unwrap();
        assert_eq!(i64::try_from(active).unwrap(), counted, "at {now}");
    }
}

/// One customer's fate.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Cancelled,
    Declined,
    Waiting,
    Sold,
    /// Sold while the roll-up could not be written.
    SoldUnseen,
}

fn fates() -> impl Strategy<Value = Vec<(Fate, usize, usize, i64)>> {
    let fate = prop_oneof![
        1 => Just(Fate::Cancelled),
        1 => Just(Fate::Declined),
        1 => Just(Fate::Waiting),
        3 => Just(Fate::Sold),
        1 => Just(Fate::SoldUnseen),
    ];
    // Within eight days, so that days repeat.
    prop::collection::vec((fate, 0..PLANS.len(), 0..METHODS.len(), 0_i64..8 * 86_400_000), 1..14)
}

async fn live_through(history: Vec<(Fate, usize, usize, i64)>) {
    let mut books = Books::open(CAIRO).await;
    let (mut expected, mut sales, mut unseen) = (0, 0, false);
    for (fate, plan, method, offset) in history {
        let at = NOON.plus(Duration::from_millis(offset.unsigned_abs()));
        match fate {
            Fate::Cancelled => {
                books.sold += 1;
                let id = OrderId::from_random(books.sold);
                let new = NewOrder { id: id.clone(), customer: UserId(books.sold), ..new_order(plan) };
                db::orders::place_order(&books.db, new, at).await.unwrap();
                assert!(
                    db::orders::cancel(&books.db, &id, UserId(books.sold), CancelCause::Customer, at).await.unwrap()
                );
            }
            Fate::Declined => {
                let order = books.submitted(plan, method, at).await;
                books.decide(&order, Decision::Decline, at).await;
            }
            Fate::Waiting => {
                books.submitted(plan, method, at).await;
            }
            Fate::Sold => {
                books.sell(plan, method, at).await;
            }
            Fate::SoldUnseen => {
                let mut raw = books.raw().await;
                run(
                    &mut raw,
                    "CREATE TRIGGER broken BEFORE INSERT ON revenue_cache BEGIN SELECT RAISE(ABORT, 'x'); END",
                )
                .await;
                books.sell(plan, method, at).await;
                run(&mut raw, "DROP TRIGGER broken").await;
                unseen = true;
            }
        }
        if matches!(fate, Fate::Sold | Fate::SoldUnseen) {
            sales += 1;
            expected += PLANS[plan].1;
        }
    }
    assert_eq!(db::ledger::revenue::revenue_stale(&books.db).await.unwrap().is_some(), unseen);
    if unseen {
        assert!(db::ledger::rebuild::repair_revenue(&books.db, NOON).await.unwrap());
    }
    books.assert_agree(sales, expected).await;
    let year = db::ledger::revenue::revenue(&books.db, period("2026")).await.unwrap();
    let sold = i64::try_from(sales).unwrap();
    assert_eq!(year.total, Sum { minor: expected, sales: sold });
    let by_day = db::ledger::revenue::revenue_by_day(&books.db, period("2026")).await.unwrap();
    assert_eq!(by_day.iter().map(|(_, sum)| sum.minor).sum::<i64>(), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happened_the_money_agrees(history in fates()) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(live_through(history));
    }
}
