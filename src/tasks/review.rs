//! Proofs that wait too long: staff are reminded once, the owners told once later. Time never
//! decides about a payment.

use std::time::Duration;

use super::EffectContext;
use crate::db;

/// Waiting proofs are looked for this often; a minute late harms nobody.
pub(super) const LOOK: Duration = Duration::from_mins(1);

/// How often to look: never less than what was configured asks for.
pub(super) fn period(context: &EffectContext) -> Duration {
    let schedule = &context.config.schedule;
    [schedule.review_reminder, schedule.review_escalation]
        .into_iter()
        .filter(|time| !time.is_zero())
        .fold(LOOK, Duration::min)
}

/// Reminds of proofs that wait.
pub(super) async fn remind(context: EffectContext) -> Result<(), db::Error> {
    let (schedule, now) = (&context.config.schedule, context.clock.now());
    if !schedule.review_reminder.is_zero() {
        let reminded =
            db::payments::review_actions::remind_of_reviews(&context.db, now.minus(schedule.review_reminder), now)
                .await?;
        if reminded > 0 {
            tracing::info!(proofs = reminded, "staff are reminded of proofs that wait");
        }
    }
    if !schedule.review_escalation.is_zero() {
        let told =
            db::payments::review_actions::escalate_reviews(&context.db, now.minus(schedule.review_escalation), now)
                .await?;
        if told > 0 {
            tracing::warn!(proofs = told, "owners are told of proofs that wait");
        }
    }
    Ok(())
}
