//! Room on the disk: owners are warned while there is some, and told without it when there is none.

use std::time::Duration;

use super::{EffectContext, read_tickets};
use crate::{
    db::{self, maintenance::disk_space},
    domain::effect::{Effect, OwnerNews},
};

/// How often the disk's room is looked at: filling two gigabytes takes longer.
pub(super) const ROOM_LOOK: Duration = Duration::from_mins(5);

/// How often it is tried whether our memory can be written again, after it could not.
pub(super) const LOOK: Duration = Duration::from_secs(10);

/// Warns the owners while the disk still has room for the warning.
pub(super) async fn warn(context: EffectContext) -> Result<(), db::Error> {
    match disk_space::free(&context.config.storage.data_dir) {
        Ok(free) => {
            if disk_space::note_room(&context.db, free, context.clock.now()).await? {
                tracing::warn!(megabytes = free >> 20, "the disk has little room left; owners are told");
            }
        }
        Err(error) => tracing::warn!(%error, "how much room the disk has cannot be seen"),
    }
    Ok(())
}

/// After a write that failed: whoever waits is told at once, and when writing works again, what was
/// sent in the meantime is read.
pub(super) async fn watch(context: EffectContext) -> Result<(), db::Error> {
    if !context.faults.is_memory_in_doubt() {
        return Ok(());
    }
    let now = context.clock.now();
    match disk_space::probe(&context.db, now).await {
        Ok(()) => {
            read_tickets(context.clone()).await?;
            if context.faults.memory_works() {
                tracing::info!("the database can be written again; all tickets are read");
                let news = OwnerNews::WritesAgain { at: now };
                db::outbox::enqueue_alone(&context.db, &Effect::TellOwner { news }, now, now).await?;
            }
            Ok(())
        }
        Err(error) if error.passes() => {
            if !context.faults.are_owners_told() {
                tracing::error!(error = &error as &dyn std::error::Error, "the database cannot be written");
                if context.tell_owners_at_once(&OwnerNews::CannotWrite { at: now }).await {
                    context.faults.owners_are_told();
                }
            }
            for order in context.faults.waiting_for_a_word() {
                context.tell_customer_at_once(&order).await;
            }
            Ok(())
        }
        Err(error) => Err(error),
    }
}
