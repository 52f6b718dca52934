//! The owners' daily message: how the shop's last day went, and what waits for somebody now.

use super::{Failure, World, notify::to_owners};
use crate::{
    db::{backup, outbox::Claim},
    domain::{
        Millis, OrderStatus,
        revenue::{Period, Span, day_of},
        tracked::Tracked,
    },
    view::{
        Marker,
        news::{self, DayFacts},
    },
};

/// Tells of the day that began at `day`; what waits is what waits now.
pub(super) async fn tell(world: &World, claim: &Claim, day: Millis) -> Result<(), Failure> {
    let date = day_of(day, world.config.shop.timezone);
    let sold = world.db.revenue_by_day(Period::containing(Span::Day, date)).await?;
    let orders = world.db.orders_by_status().await?;
    let how_many = |status| orders.iter().find(|(of, _)| *of == status).map_or(0, |(_, n)| *n);
    let facts = DayFacts {
        day: date,
        sold: sold.first().map(|(_, sum)| *sum).unwrap_or_default(),
        currency: world.config.shop.currency,
        unpaid: how_many(OrderStatus::PendingPayment),
        to_review: how_many(OrderStatus::PaymentSubmitted),
        in_work: how_many(OrderStatus::Provisioning),
        stuck: how_many(OrderStatus::NeedsAttention),
        parked: world.db.parked().await?.len(),
        backup: backup::newest(&world.config.storage.data_dir, world.clock.now()),
        audit: world.db.audit_head().await?,
    };
    let post = news::day(world.shop_locale(), &facts);
    to_owners(world, claim, post, &Marker::day(date), Tracked::OwnerNews).await
}
