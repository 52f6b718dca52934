//! The chapter in which the panel is down, and the bot is stopped and started while an approved
//! order waits.

use serde_json::json;

use super::{PATIENCE, Sold, Stage, approve, delivered, order, pay};
use crate::sandbox::{
    discord::{Message, View},
    shop::Shop,
};

pub(super) async fn play(shop: &mut Shop, stage: &mut Stage<'_>) -> anyhow::Result<Sold> {
    let ticket = order(shop, stage, &shop.karim, "Premium").await?;
    pay(shop, stage, &shop.karim, &ticket, "InstaPay", 5).await?;

    stage.place("The panel is switched off")?;
    shop.panel.down().await;
    owner_reads(shop, stage, "is down").await?;
    stage.acts("Salma types /order")?;
    let refused = shop.salma.slash(shop.lobby, "order", json!({}))?.reply().await?;
    stage.sees("Salma", &refused)?;
    approve(shop, stage, &ticket).await?;

    stage.place("The bot is stopped, and started again")?;
    shop.stop_bot().await?;
    shop.start_bot().await?;
    stage.place("The panel is switched on")?;
    shop.panel.up().await?;
    owner_reads(shop, stage, "works again").await?;
    delivered(shop, stage, &shop.karim, &ticket, 2).await
}

/// The owner's direct message that says something.
async fn owner_reads(shop: &Shop, stage: &mut Stage<'_>, text: &str) -> anyhow::Result<()> {
    let told =
        |view: &View<'_>| view.dms_of(shop.omar.id()).into_iter().find(|message: &Message| message.contains(text));
    let message = shop.discord.until("the owner's message", PATIENCE, told).await?;
    stage.place("A direct message to Omar, the owner")?;
    Ok(stage.sees(shop.name_of(&shop.omar), &message)?)
}
