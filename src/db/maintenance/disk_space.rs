//! How much room the disk has, and whether anything can be written at all.

use std::path::Path;

use crate::db::{self, Db, Error};
use crate::domain::{
    Millis,
    effect::{Effect, OwnerNews},
};

/// Below this the bot will soon fail: a backup is as large as the database, and receipts are kept.
pub const LITTLE: u64 = 200 << 20;
/// Below this it is time to think about it.
pub const MODEST: u64 = 2 << 30;

/// The key under which `bot_config` keeps which of the two owners were told of last.
const TOLD: &str = "disk_room";

/// Bytes that an ordinary user may still write.
pub fn free(dir: &Path) -> std::io::Result<u64> {
    let disk = rustix::fs::statvfs(dir)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Owners are told once when the disk has little room and once when it has very little, and again
/// only when there was enough in between.
pub async fn note_room(db: &Db, free: u64, now: Millis) -> Result<bool, Error> {
    let told =
        sqlx::query_scalar!("SELECT value FROM bot_config WHERE key = ?", TOLD).fetch_optional(&db.readers).await?;
    let told = told.and_then(|told| told.parse::<u64>().ok());
    let limit = [LITTLE, MODEST].into_iter().find(|limit| free < *limit);
    let is_news = limit.is_some_and(|limit| told.is_none_or(|told| limit < told));
    let is_over = told.is_some_and(|told| free > told + told / 10);
    if !is_news && !is_over {
        return Ok(false);
    }
    let mut tx = db.begin().await?;
    if let Some(limit) = limit {
        let limit = limit.to_string();
        sqlx::query!(
            "INSERT INTO bot_config (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            TOLD,
            limit
        )
        .execute(tx.sql())
        .await?;
    } else {
        sqlx::query!("DELETE FROM bot_config WHERE key = ?", TOLD).execute(tx.sql()).await?;
    }
    if is_news {
        let news = OwnerNews::LittleRoom { at: now, megabytes: free >> 20 };
        db::outbox::enqueue(&mut tx, &Effect::TellOwner { news }, now, now).await?;
    }
    tx.commit().await?;
    Ok(is_news)
}

/// Writes something, to see whether that is possible.
pub async fn probe(db: &Db, now: Millis) -> Result<(), Error> {
    let at = now.0.to_string();
    let mut tx = db.begin().await?;
    sqlx::query!(
            "INSERT INTO bot_config (key, value) VALUES ('probe', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            at
        )
        .execute(tx.sql())
        .await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn owners_read_of_a_disk_that_fills_once_for_each_limit() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("tollkeeper.db"), chrono_tz::UTC).await.unwrap();
        for (free, told) in [
            (3 * MODEST, false),
            (MODEST - 1, true),
            (MODEST + 1, false),
            (MODEST - 2, false),
            (LITTLE - 1, true),
            (LITTLE - 2, false),
            (LITTLE * 2, false),
            (LITTLE - 1, true),
            (3 * MODEST, false),
            (MODEST - 1, true),
        ] {
            assert_eq!(note_room(&db, free, Millis(1)).await.unwrap(), told, "{free}");
        }
        db.close().await;
    }

    #[test]
    fn room_can_be_seen() {
        assert!(free(Path::new("/")).is_ok());
    }
}
