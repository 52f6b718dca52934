//! Short new messages: an edited message rings no phone.

use super::{EffectContext, EffectError, deleted_channel::confirm_gone};
use crate::{
    db::{
        self,
        outbox::Lease,
        payments::submissions::{Submission, Verdict},
    },
    domain::{
        ChannelId, MessageId, OrderId, SubmissionId, UserId,
        discord_error::Refused,
        effect::{Audience, Change, Effect, Notice, OutageId, OwnerNews, StaffNews},
        tracked::Tracked,
    },
    view::{
        Marker, Post, news, notice,
        outage::{OutageFacts, began, ended},
        proof,
    },
};

/// The most admins that a reminder calls by name; a shop with more of them has a role for them.
const CALLED: usize = 20;

/// Tells a customer something in the ticket.
pub(super) async fn customer(
    context: &EffectContext,
    lease: &Lease,
    id: &OrderId,
    about: &Notice,
) -> Result<(), EffectError> {
    let now = context.clock.now();
    let Some(order) = db::orders::order(&context.db, id).await? else {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    };
    let Some(channel) = order.ticket.channel else { return no_ticket(context, lease, id, about).await };
    let said = match about {
        Notice::Asked { question } => {
            db::payments::review_actions::question(&context.db, *question).await?.map(|asked| asked.text)
        }
        Notice::Declined { submission } => {
            match db::payments::submissions::submission(&context.db, *submission).await?.map(|found| found.verdict) {
                Some(Verdict::Declined { reason, .. }) => Some(reason),
                _ => None,
            }
        }
        _ => None,
    };
    let locale = context.locale_of(order.customer).await?;
    let post = match about {
        Notice::WordsOnly { .. } if !context.config.discord.message_content => {
            notice::by_command(locale, &order, about)
        }
        _ => notice::notice(locale, &order, about, said.as_deref()),
    };
    let marker = Marker::notice(id, about);
    match say(context, lease, channel, post, &marker).await {
        Ok(message) => {
            if let Notice::Declined { submission } = about {
                db::payments::review_actions::declined_notified(&context.db, *submission, now).await?;
            }
            Ok(db::orders::tickets::posted(&context.db, lease, message, channel, Tracked::TicketNotice, now).await?)
        }
        Err(trouble) if trouble.is(Refused::NoChannel) => {
            confirm_gone(context, channel).await?;
            db::orders::tickets::ticket_gone(&context.db, channel, now).await?;
            no_ticket(context, lease, id, about).await
        }
        Err(trouble) => Err(trouble.into()),
    }
}

/// Answers somebody who wrote to the bot and has no ticket.
pub(super) async fn direct(
    context: &EffectContext,
    lease: &Lease,
    user: UserId,
    channel: ChannelId,
    message: u64,
) -> Result<(), EffectError> {
    let post = notice::direct(context.locale_of(user).await?, message);
    if let Err(trouble) = say(context, lease, channel, post, &Marker::direct(message)).await {
        context.not_sent(lease, trouble).await?;
    }
    Ok(db::outbox::finish(&context.db, lease, context.clock.now()).await?)
}

/// Where there is no ticket there is nothing to tell; but for a question one is made.
async fn no_ticket(context: &EffectContext, lease: &Lease, id: &OrderId, about: &Notice) -> Result<(), EffectError> {
    let now = context.clock.now();
    if !matches!(about, Notice::Asked { .. }) || !db::payments::review_actions::awaits_answer(&context.db, id).await? {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    }
    db::outbox::enqueue_alone(&context.db, &Effect::SyncTicket { order: id.clone() }, now, now).await?;
    Err(EffectError::Row("there is no ticket to ask the customer in".to_owned()))
}

/// Tells staff something in the review channel.
pub(super) async fn staff(context: &EffectContext, lease: &Lease, about: &StaffNews) -> Result<(), EffectError> {
    let now = context.clock.now();
    let Some(order) = db::orders::order(&context.db, about.order()).await? else {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    };
    let channel = context.config.discord.review_channel_id;
    let post = news::staff(context.shop_locale(), about, &order);
    let (post, marker) = match about {
        StaffNews::Duplicate { order: id, source, twin, .. } => {
            (with_twin(context, post, twin).await?, Marker::duplicate(id, source))
        }
        StaffNews::ReferenceTaken { order: id, twin, .. } => {
            (with_twin(context, post, twin).await?, Marker::reference(id, twin))
        }
        StaffNews::ReviewWaits { order: id, submission } => {
            let Some(waiting) = waiting(context, *submission).await? else {
                return Ok(db::outbox::finish(&context.db, lease, now).await?);
            };
            let waiting = with_card_there(context, waiting).await?;
            let post = with_card(context, post, &waiting);
            let discord = &context.config.discord;
            let post = match discord.admin_role_id {
                Some(role) => post.calling_role(role),
                None => post.calling_all(discord.admins.get(..CALLED).unwrap_or(&discord.admins)),
            };
            (post, Marker::waits(id, *submission))
        }
        StaffNews::CounterBack { order: id, at } => (post, Marker::counter(id, *at)),
        StaffNews::Dropped { order: id, key, .. } => (post, Marker::dropped(id, key)),
        StaffNews::OutOfAttempts { order: id } => (post, Marker::attempts(id)),
        StaffNews::Wrote { order: id, channel: wrote_in, message } => {
            let said = match context.message(*wrote_in, MessageId(*message)).await {
                Ok(written) => written.text().to_owned(),
                // Taken back meanwhile: nobody is asked anything any more.
                Err(trouble) if trouble.is(Refused::NoChannel) || trouble.is(Refused::NoMessage) => {
                    return Ok(db::outbox::finish(&context.db, lease, now).await?);
                }
                Err(trouble) => return Err(trouble.into()),
            };
            let marker = Marker::wrote(id, *message);
            (news::wrote(context.shop_locale(), &order, &said).marked(&marker), marker)
        }
    };
    let message = say(context, lease, channel, post, &marker).await?;
    Ok(db::orders::tickets::posted(&context.db, lease, message, channel, Tracked::StaffNews, now).await?)
}

/// Tells every owner something by direct message; where those are closed, in the review channel.
pub(super) async fn owners(context: &EffectContext, lease: &Lease, about: &OwnerNews) -> Result<(), EffectError> {
    let mut post = news::owner(context.shop_locale(), about);
    if let OwnerNews::ReviewWaits { submission, .. } = about {
        let Some(waiting) = waiting(context, *submission).await? else {
            return Ok(db::outbox::finish(&context.db, lease, context.clock.now()).await?);
        };
        let waiting = with_card_there(context, waiting).await?;
        post = with_card(context, post, &waiting);
    }
    to_owners(context, lease, post, &Marker::owner(about), Tracked::OwnerNews).await
}

/// A proof that still waits for review; `None` when it was decided meanwhile.
async fn waiting(context: &EffectContext, id: SubmissionId) -> Result<Option<Submission>, EffectError> {
    Ok(db::payments::submissions::submission(&context.db, id).await?.filter(|found| found.verdict == Verdict::Pending))
}

/// A proof whose card, if it has one, is there: nobody may have told us that somebody deleted it.
async fn with_card_there(context: &EffectContext, submission: Submission) -> Result<Submission, EffectError> {
    let Some(card) = submission.card else { return Ok(submission) };
    let channel = context.config.discord.review_channel_id;
    let there = is_there(context, channel, card).await?;
    Ok(Submission { card: submission.card.filter(|_| there), ..submission })
}

/// Whether a message of ours that must stand is there, as far as Discord says. One that somebody
/// deleted is posted again.
pub(super) async fn is_there(
    context: &EffectContext,
    channel: ChannelId,
    message: MessageId,
) -> Result<bool, EffectError> {
    match context.message(channel, message).await {
        Err(trouble) if trouble.is(Refused::NoMessage) => {
            let lost =
                db::outbox::deleted_messages::messages_gone(&context.db, channel, &[message], context.clock.now())
                    .await?;
            tracing::info!(channel.id = %channel, messages = lost, "somebody deleted what must stand; it is posted again");
            Ok(false)
        }
        // Whatever else it says: what it was asked for matters more.
        _ => Ok(true),
    }
}

/// With a way to the card of the order that was first, if it has one.
async fn with_twin(context: &EffectContext, post: Post, twin: &OrderId) -> Result<Post, EffectError> {
    let Some(latest) = db::payments::submissions::latest_submission(&context.db, twin).await? else { return Ok(post) };
    Ok(match db::payments::submissions::submission(&context.db, latest).await? {
        Some(submission) => with_card(context, post, &submission),
        None => post,
    })
}

fn with_card(context: &EffectContext, post: Post, submission: &Submission) -> Post {
    let discord = &context.config.discord;
    let link = |card| news::link_to(context.shop_locale(), discord.guild_id, discord.review_channel_id, card);
    match submission.card {
        Some(card) => post.row(link(card)),
        None => post,
    }
}

/// Tells of an outage as it is now, to owners or to staff.
pub(super) async fn outage(
    context: &EffectContext,
    lease: &Lease,
    id: OutageId,
    change: Change,
    to: Audience,
) -> Result<(), EffectError> {
    let now = context.clock.now();
    let Some(outage) = db::maintenance::outages::outage(&context.db, id).await? else {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    };
    let facts = OutageFacts {
        panel: &outage.panel,
        since: outage.since,
        cause: &outage.cause,
        over_at: outage.over_at,
        waiting: outage.waiting,
    };
    let post = match change {
        Change::Began => began(context.shop_locale(), &facts),
        Change::Ended => ended(context.shop_locale(), &facts),
    };
    let marker = Marker::outage(id, change, to);
    let post = post.marked(&marker);
    match to {
        Audience::Owners => to_owners(context, lease, post, &marker, Tracked::Outage).await,
        Audience::Staff => {
            let channel = context.config.discord.review_channel_id;
            let message = say(context, lease, channel, post, &marker).await?;
            Ok(db::orders::tickets::posted(&context.db, lease, message, channel, Tracked::Outage, now).await?)
        }
    }
}

pub(super) async fn to_owners(
    context: &EffectContext,
    lease: &Lease,
    post: Post,
    marker: &Marker,
    kind: Tracked,
) -> Result<(), EffectError> {
    let mut unreached = Vec::new();
    for owner in &context.config.discord.owners {
        let told = async {
            let channel = context.dm_channel(*owner).await?;
            say(context, lease, channel, post.clone(), marker).await
        };
        match told.await {
            Ok(_) => {}
            // One who cannot be written to keeps no other from reading it.
            Err(trouble) if trouble.is_no() => {
                tracing::warn!(user.id = %owner, "an owner cannot be told by direct message: {}", EffectError::from(trouble));
                unreached.push(*owner);
            }
            Err(trouble) => return Err(trouble.into()),
        }
    }
    let now = context.clock.now();
    // The review channel can be written to only from within the server; the log has said it.
    let Some(owner) = unreached.first().filter(|_| context.standing.is_at_home()) else {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    };
    let channel = context.config.discord.review_channel_id;
    let message = say(context, lease, channel, post.calling(*owner), marker).await?;
    Ok(db::orders::tickets::posted(&context.db, lease, message, channel, kind, now).await?)
}

impl EffectContext {
    /// Tells the owners without a row of the outbox, because none can be written. Says whether any of
    /// them was reached.
    pub async fn tell_owners_at_once(&self, about: &OwnerNews) -> bool {
        let post = news::owner(self.shop_locale(), about);
        let mut reached = false;
        for owner in &self.config.discord.owners {
            let told = async {
                let channel = self.dm_channel(*owner).await?;
                self.post(channel, post.clone(), &format!("{}:{owner}", about.key())).await
            };
            match told.await {
                Ok(_) => reached = true,
                Err(trouble) => {
                    tracing::warn!(user.id = %owner, "an owner cannot be told: {}", EffectError::from(trouble));
                }
            }
        }
        reached
    }

    /// Tells a customer in the ticket, in the same way, that what they sent there is not lost.
    pub async fn tell_customer_at_once(&self, id: &OrderId) {
        let told = async {
            let Some(order) = db::orders::order(&self.db, id).await? else { return Ok(()) };
            let Some(channel) = order.ticket.channel else { return Ok(()) };
            let post = proof::kept_for_later(self.locale_of(order.customer).await?, order.customer);
            self.post(channel, post, &format!("later:{id}:{}", self.clock.now())).await?;
            Ok::<(), EffectError>(())
        };
        if let Err(failure) = told.await {
            tracing::warn!(order.id = %id, "a customer cannot be told that their file is read later: {failure}");
        }
    }
}

/// Posts a message once: a later try looks for its marker first.
pub(super) async fn say(
    context: &EffectContext,
    lease: &Lease,
    channel: ChannelId,
    post: Post,
    marker: &Marker,
) -> Result<MessageId, super::discord::Trouble> {
    if lease.must_look_first()
        && let Some(said) = context.find_posted(channel, marker, lease.first_try_at).await?
    {
        return Ok(said);
    }
    let seed = format!("{}:{}:{channel}", lease.effect.key(), lease.first_try_at);
    context.post(channel, post, &seed).await
}
