//! The null bot: the same HTTP client and gateway as the real one, and an answer without a
//! question asked of anybody. What it takes is what everything around the bot takes.

use std::path::Path;

use serenity::all::{
    ClientBuilder, Context, CreateCommand, CreateInteractionResponse, CreateInteractionResponseMessage, EventHandler,
    GuildId, Interaction,
};
use tollkeeper::{bot, config::Config, discord};

struct Constant;

#[serenity::async_trait]
impl EventHandler for Constant {
    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        let message = CreateInteractionResponseMessage::new().content("Nothing was done.").ephemeral(true);
        let answer = CreateInteractionResponse::Message(message);
        let done = match &interaction {
            Interaction::Command(command) => command.create_response(&context.http, answer).await,
            Interaction::Component(click) => click.create_response(&context.http, answer).await,
            _ => Ok(()),
        };
        if let Err(error) = done {
            eprintln!("{error}");
        }
    }
}

/// Answers until it is killed.
pub(crate) async fn answer(config_file: &Path) -> anyhow::Result<()> {
    let config = Config::load(config_file, &|name| std::env::var(name).ok())?;
    let http = discord::http(&config.discord)?;
    http.set_application_id(http.get_current_application_info().await?.id);
    let order = CreateCommand::new("order").description("Does nothing");
    http.create_guild_commands(GuildId::new(config.discord.guild_id.0), &vec![order]).await?;
    let intents = bot::intents(&config.discord);
    let mut client = ClientBuilder::new_with_http(http, intents).event_handler(Constant).await?;
    Ok(client.start().await?)
}
