//! The dashboard: one message in its channel, found again, edited, and posted again when it is gone.

use chrono::Datelike as _;

use super::{EffectContext, EffectError, messages::Written};
use crate::{
    db::{
        self,
        ledger::dashboard::{Glance, Shown, Totals},
        maintenance::instances::Whose,
        outbox::Lease,
    },
    domain::{ChannelId, MessageId, Millis, discord_error::Refused, effect::OwnerNews, revenue::Sum},
    panel::Availability,
    view::{
        Marker,
        dashboard::{DashboardFacts, dashboard, picture},
    },
};

/// The days that the picture shows.
const DAYS: u32 = 30;

/// Subscriptions that end within this many days are counted apart.
const SOON: u32 = 7;

/// Pages of the channel in which a lost dashboard is looked for: it is the channel's only regular
/// guest, so it is among the last messages or was deleted.
const PAGES: usize = 5;

/// Makes the dashboard what the numbers say.
pub(super) async fn sync(context: &EffectContext, lease: &Lease) -> Result<(), EffectError> {
    let numbers = Numbers::read(context).await?;
    let channel = context.config.discord.dashboard_channel_id;
    let known = db::ledger::dashboard::dashboard(&context.db).await?.filter(|shown| shown.channel == channel);
    let message = match &known {
        Some(shown) => Some(shown.message),
        None => find(context, channel).await?,
    };
    let names = Names::of(context);
    let facts = numbers.facts(context, &names);
    let key = facts.picture_key();
    if let Some(message) = message {
        look_for_a_second_bot(context, channel, message).await?;
        let same_picture = known.as_ref().is_some_and(|shown| shown.picture == key);
        let fresh = if same_picture { None } else { picture(&facts) };
        match context.edit_with_files(channel, message, dashboard(context.shop_locale(), &facts, fresh)).await {
            Ok(()) => return shown(context, lease, channel, message, key, numbers.now).await,
            Err(trouble) if trouble.is(Refused::NoMessage) => {}
            Err(trouble) => return Err(trouble.into()),
        }
    }
    // Deleted by somebody, or never posted. A try before this one may have posted it.
    if lease.must_look_first()
        && let Some(found) = find(context, channel).await?
        && Some(found) != message
    {
        let post = dashboard(context.shop_locale(), &facts, picture(&facts));
        context.edit_with_files(channel, found, post).await?;
        return shown(context, lease, channel, found, key, numbers.now).await;
    }
    let post = dashboard(context.shop_locale(), &facts, picture(&facts));
    let seed = format!("{}:{}:{message:?}", lease.effect.key(), lease.first_try_at);
    let posted = context.post(channel, post, &seed).await?;
    shown(context, lease, channel, posted, key, numbers.now).await
}

async fn shown(
    context: &EffectContext,
    lease: &Lease,
    channel: ChannelId,
    message: MessageId,
    picture: String,
    at: Millis,
) -> Result<(), EffectError> {
    let shown = Shown { channel, message, picture, at };
    Ok(db::ledger::dashboard::dashboard_shown(&context.db, lease, &shown, context.clock.now()).await?)
}

/// Whoever wrote the dashboard last should be a run of ours. Two bots with one token answer
/// everything twice, and nobody but this footer tells.
async fn look_for_a_second_bot(
    context: &EffectContext,
    channel: ChannelId,
    message: MessageId,
) -> Result<(), EffectError> {
    let shown = match context.message(channel, message).await {
        Err(trouble) if trouble.is(Refused::NoMessage) => return Ok(()),
        shown => shown?,
    };
    let Some(boot) = writer(&shown) else { return Ok(()) };
    if db::maintenance::instances::meet_instance(&context.db, boot).await? == Whose::Foreign {
        let news = OwnerNews::SecondBot { boot: boot.to_owned() };
        if db::maintenance::housekeeping::tell_owners_once(&context.db, news, context.clock.now()).await? {
            tracing::error!(boot, "another machine runs this bot with the same token; owners are told");
        }
    }
    Ok(())
}

/// The run that wrote a dashboard last; `None` for every other message.
fn writer(message: &Written) -> Option<&str> {
    message.footers().find_map(Marker::parse_dashboard)
}

/// A dashboard of ours in the channel, the newest if there are several.
async fn find(context: &EffectContext, channel: ChannelId) -> Result<Option<MessageId>, EffectError> {
    let mut before = None;
    for _ in 0..PAGES {
        let page = context.messages_before(channel, before).await?;
        for message in &page.messages {
            if message.author() == context.me && writer(message).is_some() {
                return Ok(Some(message.id()));
            }
        }
        match page.messages.last() {
            Some(oldest) if page.goes_on => before = Some(oldest.id()),
            _ => break,
        }
    }
    Ok(None)
}

/// Everything that is read for one showing.
struct Numbers {
    now: Millis,
    glance: Glance,
    days: Vec<(u32, Sum)>,
    down: Vec<(String, Millis)>,
}

impl Numbers {
    async fn read(context: &EffectContext) -> Result<Self, EffectError> {
        let now = context.clock.now();
        let glance = db::ledger::dashboard::summary(&context.db, DAYS, SOON, now).await?;
        let days = glance.days.iter().map(|(day, sum)| (day.day(), *sum)).collect();
        let down = context.panels.iter().filter_map(|(name, panel)| match panel.availability() {
            Availability::Up => None,
            Availability::Down { since, .. } => Some((name.clone(), since)),
        });
        Ok(Self { now, glance, days, down: down.collect() })
    }

    fn facts<'a>(&'a self, context: &'a EffectContext, names: &'a Names) -> DashboardFacts<'a> {
        let Glance { totals: Totals { day, month, quarter, year }, running, .. } = &self.glance;
        DashboardFacts {
            shop: &context.config.shop.name,
            boot: &context.boot,
            currency: context.config.shop.currency,
            now: self.now,
            stale_since: self.glance.stale_since,
            totals: [*day, *month, *quarter, *year],
            days: &self.days,
            month: &self.glance.month,
            method_names: &names.methods,
            plan_names: &names.plans,
            orders: &self.glance.orders,
            active: running.active,
            expiring: running.expiring,
            expiring_days: SOON,
            down: &self.down,
        }
    }
}

/// What people call the methods and plans of today; the books know ids.
struct Names {
    methods: Vec<(String, String)>,
    plans: Vec<(String, String)>,
}

impl Names {
    fn of(context: &EffectContext) -> Self {
        let methods = context.config.payment_methods.iter().map(|method| (method.id.to_string(), method.name.clone()));
        let plans = context.config.plans.iter().map(|plan| (plan.id.to_string(), plan.name.clone()));
        Self { methods: methods.collect(), plans: plans.collect() }
    }
}
