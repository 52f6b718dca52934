//! Looking at the shop's channels and roles on Discord, and telling owners what is wrong there.

use super::{Failure, World, discord::call};
use crate::{db::outbox::Claim, domain::premises::Flaw, premises};

/// Looks, and has owners told of what they were not told yet.
pub(super) async fn inspect(world: &World, claim: &Claim) -> Result<(), Failure> {
    let guild = call(premises::read(&world.http, world.config.discord.guild_id, world.me)).await?;
    let now = world.clock.now();
    let mut flaws = guild.flaws(&premises::wanted(&world.config), now);
    flaws.retain(Flaw::is_grave);
    for flaw in &flaws {
        tracing::error!(?flaw, "something on the server is not as the shop needs it; `tollkeeper check` says more");
    }
    Ok(world.db.premises_seen(claim, &flaws, now).await?)
}
