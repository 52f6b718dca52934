//! What staff gave without a sale: for the owners' daily message.

use crate::db::{Db, Error, unsigned};
use crate::domain::{Millis, UserId, amount::Amount, books::Gift};

/// What each member of staff gave between two moments: ends moved, totals changed, counters set
/// to zero.
pub async fn gifts(db: &Db, from: Millis, to: Millis) -> Result<Vec<Gift>, Error> {
    let rows = sqlx::query!(
        r#"SELECT c.actor_id AS "actor!: i64", count(*) AS "times!: i64",
                      count(*) FILTER (WHERE s.user_id = c.actor_id) AS "own!: i64",
                      count(*) FILTER (WHERE c.given_time < 0) AS "endless_time!: i64",
                      count(*) FILTER (WHERE c.given_bytes < 0) AS "endless_bytes!: i64",
                      COALESCE(sum(max(c.given_time, 0)), 0) AS "time!: i64",
                      COALESCE(sum(max(c.given_bytes, 0)), 0) AS "bytes!: i64"
               FROM changes c INDEXED BY changes_applied JOIN subscriptions s ON s.id = c.subscription_id
               WHERE c.applied_at >= ?1 AND c.applied_at < ?2 AND c.kind IN ('extend', 'set_traffic', 'reset_traffic')
               GROUP BY c.actor_id ORDER BY 2 DESC, 1"#,
        from.0,
        to.0
    )
    .fetch_all(&db.readers)
    .await?;
    let amount = |endless: i64, sum: i64| if endless > 0 { Amount::Endless } else { Amount::Some(unsigned(sum)) };
    Ok(rows
        .into_iter()
        .map(|row| Gift {
            by: UserId::from_sql(row.actor),
            times: unsigned(row.times),
            own: unsigned(row.own),
            time: amount(row.endless_time, row.time),
            bytes: amount(row.endless_bytes, row.bytes),
        })
        .collect())
}
