//! Slash commands as a client sends them: options checked against what the bot registered, ids resolved.

use serde_json::{Value, json};

use super::interaction::Resolved;
use super::permission;
use super::person::{Options, Refused};
use super::state::{Id, State};

/// The registered command and the path of subcommands below it.
fn find<'s>(state: &'s State, person: Id, words: &[&str]) -> Result<&'s Value, Refused> {
    let missing = || Refused::NoCommand(words.join(" "));
    let name = words.first().copied().unwrap_or_default();
    let command = state.commands.iter().find(|c| c["type"] == 1 && c["name"] == name).ok_or_else(missing)?;
    let needed = command["default_member_permissions"].as_str().and_then(|bits| bits.parse::<u64>().ok());
    let has = permission::in_guild(state, person);
    match needed {
        _ if state.shows_all_commands => Ok(command),
        Some(0) if has & permission::ADMINISTRATOR == 0 => Err(missing()),
        Some(bits) if has & bits != bits => Err(missing()),
        _ => Ok(command),
    }
}

impl super::Discord {
    /// Whether the server's settings (Integrations) show every command to everybody.
    pub fn shows_all_commands(&self, shows: bool) {
        self.shared.change(|state| state.shows_all_commands = shows);
    }
}

/// The `data` of an `APPLICATION_COMMAND` interaction.
pub(super) fn data(state: &State, person: Id, command: &str, options: &Options) -> Result<Value, Refused> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let found = find(state, person, &words)?;
    let mut resolved = Resolved::new();
    let leaf = descend(found, &words)?;
    let sent = fill(state, leaf, options, &mut resolved)?;
    let mut data = json!({
        "id": found["id"], "name": found["name"], "type": 1, "guild_id": state.guild.to_string(),
        "options": nest(found, &words, sent)?,
    });
    if !resolved.is_empty() {
        data["resolved"] = resolved.into_iter().map(|(key, map)| (key.to_owned(), Value::Object(map))).collect();
    }
    Ok(data)
}

/// The `data` of an autocomplete interaction: one option, being typed, after those that are filled in.
pub(super) fn focused(
    state: &State,
    person: Id,
    command: &str,
    filled: &[(&str, &str)],
    (option, text): (&str, &str),
) -> Result<Value, Refused> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let found = find(state, person, &words)?;
    let leaf = descend(found, &words)?;
    let known = |name: &str| leaf["options"].as_array().into_iter().flatten().find(|one| one["name"] == name);
    let wanted = known(option).filter(|one| one["autocomplete"] == true);
    let wanted = wanted.ok_or_else(|| Refused::BadInput(format!("{option:?} does not suggest values")))?;
    let mut sent = Vec::new();
    for (name, value) in filled {
        let texts = known(name).filter(|one| one["type"] == 3);
        let kind = &texts.ok_or_else(|| Refused::BadInput(format!("{name:?} takes no text")))?["type"];
        sent.push(json!({ "name": name, "type": kind, "value": value }));
    }
    sent.push(json!({ "name": option, "type": wanted["type"], "value": text, "focused": true }));
    Ok(json!({
        "id": found["id"], "name": found["name"], "type": 1, "guild_id": state.guild.to_string(),
        "options": nest(found, &words, sent)?,
    }))
}

fn sub<'v>(of: &'v Value, word: &str) -> Option<&'v Value> {
    let options = of["options"].as_array()?;
    options.iter().find(|one| one["name"] == word && one["type"].as_u64().is_some_and(|kind| kind <= 2))
}

fn descend<'v>(command: &'v Value, words: &[&str]) -> Result<&'v Value, Refused> {
    let mut at = command;
    for word in words.iter().skip(1) {
        at = sub(at, word).ok_or_else(|| Refused::NoCommand(words.join(" ")))?;
    }
    let branches = at["options"].as_array().is_some_and(|all| all.iter().any(|one| one["type"].as_u64() <= Some(2)));
    if branches { Err(Refused::NoCommand(format!("{} (a subcommand is missing)", words.join(" ")))) } else { Ok(at) }
}

/// Wraps the options in the subcommands they belong to.
fn nest(command: &Value, words: &[&str], sent: Vec<Value>) -> Result<Vec<Value>, Refused> {
    let [first, rest @ ..] = words.get(1..).unwrap_or_default() else { return Ok(sent) };
    let below = sub(command, first).ok_or_else(|| Refused::NoCommand(words.join(" ")))?;
    let mut deeper = vec![*first];
    deeper.extend(rest);
    let inside = nest(below, &deeper, sent)?;
    Ok(vec![json!({ "name": first, "type": below["type"], "options": inside })])
}

fn fill(state: &State, leaf: &Value, options: &Options, resolved: &mut Resolved) -> Result<Vec<Value>, Refused> {
    let empty = Vec::new();
    let known = leaf["options"].as_array().unwrap_or(&empty);
    for name in options.keys() {
        if !known.iter().any(|one| one["name"] == name.as_str()) {
            return Err(Refused::BadInput(format!("the command has no option {name:?}")));
        }
    }
    let mut sent = Vec::new();
    for option in known {
        let name = option["name"].as_str().unwrap_or_default();
        let Some(value) = options.get(name) else {
            if option["required"] == true {
                return Err(Refused::BadInput(format!("option {name:?} is required")));
            }
            continue;
        };
        let kind = option["type"].as_u64().unwrap_or(3);
        let value = check(option, kind, name, value)?;
        if (6..=9).contains(&kind) || kind == 11 {
            resolve(state, kind, name, &value, resolved)?;
        }
        sent.push(json!({ "name": name, "type": kind, "value": value }));
    }
    Ok(sent)
}

/// What the client checks before it sends: type, choices, lengths and bounds.
fn check(option: &Value, kind: u64, name: &str, value: &Value) -> Result<Value, Refused> {
    let bad = |why: &str| Refused::BadInput(format!("option {name:?} {why}"));
    let value = match kind {
        3 if value.is_string() => value.clone(),
        4 if value.is_i64() || value.is_u64() => value.clone(),
        5 if value.is_boolean() => value.clone(),
        10 if value.is_number() => value.clone(),
        6..=9 | 11 => {
            let id = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
            json!(id.ok_or_else(|| bad("takes an id"))?.to_string())
        }
        _ => return Err(bad("has another type")),
    };
    let choices = option["choices"].as_array().map_or(&[][..], Vec::as_slice);
    let chosen = choices.iter().find(|choice| choice["value"] == value || choice["name"] == value);
    if !choices.is_empty() {
        return chosen.map(|choice| choice["value"].clone()).ok_or_else(|| bad("has no such choice"));
    }
    if let Some(text) = value.as_str().filter(|_| kind == 3) {
        let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        if length < option["min_length"].as_u64().unwrap_or(1) || length > option["max_length"].as_u64().unwrap_or(6000)
        {
            return Err(bad("is too short or too long"));
        }
    }
    if let Some(number) = value.as_f64() {
        let low = option["min_value"].as_f64().is_some_and(|min| number < min);
        let high = option["max_value"].as_f64().is_some_and(|max| number > max);
        if low || high {
            return Err(bad("is out of bounds"));
        }
    }
    Ok(value)
}

/// Adds the objects behind ids to `resolved`.
fn resolve(state: &State, kind: u64, name: &str, value: &Value, resolved: &mut Resolved) -> Result<(), Refused> {
    let unknown = || Refused::BadInput(format!("option {name:?} names nobody"));
    let id: Id = value.as_str().and_then(|text| text.parse().ok()).ok_or_else(unknown)?;
    let key = id.to_string();
    let mut put = |part: &'static str, data: Value| {
        resolved.entry(part).or_default().insert(key.clone(), data);
    };
    match kind {
        6 | 9 if state.users.contains_key(&id) => {
            put("users", state.user_json_by_id(id));
            if let Some(member) = state.members.get(&id) {
                let mut data = state.member_json(id, member);
                if let Some(fields) = data.as_object_mut() {
                    fields.remove("user");
                }
                data["permissions"] = json!(permission::in_guild(state, id).to_string());
                put("members", data);
            }
        }
        8 | 9 => put("roles", State::role_json(state.roles.get(&id).ok_or_else(unknown)?)),
        7 => {
            let channel = state.channels.get(&id).ok_or_else(unknown)?;
            put("channels", state.partial_channel_json(channel, state.owner));
        }
        11 => put("attachments", state.file_json(state.uploads.get(&id).ok_or_else(unknown)?, true)),
        _ => return Err(unknown()),
    }
    Ok(())
}
