//! The tour: a story played by the real bot, told from what went over the wire.

use std::{
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::json;

use super::{
    discord::{Id, Message, Person, Refused},
    panel::{ClientRow, Panel},
    shop::Shop,
};
use crate::{
    app::told_to_stop,
    db::{self, Db},
    domain::{OrderId, OrderStatus},
};

mod dashboard;
mod outage;
mod stage;

use stage::Stage;

/// How long anything in the story may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How the tour is played.
#[derive(Default)]
pub struct Options {
    /// The sandbox stays open at the end, until it is told to stop.
    pub keep_open: bool,
    /// Where the dashboard's picture is saved; without one, a file of that name among the
    /// machine's temporary ones.
    pub picture: Option<PathBuf>,
    /// Something to do to the panel before the story begins.
    pub sabotage: Option<Sabotage>,
}

/// Something to do to a panel.
pub type Sabotage = Box<dyn FnOnce(&Panel) + Send>;

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("keep_open", &self.keep_open)
            .field("picture", &self.picture)
            .finish_non_exhaustive()
    }
}

/// Plays the whole story and checks at the end that it was true.
pub async fn play(options: Options, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let mut shop = Shop::open().await?;
    if let Some(sabotage) = options.sabotage {
        sabotage(&shop.panel);
    }
    let mut stage = Stage::new(out);
    stage.title("Tollkeeper sandbox")?;
    stage.prose(
        "A Discord and a 3x-ui panel on this machine, and between them the bot as it runs in \
         production. Nothing leaves the machine. Every line below the name of a person is what that \
         person sees on Discord.",
    )?;
    shop.start_bot().await?;
    let picture = options.picture.unwrap_or_else(|| std::env::temp_dir().join("tollkeeper-dashboard.png"));
    let sold = story(&mut shop, &mut stage, &picture).await;
    let verdict = match sold {
        Ok(sold) => check(&shop, &sold, &mut stage).await,
        Err(error) => Err(error),
    };
    if options.keep_open && verdict.is_ok() {
        // It listens before it says so: who reads it may end it at once.
        let ended = told_to_stop()?;
        stage.prose(&format!(
            "The sandbox stays open; its configuration is {}. Ctrl-C ends it.",
            shop.config_file().display()
        ))?;
        ended.await;
    }
    shop.stop_bot().await?;
    verdict
}

/// An order that must be completed at the end, with the message that delivered it.
struct Sold {
    order: OrderId,
    dm: Message,
}

async fn story(shop: &mut Shop, stage: &mut Stage<'_>, picture: &Path) -> anyhow::Result<Vec<Sold>> {
    stage.chapter("A first sale")?;
    let ticket = order(shop, stage, &shop.mona, "Premium").await?;
    pay(shop, stage, &shop.mona, &ticket, "Vodafone Cash", 1).await?;
    approve(shop, stage, &ticket).await?;
    let first = delivered(shop, stage, &shop.mona, &ticket, 1).await?;

    stage.chapter("A receipt that cannot be read, and a second one")?;
    let ticket = order(shop, stage, &shop.karim, "Basic").await?;
    pay(shop, stage, &shop.karim, &ticket, "InstaPay", 2).await?;
    decline(shop, stage, &ticket).await?;
    upload(shop, stage, &shop.karim, &ticket, 3).await?;
    approve(shop, stage, &ticket).await?;
    let second = delivered(shop, stage, &shop.karim, &ticket, 1).await?;

    stage.chapter("A renewal: same client, same link, no day lost")?;
    let email = client_of(shop, &first)?.email;
    shop.panel.set_traffic(&email, 2 << 30, 10 << 30);
    stage.prose("Mona has used 12 of her 150 GB when she orders again.")?;
    let ticket = order(shop, stage, &shop.mona, "Pro").await?;
    pay(shop, stage, &shop.mona, &ticket, "Vodafone Cash", 4).await?;
    approve(shop, stage, &ticket).await?;
    let third = delivered(shop, stage, &shop.mona, &ticket, 2).await?;

    stage.chapter("The panel goes down, and the bot is restarted meanwhile")?;
    let fourth = outage::play(shop, stage).await?;

    stage.chapter("The owner's dashboard")?;
    dashboard::show(shop, stage, &[&first, &second, &third, &fourth], picture).await?;
    Ok(vec![first, second, third, fourth])
}

/// A ticket of the story.
struct Ticket {
    order: OrderId,
    channel: Id,
}

async fn order(shop: &Shop, stage: &mut Stage<'_>, who: &Person, plan: &str) -> anyhow::Result<Ticket> {
    let name = shop.name_of(who);
    stage.acts(&format!("{name} types /order"))?;
    let menu = who.slash(shop.lobby, "order", json!({}))?.reply().await?;
    stage.sees(name, &menu)?;
    let choice = menu.parts().into_iter().flat_map(|part| part.options).find(|(label, _)| label.contains(plan));
    let (_, value) = choice.with_context(|| format!("the menu has no plan {plan}"))?;
    stage.acts(&format!("{name} picks {plan}"))?;
    who.select(&menu, &[&value])?.answer().await?;
    let mine = |view: &super::discord::View<'_>| {
        view.channels().into_iter().rev().find(|channel| {
            let asks = |message: &Message| message.parts().iter().any(|part| !part.options.is_empty());
            channel.name.starts_with("order-") && view.seen_by(who.id(), channel.id).iter().any(asks)
        })
    };
    let channel = shop.discord.until("the ticket", PATIENCE, mine).await?;
    let order = channel.name.trim_start_matches("order-").parse()?;
    stage.place(&format!("#{} opens, seen by {name} and staff only", channel.name))?;
    let ticket = Ticket { order, channel: channel.id };
    let status = status(shop, who, &ticket, |message| !message.parts().is_empty()).await?;
    stage.sees(name, &status)?;
    Ok(ticket)
}

/// The status message of a ticket as `who` sees it, once it is as wanted.
async fn status(
    shop: &Shop,
    who: &Person,
    ticket: &Ticket,
    wanted: impl Fn(&Message) -> bool,
) -> anyhow::Result<Message> {
    let found = |view: &super::discord::View<'_>| {
        view.seen_by(who.id(), ticket.channel).into_iter().find(|message| !message.embeds.is_empty() && wanted(message))
    };
    shop.discord.until("the ticket's status message", PATIENCE, found).await
}

async fn pay(
    shop: &Shop,
    stage: &mut Stage<'_>,
    who: &Person,
    ticket: &Ticket,
    method: &str,
    receipt_number: u8,
) -> anyhow::Result<()> {
    let name = shop.name_of(who);
    stage.acts(&format!("{name} picks {method}"))?;
    let menu = status(shop, who, ticket, |message| !message.parts().is_empty()).await?;
    who.select(&menu, &[method])?.answer().await?;
    let instructions = status(shop, who, ticket, |message| message.contains("Account")).await?;
    stage.sees(name, &instructions)?;
    upload(shop, stage, who, ticket, receipt_number).await
}

async fn upload(
    shop: &Shop,
    stage: &mut Stage<'_>,
    who: &Person,
    ticket: &Ticket,
    receipt_number: u8,
) -> anyhow::Result<()> {
    let name = shop.name_of(who);
    stage.acts(&format!("{name} uploads a screenshot of the payment"))?;
    let receipt = receipt(receipt_number)?;
    let upload = || who.upload(ticket.channel, "receipt.png", &receipt, "");
    let sent = upload();
    if let Err(Refused::TooSoon(left)) = sent {
        tokio::time::sleep(Duration::from_millis(left)).await;
        upload()?;
    } else {
        sent?;
    }
    let card = card(shop, ticket, "Approve").await?;
    let locked = status(shop, who, ticket, |message| message.parts().is_empty()).await?;
    stage.sees(name, &locked)?;
    Ok(stage.sees(shop.name_of(&shop.adel), &card)?)
}

/// The newest review card of a ticket's order that has a button, or says something.
async fn card(shop: &Shop, ticket: &Ticket, wanted: &str) -> anyhow::Result<Message> {
    let found = |view: &super::discord::View<'_>| {
        let cards = view.seen_by(shop.adel.id(), shop.review).into_iter().rev();
        cards.into_iter().find(|card| card.contains(ticket.order.as_str()) && card.contains(wanted))
    };
    shop.discord.until(&format!("a card with {wanted}"), PATIENCE, found).await
}

async fn approve(shop: &Shop, stage: &mut Stage<'_>, ticket: &Ticket) -> anyhow::Result<()> {
    let name = shop.name_of(&shop.adel);
    stage.acts(&format!("{name} presses Approve"))?;
    let card = card(shop, ticket, "Approve").await?;
    let confirmation = shop.adel.click(&card, "Approve")?.reply().await?;
    stage.sees(name, &confirmation)?;
    stage.acts(&format!("{name} presses Confirm"))?;
    let result = shop.adel.click(&confirmation, "Confirm")?.reply().await?;
    Ok(stage.sees(name, &result)?)
}

async fn decline(shop: &Shop, stage: &mut Stage<'_>, ticket: &Ticket) -> anyhow::Result<()> {
    let name = shop.name_of(&shop.adel);
    stage.acts(&format!("{name} presses Decline"))?;
    let card = card(shop, ticket, "Decline").await?;
    let reasons = shop.adel.click(&card, "Decline")?.reply().await?;
    stage.sees(name, &reasons)?;
    stage.acts(&format!("{name} picks a reason and confirms"))?;
    let confirmation = shop.adel.select(&reasons, &["unreadable"])?.reply().await?;
    shop.adel.click(&confirmation, "Confirm")?.answer().await?;
    let told = |view: &super::discord::View<'_>| {
        let seen = view.seen_by(shop.karim.id(), ticket.channel);
        seen.into_iter().find(|message| message.mentions.contains(&shop.karim.id()) && message.contains("declined"))
    };
    let notice = shop.discord.until("the notice of the decline", PATIENCE, told).await?;
    Ok(stage.sees(shop.name_of(&shop.karim), &notice)?)
}

async fn delivered(
    shop: &Shop,
    stage: &mut Stage<'_>,
    who: &Person,
    ticket: &Ticket,
    number: usize,
) -> anyhow::Result<Sold> {
    let name = shop.name_of(who);
    let arrived = |view: &super::discord::View<'_>| {
        let dms = view.dms_of(who.id());
        (dms.len() >= number).then(|| dms.last().cloned()).flatten()
    };
    let dm = shop.discord.until("the message with the link", PATIENCE, arrived).await?;
    stage.place(&format!("A direct message to {name}"))?;
    stage.sees(name, &dm)?;
    let card = card(shop, ticket, "Link sent").await?;
    stage.sees(shop.name_of(&shop.adel), &card)?;
    Ok(Sold { order: ticket.order.clone(), dm })
}

/// The panel's client whose uuid is in the link of the message.
fn client_of(shop: &Shop, sold: &Sold) -> anyhow::Result<ClientRow> {
    let clients = shop.panel.clients();
    let found = clients.into_iter().find(|client| sold.dm.contains(&format!("vless://{}@", client.uuid)));
    found.with_context(|| format!("the link of order {} is no client of the panel", sold.order))
}

/// Holds the story against what the bot remembers and the panel has.
async fn check(shop: &Shop, sold: &[Sold], stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.chapter("Was it true?")?;
    let db = Db::open_read_only(&shop.data_dir().join("tollkeeper.db"), chrono_tz::UTC).await?;
    for sale in sold {
        let order = db::orders::order(&db, &sale.order).await?.context("an order is gone")?;
        ensure!(order.status() == OrderStatus::Completed, "order {} is {}", sale.order, order.status());
        let client = client_of(shop, sale)?;
        ensure!(client.serving, "the client of order {} could not connect", sale.order);
    }
    stage.holds(&format!("{} orders are completed, and each link is a client of the panel", sold.len()))?;
    let clients = shop.panel.clients();
    ensure!(clients.len() == 2, "two customers, and the panel has {} clients", clients.len());
    stage.holds("two customers, two clients: the renewals made no third one")?;
    let renewed = client_of(shop, &sold[2])?;
    ensure!(renewed.uuid == client_of(shop, &sold[0])?.uuid, "the renewal changed the link");
    stage.holds(&format!("Mona has {} GB, 138 left over and 300 new", renewed.total_bytes >> 30))?;
    ensure!(renewed.total_bytes >> 30 == 438, "the renewal gave {} bytes", renewed.total_bytes);
    let (entries, _) = db::audit::verify_audit(&db).await??;
    stage.holds(&format!("the audit chain verifies, {entries} entries"))?;
    let problems = [shop.discord.problems(), shop.panel.problems()].concat();
    ensure!(problems.is_empty(), "the wire saw problems:\n{}", problems.join("\n"));
    stage.holds(&format!(
        "{} calls to Discord and {} to the panel, none of them wrong",
        shop.discord.request_count(),
        shop.panel.request_count()
    ))?;
    Ok(())
}

/// A picture that looks like no other.
fn receipt(number: u8) -> anyhow::Result<Vec<u8>> {
    let picture = RgbImage::from_fn(360, 640, |x, y| {
        let stripe = y / 40 % 2 == 0 && x > 40 && x < 320 - u32::from(number) * 20;
        if stripe { Rgb([60, 60, 70]) } else { Rgb([240, 240 - number, 235]) }
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}
