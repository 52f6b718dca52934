//! A request's way: numbered, logged, struck by a fault if one was ordered, authorized, checked, handled, answered.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request as HttpRequest, Response as HttpResponse, header, request::Parts};
use futures_util::stream;
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::super::broken;
use super::Shared;
use super::front::Cut;
use super::record::{Fault, Request, RequestInfo};
use super::refusal::Refusal;
use super::rest::{self, Call, Reply, Route};
use super::state::{Id, State};
use super::upload;
use super::wire::signature;

/// Largest body read: ten files of 10 MiB are far above it, and refused.
const LARGEST_BODY: usize = 26 * 1024 * 1024;
/// Largest file for an application in a guild without boosts.
const LARGEST_FILE: usize = 10 * 1024 * 1024;
/// Requests per bucket and second; Discord's buckets hold between 5 and 50.
const BUCKET: u32 = 50;
const BUCKET_WINDOW: Duration = Duration::from_secs(1);

type Answer = HttpResponse<Body>;

/// Serves `https://discord.com`.
pub(super) async fn api(shared: &Shared, request: HttpRequest<Incoming>) -> Result<Answer, Cut> {
    let (head, body) = request.into_parts();
    let method = head.method.as_str().to_owned();
    let full = head.uri.path().to_owned();
    let query = head.uri.query().unwrap_or_default().to_owned();
    let body = axum::body::to_bytes(Body::new(body), LARGEST_BODY).await.map_err(|_| Cut)?;
    let at = Instant::now();
    let path = full.strip_prefix("/api/v10").unwrap_or(&full).to_owned();
    let found = if full.starts_with("/api/v10/") { rest::route(&method, &path) } else { None };
    let read = read_body(&head.headers, &body);
    let info = RequestInfo {
        n: 0,
        is_write: method != "GET" && method != "HEAD",
        route: found.as_ref().map_or("", |(_, template)| template),
        body: read.as_ref().map_or(Value::Null, |(value, _)| value.clone()),
        path,
        method,
    };
    let reason = head.headers.get("x-audit-log-reason").and_then(|value| value.to_str().ok()).map(percent_decode);
    let label = format!("{} {full}", info.method);
    let (n, fault) = shared.arrived(info, query.clone(), reason, at);
    let order = Order { label, found, query, headers: head.headers, read };
    strike(shared, n, at, &order, fault).await
}

/// What is handled once the fault allows it.
struct Order {
    label: String,
    found: Option<(Route, &'static str)>,
    query: String,
    headers: HeaderMap,
    read: Result<(Value, Vec<upload::Part>), Refusal>,
}

async fn strike(shared: &Shared, n: u64, at: Instant, order: &Order, fault: Fault) -> Result<Answer, Cut> {
    let now = || perform(shared, n, at, order);
    match fault {
        Fault::None | Fault::Drip(_) => Ok(now()),
        Fault::Status { status, body, headers } => {
            shared.answered(n, Some(status), at);
            Ok(json_answer(status, &body, &headers))
        }
        Fault::Page(status) => {
            shared.answered(n, Some(status), at);
            Ok(broken::page(status))
        }
        Fault::CutAnswer => Ok(broken::off(now()).await),
        Fault::Delay(time) => {
            tokio::time::sleep(time).await;
            Ok(now())
        }
        Fault::DelayAnswer(time) => {
            let answer = now();
            tokio::time::sleep(time).await;
            Ok(answer)
        }
        Fault::CutBefore => Err(Cut),
        Fault::CutAfter => {
            now();
            Err(Cut)
        }
        Fault::HoldBefore(gate) => {
            gate.pass().await;
            Ok(now())
        }
        Fault::HoldAfter(gate) => {
            let answer = now();
            gate.pass().await;
            Ok(answer)
        }
        Fault::CallBefore(deed) => {
            deed();
            Err(Cut)
        }
        Fault::CallAfter(deed) => {
            now();
            deed();
            Err(Cut)
        }
    }
}

fn perform(shared: &Shared, n: u64, at: Instant, order: &Order) -> Answer {
    let limits = shared.rate_limits;
    let (result, headers) = shared.change(|state| {
        let limit = match &order.found {
            Some((route, template)) if limits => state.bucket(route, template),
            _ => Ok(Vec::new()),
        };
        match limit {
            Ok(headers) => (decide(shared, state, order), headers),
            Err(refusal) => (Err(refusal), Vec::new()),
        }
    });
    let (status, body, mut more) = match result {
        Ok(reply) => (reply.status, reply.body, Vec::new()),
        Err(refusal) => (refusal.status, refusal.body, refusal.headers),
    };
    shared.answered(n, Some(status), at);
    more.extend(headers);
    json_answer(status, &body, &more)
}

/// Everything up to the handler: route, authorization, query, body, the plugged-in validator.
fn decide(shared: &Shared, state: &mut State, order: &Order) -> Result<Reply, Refusal> {
    let Some((route, template)) = &order.found else {
        state.problem(format!("{}, which the sandbox does not know", order.label));
        return Err(Refusal::no_route());
    };
    let sent = order.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let right = format!("Bot {}", state.token);
    // GET /gateway asks for no authorization at all; everywhere else a wrong one is worse than none.
    let wrong = sent.is_some_and(|sent| sent != right) && *route != Route::Gateway;
    if wrong || (sent.is_none() && !route.open()) {
        return Err(Refusal::unauthorized());
    }
    let agent = order.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if agent.is_empty() {
        state.problem("a request without User-Agent, which Discord's edge refuses".to_owned());
    }
    match route {
        Route::Gateway => return Ok(Reply::ok(json!({ "url": shared.gateway_url }))),
        Route::GatewayBot => {
            return Ok(Reply::ok(json!({
                "url": shared.gateway_url, "shards": 1,
                "session_start_limit": { "total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1 },
            })));
        }
        _ => {}
    }
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(order.query.as_bytes()).map(|(k, v)| (k.into(), v.into())).collect();
    for (key, _) in query.iter().filter(|(key, _)| !route.query().contains(&key.as_str())) {
        state.problem(format!("{template} asked with ?{key}, which the sandbox does not know"));
    }
    let (body, parts) = order.read.clone()?;
    if !parts.is_empty() && !route.takes_files() {
        state.problem(format!("multipart body for {template}"));
        return Err(Refusal::not_json());
    }
    if parts.iter().any(|part| part.bytes.len() > LARGEST_FILE) {
        return Err(Refusal::too_large());
    }
    for part in parts.iter().filter(|part| part.name != "payload_json" && !part.name.starts_with("files[")) {
        state.problem(format!("multipart part `{}` for {template}", part.name));
    }
    let call = Call { query, body, parts };
    let reply = rest::handle(state, route, &call)?;
    // Only what we accept is worth the schema's opinion.
    if let Some(validator) = &shared.validator
        && !call.body.is_null()
        && let Err(why) = validator(method_of(order), template, &call.body)
    {
        state.problem(format!("the schema refuses a body for {template}: {why}"));
    }
    Ok(reply)
}

fn method_of(order: &Order) -> &'static str {
    match order.found.as_ref().map(|(route, _)| route) {
        Some(Route::PutCommands(..) | Route::PutOverwrite(..)) => "put",
        Some(Route::EditChannel(..) | Route::EditMessage(..) | Route::EditAnswer(..)) => "patch",
        _ => "post",
    }
}

fn read_body(headers: &HeaderMap, body: &Bytes) -> Result<(Value, Vec<upload::Part>), Refusal> {
    if body.is_empty() {
        return Ok((Value::Null, Vec::new()));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.starts_with("multipart/form-data") {
        let parts = upload::parts(kind, body).ok_or_else(Refusal::not_json)?;
        let payload = parts.iter().find(|part| part.name == "payload_json");
        let value = match payload {
            Some(part) => serde_json::from_slice(&part.bytes).map_err(|_| Refusal::not_json())?,
            None => json!({}),
        };
        return Ok((value, parts));
    }
    if !kind.starts_with("application/json") {
        return Err(Refusal::field(
            "_misc",
            "CONTENT_TYPE_INVALID",
            "Expected \"Content-Type\" header to be application/json.",
        ));
    }
    serde_json::from_slice(body).map(|value| (value, Vec::new())).map_err(|_| Refusal::not_json())
}

fn percent_decode(text: &str) -> String {
    let query = format!("v={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(query.as_bytes()).next().map_or_else(String::new, |(_, value)| value.into_owned())
}

fn json_answer(status: u16, body: &Value, headers: &[(String, String)]) -> Answer {
    let mut answer = HttpResponse::builder().status(status);
    for (key, value) in headers {
        answer = answer.header(key, value);
    }
    let bytes = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    let answer = if body.is_null() { answer } else { answer.header(header::CONTENT_TYPE, "application/json") };
    answer.body(bytes).unwrap_or_default()
}

impl State {
    /// Counts a request against its bucket. Interactions have buckets of their own, so their tokens tell them apart.
    fn bucket(&mut self, route: &Route, template: &'static str) -> Result<Vec<(String, String)>, Refusal> {
        let major = match route {
            Route::Callback(..) => return Ok(Vec::new()),
            Route::Followup(_, token)
            | Route::Answer(_, token, _)
            | Route::EditAnswer(_, token, _)
            | Route::DeleteAnswer(_, token, _) => token.clone(),
            Route::CreateChannel(id)
            | Route::GuildChannels(id)
            | Route::Member(id, _)
            | Route::Channel(id)
            | Route::EditChannel(id)
            | Route::DeleteChannel(id)
            | Route::Messages(id)
            | Route::CreateMessage(id)
            | Route::Message(id, _)
            | Route::EditMessage(id, _)
            | Route::DeleteMessage(id, _)
            | Route::BulkDelete(id)
            | Route::PutOverwrite(id, _)
            | Route::DeleteOverwrite(id, _) => id.to_string(),
            _ => String::new(),
        };
        let kind = std::mem::discriminant(route);
        let key = format!("{kind:?} {template} {major}");
        let hash = signature("bucket", 0, &key);
        let now = Instant::now();
        let (since, used) = self.buckets.entry(key).or_insert((now, 0));
        if since.elapsed() >= BUCKET_WINDOW {
            (*since, *used) = (now, 0);
        }
        let left = BUCKET_WINDOW.saturating_sub(since.elapsed()).as_secs_f64();
        if *used >= BUCKET {
            let mut refusal = Refusal::limited(left, "user");
            refusal.headers.push(("X-RateLimit-Bucket".into(), hash[..32].into()));
            return Err(refusal);
        }
        *used += 1;
        Ok(vec![
            ("X-RateLimit-Limit".into(), BUCKET.to_string()),
            ("X-RateLimit-Remaining".into(), (BUCKET - *used).to_string()),
            ("X-RateLimit-Reset-After".into(), format!("{left:.3}")),
            ("X-RateLimit-Bucket".into(), hash[..32].into()),
        ])
    }
}

impl Shared {
    /// Numbers and logs a request, and finds the fault ordered for it.
    fn arrived(&self, mut info: RequestInfo, query: String, reason: Option<String>, at: Instant) -> (u64, Fault) {
        let info = self.change(|state| {
            info.n = u64::try_from(state.requests.len()).unwrap_or(u64::MAX).saturating_add(1);
            let request = Request { info: info.clone(), query, reason, status: None, at, took: Duration::ZERO };
            state.requests.push(request);
            info
        });
        (info.n, self.fault(&info))
    }

    /// What the hook says goes wrong with a request, or else a rule.
    fn fault(&self, info: &RequestInfo) -> Fault {
        let hook = self.hook.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let fault = hook.map_or(Fault::None, |hook| hook(info));
        if matches!(fault, Fault::None) { self.ordered(info) } else { fault }
    }

    /// The fault that a rule orders for a request.
    fn ordered(&self, info: &RequestInfo) -> Fault {
        let ordered = self.change(|state| {
            let rule = state.rules.iter_mut().find(|rule| rule.matches(info))?;
            rule.left -= 1;
            Some(rule.fault.clone())
        });
        ordered.unwrap_or_default()
    }

    fn answered(&self, n: u64, status: Option<u16>, at: Instant) {
        self.change(|state| {
            let index = usize::try_from(n).unwrap_or(usize::MAX).saturating_sub(1);
            if let Some(request) = state.requests.get_mut(index) {
                request.status = status;
                request.took = at.elapsed();
            }
        });
    }
}

/// Serves the CDN. Faults are ordered for it as for the API; its requests have no number and no route and are not
/// in the log.
pub(super) async fn cdn(shared: &Shared, request: HttpRequest<Incoming>) -> Result<Answer, Cut> {
    let (head, _) = request.into_parts();
    let (method, path) = (head.method.to_string(), head.uri.path().to_owned());
    let info = RequestInfo { n: 0, method, path, route: "", is_write: false, body: Value::Null };
    match shared.fault(&info) {
        Fault::Status { status, body, headers } => return Ok(json_answer(status, &body, &headers)),
        Fault::Page(status) => return Ok(broken::page(status)),
        Fault::CutAnswer => return Ok(broken::off(file(shared, &head)).await),
        Fault::CutBefore | Fault::CutAfter => return Err(Cut),
        Fault::Delay(time) | Fault::DelayAnswer(time) => tokio::time::sleep(time).await,
        Fault::HoldBefore(gate) | Fault::HoldAfter(gate) => gate.pass().await,
        Fault::CallBefore(deed) | Fault::CallAfter(deed) => deed(),
        Fault::Drip(bytes) => return Ok(file(shared, &head).map(|whole| drip(whole, bytes))),
        Fault::None => {}
    }
    Ok(file(shared, &head))
}

/// A body of which so many bytes come in a second.
fn drip(whole: Body, bytes: usize) -> Body {
    let drops = stream::unfold((whole, Bytes::new()), move |(whole, rest)| async move {
        let mut rest = if rest.is_empty() { axum::body::to_bytes(whole, usize::MAX).await.ok()? } else { rest };
        tokio::time::sleep(Duration::from_secs(1)).await;
        let drop = rest.split_to(bytes.min(rest.len()));
        (!drop.is_empty()).then_some((Ok::<_, Infallible>(drop), (Body::empty(), rest)))
    });
    Body::from_stream(drops)
}

/// A file by its signed address.
fn file(shared: &Shared, head: &Parts) -> Answer {
    let gone = || {
        let mut answer = HttpResponse::new(Body::from("This content is no longer available."));
        *answer.status_mut() = axum::http::StatusCode::NOT_FOUND;
        answer
    };
    if head.headers.contains_key(header::AUTHORIZATION) {
        shared.change(|state| state.problem("the bot's token was sent to the CDN".to_owned()));
    }
    let segments: Vec<&str> = head.uri.path().split('/').skip(1).collect();
    let ["attachments", channel, id, name] = segments[..] else { return gone() };
    let (Ok(channel), Ok(id)) = (channel.parse::<Id>(), id.parse::<Id>()) else { return gone() };
    let query: Vec<(String, String)> = url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes())
        .map(|(k, v)| (k.into(), v.into()))
        .collect();
    let field = |key: &str| query.iter().find(|(known, _)| known == key).map_or("", |(_, value)| value.as_str());
    let (expires, signed) = (field("ex"), field("hm"));
    let file = shared.change(|state| {
        let fresh = u64::from_str_radix(expires, 16).is_ok_and(|at| at * 1000 > state.now());
        let file = state.find_file(channel, id)?;
        (fresh && file.filename == name && signature(&state.token, id, expires) == signed).then(|| file.clone())
    });
    let Some(file) = file else { return gone() };
    let kind = super::wire::content_type(&file.filename).unwrap_or("application/octet-stream");
    HttpResponse::builder().header(header::CONTENT_TYPE, kind).body(Body::from(file.bytes.to_vec())).unwrap_or_default()
}

impl State {
    /// A file in a message of the channel, or one given to a slash command there.
    pub(super) fn find_file(&self, channel: Id, id: Id) -> Option<&super::state::File> {
        let in_messages = self.messages.get(&channel).into_iter().flat_map(|all| all.values());
        in_messages
            .flat_map(|message| &message.files)
            .chain(self.uploads.get(&id).filter(|file| file.channel == channel))
            .find(|file| file.id == id)
    }
}
