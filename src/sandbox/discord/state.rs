//! The guild as it is: people, roles, channels, messages, commands, and what the bot is connected with.
//!
//! Everything lies behind one mutex. Nothing here waits, and nothing here decides who may do what (`permission`,
//! `rest`, `person` do).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};

use super::gateway::Session;
use super::interaction::Interaction;
use super::permission;
use super::record::{Request, Rule};

/// A snowflake: milliseconds since 2015 in the upper 42 bits.
pub type Id = u64;

/// Milliseconds since 1970 at which snowflakes begin.
pub(super) const EPOCH: u64 = 1_420_070_400_000;

/// A person or the bot, in the guild or not.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) id: Id,
    pub(super) username: String,
    pub(super) global_name: Option<String>,
    pub(super) bot: bool,
    pub(super) locale: String,
    pub(super) dms_open: bool,
}

/// Membership of the one guild.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) roles: Vec<Id>,
    pub(super) joined: u64,
}

/// A role of the guild.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its id; `@everyone` has the guild's.
    pub id: Id,
    pub name: String,
    /// Permission bits (see the constants of [`permission`]).
    pub permissions: u64,
    /// Place in the list, 0 is `@everyone`.
    pub position: u64,
    /// Whether anyone may mention it.
    pub mentionable: bool,
}

/// Whom an overwrite is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A role, or `@everyone` by the guild's id.
    Role,
    Member,
}

/// Permissions changed for one role or member in one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overwrite {
    pub id: Id,
    pub target: Target,
    pub allow: u64,
    pub deny: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text channel of the guild (0).
    Text,
    /// A direct conversation (1).
    Dm,
    /// A category (4).
    Category,
    /// A thread in a text channel, for everybody who sees that (11).
    Thread,
}

impl Kind {
    pub(super) fn number(self) -> u64 {
        match self {
            Self::Text => 0,
            Self::Dm => 1,
            Self::Category => 4,
            Self::Thread => 11,
        }
    }
}

/// A channel as it is now.
#[derive(Debug, Clone)]
pub struct Channel {
    pub id: Id,
    /// Text, category or direct conversation.
    pub kind: Kind,
    /// Its name, without `#`.
    pub name: String,
    pub topic: Option<String>,
    /// The category it is in.
    pub parent: Option<Id>,
    pub position: u64,
    /// Overwrites in the order in which they were set.
    pub overwrites: Vec<Overwrite>,
    /// The other side of a direct conversation.
    pub recipient: Option<Id>,
    /// Seconds between two messages of one person.
    pub(super) slow: u64,
    /// When name or topic were changed last (ms), for the limit of two in ten minutes.
    pub(super) renamed: Vec<u64>,
}

/// A file on Discord's CDN.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) id: Id,
    pub(super) filename: String,
    pub(super) description: Option<String>,
    pub(super) bytes: Arc<[u8]>,
    pub(super) size: Option<(u32, u32)>,
    pub(super) channel: Id,
}

/// A message as it is stored.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) id: Id,
    pub(super) channel: Id,
    pub(super) author: Id,
    pub(super) content: String,
    pub(super) embeds: Vec<Value>,
    pub(super) components: Vec<Value>,
    pub(super) files: Vec<File>,
    /// Files of the message that it forwards.
    pub(super) forwarded: Vec<File>,
    pub(super) flags: u64,
    pub(super) created: u64,
    pub(super) edited: Option<u64>,
    pub(super) nonce: Option<Value>,
    pub(super) mentions: Vec<Id>,
    pub(super) mention_roles: Vec<Id>,
    pub(super) mention_everyone: bool,
    pub(super) reply_to: Option<Id>,
    /// Only this person sees it (an ephemeral answer).
    pub(super) only_for: Option<Id>,
    pub(super) interaction: Option<Id>,
}

pub(super) const EPHEMERAL: u64 = 1 << 6;
pub(super) const LOADING: u64 = 1 << 7;

pub(super) struct State {
    pub(super) guild: Id,
    pub(super) guild_name: String,
    pub(super) owner: Id,
    pub(super) app: Id,
    pub(super) bot: Id,
    pub(super) token: String,
    pub(super) users: BTreeMap<Id, User>,
    pub(super) members: BTreeMap<Id, Member>,
    pub(super) roles: BTreeMap<Id, Role>,
    pub(super) channels: BTreeMap<Id, Channel>,
    pub(super) messages: HashMap<Id, BTreeMap<Id, Stored>>,
    pub(super) commands: Vec<Value>,
    pub(super) shows_all_commands: bool,
    pub(super) interactions: HashMap<Id, Interaction>,
    pub(super) tokens: HashMap<String, Id>,
    /// Files given to slash commands: on the CDN, but in no message.
    pub(super) uploads: HashMap<Id, File>,
    pub(super) sessions: Vec<Session>,
    pub(super) presence: Option<Value>,
    /// The host that the addresses of files name.
    pub(super) file_host: &'static str,
    /// Intents of the last IDENTIFY; REST hides message content by the same rule.
    pub(super) intents: u64,
    pub(super) portal: super::Portal,
    pub(super) requests: Vec<Request>,
    pub(super) rules: Vec<Rule>,
    pub(super) buckets: HashMap<String, (Instant, u32)>,
    pub(super) problems: Vec<String>,
    /// Names of people, roles and channels, for rendering mentions; also of those that are gone.
    pub(super) names: Arc<HashMap<Id, String>>,
    pub(super) faults: super::gateway::Faults,
    pub(super) now: Arc<dyn Fn() -> u64 + Send + Sync>,
    pub(super) last_id: Id,
}

impl State {
    /// Now in milliseconds since 1970.
    pub(super) fn now(&self) -> u64 {
        (self.now)()
    }

    /// A fresh id, larger than every earlier one.
    pub(super) fn next_id(&mut self) -> Id {
        let by_clock = self.now().saturating_sub(EPOCH) << 22;
        self.last_id = by_clock.max(self.last_id + 1);
        self.last_id
    }

    pub(super) fn problem(&mut self, text: impl Into<String>) {
        self.problems.push(text.into());
    }

    pub(super) fn name(&mut self, id: Id, name: &str) {
        Arc::make_mut(&mut self.names).insert(id, name.to_owned());
    }

    pub(super) fn children(&self, parent: Id) -> usize {
        self.channels.values().filter(|channel| channel.parent == Some(parent)).count()
    }

    pub(super) fn guild_channels(&self) -> impl Iterator<Item = &Channel> {
        self.channels.values().filter(|channel| !matches!(channel.kind, Kind::Dm | Kind::Thread))
    }

    /// Whether the bot sees the channel.
    pub(super) fn bot_sees(&self, channel: &Channel) -> bool {
        permission::may(self, self.bot, channel, permission::VIEW_CHANNEL)
    }

    /// Whether a person sees the channel.
    pub(super) fn person_sees(&self, person: Id, channel: Id) -> bool {
        self.channels.get(&channel).is_some_and(|at| permission::may(self, person, at, permission::VIEW_CHANNEL))
    }

    pub(super) fn message(&self, channel: Id, id: Id) -> Option<&Stored> {
        self.messages.get(&channel)?.get(&id)
    }

    /// The direct conversation between the bot and a person, opened when there is none.
    pub(super) fn dm(&mut self, person: Id) -> Id {
        if let Some(channel) = self.channels.values().find(|channel| channel.recipient == Some(person)) {
            return channel.id;
        }
        let id = self.next_id();
        let channel = Channel {
            id,
            kind: Kind::Dm,
            name: String::new(),
            topic: None,
            parent: None,
            position: 0,
            overwrites: Vec::new(),
            recipient: Some(person),
            slow: 0,
            renamed: Vec::new(),
        };
        self.channels.insert(id, channel);
        id
    }

    /// Adds a channel and tells the bot when it sees it.
    pub(super) fn add_channel(&mut self, channel: Channel) {
        let id = channel.id;
        self.name(id, &channel.name);
        self.channels.insert(id, channel);
        self.channel_event("CHANNEL_CREATE", id);
    }

    /// Announces a channel by its present state, if the bot sees it.
    pub(super) fn channel_event(&mut self, name: &'static str, id: Id) {
        let Some(channel) = self.channels.get(&id) else { return };
        if channel.kind != Kind::Dm && self.bot_sees(channel) {
            let data = self.channel_json(channel);
            self.emit(name, super::gateway::GUILDS, &data);
        }
    }

    /// Removes a channel with its messages and files; a category leaves its channels behind.
    pub(super) fn remove_channel(&mut self, id: Id) {
        self.channel_event("CHANNEL_DELETE", id);
        self.channels.remove(&id);
        self.messages.remove(&id);
        self.channels.retain(|_, channel| channel.kind != Kind::Thread || channel.parent != Some(id));
        for channel in self.channels.values_mut().filter(|channel| channel.parent == Some(id)) {
            channel.parent = None;
        }
    }

    /// Stores a message and announces it; ephemeral ones are announced to nobody.
    pub(super) fn add_message(&mut self, message: Stored) {
        let (channel, id) = (message.channel, message.id);
        let secret = message.only_for.is_some();
        self.messages.entry(channel).or_default().insert(id, message);
        if !secret {
            self.message_event("MESSAGE_CREATE", channel, id);
        }
    }

    /// Announces a message to the sessions that may see it, without content where the intent is missing.
    pub(super) fn message_event(&mut self, name: &'static str, channel: Id, id: Id) {
        let Some(at) = self.channels.get(&channel) else { return };
        if !self.bot_sees(at) {
            return;
        }
        let guild = at.kind != Kind::Dm;
        let Some(message) = self.message(channel, id) else { return };
        if message.only_for.is_some() {
            return;
        }
        let author = message.author;
        let nonce = message.nonce.clone();
        let intent = if guild { super::gateway::GUILD_MESSAGES } else { super::gateway::DIRECT_MESSAGES };
        let mut full = self.message_json(message, true);
        let mut bare = self.message_json(message, self.content_visible(message, 0));
        for data in [&mut full, &mut bare] {
            if guild && !self.faults.omits_guilds {
                data["guild_id"] = json!(self.guild.to_string());
                if let Some(member) = self.members.get(&author) {
                    let mut member = self.member_json(author, member);
                    if let Some(fields) = member.as_object_mut() {
                        fields.remove("user");
                    }
                    data["member"] = member;
                }
            }
            if let Some(nonce) = &nonce {
                data["nonce"] = nonce.clone();
            }
        }
        self.emit_by_content(name, intent, &full, &bare);
    }

    /// Removes a message and announces it. `false` when there is none.
    pub(super) fn remove_message(&mut self, channel: Id, id: Id) -> bool {
        let Some(message) = self.messages.get_mut(&channel).and_then(|all| all.remove(&id)) else { return false };
        if message.only_for.is_none() && self.channels.get(&channel).is_some_and(|at| self.bot_sees(at)) {
            let guild = self.channels.get(&channel).is_some_and(|at| at.kind != Kind::Dm);
            let mut data = json!({ "id": id.to_string(), "channel_id": channel.to_string() });
            if guild {
                data["guild_id"] = json!(self.guild.to_string());
            }
            let intent = if guild { super::gateway::GUILD_MESSAGES } else { super::gateway::DIRECT_MESSAGES };
            self.emit("MESSAGE_DELETE", intent, &data);
        }
        true
    }

    /// Discord hides content, embeds, components and files of guild messages from applications without the
    /// Message Content intent, except their own, those that mention them, and direct messages.
    pub(super) fn content_visible(&self, message: &Stored, intents: u64) -> bool {
        intents & super::gateway::MESSAGE_CONTENT != 0
            || message.author == self.bot
            || message.mentions.contains(&self.bot)
            || self.channels.get(&message.channel).is_some_and(|at| at.kind == Kind::Dm)
    }
}
