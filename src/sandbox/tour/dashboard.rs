//! The chapter in which the owner looks at the numbers.

use std::path::Path;

use anyhow::{Context as _, ensure};

use super::{PATIENCE, Sold, Stage};
use crate::sandbox::{discord::View, shop::Shop};

pub(super) async fn show(shop: &Shop, stage: &mut Stage<'_>, sold: &[&Sold], to: &Path) -> anyhow::Result<()> {
    let sales = format!("{} sales", sold.len());
    let told = |view: &View<'_>| {
        let seen = view.seen_by(shop.omar.id(), shop.dashboard);
        seen.into_iter().find(|message| message.contains(&sales))
    };
    let dashboard = shop.discord.until("the dashboard to know every sale", PATIENCE, told).await?;
    stage.sees(shop.name_of(&shop.omar), &dashboard)?;
    let picture = dashboard.attachments.first().context("the dashboard has no picture")?;
    ensure!(image::load_from_memory(&picture.bytes).is_ok(), "the dashboard's picture is none");
    std::fs::write(to, &picture.bytes).with_context(|| format!("{} cannot be written", to.display()))?;
    Ok(stage.holds(&format!("its picture is saved as {}", to.display()))?)
}
