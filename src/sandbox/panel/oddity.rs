//! What people do to a panel by hand, and leave behind.

use serde_json::{Value, json};

use super::Panel;
use super::call::Fault;
use super::state::{Client, Stat};

/// What the other program puts before a subscription id.
const SPOILT: &str = "spoilt-";

impl Panel {
    /// Fills an inbound with strangers, each with a comment as interfaces write them.
    pub fn crowd(&self, inbound_id: i64, clients: usize) {
        let now = self.shared.now();
        self.change(|state| {
            for n in 0..clients {
                let fields = json!({
                    "id": format!("00000000-0000-4000-8000-{n:012x}"), "email": format!("stranger-{n}@example.com"),
                    "subId": format!("{n:016x}"), "enable": true, "flow": "", "totalGB": 53_687_091_200_i64,
                    "expiryTime": now + 86_400_000, "limitIp": 0, "tgId": 0, "reset": 0, "created_at": now,
                    "updated_at": now, "comment": format!("{{\"n\": {n}, \"seller\": \"by hand <b>\"}}"),
                });
                let Value::Object(fields) = fields else { continue };
                let email = format!("stranger-{n}@example.com");
                let (record, id) = (state.next_record, state.next_stat);
                (state.next_record, state.next_stat) = (record + 1, id + 1);
                state.clients.push(Client { record, inbounds: vec![inbound_id], serving: true, fields });
                let (expiry, total) = (now + 86_400_000, 53_687_091_200);
                let (enable, depleted, reset) = (true, false, 0);
                let (up, down, all_time) = (0, 0, 0);
                let inbound = inbound_id;
                state.stats.push(Stat {
                    id,
                    inbound,
                    email,
                    enable,
                    up,
                    down,
                    all_time,
                    expiry,
                    total,
                    reset,
                    depleted,
                });
            }
        });
    }

    pub fn disperse(&self) {
        self.change(|state| {
            state.clients.retain(|client| !client.email().starts_with("stranger-"));
            state.stats.retain(|stat| !stat.email.starts_with("stranger-"));
        });
    }

    /// Another program changes the subscription id of every client of ours as soon as anybody looks: what is
    /// written is never kept as it was.
    pub fn spoils_what_is_written(&self) {
        let panel = self.clone();
        self.on_request(move |request| {
            if request.method == "GET" {
                panel.change(|state| {
                    for client in state.clients.iter_mut().filter(|client| client.email().starts_with("tk-")) {
                        let kept = client.text("subId").trim_start_matches(SPOILT).to_owned();
                        client.fields.insert("subId".to_owned(), json!(format!("{SPOILT}{kept}")));
                    }
                });
            }
            Fault::None
        });
    }

    /// It is stopped, and what it changed is put back.
    pub fn spoils_no_more(&self) {
        self.clear_faults();
        self.change(|state| {
            for client in &mut state.clients {
                let kept = client.text("subId").trim_start_matches(SPOILT).to_owned();
                client.fields.insert("subId".to_owned(), json!(kept));
            }
        });
    }

    /// Removes a client by hand as the interface of 3.x does: its counter stays behind.
    pub fn remove_client_keeping_its_counter(&self, email: &str) {
        self.change(|state| state.clients.retain(|client| client.email() != email));
    }
}
