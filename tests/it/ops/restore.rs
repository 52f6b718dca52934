//! `restore`: a backup takes the database's place, or nothing changes.

use std::fs;

use tollkeeper::{
    db::{self, DataDirLock},
    domain::UserId,
    sandbox::panel::{Generation, InboundSpec, NewClient, Panel, PanelOptions},
};

use super::{NOW, Operator, number, order, statement};

/// A valid backup of a shop with three orders, and that shop.
async fn backed_up() -> (Operator, String) {
    let operator = Operator::new();
    let db = operator.db().await;
    for number in 1..=3 {
        order(&db, number).await;
    }
    db.close().await;
    let path = operator.types(&["backup"]).out.trim_end().to_owned();
    (operator, path)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_shop_knows_what_happened_and_does_nothing_before_it_is_released() {
    let (operator, backup) = backed_up().await;
    let db = operator.db().await;
    order(&db, 4).await;
    db.close().await;

    let said = operator.types(&["restore", &backup]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("audit log      whole, 3 entries"), "{}", said.out);
    assert!(said.out.contains("`tollkeeper run --release-outbox`"), "{}", said.out);
    assert_eq!(number(&operator.database(), "SELECT count(*) FROM orders").await, 3);
    let kept = said.out.lines().find_map(|line| line.strip_prefix("The database that was there is kept as ")).unwrap();
    assert_eq!(number(kept.trim_end_matches('.').as_ref(), "SELECT count(*) FROM orders").await, 4);

    let db = operator.db().await;
    let (entries, _) = db::audit::verify_audit(&db).await.unwrap().unwrap();
    assert_eq!(entries, 4, "the restoration is an entry of its own");
    assert_eq!(
        number(
            &operator.database(),
            "SELECT json_extract(payload, '$.replaced_entries') FROM audit_logs WHERE action = 'database.restore'"
        )
        .await,
        4
    );
    assert!(!db::outbox::outbox_keys(&db).await.unwrap().is_empty());
    assert_eq!(db::outbox::heads(&db, "boot", NOW).await.unwrap(), [], "held");
    assert!(db::maintenance::restore::outbox_held_since(&db).await.unwrap().is_some());
    assert!(db::maintenance::restore::release_outbox(&db, UserId(1), NOW).await.unwrap());
    assert_eq!(db::outbox::heads(&db, "boot", NOW).await.unwrap().len(), 3);
    assert!(!db::maintenance::restore::release_outbox(&db, UserId(1), NOW).await.unwrap(), "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_whole_backup_of_ours_is_refused_and_changes_nothing() {
    let (operator, backup) = backed_up().await;
    let before = fs::read(operator.database()).unwrap();
    let refuses = |file: &str, says: &str| {
        let said = operator.types(&["restore", file]);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains(says), "{}", said.err);
        assert!(fs::read(operator.database()).unwrap() == before, "{says}: the database was changed");
        let left: Vec<_> = fs::read_dir(operator.data()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| !name.to_string_lossy().starts_with("restoring")), "{left:?}");
    };
    let copy = |name: &str| {
        let path = operator.folder.path().join(name);
        fs::copy(&backup, &path).unwrap();
        path
    };
    refuses("nowhere.db", "cannot be read");
    let text = copy("text.db");
    fs::write(&text, "dear diary, today I was restored").unwrap();
    refuses("text.db", "it is not a SQLite database");
    let foreign = operator.folder.path().join("foreign.db");
    drop(fs::File::create(&foreign).unwrap());
    statement(&foreign, "CREATE TABLE diary (entry TEXT)").await;
    refuses("foreign.db", "it is a database, but not one of tollkeeper");
    let half = copy("half.db");
    let bytes = fs::read(&half).unwrap();
    fs::write(&half, &bytes[..bytes.len() / 2]).unwrap();
    refuses("half.db", "it is damaged");
    let newer = copy("newer.db");
    statement(&newer, "INSERT INTO _sqlx_migrations SELECT 9999, description, installed_on, success, checksum, execution_time FROM _sqlx_migrations LIMIT 1").await;
    refuses("newer.db", "it was written by a newer tollkeeper");
    let forged = copy("forged.db");
    statement(&forged, "DROP TRIGGER audit_no_update").await;
    statement(&forged, "UPDATE audit_logs SET actor_id = 9 WHERE id = 2").await;
    refuses("forged.db", "entry 2 was changed after it was written");
    for (name, change, says) in [
        ("loose.db", "DROP TRIGGER audit_no_update", "its schema was changed: the trigger audit_no_update is missing"),
        (
            "more.db",
            "CREATE TRIGGER gift AFTER INSERT ON orders BEGIN UPDATE users SET status = 'active'; END",
            "its schema was changed: the trigger gift is not ours",
        ),
        ("slow.db", "DROP INDEX orders_user", "its schema was changed: the index orders_user is missing"),
        ("wide.db", "ALTER TABLE users ADD COLUMN note TEXT", "its schema was changed: the table users is another one"),
    ] {
        statement(&copy(name), change).await;
        refuses(name, says);
    }
    let replicated = copy("replicated.db");
    statement(&replicated, "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)").await;
    assert_eq!(operator.types(&["restore", "replicated.db"]).code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_bot_is_not_restored_under_its_feet() {
    let (operator, backup) = backed_up().await;
    let lock = DataDirLock::take(&operator.data()).unwrap();
    let said = operator.types(&["restore", &backup]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("another tollkeeper is running"), "{}", said.err);
    drop(lock);
    assert_eq!(operator.types(&["restore", &backup]).code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_left_in_the_log_is_in_the_safety_copy_and_not_in_the_restored_database() {
    let (operator, backup) = backed_up().await;
    let db = operator.db().await;
    order(&db, 4).await;
    // As a crash leaves it: the last order stands only in the write-ahead log.
    let wal = operator.data().join("tollkeeper.db-wal");
    let (file, log) = (fs::read(operator.database()).unwrap(), fs::read(&wal).unwrap());
    assert!(!log.is_empty());
    db.close().await;
    fs::write(operator.database(), file).unwrap();
    fs::write(&wal, log).unwrap();

    let said = operator.types(&["restore", &backup]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(number(&operator.database(), "SELECT count(*) FROM orders").await, 3);
    let kept = said.out.lines().find_map(|line| line.strip_prefix("The database that was there is kept as ")).unwrap();
    assert_eq!(number(kept.trim_end_matches('.').as_ref(), "SELECT count(*) FROM orders").await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_names_orders_without_clients_and_clients_without_orders() {
    for generation in [Generation::V2_9, Generation::V3] {
        let panel = Panel::start(PanelOptions::new(generation)).await.unwrap();
        panel.set_inbound(&InboundSpec::reality(1));
        let operator = Operator::with_panel(&panel.url());
        let operator = match panel.token() {
            Some(token) => operator.sets("PANEL_API_TOKEN", &token),
            None => operator.sets("PANEL_USERNAME", "admin").sets("PANEL_PASSWORD", "admin"),
        };
        let db = operator.db().await;
        for number in 1..=2 {
            order(&db, number).await;
        }
        db.close().await;
        let mut raw = super::raw(&operator.database()).await;
        for sql in [
            "INSERT INTO subscriptions (id, user_id, panel, inbound_id, client_uuid, sub_id, email, status, expires_at, quota_bytes, created_at, updated_at)
             SELECT rowid, user_id, panel, 1, 'uuid ' || id, 'sub ' || id, 'tk-' || lower(id), 'active', 0, 0, created_at, created_at FROM orders",
            "UPDATE orders SET subscription_id = rowid",
        ] {
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut raw).await.unwrap();
        }
        sqlx::Connection::close(raw).await.unwrap();
        let emails = ["tk-2000000000", "tk-0000000000", "grandmother"];
        for (place, email) in emails.iter().enumerate() {
            panel.add_client(&NewClient {
                inbound_id: 1,
                uuid: format!("0f5aa6d5-4b6e-4a53-9e7e-{place:012}"),
                email: (*email).to_owned(),
                sub_id: (*email).to_owned(),
                enable: true,
                total_bytes: 0,
                expiry_ms: 0,
            });
        }
        let backup = operator.types(&["backup"]).out.trim_end().to_owned();
        let (said, operator) =
            tokio::task::spawn_blocking(move || (operator.types(&["restore", &backup]), operator)).await.unwrap();
        assert_eq!(said.code, Some(0), "{said:?}");
        let report: Vec<_> = said.out.lines().skip_while(|line| !line.starts_with("Panel ")).take(3).collect();
        insta::allow_duplicates! {
            insta::assert_snapshot!(report.join("\n"), @r"
            Panel main: 2 clients expected, 1 found.
              order 1000000000 (pending_payment) has no client tk-1000000000
              client tk-0000000000 has no order in this backup
            ");
        }
        assert_eq!(panel.write_count(), 0, "nothing is changed on the panel");
        assert_eq!(panel.problems(), Vec::<String>::new());
        drop(operator);
    }
}
