//! What a voided grant may have left on the panel: to be taken out again, or, where its order is
//! approved once more before that, taken over. Never both, or one payment would give twice.

use serde_json::json;

use crate::db::{self, Db, Error, WriteTx, audit::BOT, outbox::Lease, signed, unsigned};
use crate::domain::{
    Millis, OrderId, SubscriptionRow,
    grants::{Before, Expiry, Filled},
};

/// A renewal that was perhaps written and is not sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    pub grant: i64,
    pub order: OrderId,
    /// What was to be written.
    pub filled: Filled,
    /// What the client had before.
    pub before: Before,
    /// Whether its counter was reset.
    pub reset: bool,
}

/// What a voided grant may have left of a subscription. Nothing where something was written
/// since, or where its order goes on.
pub async fn voided_grant(db: &Db, subscription: SubscriptionRow) -> Result<Option<Leftover>, Error> {
    let row = sqlx::query!(
            r#"SELECT g.id AS "id!", g.order_id, g.base AS "base!: i64", g.new_expiry AS "expiry!: i64", g.new_quota AS "quota!: i64",
                      g.used_before AS "used!: i64", g.old_expiry AS "old_expiry!: i64", g.old_quota AS "old_quota!: i64", g.reset_at
               FROM grants g JOIN orders o ON o.id = g.order_id
               WHERE g.subscription_id = ?1 AND g.kind = 'sale' AND g.voided_at IS NOT NULL AND g.old_quota IS NOT NULL
                 AND g.reverted_at IS NULL AND o.status IN ('pending_payment', 'payment_submitted', 'declined')
                 AND NOT EXISTS (SELECT 1 FROM grants a WHERE a.subscription_id = ?1 AND a.applied_at > g.filled_at)
                 AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.subscription_id = ?1 AND c.applied_at > g.filled_at)
               ORDER BY g.id DESC LIMIT 1"#,
            subscription.0
        )
        .fetch_optional(&db.readers)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let damaged = |_| Error::Damaged { table: "grants", problem: format!("order `{}`", row.order_id) };
    Ok(Some(Leftover {
        grant: row.id,
        order: row.order_id.parse().map_err(damaged)?,
        filled: Filled {
            base: Millis(row.base),
            expiry: Expiry::from_ours(row.expiry),
            quota: unsigned(row.quota),
            used_before: unsigned(row.used),
        },
        before: Before { expiry: Expiry::from_ours(row.old_expiry), quota: unsigned(row.old_quota) },
        reset: row.reset_at.is_some(),
    }))
}

/// Nothing of a voided grant is on the panel any more. `back` is what the client has again,
/// where something had to be written for it.
pub async fn mark_reverted(
    db: &Db,
    lease: &Lease,
    subscription: SubscriptionRow,
    left: &Leftover,
    back: Option<Before>,
    now: Millis,
) -> Result<(), Error> {
    let order = left.order.as_str();
    let mut tx = db.begin().await?;
    sqlx::query!(
        "UPDATE grants SET reverted_at = ? WHERE order_id = ? AND subscription_id = ? AND kind = 'sale'
               AND voided_at IS NOT NULL AND reverted_at IS NULL AND id <= ?",
        now.0,
        order,
        subscription.0,
        left.grant
    )
    .execute(tx.sql())
    .await?;
    if let Some(back) = back {
        let (expiry, quota) = (back.expiry.to_panel(), signed(back.quota));
        sqlx::query!(
            "UPDATE subscriptions SET expires_at = ?, quota_bytes = ?, updated_at = ? WHERE id = ?",
            expiry,
            quota,
            now.0,
            subscription.0
        )
        .execute(tx.sql())
        .await?;
        let payload = json!({ "subscription": subscription.0, "expiry": expiry, "quota_bytes": quota });
        db::orders::audit_order(&mut tx, BOT, "order.undo", &left.order, payload, now).await?;
    }
    db::outbox::finish_row(&mut tx, lease, now).await?;
    tx.commit().await
}

/// The same order is approved again while its voided grant may still be on the panel: what was
/// computed then is what it gives, so that writing it twice changes nothing.
pub(in crate::db) async fn take_over_grant(
    tx: &mut WriteTx,
    order: &OrderId,
    subscription: SubscriptionRow,
) -> Result<(), Error> {
    let id = order.as_str();
    sqlx::query!(
            "UPDATE grants SET filled_at = v.filled_at, base = v.base, new_expiry = v.new_expiry, new_quota = v.new_quota,
                 used_before = v.used_before, note = v.note, reset_at = v.reset_at, old_expiry = v.old_expiry, old_quota = v.old_quota
             FROM (SELECT * FROM grants g
                   WHERE g.order_id = ?1 AND g.subscription_id = ?2 AND g.kind = 'sale' AND g.voided_at IS NOT NULL
                     AND g.old_quota IS NOT NULL AND g.reverted_at IS NULL
                     AND NOT EXISTS (SELECT 1 FROM grants a WHERE a.subscription_id = ?2 AND a.applied_at > g.filled_at)
                     AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.subscription_id = ?2 AND c.applied_at > g.filled_at)
                   ORDER BY g.id DESC LIMIT 1) AS v
             WHERE grants.order_id = ?1 AND grants.kind = 'sale' AND grants.voided_at IS NULL",
            id,
            subscription.0
        )
        .execute(tx.sql())
        .await?;
    Ok(())
}
