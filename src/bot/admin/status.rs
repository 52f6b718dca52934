//! `/admin status`: panels, outbox, what gave up with Retry and Drop, the last backup; and Release,
//! for owners, while the outbox of a restored database is held.

use futures_util::future::join_all;

use crate::{
    db::{self, maintenance::backup, outbox::dead_letters::Settled, people::confirmations::Presented},
    domain::{access::Power, confirmation::Confirmation},
    panel::{Availability, Position, Reader},
    view::{
        self, Post,
        admin_lists::{Done, Question},
        status::{Breaker, LaneFacts, PanelFacts, ParkedFacts, StatusFacts},
    },
};

use super::{
    super::{Bot, Context, error::Error, interaction::Interaction, usage},
    admitted,
};
use crate::bot::issue::issue;

/// `/admin status`
#[poise::command(slash_command)]
pub(super) async fn status(ctx: Context<'_>) -> Result<(), Error> {
    command!(ctx, |bot, interaction| show(bot, interaction))
}

async fn show(bot: &Bot, interaction: &mut Interaction<'_>) -> Result<(), Error> {
    admitted(bot, interaction, Power::Admin, "bot.status").await?;
    interaction.defer().await?;
    let seen = join_all(bot.panels.values().map(look)).await;
    let (lanes, parked, held) = tokio::try_join!(
        db::outbox::dead_letters::lanes(&bot.db),
        db::outbox::dead_letters::parked(&bot.db),
        db::maintenance::restore::outbox_held_since(&bot.db)
    )?;
    let panels: Vec<_> = seen
        .iter()
        .map(|seen| PanelFacts {
            name: &seen.name,
            down: match &seen.now {
                Availability::Up => None,
                Availability::Down { since, cause } => Some((*since, cause.as_str())),
            },
            xray: seen.xray.as_deref(),
            version: seen.version.as_deref(),
            breaker: seen.breaker,
        })
        .collect();
    let lanes: Vec<_> =
        lanes.iter().map(|lane| LaneFacts { name: &lane.lane, waiting: lane.waiting, oldest: lane.oldest }).collect();
    let parked: Vec<_> = parked
        .iter()
        .map(|row| ParkedFacts { id: row.id, key: &row.key, since: row.since, error: &row.error })
        .collect();
    let facts = StatusFacts {
        panels: &panels,
        lanes: &lanes,
        parked: &parked,
        held,
        releases: bot.power(interaction) >= Some(Power::Owner),
        backup: backup::newest(&bot.config.storage.data_dir, bot.clock.now()),
        started: bot.started,
        version: env!("CARGO_PKG_VERSION"),
        boot: &bot.boot,
    };
    interaction.edit(view::status::status(interaction.locale, &facts)).await?;
    Ok(())
}

/// A panel as it is.
struct Seen {
    name: String,
    now: Availability,
    breaker: Breaker,
    /// What it was when it last let us in.
    version: Option<String>,
    /// What it says of xray, if it does so soon.
    xray: Option<String>,
}

async fn look(panel: &Reader) -> Seen {
    let said = tokio::time::timeout(usage::PATIENCE, panel.status()).await;
    Seen {
        name: panel.name().to_owned(),
        now: panel.availability(),
        breaker: match panel.position() {
            Position::Closed => Breaker::Closed,
            Position::Open => Breaker::Open,
            Position::HalfOpen => Breaker::HalfOpen,
        },
        version: panel.generation().map(|generation| generation.to_string()),
        xray: said.ok().and_then(Result::ok).map(|status| status.xray_version),
    }
}

/// Retry: a parked effect is tried again.
pub(in crate::bot) async fn retry(bot: &Bot, interaction: &mut Interaction<'_>, row: i64) -> Result<(), Error> {
    admitted(bot, interaction, Power::Admin, "effect.retry").await?;
    interaction.defer().await?;
    let done = match db::outbox::dead_letters::retry_parked(&bot.db, row, interaction.user, bot.clock.now()).await? {
        Settled::Done(key) => Done::Retried(key),
        Settled::Gone => Done::NotParked,
    };
    interaction.edit(view::admin_lists::done(interaction.locale, &done)).await?;
    Ok(())
}

pub(in crate::bot) async fn ask_to_drop(bot: &Bot, interaction: &mut Interaction<'_>, row: i64) -> Result<(), Error> {
    admitted(bot, interaction, Power::Admin, "effect.drop").await?;
    let parked = db::outbox::dead_letters::parked(&bot.db).await?;
    let Some(found) = parked.into_iter().find(|parked| parked.id == row) else {
        return Ok(interaction.answer(view::admin_lists::done(interaction.locale, &Done::NotParked)).await?);
    };
    let (token, expires) = issue(bot, interaction, &Confirmation::DropEffect { row }).await?;
    interaction
        .answer(view::admin_lists::question(interaction.locale, &Question::Drop { key: &found.key }, &token, expires))
        .await?;
    Ok(())
}

pub(in crate::bot) async fn ask_to_release(bot: &Bot, interaction: &mut Interaction<'_>) -> Result<(), Error> {
    admitted(bot, interaction, Power::Owner, "outbox.release").await?;
    let Some(since) = db::maintenance::restore::outbox_held_since(&bot.db).await? else {
        return Ok(interaction.answer(view::admin_lists::done(interaction.locale, &Done::NotHeld)).await?);
    };
    let waiting = db::outbox::dead_letters::lanes(&bot.db).await?.iter().map(|lane| lane.waiting).sum();
    let (token, expires) = issue(bot, interaction, &Confirmation::ReleaseOutbox).await?;
    let question = Question::Release { since, waiting };
    interaction.answer(view::admin_lists::question(interaction.locale, &question, &token, expires)).await?;
    Ok(())
}

pub(in crate::bot) async fn release(
    bot: &Bot,
    interaction: &Interaction<'_>,
    presented: &Presented,
) -> Result<Post, Error> {
    let released = db::maintenance::restore::release_confirmed(&bot.db, presented, bot.clock.now()).await?;
    tracing::info!(user.id = %interaction.user, released, "the outbox of a restored database was released");
    Ok(view::admin_lists::done(interaction.locale, if released { &Done::Released } else { &Done::NotHeld }))
}

pub(in crate::bot) async fn drop_effect(
    bot: &Bot,
    interaction: &Interaction<'_>,
    presented: &Presented,
    row: i64,
) -> Result<Post, Error> {
    let done = match db::outbox::dead_letters::drop_parked(&bot.db, presented, row, bot.clock.now()).await? {
        Settled::Done(key) => Done::Dropped(key),
        Settled::Gone => Done::NotParked,
    };
    tracing::info!(user.id = %interaction.user, row, "an effect that had given up was dropped");
    Ok(view::admin_lists::done(interaction.locale, &done))
}
