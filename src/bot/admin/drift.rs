//! `/admin drift`: where the panels and the books do not say the same. Reports, never mends.

use crate::{domain::access::Power, drift::look, view};

use super::{
    super::{Bot, Context, asked::Asked, fault::Fault},
    admitted,
};

/// `/admin drift`
#[poise::command(slash_command)]
pub(super) async fn drift(ctx: Context<'_>) -> Result<(), Fault> {
    command!(ctx, |bot, asked| report(bot, asked))
}

async fn report(bot: &Bot, asked: &mut Asked<'_>) -> Result<(), Fault> {
    admitted(bot, asked, Power::Admin, "panel.compare").await?;
    asked.defer().await?;
    let panels: Vec<_> = bot.panels.values().cloned().collect();
    let found = look(&bot.db, &panels, bot.clock.now()).await?;
    let post = view::drift::report(asked.locale, &found).map_err(|error| Fault::Disk(error.into()))?;
    Ok(asked.edit(post).await?)
}
