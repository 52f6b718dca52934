//! What was asked over REST, and the faults a test orders for it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;

/// A request as it arrived, before it is handled.
#[derive(Debug, Clone)]
pub struct RequestInfo {
    /// Its number since the start, from 1.
    pub n: u64,
    /// `GET`, `POST` …
    pub method: String,
    /// The path after `/api/v10`, without the query.
    pub path: String,
    /// The path as Discord's documentation writes it, such as `/channels/{channel.id}/messages`; empty when unknown.
    pub route: &'static str,
    /// Everything but GET and HEAD.
    pub is_write: bool,
    /// The body, or `payload_json` of a multipart body; null when there is none.
    pub body: Value,
}

/// A request in the log.
#[derive(Debug, Clone)]
pub struct Request {
    pub info: RequestInfo,
    /// What follows the `?`.
    pub query: String,
    /// Decoded `X-Audit-Log-Reason`.
    pub reason: Option<String>,
    /// The status answered; `None` while it is being handled, or when the connection was cut.
    pub status: Option<u16>,
    /// When it had been read completely.
    pub at: Instant,
    /// From there until the answer was ready.
    pub took: Duration,
}

/// Something to be called when a fault strikes, such as killing the bot.
pub type Deed = Arc<dyn Fn() + Send + Sync>;

/// What goes wrong with a request.
#[derive(Clone, Default)]
pub enum Fault {
    #[default]
    None,
    /// Answered with this instead of being handled.
    Status {
        status: u16,
        /// The JSON body.
        body: Value,
        /// More headers, such as `Retry-After`.
        headers: Vec<(String, String)>,
    },
    /// Not handled; this status with a page of HTML, as something between us and Discord writes it.
    Page(u16),
    /// Handled; the connection is closed in the middle of the answer's body. An answer without one arrives.
    CutAnswer,
    /// Handled after this time.
    Delay(Duration),
    /// Handled at once, answered after this time.
    DelayAnswer(Duration),
    /// The connection is closed without the request being handled.
    CutBefore,
    /// Handled, then the connection is closed without an answer.
    CutAfter,
    /// A file's store: handed out with so many bytes a second. Elsewhere nothing.
    Drip(usize),
    /// Handled when the gate opens.
    HoldBefore(Gate),
    /// Handled at once, answered when the gate opens.
    HoldAfter(Gate),
    /// Called instead of handling; never answered.
    CallBefore(Deed),
    /// Called after handling; never answered.
    CallAfter(Deed),
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => write!(f, "None"),
            Self::Status { status, .. } => write!(f, "Status({status})"),
            Self::Page(status) => write!(f, "Page({status})"),
            Self::CutAnswer => write!(f, "CutAnswer"),
            Self::Delay(time) => write!(f, "Delay({time:?})"),
            Self::DelayAnswer(time) => write!(f, "DelayAnswer({time:?})"),
            Self::Drip(bytes) => write!(f, "Drip({bytes})"),
            Self::CutBefore => write!(f, "CutBefore"),
            Self::CutAfter => write!(f, "CutAfter"),
            Self::HoldBefore(_) => write!(f, "HoldBefore"),
            Self::HoldAfter(_) => write!(f, "HoldAfter"),
            Self::CallBefore(_) => write!(f, "CallBefore"),
            Self::CallAfter(_) => write!(f, "CallAfter"),
        }
    }
}

impl Fault {
    /// 429 of one route, with `Retry-After` and a body without `code`, as Discord's.
    pub fn rate_limited(retry_after: f64) -> Self {
        let refusal = super::refusal::Refusal::limited(retry_after, "user");
        Self::Status { status: refusal.status, body: refusal.body, headers: refusal.headers }
    }

    /// 500 as Discord's own servers write it.
    pub fn server_error() -> Self {
        Self::Status {
            status: 500,
            body: json!({ "message": "500: Internal Server Error", "code": 0 }),
            headers: vec![],
        }
    }

    /// A refusal with Discord's code, such as `(403, 50013, "Missing Permissions")`.
    pub fn refused(status: u16, code: u32, message: &str) -> Self {
        Self::Status { status, body: json!({ "message": message, "code": code }), headers: vec![] }
    }
}

/// Holds requests back until it is opened; stays open then.
#[derive(Debug, Clone)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Gate {
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets everybody through, now and later.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    /// How many requests wait before it.
    pub fn waiting(&self) -> usize {
        self.0.receiver_count()
    }

    pub(super) async fn pass(&self) {
        let mut open = self.0.subscribe();
        // The sender lives in `self`, so the channel cannot close while we wait.
        let _ = open.wait_for(|open| *open).await;
    }
}

/// A fault for the next requests that match, ordered by [`super::Discord::fail_next`].
pub(super) struct Rule {
    pub(super) method: String,
    pub(super) part: String,
    pub(super) left: u32,
    pub(super) fault: Fault,
}

impl Rule {
    /// Matches by method (empty: any) and a part of the path or of the route.
    pub(super) fn matches(&self, info: &RequestInfo) -> bool {
        self.left > 0
            && (self.method.is_empty() || self.method == info.method)
            && (info.path.contains(&self.part) || info.route.contains(&self.part))
    }
}
