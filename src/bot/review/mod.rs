//! The review card: its buttons open a question and decide nothing; the question's Confirm decides.
//! Ask and carry out of one flow stand in one file.

use crate::{
    db::{self, orders::decision::Decided, payments::submissions::Submission},
    domain::{
        Millis, Money, Order, OrderId, OrderStatus, SubmissionId, UserId, confirmation::Confirmation, proofs::Verdict,
    },
    view::{
        Locale, Post,
        decision::{self, ConfirmFacts, Done, Outcome, outcome},
        refusal::Refusal,
    },
};

use super::{Bot, error::Error, interaction::Interaction};

pub(super) mod approve;
pub(super) mod attention;
pub(super) mod decline;

/// The card says that this person looks at it, for as long as a confirmation may be answered.
/// Nobody is kept from deciding by it.
async fn looks(bot: &Bot, interaction: &Interaction<'_>, id: SubmissionId) -> Result<(), Error> {
    let now = bot.clock.now();
    db::payments::review_actions::start_reviewing(
        &bot.db,
        id,
        interaction.user,
        now.plus(bot.config.limits.confirm_ttl),
        now,
    )
    .await?;
    Ok(())
}

/// The order of a submission that waits for a decision; refused with who was first.
pub(super) async fn reviewable(bot: &Bot, locale: Locale, id: SubmissionId) -> Result<Order, Error> {
    let (submission, order) = found(bot, locale, id).await?;
    let status = order.status();
    let why = match submission.verdict {
        Verdict::Pending if db::payments::submissions::latest_submission(&bot.db, &order.id).await? != Some(id) => {
            Outcome::OldCard
        }
        Verdict::Pending if status != OrderStatus::PaymentSubmitted => Outcome::OrderChanged { status },
        Verdict::Pending => return Ok(order),
        verdict => {
            let (by, at) = verdict.decided().unzip();
            Outcome::AlreadyDecided { by, at, what: Done::of(&verdict), status }
        }
    };
    Err(outcome(locale, &why).into())
}

async fn found(bot: &Bot, locale: Locale, id: SubmissionId) -> Result<(Submission, Order), Error> {
    let stale = || Error::refused(locale, Refusal::Stale);
    let submission = db::payments::submissions::submission(&bot.db, id).await?.ok_or_else(stale)?;
    let order = db::orders::order(&bot.db, &submission.order).await?.ok_or_else(stale)?;
    Ok((submission, order))
}

/// Stores a one-time token and makes the question that carries it.
pub(super) async fn question(
    bot: &Bot,
    interaction: &Interaction<'_>,
    order: &Order,
    what: &Confirmation,
) -> Result<Post, Error> {
    let customer = db::orders::customer(&bot.db, order.customer).await?;
    let (token, expires_at) = super::issue::issue(bot, interaction, what).await?;
    let facts = ConfirmFacts {
        order,
        customer_name: customer.as_ref().map_or("", |customer| &customer.name),
        action: shown(order, what),
        token: &token,
        expires_at,
    };
    Ok(decision::confirmation(interaction.locale, &facts))
}

/// What is asked, with the numbers that a person should see before confirming it.
fn shown<'a>(order: &Order, what: &'a Confirmation) -> decision::Action<'a> {
    match what {
        Confirmation::Decline { reason, .. } | Confirmation::GiveUp { reason, .. } => decision::Action::Decline(reason),
        Confirmation::DeclineFake { reason, .. } => decision::Action::Fake(reason),
        Confirmation::BookByHand { .. } => decision::Action::ByHand,
        Confirmation::VoidSale { .. } => decision::Action::VoidSale,
        Confirmation::EndPaid { .. } => decision::Action::End,
        Confirmation::Receive { minor, .. } => {
            let money = |minor| Money::new(minor, order.plan.price.currency);
            let rest = order.missing().minor - minor;
            if rest > 0 {
                decision::Action::Part { received: money(*minor), missing: money(rest) }
            } else {
                let surplus = (rest < 0).then(|| money(-rest));
                decision::Action::Enough { received: money(*minor), surplus }
            }
        }
        _ => decision::Action::Approve,
    }
}

/// The order that a decision was made about; refused with what was true instead.
async fn decided(
    bot: &Bot,
    interaction: &Interaction<'_>,
    decision: &'static str,
    submission: Option<SubmissionId>,
    decided: Decided,
) -> Result<OrderId, Error> {
    let said = match decided {
        Decided::Done(order) => {
            tracing::info!(order.id = %order, user.id = %interaction.user, decision, "a payment was decided");
            return Ok(order);
        }
        Decided::Moved { status } => Outcome::OrderChanged { status },
        Decided::Already { status, by, at, .. } => too_late(bot, submission, status, by, at).await?,
    };
    Err(outcome(interaction.locale, &said).into())
}

/// Who was first, for the one who was not.
async fn too_late(
    bot: &Bot,
    submission: Option<SubmissionId>,
    status: OrderStatus,
    by: Option<UserId>,
    at: Option<Millis>,
) -> Result<Outcome, Error> {
    let submission = match submission {
        Some(id) => db::payments::submissions::submission(&bot.db, id).await?,
        None => None,
    };
    Ok(match submission.map(|submission| submission.verdict) {
        Some(Verdict::Pending) if status == OrderStatus::PaymentSubmitted => Outcome::OldCard,
        Some(Verdict::Pending) => Outcome::OrderChanged { status },
        verdict => Outcome::AlreadyDecided { by, at, what: verdict.as_ref().and_then(Done::of), status },
    })
}
