//! The panel's own state over HTTP: status, xray, settings.

use serde_json::{Value, json};

use super::Generation;
use super::answer::{self, Handled};
use super::call::Call;
use super::state::{State, Xray};

/// The panel's own id on 3.x; every inbound of its own carries it.
pub(super) const PANEL_GUID: &str = "1d81837b-6f6d-4422-8799-1b2e178bb8e7";

/// How long `status` lags behind xray, milliseconds.
const STATUS_LAG: i64 = 2000;

/// `server/status`.
pub(super) fn status(state: &mut State, call: &Call) -> Handled {
    let running = match state.xray.stale {
        Some((shown, until)) if call.now < until => shown,
        _ => state.xray.running,
    };
    let version = match state.generation {
        Generation::V2_6 => "25.8.29",
        Generation::V2_8 => "26.2.6",
        Generation::V2_9 => "26.3.27",
        Generation::V3 => "26.7.28",
    };
    let xray = json!({ "state": if running { "running" } else { "stop" }, "errorMsg": "", "version": version });
    let mut obj = json!({
        "cpu": 12.5, "cpuCores": 2, "logicalPro": 2, "cpuSpeedMhz": 2596.134,
        "mem": { "current": 1_361_358_848, "total": 25_276_502_016_i64 }, "swap": { "current": 0, "total": 0 },
        "disk": { "current": 23_845_429_248_i64, "total": 270_553_174_016_i64 }, "uptime": 2208,
        "loads": [1.5, 1.25, 1.125], "tcpCount": 84, "udpCount": 0, "netIO": { "up": 995, "down": 995 },
        "netTraffic": { "sent": 4_349_800, "recv": 991_499_477 }, "publicIP": { "ipv4": "N/A", "ipv6": "N/A" },
        "appStats": { "threads": 20, "mem": 76_869_632, "uptime": 3 },
    });
    obj["xray"] = xray;
    if state.generation == Generation::V3 {
        obj["diskIO"] = json!({ "read": 0, "write": 0 });
        obj["diskTraffic"] = json!({ "read": 0, "write": 0 });
        if let Some(version) = &state.version {
            obj["panelVersion"] = json!(version);
        }
        obj["panelGuid"] = json!(PANEL_GUID);
        obj["netIO"] = json!({ "up": 995, "down": 995, "pktUp": 12, "pktDown": 12 });
        obj["netTraffic"] = json!({ "sent": 4_349_800, "recv": 991_499_477, "pktSent": 38126, "pktRecv": 56339 });
    }
    Ok(answer::object(obj))
}

/// `server/stopXrayService`: stays stopped until restarted; `status` notices two seconds later.
pub(super) fn stop_xray(state: &mut State, call: &Call) -> Handled {
    let was = state.xray.running;
    state.stop_xray();
    state.xray = Xray { running: false, stale: Some((was, call.now + STATUS_LAG)) };
    Ok(answer::done("Xray has been successfully stopped."))
}

/// `server/restartXrayService`.
pub(super) fn restart_xray(state: &mut State, _: &Call) -> Handled {
    state.start_xray();
    Ok(answer::done("Xray has been successfully relaunched."))
}

/// `setting/restartPanel`: answers first; sessions survive; on 2.x xray is restarted with it.
pub(super) fn restart_panel(state: &mut State, _: &Call) -> Handled {
    if state.generation != Generation::V3 {
        state.start_xray();
    }
    Ok(answer::done("The panel was successfully restarted."))
}

/// `server/getNewUUID` of 3.x.
pub(super) fn new_uuid(_: &mut State, _: &Call) -> Handled {
    Ok(answer::object(json!({ "uuid": uuid::Uuid::new_v4().to_string() })))
}

/// `setting/defaultSettings`: `subURI` is built from the host of the call.
pub(super) fn default_settings(state: &mut State, call: &Call) -> Handled {
    let uri = |kind: &str| format!("{}://{}:{}/{kind}/", state.scheme, call.host(), state.sub_port);
    let mut obj = json!({
        "datepicker": "gregorian", "defaultCert": "", "defaultKey": "", "expireDiff": 0, "ipLimitEnable": false,
        "pageSize": 25, "subEnable": true, "subJsonURI": "", "subTitle": "", "tgBotEnable": false, "trafficDiff": 0,
    });
    obj["subURI"] = json!(uri("sub"));
    let mut set = |name: &str, value: Value| obj[name] = value;
    if state.generation != Generation::V3 {
        set("remarkModel", json!("-ieo"));
    }
    if state.generation != Generation::V2_6 {
        set("subJsonEnable", json!(false));
    }
    match state.generation {
        Generation::V2_6 => {
            set("pageSize", json!(50));
            set("subJsonURI", json!(uri("json")));
        }
        Generation::V2_8 => {}
        Generation::V2_9 => {
            set("subClashEnable", json!(true));
            set("subClashURI", json!(uri("clash")));
        }
        Generation::V3 => {
            set("ipLimitEnable", json!(true));
            for name in ["accessLogEnable", "devChannelEnable", "isDevBuild", "subClashEnable"] {
                set(name, json!(false));
            }
            for name in ["subClashURI", "subDomain", "subThemeDir", "webDomain"] {
                set(name, json!(""));
            }
        }
    }
    Ok(answer::object(obj))
}
