//! Signing in, and which generation of 3x-ui answers.
//!
//! The one place that tells generations apart; it does so at every sign-in, so an upgraded panel
//! is recognised when its old routes are gone. Never signs in more than once at a time, nor
//! again within a pause after the panel said no: v3 locks an address out after five failures in
//! five minutes and answers a locked-out caller like one with a bad password.

use std::{fmt, sync::PoisonError, time::Duration};

use data_encoding::BASE32_NOPAD;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::{sync::Mutex, time::Instant};

use super::{
    Credentials, Error, Login,
    wire::{Answer, Envelope, Reply, Request, Wire, cookie_headers, sensitive},
};
use crate::domain::Millis;

/// A panel's version, as far as it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 3 in 3.6.0.
    pub major: u32,
    /// 6 in 3.6.0.
    pub minor: u32,
    /// 0 in 3.6.0.
    pub patch: u32,
}

impl Version {
    /// The first whose clients have routes of their own.
    const OLDEST_V3: Self = Self { major: 3, minor: 1, patch: 0 };

    /// A build from between releases. It says its commit instead of a number (`dev+1a2b3c4d`: 3x-ui,
    /// `internal/config/config.go`, `GetPanelVersion`), and knows what every release knows: that
    /// it says anything at all came with 3.1.
    const DEVELOPMENT: Self = Self { major: u32::MAX, minor: 0, patch: 0 };

    /// From `panelVersion`.
    fn parse(text: &str) -> Option<Self> {
        let core = text.trim().trim_start_matches('v');
        if core.starts_with("dev") {
            return Some(Self::DEVELOPMENT);
        }
        let mut numbers = core.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
        Some(Self {
            major: numbers.next()?.ok()?,
            minor: numbers.next()?.ok()?,
            patch: numbers.next().and_then(Result::ok).unwrap_or(0),
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::DEVELOPMENT {
            return f.write_str("dev build");
        }
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The shapes of 3x-ui's API that we speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// Up to v2.6.8: client routes under the inbound, the status by POST at `/server/status`.
    V2Old,
    /// v2.7.0 to v2.9.4: the same client routes, the status by GET.
    V2,
    /// v3.1.0 and later: clients have routes of their own.
    V3 {
        /// Since v3.1.0 the status says it.
        version: Version,
    },
}

impl Generation {
    /// Whether a client can be switched on and off without sending its whole row.
    pub(super) fn has_bulk_switch(self) -> bool {
        matches!(self, Self::V3 { version } if version >= Version { major: 3, minor: 4, patch: 1 })
    }

    /// Whether it keeps hosts: addresses by which customers reach an inbound.
    pub(super) fn has_hosts(self) -> bool {
        matches!(self, Self::V3 { version } if version >= Version { major: 3, minor: 4, patch: 0 })
    }

    pub(super) fn status_request(self) -> Request {
        match self {
            Self::V2Old => Request::post("server/status"),
            Self::V2 | Self::V3 { .. } => Request::get("panel/api/server/status"),
        }
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V2Old => f.write_str("2.6 or older"),
            Self::V2 => f.write_str("2.7 to 2.9"),
            Self::V3 { version } => version.fmt(f),
        }
    }
}

/// What every call needs to be let in.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) generation: Generation,
    pub(super) headers: HeaderMap,
    /// Counts sign-ins: tells a session that was already replaced from the current one.
    pub(super) number: u64,
}

#[derive(Default)]
struct State {
    current: Option<Session>,
    signed_in: u64,
    /// The last refused sign-in: not repeated before its pause is over.
    refused: Option<(Instant, Error)>,
}

/// The door of one panel.
pub(super) struct Door {
    credentials: Credentials,
    pause: Duration,
    now: Box<dyn Fn() -> Millis + Send + Sync>,
    state: Mutex<State>,
    /// What the last session found.
    known: std::sync::Mutex<Option<Generation>>,
}

impl Door {
    pub(super) fn new(
        credentials: Credentials,
        pause: Duration,
        now: impl Fn() -> Millis + Send + Sync + 'static,
    ) -> Self {
        Self { credentials, pause, now: Box::new(now), state: Mutex::default(), known: std::sync::Mutex::default() }
    }

    pub(super) fn now(&self) -> Millis {
        (self.now)()
    }

    /// What the panel was when it last let us in.
    pub(super) fn known(&self) -> Option<Generation> {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current session, or a new one when there is none or `lost` names the current one.
    /// Whoever comes while another signs in waits and gets the other's result.
    pub(super) async fn session(&self, wire: &Wire, lost: Option<u64>) -> Result<Session, Error> {
        let mut state = self.state.lock().await;
        state.current.take_if(|session| Some(session.number) == lost);
        if let Some(session) = &state.current {
            return Ok(session.clone());
        }
        if let Some((at, error)) = &state.refused
            && at.elapsed() < self.pause
        {
            return Err(error.clone());
        }
        let mut said_no = false;
        let opened = self.open(wire, &mut said_no).await;
        // A token that is not accepted is no sign-in: no version counts it against us.
        state.refused = opened.as_ref().err().filter(|_| said_no).map(|error| (Instant::now(), error.clone()));
        let (generation, headers) = opened?;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(generation);
        state.signed_in += 1;
        let session = Session { generation, headers, number: state.signed_in };
        state.current = Some(session.clone());
        Ok(session)
    }

    /// Forgets the session of this number: the next call signs in again.
    pub(super) async fn leave(&self, number: u64) {
        let mut state = self.state.lock().await;
        state.current.take_if(|session| session.number == number);
    }

    /// Probe, sign in, and ask for the status: it proves the session and tells the version.
    /// `said_no` becomes true when the panel refused a user name and password.
    async fn open(&self, wire: &Wire, said_no: &mut bool) -> Result<(Generation, HeaderMap), Error> {
        let probe = wire.send(&Request::get("csrf-token"), HeaderMap::new()).await?;
        let v3 = match probe.answer {
            Answer::Panel(Envelope { success: true, obj: Value::String(csrf), .. }) => Some((csrf, probe.cookie)),
            Answer::NotFound => None,
            Answer::Forbidden => {
                let why = "it does not serve this host name: put the domain that its settings name into url";
                return Err(Error::unauthorized(why));
            }
            _ => return Err(not_a_panel()),
        };
        let no_login = |why| Error::unauthorized(format!("{why}: give it a user name and a password"));
        match (v3, &self.credentials) {
            (Some(_), Credentials { token: Some(token), .. }) => {
                let mut headers = HeaderMap::new();
                headers.insert(AUTHORIZATION, sensitive(&format!("Bearer {}", token.expose_secret()))?);
                prove_v3(wire, headers, "it does not accept the API token (disabled, deleted or mistyped?)").await
            }
            (Some((csrf, cookie)), Credentials { login: Some(login), .. }) => {
                let cookie = cookie.ok_or_else(not_a_panel)?;
                let before = cookie_headers(&cookie, Some(&csrf))?;
                let reply = wire.send(&Request::post("login").json(self.form(login)?), before).await?;
                let cookie = let_in(reply, login, said_no)?.unwrap_or(cookie);
                let headers = cookie_headers(&cookie, Some(&csrf))?;
                prove_v3(wire, headers, "it let us in, but does not accept the session").await
            }
            (None, Credentials { login: Some(login), .. }) => {
                if two_factor_on_v2(wire).await? && login.totp_secret.is_none() {
                    return Err(Error::unauthorized("two-factor is switched on and its secret is not configured"));
                }
                let reply = wire.send(&Request::post("login").json(self.form(login)?), HeaderMap::new()).await?;
                let cookie = let_in(reply, login, said_no)?.ok_or_else(not_a_panel)?;
                prove_v2(wire, cookie_headers(&cookie, None)?).await
            }
            (None, Credentials { login: None, .. }) => {
                two_factor_on_v2(wire).await?;
                Err(no_login("this version (2.x) has no API tokens"))
            }
            (Some(_), Credentials { token: None, login: None }) => Err(no_login("neither a token nor a login is set")),
        }
    }

    fn form(&self, login: &Login) -> Result<Value, Error> {
        let mut form = json!({ "username": login.username, "password": login.password.expose_secret() });
        if let Some(secret) = &login.totp_secret {
            form["twoFactorCode"] = Value::String(code(secret, self.now())?);
        }
        Ok(form)
    }
}

/// The six digits of this half minute (RFC 6238 with SHA-1, as the panel's).
fn code(secret: &SecretString, now: Millis) -> Result<String, Error> {
    let base32: String = secret.expose_secret().chars().filter(|c| !matches!(c, ' ' | '-' | '=')).collect();
    let bytes = BASE32_NOPAD
        .decode(base32.to_ascii_uppercase().as_bytes())
        .map_err(|_| Error::unauthorized("the two-factor secret is not base32 text"))?;
    let seconds = u64::try_from(now.seconds()).unwrap_or(0);
    Ok(totp_rs::Builder::new().with_secret(bytes).build_noncompliant().generate(seconds).to_string())
}

fn not_a_panel() -> Error {
    Error::unexpected("this does not look like a 3x-ui panel: check url and its path")
}

/// Whether a v2 panel wants a second factor; at the same time the proof that one is there.
async fn two_factor_on_v2(wire: &Wire) -> Result<bool, Error> {
    match wire.send(&Request::post("getTwoFactorEnable"), HeaderMap::new()).await?.answer {
        Answer::Panel(Envelope { success: true, obj, .. }) => Ok(obj == Value::Bool(true)),
        Answer::NotFound => {
            Err(Error::unexpected("no 3x-ui panel of version 2.6 or later at this address: check url and its path"))
        }
        _ => Err(not_a_panel()),
    }
}

/// Reads the answer to a login; the new session cookie, if one was set.
fn let_in(reply: Reply, login: &Login, said_no: &mut bool) -> Result<Option<String>, Error> {
    *said_no = matches!(reply.answer, Answer::Panel(Envelope { success: false, .. }));
    match reply.answer {
        Answer::Panel(Envelope { success: true, .. }) => Ok(reply.cookie),
        // One text for a bad name, password or code, and for being locked out.
        Answer::Panel(_) if login.totp_secret.is_some() => Err(Error::unauthorized(
            "it refused user name, password or two-factor code (a wrong clock spoils the code; or we are locked out)",
        )),
        Answer::Panel(_) => Err(Error::unauthorized(
            "it refused user name or password (or wants a two-factor code, or has locked us out)",
        )),
        Answer::Forbidden | Answer::NotSignedIn => Err(Error::unauthorized("it refused the sign-in itself")),
        Answer::NotFound | Answer::Redirect | Answer::Html => Err(not_a_panel()),
    }
}

async fn prove_v3(wire: &Wire, headers: HeaderMap, refusal: &str) -> Result<(Generation, HeaderMap), Error> {
    let request = Request::get("panel/api/server/status");
    match wire.send(&request, headers.clone()).await?.answer {
        Answer::Panel(Envelope { success: true, obj, .. }) => {
            let version = obj.get("panelVersion").and_then(Value::as_str).and_then(Version::parse);
            match version {
                Some(version) if version >= Version::OLDEST_V3 => Ok((Generation::V3 { version }, headers)),
                _ => Err(Error::Unsupported),
            }
        }
        Answer::NotSignedIn | Answer::Forbidden | Answer::NotFound | Answer::Redirect => {
            Err(Error::unauthorized(refusal))
        }
        Answer::Panel(_) | Answer::Html => Err(not_a_panel()),
    }
}

async fn prove_v2(wire: &Wire, headers: HeaderMap) -> Result<(Generation, HeaderMap), Error> {
    for generation in [Generation::V2, Generation::V2Old] {
        match wire.send(&generation.status_request(), headers.clone()).await?.answer {
            Answer::Panel(Envelope { success: true, .. }) => return Ok((generation, headers)),
            Answer::NotFound => {}
            Answer::NotSignedIn | Answer::Redirect | Answer::Forbidden => break,
            Answer::Panel(_) | Answer::Html => return Err(not_a_panel()),
        }
    }
    Err(Error::unauthorized("it let us in, but does not accept the session"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_that_of_rfc_6238() {
        // Appendix B of the RFC: 20 bytes "1234…", at 59 s the eight digits are 94287082.
        let secret = SecretString::from("gezd gnbv gy3t qojq gezd gnbv gy3t qojq");
        assert_eq!(code(&secret, Millis(59_000)).unwrap(), "287082");
        assert!(code(&SecretString::from("not base 32!"), Millis(0)).is_err());
    }

    #[test]
    fn versions_are_read_and_ordered() {
        let read = |text| Version::parse(text).unwrap();
        assert_eq!(read("v3.6.0"), Version { major: 3, minor: 6, patch: 0 });
        assert!(read("3.10.1-beta") > read("3.4.1"));
        assert_eq!((Version::parse(""), Version::parse("latest")), (None, None));
    }

    #[test]
    fn a_development_build_is_newer_than_every_release() {
        for text in ["dev+1a2b3c4d", "dev", "vdev+9", "dev+31", "dev+3.0.1"] {
            let build = Version::parse(text).unwrap();
            assert!(build > Version::parse("99.99.99").unwrap(), "{text}");
            assert_eq!(build.to_string(), "dev build");
            assert!(Generation::V3 { version: build }.has_bulk_switch());
        }
    }
}
