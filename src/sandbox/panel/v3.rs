//! Client routes of 3.1 and later: one record per e-mail, attached to any number of inbounds.

use serde_json::{Map, Value, json};

use super::answer::{self, Handled, Refusal, go_int, go_kind, parse_json};
use super::call::Call;
use super::inbounds::shown_stat;
use super::link;
use super::state::{Client, State};

/// Text fields of a client record, in the panel's own names.
const TEXTS: [&str; 12] = [
    "password",
    "auth",
    "flow",
    "security",
    "privateKey",
    "publicKey",
    "preSharedKey",
    "secret",
    "adTag",
    "group",
    "comment",
    "subId",
];
/// A list in what is received and a text in what is shown, joined by commas.
const ADDRESSES: &str = "allowedIPs";
/// Integer fields of a client record.
const INTEGERS: [&str; 6] = ["keepAlive", "limitIp", "totalGB", "expiryTime", "tgId", "reset"];

fn obtain_not_found() -> Refusal {
    Refusal::with_prefix("Obtain", "record not found")
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The fields a record keeps of what was sent: known names only, missing ones at Go's zero.
pub(super) fn kept(sent: &Map<String, Value>) -> Map<String, Value> {
    let mut fields: Map<String, Value> =
        TEXTS.iter().map(|name| ((*name).to_owned(), json!(text(sent, name)))).collect();
    for name in INTEGERS {
        fields.insert(name.to_owned(), json!(sent.get(name).and_then(Value::as_i64).unwrap_or_default()));
    }
    for name in ["id", "email"] {
        fields.insert(name.to_owned(), json!(text(sent, name)));
    }
    let addresses = sent.get(ADDRESSES).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    fields.insert(ADDRESSES.to_owned(), json!(addresses.collect::<Vec<_>>().join(",")));
    fields.insert("enable".to_owned(), json!(sent.get("enable").and_then(Value::as_bool).unwrap_or(false)));
    fields
}

/// Go reads a body into a struct: a field of another JSON type refuses all of it.
fn check_types(fields: &Map<String, Value>, owner: &str) -> Result<(), Refusal> {
    let wrong = |kind: &str, name: &str, wanted: &str| {
        Refusal::wrong(format!("json: cannot unmarshal {kind} into Go struct field {owner}{name} of type {wanted}"))
    };
    for name in INTEGERS {
        go_int(fields, name).map_err(|kind| wrong(kind, name, "int64"))?;
    }
    let is = |name: &str, fits: fn(&Value) -> bool| fields.get(name).is_none_or(|value| value.is_null() || fits(value));
    let kind = |name: &str| fields.get(name).map_or("null", go_kind);
    for name in TEXTS.into_iter().chain(["id", "email"]) {
        if !is(name, Value::is_string) {
            return Err(wrong(kind(name), name, "string"));
        }
    }
    if !is("enable", Value::is_boolean) {
        return Err(wrong(kind("enable"), "enable", "bool"));
    }
    if !is(ADDRESSES, Value::is_array) {
        return Err(wrong(kind(ADDRESSES), ADDRESSES, "[]string"));
    }
    Ok(())
}

fn check_email(email: &str) -> Result<(), Refusal> {
    if email.is_empty() {
        return Err(Refusal::wrong("client email is required\n"));
    }
    if email.contains([' ', '/', '\\']) || email.chars().any(char::is_control) {
        return Err(Refusal::wrong(format!("client email contains an invalid character: {email}\n")));
    }
    Ok(())
}

/// Inbound numbers of a body.
fn inbound_ids(body: &Value) -> Vec<i64> {
    body["inboundIds"].as_array().into_iter().flatten().filter_map(Value::as_i64).collect()
}

/// `POST clients/add {"client":{…},"inboundIds":[…]}`.
///
/// The same e-mail with the same subscription id again is taken for a repeated call: success, nothing new.
pub(super) fn add(state: &mut State, call: &Call) -> Handled {
    let body = parse_json(&call.body).map_err(Refusal::wrong)?;
    let sent = body["client"].as_object().cloned().unwrap_or_default();
    check_types(&sent, "Client.client.")?;
    let (email, sub_id) = (text(&sent, "email").to_owned(), text(&sent, "subId").to_owned());
    check_email(&email)?;
    let inbounds = inbound_ids(&body);
    if inbounds.is_empty() {
        return Err(Refusal::wrong("at least one inbound is required\n"));
    }
    if let Some(known) = state.client(&email) {
        if known.text("subId") != sub_id {
            return Err(Refusal::wrong(format!("email already in use: {email}\n")));
        }
        return attach_to(state, &email, &inbounds).map(|()| answer::done("Inbound client(s) have been added."));
    }
    if !sub_id.is_empty() && state.clients.iter().any(|client| client.text("subId") == sub_id) {
        return Err(Refusal::wrong(format!("subId already in use: {sub_id}\n")));
    }
    if state.email_taken(&email) {
        return Err(Refusal::wrong(format!("Duplicate email: {email}\n")));
    }
    create(state, &sent, &inbounds, call.now)?;
    Ok(answer::done("Inbound client(s) have been added."))
}

/// Makes the client on one inbound after the other; a missing one ends it, what was made stays.
fn create(state: &mut State, sent: &Map<String, Value>, inbounds: &[i64], now: i64) -> Result<(), Refusal> {
    let mut fields = kept(sent);
    for name in ["id", "subId"] {
        if text(&fields, name).is_empty() {
            fields.insert(name.to_owned(), json!(uuid::Uuid::new_v4().to_string()));
        }
    }
    // `enable:false` is not looked at here; observed on real panels.
    fields.insert("enable".to_owned(), json!(true));
    fields.insert("created_at".to_owned(), json!(now));
    fields.insert("updated_at".to_owned(), json!(now / 1000 * 1000));
    let (first, others) = inbounds.split_first().ok_or_else(Refusal::not_found)?;
    state.inbound(*first).ok_or_else(Refusal::not_found)?;
    let email = text(&fields, "email").to_owned();
    state.insert_client(*first, fields);
    attach_to(state, &email, others)
}

fn attach_to(state: &mut State, email: &str, inbounds: &[i64]) -> Result<(), Refusal> {
    for id in inbounds {
        state.inbound(*id).ok_or_else(Refusal::not_found)?;
        if let Some(client) = state.client_mut(email)
            && !client.inbounds.contains(id)
        {
            client.inbounds.push(*id);
            // The panel's upsert uses up a row number although the row exists.
            state.next_stat += 1;
            if let Some(stat) = state.stat_mut(email) {
                stat.inbound = *id;
            }
        }
    }
    Ok(())
}

/// `POST clients/update/:email`: keeps uuid, subscription id and e-mail, replaces all else by what was sent.
pub(super) fn update(state: &mut State, call: &Call) -> Handled {
    let old_email = call.segment(4);
    let body = parse_json(&call.body).map_err(Refusal::wrong)?;
    let sent = body.as_object().cloned().unwrap_or_default();
    check_types(&sent, "Client.")?;
    let email = text(&sent, "email").to_owned();
    check_email(&email)?;
    let known = state.client(&old_email).ok_or_else(Refusal::not_found)?;
    if !email.eq_ignore_ascii_case(&old_email) && state.email_taken(&email) {
        return Err(Refusal::wrong(format!("Duplicate email: {email}\n")));
    }
    let mut fields = kept(&sent);
    for name in ["id", "subId"] {
        if text(&fields, name).is_empty() {
            fields.insert(name.to_owned(), json!(known.text(name)));
        }
    }
    fields.insert("created_at".to_owned(), json!(known.int("created_at")));
    fields.insert("updated_at".to_owned(), json!(call.now));
    if let Some(client) = state.client_mut(&old_email) {
        client.fields = fields;
    }
    state.sync_client(&old_email, &email);
    Ok(answer::done("Inbound client has been updated."))
}

/// `POST clients/del/:email`.
pub(super) fn delete(state: &mut State, call: &Call) -> Handled {
    let email = call.segment(4);
    if state.client(&email).is_none() {
        return Err(Refusal::wrong(format!("client \"{email}\" not found in any inbound or client record\n")));
    }
    if call.query_value("keepTraffic").as_deref() == Some("1") {
        state.clients.retain(|client| client.email() != email);
    } else {
        state.remove_client(&email);
    }
    Ok(answer::done("Inbound client has been deleted."))
}

/// `POST clients/bulkEnable` and `bulkDisable {"emails":[…]}`: touches the switch and nothing else.
fn bulk_switch(state: &mut State, call: &Call, on: bool) -> Handled {
    let body = parse_json(&call.body).map_err(Refusal::wrong)?;
    let running = state.xray.running;
    let (mut changed, mut skipped) = (0, Vec::new());
    for email in body["emails"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let Some(client) = state.client_mut(email) else {
            skipped.push(json!({ "email": email, "reason": "client not found" }));
            continue;
        };
        client.fields.insert("enable".to_owned(), json!(on));
        client.fields.insert("updated_at".to_owned(), json!(call.now));
        client.serving = on && running;
        if let Some(stat) = state.stat_mut(email) {
            stat.enable = on;
            stat.depleted = false;
        }
        changed += 1;
    }
    let mut result = json!({ "changed": changed });
    if !skipped.is_empty() {
        result["skipped"] = json!(skipped);
    }
    Ok(answer::object(result))
}

/// `POST clients/bulkEnable`.
pub(super) fn bulk_enable(state: &mut State, call: &Call) -> Handled {
    bulk_switch(state, call, true)
}

/// `POST clients/bulkDisable`.
pub(super) fn bulk_disable(state: &mut State, call: &Call) -> Handled {
    bulk_switch(state, call, false)
}

/// `POST clients/bulkAdjust {"emails","addDays","addBytes"}`; days count from now when the client had expired.
pub(super) fn bulk_adjust(state: &mut State, call: &Call) -> Handled {
    let body = parse_json(&call.body).map_err(Refusal::wrong)?;
    let days = body["addDays"].as_i64().unwrap_or_default();
    let bytes = body["addBytes"].as_i64().unwrap_or_default();
    let mut adjusted = 0;
    for email in body["emails"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let depleted = state.stat(email).is_some_and(|stat| stat.depleted);
        let Some(client) = state.client_mut(email) else { continue };
        let (expiry, total) = (client.int("expiryTime"), client.int("totalGB"));
        if expiry > 0 && days != 0 {
            client.fields.insert("expiryTime".to_owned(), json!(expiry.max(call.now) + days * 86_400_000));
        }
        if total > 0 {
            client.fields.insert("totalGB".to_owned(), json!(total + bytes));
        }
        if depleted {
            client.fields.insert("enable".to_owned(), json!(true));
        }
        client.fields.insert("updated_at".to_owned(), json!(call.now));
        state.sync_client(email, email);
        adjusted += 1;
    }
    Ok(answer::object(json!({ "adjusted": adjusted })))
}

/// `POST clients/resetTraffic/:email`.
pub(super) fn reset(state: &mut State, call: &Call) -> Handled {
    if !state.reset_traffic(&call.segment(4)) {
        return Err(Refusal::not_found());
    }
    Ok(answer::done("Traffic has been reset."))
}

/// `POST clients/:email/attach {"inboundIds":[…]}`.
pub(super) fn attach(state: &mut State, call: &Call) -> Handled {
    let (email, body) = (call.segment(3), parse_json(&call.body).map_err(Refusal::wrong)?);
    state.client(&email).ok_or_else(Refusal::not_found)?;
    attach_to(state, &email, &inbound_ids(&body))?;
    Ok(answer::done("Inbound client(s) have been added."))
}

/// `POST clients/:email/detach {"inboundIds":[…]}`.
pub(super) fn detach(state: &mut State, call: &Call) -> Handled {
    let (email, body) = (call.segment(3), parse_json(&call.body).map_err(Refusal::wrong)?);
    let gone = inbound_ids(&body);
    let client = state.client_mut(&email).ok_or_else(Refusal::not_found)?;
    client.inbounds.retain(|id| !gone.contains(id));
    let left = client.inbounds.last().copied();
    if let (Some(left), Some(stat)) = (left, state.stat_mut(&email)) {
        stat.inbound = left;
    }
    Ok(answer::done("Inbound client has been deleted."))
}

/// A client record as 3.x shows it: the uuid is `uuid`, `id` is the row's number.
fn record(client: &Client) -> Value {
    let mut row = Value::Object(client.fields.clone());
    if let Value::Object(fields) = &mut row {
        fields.remove("created_at");
        fields.remove("updated_at");
    }
    row["id"] = json!(client.record);
    row["uuid"] = json!(client.text("id"));
    row["createdAt"] = json!(client.int("created_at"));
    row["updatedAt"] = json!(client.int("updated_at"));
    row["reverse"] = Value::Null;
    row
}

/// `GET clients/get/:email`.
pub(super) fn get(state: &mut State, call: &Call) -> Handled {
    let client = state.client(&call.segment(4)).ok_or_else(obtain_not_found)?;
    let used = state.stat(client.email()).map(|stat| stat.up + stat.down).unwrap_or_default();
    Ok(answer::object(json!({
        "client": record(client), "externalLinks": [], "inboundIds": client.inbounds, "usedTraffic": used,
    })))
}

/// `GET clients/list`.
pub(super) fn list(state: &mut State, _: &Call) -> Handled {
    let rows = state.clients.iter().map(|client| {
        let mut row = record(client);
        row["inboundIds"] = json!(client.inbounds);
        row["traffic"] = state.stat(client.email()).map_or(Value::Null, |stat| shown_stat(state, stat, None));
        row
    });
    Ok(answer::object(rows.collect()))
}

/// `GET clients/list/paged?page&pageSize&search`.
pub(super) fn paged(state: &mut State, call: &Call) -> Handled {
    let number = |name: &str, usual: usize| call.query_value(name).and_then(|n| n.parse().ok()).unwrap_or(usual).max(1);
    let (page, size) = (number("page", 1), number("pageSize", 25));
    let search = call.query_value("search").unwrap_or_default().to_lowercase();
    let found: Vec<_> = state.clients.iter().filter(|client| client.email().to_lowercase().contains(&search)).collect();
    let items = found.iter().skip((page - 1) * size).take(size).map(|client| {
        let full = record(client);
        let names = [
            "email",
            "subId",
            "enable",
            "totalGB",
            "expiryTime",
            "limitIp",
            "reset",
            "comment",
            "createdAt",
            "updatedAt",
        ];
        let mut row: Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), full[*name].clone())).collect();
        row.insert("inboundIds".to_owned(), json!(client.inbounds));
        let traffic = state.stat(client.email()).map_or(Value::Null, |stat| shown_stat(state, stat, None));
        row.insert("traffic".to_owned(), traffic);
        Value::Object(row)
    });
    let off: Vec<_> = state.clients.iter().filter(|client| !client.enabled()).map(Client::email).collect();
    let total = state.clients.len();
    let summary = json!({
        "total": total, "active": total - off.len(), "onlineCount": 0, "depletedCount": 0, "expiringCount": 0,
        "deactiveCount": off.len(), "online": [], "depleted": [], "expiring": [], "deactive": off,
    });
    Ok(answer::object(json!({
        "items": items.collect::<Vec<_>>(), "total": total, "filtered": found.len(), "page": page, "pageSize": size,
        "summary": summary, "groups": [],
    })))
}

/// `GET clients/traffic/:email`; unknown is success with `null`.
pub(super) fn traffic(state: &mut State, call: &Call) -> Handled {
    let email = call.segment(4);
    let row = state.stat(&email).map_or(Value::Null, |stat| shown_stat(state, stat, state.client(&email)));
    Ok(answer::object(row))
}

/// `GET clients/links/:email`.
pub(super) fn links(state: &mut State, call: &Call) -> Handled {
    let client = state.client(&call.segment(4)).ok_or_else(obtain_not_found)?;
    Ok(answer::object(json!(link::of_client(state, client, &link::public_host(call)))))
}

/// `GET clients/subLinks/:subId`; unknown is an empty array.
pub(super) fn sub_links(state: &mut State, call: &Call) -> Handled {
    let (sub_id, host) = (call.segment(4), link::public_host(call));
    let clients = state.clients.iter().filter(|client| client.text("subId") == sub_id);
    let links: Vec<_> = clients.flat_map(|client| link::of_client(state, client, &host)).collect();
    Ok(answer::object(json!(links)))
}

/// `POST clients/ips/:email` and `clients/onlines`: nobody ever connects here.
pub(super) fn nobody(_: &mut State, _: &Call) -> Handled {
    Ok(answer::object(json!([])))
}
