//! The sandbox's Discord is as strict as Discord: what it must refuse, and how.
//!
//! A plain HTTP client goes through the proxy here, so that nothing of a Discord library hides a mistake.

mod bodies;
mod calls;
mod interactions;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tollkeeper::sandbox::discord::{Discord, Id, Options, Person};

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
