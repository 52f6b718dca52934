//! What a test or the tour does to a panel from outside: looking, counting, acting as its administrator, breaking it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::bail;
use serde_json::{Map, Value, json};

use super::call::{Fault, Logged, RequestInfo};
use super::state::{Client, Inbound, State};
use super::{Generation, Panel, lock, session, v3};

/// An inbound to start with or to put in place of another.
#[derive(Debug, Clone)]
pub struct InboundSpec {
    pub id: i64,
    /// Its name in the panel.
    pub remark: String,
    /// The address it listens on, empty for all.
    pub listen: String,
    pub port: u16,
    /// Whether it is switched on.
    pub enable: bool,
    /// `vless` unless a test wants another one.
    pub protocol: String,
    /// VLESS encryption, normally `none`.
    pub encryption: String,
    /// `streamSettings`: transport and security.
    pub stream: Value,
    /// Where it hands connections on that are not its own.
    pub fallbacks: Value,
}

impl InboundSpec {
    /// VLESS + REALITY over tcp, port 20000 + id.
    pub fn reality(id: i64) -> Self {
        Self::with_stream(
            id,
            json!({
                "network": "tcp", "security": "reality", "externalProxy": [],
                "realitySettings": {
                    "show": false, "xver": 0, "target": "127.0.0.1:443", "dest": "127.0.0.1:443",
                    "serverNames": ["reality.test"], "privateKey": "sandbox", "minClientVer": "", "maxClientVer": "",
                    "maxTimediff": 0, "shortIds": ["6ba85179e30d4fc2", ""], "mldsa65Seed": "",
                    "settings": {
                        "publicKey": "vgsyG_10G2GFjE9JYjvYcOsmfW5mfpim2Cyi3kcHHmA", "fingerprint": "chrome",
                        "serverName": "", "spiderX": "/", "mldsa65Verify": "",
                    },
                },
                "tcpSettings": { "acceptProxyProtocol": false, "header": { "type": "none" } },
            }),
        )
    }

    /// VLESS with any `streamSettings`, port 20000 + id, remark `inbound-{id}`.
    pub fn with_stream(id: i64, stream: Value) -> Self {
        let port = u16::try_from(20_000 + id).unwrap_or(20_000);
        Self {
            id,
            remark: format!("inbound-{id}"),
            listen: String::new(),
            port,
            enable: true,
            protocol: "vless".to_owned(),
            encryption: "none".to_owned(),
            stream,
            fallbacks: json!([]),
        }
    }

    fn of(inbound: &Inbound) -> Self {
        let encryption = inbound.settings.get("encryption").and_then(Value::as_str).unwrap_or("none");
        Self {
            id: inbound.id,
            remark: inbound.remark.clone(),
            listen: inbound.listen.clone(),
            port: u16::try_from(inbound.port).unwrap_or_default(),
            enable: inbound.enable,
            protocol: inbound.protocol.clone(),
            encryption: encryption.to_owned(),
            stream: inbound.stream.clone(),
            fallbacks: inbound.settings.get("fallbacks").cloned().unwrap_or_else(|| json!([])),
        }
    }

    pub(super) fn to_inbound(&self) -> Inbound {
        let mut settings = Map::new();
        settings.insert("decryption".to_owned(), json!("none"));
        settings.insert("encryption".to_owned(), json!(self.encryption));
        settings.insert("fallbacks".to_owned(), self.fallbacks.clone());
        Inbound {
            id: self.id,
            enable: self.enable,
            remark: self.remark.clone(),
            listen: self.listen.clone(),
            port: i64::from(self.port),
            protocol: self.protocol.clone(),
            settings,
            stream: self.stream.clone(),
            sniffing: json!({ "enabled": true, "destOverride": ["http", "tls", "quic", "fakedns"] }),
            traffic_reset_at: 0,
        }
    }
}

/// A client an administrator adds by hand in the panel's own pages.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// The inbound it goes on.
    pub inbound_id: i64,
    pub uuid: String,
    /// Its e-mail, the panel-wide key.
    pub email: String,
    pub sub_id: String,
    pub enable: bool,
    /// Quota in bytes, 0 = none.
    pub total_bytes: i64,
    /// Expiry in Unix milliseconds, 0 = never.
    pub expiry_ms: i64,
}

/// One client as the panel has it.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientRow {
    pub uuid: String,
    pub email: String,
    pub sub_id: String,
    /// The switch in its settings.
    pub enable: bool,
    /// Quota in bytes, 0 = none.
    pub total_bytes: i64,
    /// Expiry in Unix milliseconds, 0 = never.
    pub expiry_ms: i64,
    /// Bytes uploaded since the last reset.
    pub up: i64,
    /// Bytes downloaded since the last reset.
    pub down: i64,
    /// The first inbound it is on.
    pub inbound_id: i64,
    /// All inbounds it is on; more than one only on 3.x.
    pub inbound_ids: Vec<i64>,
    /// Whether a new connection would be let in right now, whatever the switches say.
    pub serving: bool,
    /// Every field the panel keeps, in its names (`id` is the uuid).
    pub raw: Value,
}

fn row(state: &State, client: &Client) -> ClientRow {
    let stat = state.stat(client.email());
    ClientRow {
        uuid: client.text("id").to_owned(),
        email: client.email().to_owned(),
        sub_id: client.text("subId").to_owned(),
        enable: client.enabled(),
        total_bytes: client.int("totalGB"),
        expiry_ms: client.int("expiryTime"),
        up: stat.map(|stat| stat.up).unwrap_or_default(),
        down: stat.map(|stat| stat.down).unwrap_or_default(),
        inbound_id: client.inbounds.first().copied().unwrap_or_default(),
        inbound_ids: client.inbounds.clone(),
        serving: client.serving,
        raw: Value::Object(client.fields.clone()),
    }
}

impl Panel {
    /// Every client, in the order in which they were added, after limits were enforced.
    pub fn clients(&self) -> Vec<ClientRow> {
        let now = self.shared.now();
        let mut state = lock(&self.shared.state);
        state.enforce_limits(now);
        state.clients.iter().map(|client| row(&state, client)).collect()
    }

    /// What nobody but its two ends may ever read: cookies, CSRF tokens, tokens of the API.
    pub fn secrets(&self) -> Vec<String> {
        lock(&self.shared.state).accounts.secrets()
    }

    pub fn client(&self, email: &str) -> Option<ClientRow> {
        self.clients().into_iter().find(|client| client.email == email)
    }

    /// Every request so far and how it ended.
    pub fn requests(&self) -> Vec<Logged> {
        lock(&self.shared.log).clone()
    }

    pub fn request_count(&self) -> u64 {
        lock(&self.shared.log).len() as u64
    }

    /// How many of them may change clients or inbounds.
    pub fn write_count(&self) -> u64 {
        self.shared.writes.load(Ordering::SeqCst)
    }

    /// What no well-behaved client does: unknown routes, calls outside the base path, two writes at once on 2.x.
    pub fn problems(&self) -> Vec<String> {
        lock(&self.shared.problems).clone()
    }

    /// The panel's time, Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.shared.now()
    }

    /// Waits until `look` finds something, asking again after every request and every change; fails after `within`.
    pub async fn until<T>(
        &self,
        what: &str,
        within: Duration,
        mut look: impl FnMut(&Self) -> Option<T>,
    ) -> anyhow::Result<T> {
        let mut changed = self.shared.changed.subscribe();
        let deadline = tokio::time::Instant::now() + within;
        loop {
            changed.mark_unchanged();
            if let Some(found) = look(self) {
                return Ok(found);
            }
            // Time moves expiries without any request, hence the second timer.
            let tick = tokio::time::Instant::now() + Duration::from_millis(50);
            tokio::select! {
                _ = changed.changed() => {}
                () = tokio::time::sleep_until(tick.min(deadline)) => {}
            }
            if tokio::time::Instant::now() >= deadline {
                return look(self).map_or_else(|| self.never(what, within), Ok);
            }
        }
    }

    fn never<T>(&self, what: &str, within: Duration) -> anyhow::Result<T> {
        let last: Vec<_> = self.requests().into_iter().rev().take(5).collect();
        bail!("the panel never saw {what} within {within:?}; its last requests: {last:#?}")
    }
}

impl Panel {
    pub(super) fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let result = act(&mut lock(&self.shared.state));
        self.shared.changed.send_replace(());
        result
    }

    /// Adds a client by hand.
    pub fn add_client(&self, client: &NewClient) {
        let now = self.shared.now();
        let fields = json!({
            "id": client.uuid, "email": client.email, "subId": client.sub_id, "enable": client.enable, "flow": "",
            "totalGB": client.total_bytes, "expiryTime": client.expiry_ms, "limitIp": 0, "tgId": 0, "reset": 0,
            "comment": "", "created_at": now, "updated_at": now,
        });
        let Value::Object(mut fields) = fields else { return };
        if self.generation() == Generation::V3 {
            let missing = v3::kept(&fields).into_iter().filter(|(name, _)| !fields.contains_key(name));
            let missing: Vec<_> = missing.collect();
            fields.extend(missing);
        }
        self.change(|state| state.insert_client(client.inbound_id, fields));
    }

    /// Changes a client's fields by hand (`totalGB`, `expiryTime`, `enable`, `id` …); says whether there is such a one.
    pub fn edit_client(&self, email: &str, edit: impl FnOnce(&mut Map<String, Value>)) -> bool {
        self.change(|state| {
            let Some(client) = state.client_mut(email) else { return false };
            edit(&mut client.fields);
            let now_called = client.email().to_owned();
            state.sync_client(email, &now_called);
            true
        })
    }

    /// Switches a client on or off by hand.
    pub fn set_client_enabled(&self, email: &str, enable: bool) -> bool {
        self.edit_client(email, |fields| {
            fields.insert("enable".to_owned(), json!(enable));
        })
    }

    /// Removes a client by hand, the last of an inbound too.
    pub fn remove_client(&self, email: &str) {
        self.change(|state| state.remove_client(email));
    }

    /// Sets a client's counters in bytes; says whether there is such a one.
    pub fn set_traffic(&self, email: &str, up: i64, down: i64) -> bool {
        self.change(|state| {
            let Some(stat) = state.stat_mut(email) else { return false };
            (stat.up, stat.down, stat.all_time) = (up, down, up + down);
            true
        })
    }

    /// Puts an inbound in place, instead of the one with its number if there is one; its clients stay.
    pub fn set_inbound(&self, inbound: &InboundSpec) {
        let inbound = inbound.to_inbound();
        self.change(|state| match state.inbounds.iter_mut().find(|known| known.id == inbound.id) {
            Some(known) => *known = inbound,
            None => state.inbounds.push(inbound),
        });
    }

    /// An inbound as it is now, to change a part of it with [`Panel::set_inbound`].
    pub fn inbound(&self, id: i64) -> Option<InboundSpec> {
        lock(&self.shared.state).inbound(id).map(InboundSpec::of)
    }

    /// Removes an inbound and the clients that are on no other.
    pub fn remove_inbound(&self, id: i64) {
        self.change(|state| {
            state.inbounds.retain(|inbound| inbound.id != id);
            for client in &mut state.clients {
                client.inbounds.retain(|inbound| *inbound != id);
            }
            let gone: Vec<_> = state.clients.iter().filter(|client| client.inbounds.is_empty()).collect();
            let emails: Vec<_> = gone.iter().map(|client| client.email().to_owned()).collect();
            for email in &emails {
                state.remove_client(email);
            }
        });
    }

    /// Switches an inbound on or off.
    pub fn set_inbound_enabled(&self, id: i64, enable: bool) {
        self.change(|state| {
            if let Some(inbound) = state.inbounds.iter_mut().find(|inbound| inbound.id == id) {
                inbound.enable = enable;
            }
        });
    }

    /// Stops xray; unlike the route, `status` says so at once.
    pub fn stop_xray(&self) {
        self.change(State::stop_xray);
    }

    pub fn start_xray(&self) {
        self.change(State::start_xray);
    }

    /// Ends every session, as a lost secret or a long absence does.
    pub fn drop_sessions(&self) {
        self.change(|state| state.accounts.drop_sessions());
    }

    pub fn revoke_token(&self) {
        self.change(|state| state.accounts.tokens.iter_mut().for_each(|token| token.enabled = false));
    }

    /// Changes the administrator's password; on 3.x this ends every session.
    pub fn change_password(&self, password: &str) {
        self.change(|state| {
            let username = state.accounts.username.clone();
            session::change_password(state, username, password.to_owned());
        });
    }
}

impl Panel {
    /// Moves the panel's clock: this many milliseconds are added to the machine's.
    pub fn set_clock_offset_ms(&self, offset: i64) {
        self.shared.clock_offset.store(offset, Ordering::SeqCst);
        self.shared.changed.send_replace(());
    }

    /// Lets every request take at least this long.
    pub fn set_latency(&self, latency: Duration) {
        *lock(&self.shared.latency) = latency;
    }

    /// Decides about every request from now on what goes wrong with it; replaces the hook before.
    pub fn on_request(&self, hook: impl Fn(&RequestInfo) -> Fault + Send + Sync + 'static) {
        *lock(&self.shared.hook) = Some(Arc::new(hook));
    }

    /// Nothing goes wrong any more.
    pub fn clear_faults(&self) {
        *lock(&self.shared.hook) = None;
    }

    /// Connections are accepted and requests read, but nothing is answered. Requests caught by it stay unanswered.
    pub fn black_hole(&self, on: bool) {
        self.shared.black_hole.store(on, Ordering::SeqCst);
    }
}
