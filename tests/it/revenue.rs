//! The money: roll-up, ledger and orders agree, whatever happened and in whichever zone.

use std::{path::Path, time::Duration};

use proptest::prelude::*;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tollkeeper::{
    db::{
        Db, NewOrder, Ordered,
        review::{Decided, Identity, Times},
        sessions::{Action, NewSession},
        submissions::{Proof, ProofSource, Submitted},
        subscriptions::Provisioned,
    },
    domain::{
        Currency, Millis, Money, OrderId, OrderState, UserId,
        button::Token,
        grants::{Expiry, Filled},
        order::{CancelCause, MethodSnapshot, PlanSnapshot},
        picture::Told,
        revenue::{Period, Sum},
        shop::ReferencePolicy,
    },
};

use crate::world::World;

const DAY: Duration = Duration::from_hours(24);
const CAIRO: chrono_tz::Tz = chrono_tz::Africa::Cairo;
/// 22 November 2026, noon in Cairo.
const NOON: Millis = Millis(1_795_341_600_000);
const PLANS: [(&str, i64); 3] = [("basic", 10_000), ("premium", 25_000), ("pro", 45_050)];
const METHODS: [&str; 2] = ["vodafone", "instapay"];

fn egp() -> Currency {
    Currency::parse("EGP").unwrap()
}

/// A shop's books in a folder of their own.
struct Books {
    folder: tempfile::TempDir,
    db: Db,
    sold: u64,
}

impl Books {
    async fn open(zone: chrono_tz::Tz) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("tollkeeper.db"), zone).await.unwrap();
        db.settle_books(egp()).await.unwrap();
        Self { folder, db, sold: 0 }
    }

    /// The same shop opened again, perhaps in another zone.
    async fn again(self, zone: chrono_tz::Tz) -> Self {
        self.db.close().await;
        let db = Db::open(&self.folder.path().join("tollkeeper.db"), zone).await.unwrap();
        Self { db, ..self }
    }

    /// A connection past all of our code.
    async fn raw(&self) -> SqliteConnection {
        raw(self.folder.path()).await
    }

    /// An order of one more customer, with a proof under review.
    async fn submitted(&mut self, plan: usize, method: usize, at: Millis) -> OrderId {
        self.sold += 1;
        let (customer, id) = (UserId(self.sold), OrderId::from_random(self.sold));
        let new = NewOrder { id: id.clone(), customer, ..new_order(plan) };
        assert!(matches!(self.db.place_order(new, at).await.unwrap(), Ordered::Made(_)));
        assert!(self.db.choose_method(&id, &snapshot(method), at).await.unwrap());
        let sent = self.db.submit_proof(&id, customer, &ProofSource::Message(self.sold), &proof(self.sold), at).await;
        assert!(matches!(sent.unwrap(), Submitted::Accepted(_)));
        id
    }

    /// Decides about an order under review.
    async fn decide(&self, order: &OrderId, action: Action, at: Millis) {
        let submission = self.db.latest_submission(order).await.unwrap().unwrap();
        let admin = UserId(9);
        let token = Token::from_random(submission.0.to_le_bytes().repeat(2).try_into().unwrap());
        let new = NewSession {
            token: &token,
            admin,
            action,
            subject: submission.to_string(),
            reason: None,
            ttl: Duration::from_mins(5),
        };
        self.db.open_session(new, at).await.unwrap();
        let session = self.db.session(&token, admin, at).await.unwrap().unwrap();
        let decided = match action {
            Action::Approve => {
                let identity = Identity {
                    uuid: uuid::Uuid::from_u128(u128::from(self.sold)),
                    sub_id: order.to_string(),
                    inbound_id: 1,
                };
                self.db.approve(&session, &identity, at).await.unwrap()
            }
            Action::Decline => self.db.decline(&session, Times { lapse: DAY, ticket_stays: DAY }, at).await.unwrap(),
            other => unreachable!("{other:?} is decided elsewhere"),
        };
        assert_eq!(decided, Decided::Done(order.clone()));
    }

    /// Completes an approved order, as the outbox does once the panel has been read back.
    async fn complete(&self, order: &OrderId, at: Millis) -> Result<(), tollkeeper::db::Error> {
        let state = self.db.order(order).await.unwrap().unwrap();
        assert!(matches!(state.state, OrderState::Provisioning { .. }));
        let sub = self.db.subscription(state.subscription.unwrap()).await.unwrap().unwrap();
        let heads = self.db.heads("test", at).await.unwrap();
        let head = heads.iter().find(|head| head.lane == "panel:main").unwrap();
        let claim = self.db.claim(head.id, "test", at).await.unwrap().unwrap();
        let grant = self.db.next_grant(sub.id).await.unwrap().unwrap();
        let filled =
            Filled { base: at, expiry: Expiry::At(at.plus_days(grant.days)), quota: grant.bytes, used_before: 0 };
        let done = Provisioned { grant: &grant, filled, link: "vless://x", ticket_stays: Duration::from_hours(24) };
        let completed = self.db.complete(&claim, &sub, done, at).await;
        if completed.is_err() {
            self.db.release(&claim, "the test says so").await.unwrap();
        }
        completed
    }

    /// A whole sale.
    async fn sell(&mut self, plan: usize, method: usize, at: Millis) -> OrderId {
        let order = self.submitted(plan, method, at).await;
        self.decide(&order, Action::Approve, at).await;
        self.complete(&order, at).await.unwrap();
        order
    }

    async fn assert_agree(&self, sales: u64, minor: i64) {
        let found = self.db.recount().await.unwrap();
        assert_eq!(found.wrong, Vec::new());
        assert_eq!((found.entries, found.minor), (sales, minor));
    }
}

async fn raw(folder: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(folder.join("tollkeeper.db"));
    SqliteConnection::connect_with(&options).await.unwrap()
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

fn new_order(plan: usize) -> NewOrder {
    let (id, minor) = PLANS[plan];
    NewOrder {
        id: OrderId::from_random(0),
        customer: UserId(0),
        name: "Mona".into(),
        locale: "en".into(),
        joined_at: None,
        plan: PlanSnapshot {
            id: id.into(),
            name: id.into(),
            duration_days: 30,
            quota_bytes: 50 << 30,
            price: Money::new(minor, egp()),
            panel: "main".into(),
        },
        attempts: 3,
        lapse: Duration::from_hours(24),
        limit: None,
    }
}

fn snapshot(method: usize) -> MethodSnapshot {
    MethodSnapshot {
        id: METHODS[method].into(),
        name: METHODS[method].into(),
        account: "0100".into(),
        holder: "Shop".into(),
        instructions: String::new(),
        reference: ReferencePolicy::Off,
    }
}

fn proof(number: u64) -> Proof {
    let hash = format!("{number:064x}");
    Proof {
        pixel_hash: hash.clone(),
        hash,
        format: "png".into(),
        width: 300,
        height: 300,
        size: 1000,
        told: Told::default(),
    }
}

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
    let month = books.db.revenue(period("2026-11")).await.unwrap();
    assert_eq!(month.total, Sum { minor: 95_050, sales: 3 });
    let named = |name: &str, minor, sales| (name.to_owned(), Sum { minor, sales });
    assert_eq!(month.by_method, [named("instapay", 70_050, 2), named("vodafone", 25_000, 1)]);
    assert_eq!(month.by_plan, [named("premium", 50_000, 2), named("pro", 45_050, 1)]);
    for (asked, minor) in [("2026-11-22", 50_000), ("2026-Q4", 95_050), ("2026", 95_050), ("2025", 10_000), ("2024", 0)]
    {
        assert_eq!(books.db.revenue(period(asked)).await.unwrap().total.minor, minor, "{asked}");
    }
    let totals = books.db.glance(2, 7, NOON).await.unwrap().totals;
    let sums = [totals.day, totals.month, totals.quarter, totals.year].map(|sum| (sum.minor, sum.sales));
    assert_eq!(sums, [(50_000, 2); 4], "tomorrow's sale is not in today's figures");
    let days = books.db.revenue_by_day(period("2026-11-21..2026-11-23")).await.unwrap();
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
    let sold = books.db.order(&order).await.unwrap().unwrap();
    assert!(matches!(sold.state, OrderState::Completed { .. }), "the sale stands");
    assert_eq!(books.db.revenue_stale().await.unwrap(), Some(NOON.plus(Duration::from_secs(1))));
    let found = books.db.recount().await.unwrap();
    assert_eq!((found.entries, found.wrong.len()), (2, 1), "{:?}", found.wrong);
    assert!(books.db.repair_revenue(NOON).await.is_err(), "what is broken is not called repaired");
    assert!(books.db.revenue_stale().await.unwrap().is_some());
    run(&mut raw, "DROP TRIGGER broken").await;
    assert!(books.db.repair_revenue(NOON).await.unwrap());
    assert_eq!(books.db.revenue_stale().await.unwrap(), None);
    books.assert_agree(2, 35_000).await;
    assert!(!books.db.repair_revenue(NOON).await.unwrap(), "nothing is left to repair");
}

#[tokio::test]
async fn a_roll_up_that_ends_the_whole_transaction_leaves_the_sale_to_be_done_again() {
    let mut books = Books::open(CAIRO).await;
    let order = books.submitted(0, 0, NOON).await;
    books.decide(&order, Action::Approve, NOON).await;
    let mut raw = books.raw().await;
    run(&mut raw, "CREATE TRIGGER broken BEFORE INSERT ON revenue_cache BEGIN SELECT RAISE(ROLLBACK, 'broken'); END")
        .await;
    assert!(books.complete(&order, NOON).await.is_err());
    let state = books.db.order(&order).await.unwrap().unwrap().state;
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
    let found = books.db.recount().await.unwrap();
    assert_eq!(
        found.wrong[0].to_string(),
        "2026-11-22, method `vodafone`, plan `basic` (shop): the roll-up says 1 minor units (1 sales), the ledger 10000 minor units (1 sales)"
    );
    assert!(books.db.repair_revenue(NOON).await.unwrap());
    books.assert_agree(1, 10_000).await;
}

#[tokio::test]
async fn a_payment_that_is_not_in_the_ledger_is_named() {
    let mut books = Books::open(CAIRO).await;
    let order = books.sell(0, 0, NOON).await;
    run(&mut books.raw().await, "UPDATE payments SET received_minor = 7").await;
    let found = books.db.recount().await.unwrap();
    let says: Vec<_> = found.wrong.iter().map(ToString::to_string).collect();
    assert_eq!(says, [format!("order {order}: the ledger has 10000 minor units, the payment 7")]);
}

#[tokio::test]
async fn a_changed_time_zone_puts_every_sale_on_its_new_day() {
    let mut books = Books::open(CAIRO).await;
    // Half past midnight in Cairo, still yesterday in Lisbon.
    books.sell(0, 0, Millis(1_795_386_600_000)).await;
    assert_eq!(books.db.revenue(period("2026-11-23")).await.unwrap().total.minor, 10_000);
    let books = books.again(chrono_tz::Europe::Lisbon).await;
    assert!(books.db.settle_books(egp()).await.unwrap());
    assert_eq!(books.db.revenue(period("2026-11-22")).await.unwrap().total.minor, 10_000);
    assert_eq!(books.db.revenue(period("2026-11-23")).await.unwrap().total.minor, 0);
    books.assert_agree(1, 10_000).await;
    assert!(!books.db.settle_books(egp()).await.unwrap(), "once");
}

#[tokio::test]
async fn another_currency_is_refused_only_when_money_was_booked() {
    let mut books = Books::open(CAIRO).await;
    let dollars = Currency::parse("USD").unwrap();
    books.db.settle_books(dollars).await.unwrap();
    books.sell(0, 0, NOON).await;
    let refused = books.db.settle_books(dollars).await.unwrap_err();
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
    let db = Db::look(&world.data_dir().join("tollkeeper.db"), CAIRO).await.unwrap();
    let refused = db.settle_books(Currency::parse("USD").unwrap()).await.unwrap_err().to_string();
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
    for (day, active, expiring) in [(0, 4, 0), (23, 4, 2), (29, 4, 2), (30, 2, 0), (33, 2, 1), (57, 1, 1), (58, 0, 0)] {
        let now = NOON.plus_days(day);
        let running = books.db.glance(30, 7, now).await.unwrap().running;
        assert_eq!((running.active, running.expiring), (active, expiring), "day {day}");
        let mut raw = books.raw().await;
        let counted: i64 =
            sqlx::query_scalar("SELECT count(*) FROM subscriptions WHERE status = 'active' AND expires_at > ?")
                .bind(now.0)
                .fetch_one(&mut raw)
                .await
                .unwrap();
        assert_eq!(i64::try_from(active).unwrap(), counted, "day {day}");
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
                books.db.place_order(new, at).await.unwrap();
                assert!(books.db.cancel(&id, UserId(books.sold), CancelCause::Customer, at).await.unwrap());
            }
            Fate::Declined => {
                let order = books.submitted(plan, method, at).await;
                books.decide(&order, Action::Decline, at).await;
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
    assert_eq!(books.db.revenue_stale().await.unwrap().is_some(), unseen);
    if unseen {
        assert!(books.db.repair_revenue(NOON).await.unwrap());
    }
    books.assert_agree(sales, expected).await;
    let year = books.db.revenue(period("2026")).await.unwrap();
    let sold = i64::try_from(sales).unwrap();
    assert_eq!(year.total, Sum { minor: expected, sales: sold });
    let by_day = books.db.revenue_by_day(period("2026")).await.unwrap();
    assert_eq!(by_day.iter().map(|(_, sum)| sum.minor).sum::<i64>(), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happened_the_money_agrees(history in fates()) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(live_through(history));
    }
}
