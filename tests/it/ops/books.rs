//! `audit verify`, `revenue` and `export`: what the books say, to those who did not write them.

use super::{Operator, order, statement};
use tollkeeper::db;

#[tokio::test(flavor = "multi_thread")]
async fn audit_verify_prints_the_head_or_the_first_bad_row() {
    let operator = Operator::new();
    let db = operator.db().await;
    for number in 1..=3 {
        order(&db, number).await;
    }
    let (_, head) = db::audit::verify_audit(&db).await.unwrap().unwrap();
    let said = operator.types(&["audit", "verify"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("3 entries") && said.out.contains(&head), "{}", said.out);
    db.close().await;
    let verify = |anchor: &str| operator.types(&["audit", "verify", "--expect", anchor]);
    let noted = format!("3:{head}");
    assert!(said.out.contains(&noted), "{}", said.out);
    assert_eq!(verify(&noted).code, Some(0));
    let said = verify(&format!("2:{head}"));
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("entry 2 has another hash than the one that was noted elsewhere"), "{}", said.out);
    let said = verify(&format!("4:{head}"));
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("entry 4 was noted elsewhere, and the log ends with entry 3"), "{}", said.out);
    let said = verify("3");
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("write the entry's number, a colon"), "{}", said.err);

    statement(&operator.database(), "DROP TRIGGER audit_no_delete").await;
    statement(&operator.database(), "DELETE FROM audit_logs WHERE id = 2").await;
    let said = operator.types(&["audit", "verify"]);
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("entry 2 is missing: the next one is 3"), "{}", said.out);
}

/// Two sales of January 2027 (one reversed in February), a decline, and an order never paid.
async fn booked() -> Operator {
    let operator = Operator::new();
    let db = operator.db().await;
    for number in 1..=4 {
        order(&db, number).await;
    }
    db.close().await;
    let mut raw = super::raw(&operator.database()).await;
    for sql in [
        "DROP TRIGGER orders_arrows",
        "UPDATE users SET name = '=HYPERLINK(\"http://evil.example\")' WHERE discord_id = 1",
        "INSERT INTO subscriptions (id, user_id, panel, inbound_id, client_uuid, sub_id, email, status, expires_at, quota_bytes, created_at, updated_at)
         VALUES (1, 1, 'main', 1, 'a secret uuid', 'a secret sub', 'tk-1', 'active', 0, 0, 0, 0)",
        "UPDATE orders SET status = 'completed', method_id = 'vodafone', method_name = 'Vodafone Cash', decided_by = 77, subscription_id = 1 WHERE user_id = 1",
        "UPDATE orders SET status = 'reversed', method_id = 'instapay', method_name = 'InstaPay', decided_by = 78, reason = 'paid twice' WHERE user_id = 2",
        "UPDATE orders SET status = 'declined', decided_by = 77, reason = 'not our account, \"sorry\"' WHERE user_id = 3",
        "INSERT INTO payment_submissions (id, order_id, user_id, source_id, hash, pixel_hash, format, width, height, size, created_at, status, reference)
         SELECT user_id, id, user_id, 's' || id, printf('%064d', user_id), printf('%064d', user_id), 'png', 1, 1, 1, created_at + 60000, 'approved', '-12345'
         FROM orders WHERE user_id < 4",
        "INSERT INTO payments (order_id, submission_id, due_minor, received_minor, currency, status, reviewer_id, decided_at, created_at, updated_at)
         SELECT id, user_id, price_minor, price_minor + 50, currency, CASE status WHEN 'completed' THEN 'approved' ELSE status END, decided_by, created_at + 120000, 0, 0
         FROM orders WHERE user_id < 4",
        "INSERT INTO ledger (order_id, kind, source, amount_minor, currency, at, day, method_id, plan_id, reviewer_id)
         SELECT id, 'payment', source, price_minor + 50, currency, created_at + 120000, '2027-01-15', method_id, plan_id, decided_by
         FROM orders WHERE user_id < 3",
        // On the first of February in Cairo, still January in UTC.
        "INSERT INTO ledger (order_id, kind, source, amount_minor, currency, at, day, method_id, plan_id, reviewer_id)
         SELECT id, 'reversal', source, -10050, currency, 1801434600000, '2027-02-01', method_id, plan_id, 78
         FROM orders WHERE user_id = 2",
    ] {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut raw).await.unwrap();
    }
    sqlx::Connection::close(raw).await.unwrap();
    operator
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_a_table_for_the_books() {
    let operator = booked().await;
    let said = operator.types(&["export", "2027-01"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let lines: Vec<_> = said.out.split_terminator("\r\n").collect();
    insta::assert_snapshot!(lines.join("\n").trim_start_matches('\u{feff}'), @r##"
    order_id,created,submitted,approved,customer_id,customer_name,plan,days,gb,list_price,received,currency,method,reference,status,reviewer,reason,client_email,source
    1000000000,2027-01-15 10:00:00,2027-01-15 10:01:00,2027-01-15 10:02:00,1,"'=HYPERLINK(""http://evil.example"")",Basic,30,50,100,100.50,EGP,Vodafone Cash,'-12345,completed,77,,tk-1,shop
    2000000000,2027-01-15 10:00:00,2027-01-15 10:01:00,2027-01-15 10:02:00,2,Mona,Basic,30,50,100,100.50,EGP,InstaPay,'-12345,reversed,78,paid twice,,shop
    3000000000,2027-01-15 10:00:00,2027-01-15 10:01:00,,3,Mona,Basic,30,50,100,,EGP,,'-12345,declined,77,"not our account, ""sorry""",,shop
    4000000000,2027-01-15 10:00:00,,,4,Mona,Basic,30,50,100,,EGP,,,pending_payment,,,,shop
    "##);
    insta::assert_snapshot!(said.err, @r##"
    2027-01 (Africa/Cairo): 4 orders
      shop     instapay             78                        1       100.50 EGP
      shop     vodafone             77                        1       100.50 EGP
      shop     total                                                     201 EGP
    "##);
    assert!(said.out.starts_with('\u{feff}'), "Excel reads it as UTF-8");
    assert!(!said.out.contains("secret"), "no key of a customer");

    let said = operator.types(&["export", "2027-02", "--out", "books.csv"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.out, "");
    let read = |name: &str| std::fs::read_to_string(operator.folder.path().join(name)).unwrap();
    assert_eq!(read("books.csv").lines().count(), 2, "the order whose money went back");
    insta::assert_snapshot!(read("books.totals.csv").replace('\r', "").trim_start_matches('\u{feff}'), @r##"
    source,method,reviewer,events,amount,currency
    shop,instapay,78,1,-100.50,EGP
    "##);
}

#[tokio::test(flavor = "multi_thread")]
async fn revenue_is_verified_and_shown_for_any_period() {
    let operator = booked().await;
    let said = operator.types(&["revenue", "verify"]);
    assert_eq!(said.code, Some(1), "the ledger was written past the program: {said:?}");
    assert!(said.out.starts_with("The ledger has 3 entries, 100.50 EGP in all."), "{}", said.out);
    // As the running bot repairs it.
    let db = operator.db().await;
    assert!(db::ledger::rebuild::repair_revenue(&db, super::NOW).await.unwrap());
    db.close().await;
    let said = operator.types(&["revenue", "show", "2027-01"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    insta::assert_snapshot!(said.out, @"
    2027-01 (Africa/Cairo), by the time of approval:
      instapay                              1       100.50 EGP
      vodafone                              1       100.50 EGP
      plan basic                            2          201 EGP
      total                                 2          201 EGP
      entered by staff, not counted         0            0 EGP
    ");
    let said = operator.types(&["revenue", "show", "2027-Q1"]);
    assert!(said.out.contains("total") && said.out.contains("100.50 EGP"), "{}", said.out);
    let said = operator.types(&["revenue", "show", "2019"]);
    assert_eq!((said.code, said.out.lines().count()), (Some(0), 3), "nothing was sold: {said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roll_up_that_somebody_changed_is_found() {
    let operator = Operator::new();
    operator.db().await.close().await;
    let said = operator.types(&["revenue", "verify"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.ends_with("Roll-up, ledger and orders agree.\n"), "{}", said.out);
    statement(&operator.database(), "INSERT INTO revenue_cache (day, method_id, plan_id, source, amount_minor, count) VALUES ('2027-01-15', 'instapay', 'basic', 'shop', 5, 1)").await;
    let said = operator.types(&["revenue", "verify"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("2027-01-15"), "{}", said.out);
}

#[tokio::test]
async fn a_period_that_is_none_is_explained() {
    let said = Operator::new().types(&["export", "last-month"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("a month 2026-07"), "{}", said.err);
}
