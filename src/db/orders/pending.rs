//! What waits for a person, and everything about one order, for the admin commands.

use crate::db::{self, Db, Error, money};
use crate::domain::{ChannelId, MessageId, Millis, Money, OrderId, OrderStatus, SubmissionId, UserId, proofs::Verdict};

/// More than this many are never looked at in one go.
const MOST: i64 = 500;

/// An order that waits for staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub id: OrderId,
    pub customer: UserId,
    pub plan: String,
    pub price: Money,
    pub status: OrderStatus,
    pub since: Millis,
    pub ticket: Option<ChannelId>,
    /// The card of its latest proof, or of the sale by hand.
    pub card: Option<MessageId>,
}

/// One proof of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentProof {
    pub id: SubmissionId,
    pub at: Millis,
    pub verdict: Verdict,
    /// How many things are to be noted about it.
    pub flags: usize,
    pub card: Option<MessageId>,
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// Its place in the log.
    pub id: i64,
    pub at: Millis,
    /// Who; 0 is the bot itself.
    pub actor: UserId,
    pub action: String,
    pub target: String,
    /// The rest, as JSON.
    pub payload: String,
}

/// All that waits for staff, the longest first.
pub async fn queue(db: &Db) -> Result<Vec<Waiting>, Error> {
    let rows = sqlx::query!(
            r#"SELECT o.id, o.user_id, o.plan_name, o.price_minor, o.currency, o.status, o.channel_id, o.updated_at,
                   p.created_at AS "sent_at?: i64", COALESCE(p.card_message_id, o.card_message_id) AS "card?: i64"
               FROM orders o LEFT JOIN payment_submissions p ON p.id = (
                   SELECT id FROM payment_submissions WHERE order_id = o.id AND status <> 'refused' ORDER BY id DESC LIMIT 1)
               WHERE o.status IN ('payment_submitted', 'needs_attention') ORDER BY o.updated_at LIMIT ?"#,
            MOST
        )
        .fetch_all(&db.readers)
        .await?;
    let mut waiting = Vec::new();
    for row in rows {
        let status = row.status.parse().map_err(|error| damaged(format!("{error}")))?;
        let since = match (status, row.sent_at) {
            (OrderStatus::PaymentSubmitted, Some(sent)) => sent,
            _ => row.updated_at,
        };
        waiting.push(Waiting {
            id: row.id.parse().map_err(|_| damaged(format!("id `{}`", row.id)))?,
            customer: UserId::from_sql(row.user_id),
            plan: row.plan_name,
            price: money(row.price_minor, &row.currency)?,
            status,
            since: Millis(since),
            ticket: row.channel_id.map(ChannelId::from_sql),
            card: row.card.map(MessageId::from_sql),
        });
    }
    waiting.sort_by_key(|one| one.since);
    Ok(waiting)
}

/// The proofs of an order that reached review, oldest first.
pub async fn proofs_of(db: &Db, order: &OrderId) -> Result<Vec<SentProof>, Error> {
    let id = order.as_str();
    let ids = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM payment_submissions WHERE order_id = ? AND status <> 'refused' ORDER BY id"#,
        id
    )
    .fetch_all(&db.readers)
    .await?;
    let mut proofs = Vec::new();
    for id in ids {
        if let Some(found) = db::payments::submissions::submission(db, SubmissionId(id)).await? {
            proofs.push(SentProof {
                id: found.id,
                at: found.at,
                verdict: found.verdict,
                flags: found.flags.len(),
                card: found.card,
            });
        }
    }
    Ok(proofs)
}

/// What the audit log says was done to one thing, oldest first; not who looked at it.
pub async fn audit_trail(db: &Db, target: &str) -> Result<Vec<AuditLine>, Error> {
    let rows = sqlx::query!(
        "SELECT id, at, actor_id, action, target, payload FROM audit_logs WHERE target = ? AND action NOT LIKE '%.read'
             ORDER BY id LIMIT ?",
        target,
        MOST
    )
    .fetch_all(&db.readers)
    .await?;
    let line = |row: (i64, i64, i64, String, String, String)| AuditLine {
        id: row.0,
        at: Millis(row.1),
        actor: UserId::from_sql(row.2),
        action: row.3,
        target: row.4,
        payload: row.5,
    };
    Ok(rows.into_iter().map(|row| line((row.id, row.at, row.actor_id, row.action, row.target, row.payload))).collect())
}

fn damaged(problem: String) -> Error {
    Error::Damaged { table: "orders", problem }
}
