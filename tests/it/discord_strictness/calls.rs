//! Calls the bot may not make, limits of the guild, and what people may do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::Method;
use serde_json::json;
use tollkeeper::sandbox::discord::{Options, Overwrite, Refused, Target, permission};

use super::{World, fields, read};

#[tokio::test]
async fn the_limits_of_the_guild_are_discords() {
    let world = World::with(Options { rate_limits: false, ..Options::default() }).await;
    let body = json!({ "name": "Ticket One", "parent_id": world.category.to_string() });
    for n in 0..50 {
        let (status, answer) = world.makes_channel(body.clone()).await;
        assert_eq!(status, 201, "channel {n}: {answer}");
        assert_eq!(answer["name"], "ticket-one");
    }
    let (status, answer) = world.makes_channel(body).await;
    assert_eq!((status, fields(&answer)), (400, vec!["parent_id:CHANNEL_PARENT_MAX_CHANNELS".to_owned()]));
    while world.discord.look(|view| view.channels().len()) < 500 {
        world.discord.text_channel("filler", None, &[]);
    }
    let (status, answer) = world.makes_channel(json!({ "name": "one-more" })).await;
    assert_eq!((status, &answer["code"]), (400, &json!(30013)));
}

#[tokio::test]
async fn a_third_rename_waits_ten_minutes() {
    let world = World::new().await;
    let path = format!("/channels/{}", world.channel);
    for name in ["one", "two"] {
        let (status, _) = world.call(Method::PATCH, &path, Some(json!({ "name": name }))).await;
        assert_eq!(status, 200);
    }
    let (status, body) = world.call(Method::PATCH, &path, Some(json!({ "topic": "three" }))).await;
    assert_eq!(status, 429);
    assert!(body["retry_after"].as_f64().unwrap() > 570.0, "{body}");
    assert!(body.get("code").is_none(), "{body}");
}

#[tokio::test]
async fn unknown_things_have_their_own_codes() {
    let world = World::new().await;
    let (guild, app) = (world.discord.guild(), world.discord.application_id());
    let nobody = 1u64 << 40;
    let cases = [
        (format!("/channels/{nobody}"), 404, 10003),
        (format!("/guilds/{nobody}"), 404, 10004),
        (format!("/guilds/{guild}/members/{nobody}"), 404, 10013),
        (format!("/users/{nobody}"), 404, 10013),
        (format!("/channels/{}/messages/{nobody}", world.channel), 404, 10008),
        (format!("/applications/{app}/guilds/{guild}/commands/{nobody}"), 404, 10063),
        (format!("/webhooks/{app}/nonsense/messages/@original"), 401, 50027),
    ];
    for (path, status, code) in cases {
        let (got, body) = world.get(&path).await;
        assert_eq!((got, &body["code"]), (status, &json!(code)), "{path}");
    }
    let (status, body) = world.post(&format!("/interactions/{nobody}/x/callback"), json!({ "type": 6 })).await;
    assert_eq!((status, &body["code"]), (404, &json!(10062)));
    world.mona.leaves();
    let (status, body) = world.get(&format!("/guilds/{guild}/members/{}", world.mona.id())).await;
    assert_eq!((status, &body["code"]), (404, &json!(10007)));
    assert_eq!(world.discord.problems(), Vec::<String>::new());

    let (status, _) = world.get("/guilds/1/stickers").await;
    assert_eq!(status, 404);
    assert_eq!(world.discord.take_problems(), ["GET /api/v10/guilds/1/stickers, which the sandbox does not know"]);
}

#[tokio::test]
async fn a_wrong_token_is_refused_everywhere() {
    let world = World::new().await;
    let ask = |token: &'static str| {
        world.http.get("https://discord.com/api/v10/users/@me").header("Authorization", token).send()
    };
    for token in ["Bot wrong", "Bearer wrong", ""] {
        assert_eq!(ask(token).await.unwrap().status(), 401, "{token:?}");
    }
    assert!(world.http.get("https://example.com/").send().await.is_err());
    assert_eq!(world.discord.take_problems(), ["the proxy was asked to connect to example.com:443"]);
}

#[tokio::test]
async fn the_bot_does_only_what_its_permissions_allow() {
    let world = World::new().await;
    let everyone = world.discord.guild();
    let hide = Overwrite { id: everyone, target: Target::Role, allow: 0, deny: permission::VIEW_CHANNEL };
    let hidden = world.discord.text_channel("hidden", None, &[hide]);
    let (status, body) = world.post(&format!("/channels/{hidden}/messages"), json!({ "content": "a" })).await;
    assert_eq!((status, &body["code"]), (403, &json!(50001)));

    let gag = Overwrite {
        id: world.discord.bot_id(),
        target: Target::Member,
        allow: 0,
        deny: permission::SEND_MESSAGES | permission::MANAGE_MESSAGES | permission::MANAGE_CHANNELS,
    };
    let gagged = world.discord.text_channel("gagged", None, &[gag]);
    let theirs = world.mona.says(gagged, "hello").unwrap();
    let bulk = json!({ "messages": ["1", "2"] });
    let calls = [
        (Method::POST, format!("/channels/{gagged}/messages"), Some(json!({ "content": "a" }))),
        (Method::POST, format!("/channels/{gagged}/messages/bulk-delete"), Some(bulk)),
        (Method::DELETE, format!("/channels/{gagged}/messages/{}", theirs.id), None),
        (Method::PATCH, format!("/channels/{gagged}"), Some(json!({ "name": "b" }))),
        (Method::DELETE, format!("/channels/{gagged}"), None),
    ];
    for (method, path, body) in calls {
        let (status, answer) = world.call(method, &path, body).await;
        assert_eq!((status, &answer["code"]), (403, &json!(50013)), "{path}");
    }
    let path = format!("/channels/{gagged}/messages/{}", theirs.id);
    let (status, answer) = world.call(Method::PATCH, &path, Some(json!({ "content": "mine" }))).await;
    assert_eq!((status, &answer["code"]), (403, &json!(50005)));
}

#[tokio::test]
async fn overwrites_hand_on_only_what_the_bot_has() {
    let world = World::new().await;
    let put = async |allow: u64| {
        let path = format!("/channels/{}/permissions/{}", world.channel, world.mona.id());
        world.call(Method::PUT, &path, Some(json!({ "type": 1, "allow": allow.to_string(), "deny": "0" }))).await
    };
    assert_eq!(put(permission::ATTACH_FILES).await.0, 204);
    for too_much in [permission::ADMINISTRATOR, permission::MANAGE_ROLES, 1 << 5] {
        let (status, answer) = put(too_much).await;
        assert_eq!((status, &answer["code"]), (403, &json!(50013)));
    }
    world.discord.set_bot_permissions(permission::BOT & !permission::MANAGE_ROLES);
    assert_eq!(put(permission::ATTACH_FILES).await.1["code"], 50013);
    world.discord.set_bot_permissions(permission::BOT & !permission::MANAGE_CHANNELS);
    assert_eq!(world.makes_channel(json!({ "name": "a" })).await.1["code"], 50013);
}

#[tokio::test]
async fn a_locked_person_reads_but_does_not_write() {
    let world = World::new().await;
    let (channel, mona) = (world.channel, &world.mona);
    mona.upload(channel, "proof.png", b"not a picture", "").unwrap();
    let lock =
        json!({ "type": 1, "allow": "0", "deny": (permission::SEND_MESSAGES | permission::ATTACH_FILES).to_string() });
    let path = format!("/channels/{channel}/permissions/{}", mona.id());
    assert_eq!(world.call(Method::PUT, &path, Some(lock)).await.0, 204);
    assert_eq!(mona.says(channel, "hello?").unwrap_err(), Refused::MayNot("send messages"));
    assert_eq!(mona.sees(channel).len(), 1);
    assert_eq!(world.call(Method::DELETE, &path, None).await.0, 204);
    mona.says(channel, "hello!").unwrap();
    let hidden = world.discord.text_channel("staff", None, &world.discord.private());
    assert_eq!(mona.says(hidden, "hello").unwrap_err(), Refused::CannotSee);
    assert!(mona.sees(hidden).is_empty());
    assert!(world.discord.owner().says(hidden, "hello").is_ok());
}

#[tokio::test]
async fn closed_direct_messages_are_refused_for_good() {
    let world = World::new().await;
    let open = json!({ "recipient_id": world.mona.id().to_string() });
    let (_, first) = world.post("/users/@me/channels", open.clone()).await;
    let (_, again) = world.post("/users/@me/channels", open).await;
    assert_eq!(first["id"], again["id"]);
    let path = format!("/channels/{}/messages", first["id"].as_str().unwrap());
    assert_eq!(world.post(&path, json!({ "content": "your link" })).await.0, 200);
    assert_eq!(world.mona.dms()[0].content, "your link");
    world.mona.closes_dms();
    let (status, body) = world.post(&path, json!({ "content": "again" })).await;
    assert_eq!((status, &body["code"]), (403, &json!(50007)));
    world.mona.leaves();
    assert_eq!(world.post(&path, json!({ "content": "again" })).await.1["code"], 50278);
}

#[tokio::test]
async fn bulk_delete_takes_two_to_a_hundred_young_messages() {
    let clock = Arc::new(AtomicU64::new(1_800_000_000_000));
    let reads = Arc::clone(&clock);
    let now: Arc<dyn Fn() -> u64 + Send + Sync> = Arc::new(move || reads.load(Ordering::Relaxed));
    let world = World::with(Options { clock: Some(now), ..Options::default() }).await;
    let path = format!("/channels/{}/messages/bulk-delete", world.channel);
    let ids: Vec<String> =
        (0..4).map(|n| world.mona.says(world.channel, &n.to_string()).unwrap().id.to_string()).collect();
    let delete = async |ids: &[&str]| world.post(&path, json!({ "messages": ids })).await;
    assert_eq!(fields(&delete(&[&ids[0]]).await.1), ["messages:BASE_TYPE_BAD_LENGTH"]);
    assert_eq!(fields(&delete(&[&ids[0], &ids[0]]).await.1), ["messages.1:BASE_TYPE_DUPLICATE"]);
    assert_eq!(delete(&[&ids[0], &ids[1]]).await.0, 204);
    clock.fetch_add(15 * 24 * 3600 * 1000, Ordering::Relaxed);
    assert_eq!(delete(&[&ids[2], &ids[3]]).await.1["code"], 50034);
    assert_eq!(world.mona.sees(world.channel).len(), 2);
}

#[tokio::test]
async fn messages_are_listed_newest_first_and_without_nonce() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for n in 0..5 {
        let (status, body) =
            world.says(json!({ "content": n.to_string(), "nonce": format!("n{n}"), "enforce_nonce": true })).await;
        assert_eq!((status, &body["nonce"]), (200, &json!(format!("n{n}"))));
        ids.push(body["id"].as_str().unwrap().to_owned());
    }
    let (_, again) = world.says(json!({ "content": "other", "nonce": "n3", "enforce_nonce": true })).await;
    assert_eq!(again["id"], ids[3].as_str());
    let list = async |query: &str| {
        let (_, body) = world.get(&format!("/channels/{}/messages?{query}", world.channel)).await;
        assert!(body.as_array().unwrap().iter().all(|message| message.get("nonce").is_none()));
        body.as_array().unwrap().iter().map(|m| m["content"].as_str().unwrap().to_owned()).collect::<String>()
    };
    assert_eq!(list("limit=100").await, "43210");
    assert_eq!(list("limit=2").await, "43");
    assert_eq!(list(&format!("after={}&limit=2", ids[1])).await, "32");
    assert_eq!(list(&format!("before={}&limit=2", ids[3])).await, "21");
    assert_eq!(list(&format!("around={}&limit=3", ids[2])).await, "321");
    let (_, one) = world.get(&format!("/channels/{}/messages/{}", world.channel, ids[0])).await;
    assert!(one.get("nonce").is_none());
}

#[tokio::test]
async fn files_are_served_by_their_signed_address_only() {
    let world = World::new().await;
    let payload = json!({ "embeds": [{ "title": "Proof", "image": { "url": "attachment://proof.png" } }],
        "attachments": [{ "id": 0, "filename": "proof.png" }] });
    let form = reqwest::multipart::Form::new()
        .part("files[0]", reqwest::multipart::Part::bytes(b"picture".to_vec()).file_name("proof.png"))
        .text("payload_json", payload.to_string());
    let request = world.http.post(format!("https://discord.com/api/v10/channels/{}/messages", world.channel));
    let request = request.header("Authorization", format!("Bot {}", world.discord.bot_token())).multipart(form);
    let (status, body) = read(request.send().await.unwrap()).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["attachments"], json!([]));
    let url = body["embeds"][0]["image"]["url"].as_str().unwrap().to_owned();
    let fetch = async |url: &str| {
        let answer = world.http.get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
    };
    assert_eq!(fetch(&url).await, (200, b"picture".to_vec()));
    assert_eq!(fetch(url.split_once('?').unwrap().0).await.0, 404);
    assert_eq!(fetch(&url.replace("hm=", "hm=0")).await.0, 404);
    let seen = world.mona.sees(world.channel);
    assert_eq!(&*seen[0].attachments[0].bytes, b"picture");
    insta::assert_snapshot!(seen[0].render_text(), @r"
    │ **Proof**
    │ [image proof.png]
    ");
    let path = format!("/channels/{}/messages/{}", world.channel, seen[0].id);
    assert_eq!(world.call(Method::DELETE, &path, None).await.0, 204);
    assert_eq!(fetch(&url).await.0, 404);
    assert_eq!(world.discord.problems(), Vec::<String>::new());
}
