//! The commands that change one subscription, and the reversal of an order: each opens a question
//! with the facts; what is confirmed is a row that the worker carries out. The answer waits for
//! it as long as a person watches.

use serenity::all::User;

use crate::{
    db::{
        self, Subject,
        access::change_requests::{Requested, Standing},
        access::subscriptions::Subscription,
        people::confirmations::Presented,
    },
    domain::{
        Order, OrderId, OrderState, SubscriptionRow, Target,
        access::Power,
        change::{Change, ChangeId, MOST_DAYS},
        confirmation::Confirmation,
        grants::Expiry,
    },
    view::{
        Post,
        admin::Unclear,
        change::{Outcome, Proposed as Shown, outcome},
    },
};

use super::{
    super::{
        Bot, Context, PATIENCE,
        error::{Error, random},
        interaction::Interaction,
        provisioning::goes_down,
        usage,
    },
    admitted,
    question::{About, question, waits},
    suggest,
    target::{Meant, refusal},
};

/// The longest reason that is kept; the form takes less, but a form can be forged.
const LONGEST_REASON: usize = 300;

/// 2^30 bytes: what the panels sell as a gigabyte.
const GB: u64 = 1 << 30;

/// `/admin user-disable`
#[poise::command(slash_command, rename = "user-disable")]
pub(super) async fn user_disable(
    ctx: Context<'_>,
    user: Option<User>,
    #[autocomplete = "suggest::subscription"] subscription: Option<String>,
) -> Result<(), Error> {
    ask(ctx, Meant::new(user.as_ref(), subscription.as_deref()), Change::Disable {}).await
}

/// `/admin user-enable`
#[poise::command(slash_command, rename = "user-enable")]
pub(super) async fn user_enable(
    ctx: Context<'_>,
    user: Option<User>,
    #[autocomplete = "suggest::subscription"] subscription: Option<String>,
) -> Result<(), Error> {
    ask(ctx, Meant::new(user.as_ref(), subscription.as_deref()), Change::Enable {}).await
}

/// `/admin user-edit-traffic`
#[poise::command(slash_command, rename = "user-edit-traffic")]
pub(super) async fn user_edit_traffic(
    ctx: Context<'_>,
    #[min = 0]
    #[max = 1_000_000]
    gigabytes: u32,
    user: Option<User>,
    #[autocomplete = "suggest::subscription"] subscription: Option<String>,
) -> Result<(), Error> {
    let change = Change::SetTraffic { bytes: u64::from(gigabytes) * GB };
    ask(ctx, Meant::new(user.as_ref(), subscription.as_deref()), change).await
}

/// `/admin user-extend`
#[poise::command(slash_command, rename = "user-extend")]
pub(super) async fn user_extend(
    ctx: Context<'_>,
    #[min = -3650]
    #[max = 3650]
    days: i64,
    user: Option<User>,
    #[autocomplete = "suggest::subscription"] subscription: Option<String>,
) -> Result<(), Error> {
    let change = Change::Extend { days: days.clamp(-MOST_DAYS, MOST_DAYS) };
    ask(ctx, Meant::new(user.as_ref(), subscription.as_deref()), change).await
}

/// `/admin user-reset-traffic`
#[poise::command(slash_command, rename = "user-reset-traffic")]
pub(super) async fn user_reset_traffic(
    ctx: Context<'_>,
    user: Option<User>,
    #[autocomplete = "suggest::subscription"] subscription: Option<String>,
) -> Result<(), Error> {
    ask(ctx, Meant::new(user.as_ref(), subscription.as_deref()), Change::ResetTraffic {}).await
}

/// `/admin user-rotate`
#[poise::command(slash_command, rename = "user-rotate")]
pub(super) async fn user_rotate(
    ctx: Context<'_>,
    user: Option<User>,
    #[autocomplete = "suggest::subscription"] subscription: Option<String>,
) -> Result<(), Error> {
    ask(ctx, Meant::new(user.as_ref(), subscription.as_deref()), Change::Rotate {}).await
}

/// `/admin user-delete`
#[poise::command(slash_command, rename = "user-delete")]
pub(super) async fn user_delete(
    ctx: Context<'_>,
    user: Option<User>,
    #[autocomplete = "suggest::subscription"] subscription: Option<String>,
) -> Result<(), Error> {
    ask(ctx, Meant::new(user.as_ref(), subscription.as_deref()), Change::Delete {}).await
}

/// `/admin order-reverse`
#[poise::command(slash_command, rename = "order-reverse")]
pub(super) async fn order_reverse(
    ctx: Context<'_>,
    #[autocomplete = "suggest::order"] order: String,
    #[max_length = 300] reason: String,
) -> Result<(), Error> {
    command!(ctx, |bot, interaction| open_reversal(bot, interaction, &order, &reason))
}

async fn ask(ctx: Context<'_>, meant: Meant<'_>, change: Change) -> Result<(), Error> {
    command!(ctx, |bot, interaction| open(bot, interaction, meant, change))
}

async fn open(bot: &Bot, interaction: &mut Interaction<'_>, meant: Meant<'_>, change: Change) -> Result<(), Error> {
    admitted(bot, interaction, Power::Admin, change.action()).await?;
    let sub = meant.subscription(bot, interaction.locale).await?;
    let refused = match change {
        _ if sub.deleted || !sub.provisioned => Some(Outcome::Gone),
        Change::Extend { days: 0 } => Some(Outcome::NoDays),
        _ => None,
    };
    if let Some(refused) = refused {
        return Ok(interaction.answer(outcome(interaction.locale, &refused)).await?);
    }
    if usage::answers(bot, &sub) {
        interaction.defer().await?;
    }
    // The question starts from what the panel says, as its result will.
    let sub = as_seen(bot, sub).await;
    let post = match change {
        Change::Extend { .. } if sub.expiry == Some(Expiry::Never) => outcome(interaction.locale, &Outcome::NeverEnds),
        _ => ask_about(bot, interaction, &sub, change, None).await?,
    };
    Ok(interaction.reply(post).await?)
}

/// A subscription with end and quota as the panel has them, where it says so in time.
async fn as_seen(bot: &Bot, sub: Subscription) -> Subscription {
    match usage::look(bot, &sub).await.level(bot.clock.now()) {
        Some(seen) => Subscription { expiry: Some(seen.expiry), quota: Some(seen.quota), ..sub },
        None => sub,
    }
}

async fn open_reversal(bot: &Bot, interaction: &mut Interaction<'_>, order: &str, reason: &str) -> Result<(), Error> {
    admitted(bot, interaction, Power::Admin, "order.reverse").await?;
    let Ok(Target::Order(id)) = order.trim().parse() else { return Err(refusal(interaction.locale, &Unclear::Value)) };
    let order = db::orders::order(&bot.db, &id).await?.ok_or_else(|| refusal(interaction.locale, &Unclear::NoOrder))?;
    let OrderState::Completed { .. } = order.state else {
        return Ok(interaction.answer(outcome(interaction.locale, &Outcome::OrderIs(order.status()))).await?);
    };
    let sub = match order.subscription {
        Some(row) => db::access::subscriptions::subscription(&bot.db, row).await?,
        None => None,
    };
    let reason: String = reason.trim().chars().take(LONGEST_REASON).collect();
    let post = match sub {
        Some(sub) => {
            let change = Change::Reverse { order: order.id.clone(), reason };
            ask_about(bot, interaction, &sub, change, Some(&order)).await?
        }
        // Delivered by hand, and the bot never had a client of it.
        None => ask_to_refund(bot, interaction, &order, reason).await?,
    };
    Ok(interaction.answer(post).await?)
}

async fn ask_to_refund(bot: &Bot, interaction: &Interaction<'_>, order: &Order, reason: String) -> Result<Post, Error> {
    let name = db::orders::customer(&bot.db, order.customer).await?.map(|customer| customer.name).unwrap_or_default();
    let subject = About { customer: order.customer, name: &name, client: None };
    let what = Confirmation::Refund { order: order.id.clone(), reason: reason.clone() };
    question(bot, interaction, &what, Shown::Refund { order, reason: &reason }, subject).await
}

/// What was confirmed is booked back.
pub(in crate::bot) async fn refund(
    bot: &Bot,
    interaction: &Interaction<'_>,
    presented: &Presented,
    order: &OrderId,
    reason: &str,
) -> Result<Post, Error> {
    if let Some(refused) =
        db::access::change_requests::refund(&bot.db, presented, order, reason, bot.clock.now()).await?
    {
        return answer(bot, interaction, refused).await;
    }
    tracing::info!(order.id = %order, user.id = %interaction.user, "an order without a client was reversed");
    Ok(outcome(interaction.locale, &Outcome::Refunded))
}

async fn ask_about(
    bot: &Bot,
    interaction: &Interaction<'_>,
    sub: &Subscription,
    change: Change,
    order: Option<&Order>,
) -> Result<Post, Error> {
    let name = db::orders::customer(&bot.db, sub.user).await?.map(|customer| customer.name).unwrap_or_default();
    let client = (sub.email.as_str(), sub.expiry.unwrap_or(Expiry::Never), sub.quota.unwrap_or(0));
    let subject = About { customer: sub.user, name: &name, client: Some(client) };
    let what = Confirmation::Change { subscription: sub.id, change: change.clone() };
    question(bot, interaction, &what, Shown::Change(&change, order), subject).await
}

/// What was confirmed is asked for, and its result waited for.
pub(in crate::bot) async fn carry_out(
    bot: &Bot,
    interaction: &Interaction<'_>,
    presented: &Presented,
    id: SubscriptionRow,
    change: &Change,
) -> Result<Post, Error> {
    let next = match change {
        Change::Rotate {} => Some(uuid::Builder::from_random_bytes(random()?).into_uuid()),
        _ => None,
    };
    let requested =
        db::access::change_requests::request_change(&bot.db, presented, id, change, next, bot.clock.now()).await?;
    answer(bot, interaction, requested).await
}

/// The answer to what was asked for.
pub(super) async fn answer(bot: &Bot, interaction: &Interaction<'_>, requested: Requested) -> Result<Post, Error> {
    let refused = match requested {
        Requested::Done(id) => return result(bot, interaction, id).await,
        Requested::Gone => Outcome::Gone,
        Requested::Already => Outcome::Already,
        Requested::OrderIs(status) => Outcome::OrderIs(status),
        Requested::Ours => Outcome::Ours,
    };
    Ok(outcome(interaction.locale, &refused))
}

/// Whether there is nothing more to wait for.
fn is_settled(change: &Standing) -> bool {
    change.refusal.is_some() || (change.applied.is_some() && change.told.is_some())
}

async fn result(bot: &Bot, interaction: &Interaction<'_>, id: ChangeId) -> Result<Post, Error> {
    let Some(change) = db::access::change_requests::change(&bot.db, id).await? else {
        return Ok(outcome(interaction.locale, &Outcome::Gone));
    };
    let (kind, row) = (change.what.name(), change.subscription);
    tracing::info!(change.id = %id, user.id = %interaction.user, kind, "a change was asked for");
    let Some(sub) = db::access::subscriptions::subscription(&bot.db, row).await? else {
        return Ok(outcome(interaction.locale, &Outcome::Gone));
    };
    let look = || async { Ok(db::access::change_requests::change(&bot.db, id).await?.filter(is_settled)) };
    let about = Subject::Subscription(row);
    let settled = tokio::select! {
        biased;
        settled = bot.db.wait_for(&about, PATIENCE, look) => settled?,
        () = goes_down(bot, &sub.panel) => None,
    };
    let change = match settled {
        Some(change) => change,
        None => db::access::change_requests::change(&bot.db, id).await?.unwrap_or(change),
    };
    // Read again: it says what the change made of it.
    let sub = db::access::subscriptions::subscription(&bot.db, row).await?.unwrap_or(sub);
    let said = match (&change.refusal, change.applied) {
        (Some(trouble), _) => Outcome::Void(trouble),
        (None, Some(_)) => Outcome::Done {
            change: &change.what,
            kept: change.kept,
            told: change.told,
            expiry: sub.expiry.unwrap_or(Expiry::Never),
            quota: sub.quota.unwrap_or(0),
        },
        (None, None) => waits(bot, &sub.panel),
    };
    Ok(outcome(interaction.locale, &said))
}
