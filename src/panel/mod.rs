//! 3x-ui over HTTP: one [`Client`] per panel, for two generations of its API (2.6 to 2.9, 3.1 on).
//!
//! Decides how to ask, how to sign in, and what an answer means; never what should be true. A
//! success of a panel is not proof: whoever writes reads back with [`Reader::snapshot`] and
//! compares. One write at a time per panel (v2 loses parallel writes silently); an update sends
//! the whole row, because the panel replaces the whole row.

use std::{
    fmt,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use secrecy::SecretString;

use tokio::sync::watch;
use uuid::Uuid;

use crate::domain::{Millis, drift::Present};

pub mod breaker;
mod call;
mod client_inbound;
mod connection;
mod endpoints;
mod error;
pub mod inbound;
mod json_filter;
pub mod link;
mod record;
mod sellable;
mod session;
mod sold;
mod tls;
mod v2;
mod v3;
mod wire;

pub use breaker::{Availability, Position};
pub use connection::{Status, Xray};
pub use error::Error;
pub use inbound::Inbound;
pub use record::{ClientRecord, Difference, Target};
pub use session::{Generation, Version};

use breaker::Breaker;
use connection::Panel;
use link::LinkError;
use session::Door;
use wire::Wire;

/// How long a panel may be silent before we give up.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15);

/// After a refused sign-in none is tried for this long: v3 locks an address out after five
/// failures in five minutes.
pub const SIGN_IN_PAUSE: Duration = Duration::from_mins(5);

/// Where a panel is and how we are let in.
#[derive(Clone)]
pub struct Settings {
    pub name: String,
    /// Its address with its base path, which is half a secret.
    pub url: url::Url,
    pub inbound_id: i64,
    /// The host customers connect to: a panel does not know its own.
    pub public_host: String,
    /// Where its subscription listener is reached, with the path (`https://sub.example.org:2096/sub/`).
    pub subscription_url: Option<String>,
    /// Certificates in PEM form to trust instead of the public ones: a private CA, or the panel's own.
    pub ca_pem: Option<Vec<u8>>,
    /// How we are let in.
    pub credentials: Credentials,
    /// Silence after which a call is given up.
    pub timeout: Duration,
    /// How long no sign-in is tried after a refused one.
    pub sign_in_pause: Duration,
    /// When the panel counts as down.
    pub breaker: breaker::Limits,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("name", &self.name)
            .field("inbound_id", &self.inbound_id)
            .finish_non_exhaustive()
    }
}

/// How a panel lets us in: at least one of the two. A token is used where the panel knows tokens.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// An API token (v3.1 and later): survives password changes and two-factor.
    pub token: Option<SecretString>,
    pub login: Option<Login>,
}

#[derive(Clone)]
pub struct Login {
    pub username: String,
    pub password: SecretString,
    /// The secret of two-factor, base32; a code is computed at each sign-in.
    pub totp_secret: Option<SecretString>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").finish_non_exhaustive()
    }
}

/// An inbound and one client in it, read together.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub inbound: Inbound,
    /// The client; `None` means surely absent.
    pub client: Option<ClientRecord>,
}

impl Snapshot {
    /// In what the panel is not as wanted; empty means it is.
    pub fn differs_from(&self, target: &Target) -> Vec<Difference> {
        let Some(client) = &self.client else { return vec![Difference::Absent] };
        let mut differences = client.differs_from(target);
        if client.flow != client.flow_where(self.inbound.flows().kept) {
            differences.push(Difference::Flow);
        }
        differences
    }
}

/// A client with what it has used.
#[derive(Debug, Clone)]
pub struct Found {
    pub client: ClientRecord,
    /// Bytes up and down since the counter's last reset; up to ten seconds late.
    pub used_bytes: i64,
}

/// What became of a client that was to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It is not there any more.
    Gone,
    /// v2 keeps an inbound's last client: it was switched off instead.
    KeptDisabled,
}

/// One panel, as everybody sees it who may only look. Cheap to clone.
#[derive(Clone)]
pub struct Reader(Arc<Panel>);

/// One panel, for whoever may change it. Cheap to clone.
#[derive(Clone)]
pub struct Client(Arc<Panel>);

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reader").field(&self.0.name).finish()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.0.name).finish()
    }
}

impl Reader {
    /// Our name for the panel.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether the panel is up, as far as the last calls tell; never asks it.
    pub fn availability(&self) -> Availability {
        self.0.availability.borrow().clone()
    }

    /// What its breaker does with calls; never asks it.
    pub fn position(&self) -> Position {
        self.0.breaker().position()
    }

    /// Which API it spoke when it last let us in, if it ever did; never asks it.
    pub fn generation(&self) -> Option<Generation> {
        self.0.door.known()
    }

    /// Follows [`Reader::availability`].
    pub fn watch(&self) -> watch::Receiver<Availability> {
        self.0.availability.subscribe()
    }

    /// Whether work for this panel is worth starting: it is up, or a call may find out.
    pub fn ready(&self) -> bool {
        let breaker = self.0.breaker();
        match breaker.availability() {
            Availability::Up => true,
            Availability::Down { .. } => breaker.is_open() && breaker.would_admit(self.0.door.now()),
        }
    }

    /// What time the panel's server has, as its last answer said it (RFC 9110, `Date`).
    pub fn date(&self) -> Option<String> {
        self.0.wire.date()
    }

    /// The cheapest call that needs a session. Always sent, also while the panel counts as down.
    pub async fn status(&self) -> Result<Status, Error> {
        self.0.status().await
    }

    /// A client and what it has used; `None` means surely absent. Two calls on v2, one on v3.
    pub async fn find(&self, email: &str) -> Result<Option<Found>, Error> {
        self.0.guard(Box::pin(self.0.find(email))).await
    }

    /// The inbound and a client, without its traffic. v2: one call, v3: two at once.
    pub async fn snapshot(&self, email: &str) -> Result<Snapshot, Error> {
        self.0.guard(Box::pin(self.0.snapshot(email))).await
    }

    /// The inbound we sell, as customers reach it. One call, some more to learn how they do.
    pub async fn inbound(&self) -> Result<Inbound, Error> {
        self.0.guard(Box::pin(self.0.sold_inbound())).await
    }

    /// All clients with what they have used: of the inbound we sell and of those in `also` (v2, a call for
    /// each and one), of the panel (v3, one call).
    pub async fn clients(&self, also: &[i64]) -> Result<Vec<Present>, Error> {
        self.0.guard(Box::pin(self.0.clients(also))).await
    }

    /// The customer's link for a client as the panel is now: of several, the one to be given. Some calls.
    pub async fn link(&self, client: &ClientRecord, remark: &str) -> Result<String, Error> {
        self.0.guard(Box::pin(async { self.0.link(&self.0.linked(&client.email).await?, client, remark) })).await
    }

    /// The same for the client of a name, where it is there, one of `ours`, and on the inbound it was made on or the one we sell.
    pub async fn current_link(
        &self,
        (email, made_on): (&str, i64),
        ours: impl Fn(&Uuid) -> bool,
        remark: &str,
    ) -> Result<Option<String>, Error> {
        let home = self.home(email, made_on).await?;
        let client = home.0.guard(Box::pin(home.0.client(email))).await?;
        match client.filter(|client| client.on_inbound && ours(&client.uuid)) {
            Some(client) => home.link(&client, remark).await.map(Some),
            None => Ok(None),
        }
    }

    /// All links for a client of `inbound`, in the panel's order; asks nobody.
    pub fn links(&self, inbound: &Inbound, uuid: &Uuid, flow: &str, remark: &str) -> Result<Vec<String>, LinkError> {
        link::vless(inbound, &self.0.public_host, uuid, flow, remark)
    }

    /// The customer's subscription link, when the panel has a subscription listener.
    pub fn subscription_link(&self, sub_id: &str) -> Option<String> {
        self.0.subscription_url.as_deref().map(|url| link::subscription(url, sub_id))
    }
}

impl Client {
    /// A client for one panel; makes no call. `now` is the wall clock, for two-factor codes and
    /// for telling since when the panel is down.
    pub fn new(settings: Settings, now: impl Fn() -> Millis + Send + Sync + 'static) -> Result<Self, Error> {
        let wire = Wire::new(settings.url, settings.ca_pem.as_deref(), settings.timeout)?;
        Ok(Self(Arc::new(Panel {
            name: settings.name,
            inbound_id: settings.inbound_id,
            public_host: settings.public_host,
            subscription_url: settings.subscription_url,
            wire: Arc::new(wire),
            door: Arc::new(Door::new(settings.credentials, settings.sign_in_pause, now)),
            breaker: Arc::new(Mutex::new(Breaker::new(settings.breaker))),
            availability: Arc::new(watch::Sender::new(Availability::Up)),
            recoveries: Arc::default(),
            writes: Arc::default(),
            sold: Mutex::new(None),
        })))
    }

    /// The same panel for those who may only look.
    pub fn reader(&self) -> Reader {
        Reader(Arc::clone(&self.0))
    }

    /// See [`Reader::name`].
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// See [`Reader::availability`].
    pub fn availability(&self) -> Availability {
        self.reader().availability()
    }

    /// How often it has come up again since the start: who waits for that compares two looks.
    pub fn recoveries(&self) -> u64 {
        self.0.recoveries.load(Ordering::SeqCst)
    }

    /// See [`Reader::ready`].
    pub fn ready(&self) -> bool {
        self.reader().ready()
    }

    /// See [`Reader::status`].
    pub async fn status(&self) -> Result<Status, Error> {
        self.0.status().await
    }

    /// Whether what we sell works: `None`, or what is wrong with it (xray stopped, the inbound
    /// missing or switched off). Two calls, always sent; this verdict alone brings a panel up
    /// again that was of no use.
    pub async fn health(&self) -> Result<Option<String>, Error> {
        self.0.health().await
    }

    /// Counts the panel as down until [`Client::health`] says otherwise: it was when the process
    /// before this one ended.
    pub fn presume_down(&self, since: Millis, cause: &str) {
        self.0.presume_down(since, cause);
    }

    /// See [`Reader::find`].
    pub async fn find(&self, email: &str) -> Result<Option<Found>, Error> {
        self.0.guard(Box::pin(self.0.find(email))).await
    }

    /// See [`Reader::snapshot`].
    pub async fn snapshot(&self, email: &str) -> Result<Snapshot, Error> {
        self.0.guard(Box::pin(self.0.snapshot(email))).await
    }

    /// Bytes used since the counter's last reset. One call.
    pub async fn used(&self, email: &str) -> Result<u64, Error> {
        self.0.guard(Box::pin(self.0.used(email))).await
    }

    /// The inbound as customers reach it, if what is sold on it works for anybody: asked before anything is
    /// written for a sale.
    pub async fn must_be_sellable(&self) -> Result<Inbound, Error> {
        self.0.guard(Box::pin(self.0.must_be_sellable())).await
    }

    /// The link of a client just made or changed on an inbound read just now; see [`Reader::link`].
    pub async fn link_on(&self, inbound: &Inbound, client: &ClientRecord, remark: &str) -> Result<String, Error> {
        if self.0.is_dear() {
            return self.reader().link(client, remark).await;
        }
        self.0.link(inbound, client, remark)
    }

    /// See [`Reader::inbound`].
    pub async fn inbound(&self) -> Result<Inbound, Error> {
        self.0.guard(Box::pin(self.0.sold_inbound())).await
    }

    /// Adds a client to the inbound. One call; one more when the inbound was never read (its
    /// flow is needed), and one more on v3 for a client that shall be switched off.
    pub async fn add(&self, target: &Target) -> Result<(), Error> {
        self.0
            .guard(Box::pin(async {
                let _one_at_a_time = self.0.writes.lock().await;
                let generation = self.0.generation().await?;
                let row = target.row(self.0.flows(generation).await?.given);
                match generation {
                    Generation::V2Old | Generation::V2 => v2::add(&self.0, generation, row).await,
                    Generation::V3 { .. } => v3::add(&self.0, generation, row, target).await,
                }
            }))
            .await
    }

    /// Makes the client what `target` says; `record` is as it was read just now. One call.
    pub async fn update(&self, record: &ClientRecord, target: &Target) -> Result<(), Error> {
        self.0
            .guard(Box::pin(async {
                let _one_at_a_time = self.0.writes.lock().await;
                let generation = self.0.generation().await?;
                self.0.update(generation, record, target).await
            }))
            .await
    }

    /// Switches a client on or off and leaves the rest as it is. One call.
    pub async fn set_enabled(&self, record: &ClientRecord, enabled: bool) -> Result<(), Error> {
        self.0
            .guard(Box::pin(async {
                let _one_at_a_time = self.0.writes.lock().await;
                let generation = self.0.generation().await?;
                self.0.set_enabled(generation, record, enabled).await
            }))
            .await
    }

    /// Sets a client's traffic counter to zero. One call. After it an update with `enabled` is
    /// needed: 2.8 and 2.9 keep a client that had used up its quota cut off otherwise.
    pub async fn reset_traffic(&self, email: &str) -> Result<(), Error> {
        self.0
            .guard(Box::pin(async {
                let _one_at_a_time = self.0.writes.lock().await;
                match self.0.generation().await? {
                    generation @ (Generation::V2Old | Generation::V2) => v2::reset(&self.0, generation, email).await,
                    generation @ Generation::V3 { .. } => v3::reset(&self.0, generation, email).await,
                }
            }))
            .await
    }

    /// Removes a client and looks whether it is gone; one that is not there is gone already.
    /// Refused when a client of this name is there with another uuid, or (2.x removes by uuid) another
    /// client with this one's. Three calls, four on 2.x.
    pub async fn delete(&self, record: &ClientRecord) -> Result<Deleted, Error> {
        self.0
            .guard(Box::pin(async {
                let _one_at_a_time = self.0.writes.lock().await;
                self.0.delete(record).await
            }))
            .await
    }
}
