//! Whether a customer may order now, in one look: `/order` is what everybody types at once, and
//! each statement is a hop to another thread and back.

use std::time::Duration;

use crate::db::{self, Db, Error};
use crate::domain::{Millis, Order, OrderId, UserId};

/// How a customer stands with the shop.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The order that is open already.
    pub open: Option<Order>,
    /// Whether they may not order at all.
    pub blocked: bool,
    /// When they may order again, if `limit` says not now.
    pub again_at: Option<Millis>,
}

/// So many orders that the shop ended for want of a ticket are left out of the limit: that is nobody's
/// fault, but a row all the same.
const NOT_COUNTED: i64 = 2;

/// How a customer stands.
pub async fn eligibility(
    db: &Db,
    customer: UserId,
    limit: Option<(u32, Duration)>,
    now: Millis,
) -> Result<Standing, Error> {
    let key = customer.to_sql();
    // Nothing is newer than the end of time: without a limit no order counts.
    let since = limit.map_or(Millis(i64::MAX), |(_, window)| now.minus(window));
    let offset = limit.map_or(0, |(times, _)| i64::from(times.max(1)) - 1);
    let ended_by_us = offset + NOT_COUNTED;
    let row = sqlx::query!(
            r#"SELECT
                (SELECT id FROM orders WHERE user_id = ?1 AND source = 'shop'
                    AND status IN ('pending_payment', 'payment_submitted', 'provisioning', 'needs_attention')
                ) AS "open: String",
                (SELECT status FROM users WHERE discord_id = ?1) AS "status: String",
                COALESCE(
                (SELECT created_at FROM orders WHERE user_id = ?1 AND created_at > ?2 AND created_at <= ?4 AND source = 'shop'
                    AND NOT (status = 'cancelled' AND reason IN ('no_room', 'no_ticket'))
                 ORDER BY created_at DESC LIMIT 1 OFFSET ?3),
                (SELECT created_at FROM orders WHERE user_id = ?1 AND created_at > ?2 AND created_at <= ?4 AND source = 'shop'
                 ORDER BY created_at DESC LIMIT 1 OFFSET ?5)
                ) AS "nth: i64""#,
            key,
            since.0,
            offset,
            now.0,
            ended_by_us
        )
        .fetch_one(&db.readers)
        .await?;
    let open = match row.open.and_then(|id| id.parse::<OrderId>().ok()) {
        Some(id) => db::orders::order(db, &id).await?,
        None => None,
    };
    let blocked = row.status.is_some_and(|status| status == "blocked");
    let again_at = limit.zip(row.nth).map(|((_, window), at)| Millis(at).plus(window));
    Ok(Standing { open, blocked, again_at })
}
