//! `/admin pending` and `/admin order`: what waits for staff, and everything about one order.

use crate::{
    db::{self, orders::pending::AuditLine},
    domain::{MessageId, OrderId, Target, access::Power},
    view::{
        self, Post,
        admin::Unclear,
        desk::{AuditFacts, OrderFile, Place, ProofFacts, WaitingFacts},
    },
};

use super::{
    super::{Bot, Context, asked::Asked, fault::Fault},
    admitted, suggest,
};

/// `/admin pending`
#[poise::command(slash_command)]
pub(super) async fn pending(ctx: Context<'_>) -> Result<(), Fault> {
    command!(ctx, |bot, asked| queue(bot, asked))
}

/// `/admin order`
#[poise::command(slash_command)]
pub(super) async fn order(ctx: Context<'_>, #[autocomplete = "suggest::order"] order: String) -> Result<(), Fault> {
    command!(ctx, |bot, asked| file(bot, asked, &order))
}

async fn queue(bot: &Bot, asked: &mut Asked<'_>) -> Result<(), Fault> {
    admitted(bot, asked, Power::Support, "orders.pending").await?;
    let post = page(bot, asked, 0).await?;
    Ok(asked.answer(post).await?)
}

/// Another page of the queue, as it is now.
pub(in crate::bot) async fn turn(bot: &Bot, asked: &mut Asked<'_>, number: u16) -> Result<(), Fault> {
    admitted(bot, asked, Power::Support, "orders.pending").await?;
    let post = page(bot, asked, usize::from(number)).await?;
    Ok(asked.update(post).await?)
}

async fn page(bot: &Bot, asked: &Asked<'_>, number: usize) -> Result<Post, Fault> {
    let queue = db::orders::pending::queue(&bot.db).await?;
    let all: Vec<_> = queue
        .iter()
        .map(|one| WaitingFacts {
            id: &one.id,
            customer: one.customer,
            plan: &one.plan,
            price: one.price,
            status: one.status,
            since: one.since,
            ticket: one.ticket,
            card: one.card.map(|message| card(bot, message)),
        })
        .collect();
    Ok(view::desk::queue(asked.locale, &all, number))
}

fn card(bot: &Bot, message: MessageId) -> Place {
    Place { guild: bot.config.discord.guild_id, channel: bot.config.discord.review_channel_id, message }
}

async fn file(bot: &Bot, asked: &mut Asked<'_>, value: &str) -> Result<(), Fault> {
    admitted(bot, asked, Power::Support, "order.read").await?;
    let post = match value.parse() {
        Ok(Target::Order(id)) => everything(bot, asked, &id).await?,
        Ok(_) | Err(_) => view::admin::unclear(asked.locale, &Unclear::Value),
    };
    asked.answer(post).await?;
    Ok(())
}

async fn everything(bot: &Bot, asked: &Asked<'_>, id: &OrderId) -> Result<Post, Fault> {
    let Some(order) = db::orders::order(&bot.db, id).await? else {
        return Ok(view::admin::unclear(asked.locale, &Unclear::NoOrder));
    };
    bot.audit_lookup(asked, "order.read", id.to_string()).await?;
    let (person, proofs, history) = tokio::try_join!(
        db::orders::customer(&bot.db, order.customer),
        db::orders::pending::proofs_of(&bot.db, id),
        db::orders::pending::audit_trail(&bot.db, id.as_str()),
    )?;
    let subscription = match order.subscription {
        Some(row) => db::access::subscriptions::subscription(&bot.db, row).await?,
        None => None,
    };
    let proofs: Vec<_> = proofs
        .iter()
        .map(|one| ProofFacts {
            id: one.id,
            at: one.at,
            verdict: &one.verdict,
            flags: one.flags,
            card: one.card.map(|message| card(bot, message)),
        })
        .collect();
    let facts = OrderFile {
        order: &order,
        name: person.as_ref().map_or("", |person| &person.name),
        email: subscription.as_ref().map(|subscription| subscription.email.as_str()),
        proofs: &proofs,
        history: &history.iter().map(audit_facts).collect::<Vec<_>>(),
    };
    Ok(view::desk::order(asked.locale, &facts))
}

/// A line of the audit log as it is shown.
pub(super) fn audit_facts(line: &AuditLine) -> AuditFacts<'_> {
    AuditFacts {
        id: line.id,
        at: line.at,
        actor: line.actor,
        action: &line.action,
        target: &line.target,
        payload: &line.payload,
    }
}
