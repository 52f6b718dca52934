//! `audit verify`: whether the audit log is as it was written.

use crate::config::Config;

use super::look;

/// Walks the chain and prints what it found. `Ok(false)` = something was changed or is missing.
pub async fn verify(config: &Config) -> anyhow::Result<bool> {
    let db = look(config).await?;
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
