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
pub(super) async fn send(world: &EffectContext, claim: &Lease, file: &str, user: UserId) -> Result<(), EffectError> {
    let now = world.clock.now();
    let plain = file.strip_suffix(encryption::ENDING).and_then(|name| name.strip_suffix('.')).unwrap_or_default();
    let (Some(at), true) = (backup::taken_at(plain), world.config.discord.owners.contains(&user)) else {
        return Ok(db::outbox::finish(&world.db, claim, now).await?);
    };
    let path = world.config.storage.data_dir.join(backup::FOLDER).join(file);
    let unread = |error: std::io::Error| EffectError::Row(format!("the backup cannot be read: {error}"));
    let bytes = match tokio::fs::metadata(&path).await {
        Ok(found) if found.len() <= LARGEST => Some(tokio::fs::read(&path).await.map_err(unread)?),
        Ok(_) => None,
        // Superseded meanwhile.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(db::outbox::finish(&world.db, claim, now).await?);
        }
        Err(error) => return Err(unread(error)),
    };
    let marker = Marker::backup(file);
    let post = backup_message(world.locale_of(user).await?, file, at, bytes).marked(&marker);
    let sent = async {
        let channel = world.dm_channel(user).await?;
        if claim.must_look_first() && world.find_posted(channel, &marker, claim.first_try_at).await?.is_some() {
            return Ok(());
        }
        let seed = format!("{}:{}", claim.effect.key(), claim.first_try_at);
        world.post(channel, post, &seed).await.map(drop)
    };
    match sent.await {
        Ok(()) => {}
        Err(trouble) => world.not_sent(claim, trouble).await?,
    }
    Ok(db::outbox::finish(&world.db, claim, world.clock.now()).await?)
}
