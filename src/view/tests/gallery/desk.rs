//! The admin's desk.

use super::{ADEL, DELIVERIES, GB, MONA, NOW, TICKET, Words, order_of, price, states};
use crate::{
    domain::{
        GuildId, MessageId, Order, OrderId, OrderStatus, SubmissionId, SubscriptionRow, UserId,
        access_state::AccessState,
        button::Token,
        drift::{Compared, Differs, Drift, Mend, PanelReport},
        grants::Expiry,
        order::Source,
        proofs::Verdict,
    },
    view::{
        Locale, Post,
        admin::{self, CustomerFacts, OrderFacts, SubscriptionFacts, Unclear},
        admin_lists::{self, AuditFacts, Done, OrderFile, Place, ProofFacts, Question, WaitingFacts},
        drift, export,
        log::{self, PageFacts},
        reload::{self, ListFacts, MistakeFacts, TakenFacts},
        status::{self, Breaker, LaneFacts, PanelFacts, ParkedFacts, StatusFacts},
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
        Unclear::Contradiction { user: MONA, owner: ADEL },
        Unclear::EmailTaken(MONA),
        Unclear::NoSubscription(MONA),
        Unclear::Several(MONA),
        Unclear::NotProvisioned(id.clone()),
    ];
    let mut posts: Vec<_> = unclear.iter().map(|why| admin::unclear(locale, why)).collect();
    let states = [
        (AccessState::Unknown, None),
        (AccessState::Absent, None),
        (AccessState::Foreign, None),
        (AccessState::Works, None),
        (AccessState::Ended, Some((Expiry::Never, 0))),
        (AccessState::UsedUp, Some((Expiry::At(NOW), 5 * GB))),
        (AccessState::Off, None),
    ];
    let one = |(state, differs), expiry| SubscriptionFacts {
        plan: Some(words.name),
        email: words.name,
        expiry,
        quota: u64::MAX,
        used: (u64::MAX, NOW),
        state,
        differs,
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
    let bare = [SubscriptionFacts { plan: None, ..one((AccessState::Unknown, None), Expiry::Never) }];
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
    all.push(admin::person_choice(words.name, UserId(u64::MAX)));
    all.extend(OrderStatus::ALL.map(|status| admin::order_choice(locale, &id, words.name, words.name, status)));
    all
}

const PLACE: Place =
    Place { guild: GuildId(u64::MAX), channel: crate::domain::ChannelId(u64::MAX), message: MessageId(u64::MAX) };

/// Queues, orders' files, how everything is.
pub(super) fn lists(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let id = OrderId::from_random(7);
    let waiting = |ticket, card| WaitingFacts {
        id: &id,
        customer: MONA,
        plan: words.name,
        price: price(),
        status: OrderStatus::NeedsAttention,
        since: NOW,
        ticket,
        card,
    };
    let many: Vec<_> = (0..35).map(|n| waiting((n > 0).then_some(TICKET), (n > 0).then_some(PLACE))).collect();
    let mut posts = vec![admin_lists::queue(locale, &[], 0), admin_lists::queue(locale, &many[..1], 9)];
    posts.extend((0..4).map(|page| admin_lists::queue(locale, &many, page)));
    posts.extend(files(locale, words));
    posts.extend(statuses(locale, words));
    posts
}

fn files(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let verdicts = [
        Verdict::Pending,
        Verdict::Approved { by: ADEL, at: NOW },
        Verdict::Declined { by: ADEL, at: NOW, reason: words.sentence.to_owned() },
        Verdict::Part { by: ADEL, at: NOW, received: price() },
    ];
    let proof = |verdict, flags, card| ProofFacts { id: SubmissionId(i64::MAX), at: NOW, verdict, flags, card };
    let proofs: Vec<_> = (0..7).map(|n| proof(&verdicts[n % 4], n % 3, (n > 3).then_some(PLACE))).collect();
    let line = |actor, payload| AuditFacts {
        id: i64::MAX,
        at: NOW,
        actor,
        action: words.sentence,
        target: words.name,
        payload,
    };
    let history: Vec<_> =
        (0..60).map(|n| line(UserId(n % 2 * ADEL.0), if n % 3 == 0 { "{}" } else { words.sentence })).collect();
    let mut posts = Vec::new();
    for (n, state) in states(words).into_iter().enumerate() {
        let source = if n % 2 == 0 { Source::Shop } else { Source::Manual };
        let order =
            Order { source, received: price(), delivery: DELIVERIES[n % DELIVERIES.len()], ..order_of(words, state) };
        let facts = OrderFile {
            order: &order,
            name: words.name,
            email: Some(words.name),
            proofs: &proofs,
            history: &history[..n * 2],
        };
        posts.push(admin_lists::order(locale, &facts));
        let bare = Order { method: None, ..order.clone() };
        posts.push(admin_lists::order(
            locale,
            &OrderFile { order: &bare, email: None, proofs: &[], history: &[], ..facts },
        ));
    }
    posts
}

fn statuses(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let panel = |down, xray, version, breaker| PanelFacts { name: words.name, down, xray, version, breaker };
    let known = Some(words.name);
    let panels = vec![
        panel(None, known, known, Breaker::Closed),
        panel(None, None, None, Breaker::HalfOpen),
        panel(Some((NOW, words.sentence)), None, known, Breaker::Open),
        panel(Some((NOW, words.sentence)), None, None, Breaker::HalfOpen),
    ];
    let worst = vec![panel(Some((NOW, words.sentence)), None, known, Breaker::HalfOpen); 9];
    let lanes: Vec<_> = (0..20)
        .map(|n| LaneFacts { name: words.name, waiting: if n == 0 { 1 } else { u64::MAX }, oldest: NOW })
        .collect();
    let parked: Vec<_> =
        (0..9).map(|id| ParkedFacts { id, key: words.name, since: NOW, error: words.sentence }).collect();
    let facts = |panels, lanes, parked, held, backup| StatusFacts {
        panels,
        lanes,
        parked,
        held,
        releases: true,
        backup,
        started: NOW,
        version: words.name,
        boot: words.name,
    };
    vec![
        status::status(locale, &facts(&worst, &lanes, &parked, Some(NOW), None)),
        status::status(locale, &facts(&panels, &lanes[..9], &parked[..6], None, Some(NOW))),
        status::status(locale, &facts(&panels[..1], &[], &[], None, Some(NOW))),
    ]
}

/// The configuration file, read again.
pub(super) fn reloads(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let many: Vec<_> = (0..40).map(|_| words.name.to_owned()).collect();
    let keys = [words.name; 20];
    let all = ListFacts { added: &many, changed: &many, removed: &many };
    let none = ListFacts { added: &[], changed: &[], removed: &[] };
    let one = |n: usize| MistakeFacts { key: words.name, line: n.is_multiple_of(2).then_some(n), says: words.sentence };
    let mistakes: Vec<_> = (0..30).map(one).collect();
    vec![
        reload::taken(locale, &TakenFacts { plans: all, methods: all, staff: &keys, waits: &keys }),
        reload::taken(locale, &TakenFacts { plans: none, methods: none, staff: &[], waits: &[] }),
        reload::wrong(locale, &mistakes[..1]),
        reload::wrong(locale, &mistakes[..9]),
        reload::wrong(locale, &mistakes),
    ]
}

/// What is to be confirmed at the desk, and what came of it.
pub(super) fn questions(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let token = Token::from_random([7; 16]);
    let open: Vec<_> = (0..20).map(|n| (OrderId::from_random(n), OrderStatus::PendingPayment)).collect();
    let asked = [
        Question::Block { user: MONA, reason: words.sentence, open: &open },
        Question::Block { user: MONA, reason: words.sentence, open: &[] },
        Question::Unblock { user: MONA },
        Question::Drop { key: words.name },
        Question::Release { since: NOW, waiting: 1 },
        Question::Release { since: NOW, waiting: u64::MAX },
    ];
    let mut posts: Vec<_> = asked.iter().map(|about| admin_lists::question(locale, about, &token, NOW)).collect();
    let done = [
        Done::Blocked(MONA),
        Done::AlreadyBlocked(MONA),
        Done::Unblocked(MONA),
        Done::NotBlocked(MONA),
        Done::Retried(words.name.to_owned()),
        Done::Dropped(words.name.to_owned()),
        Done::NotParked,
        Done::Released,
        Done::NotHeld,
        Done::Resent(MONA),
        Done::DmClosed(MONA),
        Done::Sending(MONA),
    ];
    posts.extend(done.iter().map(|done| admin_lists::done(locale, done)));
    posts
}

/// Pages of the audit log, and its table.
pub(super) fn logs(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let token = Token::from_random([9; 16]);
    let line = AuditFacts {
        id: i64::MAX,
        at: NOW,
        actor: ADEL,
        action: words.sentence,
        target: words.name,
        payload: words.sentence,
    };
    let full = vec![line; usize::try_from(log::PAGE).unwrap()];
    let pages = [
        (full.as_slice(), 0, false),
        (&full, 0, true),
        (&full, u16::MAX, true),
        (&full[..1], 7, false),
        (&[], 9, false),
    ];
    let mut posts = vec![log::nothing(locale), log::out_of_date(locale), log::too_large(locale)];
    posts.extend(pages.map(|(lines, page, more)| log::page(locale, &PageFacts { lines, page, more, token: &token })));
    let csv = export::audit(&full, chrono_tz::Africa::Cairo).unwrap();
    posts.extend([(1, false), (9, false), (10_000, true)].map(|(n, cut)| log::table(locale, n, cut, csv.clone())));
    posts
}

/// Where panels and books differ, in every way.
pub(super) fn drifts(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let (never, at) = (Expiry::Never, Expiry::At(NOW));
    let end = |ours, theirs| Differs::Expiry { ours, theirs };
    let ways = [
        (Differs::Missing, Mend::Enable),
        (Differs::Missing, Mend::Delete),
        (Differs::EmailTaken, Mend::Adopt),
        (Differs::EmailTaken, Mend::Rename),
        (Differs::Leftover, Mend::Remove),
        (Differs::Foreign, Mend::Replace),
        (Differs::Elsewhere, Mend::Attach),
        (end(at, at), Mend::Extend(-3650)),
        (end(never, at), Mend::Enable),
        (end(at, never), Mend::Disable),
        (Differs::Quota { ours: 0, theirs: u64::MAX }, Mend::Traffic(u64::MAX)),
        (Differs::Off, Mend::Enable),
        (Differs::On, Mend::Disable),
    ];
    let one = |(differs, mend)| Drift {
        email: if mend == Mend::Adopt { "a".repeat(120) } else { words.sentence.to_owned() },
        owner: (differs != Differs::EmailTaken).then_some((SubscriptionRow(i64::MAX), MONA)),
        order: Some((OrderId::from_random(7), OrderStatus::Completed)),
        differs,
        mend,
    };
    let panel = |compared| PanelReport { panel: words.name.to_owned(), compared };
    let done = |drifts, unsettled| panel(Compared::Done { drifts, unsettled });
    let mut reports: Vec<_> =
        ways.chunks(6).map(|some| vec![done(some.iter().copied().map(one).collect(), 1)]).collect();
    let all: Vec<_> = ways.into_iter().map(one).collect();
    reports.push(vec![done(all.clone(), 2); 9]);
    reports.push(vec![done(all.iter().take(8).cloned().collect(), 0)]);
    reports.push(vec![done(vec![one((end(at, never), Mend::Disable)); 40], 9)]);
    reports.push(vec![done(vec![one((Differs::EmailTaken, Mend::Adopt)); 20], 0), panel(Compared::Silent)]);
    reports.push([Compared::Silent, Compared::Unconfigured(1), Compared::Unconfigured(9)].map(panel).to_vec());
    reports.push(vec![done(Vec::new(), 0)]);
    reports.iter().map(|panels| drift::report(locale, panels).unwrap()).collect()
}
