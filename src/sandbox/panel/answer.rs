//! The answers a panel gives, byte for byte where a client can tell: the JSON envelope, empty bodies, redirects.
//!
//! Decides nothing; what to answer is decided where the request is handled.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::Generation;

/// What a handler gives back.
pub(super) type Answer = Response<Body>;

/// A refusal: the part of `msg` outside the brackets, and the English part inside them.
///
/// Real panels translate the first and never the second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Text before the brackets.
    pub(super) prefix: &'static str,
    /// Text inside the brackets; `\n` at its end is the panel's.
    pub(super) bracket: String,
}

impl Refusal {
    /// The most frequent kind: `Something went wrong (…)`.
    pub(super) fn wrong(bracket: impl Into<String>) -> Self {
        Self { prefix: "Something went wrong", bracket: bracket.into() }
    }

    /// The database found no such row.
    pub(super) fn not_found() -> Self {
        Self::wrong("record not found")
    }

    /// Another prefix than the usual one.
    pub(super) fn with_prefix(prefix: &'static str, bracket: impl Into<String>) -> Self {
        Self { prefix, bracket: bracket.into() }
    }
}

/// A handler's result: an answer, or a refusal inside HTTP 200.
pub(super) type Handled = Result<Answer, Refusal>;

/// Any status with an empty body: how the panel says "no session", "no CSRF token" and "I crashed".
pub(super) fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    answer
}

/// A JSON body with HTTP 200.
pub(super) fn json_body(value: &Value) -> Answer {
    typed(StatusCode::OK, "application/json; charset=utf-8", value.to_string())
}

/// A body of a given type.
pub(super) fn typed(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// `{"success":true,"msg":…,"obj":…}`.
pub(super) fn success(msg: &str, obj: Value) -> Answer {
    let mut envelope = json!({ "success": true, "msg": msg });
    envelope["obj"] = obj;
    json_body(&envelope)
}

/// Success with a message and nothing else, as most writes answer.
pub(super) fn done(msg: &str) -> Answer {
    success(msg, Value::Null)
}

/// Success with an object and no message, as most reads answer.
pub(super) fn object(obj: Value) -> Answer {
    success("", obj)
}

/// `{"success":false,"msg":…,"obj":null}` with HTTP 200.
pub(super) fn failure(msg: &str) -> Answer {
    json_body(&json!({ "success": false, "msg": msg, "obj": null }))
}

/// A refusal as the panel writes it.
pub(super) fn refused(refusal: &Refusal) -> Answer {
    failure(&format!("{} ({})", refusal.prefix, refusal.bracket))
}

/// The 404 of an unknown path: text on 2.6, nothing later.
pub(super) fn not_found(generation: Generation) -> Answer {
    if generation == Generation::V2_6 {
        typed(StatusCode::NOT_FOUND, "text/plain", "404 page not found")
    } else {
        empty(StatusCode::NOT_FOUND)
    }
}

/// A redirect; Go's router writes a link for GET and nothing for other methods.
pub(super) fn redirect(status: StatusCode, to: &str, get: bool) -> Answer {
    let mut answer = if get {
        let words = status.canonical_reason().unwrap_or_default();
        typed(status, "text/html; charset=utf-8", format!("<a href=\"{to}\">{words}</a>.\n\n"))
    } else {
        empty(status)
    };
    if let Ok(location) = HeaderValue::from_str(to) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    answer
}

/// The login page, which a client meets where it expected JSON.
pub(super) fn login_page() -> Answer {
    let page = "\n<!DOCTYPE html>\n<html>\n<head>\n  <meta charset=\"UTF-8\">\n  <title>127.0.0.1 – Welcome</title>\n</head>\n\
                <body>\n<form><input name=\"username\"><input name=\"password\" type=\"password\"></form>\n</body>\n</html>\n";
    typed(StatusCode::OK, "text/html; charset=utf-8", page)
}

/// Adds a header to an answer.
pub(super) fn with_header(mut answer: Answer, name: &'static str, value: &str) -> Answer {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().append(HeaderName::from_static(name), value);
    }
    answer
}

/// Parses a body as the panel's Go code does, with Go's words for what is wrong.
pub(super) fn parse_json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|_| go_json_error(text))
}

/// Go's `encoding/json` message for the mistakes that were recorded; others get its message for a cut text.
fn go_json_error(text: &str) -> String {
    let mut chars = text.chars().filter(|c| !c.is_ascii_whitespace());
    match (chars.next(), chars.next()) {
        (None, _) => "EOF".to_owned(),
        (Some('{'), Some(next)) if next != '"' && next != '}' => {
            format!("invalid character '{next}' looking for beginning of object key string")
        }
        (Some(first), _) if !"{[\"-0123456789tfn".contains(first) => {
            format!("invalid character '{first}' looking for beginning of value")
        }
        _ => "unexpected end of JSON input".to_owned(),
    }
}

/// A field that Go declares as `int64`: missing is 0, another JSON type is Go's error.
pub(super) fn go_int(fields: &serde_json::Map<String, Value>, name: &str) -> Result<i64, &'static str> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(0),
        Some(Value::Number(number)) => number.as_i64().ok_or("number"),
        Some(other) => Err(go_kind(other)),
    }
}

/// What Go calls the JSON type of a value.
pub(super) fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
