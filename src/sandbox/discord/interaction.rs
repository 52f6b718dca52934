//! Interactions: what the bot is told, how long it may answer, and what it answered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;

use super::permission;
use super::state::{EPHEMERAL, File, Id, Kind, State, Stored};

/// Three seconds from the gateway frame to the first answer.
const ACKNOWLEDGE_WITHIN: u64 = 3_000;
/// Fifteen minutes in which the token works.
const TOKEN_LIVES: u64 = 15 * 60 * 1000;

/// The first answer to an interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ack {
    /// 4
    Message,
    /// 5
    Deferred,
    /// 6
    DeferredUpdate,
    /// 7
    Update,
    /// 8
    Choices,
    /// 9
    Modal,
}

/// An interaction and what became of it.
#[derive(Debug, Clone)]
pub(super) struct Interaction {
    pub(super) id: Id,
    pub(super) token: String,
    /// 2 command, 3 component, 4 autocomplete, 5 modal submit.
    pub(super) kind: u64,
    pub(super) name: String,
    pub(super) user: Id,
    pub(super) channel: Id,
    /// The message whose component was used.
    pub(super) source: Option<Id>,
    /// When the person acted (ms and measured).
    pub(super) created: u64,
    pub(super) created_at: Instant,
    /// When the frame was written.
    pub(super) written: Option<(u64, Instant)>,
    pub(super) ack: Option<(Ack, Duration)>,
    pub(super) original: Option<Id>,
    /// Answered with "is thinking", and not yet with content.
    pub(super) thinking: bool,
    /// A followup was made or a message edited after the acknowledgement.
    pub(super) answered: bool,
    pub(super) followups: Vec<Id>,
    pub(super) shown: Option<Value>,
    /// Counts what became of it, for whoever waits.
    pub(super) changed: Arc<watch::Sender<u64>>,
}

impl Interaction {
    /// Whether a first answer is still accepted.
    pub(super) fn open(&self, now: u64) -> bool {
        now.saturating_sub(self.written.map_or(self.created, |(ms, _)| ms)) < ACKNOWLEDGE_WITHIN
    }

    /// Whether the token still works.
    pub(super) fn alive(&self, now: u64) -> bool {
        now.saturating_sub(self.created) < TOKEN_LIVES
    }
}

/// What a person does that becomes an interaction.
#[derive(Debug, Default)]
pub(super) struct Act {
    pub(super) kind: u64,
    pub(super) name: String,
    pub(super) user: Id,
    pub(super) channel: Id,
    pub(super) source: Option<Id>,
    pub(super) data: Value,
}

impl State {
    /// Records an interaction and sends it to the bot.
    pub(super) fn interact(&mut self, act: Act) -> Id {
        let id = self.next_id();
        let secret = super::wire::signature(&self.token, id, "interaction");
        let token = data_encoding::BASE64URL_NOPAD.encode(format!("interaction:{id}:{secret}").as_bytes());
        let payload = self.interaction_json(id, &token, &act);
        self.tokens.insert(token.clone(), id);
        let interaction = Interaction {
            id,
            token,
            kind: act.kind,
            name: act.name,
            user: act.user,
            channel: act.channel,
            source: act.source,
            created: self.now(),
            created_at: Instant::now(),
            written: None,
            ack: None,
            original: None,
            thinking: false,
            answered: false,
            followups: Vec::new(),
            shown: None,
            changed: Arc::new(watch::Sender::new(0)),
        };
        self.interactions.insert(id, interaction);
        self.emit_interaction(id, &payload);
        id
    }

    /// Wakes whoever waits for this interaction.
    pub(super) fn touched(&self, id: Id) {
        if let Some(interaction) = self.interactions.get(&id) {
            interaction.changed.send_modify(|n| *n = n.wrapping_add(1));
        }
    }

    /// The three seconds begin: the frame is being written.
    pub(super) fn interaction_written(&mut self, id: Id) {
        let now = self.now();
        if let Some(interaction) = self.interactions.get_mut(&id)
            && interaction.written.is_none()
        {
            interaction.written = Some((now, Instant::now()));
        }
    }

    fn interaction_json(&self, id: Id, token: &str, act: &Act) -> Value {
        let channel = self.channels.get(&act.channel);
        let guild = channel.is_some_and(|at| at.kind != Kind::Dm);
        let user = self.users.get(&act.user);
        let mut data = json!({
            "id": id.to_string(), "application_id": self.app.to_string(), "type": act.kind, "token": token,
            "version": 1, "data": act.data, "channel_id": act.channel.to_string(), "entitlements": [],
            "locale": user.map_or("en-US", |user| &user.locale), "attachment_size_limit": 10 * 1024 * 1024,
            "authorizing_integration_owners": { "0": if guild { self.guild.to_string() } else { "0".into() } },
            "context": u8::from(!guild),
        });
        if let Some(at) = channel {
            data["channel"] = self.partial_channel_json(at, act.user);
            data["app_permissions"] = json!(permission::in_channel(self, self.bot, at).to_string());
        }
        if guild {
            data["guild_id"] = json!(self.guild.to_string());
            data["guild_locale"] = json!("en-US");
            data["guild"] = json!({ "id": self.guild.to_string(), "locale": "en-US", "features": [] });
            if let (Some(member), Some(at)) = (self.members.get(&act.user), channel) {
                let mut member = self.member_json(act.user, member);
                member["permissions"] = json!(permission::in_channel(self, act.user, at).to_string());
                data["member"] = member;
            }
        } else {
            data["user"] = self.user_json_by_id(act.user);
        }
        if let Some(message) = act.source.and_then(|source| self.message(act.channel, source)) {
            data["message"] = self.message_json(message, true);
        }
        data
    }

    pub(super) fn answer_message(&mut self, interaction: Id, ephemeral: bool, mut message: Stored) -> Id {
        let id = message.id;
        if let Some(asked) = self.interactions.get(&interaction) {
            message.interaction = Some(interaction);
            if ephemeral {
                message.only_for = Some(asked.user);
                message.flags |= EPHEMERAL;
            }
        }
        self.add_message(message);
        id
    }

    /// An empty message of the bot.
    pub(super) fn blank(&mut self, channel: Id, author: Id) -> Stored {
        Stored {
            id: self.next_id(),
            channel,
            author,
            content: String::new(),
            embeds: Vec::new(),
            components: Vec::new(),
            files: Vec::new(),
            forwarded: Vec::new(),
            flags: 0,
            created: self.now(),
            edited: None,
            nonce: None,
            mentions: Vec::new(),
            mention_roles: Vec::new(),
            mention_everyone: false,
            reply_to: None,
            only_for: None,
            interaction: None,
        }
    }

    /// Makes a file from what was uploaded.
    pub(super) fn file(&mut self, channel: Id, filename: &str, bytes: &[u8]) -> File {
        let size = image::ImageReader::new(std::io::Cursor::new(bytes))
            .with_guessed_format()
            .ok()
            .filter(|reader| reader.format().is_some())
            .and_then(|reader| reader.into_dimensions().ok());
        // Discord keeps letters, digits, dots, dashes and underscores of a name.
        let filename: String =
            filename.chars().map(|c| if c.is_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
        File { id: self.next_id(), filename, description: None, bytes: bytes.into(), size, channel }
    }
}

/// Names and values of `resolved` in the data of a command, by kind.
pub(super) type Resolved = BTreeMap<&'static str, serde_json::Map<String, Value>>;
