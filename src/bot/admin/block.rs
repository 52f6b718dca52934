//! `/admin block` and `/admin unblock`. Each confirms first; open orders stay as they are.

use serenity::all::User;

use crate::{
    db::{
        blocks::Blocked,
        sessions::{Action, Session, TokenRefused},
    },
    domain::{Target, UserId, access::Power},
    view::{
        self,
        admin::Unclear,
        desk::{Done, Question},
    },
};

use super::{
    super::{
        Bot, Context,
        asked::Asked,
        fault::{Fault, settle},
    },
    admitted, open_token, suggest,
};

/// The longest reason that is kept.
const LONGEST_REASON: usize = 300;
/// So many orders are looked at for those that are open.
const ORDERS: u32 = 50;

/// `/admin block`
#[poise::command(slash_command)]
pub(super) async fn block(ctx: Context<'_>, user: User, #[max_length = 300] reason: String) -> Result<(), Fault> {
    let bot = &ctx.data().bot();
    let mut asked = bot.command(&ctx);
    let done = ask_to_block(bot, &mut asked, &user, &reason).await;
    settle(&mut asked, done).await;
    Ok(())
}

/// `/admin unblock`
#[poise::command(slash_command)]
pub(super) async fn unblock(
    ctx: Context<'_>,
    #[autocomplete = "suggest::blocked"] customer: String,
) -> Result<(), Fault> {
    let bot = &ctx.data().bot();
    let mut asked = bot.command(&ctx);
    let done = ask_to_unblock(bot, &mut asked, &customer).await;
    settle(&mut asked, done).await;
    Ok(())
}

async fn ask_to_block(bot: &Bot, asked: &mut Asked<'_>, user: &User, reason: &str) -> Result<(), Fault> {
    if !admitted(bot, asked, Power::Admin, "user.block").await? {
        return Ok(());
    }
    let id = UserId(user.id.get());
    if bot.db.person(id).await?.is_some_and(|person| person.blocked.is_some()) {
        return Ok(asked.answer(view::desk::done(asked.locale, &Done::AlreadyBlocked(id))).await?);
    }
    let reason: String = reason.trim().chars().take(LONGEST_REASON).collect();
    let lines = bot.db.orders_of(id, ORDERS).await?;
    let open: Vec<_> =
        lines.into_iter().filter(|line| line.status.is_active()).map(|line| (line.id, line.status)).collect();
    let subject = format!("{id}:{}", user.display_name());
    let (token, expires) = open_token(bot, asked, Action::Block, subject, Some(reason.clone())).await?;
    let question = Question::Block { user: id, reason: &reason, open: &open };
    asked.answer(view::desk::question(asked.locale, &question, &token, expires)).await?;
    Ok(())
}

async fn ask_to_unblock(bot: &Bot, asked: &mut Asked<'_>, value: &str) -> Result<(), Fault> {
    if !admitted(bot, asked, Power::Admin, "user.unblock").await? {
        return Ok(());
    }
    let Ok(Target::Person(id)) = value.parse() else {
        return Ok(asked.answer(view::admin::unclear(asked.locale, &Unclear::Value)).await?);
    };
    if bot.db.person(id).await?.is_none_or(|person| person.blocked.is_none()) {
        return Ok(asked.answer(view::desk::done(asked.locale, &Done::NotBlocked(id))).await?);
    }
    let (token, expires) = open_token(bot, asked, Action::Unblock, id.to_string(), None).await?;
    asked.answer(view::desk::question(asked.locale, &Question::Unblock { user: id }, &token, expires)).await?;
    Ok(())
}

/// Confirm of one of the two.
pub(super) async fn confirmed(bot: &Bot, session: &Session) -> Result<Result<Done, TokenRefused>, Fault> {
    let now = bot.clock.now();
    let (id, name) = session.subject.split_once(':').unwrap_or((&session.subject, ""));
    let Ok(user) = id.parse::<UserId>() else { return Ok(Err(TokenRefused::Unknown)) };
    let blocking = session.action == Action::Block;
    let done = if blocking {
        bot.db.block(session, user, name, now).await?
    } else {
        bot.db.unblock(session, user, now).await?
    };
    Ok(match (done, blocking) {
        (Blocked::Done, true) => Ok(Done::Blocked(user)),
        (Blocked::Done, false) => Ok(Done::Unblocked(user)),
        (Blocked::Already, true) => Ok(Done::AlreadyBlocked(user)),
        (Blocked::Already, false) => Ok(Done::NotBlocked(user)),
        (Blocked::Token(why), _) => Err(why),
    })
}
