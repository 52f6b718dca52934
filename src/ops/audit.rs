//! `audit verify`: whether the audit log is as it was written.

use anyhow::Context as _;

use crate::{config::Config, db::Db};

/// Walks the chain and prints what it found. `Ok(false)` = something was changed or is missing.
pub async fn verify(config: &Config) -> anyhow::Result<bool> {
    let path = config.storage.data_dir.join("tollkeeper.db");
    let db = Db::look(&path, config.shop.timezone).await.with_context(|| format!("cannot open {}", path.display()))?;
    let verdict = db.verify_audit().await?;
    db.close().await;
    Ok(match verdict {
        Ok((entries, head)) => {
            println!("The audit log is whole: {entries} entries.");
            println!("The last one's hash, to compare with one noted elsewhere: {head}");
            true
        }
        Err(problem) => {
            println!("The audit log was tampered with: {problem}.");
            false
        }
    })
}
