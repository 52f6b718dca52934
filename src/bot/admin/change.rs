//! The commands that change one subscription, and the reversal of an order: each opens a question
//! with the facts; what is confirmed is a row that the worker carries out. The answer waits for
//! it as long as a person watches.

use serenity::all::User;

use crate::{
    db::{
        Subject,
        changes::{Requested, Standing},
        subscriptions::Subscription,
        wishes::Permit,
    },
    domain::{
        Order, OrderId, OrderState, SubscriptionRow, Target,
        access::Power,
        change::{Change, ChangeId, MOST_DAYS, Wish},
        grants::Expiry,
    },
    view::{
        self, Post,
        admin::Unclear,
        change::{Asked as Shown, Outcome, outcome},
    },
};

use super::{
    super::{
        Bot, Context, PATIENCE,
        asked::Asked,
        decision::goes_down,
        fault::{Fault, random, settle},
    },
    admitted, suggest,
    target::Meant,
    wish::{About, question, waits},
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
) -> Result<(), Fault> {
    ask(ctx, Meant::new(user.as_ref(), subscription.as_deref()), Change::Disable {}).await
}

/// `/admin user-enable`
#[poise::command(slash_command, rename = "user-enable")]
pub(super) async fn user_enable(
    ctx: Context<'_>,
    user: Option<User>,
    #[autocomplete = "suggest::subscription"] subscription: Option<String>,
) -> Result<(), Fault> {
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
) -> Result<(), Fault> {
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
) -> Result<(), Fault> {
    let change = Change::Extend { days: days.clamp(-MOST_DAYS, MOST_DAYS) };
    ask(ctx, Meant::new(user.as_ref(), subscription.as_deref()), change).await
}

/// `/admin user-reset-traffic`
#[poise::command(slash_command, rename = "user-reset-traffic")]
pub(super) async fn user_reset_traffic(
    ctx: Context<'_>,
    user: Option<User>,
    #[autocomplete = "suggest::subscription"] subscription: Option<String>,
) -> Result<(), Fault> {
    ask(ctx, Meant::new(user.as_ref(), subscription.as_deref()), Change::ResetTraffic {}).await
}

/// `/admin user-rotate`
#[poise::command(slash_command, rename = "user-rotate")]
pub(super) async fn user_rotate(
    ctx: Context<'_>,
    user: Option<User>,
    #[autocomplete = "suggest::subscription"] subscription: Option<String>,
) -> Result<(), Fault> {
    ask(ctx, Meant::new(user.as_ref(), subscription.as_deref()), Change::Rotate {}).await
}

/// `/admin user-delete`
#[poise::command(slash_command, rename = "user-delete")]
pub(super) async fn user_delete(
    ctx: Context<'_>,
    user: Option<User>,
    #[autocomplete = "suggest::subscription"] subscription: Option<String>,
) -> Result<(), Fault> {
    ask(ctx, Meant::new(user.as_ref(), subscription.as_deref()), Change::Delete {}).await
}

/// `/admin order-reverse`
#[poise::command(slash_command, rename = "order-reverse")]
pub(super) async fn order_reverse(
    ctx: Context<'_>,
    #[autocomplete = "suggest::order"] order: String,
    #[max_length = 300] reason: String,
) -> Result<(), Fault> {
    let bot = &ctx.data().bot();
    let mut asked = bot.command(&ctx);
    let done = open_reversal(bot, &mut asked, &order, &reason).await;
    settle(&mut asked, done).await;
    Ok(())
}

async fn ask(ctx: Context<'_>, meant: Meant<'_>, change: Change) -> Result<(), Fault> {
    let bot = &ctx.data().bot();
    let mut asked = bot.command(&ctx);
    let done = open(bot, &mut asked, meant, change).await;
    settle(&mut asked, done).await;
    Ok(())
}

async fn open(bot: &Bot, asked: &mut Asked<'_>, meant: Meant<'_>, change: Change) -> Result<(), Fault> {
    if !admitted(bot, asked, Power::Admin, change.action()).await? {
        return Ok(());
    }
    let sub = match meant.subscription(bot).await? {
        Ok(sub) => sub,
        Err(why) => return Ok(asked.answer(view::admin::unclear(asked.locale, &why)).await?),
    };
    let refused = match change {
        _ if sub.deleted || !sub.provisioned => Some(Outcome::Gone),
        Change::Extend { days: 0 } => Some(Outcome::NoDays),
        Change::Extend { .. } if sub.expiry == Some(Expiry::Never) => Some(Outcome::NeverEnds),
        _ => None,
    };
    let post = match refused {
        Some(refused) => outcome(asked.locale, &refused),
        None => ask_about(bot, asked, &sub, change, None).await?,
    };
    Ok(asked.answer(post).await?)
}

async fn open_reversal(bot: &Bot, asked: &mut Asked<'_>, order: &str, reason: &str) -> Result<(), Fault> {
    if !admitted(bot, asked, Power::Admin, "order.reverse").await? {
        return Ok(());
    }
    let found = match order.trim().parse() {
        Ok(Target::Order(id)) => bot.db.order(&id).await?.ok_or(Unclear::NoOrder),
        _ => Err(Unclear::Value),
    };
    let order = match found {
        Ok(order) => order,
        Err(why) => return Ok(asked.answer(view::admin::unclear(asked.locale, &why)).await?),
    };
    let OrderState::Completed { .. } = order.state else {
        return Ok(asked.answer(outcome(asked.locale, &Outcome::OrderIs(order.status()))).await?);
    };
    let sub = match order.subscription {
        Some(row) => bot.db.subscription(row).await?,
        None => None,
    };
    let reason: String = reason.trim().chars().take(LONGEST_REASON).collect();
    let post = match sub {
        Some(sub) => {
            let change = Change::Reverse { order: order.id.clone(), reason };
            ask_about(bot, asked, &sub, change, Some(&order)).await?
        }
        // Delivered by hand, and the bot never had a client of it.
        None => ask_to_refund(bot, asked, &order, reason).await?,
    };
    Ok(asked.answer(post).await?)
}

async fn ask_to_refund(bot: &Bot, asked: &Asked<'_>, order: &Order, reason: String) -> Result<Post, Fault> {
    let name = bot.db.customer(order.customer).await?.map(|customer| customer.name).unwrap_or_default();
    let subject = About { customer: order.customer, name: &name, client: None };
    let wish = Wish::Refund { order: order.id.clone(), reason: reason.clone() };
    question(bot, asked, &wish, Shown::Refund { order, reason: &reason }, subject).await
}

/// What was confirmed is booked back.
pub(super) async fn refund(
    bot: &Bot,
    asked: &mut Asked<'_>,
    permit: &Permit,
    order: &OrderId,
    reason: &str,
) -> Result<Option<Post>, Fault> {
    if let Some(refused) = bot.db.refund(permit, order, reason, bot.clock.now()).await? {
        return answer(bot, asked, refused).await;
    }
    tracing::info!(order.id = %order, user.id = %asked.user, "an order without a client was reversed");
    Ok(Some(outcome(asked.locale, &Outcome::Refunded)))
}

async fn ask_about(
    bot: &Bot,
    asked: &Asked<'_>,
    sub: &Subscription,
    change: Change,
    order: Option<&Order>,
) -> Result<Post, Fault> {
    let name = bot.db.customer(sub.user).await?.map(|customer| customer.name).unwrap_or_default();
    let client = (sub.email.as_str(), sub.expiry.unwrap_or(Expiry::Never), sub.quota.unwrap_or(0));
    let subject = About { customer: sub.user, name: &name, client: Some(client) };
    let wish = Wish::Change { subscription: sub.id, change: change.clone() };
    question(bot, asked, &wish, Shown::Change(&change, order), subject).await
}

/// What was confirmed is asked for, and its result waited for.
pub(super) async fn carry_out(
    bot: &Bot,
    asked: &mut Asked<'_>,
    permit: &Permit,
    id: SubscriptionRow,
    change: &Change,
) -> Result<Option<Post>, Fault> {
    let next = match change {
        Change::Rotate {} => Some(uuid::Builder::from_random_bytes(random()?).into_uuid()),
        _ => None,
    };
    let requested = bot.db.request_change(permit, id, change, next, bot.clock.now()).await?;
    answer(bot, asked, requested).await
}

/// The answer to what was asked for; `None` where another answer belongs to the first click.
pub(super) async fn answer(bot: &Bot, asked: &mut Asked<'_>, requested: Requested) -> Result<Option<Post>, Fault> {
    let refused = match requested {
        Requested::Done(id) => return Ok(Some(result(bot, asked, id).await?)),
        Requested::Token(why) => return super::wish::refused_token(asked, why).await,
        Requested::Gone => Outcome::Gone,
        Requested::Already => Outcome::Already,
        Requested::OrderIs(status) => Outcome::OrderIs(status),
        Requested::Ours => Outcome::Ours,
    };
    Ok(Some(outcome(asked.locale, &refused)))
}

/// Whether there is nothing more to wait for.
fn is_settled(change: &Standing) -> bool {
    change.refusal.is_some() || (change.applied.is_some() && change.told.is_some())
}

async fn result(bot: &Bot, asked: &Asked<'_>, id: ChangeId) -> Result<Post, Fault> {
    let Some(change) = bot.db.change(id).await? else { return Ok(outcome(asked.locale, &Outcome::Gone)) };
    let (kind, row) = (change.what.name(), change.subscription);
    tracing::info!(change.id = %id, user.id = %asked.user, kind, "a change was asked for");
    let Some(sub) = bot.db.subscription(row).await? else { return Ok(outcome(asked.locale, &Outcome::Gone)) };
    let look = || async { Ok(bot.db.change(id).await?.filter(is_settled)) };
    let about = Subject::Subscription(row);
    let settled = tokio::select! {
        biased;
        settled = bot.db.wait_for(&about, PATIENCE, look) => settled?,
        () = goes_down(bot, &sub.panel) => None,
    };
    let change = match settled {
        Some(change) => change,
        None => bot.db.change(id).await?.unwrap_or(change),
    };
    // Read again: it says what the change made of it.
    let sub = bot.db.subscription(row).await?.unwrap_or(sub);
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
    Ok(outcome(asked.locale, &said))
}
