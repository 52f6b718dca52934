//! Decisions: Confirm and Cancel of a confirmation, and the two buttons of an order that needs
//! attention.
//!
//! Each acknowledges first and acts only if Discord accepted that: Discord takes one answer per
//! interaction, which is the only mutual exclusion that two machines with one bot token have.

use crate::{
    db::{
        Subject,
        review::{Decided, Identity, Times},
        sessions::{Action, Session, TokenRefused},
    },
    domain::{
        Millis, Money, Order, OrderId, OrderState, OrderStatus, SubmissionId, UserId,
        button::{Button, Token},
        order::Delivery,
        proofs::Verdict,
    },
    panel::{Availability, Reader},
    view::{
        Post, change,
        decision::{Done, Outcome, outcome},
        refusal::{Refusal, refused},
    },
};

use super::{
    Bot, PATIENCE, admin,
    asked::Asked,
    fault::{Fault, random},
    order::instructions,
};

/// Confirm: the token is spent in the transaction that decides.
pub(super) async fn confirm(bot: &Bot, asked: &mut Asked<'_>, token: &Token) -> Result<(), Fault> {
    if !asked.take_alone().await {
        return Ok(());
    }
    let session = match bot.db.session(token, asked.user, bot.clock.now()).await? {
        Ok(session) => session,
        Err(why) => {
            refuse_token(asked, why).await?;
            return bot.audit_refusal(asked, "confirm", format!("{why:?}").to_lowercase()).await;
        }
    };
    if !bot.may_confirm(asked, session.action) {
        // An open confirmation dies with the power it was opened with.
        bot.db.abort_session(token, asked.user, bot.clock.now()).await?;
        asked.edit(power_lost(asked, session.action)).await?;
        return bot.audit_refusal(asked, "confirm", session.subject).await;
    }
    let (schedule, now) = (&bot.config.schedule, bot.clock.now());
    let times = Times { lapse: schedule.order_expiry, ticket_stays: schedule.ticket_delete_after };
    let decided = match session.action {
        Action::Approve => approve(bot, &session, None).await?,
        Action::Receive { minor } => approve(bot, &session, Some(minor)).await?,
        Action::Decline => bot.db.decline(&session, times, now).await?,
        // Confirmed with its reason in a form of its own.
        Action::Reference => Decided::Token(TokenRefused::Unknown),
        Action::Fake => bot.db.decline_fake(&session, times, now).await?,
        Action::GiveUp => bot.db.give_up(&session, schedule.ticket_delete_after, now).await?,
        Action::ByHand => bot.db.by_hand(&session, schedule.ticket_delete_after, now).await?,
        Action::VoidSale => bot.db.void_sale(&session, now).await?,
        Action::EndPaid => bot.db.end_paid(&session, now).await?,
        Action::Block | Action::Unblock | Action::DropEffect | Action::Release => {
            return admin::confirmed(bot, asked, &session).await;
        }
    };
    let post = match decided {
        Decided::Done(order) => {
            let decision = session.action.as_str();
            tracing::info!(order.id = %order, user.id = %asked.user, decision, "a payment was decided");
            let result = match session.action {
                Action::Approve | Action::Receive { .. } => result(bot, &order).await?,
                Action::Fake | Action::Reference => blocked(bot, &order).await?,
                Action::GiveUp => Outcome::GivenUp,
                Action::ByHand => Outcome::BookedByHand,
                Action::VoidSale => Outcome::SaleVoided,
                Action::EndPaid => Outcome::Ended,
                _ => declined(bot, &order).await?,
            };
            outcome(asked.locale, &result)
        }
        Decided::Moved { status } => outcome(asked.locale, &Outcome::OrderChanged { status }),
        Decided::Already { status, by, at, .. } => {
            outcome(asked.locale, &too_late(bot, &session, status, by, at).await?)
        }
        Decided::Token(why) => return refuse_token(asked, why).await,
    };
    asked.edit(post).await?;
    Ok(())
}

/// Not everything that is confirmed is about a payment.
fn power_lost(asked: &Asked<'_>, action: Action) -> Post {
    match action {
        Action::Block | Action::Unblock | Action::DropEffect | Action::Release => {
            change::outcome(asked.locale, &change::Outcome::PowerLost)
        }
        _ => outcome(asked.locale, &Outcome::PowerLost),
    }
}

/// Cancel: the token lapses.
pub(super) async fn abort(bot: &Bot, asked: &mut Asked<'_>, token: &Token) -> Result<(), Fault> {
    bot.db.abort_session(token, asked.user, bot.clock.now()).await?;
    asked.update(outcome(asked.locale, &Outcome::Aborted)).await?;
    Ok(())
}

/// Retry: the order goes to the panel once more.
pub(super) async fn retry(bot: &Bot, asked: &mut Asked<'_>, id: &OrderId) -> Result<(), Fault> {
    if !bot.admins_only(asked, &Button::Retry(id.clone())).await? || !asked.defer_alone().await {
        return Ok(());
    }
    let result = if bot.db.retry(id, asked.user, bot.clock.now()).await? {
        tracing::info!(order.id = %id, user.id = %asked.user, "an order was sent to the panel again");
        result(bot, id).await?
    } else {
        changed(bot, id).await?
    };
    asked.edit(outcome(asked.locale, &result)).await?;
    Ok(())
}

/// Back to review: the approval is taken back.
pub(super) async fn back_to_review(bot: &Bot, asked: &mut Asked<'_>, id: &OrderId) -> Result<(), Fault> {
    if !bot.admins_only(asked, &Button::BackToReview(id.clone())).await? || !asked.defer_alone().await {
        return Ok(());
    }
    let result = if bot.db.back_to_review(id, asked.user, bot.clock.now()).await? {
        tracing::info!(order.id = %id, user.id = %asked.user, "an order went back to review");
        Outcome::BackInReview
    } else {
        changed(bot, id).await?
    };
    asked.edit(outcome(asked.locale, &result)).await?;
    Ok(())
}

/// Approves, or books what arrived where that is not simply the price.
async fn approve(bot: &Bot, session: &Session, received: Option<i64>) -> Result<Decided, Fault> {
    let order = match session.subject.parse().map(SubmissionId) {
        Ok(id) => bot.db.submission(id).await?.map(|submission| submission.order),
        Err(_) => None,
    };
    let order = match order {
        Some(order) => bot.db.order(&order).await?,
        None => None,
    };
    let Some(order) = order else { return Ok(Decided::Token(TokenRefused::Unknown)) };
    let (identity, now) = (identity(bot, &order)?, bot.clock.now());
    let Some(minor) = received else { return Ok(bot.db.approve(session, &identity, now).await?) };
    let rest = Money::new(order.missing().minor - minor, order.plan.price.currency);
    // The account that the customer was shown, whatever the configuration says today.
    let instructions = order.method.as_ref().and_then(|shown| {
        let method = bot.config.payment_method(&shown.id)?;
        Some(instructions(&method.instructions, (&shown.account, &shown.holder), &order.id, rest))
    });
    Ok(bot.db.receive(session, minor, &identity, instructions.as_deref(), now).await?)
}

/// What the client will be called on the panel, should the order need a new one.
fn identity(bot: &Bot, order: &Order) -> Result<Identity, Fault> {
    let panel = &order.plan.panel;
    new_identity(bot, panel)?.ok_or_else(|| Fault::NoPanel { order: order.id.clone(), panel: panel.clone() })
}

/// A client's name and keys, drawn at random; `None` for a panel that is not configured (any more).
pub(super) fn new_identity(bot: &Bot, panel: &str) -> Result<Option<Identity>, Fault> {
    let Some(panel) = bot.config.panels.iter().find(|known| known.name == panel) else { return Ok(None) };
    Ok(Some(Identity {
        uuid: uuid::Builder::from_random_bytes(random()?).into_uuid(),
        sub_id: data_encoding::BASE32_NOPAD.encode(&random::<10>()?).to_ascii_lowercase(),
        inbound_id: panel.inbound_id,
    }))
}

/// Waits until the panel's work is done, for as long as a person watches a confirmation; says at
/// once when the panel is down.
async fn result(bot: &Bot, id: &OrderId) -> Result<Outcome, Fault> {
    let Some(order) = bot.db.order(id).await? else { return Ok(Outcome::InProgress(None)) };
    let look = || async { Ok(bot.db.order(id).await?.filter(is_settled)) };
    let subject = Subject::Order(id.clone());
    let settled = tokio::select! {
        biased;
        settled = bot.db.wait_for(&subject, PATIENCE, look) => settled?,
        () = goes_down(bot, &order.plan.panel) => None,
    };
    let order = match settled {
        Some(order) => order,
        None => bot.db.order(id).await?.unwrap_or(order),
    };
    Ok(read(bot, &order))
}

/// Whether there is nothing more to wait for; a delivery that is tried later is settled as well.
pub(super) fn is_settled(order: &Order) -> bool {
    match order.status() {
        OrderStatus::Provisioning => false,
        OrderStatus::Completed => order.delivery != Delivery::None,
        _ => true,
    }
}

/// Ends when the panel counts as down.
pub(super) async fn goes_down(bot: &Bot, panel: &str) {
    let Some(panel) = bot.panels.get(panel) else { return std::future::pending().await };
    let mut watch = panel.watch();
    if watch.wait_for(|now| !now.is_up()).await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn read(bot: &Bot, order: &Order) -> Outcome {
    match &order.state {
        OrderState::Completed { .. } => Outcome::Delivered(order.delivery),
        OrderState::PaymentSubmitted { returned: Some(trouble) } => {
            Outcome::PanelRefused { said: trouble.detail.clone() }
        }
        OrderState::NeedsAttention { trouble, .. } => Outcome::NeedsAttention { trouble: trouble.clone() },
        OrderState::PendingPayment { .. } if order.has_money() => {
            Outcome::PartBooked { received: order.received, missing: order.missing() }
        }
        OrderState::Provisioning { .. } => match bot.panels.get(&order.plan.panel).map(Reader::availability) {
            Some(Availability::Down { since, .. }) => Outcome::WaitsForPanel { since },
            Some(Availability::Up) | None => Outcome::InProgress(Some(bot.config.discord.review_channel_id)),
        },
        _ => Outcome::OrderChanged { status: order.status() },
    }
}

async fn declined(bot: &Bot, id: &OrderId) -> Result<Outcome, Fault> {
    let order = bot.db.order(id).await?;
    let open = order.filter(|order| order.status() == OrderStatus::PendingPayment);
    Ok(Outcome::Declined { attempts_left: open.map_or(0, |order| order.attempts_left) })
}

async fn blocked(bot: &Bot, id: &OrderId) -> Result<Outcome, Fault> {
    let order = bot.db.order(id).await?;
    let open = order.filter(|order| order.status() == OrderStatus::PendingPayment);
    Ok(Outcome::Blocked { still_in_it: open.map(|order| order.received) })
}

async fn changed(bot: &Bot, id: &OrderId) -> Result<Outcome, Fault> {
    let order = bot.db.order(id).await?;
    Ok(order.map_or(Outcome::OldCard, |order| Outcome::OrderChanged { status: order.status() }))
}

/// Who was first, for the one who was not.
async fn too_late(
    bot: &Bot,
    session: &Session,
    status: OrderStatus,
    by: Option<UserId>,
    at: Option<Millis>,
) -> Result<Outcome, Fault> {
    let submission = match session.subject.parse().map(SubmissionId) {
        Ok(id) => bot.db.submission(id).await?,
        Err(_) => None,
    };
    Ok(match submission.map(|submission| submission.verdict) {
        Some(Verdict::Pending) if status == OrderStatus::PaymentSubmitted => Outcome::OldCard,
        Some(Verdict::Pending) => Outcome::OrderChanged { status },
        verdict => Outcome::AlreadyDecided { by, at, what: verdict.as_ref().and_then(Done::of), status },
    })
}

/// Says why a token is not accepted.
pub(super) async fn refuse_token(asked: &mut Asked<'_>, why: TokenRefused) -> Result<(), Fault> {
    let post = match why {
        // A second click of the same confirmation: its message belongs to the first one's result.
        TokenRefused::Spent => return Ok(asked.add(outcome(asked.locale, &Outcome::Used)).await?),
        TokenRefused::Unknown => refused(asked.locale, Refusal::Stale),
        TokenRefused::NotYours => outcome(asked.locale, &Outcome::NotYours),
        TokenRefused::Expired => outcome(asked.locale, &Outcome::Expired),
    };
    asked.edit(post).await?;
    Ok(())
}
