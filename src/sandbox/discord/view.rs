//! A look at the whole state, for tests that wait for something.

use super::permission;
use super::seen::Message;
use super::state::{Channel, Id, Kind, Role, State};
use super::{Request, wire};

/// The state as it is while a closure looks at it.
pub struct View<'s>(pub(super) &'s State);

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("guild", &self.0.guild).finish_non_exhaustive()
    }
}

impl View<'_> {
    /// Channels of the guild, oldest first, categories too.
    pub fn channels(&self) -> Vec<Channel> {
        self.0.guild_channels().cloned().collect()
    }

    pub fn channel(&self, id: Id) -> Option<Channel> {
        self.0.channels.get(&id).cloned()
    }

    /// A channel of the guild by name.
    pub fn channel_named(&self, name: &str) -> Option<Channel> {
        self.0.guild_channels().find(|channel| channel.name == name).cloned()
    }

    /// Text channels in a category.
    pub fn channels_in(&self, category: Id) -> Vec<Channel> {
        self.0.channels.values().filter(|channel| channel.parent == Some(category)).cloned().collect()
    }

    /// Everything in a channel, oldest first, ephemeral answers too.
    pub fn messages(&self, channel: Id) -> Vec<Message> {
        self.0.messages.get(&channel).into_iter().flat_map(|all| all.values()).map(|m| self.0.view(m)).collect()
    }

    /// What a person sees in a channel, oldest first.
    pub fn seen_by(&self, person: Id, channel: Id) -> Vec<Message> {
        self.0.seen_by(person, channel)
    }

    /// A person's direct conversation with the bot, oldest first.
    pub fn dms_of(&self, person: Id) -> Vec<Message> {
        self.0.dms_of(person)
    }

    /// Somebody's permissions in a channel.
    pub fn permissions(&self, user: Id, channel: Id) -> u64 {
        self.0.channels.get(&channel).map_or(0, |at| permission::in_channel(self.0, user, at))
    }

    pub fn roles(&self) -> Vec<Role> {
        self.0.roles.values().cloned().collect()
    }

    /// Names of the registered commands.
    pub fn commands(&self) -> Vec<String> {
        self.0.commands.iter().filter_map(|command| command["name"].as_str().map(str::to_owned)).collect()
    }

    /// Whether the bot has a gateway session that is connected.
    pub fn bot_online(&self) -> bool {
        self.0.online()
    }

    /// What the bot says it is doing, from IDENTIFY or a presence update.
    pub fn presence(&self) -> Option<serde_json::Value> {
        self.0.presence.clone()
    }

    /// Requests in order of arrival.
    pub fn requests(&self) -> &[Request] {
        &self.0.requests
    }

    pub fn dm_channels(&self) -> Vec<Channel> {
        self.0.channels.values().filter(|channel| channel.kind == Kind::Dm).cloned().collect()
    }

    /// Now, by the sandbox's clock, as Discord writes it.
    pub fn now(&self) -> String {
        wire::iso(self.0.now())
    }
}
