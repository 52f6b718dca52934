//! Backups by the clock, and notes that come into the audit log when it can be written again.

use std::time::Duration;

use crate::{
    db::{self, maintenance::backup},
    domain::effect::{Effect, OwnerNews},
    effects::EffectContext,
};

/// After the start nothing is in a hurry, and a process that cannot live must not fill the disk.
pub(super) const FIRST_LOOK: Duration = Duration::from_mins(1);
/// One backup a day, by the newest file: a little less, so that it does not wander by an hour a day.
const AGE: Duration = Duration::from_mins(24 * 60 - 30);
/// Notes beside the database are looked for this often.
pub(super) const NOTES_LOOK: Duration = Duration::from_mins(1);

/// Makes a backup when the newest is a day old, and removes those that are not needed any more.
pub(super) async fn back_up(context: EffectContext) -> Result<(), db::Error> {
    let (data_dir, now) = (&context.config.storage.data_dir, context.clock.now());
    if backup::newest(data_dir, now).is_some_and(|newest| newest.plus(AGE) > now) {
        return Ok(());
    }
    let path = match backup::back_up(&context.db, data_dir, now).await {
        Ok(path) => path,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "there is no backup of today; trying again");
            // One row until it is sent, and one message for each look.
            return db::outbox::enqueue_alone(&context.db, &Effect::TellOwner { news: OwnerNews::NoBackup }, now, now)
                .await;
        }
    };
    tracing::info!(backup = %path.display(), "the database was backed up");
    match backup::forget_old(data_dir, now) {
        Ok(gone) if !gone.is_empty() => tracing::info!(files = gone.len(), "old backups were removed"),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "old backups could not be removed"),
    }
    Ok(())
}

/// Appends to the audit log what was noted while it could not be written.
pub(super) async fn take_notes(context: EffectContext) -> Result<(), db::Error> {
    let taken = db::audit::fallback_file::take_notes(&context.db, context.clock.now()).await?;
    if taken > 0 {
        tracing::info!(entries = taken, "notes that waited beside the database are in the audit log now");
    }
    Ok(())
}
