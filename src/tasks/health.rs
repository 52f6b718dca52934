//! Watching the panels: the check that drives the breaker, and who is told when it turns.

use super::EffectContext;
use crate::{db, panel::Availability};

/// Panels that were down when the process ended count as down until the first check: otherwise
/// orders would be taken in between. Outages of panels that are gone from the configuration end.
pub(super) async fn remember(context: &EffectContext) -> Result<(), db::Error> {
    for outage in db::maintenance::outages::open_outages(&context.db).await? {
        match context.panels.get(&outage.panel) {
            Some(panel) => panel.presume_down(outage.since, &outage.cause),
            None => db::maintenance::outages::panel_removed(&context.db, &outage.panel, context.clock.now()).await?,
        }
    }
    Ok(())
}

/// Looks at every panel, side by side: one that is silent keeps none waiting.
pub(super) async fn check(context: EffectContext) -> Result<(), db::Error> {
    let looks = context.panels.iter().map(|(name, panel)| look(&context, name, panel));
    futures_util::future::try_join_all(looks).await.map(drop)
}

async fn look(context: &EffectContext, name: &str, panel: &crate::panel::Client) -> Result<(), db::Error> {
    let found = panel.health().await;
    let now = context.clock.now();
    // Only a check that found all well ends an outage; the first failures after a start say nothing yet.
    match (panel.availability(), found) {
        (Availability::Down { since, cause }, _) => {
            if db::maintenance::outages::panel_down(&context.db, name, since, &cause, now).await? {
                tracing::error!(panel = name, cause, "the panel is down; owners and staff are told");
            }
        }
        (Availability::Up, Ok(None)) => {
            if db::maintenance::outages::panel_up(&context.db, name, now).await? {
                tracing::info!(panel = name, "the panel is up again");
            }
        }
        (Availability::Up, Ok(Some(cause))) => tracing::warn!(panel = name, cause, "the panel is of no use"),
        (Availability::Up, Err(error)) => tracing::warn!(panel = name, %error, "the panel failed a check"),
    }
    Ok(())
}
