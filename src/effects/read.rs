//! Reading a ticket: everything its customer wrote since it was last read, once and in order.
//!
//! The gateway's event, READY, the ten-minute scan and a restart all want this one effect; a
//! message that has been looked at is not looked at again.

use serenity::all::{Attachment, Message};

use super::{
    Failure, World,
    discord::{PAGE, UNKNOWN_CHANNEL},
};
use crate::{
    db::{
        outbox::Claim,
        submissions::{Proof, ProofSource, Submitted},
    },
    domain::{Order, OrderId, effect::Notice, order::ProofRefused},
    proof::{FetchError, Picture},
};

/// Reads a ticket to its end.
pub(super) async fn ticket(world: &World, claim: &Claim, id: &OrderId) -> Result<(), Failure> {
    to_its_end(world, id).await?;
    Ok(world.db.finish(claim, world.clock.now()).await?)
}

/// Ends an unpaid order whose time is over, after one more look for a proof that nobody announced.
pub(super) async fn and_lapse(world: &World, claim: &Claim, id: &OrderId) -> Result<(), Failure> {
    to_its_end(world, id).await?;
    let now = world.clock.now();
    if world.clock.jumped(world.config.schedule.clock_hold).is_some() {
        return Ok(world.db.finish(claim, now).await?);
    }
    if world.db.lapse(claim, id, now).await? {
        tracing::info!(order.id = %id, "never paid; lapsed");
    }
    Ok(())
}

async fn to_its_end(world: &World, id: &OrderId) -> Result<(), Failure> {
    loop {
        let now = world.clock.now();
        let Some(order) = world.db.order(id).await? else { break };
        let Some(channel) = order.ticket.channel else { break };
        let page = match world.messages_after(channel, order.ticket.last_seen.max(channel.0)).await {
            Err(trouble) if trouble.is(&[UNKNOWN_CHANNEL]) => {
                world.db.ticket_gone(channel, now).await?;
                break;
            }
            other => other.map_err(Failure::from)?,
        };
        for message in &page {
            let notices = look_at(world, &order, message).await?;
            world.db.ticket_read(id, message.id.get(), notices, world.clock.now()).await?;
        }
        if page.len() < PAGE {
            break;
        }
    }
    Ok(())
}

/// What the customer must be told about one message; a proof that is taken tells by itself.
async fn look_at(world: &World, order: &Order, message: &Message) -> Result<Vec<Notice>, Failure> {
    if message.author.id.get() != order.customer.0 || files(message).next().is_none() {
        return Ok(Vec::new());
    }
    let id = message.id.get();
    // The order as it is now: an earlier message of the same page may have been its proof.
    let Some(order) = world.db.order(&order.id).await? else { return Ok(Vec::new()) };
    match order.accepts_proof() {
        Err(ProofRefused::NoMethod) => return Ok(vec![Notice::NoMethod { message: id }]),
        Err(ProofRefused::NoReference) => return Ok(vec![Notice::NoReference { message: id }]),
        // The ticket is locked or about to be: the status message says why.
        Err(_) => return Ok(Vec::new()),
        Ok(()) => {}
    }
    let mut refused = None;
    for file in files(message) {
        match fetch(world, &order.id, id, file).await? {
            Err(why) => refused = refused.or(Some(why)),
            Ok(picture) => {
                // On disk before the commit: a row never points at nothing.
                world.door.keep(&picture).await.map_err(|error| {
                    Failure::Target(format!("the picture cannot be written to the data directory: {error}"))
                })?;
                let source = ProofSource::Message(id);
                let proof = facts(&picture);
                let sent = world.db.submit_proof(&order.id, order.customer, &source, &proof, world.clock.now()).await?;
                tracing::info!(order.id = %order.id, user.id = %order.customer, outcome = ?sent, "a proof was sent");
                return Ok(match sent {
                    Submitted::Refused(ProofRefused::NoMethod) => vec![Notice::NoMethod { message: id }],
                    Submitted::Refused(ProofRefused::NoReference) => vec![Notice::NoReference { message: id }],
                    Submitted::Accepted(_) | Submitted::Seen | Submitted::Duplicate | Submitted::Refused(_) => {
                        Vec::new()
                    }
                });
            }
        }
    }
    Ok(refused.into_iter().collect())
}

/// The files of a message, and those of the messages that it forwards.
fn files(message: &Message) -> impl Iterator<Item = &Attachment> {
    let forwarded = message.message_snapshots.iter().flat_map(|snapshot| &snapshot.attachments);
    message.attachments.iter().chain(forwarded)
}

/// Downloads and examines one file; where that leads nowhere, what the customer must be told.
async fn fetch(
    world: &World,
    order: &OrderId,
    message: u64,
    file: &Attachment,
) -> Result<Result<Picture, Notice>, Failure> {
    let bytes = match world.door.fetch(&file.url, u64::from(file.size)).await {
        Ok(bytes) => bytes,
        Err(FetchError::Refused(why)) => return Ok(Err(Notice::BadPicture { message, why })),
        Err(error @ (FetchError::Foreign { .. } | FetchError::Gone)) => {
            tracing::warn!(order.id = %order, "a file in a ticket was not fetched: {error}");
            return Ok(Err(Notice::NotFetched { message }));
        }
        Err(error @ FetchError::Unreachable(_)) => return Err(Failure::Target(error.to_string())),
    };
    Ok(world.door.examine(bytes).await.map_err(|why| Notice::BadPicture { message, why }))
}

fn facts(picture: &Picture) -> Proof {
    Proof {
        hash: picture.hash.to_string(),
        pixel_hash: picture.pixel_hash.to_string(),
        format: picture.format.extension().to_owned(),
        width: picture.width,
        height: picture.height,
        size: picture.bytes.len() as u64,
        told: picture.told.clone(),
    }
}
