//! What happens to a person: roles, leaving, closed direct messages; and what they see.

use serde_json::json;

use super::gateway::{GUILD_MEMBERS, GUILDS};
use super::permission::CREATE_PUBLIC_THREADS;
use super::person::{Person, Refused, may};
use super::seen::Message;
use super::state::{Channel, Id, Kind, Member, State};

impl Person {
    /// What they see in a channel, oldest first.
    pub fn sees(&self, channel: Id) -> Vec<Message> {
        self.shared.look(|state| state.seen_by(self.id, channel))
    }

    /// Their direct conversation with the bot, oldest first.
    pub fn dms(&self) -> Vec<Message> {
        self.shared.look(|state| state.dms_of(self.id))
    }

    /// The guild's text channels they see.
    pub fn channels(&self) -> Vec<Channel> {
        self.shared.look(|state| {
            let seen = state.channels.values().filter(|at| at.kind == Kind::Text && state.person_sees(self.id, at.id));
            seen.cloned().collect()
        })
    }

    /// Opens a thread in a text channel, if they may.
    pub fn starts_thread(&self, channel: Id, name: &str) -> Result<Id, Refused> {
        self.shared.change(|state| {
            may(state, self.id, channel, CREATE_PUBLIC_THREADS, "create threads")?;
            let id = state.next_id();
            let thread = Channel {
                id,
                kind: Kind::Thread,
                name: name.to_owned(),
                topic: None,
                parent: Some(channel),
                position: 0,
                overwrites: Vec::new(),
                recipient: None,
                slow: 0,
                renamed: Vec::new(),
            };
            state.name(id, name);
            state.channels.insert(id, thread);
            state.channel_event("THREAD_CREATE", id);
            Ok(id)
        })
    }

    pub fn permissions(&self, channel: Id) -> u64 {
        self.shared.look(|state| {
            state.channels.get(&channel).map_or(0, |at| super::permission::in_channel(state, self.id, at))
        })
    }

    /// Takes direct messages from the bot no more.
    pub fn closes_dms(&self) {
        self.set_dms(false);
    }

    pub fn opens_dms(&self) {
        self.set_dms(true);
    }

    fn set_dms(&self, open: bool) {
        self.shared.change(|state| {
            if let Some(user) = state.users.get_mut(&self.id) {
                user.dms_open = open;
            }
        });
    }

    /// Changes the language of their client, such as `"ar"`.
    pub fn speaks(&self, locale: &str) {
        self.shared.change(|state| {
            if let Some(user) = state.users.get_mut(&self.id) {
                locale.clone_into(&mut user.locale);
            }
        });
    }

    pub fn leaves(&self) {
        self.shared.change(|state| {
            if state.members.remove(&self.id).is_some() {
                let user = state.user_json_by_id(self.id);
                let data = json!({ "guild_id": state.guild.to_string(), "user": user });
                state.emit("GUILD_MEMBER_REMOVE", GUILD_MEMBERS, &data);
            }
        });
    }

    /// Joins the guild again, without roles.
    pub fn joins(&self) {
        self.shared.change(|state| {
            let joined = state.now();
            let member = Member { roles: Vec::new(), joined };
            let mut data = state.member_json(self.id, &member);
            data["guild_id"] = json!(state.guild.to_string());
            state.members.insert(self.id, member);
            state.emit("GUILD_MEMBER_ADD", GUILD_MEMBERS, &data);
        });
    }

    pub fn gets_role(&self, role: Id) {
        self.shared.change(|state| {
            if let Some(member) = state.members.get_mut(&self.id)
                && !member.roles.contains(&role)
            {
                member.roles.push(role);
            }
            state.member_updated(self.id);
        });
    }

    pub fn loses_role(&self, role: Id) {
        self.shared.change(|state| {
            if let Some(member) = state.members.get_mut(&self.id) {
                member.roles.retain(|has| *has != role);
            }
            state.member_updated(self.id);
        });
    }
}

impl State {
    fn member_updated(&mut self, person: Id) {
        let Some(member) = self.members.get(&person) else { return };
        let mut data = self.member_json(person, member);
        data["guild_id"] = json!(self.guild.to_string());
        // The bot hears of itself with GUILDS alone; of others only with the privileged intent.
        let intent = if person == self.bot { GUILDS | GUILD_MEMBERS } else { GUILD_MEMBERS };
        self.emit("GUILD_MEMBER_UPDATE", intent, &data);
    }
}
