//! A row that some version wrote must mean the same to every later one.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Effect, decode, encode};
use crate::domain::effect::{Notice, OwnerNews, StaffNews};

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
    db.want(&Effect::SyncDashboard {}, now, now).await.unwrap();
    db.close().await;
}
