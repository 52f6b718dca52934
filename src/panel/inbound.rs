//! The inbound we sell, as far as a link needs it.
//!
//! Up to 2.9 and 3.0 `settings` and `streamSettings` are JSON text inside the JSON, later they
//! are objects; both are read here and nowhere else. Everything is optional: a field that a
//! version does not send is not an error before a link needs it.

use std::net::IpAddr;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::Error;

mod stream;

pub use stream::{
    ExternalProxy, Grpc, Header, HeaderRequest, HostSays, Http, Kcp, OneOrMany, Reality, RealityClient, Stream, Tcp,
    Tls, TlsClient,
};

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
    pub port: u16,
    pub listens: Listens,
    /// Post-quantum encryption of VLESS itself; `none` nearly always.
    pub encryption: String,
    /// Whether VLESS itself encrypts: by `encryption`, or by the server's side of it.
    pub encrypted: bool,
    pub stream: Stream,
    /// Where xray listens, as the panel keeps it.
    pub listen: String,
    /// The inbound that hands connections on to this one (3.x, in its lists only).
    pub fallback_parent: Option<i64>,
    /// Where this one hands connections on that are not its own.
    pub fallbacks: Vec<String>,
    pub way: Way,
}

/// How customers get to an inbound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By the panel's `public_host` and the inbound's port.
    Direct,
    /// By the external proxies that the inbound names.
    Proxies,
    /// By the hosts that the panel keeps (3.4 and later).
    Hosts,
    /// By another inbound, which hands connections on.
    Fallback { of: i64 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listens {
    /// For everybody, as far as the panel says.
    Outside,
    /// For programs on its own server: on the loopback address.
    Loopback,
    /// For another inbound of its server: on a socket.
    Socket,
}

/// The flow of clients on inbounds that can carry it.
pub const VISION: &str = "xtls-rprx-vision";

/// The flows of an inbound's clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flows {
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
    #[serde(default)]
    fallback_parent: Option<Parent>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parent {
    master_id: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Settings {
    clients: Vec<Value>,
    encryption: String,
    decryption: String,
    fallbacks: Vec<Fallback>,
}

/// Where an inbound hands connections on: a port, an address or a socket; more than that is not needed here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Fallback {
    dest: Value,
}

/// Reads `inbounds/get`: the inbound, and its clients' rows, unread: a broken row of another
/// client is not our concern.
pub(super) fn read(obj: Value) -> Result<(Inbound, Vec<Value>), Error> {
    let row: Row = typed(obj, "inbound")?;
    let settings: Settings = typed(embedded(row.settings, "settings")?, "settings")?;
    let stream: Stream = typed(embedded(row.stream_settings, "streamSettings")?, "streamSettings")?;
    let encrypts = |text: &str| !matches!(text, "" | "none");
    let way = if stream.external_proxy.is_empty() { Way::Direct } else { Way::Proxies };
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
        listen: row.listen,
        fallback_parent: row.fallback_parent.map(|parent| parent.master_id),
        fallbacks: settings.fallbacks.into_iter().map(|fallback| plain(&fallback.dest)).collect(),
        way,
    };
    Ok((inbound, settings.clients))
}

impl Listens {
    /// From an inbound's `listen`; empty is every address.
    pub(super) fn at(listen: &str) -> Self {
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

/// A text or a number as text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
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
