//! Reading a ticket: everything its customer wrote since it was last read, once and in order.
//!
//! The gateway's event, READY, the ten-minute scan and a restart all want this one effect; a
//! message that has been looked at is not looked at again.

use std::time::Duration;

use super::{
    EffectContext, EffectError,
    deleted_channel::confirm_gone,
    discord::made_before,
    messages::{File, Written},
    notify::is_there,
};
use crate::{
    db::{
        self,
        outbox::Lease,
        payments::{
            proof::{Proof, ProofSource},
            submissions::{Submitted, Verdict},
        },
    },
    domain::{
        Order, OrderId, OrderStatus, discord_error::Refused, effect::Notice, order::ProofRefused,
        proofs::FILES_OF_A_MESSAGE,
    },
    proof::{FetchError, Picture},
};

/// So long a file that Discord announces and does not hand out holds up its ticket. Then its
/// customer is asked for it again, and what comes after it in the ticket goes on.
const FILE_PATIENCE: Duration = Duration::from_mins(10);

/// So long a ticket is read before others have their turn; what is left of it comes after them.
const TURN: Duration = Duration::from_secs(20);

/// Reads a ticket to its end.
pub(super) async fn ticket(context: &EffectContext, lease: &Lease, id: &OrderId) -> Result<(), EffectError> {
    if to_its_end(context, lease, id).await? {
        what_must_stand(context, id).await?;
    }
    Ok(db::outbox::finish(&context.db, lease, context.clock.now()).await?)
}

/// Ends an unpaid order whose time is over, after one more look for a proof that nobody announced.
pub(super) async fn and_lapse(context: &EffectContext, lease: &Lease, id: &OrderId) -> Result<(), EffectError> {
    let read = to_its_end(context, lease, id).await?;
    let now = context.clock.now();
    if !read || context.clock.jumped(context.config.schedule.clock_hold).is_some() {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    }
    if db::orders::lapse(&context.db, lease, id, now).await? {
        tracing::info!(order.id = %id, "never paid; lapsed");
    }
    Ok(())
}

/// That somebody deleted the status message or the card may have come with no event, or before we
/// knew the message at all.
async fn what_must_stand(context: &EffectContext, id: &OrderId) -> Result<(), EffectError> {
    let Some(order) = db::orders::order(&context.db, id).await? else { return Ok(()) };
    if let (Some(channel), Some(status)) = (order.ticket.channel, order.ticket.status_message) {
        is_there(context, channel, status).await?;
    }
    if order.status() != OrderStatus::PaymentSubmitted {
        return Ok(());
    }
    for (channel, question) in db::outbox::deleted_messages::open_questions(&context.db, id).await? {
        is_there(context, channel, question).await?;
    }
    db::outbox::deleted_messages::ask_again(&context.db, id, context.clock.now()).await?;
    let Some(latest) = db::payments::submissions::latest_submission(&context.db, id).await? else { return Ok(()) };
    let waiting = db::payments::submissions::submission(&context.db, latest)
        .await?
        .filter(|found| found.verdict == Verdict::Pending);
    if let Some(card) = waiting.and_then(|submission| submission.card) {
        is_there(context, context.config.discord.review_channel_id, card).await?;
    }
    Ok(())
}

/// Reads on from where it was read last. Says whether to the end: otherwise it is wanted again, and
/// its next turn comes after everybody else's.
async fn to_its_end(context: &EffectContext, lease: &Lease, id: &OrderId) -> Result<bool, EffectError> {
    let began = context.clock.uptime();
    loop {
        let now = context.clock.now();
        let Some(order) = db::orders::order(&context.db, id).await? else { break };
        let Some(channel) = order.ticket.channel else { break };
        let page = match context.messages_after(channel, order.ticket.last_seen.max(channel.0)).await {
            Err(trouble) if trouble.is(Refused::NoChannel) => {
                confirm_gone(context, channel).await?;
                db::orders::tickets::ticket_gone(&context.db, channel, now).await?;
                break;
            }
            other => other.map_err(EffectError::from)?,
        };
        for message in page.messages.iter().filter(|message| message.author() == order.customer) {
            if context.clock.uptime().saturating_sub(began) > TURN {
                let now = context.clock.now();
                db::outbox::enqueue_alone(&context.db, &lease.effect, now, now).await?;
                return Ok(false);
            }
            let looked = async {
                let (notices, refused) = look_at(context, lease, &order, message).await?;
                // Words are told of once an hour; the page's last message says that they were read.
                if message.files().next().is_none() {
                    return Ok(());
                }
                Ok::<(), EffectError>(
                    db::payments::submissions::ticket_read(
                        &context.db,
                        id,
                        message.id().0,
                        notices,
                        refused,
                        context.clock.now(),
                    )
                    .await?,
                )
            };
            if let Err(failure) = looked.await {
                if matches!(&failure, EffectError::Db(error) if error.passes()) {
                    context.faults.unheard(id);
                }
                return Err(failure);
            }
        }
        if let Some(last) = page.messages.last() {
            db::payments::submissions::ticket_read(&context.db, id, last.id().0, Vec::new(), 0, context.clock.now())
                .await?;
        }
        if !page.goes_on {
            break;
        }
    }
    Ok(true)
}

/// What the customer must be told about one message, and how many of its files could not be taken; a
/// proof that is taken tells by itself.
async fn look_at(
    context: &EffectContext,
    lease: &Lease,
    order: &Order,
    message: &Written,
) -> Result<(Vec<Notice>, u32), EffectError> {
    let id = message.id().0;
    // The order as it is now: an earlier message of the same page may have been its proof.
    let Some(order) = db::orders::order(&context.db, &order.id).await? else { return Ok((Vec::new(), 0)) };
    let accepts = order.accepts_proof();
    if message.files().next().is_none() {
        if matches!(accepts, Ok(()) | Err(ProofRefused::NoMethod | ProofRefused::NoReference)) {
            say_how(context, &order, message, accepts).await?;
        }
        return Ok((Vec::new(), 0));
    }
    match accepts {
        Err(ProofRefused::NoMethod) => return Ok((vec![Notice::NoMethod { message: id }], 1)),
        Err(ProofRefused::NoReference) => return Ok((vec![Notice::NoReference { message: id }], 1)),
        // Written before the ticket was locked: it may be another receipt of the same payment.
        Ok(()) | Err(ProofRefused::UnderReview) => {}
        // The ticket is locked or about to be: the status message says why.
        Err(_) => return Ok((Vec::new(), 0)),
    }
    if db::orders::customer(&context.db, order.customer).await?.is_some_and(|customer| customer.blocked) {
        db::people::limits::hint(
            &context.db,
            &order.id,
            "blocked",
            Notice::Blocked { message: id },
            context.clock.now(),
        )
        .await?;
        return Ok((Vec::new(), 0));
    }
    if !db::payments::refused_files::looks_at_files(&context.db, &order.id, context.clock.now()).await? {
        // Its customer was told until when.
        return Ok((Vec::new(), 0));
    }
    let (mut good, mut refused, mut files) = (Vec::new(), None, 0);
    for file in message.files().take(FILES_OF_A_MESSAGE) {
        files += 1;
        match fetch(context, lease, &order.id, id, file).await? {
            Err(why) => refused = refused.or(Some(why)),
            Ok(picture) => {
                // On disk before the commit: a row never points at nothing.
                context.door.keep(&picture).await.map_err(db::Error::from)?;
                good.push(facts(&picture));
            }
        }
    }
    if good.is_empty() {
        if message.files().nth(FILES_OF_A_MESSAGE).is_some() {
            refused = Some(Notice::ManyFiles { message: id });
        }
        return Ok((refused.into_iter().collect(), files));
    }
    if accepts == Err(ProofRefused::UnderReview) {
        let now = context.clock.now();
        db::payments::submissions::add_pictures(&context.db, &order.id, order.customer, &good, now).await?;
        return Ok((Vec::new(), 0));
    }
    let source = ProofSource::Message(id);
    let sent = db::payments::submissions::submit_proofs(
        &context.db,
        &order.id,
        order.customer,
        &source,
        &good,
        context.clock.now(),
    )
    .await?;
    tracing::info!(order.id = %order.id, user.id = %order.customer, outcome = ?sent, "a proof was sent");
    Ok(match sent {
        Submitted::Refused(ProofRefused::NoMethod) => (vec![Notice::NoMethod { message: id }], 1),
        Submitted::Refused(ProofRefused::NoReference) => (vec![Notice::NoReference { message: id }], 1),
        Submitted::Duplicate { .. } => (Vec::new(), files),
        Submitted::Accepted(_) | Submitted::Seen | Submitted::Refused(_) => (Vec::new(), 0),
    })
}

/// Words where a picture is awaited: what to do is said once an hour.
async fn say_how(
    context: &EffectContext,
    order: &Order,
    message: &Written,
    accepts: Result<(), ProofRefused>,
) -> Result<(), EffectError> {
    let id = message.id().0;
    let (what, notice) = match accepts {
        Err(ProofRefused::NoMethod) => ("method", Notice::NoMethod { message: id }),
        Err(ProofRefused::NoReference) => ("reference", Notice::NoReference { message: id }),
        _ if message.names_an_address() => ("address", Notice::Address { message: id }),
        _ => ("words", Notice::WordsOnly { message: id }),
    };
    db::people::limits::hint(&context.db, &order.id, what, notice, context.clock.now()).await?;
    Ok(())
}

/// Downloads and examines one file; where that leads nowhere, what the customer must be told.
async fn fetch(
    context: &EffectContext,
    lease: &Lease,
    order: &OrderId,
    message: u64,
    file: &File,
) -> Result<Result<Picture, Notice>, EffectError> {
    let bytes = match context.door.fetch(&file.url, file.size).await {
        Ok(bytes) => bytes,
        Err(FetchError::Refused(why)) => return Ok(Err(Notice::BadPicture { message, why })),
        Err(error @ (FetchError::Foreign { .. } | FetchError::Gone)) => {
            tracing::warn!(order.id = %order, "a file in a ticket was not fetched: {error}");
            return Ok(Err(Notice::NotFetched { message }));
        }
        Err(error @ FetchError::Unreachable(_)) => {
            // Discord itself answers: it gave the message. Both must be old, the message and the
            // waiting for it: a ticket that could not be read at all gives a file its whole time.
            let given_up_at = context.clock.now().minus(FILE_PATIENCE);
            if lease.first_try_at > given_up_at || !made_before(message, given_up_at) {
                return Err(EffectError::Target(error.to_string()));
            }
            tracing::warn!(order.id = %order, "a file in a ticket was given up: {error}");
            return Ok(Err(Notice::NotFetched { message }));
        }
    };
    Ok(context.door.examine(bytes).await.map_err(|why| Notice::BadPicture { message, why }))
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
