//! Client routes of 2.x: rows in an inbound's settings, addressed by uuid, with the oddities of each version.

use serde_json::{Map, Value, json};

use super::Generation;
use super::answer::{self, Handled, Refusal, parse_json};
use super::call::Call;
use super::inbounds::shown_stat;
use super::state::State;

/// What the panel does when its Go code dereferences nothing: HTTP 500, no body.
fn panicked() -> Handled {
    Ok(answer::empty(axum::http::StatusCode::INTERNAL_SERVER_ERROR))
}

/// The body of `addClient` and `updateClient`: an inbound id and the clients in its `settings` text.
enum Sent {
    Clients(i64, Vec<Map<String, Value>>),
    /// `settings` without `clients`: the panel panics.
    Panic,
}

fn sent(call: &Call) -> Result<Sent, Refusal> {
    // The misleading prefix is the panel's.
    let misread = |error: String| Refusal::with_prefix("Inbound has been successfully updated.", error);
    let fields = call.fields().map_err(misread)?;
    let id = fields.get("id").and_then(Value::as_i64).unwrap_or_default();
    let settings = match fields.get("settings") {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => {
            let kind = if other.is_object() { "object" } else { "value" };
            return Err(misread(format!(
                "json: cannot unmarshal {kind} into Go struct field Inbound.settings of type string"
            )));
        }
    };
    let settings = parse_json(&settings).map_err(Refusal::wrong)?;
    let Some(clients) = settings.get("clients").and_then(Value::as_array) else { return Ok(Sent::Panic) };
    let clients = clients.iter().filter_map(|client| client.as_object().cloned()).collect();
    Ok(Sent::Clients(id, clients))
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn duplicate(email: &str) -> Refusal {
    Refusal::wrong(format!("Duplicate email: {email}\n"))
}

/// `POST addClient`.
pub(super) fn add(state: &mut State, call: &Call) -> Handled {
    let Sent::Clients(inbound, clients) = sent(call)? else { return panicked() };
    let mut seen: Vec<&str> = Vec::new();
    for email in clients.iter().map(|client| text(client, "email")).filter(|email| !email.is_empty()) {
        if state.email_taken(email) || seen.iter().any(|other| other.eq_ignore_ascii_case(email)) {
            return Err(duplicate(email));
        }
        seen.push(email);
    }
    state.inbound(inbound).ok_or_else(Refusal::not_found)?;
    if clients.iter().any(|client| text(client, "id").is_empty()) {
        return Err(Refusal::wrong("empty client ID\n"));
    }
    let seconds = call.now / 1000 * 1000;
    for mut client in clients {
        client.entry("created_at").or_insert(json!(seconds));
        client.insert("updated_at".to_owned(), json!(seconds));
        state.insert_client(inbound, client);
    }
    Ok(answer::done("Inbound client(s) have been added."))
}

/// `POST updateClient/:uuid`: the row becomes what was sent, nothing is merged.
pub(super) fn update(state: &mut State, call: &Call) -> Handled {
    let uuid = call.segment(4);
    let Sent::Clients(inbound, clients) = sent(call)? else { return panicked() };
    let Some(mut fields) = clients.into_iter().next() else { return panicked() };
    state.inbound(inbound).ok_or_else(Refusal::not_found)?;
    let at = state.clients.iter().position(|client| client.inbounds == [inbound] && client.text("id") == uuid);
    let Some(at) = at.filter(|_| !text(&fields, "id").is_empty()) else {
        return Err(Refusal::wrong("empty client ID\n"));
    };
    let old_email = state.clients[at].email().to_owned();
    let email = text(&fields, "email").to_owned();
    if !email.is_empty() && email != old_email && state.email_taken(&email) {
        return Err(duplicate(&email));
    }
    let seconds = call.now / 1000 * 1000;
    let created = state.clients[at].fields.get("created_at").cloned().unwrap_or(json!(seconds));
    fields.insert("created_at".to_owned(), created);
    fields.insert("updated_at".to_owned(), json!(seconds));
    state.clients[at].fields = fields;
    state.sync_client(&old_email, &email);
    Ok(answer::done("Inbound client has been updated."))
}

/// `POST :inbound/delClient/:uuid`: removes every row with that uuid, but never an inbound's last client.
pub(super) fn delete(state: &mut State, call: &Call) -> Handled {
    let (inbound, uuid) = (inbound_id(call), call.segment(5));
    state.inbound(inbound).ok_or_else(Refusal::not_found)?;
    let goes = |client: &super::state::Client| client.inbounds == [inbound] && client.text("id") == uuid;
    let email = state.clients.iter().rfind(|client| goes(client)).map(|client| client.email().to_owned());
    if email.is_none() && state.generation == Generation::V2_9 {
        return Err(Refusal::wrong(format!("Client Not Found In Inbound For ID: {uuid}\n")));
    }
    if state.clients_of(inbound).all(goes) {
        return Err(Refusal::wrong("no client remained in Inbound\n"));
    }
    state.clients.retain(|client| !goes(client));
    // Only the last row's traffic goes with it; with a shared uuid the others leave orphans behind.
    state.stats.retain(|stat| Some(&stat.email) != email.as_ref());
    Ok(answer::done("Inbound client has been deleted."))
}

/// `POST :inbound/delClientByEmail/:email`, since 2.8.
pub(super) fn delete_by_email(state: &mut State, call: &Call) -> Handled {
    let (inbound, email) = (inbound_id(call), call.segment(5));
    let refuse = |bracket: String| Refusal::with_prefix("Failed to delete client by email", bracket);
    state.inbound(inbound).ok_or_else(|| refuse("record not found".to_owned()))?;
    if !state.clients_of(inbound).any(|client| client.email() == email) {
        return Err(refuse(format!("client with email {email} not found\n")));
    }
    if state.clients_of(inbound).count() == 1 {
        return Err(refuse("no client remained in Inbound\n".to_owned()));
    }
    state.remove_client(&email);
    Ok(answer::done("Client deleted successfully"))
}

/// The inbound's number in a path; what is none finds no inbound.
fn inbound_id(call: &Call) -> i64 {
    call.segment(3).parse().unwrap_or(-1)
}

/// `GET getClientTraffics/:email`. From 2.8 on `enable` is taken from the settings, not from the traffic row.
pub(super) fn traffic(state: &mut State, call: &Call) -> Handled {
    let email = call.segment(4);
    let Some(stat) = state.stat(&email) else {
        if state.generation == Generation::V2_6 {
            return Ok(answer::object(Value::Null));
        }
        let bracket = format!("Inbound Not Found For Email: {email}\n");
        return Err(Refusal::with_prefix("Error getting traffics.", bracket));
    };
    Ok(answer::object(shown_with_settings(state, stat)))
}

fn shown_with_settings(state: &State, stat: &super::state::Stat) -> Value {
    let client = state.client(&stat.email);
    let mut row = shown_stat(state, stat, client);
    if state.generation != Generation::V2_6
        && let Some(client) = client
    {
        row["enable"] = json!(client.enabled());
    }
    row
}

/// `GET getClientTrafficsById/:uuid`: an array.
pub(super) fn traffic_by_uuid(state: &mut State, call: &Call) -> Handled {
    let uuid = call.segment(4);
    let emails = state.clients.iter().filter(|client| client.text("id") == uuid).map(super::state::Client::email);
    let rows = emails.filter_map(|email| state.stat(email)).map(|stat| shown_with_settings(state, stat));
    Ok(answer::object(rows.collect()))
}

/// `POST :inbound/resetClientTraffic/:email`; the inbound's number is not looked at.
pub(super) fn reset(state: &mut State, call: &Call) -> Handled {
    let email = call.segment(5);
    if state.reset_traffic(&email) {
        return Ok(answer::done("Traffic has been reset."));
    }
    if state.generation == Generation::V2_6 {
        return panicked();
    }
    Err(Refusal::wrong(format!("Inbound Not Found For Email: {email}\n")))
}

/// `POST resetAllClientTraffics/:inbound`.
pub(super) fn reset_all(state: &mut State, call: &Call) -> Handled {
    let inbound: i64 = call.segment(4).parse().unwrap_or(-1);
    let emails: Vec<_> = state.clients_of(inbound).map(|client| client.email().to_owned()).collect();
    for email in emails {
        state.reset_traffic(&email);
    }
    if let Some(inbound) = state.inbounds.iter_mut().find(|row| row.id == inbound) {
        inbound.traffic_reset_at = call.now;
    }
    Ok(answer::done("All traffic from the client has been reset."))
}

/// `POST updateClientTraffic/:email` `{upload, download}`; the same on 3.x below `clients/updateTraffic`.
pub(super) fn set_traffic(state: &mut State, call: &Call) -> Handled {
    let email = call.segment(4);
    let fields = call.fields().map_err(Refusal::wrong)?;
    let bytes = |name: &str| fields.get(name).and_then(Value::as_i64).unwrap_or_default();
    // 2.6 and 2.8 leave the sum over all time alone.
    let sums_up = matches!(state.generation, Generation::V2_9 | Generation::V3);
    if let Some(stat) = state.stat_mut(&email) {
        stat.up = bytes("upload");
        stat.down = bytes("download");
        if sums_up {
            stat.all_time = stat.up + stat.down;
        }
    }
    Ok(answer::done("Inbound client has been updated."))
}

/// `POST clientIps/:email`; nobody ever connects here.
pub(super) fn ips(_: &mut State, _: &Call) -> Handled {
    Ok(answer::object(json!("No IP Record")))
}

/// `POST onlines`: `null` when nobody is.
pub(super) fn onlines(_: &mut State, _: &Call) -> Handled {
    Ok(answer::object(Value::Null))
}

/// `POST lastOnline`, since 2.8; the same on 3.x.
pub(super) fn last_online(state: &mut State, _: &Call) -> Handled {
    let rows = state.stats.iter().map(|stat| (stat.email.clone(), json!(0)));
    Ok(answer::object(Value::Object(rows.collect())))
}
