//! What staff and owners are shown.

use super::{ADEL, DELIVERIES, GB, NOW, TICKET, Words, order_of, pending, states_and_deliveries};
use crate::{
    domain::{
        Order, OrderId, OrderState, OrderStatus, SubmissionId,
        button::Token,
        effect::{OwnerNews, StaffNews},
        grants::{Expiry, Note},
        proofs::{Flag, Verdict},
    },
    view::{
        Locale, Post,
        decision::{self, Action, ConfirmFacts, Outcome},
        news,
        review::{self, CardFacts, Given},
    },
};

pub(super) fn cards(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let flags = [
        Flag::HandedOn { from: OrderId::from_random(8) },
        Flag::Again,
        Flag::SamePixels { twin: OrderId::from_random(9) },
    ];
    let verdicts = [
        Verdict::Pending,
        Verdict::Approved { by: ADEL, at: NOW },
        Verdict::Declined { by: ADEL, at: NOW, reason: words.sentence.to_owned() },
    ];
    let given = |expiry, renewal| Some(Given { expiry, quota: 150 * GB, renewal });
    let gifts = [
        None,
        given(Expiry::At(NOW), false),
        given(Expiry::At(NOW), true),
        given(Expiry::Never, false),
        given(Expiry::Never, true),
    ];
    let mut posts = Vec::new();
    for (state, delivery) in states_and_deliveries(words) {
        let mut order = Order { delivery, ..order_of(words, state) };
        for (verdict, given) in verdicts.iter().flat_map(|verdict| gifts.map(|it| (verdict, it))) {
            if given.is_some() {
                order.method = None;
                order.ticket.channel = None;
            }
            let facts = CardFacts {
                order: &order,
                submission: SubmissionId(1),
                customer_name: words.name,
                submitted_at: NOW,
                flags: &flags,
                verdict,
                given,
                panel_note: Some(if given.is_some() { Note::PanelChanged } else { Note::MadeAgain }),
                panel_down_since: given.map(|_| NOW),
            };
            posts.push(review::card(locale, &facts, given.is_none().then(Vec::new)));
        }
    }
    posts
}

pub(super) fn decisions(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let token = Token::from_random([7; 16]);
    let mut posts = vec![decision::reason_menu(locale, SubmissionId(1))];
    for (action, attempts_left) in
        [(Action::Approve, 2), (Action::Decline(words.sentence), 2), (Action::Decline(words.sentence), 0)]
    {
        let order = Order { attempts_left, ..order_of(words, OrderState::PaymentSubmitted { refused: None }) };
        let facts = ConfirmFacts { order: &order, customer_name: words.name, action, token: &token, expires_at: NOW };
        posts.push(decision::confirmation(locale, &facts));
    }
    let text = || words.sentence.to_owned();
    let mut outcomes = vec![
        Outcome::InProgress(None),
        Outcome::InProgress(Some(TICKET)),
        Outcome::WaitsForPanel { since: NOW },
        Outcome::PanelRefused { said: text() },
        Outcome::NeedsAttention { cause: text() },
        Outcome::Declined { attempts_left: 0 },
        Outcome::Declined { attempts_left: 1 },
        Outcome::Declined { attempts_left: 2 },
        Outcome::Retrying,
        Outcome::BackInReview,
        Outcome::Aborted,
        Outcome::Expired,
        Outcome::Used,
        Outcome::NotYours,
        Outcome::PowerLost,
        Outcome::OldCard,
    ];
    outcomes.extend(DELIVERIES.map(Outcome::Delivered));
    for status in OrderStatus::ALL {
        outcomes.push(Outcome::OrderChanged { status });
        outcomes.push(Outcome::AlreadyDecided { by: Some(ADEL), at: Some(NOW), status });
        outcomes.push(Outcome::AlreadyDecided { by: None, at: None, status });
    }
    posts.extend(outcomes.iter().map(|it| decision::outcome(locale, it)));
    posts
}

pub(super) fn all_news(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let mut order = pending(words, false);
    let id = order.id.clone();
    let duplicate = |foreign| StaffNews::Duplicate {
        order: id.clone(),
        twin: OrderId::from_random(8),
        foreign,
        source: "message:5".to_owned(),
    };
    let mut posts = vec![news::staff(locale, &duplicate(true), &order), news::staff(locale, &duplicate(false), &order)];
    order.ticket.channel = None;
    posts.push(news::staff(locale, &duplicate(true), &order));
    for told in [
        OwnerNews::NoRoom { order: id.clone() },
        OwnerNews::NoTicket { order: id.clone() },
        OwnerNews::LoginRefused { panel: words.name.to_owned() },
        OwnerNews::NoBackup,
        OwnerNews::Parked { key: words.name.to_owned() },
        OwnerNews::ClockJumped { at: NOW, minutes: u64::MAX, hold: u64::MAX },
        OwnerNews::StrayTicket { channel: TICKET },
    ] {
        posts.push(news::owner(locale, &told));
    }
    posts
}
