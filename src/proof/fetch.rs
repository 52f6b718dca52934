//! Downloading attachments: only from Discord, only over TLS, never more than fits, and with a
//! client that does not know the bot's token.

use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use reqwest::{Certificate, Client, Proxy, Response, StatusCode, Url, redirect::Policy};

use super::MAX_BYTES;
use crate::domain::picture::PictureRefused;

/// Discord's file store; anything else in an attachment's address is not an attachment.
const HOSTS: &[&str] = &["cdn.discordapp.com", "media.discordapp.net"];

const CONNECT: Duration = Duration::from_secs(5);
/// Until the file begins to come.
const BEGINS: Duration = Duration::from_secs(8);
/// For the whole file: 8 MB over a slow line.
const WHOLE: Duration = Duration::from_secs(30);
/// After this head start a file must have come at [`SLOWEST`] on average, or it is given up until
/// later: others wait for the place of one that only trickles.
const HEAD_START: Duration = Duration::from_secs(2);
/// Bytes in a second.
const SLOWEST: u64 = 16 * 1024;

/// Why there is no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The file is there and is not taken.
    #[error(transparent)]
    Refused(#[from] PictureRefused),
    /// The address is not one of Discord's: nothing was called.
    #[error("its address is at {host}, and not one of Discord's file store")]
    Foreign {
        /// Where it is; the rest of an address may be a secret.
        host: String,
    },
    /// Discord no longer has the file, or does not give it under this address.
    #[error("Discord's file store does not give the file")]
    Gone,
    /// No answer, or none that helps; the same call may work later.
    #[error("Discord's file store is not reachable: {0}")]
    Unreachable(String),
}

pub(super) fn client(rest_proxy: Option<&str>, ca_pem: Option<&[u8]>) -> Result<Client, reqwest::Error> {
    // Proxies from the environment are not followed: where calls go is written in one place.
    let mut builder =
        Client::builder().no_proxy().https_only(true).redirect(Policy::none()).connect_timeout(CONNECT).timeout(WHOLE);
    if let Some(proxy) = rest_proxy {
        builder = builder.proxy(Proxy::https(proxy)?);
    }
    for certificate in Certificate::from_pem_bundle(ca_pem.unwrap_or_default())? {
        builder = builder.add_root_certificate(certificate);
    }
    builder.build()
}

pub(super) async fn fetch(http: &Client, url: &str, declared_size: u64) -> Result<Vec<u8>, FetchError> {
    let foreign = |host: &str| FetchError::Foreign { host: host.to_owned() };
    let url = Url::parse(url).map_err(|_| foreign("no host at all"))?;
    if !is_discords(&url) {
        return Err(foreign(url.host_str().unwrap_or("no host at all")));
    }
    fits(declared_size)?;
    let slow = || FetchError::Unreachable("the file comes too slowly".to_owned());
    let response = timeout(BEGINS, http.get(url).send()).await.map_err(|_| slow())?.map_err(unreachable)?;
    match response.status() {
        StatusCode::OK => read(response).await,
        status @ (StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS) => Err(busy(status)),
        status if status.is_server_error() => Err(busy(status)),
        // Asked again it says the same, and what waits behind it would wait for ever.
        _ => Err(FetchError::Gone),
    }
}

fn busy(status: StatusCode) -> FetchError {
    FetchError::Unreachable(format!("it answered {status}"))
}

fn is_discords(url: &Url) -> bool {
    let host = url.host_str().is_some_and(|host| HOSTS.contains(&host));
    host && url.scheme() == "https" && url.port().is_none() && url.username().is_empty() && url.password().is_none()
}

fn fits(size: u64) -> Result<(), PictureRefused> {
    match size {
        0 => Err(PictureRefused::Empty),
        _ if size > MAX_BYTES as u64 => Err(PictureRefused::TooLarge),
        _ => Ok(()),
    }
}

/// Reads a body up to the cap; whatever sizes were announced, only what arrives counts.
async fn read(mut response: Response) -> Result<Vec<u8>, FetchError> {
    if let Some(length) = response.content_length() {
        fits(length)?;
    }
    let mut bytes = Vec::new();
    let began = Instant::now();
    loop {
        let due = began + HEAD_START + Duration::from_millis(bytes.len() as u64 * 1000 / SLOWEST);
        let slow = |_| FetchError::Unreachable("the file comes too slowly".to_owned());
        let chunk = timeout_at(due, response.chunk()).await.map_err(slow)?.map_err(unreachable)?;
        let Some(chunk) = chunk else { break };
        if bytes.len() + chunk.len() > MAX_BYTES {
            return Err(PictureRefused::TooLarge.into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Without the address: it is signed, and whoever has it can open the picture.
fn unreachable(error: reqwest::Error) -> FetchError {
    let error = error.without_url();
    let cause = std::error::Error::source(&error).map(|source| format!(" ({source})")).unwrap_or_default();
    FetchError::Unreachable(format!("{error}{cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_discords_addresses_are_called() {
        let discords = ["https://cdn.discordapp.com/attachments/1/2/a.png?ex=1", "https://media.discordapp.net/a.png"];
        for url in discords {
            assert!(is_discords(&Url::parse(url).unwrap()), "{url}");
        }
        let foreign = [
            "http://cdn.discordapp.com/a.png",
            "https://cdn.discordapp.com.evil.example/a.png",
            "https://evil.example/cdn.discordapp.com/a.png",
            "https://cdn.discordapp.com@evil.example/a.png",
            "https://user@cdn.discordapp.com/a.png",
            "https://cdn.discordapp.com:8443/a.png",
            "https://127.0.0.1/a.png",
            "file:///etc/passwd",
        ];
        for url in foreign {
            assert!(!is_discords(&Url::parse(url).unwrap()), "{url}");
        }
    }
}
