//! A strict Discord on loopback: one guild as a state machine, REST behind TLS, and a gateway.
//!
//! It speaks the wire and knows nothing of the bot it is there for. The bot's HTTP client is given [`Discord::proxy_url`]
//! as proxy for https and [`Discord::ca_pem`] as root certificate; every call goes to `https://discord.com` and
//! `https://cdn.discordapp.com` as in production and ends here. The gateway's address is what `GET /gateway` answers.
//!
//! People are played through [`Person`]: they can do what a client lets them do, where the computed permissions allow
//! it. Bodies and calls that Discord refuses are refused with Discord's code. What the sandbox does not know is never
//! guessed: it is refused and recorded in [`Discord::problems`], which a test should find empty.

#![expect(
    clippy::disallowed_methods,
    reason = "the sandbox's servers are ended by dropping `Discord`, not by app or tasks"
)]

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

mod answer;
mod body;
mod channels;
mod command;
mod component;
mod control;
mod dispatch;
mod form;
mod front;
mod gateway;
mod guilds;
mod interaction;
mod interactions;
mod life;
mod messages;
mod oddity;
pub mod permission;
mod person;
mod record;
mod refusal;
mod rest;
mod seen;
mod socket;
mod state;
mod upload;
mod view;
mod wire;

pub use answer::{Answer, Field, Modal, Pending};
pub use person::{Person, Refused, Upload};
pub use record::{Deed, Fault, Gate, Request, RequestInfo};
pub use seen::{Attachment, Component, Message};
pub use state::{Channel, Id, Kind, Overwrite, Role, Target};
pub use view::View;

use state::State;

/// Privileged intents, as switched on in the developer portal.
#[derive(Debug, Clone, Copy)]
pub struct Portal {
    pub message_content: bool,
    pub members: bool,
    pub presences: bool,
}

impl Portal {
    /// The application's flags: the "limited" variants, as for an application in few guilds.
    fn flags(self) -> u64 {
        (u64::from(self.presences) << 13) | (u64::from(self.members) << 15) | (u64::from(self.message_content) << 19)
    }
}

/// Judges a body that was accepted: method in lower case, route as in Discord's OpenAPI description, JSON.
pub type Validator = Box<dyn Fn(&str, &str, &Value) -> Result<(), String> + Send + Sync>;

/// How the sandbox is set up.
pub struct Options {
    pub guild_name: String,
    pub bot_name: String,
    /// Permissions of the bot's role.
    pub bot_permissions: u64,
    /// Intents switched on in the portal.
    pub portal: Portal,
    pub heartbeat_interval: Duration,
    /// Whether buckets are counted and announced in headers.
    pub rate_limits: bool,
    /// Milliseconds since 1970; the system's time when there is none. Interaction lifetimes, ids and ages follow it.
    pub clock: Option<Arc<dyn Fn() -> u64 + Send + Sync>>,
    /// A second opinion on accepted bodies.
    pub validator: Option<Validator>,
    /// How long [`Pending`] waits before it gives up.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            guild_name: "The Toll House".into(),
            bot_name: "Tollkeeper".into(),
            bot_permissions: permission::BOT,
            portal: Portal { message_content: true, members: false, presences: false },
            heartbeat_interval: Duration::from_millis(41_250),
            rate_limits: true,
            clock: None,
            validator: None,
            patience: Duration::from_secs(10),
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("guild_name", &self.guild_name).finish_non_exhaustive()
    }
}

type Hook = Arc<dyn Fn(&RequestInfo) -> Fault + Send + Sync>;

struct Shared {
    state: Mutex<State>,
    /// Counts changes, and wakes whoever waits for one.
    changed: watch::Sender<u64>,
    /// Closed when the sandbox is dropped.
    down: watch::Sender<bool>,
    gateway_url: String,
    heartbeat_interval: Duration,
    rate_limits: bool,
    validator: Option<Validator>,
    hook: Mutex<Option<Hook>>,
    patience: Duration,
}

impl Shared {
    /// Looks at or changes the state, and wakes whoever waits. Never waits itself, except for the mutex.
    fn change<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        let result = with(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.send_modify(|n| *n = n.wrapping_add(1));
        result
    }

    fn look<T>(&self, with: impl FnOnce(&State) -> T) -> T {
        with(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until `find` finds something, looking after every change.
    async fn until_by<T>(
        &self,
        what: &str,
        patience: Duration,
        find: impl FnMut(&State) -> Option<T>,
    ) -> anyhow::Result<T> {
        self.until_changed(self.changed.subscribe(), what, patience, find).await
    }

    async fn until_changed<T>(
        &self,
        mut changes: watch::Receiver<u64>,
        what: &str,
        patience: Duration,
        mut find: impl FnMut(&State) -> Option<T>,
    ) -> anyhow::Result<T> {
        let end = tokio::time::Instant::now() + patience;
        loop {
            changes.borrow_and_update();
            if let Some(found) = self.look(&mut find) {
                return Ok(found);
            }
            // Interactions fail by time alone, so look now and then without a change.
            let next = end.min(tokio::time::Instant::now() + Duration::from_millis(100));
            let _ = tokio::time::timeout_at(next, changes.changed()).await;
            if tokio::time::Instant::now() >= end {
                let problems = self.look(|state| state.problems.clone());
                anyhow::bail!("waited {patience:?} for {what}; problems so far: {problems:?}");
            }
        }
    }
}

/// A running sandbox. Dropping it closes its listeners and connections.
pub struct Discord {
    shared: Arc<Shared>,
    proxy_url: String,
    ca_pem: String,
    servers: Vec<JoinHandle<()>>,
}

impl std::fmt::Debug for Discord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Discord").field("proxy_url", &self.proxy_url).finish_non_exhaustive()
    }
}

impl Drop for Discord {
    fn drop(&mut self) {
        self.shared.down.send_replace(true);
        for server in &self.servers {
            server.abort();
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit in 64 bits for a long time")]
fn system_millis() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

impl Discord {
    /// Starts a guild with an owner, the bot as member with a role of its own, and no channels.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let authority = Arc::new(front::Authority::new()?);
        let proxy = TcpListener::bind("127.0.0.1:0").await?;
        let gateway = TcpListener::bind("127.0.0.1:0").await?;
        let proxy_url = format!("http://{}", proxy.local_addr()?);
        let gateway_url = format!("ws://{}", gateway.local_addr()?);
        let state = control::first_state(&options);
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
            down: watch::Sender::new(false),
            gateway_url,
            heartbeat_interval: options.heartbeat_interval,
            rate_limits: options.rate_limits,
            validator: options.validator,
            hook: Mutex::new(None),
            patience: options.patience,
        });
        let front = front::serve(proxy, Arc::clone(&authority), Arc::clone(&shared));
        let sockets = socket::serve_on(gateway, Arc::clone(&shared));
        let servers = vec![tokio::spawn(front), tokio::spawn(sockets)];
        Ok(Self { shared, proxy_url, ca_pem: authority.pem.clone(), servers })
    }
}
