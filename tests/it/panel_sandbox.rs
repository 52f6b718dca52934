//! The sandbox's panels can be broken in every way that the bot must survive.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tollkeeper::sandbox::panel::{Fault, Generation, NewClient, Panel, PanelOptions};

const PATIENCE: Duration = Duration::from_secs(10);

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap()
}

async fn v3() -> Panel {
    Panel::start(PanelOptions { base_path: "secret".to_owned(), ..PanelOptions::new(Generation::V3) }).await.unwrap()
}

/// Adds a client through the API of 3.x.
async fn add(panel: &Panel, email: &str) -> Result<(u16, String), reqwest::Error> {
    let body = json!({ "client": { "email": email, "totalGB": 1000, "enable": true }, "inboundIds": [1] });
    let request = http().post(format!("{}/panel/api/clients/add", panel.url()));
    let request = request.bearer_auth(panel.token().unwrap()).header("content-type", "application/json");
    let answer = request.body(body.to_string()).send().await?;
    Ok((answer.status().as_u16(), answer.text().await?))
}

/// The next write gets this fault, every other request none.
fn once(panel: &Panel, fault: Fault) {
    let n = panel.write_count() + 1;
    panel.on_request(move |request| if request.write_n == n { fault.clone() } else { Fault::None });
}

fn emails(panel: &Panel) -> Vec<String> {
    panel.clients().into_iter().map(|client| client.email).collect()
}

/// Adds a client, waits until something has come of it, and sees that no answer follows.
async fn unanswered(panel: &Panel, email: &str, came: impl Fn(&Panel) -> bool) {
    let mut adding = std::pin::pin!(add(panel, email));
    tokio::select! {
        answer = &mut adding => unreachable!("{email} was answered: {answer:?}"),
        came = panel.until(email, PATIENCE, |panel| came(panel).then_some(())) => came.unwrap(),
    }
    assert!(tokio::time::timeout(Duration::from_millis(200), adding).await.is_err(), "{email} was answered");
}

#[tokio::test]
async fn a_fault_before_handling_leaves_no_client_and_one_after_it_does() {
    let panel = v3().await;
    for (email, fault) in [("cut-before", Fault::CutBefore), ("cut-after", Fault::CutAfter)] {
        once(&panel, fault);
        assert!(add(&panel, email).await.is_err(), "{email} was answered");
    }
    assert_eq!(emails(&panel), ["cut-after"]);

    for (email, fault) in [("hang-before", Fault::HangBefore), ("hang-after", Fault::HangAfter)] {
        once(&panel, fault);
        let (n, known) = (panel.request_count() + 1, panel.clients().len());
        let came =
            |panel: &Panel| panel.request_count() >= n && (email == "hang-before" || panel.clients().len() > known);
        unanswered(&panel, email, came).await;
        let hung = panel.requests().into_iter().find(|logged| logged.request.n == n).unwrap();
        assert_eq!(hung.status, None);
    }
    assert_eq!(emails(&panel), ["cut-after", "hang-after"]);

    once(&panel, Fault::LoseWrite);
    let (status, body) = add(&panel, "lost").await.unwrap();
    assert_eq!((status, body.contains("\"success\":true")), (200, true));
    assert_eq!(emails(&panel), ["cut-after", "hang-after"]);
}

#[tokio::test]
async fn bad_answers_are_what_they_are_called() {
    let panel = v3().await;
    once(&panel, Fault::Refuse("disk is full\n".to_owned()));
    let (status, body) = add(&panel, "a").await.unwrap();
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, &body["success"], &body["msg"]),
        (200, &json!(false), &json!("Something went wrong (disk is full\n)"))
    );

    once(&panel, Fault::Status(502));
    assert_eq!(add(&panel, "a").await.unwrap(), (502, String::new()));

    once(&panel, Fault::Html200);
    let (status, body) = add(&panel, "a").await.unwrap();
    assert!(status == 200 && body.contains("<!DOCTYPE html>"));

    once(&panel, Fault::HalfJson);
    let (status, body) = add(&panel, "a").await.unwrap();
    assert!(status == 200 && body.starts_with("{\"success\":true") && serde_json::from_str::<Value>(&body).is_err());

    once(&panel, Fault::Huge);
    let (status, body) = add(&panel, "a").await.unwrap();
    assert!(status == 200 && body.len() > 50_000_000);
    assert!(emails(&panel).is_empty());
}

#[tokio::test]
async fn an_action_runs_at_its_moment_and_nothing_is_answered() {
    let panel = v3().await;
    let seen = Arc::new(AtomicU64::new(0));
    for (email, clients_then) in [("before", 0), ("after", 1)] {
        let (watched, here) = (panel.clone(), Arc::clone(&seen));
        let action = Arc::new(move || {
            assert_eq!(watched.clients().len(), clients_then);
            here.fetch_add(1, Ordering::SeqCst);
        });
        once(&panel, if email == "before" { Fault::CallBefore(action) } else { Fault::CallAfter(action) });
        let before = seen.load(Ordering::SeqCst);
        unanswered(&panel, email, |_| seen.load(Ordering::SeqCst) > before).await;
    }
    assert_eq!(seen.load(Ordering::SeqCst), 2);
    assert_eq!(emails(&panel), ["after"]);
    panel.clear_faults();
}

#[tokio::test]
async fn a_panel_that_is_down_refuses_connections_and_comes_back_with_its_clients() {
    let panel = v3().await;
    add(&panel, "kept").await.unwrap();
    panel.down().await;
    let error = add(&panel, "refused").await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    panel.up().await.unwrap();
    add(&panel, "later").await.unwrap();
    assert_eq!(emails(&panel), ["kept", "later"]);

    panel.black_hole(true);
    assert!(tokio::time::timeout(Duration::from_millis(200), add(&panel, "swallowed")).await.is_err());
    panel.black_hole(false);
    add(&panel, "last").await.unwrap();
    assert_eq!(panel.problems(), Vec::<String>::new());
}

/// Signs in to a panel of 2.x and adds clients to it at the same time.
#[tokio::test]
async fn the_second_of_two_writes_at_once_is_lost_on_v2() {
    let panel = Panel::start(PanelOptions::new(Generation::V2_9)).await.unwrap();
    let login = http().post(format!("{}/login", panel.url())).header("content-type", "application/json");
    let answer = login.body(r#"{"username":"admin","password":"admin"}"#).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    panel.set_latency(Duration::from_millis(100));
    let add = |email: &'static str| {
        let client = json!({ "clients": [{ "id": uuid::Uuid::new_v4(), "email": email, "enable": true }] });
        let request = http().post(format!("{}/panel/api/inbounds/addClient", panel.url())).header("cookie", &cookie);
        let request = request.header("content-type", "application/json");
        request.body(json!({ "id": 1, "settings": client.to_string() }).to_string()).send()
    };
    let (one, two) = tokio::join!(add("one"), add("two"));
    let mut statuses = [one.unwrap().status().as_u16(), two.unwrap().status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 500]);
    assert_eq!(panel.clients().len(), 1);
    assert_eq!(panel.problems(), ["a second write at the same time: POST /panel/api/inbounds/addClient"]);

    assert_eq!(add("three").await.unwrap().status().as_u16(), 200);
    assert_eq!(panel.clients().len(), 2);
}

/// After measurements on real panels: which switches say what, and what lets a client in again.
#[tokio::test]
async fn a_used_up_client_is_cut_off_and_comes_back_as_each_generation_does_it() {
    for (generation, switch_after_cut, served_after_reset) in [
        (Generation::V2_6, true, true),
        (Generation::V2_8, true, false),
        (Generation::V2_9, false, false),
        (Generation::V3, false, true),
    ] {
        let panel = Panel::start(PanelOptions::new(generation)).await.unwrap();
        panel.add_client(&NewClient {
            inbound_id: 1,
            uuid: uuid::Uuid::new_v4().to_string(),
            email: "mona".to_owned(),
            sub_id: "s".to_owned(),
            enable: true,
            total_bytes: 1000,
            expiry_ms: panel.now_ms() + 60_000,
        });
        assert!(panel.client("mona").unwrap().serving);
        panel.set_traffic("mona", 400, 600);
        let cut = panel.until("mona cut off", PATIENCE, |panel| panel.client("mona").filter(|mona| !mona.serving));
        assert_eq!(cut.await.unwrap().enable, switch_after_cut, "{generation:?}");

        reset(&panel, "mona").await;
        let mona = panel.client("mona").unwrap();
        assert_eq!((mona.up + mona.down, mona.serving), (0, served_after_reset), "{generation:?}");

        panel.set_client_enabled("mona", true);
        assert!(panel.client("mona").unwrap().serving, "{generation:?}");
        panel.set_clock_offset_ms(120_000);
        assert!(!panel.client("mona").unwrap().serving, "expired on {generation:?}");
    }
}

/// Resets a counter as an administrator's browser does.
async fn reset(panel: &Panel, email: &str) {
    let v3 = panel.generation() == Generation::V3;
    let mut request = if v3 {
        http().post(format!("{}/panel/api/clients/resetTraffic/{email}", panel.url()))
    } else {
        http().post(format!("{}/panel/api/inbounds/1/resetClientTraffic/{email}", panel.url()))
    };
    if v3 {
        request = request.bearer_auth(panel.token().unwrap());
    } else {
        let login = http().post(format!("{}/login", panel.url())).header("content-type", "application/json");
        let answer = login.body(r#"{"username":"admin","password":"admin"}"#).send().await.unwrap();
        request = request.header("cookie", answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap());
    }
    let answer = request.send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("\"success\":true"));
}

#[tokio::test]
async fn https_is_trusted_through_the_panels_own_authority_only() {
    let panel = Panel::start(PanelOptions { tls: true, ..PanelOptions::new(Generation::V3) }).await.unwrap();
    let url = format!("{}/csrf-token", panel.url());
    assert!(url.starts_with("https://"));
    assert!(http().get(&url).send().await.is_err());
    let authority = reqwest::Certificate::from_pem(panel.ca_pem().unwrap().as_bytes()).unwrap();
    let trusting = reqwest::Client::builder().no_proxy().add_root_certificate(authority).build().unwrap();
    assert_eq!(trusting.get(&url).send().await.unwrap().status().as_u16(), 200);
}
