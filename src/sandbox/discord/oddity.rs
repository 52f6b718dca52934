//! What Discord may do one day and hardly ever does, and what other applications do.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Discord;
use super::answer::Pending;
use super::gateway::{Frame, GUILD_MESSAGES, GUILDS};
use super::interaction::Act;
use super::permission::SEND_MESSAGES;
use super::person::{Person, Refused, may};
use super::seen::Message;
use super::state::Id;

impl Discord {
    /// Writes a frame to the gateway's connections, whatever it says.
    pub fn writes_frame(&self, text: &str) {
        self.shared.change(|state| {
            state.sessions.iter().for_each(|session| session.write(Frame::Text(text.to_owned(), None)));
        });
    }

    /// Delivers an interaction once more.
    pub fn repeats(&self, asked: &Pending) {
        self.shared.change(|state| {
            for session in &mut state.sessions {
                let sent = session.kept.iter().find_map(|(_, frame)| match frame {
                    Frame::Text(text, Some(id)) if *id == asked.id => serde_json::from_str::<Value>(text).ok(),
                    _ => None,
                });
                if let Some(sent) = sent {
                    session.send("INTERACTION_CREATE", &sent["d"], Some(asked.id), false);
                }
            }
        });
    }

    /// Announces messages without their guild, which Discord's reference calls optional (or with it again).
    pub fn omits_guilds(&self, omit: bool) {
        self.shared.change(|state| state.faults.omits_guilds = omit);
    }

    /// Gives a message an embed whose picture has no address, which Discord's own schema allows.
    pub fn embeds_without_address(&self, message: &Message) {
        self.shared.change(|state| {
            let stored = state.messages.get_mut(&message.channel).and_then(|all| all.get_mut(&message.id));
            if let Some(stored) = stored {
                stored.embeds.push(json!({ "type": "rich", "image": { "width": 1, "height": 1 } }));
            }
        });
    }

    /// From now on the addresses of files name this host.
    pub fn keeps_files_at(&self, host: &'static str) {
        self.shared.change(|state| state.file_host = host);
    }

    /// Another application deletes several messages of a channel at once.
    pub fn bulk_deleted(&self, channel: Id, messages: &[Id]) {
        self.shared.change(|state| {
            if let Some(all) = state.messages.get_mut(&channel) {
                all.retain(|id, _| !messages.contains(id));
            }
            let ids: Vec<_> = messages.iter().map(Id::to_string).collect();
            let guild = state.guild.to_string();
            let data = json!({ "ids": ids, "channel_id": channel.to_string(), "guild_id": guild });
            state.emit("MESSAGE_DELETE_BULK", GUILD_MESSAGES, &data);
        });
    }

    /// Takes the bot out of the guild, which forgets its commands; `elsewhere` says whether it shares
    /// another guild with everybody, without which it can write to nobody.
    pub fn kicks_bot(&self, elsewhere: bool) {
        self.shared.change(|state| {
            state.faults.kicked = state.members.remove(&state.bot);
            state.faults.elsewhere = elsewhere;
            state.commands.clear();
            let data = json!({ "id": state.guild.to_string() });
            state.emit("GUILD_DELETE", GUILDS, &data);
        });
    }

    /// Invites the bot again, with the permissions that it had.
    pub fn invites_bot(&self) {
        self.shared.change(|state| {
            let Some(member) = state.faults.kicked.take() else { return };
            state.members.insert(state.bot, member);
            let guild = state.guild_create_json();
            state.emit("GUILD_CREATE", GUILDS, &guild);
        });
    }

    /// Somebody's account is deleted: no user, no member, no direct messages.
    pub fn forgets(&self, person: Id) {
        self.shared.change(|state| {
            state.members.remove(&person);
            state.users.remove(&person);
        });
    }
}

impl Person {
    /// Types into a command as it was registered once: the data of an autocomplete interaction, whatever it says.
    pub fn types_into(&self, channel: Id, data: Value) -> Pending {
        let act = Act { kind: 4, name: "autocomplete".into(), user: self.id, channel, source: None, data };
        let id = self.shared.change(|state| state.interact(act));
        Pending { shared: Arc::clone(&self.shared), id }
    }

    /// Forwards a message with its files to another channel.
    pub fn forwards(&self, message: &Message, channel: Id) -> Result<Message, Refused> {
        self.shared.change(|state| {
            may(state, self.id, channel, SEND_MESSAGES, "send messages")?;
            let found =
                state.message(message.channel, message.id).filter(|_| state.person_sees(self.id, message.channel));
            let files = found.map(|found| found.files.clone()).ok_or(Refused::NoMessage)?;
            let mut forward = state.blank(channel, self.id);
            forward.forwarded = files;
            let seen = state.view(&forward);
            state.add_message(forward);
            Ok(seen)
        })
    }
}
