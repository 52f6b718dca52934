//! What stands on Discord and on the panels is of a later day than a restored database: what is to
//! be shown anew, and of which subscriptions the panel may know more than the books.

use super::LOOK_FIRST;
use crate::{
    db::{self, Db, Error, WriteTx},
    domain::{Millis, OrderId, SubmissionId, SubscriptionRow, effect::Effect},
};

/// Whether a subscription may be ahead of the books: a backup was restored since the last grant
/// or change of it was written down.
pub async fn may_be_ahead(db: &Db, subscription: SubscriptionRow) -> Result<bool, Error> {
    let row = sqlx::query!(
        r#"SELECT NOT EXISTS (SELECT 1 FROM grants g WHERE g.subscription_id = ?1 AND g.applied_at >= restored.at)
                  AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.subscription_id = ?1 AND c.applied_at >= restored.at)
                  AS "may!: bool"
               FROM (SELECT json_extract(value, '$.restored') AS at FROM bot_config WHERE key = ?2) AS restored
               WHERE restored.at IS NOT NULL"#,
        subscription.0,
        LOOK_FIRST
    )
    .fetch_optional(&db.readers)
    .await?;
    Ok(row.is_some_and(|row| row.may))
}

/// Tickets and cards on Discord say what was true before the restoration. They are to say what
/// is true now, whoever sees a ticket and whoever may write in it included; a payment that is
/// under review again has its buttons again.
pub(in crate::db) async fn show_restored(tx: &mut WriteTx, now: Millis) -> Result<(), Error> {
    let tickets = sqlx::query_scalar!(
        "UPDATE orders SET status_digest = NULL, staff_overwrites = NULL, channel_locked = (status = 'pending_payment')
             WHERE channel_id IS NOT NULL RETURNING id"
    )
    .fetch_all(tx.sql())
    .await?;
    let sales = sqlx::query_scalar!(
        "UPDATE orders SET card_digest = NULL WHERE source = 'manual' AND status IN ('provisioning', 'needs_attention')
             RETURNING id"
    )
    .fetch_all(tx.sql())
    .await?;
    let cards = sqlx::query_scalar!(
            r#"UPDATE payment_submissions SET card_digest = NULL
               WHERE id IN (SELECT max(s.id) FROM payment_submissions s JOIN orders o ON o.id = s.order_id
                            WHERE o.status IN ('pending_payment', 'payment_submitted', 'provisioning', 'needs_attention')
                              AND s.status <> 'refused' GROUP BY s.order_id)
               RETURNING id AS "id!""#
        )
        .fetch_all(tx.sql())
        .await?;
    let order = |id: &String| id.parse::<OrderId>().ok();
    let tickets = tickets.iter().filter_map(order).map(|order| Effect::SyncTicket { order });
    let sales = sales.iter().filter_map(order).map(|order| Effect::SyncSaleCard { order });
    let cards = cards.into_iter().map(|id| Effect::SyncCard { submission: SubmissionId(id) });
    let wanted: Vec<_> = tickets.chain(sales).chain(cards).collect();
    for effect in &wanted {
        db::outbox::enqueue(tx, effect, now, now).await?;
    }
    Ok(())
}
