//! Message bodies: what may be in them, by where they are sent.

use serde_json::{Map, Value, json};

use super::component;
use super::form::{Form, at};
use super::refusal::Refusal;
use super::state::{EPHEMERAL, Id};

/// Where a message body arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// `POST /channels/{}/messages`.
    Create,
    /// `PATCH` of a message of a channel.
    Edit,
    /// `POST /webhooks/{app}/{token}`.
    Followup,
    /// `PATCH` of an interaction's message.
    EditAnswer,
    /// `data` of an interaction callback.
    Callback,
}

const SUPPRESS_EMBEDS: u64 = 1 << 2;
const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;

impl Sent {
    fn known(self) -> Vec<&'static str> {
        let mut known = vec!["content", "embeds", "allowed_mentions", "components", "attachments", "flags"];
        match self {
            Self::Create => known.extend(["nonce", "enforce_nonce", "tts", "message_reference", "sticker_ids"]),
            Self::Followup | Self::Callback => known.push("tts"),
            Self::Edit | Self::EditAnswer => {}
        }
        known
    }

    fn flags(self) -> u64 {
        match self {
            Self::Create => SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS,
            Self::Edit | Self::EditAnswer => SUPPRESS_EMBEDS,
            Self::Followup | Self::Callback => SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | EPHEMERAL,
        }
    }
}

/// A file named in `attachments`: a new one by the number of its part, or one to keep by its id.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) id: Id,
    pub(super) filename: Option<String>,
    pub(super) description: Option<String>,
}

/// A checked message body. `None` means: not said.
#[derive(Debug, Clone, Default)]
pub(super) struct Body {
    pub(super) content: Option<String>,
    pub(super) embeds: Option<Vec<Value>>,
    pub(super) components: Option<Vec<Value>>,
    pub(super) attachments: Option<Vec<Named>>,
    pub(super) flags: Option<u64>,
    pub(super) mentions: Mentions,
    pub(super) nonce: Option<Value>,
    pub(super) enforce_nonce: bool,
    pub(super) reply_to: Option<Id>,
}

/// `allowed_mentions`: whom the content may notify.
#[derive(Debug, Clone)]
pub(super) struct Mentions {
    pub(super) all_users: bool,
    pub(super) all_roles: bool,
    pub(super) everyone: bool,
    pub(super) users: Vec<Id>,
    pub(super) roles: Vec<Id>,
}

impl Default for Mentions {
    fn default() -> Self {
        Self { all_users: true, all_roles: true, everyone: true, users: Vec::new(), roles: Vec::new() }
    }
}

/// Reads and checks a message body.
pub(super) fn read(form: &mut Form, path: &str, value: &Value, sent: Sent) -> Body {
    let mut body = Body::default();
    let Some(map) = form.object(path, value, &sent.known()) else { return body };
    form.text(path, map, "content", (0, 2000));
    body.content = map.get("content").map(|content| content.as_str().unwrap_or_default().trim().to_owned());
    if map.contains_key("embeds") {
        body.embeds = Some(embeds(form, path, map));
    }
    if map.contains_key("components") {
        let list = form.list(path, map, "components", 5).cloned().unwrap_or_default();
        component::rows(form, &at(path, "components"), &list);
        body.components = Some(list);
    }
    if map.contains_key("attachments") {
        body.attachments = Some(attachments(form, path, map));
    }
    body.flags = form.integer(path, map, "flags", (0, u64::MAX));
    if body.flags.is_some_and(|flags| flags & !sent.flags() != 0) {
        form.error(&at(path, "flags"), "MESSAGE_FLAGS_INVALID", "These flags cannot be set here.");
    }
    if let Some(mentions) = map.get("allowed_mentions").filter(|value| !value.is_null()) {
        body.mentions = allowed_mentions(form, &at(path, "allowed_mentions"), mentions);
    }
    form.flag(path, map, "tts");
    if let Some(stickers) = form.list(path, map, "sticker_ids", 3)
        && !stickers.is_empty()
    {
        form.unknown.push(at(path, "sticker_ids"));
    }
    nonce(form, path, map, &mut body);
    reference(form, path, map, &mut body);
    body
}

fn nonce(form: &mut Form, path: &str, map: &Map<String, Value>, body: &mut Body) {
    body.enforce_nonce = form.flag(path, map, "enforce_nonce");
    match map.get("nonce") {
        None | Some(Value::Null) => {
            if body.enforce_nonce {
                form.error(&at(path, "nonce"), "BASE_TYPE_REQUIRED", "This field is required");
            }
        }
        Some(Value::String(text)) if text.chars().count() > 25 => {
            form.error(&at(path, "nonce"), "NONCE_TYPE_TOO_LONG", "Must be 25 or fewer in length.");
        }
        Some(value @ (Value::String(_) | Value::Number(_))) => body.nonce = Some(value.clone()),
        Some(_) => form.error(&at(path, "nonce"), "STRING_TYPE_CONVERT", "Could not interpret value as string."),
    }
}

fn reference(form: &mut Form, path: &str, map: &Map<String, Value>, body: &mut Body) {
    let Some(value) = map.get("message_reference").filter(|value| !value.is_null()) else { return };
    let path = at(path, "message_reference");
    let known = ["type", "message_id", "channel_id", "guild_id", "fail_if_not_exists"];
    if let Some(map) = form.object(&path, value, &known)
        && let Some(id) = form.need(&path, map, "message_id")
    {
        body.reply_to = form.snowflake(&at(&path, "message_id"), id);
    }
}

fn attachments(form: &mut Form, path: &str, map: &Map<String, Value>) -> Vec<Named> {
    let list = form.list(path, map, "attachments", 10).cloned().unwrap_or_default();
    let path = at(path, "attachments");
    let mut named = Vec::new();
    for (n, value) in list.iter().enumerate() {
        let path = at(&path, &n.to_string());
        let Some(map) = form.object(&path, value, &["id", "filename", "description"]) else { continue };
        let filename = form.text(&path, map, "filename", (1, 1024)).map(str::to_owned);
        let description = form.text(&path, map, "description", (0, 1024)).map(str::to_owned);
        let Some(id) = form.need(&path, map, "id") else { continue };
        if let Some(id) = form.snowflake(&at(&path, "id"), id) {
            named.push(Named { id, filename, description });
        }
    }
    named
}

fn allowed_mentions(form: &mut Form, path: &str, value: &Value) -> Mentions {
    let mut read = Mentions { all_users: false, all_roles: false, everyone: false, users: vec![], roles: vec![] };
    let Some(map) = form.object(path, value, &["parse", "users", "roles", "replied_user"]) else { return read };
    for (n, word) in form.list(path, map, "parse", 3).into_iter().flatten().enumerate() {
        match word.as_str() {
            Some("users") => read.all_users = true,
            Some("roles") => read.all_roles = true,
            Some("everyone") => read.everyone = true,
            _ => form.error(
                &format!("{path}.parse.{n}"),
                "BASE_TYPE_CHOICES",
                "Value must be one of ('users', 'roles', 'everyone').",
            ),
        }
    }
    for (key, all, into) in [("users", read.all_users, &mut read.users), ("roles", read.all_roles, &mut read.roles)] {
        for (n, id) in form.list(path, map, key, 100).into_iter().flatten().enumerate() {
            into.extend(form.snowflake(&format!("{path}.{key}.{n}"), id));
        }
        if all && !into.is_empty() {
            form.error(
                path,
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                format!("parse:[\"{key}\"] and {key}: [ids...] are mutually exclusive."),
            );
        }
    }
    form.flag(path, map, "replied_user");
    read
}

fn embeds(form: &mut Form, path: &str, map: &Map<String, Value>) -> Vec<Value> {
    let mut list = form.list(path, map, "embeds", 10).cloned().unwrap_or_default();
    let path = at(path, "embeds");
    let mut total = 0;
    for (n, embed) in list.iter_mut().enumerate() {
        total += one_embed(form, &at(&path, &n.to_string()), embed);
    }
    if total > 6000 {
        form.error(&path, "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000");
    }
    list
}

/// Checks an embed and returns how many characters count against the 6000 of all embeds together.
fn one_embed(form: &mut Form, path: &str, embed: &mut Value) -> usize {
    let known = [
        "title",
        "type",
        "description",
        "url",
        "timestamp",
        "color",
        "footer",
        "image",
        "thumbnail",
        "author",
        "fields",
    ];
    let Some(map) = form.object(path, embed, &known) else { return 0 };
    let mut total = 0;
    let mut count = |text: Option<&str>| total += text.map_or(0, |text| text.chars().count());
    count(form.text(path, map, "title", (0, 256)));
    count(form.text(path, map, "description", (0, 4096)));
    form.address(path, map, "url", false);
    form.integer(path, map, "color", (0, 0x00FF_FFFF));
    if let Some(time) = form.text(path, map, "timestamp", (1, 64))
        && chrono::DateTime::parse_from_rfc3339(time).is_err()
    {
        form.error(&at(path, "timestamp"), "DATE_TIME_TYPE_PARSE", format!("Could not parse {time}."));
    }
    if let Some(value) = map.get("footer").filter(|value| !value.is_null()) {
        let path = at(path, "footer");
        if let Some(map) = form.object(&path, value, &["text", "icon_url", "proxy_icon_url"]) {
            count(form.need_text(&path, map, "text", (1, 2048)));
            form.address(&path, map, "icon_url", true);
        }
    }
    if let Some(value) = map.get("author").filter(|value| !value.is_null()) {
        let path = at(path, "author");
        if let Some(map) = form.object(&path, value, &["name", "url", "icon_url", "proxy_icon_url"]) {
            count(form.need_text(&path, map, "name", (1, 256)));
            form.address(&path, map, "url", false);
            form.address(&path, map, "icon_url", true);
        }
    }
    for key in ["image", "thumbnail"] {
        let Some(value) = map.get(key).filter(|value| !value.is_null()) else { continue };
        let path = at(path, key);
        if let Some(map) = form.object(&path, value, &["url", "proxy_url", "height", "width"]) {
            form.need(&path, map, "url");
            form.address(&path, map, "url", true);
        }
    }
    let fields = form.list(path, map, "fields", 25).map_or(&[][..], Vec::as_slice);
    for (n, value) in fields.iter().enumerate() {
        let path = format!("{path}.fields.{n}");
        let Some(map) = form.object(&path, value, &["name", "value", "inline"]) else { continue };
        count(form.need_text(&path, map, "name", (1, 256)));
        count(form.need_text(&path, map, "value", (1, 1024)));
        form.flag(&path, map, "inline");
    }
    if map.values().all(Value::is_null) {
        form.error(path, "BASE_TYPE_REQUIRED", "This field is required");
    }
    if map.get("fields").is_none_or(Value::is_null) {
        embed["fields"] = json!([]);
    }
    total
}

/// 50006 when there is nothing to show.
pub(super) fn refuse_empty(content: &str, embeds: &[Value], components: &[Value], files: usize) -> Result<(), Refusal> {
    if content.is_empty() && embeds.is_empty() && components.is_empty() && files == 0 {
        return Err(Refusal::empty_message());
    }
    Ok(())
}
