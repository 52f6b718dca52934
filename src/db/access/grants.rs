//! Grants: what each order gives to its subscription, computed once before the panel is written.

use crate::db::{self, Db, Error, WriteTx, signed, unsigned};
use crate::domain::{
    Millis, OrderId, SubscriptionRow,
    grants::{Before, Expiry, Filled, Known, Note},
};

/// What one order gives, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub id: i64,
    pub order: OrderId,
    /// Days of 24 hours, 0 = without end.
    pub days: u32,
    /// Bytes, 0 = unlimited.
    pub bytes: u64,
    /// The target, once computed.
    pub filled: Option<Filled>,
    /// What the client had when it was computed.
    pub before: Option<Before>,
    /// Whether the counter's reset has been answered with success.
    pub reset: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// The end of the access.
    pub expiry: Expiry,
    /// The quota in bytes, 0 = unlimited.
    pub quota: u64,
    /// Whether the subscription was there before.
    pub renewal: bool,
}

/// The oldest grant that the panel does not have yet.
pub async fn next_grant(db: &Db, subscription: SubscriptionRow) -> Result<Option<Grant>, Error> {
    let row = sqlx::query!(
            r#"SELECT g.id AS "id!", g.order_id, g.days, g.bytes, g.base, g.new_expiry, g.new_quota, g.used_before,
                      g.old_expiry, g.old_quota, g.reset_at
               FROM grants g JOIN orders o ON o.id = g.order_id
               WHERE g.subscription_id = ? AND g.kind = 'sale' AND g.applied_at IS NULL AND g.voided_at IS NULL AND o.status = 'provisioning'
               ORDER BY g.id LIMIT 1"#,
            subscription.0
        )
        .fetch_optional(&db.readers)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let filled = match (row.base, row.new_expiry, row.new_quota, row.used_before) {
        (Some(base), Some(expiry), Some(quota), Some(used)) => Some(Filled {
            base: Millis(base),
            expiry: Expiry::from_ours(expiry),
            quota: unsigned(quota),
            used_before: unsigned(used),
        }),
        _ => None,
    };
    Ok(Some(Grant {
        id: row.id,
        order: row
            .order_id
            .parse()
            .map_err(|_| Error::Damaged { table: "grants", problem: "order_id cannot be read".to_owned() })?,
        days: u32::try_from(row.days).unwrap_or(0),
        bytes: unsigned(row.bytes),
        filled,
        before: row
            .old_expiry
            .zip(row.old_quota)
            .map(|(expiry, quota)| Before { expiry: Expiry::from_ours(expiry), quota: unsigned(quota) }),
        reset: row.reset_at.is_some(),
    }))
}

/// The panel's noteworthy value that was found when an order's grant was computed.
pub async fn grant_note(db: &Db, order: &OrderId) -> Result<Option<Note>, Error> {
    let id = order.as_str();
    let note =
        sqlx::query_scalar!("SELECT note FROM grants WHERE order_id = ? AND kind = 'sale' AND voided_at IS NULL", id)
            .fetch_optional(&db.readers)
            .await?;
    Ok(note.flatten().as_deref().and_then(Note::from_name))
}

/// Stores a computed grant before the first panel write, with what it was computed from.
pub async fn fill_grant(
    db: &Db,
    grant: &Grant,
    (known, note): (&Known, Option<Note>),
    filled: &Filled,
    now: Millis,
) -> Result<(), Error> {
    let (expiry, quota, used) = (filled.expiry.to_panel(), signed(filled.quota), signed(filled.used_before));
    let (before, note) = (known.before(), note.map(Note::as_str));
    let (old_expiry, old_quota) = (before.map(|had| had.expiry.to_panel()), before.map(|had| signed(had.quota)));
    let mut tx = db.begin().await?;
    sqlx::query!(
        "UPDATE grants SET filled_at = ?, base = ?, new_expiry = ?, new_quota = ?, used_before = ?, note = ?,
                 old_expiry = ?, old_quota = ? WHERE id = ? AND applied_at IS NULL AND voided_at IS NULL",
        now.0,
        filled.base.0,
        expiry,
        quota,
        used,
        note,
        old_expiry,
        old_quota,
        grant.id
    )
    .execute(tx.sql())
    .await?;
    tx.commit().await
}

/// The days of a computed grant begin later than was thought.
pub async fn postpone_grant(db: &Db, grant: &Grant, filled: &Filled) -> Result<(), Error> {
    let expiry = filled.expiry.to_panel();
    let mut tx = db.begin().await?;
    sqlx::query!(
        "UPDATE grants SET base = ?, new_expiry = ? WHERE id = ? AND applied_at IS NULL AND voided_at IS NULL",
        filled.base.0,
        expiry,
        grant.id
    )
    .execute(tx.sql())
    .await?;
    tx.commit().await
}

/// Remembers that the counter was reset for a grant. What it had counted was used, whatever
/// becomes of the grant.
pub async fn counter_reset(db: &Db, grant: i64, now: Millis) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    let first = sqlx::query!(
        r#"UPDATE grants SET reset_at = ? WHERE id = ? AND reset_at IS NULL
               RETURNING subscription_id AS "subscription!: i64", used_before AS "used: i64""#,
        now.0,
        grant
    )
    .fetch_optional(tx.sql())
    .await?;
    if let Some(row) = first {
        db::access::counters::count_used(&mut tx, SubscriptionRow(row.subscription), row.used.unwrap_or(0), now)
            .await?;
    }
    tx.commit().await
}

/// What an order gave to a subscription, once the panel has it.
pub async fn given(db: &Db, order: &OrderId, subscription: SubscriptionRow) -> Result<Option<Given>, Error> {
    let id = order.as_str();
    let row = sqlx::query!(
            r#"SELECT g.new_expiry AS "expiry!: i64", g.new_quota AS "quota!: i64",
                      EXISTS (SELECT 1 FROM grants e WHERE e.subscription_id = g.subscription_id AND e.id < g.id
                              AND e.applied_at IS NOT NULL) AS "renewal!: bool"
               FROM grants g WHERE g.order_id = ? AND g.subscription_id = ? AND g.kind = 'sale' AND g.applied_at IS NOT NULL"#,
            id,
            subscription.0
        )
        .fetch_optional(&db.readers)
        .await?;
    Ok(row.map(|row| Given { expiry: Expiry::from_ours(row.expiry), quota: unsigned(row.quota), renewal: row.renewal }))
}

/// Nothing of a grant was written: its target is computed anew when it is tried again.
pub(in crate::db) async fn unfill_grant(tx: &mut WriteTx, order: &OrderId) -> Result<(), Error> {
    let id = order.as_str();
    sqlx::query!(
            "UPDATE grants SET filled_at = NULL, base = NULL, new_expiry = NULL, new_quota = NULL, used_before = NULL, note = NULL,
                 old_expiry = NULL, old_quota = NULL
             WHERE order_id = ? AND kind = 'sale' AND applied_at IS NULL AND voided_at IS NULL AND reset_at IS NULL",
            id
        )
        .execute(tx.sql())
        .await?;
    Ok(())
}
