//! Money that arrived, where it is not simply the price. Less leaves the order open for the rest,
//! enough approves it.
//!
//! Parts are added up with the payment; the ledger gets one row per order, with all of it, when
//! the order is completed and by the time of its approval. Until then the money is the
//! customer's: no sale has taken place, and it may still have to be given back.

use serde_json::json;

use super::{
    Db, Error, Subject, WriteTx,
    confirmations::{Permit, Presented},
    review::{Decided, Identity},
};
use crate::domain::{
    Millis, OrderId, SubmissionId,
    effect::{Effect, Notice},
};

/// What an order costs and what of it has arrived, in minor units.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    due: i64,
    /// In earlier parts.
    pub(super) already: i64,
}

impl Sums {
    /// What has not arrived yet.
    pub(super) fn missing(self) -> i64 {
        (self.due - self.already).max(0)
    }
}

impl Db {
    /// Books that `minor` arrived with a submission. `instructions` are those for the rest, where
    /// the method still has some.
    pub async fn receive(
        &self,
        presented: &Presented,
        (submission, minor): (SubmissionId, i64),
        identity: &Identity,
        instructions: Option<&str>,
        now: Millis,
    ) -> Result<Decided, Error> {
        let done = self.try_receive(presented, (submission, minor), identity, instructions, now).await;
        self.note_failed_decision("payment.receive_failed", presented, &submission, done, now)
    }

    async fn try_receive(
        &self,
        presented: &Presented,
        (submission, minor): (SubmissionId, i64),
        identity: &Identity,
        instructions: Option<&str>,
        now: Millis,
    ) -> Result<Decided, Error> {
        let mut tx = self.begin().await?;
        let permit = tx.spend(presented, now).await?;
        let order = match tx.under_review(submission).await? {
            Ok(order) => order,
            Err(already) => return Ok(already),
        };
        let sums = tx.sums(&order).await?;
        if minor >= sums.missing() {
            tx.approve(&order, submission, minor, (&permit, identity), now).await?;
        } else {
            tx.accept_part(&order, submission, minor, &permit, now).await?;
            let payload = json!({ "submission": submission.0, "received_minor": minor, "already_minor": sums.already, "due_minor": sums.due });
            tx.audit(now, permit.did("payment.part", &order, payload)).await?;
            tx.instruct(&order, instructions).await?;
            tx.tell_of_own_order(&order, permit.by(), now).await?;
        }
        tx.commit().await?;
        Ok(Decided::Done(order))
    }
}

impl WriteTx {
    /// What an order costs and what of it has arrived.
    pub(super) async fn sums(&mut self, order: &OrderId) -> Result<Sums, Error> {
        let id = order.as_str();
        let row = sqlx::query!("SELECT due_minor, received_minor FROM payments WHERE order_id = ?", id)
            .fetch_one(self.sql())
            .await?;
        Ok(Sums { due: row.due_minor, already: row.received_minor })
    }

    /// Less than what is missing arrived: the order waits for the rest, and this proof has cost
    /// no attempt.
    async fn accept_part(
        &mut self,
        order: &OrderId,
        submission: SubmissionId,
        minor: i64,
        permit: &Permit,
        now: Millis,
    ) -> Result<(), Error> {
        let id = order.as_str();
        // The next transfer has a reference of its own.
        sqlx::query!(
            "UPDATE orders SET status = 'pending_payment', attempts_left = attempts_left + 1, reason = NULL, cause = NULL,
                 reference = NULL, updated_at = ? WHERE id = ? AND status = 'payment_submitted'",
            now.0,
            id
        )
        .execute(self.sql())
        .await?;
        sqlx::query!(
            "UPDATE payments SET received_minor = received_minor + ?, updated_at = ? WHERE order_id = ?",
            minor,
            now.0,
            id
        )
        .execute(self.sql())
        .await?;
        self.decide_submission(order, submission, "approved", permit.by(), None, now).await?;
        self.note_received(submission, Some(minor), true).await?;
        self.enqueue(&Effect::SyncTicket { order: order.clone() }, now, now).await?;
        self.enqueue(&Effect::SyncCard { submission }, now, now).await?;
        self.enqueue(&Effect::Notify { order: order.clone(), notice: Notice::PartPaid { submission } }, now, now)
            .await?;
        self.about(Subject::Order(order.clone()));
        Ok(())
    }

    async fn instruct(&mut self, order: &OrderId, instructions: Option<&str>) -> Result<(), Error> {
        let id = order.as_str();
        sqlx::query!("UPDATE orders SET method_text = COALESCE(?, method_text) WHERE id = ?", instructions, id)
            .execute(self.sql())
            .await?;
        Ok(())
    }

    /// What arrived with a submission; a part is not all of it.
    pub(super) async fn note_received(
        &mut self,
        submission: SubmissionId,
        minor: Option<i64>,
        part: bool,
    ) -> Result<(), Error> {
        sqlx::query!(
            "UPDATE payment_submissions SET received_minor = ?, part = ? WHERE id = ?",
            minor,
            part,
            submission.0
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }
}
