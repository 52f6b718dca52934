//! Acting: each effect of the outbox, performed against the panel or Discord.
//!
//! The worker claims rows, one per lane and eight side by side, and performs them. What an
//! effect leads to and the end of its row are one transaction of `db`; here is only the order of
//! calls, and the question whether a failure was the target's or the row's:
//!
//! - a **target** error (unreachable, 401, 429, 5xx, a page of HTML, a stopped xray) pauses the
//!   lane and counts nothing: waiting helps;
//! - our own **memory**: a full or locked disk is a target whose failure the owner is told of, and
//!   everything else is the row's;
//! - a **refusal** of Discord counts, and says what a person has to mend;
//! - a **row** error counts, and after eight the row is parked where a person sees it.
//!
//! The first try acts; every later try looks first, because a timeout or a 5xx is an unknown
//! outcome, not a failure.

mod backup;
mod card;
mod change_notices;
mod cleanup;
mod daily_report;
mod dashboard;
mod deleted_channel;
mod deliver;
mod discord;
mod drift;
mod guild_setup;
mod heartbeat;
mod messages;
mod notify;
mod panel;
mod read;
mod resend;
mod ticket;
mod worker;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serenity::http::Http;

use crate::{
    clock::Clock,
    config::Config,
    current_config::Live,
    db::{self, Db, outbox::Lease},
    domain::{
        UserId,
        discord_error::Refused,
        effect::{Effect, Lane},
    },
    error_digest::Faults,
    guild_setup::Standing,
    panel as panels,
    proof::ProofIntake,
    view::Locale,
};

pub use heartbeat::{Asker, Heartbeat, pulse};
pub use ticket::StaffRoles;
pub use worker::Worker;

/// Everything an effect may touch.
#[derive(Clone)]
pub struct EffectContext {
    pub db: Db,
    pub http: Arc<Http>,
    pub panels: BTreeMap<String, panels::Client>,
    /// Where pictures come in and are kept.
    pub door: ProofIntake,
    /// The configuration that this decision sees; [`EffectContext::now`] takes the one in force.
    pub config: Arc<Config>,
    pub live: Live,
    pub clock: Clock,
    /// Where our own faults are counted.
    pub faults: Faults,
    /// Whether the bot is in its server, and what is wrong there.
    pub standing: Standing,
    /// This process, among all that ever ran on the data directory.
    pub boot: String,
    pub me: UserId,
    /// What Discord said of the roles of listed staff.
    pub staff_roles: StaffRoles,
}

impl std::fmt::Debug for EffectContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("boot", &self.boot).finish_non_exhaustive()
    }
}

impl EffectContext {
    /// The same with the configuration of this moment, for one effect or one tick of a task.
    #[must_use]
    pub fn now(&self) -> Self {
        Self { config: self.live.now(), ..self.clone() }
    }

    fn shop_locale(&self) -> Locale {
        Locale::of(&self.config.shop.locale).unwrap_or_default()
    }

    /// The language of a customer.
    async fn locale_of(&self, customer: UserId) -> Result<Locale, EffectError> {
        let shop = self.shop_locale();
        Ok(db::orders::customer(&self.db, customer)
            .await?
            .map_or(shop, |customer| Locale::choose(&customer.locale, shop)))
    }
}

/// Why an effect did not come to its end.
#[derive(Debug, thiserror::Error)]
enum EffectError {
    /// The target's fault: the lane waits, nothing is counted.
    #[error("{0}")]
    Target(String),
    #[error("{0}")]
    Row(String),
    /// Discord refused: counted, and whoever is told of it reads what it means.
    #[error("{1}")]
    Refused(Refused, String),
    /// Our own memory failed: a target where that passes (a full disk), the row's fault otherwise.
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl From<panels::Error> for EffectError {
    fn from(error: panels::Error) -> Self {
        if error.is_target() { Self::Target(error.to_string()) } else { Self::Row(error.to_string()) }
    }
}

/// What an effect may take in all: no call of it can wait for ever, and a place is soon free again.
const DEADLINE: Duration = Duration::from_secs(30);

/// The same for those that carry pictures, ask a panel, or clean up one message after the other.
const LONG_DEADLINE: Duration = Duration::from_mins(2);

/// Performs one effect within its deadline. Passing that is an unknown outcome as any other: the next
/// try looks first.
async fn perform_in_time(context: &EffectContext, lease: &Lease) -> Result<(), EffectError> {
    let deadline = match lease.effect.lane() {
        Lane::Owner => DEADLINE,
        Lane::Order(_) if !lease.effect.reads() => DEADLINE,
        Lane::Order(_) | Lane::Panel(_) | Lane::Review | Lane::Dm(_) | Lane::Dashboard | Lane::CleanUp => LONG_DEADLINE,
    };
    match tokio::time::timeout(deadline, perform(context, lease)).await {
        Ok(done) => done,
        Err(_) => Err(EffectError::Target(format!("it was not done within {} s", deadline.as_secs()))),
    }
}

/// Performs one effect. `Ok` means that its row has been ended in a transaction of `db`.
async fn perform(context: &EffectContext, lease: &Lease) -> Result<(), EffectError> {
    match &lease.effect {
        Effect::SyncTicket { order } => ticket::sync(context, lease, order).await,
        Effect::ReadTicket { order } => read::ticket(context, lease, order).await,
        Effect::LapseOrder { order } => read::and_lapse(context, lease, order).await,
        Effect::SyncCard { submission } => card::sync(context, lease, *submission).await,
        Effect::SyncSubscription { subscription, panel } => panel::sync(context, lease, *subscription, panel).await,
        Effect::RemoveClient { subscription, panel } => panel::remove(context, lease, *subscription, panel).await,
        Effect::RecheckCounter { subscription, panel } => panel::recheck(context, lease, *subscription, panel).await,
        Effect::DeliverLink { order, user } => deliver::link(context, lease, order, *user).await,
        Effect::SyncSaleCard { order } => change_notices::sale_card(context, lease, order).await,
        Effect::TellCustomer { change, user } => change_notices::tell(context, lease, *change, *user).await,
        Effect::TellOfChange { change } => change_notices::line(context, lease, *change).await,
        Effect::ResendLink { subscription, user, asked } => {
            resend::link(context, lease, *subscription, *user, *asked).await
        }
        Effect::AnswerDirect { user, channel, message } => {
            notify::direct(context, lease, *user, *channel, *message).await
        }
        Effect::Notify { order, notice } => notify::customer(context, lease, order, notice).await,
        Effect::TellStaff { news } => notify::staff(context, lease, news).await,
        Effect::TellOwner { news } => notify::owners(context, lease, news).await,
        Effect::TellDay { day } => daily_report::tell(context, lease, *day).await,
        Effect::TellDrift { week } => drift::tell(context, lease, *week).await,
        Effect::DeleteTicket { order } => ticket::delete(context, lease, order).await,
        Effect::CleanChannel { channel } => cleanup::channel(context, lease, *channel).await,
        Effect::SweepChannels {} => cleanup::sweep(context, lease).await,
        Effect::InspectPremises {} => guild_setup::inspect(context, lease).await,
        Effect::SendBackup { file, user } => backup::send(context, lease, file, *user).await,
        Effect::SyncDashboard {} => dashboard::sync(context, lease).await,
        Effect::TellOutage { outage, change, to } => notify::outage(context, lease, *outage, *change, *to).await,
    }
}
