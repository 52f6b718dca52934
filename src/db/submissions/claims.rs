//! Whose a picture is: the first order that claimed it owns it, until it may be handed on.

use serde_json::json;

use super::ProofSource;
use crate::{
    db::{Error, WriteTx},
    domain::{
        Millis, OrderId, OrderStatus, UserId,
        effect::{Effect, Notice, StaffNews},
        proofs::Owner,
    },
};

impl WriteTx {
    /// The order that a file belongs to.
    pub(super) async fn picture_owner(&mut self, hash: &str) -> Result<Option<Owner>, Error> {
        let row = sqlx::query!(
            r#"SELECT p.order_id, o.user_id, o.status,
                      EXISTS (SELECT 1 FROM payments m WHERE m.order_id = o.id AND m.received_minor > 0) AS "has_money!: bool"
               FROM proof_hashes p JOIN orders o ON o.id = p.order_id WHERE p.hash = ?"#,
            hash
        )
        .fetch_optional(self.sql())
        .await?;
        let damaged = |problem: String| Error::Damaged { table: "proof_hashes", problem };
        row.map(|row| {
            Ok(Owner {
                order: row.order_id.parse().map_err(|_| damaged(format!("order `{}`", row.order_id)))?,
                customer: UserId::from_sql(row.user_id),
                status: row.status.parse::<OrderStatus>().map_err(|error| damaged(error.to_string()))?,
                has_money: row.has_money,
            })
        })
        .transpose()
    }

    /// Whether a picture was accepted as part of the payment for its order.
    pub(super) async fn is_a_part(&mut self, order: &OrderId, hash: &str) -> Result<bool, Error> {
        let id = order.as_str();
        let found = sqlx::query_scalar!(
            "SELECT id FROM payment_submissions WHERE hash = ? AND order_id = ? AND part = 1",
            hash,
            id
        )
        .fetch_optional(self.sql())
        .await?;
        Ok(found.is_some())
    }

    /// Another order that was sent the same pixels in another file.
    pub(super) async fn pixel_twin(
        &mut self,
        pixels: &str,
        hash: &str,
        order: &OrderId,
    ) -> Result<Option<OrderId>, Error> {
        let id = order.as_str();
        let twin = sqlx::query_scalar!(
            "SELECT order_id FROM payment_submissions WHERE pixel_hash = ? AND hash <> ? AND (order_id <> ? OR part = 1) LIMIT 1",
            pixels,
            hash,
            id
        )
        .fetch_optional(self.sql())
        .await?;
        Ok(twin.and_then(|twin| twin.parse().ok()))
    }

    /// The file is the order's from now on.
    pub(super) async fn claim_picture(&mut self, hash: &str, order: &OrderId) -> Result<(), Error> {
        let order = order.as_str();
        sqlx::query!(
            "INSERT INTO proof_hashes (hash, order_id) VALUES (?, ?) ON CONFLICT (hash) DO UPDATE SET order_id = excluded.order_id",
            hash,
            order
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// The customer is told that the picture is taken, staff are told by whom.
    pub(super) async fn refuse_duplicate(
        &mut self,
        order: &OrderId,
        customer: UserId,
        source: &ProofSource,
        twin: &OrderId,
        foreign: bool,
        now: Millis,
    ) -> Result<(), Error> {
        let news = StaffNews::Duplicate { order: order.clone(), twin: twin.clone(), foreign, source: source.key() };
        self.enqueue(&Effect::TellStaff { news }, now, now).await?;
        if let ProofSource::Message(message) = source {
            let notice = Notice::Duplicate { message: *message };
            self.enqueue(&Effect::Notify { order: order.clone(), notice }, now, now).await?;
        }
        let payload = json!({ "twin": twin, "foreign": foreign, "source": source.key() });
        self.audit_order(customer, "proof.duplicate", order, payload, now).await
    }
}
