//! What keeps the shop running: outages, the dashboard, reminders.

use super::{NOW, Words};
use crate::{
    domain::{
        Currency, Millis, Money, OrderStatus, UserId,
        books::ExportedTotal,
        revenue::{Period, Revenue, Span, Sum},
    },
    view::{
        Locale, Post,
        books::{self, TableFacts},
        dashboard::{self, DashboardFacts},
        outage::{self, Doors, OutageFacts},
    },
};

pub(super) fn outages(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let facts =
        |over_at, waiting| OutageFacts { panel: words.name, since: NOW, cause: words.sentence, over_at, waiting };
    let mut posts = Vec::new();
    for waiting in 0..=2 {
        posts.push(outage::began(locale, &facts(None, waiting)));
        for seconds in [0, 3, 60, 119 * 60, 120 * 60] {
            posts.push(outage::ended(locale, &facts(Some(Millis(NOW.0 + seconds * 1000)), waiting)));
        }
    }
    // No post, but its texts count.
    let _ = [Doors::Open, Doors::Partly, Doors::Closed].map(|doors| outage::presence(locale, doors));
    posts
}

/// The most that the numbers can be, to see that they fit.
const MOST: Sum = Sum { minor: i64::MIN, sales: i64::MAX };

fn egp() -> Currency {
    Currency::parse("EGP").unwrap()
}

fn today() -> chrono::NaiveDate {
    crate::domain::revenue::day_of(NOW, chrono_tz::Africa::Cairo)
}

pub(super) fn dashboards(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let many: Vec<_> = (0..30).map(|n| (format!("id-{n}"), MOST)).collect();
    let names: Vec<_> = many.iter().map(|(id, _)| (id.clone(), words.name.to_owned())).collect();
    let month = |manual, sums: &[(String, Sum)]| Revenue {
        period: Period::containing(Span::Month, today()),
        total: Sum::default(),
        manual,
        by_method: sums.to_vec(),
        by_plan: sums.to_vec(),
    };
    let (full, none) = (month(MOST, &many), month(Sum::default(), &[]));
    let orders = OrderStatus::ALL.map(|status| (status, u64::MAX));
    let panels: Vec<_> = (0..20).map(|_| (words.name.to_owned(), NOW)).collect();
    let empty = DashboardFacts {
        shop: words.name,
        boot: "0123456789abcdef",
        currency: egp(),
        now: NOW,
        stale_since: None,
        totals: [Sum::default(); 4],
        days: &[(22, Sum { minor: 100, sales: 1 })],
        month: &none,
        method_names: &names,
        plan_names: &[],
        orders: &[],
        active: 1,
        expiring: 0,
        expiring_days: 7,
        down: &[],
    };
    let full = DashboardFacts {
        stale_since: Some(NOW),
        totals: [MOST; 4],
        month: &full,
        orders: &orders,
        active: u64::MAX,
        expiring: u64::MAX,
        down: &panels,
        ..empty
    };
    vec![
        dashboard::dashboard(locale, &empty, dashboard::picture(&empty)),
        dashboard::dashboard(locale, &full, None),
        dashboard::refreshed(locale, true),
        dashboard::refreshed(locale, false),
    ]
}

/// Who approved what, in a table's totals.
pub(in crate::view::tests) fn reviewers() -> impl Iterator<Item = UserId> {
    (0..40).map(|n| UserId(u64::MAX - n))
}

pub(super) fn books(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let total = |n: usize, reviewer| ExportedTotal {
        source: if n.is_multiple_of(2) { "shop" } else { "manual" }.to_owned(),
        method: format!("method-{n}"),
        reviewer,
        events: i64::MAX,
        amount: Money::new(i64::MIN, egp()),
    };
    let totals: Vec<_> = reviewers().enumerate().map(|(n, reviewer)| total(n, reviewer)).collect();
    let names = [("method-0".to_owned(), words.name.to_owned())];
    let period = Period::last_days(30, today());
    let facts = |orders, totals| TableFacts {
        period,
        today: Period::last_days(1, today()),
        orders,
        totals,
        method_names: &names,
    };
    let _ = books::period_modal(locale);
    vec![
        books::table(locale, &facts(1, &totals), b"csv".to_vec()),
        books::table(locale, &facts(2, &[]), b"csv".to_vec()),
        books::too_large(locale, period),
        books::not_a_period(locale),
        books::backed_up(locale, words.name, true),
        books::backed_up(locale, words.name, false),
        books::not_backed_up(locale, words.name),
        books::backup_message(locale, words.name, NOW, Some(vec![1])),
        books::backup_message(locale, words.name, NOW, None),
    ]
}
