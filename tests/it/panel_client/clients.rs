//! Clients: made, read, changed, switched, reset, removed.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tollkeeper::{
    panel::{self, Client, Deleted, Difference, Error, Target, breaker},
    sandbox::panel::{Fault, Generation, InboundSpec, NewClient, Panel, PanelOptions},
};
use uuid::Uuid;

use super::{EVERY, EXPIRY, QUOTA, add, client, connect, count, no_problems, once, panel, settings, target};

#[tokio::test]
async fn a_client_lives_its_life_on_every_generation() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let client = client(&panel);
        add(&client, &target("tk-other")).await;
        assert!(client.find("tk-1").await.unwrap().is_none());

        let sold = target("tk-1");
        let snapshot = add(&client, &sold).await;
        assert_eq!(snapshot.client.unwrap().flow, "xtls-rprx-vision");
        let kept = panel.client("tk-1").unwrap();
        assert_eq!((kept.total_bytes, kept.expiry_ms, kept.serving), (QUOTA, EXPIRY, true));
        assert!(kept.raw["tgId"].is_i64(), "a text breaks the row on 2.x");

        panel.set_traffic("tk-1", 1_000, 234);
        let found = client.find("tk-1").await.unwrap().unwrap();
        assert_eq!((found.used_bytes, found.client.uuid), (1_234, sold.uuid));

        client.reset_traffic("tk-1").await.unwrap();
        let renewed = Target { total_bytes: 2 * QUOTA, expiry_ms: EXPIRY + 1, ..sold.clone() };
        client.update(&found.client, &renewed).await.unwrap();
        let again = client.find("tk-1").await.unwrap().unwrap();
        assert_eq!((again.used_bytes, again.client.differs_from(&renewed)), (0, vec![]));

        client.set_enabled(&again.client, false).await.unwrap();
        assert!(!panel.client("tk-1").unwrap().serving);
        let off = client.find("tk-1").await.unwrap().unwrap().client;
        assert_eq!(off.differs_from(&renewed), [Difference::Enabled]);
        client.set_enabled(&off, true).await.unwrap();
        assert!(panel.client("tk-1").unwrap().serving);

        assert_eq!(client.delete(&again.client).await.unwrap(), Deleted::Gone);
        assert!(panel.client("tk-1").is_none());
        assert_eq!(client.delete(&again.client).await.unwrap(), Deleted::Gone, "twice is the same");
        no_problems(&panel);
    }
}

#[tokio::test]
async fn a_depleted_client_works_again_after_reset_and_update() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let client = client(&panel);
        let sold = target("tk-1");
        add(&client, &sold).await;
        panel.set_traffic("tk-1", QUOTA, 1);
        assert!(!panel.client("tk-1").unwrap().serving);
        let found = client.find("tk-1").await.unwrap().unwrap();
        client.reset_traffic("tk-1").await.unwrap();
        client.update(&found.client, &sold).await.unwrap();
        assert!(panel.client("tk-1").unwrap().serving, "{generation:?}");
    }
}

#[tokio::test]
async fn a_client_can_be_made_switched_off() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let off = Target { enabled: false, ..target("tk-1") };
        add(&client(&panel), &off).await;
        assert!(!panel.client("tk-1").unwrap().serving, "{generation:?}");
    }
}

#[tokio::test]
async fn an_update_keeps_what_it_does_not_know() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let client = client(&panel);
        let sold = target("tk-1");
        add(&client, &sold).await;
        panel.edit_client("tk-1", |row| {
            row.insert("limitIp".into(), json!(3));
            row.insert("comment".into(), json!("a friend of Adel"));
            row.insert("tgId".into(), json!(77));
            row.insert("reset".into(), json!(30));
            if generation != Generation::V3 {
                row.insert("invented".into(), json!({"later": [1, 2]}));
            }
        });
        let before = panel.client("tk-1").unwrap().raw;
        let record = client.snapshot("tk-1").await.unwrap().client.unwrap();
        client.set_enabled(&record, false).await.unwrap();
        client.update(&record, &Target { total_bytes: 7, ..sold.clone() }).await.unwrap();
        let mut after = panel.client("tk-1").unwrap().raw;
        assert_eq!(after["totalGB"], 7);
        after["totalGB"] = before["totalGB"].clone();
        for key in before.as_object().unwrap().keys().filter(|key| !key.starts_with("updated")) {
            assert_eq!(after[key], before[key], "{generation:?} {key}");
        }
    }
}

#[tokio::test]
async fn before_3_4_1_the_switch_sends_the_whole_row() {
    for (version, bulk) in [("3.1.0", 0), ("3.4.0", 0), ("3.4.1", 2)] {
        let options = PanelOptions { panel_version: Some(version.into()), ..PanelOptions::new(Generation::V3) };
        let panel = Panel::start(options).await.unwrap();
        let client = client(&panel);
        let sold = target("tk-1");
        let record = add(&client, &sold).await.client.unwrap();
        client.set_enabled(&record, false).await.unwrap();
        assert!(!panel.client("tk-1").unwrap().serving, "{version}");
        client.set_enabled(&record, true).await.unwrap();
        assert_eq!(client.snapshot("tk-1").await.unwrap().differs_from(&sold), [], "{version}");
        assert_eq!(count(&panel, "/bulkDisable") + count(&panel, "/bulkEnable"), bulk, "{version}");
        no_problems(&panel);
    }
}

#[tokio::test]
async fn a_new_uuid_takes_the_place_of_the_old_one() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let client = client(&panel);
        let sold = target("tk-1");
        let record = add(&client, &sold).await.client.unwrap();
        let rotated = Target { uuid: Uuid::new_v4(), ..sold };
        client.update(&record, &rotated).await.unwrap();
        assert_eq!(client.snapshot("tk-1").await.unwrap().differs_from(&rotated), [], "{generation:?}");
        assert_eq!(panel.clients().len(), 1);
    }
}

#[tokio::test]
async fn the_last_client_of_an_inbound_is_switched_off_on_2_x_and_removed_on_3_x() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let client = client(&panel);
        let record = add(&client, &target("tk-1")).await.client.unwrap();
        let deleted = client.delete(&record).await.unwrap();
        if generation == Generation::V3 {
            assert_eq!((deleted, panel.clients().len()), (Deleted::Gone, 0));
        } else {
            assert_eq!(deleted, Deleted::KeptDisabled);
            assert!(!panel.client("tk-1").unwrap().serving, "{generation:?}");
        }
    }
}

#[tokio::test]
async fn a_client_of_the_same_name_and_another_uuid_is_not_deleted() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let client = client(&panel);
        let record = add(&client, &target("tk-1")).await.client.unwrap();
        panel.edit_client("tk-1", |row| {
            row.insert("id".into(), json!(Uuid::new_v4()));
        });
        assert!(matches!(client.delete(&record).await, Err(Error::Refused { .. })));
        assert!(panel.client("tk-1").unwrap().serving);
    }
}

/// What 3.6.0's own description says: the row it shows is a `ClientRecord`, the body it takes a
/// `Client`, and a field of another type refuses all of it.
#[tokio::test]
async fn what_3_x_shows_goes_back_as_it_says_it_takes_it() {
    let schemas: Value = serde_json::from_str(include_str!("../../contract/v3.6.0/client-schemas.json")).unwrap();
    let accepts = |schema: &str, what: &Value| {
        let errors: Vec<_> =
            jsonschema::validator_for(&schemas[schema]).unwrap().iter_errors(what).map(|e| e.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{schema}: {what}");
    };
    let panel = panel(Generation::V3).await;
    let client = client(&panel);
    let record = add(&client, &target("tk-1")).await.client.unwrap();
    let longer = Target { expiry_ms: EXPIRY + 1, ..record.target() };
    client.update(&record, &longer).await.unwrap();
    assert_eq!(client.snapshot("tk-1").await.unwrap().differs_from(&longer), []);
    let sent = panel.requests().into_iter().rfind(|logged| logged.request.route.contains("clients/update")).unwrap();
    accepts("Client", &sent.request.json());
    // The sandbox's panel shows what a real one does, so that this is worth something.
    let recorded =
        include_str!("../../contract/v3.6.0/steps.jsonl").lines().filter(|line| line.contains("clients/get/"));
    let mut rows = 0;
    for line in recorded {
        let step: Value = serde_json::from_str(line).unwrap();
        let Some(shown) = step.pointer("/response/body/obj/client") else { continue };
        let mut shown = shown.clone();
        assert!(shown["allowedIPs"].is_string(), "{shown}");
        // Described as there always, and null in truth.
        shown["reverse"] = json!({});
        accepts("ClientRecord", &shown);
        rows += 1;
    }
    assert!(rows >= 8, "{rows}");
    no_problems(&panel);
}

/// 2.x looks clients up by comparing texts, and somebody may have typed one in capitals.
#[tokio::test]
async fn a_uuid_in_capitals_stays_as_it_is_and_is_found() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let client = client(&panel);
        add(&client, &target("tk-other")).await;
        let capitals = "ABCDEF01-2345-4678-9ABC-DEF012345678";
        panel.add_client(&by_hand("by-hand", capitals));
        let found = client.find("by-hand").await.unwrap().unwrap().client;
        let more = Target { total_bytes: 2 * QUOTA, ..found.target() };
        client.update(&found, &more).await.unwrap();
        let kept = panel.client("by-hand").unwrap();
        assert_eq!(kept.total_bytes, 2 * QUOTA, "{generation:?}");
        if generation != Generation::V3 {
            assert_eq!(kept.uuid, capitals, "{generation:?}");
        }
        assert_eq!(client.delete(&found).await.unwrap(), Deleted::Gone, "{generation:?}");
        assert!(panel.client("by-hand").is_none());
        no_problems(&panel);
    }
}

#[tokio::test]
async fn on_2_x_a_client_that_shares_its_uuid_is_not_deleted() {
    let shared = Uuid::new_v4().to_string();
    for generation in [Generation::V2_6, Generation::V2_8, Generation::V2_9] {
        let panel = panel(generation).await;
        let client = client(&panel);
        for email in ["one", "other"] {
            panel.add_client(&by_hand(email, &shared));
        }
        let record = client.snapshot("one").await.unwrap().client.unwrap();
        let refused = client.delete(&record).await.unwrap_err();
        assert_eq!(refused.to_string(), "the panel refused: another client has the same uuid", "{generation:?}");
        assert_eq!(panel.clients().len(), 2, "{generation:?}");
    }
}

pub(super) fn by_hand(email: &str, uuid: &str) -> NewClient {
    NewClient {
        inbound_id: 1,
        uuid: uuid.to_owned(),
        email: email.to_owned(),
        sub_id: format!("sub-{email}"),
        enable: true,
        total_bytes: QUOTA,
        expiry_ms: EXPIRY,
    }
}

#[tokio::test]
async fn writes_at_the_same_time_wait_for_one_another() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let client = client(&panel);
        let targets: Vec<Target> = (0..20).map(|n| target(&format!("tk-{n}"))).collect();
        let answers = join_all(targets.iter().map(|target| client.add(target))).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        assert_eq!(panel.clients().len(), 20);
        no_problems(&panel);
    }
}

#[tokio::test]
async fn a_write_that_the_panel_lost_is_seen_by_reading_back() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let client = client(&panel);
        let sold = target("tk-1");
        let (add_route, update_route) = if generation == Generation::V3 {
            ("clients/add", "clients/update")
        } else {
            ("addClient", "updateClient")
        };
        once(&panel, add_route, Fault::LoseWrite);
        client.add(&sold).await.unwrap();
        assert_eq!(client.snapshot("tk-1").await.unwrap().differs_from(&sold), [Difference::Absent]);

        let record = add(&client, &sold).await.client.unwrap();
        once(&panel, update_route, Fault::LoseWrite);
        let renewed = Target { expiry_ms: EXPIRY + 5, total_bytes: 1, ..sold };
        client.update(&record, &renewed).await.unwrap();
        let differences = client.snapshot("tk-1").await.unwrap().differs_from(&renewed);
        assert_eq!(differences, [Difference::Quota, Difference::Expiry], "{generation:?}");
    }
}

#[tokio::test]
async fn a_taken_name_is_refused_in_the_panels_words() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let client = client(&panel);
        panel.add_client(&NewClient {
            inbound_id: 1,
            uuid: Uuid::new_v4().to_string(),
            email: "tk-1".into(),
            sub_id: "theirs".into(),
            enable: true,
            total_bytes: 0,
            expiry_ms: 0,
        });
        let error = client.add(&target("tk-1")).await.unwrap_err();
        assert!(!error.is_target());
        let words = if generation == Generation::V3 { "email already in use: tk-1" } else { "Duplicate email: tk-1" };
        assert_eq!(error.to_string(), format!("the panel refused: {words}"));
    }
}

#[tokio::test]
async fn an_inbound_that_does_not_exist_is_a_refusal_that_names_it() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let client = connect(panel::Settings { inbound_id: 9, ..settings(&panel) });
        let error = client.add(&target("tk-1")).await.unwrap_err();
        assert_eq!(error.to_string(), "the panel refused: inbound 9: record not found", "{generation:?}");
    }
}

#[tokio::test]
async fn on_3_x_a_client_of_another_inbound_is_told_apart() {
    let panel = panel(Generation::V3).await;
    panel.set_inbound(&InboundSpec::reality(2));
    let sold = target("tk-1");
    let elsewhere = connect(panel::Settings { inbound_id: 2, ..settings(&panel) });
    elsewhere.add(&sold).await.unwrap();
    let client = client(&panel);
    assert_eq!(client.snapshot("tk-1").await.unwrap().differs_from(&sold), [Difference::Inbound]);
    // Adding the same client again attaches it.
    client.add(&sold).await.unwrap();
    assert_eq!(client.snapshot("tk-1").await.unwrap().differs_from(&sold), []);
    assert_eq!(panel.clients().len(), 1);
}

/// Requests that `work` took.
async fn cost(panel: &Panel, work: impl Future<Output = ()>) -> u64 {
    let before = panel.request_count();
    work.await;
    panel.request_count() - before
}

/// What a renewal does: read, reset, write, read back with the inbound for the link.
pub(super) async fn renew(client: &Client, sold: &Target) {
    let found = client.find(&sold.email).await.unwrap().unwrap();
    client.reset_traffic(&sold.email).await.unwrap();
    assert_eq!(client.used(&sold.email).await.unwrap(), 0);
    let renewed = Target { expiry_ms: sold.expiry_ms + 1, ..sold.clone() };
    client.update(&found.client, &renewed).await.unwrap();
    assert_eq!(client.snapshot(&sold.email).await.unwrap().differs_from(&renewed), []);
}

#[tokio::test]
async fn a_warm_first_sale_takes_three_calls_and_a_renewal_six_at_most() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let client = connect(panel::Settings { breaker: breaker::Limits::default(), ..settings(&panel) });
        add(&client, &target("tk-0")).await;
        let sold = target("tk-1");
        let sale = cost(&panel, async { drop(add(&client, &sold).await) }).await;
        let renewal = cost(&panel, renew(&client, &sold)).await;
        let expected_sale = if generation == Generation::V3 { 3 } else { 2 };
        assert_eq!((sale, renewal), (expected_sale, 6), "{generation:?}");
    }
}
