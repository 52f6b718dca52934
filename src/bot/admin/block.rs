//! `/admin block` and `/admin unblock`. Each confirms first; open orders stay as they are.

use serenity::all::User;

use crate::{
    db::{self, people::blocks::Blocked, people::confirmations::Presented},
    domain::{Target, UserId, access::Power, confirmation::Confirmation},
    view::{
        self, Post,
        admin::Unclear,
        desk::{Done, Question},
    },
};

use super::{
    super::{Bot, Context, asked::Asked, confirm::issue, fault::Fault},
    admitted, suggest,
};

/// The longest reason that is kept.
const LONGEST_REASON: usize = 300;
/// So many orders are looked at for those that are open.
const ORDERS: u32 = 50;

/// `/admin block`
#[poise::command(slash_command)]
pub(super) async fn block(ctx: Context<'_>, user: User, #[max_length = 300] reason: String) -> Result<(), Fault> {
    command!(ctx, |bot, asked| ask_to_block(bot, asked, &user, &reason))
}

/// `/admin unblock`
#[poise::command(slash_command)]
pub(super) async fn unblock(
    ctx: Context<'_>,
    #[autocomplete = "suggest::blocked"] customer: String,
) -> Result<(), Fault> {
    command!(ctx, |bot, asked| ask_to_unblock(bot, asked, &customer))
}

async fn ask_to_block(bot: &Bot, asked: &mut Asked<'_>, user: &User, reason: &str) -> Result<(), Fault> {
    admitted(bot, asked, Power::Admin, "user.block").await?;
    let id = UserId(user.id.get());
    if db::people::search::person(&bot.db, id).await?.is_some_and(|person| person.blocked.is_some()) {
        return Ok(asked.answer(view::desk::done(asked.locale, &Done::AlreadyBlocked(id))).await?);
    }
    let reason: String = reason.trim().chars().take(LONGEST_REASON).collect();
    let lines = db::people::search::orders_of(&bot.db, id, ORDERS).await?;
    let open: Vec<_> =
        lines.into_iter().filter(|line| line.status.is_active()).map(|line| (line.id, line.status)).collect();
    let what = Confirmation::Block { user: id, name: user.display_name().to_owned(), reason: reason.clone() };
    let (token, expires) = issue(bot, asked, &what).await?;
    let question = Question::Block { user: id, reason: &reason, open: &open };
    asked.answer(view::desk::question(asked.locale, &question, &token, expires)).await?;
    Ok(())
}

async fn ask_to_unblock(bot: &Bot, asked: &mut Asked<'_>, value: &str) -> Result<(), Fault> {
    admitted(bot, asked, Power::Admin, "user.unblock").await?;
    let Ok(Target::Person(id)) = value.parse() else {
        return Ok(asked.answer(view::admin::unclear(asked.locale, &Unclear::Value)).await?);
    };
    if db::people::search::person(&bot.db, id).await?.is_none_or(|person| person.blocked.is_none()) {
        return Ok(asked.answer(view::desk::done(asked.locale, &Done::NotBlocked(id))).await?);
    }
    let (token, expires) = issue(bot, asked, &Confirmation::Unblock { user: id }).await?;
    asked.answer(view::desk::question(asked.locale, &Question::Unblock { user: id }, &token, expires)).await?;
    Ok(())
}

/// Confirm of a block.
pub(in crate::bot) async fn carry_out(
    bot: &Bot,
    asked: &Asked<'_>,
    presented: &Presented,
    user: UserId,
    name: &str,
    reason: &str,
) -> Result<Post, Fault> {
    let done = match db::people::blocks::block(&bot.db, presented, user, name, reason, bot.clock.now()).await? {
        Blocked::Done => Done::Blocked(user),
        Blocked::Already => Done::AlreadyBlocked(user),
    };
    tracing::info!(user.id = %asked.user, customer = %user, "a customer was blocked");
    Ok(view::desk::done(asked.locale, &done))
}

/// Confirm of its end.
pub(in crate::bot) async fn carry_out_unblock(
    bot: &Bot,
    asked: &Asked<'_>,
    presented: &Presented,
    user: UserId,
) -> Result<Post, Fault> {
    let done = match db::people::blocks::unblock(&bot.db, presented, user, bot.clock.now()).await? {
        Blocked::Done => Done::Unblocked(user),
        Blocked::Already => Done::NotBlocked(user),
    };
    tracing::info!(user.id = %asked.user, customer = %user, "a customer may order again");
    Ok(view::desk::done(asked.locale, &done))
}
