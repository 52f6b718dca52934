//! `/admin pending` and `/admin order`: what waits for staff, and everything about one order.

use crate::{
    db::{self, orders::pending::AuditLine},
    domain::{MessageId, OrderId, Target, access::Power},
    view::{
        self, Post,
        admin::Unclear,
        admin_lists::{AuditFacts, OrderFile, Place, ProofFacts, WaitingFacts},
    },
};

use super::{
    super::{Bot, Context, error::Error, interaction::Interaction},
    admitted, suggest,
};

/// `/admin pending`
#[poise::command(slash_command)]
pub(super) async fn pending(ctx: Context<'_>) -> Result<(), Error> {
    command!(ctx, |bot, interaction| queue(bot, interaction))
}

/// `/admin order`
#[poise::command(slash_command)]
pub(super) async fn order(ctx: Context<'_>, #[autocomplete = "suggest::order"] order: String) -> Result<(), Error> {
    command!(ctx, |bot, interaction| file(bot, interaction, &order))
}

async fn queue(bot: &Bot, interaction: &mut Interaction<'_>) -> Result<(), Error> {
    admitted(bot, interaction, Power::Support, "orders.pending").await?;
    let post = page(bot, interaction, 0).await?;
    Ok(interaction.answer(post).await?)
}

/// Another page of the queue, as it is now.
pub(in crate::bot) async fn turn(bot: &Bot, interaction: &mut Interaction<'_>, number: u16) -> Result<(), Error> {
    admitted(bot, interaction, Power::Support, "orders.pending").await?;
    let post = page(bot, interaction, usize::from(number)).await?;
    Ok(interaction.update(post).await?)
}

async fn page(bot: &Bot, interaction: &Interaction<'_>, number: usize) -> Result<Post, Error> {
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
    Ok(view::admin_lists::queue(interaction.locale, &all, number))
}

fn card(bot: &Bot, message: MessageId) -> Place {
    Place { guild: bot.config.discord.guild_id, channel: bot.config.discord.review_channel_id, message }
}

async fn file(bot: &Bot, interaction: &mut Interaction<'_>, value: &str) -> Result<(), Error> {
    admitted(bot, interaction, Power::Support, "order.read").await?;
    let post = match value.parse() {
        Ok(Target::Order(id)) => everything(bot, interaction, &id).await?,
        Ok(_) | Err(_) => view::admin::unclear(interaction.locale, &Unclear::Value),
    };
    interaction.answer(post).await?;
    Ok(())
}

async fn everything(bot: &Bot, interaction: &Interaction<'_>, id: &OrderId) -> Result<Post, Error> {
    let Some(order) = db::orders::order(&bot.db, id).await? else {
        return Ok(view::admin::unclear(interaction.locale, &Unclear::NoOrder));
    };
    bot.audit_lookup(interaction, "order.read", id.to_string()).await?;
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
    Ok(view::admin_lists::order(interaction.locale, &facts))
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
