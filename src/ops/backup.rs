//! `backup`: a whole copy of the database, beside a running bot.

use std::path::Path;

use anyhow::Context as _;

use crate::{
    clock::Clock,
    config::{Config, long_enough},
    db::{self, maintenance::encryption},
};

use super::look;

/// Makes a backup and prints where it is; with `sealed` only an encrypted one stays.
pub async fn backup(config: &Config, clock: &Clock, sealed: bool) -> anyhow::Result<bool> {
    let passphrase = match (&config.backup_passphrase, sealed) {
        (Some(passphrase), true) => {
            long_enough(passphrase).map_err(|says| anyhow::anyhow!("BACKUP_PASSPHRASE: {says}"))?;
            Some(passphrase.clone())
        }
        (None, true) => anyhow::bail!("BACKUP_PASSPHRASE is not set; an encrypted backup needs it"),
        (_, false) => None,
    };
    let db = look(config).await?;
    let made = db::maintenance::backup::back_up(&db, &config.storage.data_dir, clock.now()).await;
    db.close().await;
    let mut path = made?;
    if let Some(passphrase) = passphrase {
        let plain = path.clone();
        path = tokio::task::spawn_blocking(move || encryption::seal(&plain, &passphrase))
            .await?
            .context("the backup cannot be encrypted")?;
        forget(&path.with_extension(""))?;
    }
    println!("{}", path.display());
    Ok(true)
}

fn forget(plain: &Path) -> anyhow::Result<()> {
    std::fs::remove_file(plain).with_context(|| format!("cannot remove {}", plain.display()))
}
