//! XHTTP: what both ends must agree on, and what only the link can tell the customer's app.
//!
//! The rules are those of the panels (3x-ui, `internal/sub/service.go`, `applyXhttpExtraParams` and
//! `buildXhttpExtra`): an app that is not told of another padding or of another place of the
//! session id is turned away without a word.

use serde_json::{Map, Value};

use super::{Params, host_header};

/// Texts that go into `extra` where the inbound has them, each with xray's own default, which needs no
/// mention.
const TEXTS: [(&str, &str); 11] = [
    ("uplinkHTTPMethod", ""),
    ("sessionIDPlacement", ""),
    ("sessionIDKey", ""),
    ("sessionIDTable", ""),
    ("sessionIDLength", ""),
    ("seqPlacement", ""),
    ("seqKey", ""),
    ("uplinkDataPlacement", ""),
    ("uplinkDataKey", ""),
    ("scMaxEachPostBytes", "1000000"),
    ("scMinPostsIntervalMs", "30"),
];

/// What says more of a padding that hides itself.
const PADDING: [&str; 4] = ["xPaddingKey", "xPaddingHeader", "xPaddingPlacement", "xPaddingMethod"];

/// How the settings of the session id were called before XTLS/Xray-core #6258, and since.
const SESSION: [(&str, &str); 2] = [("sessionPlacement", "sessionIDPlacement"), ("sessionKey", "sessionIDKey")];

/// Adds the parameters of an inbound with these `xhttpSettings`.
pub(super) fn push(settings: &Value, params: &mut Params) {
    let text = |key: &str| settings.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let host = Some(text("host")).filter(|host| !host.is_empty());
    params.push(("path", text("path")));
    params.push(("host", host.unwrap_or_else(|| host_header(settings.get("headers")))));
    params.push(("mode", text("mode")));
    // For apps on sing-box, which do not read `extra`.
    if let Some(padding) = given(settings, "xPaddingBytes") {
        params.push(("x_padding_bytes", plain(padding)));
    }
    if let Some(extra) = extra(settings) {
        params.push(("extra", extra.to_string()));
    }
}

/// The settings beyond path, host and mode, for apps on xray. The mode is among them as in the panel's
/// links, but alone it is worth nothing: xray takes the link's own (XTLS/Xray-core #4000), and
/// some apps know no `extra` (3x-ui #5983).
fn extra(settings: &Value) -> Option<Value> {
    let mut extra = Map::new();
    let mut take = |key: &str, value: &Value| {
        extra.insert(key.to_owned(), value.clone());
    };
    if let Some(padding) = given(settings, "xPaddingBytes") {
        take("xPaddingBytes", padding);
    }
    for key in ["xPaddingObfsMode", "noGRPCHeader"] {
        if let Some(on) = settings.get(key).filter(|value| value.as_bool() == Some(true)) {
            take(key, on);
        }
    }
    if settings.get("xPaddingObfsMode").and_then(Value::as_bool) == Some(true) {
        for key in PADDING {
            if let Some(value) = given(settings, key) {
                take(key, value);
            }
        }
    }
    for (key, default) in TEXTS {
        if let Some(value) = given(settings, key).filter(|value| plain(value) != default) {
            take(key, value);
        }
    }
    // Apps differ in which of the two names they know.
    for (before, since) in SESSION {
        if let Some(value) = given(settings, since).or_else(|| given(settings, before)) {
            take(before, value);
            take(since, value);
        }
    }
    if let Some(size) = given(settings, "uplinkChunkSize") {
        take("uplinkChunkSize", size);
    }
    for key in ["xmux", "downloadSettings"] {
        if let Some(value) =
            settings.get(key).filter(|value| value.as_object().is_some_and(|fields| !fields.is_empty()))
        {
            take(key, value);
        }
    }
    let headers = headers(settings);
    if !headers.is_empty() {
        take("headers", &Value::Object(headers));
    }
    if extra.is_empty() {
        return None;
    }
    if let Some(mode) = given(settings, "mode") {
        extra.insert("mode".to_owned(), mode.clone());
    }
    Some(Value::Object(extra))
}

/// All but the Host, which has a parameter.
fn headers(settings: &Value) -> Map<String, Value> {
    let headers = settings.get("headers").and_then(Value::as_object).into_iter().flatten();
    headers
        .filter(|(name, _)| !name.eq_ignore_ascii_case("host"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// A text that is not empty, or a number that is not 0: xray takes both for a range.
fn given<'a>(settings: &'a Value, key: &str) -> Option<&'a Value> {
    settings.get(key).filter(|value| match value {
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => number.as_i64() != Some(0),
        _ => false,
    })
}

/// As it stands in a link.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn extra_of(settings: &Value) -> Value {
        extra(settings).unwrap_or(Value::Null)
    }

    #[test]
    fn a_plain_inbound_has_no_extra() {
        // As 2.6 makes one, but for the padding.
        let seeded = json!({
            "path": "/x", "host": "", "headers": {"Host": "h.test"}, "scMaxBufferedPosts": 30, "mode": "auto",
            "scMaxEachPostBytes": "1000000", "scMinPostsIntervalMs": "30", "scStreamUpServerSecs": "20-80",
            "noSSEHeader": true, "xPaddingBytes": "", "xPaddingObfsMode": false, "xPaddingKey": "unused",
            "noGRPCHeader": false, "uplinkChunkSize": 0, "xmux": {}, "downloadSettings": {}, "sessionKey": "",
        });
        let mut params = Vec::new();
        push(&seeded, &mut params);
        let texts = [("path", "/x"), ("host", "h.test"), ("mode", "auto")];
        assert_eq!(params, texts.map(|(key, value)| (key, value.to_owned())));
        let mut params = Vec::new();
        push(&Value::Null, &mut params);
        assert!(params.iter().all(|(_, value)| value.is_empty()), "{params:?}");
    }

    #[test]
    fn the_padding_stands_where_every_app_looks_for_it() {
        let mut params = Vec::new();
        push(&json!({"path": "/x", "host": "h.test", "mode": "packet-up", "xPaddingBytes": "80-600"}), &mut params);
        let find = |name: &str| params.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
        assert_eq!(find("x_padding_bytes"), Some("80-600"));
        assert_eq!(find("extra"), Some(r#"{"mode":"packet-up","xPaddingBytes":"80-600"}"#));
        assert_eq!(extra_of(&json!({"xPaddingBytes": 100})), json!({"xPaddingBytes": 100}));
    }

    #[test]
    fn a_padding_that_hides_itself_says_how() {
        let hidden = json!({
            "xPaddingObfsMode": true, "xPaddingKey": "k", "xPaddingHeader": "", "xPaddingPlacement": "queryInHeader",
            "xPaddingMethod": "tokenish",
        });
        let mut wanted = hidden.clone();
        wanted.as_object_mut().unwrap().remove("xPaddingHeader");
        assert_eq!(extra_of(&hidden), wanted);
        let mut open = hidden;
        open["xPaddingObfsMode"] = json!(false);
        assert_eq!(extra_of(&open), Value::Null);
    }

    #[test]
    fn both_names_of_the_session_id_are_told() {
        let both = json!({
            "sessionPlacement": "header", "sessionIDPlacement": "header", "sessionKey": "X", "sessionIDKey": "X",
        });
        assert_eq!(extra_of(&json!({"sessionPlacement": "header", "sessionKey": "X"})), both);
        assert_eq!(extra_of(&json!({"sessionIDPlacement": "header", "sessionIDKey": "X"})), both);
        let newer = json!({"sessionIDPlacement": "header", "sessionIDKey": "X", "sessionKey": "old"});
        assert_eq!(extra_of(&newer), both, "the newer one counts");
    }

    #[test]
    fn what_only_the_link_can_tell_is_in_it() {
        let settings = json!({
            "mode": "stream-up", "host": "h.test", "headers": {"HOST": "no", "Referer": "https://a.test"},
            "uplinkHTTPMethod": "PUT", "seqPlacement": "query", "seqKey": "s", "uplinkDataPlacement": "body",
            "uplinkDataKey": "d", "sessionIDTable": "t", "sessionIDLength": "8", "scMaxEachPostBytes": "500000",
            "scMinPostsIntervalMs": "10-50", "uplinkChunkSize": 4096, "noGRPCHeader": true,
            "xmux": {"maxConcurrency": "16-32"}, "downloadSettings": {"address": "d.test"},
            "noSSEHeader": true, "scMaxBufferedPosts": 30, "path": "/x",
        });
        let mut wanted = settings.clone();
        for key in ["noSSEHeader", "scMaxBufferedPosts", "path", "host"] {
            wanted.as_object_mut().unwrap().remove(key);
        }
        wanted["headers"] = json!({"Referer": "https://a.test"});
        assert_eq!(extra_of(&settings), wanted);
        assert_eq!(extra_of(&json!({"scMaxEachPostBytes": 1_000_000, "mode": "auto"})), Value::Null);
    }
}
