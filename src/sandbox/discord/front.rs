//! The way in: a CONNECT proxy on loopback that ends TLS for Discord's hosts itself, with certificates made at start.
//!
//! Whatever asks for another host is refused and recorded: the bot under test talks to nobody else through us.

use std::convert::Infallible;
use std::sync::Arc;

use anyhow::Context as _;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto::ring};

use super::Shared;
use super::dispatch;
use super::wire::{CDN, MEDIA};

pub(super) const API: &str = "discord.com";

/// A certificate authority that lives as long as the sandbox, and the server side for Discord's hosts.
pub(super) struct Authority {
    pub(super) pem: String,
    acceptor: TlsAcceptor,
}

impl Authority {
    pub(super) fn new() -> anyhow::Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "Sandbox Discord CA");
        let key = KeyPair::generate()?;
        let root = params.self_signed(&key)?;
        let issuer = Issuer::new(params, key);
        let leaf_key = KeyPair::generate()?;
        let hosts = [API, CDN, MEDIA].map(str::to_owned).to_vec();
        let mut leaf = CertificateParams::new(hosts)?;
        leaf.distinguished_name.push(DnType::CommonName, API);
        let leaf = leaf.signed_by(&leaf_key, &issuer)?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], private)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { pem: root.pem(), acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}

/// Accepts proxy connections until it is dropped, and ends them with it.
pub(super) async fn serve(listener: TcpListener, authority: Arc<Authority>, shared: Arc<Shared>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((socket, _)) = accepted else { continue };
                let (authority, shared) = (Arc::clone(&authority), Arc::clone(&shared));
                open.spawn(async move {
                    // A client that hangs up in the middle is the client's affair.
                    let _ = tunnel(socket, &authority, shared).await;
                });
            }
            Some(_) = open.join_next() => {}
        }
    }
}

async fn tunnel(mut socket: TcpStream, authority: &Authority, shared: Arc<Shared>) -> anyhow::Result<()> {
    socket.set_nodelay(true)?;
    let head = read_head(&mut socket).await?;
    let mut words = head.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if method != "CONNECT" {
        shared.change(|state| state.problem(format!("the proxy was asked for {method} {target}, not for CONNECT")));
        socket.write_all(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n").await?;
        return Ok(());
    }
    let host = [API, CDN, MEDIA].into_iter().find(|host| target.strip_suffix(":443") == Some(host));
    let Some(host) = host else {
        shared.change(|state| state.problem(format!("the proxy was asked to connect to {target}")));
        socket.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await?;
        return Ok(());
    };
    socket.write_all(b"HTTP/1.1 200 Connection Established\r\n\r\n").await?;
    let stream = authority.acceptor.accept(socket).await.context("TLS with the client")?;
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move {
            if host == API { dispatch::api(&shared, request).await } else { dispatch::cdn(&shared, request).await }
        }
    });
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await?;
    Ok(())
}

/// Reads the head of the CONNECT request, byte by byte so that nothing of the TLS handshake is taken.
async fn read_head(socket: &mut TcpStream) -> anyhow::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        anyhow::ensure!(head.len() < 8192, "the head of a proxy request is too long");
        head.push(socket.read_u8().await?);
    }
    Ok(String::from_utf8(head)?)
}

/// The connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("cut by a fault")]
pub(super) struct Cut;

impl From<Infallible> for Cut {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
