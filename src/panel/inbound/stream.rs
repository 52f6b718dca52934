//! What xray calls `streamSettings`: transport and security, as far as a link needs them.

use serde::Deserialize;
use serde_json::Value;

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
    /// `same`, `tls` or `none`; of a host also `reality`.
    pub force_tls: String,
    pub dest: String,
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
    /// What only a host of 3.4 and later says.
    #[serde(skip)]
    pub host: Option<HostSays>,
}

/// What a host says beyond an external proxy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostSays {
    /// The Host header, instead of the inbound's.
    pub header: String,
    /// The path, instead of the inbound's.
    pub path: String,
    /// No name is asked for at all.
    pub no_sni: bool,
    pub allow_insecure: bool,
    /// A route on the server, written into the third group of the uuid.
    pub route: Option<u16>,
}

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

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RealityClient {
    pub public_key: String,
    /// The browser whose handshake is imitated.
    pub fingerprint: String,
    /// Post-quantum verification key; empty nearly always.
    pub mldsa65_verify: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tls {
    pub server_name: String,
    pub alpn: Vec<String>,
    /// What the panel keeps for the client's side.
    pub settings: Option<TlsClient>,
}

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

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Header {
    /// `none`, `http`, or one of mKCP's.
    pub r#type: String,
    pub request: Option<HeaderRequest>,
    pub response: Option<HeaderRequest>,
}

/// The request, or the answer, that a TCP header imitates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct HeaderRequest {
    /// Paths; an answer has none.
    pub path: Option<OneOrMany>,
    pub headers: Option<Value>,
}

/// WebSocket or HTTP upgrade.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Http {
    pub path: String,
    pub host: String,
    /// Headers, in which older versions keep Host: a text each, or a list of texts.
    pub headers: Option<Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Grpc {
    pub service_name: String,
    /// The HTTP/2 authority.
    pub authority: String,
    /// Several streams in one connection.
    pub multi_mode: bool,
}

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
    One(String),
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
