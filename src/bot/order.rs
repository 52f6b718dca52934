//! `/order`: the plan menu, the order that follows from it, its payment method and its end by the
//! customer. The ticket itself is made elsewhere; here is only waited for it.

use std::time::Duration;

use crate::{
    db::{
        self, Subject,
        orders::{NewOrder, Ordered},
    },
    domain::{
        Order, OrderId, OrderState, PaymentMethod, Plan,
        access::Power,
        confirmation::Confirmation,
        limits::Limit,
        order::{CancelCause, MethodSnapshot, PlanSnapshot},
    },
    view::{
        self, Locale, Post,
        refusal::{Refusal, refused},
    },
};

use super::{
    Bot, Context, PATIENCE,
    error::{Error, random},
    instructions::instructions,
    interaction::Interaction,
    review,
};

#[poise::command(slash_command)]
pub(super) async fn order(ctx: Context<'_>) -> Result<(), Error> {
    command!(ctx, |bot, interaction| open(bot, interaction))
}

async fn open(bot: &Bot, interaction: &mut Interaction<'_>) -> Result<(), Error> {
    bot.at_home(interaction)?;
    let now = bot.clock.now();
    let standing =
        db::orders::eligibility::eligibility(&bot.db, interaction.user, limit(bot.config.limits.order), now).await?;
    let locale = interaction.locale;
    let post = if let Some(order) = standing.open {
        view::order::still_open(locale, &order)
    } else if standing.blocked {
        refused(locale, Refusal::Blocked)
    } else if let Some(again_at) = standing.again_at {
        refused(locale, Refusal::TooSoon { again_at })
    } else {
        plans(bot, interaction)
    };
    interaction.answer(post).await?;
    Ok(())
}

/// The plans whose panels are up, or the word that there are none.
fn plans(bot: &Bot, interaction: &Interaction<'_>) -> Post {
    let up: Vec<&Plan> = bot.config.plans.iter().filter(|plan| is_up(bot, plan)).collect();
    if up.is_empty() && !bot.config.plans.is_empty() {
        return refused(interaction.locale, Refusal::Outage);
    }
    view::order::plan_menu(interaction.locale, &bot.config.shop.name, up)
}

fn is_up(bot: &Bot, plan: &Plan) -> bool {
    bot.panels.get(&plan.panel).is_some_and(|panel| panel.availability().is_up())
}

/// A plan was chosen. The click is taken before the order waits for the writer, where many may
/// stand in line: Discord gives three seconds. The order is placed whatever becomes of the answer:
/// a second `/order` shows it.
pub(super) async fn choose_plan(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    value: Option<&str>,
) -> Result<(), Error> {
    let locale = interaction.locale;
    let Some(plan) = value.and_then(|id| bot.config.plan(id)) else {
        return Ok(interaction.update(refused(locale, Refusal::UnknownPlan)).await?);
    };
    if !is_up(bot, plan) {
        return Ok(interaction.update(refused(locale, Refusal::Outage)).await?);
    }
    if bot.lacks_room(interaction).await? {
        interaction.update(refused(locale, Refusal::NoRoom)).await?;
        return bot.tell_of_no_room().await;
    }
    let new = NewOrder {
        id: OrderId::from_random(u64::from_le_bytes(random()?)),
        customer: interaction.user,
        name: interaction.name.to_owned(),
        locale: locale.tag().to_owned(),
        joined_at: interaction.joined_at,
        plan: plan_snapshot(plan),
        attempts: bot.config.limits.upload_attempts.get(),
        lapse: bot.config.schedule.order_expiry,
        limit: limit(bot.config.limits.order),
    };
    let taken = interaction.take().await;
    let ordered = db::orders::place_order(&bot.db, new, bot.clock.now()).await?;
    if let Ordered::Made(order) = &ordered
        && let Some(times) = bot.limits.repeated(interaction.user, "order")
    {
        tracing::info!(order.id = %order.id, user.id = %interaction.user, plan = %plan.id, times, "an order was placed");
    }
    taken?;
    let post = match ordered {
        Ordered::Made(order) => ticket_of(bot, locale, order).await?,
        Ordered::Open(order) => Some(view::order::still_open(locale, &order)),
        Ordered::Blocked => Some(refused(locale, Refusal::Blocked)),
        Ordered::Limited { until } => Some(refused(locale, Refusal::TooSoon { again_at: until })),
    };
    if let Some(post) = post {
        interaction.edit(post).await?;
    }
    Ok(())
}

/// Says where the ticket is, or why there is none, as soon as that is known; `None` when the
/// order was taken back meanwhile and whoever did that has said so.
async fn ticket_of(bot: &Bot, locale: Locale, order: Order) -> Result<Option<Post>, Error> {
    let id = order.id.clone();
    let look = || async {
        let order = db::orders::order(&bot.db, &id).await?;
        Ok(order.filter(|order| order.ticket.channel.is_some() || !order.status().is_active()))
    };
    let order = bot.db.wait_for(&Subject::Order(id.clone()), PATIENCE, look).await?.unwrap_or(order);
    Ok(match order.state {
        OrderState::Cancelled { cause: CancelCause::NoRoom, .. } => {
            bot.room.refused(bot.clock.steady());
            Some(refused(locale, Refusal::NoRoom))
        }
        OrderState::Cancelled { cause: CancelCause::NoTicket, .. } => Some(refused(locale, Refusal::NoTicket)),
        OrderState::Cancelled { .. } => None,
        _ => Some(view::order::made(locale, &order)),
    })
}

/// A payment method was chosen in the ticket; the status message there follows by itself.
pub(super) async fn choose_method(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    id: &OrderId,
    value: Option<&str>,
) -> Result<(), Error> {
    let order = own_order(bot, interaction, id).await?;
    let Some(method) = value.and_then(|id| bot.config.payment_method(id)) else {
        return Ok(interaction.answer(refused(interaction.locale, Refusal::UnknownMethod)).await?);
    };
    if db::orders::choose_method(&bot.db, id, &method_snapshot(method, &order), bot.clock.now()).await? {
        interaction.acknowledge().await?;
    } else {
        interaction.answer(refused(interaction.locale, Refusal::NotChangeable)).await?;
    }
    Ok(())
}

/// Cancel: by the customer, or by an admin.
pub(super) async fn cancel(bot: &Bot, interaction: &mut Interaction<'_>, id: &OrderId) -> Result<(), Error> {
    let locale = interaction.locale;
    let Some(order) = db::orders::order(&bot.db, id).await? else {
        return Ok(interaction.answer(refused(locale, Refusal::Stale)).await?);
    };
    let cause = match bot.power(interaction) {
        _ if order.customer == interaction.user => CancelCause::Customer,
        Some(Power::Admin | Power::Owner) => CancelCause::Staff,
        Some(Power::Support) | None => {
            interaction.answer(refused(locale, Refusal::NotYours)).await?;
            return bot.audit_refusal(interaction, "order.cancel", id.to_string()).await;
        }
    };
    if cause == CancelCause::Staff && is_part_paid(&order) {
        return ask_to_end(bot, interaction, &order).await;
    }
    // A customer's picture may be the proof; staff may always end what is not under review.
    if cause == CancelCause::Customer && db::orders::is_being_read(&bot.db, id).await? {
        return Ok(interaction.answer(refused(locale, Refusal::BeingRead)).await?);
    }
    let cancelled = db::orders::cancel(&bot.db, id, interaction.user, cause, bot.clock.now()).await?;
    // The second of two clicks asks for what the first has done.
    let after = if cancelled { None } else { db::orders::order(&bot.db, id).await? };
    // A part may have been booked since the order was read.
    if let Some(order) = after.as_ref().filter(|order| cause == CancelCause::Staff && is_part_paid(order)) {
        return ask_to_end(bot, interaction, order).await;
    }
    let done = cancelled || after.is_some_and(|order| matches!(order.state, OrderState::Cancelled { .. }));
    let post = match (done, cause) {
        (false, _) => refused(locale, Refusal::NotCancellable),
        (true, CancelCause::Customer) => view::order::cancelled(locale),
        (true, _) => view::order::cancelled_for_customer(locale),
    };
    // In the ticket the button is under the status message, which says the new state by itself.
    if interaction.private {
        interaction.update(post).await?;
    } else {
        interaction.answer(post).await?;
    }
    Ok(())
}

/// Whether an order waits for the rest of its price.
fn is_part_paid(order: &Order) -> bool {
    order.has_money() && matches!(order.state, OrderState::PendingPayment { .. })
}

/// Money is in it: not with one click.
async fn ask_to_end(bot: &Bot, interaction: &mut Interaction<'_>, order: &Order) -> Result<(), Error> {
    let post = review::question(bot, interaction, order, &Confirmation::EndPaid { order: order.id.clone() }).await?;
    Ok(interaction.answer(post).await?)
}

/// The order, if it is the person's own; everybody else is refused.
pub(super) async fn own_order(bot: &Bot, interaction: &mut Interaction<'_>, id: &OrderId) -> Result<Order, Error> {
    let refusal = match db::orders::order(&bot.db, id).await? {
        Some(order) if order.customer == interaction.user => return Ok(order),
        Some(_) => Refusal::NotYours,
        None => Refusal::Stale,
    };
    interaction.answer(refused(interaction.locale, refusal)).await?;
    bot.audit_refusal(interaction, "order.open", id.to_string()).await?;
    Err(Error::AlreadyAnswered)
}

fn limit(limit: Limit) -> Option<(u32, Duration)> {
    match limit {
        Limit::Off => None,
        Limit::Times { count, per } => Some((count.get(), per)),
    }
}

pub(super) fn plan_snapshot(plan: &Plan) -> PlanSnapshot {
    PlanSnapshot {
        id: plan.id.to_string(),
        name: plan.name.clone(),
        duration_days: plan.duration_days,
        quota_bytes: plan.traffic_bytes,
        price: plan.price,
        panel: plan.panel.clone(),
    }
}

fn method_snapshot(method: &PaymentMethod, order: &Order) -> MethodSnapshot {
    let account = (method.account.as_str(), method.holder.as_str());
    let instructions = instructions(&method.instructions, account, &order.id, order.missing());
    MethodSnapshot {
        id: method.id.to_string(),
        name: method.name.clone(),
        account: method.account.clone(),
        holder: method.holder.clone(),
        instructions,
        reference: method.reference,
    }
}
