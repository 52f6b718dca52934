//! Grants and changes of one subscription in the order given: which is next, and what they gave.

use serde_json::json;

use crate::db::{self, Db, Error, access::grants::Grant, unsigned};

use crate::domain::{
    Millis, OrderId, SubscriptionRow, UserId,
    amount::Amount,
    change::{Change, ChangeId, Wanted},
    grants::Expiry,
    reversal::{Layer, Level, Made},
};

/// What is to be done next about a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The oldest grant or change that the panel does not have.
    pub step: Step,
    /// An order before it whose grant is half written and waits for a person.
    pub behind: Option<OrderId>,
}

/// A grant or a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Sale(Grant),
    Change(Waiting),
}

/// A change that is not made yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub id: ChangeId,
    pub what: Change,
    pub actor: UserId,
    pub at: Millis,
    /// What it wants, once computed.
    pub filled: Option<Wanted>,
    /// Whether the counter's reset has been answered with success and looked at.
    pub reset: bool,
}

/// What is to be done next about a subscription.
pub async fn next_step(db: &Db, subscription: SubscriptionRow) -> Result<Option<Next>, Error> {
    let change = next_change(db, subscription).await?;
    let (grant, suspended) =
        (db::access::grants::next_grant(db, subscription).await?, suspended(db, subscription).await?);
    let sale_first = |grant: &Grant| change.as_ref().is_none_or(|(_, after)| grant.id <= *after);
    let (step, place) = match (grant.filter(sale_first), change) {
        (Some(grant), _) => {
            let place = grant.id;
            (Step::Sale(grant), place)
        }
        (None, Some((change, after))) => (Step::Change(change), after.saturating_add(1)),
        (None, None) => return Ok(None),
    };
    Ok(Some(Next { step, behind: suspended.filter(|(grant, _)| *grant < place).map(|(_, order)| order) }))
}

/// The oldest change that the panel does not have, and the last grant before it.
async fn next_change(db: &Db, subscription: SubscriptionRow) -> Result<Option<(Waiting, i64)>, Error> {
    let row = sqlx::query!(
            r#"SELECT id AS "id!", kind, args, actor_id, created_at, after_grant_id, new_enabled, new_expiry, new_quota,
                      used_before, given_time, given_bytes, reset_at
               FROM changes WHERE subscription_id = ? AND applied_at IS NULL AND voided_at IS NULL ORDER BY id LIMIT 1"#,
            subscription.0
        )
        .fetch_optional(&db.readers)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let filled = match (row.new_enabled, row.new_expiry, row.new_quota, row.used_before) {
        (Some(enabled), Some(expiry), Some(quota), Some(used)) => Some(Wanted {
            enabled: enabled != 0,
            expiry: Expiry::from_ours(expiry),
            quota: unsigned(quota),
            used_before: unsigned(used),
            time: amount(row.given_time),
            bytes: amount(row.given_bytes),
        }),
        _ => None,
    };
    let waiting = Waiting {
        id: ChangeId(row.id),
        what: decode(&row.kind, &row.args)?,
        actor: UserId::from_sql(row.actor_id),
        at: Millis(row.created_at),
        filled,
        reset: row.reset_at.is_some(),
    };
    Ok(Some((waiting, row.after_grant_id)))
}

/// The oldest grant whose target is stored and whose order waits for a person.
async fn suspended(db: &Db, subscription: SubscriptionRow) -> Result<Option<(i64, OrderId)>, Error> {
    let row = sqlx::query!(
        r#"SELECT g.id AS "id!", g.order_id FROM grants g JOIN orders o ON o.id = g.order_id
               WHERE g.subscription_id = ? AND g.kind = 'sale' AND g.filled_at IS NOT NULL AND g.applied_at IS NULL
                 AND g.voided_at IS NULL AND o.status = 'needs_attention' ORDER BY g.id LIMIT 1"#,
        subscription.0
    )
    .fetch_optional(&db.readers)
    .await?;
    Ok(row.and_then(|row| Some((row.id, row.order_id.parse().ok()?))))
}

/// What was done to a subscription, oldest first; `None` where an order's grant was never
/// written or has been taken back.
pub async fn layers(db: &Db, subscription: SubscriptionRow, order: &OrderId) -> Result<Option<Vec<Layer>>, Error> {
    // By the moment at which each was computed: an order that waited for a person may have been
    // given after changes that were asked for later. Else grants stand before the changes after them.
    let rows = sqlx::query!(
            r#"SELECT g.filled_at AS "at!: i64", g.id * 2 AS "place!: i64", 0 AS "change!: i64", 'sale' AS "kind!: String",
                      g.order_id AS "order_id: String", g.days AS "time!: i64", g.bytes AS "bytes!: i64",
                      g.old_expiry AS "old_expiry: i64", g.old_quota AS "old_quota: i64", g.used_before AS "old_used: i64",
                      g.new_expiry AS "expiry!: i64", g.new_quota AS "quota!: i64", g.used_before AS "used!: i64"
               FROM grants g WHERE g.subscription_id = ?1 AND g.kind = 'sale' AND g.applied_at IS NOT NULL
               UNION ALL
               SELECT c.filled_at, c.after_grant_id * 2 + 1, c.id, c.kind, c.order_id, c.given_time, c.given_bytes,
                      c.old_expiry, c.old_quota, c.old_used, c.new_expiry, c.new_quota, c.used_before
               FROM changes c WHERE c.subscription_id = ?1 AND c.applied_at IS NOT NULL AND c.filled_at IS NOT NULL
               ORDER BY 1, 2, 3"#,
            subscription.0
        )
        .fetch_all(&db.readers)
        .await?;
    let mut layers: Vec<Layer> = Vec::with_capacity(rows.len());
    let mut is_there = false;
    for row in rows {
        let named = row.order_id.as_deref().and_then(|id| id.parse::<OrderId>().ok());
        let is_sale = row.kind == "sale";
        if named.as_ref() == Some(order) {
            is_there = is_sale;
        }
        let made = match named {
            Some(order) if is_sale => Made::Sold {
                order,
                time: Amount::of_days(u32::try_from(row.time).unwrap_or(0)),
                bytes: Amount::of_bytes(unsigned(row.bytes)),
            },
            Some(order) => Made::TakenBack(order),
            None => Made::Changed { time: amount(row.time), bytes: amount(row.bytes) },
        };
        // A counter that was reset begins anew.
        let resets = is_sale || row.used > 0;
        let old_used = row.old_used.map_or(0, unsigned);
        let before = match (row.old_expiry, row.old_quota) {
            (Some(expiry), Some(quota)) => {
                Some(Level { expiry: Expiry::from_ours(expiry), quota: unsigned(quota), used: old_used })
            }
            // Grants did not always keep it.
            _ if is_sale => layers.last().map(|layer| Level { used: old_used, ..layer.after }),
            _ => None,
        };
        let used = if resets { 0 } else { old_used };
        let after = Level { expiry: Expiry::from_ours(row.expiry), quota: unsigned(row.quota), used };
        layers.push(Layer { at: Millis(row.at), made, before, after });
    }
    Ok(is_there.then_some(layers))
}

fn amount(stored: i64) -> Amount {
    u64::try_from(stored).map_or(Amount::Endless, Amount::Some)
}

pub(in crate::db) fn encode(what: &Change) -> Result<(String, String), Error> {
    let damaged = |error: serde_json::Error| Error::Damaged { table: "changes", problem: error.to_string() };
    let value = serde_json::to_value(what).map_err(damaged)?;
    let args = value.get("args").cloned().unwrap_or_else(|| json!({}));
    Ok((what.name().to_owned(), args.to_string()))
}

pub(in crate::db) fn decode(kind: &str, args: &str) -> Result<Change, Error> {
    let damaged = |error: serde_json::Error| Error::Damaged { table: "changes", problem: error.to_string() };
    let args: serde_json::Value = serde_json::from_str(args).map_err(damaged)?;
    serde_json::from_value(json!({ "kind": kind, "args": args })).map_err(damaged)
}
