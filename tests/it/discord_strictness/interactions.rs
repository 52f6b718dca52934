//! The life of an interaction, components, and ordered faults.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::Method;
use serde_json::json;
use tollkeeper::sandbox::discord::{Answer, Fault, Gate, Options, Refused};

use super::{SOON, World, button, fields, long, option, order_command, row, select};

#[tokio::test]
async fn an_interaction_is_answered_once_and_in_time() {
    let world = World::new().await;
    world.registers(order_command()).await;
    let asked = world.mona.slash(world.channel, "order", json!({})).unwrap();
    let callback = format!("/interactions/{}/{}/callback", asked.id(), asked.token());
    let webhook = format!("/webhooks/{}/{}", world.discord.application_id(), asked.token());

    let (status, body) = world.post(&webhook, json!({ "content": "too early" })).await;
    assert_eq!((status, &body["code"]), (404, &json!(10015)));
    let bad = [
        (json!({ "data": {} }), "type:BASE_TYPE_REQUIRED"),
        (json!({ "type": 7, "data": { "content": "a" } }), "type:BASE_TYPE_CHOICES"),
        (json!({ "type": 4, "data": { "content": long(2001) } }), "data.content:BASE_TYPE_MAX_LENGTH"),
        (
            json!({ "type": 9, "data": { "custom_id": "m", "title": long(46), "components": [
                row(&[json!({ "type": 4, "custom_id": "a", "style": 1, "label": "Why" })])] } }),
            "data.title:BASE_TYPE_BAD_LENGTH",
        ),
    ];
    for (body, wanted) in bad {
        let (status, answer) = world.post(&callback, body).await;
        assert_eq!((status, fields(&answer)), (400, vec![wanted.to_owned()]));
    }
    assert_eq!(world.post(&callback, json!({ "type": 5, "data": { "flags": 64 } })).await.0, 204);
    assert!(matches!(asked.answer().await.unwrap(), Answer::Deferred));
    let (status, body) = world.post(&callback, json!({ "type": 4, "data": { "content": "twice" } })).await;
    assert_eq!((status, &body["code"]), (400, &json!(40060)));

    // The first followup becomes the deferred message and stays as hidden as that was.
    assert_eq!(world.post(&webhook, json!({ "content": "plans" })).await.0, 200);
    let reply = asked.reply().await.unwrap();
    assert_eq!((reply.content.as_str(), reply.ephemeral), ("plans", true));
    let original = format!("{webhook}/messages/@original");
    assert_eq!(world.call(Method::PATCH, &original, Some(json!({ "content": "other plans" }))).await.0, 200);
    assert_eq!(world.mona.sees(world.channel)[0].content, "other plans");
    assert_eq!(world.get(&original).await.1["content"], "other plans");

    // Ephemeral: nobody else sees it, and it is in no history.
    let adel = world.discord.member("Adel", &[]);
    assert!(adel.sees(world.channel).is_empty());
    assert_eq!(world.get(&format!("/channels/{}/messages", world.channel)).await.1, json!([]));
    let path = format!("/channels/{}/messages/{}", world.channel, reply.id);
    assert_eq!(world.get(&path).await.1["code"], 10008);
    assert_eq!(adel.click(&reply, "anything").unwrap_err(), Refused::NoMessage);
    assert_eq!(world.call(Method::DELETE, &original, None).await.0, 204);
    assert!(world.mona.sees(world.channel).is_empty());
    assert_eq!(world.discord.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn an_interaction_dies_after_three_seconds_and_its_token_after_fifteen_minutes() {
    let clock = Arc::new(AtomicU64::new(1_800_000_000_000));
    let reads = Arc::clone(&clock);
    let now: Arc<dyn Fn() -> u64 + Send + Sync> = Arc::new(move || reads.load(Ordering::Relaxed));
    let world = World::with(Options { clock: Some(now), ..Options::default() }).await;
    world.registers(order_command()).await;
    let late = world.mona.slash(world.channel, "order", json!({})).unwrap();
    clock.fetch_add(3_001, Ordering::Relaxed);
    let path = format!("/interactions/{}/{}/callback", late.id(), late.token());
    assert_eq!(world.post(&path, json!({ "type": 5 })).await.1["code"], 10062);
    late.failed().await.unwrap();

    let asked = world.mona.slash(world.channel, "order", json!({})).unwrap();
    let path = format!("/interactions/{}/{}/callback", asked.id(), asked.token());
    assert_eq!(world.post(&path, json!({ "type": 4, "data": { "content": "plans" } })).await.0, 204);
    clock.fetch_add(15 * 60 * 1000, Ordering::Relaxed);
    let original = format!("/webhooks/{}/{}/messages/@original", world.discord.application_id(), asked.token());
    let (status, body) = world.call(Method::PATCH, &original, Some(json!({ "content": "late" }))).await;
    assert_eq!((status, &body["code"]), (401, &json!(50027)));
}

#[tokio::test]
async fn people_use_components_as_their_clients_let_them() {
    let world = World::new().await;
    let dead = json!({ "type": 2, "style": 4, "label": "Dead", "custom_id": "dead", "disabled": true });
    let menu = select("plan", &[option(1), option(2)]);
    let (_, body) =
        world.says(json!({ "content": "menu", "components": [row(&[button("go"), dead]), row(&[menu])] })).await;
    assert_eq!(body["components"][0]["components"][0]["custom_id"], "go");
    let message = world.mona.sees(world.channel).pop().unwrap();
    insta::assert_snapshot!(message.render_text(), @r"
    menu
    [Press] [Dead (disabled)]
    [ ▾: Option 1 | Option 2]
    ");
    assert_eq!(world.mona.click(&message, "Dead").unwrap_err(), Refused::NoComponent("Dead".into()));
    assert_eq!(world.mona.click(&message, "None").unwrap_err(), Refused::NoComponent("None".into()));
    let clicked = world.mona.click(&message, "Press").unwrap();
    let modal = json!({ "type": 9, "data": { "custom_id": "why", "title": "Why", "components": [
        row(&[json!({ "type": 4, "custom_id": "reason", "style": 1, "label": "Reason", "max_length": 10 })])] } });
    let path = format!("/interactions/{}/{}/callback", clicked.id(), clicked.token());
    assert_eq!(world.post(&path, modal).await.0, 204);
    let window = clicked.modal().await.unwrap();
    assert!(world.mona.submit(&window, &[]).is_err(), "the field is required");
    assert!(world.mona.submit(&window, &[("Reason", "longer than ten")]).is_err());
    let sent = world.mona.submit(&window, &[("Reason", "blurred")]).unwrap();
    let path = format!("/interactions/{}/{}/callback", sent.id(), sent.token());
    assert_eq!(world.post(&path, json!({ "type": 7, "data": { "content": "done", "components": [] } })).await.0, 204);
    assert!(matches!(sent.answer().await.unwrap(), Answer::Updated(message) if message.content == "done"));
    assert!(world.mona.select(&message, &["Option 2"]).is_err(), "the menu is gone by now");
}

#[tokio::test]
async fn faults_strike_where_they_are_ordered() {
    let world = World::new().await;
    world.discord.fail_next("POST", "/messages", 1, Fault::rate_limited(1.5));
    let url = format!("https://discord.com/api/v10/channels/{}/messages", world.channel);
    let send = async || {
        let request = world.http.post(&url).header("Authorization", format!("Bot {}", world.discord.bot_token()));
        request.json(&json!({ "content": "a" })).send().await
    };
    let limited = send().await.unwrap();
    assert_eq!((limited.status().as_u16(), limited.headers()["retry-after"].to_str().unwrap()), (429, "1.500"));
    world.discord.fail_next("POST", "/messages", 1, Fault::CutBefore);
    assert!(send().await.is_err());
    assert_eq!(world.mona.sees(world.channel).len(), 0);
    world.discord.fail_next("POST", "/messages", 1, Fault::CutAfter);
    assert!(send().await.is_err());
    assert_eq!(world.mona.sees(world.channel).len(), 1);

    let called = Arc::new(AtomicU64::new(0));
    let counts = Arc::clone(&called);
    let deed: Arc<dyn Fn() + Send + Sync> = Arc::new(move || _ = counts.fetch_add(1, Ordering::Relaxed));
    let n = world.discord.request_count() + 1;
    world.discord.on_request(
        move |request| {
            if request.n == n { Fault::CallAfter(Arc::clone(&deed)) } else { Fault::None }
        },
    );
    assert!(send().await.is_err());
    assert_eq!((called.load(Ordering::Relaxed), world.mona.sees(world.channel).len()), (1, 2));
    world.discord.no_faults();

    let gate = Gate::new();
    world.discord.fail_next("POST", "/messages", 1, Fault::HoldBefore(gate.clone()));
    let (answer, ()) = tokio::join!(send(), async {
        world.discord.until("a request to wait", SOON, |_| (gate.waiting() == 1).then_some(())).await.unwrap();
        gate.open();
    });
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("x-ratelimit-remaining"));
    assert_eq!(world.discord.requests().last().unwrap().status, Some(200));
}
