//! The dashboard's buttons. What they show is private to who pressed them.

use serde_json::json;

use crate::{
    db::{self, Happened, Subject, maintenance::encryption},
    domain::{button::Button, effect::Effect, limits::Limited, revenue::Period},
    telemetry::incident,
    view::{
        books::{self, TableFacts},
        dashboard::refreshed,
        export,
    },
};

use super::{Bot, PATIENCE, error::Error, interaction::Interaction};

/// A larger table is not sent: Discord takes 10 MiB, with the rest of the request in it.
pub(super) const LARGEST_TABLE: usize = 9 * 1024 * 1024;

/// Refresh: the numbers of this moment.
pub(super) async fn refresh(bot: &Bot, interaction: &mut Interaction<'_>) -> Result<(), Error> {
    bot.within_limit(interaction, Limited::Refresh)?;
    bot.admins_only(interaction, &Button::DashboardRefresh).await?;
    let now = bot.clock.now();
    db::outbox::enqueue_alone(&bot.db, &Effect::SyncDashboard {}, now, now).await?;
    interaction.defer().await?;
    let look = || async { Ok(db::ledger::dashboard::dashboard(&bot.db).await?.filter(|shown| shown.at >= now)) };
    let shown = bot.db.wait_for(&Subject::Dashboard, PATIENCE, look).await?;
    interaction.edit(refreshed(interaction.locale, shown.is_some())).await?;
    Ok(())
}

/// Export CSV: the last days, and a menu of other periods.
pub(super) async fn export_last_days(bot: &Bot, interaction: &mut Interaction<'_>) -> Result<(), Error> {
    bot.within_limit(interaction, Limited::Export)?;
    bot.admins_only(interaction, &Button::DashboardExport).await?;
    let today = db::ledger::revenue::shop_day(&bot.db, bot.clock.now());
    export_period(bot, interaction, Period::last_days(books::DAYS, today)).await
}

/// A period was chosen from the menu, or is to be typed.
pub(super) async fn period_chosen(
    bot: &Bot,
    interaction: &mut Interaction<'_>,
    value: Option<&str>,
) -> Result<(), Error> {
    bot.within_limit(interaction, Limited::Export)?;
    bot.admins_only(interaction, &Button::ExportMenu).await?;
    match value {
        Some(books::OTHER) => Ok(interaction.ask(books::period_modal(interaction.locale)).await?),
        Some(value) => period_typed_or_chosen(bot, interaction, value).await,
        None => super::stale(bot, interaction),
    }
}

pub(super) async fn period_typed(bot: &Bot, interaction: &mut Interaction<'_>, typed: &str) -> Result<(), Error> {
    bot.within_limit(interaction, Limited::Export)?;
    bot.admins_only(interaction, &Button::ExportModal).await?;
    period_typed_or_chosen(bot, interaction, typed).await
}

async fn period_typed_or_chosen(bot: &Bot, interaction: &mut Interaction<'_>, text: &str) -> Result<(), Error> {
    match text.parse() {
        Ok(period) => export_period(bot, interaction, period).await,
        Err(_) => Ok(interaction.answer(books::not_a_period(interaction.locale)).await?),
    }
}

async fn export_period(bot: &Bot, interaction: &mut Interaction<'_>, period: Period) -> Result<(), Error> {
    interaction.defer().await?;
    let (now, zone) = (bot.clock.now(), bot.config.shop.timezone);
    let (from, until) = period.moments(zone);
    let (orders, totals) = tokio::try_join!(
        db::ledger::export::export_orders(&bot.db, from, until),
        db::ledger::export::export_totals(&bot.db, from, until)
    )?;
    let csv = export::orders(&orders, zone).map_err(|error| Error::Disk(error.into()))?;
    db::audit::fallback_file::audit_or_note(
        &bot.db,
        Happened {
            actor: interaction.user,
            action: "orders.export",
            target: period.to_string(),
            payload: json!({ "orders": orders.len() }),
            session: None,
        },
        now,
    )
    .await?;
    if csv.len() > LARGEST_TABLE {
        return Ok(interaction.edit(books::too_large(interaction.locale, period)).await?);
    }
    let methods = bot.config.payment_methods.iter().map(|method| (method.id.to_string(), method.name.clone()));
    let facts = TableFacts {
        period,
        today: Period::last_days(1, db::ledger::revenue::shop_day(&bot.db, now)),
        orders: orders.len(),
        totals: &totals,
        method_names: &methods.collect::<Vec<_>>(),
    };
    interaction.edit(books::table(interaction.locale, &facts, csv)).await?;
    Ok(())
}

/// DB backup: written on the server; with a passphrase, an encrypted copy follows by message.
pub(super) async fn back_up(bot: &Bot, interaction: &mut Interaction<'_>) -> Result<(), Error> {
    bot.within_limit(interaction, Limited::Backup)?;
    bot.owners_only(interaction, &Button::DashboardBackup).await?;
    interaction.defer().await?;
    let now = bot.clock.now();
    let made = db::maintenance::backup::back_up(&bot.db, &bot.config.storage.data_dir, now).await;
    let (target, payload) = match &made {
        Ok(path) => (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), json!({})),
        Err(_) => (String::new(), json!({ "failed": true })),
    };
    let happened = Happened { actor: interaction.user, action: "database.backup", target, payload, session: None };
    db::audit::fallback_file::audit_or_note(&bot.db, happened, now).await?;
    let path = match made {
        Ok(path) => path,
        Err(error) => {
            let incident = incident();
            tracing::error!(%incident, user.id = %interaction.user, %error, "the backup that was asked for failed");
            return Ok(interaction.edit(books::not_backed_up(interaction.locale, incident.as_str())).await?);
        }
    };
    let sealed = match bot.config.backup_passphrase.clone() {
        None => None,
        Some(passphrase) => {
            let plain = path.clone();
            let sealed = tokio::task::spawn_blocking(move || encryption::seal(&plain, &passphrase)).await;
            Some(sealed.map_err(std::io::Error::other)??)
        }
    };
    if let Some(name) = sealed.as_ref().and_then(|path| path.file_name()) {
        let effect = Effect::SendBackup { file: name.to_string_lossy().into_owned(), user: interaction.user };
        db::outbox::enqueue_alone(&bot.db, &effect, now, now).await?;
    }
    interaction.edit(books::backed_up(interaction.locale, &path.display().to_string(), sealed.is_some())).await?;
    Ok(())
}
