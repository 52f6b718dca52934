//! `/admin audit`: who did what to what, and when. The list is kept with a token, so that its
//! buttons carry nothing that a client could change; who turns a page is asked for the power again.

use std::time::Duration;

use serde_json::json;
use serenity::all::User;

use crate::{
    db::{self, Happened, people::confirmations::TokenRefused},
    domain::{
        UserId,
        access::Power,
        button::Token,
        log::{LogFilter, LogView, target_of},
        revenue::Period,
    },
    view::{self, Post, export, log},
};

use super::{
    super::{
        Bot, Context,
        dashboard::LARGEST_TABLE,
        error::{Error, random},
        interaction::Interaction,
    },
    admitted,
    orders::audit_facts,
    suggest,
};

/// How long the pages of a list can be turned.
const OPEN: Duration = Duration::from_hours(1);

/// `/admin audit`
#[poise::command(slash_command)]
pub(super) async fn audit(
    ctx: Context<'_>,
    by: Option<User>,
    #[max_length = 60]
    #[autocomplete = "suggest::action"]
    action: Option<String>,
    #[max_length = 150]
    #[autocomplete = "suggest::audited"]
    target: Option<String>,
    #[max_length = 40]
    #[autocomplete = "suggest::period"]
    period: Option<String>,
) -> Result<(), Error> {
    // The bot is one of the people on the server; in the log it is nobody.
    let me = ctx.framework.bot_id();
    let by = by.map(|user| if user.id == me { UserId(0) } else { UserId(user.id.get()) });
    let said = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let target = said(target).map(|text| target_of(&text));
    let filter = LogFilter { by, action: said(action), target, from: None, until: None };
    command!(ctx, |bot, interaction| open(bot, interaction, filter, said(period)))
}

async fn open(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    filter: LogFilter,
    period: Option<String>,
) -> Result<(), Error> {
    admitted(bot, interaction, Power::Admin, "audit.read").await?;
    let period = match period.map(|text| text.parse::<Period>()).transpose() {
        Ok(period) => period.map(|period| period.moments(bot.config.shop.timezone)),
        Err(_) => return Ok(interaction.answer(view::books::not_a_period(interaction.locale)).await?),
    };
    let (from, until) = period.unzip();
    let newest = db::audit::audit_head(&bot.db).await?.map_or(0, |(newest, _)| newest);
    let list = LogView { filter: LogFilter { from, until, ..filter }, newest };
    let token = Token::from_random(random()?);
    let post = page(bot, interaction, &list, &token, 0).await?;
    if let Some(post) = post {
        db::audit::log::open_log_view(&bot.db, &token, interaction.user, &list, OPEN, bot.clock.now()).await?;
        return Ok(interaction.answer(post).await?);
    }
    Ok(interaction.answer(log::nothing(interaction.locale)).await?)
}

/// Another page of a list.
pub(in crate::bot) async fn turn(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    token: &Token,
    number: u16,
) -> Result<(), Error> {
    let list = known(bot, interaction, token).await?;
    let post = page(bot, interaction, &list, token, number).await?;
    let post = post.unwrap_or_else(|| log::nothing(interaction.locale));
    Ok(interaction.update(post).await?)
}

/// The whole list as a table.
pub(in crate::bot) async fn file(bot: &Bot, interaction: &mut Interaction<'_>, token: &Token) -> Result<(), Error> {
    let list = known(bot, interaction, token).await?;
    interaction.defer().await?;
    let mut lines = db::audit::log::audit_log(&bot.db, &list, 0, log::MOST + 1).await?;
    let most = usize::try_from(log::MOST).unwrap_or(usize::MAX);
    let cut = lines.len() > most;
    lines.truncate(most);
    let facts: Vec<_> = lines.iter().map(audit_facts).collect();
    let csv = export::audit(&facts, bot.config.shop.timezone).map_err(|error| Error::Disk(error.into()))?;
    let happened = Happened {
        actor: interaction.user,
        action: "audit.export",
        target: String::new(),
        payload: json!({ "entries": lines.len(), "filter": list.filter }),
        session: None,
    };
    db::audit::fallback_file::audit_or_note(&bot.db, happened, bot.clock.now()).await?;
    let post = if csv.len() > LARGEST_TABLE {
        log::too_large(interaction.locale)
    } else {
        log::table(interaction.locale, lines.len(), cut, csv)
    };
    Ok(interaction.edit(post).await?)
}

/// The list behind a button, for who may read it; everybody else is told.
async fn known(bot: &Bot, interaction: &mut Interaction<'_>, token: &Token) -> Result<LogView, Error> {
    admitted(bot, interaction, Power::Admin, "audit.read").await?;
    let why = match db::audit::log::log_view(&bot.db, token, interaction.user, bot.clock.now()).await? {
        Ok(list) => return Ok(list),
        Err(why) => why,
    };
    interaction.answer(log::out_of_date(interaction.locale)).await?;
    if !matches!(why, TokenRefused::Expired) {
        bot.audit_refusal(interaction, "audit.read", format!("{why:?}").to_lowercase()).await?;
    }
    Err(Error::AlreadyAnswered)
}

/// A page; `None` where the list is empty.
async fn page(
    bot: &Bot,
    interaction: &Interaction<'_>,
    list: &LogView,
    token: &Token,
    page: u16,
) -> Result<Option<Post>, Error> {
    let mut lines = db::audit::log::audit_log(&bot.db, list, u32::from(page) * log::PAGE, log::PAGE + 1).await?;
    if lines.is_empty() && page == 0 {
        return Ok(None);
    }
    let full = usize::try_from(log::PAGE).unwrap_or(usize::MAX);
    let more = lines.len() > full;
    lines.truncate(full);
    let facts: Vec<_> = lines.iter().map(audit_facts).collect();
    Ok(Some(log::page(interaction.locale, &log::PageFacts { lines: &facts, page, more, token })))
}
