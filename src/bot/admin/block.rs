//! `/admin block` and `/admin unblock`. Each confirms first; open orders stay as they are.

use serenity::all::User;

use crate::{
    db::{self, people::blocks::Blocked, people::confirmations::Presented},
    domain::{Target, UserId, access::Power, confirmation::Confirmation},
    view::{
        self, Post,
        admin::Unclear,
        admin_lists::{Done, Question},
    },
};

use super::{
    super::{Bot, Context, error::Error, interaction::Interaction},
    admitted, suggest,
};
use crate::bot::issue::issue;

/// The longest reason that is kept.
const LONGEST_REASON: usize = 300;
/// So many orders are looked at for those that are open.
const ORDERS: u32 = 50;

/// `/admin block`
#[poise::command(slash_command)]
pub(super) async fn block(ctx: Context<'_>, user: User, #[max_length = 300] reason: String) -> Result<(), Error> {
    command!(ctx, |bot, interaction| ask_to_block(bot, interaction, &user, &reason))
}

/// `/admin unblock`
#[poise::command(slash_command)]
pub(super) async fn unblock(
    ctx: Context<'_>,
    #[autocomplete = "suggest::blocked"] customer: String,
) -> Result<(), Error> {
    command!(ctx, |bot, interaction| ask_to_unblock(bot, interaction, &customer))
}

async fn ask_to_block(bot: &Bot, interaction: &mut Interaction<'_>, user: &User, reason: &str) -> Result<(), Error> {
    admitted(bot, interaction, Power::Admin, "user.block").await?;
    let id = UserId(user.id.get());
    if db::people::search::person(&bot.db, id).await?.is_some_and(|person| person.blocked.is_some()) {
        return Ok(interaction.answer(view::admin_lists::done(interaction.locale, &Done::AlreadyBlocked(id))).await?);
    }
    let reason: String = reason.trim().chars().take(LONGEST_REASON).collect();
    let lines = db::people::search::orders_of(&bot.db, id, ORDERS).await?;
    let open: Vec<_> =
        lines.into_iter().filter(|line| line.status.is_active()).map(|line| (line.id, line.status)).collect();
    let what = Confirmation::Block { user: id, name: user.display_name().to_owned(), reason: reason.clone() };
    let (token, expires) = issue(bot, interaction, &what).await?;
    let question = Question::Block { user: id, reason: &reason, open: &open };
    interaction.answer(view::admin_lists::question(interaction.locale, &question, &token, expires)).await?;
    Ok(())
}

async fn ask_to_unblock(bot: &Bot, interaction: &mut Interaction<'_>, value: &str) -> Result<(), Error> {
    admitted(bot, interaction, Power::Admin, "user.unblock").await?;
    let Ok(Target::Person(id)) = value.parse() else {
        return Ok(interaction.answer(view::admin::unclear(interaction.locale, &Unclear::Value)).await?);
    };
    if db::people::search::person(&bot.db, id).await?.is_none_or(|person| person.blocked.is_none()) {
        return Ok(interaction.answer(view::admin_lists::done(interaction.locale, &Done::NotBlocked(id))).await?);
    }
    let (token, expires) = issue(bot, interaction, &Confirmation::Unblock { user: id }).await?;
    interaction
        .answer(view::admin_lists::question(interaction.locale, &Question::Unblock { user: id }, &token, expires))
        .await?;
    Ok(())
}

pub(in crate::bot) async fn carry_out(
    bot: &Bot,
    interaction: &Interaction<'_>,
    presented: &Presented,
    user: UserId,
    name: &str,
    reason: &str,
) -> Result<Post, Error> {
    let done = match db::people::blocks::block(&bot.db, presented, user, name, reason, bot.clock.now()).await? {
        Blocked::Done => Done::Blocked(user),
        Blocked::Already => Done::AlreadyBlocked(user),
    };
    tracing::info!(user.id = %interaction.user, customer = %user, "a customer was blocked");
    Ok(view::admin_lists::done(interaction.locale, &done))
}

pub(in crate::bot) async fn carry_out_unblock(
    bot: &Bot,
    interaction: &Interaction<'_>,
    presented: &Presented,
    user: UserId,
) -> Result<Post, Error> {
    let done = match db::people::blocks::unblock(&bot.db, presented, user, bot.clock.now()).await? {
        Blocked::Done => Done::Unblocked(user),
        Blocked::Already => Done::NotBlocked(user),
    };
    tracing::info!(user.id = %interaction.user, customer = %user, "a customer may order again");
    Ok(view::admin_lists::done(interaction.locale, &done))
}
