//! REST: answers to interactions, by their token.

use std::time::Instant;

use serde_json::{Value, json};

use super::body::{self, Sent};
use super::component;
use super::form::Form;
use super::interaction::{Ack, Interaction};
use super::refusal::Refusal;
use super::rest::{Call, Reply};
use super::state::{EPHEMERAL, Id, LOADING, State};

pub(super) fn callback(state: &mut State, id: Id, token: &str, call: &Call) -> Result<Reply, Refusal> {
    let now = state.now();
    let asked = state.interactions.get(&id).filter(|asked| asked.token == token);
    let asked = asked.ok_or_else(Refusal::unknown_interaction)?.clone();
    if asked.ack.is_some() {
        return Err(Refusal::acknowledged());
    }
    if !asked.open(now) {
        return Err(Refusal::unknown_interaction());
    }
    let mut form = Form::default();
    let Some(map) = form.object("", &call.body, &["type", "data"]) else { return Err(Refusal::not_json()) };
    form.need("", map, "type");
    let kind = form.choice("", map, "type", &allowed(&asked)).unwrap_or(0);
    state.refuse(&form)?;
    let data = map.get("data").filter(|data| !data.is_null());
    let ack = match kind {
        4 => answer(state, &asked, data, call)?,
        5 => defer(state, &asked, data)?,
        6 => {
            refuse_data(state, data)?;
            set_original(state, id, asked.source);
            Ack::DeferredUpdate
        }
        7 => update(state, &asked, data, call)?,
        8 => choices(state, &asked, data)?,
        _ => modal(state, &asked, data)?,
    };
    let since = asked.written.map_or(asked.created_at, |(_, at)| at);
    if let Some(asked) = state.interactions.get_mut(&id) {
        asked.ack = Some((ack, Instant::now().saturating_duration_since(since)));
    }
    state.touched(id);
    if call.query.iter().any(|(key, value)| key == "with_response" && value == "true") {
        return Ok(Reply::ok(with_response(state, id, kind)));
    }
    Ok(Reply::nothing())
}

/// The answers each kind of interaction may get.
fn allowed(asked: &Interaction) -> Vec<u64> {
    match asked.kind {
        3 => vec![4, 5, 6, 7, 9],
        4 => vec![8],
        5 if asked.source.is_some() => vec![4, 5, 6, 7],
        5 => vec![4, 5],
        _ => vec![4, 5, 9],
    }
}

fn with_response(state: &State, id: Id, kind: u64) -> Value {
    let Some(asked) = state.interactions.get(&id) else { return Value::Null };
    let message = asked.original.and_then(|message| state.message(asked.channel, message));
    let mut data = json!({ "interaction": { "id": id.to_string(), "type": asked.kind } });
    if let Some(message) = message {
        data["interaction"]["response_message_id"] = json!(message.id.to_string());
        data["interaction"]["response_message_ephemeral"] = json!(message.only_for.is_some());
        data["resource"] = json!({ "type": kind, "message": state.message_json(message, true) });
    }
    data
}

fn set_original(state: &mut State, id: Id, message: Option<Id>) {
    if let Some(asked) = state.interactions.get_mut(&id) {
        asked.original = message;
    }
}

fn refuse_data(state: &mut State, data: Option<&Value>) -> Result<(), Refusal> {
    let mut form = Form::default();
    if let Some(data) = data {
        // serenity sends an empty message where Discord expects nothing.
        body::read(&mut form, "data", data, Sent::Callback);
    }
    state.refuse(&form)
}

fn answer(state: &mut State, asked: &Interaction, data: Option<&Value>, call: &Call) -> Result<Ack, Refusal> {
    let mut form = Form::default();
    let Some(data) = data else {
        return Err(Refusal::field("data", "BASE_TYPE_REQUIRED", "This field is required"));
    };
    let body = body::read(&mut form, "data", data, Sent::Callback);
    state.refuse(&form)?;
    let mut message = state.blank(asked.channel, state.bot);
    state.fill(&mut message, &body, &call.parts)?;
    let ephemeral = message.flags & EPHEMERAL != 0;
    let message = state.answer_message(asked.id, ephemeral, message);
    set_original(state, asked.id, Some(message));
    Ok(Ack::Message)
}

fn defer(state: &mut State, asked: &Interaction, data: Option<&Value>) -> Result<Ack, Refusal> {
    let mut form = Form::default();
    let flags = data.map(|data| body::read(&mut form, "data", data, Sent::Callback)).and_then(|body| body.flags);
    state.refuse(&form)?;
    let ephemeral = flags.unwrap_or(0) & EPHEMERAL != 0;
    let mut message = state.blank(asked.channel, state.bot);
    message.flags = LOADING;
    let message = state.answer_message(asked.id, ephemeral, message);
    if let Some(asked) = state.interactions.get_mut(&asked.id) {
        asked.original = Some(message);
        asked.thinking = true;
    }
    Ok(Ack::Deferred)
}

fn update(state: &mut State, asked: &Interaction, data: Option<&Value>, call: &Call) -> Result<Ack, Refusal> {
    let mut form = Form::default();
    let empty = json!({});
    let body = body::read(&mut form, "data", data.unwrap_or(&empty), Sent::Callback);
    state.refuse(&form)?;
    let source = asked.source.ok_or_else(Refusal::unknown_message)?;
    let mut message = state.message(asked.channel, source).ok_or_else(Refusal::unknown_message)?.clone();
    let flags = message.flags;
    state.fill(&mut message, &body, &call.parts)?;
    // Whether it is ephemeral cannot be changed any more.
    message.flags = (message.flags & !EPHEMERAL) | (flags & EPHEMERAL);
    replace(state, message);
    set_original(state, asked.id, Some(source));
    Ok(Ack::Update)
}

/// Stores an edited message and announces it.
fn replace(state: &mut State, mut message: super::state::Stored) {
    let (channel, id) = (message.channel, message.id);
    message.edited = Some(state.now());
    state.messages.entry(channel).or_default().insert(id, message);
    state.message_event("MESSAGE_UPDATE", channel, id);
}

fn choices(state: &mut State, asked: &Interaction, data: Option<&Value>) -> Result<Ack, Refusal> {
    let mut form = Form::default();
    let empty = json!({});
    let data = data.unwrap_or(&empty);
    if let Some(map) = form.object("data", data, &["choices"]) {
        form.need("data", map, "choices");
        for (n, choice) in form.list("data", map, "choices", 25).into_iter().flatten().enumerate() {
            let path = format!("data.choices.{n}");
            if let Some(map) = form.object(&path, choice, &["name", "name_localizations", "value"]) {
                form.need_text(&path, map, "name", (1, 100));
                form.need(&path, map, "value");
            }
        }
    }
    state.refuse(&form)?;
    show(state, asked.id, data);
    Ok(Ack::Choices)
}

fn modal(state: &mut State, asked: &Interaction, data: Option<&Value>) -> Result<Ack, Refusal> {
    let mut form = Form::default();
    let Some(data) = data else {
        return Err(Refusal::field("data", "BASE_TYPE_REQUIRED", "This field is required"));
    };
    component::modal(&mut form, "data", data);
    state.refuse(&form)?;
    show(state, asked.id, data);
    Ok(Ack::Modal)
}

fn show(state: &mut State, id: Id, data: &Value) {
    if let Some(asked) = state.interactions.get_mut(&id) {
        asked.shown = Some(data.clone());
    }
}

/// The interaction of a token: 10002, 50027 when unknown or over, 10015 before the first answer.
fn by_token(state: &State, app: Id, token: &str) -> Result<Interaction, Refusal> {
    if app != state.app {
        return Err(Refusal::unknown_webhook());
    }
    let id = state.tokens.get(token).ok_or_else(Refusal::invalid_webhook_token)?;
    let asked = state.interactions.get(id).ok_or_else(Refusal::invalid_webhook_token)?;
    if !asked.alive(state.now()) {
        return Err(Refusal::invalid_webhook_token());
    }
    if asked.ack.is_none() {
        return Err(Refusal::unknown_webhook());
    }
    Ok(asked.clone())
}

/// A message that the token may touch.
fn target(asked: &Interaction, message: Option<Id>) -> Result<Id, Refusal> {
    let Some(id) = message else { return asked.original.ok_or_else(Refusal::unknown_message) };
    let own = asked.original == Some(id) || asked.source == Some(id) || asked.followups.contains(&id);
    if own { Ok(id) } else { Err(Refusal::unknown_message()) }
}

pub(super) fn followup(state: &mut State, app: Id, token: &str, call: &Call) -> Result<Reply, Refusal> {
    let asked = by_token(state, app, token)?;
    let mut form = Form::default();
    let body = body::read(&mut form, "", &call.body, Sent::Followup);
    state.refuse(&form)?;
    if !state.channels.contains_key(&asked.channel) {
        return Err(Refusal::unknown_channel());
    }
    // The first followup after "is thinking" becomes that message, as visible or hidden as it was deferred.
    if asked.thinking {
        return write(state, &asked, asked.original, call, Sent::Followup);
    }
    let mut message = state.blank(asked.channel, state.bot);
    state.fill(&mut message, &body, &call.parts)?;
    let ephemeral = message.flags & EPHEMERAL != 0;
    let id = state.answer_message(asked.id, ephemeral, message);
    if let Some(asked) = state.interactions.get_mut(&asked.id) {
        asked.followups.push(id);
        asked.answered = true;
    }
    state.touched(asked.id);
    let message = state.message(asked.channel, id).ok_or_else(Refusal::unknown_message)?;
    Ok(Reply::ok(state.message_json(message, true)))
}

pub(super) fn get(state: &State, app: Id, token: &str, message: Option<Id>) -> Result<Reply, Refusal> {
    let asked = by_token(state, app, token)?;
    let id = target(&asked, message)?;
    let message = state.message(asked.channel, id).ok_or_else(Refusal::unknown_message)?;
    Ok(Reply::ok(state.message_json(message, true)))
}

pub(super) fn edit(
    state: &mut State,
    app: Id,
    token: &str,
    message: Option<Id>,
    call: &Call,
) -> Result<Reply, Refusal> {
    let asked = by_token(state, app, token)?;
    write(state, &asked, message, call, Sent::EditAnswer)
}

fn write(state: &mut State, asked: &Interaction, which: Option<Id>, call: &Call, sent: Sent) -> Result<Reply, Refusal> {
    let id = target(asked, which)?;
    let mut message = state.message(asked.channel, id).ok_or_else(Refusal::unknown_message)?.clone();
    let mut form = Form::default();
    let body = body::read(&mut form, "", &call.body, sent);
    state.refuse(&form)?;
    let hidden = message.flags & EPHEMERAL;
    state.fill(&mut message, &body, &call.parts)?;
    message.flags = (message.flags & !EPHEMERAL) | hidden;
    let answer = state.message_json(&message, true);
    if message.flags & LOADING == 0 && asked.thinking && asked.original == Some(id) {
        let (channel, id) = (message.channel, message.id);
        state.messages.entry(channel).or_default().insert(id, message);
        state.message_event("MESSAGE_UPDATE", channel, id);
    } else {
        replace(state, message);
    }
    if let Some(asked) = state.interactions.get_mut(&asked.id) {
        asked.thinking &= asked.original != Some(id);
        asked.answered = true;
    }
    state.touched(asked.id);
    Ok(Reply::ok(answer))
}

pub(super) fn delete(state: &mut State, app: Id, token: &str, message: Option<Id>) -> Result<Reply, Refusal> {
    let asked = by_token(state, app, token)?;
    let id = target(&asked, message)?;
    if !state.remove_message(asked.channel, id) {
        return Err(Refusal::unknown_message());
    }
    Ok(Reply::nothing())
}
