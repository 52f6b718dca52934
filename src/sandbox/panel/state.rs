//! What a panel remembers: inbounds, clients, traffic rows, xray, and how limits cut clients off.
//!
//! Pure data and its rules; no HTTP. The four generations differ in what they keep where, as measured on real panels.

use serde_json::{Map, Value, json};

use super::Generation;
use super::session::Accounts;

/// One inbound as the panel keeps it, without its clients.
#[derive(Debug, Clone)]
pub(super) struct Inbound {
    pub(super) id: i64,
    pub(super) enable: bool,
    pub(super) remark: String,
    pub(super) listen: String,
    pub(super) port: i64,
    pub(super) protocol: String,
    /// `settings` without `clients`: `decryption`, `encryption`, `fallbacks`.
    pub(super) settings: Map<String, Value>,
    pub(super) stream: Value,
    pub(super) sniffing: Value,
    pub(super) traffic_reset_at: i64,
}

/// One client: a row of `settings.clients` on v2 (one inbound), a client record on v3 (any number of inbounds).
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) record: i64,
    pub(super) inbounds: Vec<i64>,
    /// The fields as sent, with `id` (the uuid), `created_at` and `updated_at`.
    pub(super) fields: Map<String, Value>,
    /// Whether xray has this user in memory, i.e. whether a new connection would be let in.
    pub(super) serving: bool,
}

impl Client {
    /// A text field, or nothing.
    pub(super) fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// An integer field; a broken type counts as 0, as Go's partial decoding leaves it.
    pub(super) fn int(&self, name: &str) -> i64 {
        self.fields.get(name).and_then(Value::as_i64).unwrap_or_default()
    }

    /// The switch in the settings; missing is off, as in Go.
    pub(super) fn enabled(&self) -> bool {
        self.fields.get("enable").and_then(Value::as_bool).unwrap_or(false)
    }

    pub(super) fn email(&self) -> &str {
        self.text("email")
    }
}

/// One row of `client_traffics`.
#[derive(Debug, Clone)]
pub(super) struct Stat {
    pub(super) id: i64,
    pub(super) inbound: i64,
    pub(super) email: String,
    pub(super) enable: bool,
    pub(super) up: i64,
    pub(super) down: i64,
    pub(super) all_time: i64,
    pub(super) expiry: i64,
    pub(super) total: i64,
    pub(super) reset: i64,
    /// Cut off by quota or expiry, not by a person.
    pub(super) depleted: bool,
}

/// xray as the panel sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Xray {
    pub(super) running: bool,
    /// What `status` still says, and until when: the panel refreshes it every two seconds.
    pub(super) stale: Option<(bool, i64)>,
}

#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) generation: Generation,
    pub(super) accounts: Accounts,
    pub(super) inbounds: Vec<Inbound>,
    pub(super) clients: Vec<Client>,
    pub(super) stats: Vec<Stat>,
    /// Groups of hosts, as their routes show them (3.4 and later).
    pub(super) hosts: Vec<Value>,
    pub(super) xray: Xray,
    /// What `status` of 3.x calls its version.
    pub(super) version: Option<String>,
    pub(super) next_record: i64,
    pub(super) next_stat: i64,
    /// Port of the subscription listener, for `subURI`.
    pub(super) sub_port: u16,
    /// `http` or `https`.
    pub(super) scheme: &'static str,
    /// Base path with both slashes.
    pub(super) base: String,
}

impl State {
    /// Whether this 3.x has `bulkEnable` and `bulkDisable`, which came with 3.4.1.
    pub(super) fn has_bulk_switch(&self) -> bool {
        self.is_since([3, 4, 1])
    }

    /// Whether this 3.x has hosts, which came with 3.4.0.
    pub(super) fn has_hosts(&self) -> bool {
        self.is_since([3, 4, 0])
    }

    fn is_since(&self, first: [u32; 3]) -> bool {
        let version = self.version.as_deref().unwrap_or_default();
        let numbers: Vec<u32> = version.split('.').filter_map(|number| number.parse().ok()).collect();
        version.starts_with("dev") || numbers >= first.to_vec()
    }

    pub(super) fn inbound(&self, id: i64) -> Option<&Inbound> {
        self.inbounds.iter().find(|inbound| inbound.id == id)
    }

    /// Clients of one inbound, in the order in which they were added.
    pub(super) fn clients_of(&self, inbound: i64) -> impl Iterator<Item = &Client> {
        self.clients.iter().filter(move |client| client.inbounds.contains(&inbound))
    }

    pub(super) fn client(&self, email: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.email() == email)
    }

    pub(super) fn client_mut(&mut self, email: &str) -> Option<&mut Client> {
        self.clients.iter_mut().find(|client| client.email() == email)
    }

    pub(super) fn stat(&self, email: &str) -> Option<&Stat> {
        self.stats.iter().find(|stat| stat.email == email)
    }

    pub(super) fn stat_mut(&mut self, email: &str) -> Option<&mut Stat> {
        self.stats.iter_mut().find(|stat| stat.email == email)
    }

    /// Whether an e-mail is taken, in any letter case.
    pub(super) fn email_taken(&self, email: &str) -> bool {
        !email.is_empty() && self.clients.iter().any(|client| client.email().eq_ignore_ascii_case(email))
    }

    /// Adds a client with its traffic row. No e-mail: no traffic row, as on v2.
    pub(super) fn insert_client(&mut self, inbound: i64, fields: Map<String, Value>) {
        let client = Client { record: self.next_record, inbounds: vec![inbound], serving: self.xray.running, fields };
        self.next_record += 1;
        let mut client = client;
        client.serving = client.serving && client.enabled();
        self.upsert_stat(&client, inbound);
        self.clients.push(client);
    }

    /// A traffic row for a new client. An orphan row of the same e-mail is taken over, counters included.
    fn upsert_stat(&mut self, client: &Client, inbound: i64) {
        let (email, total, expiry, reset) =
            (client.email().to_owned(), client.int("totalGB"), client.int("expiryTime"), client.int("reset"));
        if email.is_empty() || self.stat(&email).is_some() {
            return;
        }
        let enable = self.generation == Generation::V2_6 || client.enabled();
        self.stats.push(Stat {
            id: self.next_stat,
            inbound,
            email,
            enable,
            up: 0,
            down: 0,
            all_time: 0,
            expiry,
            total,
            reset,
            depleted: false,
        });
        self.next_stat += 1;
    }

    /// Carries a changed client over to its traffic row and to xray. `old_email` finds the row.
    pub(super) fn sync_client(&mut self, old_email: &str, email: &str) {
        let (generation, running) = (self.generation, self.xray.running);
        let Some(client) = self.clients.iter_mut().find(|client| client.email() == email) else { return };
        client.serving = client.enabled() && running;
        let (enable, total, expiry, reset) =
            (client.enabled(), client.int("totalGB"), client.int("expiryTime"), client.int("reset"));
        if let Some(stat) = self.stats.iter_mut().find(|stat| stat.email == old_email) {
            email.clone_into(&mut stat.email);
            stat.enable = generation == Generation::V2_6 || enable;
            stat.total = total;
            stat.expiry = expiry;
            stat.reset = reset;
            stat.depleted = false;
        }
    }

    /// Zeroes a counter, with what each generation does to a client that had been cut off.
    ///
    /// Measured: afterwards 2.6 and 3.x let the client in again, 2.8 and 2.9 do not although the panel may say so.
    pub(super) fn reset_traffic(&mut self, email: &str) -> bool {
        let (generation, running) = (self.generation, self.xray.running);
        let Some(stat) = self.stats.iter_mut().find(|stat| stat.email == email) else { return false };
        stat.up = 0;
        stat.down = 0;
        let was_depleted = std::mem::take(&mut stat.depleted);
        if was_depleted {
            stat.enable = true;
        }
        if let Some(client) = self.clients.iter_mut().find(|client| client.email() == email)
            && was_depleted
        {
            match generation {
                Generation::V2_6 => client.serving = client.enabled() && running,
                Generation::V3 => {
                    client.fields.insert("enable".to_owned(), json!(true));
                    client.serving = running;
                }
                Generation::V2_8 | Generation::V2_9 => {}
            }
        }
        true
    }

    /// Cuts off whoever is over quota or expired: what the panel's poll does, here before every request.
    pub(super) fn enforce_limits(&mut self, now: i64) {
        let generation = self.generation;
        for stat in &mut self.stats {
            let over = stat.total > 0 && stat.up + stat.down >= stat.total;
            let expired = stat.expiry > 0 && stat.expiry <= now;
            if !stat.enable || !(over || expired) {
                continue;
            }
            stat.enable = false;
            stat.depleted = true;
            for client in self.clients.iter_mut().filter(|client| client.email() == stat.email) {
                client.serving = false;
                if matches!(generation, Generation::V2_9 | Generation::V3) {
                    client.fields.insert("enable".to_owned(), json!(false));
                }
            }
        }
    }

    /// Starts xray afresh: its memory is rebuilt from what the panel keeps.
    pub(super) fn start_xray(&mut self) {
        self.xray = Xray { running: true, stale: None };
        let stats = &self.stats;
        for client in &mut self.clients {
            let allowed = stats.iter().find(|stat| stat.email == client.email()).is_none_or(|stat| stat.enable);
            client.serving = client.enabled() && allowed;
        }
    }

    /// Stops xray: nobody is let in.
    pub(super) fn stop_xray(&mut self) {
        self.xray = Xray { running: false, stale: None };
        for client in &mut self.clients {
            client.serving = false;
        }
    }

    /// Removes a client and its traffic row.
    pub(super) fn remove_client(&mut self, email: &str) {
        self.clients.retain(|client| client.email() != email);
        self.stats.retain(|stat| stat.email != email);
    }
}
