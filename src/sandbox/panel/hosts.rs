//! Hosts of 3.4 and later: groups of addresses by which customers reach an inbound, in the shape of the
//! panel's own `openapi.json` (`HostGroup`).

use serde_json::{Value, json};

use super::Panel;
use super::answer::{self, Handled};
use super::call::Call;
use super::state::State;

/// `GET hosts/list`: all groups.
pub(super) fn list(state: &mut State, _: &Call) -> Handled {
    Ok(answer::object(json!(state.hosts)))
}

/// `GET hosts/byInbound/:id`: the groups of one inbound.
pub(super) fn by_inbound(state: &mut State, call: &Call) -> Handled {
    let id: i64 = call.segment(4).parse().unwrap_or(-1);
    let of_it = |group: &&Value| group["inboundIds"].as_array().is_some_and(|ids| ids.contains(&json!(id)));
    Ok(answer::object(state.hosts.iter().filter(of_it).cloned().collect()))
}

/// A group as the panel keeps it when only this was filled in.
fn group(filled: &Value) -> Value {
    let mut group = json!({
        "groupId": "g", "remark": "", "serverDescription": "", "hosts": [], "inboundIds": [1], "port": 0,
        "security": "same", "sni": "", "overrideSniFromAddress": false, "keepSniBlank": false, "hostHeader": "",
        "path": "", "fingerprint": "", "alpn": [], "echConfigList": "", "pinnedPeerCertSha256": [],
        "verifyPeerCertByName": "", "allowInsecure": false, "vlessRoute": "", "finalMask": "", "muxParams": "",
        "sockoptParams": "", "mihomoIpVersion": "dual", "mihomoX25519": false, "shuffleHost": false, "nodeGuids": [],
        "tags": [], "excludeFromSubTypes": [], "isDisabled": false, "isHidden": false, "sortOrder": 0,
    });
    for (name, value) in filled.as_object().into_iter().flatten() {
        group[name] = value.clone();
    }
    group
}

impl Panel {
    /// Replaces all groups of hosts; what a group does not say is as the panel's page leaves it.
    pub fn set_hosts(&self, groups: &[Value]) {
        let groups = groups.iter().map(group).collect();
        self.change(|state| state.hosts = groups);
    }
}
