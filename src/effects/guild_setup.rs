//! Looking at the shop's channels and roles on Discord, and telling owners what is wrong there.

use super::{EffectContext, EffectError, discord::call};
use crate::{
    db::{self, outbox::Lease},
    domain::guild_setup::SetupProblem,
    guild_setup,
};

/// Looks, and has owners told of what they were not told yet.
pub(super) async fn inspect(context: &EffectContext, lease: &Lease) -> Result<(), EffectError> {
    let now = context.clock.now();
    let guild = match call(guild_setup::read(&context.http, context.config.discord.guild_id, context.me)).await {
        // The gateway says so too, unless its word was lost; whoever comes back has it looked at again.
        Err(trouble) if !context.standing.is_at_home() && trouble.why().is_some() => {
            return Ok(db::outbox::finish(&context.db, lease, now).await?);
        }
        guild => guild?,
    };
    let mut flaws = guild.flaws(&guild_setup::wanted(&context.config), now);
    flaws.retain(SetupProblem::is_grave);
    for flaw in &flaws {
        tracing::error!(?flaw, "something on the server is not as the shop needs it; `tollkeeper check` says more");
    }
    context.standing.found(flaws.len());
    Ok(db::maintenance::guild_setup::guild_setup_seen(&context.db, lease, &flaws, now).await?)
}
