//! A client as the panel keeps it, as we want it, and the difference.

use serde_json::{Map, Value, json};
use sha1::{Digest, Sha1};
use uuid::Uuid;

use super::Error;
use crate::domain::drift::Present;

/// What a client shall be: everything we decide about one. The `flow` is not among it, it
/// follows from the inbound.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// The panel-wide key, lower case, `[a-z0-9._-]` only.
    pub email: String,
    /// What the customer's link carries.
    pub uuid: Uuid,
    /// What the customer's subscription link carries.
    pub sub_id: String,
    pub enabled: bool,
    /// Quota in bytes; 0 is unlimited.
    pub total_bytes: i64,
    /// Unix milliseconds; 0 is never, negative is "so many from the first use".
    pub expiry_ms: i64,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // uuid and subscription id are the customer's keys.
        f.debug_struct("Target")
            .field("email", &self.email)
            .field("enabled", &self.enabled)
            .field("total_bytes", &self.total_bytes)
            .field("expiry_ms", &self.expiry_ms)
            .finish_non_exhaustive()
    }
}

impl Target {
    /// The row of a new client.
    pub(super) fn row(&self, flow: &str) -> Value {
        json!({
            "id": self.uuid, "email": self.email, "subId": self.sub_id, "enable": self.enabled,
            "totalGB": self.total_bytes, "expiryTime": self.expiry_ms, "flow": flow,
            "limitIp": 0, "tgId": 0, "comment": "", "reset": 0,
        })
    }
}

/// A client as a panel keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientRecord {
    /// What the customer's link carries.
    pub uuid: Uuid,
    pub email: String,
    /// What the customer's subscription link carries; empty when the panel made none.
    pub sub_id: String,
    /// The switch alone. Whether the client can connect also depends on quota and expiry.
    pub enabled: bool,
    /// Quota in bytes; 0 is unlimited.
    pub total_bytes: i64,
    /// Unix milliseconds; 0 is never, negative is "so many from the first use".
    pub expiry_ms: i64,
    /// As in the link: empty or `xtls-rprx-vision`.
    pub flow: String,
    /// Whether it is on the inbound we sell.
    pub on_inbound: bool,
    /// Whether it is on other inbounds as well; 3.x only.
    pub elsewhere: bool,
    /// The whole row as it came: an update replaces the row, so what we do not know goes back too.
    row: Map<String, Value>,
}

impl std::fmt::Debug for ClientRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.target().fmt(f)
    }
}

/// One thing in which a client is not what it shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// There is no such client.
    Absent,
    /// It is somebody else's, or was made anew by hand.
    Uuid,
    /// Its subscription link is another.
    SubId,
    /// It is switched on or off.
    Enabled,
    Quota,
    Expiry,
    /// Its flow does not fit the inbound.
    Flow,
    /// It exists, but not on the inbound we sell.
    Inbound,
}

impl ClientRecord {
    /// From a row of an inbound's settings (v2); the uuid is `id`.
    pub(super) fn from_v2(row: &Value) -> Result<Self, Error> {
        Self::read(row, "id", On { ours: true, others: false })
    }

    /// From `clients/get` (v3); the uuid is `uuid`, `id` is a row number.
    pub(super) fn from_v3(row: &Value, on: On) -> Result<Self, Error> {
        Self::read(row, "uuid", on)
    }

    /// A row that cannot be read is this client's misfortune, not the panel's: others are sold to.
    fn read(row: &Value, uuid_key: &str, on: On) -> Result<Self, Error> {
        let Value::Object(row) = row else { return Err(Error::unexpected("a client that is not an object")) };
        let wrong = |key: &str| Error::BrokenClient { what: format!("its {key} is missing or of the wrong type") };
        let text = |key: &str| match row.get(key) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(wrong(key)),
        };
        let number = |key: &str| match row.get(key) {
            None | Some(Value::Null) => Ok(0),
            Some(value) => value.as_i64().ok_or_else(|| wrong(key)),
        };
        Ok(Self {
            uuid: key(&text(uuid_key)?).ok_or_else(|| wrong(uuid_key))?,
            email: text("email")?,
            sub_id: text("subId")?,
            enabled: row.get("enable").and_then(Value::as_bool).ok_or_else(|| wrong("enable"))?,
            total_bytes: number("totalGB")?,
            expiry_ms: number("expiryTime")?,
            flow: text("flow")?,
            on_inbound: on.ours,
            elsewhere: on.others,
            row: row.clone(),
        })
    }

    /// What it is now, as a wish: change a field and hand it to an update.
    pub fn target(&self) -> Target {
        Target {
            email: self.email.clone(),
            uuid: self.uuid,
            sub_id: self.sub_id.clone(),
            enabled: self.enabled,
            total_bytes: self.total_bytes,
            expiry_ms: self.expiry_ms,
        }
    }

    /// In what it is not `target`; empty means the panel keeps what we wanted. Says nothing of
    /// the flow, which needs the inbound: see [`super::Snapshot::differs_from`].
    pub fn differs_from(&self, target: &Target) -> Vec<Difference> {
        let checks = [
            (self.uuid != target.uuid, Difference::Uuid),
            (self.sub_id != target.sub_id, Difference::SubId),
            (self.enabled != target.enabled, Difference::Enabled),
            (self.total_bytes != target.total_bytes, Difference::Quota),
            (self.expiry_ms != target.expiry_ms, Difference::Expiry),
            (!self.on_inbound, Difference::Inbound),
        ];
        checks.into_iter().filter_map(|(differs, what)| differs.then_some(what)).collect()
    }

    /// The uuid in the panel's own spelling: 2.x looks a client up by comparing texts.
    pub(super) fn id(&self) -> &str {
        self.row.get("id").and_then(Value::as_str).unwrap_or_default()
    }

    /// The flow it shall have on an inbound where a client can keep `fitting`: its own. What stands
    /// in the customer's app was made for it, and a panel may have had a reason to take it away
    /// (3.7 has inbounds without). Only where no client can have one it goes, unless the client
    /// is on other inbounds too: 3.x keeps one flow for all of them.
    pub(super) fn flow_where(&self, fitting: &str) -> &str {
        if fitting.is_empty() && !self.elsewhere { "" } else { &self.flow }
    }

    /// The whole row with `target` in it, for an update; `fitting` is what [`Self::flow_where`]
    /// takes. Both generations call the uuid `id` in what they receive.
    pub(super) fn changed_to(&self, target: &Target, fitting: &str) -> Value {
        let mut row = self.row.clone();
        row.remove("uuid");
        as_received(&mut row);
        if let Value::Object(wanted) = target.row(self.flow_where(fitting)) {
            for (key, value) in wanted {
                let ours =
                    matches!(key.as_str(), "id" | "email" | "subId" | "enable" | "totalGB" | "expiryTime" | "flow");
                // The same uuid stays in the panel's own spelling.
                let kept = key == "id" && target.uuid == self.uuid && row.get("id").is_some_and(Value::is_string);
                if (ours || !row.contains_key(&key)) && !kept {
                    row.insert(key, value);
                }
            }
        }
        Value::Object(row)
    }
}

/// The longest text that xray takes for a client's key beside a UUID, in bytes.
const LONGEST_KEY: usize = 30;

/// The uuid that a client connects with: of another text, the one that xray derives from it (version 5
/// without a namespace: XTLS/Xray-core, `common/uuid/uuid.go`, `ParseString`).
pub(super) fn key(id: &str) -> Option<Uuid> {
    if let Ok(uuid) = Uuid::try_parse(id) {
        return Some(uuid);
    }
    let named = !id.is_empty() && id.len() <= LONGEST_KEY;
    named.then(|| {
        let digest = Sha1::new().chain_update(Uuid::nil().as_bytes()).chain_update(id).finalize();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest).for_each(|(byte, of)| *byte = of);
        uuid::Builder::from_sha1_bytes(bytes).into_uuid()
    })
}

/// Which inbounds a client is on.
#[derive(Debug, Clone, Copy)]
pub(super) struct On {
    pub(super) ours: bool,
    pub(super) others: bool,
}

/// Gives back in the types a panel takes what it shows, or once kept, in others: 3.x shows
/// `allowedIPs` as a text and takes a list (its `openapi.json`: `ClientRecord` and `Client`), and
/// rows of old panels hold numbers as texts.
fn as_received(row: &mut Map<String, Value>) {
    if let Some(Value::String(listed)) = row.get("allowedIPs") {
        let list: Vec<&str> = listed.split(',').map(str::trim).filter(|address| !address.is_empty()).collect();
        let list = json!(list);
        row.insert("allowedIPs".to_owned(), list);
    }
    for key in ["tgId", "limitIp", "reset"] {
        if let Some(Value::String(number)) = row.get(key) {
            let number = number.trim().parse::<i64>().unwrap_or(0);
            row.insert(key.to_owned(), json!(number));
        }
    }
}

/// A client in a list, with its counter. Clients that are not ours stand there too: what cannot
/// be read of one counts as nothing, but for its name.
pub(super) fn present(
    row: &Value,
    uuid_key: &str,
    counter: Option<&Value>,
    inbounds: Vec<i64>,
) -> Result<Present, Error> {
    let text = |key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
    let number = |from: &Value, key: &str| match from.get(key) {
        // Rows of old panels hold numbers as texts.
        Some(Value::String(text)) => text.trim().parse().unwrap_or(0),
        other => other.and_then(Value::as_i64).unwrap_or(0),
    };
    let used = counter.map_or(0, |counter| number(counter, "up").saturating_add(number(counter, "down")));
    Ok(Present {
        email: text("email").ok_or_else(|| Error::unexpected("a client without a name"))?,
        uuid: text(uuid_key).map(|id| key(&id).map_or(id, |uuid| uuid.to_string())).unwrap_or_default(),
        enabled: row.get("enable").and_then(Value::as_bool).unwrap_or(true),
        expiry_ms: number(row, "expiryTime"),
        quota: u64::try_from(number(row, "totalGB")).unwrap_or(0),
        used: u64::try_from(used).unwrap_or(0),
        inbounds,
    })
}

/// Bytes up and down of a traffic row; no row is no traffic.
pub(super) fn used(traffic: &Value) -> Result<i64, Error> {
    if traffic.is_null() {
        return Ok(0);
    }
    let number = |key: &str| traffic.get(key).and_then(Value::as_i64);
    match (number("up"), number("down")) {
        (Some(up), Some(down)) => Ok(up.saturating_add(down)),
        _ => Err(Error::BrokenClient { what: "its counter has no numbers".to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOLD: On = On { ours: true, others: false };

    fn row() -> Value {
        json!({
            "id": 7, "uuid": "db6cd388-0abf-538a-8503-dd3358d93458", "email": "tk-1", "subId": "s", "enable": true,
            "totalGB": 10, "expiryTime": 20, "flow": "xtls-rprx-vision", "limitIp": 2, "comment": "by hand",
            "invented": {"later": true},
        })
    }

    #[test]
    fn an_update_sends_back_what_we_do_not_know() {
        let record = ClientRecord::from_v3(&row(), SOLD).unwrap();
        let target = Target { total_bytes: 99, uuid: Uuid::from_u128(5), ..record.target() };
        assert_eq!(
            record.changed_to(&target, ""),
            json!({
                "id": Uuid::from_u128(5), "email": "tk-1", "subId": "s", "enable": true, "totalGB": 99,
                "expiryTime": 20, "flow": "", "limitIp": 2, "comment": "by hand", "invented": {"later": true},
                "tgId": 0, "reset": 0,
            })
        );
    }

    #[test]
    fn every_difference_is_named() {
        let record = ClientRecord::from_v3(&row(), On { ours: false, others: true }).unwrap();
        assert_eq!(record.differs_from(&record.target()), [Difference::Inbound]);
        let other = Target {
            email: "tk-1".into(),
            uuid: Uuid::nil(),
            sub_id: "t".into(),
            enabled: false,
            total_bytes: 0,
            expiry_ms: 0,
        };
        let all = [
            Difference::Uuid,
            Difference::SubId,
            Difference::Enabled,
            Difference::Quota,
            Difference::Expiry,
            Difference::Inbound,
        ];
        assert_eq!(record.differs_from(&other), all);
    }

    #[test]
    fn a_row_of_wrong_types_is_said_to_be_so() {
        let mut broken = row();
        broken["totalGB"] = json!("50");
        assert_eq!(
            ClientRecord::from_v3(&broken, SOLD).unwrap_err().to_string(),
            "the panel keeps the client in a way nobody can read: its totalGB is missing or of the wrong type"
        );
    }

    #[test]
    fn what_a_panel_shows_goes_back_in_the_type_it_takes() {
        let sent = |key: &str, value: Value| {
            let mut row = row();
            row[key] = value;
            let record = ClientRecord::from_v3(&row, SOLD).unwrap();
            record.changed_to(&record.target(), "xtls-rprx-vision")[key].clone()
        };
        assert_eq!(sent("allowedIPs", json!("")), json!([]));
        assert_eq!(sent("allowedIPs", json!("10.0.0.2/32, fd00::2/128")), json!(["10.0.0.2/32", "fd00::2/128"]));
        assert_eq!(sent("allowedIPs", json!(["10.0.0.2/32"])), json!(["10.0.0.2/32"]));
        for (key, kept, number) in [("tgId", "", 0), ("limitIp", "3", 3), ("reset", " 7 ", 7)] {
            assert_eq!(sent(key, json!(kept)), json!(number), "{key}");
        }
        assert_eq!(sent("limitIp", json!(2)), json!(2));
    }

    #[test]
    fn a_key_that_is_no_uuid_is_the_one_xray_derives() {
        // The first pair stands in xray's documentation of VLESS.
        let love = "\u{6211}\u{7231}\u{1F349}\u{8001}\u{5E08}1314";
        let of = |id: &str| key(id).map(|uuid| uuid.to_string());
        assert_eq!(of(love).as_deref(), Some("5783a3e7-e373-51cd-8642-c83782b807c5"));
        assert_eq!(of("example").as_deref(), Some("feb54431-301b-52bb-a6dd-e1e93e81bb9e"));
        assert_eq!(of("db6cd388-0abf-538a-8503-dd3358d93458").as_deref(), Some("db6cd388-0abf-538a-8503-dd3358d93458"));
        assert_eq!((of(""), of(&"x".repeat(31))), (None, None));
    }

    #[test]
    fn a_client_keeps_the_flow_its_link_was_made_with() {
        let with = |flow: &str, others: bool| {
            let mut row = row();
            row["flow"] = json!(flow);
            ClientRecord::from_v3(&row, On { ours: true, others }).unwrap()
        };
        let vision = "xtls-rprx-vision";
        assert_eq!(with("", false).flow_where(vision), "");
        assert_eq!(with(vision, false).flow_where(vision), vision);
        assert_eq!(with(vision, false).flow_where(""), "");
        assert_eq!(with(vision, true).flow_where(""), vision, "it may need it on its other inbound");
    }

    #[test]
    fn debug_shows_no_key_of_the_customer() {
        let shown = format!("{:?}", ClientRecord::from_v3(&row(), SOLD).unwrap());
        assert!(!shown.contains("db6cd388") && shown.contains("tk-1"), "{shown}");
    }
}
