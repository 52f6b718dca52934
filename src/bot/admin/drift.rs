//! `/admin drift`: where the panels and the books do not say the same. Reports, never mends.

use crate::{domain::access::Power, drift::look, view};

use super::{
    super::{Bot, Context, error::Error, interaction::Interaction},
    admitted,
};

/// `/admin drift`
#[poise::command(slash_command)]
pub(super) async fn drift(ctx: Context<'_>) -> Result<(), Error> {
    command!(ctx, |bot, interaction| report(bot, interaction))
}

async fn report(bot: &Bot, interaction: &mut Interaction<'_>) -> Result<(), Error> {
    admitted(bot, interaction, Power::Admin, "panel.compare").await?;
    interaction.defer().await?;
    let panels: Vec<_> = bot.panels.values().cloned().collect();
    let found = look(&bot.db, &panels, bot.clock.now()).await?;
    let post = view::drift::report(interaction.locale, &found).map_err(|error| Error::Disk(error.into()))?;
    Ok(interaction.edit(post).await?)
}
