//! An interaction as it arrives: who asked, where, in which language; and the ways to answer.
//!
//! The answer carries no state: whatever it says is in the database, and shown again wherever the
//! person looks next. So it is repeated only while nobody knows whether Discord took it, a few
//! times and within the moment; a first answer by which two machines exclude each other never is.

use std::time::Duration;

use serenity::all::{
    Builder as _, CommandInteraction, ComponentInteraction, CreateInteractionResponse,
    CreateInteractionResponseMessage, Http, InteractionId, MessageFlags, ModalInteraction,
};

use crate::{
    domain::{ChannelId, GuildId, Millis, RoleId, UserId},
    error_digest::Faults,
    view::{
        Locale, Modal, Post,
        refusal::{Refusal, refused},
    },
};

use super::Bot;
use crate::bot::discord_failure::{ALREADY_ACKNOWLEDGED, DiscordFailure};

/// How often an answer is sent that Discord takes once, or that would be there twice.
const ONCE_MORE: u32 = 2;
/// How often an edit is sent, which says the same however often it arrives.
const EDITS: u32 = 3;
/// Before the second try; the first answer has to arrive within three seconds.
const PAUSE: Duration = Duration::from_millis(150);

/// Somebody's click, command or form.
pub(super) struct Interaction<'a> {
    pub(super) id: u64,
    pub(super) user: UserId,
    pub(super) name: &'a str,
    /// Their roles at this moment; empty outside a guild.
    pub(super) roles: Vec<RoleId>,
    /// When they joined the guild, as far as Discord says.
    pub(super) joined_at: Option<Millis>,
    pub(super) guild: Option<GuildId>,
    pub(super) channel: ChannelId,
    /// Their language, or the shop's.
    pub(super) locale: Locale,
    /// Whether the pressed button is under a message that only they see.
    pub(super) private: bool,
    token: &'a str,
    http: &'a Http,
    /// Where a fault in handling this is counted.
    pub(super) faults: Faults,
    stage: Stage,
}

/// How far the answer has come; decides where a later word goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    Deferred,
    /// Answered: more is another message.
    Answered,
}

macro_rules! interaction {
    ($http:expr, $bot:expr, $received:expr, $private:expr) => {{
        let received = $received;
        Interaction {
            id: received.id.get(),
            user: UserId(received.user.id.get()),
            name: received.user.display_name(),
            roles: received
                .member
                .as_ref()
                .map(|member| member.roles.iter().map(|role| RoleId(role.get())).collect())
                .unwrap_or_default(),
            joined_at: received
                .member
                .as_ref()
                .and_then(|member| member.joined_at)
                .map(|at| Millis(at.timestamp_millis())),
            guild: received.guild_id.map(|guild| GuildId(guild.get())),
            channel: ChannelId(received.channel_id.get()),
            locale: Locale::choose(&received.locale, $bot.locale),
            private: $private,
            token: &received.token,
            http: $http,
            faults: $bot.faults.clone(),
            stage: Stage::Open,
        }
    }};
}

impl<'a> Interaction<'a> {
    pub(super) fn command(http: &'a Http, bot: &Bot, received: &'a CommandInteraction) -> Self {
        interaction!(http, bot, received, false)
    }

    pub(super) fn component(http: &'a Http, bot: &Bot, received: &'a ComponentInteraction) -> Self {
        let flags = received.message.flags.unwrap_or_default();
        interaction!(http, bot, received, flags.contains(MessageFlags::EPHEMERAL))
    }

    pub(super) fn modal(http: &'a Http, bot: &Bot, received: &'a ModalInteraction) -> Self {
        let flags = received.message.as_ref().and_then(|message| message.flags).unwrap_or_default();
        interaction!(http, bot, received, flags.contains(MessageFlags::EPHEMERAL))
    }

    /// Answers with a message that only the person sees.
    pub(super) async fn answer(&mut self, post: Post) -> Result<(), DiscordFailure> {
        self.call_back(post.answer(), Stage::Answered).await
    }

    /// Turns the private message under the pressed button into this one. A message that others see
    /// stays as it is, whatever a tampered client pressed under it, and this is the answer.
    pub(super) async fn update(&mut self, post: Post) -> Result<(), DiscordFailure> {
        let answer = if self.private { post.update() } else { post.answer() };
        self.call_back(answer, Stage::Answered).await
    }

    /// Takes the click on a private message, which the result is going to replace; under a message
    /// that others see, the result will be an answer of its own.
    pub(super) async fn take(&mut self) -> Result<(), DiscordFailure> {
        if self.private { self.acknowledge().await } else { self.defer().await }
    }

    pub(super) async fn ask(&mut self, modal: Modal) -> Result<(), DiscordFailure> {
        self.call_back(modal.answer(), Stage::Answered).await
    }

    /// Takes the click and leaves the message as it is.
    pub(super) async fn acknowledge(&mut self) -> Result<(), DiscordFailure> {
        self.call_back(CreateInteractionResponse::Acknowledge, Stage::Answered).await
    }

    /// Takes the command; the answer follows, and only the person sees it.
    pub(super) async fn defer(&mut self) -> Result<(), DiscordFailure> {
        self.call_back(deferral(), Stage::Deferred).await
    }

    /// Takes the click like [`Self::take`], and is sent once: Discord takes one answer for each
    /// interaction, and whoever acts on a `true` is the only one that does. Where nobody knows
    /// whether Discord took it, nothing is done, and the person reads so if it did.
    pub(super) async fn take_alone(&mut self) -> bool {
        if !self.private {
            return self.defer_alone().await;
        }
        self.alone(CreateInteractionResponse::Acknowledge, Stage::Answered).await
    }

    /// The same with an answer of its own to come, wherever the button is.
    pub(super) async fn defer_alone(&mut self) -> bool {
        self.alone(deferral(), Stage::Deferred).await
    }

    async fn alone(&mut self, response: CreateInteractionResponse, then: Stage) -> bool {
        let taken = response.execute(self.http, (InteractionId::new(self.id), self.token)).await;
        let Err(lost) = taken.map_err(DiscordFailure::from) else {
            self.stage = then;
            return true;
        };
        tracing::warn!(user.id = %self.user, "a click was not acknowledged, so nothing was done: {lost}");
        if lost.is_unknown() {
            // Had it not arrived, Discord would refuse what follows it, and so it does.
            self.stage = then;
            if let Err(unheard) = self.reply(refused(self.locale, Refusal::NotTaken)).await {
                tracing::debug!(user.id = %self.user, "and nobody could be told: {unheard}");
            }
        }
        false
    }

    /// Turns the answer (or the updated message) into this one.
    pub(super) async fn edit(&mut self, post: Post) -> Result<(), DiscordFailure> {
        let (http, token) = (self.http, self.token);
        insist(EDITS, || post.clone().edit_answer().execute(http, token)).await?;
        self.stage = Stage::Answered;
        Ok(())
    }

    /// One more message that only the person sees: rather twice than not at all.
    pub(super) async fn add(&mut self, post: Post) -> Result<(), DiscordFailure> {
        let (http, token) = (self.http, self.token);
        insist(ONCE_MORE, || post.clone().followup().execute(http, (None, token))).await
    }

    /// Says why something is not done, in the place of the private message pressed if it `replaces` that.
    pub(super) async fn refuse(&mut self, post: Post, replaces: bool) -> Result<(), DiscordFailure> {
        if replaces && self.stage == Stage::Open { self.update(post).await } else { self.reply(post).await }
    }

    /// Says something, whatever was said before.
    pub(super) async fn reply(&mut self, post: Post) -> Result<(), DiscordFailure> {
        match self.stage {
            Stage::Open => self.answer(post).await,
            Stage::Deferred => self.edit(post).await,
            Stage::Answered => self.add(post).await,
        }
    }

    async fn call_back(&mut self, response: CreateInteractionResponse, then: Stage) -> Result<(), DiscordFailure> {
        let (http, token, id) = (self.http, self.token, InteractionId::new(self.id));
        insist(ONCE_MORE, || response.clone().execute(http, (id, token))).await?;
        self.stage = then;
        Ok(())
    }
}

/// "Thinking…", for the person alone.
fn deferral() -> CreateInteractionResponse {
    CreateInteractionResponse::Defer(CreateInteractionResponseMessage::new().ephemeral(true))
}

/// Sends an answer again while nobody knows whether Discord took it. What Discord then calls
/// answered before is the try whose own answer was lost.
async fn insist<T, F>(most: u32, send: impl Fn() -> F) -> Result<(), DiscordFailure>
where
    F: Future<Output = serenity::Result<T>>,
{
    let mut tried = 1;
    loop {
        let Err(lost) = send().await.map_err(DiscordFailure::from) else { return Ok(()) };
        if lost.is_done() || tried > 1 && lost.code == Some(ALREADY_ACKNOWLEDGED) {
            return Ok(());
        }
        if !lost.is_unknown() || tried == most {
            return Err(lost);
        }
        tracing::debug!(tried, "an answer may not have arrived and is sent again: {lost}");
        tokio::time::sleep(PAUSE * tried).await;
        tried += 1;
    }
}
