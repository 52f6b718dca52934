//! Share links and subscriptions, as the panel itself writes them.

use axum::http::StatusCode;
use data_encoding::{BASE64, HEXLOWER};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::Generation;
use super::answer::{self, Answer};
use super::call::Call;
use super::state::{Client, Inbound, State};

/// The host that a call's links carry: what the caller asked for; loopback becomes a name.
pub(super) fn public_host(call: &Call) -> String {
    match call.host() {
        "127.0.0.1" | "[::1]" => "localhost".to_owned(),
        host => host.to_owned(),
    }
}

/// A client's links, one for each of its inbounds, or several where an inbound has `externalProxy`.
pub(super) fn of_client(state: &State, client: &Client, host: &str) -> Vec<String> {
    let inbounds = state.inbounds.iter().filter(|inbound| client.inbounds.contains(&inbound.id));
    inbounds
        .flat_map(|inbound| {
            let remark = format!("{}-{}", inbound.remark, client.email());
            of_inbound(state, client, inbound, host, &remark)
        })
        .collect()
}

fn of_inbound(state: &State, client: &Client, inbound: &Inbound, host: &str, remark: &str) -> Vec<String> {
    let security = text(&inbound.stream, "security");
    let proxies: Vec<_> = inbound.stream["externalProxy"].as_array().into_iter().flatten().collect();
    if proxies.is_empty() {
        return vec![one(state, client, inbound, (host, inbound.port), security, remark)];
    }
    let of_proxy = |proxy: &&Value| {
        let security = match text(proxy, "forceTls") {
            "" | "same" => security,
            forced => forced,
        };
        let port = proxy["port"].as_i64().unwrap_or(inbound.port);
        let remark = format!("{remark}{}", text(proxy, "remark"));
        one(state, client, inbound, (text(proxy, "dest"), port), security, &remark)
    };
    proxies.iter().map(of_proxy).collect()
}

/// One link; parameters in alphabetical order, as Go writes a query.
fn one(
    state: &State,
    client: &Client,
    inbound: &Inbound,
    (host, port): (&str, i64),
    security: &str,
    remark: &str,
) -> String {
    let stream = &inbound.stream;
    let network = text(stream, "network");
    let mut parameters = vec![("type", network.to_owned()), ("security", security.to_owned())];
    if state.generation != Generation::V2_6 {
        let encryption = inbound.settings.get("encryption").and_then(Value::as_str).unwrap_or("none");
        parameters.push(("encryption", encryption.to_owned()));
    }
    push_transport(&mut parameters, stream, network);
    match security {
        "reality" => push_reality(&mut parameters, &stream["realitySettings"], client),
        "tls" => push_tls(&mut parameters, &stream["tlsSettings"]),
        _ => {}
    }
    let flow = client.text("flow");
    if !flow.is_empty() && matches!(network, "tcp" | "raw") && matches!(security, "tls" | "reality") {
        parameters.push(("flow", flow.to_owned()));
    }
    parameters.sort();
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
    format!("vless://{}@{host}:{port}?{query}#{}", client.text("id"), fragment(remark))
}

fn push_transport(parameters: &mut Vec<(&str, String)>, stream: &Value, network: &str) {
    match network {
        "ws" | "httpupgrade" | "xhttp" => {
            let settings = &stream[format!("{network}Settings")];
            parameters.push(("path", text(settings, "path").to_owned()));
            let host = match text(settings, "host") {
                "" => text(&settings["headers"], "Host"),
                host => host,
            };
            parameters.push(("host", host.to_owned()));
            if network == "xhttp" {
                parameters.push(("mode", text(settings, "mode").to_owned()));
            }
        }
        "grpc" => {
            let settings = &stream["grpcSettings"];
            parameters.push(("serviceName", text(settings, "serviceName").to_owned()));
            parameters.push(("authority", text(settings, "authority").to_owned()));
            if settings["multiMode"] == true {
                parameters.push(("mode", "multi".to_owned()));
            }
        }
        "tcp" if stream["tcpSettings"]["header"]["type"] == "http" => {
            let request = &stream["tcpSettings"]["header"]["request"];
            parameters.push(("headerType", "http".to_owned()));
            parameters.push(("path", request["path"][0].as_str().unwrap_or("/").to_owned()));
            parameters.push(("host", request["headers"]["Host"][0].as_str().unwrap_or_default().to_owned()));
        }
        _ => {}
    }
}

fn push_reality(parameters: &mut Vec<(&str, String)>, settings: &Value, client: &Client) {
    let inner = &settings["settings"];
    parameters.push(("sni", settings["serverNames"][0].as_str().unwrap_or_default().to_owned()));
    parameters.push(("pbk", text(inner, "publicKey").to_owned()));
    // The real panel picks one at random, also an empty one; the first full one is as good.
    let ids = settings["shortIds"].as_array().into_iter().flatten().filter_map(Value::as_str);
    parameters.push(("sid", ids.clone().find(|id| !id.is_empty()).unwrap_or_default().to_owned()));
    if !text(inner, "fingerprint").is_empty() {
        parameters.push(("fp", text(inner, "fingerprint").to_owned()));
    }
    let spider = HEXLOWER.encode(&Sha256::digest(client.text("subId").as_bytes()));
    parameters.push(("spx", format!("/{}", &spider[..15])));
    if !text(inner, "mldsa65Verify").is_empty() {
        parameters.push(("pqv", text(inner, "mldsa65Verify").to_owned()));
    }
}

fn push_tls(parameters: &mut Vec<(&str, String)>, settings: &Value) {
    let alpn: Vec<_> = settings["alpn"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !alpn.is_empty() {
        parameters.push(("alpn", alpn.join(",")));
    }
    if !text(settings, "serverName").is_empty() {
        parameters.push(("sni", text(settings, "serverName").to_owned()));
    }
    if !text(&settings["settings"], "fingerprint").is_empty() {
        parameters.push(("fp", text(&settings["settings"], "fingerprint").to_owned()));
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// Percent-encodes a remark for the part after `#`.
fn fragment(remark: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~,@+".contains(&byte);
    remark.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// `GET /sub/{subId}` on the subscription listener: base64 of the links, one per line.
pub(super) fn subscription(state: &State, call: &Call, sub_id: &str) -> Answer {
    let clients: Vec<_> = state.clients.iter().filter(|client| client.text("subId") == sub_id).collect();
    if clients.is_empty() || sub_id.is_empty() {
        return match state.generation {
            Generation::V3 => answer::empty(StatusCode::NOT_FOUND),
            _ => answer::typed(StatusCode::BAD_REQUEST, "text/plain; charset=utf-8", "Error!"),
        };
    }
    let mut lines = String::new();
    for client in &clients {
        let usage = usage(client, state, call.now);
        let inbounds = state.inbounds.iter().filter(|row| row.enable && client.inbounds.contains(&row.id));
        for (at, inbound) in inbounds.enumerate() {
            // 2.8 and 2.9 write the inbound's own listen address, the others the host of the call.
            let literal = matches!(state.generation, Generation::V2_8 | Generation::V2_9) && !inbound.listen.is_empty();
            let host = if literal { inbound.listen.as_str() } else { call.host() };
            let remark = match (state.generation, at) {
                (Generation::V3, 0) => format!("{}-{}|{usage}", inbound.remark, client.email()),
                (Generation::V3, _) => inbound.remark.clone(),
                _ => format!("{}-{}-{usage}", inbound.remark, client.email()),
            };
            for link in of_inbound(state, client, inbound, host, &remark) {
                lines.push_str(&link);
                lines.push('\n');
            }
        }
    }
    let answer = answer::typed(StatusCode::OK, "text/plain; charset=utf-8", BASE64.encode(lines.as_bytes()));
    let answer = answer::with_header(answer, "subscription-userinfo", &userinfo(state, &clients));
    answer::with_header(answer, "profile-update-interval", "12")
}

/// Sums over the clients of one subscription; bytes, and the expiry in seconds.
fn userinfo(state: &State, clients: &[&Client]) -> String {
    let rows = || clients.iter().filter_map(|client| state.stat(client.email()));
    let (up, down): (i64, i64) = (rows().map(|stat| stat.up).sum(), rows().map(|stat| stat.down).sum());
    let unlimited = rows().any(|stat| stat.total == 0);
    let total: i64 = if unlimited { 0 } else { rows().map(|stat| stat.total).sum() };
    let expiry = rows().map(|stat| stat.expiry).next().unwrap_or_default().max(0) / 1000;
    format!("upload={up}; download={down}; total={total}; expire={expiry}")
}

/// What is left, as the panel paints it into the remark.
fn usage(client: &Client, state: &State, now: i64) -> String {
    let stat = state.stat(client.email());
    let left = stat.map(|stat| (stat.total - stat.up - stat.down).max(0)).unwrap_or_default();
    let hours = (client.int("expiryTime") - now).max(0) / 3_600_000;
    // Hundredths of a gigabyte, without floating point.
    let hundredths = left / (1 << 20) * 100 / 1024;
    let gigabytes = format!("{}.{:02}GB", hundredths / 100, hundredths % 100);
    match state.generation {
        Generation::V3 => format!("📊{gigabytes}|⏳{}D", (hours + 23) / 24),
        _ => format!("{gigabytes}📊-{}D,{}H⏳", hours / 24, hours % 24),
    }
}
