//! Who may press what: asked afresh at every click, with the roles that this click came with.

use serde_json::json;

use crate::{
    db::{self, Happened},
    domain::{access::Power, button::Button},
    view::refusal::{Refusal, refused},
};

use super::{Bot, error::Error, interaction::Interaction};

impl Bot {
    /// The person's power at this moment.
    pub(super) fn power(&self, interaction: &Interaction<'_>) -> Option<Power> {
        self.staff.power(interaction.user, &interaction.roles)
    }

    /// Whether the person may decide about payments.
    pub(super) fn decides(&self, interaction: &Interaction<'_>) -> bool {
        self.staff.allows(interaction.user, &interaction.roles, Power::Admin)
    }

    /// Lets admins through; refuses everybody else, and remembers that they tried.
    pub(super) async fn admins_only(&self, interaction: &mut Interaction<'_>, button: &Button) -> Result<(), Error> {
        let (what, target) = described(button);
        self.needs(interaction, Power::Admin, what, target).await
    }

    /// Lets owners through; refuses everybody else, and remembers that they tried.
    pub(super) async fn owners_only(&self, interaction: &mut Interaction<'_>, button: &Button) -> Result<(), Error> {
        let (what, target) = described(button);
        self.needs(interaction, Power::Owner, what, target).await
    }

    /// Lets through who has this power at this moment; refuses everybody else, and writes into the audit
    /// log `what` they tried with which `target`.
    pub(super) async fn needs(
        &self,
        interaction: &mut Interaction<'_>,
        needed: Power,
        what: &str,
        target: String,
    ) -> Result<(), Error> {
        let power = self.power(interaction);
        if power >= Some(needed) {
            return Ok(());
        }
        let refusal = match (power, needed) {
            (None, _) => Refusal::StaffOnly,
            (Some(_), Power::Owner) => Refusal::OwnersOnly,
            (Some(_), _) => Refusal::AdminsOnly,
        };
        // First the answer, which has three seconds; what is kept of it may wait for the database.
        interaction.answer(refused(interaction.locale, refusal)).await?;
        self.audit_refusal(interaction, what, target).await?;
        Err(Error::AlreadyAnswered)
    }

    /// Writes into the audit log that staff looked at a customer's data, before they see it.
    pub(super) async fn audit_lookup(
        &self,
        interaction: &Interaction<'_>,
        what: &str,
        target: String,
    ) -> Result<(), Error> {
        let happened = Happened { actor: interaction.user, action: what, target, payload: json!({}), session: None };
        Ok(db::audit::fallback_file::audit_or_note(&self.db, happened, self.clock.now()).await?)
    }

    /// Writes into the audit log what somebody was refused; folded, for anybody may ask for anything.
    pub(super) async fn audit_refusal(
        &self,
        interaction: &Interaction<'_>,
        what: &str,
        target: String,
    ) -> Result<(), Error> {
        let Some(times) = self.limits.repeated(interaction.user, "refused") else { return Ok(()) };
        tracing::info!(user.id = %interaction.user, target, times, "refused: {what}");
        let power = self.power(interaction).map_or("none", |power| match power {
            Power::Support => "support",
            Power::Admin => "admin",
            Power::Owner => "owner",
        });
        db::audit::audit_refusal(&self.db, interaction.user, what, target, power, times, self.clock.now()).await?;
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
        Button::GiveAttempt(order) => ("order.one_more_attempt", order.to_string()),
        Button::Retry(order) => ("order.retry", order.to_string()),
        Button::BackToReview(order) => ("order.back_to_review", order.to_string()),
        Button::CancelOrder(order) => ("order.cancel", order.to_string()),
        Button::GetLink(order) => ("link.fetch", order.to_string()),
        Button::MethodMenu(order) => ("order.choose_method", order.to_string()),
        Button::DashboardRefresh => ("dashboard.refresh", String::new()),
        Button::DashboardExport | Button::ExportMenu | Button::ExportModal => ("orders.export", String::new()),
        Button::DashboardBackup => ("database.backup", String::new()),
        Button::PlanMenu | Button::Confirm(_) | Button::Abort(_) => ("confirmation", String::new()),
        Button::Queue(_) => ("orders.pending", String::new()),
        Button::Audit { .. } | Button::AuditFile(_) => ("audit.read", String::new()),
        Button::RetryEffect(row) => ("effect.retry", row.to_string()),
        Button::DropEffect(row) => ("effect.drop", row.to_string()),
        Button::Release => ("outbox.release", String::new()),
    }
}
