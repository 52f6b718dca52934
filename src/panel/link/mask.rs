//! Disguises: those of mKCP, and `finalmask`, in which newer panels keep them and others.
//!
//! Up to 2.8 mKCP's disguise stands in its own settings. Newer xray refuses it there; 2.9 and 3.x
//! keep it in `finalmask`, under names that changed with xray 26.6, and write it into their links
//! twice: as `fm` for newer apps, and in the old parameters for the others (3x-ui,
//! `internal/sub/service.go`, `extractKcpShareFields` and `applyFinalMaskParams`; for the names of 2.9
//! `sub/subService.go`, the functions of the same names).

use serde_json::{Map, Value, json};

use super::Params;
use crate::panel::inbound::Stream;

/// Adds the parameters of mKCP.
pub(super) fn push_kcp(stream: &Stream, params: &mut Params) {
    let kcp = stream.kcp_settings.clone().unwrap_or_default();
    let mut disguise = kcp.header.unwrap_or_default().r#type;
    let mut seed = kcp.seed;
    for mask in masks(stream.finalmask.as_ref(), "udp") {
        let setting = |key: &str| text(mask.get("settings").unwrap_or(&Value::Null), key);
        match text(mask, "type") {
            "mkcp-legacy" => match setting("header") {
                "" => setting("value").clone_into(&mut seed),
                header => disguise = header_type(header).map_or(disguise, str::to_owned),
            },
            "mkcp-original" => seed.clear(),
            "mkcp-aes128gcm" => setting("password").clone_into(&mut seed),
            other => {
                let header = other.strip_prefix("header-").and_then(header_type);
                disguise = header.map_or(disguise, str::to_owned);
            }
        }
    }
    let positive = |value: &Value| value.as_u64().filter(|number| *number > 0).map(|number| number.to_string());
    let optional = [
        ("headerType", Some(disguise).filter(|disguise| disguise != "none")),
        ("seed", Some(seed)),
        ("mtu", positive(&kcp.mtu)),
        ("tti", positive(&kcp.tti)),
    ];
    let given = optional.into_iter().filter_map(|(key, value)| Some((key, value?)));
    params.extend(given.filter(|(_, value)| !value.is_empty()));
}

/// What a link calls a disguise of mKCP.
fn header_type(mask: &str) -> Option<&'static str> {
    Some(match mask {
        "dns" => "dns",
        "dtls" => "dtls",
        "srtp" => "srtp",
        "utp" => "utp",
        "wechat" => "wechat-video",
        "wireguard" => "wireguard",
        _ => return None,
    })
}

/// The parameter `fm`, of any transport: what of `finalmask` concerns the other end.
pub(super) fn any(stream: &Stream) -> Option<(&'static str, String)> {
    let finalmask = stream.finalmask.as_ref();
    let mut kept = Map::new();
    for list in ["tcp", "udp"] {
        let masks: Vec<Value> = masks(finalmask, list).filter_map(trimmed).collect();
        if !masks.is_empty() {
            kept.insert(list.to_owned(), Value::Array(masks));
        }
    }
    if let Some(quic) = finalmask.and_then(|finalmask| filled(finalmask, "quicParams")) {
        kept.insert("quicParams".to_owned(), quic.clone());
    }
    kept.values().any(says_something).then(|| ("fm", Value::Object(kept).to_string()))
}

fn masks<'a>(finalmask: Option<&'a Value>, list: &str) -> impl Iterator<Item = &'a Value> {
    finalmask.and_then(|finalmask| finalmask.get(list)).and_then(Value::as_array).into_iter().flatten()
}

/// A mask without what the panel's editor leaves in it.
fn trimmed(mask: &Value) -> Option<Value> {
    let kind = Some(text(mask, "type")).filter(|kind| !kind.is_empty())?;
    Some(match filled(mask, "settings") {
        Some(settings) => json!({"type": kind, "settings": settings}),
        None => json!({"type": kind}),
    })
}

/// An object that has fields.
fn filled<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.get(key).filter(|value| value.as_object().is_some_and(|fields| !fields.is_empty()))
}

/// Whether it is more than empty texts.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => items.iter().any(says_something),
        Value::Object(fields) => fields.values().any(says_something),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parameters of mKCP with these settings and masks.
    fn kcp(settings: &Value, udp: &Value) -> String {
        let stream = json!({"network": "kcp", "kcpSettings": settings, "finalmask": {"udp": udp}});
        let mut params = Vec::new();
        push_kcp(&serde_json::from_value(stream).unwrap(), &mut params);
        let params: Vec<String> = params.iter().map(|(key, value)| format!("{key}={value}")).collect();
        params.join("&")
    }

    #[test]
    fn a_disguise_is_found_where_each_version_keeps_it() {
        assert_eq!(kcp(&json!({"seed": "s", "header": {"type": "utp"}}), &json!([])), "headerType=utp&seed=s");
        let of_2_9 = json!([
            {"type": "header-wechat"}, {"type": "header-custom", "settings": {"client": []}},
            {"type": "mkcp-aes128gcm", "settings": {"password": "pw"}},
        ]);
        assert_eq!(kcp(&json!({}), &of_2_9), "headerType=wechat-video&seed=pw");
        let of_3 = json!([
            {"type": "mkcp-legacy", "settings": {"header": "wechat"}},
            {"type": "mkcp-legacy", "settings": {"header": "unheard-of"}},
            {"type": "mkcp-legacy", "settings": {"header": "", "value": "pw"}},
        ]);
        assert_eq!(kcp(&json!({"mtu": 1350, "tti": 20}), &of_3), "headerType=wechat-video&seed=pw&mtu=1350&tti=20");
        for known in ["dns", "dtls", "srtp", "utp", "wireguard"] {
            let wanted = format!("headerType={known}");
            assert_eq!(kcp(&json!({}), &json!([{"type": format!("header-{known}")}])), wanted);
            assert_eq!(kcp(&json!({}), &json!([{"type": "mkcp-legacy", "settings": {"header": known}}])), wanted);
        }
    }

    #[test]
    fn what_says_nothing_is_left_out() {
        assert_eq!(kcp(&json!({"seed": "", "header": {"type": "none"}, "mtu": 0, "tti": "20"}), &json!([])), "");
        assert_eq!(kcp(&json!({"seed": "old"}), &json!([{"type": "mkcp-original"}])), "");
        assert_eq!(kcp(&json!({}), &json!([{"type": "salamander", "settings": {"password": "p"}}, "odd", {}])), "");
    }

    #[test]
    fn a_final_mask_is_told_without_what_is_empty() {
        let fm = |finalmask: Value| {
            let stream = serde_json::from_value(json!({"finalmask": finalmask})).unwrap();
            any(&stream).map(|(key, value)| {
                assert_eq!(key, "fm");
                value
            })
        };
        for nothing in [
            json!(null),
            json!("odd"),
            json!({}),
            json!({"tcp": [], "udp": [{"type": ""}, {}], "quicParams": {}}),
            json!({"quicParams": {"congestion": ""}, "unheardOf": 1}),
        ] {
            assert_eq!(fm(nothing.clone()), None, "{nothing}");
        }
        let whole = json!({
            "tcp": [{"type": "fragment", "settings": {"length": "1-2"}, "id": 3}],
            "udp": [{"settings": {}, "type": "mkcp-original"}],
            "quicParams": {"congestion": "bbr"}, "unheardOf": {"a": 1},
        });
        let kept = r#"{"quicParams":{"congestion":"bbr"},"tcp":[{"settings":{"length":"1-2"},"type":"fragment"}],"udp":[{"type":"mkcp-original"}]}"#;
        assert_eq!(fm(whole).as_deref(), Some(kept));
    }
}
