//! Fake 3x-ui panels that answer as recorded real ones do, over real HTTP on loopback.
//!
//! Decides what a panel of a given generation says to a request, keeps its clients in memory, and lets a test act as
//! the panel's administrator, count requests and make any of them go wrong. Imports nothing of the rest of the crate:
//! the wire is all they share. Never binds anything but 127.0.0.1, never stores anything on disk.
//!
//! ```text
//! wire      listeners, connections, faults, the request log
//! routes    which path exists where, who may call it          session   login, cookies, CSRF, tokens, lockout
//! v2, v3    client routes                                     inbounds, hosts, server, link   the other routes
//! state     what is remembered, and how limits cut clients off
//! control   what a test or the tour does to a panel from outside
//! ```

#![expect(clippy::unnecessary_wraps, reason = "handlers share one signature, also those that never refuse")]

mod answer;
mod call;
mod control;
mod hosts;
mod inbounds;
mod link;
mod oddity;
mod routes;
mod server;
mod session;
mod state;
mod tls;
mod v2;
mod v3;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use call::{Action, Fault, Logged, RequestInfo};
pub use control::{ClientRow, InboundSpec, NewClient};

use session::{Accounts, ApiToken};
use state::{State, Xray};
use wire::{Serves, Shared};

/// Which panel to be. The four that were run and recorded stand for all that shops use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Generation {
    /// 2.6.7: the status route is a POST elsewhere, no session is a redirect.
    V2_6,
    /// 2.8.11: no session is an empty 404.
    V2_8,
    /// 2.9.4, the last 2.x.
    V2_9,
    /// 3.6.0: clients of their own, API tokens, CSRF, lockout.
    V3,
}

/// How to start a panel; begin with [`PanelOptions::new`] and change what matters.
#[derive(Debug, Clone)]
pub struct PanelOptions {
    pub generation: Generation,
    /// The base path, `/` or `/something/`; missing slashes are added.
    pub base_path: String,
    pub username: String,
    pub password: String,
    /// An API token that exists from the start; only 3.x looks at it.
    pub api_token: Option<String>,
    /// Base32 secret; two-factor is on when set.
    pub totp_secret: Option<String>,
    /// Serve `/sub/` on the panel's own port instead of on a second one.
    pub subscription_on_same_port: bool,
    /// Serve HTTPS with a certificate of a CA made at the start; see [`Panel::ca_pem`].
    pub tls: bool,
    /// The inbounds that exist from the start.
    pub inbounds: Vec<InboundSpec>,
    /// What 3.x says its version is; `None` says nothing, as 3.0 does. Before 3.4.1 `bulkEnable` does not exist.
    pub panel_version: Option<String>,
    /// Added to the machine's clock, milliseconds.
    pub clock_offset_ms: i64,
}

impl PanelOptions {
    /// `admin` / `admin` at `/`, one VLESS + REALITY inbound over tcp with id 1; on 3.x a random API token.
    pub fn new(generation: Generation) -> Self {
        Self {
            generation,
            base_path: "/".to_owned(),
            username: "admin".to_owned(),
            password: "admin".to_owned(),
            api_token: (generation == Generation::V3).then(|| session::random_text(36)),
            totp_secret: None,
            subscription_on_same_port: false,
            tls: false,
            inbounds: vec![InboundSpec::reality(1)],
            panel_version: (generation == Generation::V3).then(|| "3.6.0".to_owned()),
            clock_offset_ms: 0,
        }
    }
}

/// A running panel. Clones are handles to the same panel; it stops when the last one is dropped.
#[derive(Clone)]
pub struct Panel {
    shared: Arc<Shared>,
    server: Arc<Server>,
}

/// The listeners of a panel and the tasks behind them.
struct Server {
    port: u16,
    sub_port: u16,
    tls: Option<tls::Tls>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        for task in lock(&self.tasks).drain(..) {
            task.abort();
        }
    }
}

/// Locks a mutex; a panic elsewhere does not make the data unusable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Panel {
    /// Starts a panel on a free port of 127.0.0.1.
    pub async fn start(options: PanelOptions) -> anyhow::Result<Self> {
        let tls = if options.tls { Some(tls::Tls::generate()?) } else { None };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no port for a sandbox panel")?;
        let port = listener.local_addr()?.port();
        let mut listeners =
            vec![(listener, if options.subscription_on_same_port { Serves::Both } else { Serves::Panel })];
        let mut sub_port = port;
        if !options.subscription_on_same_port {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no port for subscriptions")?;
            sub_port = listener.local_addr()?.port();
            listeners.push((listener, Serves::Subscriptions));
        }
        let shared = Arc::new(Shared::new(first_state(&options, sub_port), options.clock_offset_ms));
        let server = Server { port, sub_port, tls, tasks: Mutex::default() };
        let panel = Self { shared, server: Arc::new(server) };
        for (listener, serves) in listeners {
            panel.serve(listener, serves);
        }
        Ok(panel)
    }

    #[expect(clippy::disallowed_methods, reason = "the listener ends with the panel: Server::drop and down() abort it")]
    fn serve(&self, listener: TcpListener, serves: Serves) {
        let acceptor = self.server.tls.as_ref().map(|tls| tls.acceptor.clone());
        let task = tokio::spawn(wire::serve(listener, Arc::clone(&self.shared), serves, acceptor));
        lock(&self.server.tasks).push(task);
    }

    pub fn generation(&self) -> Generation {
        lock(&self.shared.state).generation
    }

    /// The panel's URL with its base path and without a slash at the end, as an administrator would configure it.
    pub fn url(&self) -> String {
        let state = lock(&self.shared.state);
        format!("{}://127.0.0.1:{}{}", state.scheme, self.server.port, state.base.trim_end_matches('/'))
    }

    /// The address below which subscriptions are served, with a slash at the end.
    pub fn subscription_url(&self) -> String {
        format!("{}://127.0.0.1:{}/sub/", lock(&self.shared.state).scheme, self.server.sub_port)
    }

    /// An enabled API token, if there is one.
    pub fn token(&self) -> Option<String> {
        let state = lock(&self.shared.state);
        state.accounts.tokens.iter().find(|token| token.enabled).map(|token| token.token.clone())
    }

    /// The certificate authority to trust, when started with `tls`.
    pub fn ca_pem(&self) -> Option<String> {
        self.server.tls.as_ref().map(|tls| tls.ca_pem.clone())
    }

    /// Closes the listeners and every connection: from now on connections are refused.
    pub async fn down(&self) {
        let tasks: Vec<_> = lock(&self.server.tasks).drain(..).collect();
        for task in tasks {
            task.abort();
            // An aborted task's result says nothing; waiting for it means that the port is closed.
            let _ = task.await;
        }
    }

    /// Listens again on the same ports, after [`Panel::down`]. Clients, sessions and tokens are what they were.
    pub async fn up(&self) -> anyhow::Result<()> {
        let both = self.server.port == self.server.sub_port;
        let listener = TcpListener::bind(("127.0.0.1", self.server.port)).await.context("the panel's port is taken")?;
        self.serve(listener, if both { Serves::Both } else { Serves::Panel });
        if !both {
            let address = ("127.0.0.1", self.server.sub_port);
            let listener = TcpListener::bind(address).await.context("the subscription port is taken")?;
            self.serve(listener, Serves::Subscriptions);
        }
        Ok(())
    }

    /// Restarts the panel on the same ports: connections break, everything else survives.
    pub async fn restart(&self) -> anyhow::Result<()> {
        self.down().await;
        self.up().await
    }
}

fn first_state(options: &PanelOptions, sub_port: u16) -> State {
    let trimmed = options.base_path.trim_matches('/');
    let base = if trimmed.is_empty() { "/".to_owned() } else { format!("/{trimmed}/") };
    let token = options.api_token.clone().filter(|_| options.generation == Generation::V3);
    let tokens = token.map(|token| ApiToken { id: 1, name: "sandbox".to_owned(), token, enabled: true, created: 0 });
    let mut accounts = Accounts::default();
    accounts.username.clone_from(&options.username);
    accounts.password.clone_from(&options.password);
    accounts.totp_secret.clone_from(&options.totp_secret);
    accounts.tokens.extend(tokens);
    State {
        generation: options.generation,
        accounts,
        inbounds: options.inbounds.iter().map(InboundSpec::to_inbound).collect(),
        clients: Vec::new(),
        stats: Vec::new(),
        hosts: Vec::new(),
        xray: Xray { running: true, stale: None },
        version: options.panel_version.clone(),
        next_record: 1,
        next_stat: 1,
        sub_port,
        scheme: if options.tls { "https" } else { "http" },
        base,
    }
}
