//! What must be equal between a recorded answer and the sandbox's: status, headers a client can act on, `success`,
//! `msg`, the shape of the body, and every value that does not depend on the hour or on chance.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde_json::Value;

use super::{Answer, Request};

/// Values that only the clock, chance or the machine decides. Their JSON types are compared all the same.
const VOLATILE: [&str; 9] = [
    "createdAt",
    "updatedAt",
    "created_at",
    "updated_at",
    "lastTrafficResetTime",
    "token",
    "subURI",
    "subJsonURI",
    "subClashURI",
];

/// What the comparison needs to know beside the two answers.
pub(super) struct Comparison<'a> {
    /// Everything the recording's caller sent: what is not in it, the panel made up.
    pub(super) sent: &'a str,
    /// The request of this step.
    pub(super) request: &'a Request,
    /// Keys that the recorded panel may tell and ours need not.
    pub(super) newer: &'a [&'a str],
}

/// Every difference, in words; none means that the sandbox answers as the real panel did.
pub(super) fn compare(comparison: &Comparison<'_>, recorded: &Answer, ours: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    if recorded.status != ours.status {
        found.push(format!("status {} instead of {}", ours.status, recorded.status));
    }
    for name in ["Content-Type", "Location", "Subscription-Userinfo", "Profile-Update-Interval"] {
        let (then, now) = (recorded.headers.get(name), ours.headers.get(name));
        if then != now {
            found.push(format!("header {name} is {now:?} instead of {then:?}"));
        }
    }
    let cookie = |answer: &Answer| answer.headers.get("Set-Cookie").map(|cookie| attributes(cookie));
    if cookie(recorded) != cookie(ours) {
        found.push(format!("cookie {:?} instead of {:?}", cookie(ours), cookie(recorded)));
    }
    if comparison.request.path.starts_with("/sub/") && recorded.status == 200 {
        let (then, now) = (decoded(&recorded.body), decoded(&ours.body));
        values(comparison, "sub", &then, &now, &mut found);
    } else if comparison.request.path.ends_with("/status") {
        shape(comparison, "", &recorded.body, &ours.body, &mut found);
        let state = |answer: &Answer| answer.body["obj"]["xray"].clone();
        if state(recorded) != state(ours) {
            found.push(format!("xray {} instead of {}", state(ours), state(recorded)));
        }
    } else {
        values(comparison, "", &recorded.body, &ours.body, &mut found);
    }
    found
}

/// A cookie's attributes without its value and the hour of its end.
fn attributes(cookie: &str) -> String {
    let first = cookie.lines().next().unwrap_or_default();
    let parts = first.split("; ").skip(1).filter(|part| !part.starts_with("Expires="));
    parts.collect::<Vec<_>>().join("; ")
}

/// A subscription's lines.
fn decoded(body: &Value) -> Value {
    let bytes = BASE64.decode(body.as_str().unwrap().as_bytes()).unwrap();
    String::from_utf8(bytes).unwrap().lines().map(ToOwned::to_owned).collect()
}

/// Equal keys and JSON types, at every depth.
fn shape(comparison: &Comparison<'_>, at: &str, then: &Value, now: &Value, found: &mut Vec<String>) {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => {
            same_keys(comparison, at, then, now, found);
            for (key, value) in then {
                if let Some(other) = now.get(key) {
                    shape(comparison, &format!("{at}.{key}"), value, other, found);
                }
            }
        }
        (Value::Array(then), Value::Array(now)) => {
            for (index, (then, now)) in then.iter().zip(now).enumerate() {
                shape(comparison, &format!("{at}[{index}]"), then, now, found);
            }
        }
        _ if std::mem::discriminant(then) == std::mem::discriminant(now) => {}
        _ => found.push(format!("{at} is {now} where {then} was recorded")),
    }
}

fn same_keys(
    comparison: &Comparison<'_>,
    at: &str,
    then: &serde_json::Map<String, Value>,
    now: &serde_json::Map<String, Value>,
    out: &mut Vec<String>,
) {
    let missing: Vec<_> =
        then.keys().filter(|key| !now.contains_key(*key) && !comparison.newer.contains(&key.as_str())).collect();
    let extra: Vec<_> = now.keys().filter(|key| !then.contains_key(*key)).collect();
    if !missing.is_empty() || !extra.is_empty() {
        out.push(format!("{at}: keys missing {missing:?}, made up {extra:?}"));
    }
}

/// Equal shape and equal values, but for those that cannot be.
fn values(comparison: &Comparison<'_>, at: &str, then: &Value, now: &Value, found: &mut Vec<String>) {
    match (then, now) {
        (Value::Object(old), Value::Object(new)) => {
            same_keys(comparison, at, old, new, found);
            for (key, value) in old {
                let Some(other) = new.get(key) else { continue };
                let at = format!("{at}.{key}");
                if VOLATILE.contains(&key.as_str()) || value == "<csrf-token>" || is_csrf_answer(comparison, &at) {
                    shape(comparison, &at, value, other, found);
                } else if key == "inboundIds" {
                    values(comparison, &at, &sorted(value), &sorted(other), found);
                } else {
                    values(comparison, &at, value, other, found);
                }
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            if old.len() != new.len() {
                found.push(format!("{at} has {} entries instead of {}", new.len(), old.len()));
            }
            for (index, (then, now)) in old.iter().zip(new).enumerate() {
                values(comparison, &format!("{at}[{index}]"), then, now, found);
            }
        }
        (Value::String(old), Value::String(new)) => texts(comparison, at, old, new, found),
        _ if then == now => {}
        _ => found.push(format!("{at} is {now} instead of {then}")),
    }
}

fn is_csrf_answer(comparison: &Comparison<'_>, at: &str) -> bool {
    at == ".obj" && comparison.request.path.ends_with("/csrf-token")
}

fn sorted(numbers: &Value) -> Value {
    let mut numbers: Vec<_> = numbers.as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
    numbers.sort_unstable();
    numbers.into()
}

fn texts(comparison: &Comparison<'_>, at: &str, then: &str, now: &str, found: &mut Vec<String>) {
    if then == now || (then.contains("<!DOCTYPE html>") && now.contains("<!DOCTYPE html>")) {
        return;
    }
    // JSON inside a string: 2.x does that with settings.
    if let (Ok(old @ Value::Object(_)), Ok(new)) = (serde_json::from_str(then), serde_json::from_str(now)) {
        values(comparison, at, &old, &new, found);
        return;
    }
    let made_up = |text: &str| uuid::Uuid::parse_str(text).is_ok();
    if made_up(then) && made_up(now) && !comparison.sent.contains(then) {
        return;
    }
    if let (Some(old), Some(new)) = (Link::parse(then), Link::parse(now)) {
        if old != new {
            found.push(format!("{at} is {new:?} instead of {old:?}"));
        }
        return;
    }
    // Asked for in another language, only the part in brackets is the same.
    let translated = comparison.request.headers.get("Accept-Language").is_some_and(|language| language != "en-US");
    if translated && at == ".msg" && bracket(then) == bracket(now) {
        return;
    }
    found.push(format!("{at} is {now:?} instead of {then:?}"));
}

fn bracket(msg: &str) -> Option<&str> {
    msg.split_once('(').map(|(_, rest)| rest)
}

/// A share link in its parts; what the panel picks at random only by its presence.
#[derive(Debug, PartialEq)]
struct Link {
    host: String,
    parameters: BTreeMap<String, String>,
    remark: String,
}

impl Link {
    fn parse(text: &str) -> Option<Self> {
        let (rest, remark) = text.strip_prefix("vless://")?.split_once('#')?;
        let (host, query) = rest.split_once('?')?;
        let pairs = url::form_urlencoded::parse(query.as_bytes()).map(|(name, value)| {
            let random = name == "sid" || name == "spx";
            (name.into_owned(), if random { String::new() } else { value.into_owned() })
        });
        Some(Self { host: host.to_owned(), parameters: pairs.collect(), remark: remark.to_owned() })
    }
}
