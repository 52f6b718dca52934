//! What Discord may do one day and hardly ever does, and what other applications do.

use super::Discord;
use super::gateway::{Frame, GUILD_MESSAGES};
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
            let data = serde_json::json!({ "ids": ids, "channel_id": channel.to_string(), "guild_id": guild });
            state.emit("MESSAGE_DELETE_BULK", GUILD_MESSAGES, &data);
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
