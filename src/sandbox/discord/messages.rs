//! REST: messages of channels and direct conversations.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::body::{self, Body, Mentions, Named, Sent};
use super::form::Form;
use super::permission::{self};
use super::permission::{
    ATTACH_FILES, EMBED_LINKS, MANAGE_MESSAGES, MENTION_EVERYONE, READ_MESSAGE_HISTORY, SEND_MESSAGES,
};
use super::refusal::Refusal;
use super::rest::{Call, Reply};
use super::state::{EPOCH, File, Id, Kind, LOADING, State, Stored};
use super::upload::Part;

/// Messages older than this cannot be deleted in bulk.
const BULK_DELETE_AGE: u64 = 14 * 24 * 3600 * 1000;
/// How long `enforce_nonce` remembers.
const NONCE_REMEMBERED: u64 = 5 * 60 * 1000;

impl State {
    /// Resolves mentions in a text, as far as they are allowed and its author may ring them.
    pub(super) fn mention(&self, message: &mut Stored, allowed: &Mentions) {
        let (users, roles) = mentions_in(&message.content);
        let user = |id: &Id| self.users.contains_key(id) && (allowed.all_users || allowed.users.contains(id));
        let at = self.channels.get(&message.channel);
        let rings_all = at.is_some_and(|at| permission::may(self, message.author, at, MENTION_EVERYONE));
        let rings = |id: &Id| self.roles.get(id).is_some_and(|role| role.mentionable || rings_all);
        let role = |id: &Id| rings(id) && (allowed.all_roles || allowed.roles.contains(id));
        message.mentions = users.into_iter().filter(user).collect();
        message.mention_roles = roles.into_iter().filter(role).collect();
        let loud = message.content.contains("@everyone") || message.content.contains("@here");
        message.mention_everyone = loud && rings_all && allowed.everyone;
    }

    /// Matches uploaded parts with `attachments`. Without `attachments`, all parts are attached in their order.
    pub(super) fn attach(
        &mut self,
        message: &mut Stored,
        named: Option<&[Named]>,
        parts: &[Part],
    ) -> Result<(), Refusal> {
        let mut files = Vec::new();
        if let Some(named) = named {
            for (n, one) in named.iter().enumerate() {
                let part = parts.iter().find(|part| part.name == format!("files[{}]", one.id));
                let kept = message.files.iter().find(|file| file.id == one.id);
                let mut file = match (part, kept) {
                    (Some(part), _) => {
                        let name = one.filename.as_deref().or(part.filename.as_deref()).unwrap_or("file");
                        self.file(message.channel, name, &part.bytes)
                    }
                    (None, Some(kept)) => kept.clone(),
                    (None, None) => {
                        let path = format!("attachments.{n}.id");
                        return Err(Refusal::field(&path, "ATTACHMENT_NOT_FOUND", "Attachment data was not found."));
                    }
                };
                file.description = one.description.clone().or(file.description);
                files.push(file);
            }
        } else {
            files.clone_from(&message.files);
        }
        for part in parts.iter().filter(|part| part.name.starts_with("files[")) {
            let taken = named.into_iter().flatten().any(|one| part.name == format!("files[{}]", one.id));
            if !taken {
                let file: File = self.file(message.channel, part.filename.as_deref().unwrap_or("file"), &part.bytes);
                files.push(file);
            }
        }
        if files.len() > 10 {
            return Err(Refusal::new(400, 30015, "Maximum number of attachments in a message reached (10)"));
        }
        message.files = files;
        Ok(())
    }

    /// Writes a body into a message. Everything not said stays.
    pub(super) fn fill(&mut self, message: &mut Stored, body: &Body, parts: &[Part]) -> Result<(), Refusal> {
        if let Some(content) = &body.content {
            message.content.clone_from(content);
            self.mention(message, &body.mentions);
        }
        if let Some(embeds) = &body.embeds {
            message.embeds.clone_from(embeds);
        }
        if let Some(components) = &body.components {
            message.components.clone_from(components);
            number_components(&mut message.components);
        }
        if let Some(flags) = body.flags {
            message.flags = (message.flags & !(1 << 2)) | flags;
        }
        self.attach(message, body.attachments.as_deref(), parts)?;
        for embed in &message.embeds {
            for part in ["image", "thumbnail"] {
                let named = embed[part]["url"].as_str().and_then(|url| url.strip_prefix("attachment://"));
                if let Some(name) = named
                    && !message.files.iter().any(|file| file.filename == name)
                {
                    self.problems.push(format!("an embed shows attachment://{name}, which the message does not have"));
                }
            }
        }
        message.flags &= !LOADING;
        body::refuse_empty(&message.content, &message.embeds, &message.components, message.files.len())
    }
}

/// Discord numbers components that have no id.
fn number_components(rows: &mut [Value]) {
    let mut next = 1;
    for row in rows {
        row["id"] = json!(next);
        next += 1;
        for child in row["components"].as_array_mut().into_iter().flatten() {
            child["id"] = json!(next);
            next += 1;
        }
    }
}

/// The user and role ids mentioned in a text, each once.
fn mentions_in(content: &str) -> (BTreeSet<Id>, BTreeSet<Id>) {
    let (mut users, mut roles) = (BTreeSet::new(), BTreeSet::new());
    for piece in content.split("<@").skip(1) {
        let Some((inside, _)) = piece.split_once('>') else { continue };
        if let Some(role) = inside.strip_prefix('&') {
            roles.extend(role.parse::<Id>());
        } else {
            users.extend(inside.trim_start_matches('!').parse::<Id>());
        }
    }
    (users, roles)
}

pub(super) fn list(state: &State, id: Id, call: &Call) -> Result<Reply, Refusal> {
    let channel = state.channel_for_bot(id, 0)?;
    if channel.kind == Kind::Category {
        return Err(Refusal::no_text_channel());
    }
    let number = |key: &str| -> Result<Option<u64>, Refusal> {
        let Some((_, text)) = call.query.iter().find(|(known, _)| known == key) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| Refusal::field(key, "NUMBER_TYPE_COERCE", "Value is not snowflake."))
    };
    let limit = number("limit")?.unwrap_or(50);
    if !(1..=100).contains(&limit) {
        return Err(Refusal::field("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100."));
    }
    let limit = usize::try_from(limit).unwrap_or(100);
    let (after, before, around) = (number("after")?, number("before")?, number("around")?);
    if !permission::may(state, state.bot, channel, READ_MESSAGE_HISTORY) {
        return Ok(Reply::ok(json!([])));
    }
    let all: Vec<&Stored> =
        state.messages.get(&id).into_iter().flat_map(|all| all.values()).filter(|m| m.only_for.is_none()).collect();
    let mut chosen: Vec<&Stored> = if let Some(after) = after {
        all.into_iter().filter(|m| m.id > after).take(limit).collect()
    } else if let Some(middle) = around {
        let at = all.partition_point(|m| m.id < middle);
        let from = at.saturating_sub(limit / 2);
        all.into_iter().skip(from).take(limit).collect()
    } else {
        let mut newest: Vec<_> =
            all.into_iter().rev().filter(|m| before.is_none_or(|before| m.id < before)).take(limit).collect();
        newest.reverse();
        newest
    };
    chosen.reverse();
    let shown = chosen.into_iter().map(|m| state.message_json(m, state.content_visible(m, state.intents)));
    Ok(Reply::ok(shown.collect::<Vec<_>>().into()))
}

/// A message that REST shows: not an ephemeral one.
fn public(state: &State, channel: Id, id: Id) -> Result<&Stored, Refusal> {
    state.message(channel, id).filter(|m| m.only_for.is_none()).ok_or_else(Refusal::unknown_message)
}

pub(super) fn get(state: &State, channel: Id, id: Id) -> Result<Reply, Refusal> {
    state.channel_for_bot(channel, READ_MESSAGE_HISTORY)?;
    let message = public(state, channel, id)?;
    Ok(Reply::ok(state.message_json(message, state.content_visible(message, state.intents))))
}

pub(super) fn create(state: &mut State, id: Id, call: &Call) -> Result<Reply, Refusal> {
    let channel = state.channel_for_bot(id, SEND_MESSAGES)?.clone();
    if channel.kind == Kind::Category {
        return Err(Refusal::no_text_channel());
    }
    let mut form = Form::default();
    let body = body::read(&mut form, "", &call.body, Sent::Create);
    state.refuse(&form)?;
    if let Some(person) = channel.recipient {
        let shared = state.members.contains_key(&person) && state.members.contains_key(&state.bot);
        if !shared && !state.faults.elsewhere {
            return Err(Refusal::no_mutual_guild());
        }
        if !state.users.get(&person).is_some_and(|user| user.dms_open) {
            return Err(Refusal::dms_closed());
        }
    }
    let mut wanted = 0;
    if call.parts.iter().any(|part| part.name.starts_with("files[")) {
        wanted |= ATTACH_FILES;
    }
    if body.embeds.as_ref().is_some_and(|embeds| !embeds.is_empty()) {
        wanted |= EMBED_LINKS;
    }
    state.channel_for_bot(id, wanted)?;
    if let Some(reply) = body.reply_to
        && state.message(id, reply).is_none()
    {
        return Err(Refusal::field("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message"));
    }
    if let Some(same) = same_nonce(state, id, &body) {
        return Ok(Reply::ok(same));
    }
    let mut message = state.blank(id, state.bot);
    message.nonce.clone_from(&body.nonce);
    message.reply_to = body.reply_to;
    state.fill(&mut message, &body, &call.parts)?;
    let mut answer = state.message_json(&message, true);
    if let Some(nonce) = &message.nonce {
        answer["nonce"] = nonce.clone();
    }
    state.add_message(message);
    Ok(Reply::ok(answer))
}

/// With `enforce_nonce`, the message already sent with this nonce in the past minutes.
fn same_nonce(state: &State, channel: Id, body: &Body) -> Option<Value> {
    let nonce = body.nonce.as_ref().filter(|_| body.enforce_nonce)?;
    let oldest = state.now().saturating_sub(NONCE_REMEMBERED);
    let mut recent = state.messages.get(&channel)?.values().rev().take_while(|message| message.created >= oldest);
    let same = recent.find(|message| message.author == state.bot && message.nonce.as_ref() == Some(nonce))?;
    let mut answer = state.message_json(same, true);
    answer["nonce"] = nonce.clone();
    Some(answer)
}

pub(super) fn edit(state: &mut State, channel: Id, id: Id, call: &Call) -> Result<Reply, Refusal> {
    state.channel_for_bot(channel, 0)?;
    let mut message = public(state, channel, id)?.clone();
    if message.author != state.bot {
        return Err(Refusal::not_yours());
    }
    let mut form = Form::default();
    let body = body::read(&mut form, "", &call.body, Sent::Edit);
    state.refuse(&form)?;
    state.fill(&mut message, &body, &call.parts)?;
    message.edited = Some(state.now());
    let answer = state.message_json(&message, true);
    state.messages.entry(channel).or_default().insert(id, message);
    state.message_event("MESSAGE_UPDATE", channel, id);
    Ok(Reply::ok(answer))
}

pub(super) fn delete(state: &mut State, channel: Id, id: Id) -> Result<Reply, Refusal> {
    let at = state.channel_for_bot(channel, 0)?;
    let message = public(state, channel, id)?;
    if message.author != state.bot {
        if at.kind == Kind::Dm {
            return Err(Refusal::dm_channel());
        }
        state.channel_for_bot(channel, MANAGE_MESSAGES)?;
    }
    state.remove_message(channel, id);
    Ok(Reply::nothing())
}

pub(super) fn bulk_delete(state: &mut State, channel: Id, call: &Call) -> Result<Reply, Refusal> {
    if state.channels.get(&channel).is_some_and(|at| at.kind == Kind::Dm) {
        return Err(Refusal::dm_channel());
    }
    state.channel_for_bot(channel, MANAGE_MESSAGES)?;
    let mut form = Form::default();
    let mut ids = BTreeSet::new();
    if let Some(map) = form.object("", &call.body, &["messages"]) {
        form.need("", map, "messages");
        let list = form.list("", map, "messages", 100).map_or(&[][..], Vec::as_slice);
        if list.len() < 2 {
            form.error("messages", "BASE_TYPE_BAD_LENGTH", "Must be between 2 and 100 in length.");
        }
        for (n, value) in list.iter().enumerate() {
            let path = format!("messages.{n}");
            if let Some(id) = form.snowflake(&path, value)
                && !ids.insert(id)
            {
                form.error(&path, "BASE_TYPE_DUPLICATE", "Ids must be unique.");
            }
        }
    }
    state.refuse(&form)?;
    let oldest = state.now().saturating_sub(BULK_DELETE_AGE);
    if ids.iter().any(|id| (id >> 22) + EPOCH < oldest) {
        return Err(Refusal::too_old_to_bulk_delete());
    }
    // Ids that do not exist are skipped in silence.
    for id in ids {
        if state.message(channel, id).is_some_and(|message| message.only_for.is_none()) {
            state.remove_message(channel, id);
        }
    }
    Ok(Reply::nothing())
}
