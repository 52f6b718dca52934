//! The review card: one message per submission, made what its order says now.

use super::{EffectContext, EffectError};
use crate::{
    db::{self, outbox::Lease, payments::submissions::Submission},
    domain::{Order, OrderState, SubmissionId, discord_error::Refused, effect::Effect},
    panel::breaker::Availability,
    view::{
        File, Marker, Post,
        review::{CardFacts, Given, Known, OnPanel, card},
    },
};

/// The most that the pictures of one card weigh together; Discord takes 10 MiB for a file.
const MOST_BYTES: usize = 20 * 1024 * 1024;

/// Makes the card what the state says.
pub(super) async fn sync(context: &EffectContext, lease: &Lease, id: SubmissionId) -> Result<(), EffectError> {
    let now = context.clock.now();
    let Some(submission) = db::payments::submissions::submission(&context.db, id).await? else {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    };
    let Some(order) = db::orders::order(&context.db, &submission.order).await? else {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    };
    let channel = context.config.discord.review_channel_id;
    let mut post = card_of(context, &submission, &order, None).await?;
    let bare = submission.card_digest.as_deref().is_some_and(|known| known.starts_with(BARE));
    if bare || !is_kept(context, &submission).await {
        post = post.without_picture();
    }
    let asks = post.asks();
    let pictures = format!("{}:", submission.others.len() + 1);
    let digest = if bare { bare_digest(&post) } else { format!("{pictures}{}", post.digest()) };
    let again_at = submission.reviewing.map(|reviewing| reviewing.until).filter(|until| *until > now);
    let shown = (digest.as_str(), again_at);
    let mut message = submission.card;
    if message.is_some() && submission.card_digest.as_deref() == Some(&digest) {
        return Ok(db::payments::cards::card_stays(&context.db, lease, again_at, now).await?);
    }
    if message.is_none() && lease.must_look_first() {
        let marker = Marker::proof(&order.id, id);
        message = context.find_posted(channel, &marker, lease.first_try_at).await?;
    }
    let mut tidied = submission.card_gone;
    if let Some(known) = message {
        // Another picture came after the card had been posted.
        let shown_with = submission.card_digest.as_deref();
        let shows_all = shown_with.map_or(submission.others.is_empty(), |shown| shown.starts_with(&pictures));
        let edited = if bare || shows_all {
            context.edit(channel, known, post).await
        } else {
            let post = with_pictures(context, &submission, &order).await?;
            context.edit_with_files(channel, known, post).await
        };
        match edited {
            Ok(()) => return Ok(db::payments::cards::card_shown(&context.db, lease, id, known, shown, now).await?),
            Err(trouble) if trouble.is(Refused::NoMessage) => {
                db::payments::cards::card_lost(&context.db, id, now).await?;
                tidied = true;
            }
            Err(trouble) => return Err(trouble.into()),
        }
    }
    // Staff tidy away what is decided; what nobody has to press does not come back.
    if tidied && !asks {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    }
    let post = with_pictures(context, &submission, &order).await?;
    let seed = format!("{}:{}:{message:?}", lease.effect.key(), lease.first_try_at);
    let posted = match context.post(channel, post, &seed).await {
        // Staff decide with what there is.
        Err(trouble) if trouble.why().is_some_and(Refused::is_about_a_file) => {
            tracing::warn!(submission.id = %id, "Discord does not take a receipt's picture; its card goes without");
            let bare = card_of(context, &submission, &order, None).await?.without_picture();
            let digest = bare_digest(&bare);
            let posted = context.post(channel, bare, &format!("{seed}:bare")).await?;
            return Ok(db::payments::cards::card_shown(&context.db, lease, id, posted, (&digest, again_at), now).await?);
        }
        posted => posted?,
    };
    Ok(db::payments::cards::card_shown(&context.db, lease, id, posted, shown, now).await?)
}

/// The card with the pictures of its submission, as far as they can be read and one message carries them.
async fn with_pictures(context: &EffectContext, submission: &Submission, order: &Order) -> Result<Post, EffectError> {
    let mut post = match picture(context, &submission.proof.hash).await {
        Some(picture) => card_of(context, submission, order, Some(picture)).await?,
        None => card_of(context, submission, order, None).await?.without_picture(),
    };
    let mut room = MOST_BYTES.saturating_sub(post.files.iter().map(|file| file.bytes.len()).sum());
    for (n, hash) in (2..).zip(&submission.others) {
        if let Some(bytes) = picture(context, hash).await.filter(|bytes| bytes.len() <= room) {
            room -= bytes.len();
            post = post.file(File { name: format!("proof-{n}.jpg"), bytes });
        }
    }
    Ok(post)
}

/// What the digest of a card begins with whose picture Discord did not take: no edit may show it.
const BARE: &str = "bare:";

fn bare_digest(post: &Post) -> String {
    format!("{BARE}{}", post.digest())
}

/// Whether the picture is still on disk as it was sent. An embed that shows a file which its message
/// does not have is refused.
async fn is_kept(context: &EffectContext, submission: &Submission) -> bool {
    match submission.proof.hash.parse() {
        Ok(hash) => context.door.load(hash).await.is_ok(),
        Err(_) => false,
    }
}

/// The card's copy of the picture. A picture that can no longer be read from disk does not keep
/// the card from being posted: staff decide with what there is.
async fn picture(context: &EffectContext, hash: &str) -> Option<Vec<u8>> {
    let hash = hash.parse().ok()?;
    match context.door.card(hash).await {
        Ok(card) => Some(card.bytes),
        Err(error) => {
            tracing::error!(%error, %hash, "a kept picture cannot be read");
            None
        }
    }
}

async fn card_of(
    context: &EffectContext,
    submission: &Submission,
    order: &Order,
    picture: Option<Vec<u8>>,
) -> Result<Post, EffectError> {
    let name =
        db::orders::customer(&context.db, order.customer).await?.map(|customer| customer.name).unwrap_or_default();
    let panel_note = db::access::grants::grant_note(&context.db, &order.id).await?;
    let given = match order.subscription {
        Some(subscription) => db::access::grants::given(&context.db, &order.id, subscription).await?,
        None => None,
    };
    let question = db::payments::review_actions::last_question(&context.db, submission.id).await?;
    let now = context.clock.now();
    let facts = CardFacts {
        order,
        submission: submission.id,
        customer_name: &name,
        submitted_at: submission.at,
        reference: submission.reference.as_deref(),
        flags: &submission.flags,
        verdict: &submission.verdict,
        given: given.map(|given| Given { expiry: given.expiry, quota: given.quota, renewal: given.renewal }),
        panel_note,
        panel_down_since: down_since(context, order),
        known: known(context, order).await?,
        history: Some(db::payments::review_actions::history(&context.db, order.customer, &order.id).await?),
        reviewing: submission.reviewing.filter(|reviewing| reviewing.until > now),
        question: question.as_ref(),
        told_at: submission.told_at,
        ticket_stuck: db::outbox::gave_up(&context.db, &Effect::SyncTicket { order: order.id.clone() }).await?,
    };
    Ok(card(context.shop_locale(), &facts, picture))
}

/// What a person who must look at an order should not have to look up.
async fn known(context: &EffectContext, order: &Order) -> Result<Option<Known>, EffectError> {
    let OrderState::NeedsAttention { .. } = order.state else { return Ok(None) };
    let booked = db::access::manual_intervention::is_booked(&context.db, &order.id).await?;
    let subscription = match order.subscription {
        Some(subscription) => db::access::subscriptions::subscription(&context.db, subscription).await?,
        None => None,
    };
    // The card does not wait for a panel that is down, nor fail with one that does not answer.
    let panel = context.panels.get(&order.plan.panel).filter(|panel| panel.availability().is_up());
    let client = match (subscription, panel) {
        (Some(subscription), Some(panel)) => {
            match panel.find_home(&subscription.email, subscription.inbound_id).await {
                Ok(Some(found)) if subscription.owns(&found.client.uuid) => OnPanel::Ours,
                Ok(Some(_)) => OnPanel::Strangers,
                Ok(None) => OnPanel::Absent,
                Err(error) => {
                    tracing::info!(order.id = %order.id, %error, "the panel did not say whether the client is there");
                    OnPanel::Unknown
                }
            }
        }
        _ => OnPanel::Unknown,
    };
    Ok(Some(Known { client, booked }))
}

/// An approved order that waits for its panel says so.
fn down_since(context: &EffectContext, order: &Order) -> Option<crate::domain::Millis> {
    let OrderState::Provisioning { .. } = order.state else { return None };
    match context.panels.get(&order.plan.panel)?.availability() {
        Availability::Up => None,
        Availability::Down { since, .. } => Some(since),
    }
}
