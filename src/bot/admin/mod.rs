//! `/admin`: the team's desk. One group of commands, every answer seen by one person alone.
//!
//! A file per command or family of them. Each command begins with [`admitted`], which asks for
//! the power afresh; what it is about comes from [`target`], which trusts no value; what changes
//! something confirms with a one-time token first. Nothing here touches a panel but to read.

use crate::{
    domain::access::Power,
    view::refusal::{Refusal, refused},
};

use super::{
    Bot, Context,
    asked::Asked,
    fault::{Fault, settle},
};

mod adopt;
mod change;
mod create;
mod info;
mod suggest;
mod target;
mod wish;

pub(super) use wish::confirm;

/// `/admin`, which is never used without one of its commands.
#[poise::command(slash_command, rename = "admin")]
async fn group(ctx: Context<'_>) -> Result<(), Fault> {
    let mut asked = ctx.data().command(&ctx);
    let done = super::stale(&mut asked).await;
    settle(&mut asked, done).await;
    Ok(())
}

/// `/admin` with its commands.
pub(super) fn admin() -> poise::Command<Bot, Fault> {
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
    ];
    admin
}

/// What every command of the desk asks first: the shop's own server and the power at this moment.
/// `command` is its name for the audit log. Everybody else is told, and that they tried is kept.
async fn admitted(bot: &Bot, asked: &mut Asked<'_>, needed: Power, command: &'static str) -> Result<bool, Fault> {
    if !bot.at_home(asked).await? {
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
