//! Times that a wall clock set which was ahead and has been put right since.

use std::time::Duration;

use crate::db::{self, Db, Error, Subject, WriteTx};
use crate::domain::{
    Millis,
    effect::{Effect, OwnerNews},
};

/// A clock that was ahead by more than this was hardly that: rather it is behind now, and the times
/// in the database are the right ones.
const BELIEVED: Duration = Duration::from_hours(7 * 24);

// The statements below that look at all of a table run once after each start and after a clock that was
// put back; an index for them would cost something with every message and every reading of traffic.

/// Owners read of a clock that was ahead by more than this.
const NEWS: Duration = Duration::from_mins(5);

/// Has everything that waits for its time wait as long as it was meant to, counted from now, where
/// that time was set in the future; `unpaid` and `looking` are the longest that an order may wait
/// for its payment and a card for who looks at it. Says how far ahead the clock was, as far as that
/// is to be seen. What was done keeps the time that was written down.
pub async fn put_times_right(
    db: &Db,
    unpaid: Duration,
    reviewing: Duration,
    now: Millis,
) -> Result<Option<Duration>, Error> {
    let (most, longest) = (now.plus(BELIEVED), now.plus(unpaid));
    let ahead = sqlx::query_scalar!(
            r#"SELECT max(at) AS "at: i64" FROM (
                   SELECT set_at AS at FROM outbox WHERE set_at > ?1 AND set_at <= ?2
                   UNION ALL SELECT created_at FROM bot_messages WHERE created_at > ?1 AND created_at <= ?2
                   UNION ALL SELECT created_at FROM admin_sessions WHERE created_at > ?1 AND created_at <= ?2
                   UNION ALL SELECT created_at FROM orders WHERE status = 'pending_payment' AND created_at > ?1 AND created_at <= ?2
                       AND expires_at > ?3
                   UNION ALL SELECT used_at FROM subscriptions WHERE used_at > ?1 AND used_at <= ?2) /* all of it */"#,
            now.0,
            most.0,
            longest.0
        )
        .fetch_one(&db.readers)
        .await?;
    let Some(ahead) = ahead.map(|at| Millis(at).since(now)) else { return Ok(None) };
    let mut tx = db.begin().await?;
    shift_times(&mut tx, now, most).await?;
    bound_times(&mut tx, longest, now.plus(reviewing), now).await?;
    if ahead >= NEWS {
        let news = OwnerNews::ClockSetBack { at: now, minutes: ahead.as_secs().div_ceil(60) };
        db::outbox::enqueue(&mut tx, &Effect::TellOwner { news }, now, now).await?;
    }
    tx.about(Subject::Outbox);
    tx.commit().await?;
    Ok(Some(ahead))
}

/// What keeps when its time was set has its delay counted from now.
async fn shift_times(tx: &mut WriteTx, now: Millis, most: Millis) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE outbox SET run_at = run_at - (set_at - ?1), set_at = ?1 WHERE set_at > ?1 AND set_at <= ?2",
        now.0,
        most.0
    )
    .execute(tx.sql())
    .await?;
    sqlx::query!(
        "UPDATE bot_messages SET delete_at = delete_at - (created_at - ?1), created_at = ?1
             WHERE created_at > ?1 AND created_at <= ?2 /* all of it */",
        now.0,
        most.0
    )
    .execute(tx.sql())
    .await?;
    sqlx::query!(
        "UPDATE admin_sessions SET expires_at = expires_at - (created_at - ?1), created_at = ?1
             WHERE created_at > ?1 AND created_at <= ?2",
        now.0,
        most.0
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// What does not is brought as near as it can have been meant.
async fn bound_times(tx: &mut WriteTx, unpaid: Millis, reviewing: Millis, now: Millis) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE orders SET expires_at = ?1 WHERE status = 'pending_payment' AND expires_at > ?1 AND created_at > ?2",
        unpaid.0,
        now.0
    )
    .execute(tx.sql())
    .await?;
    sqlx::query!(
        "UPDATE payment_submissions SET reviewing_until = ?1 WHERE status = 'pending' AND reviewing_until > ?1",
        reviewing.0
    )
    .execute(tx.sql())
    .await?;
    sqlx::query!("UPDATE subscriptions SET used_at = ?1 WHERE used_at > ?1 /* all of it */", now.0)
        .execute(tx.sql())
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn what_was_to_come_in_an_hour_comes_in_an_hour() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("tollkeeper.db"), chrono_tz::UTC).await.unwrap();
        let (before, now) = (Millis(1_000_000_000_000), Millis(1_000_000_100_000));
        let ahead = now.plus(26 * HOUR);
        let order = |id: &str| Effect::DeleteTicket { order: id.parse().unwrap() };
        db::outbox::enqueue_alone(&db, &order("0123456789"), before.plus(HOUR), before).await.unwrap();
        db::outbox::enqueue_alone(&db, &order("9876543210"), ahead.plus(HOUR), ahead).await.unwrap();
        let closes = async |id: &str| db::orders::tickets::ticket_closes_at(&db, &id.parse().unwrap()).await.unwrap();
        assert_eq!(put_times_right(&db, 24 * HOUR, HOUR, now).await.unwrap(), Some(26 * HOUR));
        assert_eq!(closes("0123456789").await, Some(before.plus(HOUR)), "set by a clock that was right");
        assert_eq!(closes("9876543210").await, Some(now.plus(HOUR)));
        assert!(db::outbox::outbox_keys(&db).await.unwrap().iter().any(|key| key.starts_with("owner:clockback:")));
        assert_eq!(put_times_right(&db, 24 * HOUR, HOUR, now).await.unwrap(), None, "twice is once");
        // A clock that is behind by years is not believed.
        assert_eq!(put_times_right(&db, 24 * HOUR, HOUR, Millis(0)).await.unwrap(), None);
        db.close().await;
    }

    #[tokio::test]
    async fn daily_news_of_a_day_to_come_do_not_keep_back_todays() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("tollkeeper.db"), chrono_tz::UTC).await.unwrap();
        let day = |day: &str| day.parse::<chrono::NaiveDate>().unwrap();
        for (today, told) in [
            ("2026-12-01", false),
            ("2026-12-02", true),
            ("2026-12-02", false),
            // The clock is four days ahead, and is put right.
            ("2026-12-06", true),
            ("2026-12-03", true),
            ("2026-12-03", false),
            ("2026-12-04", true),
        ] {
            assert_eq!(
                db::maintenance::housekeeping::tell_of_yesterday(&db, day(today), Millis(1)).await.unwrap(),
                told,
                "{today}"
            );
        }
        db.close().await;
    }
}
