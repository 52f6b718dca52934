//! What staff change: questions, results, lines, cards and what the customer is told.

use super::{ADEL, DELIVERIES, GB, LINK, MONA, NOW, TICKET, Words, adel, order_of, price, states};
use crate::{
    domain::{
        OrderId, OrderStatus,
        attention::{Cause, Trouble},
        button::Token,
        change::{Change, ChangeId},
        grants::Expiry,
        order::{OrderState, Source},
    },
    view::{
        Locale, Post,
        change::{Outcome, Proposed, QuestionFacts, outcome, question},
        change_notice::{LineFacts, ToldFacts, line, sale_card, told},
        delivery::LinkFacts,
    },
};

fn every_change(words: Words<'_>) -> Vec<Change> {
    let reason = words.sentence.to_owned();
    vec![
        Change::Disable {},
        Change::Enable {},
        Change::SetTraffic { bytes: 0 },
        Change::SetTraffic { bytes: 80 * GB },
        Change::Extend { days: 1 },
        Change::Extend { days: 30 },
        Change::Extend { days: -1 },
        Change::Extend { days: -30 },
        Change::ResetTraffic {},
        Change::Rotate {},
        Change::Delete {},
        Change::Adopt {},
        Change::Reverse { order: OrderId::from_random(7), reason },
    ]
}

pub(super) fn questions(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let token = Token::from_random([7; 16]);
    let changes = every_change(words);
    let mut order = order_of(words, OrderState::Completed { approved: adel(), at: NOW });
    let sell = Proposed::Sell { plan: words.name, received: price(), note: words.sentence };
    let mut proposed: Vec<Proposed<'_>> = changes.iter().map(|change| Proposed::Change(change, Some(&order))).collect();
    proposed.extend([
        Proposed::Adopt,
        Proposed::Refund { order: &order, reason: words.sentence },
        sell,
        Proposed::Sell { plan: words.name, received: price(), note: "" },
    ]);
    let mut posts = Vec::new();
    for proposed in proposed {
        for client in [None, Some((words.name, Expiry::At(NOW), 50 * GB)), Some((words.name, Expiry::Never, 0))] {
            let (customer, name, token) = (MONA, words.name, &token);
            posts.push(question(locale, &QuestionFacts { proposed, customer, name, client, token, expires_at: NOW }));
        }
    }
    order.source = Source::Manual;
    for state in states(words) {
        order.state = state;
        for note in ["", words.sentence] {
            posts.extend(DELIVERIES.map(|delivery| {
                let order = crate::domain::Order { delivery, ..order.clone() };
                sale_card(locale, &order, words.name, note)
            }));
        }
    }
    posts
}

pub(super) fn results(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let changes = every_change(words);
    let (place, email) = (TICKET, words.name);
    let troubles = Cause::ALL.map(|cause| Trouble::new(cause, words.sentence));
    let mut outcomes = vec![
        Outcome::Waits { since: NOW, place },
        Outcome::InProgress { place },
        Outcome::Already,
        Outcome::Gone,
        Outcome::Refunded,
        Outcome::Ours,
        Outcome::NotThere { email },
        Outcome::BadName { email },
        Outcome::Unusable { email },
        Outcome::Silent,
        Outcome::NoPanel,
        Outcome::NoPlan,
        Outcome::BadAmount,
        Outcome::NoDays,
        Outcome::NeverEnds,
    ];
    outcomes.extend(troubles.iter().flat_map(|trouble| [Outcome::Void(trouble), Outcome::SaleAttention(trouble)]));
    outcomes.extend(OrderStatus::ALL.map(Outcome::OrderIs));
    outcomes.extend(DELIVERIES.map(Outcome::Sold));
    let ends = [(Expiry::At(NOW), 50 * GB), (Expiry::Never, 0)];
    for change in &changes {
        for (kept, told) in [(false, None), (false, Some(true)), (true, Some(false))] {
            outcomes.extend(ends.map(|(expiry, quota)| Outcome::Done { change, kept, told, expiry, quota }));
        }
    }
    let link = LinkFacts {
        plan: words.name,
        as_of: None,
        link: LINK,
        subscription: Some("https://sub.example.net/sub/x"),
        expiry: Expiry::At(NOW),
        quota: 50 * GB,
        used: None,
    };
    let id = ChangeId(7);
    let mut posts: Vec<_> = outcomes.iter().map(|it| outcome(locale, it)).collect();
    for outcome in outcomes {
        let (actor, at, customer) = (ADEL, NOW, MONA);
        posts.push(line(locale, &LineFacts { id, actor, at, customer, email, outcome }));
    }
    for change in &changes {
        for ((expiry, quota), link) in ends.into_iter().flat_map(|end| [(end, None), (end, Some(link))]) {
            for enabled in [true, false] {
                posts.push(told(locale, &ToldFacts { id, change, expiry, quota, enabled, link }));
            }
        }
    }
    posts
}
