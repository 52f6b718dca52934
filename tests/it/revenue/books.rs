//! A shop's books without the shop: orders, decisions and sales straight through the database.

use std::{path::Path, time::Duration};

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tollkeeper::{
    db::{
        self, Db, NewOrder, Ordered,
        access::completion::Provisioned,
        orders::decision::Decided,
        payments::{
            proof::{Proof, ProofSource},
            review::{Identity, Times},
            submissions::Submitted,
        },
    },
    domain::{
        Currency, Millis, Money, OrderId, OrderState, UserId,
        button::Token,
        confirmation::Confirmation,
        grants::{Expiry, Filled},
        order::{MethodSnapshot, PlanSnapshot},
        picture::ImageMetadata,
        shop::ReferencePolicy,
    },
};

pub(super) const DAY: Duration = Duration::from_hours(24);
pub(super) const CAIRO: chrono_tz::Tz = chrono_tz::Africa::Cairo;
/// What is decided about a payment.
#[derive(Debug, Clone, Copy)]
pub(super) enum Decision {
    Approve,
    Decline,
}

/// 22 November 2026, noon in Cairo.
pub(super) const NOON: Millis = Millis(1_795_341_600_000);
pub(super) const PLANS: [(&str, i64); 3] = [("basic", 10_000), ("premium", 25_000), ("pro", 45_050)];
pub(super) const METHODS: [&str; 2] = ["vodafone", "instapay"];

pub(super) fn egp() -> Currency {
    Currency::parse("EGP").unwrap()
}

/// A shop's books in a folder of their own.
pub(super) struct Books {
    pub(super) folder: tempfile::TempDir,
    pub(super) db: Db,
    pub(super) sold: u64,
}

impl Books {
    pub(super) async fn open(zone: chrono_tz::Tz) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("tollkeeper.db"), zone).await.unwrap();
        db::ledger::rebuild::settle_books(&db, egp()).await.unwrap();
        Self { folder, db, sold: 0 }
    }

    /// The same shop opened again, perhaps in another zone.
    pub(super) async fn again(self, zone: chrono_tz::Tz) -> Self {
        self.db.close().await;
        let db = Db::open(&self.folder.path().join("tollkeeper.db"), zone).await.unwrap();
        Self { db, ..self }
    }

    /// A connection past all of our code.
    pub(super) async fn raw(&self) -> SqliteConnection {
        raw(self.folder.path()).await
    }

    /// An order of one more customer, with a proof under review.
    pub(super) async fn submitted(&mut self, plan: usize, method: usize, at: Millis) -> OrderId {
        self.sold += 1;
        let (customer, id) = (UserId(self.sold), OrderId::from_random(self.sold));
        let new = NewOrder { id: id.clone(), customer, ..new_order(plan) };
        assert!(matches!(db::orders::place_order(&self.db, new, at).await.unwrap(), Ordered::Made(_)));
        assert!(db::orders::choose_method(&self.db, &id, &snapshot(method), at).await.unwrap());
        let sent = db::payments::submissions::submit_proof(
            &self.db,
            &id,
            customer,
            &ProofSource::Message(self.sold),
            &proof(self.sold),
            at,
        )
        .await;
        assert!(matches!(sent.unwrap(), Submitted::Accepted(_)));
        id
    }

    /// Decides about an order under review.
    pub(super) async fn decide(&self, order: &OrderId, decision: Decision, at: Millis) {
        let submission = db::payments::submissions::latest_submission(&self.db, order).await.unwrap().unwrap();
        let admin = UserId(9);
        let token = Token::from_random(submission.0.to_le_bytes().repeat(2).try_into().unwrap());
        let what = match decision {
            Decision::Approve => Confirmation::Approve { submission },
            Decision::Decline => Confirmation::Decline { submission, reason: String::new() },
        };
        db::people::confirmations::issue_confirmation(&self.db, &token, admin, &what, Duration::from_mins(5), at)
            .await
            .unwrap();
        let presented =
            db::people::confirmations::confirmation(&self.db, &token, admin, at).await.unwrap().unwrap().token.unwrap();
        let decided = match decision {
            Decision::Approve => {
                let identity = Identity {
                    uuid: uuid::Uuid::from_u128(u128::from(self.sold)),
                    sub_id: order.to_string(),
                    inbound_id: 1,
                };
                db::payments::review::approve(&self.db, &presented, submission, &identity, at).await.unwrap()
            }
            Decision::Decline => {
                let times = Times { lapse: DAY, ticket_stays: DAY };
                db::payments::review::decline(&self.db, &presented, submission, "", times, at).await.unwrap()
            }
        };
        assert_eq!(decided, Decided::Done(order.clone()));
    }

    /// Completes an approved order, as the outbox does once the panel has been read back.
    pub(super) async fn complete(&self, order: &OrderId, at: Millis) -> Result<(), db::Error> {
        let state = db::orders::order(&self.db, order).await.unwrap().unwrap();
        assert!(matches!(state.state, OrderState::Provisioning { .. }));
        let sub =
            db::access::subscriptions::subscription(&self.db, state.subscription.unwrap()).await.unwrap().unwrap();
        let heads = db::outbox::heads(&self.db, "test", at).await.unwrap();
        let head = heads.iter().find(|head| head.lane == "panel:main").unwrap();
        let claim = db::outbox::lease(&self.db, &[head.id], "test", at).await.unwrap().remove(0);
        let grant = db::access::grants::next_grant(&self.db, sub.id).await.unwrap().unwrap();
        let filled =
            Filled { base: at, expiry: Expiry::At(at.plus_days(grant.days)), quota: grant.bytes, used_before: 0 };
        let done = Provisioned {
            grant: &grant,
            filled,
            inbound: 1,
            link: "vless://x",
            ticket_stays: Duration::from_hours(24),
        };
        let completed = db::access::completion::complete(&self.db, &claim, &sub, done, at).await;
        if completed.is_err() {
            db::outbox::release(&self.db, &claim, "the test says so").await.unwrap();
        }
        completed
    }

    /// A whole sale.
    pub(super) async fn sell(&mut self, plan: usize, method: usize, at: Millis) -> OrderId {
        let order = self.submitted(plan, method, at).await;
        self.decide(&order, Decision::Approve, at).await;
        self.complete(&order, at).await.unwrap();
        order
    }

    pub(super) async fn assert_agree(&self, sales: u64, minor: i64) {
        let found = db::ledger::rebuild::rebuild(&self.db).await.unwrap();
        assert_eq!(found.wrong, Vec::new());
        assert_eq!((found.entries, found.minor), (sales, minor));
    }
}

pub(super) async fn raw(folder: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(folder.join("tollkeeper.db"));
    SqliteConnection::connect_with(&options).await.unwrap()
}

pub(super) async fn run(connection: &mut SqliteConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

pub(super) fn new_order(plan: usize) -> NewOrder {
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

pub(super) fn snapshot(method: usize) -> MethodSnapshot {
    MethodSnapshot {
        id: METHODS[method].into(),
        name: METHODS[method].into(),
        account: "0100".into(),
        holder: "Shop".into(),
        instructions: String::new(),
        reference: ReferencePolicy::Off,
    }
}

pub(super) fn proof(number: u64) -> Proof {
    let hash = format!("{number:064x}");
    Proof {
        pixel_hash: hash.clone(),
        hash,
        format: "png".into(),
        width: 300,
        height: 300,
        size: 1000,
        told: ImageMetadata::default(),
    }
}
