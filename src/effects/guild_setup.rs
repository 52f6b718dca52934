//! Looking at the shop's channels and roles on Discord, and telling owners what is wrong there.

use super::{EffectContext, EffectError, discord::call};
use crate::{
    db::{self, outbox::Lease},
    domain::guild_setup::SetupProblem,
    guild_setup,
};

/// Looks, and has owners told of what they were not told yet.
pub(super) async fn inspect(world: &EffectContext, claim: &Lease) -> Result<(), EffectError> {
    let now = world.clock.now();
    let guild = match call(guild_setup::read(&world.http, world.config.discord.guild_id, world.me)).await {
        // The gateway says so too, unless its word was lost; whoever comes back has it looked at again.
        Err(trouble) if !world.standing.is_at_home() && trouble.why().is_some() => {
            return Ok(db::outbox::finish(&world.db, claim, now).await?);
        }
        guild => guild?,
    };
    let mut flaws = guild.flaws(&guild_setup::wanted(&world.config), now);
    flaws.retain(SetupProblem::is_grave);
    for flaw in &flaws {
        tracing::error!(?flaw, "something on the server is not as the shop needs it; `tollkeeper check` says more");
    }
    world.standing.found(flaws.len());
    Ok(db::maintenance::guild_setup::guild_setup_seen(&world.db, claim, &flaws, now).await?)
}
