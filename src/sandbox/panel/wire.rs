//! Listeners, connections, and everything that can go wrong between a request and its answer.

use std::convert::Infallible;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, StatusCode};
use futures_util::stream;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::super::broken;
use super::answer::{self, Answer, Refusal};
use super::call::{Call, Fault, Logged, RequestInfo};
use super::state::State;
use super::{Generation, link, lock, routes};

/// How long a write of 2.x takes: long enough for a second one to come in between, as on the real panel.
const WRITE_TIME: Duration = Duration::from_millis(2);
/// What [`Fault::Huge`] sends, in bytes.
const HUGE: usize = 50_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Serves {
    Panel,
    Subscriptions,
    Both,
}

type Hook = Arc<dyn Fn(&RequestInfo) -> Fault + Send + Sync>;

/// A panel's memory and what surrounds it, shared by its connections and its handles.
pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    pub(super) hook: Mutex<Option<Hook>>,
    pub(super) log: Mutex<Vec<Logged>>,
    pub(super) problems: Mutex<Vec<String>>,
    pub(super) latency: Mutex<Duration>,
    pub(super) black_hole: AtomicBool,
    pub(super) clock_offset: AtomicI64,
    /// Told after every request and every change from outside.
    pub(super) changed: watch::Sender<()>,
    /// How many requests so far were writes.
    pub(super) writes: AtomicU64,
    /// How many are being handled on a panel of 2.x.
    writing: AtomicUsize,
}

impl Shared {
    pub(super) fn new(state: State, clock_offset: i64) -> Self {
        Self {
            state: Mutex::new(state),
            hook: Mutex::default(),
            log: Mutex::default(),
            problems: Mutex::default(),
            latency: Mutex::default(),
            black_hole: AtomicBool::new(false),
            clock_offset: AtomicI64::new(clock_offset),
            changed: watch::Sender::new(()),
            writes: AtomicU64::new(0),
            writing: AtomicUsize::new(0),
        }
    }

    /// The panel's time, Unix milliseconds.
    #[expect(clippy::disallowed_methods, reason = "a panel has a clock of its own; a test moves it by an offset")]
    pub(super) fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let milliseconds = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        milliseconds.saturating_add(self.clock_offset.load(Ordering::SeqCst))
    }

    /// Writes a request into the log and asks the hook what should happen to it.
    fn arrive(&self, call: &Call, path: &str) -> (usize, Fault) {
        let is_write = routes::is_write(&call.method, &call.route);
        let mut log = lock(&self.log);
        let before = self.writes.fetch_add(u64::from(is_write), Ordering::SeqCst);
        let request = RequestInfo {
            n: log.len() as u64 + 1,
            write_n: if is_write { before + 1 } else { 0 },
            method: call.method.to_string(),
            path: path.to_owned(),
            route: call.route.clone(),
            body: call.body.clone(),
            is_write,
        };
        let at = log.len();
        log.push(Logged {
            request: request.clone(),
            status: None,
            success: None,
            size: 0,
            at: Instant::now(),
            answered: None,
        });
        drop(log);
        let hook = lock(&self.hook).clone();
        let fault = hook.map(|hook| hook(&request)).unwrap_or_default();
        (at, fault)
    }

    /// Answers from the panel's memory; without `keep` what the request changed is forgotten again.
    fn handle(&self, call: &Call, serves: Serves, path: &str, keep: bool) -> Answer {
        let mut state = lock(&self.state);
        let before = (!keep).then(|| state.clone());
        state.enforce_limits(call.now);
        let subscription = path.strip_prefix("/sub/").filter(|_| serves != Serves::Panel);
        let (answer, problem) = match subscription {
            Some(id) => (link::subscription(&state, call, id), None),
            None if serves == Serves::Subscriptions => (answer::not_found(state.generation), None),
            None if call.route.is_empty() => {
                (answer::not_found(state.generation), Some(format!("outside the base path: {} {path}", call.method)))
            }
            None => routes::answer(&mut state, call),
        };
        if let Some(before) = before {
            *state = before;
        }
        drop(state);
        if let Some(problem) = problem {
            lock(&self.problems).push(problem);
        }
        answer
    }

    /// The panel's base path without its last slash, and its generation.
    fn base(&self) -> (String, Generation) {
        let state = lock(&self.state);
        (state.base.trim_end_matches('/').to_owned(), state.generation)
    }
}

/// The connection is to be closed without an answer.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the sandbox cuts this connection")
    }
}

impl std::error::Error for Cut {}

/// Accepts connections until aborted; its connections end with it.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>, serves: Serves, tls: Option<TlsAcceptor>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        let Ok((stream, _)) = accepted else { continue };
        // Small answers should not wait for the peer's delayed acknowledgement; without it they only come later.
        let _ = stream.set_nodelay(true);
        let (shared, tls) = (Arc::clone(&shared), tls.clone());
        connections.spawn(async move {
            match tls {
                None => converse(stream, shared, serves).await,
                // A client that does not trust the certificate, or speaks plain HTTP, ends here.
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        converse(stream, shared, serves).await;
                    }
                }
            }
        });
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, shared: Arc<Shared>, serves: Serves) {
    let service = service_fn(move |request| respond(Arc::clone(&shared), serves, request));
    // Ends in an error when the peer goes away or the answer was cut: both are what a test asked for.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// One request from its arrival to its answer.
async fn respond(shared: Arc<Shared>, serves: Serves, request: Request<Incoming>) -> Result<Answer, Cut> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(Body::new(body), usize::MAX).await.map_err(|_| Cut)?;
    let path = parts.uri.path().to_owned();
    let (base, generation) = shared.base();
    let call = Call {
        method: parts.method,
        route: path.strip_prefix(&base).filter(|rest| rest.starts_with('/')).unwrap_or_default().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        now: shared.now(),
    };
    let (at, fault) = shared.arrive(&call, &path);
    if shared.black_hole.load(Ordering::SeqCst) {
        return pending().await;
    }
    let latency = *lock(&shared.latency);
    let delay = if let Fault::Delay(more) = fault { latency + more } else { latency };
    let handle = async |keep| {
        let writes = generation != Generation::V3 && routes::is_write(&call.method, &call.route);
        let turn = writes.then(|| Turn::take(&shared));
        if turn.as_ref().is_some_and(|turn| turn.others > 0) {
            let problem = format!("a second write at the same time: {} {}", call.method, call.route);
            lock(&shared.problems).push(problem);
            return answer::empty(StatusCode::INTERNAL_SERVER_ERROR);
        }
        let pause = if writes { delay.max(WRITE_TIME) } else { delay };
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        shared.handle(&call, serves, &path, keep)
    };
    let answer = match fault {
        Fault::None | Fault::Delay(_) => handle(true).await,
        Fault::CutAnswer => {
            let answer = handle(true).await;
            return Ok(broken::off(note(&shared, at, answer).await).await);
        }
        Fault::Page(status) => broken::page(status),
        Fault::Limited => broken::limited(),
        Fault::Refuse(bracket) => answer::refused(&Refusal::wrong(bracket)),
        Fault::Status(status) => answer::empty(StatusCode::from_u16(status).unwrap_or_default()),
        Fault::Html200 => answer::login_page(),
        Fault::HalfJson => answer::typed(StatusCode::OK, JSON, r#"{"success":true,"msg":"","obj":{"client":{"ema"#),
        Fault::Huge => huge(),
        Fault::CutBefore => return Err(Cut),
        Fault::HangBefore => return pending().await,
        Fault::CallBefore(action) => {
            action();
            return pending().await;
        }
        Fault::LoseWrite => handle(false).await,
        Fault::CutAfter | Fault::HangAfter | Fault::CallAfter(_) => {
            handle(true).await;
            shared.changed.send_replace(());
            match fault {
                Fault::CutAfter => return Err(Cut),
                Fault::CallAfter(action) => action(),
                _ => {}
            }
            return pending().await;
        }
    };
    Ok(note(&shared, at, answer).await)
}

const JSON: &str = "application/json; charset=utf-8";

/// Writes into the log how a request ended.
async fn note(shared: &Shared, at: usize, answer: Answer) -> Answer {
    let status = answer.status().as_u16();
    let (parts, body) = answer.into_parts();
    // A streamed body stays one; everything else is short and known.
    let streamed = hyper::body::Body::size_hint(&body).exact().is_none();
    let (success, size, body) = if streamed {
        (None, 0, body)
    } else {
        let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
        (envelope_success(&bytes), bytes.len(), Body::from(bytes))
    };
    if let Some(logged) = lock(&shared.log).get_mut(at) {
        logged.status = Some(status);
        (logged.success, logged.size) = (success, size);
        logged.answered = Some(Instant::now());
    }
    shared.changed.send_replace(());
    Answer::from_parts(parts, body)
}

/// `success` is the last key of every envelope made here (keys are sorted), so no parser is needed.
fn envelope_success(body: &[u8]) -> Option<bool> {
    if body.ends_with(br#""success":true}"#) {
        return Some(true);
    }
    body.ends_with(br#""success":false}"#).then_some(false)
}

/// Fifty megabytes that begin like an answer.
fn huge() -> Answer {
    const CHUNK: usize = 50_000;
    let head = Bytes::from_static(br#"{"success":true,"msg":"","obj":""#);
    let chunk = Bytes::from(vec![b'x'; CHUNK]);
    let chunks = std::iter::once(head).chain(std::iter::repeat_n(chunk, HUGE / CHUNK));
    answer::typed(StatusCode::OK, JSON, Body::from_stream(stream::iter(chunks.map(Ok::<_, Infallible>))))
}

/// A write's turn on a panel of 2.x, given back however the request ends.
struct Turn<'a> {
    shared: &'a Shared,
    /// How many writes were already running.
    others: usize,
}

impl<'a> Turn<'a> {
    fn take(shared: &'a Shared) -> Self {
        Self { shared, others: shared.writing.fetch_add(1, Ordering::SeqCst) }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.shared.writing.fetch_sub(1, Ordering::SeqCst);
    }
}
