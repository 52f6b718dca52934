//! A client as the panel keeps it, as we want it, and the difference.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Error;

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
    /// Whether it may connect.
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
    /// The panel-wide key.
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
    /// Its quota is another.
    Quota,
    /// Its expiry is another.
    Expiry,
    /// Its flow does not fit the inbound.
    Flow,
    /// It exists, but not on the inbound we sell.
    Inbound,
}

impl ClientRecord {
    /// From a row of an inbound's settings (v2); the uuid is `id`.
    pub(super) fn from_v2(row: &Value) -> Result<Self, Error> {
        Self::read(row, "id", true)
    }

    /// From `clients/get` (v3); the uuid is `uuid`, `id` is a row number.
    pub(super) fn from_v3(row: &Value, on_inbound: bool) -> Result<Self, Error> {
        Self::read(row, "uuid", on_inbound)
    }

    fn read(row: &Value, uuid_key: &str, on_inbound: bool) -> Result<Self, Error> {
        let Value::Object(row) = row else { return Err(Error::unexpected("a client that is not an object")) };
        let wrong = |key: &str| Error::unexpected(format!("a client whose {key} is missing or of the wrong type"));
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
            uuid: Uuid::try_parse(&text(uuid_key)?).map_err(|_| wrong(uuid_key))?,
            email: text("email")?,
            sub_id: text("subId")?,
            enabled: row.get("enable").and_then(Value::as_bool).ok_or_else(|| wrong("enable"))?,
            total_bytes: number("totalGB")?,
            expiry_ms: number("expiryTime")?,
            flow: text("flow")?,
            on_inbound,
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

    /// The whole row with `target` and `flow` in it, for an update. Both generations call the
    /// uuid `id` in what they receive.
    pub(super) fn changed_to(&self, target: &Target, flow: &str) -> Value {
        let mut row = self.row.clone();
        row.remove("uuid");
        if let Value::Object(wanted) = target.row(flow) {
            for (key, value) in wanted {
                let ours =
                    matches!(key.as_str(), "id" | "email" | "subId" | "enable" | "totalGB" | "expiryTime" | "flow");
                if ours || !row.contains_key(&key) {
                    row.insert(key, value);
                }
            }
        }
        Value::Object(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Value {
        json!({
            "id": 7, "uuid": "db6cd388-0abf-538a-8503-dd3358d93458", "email": "tk-1", "subId": "s", "enable": true,
            "totalGB": 10, "expiryTime": 20, "flow": "xtls-rprx-vision", "limitIp": 2, "comment": "by hand",
            "invented": {"later": true},
        })
    }

    #[test]
    fn an_update_sends_back_what_we_do_not_know() {
        let record = ClientRecord::from_v3(&row(), true).unwrap();
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
        let record = ClientRecord::from_v3(&row(), false).unwrap();
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
            ClientRecord::from_v3(&broken, true).unwrap_err().to_string(),
            "the panel answered something unexpected: a client whose totalGB is missing or of the wrong type"
        );
    }

    #[test]
    fn debug_shows_no_key_of_the_customer() {
        let shown = format!("{:?}", ClientRecord::from_v3(&row(), true).unwrap());
        assert!(!shown.contains("db6cd388") && shown.contains("tk-1"), "{shown}");
    }
}
