//! The connection to one panel: a call with a session, behind the breaker.
//!
//! The one place where a lost session is noticed and a call repeated: once, and never a write
//! that may have been done.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::Value;
use tokio::sync::watch;

use super::{
    Availability, Error, Generation,
    breaker::Breaker,
    json_filter::Keep,
    session::{Door, Session},
    sold::Sold,
    wire::{Answer, Request, Wire},
};
use crate::domain::Millis;

/// What a health check learns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Which API the panel speaks.
    pub generation: Generation,
    pub xray: Xray,
    /// Its version, as the panel says it.
    pub xray_version: String,
}

/// What xray does. After a change the panel says the old state for up to two seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Xray {
    Running,
    /// It was stopped, or could not start, with the panel's word for it.
    Stopped(String),
}

/// What [`super::Client`] and [`super::Reader`] hold together: a panel as seen from one of its
/// inbounds. What is behind an `Arc` is the panel's, whichever inbound it is seen from.
pub(super) struct Panel {
    pub(super) name: String,
    pub(super) inbound_id: i64,
    pub(super) public_host: String,
    pub(super) subscription_url: Option<String>,
    pub(super) wire: Arc<Wire>,
    pub(super) door: Arc<Door>,
    pub(super) breaker: Arc<Mutex<Breaker>>,
    pub(super) availability: Arc<watch::Sender<Availability>>,
    /// How often it has come up again.
    pub(super) recoveries: Arc<AtomicU64>,
    pub(super) writes: Arc<tokio::sync::Mutex<()>>,
    /// The inbound we sell, as last read.
    pub(super) sold: Mutex<Option<Sold>>,
}

impl Panel {
    pub(super) fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one operation behind the breaker and tells the breaker how it went.
    pub(super) async fn guard<T, F: Future<Output = Result<T, Error>>>(
        &self,
        operation: Pin<Box<F>>,
    ) -> Result<T, Error> {
        self.breaker().admit(self.door.now())?;
        let result = operation.await;
        self.report(result.as_ref().err());
        result
    }

    pub(super) fn report(&self, error: Option<&Error>) {
        let mut breaker = self.breaker();
        // What the panel answered of an inbound that is of no use has been noted apart.
        match error.filter(|error| error.is_target() && !matches!(error, Error::Unfit { .. })) {
            Some(error) => breaker.failed(self.door.now(), error),
            None => breaker.succeeded(),
        }
        self.publish(&breaker);
    }

    pub(super) fn publish(&self, breaker: &Breaker) {
        let now = breaker.availability();
        self.availability.send_if_modified(|known| {
            let changed = *known != now;
            if now.is_up() && !known.is_up() {
                self.recoveries.fetch_add(1, Ordering::SeqCst);
            }
            *known = now;
            changed
        });
    }

    pub(super) async fn status(&self) -> Result<Status, Error> {
        self.breaker().force(self.door.now());
        let result = self.read_status().await;
        self.report(result.as_ref().err());
        result
    }

    /// See [`super::breaker::Breaker::presume_down`].
    pub(super) fn presume_down(&self, since: Millis, cause: &str) {
        let mut breaker = self.breaker();
        breaker.presume_down(since, cause);
        self.publish(&breaker);
    }

    pub(super) async fn read_status(&self) -> Result<Status, Error> {
        let generation = self.generation().await?;
        let obj = self.ask(generation, generation.status_request()).await?;
        let text = |pointer| obj.pointer(pointer).and_then(Value::as_str);
        let xray = match text("/xray/state").ok_or_else(|| Error::unexpected("a status without xray's state"))? {
            "running" => Xray::Running,
            other => Xray::Stopped(other.chars().take(20).collect()),
        };
        Ok(Status { generation, xray, xray_version: text("/xray/version").unwrap_or("?").to_owned() })
    }

    pub(super) async fn generation(&self) -> Result<Generation, Error> {
        Ok(self.door.session(&self.wire, None).await?.generation)
    }

    /// One call with a session, repeated once with a new session when it was lost.
    pub(super) async fn ask(&self, generation: Generation, request: Request) -> Result<Value, Error> {
        self.sift(generation, request, &mut |_, _| true).await
    }

    /// The same, and of the lists in the answer only the rows that `keep` wants.
    pub(super) async fn sift(&self, generation: Generation, request: Request, keep: Keep<'_>) -> Result<Value, Error> {
        let session = self.door.session(&self.wire, None).await?;
        let answer = self.send_as(generation, &session, &request, keep).await?;
        match answer {
            Answer::Panel(_) => return open(answer, &request),
            // The other signs of a lost session prove that nothing was done. A page may stand
            // for anything, so a write is not repeated: its caller will look first.
            Answer::Html if request.method == reqwest::Method::POST => {
                self.door.leave(session.number).await;
                return open(answer, &request);
            }
            _ => {}
        }
        let session = self.door.session(&self.wire, Some(session.number)).await?;
        open(self.send_as(generation, &session, &request, keep).await?, &request)
    }

    pub(super) async fn send_as(
        &self,
        generation: Generation,
        session: &Session,
        request: &Request,
        keep: Keep<'_>,
    ) -> Result<Answer, Error> {
        if session.generation != generation {
            return Err(Error::unexpected(format!("it was changed to version {} just now", session.generation)));
        }
        Ok(self.wire.sift(request, session.headers.clone(), keep).await?.answer)
    }
}

/// What an answer with a session means.
fn open(answer: Answer, request: &Request) -> Result<Value, Error> {
    match answer {
        Answer::Panel(envelope) if envelope.success => Ok(envelope.obj),
        Answer::Panel(envelope) => Err(Error::refused(&envelope.msg)),
        Answer::NotSignedIn | Answer::Redirect => Err(Error::unauthorized("it ended our new session at once")),
        Answer::Forbidden => Err(Error::unauthorized("our credentials may not do this (a token of a smaller scope?)")),
        // The route's fixed part; what follows may be a customer's uuid.
        Answer::NotFound => Err(Error::unexpected(format!(
            "no route {} (a version we do not know?)",
            request.path.iter().take(4).map(String::as_str).collect::<Vec<_>>().join("/")
        ))),
        Answer::Html => Err(Error::unexpected("a page of HTML instead of JSON")),
    }
}

/// Whether a refusal says that there is no such client. The words differ by version and route;
/// these are the parts that are not translated.
pub(super) fn is_absence(error: &Error) -> bool {
    const WORDS: [&str; 5] = [
        "record not found",
        "Not Found In Inbound",
        "Inbound Not Found For Email",
        "not found in any inbound",
        "empty client ID",
    ];
    matches!(error, Error::Refused { message } if WORDS.iter().any(|words| message.contains(words)))
}
