//! First answers while two hundred customers act in the same instant.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::json;
use tollkeeper::{
    db,
    domain::UserId,
    sandbox::discord::{Message, Pending, Person, Refused},
};

use crate::{
    NULL,
    child::Child,
    report::{Report, milliseconds, quantile},
    scene::Scene,
};

/// Customers who act at once.
const CROWD: usize = 200;

/// Crowds that are measured, after one that warms the bot up.
const ROUNDS: usize = 5;

/// After this Discord tells the customer that the interaction failed.
const TOO_LATE: Duration = Duration::from_secs(3);

/// How long the bot may take to work off what a crowd has ordered.
const WORK: Duration = Duration::from_mins(1);

/// The two first answers, each beside the null bot's.
pub(crate) async fn first_answers(report: &mut Report) -> anyhow::Result<()> {
    let ceiling = null_bot().await?;
    let scene = Scene::open(CROWD).await?;
    let bot = Child::start(&scene, "run").await?;
    let (mut orders, mut choices) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (took, menus) = orders_at_once(&scene).await?;
        let chosen = plans_at_once(&scene, &menus).await?;
        if round > 0 {
            orders.extend(took);
            choices.extend(chosen);
        }
        tickets_go(&scene).await?;
    }
    let memory = bot.memory()?;
    let problems = scene.discord.problems();
    ensure!(problems.is_empty(), "the sandbox saw problems: {problems:?}");
    bot.stop().await?;
    report.p99_at_most("First answer to /order, 200 at once", 100.0, "ms", &orders);
    report.beside(&ceiling);
    report.p99_at_most("First answer to a chosen plan, 200 at once", 100.0, "ms", &choices);
    report.beside(&ceiling);
    report.beside(&format!("memory after {} orders: {memory:.0} MB", (ROUNDS + 1) * CROWD));
    Ok(())
}

/// What a first answer takes when the bot does nothing.
async fn null_bot() -> anyhow::Result<String> {
    let scene = Scene::open(CROWD).await?;
    let bot = Child::start(&scene, NULL).await?;
    let mut took = Vec::new();
    for round in 0..=ROUNDS {
        let (times, _) = orders_at_once(&scene).await?;
        if round > 0 {
            took.extend(times);
        }
    }
    drop(bot);
    Ok(format!("the null bot: p99 {:.0} ms; median {:.0}", quantile(&took, 0.99), quantile(&took, 0.5)))
}

/// Everybody types `/order`; the answers as they came.
async fn orders_at_once(scene: &Scene) -> anyhow::Result<(Vec<f64>, Vec<Message>)> {
    let (times, asked) = at_once(scene, |_, customer| customer.slash(scene.lobby, "order", json!({}))).await?;
    let mut menus = Vec::new();
    for pending in &asked {
        menus.push(pending.reply().await?);
    }
    Ok((times, menus))
}

/// Everybody chooses a plan; then everybody's ticket is waited for.
async fn plans_at_once(scene: &Scene, menus: &[Message]) -> anyhow::Result<Vec<f64>> {
    let choose = |n: usize, customer: &Person| customer.select(&menus[n], &["basic"]);
    let (times, _) = at_once(scene, choose).await?;
    let made = scene.discord.until("everybody's ticket", WORK, |view| {
        let tickets: Vec<_> = view.channels().into_iter().filter(|at| at.name.starts_with("order-")).collect();
        let shown = |id| view.messages(id).iter().any(|message| !message.components.is_empty());
        (tickets.len() == CROWD && tickets.iter().all(|ticket| shown(ticket.id))).then_some(())
    });
    made.await?;
    Ok(times)
}

/// All act at one intended moment; the times in milliseconds from there to the first answer.
async fn at_once(
    scene: &Scene,
    act: impl Fn(usize, &Person) -> Result<Pending, Refused>,
) -> anyhow::Result<(Vec<f64>, Vec<Pending>)> {
    // The bot comes to rest between two crowds, as long as each of them.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let intended = Instant::now();
    let asked = scene.customers.iter().enumerate().map(|(n, customer)| act(n, customer));
    let asked: Vec<Pending> = asked.collect::<Result<_, _>>()?;
    while intended.elapsed() < TOO_LATE && asked.iter().any(|one| one.answered_at().is_none()) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let times: Vec<_> = asked.iter().filter_map(|one| Some(one.answered_at()?.duration_since(intended))).collect();
    let mut times = milliseconds(&times);
    // Who got no answer waited for ever.
    times.resize(asked.len(), f64::INFINITY);
    Ok((times, asked))
}

/// The owner deletes all tickets, so that everybody may order again.
async fn tickets_go(scene: &Scene) -> anyhow::Result<()> {
    for ticket in scene.admin.channels().iter().filter(|at| at.name.starts_with("order-")) {
        scene.admin.deletes_channel(ticket.id)?;
    }
    let memory = scene.memory().await?;
    let end = Instant::now() + WORK;
    for customer in &scene.customers {
        while db::orders::open_order(&memory, UserId(customer.id())).await?.is_some() {
            ensure!(Instant::now() < end, "an order outlives its ticket");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    memory.close().await;
    Ok(())
}

/// One customer's order up to its ticket; also used where a single sale is measured.
pub(crate) async fn ticket_of(scene: &Scene, customer: &Person) -> anyhow::Result<(String, Message)> {
    let menu = customer.slash(scene.lobby, "order", json!({}))?.reply().await?;
    customer.select(&menu, &["basic"])?.answer().await?;
    let asks = |message: &Message| message.parts().iter().any(|part| !part.options.is_empty());
    let found = scene.discord.until("the ticket", TOO_LATE * 3, |view| {
        view.channels().into_iter().rev().filter(|at| at.name.starts_with("order-")).find_map(|at| {
            let status = view.seen_by(customer.id(), at.id).into_iter().find(asks)?;
            Some((at.name, status))
        })
    });
    let (name, status) = found.await.context("no ticket with a menu")?;
    Ok((name.trim_start_matches("order-").to_uppercase(), status))
}
