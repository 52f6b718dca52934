//! Calls to Discord: their deadline, and whose fault a failure is.

use std::time::Duration;

use serenity::{
    all::CreateMessage,
    http::{DiscordJsonError, HttpError},
};

use super::{EffectContext, EffectError};
use crate::{
    db::{self, outbox::Lease},
    domain::{ChannelId, MessageId, Millis, UserId, discord_error::Refused, effect::OwnerNews},
    view::Post,
};

/// Passing it is a target error: serenity waits out a 429 however long it is.
const DEADLINE: Duration = Duration::from_secs(30);

/// The same for calls that carry a picture.
const UPLOAD_DEADLINE: Duration = Duration::from_mins(2);

/// Discord's epoch: snowflakes count milliseconds from the first second of 2015
/// (Discord's reference, "Snowflakes").
const DISCORD_EPOCH: i64 = 1_420_070_400_000;

/// What Discord answered to a call that it understood and refused.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) why: Refused,
    /// Discord's JSON error code; 0 where our own client refused before anything was sent.
    pub(super) code: isize,
    /// Its words and, for a malformed request, what is wrong with which field.
    pub(super) says: String,
    /// The fields they are about, such as `permission_overwrites.3.id`.
    pub(super) fields: Vec<String>,
}

/// A call that did not succeed.
#[derive(Debug)]
pub(super) enum Trouble {
    Refused(Refusal),
    /// Discord did not answer, or not in a way that says anything about this request.
    Target(String),
    /// Discord did it, and says so in a form that nobody here knows: asked again it says the same.
    Unread(String),
}

impl From<Trouble> for EffectError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(refusal) => {
                Self::Refused(refusal.why, format!("Discord refused ({}): {}", refusal.code, refusal.says))
            }
            Trouble::Target(why) => Self::Target(why),
            Trouble::Unread(why) => Self::Row(why),
        }
    }
}

impl Trouble {
    /// Whether Discord said no for this reason.
    pub(super) fn is(&self, why: Refused) -> bool {
        self.why() == Some(why)
    }

    /// Why Discord said no, if it did.
    pub(super) fn why(&self) -> Option<Refused> {
        match self {
            Self::Refused(refusal) => Some(refusal.why),
            Self::Target(_) | Self::Unread(_) => None,
        }
    }

    /// Whether Discord itself said no, whatever the reason: what was asked for one person is asked
    /// in vain, and neither they nor anybody else must wait for it.
    pub(super) fn is_no(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.code > 0)
    }
}

/// Awaits a call within its deadline.
pub(super) async fn call<T>(future: impl Future<Output = serenity::Result<T>>) -> Result<T, Trouble> {
    within(DEADLINE, future).await
}

/// Awaits a call that carries a picture.
pub(super) async fn upload<T>(future: impl Future<Output = serenity::Result<T>>) -> Result<T, Trouble> {
    within(UPLOAD_DEADLINE, future).await
}

async fn within<T>(deadline: Duration, future: impl Future<Output = serenity::Result<T>>) -> Result<T, Trouble> {
    match tokio::time::timeout(deadline, future).await {
        Err(_) => Err(Trouble::Target(format!("Discord did not answer within {} s", deadline.as_secs()))),
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(trouble(error)),
    }
}

fn trouble(error: serenity::Error) -> Trouble {
    match error {
        serenity::Error::Http(HttpError::UnsuccessfulRequest(response)) => {
            let status = response.status_code.as_u16();
            // A proxy's page, an overload: without a code of its own it is not Discord's decision.
            if status == 401 || status == 429 || status >= 500 || response.error.code <= 0 {
                return Trouble::Target(format!("Discord answered {status}"));
            }
            refused(response.error)
        }
        serenity::Error::Http(HttpError::Request(error)) => {
            Trouble::Target(format!("Discord cannot be reached: {}", root(&error.without_url())))
        }
        serenity::Error::Model(error) => {
            Trouble::Refused(Refusal { why: Refused::Form, code: 0, says: error.to_string(), fields: Vec::new() })
        }
        // serenity reads a body after a status of success; what is no JSON at all is not Discord's.
        serenity::Error::Json(error) if error.is_data() => {
            // serde's message quotes values, which may be a customer's link: only the place is told.
            let (line, column) = (error.line(), error.column());
            Trouble::Unread(format!("Discord answered in a form that this program does not know ({line}:{column})"))
        }
        other => Trouble::Target(format!("Discord answered something unexpected: {other}")),
    }
}

/// What Discord's own words mean; what is no decision is the target's failure.
fn refused(error: DiscordJsonError) -> Trouble {
    let why = Refused::of(error.code as i64, error.errors.iter().map(|field| field.code.as_str()));
    if why == Refused::Passing {
        return Trouble::Target(format!("Discord does not want to just now ({}): {}", error.code, error.message));
    }
    let wrong: Vec<_> = error.errors.iter().map(|field| format!("{}: {}", field.path, field.message)).collect();
    let fields = error.errors.into_iter().map(|field| field.path).collect();
    let says = [vec![error.message], wrong].concat().join("; ");
    Trouble::Refused(Refusal { why, code: error.code, says, fields })
}

/// What was done although nobody understands the words in which Discord says so.
fn done<T>(answer: Result<T, Trouble>) -> Result<(), Trouble> {
    match answer {
        Ok(_) | Err(Trouble::Unread(_)) => Ok(()),
        Err(trouble) => Err(trouble),
    }
}

fn root(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// How often Discord has to refuse a direct message for a reason that is not the person's own before
/// that is believed.
const BELIEVED_AFTER: i64 = 2;

impl EffectContext {
    /// A direct message did not go out. `Ok` when it is settled that it will not: who it was for finds
    /// it elsewhere, and owners read of what only they can mend.
    pub(super) async fn not_sent(&self, lease: &Lease, trouble: Trouble) -> Result<(), EffectError> {
        let Some(why) = trouble.why().filter(|_| trouble.is_no()) else { return Err(trouble.into()) };
        if why.is_the_persons() {
            return Ok(());
        }
        if lease.failures + 1 < BELIEVED_AFTER {
            return Err(trouble.into());
        }
        db::maintenance::housekeeping::tell_owners_hourly(&self.db, &OwnerNews::Refused { why }, self.clock.now())
            .await?;
        tracing::error!(effect = lease.effect.key(), "a direct message is given up: {}", EffectError::from(trouble));
        Ok(())
    }

    /// Posts a message; `seed` makes the nonce, so that Discord itself drops a quick second copy.
    pub(super) async fn post(&self, channel: ChannelId, post: Post, seed: &str) -> Result<MessageId, Trouble> {
        let message = post.message(Some(&nonce(seed)));
        self.send(channel, message).await
    }

    async fn send(&self, channel: ChannelId, message: CreateMessage) -> Result<MessageId, Trouble> {
        let sent = upload(serenity_channel(channel).send_message(&*self.http, message)).await?;
        Ok(MessageId(sent.id.get()))
    }

    /// Makes an existing message say what the post says; files that are there stay.
    pub(super) async fn edit(&self, channel: ChannelId, message: MessageId, post: Post) -> Result<(), Trouble> {
        let edit = Post { files: Vec::new(), ..post }.edit();
        done(call(serenity_channel(channel).edit_message(&*self.http, message.0, edit)).await)
    }

    /// The same with the post's own files, if it has any, in place of those that are there.
    pub(super) async fn edit_with_files(
        &self,
        channel: ChannelId,
        message: MessageId,
        post: Post,
    ) -> Result<(), Trouble> {
        done(upload(serenity_channel(channel).edit_message(&*self.http, message.0, post.edit())).await)
    }

    pub(super) async fn delete_channel(&self, channel: ChannelId) -> Result<(), Trouble> {
        done(call(serenity_channel(channel).delete(&*self.http)).await)
    }

    /// The direct-message channel with a person; asking again gives the same one.
    pub(super) async fn dm_channel(&self, user: UserId) -> Result<ChannelId, Trouble> {
        let channel = call(serenity::all::UserId::new(user.0.max(1)).create_dm_channel(&*self.http)).await?;
        Ok(ChannelId(channel.id.get()))
    }
}

/// Discord's ids are never 0, and serenity's cannot be.
pub(super) fn serenity_channel(channel: ChannelId) -> serenity::all::ChannelId {
    serenity::all::ChannelId::new(channel.0.max(1))
}

/// The smallest snowflake of a moment.
fn snowflake_at(at: Millis) -> u64 {
    u64::try_from(at.0.saturating_sub(DISCORD_EPOCH)).unwrap_or(0) << 22
}

/// Whether something with this snowflake was made before a moment.
pub(super) fn made_before(snowflake: u64, at: Millis) -> bool {
    snowflake < snowflake_at(at)
}

/// 25 characters at the most, the same for the same seed.
fn nonce(seed: &str) -> String {
    use sha2::{Digest, Sha256};
    data_encoding::HEXLOWER.encode(&Sha256::digest(seed)).chars().take(24).collect()
}

/// Whether a channel listed by Discord is the one with this marker in its topic.
pub(super) fn has_topic(channel: &serenity::all::GuildChannel, marker: &str) -> bool {
    channel.topic.as_deref().is_some_and(|topic| topic.contains(marker))
}
