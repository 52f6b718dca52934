//! `audit verify`: whether the audit log is as it was written.

use crate::{config::Config, db, domain::audit::Anchor};

use super::look;

/// Walks the chain, compares it with an entry that was noted elsewhere, and prints what it found.
/// `Ok(false)` = something was changed or is missing.
pub async fn verify(config: &Config, expect: Option<&Anchor>) -> anyhow::Result<bool> {
    let db = look(config).await?;
    let read = async {
        let verdict = match (db::audit::verify_audit(&db).await?, expect) {
            (Ok(head), Some(anchor)) => db::audit::audit_holds(&db, anchor).await?.map(|()| head),
            (verdict, _) => verdict,
        };
        let restored = match (&verdict, expect) {
            (Err(_), Some(anchor)) => db::audit::restored_over(&db, anchor.entry).await?,
            _ => None,
        };
        anyhow::Ok((verdict, restored))
    }
    .await;
    db.close().await;
    let (verdict, restored) = read?;
    Ok(match verdict {
        Ok((entries, hash)) => {
            println!("The audit log is whole: {entries} entries.");
            if let Some(anchor) = expect {
                println!("Entry {} is the one that was noted.", anchor.entry);
            }
            println!("The last one, to compare with later (--expect): {}", Anchor { entry: entries, hash });
            true
        }
        Err(problem) => {
            println!("The audit log was tampered with: {problem}.");
            if let Some(at) = restored.and_then(|at| chrono::DateTime::from_timestamp_millis(at.0)) {
                println!(
                    "A backup was restored on {}, which may be why: the log that was there",
                    at.format("%Y-%m-%d %H:%M UTC")
                );
                println!("before is in data_dir/backups, in a file before-restore-….db.");
            }
            false
        }
    })
}
