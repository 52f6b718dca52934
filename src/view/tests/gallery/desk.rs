//! The admin's desk.

use super::{GB, MONA, NOW, Words};
use crate::{
    domain::{OrderId, OrderStatus, UserId, grants::Expiry},
    view::{
        Locale, Post,
        admin::{self, CustomerFacts, OnPanel, OrderFacts, SubscriptionFacts, Unclear, Works},
    },
};

/// Customers' records, and why it is not clear who was meant.
pub(super) fn records(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let id = OrderId::from_random(7);
    let unclear = [
        Unclear::Nothing,
        Unclear::Value,
        Unclear::Gone,
        Unclear::NoOrder,
        Unclear::Contradiction { user: MONA, owner: UserId(1) },
        Unclear::Stranger(MONA),
        Unclear::NoSubscription(MONA),
        Unclear::Several(MONA),
        Unclear::NotProvisioned(id.clone()),
    ];
    let mut posts: Vec<_> = unclear.iter().map(|why| admin::unclear(locale, why)).collect();
    let there = |works, differs| OnPanel::There { works, differs };
    let states = [
        OnPanel::Unknown,
        OnPanel::Absent,
        OnPanel::Foreign,
        there(Works::Yes, None),
        there(Works::Ended, Some((Expiry::Never, 0))),
        there(Works::UsedUp, Some((Expiry::At(NOW), 5 * GB))),
        there(Works::Off, None),
    ];
    let one = |on_panel, expiry| SubscriptionFacts {
        plan: Some(words.name),
        email: words.name,
        expiry,
        quota: u64::MAX,
        used: (u64::MAX, NOW),
        on_panel,
    };
    let subscriptions: Vec<_> = states.into_iter().map(|state| one(state, Expiry::At(NOW))).collect();
    let line = |status| OrderFacts { id: &id, plan: words.name, status, created_at: NOW };
    let orders: Vec<_> = OrderStatus::ALL.into_iter().take(8).map(line).collect();
    let facts = |subscriptions, blocked, more, orders| CustomerFacts {
        user: MONA,
        name: words.name,
        first_seen: NOW,
        blocked,
        subscriptions,
        more,
        orders,
    };
    for chunk in subscriptions.chunks(4) {
        posts.push(admin::customer(locale, &facts(chunk, Some((words.sentence, Some(NOW))), 3, &orders)));
    }
    let bare = [SubscriptionFacts { plan: None, ..one(OnPanel::Unknown, Expiry::Never) }];
    posts.push(admin::customer(locale, &facts(&bare, Some((words.sentence, None)), 1, &[])));
    posts.push(admin::customer(locale, &facts(&[], None, 0, &[])));
    // No posts, but their texts count.
    drop(choices(locale, words));
    posts
}

/// What is suggested while somebody types.
pub(in crate::view::tests) fn choices(locale: Locale, words: Words<'_>) -> Vec<String> {
    let zone = chrono_tz::Africa::Cairo;
    let mut all: Vec<_> = [None, Some(Expiry::Never), Some(Expiry::At(NOW))]
        .into_iter()
        .flat_map(|expiry| [None, Some(words.name)].map(|plan| (expiry, plan)))
        .map(|(expiry, plan)| admin::subscription_choice(locale, zone, words.name, plan, expiry, words.sentence))
        .collect();
    let id = OrderId::from_random(7);
    all.extend(OrderStatus::ALL.map(|status| admin::order_choice(locale, &id, words.name, words.name, status)));
    all
}
