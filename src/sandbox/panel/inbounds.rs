//! Inbounds over HTTP: list, get and add, in the shape of each generation.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::Generation;
use super::answer::{self, Handled, Refusal};
use super::call::Call;
use super::state::{Client, Inbound, Stat, State};

/// `GET inbounds/list`.
pub(super) fn list(state: &mut State, _: &Call) -> Handled {
    Ok(answer::object(state.inbounds.iter().map(|inbound| listed(state, inbound)).collect()))
}

fn listed(state: &State, inbound: &Inbound) -> Value {
    let mut row = shown(state, inbound);
    row["clientStats"] = stats_of(state, inbound.id);
    if state.generation == Generation::V3 {
        row["originNodeGuid"] = json!(super::server::PANEL_GUID);
        if let Some(master) = state.inbounds.iter().find(|master| leads_to(master, inbound)) {
            row["fallbackParent"] = json!({ "masterId": master.id, "path": "" });
        }
    }
    row
}

/// Whether one inbound hands connections on to another. 3.x keeps these pairs in a table, from which it
/// writes the fallbacks of the first.
fn leads_to(master: &Inbound, child: &Inbound) -> bool {
    let fallbacks = master.settings.get("fallbacks").and_then(Value::as_array);
    let here = [child.listen.clone(), format!("{}:{}", child.listen, child.port), child.port.to_string()];
    let leads = |fallback: &Value| match &fallback["dest"] {
        Value::String(dest) => !dest.is_empty() && here.contains(dest),
        dest => dest.as_i64() == Some(child.port),
    };
    master.id != child.id && fallbacks.is_some_and(|fallbacks| fallbacks.iter().any(leads))
}

/// `GET inbounds/list/slim` of 3.x: of the clients only what a list shows.
pub(super) fn slim(state: &mut State, _: &Call) -> Handled {
    let rows = state.inbounds.iter().map(|inbound| {
        let mut row = listed(state, inbound);
        for client in row["settings"]["clients"].as_array_mut().into_iter().flatten() {
            *client = json!({ "email": client["email"], "enable": client["enable"], "comment": client["comment"] });
        }
        row
    });
    Ok(answer::object(rows.collect()))
}

/// `GET inbounds/get/:id`; only 3.x fills `clientStats` here.
pub(super) fn get(state: &mut State, call: &Call) -> Handled {
    let wanted = call.segment(4);
    let id: i64 = wanted
        .parse()
        .map_err(|_| Refusal::with_prefix("", format!("strconv.Atoi: parsing \"{wanted}\": invalid syntax")))?;
    let inbound = state.inbound(id).ok_or_else(|| Refusal::with_prefix("Obtain", "record not found"))?;
    let mut row = shown(state, inbound);
    if state.generation == Generation::V3 {
        row["clientStats"] = stats_of(state, id);
    }
    Ok(answer::object(row))
}

/// `GET inbounds/options` of 3.x: the light list.
pub(super) fn options(state: &mut State, _: &Call) -> Handled {
    let rows = state.inbounds.iter().map(|inbound| {
        let text = |name: &str| inbound.stream.get(name).and_then(Value::as_str).unwrap_or_default();
        let flow = text("network") == "tcp" && matches!(text("security"), "tls" | "reality");
        json!({
            "id": inbound.id, "remark": inbound.remark, "tag": tag(state.generation, inbound),
            "protocol": inbound.protocol, "port": inbound.port, "enable": inbound.enable,
            "tlsFlowCapable": flow, "ssMethod": "", "listen": inbound.listen,
        })
    });
    Ok(answer::object(rows.collect()))
}

/// `POST inbounds/add`, JSON or form.
pub(super) fn add(state: &mut State, call: &Call) -> Handled {
    let fields = match call.fields() {
        Ok(fields) => fields,
        Err(error) if state.generation == Generation::V3 => return Ok(invalid(json!([]), &error)),
        Err(error) => return Err(Refusal::with_prefix("Inbound has been successfully created.", error)),
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let protocol = text("protocol");
    if state.generation == Generation::V3 && !PROTOCOLS.split(' ').any(|known| known == protocol) {
        let message = "Key: 'Inbound.protocol' Error:Field validation for 'protocol' failed on the 'oneof' tag";
        let issue = json!({ "field": "protocol", "rule": "oneof", "param": PROTOCOLS, "message": message });
        return Ok(invalid(json!([issue]), message));
    }
    let port = fields.get("port").and_then(Value::as_i64).unwrap_or_default();
    if let Some(other) = state.inbounds.iter().find(|inbound| inbound.port == port) {
        return Err(port_in_use(state.generation, other));
    }
    let mut settings = object_of(fields.get("settings"));
    let clients = settings.remove("clients");
    let inbound = Inbound {
        id: state.inbounds.iter().map(|inbound| inbound.id).max().unwrap_or_default() + 1,
        enable: fields.get("enable").and_then(Value::as_bool).unwrap_or(false),
        remark: text("remark"),
        listen: text("listen"),
        port,
        protocol,
        settings,
        stream: Value::Object(object_of(fields.get("streamSettings"))),
        sniffing: Value::Object(object_of(fields.get("sniffing"))),
        traffic_reset_at: 0,
    };
    let id = inbound.id;
    state.inbounds.push(inbound.clone());
    for client in clients.as_ref().and_then(Value::as_array).into_iter().flatten() {
        let Value::Object(fields) = client else { continue };
        let fields = decoded_client(state.generation, fields.clone(), call.now);
        state.insert_client(id, fields);
    }
    Ok(answer::success("Inbound has been successfully created.", shown(state, &inbound)))
}

const PROTOCOLS: &str = "vmess vless trojan shadowsocks wireguard hysteria http mixed tunnel tun mtproto";

fn invalid(issues: Value, message: &str) -> answer::Answer {
    let mut body = json!({ "success": false, "msg": "request body failed validation", "obj": { "message": message } });
    body["obj"]["issues"] = issues;
    answer::json_body(&body)
}

fn port_in_use(generation: Generation, other: &Inbound) -> Refusal {
    if generation == Generation::V3 {
        let Inbound { port, remark, id, listen, .. } = other;
        return Refusal::wrong(format!("port {port} (tcp) already used by inbound '{remark}' (#{id}) on {listen}\n"));
    }
    Refusal::wrong(format!("Port already exists: {}\n", other.port))
}

/// A JSON object given as such or as text.
fn object_of(value: Option<&Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(fields)) => fields.clone(),
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        _ => Map::new(),
    }
}

/// Clients given with a new inbound pass through the panel's own struct, which adds and drops empty fields.
fn decoded_client(generation: Generation, mut fields: Map<String, Value>, now: i64) -> Map<String, Value> {
    fields.entry("security").or_insert(json!(""));
    if generation == Generation::V2_9 {
        if fields.get("flow").and_then(Value::as_str) == Some("") {
            fields.remove("flow");
        }
    } else {
        fields.entry("password").or_insert(json!(""));
    }
    let seconds = now / 1000 * 1000;
    fields.insert("created_at".to_owned(), json!(seconds));
    fields.insert("updated_at".to_owned(), json!(seconds));
    fields
}

/// The tag each generation makes up.
fn tag(generation: Generation, inbound: &Inbound) -> String {
    match generation {
        Generation::V3 => format!("in-{}-tcp", inbound.port),
        _ if inbound.listen.is_empty() => format!("inbound-{}", inbound.port),
        _ => format!("inbound-{}:{}", inbound.listen, inbound.port),
    }
}

/// `settings` with the inbound's clients in it.
pub(super) fn settings_of(state: &State, inbound: &Inbound) -> Value {
    let mut settings = inbound.settings.clone();
    let clients = state.clients_of(inbound.id).map(|client| Value::Object(client.fields.clone()));
    settings.insert("clients".to_owned(), clients.collect());
    Value::Object(settings)
}

/// One inbound without traffic rows.
fn shown(state: &State, inbound: &Inbound) -> Value {
    let v3 = state.generation == Generation::V3;
    // The one visible difference until 3.1: these three were JSON text inside a JSON string.
    let nested = |value: Value| {
        if v3 { value } else { json!(serde_json::to_string_pretty(&value).unwrap_or_default()) }
    };
    let mut row = json!({
        "id": inbound.id, "up": 0, "down": 0, "total": 0, "remark": inbound.remark, "enable": inbound.enable,
        "expiryTime": 0, "clientStats": null, "listen": inbound.listen, "port": inbound.port,
        "protocol": inbound.protocol, "tag": tag(state.generation, inbound),
    });
    row["settings"] = nested(settings_of(state, inbound));
    row["streamSettings"] = nested(inbound.stream.clone());
    row["sniffing"] = nested(inbound.sniffing.clone());
    if v3 {
        row["subSortIndex"] = json!(1);
        row["trafficResetDay"] = json!(1);
        row["shareAddrStrategy"] = json!("node");
        row["shareAddr"] = json!("");
    } else {
        row["allTime"] = json!(0);
    }
    if state.generation != Generation::V2_6 {
        row["trafficReset"] = json!("never");
        row["lastTrafficResetTime"] = json!(inbound.traffic_reset_at);
    }
    row
}

fn stats_of(state: &State, inbound: i64) -> Value {
    let clients: HashMap<&str, &Client> = state.clients.iter().map(|client| (client.email(), client)).collect();
    let of_inbound = |stat: &&Stat| match state.generation {
        Generation::V3 => clients.get(stat.email.as_str()).is_some_and(|client| client.inbounds.contains(&inbound)),
        _ => stat.inbound == inbound,
    };
    let rows = state.stats.iter().filter(of_inbound);
    rows.map(|stat| shown_stat(state, stat, clients.get(stat.email.as_str()).copied())).collect()
}

/// A traffic row; `client` supplies uuid and subscription id where the generation shows them.
pub(super) fn shown_stat(state: &State, stat: &Stat, client: Option<&Client>) -> Value {
    let mut row = json!({
        "id": stat.id, "inboundId": stat.inbound, "enable": stat.enable, "email": stat.email,
        "up": stat.up, "down": stat.down, "expiryTime": stat.expiry, "total": stat.total, "reset": stat.reset,
    });
    if state.generation != Generation::V3 {
        row["allTime"] = json!(stat.all_time);
    }
    if state.generation != Generation::V2_6 {
        row["uuid"] = json!(client.map(|client| client.text("id")).unwrap_or_default());
        row["subId"] = json!(client.map(|client| client.text("subId")).unwrap_or_default());
        row["lastOnline"] = json!(0);
    }
    row
}
