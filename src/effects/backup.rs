//! An encrypted backup on its way to an owner.

use super::{EffectContext, EffectError};
use crate::{
    db::{self, maintenance::backup, maintenance::encryption, outbox::Lease},
    domain::UserId,
    view::{Marker, books::backup_message},
};

/// What Discord takes in a direct message without Nitro, with room for the rest of the request
/// (10 MiB, Discord's reference, "Uploading Files").
const LARGEST: u64 = 10 * 1024 * 1024 - 64 * 1024;

/// Sends the file, or says that it is too large. An owner whose direct messages are closed has
/// been told where it is.
pub(super) async fn send(context: &EffectContext, lease: &Lease, file: &str, user: UserId) -> Result<(), EffectError> {
    let now = context.clock.now();
    let plain = file.strip_suffix(encryption::ENDING).and_then(|name| name.strip_suffix('.')).unwrap_or_default();
    let (Some(at), true) = (backup::taken_at(plain), context.config.discord.owners.contains(&user)) else {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    };
    let path = context.config.storage.data_dir.join(backup::FOLDER).join(file);
    let unread = |error: std::io::Error| EffectError::Row(format!("the backup cannot be read: {error}"));
    let bytes = match tokio::fs::metadata(&path).await {
        Ok(found) if found.len() <= LARGEST => Some(tokio::fs::read(&path).await.map_err(unread)?),
        Ok(_) => None,
        // Superseded meanwhile.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(db::outbox::finish(&context.db, lease, now).await?);
        }
        Err(error) => return Err(unread(error)),
    };
    let marker = Marker::backup(file);
    let post = backup_message(context.locale_of(user).await?, file, at, bytes).marked(&marker);
    let sent = async {
        let channel = context.dm_channel(user).await?;
        if lease.must_look_first() && context.find_posted(channel, &marker, lease.first_try_at).await?.is_some() {
            return Ok(());
        }
        let seed = format!("{}:{}", lease.effect.key(), lease.first_try_at);
        context.post(channel, post, &seed).await.map(drop)
    };
    match sent.await {
        Ok(()) => {}
        Err(trouble) => context.not_sent(lease, trouble).await?,
    }
    Ok(db::outbox::finish(&context.db, lease, context.clock.now()).await?)
}
