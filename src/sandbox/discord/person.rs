//! Made-up people. They can do what a person with a Discord client can, where their permissions let them.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Shared;
use super::answer::{Modal, Pending};
use super::command;
use super::interaction::Act;
use super::permission::{self, ATTACH_FILES, MANAGE_CHANNELS, SEND_MESSAGES, USE_APPLICATION_COMMANDS, VIEW_CHANNEL};
use super::seen::{Component, Message};
use super::state::{Id, Kind, State};

/// Why a person's client does not even let them try.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The channel does not exist or they do not see it.
    #[error("the channel is not visible to them")]
    CannotSee,
    #[error("they may not {0} there")]
    MayNot(&'static str),
    /// Slow mode: they may write again after so many milliseconds.
    #[error("they may write there again in {0} ms")]
    TooSoon(u64),
    /// The message is gone, or is another's ephemeral one.
    #[error("there is no such message for them")]
    NoMessage,
    /// The message has no such button or select.
    #[error("the message has no usable component {0:?}")]
    NoComponent(String),
    /// The command is not registered, or not for them.
    #[error("there is no command {0:?} for them")]
    NoCommand(String),
    /// An option, value or field that the client would not send.
    #[error("{0}")]
    BadInput(String),
}

#[derive(Clone)]
pub struct Person {
    pub(super) shared: Arc<Shared>,
    pub(super) id: Id,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A file to upload: name and bytes.
pub type Upload<'a> = (&'a str, &'a [u8]);

impl Person {
    pub fn id(&self) -> Id {
        self.id
    }

    /// `<@id>`.
    pub fn mention(&self) -> String {
        format!("<@{}>", self.id)
    }

    /// Uses a slash command: `"order"`, or `"admin block"` with subcommands; options as an object of names and values.
    pub fn slash(&self, channel: Id, command: &str, options: Value) -> Result<Pending, Refused> {
        self.slash_with(channel, command, options, &[])
    }

    /// The same with files for options of type attachment: (option, name, bytes).
    pub fn slash_with(
        &self,
        channel: Id,
        command: &str,
        options: Value,
        files: &[(&str, &str, &[u8])],
    ) -> Result<Pending, Refused> {
        let Value::Object(mut options) = options else { return Err(Refused::BadInput("options are an object".into())) };
        self.act(|state| {
            may(state, self.id, channel, SEND_MESSAGES, "send messages")?;
            may(state, self.id, channel, USE_APPLICATION_COMMANDS, "use commands")?;
            for (option, filename, bytes) in files {
                may(state, self.id, channel, ATTACH_FILES, "attach files")?;
                let file = state.file(channel, filename, bytes);
                options.insert((*option).to_owned(), json!(file.id.to_string()));
                state.uploads.insert(file.id, file);
            }
            let data = command::data(state, self.id, command, &options)?;
            Ok(Act { kind: 2, name: command.into(), user: self.id, channel, source: None, data })
        })
    }

    /// Types into an option that suggests values (autocomplete).
    pub fn types(&self, channel: Id, command: &str, option: &str, text: &str) -> Result<Pending, Refused> {
        self.types_after(channel, command, &[], (option, text))
    }

    /// The same, after other options of text were filled in: Discord sends them as well.
    pub fn types_after(
        &self,
        channel: Id,
        command: &str,
        filled: &[(&str, &str)],
        option: (&str, &str),
    ) -> Result<Pending, Refused> {
        self.act(|state| {
            may(state, self.id, channel, SEND_MESSAGES | USE_APPLICATION_COMMANDS, "use commands")?;
            let data = command::focused(state, self.id, command, filled, option)?;
            Ok(Act { kind: 4, name: command.into(), user: self.id, channel, source: None, data })
        })
    }

    /// Clicks a button by its label or `custom_id`.
    pub fn click(&self, message: &Message, button: &str) -> Result<Pending, Refused> {
        self.act(|state| {
            let part = component(state, self.id, message, button)?;
            let id = part.custom_id.filter(|_| part.kind == 2).ok_or_else(|| Refused::NoComponent(button.into()))?;
            Ok(self.component_act(message, json!({ "component_type": 2, "custom_id": id, "id": 1 })))
        })
    }

    /// Chooses options of the message's only select, by label or value.
    pub fn select(&self, message: &Message, choices: &[&str]) -> Result<Pending, Refused> {
        let select = message.parts().into_iter().find(|part| part.kind == 3);
        let id = select.and_then(|part| part.custom_id).ok_or_else(|| Refused::NoComponent("a select".into()))?;
        self.select_in(message, &id, choices)
    }

    /// Chooses options of a select, by its placeholder or `custom_id` and the options' labels or values.
    pub fn select_in(&self, message: &Message, select: &str, choices: &[&str]) -> Result<Pending, Refused> {
        self.act(|state| {
            let part = component(state, self.id, message, select)?;
            if part.kind != 3 || choices.len() < part.values.0 || choices.len() > part.values.1 {
                return Err(Refused::BadInput(format!("{select:?} does not take {} choices", choices.len())));
            }
            let mut values = Vec::new();
            for choice in choices {
                let found = part.options.iter().find(|(label, value)| label == choice || value == choice);
                let (_, value) = found.ok_or_else(|| Refused::BadInput(format!("there is no option {choice:?}")))?;
                values.push(value.clone());
            }
            Ok(self.component_act(
                message,
                json!({ "component_type": 3, "custom_id": part.custom_id, "values": values, "id": 1 }),
            ))
        })
    }

    /// Sends a click on a button that need not exist, on a message they see: what a tampered client can do.
    pub fn forge_click(&self, message: &Message, custom_id: &str) -> Result<Pending, Refused> {
        self.act(|state| {
            visible(state, self.id, message)?;
            Ok(self.component_act(message, json!({ "component_type": 2, "custom_id": custom_id, "id": 1 })))
        })
    }

    /// The same on a message of which they only know the id: not even a tampered client can, but the bot must not rely on it.
    pub fn forge_click_unseen(&self, message: &Message, custom_id: &str) -> Pending {
        let act = self.component_act(message, json!({ "component_type": 2, "custom_id": custom_id, "id": 1 }));
        let id = self.shared.change(|state| state.interact(act));
        Pending { shared: Arc::clone(&self.shared), id }
    }

    /// Sends a choice in a select that need not exist.
    pub fn forge_select(&self, message: &Message, custom_id: &str, values: &[&str]) -> Result<Pending, Refused> {
        self.act(|state| {
            visible(state, self.id, message)?;
            Ok(self.component_act(
                message,
                json!({ "component_type": 3, "custom_id": custom_id, "values": values, "id": 1 }),
            ))
        })
    }

    /// Fills in a window and sends it: fields by label or `custom_id`; those not named keep their value.
    pub fn submit(&self, modal: &Modal, fields: &[(&str, &str)]) -> Result<Pending, Refused> {
        self.act(|state| {
            if !state.person_sees(self.id, modal.channel) {
                return Err(Refused::CannotSee);
            }
            for (name, _) in fields {
                if !modal.fields.iter().any(|field| field.label == *name || field.custom_id == *name) {
                    return Err(Refused::BadInput(format!("the window has no field {name:?}")));
                }
            }
            let mut rows = Vec::new();
            for field in &modal.fields {
                let given = fields.iter().find(|(name, _)| field.label == *name || field.custom_id == *name);
                let value = given.map_or(field.value.as_str(), |(_, value)| value);
                let length = value.chars().count();
                let empty = length == 0 && !field.required;
                if !empty && (length < field.length.0.max(1) || length > field.length.1) {
                    return Err(Refused::BadInput(format!(
                        "{:?} takes {:?} characters, not {length}",
                        field.label, field.length
                    )));
                }
                let input = json!({ "type": 4, "custom_id": field.custom_id, "value": value, "id": 2 });
                rows.push(json!({ "type": 1, "id": 1, "components": [input] }));
            }
            let data = json!({ "custom_id": modal.custom_id, "components": rows });
            Ok(Act { kind: 5, name: String::new(), user: self.id, channel: modal.channel, source: modal.source, data })
        })
    }

    pub fn says(&self, channel: Id, text: &str) -> Result<Message, Refused> {
        self.sends(channel, text, &[])
    }

    /// Uploads a file, with a text or without.
    pub fn upload(&self, channel: Id, filename: &str, bytes: &[u8], text: &str) -> Result<Message, Refused> {
        self.sends(channel, text, &[(filename, bytes)])
    }

    /// Writes a message with files.
    pub fn sends(&self, channel: Id, text: &str, files: &[Upload<'_>]) -> Result<Message, Refused> {
        self.shared.change(|state| {
            may(state, self.id, channel, SEND_MESSAGES, "send messages")?;
            if !files.is_empty() {
                may(state, self.id, channel, ATTACH_FILES, "attach files")?;
            }
            if text.trim().is_empty() && files.is_empty() {
                return Err(Refused::BadInput("an empty message".into()));
            }
            slowed(state, self.id, channel)?;
            let mut message = state.blank(channel, self.id);
            text.trim().clone_into(&mut message.content);
            message.files = files.iter().map(|(name, bytes)| state.file(channel, name, bytes)).collect();
            state.mention(&mut message, &super::body::Mentions::default());
            let seen = state.view(&message);
            state.add_message(message);
            Ok(seen)
        })
    }

    /// Writes to the bot directly.
    pub fn dm(&self, text: &str, files: &[Upload<'_>]) -> Result<Message, Refused> {
        let channel = self.shared.change(|state| state.dm(self.id));
        self.sends(channel, text, files)
    }

    /// Deletes a channel, if they may.
    pub fn deletes_channel(&self, channel: Id) -> Result<(), Refused> {
        self.shared.change(|state| {
            match state.channels.get(&channel).filter(|at| at.kind == Kind::Category) {
                Some(at) if permission::may(state, self.id, at, MANAGE_CHANNELS) => {}
                _ => may(state, self.id, channel, MANAGE_CHANNELS, "delete channels")?,
            }
            state.remove_channel(channel);
            Ok(())
        })
    }

    /// Deletes a message: their own, or with permission another's.
    pub fn deletes(&self, message: &Message) -> Result<(), Refused> {
        self.shared.change(|state| {
            visible(state, self.id, message)?;
            if message.author != self.id && !message.ephemeral {
                may(state, self.id, message.channel, permission::MANAGE_MESSAGES, "delete messages")?;
            }
            state.remove_message(message.channel, message.id);
            Ok(())
        })
    }

    fn component_act(&self, message: &Message, data: Value) -> Act {
        let name = data["custom_id"].as_str().unwrap_or_default().to_owned();
        Act { kind: 3, name, user: self.id, channel: message.channel, source: Some(message.id), data }
    }

    fn act(&self, make: impl FnOnce(&mut State) -> Result<Act, Refused>) -> Result<Pending, Refused> {
        let id = self.shared.change(|state| {
            let act = make(state)?;
            Ok(state.interact(act))
        })?;
        Ok(Pending { shared: Arc::clone(&self.shared), id })
    }
}

pub(super) fn may(state: &State, person: Id, channel: Id, wanted: u64, verb: &'static str) -> Result<(), Refused> {
    let at = state.channels.get(&channel).filter(|at| at.kind != Kind::Category).ok_or(Refused::CannotSee)?;
    if !permission::may(state, person, at, VIEW_CHANNEL) {
        return Err(Refused::CannotSee);
    }
    if permission::may(state, person, at, wanted) { Ok(()) } else { Err(Refused::MayNot(verb)) }
}

/// Slow mode, which holds for everybody who manages neither the channel nor its messages.
fn slowed(state: &State, person: Id, channel: Id) -> Result<(), Refused> {
    let Some(at) = state.channels.get(&channel).filter(|at| at.slow > 0) else { return Ok(()) };
    let free = [MANAGE_CHANNELS, permission::MANAGE_MESSAGES].map(|power| permission::may(state, person, at, power));
    let mine = state.messages.get(&channel).and_then(|all| all.values().rfind(|message| message.author == person));
    let Some(last) = mine.filter(|_| !free.contains(&true)) else { return Ok(()) };
    let left = (last.created + at.slow * 1000).saturating_sub(state.now());
    if left > 0 { Err(Refused::TooSoon(left)) } else { Ok(()) }
}

/// The message as it is now, if they see it.
fn visible(state: &State, person: Id, message: &Message) -> Result<Message, Refused> {
    if !state.person_sees(person, message.channel) {
        return Err(Refused::CannotSee);
    }
    let now = state.message(message.channel, message.id).ok_or(Refused::NoMessage)?;
    if now.only_for.is_some_and(|only| only != person) {
        return Err(Refused::NoMessage);
    }
    Ok(state.view(now))
}

fn component(state: &State, person: Id, message: &Message, name: &str) -> Result<Component, Refused> {
    let now = visible(state, person, message)?;
    now.part(name).filter(|part| !part.disabled).ok_or_else(|| Refused::NoComponent(name.into()))
}

/// Options of a command as the client sends them.
pub(super) type Options = Map<String, Value>;
