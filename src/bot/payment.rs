//! `/proof`: a payment proof as the option of a command, for servers where the bot may not read
//! messages. Pictures posted in a ticket are read by the outbox.

use serenity::all::Attachment;

use crate::{
    db::{
        self,
        payments::{
            proof::{Proof, ProofSource},
            submissions::Submitted,
        },
    },
    domain::{Order, limits::Limited, order::ProofRefused},
    proof::{FetchError, Picture},
    view::{self, Post},
};

use super::{Bot, Context, error::Error, interaction::Interaction};

#[poise::command(slash_command)]
pub(super) async fn proof(ctx: Context<'_>, image: Attachment) -> Result<(), Error> {
    command!(ctx, |bot, interaction| submit(bot, interaction, &image))
}

async fn submit(bot: &Bot, interaction: &mut Interaction<'_>, image: &Attachment) -> Result<(), Error> {
    bot.at_home(interaction)?;
    bot.within_limit(interaction, Limited::Proof)?;
    let order = addressed(bot, interaction).await?;
    // Fetching and decoding may take longer than Discord waits for an answer.
    interaction.defer().await?;
    let post = examine(bot, interaction, &order, image).await?;
    interaction.edit(post).await?;
    Ok(())
}

/// The order that the proof is for.
async fn addressed(bot: &Bot, interaction: &Interaction<'_>) -> Result<Order, Error> {
    let locale = interaction.locale;
    let order = match db::orders::order_in(&bot.db, interaction.channel).await? {
        Some(order) if order.customer == interaction.user => order,
        _ => match db::orders::open_order(&bot.db, interaction.user).await? {
            Some(order) => return Err(Error::answered(view::proof::wrong_channel(locale, &order))),
            None => return Err(Error::answered(view::proof::no_order(locale))),
        },
    };
    if db::orders::customer(&bot.db, interaction.user).await?.is_some_and(|customer| customer.blocked) {
        return Err(Error::answered(view::proof::refused(locale, ProofRefused::Blocked)));
    }
    match order.accepts_proof() {
        Ok(()) => Ok(order),
        Err(why) => Err(Error::answered(view::proof::refused(locale, why))),
    }
}

async fn examine(bot: &Bot, interaction: &Interaction<'_>, order: &Order, image: &Attachment) -> Result<Post, Error> {
    let locale = interaction.locale;
    let bytes = match bot.door.fetch(&image.url, u64::from(image.size)).await {
        Ok(bytes) => bytes,
        Err(FetchError::Refused(why)) => return Ok(view::proof::bad_picture(locale, why)),
        Err(error @ (FetchError::Foreign { .. } | FetchError::Gone | FetchError::Unreachable(_))) => {
            if let Some(times) = bot.limits.repeated(interaction.user, "proof not fetched") {
                tracing::warn!(order.id = %order.id, user.id = %interaction.user, times, "a proof was not fetched: {error}");
            }
            return Ok(view::proof::not_fetched(locale));
        }
    };
    let picture = match bot.door.examine(bytes).await {
        Ok(picture) => picture,
        Err(why) => return Ok(view::proof::bad_picture(locale, why)),
    };
    bot.door.keep(&picture).await?;
    let source = ProofSource::Interaction(interaction.id);
    let submitted = db::payments::submissions::submit_proof(
        &bot.db,
        &order.id,
        interaction.user,
        &source,
        &known(&picture),
        bot.clock.now(),
    )
    .await?;
    Ok(match submitted {
        Submitted::Accepted(submission) => {
            tracing::info!(order.id = %order.id, user.id = %interaction.user, %submission, "a proof was submitted");
            view::proof::accepted(locale)
        }
        Submitted::Seen => view::proof::accepted(locale),
        Submitted::Refused(why) => view::proof::refused(locale, why),
        Submitted::Duplicate { left: None } => view::proof::duplicate(locale),
        Submitted::Duplicate { left: Some(left) } => view::proof::attempt_spent(locale, left),
    })
}

/// What the database keeps of a picture.
fn known(picture: &Picture) -> Proof {
    Proof {
        hash: picture.hash.to_string(),
        pixel_hash: picture.pixel_hash.to_string(),
        format: picture.format.extension().to_owned(),
        width: picture.width,
        height: picture.height,
        size: u64::try_from(picture.bytes.len()).unwrap_or(u64::MAX),
        told: picture.told.clone(),
    }
}
