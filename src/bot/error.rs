//! What can go wrong while an interaction is handled, and how it is told: to people as a word
//! that they can pass on, to the log with its cause.

use serenity::all::{CommandInteraction, CreateAutocompleteResponse, CreateInteractionResponse, Http};

use crate::{
    db,
    domain::{OrderId, effect::Part},
    telemetry::incident,
    view::{
        Locale, Post,
        refusal::{self, Refusal},
    },
};

use super::{
    Bot, Host,
    discord_failure::{DiscordFailure, chain},
    interaction::Interaction,
    stale,
};

/// Why an interaction or an event was not handled to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not to be done, for a reason that the person reads: no fault of ours.
    #[error("refused")]
    Refused {
        post: Box<Post>,
        /// Whether it takes the place of the private message that they pressed, which is of no use any
        /// more.
        replaces: bool,
    },
    /// The same, and the person has read why.
    #[error("refused, and told")]
    AlreadyAnswered,
    #[error(transparent)]
    Db(#[from] db::Error),
    /// Discord did not take our answer.
    #[error(transparent)]
    Discord(#[from] DiscordFailure),
    /// A picture could not be written to disk.
    #[error("the picture could not be kept")]
    Disk(#[from] std::io::Error),
    /// The machine gives no random numbers.
    #[error("the machine gives no random numbers")]
    Random,
    /// An order's panel was taken out of the configuration.
    #[error("order {order} belongs to panel `{panel}`, which is not in the configuration")]
    NoPanel { order: OrderId, panel: String },
}

impl Error {
    /// A refusal that leaves the pressed message as it is.
    pub(super) fn refused(locale: Locale, refusal: Refusal) -> Self {
        Self::answered(refusal::refused(locale, refusal))
    }

    /// The same in other words.
    pub(super) fn answered(post: Post) -> Self {
        Self::Refused { post: Box::new(post), replaces: false }
    }
}

/// What is true instead, in the place of a private message that is of no use any more.
impl From<Post> for Error {
    fn from(post: Post) -> Self {
        Self::Refused { post: Box::new(post), replaces: true }
    }
}

impl From<serenity::Error> for Error {
    fn from(error: serenity::Error) -> Self {
        Self::Discord(error.into())
    }
}

/// Ends the handling of an interaction: a fault is logged under a word, and the person gets to read
/// that word.
pub(super) async fn settle(interaction: &mut Interaction<'_>, done: Result<(), Error>) {
    let fault = match done {
        Ok(()) | Err(Error::AlreadyAnswered) => return,
        Err(Error::Refused { post, replaces }) => match interaction.refuse(*post, replaces).await {
            Ok(()) => return,
            Err(unanswered) => Error::Discord(unanswered),
        },
        Err(fault) => fault,
    };
    if let Error::Discord(unanswered) = &fault
        && unanswered.is_over()
    {
        tracing::info!(user.id = %interaction.user, "an answer came too late or was given elsewhere: {unanswered}");
        return;
    }
    if let Error::Discord(unanswered) = &fault
        && unanswered.is_unknown()
    {
        // What was asked for may be done, and perhaps the person reads so: an apology would be false.
        tracing::warn!(user.id = %interaction.user, "Discord may not have taken an answer: {unanswered}");
        return;
    }
    let incident = incident();
    tracing::error!(%incident, user.id = %interaction.user, "an interaction failed: {}", chain(&fault));
    interaction.faults.note(Part::Answers, incident.clone());
    if let Err(unanswered) = interaction.reply(refusal::fault(interaction.locale, incident.as_str())).await {
        tracing::warn!(%incident, user.id = %interaction.user, "and the person could not be told: {unanswered}");
    }
}

/// Random bytes from the machine.
pub(super) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bits = [0; N];
    getrandom::fill(&mut bits).map_err(|_| Error::Random)?;
    Ok(bits)
}

/// An event that is no interaction has failed: nobody waits for an answer.
pub(super) fn log_event(bot: &Bot, name: &str, fault: &Error) {
    let incident = incident();
    tracing::error!(event = name, %incident, "an event was not handled: {}", chain(fault));
    bot.faults.note(Part::Events, incident);
}

/// What went wrong outside our own handlers, which settle their faults themselves.
pub(super) async fn on_error(error: poise::FrameworkError<'_, Host, Error>) {
    match error {
        poise::FrameworkError::EventHandler { error, event, framework, .. } => {
            log_event(&framework.user_data.bot(), event.snake_case_name(), &error);
        }
        // Discord knows a command, or a form of it, that this version does not.
        poise::FrameworkError::UnknownInteraction { framework, interaction: received, .. } => {
            let (bot, http) = (&framework.user_data.bot(), &framework.serenity_context.http);
            unknown(bot, http, received).await;
        }
        poise::FrameworkError::CommandStructureMismatch { ctx, .. }
        | poise::FrameworkError::ArgumentParse { ctx: poise::Context::Application(ctx), .. } => {
            let http = &ctx.framework.serenity_context.http;
            unknown(&ctx.framework.user_data.bot(), http, ctx.interaction).await;
        }
        poise::FrameworkError::Command { error, ctx: poise::Context::Application(ctx), .. } => {
            let mut interaction = ctx.framework.user_data.bot().command(&ctx);
            settle(&mut interaction, Err(error)).await;
        }
        // The setup cannot fail, and no command has a check, a cooldown or a prefix.
        other => tracing::error!("the framework reports: {other}"),
    }
}

/// A command, or a form of one, that we do not know. Whoever is still typing it is suggested
/// nothing: Discord takes no other answer to that.
async fn unknown(bot: &Bot, http: &Http, received: &CommandInteraction) {
    if received.data.autocomplete().is_some() {
        let nothing = CreateInteractionResponse::Autocomplete(CreateAutocompleteResponse::new());
        if let Err(error) = received.create_response(http, nothing).await {
            tracing::info!("nothing could be suggested: {}", DiscordFailure::from(error));
        }
        return;
    }
    let mut interaction = Interaction::command(http, bot, received);
    let done = stale(bot, &interaction);
    settle(&mut interaction, done).await;
}
