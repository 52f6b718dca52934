//! A row that some version wrote must mean the same to every later one.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Effect, decode, encode};
use crate::{
    db,
    domain::effect::{Notice, OwnerNews, StaffNews},
};

/// A row of every kind, of every version that was ever released. Lines are added, never edited.
const SAMPLES: &str = include_str!("../../../tests/outbox/v1.jsonl");

fn samples() -> impl Iterator<Item = Value> {
    SAMPLES.lines().map(|line| serde_json::from_str(line).unwrap())
}

fn effect(sample: &Value) -> Effect {
    let kind = sample["kind"].as_str().unwrap();
    let version = sample["v"].as_i64().unwrap();
    decode(kind, version, &sample["args"].to_string()).unwrap_or_else(|| panic!("nobody understands {sample}"))
}

/// The names that a tagged enum knows, from what serde says of one that it does not.
fn names<T: DeserializeOwned + std::fmt::Debug>(unknown: Value) -> BTreeSet<String> {
    let error = serde_json::from_value::<T>(unknown).unwrap_err().to_string();
    let expected = error.split_once("expected").unwrap_or_else(|| panic!("{error}")).1;
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn a_row_of_every_version_is_understood() {
    for sample in samples() {
        let effect = effect(&sample);
        assert_eq!(effect.key(), sample["key"].as_str().unwrap(), "{sample}");
        assert_eq!(effect.lane().to_string(), sample["lane"].as_str().unwrap(), "{sample}");
        let (kind, args) = encode(&effect).unwrap();
        assert_eq!((kind.as_str(), args), (sample["kind"].as_str().unwrap(), sample["args"].to_string()));
    }
}

#[test]
fn there_is_a_sample_of_every_kind() {
    let field = |value: &Value, path: &str| value.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let of = |kind: &str, path: &str| -> BTreeSet<String> {
        samples().filter(|sample| sample["kind"] == kind).filter_map(|sample| field(&sample, path)).collect()
    };
    let kinds: BTreeSet<_> = samples().filter_map(|sample| field(&sample, "/kind")).collect();
    assert_eq!(kinds, names::<Effect>(json!({ "kind": "?" })), "add the row to tests/outbox");
    let about = json!({ "about": "?" });
    assert_eq!(of("notify", "/args/notice/about"), names::<Notice>(about.clone()), "add the row to tests/outbox");
    assert_eq!(of("tell_staff", "/args/news/about"), names::<StaffNews>(about.clone()), "add the row to tests/outbox");
    assert_eq!(of("tell_owner", "/args/news/about"), names::<OwnerNews>(about), "add the row to tests/outbox");
}

#[test]
fn what_is_not_understood_is_left_alone() {
    assert_eq!(decode("sync_ticket", super::VERSION + 1, r#"{"order":"0123456789"}"#), None, "a later version");
    assert_eq!(decode("fly_to_the_moon", super::VERSION, "{}"), None);
    assert_eq!(decode("sync_ticket", super::VERSION, "half a jso"), None);
}

#[tokio::test]
async fn a_full_disk_passes_and_a_broken_rule_does_not() {
    use crate::db::{Db, Error};

    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&folder.path().join("tollkeeper.db"), chrono_tz::UTC).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let broken = sqlx::query(
        "INSERT INTO grants (subscription_id, order_id, kind, days, bytes, created_at) VALUES (1, '', 'gift', 0, 0, 0)",
    );
    let broken = Error::from(broken.execute(tx.sql()).await.unwrap_err());
    assert!(!broken.passes(), "{broken:?}");
    assert!(!Error::Missing("order").passes());
    sqlx::query("PRAGMA max_page_count = 1").execute(tx.sql()).await.unwrap();
    let full = sqlx::query("INSERT INTO bot_config (key, value) VALUES ('much', hex(zeroblob(1000000)))");
    let full = Error::from(full.execute(tx.sql()).await.unwrap_err());
    assert!(full.passes(), "{full:?}");
    sqlx::query("PRAGMA max_page_count = 1000000").execute(tx.sql()).await.unwrap();
    drop(tx);
    // There is room again, and nothing has to be started anew.
    let now = crate::domain::Millis(0);
    db::outbox::enqueue_alone(&db, &Effect::SyncDashboard {}, now, now).await.unwrap();
    db.close().await;
}

#[tokio::test]
async fn what_is_wanted_during_the_last_try_is_not_parked_with_it() {
    use std::time::Duration;

    use crate::db::outbox::failures::{Failed, MAX_FAILURES};
    use crate::{db::Db, domain::Millis};

    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&folder.path().join("tollkeeper.db"), chrono_tz::UTC).await.unwrap();
    let now = Millis(1_000);
    let effect = Effect::SyncDashboard {};
    db::outbox::enqueue_alone(&db, &effect, now, now).await.unwrap();
    let claimed = async || {
        let heads = db::outbox::heads(&db, "boot", now).await.unwrap();
        let ids: Vec<_> = heads.iter().map(|head| head.id).collect();
        db::outbox::lease(&db, &ids, "boot", now).await.unwrap().remove(0)
    };
    for _ in 1..MAX_FAILURES {
        let failed =
            db::outbox::failures::fail(&db, &claimed().await, ("no", None), Duration::ZERO, now).await.unwrap();
        assert_eq!(failed, Failed::Again);
    }
    let last = claimed().await;
    db::outbox::enqueue_alone(&db, &effect, now, now).await.unwrap();
    assert_eq!(
        db::outbox::failures::fail(&db, &last, ("no", None), Duration::from_mins(10), now).await.unwrap(),
        Failed::Again
    );
    assert_eq!(claimed().await.failures, 0, "due at once, and as good as new");
    db.close().await;
}

#[tokio::test]
async fn a_row_that_is_wanted_again_while_it_runs_goes_to_the_back() {
    use crate::{db::Db, domain::Millis};

    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&folder.path().join("tollkeeper.db"), chrono_tz::UTC).await.unwrap();
    let order = |id: &str| Effect::ReadTicket { order: id.parse().unwrap() };
    let (first, second) = (order("0123456789"), order("9876543210"));
    let heads = async |now| db::outbox::heads(&db, "boot", Millis(now)).await.unwrap();
    db::outbox::enqueue_alone(&db, &first, Millis(1), Millis(1)).await.unwrap();
    let lease = db::outbox::lease(&db, &[heads(1).await[0].id], "boot", Millis(1)).await.unwrap().remove(0);
    db::outbox::enqueue_alone(&db, &second, Millis(2), Millis(2)).await.unwrap();
    db::outbox::enqueue_alone(&db, &first, Millis(3), Millis(3)).await.unwrap();
    db::outbox::finish(&db, &lease, Millis(4)).await.unwrap();
    let lanes: Vec<_> = heads(5).await.into_iter().map(|head| head.lane).collect();
    assert_eq!(lanes, [second.lane().to_string(), first.lane().to_string()]);
    // The same within one lane: what waits there for longer is not overtaken for ever.
    let ticket = Effect::SyncTicket { order: "9876543210".parse().unwrap() };
    let lease = db::outbox::lease(&db, &[heads(5).await[0].id], "boot", Millis(5)).await.unwrap().remove(0);
    db::outbox::enqueue_alone(&db, &ticket, Millis(6), Millis(6)).await.unwrap();
    db::outbox::enqueue_alone(&db, &second, Millis(7), Millis(7)).await.unwrap();
    db::outbox::finish(&db, &lease, Millis(8)).await.unwrap();
    let head = heads(9).await.into_iter().find(|head| head.lane == ticket.lane().to_string()).unwrap();
    assert!(!head.reads, "the ticket's turn has come");
    db.close().await;
}
