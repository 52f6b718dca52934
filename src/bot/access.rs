//! Who may press what: asked afresh at every click, with the roles that this click came with.

use crate::{
    db::sessions::Action,
    domain::{access::Power, button::Button},
    view::refusal::{Refusal, refused},
};

use super::{Bot, asked::Asked, fault::Fault};

impl Bot {
    /// The person's power at this moment.
    pub(super) fn power(&self, asked: &Asked<'_>) -> Option<Power> {
        self.staff.power(asked.user, &asked.roles)
    }

    /// Whether the person may decide about payments.
    pub(super) fn decides(&self, asked: &Asked<'_>) -> bool {
        self.staff.allows(asked.user, &asked.roles, Power::Admin)
    }

    /// Whether the person still has the power that a confirmation asks for.
    pub(super) fn may_confirm(&self, asked: &Asked<'_>, action: Action) -> bool {
        let needed = if action == Action::Release { Power::Owner } else { Power::Admin };
        self.staff.allows(asked.user, &asked.roles, needed)
    }

    /// Lets admins through; tells everybody else, and remembers that they tried.
    pub(super) async fn admins_only(&self, asked: &mut Asked<'_>, button: &Button) -> Result<bool, Fault> {
        if self.decides(asked) {
            return Ok(true);
        }
        let refusal = if self.power(asked).is_some() { Refusal::AdminsOnly } else { Refusal::StaffOnly };
        asked.answer(refused(asked.locale, refusal)).await?;
        let (what, target) = described(button);
        self.audit_refusal(asked, what, target).await?;
        Ok(false)
    }

    /// Lets owners through; tells everybody else, and remembers that they tried.
    pub(super) async fn owners_only(&self, asked: &mut Asked<'_>, button: &Button) -> Result<bool, Fault> {
        if self.staff.allows(asked.user, &asked.roles, Power::Owner) {
            return Ok(true);
        }
        let refusal = if self.power(asked).is_some() { Refusal::OwnersOnly } else { Refusal::StaffOnly };
        asked.answer(refused(asked.locale, refusal)).await?;
        let (what, target) = described(button);
        self.audit_refusal(asked, what, target).await?;
        Ok(false)
    }

    /// Writes into the audit log what somebody was refused.
    pub(super) async fn audit_refusal(&self, asked: &Asked<'_>, what: &str, target: String) -> Result<(), Fault> {
        tracing::info!(user.id = %asked.user, target, "refused: {what}");
        let power = self.power(asked).map_or("none", |power| match power {
            Power::Support => "support",
            Power::Admin => "admin",
            Power::Owner => "owner",
        });
        self.db.audit_refusal(asked.user, what, target, power, self.clock.now()).await?;
        Ok(())
    }
}

/// A staff button for the audit log: what it does, and to what. Never its `custom_id`.
fn described(button: &Button) -> (&'static str, String) {
    match button {
        Button::Approve(submission) => ("payment.approve", submission.to_string()),
        Button::Decline(submission) | Button::ReasonMenu(submission) | Button::ReasonModal(submission) => {
            ("payment.decline", submission.to_string())
        }
        Button::AmountDiffers(submission) | Button::AmountModal(submission) => {
            ("payment.receive", submission.to_string())
        }
        Button::More(submission) | Button::MoreMenu(submission) => ("review.more", submission.to_string()),
        Button::AskModal(submission) => ("review.ask", submission.to_string()),
        Button::Answer(question) | Button::AnswerModal(question) => ("review.answer", question.0.to_string()),
        Button::Reference(order) | Button::ReferenceModal(order) => ("reference.set", order.to_string()),
        Button::NoteReference(submission) => ("reference.note", submission.to_string()),
        Button::Override(_) | Button::OverrideModal(_) => ("reference.override", String::new()),
        Button::ByHand(order) => ("order.by_hand", order.to_string()),
        Button::VoidSale(order) => ("order.void_sale", order.to_string()),
        Button::Retry(order) => ("order.retry", order.to_string()),
        Button::BackToReview(order) => ("order.back_to_review", order.to_string()),
        Button::CancelOrder(order) => ("order.cancel", order.to_string()),
        Button::GetLink(order) => ("link.fetch", order.to_string()),
        Button::MethodMenu(order) => ("order.choose_method", order.to_string()),
        Button::DashboardRefresh => ("dashboard.refresh", String::new()),
        Button::DashboardExport | Button::ExportMenu | Button::ExportModal => ("orders.export", String::new()),
        Button::DashboardBackup => ("database.backup", String::new()),
        Button::PlanMenu | Button::Confirm(_) | Button::ConfirmWish(_) | Button::Abort(_) => {
            ("confirmation", String::new())
        }
        Button::Queue(_) => ("orders.pending", String::new()),
        Button::Audit { .. } | Button::AuditFile(_) => ("audit.read", String::new()),
        Button::RetryEffect(row) => ("effect.retry", row.to_string()),
        Button::DropEffect(row) => ("effect.drop", row.to_string()),
        Button::Release => ("outbox.release", String::new()),
    }
}
