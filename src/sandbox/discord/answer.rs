//! What a person waits for after an interaction: the first answer, later messages, a modal, or the failure.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::Shared;
use super::interaction::Ack;
use super::seen::Message;
use super::state::{Id, State};

/// A field of a modal.
#[derive(Debug, Clone)]
pub struct Field {
    /// What the bot gets back.
    pub custom_id: String,
    pub label: String,
    /// Must not be empty.
    pub required: bool,
    pub length: (usize, usize),
    /// What is written in it when it opens.
    pub value: String,
    /// Shown while it is empty.
    pub placeholder: String,
}

/// A window with text fields, opened by the bot for one person.
#[derive(Debug, Clone)]
pub struct Modal {
    /// What the bot gets back.
    pub custom_id: String,
    pub title: String,
    pub fields: Vec<Field>,
    pub(super) channel: Id,
    pub(super) source: Option<Id>,
}

/// The first answer to an interaction.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A new message; only the person sees it when it is ephemeral.
    Message(Message),
    Deferred,
    /// Acknowledged; the message will be edited, or nothing happens.
    DeferredUpdate,
    /// The message whose component was used was edited.
    Updated(Message),
    Modal(Modal),
    /// Suggestions for an option: names and values.
    Choices(Vec<(String, Value)>),
    /// "This interaction failed": nothing within three seconds.
    Failed,
}

/// An interaction of a person, to be awaited.
#[derive(Clone)]
pub struct Pending {
    pub(super) shared: Arc<Shared>,
    pub(super) id: Id,
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pending").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Pending {
    pub fn id(&self) -> Id {
        self.id
    }

    /// The interaction's token, as only the bot knows it.
    pub fn token(&self) -> String {
        self.shared
            .change(|state| state.interactions.get(&self.id).map(|asked| asked.token.clone()).unwrap_or_default())
    }

    /// Waits for something that becomes of this interaction. Woken by its own changes only: hundreds may wait at once.
    async fn until_by<T>(&self, what: &str, find: impl FnMut(&State) -> Option<T>) -> anyhow::Result<T> {
        let changes = self.shared.look(|state| state.interactions.get(&self.id).map(|asked| asked.changed.subscribe()));
        let changes = changes.context("an interaction that never was")?;
        self.shared.until_changed(changes, what, self.shared.patience, find).await
    }

    /// Waits for the first answer, or for the three seconds to pass.
    pub async fn answer(&self) -> anyhow::Result<Answer> {
        let id = self.id;
        let first = self.until_by("the first answer to an interaction", |state| first(state, id));
        first.await
    }

    /// From the gateway frame to the first answer, once there is one.
    pub fn latency(&self) -> Option<Duration> {
        self.shared.look(|state| state.interactions.get(&self.id)?.ack.map(|(_, took)| took))
    }

    /// When the first answer was read, once there is one.
    pub fn answered_at(&self) -> Option<Instant> {
        self.shared.look(|state| {
            let asked = state.interactions.get(&self.id)?;
            let (_, took) = asked.ack?;
            Some(asked.written.map_or(asked.created_at, |(_, at)| at) + took)
        })
    }

    /// Waits for something to read: the message answered with, or what follows "is thinking", or the edited message.
    pub async fn reply(&self) -> anyhow::Result<Message> {
        let id = self.id;
        let found = self.until_by("a message that answers an interaction", |state| {
            let asked = state.interactions.get(&id)?;
            match asked.ack {
                None => matches!(first(state, id)?, Answer::Failed).then_some(Err("the interaction failed")),
                Some((Ack::Modal, _)) => Some(Err("the answer is a modal")),
                Some((Ack::Choices, _)) => Some(Err("the answer is a list of choices")),
                Some((Ack::Deferred, _)) if asked.thinking => None,
                Some((Ack::DeferredUpdate, _)) if !asked.answered => None,
                Some(_) => {
                    let message = asked.followups.last().copied().or(asked.original)?;
                    state.message(asked.channel, message).map(|message| Ok(state.view(message)))
                }
            }
        });
        found.await?.map_err(anyhow::Error::msg)
    }

    /// Waits for a window to open.
    pub async fn modal(&self) -> anyhow::Result<Modal> {
        match self.answer().await? {
            Answer::Modal(modal) => Ok(modal),
            other => bail!("expected a modal, got {other:?}"),
        }
    }

    /// Waits for "This interaction failed".
    pub async fn failed(&self) -> anyhow::Result<()> {
        match self.answer().await? {
            Answer::Failed => Ok(()),
            other => bail!("expected the interaction to fail, got {other:?}"),
        }
    }

    /// Waits for the `n`-th followup (from 1) after the first answer.
    pub async fn followup(&self, n: usize) -> anyhow::Result<Message> {
        let id = self.id;
        let found = self.until_by("a followup message", |state| {
            let asked = state.interactions.get(&id)?;
            let message = asked.followups.get(n.checked_sub(1)?)?;
            state.message(asked.channel, *message).map(|message| state.view(message))
        });
        found.await
    }

    /// The messages of this interaction that exist now: the first one (or the edited one), then followups.
    pub fn messages(&self) -> Vec<Message> {
        self.shared.look(|state| {
            let Some(asked) = state.interactions.get(&self.id) else { return Vec::new() };
            let ids = asked.original.iter().chain(&asked.followups);
            ids.filter_map(|id| state.message(asked.channel, *id)).map(|message| state.view(message)).collect()
        })
    }

    /// Waits until a message of this interaction satisfies `good`.
    pub async fn until(&self, what: &str, good: impl Fn(&Message) -> bool) -> anyhow::Result<Message> {
        let id = self.id;
        let found = self.until_by(what, |state| {
            let asked = state.interactions.get(&id)?;
            let mut ids = asked.original.iter().chain(&asked.followups);
            ids.find_map(|id| state.message(asked.channel, *id).map(|m| state.view(m)).filter(|m| good(m)))
        });
        found.await.with_context(|| {
            format!("it showed {:?}", self.messages().iter().map(Message::render_text).collect::<Vec<_>>())
        })
    }
}

fn first(state: &State, id: Id) -> Option<Answer> {
    let asked = state.interactions.get(&id)?;
    let Some((ack, _)) = asked.ack else {
        return (!asked.open(state.now())).then_some(Answer::Failed);
    };
    let message = || asked.original.and_then(|id| state.message(asked.channel, id)).map(|message| state.view(message));
    Some(match ack {
        Ack::Message => Answer::Message(message()?),
        Ack::Deferred => Answer::Deferred,
        Ack::DeferredUpdate => Answer::DeferredUpdate,
        Ack::Update => Answer::Updated(message()?),
        Ack::Modal => Answer::Modal(modal(asked.shown.as_ref()?, asked.channel, asked.source)),
        Ack::Choices => {
            let choices = asked.shown.as_ref()?["choices"].as_array()?;
            Answer::Choices(
                choices.iter().map(|c| (c["name"].as_str().unwrap_or_default().into(), c["value"].clone())).collect(),
            )
        }
    })
}

fn modal(data: &Value, channel: Id, source: Option<Id>) -> Modal {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let number = |value: &Value, default: u64| usize::try_from(value.as_u64().unwrap_or(default)).unwrap_or(usize::MAX);
    let rows = data["components"].as_array().into_iter().flatten();
    let fields = rows.map(|row| &row["components"][0]).map(|field| Field {
        custom_id: text(&field["custom_id"]),
        label: text(&field["label"]),
        required: field["required"] != false,
        length: (number(&field["min_length"], 0), number(&field["max_length"], 4000)),
        value: text(&field["value"]),
        placeholder: text(&field["placeholder"]),
    });
    Modal {
        custom_id: text(&data["custom_id"]),
        title: text(&data["title"]),
        fields: fields.collect(),
        channel,
        source,
    }
}
