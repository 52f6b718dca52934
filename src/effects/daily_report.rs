//! The owners' daily message: how the shop's last day went, and what waits for somebody now.

use std::time::Duration;

use super::{EffectContext, EffectError, discord::Trouble, messages::Written, notify::to_owners};
use crate::{
    db::{self, maintenance::backup, outbox::Lease},
    domain::{
        Millis, OrderStatus,
        audit::Anchor,
        revenue::{Period, Span, day_of, start_of},
        tracked::Tracked,
    },
    view::{
        Marker,
        news::{self, DayFacts, Noted},
    },
};

/// The message before is looked for among those of this time.
const LOOKED_BACK: Duration = Duration::from_hours(8 * 24);

/// Tells of the day that began at `day`; what waits is what waits now.
pub(super) async fn tell(context: &EffectContext, lease: &Lease, day: Millis) -> Result<(), EffectError> {
    let date = day_of(day, context.config.shop.timezone);
    let sold = db::ledger::revenue::revenue_by_day(&context.db, Period::containing(Span::Day, date)).await?;
    let orders = db::ledger::revenue::orders_by_status(&context.db).await?;
    let how_many = |status| orders.iter().find(|(of, _)| *of == status).map_or(0, |(_, n)| *n);
    let end = date.succ_opt().map_or(day, |next| start_of(next, context.config.shop.timezone));
    let facts = DayFacts {
        day: date,
        sold: sold.first().map(|(_, sum)| *sum).unwrap_or_default(),
        currency: context.config.shop.currency,
        unpaid: how_many(OrderStatus::PendingPayment),
        to_review: how_many(OrderStatus::PaymentSubmitted),
        in_work: how_many(OrderStatus::Provisioning),
        stuck: how_many(OrderStatus::NeedsAttention),
        parked: db::outbox::dead_letters::parked(&context.db).await?.len(),
        backup: backup::newest(&context.config.storage.data_dir, context.clock.now()),
        gifts: db::access::gifts::gifts(&context.db, day, end).await?,
        audit: db::audit::audit_head(&context.db).await?.map(|(entry, hash)| Anchor { entry, hash }),
        noted: noted(context, &Marker::day(date)).await?,
    };
    let post = news::day(context.shop_locale(), &facts);
    to_owners(context, lease, post, &Marker::day(date), Tracked::OwnerNews).await
}

/// Whether the audit log still holds the entry that the message before named. That message is on
/// Discord: who can write into the database cannot change it.
async fn noted(context: &EffectContext, today: &Marker) -> Result<Noted, EffectError> {
    let Some(anchor) = last_anchor(context, today).await? else { return Ok(Noted::Holds) };
    let Err(problem) = db::audit::audit_holds(&context.db, &anchor).await? else { return Ok(Noted::Holds) };
    if db::audit::restored_over(&context.db, anchor.entry).await?.is_some() {
        return Ok(Noted::Restored(anchor));
    }
    tracing::error!(entry = anchor.entry, %problem, "the audit log does not hold what an owner was sent");
    Ok(Noted::Broken(anchor))
}

/// The entry that the newest message about a day names, in the first owner's messages that have one.
async fn last_anchor(context: &EffectContext, today: &Marker) -> Result<Option<Anchor>, EffectError> {
    let since = context.clock.now().minus(LOOKED_BACK);
    for owner in &context.config.discord.owners {
        let found = async {
            let channel = context.dm_channel(*owner).await?;
            let is_it = |message: &Written| {
                Marker::is_of_a_day(message.text()) && !today.is_in(message.text(), message.footers())
            };
            context.find_ours(channel, since, is_it).await
        };
        match found.await {
            Ok(Some(message)) => return Ok(news::anchor_in(message.text())),
            Ok(None) => {}
            Err(trouble) if Trouble::is_no(&trouble) => {}
            Err(trouble) => return Err(trouble.into()),
        }
    }
    Ok(None)
}
