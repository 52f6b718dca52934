//! One HTTP request as the panel's handlers see it, and what a test's hook and the log are told of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, Method};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::answer::parse_json;

/// One request, read to its end.
pub(super) struct Call {
    pub(super) method: Method,
    /// The path below the base path, percent-encoding kept: `/panel/api/inbounds/list`.
    pub(super) route: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
    /// The panel's time, Unix ms.
    pub(super) now: i64,
}

impl Call {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The value of the panel's session cookie.
    pub(super) fn cookie(&self) -> Option<&str> {
        let cookies = self.header("cookie")?;
        cookies.split(';').find_map(|pair| pair.trim().strip_prefix("3x-ui="))
    }

    /// The host the caller asked for, without its port.
    pub(super) fn host(&self) -> &str {
        let host = self.header("host").unwrap_or("127.0.0.1");
        if host.starts_with('[') {
            return host.split_inclusive(']').next().unwrap_or(host);
        }
        host.split(':').next().unwrap_or(host)
    }

    /// The body's fields, JSON or form by its content type; a form's numbers become numbers where JSON has them.
    pub(super) fn fields(&self) -> Result<Map<String, Value>, String> {
        let form =
            self.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if !form {
            return match parse_json(&self.body)? {
                Value::Object(fields) => Ok(fields),
                _ => Err("json: cannot unmarshal into Go value".to_owned()),
            };
        }
        let pairs = form_urlencoded::parse(self.body.as_bytes());
        Ok(pairs.map(|(name, value)| (name.into_owned(), form_value(&value))).collect())
    }

    pub(super) fn query_value(&self, name: &str) -> Option<String> {
        let mut pairs = form_urlencoded::parse(self.query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The route cut at its slashes, each piece decoded. A `%2F` counts as a slash, as in the panel's router.
    pub(super) fn segments(&self) -> Vec<String> {
        let decoded = percent_decode(&self.route);
        decoded.split('/').skip(1).map(ToOwned::to_owned).collect()
    }

    /// One piece of the route, from 0; empty where the route is shorter.
    pub(super) fn segment(&self, at: usize) -> String {
        self.segments().get(at).cloned().unwrap_or_default()
    }
}

fn form_value(text: &str) -> Value {
    match text {
        "true" => json!(true),
        "false" => json!(false),
        _ => text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number)),
    }
}

/// Undoes percent-encoding; `+` stays, as in a path.
pub(super) fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match (bytes[at], hex.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 3;
            }
            (byte, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// What a hook and the log are told of a request.
#[derive(Debug, Clone)]
pub struct RequestInfo {
    /// Its number, from 1, in the order of arrival; subscription fetches count too.
    pub n: u64,
    /// Its number among the writes, from 1; 0 for a read.
    pub write_n: u64,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path as sent, base path included, without the query.
    pub path: String,
    /// The path below the base path, or the whole path where that does not match.
    pub route: String,
    pub body: String,
    /// Whether the request may change clients or inbounds.
    pub is_write: bool,
}

impl RequestInfo {
    /// The body as JSON, `Null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

/// One request and how it ended.
#[derive(Debug, Clone)]
pub struct Logged {
    pub request: RequestInfo,
    /// The HTTP status; `None` when no answer was written: cut, hanging, or still being handled.
    pub status: Option<u16>,
    /// `success` of the envelope, where the answer had one.
    pub success: Option<bool>,
    /// The length of the answer's body, where it was not streamed.
    pub size: usize,
    /// When it had been read completely.
    pub at: Instant,
    /// When the answer was ready to be written.
    pub answered: Option<Instant>,
}

/// Something to run at a moment of a request, for example killing the process that sent it.
pub type Action = Arc<dyn Fn() + Send + Sync>;

/// What should go wrong with one request.
#[derive(Clone, Default)]
pub enum Fault {
    /// Nothing: the request is handled.
    #[default]
    None,
    /// Not handled; HTTP 200 with `success:false` and this text in the brackets.
    Refuse(String),
    /// Not handled; this status with an empty body.
    Status(u16),
    /// Not handled; this status with a page of HTML, as a proxy before the panel writes it.
    Page(u16),
    /// Not handled; 429 with a `Retry-After` of a second, as a proxy before the panel writes it.
    Limited,
    /// Handled; the connection is closed in the middle of the answer's body.
    CutAnswer,
    /// Not handled; the login page with HTTP 200.
    Html200,
    /// Not handled; HTTP 200 with a JSON text that ends in its middle.
    HalfJson,
    /// Not handled; HTTP 200 with 50 MB that begin like an answer, streamed.
    Huge,
    /// Handled after this long.
    Delay(Duration),
    /// Not handled; the connection is closed without an answer.
    CutBefore,
    /// Handled; then the connection is closed without an answer.
    CutAfter,
    /// Not handled and never answered.
    HangBefore,
    /// Handled, but never answered.
    HangAfter,
    /// Answered as if it had been handled, but nothing is kept.
    LoseWrite,
    /// The action runs before handling; the request is neither handled nor answered.
    CallBefore(Action),
    /// The action runs after handling; the request is not answered.
    CallAfter(Action),
}

impl std::fmt::Debug for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self {
            Self::None => "None",
            Self::Refuse(bracket) => return write!(f, "Refuse({bracket:?})"),
            Self::Status(status) => return write!(f, "Status({status})"),
            Self::Page(status) => return write!(f, "Page({status})"),
            Self::Limited => "Limited",
            Self::CutAnswer => "CutAnswer",
            Self::Html200 => "Html200",
            Self::HalfJson => "HalfJson",
            Self::Huge => "Huge",
            Self::Delay(delay) => return write!(f, "Delay({delay:?})"),
            Self::CutBefore => "CutBefore",
            Self::CutAfter => "CutAfter",
            Self::HangBefore => "HangBefore",
            Self::HangAfter => "HangAfter",
            Self::LoseWrite => "LoseWrite",
            Self::CallBefore(_) => "CallBefore",
            Self::CallAfter(_) => "CallAfter",
        };
        f.write_str(name)
    }
}
