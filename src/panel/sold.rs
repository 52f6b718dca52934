//! The inbound we sell, as it was read last.

use serde::Deserialize;
use serde_json::Value;

use super::Inbound;
use crate::domain::Millis;

/// An inbound as it was read.
#[derive(Clone)]
pub(super) struct Sold {
    pub(super) inbound: Inbound,
    pub(super) dear: bool,
    pub(super) read: Millis,
    /// Its row in the short list of 3.x at that time.
    pub(super) short: Option<Short>,
    /// Whether the last look found that it can be sold.
    pub(super) fit: bool,
}

/// An inbound's row in the short list of 3.x.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Short {
    pub(super) id: i64,
    pub(super) protocol: String,
    pub(super) enable: bool,
    #[serde(default)]
    pub(super) port: Value,
    #[serde(default)]
    pub(super) listen: Value,
    #[serde(default)]
    pub(super) remark: Value,
    #[serde(default, rename = "tlsFlowCapable")]
    pub(super) carries_flow: Value,
}
