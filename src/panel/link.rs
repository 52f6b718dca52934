//! Share links, built from an inbound and a client. Pure.
//!
//! Follows what the panels themselves put into theirs; where a panel chooses at random (short
//! id, spider path) the choice here is fixed, so that a customer's link never changes by itself.

use serde_json::Value;
use url::form_urlencoded;
use uuid::Uuid;

use super::inbound::{ExternalProxy, Http, Inbound, Listens, OneOrMany};

mod mask;
mod xhttp;

/// Why an inbound has no link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Only VLESS is sold.
    #[error("the inbound speaks {0}, not vless")]
    Protocol(String),
    /// A transport no supported panel offers for VLESS.
    #[error("the inbound's transport {0:?} is not known")]
    Transport(String),
    /// Neither none, tls nor reality.
    #[error("the inbound's security {0:?} is not known")]
    Security(String),
    /// Nobody reaches it but the inbound before it.
    #[error("it listens on a socket of its server, and no host, external proxy or other inbound leads to it")]
    Socket,
    /// Nobody reaches it but programs on its own server.
    #[error("it listens on its server's loopback address, and no host, external proxy or other inbound leads to it")]
    Loopback,
    /// REALITY without what the client needs.
    #[error("the inbound has no REALITY {0}")]
    Reality(&'static str),
}

/// The VLESS links of a client on an inbound: one, or one for each external proxy.
///
/// `flow` is the client's; it is left out where the inbound cannot carry it. `remark` is the name
/// the customer's app shows.
pub fn vless(
    inbound: &Inbound,
    public_host: &str,
    uuid: &Uuid,
    flow: &str,
    remark: &str,
) -> Result<Vec<String>, LinkError> {
    let proxies = &inbound.stream.external_proxy;
    if proxies.is_empty() {
        return Ok(vec![direct(inbound, public_host, uuid, flow, remark)?]);
    }
    proxies.iter().map(|proxy| behind(proxy, inbound, uuid, flow, remark)).collect()
}

/// The one of [`vless`]'s links that a customer is given: the first, but none without TLS where the
/// inbound has TLS or REALITY and another proxy keeps it.
pub fn chosen(
    inbound: &Inbound,
    public_host: &str,
    uuid: &Uuid,
    flow: &str,
    remark: &str,
) -> Result<String, LinkError> {
    let proxies = &inbound.stream.external_proxy;
    let plain = |security: &str| matches!(security, "" | "none");
    let secured = proxies.iter().find(|proxy| !plain(security_behind(proxy, inbound)));
    match secured.filter(|_| !plain(&inbound.stream.security)).or_else(|| proxies.first()) {
        Some(proxy) => behind(proxy, inbound, uuid, flow, remark),
        None => direct(inbound, public_host, uuid, flow, remark),
    }
}

/// What the customer's app calls the connection: the same for as long as the subscription lives, so that
/// a renewal hands out the same link to the last character.
pub fn name_for(shop: &str, email: &str) -> String {
    format!("{shop} {}", email.trim_start_matches("tk-"))
}

/// The subscription link: what the panel's subscription listener answers at.
pub fn subscription(subscription_url: &str, sub_id: &str) -> String {
    format!("{}/{}", subscription_url.trim_end_matches('/'), percent(sub_id))
}

fn direct(inbound: &Inbound, public_host: &str, uuid: &Uuid, flow: &str, remark: &str) -> Result<String, LinkError> {
    let params = params(inbound, None, &inbound.stream.security, flow)?;
    match inbound.listens {
        Listens::Outside => {}
        // Where customers are on the same machine, as on a bench.
        Listens::Loopback if Listens::at(public_host) == Listens::Loopback => {}
        Listens::Loopback => return Err(LinkError::Loopback),
        Listens::Socket => return Err(LinkError::Socket),
    }
    Ok(join(uuid, public_host, inbound.port, &params, remark))
}

fn security_behind<'a>(proxy: &'a ExternalProxy, inbound: &'a Inbound) -> &'a str {
    match proxy.force_tls.as_str() {
        forced @ ("tls" | "none" | "reality") => forced,
        _ => &inbound.stream.security,
    }
}

fn behind(
    proxy: &ExternalProxy,
    inbound: &Inbound,
    uuid: &Uuid,
    flow: &str,
    remark: &str,
) -> Result<String, LinkError> {
    let params = params(inbound, Some(proxy), security_behind(proxy, inbound), flow)?;
    let name = if proxy.remark.is_empty() { remark.to_owned() } else { format!("{remark}-{}", proxy.remark) };
    let uuid = proxy.host.as_ref().and_then(|host| host.route).map_or(*uuid, |route| routed(uuid, route));
    Ok(join(&uuid, &proxy.dest, proxy.port, &params, &name))
}

/// The uuid with a route of the server in its third group, which xray reads there and takes for no
/// part of the key (`vlessRoute` in the recordings' `openapi.json`).
fn routed(uuid: &Uuid, route: u16) -> Uuid {
    let mut bytes = *uuid.as_bytes();
    [bytes[6], bytes[7]] = route.to_be_bytes();
    Uuid::from_bytes(bytes)
}

/// Whether links that a panel built say of an inbound what ours would. Of several names and short ids
/// a panel chooses one by chance.
pub(super) fn agrees(inbound: &Inbound, theirs: &[&str]) -> bool {
    let Ok(ours) = params(inbound, None, &inbound.stream.security, "") else { return false };
    let reality = inbound.stream.reality_settings.clone().unwrap_or_default();
    let one_of = |list: &[String], value: &str| list.iter().any(|item| item == value);
    theirs.iter().filter_map(|link| url::Url::parse(link).ok()).any(|link| {
        let said = |key: &str| link.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned());
        let fits = |(key, value): &(&str, String)| match (*key, said(key)) {
            ("sni", Some(said)) if inbound.stream.security == "reality" => one_of(&reality.server_names, &said),
            ("sid", said) => one_of(&reality.short_ids, &said.unwrap_or_default()) || reality.short_ids.is_empty(),
            ("spx", _) => true,
            (_, said) => said.unwrap_or_default() == *value,
        };
        link.port() == Some(inbound.port) && ours.iter().all(fits)
    })
}

type Params = Vec<(&'static str, String)>;

fn params(inbound: &Inbound, proxy: Option<&ExternalProxy>, security: &str, flow: &str) -> Result<Params, LinkError> {
    if inbound.protocol != "vless" {
        return Err(LinkError::Protocol(inbound.protocol.clone()));
    }
    // "raw" is the new name of "tcp"; apps know the old one.
    let network = if inbound.stream.network == "raw" { "tcp" } else { &inbound.stream.network };
    let mut params = vec![("type", network.to_owned()), ("encryption", inbound.encryption.clone())];
    transport(inbound, network, &mut params)?;
    if let Some(host) = proxy.and_then(|proxy| proxy.host.as_ref()) {
        for (key, theirs) in [("host", &host.header), ("path", &host.path)] {
            let ours = params.iter_mut().filter(|(name, _)| *name == key && !theirs.is_empty());
            ours.for_each(|(_, value)| value.clone_from(theirs));
        }
    }
    // As the panels take it that were never told of any.
    let security = if security.is_empty() { "none" } else { security };
    params.extend(mask::any(&inbound.stream));
    params.push(("security", security.to_owned()));
    match security {
        "none" => {}
        "tls" => tls(inbound, proxy, &mut params),
        "reality" => reality(inbound, proxy, &mut params)?,
        other => return Err(LinkError::Security(other.to_owned())),
    }
    // Behind a proxy that ends TLS ("none") there is no TLS for vision to look into.
    if !flow.is_empty() && inbound.can_flow() && inbound.carries_flow(security) {
        params.push(("flow", flow.to_owned()));
    }
    Ok(params)
}

fn transport(inbound: &Inbound, network: &str, params: &mut Params) -> Result<(), LinkError> {
    let stream = &inbound.stream;
    match network {
        "tcp" => {
            let header = stream.tcp_settings.as_ref().and_then(|tcp| tcp.header.as_ref());
            if let Some(header) = header.filter(|header| header.r#type == "http") {
                let request = header.request.clone().unwrap_or_default();
                // 3.x looks into the answer first (3x-ui, `internal/sub/service.go`,
                // `applyShareNetworkParams`), 2.x only into the request.
                let answers = host_header(header.response.as_ref().and_then(|response| response.headers.as_ref()));
                let host = if answers.is_empty() { host_header(request.headers.as_ref()) } else { answers };
                params.push(("path", request.path.as_ref().map_or("/", OneOrMany::first).to_owned()));
                params.push(("host", host));
                params.push(("headerType", "http".to_owned()));
            }
        }
        "ws" => http(stream.ws_settings.as_ref(), params),
        "httpupgrade" => http(stream.httpupgrade_settings.as_ref(), params),
        "xhttp" | "splithttp" => xhttp::push(stream.xhttp_settings.as_ref().unwrap_or(&Value::Null), params),
        "grpc" => {
            let grpc = stream.grpc_settings.clone().unwrap_or_default();
            params.push(("serviceName", grpc.service_name));
            params.push(("authority", grpc.authority));
            if grpc.multi_mode {
                params.push(("mode", "multi".to_owned()));
            }
        }
        "kcp" => mask::push_kcp(stream, params),
        other => return Err(LinkError::Transport(other.to_owned())),
    }
    Ok(())
}

fn http(settings: Option<&Http>, params: &mut Params) {
    let Some(settings) = settings else { return };
    let host = if settings.host.is_empty() { host_header(settings.headers.as_ref()) } else { settings.host.clone() };
    params.push(("path", settings.path.clone()));
    params.push(("host", host));
}

/// The Host among headers: a text, or the first of a list.
fn host_header(headers: Option<&Value>) -> String {
    let headers = headers.and_then(Value::as_object).into_iter().flatten();
    let host = headers.filter(|(name, _)| name.eq_ignore_ascii_case("host")).map(|(_, host)| host).next();
    let text = host.and_then(|host| host.as_str().or_else(|| host.get(0)?.as_str()));
    text.unwrap_or_default().to_owned()
}

/// What the proxy before the inbound has of its own goes before the inbound's (3x-ui,
/// `internal/sub/service.go`, `applyExternalProxyTLSParams`; up to 2.9 it has nothing).
fn tls(inbound: &Inbound, proxy: Option<&ExternalProxy>, params: &mut Params) {
    let tls = inbound.stream.tls_settings.clone().unwrap_or_default();
    let client = tls.settings.unwrap_or_default();
    let proxy = proxy.cloned().unwrap_or_default();
    let list = |list: Option<OneOrMany>| list.map_or_else(String::new, |list| list.joined());
    let optional = [
        ("sni", proxy.sni, tls.server_name),
        ("alpn", list(proxy.alpn), tls.alpn.join(",")),
        ("fp", proxy.fingerprint, client.fingerprint),
        ("ech", list(proxy.ech_config_list), client.ech_config_list),
        ("pcs", list(proxy.pinned_peer_cert_sha256), list(client.pinned_peer_cert_sha256)),
        ("vcn", list(proxy.verify_peer_cert_by_name), list(client.verify_peer_cert_by_name)),
    ];
    let chosen = optional.into_iter().map(|(key, theirs, ours)| (key, if theirs.is_empty() { ours } else { theirs }));
    let host = proxy.host.unwrap_or_default();
    params.extend(chosen.filter(|(key, value)| !(value.is_empty() || host.no_sni && *key == "sni")));
    // 2.x writes it (3x-ui, `sub/subService.go`). An app with a newer xray refuses it, and is let
    // in by what replaced it: the pin, or the name.
    if (client.allow_insecure || host.allow_insecure) && !params.iter().any(|(key, _)| matches!(*key, "pcs" | "vcn")) {
        params.push(("allowInsecure", "1".to_owned()));
    }
}

fn reality(inbound: &Inbound, proxy: Option<&ExternalProxy>, params: &mut Params) -> Result<(), LinkError> {
    let reality = inbound.stream.reality_settings.clone().unwrap_or_default();
    let client = reality.settings.unwrap_or_default();
    if client.public_key.is_empty() {
        return Err(LinkError::Reality("public key"));
    }
    let first = |list: Vec<String>| list.into_iter().find(|text| !text.is_empty());
    let name = first(reality.server_names).ok_or(LinkError::Reality("server name"))?;
    // A host may say it; a proxy of an inbound says it for TLS only.
    let host = proxy.filter(|proxy| proxy.host.is_some());
    let theirs = |own: fn(&ExternalProxy) -> &String| host.map(own).filter(|text| !text.is_empty()).cloned();
    params.push(("sni", theirs(|proxy| &proxy.sni).unwrap_or(name)));
    params.push(("pbk", client.public_key));
    // The panel picks one at random, the empty one too; a fixed one keeps the link the same.
    params.push(("sid", first(reality.short_ids).unwrap_or_default()));
    params.push(("spx", "/".to_owned()));
    let optional =
        [("fp", theirs(|proxy| &proxy.fingerprint).unwrap_or(client.fingerprint)), ("pqv", client.mldsa65_verify)];
    params.extend(optional.into_iter().filter(|(_, value)| !value.is_empty()));
    Ok(())
}

fn join(uuid: &Uuid, host: &str, port: u16, params: &Params, remark: &str) -> String {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let host = if bare.contains(':') { format!("[{bare}]") } else { bare.to_owned() };
    let mut params = params.clone();
    params.sort_unstable();
    let query: Vec<String> = params.iter().map(|(key, value)| format!("{key}={}", percent(value))).collect();
    format!("vless://{uuid}@{host}:{port}?{}#{}", query.join("&"), percent(&name(remark)))
}

/// A name without what apps that decode it twice would break on.
fn name(remark: &str) -> String {
    let plain: String = remark.chars().map(|c| if BROKEN_BY_APPS.contains(&c) { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What does not survive being decoded twice, as apps do with names and paths.
const BROKEN_BY_APPS: [char; 3] = ['%', '+', '#'];

/// Whether apps that decode a path twice would ask for another.
pub fn path_breaks(inbound: &Inbound) -> bool {
    let params = params(inbound, None, &inbound.stream.security, "").unwrap_or_default();
    params.iter().any(|(key, value)| matches!(*key, "path" | "serviceName") && value.contains(BROKEN_BY_APPS))
}

/// Percent-encodes everything but letters, digits and `-._*`; a space is `%20`, which every app
/// understands, in the name too, where some show a `+` as it is.
fn percent(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
