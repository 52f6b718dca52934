//! REST: channels and their overwrites.

use std::time::Duration;

use serde_json::{Map, Value};

use super::form::{Form, at};
use super::permission::{self, MANAGE_CHANNELS, MANAGE_ROLES};
use super::refusal::Refusal;
use super::rest::{Call, Reply};
use super::state::{Channel, Id, Kind, Overwrite, State, Target};

const PER_CATEGORY: usize = 50;
const PER_GUILD: usize = 500;
/// Renames and changes of topic: two in ten minutes.
const RENAME_WINDOW: u64 = 600_000;

impl State {
    /// A channel the bot sees and in which it has `wanted`: else 10003, 50001 or 50013.
    pub(super) fn channel_for_bot(&self, id: Id, wanted: u64) -> Result<&Channel, Refusal> {
        let channel = self.channels.get(&id).ok_or_else(Refusal::unknown_channel)?;
        if !self.bot_sees(channel) {
            return Err(Refusal::missing_access());
        }
        if !permission::may(self, self.bot, channel, wanted) {
            return Err(Refusal::missing_permissions());
        }
        Ok(channel)
    }

    /// The same for what a direct conversation does not have.
    fn guild_channel_for_bot(&self, id: Id, wanted: u64) -> Result<&Channel, Refusal> {
        if self.channels.get(&id).is_some_and(|at| at.kind == Kind::Dm) {
            return Err(Refusal::dm_channel());
        }
        self.channel_for_bot(id, wanted)
    }
}

pub(super) fn get(state: &State, id: Id) -> Result<Reply, Refusal> {
    let channel = state.channel_for_bot(id, 0)?;
    Ok(Reply::ok(state.channel_json(channel)))
}

/// Text channels are in lower case, with dashes for spaces.
fn text_name(name: &str) -> String {
    name.trim().to_lowercase().split_whitespace().collect::<Vec<_>>().join("-")
}

fn overwrites(form: &mut Form, path: &str, map: &Map<String, Value>) -> Vec<Overwrite> {
    let list = form.list(path, map, "permission_overwrites", 100).map_or(&[][..], Vec::as_slice);
    let mut read: Vec<Overwrite> = Vec::new();
    for (n, value) in list.iter().enumerate() {
        let path = format!("{}.{n}", at(path, "permission_overwrites"));
        let Some(map) = form.object(&path, value, &["id", "type", "allow", "deny"]) else { continue };
        let Some(id) = form.need(&path, map, "id") else { continue };
        let Some(id) = form.snowflake(&at(&path, "id"), id) else { continue };
        let (target, allow, deny) = overwrite(form, &path, map);
        if read.iter().any(|other| other.id == id) {
            form.error(&at(&path, "id"), "PERMISSION_OVERWRITE_DUPLICATE", "The same target twice.");
        }
        read.push(Overwrite { id, target, allow, deny });
    }
    read
}

fn overwrite(form: &mut Form, path: &str, map: &Map<String, Value>) -> (Target, u64, u64) {
    form.need(path, map, "type");
    let target = match form.choice(path, map, "type", &[0, 1]) {
        Some(1) => Target::Member,
        _ => Target::Role,
    };
    let allow = form.integer(path, map, "allow", (0, permission::ALL)).unwrap_or(0);
    let deny = form.integer(path, map, "deny", (0, permission::ALL)).unwrap_or(0);
    (target, allow, deny)
}

/// Overwrites may only allow and deny what the bot itself has; `MANAGE_ROLES` only an administrator may hand on.
fn check_bits(state: &State, has: u64, overwrites: &[Overwrite]) -> Result<(), Refusal> {
    let bits = overwrites.iter().fold(0, |bits, one| bits | one.allow | one.deny);
    let administrator = permission::in_guild(state, state.bot) == permission::ALL;
    if !administrator && (bits & !has != 0 || bits & MANAGE_ROLES != 0) {
        return Err(Refusal::missing_permissions());
    }
    Ok(())
}

/// Every target must be a role of the guild or a user that exists.
fn check_targets(state: &State, form: &mut Form, overwrites: &[Overwrite]) {
    for (n, one) in overwrites.iter().enumerate() {
        let known = match one.target {
            Target::Role => state.roles.contains_key(&one.id),
            Target::Member => state.users.contains_key(&one.id),
        };
        if !known {
            let path = format!("permission_overwrites.{n}.id");
            form.error(&path, "PERMISSION_OVERWRITE_UNKNOWN_TARGET", "Unknown role or user.");
        }
    }
}

fn check_parent(state: &State, form: &mut Form, map: &Map<String, Value>, now_in: Option<Id>) -> Option<Id> {
    let value = map.get("parent_id").filter(|value| !value.is_null())?;
    let parent = form.snowflake("parent_id", value)?;
    match state.channels.get(&parent) {
        None => form.error("parent_id", "CHANNEL_PARENT_INVALID", "Category does not exist"),
        Some(at) if at.kind != Kind::Category => {
            form.error("parent_id", "CHANNEL_PARENT_INVALID_TYPE", "Not a category");
        }
        Some(_) if now_in != Some(parent) && state.children(parent) >= PER_CATEGORY => {
            let message = format!("Maximum number of channels in category reached ({PER_CATEGORY})");
            form.error("parent_id", "CHANNEL_PARENT_MAX_CHANNELS", message);
        }
        Some(_) => {}
    }
    Some(parent)
}

pub(super) fn create(state: &mut State, guild: Id, call: &Call) -> Result<Reply, Refusal> {
    state.known_guild(guild)?;
    let known =
        ["name", "type", "topic", "position", "permission_overwrites", "parent_id", "nsfw", "rate_limit_per_user"];
    let mut form = Form::default();
    let Some(map) = form.object("", &call.body, &known) else { return Err(Refusal::not_json()) };
    let name = form.need_text("", map, "name", (1, 100)).unwrap_or_default();
    let kind = if form.choice("", map, "type", &[0, 4]) == Some(4) { Kind::Category } else { Kind::Text };
    let topic = form.text("", map, "topic", (0, 1024)).filter(|topic| !topic.is_empty()).map(str::to_owned);
    let position = form.integer("", map, "position", (0, 10_000)).unwrap_or(0);
    form.flag("", map, "nsfw");
    let slow = form.integer("", map, "rate_limit_per_user", (0, 21_600)).unwrap_or(0);
    let given = overwrites(&mut form, "", map);
    check_targets(state, &mut form, &given);
    let parent_of = map.get("parent_id").and_then(Value::as_str).and_then(|id| id.parse::<Id>().ok());
    let in_guild = permission::in_guild(state, state.bot);
    let category = parent_of.and_then(|id| state.channels.get(&id));
    let has = category.map_or(in_guild, |at| permission::in_channel(state, state.bot, at));
    if has & MANAGE_CHANNELS == 0 {
        return Err(Refusal::missing_permissions());
    }
    let parent = check_parent(state, &mut form, map, None);
    state.refuse(&form)?;
    check_bits(state, in_guild, &given)?;
    if state.guild_channels().count() >= PER_GUILD {
        return Err(Refusal::channels_full());
    }
    let inherited = || parent.and_then(|id| state.channels.get(&id)).map(|at| at.overwrites.clone());
    let overwrites = if map.contains_key("permission_overwrites") { given } else { inherited().unwrap_or_default() };
    let name = if kind == Kind::Text { text_name(name) } else { name.to_owned() };
    let id = state.next_id();
    let channel =
        Channel { id, kind, name, topic, parent, position, overwrites, recipient: None, slow, renamed: Vec::new() };
    state.add_channel(channel);
    state.channels.get(&id).map(|at| Reply::created(state.channel_json(at))).ok_or_else(Refusal::unknown_channel)
}

pub(super) fn edit(state: &mut State, id: Id, call: &Call) -> Result<Reply, Refusal> {
    let channel = state.guild_channel_for_bot(id, MANAGE_CHANNELS)?.clone();
    let known =
        ["name", "type", "topic", "position", "permission_overwrites", "parent_id", "nsfw", "rate_limit_per_user"];
    let mut form = Form::default();
    let Some(map) = form.object("", &call.body, &known) else { return Err(Refusal::not_json()) };
    let name = form.text("", map, "name", (1, 100));
    let topic = form.text("", map, "topic", (0, 1024));
    let position = form.integer("", map, "position", (0, 10_000));
    if form.choice("", map, "type", &[0, 4]).is_some_and(|kind| kind != channel.kind.number()) {
        form.error("type", "CHANNEL_TYPE_INVALID", "Cannot convert to this type");
    }
    form.flag("", map, "nsfw");
    form.integer("", map, "rate_limit_per_user", (0, 21_600));
    let given = overwrites(&mut form, "", map);
    check_targets(state, &mut form, &given);
    let parent = check_parent(state, &mut form, map, channel.parent);
    state.refuse(&form)?;
    let mut after = channel.clone();
    if map.contains_key("permission_overwrites") {
        let has = permission::in_channel(state, state.bot, &channel);
        if has & MANAGE_ROLES == 0 {
            return Err(Refusal::missing_permissions());
        }
        check_bits(state, permission::in_guild(state, state.bot), &given)?;
        after.overwrites = given;
    }
    if let Some(name) = name {
        after.name = if channel.kind == Kind::Text { text_name(name) } else { name.to_owned() };
    }
    if map.contains_key("topic") {
        after.topic = topic.filter(|topic| !topic.is_empty()).map(str::to_owned);
    }
    if map.contains_key("parent_id") {
        after.parent = parent;
    }
    after.position = position.unwrap_or(channel.position);
    if after.name != channel.name || after.topic != channel.topic {
        rename_limit(state.now(), &mut after)?;
        state.name(id, &after.name);
    }
    state.channels.insert(id, after);
    state.channel_event("CHANNEL_UPDATE", id);
    get(state, id).or_else(|_| Ok(Reply::ok(Value::Null)))
}

/// The third change within ten minutes is refused until the first is that old. The headers say nothing of this limit.
fn rename_limit(now: u64, channel: &mut Channel) -> Result<(), Refusal> {
    channel.renamed.retain(|at| now.saturating_sub(*at) < RENAME_WINDOW);
    if let [first, _, ..] = channel.renamed[..] {
        let left = Duration::from_millis(RENAME_WINDOW - now.saturating_sub(first));
        return Err(Refusal::limited(left.as_secs_f64(), "user"));
    }
    channel.renamed.push(now);
    Ok(())
}

pub(super) fn delete(state: &mut State, id: Id) -> Result<Reply, Refusal> {
    if state.channels.get(&id).is_some_and(|at| at.kind == Kind::Dm) {
        return Err(Refusal::dm_channel());
    }
    let channel = state.channel_for_bot(id, MANAGE_CHANNELS)?;
    let data = state.channel_json(channel);
    state.remove_channel(id);
    Ok(Reply::ok(data))
}

pub(super) fn put_overwrite(state: &mut State, id: Id, target_id: Id, call: &Call) -> Result<Reply, Refusal> {
    let channel = state.guild_channel_for_bot(id, MANAGE_ROLES)?.clone();
    let mut form = Form::default();
    let Some(map) = form.object("", &call.body, &["id", "type", "allow", "deny"]) else {
        return Err(Refusal::not_json());
    };
    let (target, allow, deny) = overwrite(&mut form, "", map);
    state.refuse(&form)?;
    let set = Overwrite { id: target_id, target, allow, deny };
    match target {
        Target::Role if !state.roles.contains_key(&target_id) => return Err(Refusal::unknown_overwrite()),
        Target::Member if !state.users.contains_key(&target_id) => return Err(Refusal::unknown_overwrite()),
        _ => {}
    }
    check_bits(state, permission::in_guild(state, state.bot), std::slice::from_ref(&set))?;
    let mut after = channel;
    match after.overwrites.iter_mut().find(|one| one.id == target_id) {
        Some(one) => *one = set,
        None => after.overwrites.push(set),
    }
    state.channels.insert(id, after);
    state.channel_event("CHANNEL_UPDATE", id);
    Ok(Reply::nothing())
}

pub(super) fn delete_overwrite(state: &mut State, id: Id, target: Id) -> Result<Reply, Refusal> {
    let mut after = state.guild_channel_for_bot(id, MANAGE_ROLES)?.clone();
    let before = after.overwrites.len();
    after.overwrites.retain(|one| one.id != target);
    if after.overwrites.len() == before {
        return Err(Refusal::unknown_overwrite());
    }
    state.channels.insert(id, after);
    state.channel_event("CHANNEL_UPDATE", id);
    Ok(Reply::nothing())
}
