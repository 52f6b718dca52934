//! `/admin`: the team's desk. One group of commands, every answer seen by one person alone.
//!
//! A file per command or family of them. Each command begins with [`admitted`], which asks for
//! the power afresh; what it is about comes from [`target`], which trusts no value; what changes
//! something confirms with a one-time token first. Nothing here touches a panel but to read.

use crate::{
    db::sessions::{Action, NewSession, Session},
    domain::{Millis, access::Power, button::Token, limits::Limited},
    view::{
        self,
        refusal::{Refusal, refused},
    },
};

use super::{
    Bot, Context, Host,
    asked::Asked,
    decision::refuse_token,
    fault::{Fault, random, settle},
};

mod adopt;
pub(super) mod audit;
mod block;
mod change;
mod create;
mod drift;
mod info;
pub(super) mod orders;
mod reload;
mod resend;
pub(super) mod status;
mod suggest;
mod target;
mod wish;

pub(super) use wish::confirm;

/// `/admin`, which is never used without one of its commands.
#[poise::command(slash_command, rename = "admin")]
async fn group(ctx: Context<'_>) -> Result<(), Fault> {
    let bot = &ctx.data().bot();
    let mut asked = bot.command(&ctx);
    let done = super::stale(&mut asked).await;
    settle(&mut asked, done).await;
    Ok(())
}

/// `/admin` with its commands.
pub(super) fn admin() -> poise::Command<Host, Fault> {
    let mut admin = group();
    admin.subcommand_required = true;
    admin.subcommands = vec![
        info::user_info(),
        create::user_create(),
        change::user_disable(),
        change::user_enable(),
        change::user_edit_traffic(),
        change::user_extend(),
        change::user_reset_traffic(),
        change::user_rotate(),
        change::user_delete(),
        adopt::user_adopt(),
        change::order_reverse(),
        resend::user_resend(),
        orders::pending(),
        orders::order(),
        block::block(),
        block::unblock(),
        audit::audit(),
        drift::drift(),
        status::status(),
        reload::reload(),
    ];
    admin
}

/// What every command of the desk asks first: the shop's own server, the limit, and the power at
/// this moment.
/// `command` is its name for the audit log. Everybody else is told, and that they tried is kept.
async fn admitted(bot: &Bot, asked: &mut Asked<'_>, needed: Power, command: &'static str) -> Result<bool, Fault> {
    if !bot.at_home(asked).await? || !bot.within_limit(asked, Limited::Admin).await? {
        return Ok(false);
    }
    let power = bot.power(asked);
    if power >= Some(needed) {
        return Ok(true);
    }
    let refusal = match (power, needed) {
        (None, _) => Refusal::StaffOnly,
        (Some(_), Power::Owner) => Refusal::OwnersOnly,
        (Some(_), _) => Refusal::AdminsOnly,
    };
    asked.answer(refused(asked.locale, refusal)).await?;
    bot.audit_refusal(asked, command, String::new()).await?;
    Ok(false)
}

/// Stores a one-time token for a question, and says when it expires.
async fn open_token(
    bot: &Bot,
    asked: &Asked<'_>,
    action: Action,
    subject: String,
    reason: Option<String>,
) -> Result<(Token, Millis), Fault> {
    let (token, now, ttl) = (Token::from_random(random()?), bot.clock.now(), bot.config.limits.confirm_ttl);
    let session = NewSession { token: &token, admin: asked.user, action, subject, reason, ttl };
    bot.db.open_session(session, now).await?;
    Ok((token, now.plus(ttl)))
}

/// Confirm of a question of the desk, acknowledged and by somebody who has the power.
pub(super) async fn confirmed(bot: &Bot, asked: &mut Asked<'_>, session: &Session) -> Result<(), Fault> {
    let done = match session.action {
        Action::DropEffect => status::confirmed(bot, session).await?,
        Action::Release => status::released(bot, session).await?,
        _ => block::confirmed(bot, session).await?,
    };
    match done {
        Ok(done) => {
            tracing::info!(user.id = %asked.user, "confirmed at the desk: {:?}", session.action);
            Ok(asked.edit(view::desk::done(asked.locale, &done)).await?)
        }
        Err(why) => refuse_token(asked, why).await,
    }
}
