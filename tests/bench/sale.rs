//! From Confirm to the direct message: what we add to the panel's own time.

use std::{
    io::Cursor,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use image::{ImageFormat, Rgb, RgbImage};
use tollkeeper::sandbox::{
    discord::{Kind, Message, Person},
    panel::Logged,
};

use crate::{
    child::Child,
    crowd,
    report::{Report, milliseconds, quantile},
    scene::Scene,
};

/// How slow the panel is.
const LATENCIES: [u64; 3] = [0, 50, 500];

/// Customers at each latency; each buys once and renews once.
const CUSTOMERS: usize = 12;

/// What we may add.
const OURS: f64 = 50.0;

const PATIENCE: Duration = Duration::from_secs(20);

/// One approval.
struct Sale {
    /// From the moment Confirm was to be pressed until Discord had read the message.
    took: Duration,
    /// Of that, the time in which the panel had a call in hand.
    panel: Duration,
    /// Calls to the panel.
    calls: usize,
    /// What arrived at Discord and at the panel meanwhile, and when after Confirm.
    road: Vec<(Duration, String)>,
}

/// Sales and renewals at every latency.
pub(crate) async fn confirm_to_dm(report: &mut Report) -> anyhow::Result<()> {
    let scene = Scene::open(1 + LATENCIES.len() * CUSTOMERS).await?;
    let bot = Child::start(&scene, "run").await?;
    let (first, others) = scene.customers.split_first().context("nobody to sell to")?;
    // Warms up: connections, the panel's generation, the inbound's flow.
    sell(&scene, first, "warm-up").await?;
    sell(&scene, first, "warm-up again").await?;
    for (latency, customers) in LATENCIES.into_iter().zip(others.chunks(CUSTOMERS)) {
        scene.panel.set_latency(Duration::from_millis(latency));
        let (mut sales, mut renewals) = (Vec::new(), Vec::new());
        for customer in customers {
            sales.push(sell(&scene, customer, "sale").await?);
            // A renewal of what was used resets a counter: the longest way there is.
            for client in scene.panel.clients() {
                scene.panel.set_traffic(&client.email, 1 << 20, 1 << 30);
            }
            renewals.push(sell(&scene, customer, "renewal").await?);
        }
        judge(report, &format!("Confirm → DM, sale, panel's {latency} ms"), &sales, 5.0);
        judge(report, &format!("Confirm → DM, renewal, panel's {latency} ms"), &renewals, 8.0);
    }
    let problems = [scene.discord.problems(), scene.panel.problems()].concat();
    ensure!(problems.is_empty(), "the sandbox saw problems: {problems:?}");
    bot.stop().await
}

fn judge(report: &mut Report, what: &str, sales: &[Sale], calls: f64) {
    let ours: Vec<_> = sales.iter().map(|sale| sale.took.saturating_sub(sale.panel)).collect();
    report.at_most(what, OURS, "ms", &milliseconds(&ours));
    let panel: Vec<_> = sales.iter().map(|sale| sale.panel).collect();
    report
        .beside(&format!("beyond the {:.0} ms that the panel had calls in hand", quantile(&milliseconds(&panel), 0.5)));
    #[expect(clippy::cast_precision_loss, reason = "a handful of calls")]
    let counts: Vec<_> = sales.iter().map(|sale| sale.calls as f64).collect();
    report.at_most("    calls to the panel", calls, "calls", &[quantile(&counts, 1.0)]);
    // Where the time of a slow one went is the first thing that one wants to know.
    if let Some(slowest) = sales.iter().max_by_key(|sale| sale.took.saturating_sub(sale.panel)) {
        for (after, arrived) in &slowest.road {
            eprintln!("        +{:6.1} ms  {arrived}", after.as_secs_f64() * 1000.0);
        }
    }
}

/// A whole order, measured from Confirm on.
async fn sell(scene: &Scene, customer: &Person, what: &str) -> anyhow::Result<Sale> {
    let (order, menu) = crowd::ticket_of(scene, customer).await?;
    let channel = menu.channel;
    customer.select(&menu, &["wallet"])?.answer().await?;
    let paying = scene.discord.until("the account to pay to", PATIENCE, |view| {
        view.seen_by(customer.id(), channel).into_iter().find(|message| message.contains("01000000000"))
    });
    paying.await?;
    customer.upload(channel, "receipt.png", &receipt(&format!("{what} {order}"))?, "")?;
    let card = scene.discord.until("the review card", PATIENCE, |view| {
        let mut cards = view.seen_by(scene.admin.id(), scene.review).into_iter();
        cards.find(|card| card.contains(&order) && card.part("Approve").is_some())
    });
    let question = scene.admin.click(&card.await?, "Approve")?.reply().await?;
    // The bot comes to rest: what the upload caused is not what Confirm causes.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let calls_before = scene.panel.requests().len();
    let requests_before = usize::try_from(scene.discord.request_count())?;
    let intended = Instant::now();
    let confirmed = scene.admin.click(&question, "Confirm")?;
    let arrived = delivered(scene, customer, &order, requests_before).await?;
    let calls: Vec<Logged> = scene.panel.requests().split_off(calls_before);
    confirmed.reply().await?;
    settled(scene, customer, &card_text(&order)).await?;
    let panel = in_hand(&calls, arrived)?;
    let requests = scene.discord.requests().split_off(requests_before);
    let road = requests.iter().map(|request| (request.at, format!("{} {}", request.info.method, request.info.path)));
    let calls_made =
        calls.iter().map(|call| (call.at, format!("the panel: {} {}", call.request.method, call.request.path)));
    let mut road: Vec<_> =
        road.chain(calls_made).map(|(at, what)| (at.saturating_duration_since(intended), what)).collect();
    road.sort();
    Ok(Sale { took: arrived - intended, panel, calls: calls.len(), road })
}

fn card_text(order: &str) -> [String; 2] {
    [order.to_owned(), "Link sent".to_owned()]
}

/// When the message with this order's link had been read by Discord.
async fn delivered(scene: &Scene, customer: &Person, order: &str, before: usize) -> anyhow::Result<Instant> {
    scene
        .discord
        .until("the message with the link", PATIENCE, |view| {
            view.dms_of(customer.id()).iter().find(|message| message.contains(order))?;
            let dm =
                view.dm_channels().into_iter().find(|at| at.kind == Kind::Dm && at.recipient == Some(customer.id()))?;
            let path = format!("/channels/{}/messages", dm.id);
            let mut sent = view.requests().iter().skip(before);
            sent.find(|request| request.info.method == "POST" && request.info.path == path).map(|request| request.at)
        })
        .await
}

/// Waits until the card says so too, so that nothing of this sale is left for the next one.
async fn settled(scene: &Scene, customer: &Person, words: &[String; 2]) -> anyhow::Result<Message> {
    let told = scene.discord.until("the card's last line", PATIENCE, |view| {
        let mut cards = view.messages(scene.review).into_iter();
        cards.find(|card| words.iter().all(|word| card.contains(word)))
    });
    told.await.with_context(|| format!("the sale to {}", customer.mention()))
}

/// How long at least one call was in the panel's hands.
fn in_hand(calls: &[Logged], until: Instant) -> anyhow::Result<Duration> {
    let mut spans = Vec::new();
    for call in calls {
        spans.push((call.at, call.answered.context("a call that was never answered")?.min(until)));
    }
    spans.sort();
    let mut total = Duration::ZERO;
    let mut covered: Option<Instant> = None;
    for (from, to) in spans {
        let from = covered.map_or(from, |covered| covered.max(from));
        total += to.saturating_duration_since(from);
        covered = Some(covered.map_or(to, |covered| covered.max(to)));
    }
    Ok(total)
}

/// A picture that looks like no other.
fn receipt(label: &str) -> anyhow::Result<Vec<u8>> {
    let bits: Vec<u8> = label.bytes().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1)).collect();
    let picture = RgbImage::from_fn(360, 640, |x, y| {
        let cell = usize::try_from(x / 12 + y / 12 * 30).unwrap_or(0);
        if bits.get(cell).is_some_and(|bit| *bit == 1) { Rgb([40, 40, 60]) } else { Rgb([250, 250, 245]) }
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}
