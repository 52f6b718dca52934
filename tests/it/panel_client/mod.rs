//! The panel client against panels that answer as the recorded ones do.

mod clients;
mod failures;
mod sign_in;

use std::time::Duration;

use tollkeeper::{
    clock::Clock,
    panel::{Client, Credentials, DEFAULT_TIMEOUT, Login, SIGN_IN_PAUSE, Settings, Snapshot, Target, breaker},
    sandbox::panel::{Fault, Generation, Panel, PanelOptions},
};
use uuid::Uuid;

const EVERY: [Generation; 4] = [Generation::V2_6, Generation::V2_8, Generation::V2_9, Generation::V3];

/// A quota, an expiry: any will do.
const QUOTA: i64 = 50 << 30;
const EXPIRY: i64 = 1_900_000_000_000;

async fn panel(generation: Generation) -> Panel {
    Panel::start(PanelOptions::new(generation)).await.unwrap()
}

fn login() -> Login {
    Login { username: "admin".into(), password: "admin".into(), totp_secret: None }
}

/// What an owner would configure: the token where there is one, else the login.
fn settings(panel: &Panel) -> Settings {
    let token = panel.token().map(Into::into);
    Settings {
        name: "fra".into(),
        url: panel.url().parse().unwrap(),
        inbound_id: 1,
        public_host: "vpn.example.test".into(),
        subscription_url: Some(panel.subscription_url()),
        ca_pem: None,
        credentials: Credentials { login: token.is_none().then(login), token },
        timeout: DEFAULT_TIMEOUT,
        sign_in_pause: SIGN_IN_PAUSE,
        breaker: breaker::Limits::default(),
    }
}

fn connect(settings: Settings) -> Client {
    let clock = Clock::system();
    Client::new(settings, move || clock.now()).unwrap()
}

fn client(panel: &Panel) -> Client {
    connect(settings(panel))
}

fn target(email: &str) -> Target {
    Target {
        email: email.into(),
        uuid: Uuid::new_v4(),
        sub_id: format!("sub-{email}"),
        enabled: true,
        total_bytes: QUOTA,
        expiry_ms: EXPIRY,
    }
}

/// Adds a client and reads it back, as every caller has to.
async fn add(client: &Client, target: &Target) -> Snapshot {
    client.add(target).await.unwrap();
    let snapshot = client.snapshot(&target.email).await.unwrap();
    assert_eq!(snapshot.differs_from(target), []);
    snapshot
}

/// How many requests arrived whose route ends so.
fn count(panel: &Panel, route: &str) -> usize {
    panel.requests().iter().filter(|logged| logged.request.route.ends_with(route)).count()
}

/// Lets this happen to the next request whose route contains `route`, and to no other.
fn once(panel: &Panel, route: &'static str, fault: Fault) {
    let left = std::sync::Mutex::new(Some(fault));
    panel.on_request(move |request| {
        if request.route.contains(route) { left.lock().unwrap().take().unwrap_or_default() } else { Fault::None }
    });
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn no_problems(panel: &Panel) {
    assert_eq!(panel.problems(), Vec::<String>::new(), "{:?}", panel.generation());
}
