//! `/admin`: one group of commands, every answer seen by one person alone.
//!
//! A file per command or family of them. Each command begins with [`admitted`], which asks for
//! the power afresh; what it is about comes from [`target`], which trusts no value; what changes
//! something confirms with a one-time token first. Nothing here touches a panel but to read.

use serenity::all::Permissions;

use crate::domain::{access::Power, limits::Limited};

use super::{Bot, Context, Host, error::Error, interaction::Interaction};
use crate::panel::Reader;

pub(super) mod adopt;
pub(super) mod audit;
pub(super) mod block;
pub(super) mod change;
pub(super) mod create;
mod drift;
mod info;
pub(super) mod orders;
mod question;
mod reload;
mod resend;
pub(super) mod status;
mod suggest;
mod target;

/// With this permission `/admin` is seen, unless the server's settings (Integrations) say otherwise.
const SEEN_WITH: Permissions = Permissions::MANAGE_MESSAGES;

/// `/admin`, which is never used without one of its commands.
#[poise::command(slash_command, rename = "admin")]
async fn group(ctx: Context<'_>) -> Result<(), Error> {
    command!(ctx, |bot, interaction| async { super::stale(bot, interaction) })
}

pub(super) fn admin() -> poise::Command<Host, Error> {
    let mut admin = group();
    admin.subcommand_required = true;
    // Discord hides it from everybody else; who may do what is asked at each command all the same.
    admin.default_member_permissions = SEEN_WITH;
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

/// What every command asks first: the shop's own server, the limit, and the power at this moment.
/// `command` is its name for the audit log.
async fn admitted(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    needed: Power,
    command: &'static str,
) -> Result<(), Error> {
    bot.at_home(interaction)?;
    bot.within_limit(interaction, Limited::Admin)?;
    bot.needs(interaction, needed, command, String::new()).await
}

/// The panel of this name; the first one for none.
pub(super) fn named<'b>(bot: &'b Bot, name: Option<&str>) -> Option<&'b Reader> {
    bot.panels.get(name.or_else(|| bot.config.panels.first().map(|panel| panel.name.as_str()))?)
}
