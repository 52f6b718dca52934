//! One HTTP request to a panel and what came back, before anybody looks at its meaning.
//!
//! Decides how long to wait, how much to read and what counts as JSON; knows nothing of
//! sessions, generations or clients.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use reqwest::{
    Method, StatusCode,
    header::{
        ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, SET_COOKIE,
    },
};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{
    Error,
    error::WANTS_HTTPS,
    json_filter::{JsonFilter, Keep, List},
    tls,
};

/// How long a TCP and TLS connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// For a whole answer, however it trickles.
const WHOLE: Duration = Duration::from_secs(30);

/// The most we read of one answer, whatever is kept of it: 50,000 clients are 30 MB, with long
/// comments 100.
const LARGEST_ANSWER: usize = 256 * 1024 * 1024;

/// A request below the panel's base path.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Decoded path segments: each is percent-encoded on the way out.
    pub(super) path: Vec<String>,
    pub(super) body: Option<Value>,
    /// The lists of its answer that are judged row by row.
    pub(super) lists: &'static [List],
}

impl Request {
    pub(super) fn get(path: &str) -> Self {
        Self { method: Method::GET, path: segments(path), body: None, lists: &[] }
    }

    pub(super) fn post(path: &str) -> Self {
        Self { method: Method::POST, path: segments(path), body: None, lists: &[] }
    }

    /// One more path segment, which may contain anything.
    pub(super) fn with(mut self, segment: &(impl ToString + ?Sized)) -> Self {
        self.path.push(segment.to_string());
        self
    }

    /// Its answer may be long, and consists of these lists.
    pub(super) fn listing(mut self, lists: &'static [List]) -> Self {
        self.lists = lists;
        self
    }

    pub(super) fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

/// The panel's envelope. A failure is `success: false` with status 200.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    pub(super) success: bool,
    #[serde(default)]
    pub(super) msg: String,
    #[serde(default)]
    pub(super) obj: Value,
}

/// An answer, sorted by what it can mean.
#[derive(Debug)]
pub(super) enum Answer {
    /// Status 200 and the panel's JSON.
    Panel(Envelope),
    /// 401: no session, or a token that does not hold.
    NotSignedIn,
    /// 403: no CSRF token, a token of too small a scope, or a host name the panel does not serve.
    Forbidden,
    /// 404: no such route, no session, or a wrong base path; the panel does not say which.
    NotFound,
    /// A redirect, to the login page as far as a panel does it.
    Redirect,
    Html,
}

/// An answer with the cookies it set.
pub(super) struct Reply {
    pub(super) answer: Answer,
    pub(super) cookie: Option<String>,
}

/// The connection to one panel.
pub(super) struct Wire {
    http: reqwest::Client,
    base: Url,
    silence: Duration,
    /// The `Date` of the last answer.
    date: Mutex<Option<String>>,
}

impl Wire {
    pub(super) fn new(mut base: Url, ca_pem: Option<&[u8]>, silence: Duration) -> Result<Self, Error> {
        base.set_query(None);
        base.set_fragment(None);
        if base.cannot_be_a_base() {
            return Err(Error::unexpected("its url is not an http or https address"));
        }
        let mut builder = reqwest::Client::builder()
            .use_rustls_tls()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(silence)
            // Below what panels and the proxies before them keep a silent connection.
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("tollkeeper/", env!("CARGO_PKG_VERSION")))
            .default_headers(default_headers());
        if let Some(pem) = ca_pem {
            builder = builder.use_preconfigured_tls(tls::trusting(pem)?);
        }
        let http = builder.build().map_err(|error| Error::from_transport(error, silence))?;
        Ok(Self { http, base, silence, date: Mutex::default() })
    }

    /// What time the panel has, as its last answer said it.
    pub(super) fn date(&self) -> Option<String> {
        self.date.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends one request with these extra headers; no repetition, no redirect.
    pub(super) async fn send(&self, request: &Request, headers: HeaderMap) -> Result<Reply, Error> {
        self.sift(request, headers, &mut |_, _| true).await
    }

    /// The same, and of the rows in its answer only those that `keep` wants.
    pub(super) async fn sift(&self, request: &Request, headers: HeaderMap, keep: Keep<'_>) -> Result<Reply, Error> {
        let whole = self.silence.max(WHOLE);
        match tokio::time::timeout(whole, Box::pin(self.exchange(request, headers, keep))).await {
            Ok(reply) => reply,
            // It trickles: each byte in time, and the answer never.
            Err(_) => Err(Error::Unreachable {
                why: format!("its answer did not end within {}", humantime::format_duration(whole)),
            }),
        }
    }

    async fn exchange(&self, request: &Request, headers: HeaderMap, keep: Keep<'_>) -> Result<Reply, Error> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(&request.path);
        }
        let mut call = self.http.request(request.method.clone(), url).headers(headers);
        if let Some(body) = &request.body {
            call = call.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let transport = |error| Error::from_transport(error, self.silence);
        let mut response = call.send().await.map_err(transport)?;
        let (status, cookie) = (response.status(), session_cookie(response.headers()));
        // A panel with a certificate sends plain http there; every other redirect stays on its side.
        let sent_to = response.headers().get(LOCATION).and_then(|place| place.to_str().ok()).unwrap_or_default();
        if self.base.scheme() == "http" && status.is_redirection() && sent_to.starts_with("https://") {
            return Err(Error::Unreachable { why: WANTS_HTTPS.to_owned() });
        }
        let date = response.headers().get(DATE).and_then(|date| date.to_str().ok()).map(str::to_owned);
        *self.date.lock().unwrap_or_else(PoisonError::into_inner) = date;
        let (mut sieve, mut size) = (JsonFilter::new(request.lists), 0_usize);
        while let Some(chunk) = response.chunk().await.map_err(transport)? {
            size = size.saturating_add(chunk.len());
            if size > LARGEST_ANSWER {
                return Err(Error::unexpected("an answer of more than 256 MB"));
            }
            sieve.push(&chunk, keep)?;
        }
        Ok(Reply { answer: sort(status, &sieve.finish())?, cookie })
    }
}

fn default_headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    // Messages are translated; and only with the second header a lost session is a 401 on most versions.
    headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("en-US"));
    headers.insert(HeaderName::from_static("x-requested-with"), HeaderValue::from_static("XMLHttpRequest"));
    headers
}

/// `name=value` of the session cookie, for sending back.
fn session_cookie(headers: &HeaderMap) -> Option<String> {
    let pairs = headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()?.split(';').next());
    let mut pairs: Vec<&str> = pairs.map(str::trim).collect();
    // "3x-ui" since v2.3.8; a proxy in front may set its own.
    pairs.sort_by_key(|pair| !pair.starts_with("3x-ui="));
    pairs.first().map(|pair| (*pair).to_owned())
}

/// A header value that must not appear in any dump.
pub(super) fn sensitive(text: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| Error::unauthorized("the token holds characters no header can carry"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Adds the session's cookie and CSRF token.
pub(super) fn cookie_headers(cookie: &str, csrf: Option<&str>) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, sensitive(cookie)?);
    if let Some(csrf) = csrf {
        headers.insert(HeaderName::from_static("x-csrf-token"), sensitive(csrf)?);
    }
    Ok(headers)
}

fn sort(status: StatusCode, body: &[u8]) -> Result<Answer, Error> {
    match status.as_u16() {
        200 => read_envelope(body),
        401 => Ok(Answer::NotSignedIn),
        403 => Ok(Answer::Forbidden),
        404 => Ok(Answer::NotFound),
        300..=399 => Ok(Answer::Redirect),
        // Said by what stands before the panel (nginx, Cloudflare), not by the panel.
        429 | 502..=504 | 520..=530 => {
            Err(Error::Unreachable { why: format!("status {} from the server before it", status.as_u16()) })
        }
        other => Err(Error::unexpected(format!("status {other}"))),
    }
}

fn read_envelope(body: &[u8]) -> Result<Answer, Error> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    match first {
        Some(b'<') => Ok(Answer::Html),
        None => Err(Error::unexpected("an empty answer")),
        Some(_) => match serde_json::from_slice(body) {
            Ok(envelope) => Ok(Answer::Panel(envelope)),
            Err(error) if error.is_eof() => Err(Error::unexpected("half a JSON")),
            Err(error) if error.is_data() => Err(Error::unexpected("JSON, but not a panel's")),
            Err(_) => Err(Error::unexpected("neither JSON nor HTML")),
        },
    }
}
