//! REST: the application, users, the guild, its members and roles, and its commands.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::form::{Form, at};
use super::refusal::Refusal;
use super::rest::{Call, Reply};
use super::state::{Id, State};

pub(super) fn me(state: &State) -> Reply {
    let mut user = state.user_json_by_id(state.bot);
    user["verified"] = json!(true);
    user["mfa_enabled"] = json!(false);
    user["locale"] = json!("en-US");
    user["email"] = Value::Null;
    user["flags"] = json!(0);
    Reply::ok(user)
}

pub(super) fn user(state: &State, id: Id) -> Result<Reply, Refusal> {
    state.users.get(&id).map(|user| Reply::ok(State::user_json(user))).ok_or_else(Refusal::unknown_user)
}

pub(super) fn application(state: &State) -> Reply {
    Reply::ok(json!({
        "id": state.app.to_string(), "name": "Sandbox application", "icon": null, "description": "",
        "summary": "", "type": null, "bot_public": false, "bot_require_code_grant": false,
        "owner": state.user_json_by_id(state.owner), "verify_key": "00", "team": null,
        "flags": state.portal.flags(), "tags": [], "redirect_uris": [], "interactions_endpoint_url": null,
        "role_connections_verification_url": null, "bot": state.user_json_by_id(state.bot),
        "integration_types_config": { "0": {} }, "approximate_guild_count": 1,
    }))
}

pub(super) fn open_dm(state: &mut State, call: &Call) -> Result<Reply, Refusal> {
    let mut form = Form::default();
    let mut person = None;
    if let Some(map) = form.object("", &call.body, &["recipient_id"])
        && let Some(value) = form.need("", map, "recipient_id")
    {
        person = form.snowflake("recipient_id", value);
    }
    state.refuse(&form)?;
    let person = person.ok_or_else(Refusal::unknown_user)?;
    if !state.users.contains_key(&person) {
        return Err(Refusal::unknown_user());
    }
    if person == state.bot {
        return Err(Refusal::dms_closed());
    }
    let id = state.dm(person);
    state.channels.get(&id).map(|at| Reply::ok(state.channel_json(at))).ok_or_else(Refusal::unknown_channel)
}

impl State {
    pub(super) fn known_guild(&self, guild: Id) -> Result<(), Refusal> {
        if guild == self.guild && self.members.contains_key(&self.bot) { Ok(()) } else { Err(Refusal::unknown_guild()) }
    }

    /// Records unknown fields as problems and refuses a bad form.
    pub(super) fn refuse(&mut self, form: &Form) -> Result<(), Refusal> {
        for field in &form.unknown {
            self.problem(format!("a body with the field `{field}`, which the sandbox does not know"));
        }
        form.finish()
    }
}

pub(super) fn guild(state: &State, guild: Id) -> Result<Reply, Refusal> {
    state.known_guild(guild)?;
    Ok(Reply::ok(state.guild_json()))
}

pub(super) fn channels(state: &State, guild: Id) -> Result<Reply, Refusal> {
    state.known_guild(guild)?;
    Ok(Reply::ok(state.guild_channels().map(|channel| state.channel_json(channel)).collect::<Vec<_>>().into()))
}

pub(super) fn member(state: &State, guild: Id, user: Id) -> Result<Reply, Refusal> {
    state.known_guild(guild)?;
    if !state.users.contains_key(&user) {
        return Err(Refusal::unknown_user());
    }
    let member = state.members.get(&user).ok_or_else(Refusal::unknown_member)?;
    Ok(Reply::ok(state.member_json(user, member)))
}

pub(super) fn roles(state: &State, guild: Id) -> Result<Reply, Refusal> {
    state.known_guild(guild)?;
    Ok(Reply::ok(state.roles.values().map(State::role_json).collect::<Vec<_>>().into()))
}

fn known_app(state: &State, app: Id, guild: Id) -> Result<(), Refusal> {
    if app != state.app {
        return Err(Refusal::unknown_application());
    }
    if guild == state.guild { Ok(()) } else { Err(Refusal::missing_access()) }
}

pub(super) fn commands(state: &State, app: Id, guild: Id) -> Result<Reply, Refusal> {
    known_app(state, app, guild)?;
    Ok(Reply::ok(state.commands.clone().into()))
}

pub(super) fn command(state: &State, app: Id, guild: Id, id: Id) -> Result<Reply, Refusal> {
    known_app(state, app, guild)?;
    let id = id.to_string();
    let found = state.commands.iter().find(|command| command["id"] == id.as_str());
    found.map(|command| Reply::ok(command.clone())).ok_or_else(Refusal::unknown_command)
}

pub(super) fn delete_command(state: &mut State, app: Id, guild: Id, id: Id) -> Result<Reply, Refusal> {
    command(state, app, guild, id)?;
    let id = id.to_string();
    state.commands.retain(|command| command["id"] != id.as_str());
    Ok(Reply::nothing())
}

/// Replaces all commands; those that keep name and type keep their id.
pub(super) fn put_commands(state: &mut State, app: Id, guild: Id, call: &Call) -> Result<Reply, Refusal> {
    known_app(state, app, guild)?;
    let mut form = Form::default();
    let empty = Vec::new();
    let list = call.body.as_array().unwrap_or(&empty);
    if !call.body.is_array() {
        form.error("", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
    }
    if list.len() > 100 {
        form.error("", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.");
    }
    let mut names = BTreeSet::new();
    for (n, command) in list.iter().enumerate() {
        let path = n.to_string();
        check_command(&mut form, &path, command);
        if !names.insert((command["type"].as_u64().unwrap_or(1), command["name"].as_str().unwrap_or_default())) {
            form.error(
                &at(&path, "name"),
                "APPLICATION_COMMANDS_DUPLICATE_NAME",
                "Application command names must be unique",
            );
        }
    }
    state.refuse(&form)?;
    let before = std::mem::take(&mut state.commands);
    for command in list {
        let kind = command["type"].as_u64().unwrap_or(1);
        let same = before.iter().find(|old| old["name"] == command["name"] && old["type"] == kind);
        let fresh = state.next_id().to_string();
        let mut stored = command.clone();
        stored["id"] = same.map_or_else(|| json!(fresh), |old| old["id"].clone());
        stored["type"] = json!(kind);
        stored["version"] = json!(fresh);
        stored["application_id"] = json!(app.to_string());
        stored["guild_id"] = json!(guild.to_string());
        if stored["description"].is_null() {
            stored["description"] = json!("");
        }
        for absent in ["default_member_permissions", "contexts"] {
            if stored.get(absent).is_none() {
                stored[absent] = Value::Null;
            }
        }
        state.commands.push(stored);
    }
    Ok(Reply::ok(state.commands.clone().into()))
}

/// Names of commands and options: 1 to 32 lower-case letters, digits, `-` and `_`.
fn check_name(form: &mut Form, path: &str, map: &Map<String, Value>, slash: bool) {
    let Some(name) = form.need_text(path, map, "name", (1, 32)) else { return };
    let good = |c: char| (c.is_alphanumeric() && !c.is_uppercase()) || c == '-' || c == '_' || c == '\'';
    if slash && !name.chars().all(good) {
        form.error(&at(path, "name"), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
    }
}

fn check_command(form: &mut Form, path: &str, command: &Value) {
    let known = [
        "id",
        "name",
        "name_localizations",
        "description",
        "description_localizations",
        "options",
        "default_member_permissions",
        "dm_permission",
        "default_permission",
        "contexts",
        "integration_types",
        "type",
        "nsfw",
        "handler",
    ];
    let Some(map) = form.object(path, command, &known) else { return };
    let kind = form.choice(path, map, "type", &[1, 2, 3]).unwrap_or(1);
    check_name(form, path, map, kind == 1);
    if kind == 1 {
        form.need_text(path, map, "description", (1, 100));
    } else if form.text(path, map, "description", (0, 100)).is_some_and(|text| !text.is_empty()) {
        form.error(
            &at(path, "description"),
            "APPLICATION_COMMAND_DESCRIPTION",
            "Context menu commands cannot have description",
        );
    }
    form.flag(path, map, "nsfw");
    form.flag(path, map, "dm_permission");
    form.integer(path, map, "default_member_permissions", (0, u64::MAX));
    check_options(form, path, map, 0);
}

fn check_options(form: &mut Form, path: &str, map: &Map<String, Value>, depth: u8) {
    let Some(list) = form.list(path, map, "options", 25) else { return };
    let path = at(path, "options");
    let mut optional_seen = false;
    let mut names = BTreeSet::new();
    for (n, option) in list.iter().enumerate() {
        let path = at(&path, &n.to_string());
        let known = [
            "type",
            "name",
            "name_localizations",
            "description",
            "description_localizations",
            "required",
            "choices",
            "options",
            "channel_types",
            "min_value",
            "max_value",
            "min_length",
            "max_length",
            "autocomplete",
        ];
        let Some(map) = form.object(&path, option, &known) else { continue };
        form.need(&path, map, "type");
        let kind = form.choice(&path, map, "type", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]).unwrap_or(3);
        check_name(form, &path, map, true);
        form.need_text(&path, map, "description", (1, 100));
        if !names.insert(option["name"].as_str()) {
            form.error(
                &at(&path, "name"),
                "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
                "Option name already exists",
            );
        }
        if kind <= 2 {
            if depth > 1 {
                form.error(
                    &at(&path, "type"),
                    "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
                    "Sub-command cannot be nested here",
                );
            }
            check_options(form, &path, map, depth + 1);
            continue;
        }
        let required = form.flag(&path, map, "required");
        if required && optional_seen {
            form.error(
                &path,
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            );
        }
        optional_seen |= !required;
        check_choices(form, &path, map);
    }
}

fn check_choices(form: &mut Form, path: &str, map: &Map<String, Value>) {
    let autocomplete = form.flag(path, map, "autocomplete");
    let Some(list) = form.list(path, map, "choices", 25) else { return };
    if autocomplete && !list.is_empty() {
        form.error(
            &at(path, "autocomplete"),
            "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE",
            "Autocomplete and choices exclude each other",
        );
    }
    for (n, choice) in list.iter().enumerate() {
        let path = format!("{path}.choices.{n}");
        let Some(map) = form.object(&path, choice, &["name", "name_localizations", "value"]) else { continue };
        form.need_text(&path, map, "name", (1, 100));
        if let Some(Value::String(_)) = form.need(&path, map, "value") {
            form.text(&path, map, "value", (0, 100));
        }
    }
}
