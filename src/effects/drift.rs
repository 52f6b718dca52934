//! The owners' weekly message: where the panels and the books do not say the same.

use super::{EffectContext, EffectError, notify::to_owners};
use crate::{
    db::outbox::Lease,
    domain::{Millis, revenue::day_of, tracked::Tracked},
    drift::look,
    view::{Marker, drift::report},
};

/// Tells of the week that began at `week`, as panels and books are now. A panel that is down is
/// said to be: the owners' other news does not wait for it.
pub(super) async fn tell(context: &EffectContext, lease: &Lease, week: Millis) -> Result<(), EffectError> {
    let date = day_of(week, context.config.shop.timezone);
    let panels: Vec<_> = context.panels.values().map(crate::panel::Client::reader).collect();
    let found = look(&context.db, &panels, context.clock.now()).await?;
    let post = report(context.shop_locale(), &found).map_err(|error| EffectError::Row(error.to_string()))?;
    let marker = Marker::week(date);
    to_owners(context, lease, post.marked(&marker), &marker, Tracked::OwnerNews).await
}
