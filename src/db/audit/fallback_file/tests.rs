use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::{Executor as _, SqliteConnection};

use super::*;
use crate::db;

const NOW: Millis = Millis(1_800_000_000_000);

async fn fresh(folder: &Path) -> Db {
    Db::open(&folder.join("tollkeeper.db"), chrono_tz::UTC).await.unwrap()
}

fn refusal(target: &str) -> Happened<'_> {
    let payload = json!({ "asked": "order.approve" });
    Happened { actor: UserId(7), action: "access.refuse", target: target.to_owned(), payload, session: None }
}

async fn entries(db: &Db) -> Vec<(String, String, String)> {
    sqlx::query_as("SELECT action, target, payload FROM audit_logs ORDER BY id").fetch_all(&db.readers).await.unwrap()
}

/// A database that cannot grow by a page while the flag is up: to SQLite a full disk.
async fn on_a_disk_of_its_own(folder: &Path) -> (Db, Arc<AtomicBool>) {
    let db = fresh(folder).await;
    let full = Arc::new(AtomicBool::new(false));
    let (limit, again) = (Arc::clone(&full), Arc::clone(&full));
    // Also a new connection, which takes the place of one whose transaction SQLite ended.
    let limited = crate::db::pool(1)
        .after_connect(move |connection, _| Box::pin(limit_pages(connection, limit.load(Ordering::SeqCst))))
        .before_acquire(move |connection, _| {
            let set = limit_pages(connection, again.load(Ordering::SeqCst));
            Box::pin(async move { set.await.map(|()| true) })
        });
    db.writer.close().await;
    let writer = limited.connect_with(crate::db::options(&folder.join("tollkeeper.db"))).await.unwrap();
    (Db { writer, ..db }, full)
}

async fn limit_pages(connection: &mut SqliteConnection, full: bool) -> sqlx::Result<()> {
    let pragma = if full { "PRAGMA max_page_count = 1" } else { "PRAGMA max_page_count = 1000000" };
    sqlx::query(pragma).execute(connection).await.map(drop)
}

/// Uses up what is free within pages.
async fn fill(db: &Db) {
    for number in 0.. {
        let row = sqlx::query("INSERT INTO bot_config (key, value) VALUES (?, hex(zeroblob(400)))");
        if row.bind(format!("filler-{number}")).execute(&db.writer).await.is_err() {
            break;
        }
    }
}

#[tokio::test]
async fn with_a_full_disk_refusals_are_noted_and_come_into_the_chain_later_once() {
    let folder = tempfile::tempdir().unwrap();
    let (db, full) = on_a_disk_of_its_own(folder.path()).await;
    full.store(true, Ordering::SeqCst);
    fill(&db).await;
    let mut noted = 0;
    // An entry or two may still fit into the last pages.
    while !folder.path().join(WAITING).exists() {
        audit_or_note(&db, refusal(&format!("order {noted}")), NOW).await.unwrap();
        noted += 1;
    }
    note(&db, &refusal("the next"), Millis(NOW.0 + 1)).unwrap();
    take_notes(&db, NOW).await.unwrap_err();

    full.store(false, Ordering::SeqCst);
    let later = Millis(NOW.0 + 60_000);
    assert_eq!(take_notes(&db, later).await.unwrap(), 2);
    let chain = entries(&db).await;
    assert_eq!(chain.len(), noted + 1, "each once: {chain:?}");
    let (action, target, payload) = chain.last().unwrap();
    assert_eq!((action.as_str(), target.as_str()), ("access.refuse", "the next"));
    let payload: Value = serde_json::from_str(payload).unwrap();
    assert_eq!(payload, json!({ "asked": "order.approve", "noted_at": NOW.0 + 1 }));
    db::audit::verify_audit(&db).await.unwrap().unwrap();
    assert_eq!(take_notes(&db, later).await.unwrap(), 0);
    assert!(!folder.path().join(WAITING).exists() && !folder.path().join(TAKEN).exists());
}

/// `/dev/full` takes nothing, as a disk without room.
#[tokio::test]
async fn room_for_notes_is_kept_and_given_up_when_the_disk_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let db = fresh(folder.path()).await;
    let reserve = folder.path().join(RESERVE);
    assert_eq!(fs::metadata(&reserve).unwrap().len(), 64 * 1024);
    let waiting = folder.path().join(WAITING);
    std::os::unix::fs::symlink("/dev/full", &waiting).unwrap();
    let lost = note(&db, &refusal("lost"), NOW).unwrap_err();
    assert_eq!(lost.kind(), io::ErrorKind::StorageFull);
    assert!(!reserve.exists(), "given up before the second try");
    fs::remove_file(&waiting).unwrap();
    note(&db, &refusal("kept"), NOW).unwrap();
    assert_eq!(take_notes(&db, NOW).await.unwrap(), 1);
    assert_eq!(fs::metadata(&reserve).unwrap().len(), 64 * 1024, "kept again");
}

#[tokio::test]
async fn while_another_process_holds_the_database_refusals_are_noted() {
    let folder = tempfile::tempdir().unwrap();
    let db = fresh(folder.path()).await;
    db.writer.execute("PRAGMA busy_timeout = 50").await.unwrap();
    let other = fresh(folder.path()).await;
    let held = other.begin().await.unwrap();
    audit_or_note(&db, refusal("order"), NOW).await.unwrap();
    drop(held);
    assert_eq!(entries(&db).await, []);
    // Given back in the background; the writer waits for it by itself.
    db.writer.execute("PRAGMA busy_timeout = 5000").await.unwrap();
    assert_eq!(take_notes(&db, NOW).await.unwrap(), 1);
    assert_eq!(entries(&db).await.len(), 1);
}

#[tokio::test]
async fn a_crash_between_the_chain_and_the_file_writes_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let db = fresh(folder.path()).await;
    note(&db, &refusal("first"), NOW).unwrap();
    note(&db, &refusal("second"), NOW).unwrap();
    let waiting = fs::read(folder.path().join(WAITING)).unwrap();
    assert_eq!(take_notes(&db, NOW).await.unwrap(), 2);
    // As if the process had ended after the commit and before the file was removed.
    fs::write(folder.path().join(TAKEN), waiting).unwrap();
    note(&db, &refusal("third"), NOW).unwrap();
    assert_eq!(take_notes(&db, NOW).await.unwrap(), 0, "known already");
    assert_eq!(take_notes(&db, NOW).await.unwrap(), 1, "what came meanwhile");
    let targets: Vec<_> = entries(&db).await.into_iter().map(|(_, target, _)| target).collect();
    assert_eq!(targets, ["first", "second", "third"]);
}

#[tokio::test]
async fn half_a_line_is_told_and_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let db = fresh(folder.path()).await;
    note(&db, &refusal("first"), NOW).unwrap();
    let path = folder.path().join(WAITING);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    note(&db, &refusal("second"), NOW).unwrap();
    assert_eq!(take_notes(&db, NOW).await.unwrap(), 2);
    let actions: Vec<_> = entries(&db).await.into_iter().map(|(action, ..)| action).collect();
    assert_eq!(actions, ["audit.torn_note", "access.refuse"]);
    db::audit::verify_audit(&db).await.unwrap().unwrap();
}
