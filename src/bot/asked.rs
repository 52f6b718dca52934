//! An interaction as it arrives: who asked, where, in which language; and the ways to answer.
//!
//! The answer carries no state and is never retried: whatever it says is in the database, and
//! shown again wherever the person looks next.

use serenity::all::{
    Builder as _, CommandInteraction, ComponentInteraction, CreateInteractionResponse,
    CreateInteractionResponseMessage, Http, InteractionId, MessageFlags, ModalInteraction,
};

use crate::{
    domain::{ChannelId, GuildId, Millis, RoleId, UserId},
    faults::Faults,
    view::{Locale, Modal, Post},
};

use super::{Bot, fault::Unanswered};

/// Somebody's click, command or form.
pub(super) struct Asked<'a> {
    /// The interaction's number.
    pub(super) id: u64,
    /// Who.
    pub(super) user: UserId,
    /// The name they show.
    pub(super) name: &'a str,
    /// Their roles at this moment; empty outside a guild.
    pub(super) roles: Vec<RoleId>,
    /// When they joined the guild, as far as Discord says.
    pub(super) joined_at: Option<Millis>,
    /// In which guild, if any.
    pub(super) guild: Option<GuildId>,
    /// In which channel.
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
    /// Not answered yet.
    Open,
    /// "Thinking…", to be edited.
    Deferred,
    /// Answered: more is another message.
    Answered,
}

macro_rules! asked {
    ($http:expr, $bot:expr, $interaction:expr, $private:expr) => {{
        let interaction = $interaction;
        Asked {
            id: interaction.id.get(),
            user: UserId(interaction.user.id.get()),
            name: interaction.user.display_name(),
            roles: interaction
                .member
                .as_ref()
                .map(|member| member.roles.iter().map(|role| RoleId(role.get())).collect())
                .unwrap_or_default(),
            joined_at: interaction
                .member
                .as_ref()
                .and_then(|member| member.joined_at)
                .map(|at| Millis(at.timestamp_millis())),
            guild: interaction.guild_id.map(|guild| GuildId(guild.get())),
            channel: ChannelId(interaction.channel_id.get()),
            locale: Locale::choose(&interaction.locale, $bot.locale),
            private: $private,
            token: &interaction.token,
            http: $http,
            faults: $bot.faults.clone(),
            stage: Stage::Open,
        }
    }};
}

impl<'a> Asked<'a> {
    /// A slash command.
    pub(super) fn command(http: &'a Http, bot: &Bot, interaction: &'a CommandInteraction) -> Self {
        asked!(http, bot, interaction, false)
    }

    /// A button or menu.
    pub(super) fn component(http: &'a Http, bot: &Bot, interaction: &'a ComponentInteraction) -> Self {
        let flags = interaction.message.flags.unwrap_or_default();
        asked!(http, bot, interaction, flags.contains(MessageFlags::EPHEMERAL))
    }

    /// A form.
    pub(super) fn modal(http: &'a Http, bot: &Bot, interaction: &'a ModalInteraction) -> Self {
        let flags = interaction.message.as_ref().and_then(|message| message.flags).unwrap_or_default();
        asked!(http, bot, interaction, flags.contains(MessageFlags::EPHEMERAL))
    }

    /// Answers with a message that only the person sees.
    pub(super) async fn answer(&mut self, post: Post) -> Result<(), Unanswered> {
        self.call_back(post.answer(), Stage::Answered).await
    }

    /// Turns the private message under the pressed button into this one. A message that others see
    /// stays as it is, whatever a tampered client pressed under it, and this is the answer.
    pub(super) async fn update(&mut self, post: Post) -> Result<(), Unanswered> {
        let answer = if self.private { post.update() } else { post.answer() };
        self.call_back(answer, Stage::Answered).await
    }

    /// Takes the click on a private message, which the result is going to replace; under a message
    /// that others see, the result will be an answer of its own.
    pub(super) async fn take(&mut self) -> Result<(), Unanswered> {
        if self.private { self.acknowledge().await } else { self.defer().await }
    }

    /// Opens a form.
    pub(super) async fn ask(&mut self, modal: Modal) -> Result<(), Unanswered> {
        self.call_back(modal.answer(), Stage::Answered).await
    }

    /// Takes the click and leaves the message as it is.
    pub(super) async fn acknowledge(&mut self) -> Result<(), Unanswered> {
        self.call_back(CreateInteractionResponse::Acknowledge, Stage::Answered).await
    }

    /// Takes the command; the answer follows, and only the person sees it.
    pub(super) async fn defer(&mut self) -> Result<(), Unanswered> {
        let message = CreateInteractionResponseMessage::new().ephemeral(true);
        self.call_back(CreateInteractionResponse::Defer(message), Stage::Deferred).await
    }

    /// Turns the answer (or the updated message) into this one.
    pub(super) async fn edit(&mut self, post: Post) -> Result<(), Unanswered> {
        post.edit_answer().execute(self.http, self.token).await?;
        self.stage = Stage::Answered;
        Ok(())
    }

    /// One more message that only the person sees.
    pub(super) async fn add(&mut self, post: Post) -> Result<(), Unanswered> {
        post.followup().execute(self.http, (None, self.token)).await?;
        Ok(())
    }

    /// Says something, whatever was said before.
    pub(super) async fn reply(&mut self, post: Post) -> Result<(), Unanswered> {
        match self.stage {
            Stage::Open => self.answer(post).await,
            Stage::Deferred => self.edit(post).await,
            Stage::Answered => self.add(post).await,
        }
    }

    async fn call_back(&mut self, response: CreateInteractionResponse, then: Stage) -> Result<(), Unanswered> {
        response.execute(self.http, (InteractionId::new(self.id), self.token)).await?;
        self.stage = then;
        Ok(())
    }
}
