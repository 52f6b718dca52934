//! Two members of staff at the same moment: one decision, and the other reads who and what.
//!
//! A few rounds in the usual run; `TOLLKEEPER_RACES=1000` in the environment runs that many of
//! each pair, on the database alone, and says so.

use std::{collections::BTreeMap, time::Duration};

use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::task::JoinSet;
use tollkeeper::{
    db::{
        self, Db, NewOrder, Ordered,
        orders::decision::Decided,
        payments::{
            proof::{Proof, ProofSource},
            review::{Identity, Times},
            submissions::Submitted,
        },
        people::confirmations::Presented,
    },
    domain::{
        Currency, Millis, Money, OrderId, SubmissionId, UserId,
        button::Token,
        confirmation::Confirmation,
        order::{CancelCause, MethodSnapshot, OrderStatus, PlanSnapshot},
        picture::ImageMetadata,
        proofs::Verdict,
        shop::ReferencePolicy,
    },
    view::decision::Done,
};

use super::{GENERATIONS, shop};

const NOW: Millis = Millis(1_800_000_000_000);
/// What somebody confirms about a submission.
#[derive(Debug, Clone, Copy)]
enum Action {
    Approve,
    Decline,
    Part,
}

const PART: i64 = 4_000;
const REASON: &str = "The money has not arrived.";

#[tokio::test]
async fn of_approve_and_amount_differs_at_once_one_stands() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        let (adel, nadia) = (world.admin("Adel"), world.admin("Nadia"));
        let all = adel.opens_approval().await;
        let part = nadia.opens_amount("40").await;
        let (all, part) = (adel.starts_to_confirm(&all), nadia.starts_to_confirm(&part));
        let (all, part) = (all.reply().await.unwrap().render_text(), part.reply().await.unwrap().render_text());
        // Who, when and what; an approval may be further on when the loser reads of it.
        let verdict = world.word("SELECT status || ' ' || is_partial FROM payment_submissions").await;
        if all.starts_with("Approved.") {
            assert!(part.starts_with("@Adel already approved this payment, <time R> (now: "), "{part}");
            assert!(part.ends_with("). Your click changed nothing."), "{part}");
            assert_eq!(verdict, "approved 0");
            mona.is_sent_link(0).await;
        } else {
            assert!(part.starts_with("Accepted as a part: 40 EGP"), "{part}");
            let said = "@Nadia already accepted this as a part payment, <time R> (now: waiting for payment). \
                        Your click changed nothing.";
            assert_eq!(all, said);
            assert_eq!(verdict, "approved 1");
            mona.waits_for("60 EGP is still missing").await;
        }
        let decisions = "SELECT COUNT(*) FROM audit_logs WHERE action IN ('payment.approve', 'payment.part')";
        assert_eq!(world.number(decisions).await, 1);
        world.finish().await;
    }
}

/// Adel has the order before him as it was: nothing paid. Nadia books a part of it meanwhile.
#[tokio::test]
async fn an_order_into_which_a_part_was_booked_meanwhile_is_not_cancelled_with_one_click() {
    let world = shop(tollkeeper::sandbox::panel::Generation::V3).await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let id = world.word("SELECT id FROM orders").await;
    let (adel, nadia) = (world.admin("Adel"), world.admin("Nadia"));
    let part = nadia.opens_amount("40").await;
    let options = SqliteConnectOptions::new().filename(world.data_dir().join("tollkeeper.db"));
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    // Nobody writes for a moment, so that both have read when the first of them does. Whoever is
    // first, the verdict is the same.
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let booked = nadia.starts_to_confirm(&part);
    booked.answer().await.unwrap();
    let cancelled = adel.person.forge_click(&mona.status(), &format!("tk:cancel:{id}")).unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    let _ = other.close().await;
    assert!(booked.reply().await.unwrap().render_text().starts_with("Accepted as a part"));
    let answer = cancelled.reply().await.unwrap();
    let asked = answer.contains("End this order with money in it?");
    assert!(asked || answer.contains("can no longer be cancelled"), "{}", answer.render_text());
    mona.waits_for("60 EGP is still missing").await;
    assert_eq!(world.word("SELECT status FROM orders").await, "pending_payment");
    world.finish().await;
}

/// The same on the database alone, where nothing depends on who is faster: the condition belongs to
/// the statement that ends the order, and only the question about its money passes it.
#[tokio::test]
async fn only_the_question_about_its_money_ends_an_order_with_money_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&folder.path().join("tollkeeper.db"), chrono_tz::Africa::Cairo).await.unwrap();
    let (order, submission) = submitted(&db, 1).await;
    let (adel, nadia) = (UserId(1), UserId(2));
    let part = presented(&db, 1, submission, nadia, Action::Part).await;
    assert_eq!(confirm(&db, 1, submission, &part, Action::Part).await, Decided::Done(order.clone()));
    for cause in [CancelCause::Staff, CancelCause::Customer, CancelCause::NoRoom, CancelCause::TicketDeleted] {
        assert!(!db::orders::cancel(&db, &order, adel, cause, NOW).await.unwrap(), "{cause:?}");
    }
    let token = Token::from_random(2_u128.to_le_bytes());
    let what = Confirmation::EndPaid { order: order.clone() };
    db::people::confirmations::issue_confirmation(&db, &token, adel, &what, Duration::from_mins(5), NOW).await.unwrap();
    let asked = db::people::confirmations::confirmation(&db, &token, adel, NOW).await.unwrap().unwrap().token.unwrap();
    assert_eq!(db::orders::end_paid(&db, &asked, &order, NOW).await.unwrap(), Decided::Done(order.clone()));
    assert_eq!(db::orders::order(&db, &order).await.unwrap().unwrap().status(), OrderStatus::Cancelled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_decision_in_every_round() {
    let rounds = std::env::var("TOLLKEEPER_RACES").ok().and_then(|n| n.parse().ok()).unwrap_or(5);
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&folder.path().join("tollkeeper.db"), chrono_tz::Africa::Cairo).await.unwrap();
    let pairs =
        [(Action::Approve, Action::Approve), (Action::Approve, Action::Decline), (Action::Approve, Action::Part)];
    let mut number = 0;
    let mut first_won = 0;
    for _ in 0..rounds {
        for (one, other) in pairs {
            number += 1;
            first_won += u32::from(round(&db, number, one, other).await);
        }
    }
    db::audit::verify_audit(&db).await.unwrap().unwrap();
    println!("{rounds} rounds of each of {} pairs; the first click won {first_won} of {number}", pairs.len());
}

/// Two people confirm at once; answers whether the first of them decided.
async fn round(db: &Db, number: u64, first: Action, second: Action) -> bool {
    let (order, submission) = submitted(db, number).await;
    let (adel, nadia) = (UserId(1), UserId(2));
    let one = (presented(db, number * 2, submission, adel, first).await, first);
    let other = (presented(db, number * 2 + 1, submission, nadia, second).await, second);
    // On tasks of their own, started in either order, so that either may be the first.
    let mut people = JoinSet::new();
    let mut clicks = vec![one, other];
    if number.is_multiple_of(2) {
        clicks.reverse();
    }
    for (presented, action) in clicks {
        let db = db.clone();
        people.spawn(async move { (presented.by(), confirm(&db, number, submission, &presented, action).await) });
    }
    let mut decided: BTreeMap<UserId, Decided> = people.join_all().await.into_iter().collect();
    let (one, other) = (decided.remove(&adel).unwrap(), decided.remove(&nadia).unwrap());
    let done = Decided::Done(order.clone());
    assert_ne!(one == done, other == done, "{one:?} / {other:?}");
    let (winner, action, loser) = if one == done { (adel, first, other) } else { (nadia, second, one) };
    let (verdict, what, status) = left_by(action, winner);
    // Who, when and what: the loser's answer is made of these and of the verdict that is kept.
    assert_eq!(loser, Decided::Already { order, status, by: Some(winner), at: Some(NOW) });
    let kept = db::payments::submissions::submission(db, submission).await.unwrap().unwrap().verdict;
    assert_eq!((Done::of(&kept), kept), (Some(what), verdict));
    winner == adel
}

/// What a decision leaves behind: the verdict, what the other reads was done, and the order's state.
fn left_by(action: Action, by: UserId) -> (Verdict, Done, OrderStatus) {
    let at = NOW;
    match action {
        Action::Approve => (Verdict::Approved { by, at }, Done::Approved, OrderStatus::Provisioning),
        Action::Decline => {
            let reason = REASON.to_owned();
            (Verdict::Declined { by, at, reason }, Done::Declined, OrderStatus::PendingPayment)
        }
        Action::Part => {
            let received = Money::new(PART, Currency::parse("EGP").unwrap());
            (Verdict::Part { by, at, received }, Done::Part, OrderStatus::PendingPayment)
        }
    }
}

async fn confirm(db: &Db, number: u64, id: SubmissionId, presented: &Presented, action: Action) -> Decided {
    let admin = u128::from(presented.by().0);
    let identity = Identity {
        uuid: uuid::Uuid::from_u128(u128::from(number) << 64 | admin),
        sub_id: format!("{number}-{admin}"),
        inbound_id: 1,
    };
    let decided = match action {
        Action::Approve => db::payments::review::approve(db, presented, id, &identity, NOW).await,
        Action::Part => db::payments::parts::receive(db, presented, (id, PART), &identity, None, NOW).await,
        Action::Decline => {
            let day = Duration::from_hours(24);
            db::payments::review::decline(db, presented, id, REASON, Times { lapse: day, ticket_stays: day }, NOW).await
        }
    };
    decided.unwrap()
}

async fn presented(db: &Db, number: u64, submission: SubmissionId, admin: UserId, action: Action) -> Presented {
    let token = Token::from_random(u128::from(number).to_le_bytes());
    let what = match action {
        Action::Approve => Confirmation::Approve { submission },
        Action::Decline => Confirmation::Decline { submission, reason: REASON.to_owned() },
        Action::Part => Confirmation::Receive { submission, minor: PART },
    };
    db::people::confirmations::issue_confirmation(db, &token, admin, &what, Duration::from_mins(5), NOW).await.unwrap();
    db::people::confirmations::confirmation(db, &token, admin, NOW).await.unwrap().unwrap().token.unwrap()
}

/// An order of one more customer, with a proof under review.
async fn submitted(db: &Db, number: u64) -> (OrderId, SubmissionId) {
    let (id, customer) = (OrderId::from_random(number), UserId(1000 + number));
    let plan = PlanSnapshot {
        id: "basic".into(),
        name: "Basic".into(),
        duration_days: 30,
        quota_bytes: 50 << 30,
        price: Money::new(10_000, Currency::parse("EGP").unwrap()),
        panel: "main".into(),
    };
    let new = NewOrder {
        id: id.clone(),
        customer,
        name: "Mona".into(),
        locale: "en".into(),
        joined_at: None,
        plan,
        attempts: 3,
        lapse: Duration::from_hours(24),
        limit: None,
    };
    assert!(matches!(db::orders::place_order(db, new, NOW).await.unwrap(), Ordered::Made(_)));
    let method = MethodSnapshot {
        id: "cash".into(),
        name: "Cash".into(),
        account: "1".into(),
        holder: "A".into(),
        instructions: String::new(),
        reference: ReferencePolicy::Off,
    };
    assert!(db::orders::choose_method(db, &id, &method, NOW).await.unwrap());
    let hash = format!("{number:064x}");
    let proof = Proof {
        pixel_hash: hash.clone(),
        hash,
        format: "png".into(),
        width: 100,
        height: 100,
        size: 1,
        told: ImageMetadata::default(),
    };
    match db::payments::submissions::submit_proof(db, &id, customer, &ProofSource::Message(number), &proof, NOW)
        .await
        .unwrap()
    {
        Submitted::Accepted(submission) => (id, submission),
        other => unreachable!("{other:?}"),
    }
}
