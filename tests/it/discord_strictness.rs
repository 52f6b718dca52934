//! The sandbox's Discord is as strict as Discord: what it must refuse, and that a real client works against it.
//!
//! A plain HTTP client goes through the proxy here, so that nothing of a Discord library hides a mistake.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tollkeeper::sandbox::discord::{
    Answer, Discord, Fault, Gate, Id, Options, Overwrite, Person, Refused, Target, permission,
};

/// Seconds enough for anything on loopback.
const SOON: Duration = Duration::from_secs(10);

/// A guild with a bot that speaks plain HTTP.
struct World {
    discord: Discord,
    http: reqwest::Client,
    channel: Id,
    category: Id,
    mona: Person,
}

impl World {
    async fn new() -> Self {
        Self::with(Options::default()).await
    }

    async fn with(options: Options) -> Self {
        let discord = Discord::start(options).await.unwrap();
        let http = client(&discord);
        let category = discord.category("tickets", &[]);
        let channel = discord.text_channel("lobby", None, &[]);
        let mona = discord.member("Mona", &[]);
        Self { discord, http, channel, category, mona }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self
            .http
            .request(method, format!("https://discord.com/api/v10{path}"))
            .header("Authorization", format!("Bot {}", self.discord.bot_token()));
        if let Some(body) = body {
            request = request.json(&body);
        }
        read(request.send().await.unwrap()).await
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.call(Method::GET, path, None).await
    }

    async fn says(&self, body: Value) -> (u16, Value) {
        self.post(&format!("/channels/{}/messages", self.channel), body).await
    }

    async fn makes_channel(&self, body: Value) -> (u16, Value) {
        self.post(&format!("/guilds/{}/channels", self.discord.guild()), body).await
    }

    /// Registers one command and connects a session that only listens.
    async fn registers(&self, commands: Value) {
        let (app, guild) = (self.discord.application_id(), self.discord.guild());
        let path = format!("/applications/{app}/guilds/{guild}/commands");
        let (status, body) = self.call(Method::PUT, &path, Some(commands)).await;
        assert_eq!(status, 200, "{body}");
    }
}

fn client(discord: &Discord) -> reqwest::Client {
    reqwest::Client::builder()
        .proxy(reqwest::Proxy::https(discord.proxy_url()).unwrap())
        .add_root_certificate(reqwest::Certificate::from_pem(discord.ca_pem().as_bytes()).unwrap())
        .user_agent("DiscordBot (https://example.invalid, 1)")
        .timeout(SOON)
        .build()
        .unwrap()
}

async fn read(answer: reqwest::Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// The codes of the fields a 50035 answer names, as `path:CODE`.
fn fields(body: &Value) -> Vec<String> {
    fn walk(path: &str, at: &Value, found: &mut Vec<String>) {
        for (key, value) in at.as_object().into_iter().flatten() {
            if key == "_errors" {
                for error in value.as_array().into_iter().flatten() {
                    found.push(format!("{path}:{}", error["code"].as_str().unwrap_or("?")));
                }
            } else {
                walk(&if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, value, found);
            }
        }
    }
    assert_eq!(body["code"], 50035, "{body}");
    let mut found = Vec::new();
    walk("", &body["errors"], &mut found);
    found
}

fn long(n: usize) -> String {
    "x".repeat(n)
}

fn row(children: &[Value]) -> Value {
    json!({ "type": 1, "components": children })
}

fn button(id: &str) -> Value {
    json!({ "type": 2, "style": 1, "label": "Press", "custom_id": id })
}

fn select(id: &str, options: &[Value]) -> Value {
    json!({ "type": 3, "custom_id": id, "options": options })
}

fn option(n: usize) -> Value {
    json!({ "label": format!("Option {n}"), "value": n.to_string() })
}

#[tokio::test]
async fn every_bad_message_body_is_refused_by_field() {
    let world = World::new().await;
    let six: Vec<Value> = (0..6).map(|n| button(&n.to_string())).collect();
    let many: Vec<Value> = (0..26).map(option).collect();
    let rows: Vec<Value> = (0..6).map(|n| row(&[button(&n.to_string())])).collect();
    let no_id = json!({ "type": 2, "style": 1, "label": "Press" });
    let no_type = json!({ "style": 1, "label": "Press", "custom_id": "a" });
    let field = |name: &str, value: &str| json!({ "name": name, "value": value });
    let cases = [
        (json!({ "content": long(2001) }), "content:BASE_TYPE_MAX_LENGTH"),
        (
            json!({ "components": [row(&[button(&long(101))])] }),
            "components.0.components.0.custom_id:BASE_TYPE_BAD_LENGTH",
        ),
        (json!({ "components": [row(&[no_type])] }), "components.0.components.0.type:BASE_TYPE_REQUIRED"),
        (json!({ "components": [{ "components": [button("a")] }] }), "components.0.type:BASE_TYPE_REQUIRED"),
        (
            json!({ "components": [row(&[select("a", &many)])] }),
            "components.0.components.0.options:BASE_TYPE_MAX_LENGTH",
        ),
        (json!({ "components": [row(&six)] }), "components.0.components:BASE_TYPE_MAX_LENGTH"),
        (json!({ "components": rows }), "components:BASE_TYPE_MAX_LENGTH"),
        (
            json!({ "components": [row(&[button("a"), button("a")])] }),
            "components.0.components.1.custom_id:COMPONENT_CUSTOM_ID_DUPLICATED",
        ),
        (
            json!({ "components": [row(&[no_id])] }),
            "components.0.components.0.custom_id:BUTTON_COMPONENT_CUSTOM_ID_REQUIRED",
        ),
        (
            json!({ "components": [row(&[button("a"), select("b", &[option(1)])])] }),
            "components.0.components:COMPONENT_LAYOUT_WIDTH_EXCEEDED",
        ),
        (
            json!({ "components": [row(&[select("a", &[option(1), option(1)])])] }),
            "components.0.components.0.options.1.value:SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
        ),
        (json!({ "embeds": [{ "description": long(4097) }] }), "embeds.0.description:BASE_TYPE_MAX_LENGTH"),
        (json!({ "embeds": [{ "fields": vec![field("a", "b"); 26] }] }), "embeds.0.fields:BASE_TYPE_MAX_LENGTH"),
        (json!({ "embeds": [{ "fields": [field("a", "")] }] }), "embeds.0.fields.0.value:BASE_TYPE_REQUIRED"),
        (
            json!({ "embeds": [{ "description": long(4000) }, { "description": long(2001) }] }),
            "embeds:MAX_EMBED_SIZE_EXCEEDED",
        ),
        (json!({ "content": "a", "nonce": long(26) }), "nonce:NONCE_TYPE_TOO_LONG"),
        (json!({ "content": "a", "flags": 64 }), "flags:MESSAGE_FLAGS_INVALID"),
        (
            json!({ "content": "a", "allowed_mentions": { "parse": ["users"], "users": ["1"] } }),
            "allowed_mentions:MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        ),
    ];
    for (body, wanted) in cases {
        let (status, answer) = world.says(body.clone()).await;
        assert_eq!(status, 400, "{body}");
        assert_eq!(fields(&answer), [wanted], "{body}");
    }
    let (status, answer) = world.says(json!({ "content": "  ", "embeds": [] })).await;
    assert_eq!((status, &answer["code"]), (400, &json!(50006)));
    assert_eq!(world.discord.problems(), Vec::<String>::new());

    let (status, answer) = world.says(json!({ "content": "a", "contnet": "b" })).await;
    assert_eq!((status, fields(&answer)), (400, vec!["contnet:SANDBOX_UNKNOWN_FIELD".to_owned()]));
    assert_eq!(world.discord.take_problems().len(), 1);
}

#[tokio::test]
async fn every_bad_channel_body_is_refused_by_field() {
    let world = World::new().await;
    let overwrites = |value: Value| json!({ "name": "a", "permission_overwrites": [value] });
    let cases = [
        (json!({ "name": long(101) }), "name:BASE_TYPE_BAD_LENGTH"),
        (json!({}), "name:BASE_TYPE_REQUIRED"),
        (json!({ "name": "a", "topic": long(1025) }), "topic:BASE_TYPE_MAX_LENGTH"),
        (json!({ "name": "a", "parent_id": "tickets" }), "parent_id:NUMBER_TYPE_COERCE"),
        (json!({ "name": "a", "parent_id": world.channel.to_string() }), "parent_id:CHANNEL_PARENT_INVALID_TYPE"),
        (
            overwrites(json!({ "type": 0, "allow": "0", "deny": "1024" })),
            "permission_overwrites.0.id:BASE_TYPE_REQUIRED",
        ),
        (overwrites(json!({ "id": "1", "type": 0 })), "permission_overwrites.0.id:PERMISSION_OVERWRITE_UNKNOWN_TARGET"),
    ];
    for (body, wanted) in cases {
        let (status, answer) = world.makes_channel(body.clone()).await;
        assert_eq!((status, fields(&answer)), (400, vec![wanted.to_owned()]), "{body}");
    }
    assert_eq!(world.discord.problems(), Vec::<String>::new());
}

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

fn order_command() -> Value {
    json!([
        { "name": "order", "description": "Buy", "options": [] },
        { "name": "proof", "description": "Proof", "options": [
            { "type": 11, "name": "image", "description": "The picture", "required": true }] },
        { "name": "admin", "description": "Staff", "options": [
            { "type": 1, "name": "block", "description": "Block", "options": [
                { "type": 6, "name": "user", "description": "Who", "required": true }] }] },
    ])
}

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
async fn commands_are_checked_when_registered_and_when_used() {
    let world = World::new().await;
    let (app, guild) = (world.discord.application_id(), world.discord.guild());
    let path = format!("/applications/{app}/guilds/{guild}/commands");
    let put = async |body: Value| world.call(Method::PUT, &path, Some(body)).await;
    let (_, body) = put(json!([{ "name": "Order", "description": "" }])).await;
    assert_eq!(fields(&body), ["0.description:BASE_TYPE_REQUIRED", "0.name:APPLICATION_COMMAND_INVALID_NAME"]);
    let (_, first) = put(order_command()).await;
    let (_, again) = put(order_command()).await;
    assert_eq!(first[0]["id"], again[0]["id"]);
    assert!(first[0]["type"] == 1 && first[0]["version"].is_string() && first[0]["application_id"].is_string());
    let mona = &world.mona;
    assert!(matches!(mona.slash(world.channel, "nothing", json!({})), Err(Refused::NoCommand(_))));
    assert!(matches!(mona.slash(world.channel, "proof", json!({})), Err(Refused::BadInput(_))));
    assert!(matches!(mona.slash(world.channel, "admin", json!({})), Err(Refused::NoCommand(_))));
    mona.slash(world.channel, "admin block", json!({ "user": mona.id() })).unwrap();
    mona.slash_with(world.channel, "proof", json!({}), &[("image", "proof.png", b"x")]).unwrap();
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
