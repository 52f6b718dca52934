//! Traffic counters: what was read of them, their resets, and the second look at each.

use crate::db::{self, Db, Error, WriteTx, access::subscriptions::Subscription, outbox::Lease, signed, unsigned};
use crate::domain::{
    Millis, OrderId, SubscriptionRow,
    counter::{LOOK_AFTER, LastReset},
    effect::{Effect, StaffNews},
};

/// Remembers what the panel counted. `sub` is as it was before the panel was asked: a reading
/// that was on its way while the counter was reset is of the use before it, and is left out.
pub async fn note_use(db: &Db, sub: &Subscription, counted: u64, at: Millis) -> Result<(), Error> {
    let (counted, before, known_at) = (signed(counted), signed(sub.used_before), sub.known_use.1.0);
    let mut tx = db.begin().await?;
    sqlx::query!(
        "UPDATE subscriptions SET used_bytes = ?, used_at = ?
             WHERE id = ? AND used_before = ? AND COALESCE(used_at, updated_at) = ?",
        counted,
        at.0,
        sub.id.0,
        before,
        known_at
    )
    .execute(tx.sql())
    .await?;
    tx.commit().await
}

/// The last reset of a subscription's counter, and whether something is half written that was
/// computed from it since.
pub async fn last_reset(db: &Db, id: SubscriptionRow) -> Result<Option<(LastReset, bool)>, Error> {
    let row = sqlx::query!(
        r#"SELECT reset_at AS "at!: i64", reset_from AS "before!: i64", came_back,
                      (EXISTS (SELECT 1 FROM grants g WHERE g.subscription_id = s.id AND g.kind = 'sale'
                               AND g.filled_at IS NOT NULL AND g.applied_at IS NULL AND g.voided_at IS NULL)
                       OR EXISTS (SELECT 1 FROM changes c WHERE c.subscription_id = s.id AND c.filled_at IS NOT NULL
                               AND c.applied_at IS NULL AND c.voided_at IS NULL)) AS "busy!: bool"
               FROM subscriptions s WHERE s.id = ? AND s.reset_at IS NOT NULL AND s.reset_from IS NOT NULL"#,
        id.0
    )
    .fetch_optional(&db.readers)
    .await?;
    Ok(row.map(|row| {
        let came_back = u32::try_from(row.came_back).unwrap_or(u32::MAX);
        (LastReset { at: Millis(row.at), before: unsigned(row.before), came_back }, row.busy)
    }))
}

/// A counter that came back was reset again: it is looked at once more. `since` is what was used
/// between the two resets.
pub async fn reset_again(db: &Db, lease: &Lease, id: SubscriptionRow, since: u64, now: Millis) -> Result<(), Error> {
    let since = signed(since);
    let mut tx = db.begin().await?;
    sqlx::query!(
        "UPDATE subscriptions SET used_before = used_before + ?, used_bytes = 0, used_at = ?, reset_at = ?,
                 came_back = came_back + 1, updated_at = ? WHERE id = ?",
        since,
        now.0,
        now.0,
        now.0,
        id.0
    )
    .execute(tx.sql())
    .await?;
    db::outbox::finish_row(&mut tx, lease, now).await?;
    db::outbox::enqueue(&mut tx, &lease.effect, now.plus(LOOK_AFTER), now).await?;
    tx.commit().await
}

/// Staff are told of a counter that stands high, below the last order that was sold into it.
pub async fn tell_of_counter(db: &Db, lease: &Lease, id: SubscriptionRow, now: Millis) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    let order = sqlx::query_scalar!(
        "SELECT id FROM orders WHERE subscription_id = ? AND status = 'completed' ORDER BY ended_at DESC LIMIT 1",
        id.0
    )
    .fetch_optional(tx.sql())
    .await?;
    if let Some(order) = order.and_then(|id| id.parse::<OrderId>().ok()) {
        let news = StaffNews::CounterBack { order, at: now };
        db::outbox::enqueue(&mut tx, &Effect::TellStaff { news }, now, now).await?;
    }
    db::outbox::finish_row(&mut tx, lease, now).await?;
    tx.commit().await
}

/// A counter begins anew: what it had counted belongs to the use before it.
pub(in crate::db) async fn count_used(
    tx: &mut WriteTx,
    id: SubscriptionRow,
    used: i64,
    now: Millis,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE subscriptions SET used_before = used_before + ?1, used_bytes = 0, used_at = ?2, updated_at = ?2,
                 reset_at = ?2, reset_from = ?1, came_back = 0 WHERE id = ?3",
        used,
        now.0,
        id.0
    )
    .execute(tx.sql())
    .await?;
    Ok(())
}

/// A step that reset the counter is done: the counter is looked at again some time later.
pub(in crate::db) async fn look_again(tx: &mut WriteTx, sub: &Subscription, now: Millis) -> Result<(), Error> {
    let effect = Effect::RecheckCounter { subscription: sub.id, panel: sub.panel.clone() };
    db::outbox::enqueue(tx, &effect, now.plus(LOOK_AFTER), now).await
}
