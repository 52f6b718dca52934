//! The inbound we sell, as far as a link needs it.
//!
//! Up to 2.9 and 3.0 `settings` and `streamSettings` are JSON text inside the JSON, later they
//! are objects; both are read here and nowhere else. Everything is optional: a field that a
//! version does not send is not an error before a link needs it.

use std::net::IpAddr;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::Error;

/// An inbound of the panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// Its number on the panel.
    pub id: i64,
    /// Its name in the panel's list.
    pub remark: String,
    /// Whether it is switched on.
    pub enabled: bool,
    /// `vless`, or something we do not sell.
    pub protocol: String,
    /// Where xray listens.
    pub port: u16,
    /// And for whom.
    pub listens: Listens,
    /// Post-quantum encryption of VLESS itself; `none` nearly always.
    pub encryption: String,
    /// Whether VLESS itself encrypts: by `encryption`, or by the server's side of it.
    pub encrypted: bool,
    /// Transport and security.
    pub stream: Stream,
}

/// For whom xray listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listens {
    /// For everybody, as far as the panel says.
    Outside,
    /// For programs on its own server: on the loopback address.
    Loopback,
    /// For another inbound of its server: on a socket.
    Socket,
}

/// What xray calls `streamSettings`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Stream {
    /// tcp (also called raw), ws, grpc, httpupgrade, xhttp, kcp.
    pub network: String,
    /// none (also when it is empty), tls or reality.
    pub security: String,
    /// Other addresses under which the inbound is reached; one link each.
    pub external_proxy: Vec<ExternalProxy>,
    /// With `security: reality`.
    pub reality_settings: Option<Reality>,
    /// With `security: tls`.
    pub tls_settings: Option<Tls>,
    /// With `network: tcp`.
    #[serde(alias = "rawSettings")]
    pub tcp_settings: Option<Tcp>,
    /// With `network: ws`.
    pub ws_settings: Option<Http>,
    /// With `network: httpupgrade`.
    pub httpupgrade_settings: Option<Http>,
    /// With `network: xhttp`; as the panel keeps it, for a link carries most of it.
    #[serde(alias = "splithttpSettings")]
    pub xhttp_settings: Option<Value>,
    /// With `network: grpc`.
    pub grpc_settings: Option<Grpc>,
    /// With `network: kcp`.
    pub kcp_settings: Option<Kcp>,
    /// Disguises of newer xray, around any transport; as the panel keeps them.
    pub finalmask: Option<Value>,
}

/// An address before the inbound.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExternalProxy {
    /// `same`, `tls` or `none`.
    pub force_tls: String,
    /// Host name or address.
    pub dest: String,
    /// Port.
    pub port: u16,
    /// Added to the link's name.
    pub remark: String,
    /// Asked for instead of the inbound's name; this and what follows only on 3.x, and only with TLS.
    pub sni: String,
    /// Imitated instead of the inbound's.
    pub fingerprint: String,
    /// Offered instead of the inbound's: a list, or a text with commas.
    pub alpn: Option<OneOrMany>,
    /// Insisted on instead of the inbound's.
    pub pinned_peer_cert_sha256: Option<OneOrMany>,
    /// Verified against instead of the inbound's.
    pub verify_peer_cert_by_name: Option<OneOrMany>,
    /// Used instead of the inbound's.
    pub ech_config_list: Option<OneOrMany>,
}

/// REALITY, the server's side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Reality {
    /// Names the client may ask for.
    pub server_names: Vec<String>,
    /// Ids the client may show; some may be empty.
    pub short_ids: Vec<String>,
    /// What the panel keeps for the client's side.
    pub settings: Option<RealityClient>,
}

/// REALITY, the client's side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RealityClient {
    /// The server's public key.
    pub public_key: String,
    /// The browser whose handshake is imitated.
    pub fingerprint: String,
    /// Post-quantum verification key; empty nearly always.
    pub mldsa65_verify: String,
}

/// TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tls {
    /// The certificate's name.
    pub server_name: String,
    /// Application protocols offered.
    pub alpn: Vec<String>,
    /// What the panel keeps for the client's side.
    pub settings: Option<TlsClient>,
}

/// TLS, the client's side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TlsClient {
    /// The browser whose handshake is imitated.
    pub fingerprint: String,
    /// Whether any certificate will do, as older 2.x let one say.
    pub allow_insecure: bool,
    /// Encrypted client hello.
    pub ech_config_list: String,
    /// Hashes of certificates the client shall insist on: a list, or a text with commas.
    pub pinned_peer_cert_sha256: Option<OneOrMany>,
    /// The name the certificate is verified against instead of `sni`.
    pub verify_peer_cert_by_name: Option<OneOrMany>,
}

/// TCP ("raw").
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Tcp {
    /// A disguise as HTTP.
    pub header: Option<Header>,
}

/// A disguise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Header {
    /// `none`, `http`, or one of mKCP's.
    pub r#type: String,
    /// The request it imitates.
    pub request: Option<HeaderRequest>,
    /// The answer it imitates.
    pub response: Option<HeaderRequest>,
}

/// The request, or the answer, that a TCP header imitates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct HeaderRequest {
    /// Paths; an answer has none.
    pub path: Option<OneOrMany>,
    /// Headers; several values each.
    pub headers: Option<Value>,
}

/// WebSocket or HTTP upgrade.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Http {
    /// The path.
    pub path: String,
    /// The Host header.
    pub host: String,
    /// Headers, in which older versions keep Host: a text each, or a list of texts.
    pub headers: Option<Value>,
}

/// gRPC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Grpc {
    /// The service's name.
    pub service_name: String,
    /// The HTTP/2 authority.
    pub authority: String,
    /// Several streams in one connection.
    pub multi_mode: bool,
}

/// mKCP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Kcp {
    /// A password that obfuscates packets, up to 2.8.
    pub seed: String,
    /// A disguise, up to 2.8.
    pub header: Option<Header>,
    /// The largest packet, in bytes; a number.
    pub mtu: Value,
    /// How often packets are sent, in milliseconds; a number.
    pub tti: Value,
}

/// A text, or a list of texts: versions differ.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(String),
    /// A list.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The first text, empty when there is none.
    pub fn first(&self) -> &str {
        match self {
            Self::One(text) => text,
            Self::Many(texts) => texts.first().map_or("", String::as_str),
        }
    }

    /// All, joined by commas.
    pub fn joined(&self) -> String {
        match self {
            Self::One(text) => text.clone(),
            Self::Many(texts) => {
                let texts: Vec<&str> = texts.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
                texts.join(",")
            }
        }
    }
}

/// The flow of clients on inbounds that can carry it.
pub const VISION: &str = "xtls-rprx-vision";

/// The flows of an inbound's clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flows {
    /// What new clients get.
    pub(super) given: &'static str,
    /// What clients that have one may keep.
    pub(super) kept: &'static str,
}

impl Inbound {
    /// From the `obj` of `inbounds/get`, or a row of `inbounds/list`, of any generation.
    pub fn parse(obj: Value) -> Result<Self, Error> {
        read(obj).map(|(inbound, _)| inbound)
    }

    /// The flow our clients get here: vision where every panel and app can do it (TCP with TLS or
    /// REALITY, no header), else none; a client with a flow on another transport cannot connect.
    pub fn flow(&self) -> &'static str {
        if self.is_tcp() && self.can_flow() { VISION } else { "" }
    }

    /// Whether a client can have a flow here: also over XHTTP with VLESS's own encryption, which
    /// stands in for TLS there. New clients get none there, but who was given one by hand, or by
    /// another program, needs it (3x-ui, `internal/sub/service.go`, `vlessFlowAllowed`).
    pub fn can_flow(&self) -> bool {
        self.carries_flow(&self.stream.security)
    }

    /// Whether a link with this security, the inbound's own or that of a proxy before it, carries
    /// a flow.
    pub(super) fn carries_flow(&self, security: &str) -> bool {
        let header = self.stream.tcp_settings.as_ref().and_then(|tcp| tcp.header.as_ref());
        let plain = header.is_none_or(|header| header.r#type.is_empty() || header.r#type == "none");
        match self.stream.network.as_str() {
            "tcp" | "raw" => plain && matches!(security, "tls" | "reality"),
            "xhttp" => self.encrypted,
            _ => false,
        }
    }

    pub(super) fn flows(&self) -> Flows {
        Flows { given: self.flow(), kept: if self.can_flow() { VISION } else { "" } }
    }

    fn is_tcp(&self) -> bool {
        matches!(self.stream.network.as_str(), "tcp" | "raw")
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    id: i64,
    #[serde(default)]
    remark: String,
    #[serde(default)]
    listen: String,
    enable: bool,
    protocol: String,
    port: u16,
    #[serde(default)]
    settings: Value,
    #[serde(default)]
    stream_settings: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Settings {
    clients: Vec<Value>,
    encryption: String,
    decryption: String,
}

/// Reads `inbounds/get`: the inbound, and its clients' rows, unread: a broken row of another
/// client is not our concern.
pub(super) fn read(obj: Value) -> Result<(Inbound, Vec<Value>), Error> {
    let row: Row = typed(obj, "inbound")?;
    let settings: Settings = typed(embedded(row.settings, "settings")?, "settings")?;
    let stream: Stream = typed(embedded(row.stream_settings, "streamSettings")?, "streamSettings")?;
    let encrypts = |text: &str| !matches!(text, "" | "none");
    let inbound = Inbound {
        id: row.id,
        remark: row.remark,
        listens: Listens::at(&row.listen),
        enabled: row.enable,
        protocol: row.protocol,
        port: row.port,
        encrypted: encrypts(&settings.encryption) || encrypts(&settings.decryption),
        encryption: if settings.encryption.is_empty() { "none".to_owned() } else { settings.encryption },
        stream,
    };
    Ok((inbound, settings.clients))
}

impl Listens {
    /// From an inbound's `listen`; empty is every address.
    fn at(listen: &str) -> Self {
        let address = listen.trim().trim_matches(['[', ']']);
        let loopback = |address: IpAddr| address.to_canonical().is_loopback();
        if address.starts_with(['@', '/']) {
            Self::Socket
        } else if address.eq_ignore_ascii_case("localhost") || address.parse().is_ok_and(loopback) {
            Self::Loopback
        } else {
            Self::Outside
        }
    }
}

/// Opens JSON that may be a text inside the JSON.
fn embedded(value: Value, what: &str) -> Result<Value, Error> {
    match value {
        Value::String(text) if text.trim().is_empty() => Ok(Value::Object(serde_json::Map::new())),
        Value::String(text) => {
            serde_json::from_str(&text).map_err(|_| Error::unexpected(format!("an inbound whose {what} is no JSON")))
        }
        Value::Null => Ok(Value::Object(serde_json::Map::new())),
        other => Ok(other),
    }
}

/// A null is a field that is not there.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

fn typed<T: DeserializeOwned>(mut value: Value, what: &str) -> Result<T, Error> {
    drop_nulls(&mut value);
    // serde's message quotes values, which may be keys: only the place is told.
    serde_json::from_value(value).map_err(|_| Error::unexpected(format!("an inbound whose {what} has a wrong type")))
}

#[cfg(test)]
mod tests {
    use super::Listens;

    #[test]
    fn for_whom_an_inbound_listens() {
        for loopback in ["127.0.0.1", "127.3.2.1", "::1", "[::1]", "localhost", "Localhost", "::ffff:127.0.0.1"] {
            assert_eq!(Listens::at(loopback), Listens::Loopback, "{loopback}");
        }
        for outside in ["", "0.0.0.0", "::", "203.0.113.7", "2001:db8::1", "10.0.0.1", "localhost.test"] {
            assert_eq!(Listens::at(outside), Listens::Outside, "{outside}");
        }
        for socket in ["@vless", "/run/xray.sock,0666"] {
            assert_eq!(Listens::at(socket), Listens::Socket, "{socket}");
        }
    }
}
