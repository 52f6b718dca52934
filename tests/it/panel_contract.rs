//! The sandbox's panels against real ones: recorded requests are sent again, in order, and the answers compared.
//!
//! `tests/contract/<version>/steps.jsonl` holds one request and answer per line as recorded on a real panel of that
//! version, credentials replaced by placeholders.

mod compare;

use std::collections::HashMap;

use chrono::DateTime;
use serde::Deserialize;
use serde_json::Value;
use tollkeeper::sandbox::panel::{Generation, Panel, PanelOptions};

use compare::{Comparison, compare};

/// One recorded request and its answer.
#[derive(Deserialize)]
struct Step {
    #[serde(rename = "step")]
    name: String,
    request: Request,
    response: Answer,
}

#[derive(Deserialize)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: HashMap<String, String>,
    pub(super) body: Value,
}

#[derive(Deserialize)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HashMap<String, String>,
    pub(super) body: Value,
}

/// Steps that are not sent again, and why; with a name before the colon only those of its recordings.
const LEFT_OUT: [(&str, &str); 13] = [
    ("server-new-x25519", "makes keys, which nobody asks a sandbox for"),
    ("settings-all", "the whole settings page, which no client of ours reads"),
    ("session-after-130s-with-maxage-60s", "recorded on another panel, without a base path"),
    ("v3:nosession-root", "the recorded build had no login page in it and answered 500"),
    ("main:token-disable", "wants the token's scope named, so that it was refused"),
    ("main:bearer-disabled-token", "the token was not disabled"),
    ("main:bearer-disabled-token-post", "the token was not disabled"),
    ("main:token-delete", "wants the token's scope named, so that it was refused"),
    ("main:token-delete-missing", "wants the token's scope named"),
    ("main:clients-list", "tells another flow of a client on several inbounds, and ours are on one"),
    ("main:client-add-wrong-type", "a refusal with the panel's own name for a type, which is another one"),
    ("main:client-add-tgid-string", "a refusal with the panel's own name for a type, which is another one"),
    ("main:client-add-tgid-string-number", "a refusal with the panel's own name for a type, which is another one"),
];

/// What 3.x began to tell after 3.6.0: whoever reads its answers must not stumble over more.
const SINCE_3_6: [&str; 10] = [
    "disableFlow",
    "expiresAt",
    "lastSubFetch",
    "limitHwid",
    "resetCount",
    "resetDay",
    "resetMax",
    "scope",
    "trafficReset",
    "trafficResetDay",
];

/// A recording, and which panel of the sandbox has to answer as it says.
struct Recording {
    generation: Generation,
    steps: &'static str,
    /// Its names in [`LEFT_OUT`].
    names: &'static [&'static str],
    /// Keys that the recorded panel tells and the sandbox's does not know yet.
    newer: &'static [&'static str],
    /// So many steps must be among those compared.
    at_least: usize,
}

#[tokio::test]
async fn v2_6_answers_as_recorded() {
    let steps = include_str!("../contract/v2.6.7/steps.jsonl");
    replay(Recording { generation: Generation::V2_6, steps, names: &[], newer: &[], at_least: 125 }).await;
}

#[tokio::test]
async fn v2_8_answers_as_recorded() {
    let steps = include_str!("../contract/v2.8.11/steps.jsonl");
    replay(Recording { generation: Generation::V2_8, steps, names: &[], newer: &[], at_least: 125 }).await;
}

#[tokio::test]
async fn v2_9_answers_as_recorded() {
    let steps = include_str!("../contract/v2.9.4/steps.jsonl");
    replay(Recording { generation: Generation::V2_9, steps, names: &[], newer: &[], at_least: 125 }).await;
}

#[tokio::test]
async fn v3_answers_as_recorded() {
    let steps = include_str!("../contract/v3.6.0/steps.jsonl");
    replay(Recording { generation: Generation::V3, steps, names: &["v3"], newer: &[], at_least: 171 }).await;
}

/// The development version of 2026-08-22, which still said 3.6.0 of itself.
#[tokio::test]
async fn what_comes_after_v3_6_answers_as_recorded() {
    let steps = include_str!("../contract/main-2026-08-22/steps.jsonl");
    let names = &["v3", "main"];
    replay(Recording { generation: Generation::V3, steps, names, newer: &SINCE_3_6, at_least: 141 }).await;
}

async fn replay(recording: Recording) {
    let Recording { generation, steps: recording, names, newer, at_least } = recording;
    let steps: Vec<Step> = recording.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let sent: Vec<_> = steps.iter().map(|step| format!("{} {}", step.request.path, step.request.body)).collect();
    let sent = sent.join("\n");
    let mut client = Client::new(generation).await;
    let (mut compared, mut differences) = (0, Vec::new());
    for step in &steps {
        let name = step.name.split_once('-').unwrap().1;
        let left_out = |out: &&(&str, &str)| match out.0.split_once(':') {
            Some((recording, step)) => step == name && names.contains(&recording),
            None => out.0 == name,
        };
        if LEFT_OUT.iter().find(left_out).is_some() {
            continue;
        }
        client.prepare(name, &step.response).await;
        let answer = client.send(name, &step.request).await;
        let comparison = Comparison { sent: &sent, request: &step.request, newer };
        for difference in compare(&comparison, &step.response, &answer) {
            differences.push(format!("{}: {difference}", step.name));
        }
        compared += 1;
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(compared >= at_least, "only {compared} of {} steps were compared", steps.len());
}

/// The caller of the recording: keeps cookie, CSRF token and API tokens as it did.
struct Client {
    panel: Panel,
    http: reqwest::Client,
    started: i64,
    cookie: String,
    csrf: String,
    tokens: Vec<String>,
}

impl Client {
    async fn new(generation: Generation) -> Self {
        let options = PanelOptions {
            base_path: "/pan3l/".to_owned(),
            api_token: None,
            inbounds: Vec::new(),
            ..PanelOptions::new(generation)
        };
        let panel = Panel::start(options).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let started = panel.now_ms();
        Self { panel, http, started, cookie: String::new(), csrf: String::new(), tokens: Vec::new() }
    }

    /// Does what happened between two recorded steps without being recorded, and sets the clock to the step's time.
    async fn prepare(&mut self, step: &str, recorded: &Answer) {
        if let Some(date) = recorded.headers.get("Date") {
            let then = DateTime::parse_from_rfc2822(date).unwrap().timestamp_millis();
            self.panel.set_clock_offset_ms(then - self.started);
        }
        match step {
            "login-after-8-failures" => {
                for _ in 0..8 {
                    self.sign_in("wrong").await;
                }
            }
            "change-password-of-panel" => self.sign_in("admin").await,
            "client-del-last-of-inbound" if self.panel.generation() == Generation::V3 => {
                for client in self.panel.clients().iter().filter(|client| client.email != "order-1001") {
                    self.panel.remove_client(&client.email);
                }
            }
            "lockout-fail-1" | "two-factor-status-on" => self.fetch_csrf().await,
            "enable-2fa" => {
                self.panel.change_password("admin");
                self.fetch_csrf().await;
                self.sign_in("admin").await;
            }
            "status-xray-stopped-settled" => self.panel.stop_xray(),
            "status-xray-running-again" => self.panel.start_xray(),
            _ => {}
        }
    }

    async fn fetch_csrf(&mut self) {
        self.cookie.clear();
        let request = Request {
            method: "GET".to_owned(),
            path: "/pan3l/csrf-token".to_owned(),
            headers: HashMap::new(),
            body: Value::Null,
        };
        self.send("csrf-token", &request).await;
    }

    async fn sign_in(&mut self, password: &str) {
        let mut headers = HashMap::from([("Content-Type".to_owned(), "application/json".to_owned())]);
        if self.panel.generation() == Generation::V3 {
            headers.insert("Cookie".to_owned(), "3x-ui=<session-cookie>".to_owned());
            headers.insert("X-CSRF-Token".to_owned(), "<csrf-token>".to_owned());
        }
        let body = serde_json::json!({ "username": "admin", "password": password });
        let request = Request { method: "POST".to_owned(), path: "/pan3l/login".to_owned(), headers, body };
        self.send("sign-in", &request).await;
    }

    /// Sends a recorded request with today's secrets in place of the placeholders.
    async fn send(&mut self, step: &str, recorded: &Request) -> Answer {
        let base = match recorded.path.strip_prefix("/sub/") {
            Some(id) => format!("{}{id}", self.panel.subscription_url()),
            None => format!("{}{}", self.panel.url().trim_end_matches("/pan3l"), recorded.path),
        };
        let method = reqwest::Method::from_bytes(recorded.method.as_bytes()).unwrap();
        let mut request = self.http.request(method, base);
        for (name, value) in &recorded.headers {
            // The token made last is the one that the recording disabled and deleted.
            let token = if step.contains("disabled-token") { self.tokens.last() } else { self.tokens.first() };
            let value = value.replace("<session-cookie>", &self.cookie).replace("<csrf-token>", &self.csrf);
            let value = value.replace("<api-token>", token.map(String::as_str).unwrap_or_default());
            request = request.header(name, value);
        }
        let form = recorded.headers.get("Content-Type").is_some_and(|kind| kind.ends_with("urlencoded"));
        request = match &recorded.body {
            Value::Null => request,
            Value::String(text) => request.body(text.clone()),
            Value::Object(fields) if form => {
                let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
                let pairs = fields.iter().map(|(name, value)| (name, text(value)));
                request.body(url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
            }
            body if step == "login-2fa-ok" => {
                let mut body = body.clone();
                body["twoFactorCode"] = self.code().into();
                request.body(body.to_string())
            }
            body => request.body(body.to_string()),
        };
        let response = request.send().await.unwrap();
        let answer = read(response).await;
        self.learn(recorded, &answer);
        answer
    }

    /// Keeps what the panel gave: cookies, the CSRF token, API tokens.
    fn learn(&mut self, request: &Request, answer: &Answer) {
        if let Some(cookie) = answer.headers.get("Set-Cookie")
            && let Some(value) = cookie.strip_prefix("3x-ui=").and_then(|rest| rest.split(';').next())
            && !value.is_empty()
        {
            value.clone_into(&mut self.cookie);
        }
        let obj = &answer.body["obj"];
        if request.path.ends_with("/csrf-token") && obj.is_string() {
            obj.as_str().unwrap().clone_into(&mut self.csrf);
        }
        if let Some(token) = obj["token"].as_str() {
            self.tokens.push(token.to_owned());
        }
    }

    /// The two-factor code of the panel's time, for the secret of the recording.
    fn code(&self) -> String {
        let secret = totp_rs::Secret::try_from_base32("JBSWY3DPEHPK3PXP").unwrap();
        let seconds = u64::try_from(self.panel.now_ms() / 1000).unwrap();
        totp_rs::Builder::new().with_secret(secret).build_noncompliant().generate(seconds).to_string()
    }
}

async fn read(response: reqwest::Response) -> Answer {
    let status = response.status().as_u16();
    let mut headers = HashMap::new();
    for name in ["Content-Type", "Location", "Set-Cookie", "Subscription-Userinfo", "Profile-Update-Interval"] {
        if let Some(value) = response.headers().get(name) {
            headers.insert(name.to_owned(), value.to_str().unwrap().to_owned());
        }
    }
    let text = response.text().await.unwrap();
    let json = headers.get("Content-Type").is_some_and(|kind| kind.starts_with("application/json"));
    let body = if json { serde_json::from_str(&text).unwrap() } else { Value::String(text) };
    Answer { status, headers, body }
}
