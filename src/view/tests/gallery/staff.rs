//! What staff and owners are shown.

use super::{
    ADEL, DELIVERIES, GB, MONA, NOW, ROLE, TICKET, Words, adel, order_of, pending, price, states_and_deliveries,
};
use crate::{
    domain::{
        Currency, GuildId, Incident, MessageId, Money, Order, OrderId, OrderState, OrderStatus, RoleId, SubmissionId,
        amount::Amount,
        attention::{Cause, Trouble},
        audit::Anchor,
        books::Gift,
        button::Token,
        confirmation::Confirmation,
        discord_error::Refused,
        effect::{Notice, OwnerNews, Part, QuestionId, StaffNews},
        grants::{Expiry, Note},
        guild_setup::{Permission, Place, RoleOf, SetupProblem},
        proofs::{Flag, Verdict},
        reference::Reference,
        revenue::Sum,
        review::{History, Question, Reviewing},
    },
    view::{
        Locale, Post, confirmation,
        decision::{self, Action, ConfirmFacts, Done, Outcome},
        news::{self, DayFacts, Noted},
        notice, reference,
        review::{self, CardFacts, Given, Known, OnPanel},
        review_menu,
    },
};

/// What is said to whoever cannot confirm, or does not want to.
pub(super) fn confirmations(locale: Locale) -> Vec<Post> {
    use confirmation::NotConfirmed::{Expired, NotYours, PowerLost, Used};
    let whats = [Confirmation::ReleaseOutbox, Confirmation::Approve { submission: SubmissionId(1) }];
    let mut posts: Vec<_> = whats
        .iter()
        .flat_map(|what| [Expired, Used, NotYours, PowerLost].map(|why| confirmation::not_confirmed(locale, why, what)))
        .collect();
    posts.push(confirmation::cancelled(locale));
    posts
}

pub(super) fn cards(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let flags = [
        Flag::HandedOn { from: OrderId::from_random(8) },
        Flag::Again,
        Flag::SamePixels { twin: OrderId::from_random(9) },
        Flag::ReferenceTwin { twin: OrderId::from_random(9) },
        Flag::Edited { software: words.name.to_owned() },
        Flag::TakenBefore,
        Flag::TakenLater,
        Flag::NewAccount,
    ];
    let verdicts = [
        Verdict::Pending,
        Verdict::Approved { by: ADEL, at: NOW },
        Verdict::Declined { by: ADEL, at: NOW, reason: words.sentence.to_owned() },
        Verdict::Part { by: ADEL, at: NOW, received: price() },
    ];
    let knowns = [OnPanel::Ours, OnPanel::Strangers, OnPanel::Absent, OnPanel::Unknown]
        .map(|client| Known { client, booked: client == OnPanel::Ours });
    let given = |expiry, renewal| Some(Given { expiry, quota: 150 * GB, renewal });
    let gifts = [
        None,
        given(Expiry::At(NOW), false),
        given(Expiry::At(NOW), true),
        given(Expiry::Never, false),
        given(Expiry::Never, true),
    ];
    let first = History { completed: 0, declined: 0, reversed: 0, open: 0, blocked: false, joined_at: None };
    let many = History { completed: u64::MAX, declined: 1, reversed: 1, open: 1, blocked: true, ..first };
    let open = Question {
        id: QuestionId(1),
        order: OrderId::from_random(7),
        submission: SubmissionId(1),
        by: ADEL,
        at: NOW,
        text: words.sentence.to_owned(),
        answer: None,
    };
    let answered = Question { answer: Some((words.sentence.to_owned(), NOW)), ..open.clone() };
    let mut posts = Vec::new();
    for (state, delivery) in states_and_deliveries(words) {
        let mut order = Order { delivery, ..order_of(words, state) };
        for (n, (verdict, given)) in verdicts.iter().flat_map(|verdict| gifts.map(|it| (verdict, it))).enumerate() {
            order.received.minor = [0, 10_000, 25_000, 30_000][n % 4];
            order.customer = if n % 2 == 1 { ADEL } else { MONA };
            if given.is_some() {
                order.method = None;
                order.ticket.channel = None;
            }
            let facts = CardFacts {
                order: &order,
                submission: SubmissionId(1),
                customer_name: words.name,
                submitted_at: NOW,
                reference: (n % 2 == 1).then_some(words.name),
                flags: &flags,
                verdict,
                given,
                panel_note: Some([Note::PanelChanged, Note::MadeAgain, Note::GivenBefore][n % 3]),
                panel_down_since: given.map(|_| NOW),
                known: Some(knowns[n % 4]),
                history: [None, Some(first), Some(History { joined_at: Some(NOW), ..many }), Some(many)][n % 4],
                reviewing: Some(Reviewing { by: ADEL, until: NOW }),
                question: [None, Some(&open), Some(&answered)][n % 3],
                told_at: (n % 2 == 0).then_some(NOW),
                ticket_stuck: n % 2 == 1,
            };
            posts.push(review::card(locale, &facts, given.is_none().then(Vec::new)));
        }
    }
    posts
}

pub(super) fn decisions(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let token = Token::from_random([7; 16]);
    let mut posts = vec![decision::reason_menu(locale, SubmissionId(1))];
    let (received, missing) = (price(), price());
    for (action, attempts_left) in [
        (Action::Approve, 2),
        (Action::Decline(words.sentence), 2),
        (Action::Decline(words.sentence), 0),
        (Action::Part { received, missing }, 2),
        (Action::Enough { received, surplus: None }, 2),
        (Action::Enough { received, surplus: Some(missing) }, 2),
        (Action::ByHand, 2),
        (Action::VoidSale, 2),
        (Action::End, 2),
        (Action::Fake(words.sentence), 2),
    ] {
        let order = Order { attempts_left, ..order_of(words, OrderState::PaymentSubmitted { returned: None }) };
        let facts = ConfirmFacts { order: &order, customer_name: words.name, action, token: &token, expires_at: NOW };
        posts.push(decision::confirmation(locale, &facts));
    }
    let trouble = Trouble::new(Cause::GaveUp, words.sentence);
    let attention = OrderState::NeedsAttention { approved: adel(), trouble: trouble.clone() };
    let order = Order { received: Money::new(1, price().currency), ..order_of(words, attention) };
    let action = Action::Decline(words.sentence);
    let facts = ConfirmFacts { order: &order, customer_name: words.name, action, token: &token, expires_at: NOW };
    posts.push(decision::confirmation(locale, &facts));
    let paid_in = OrderState::PaymentSubmitted { returned: None };
    let paid_in = Order { received, ..order_of(words, paid_in) };
    let action = Action::Fake(words.sentence);
    let facts = ConfirmFacts { order: &paid_in, customer_name: words.name, action, token: &token, expires_at: NOW };
    posts.push(decision::confirmation(locale, &facts));
    posts.push(decision::not_an_amount(locale, &order));
    // No post, but its texts count.
    let _ = decision::amount_modal(locale, SubmissionId(1), &order);
    let text = || words.sentence.to_owned();
    let mut outcomes = vec![
        Outcome::InProgress(None),
        Outcome::InProgress(Some(TICKET)),
        Outcome::WaitsForPanel { since: NOW },
        Outcome::PanelRefused { said: text() },
        Outcome::NeedsAttention { trouble },
        Outcome::PartBooked { received, missing },
        Outcome::Blocked { still_in_it: None },
        Outcome::Blocked { still_in_it: Some(received) },
        Outcome::GivenUp,
        Outcome::BookedByHand,
        Outcome::SaleVoided,
        Outcome::Ended,
        Outcome::Declined { attempts_left: 0 },
        Outcome::Declined { attempts_left: 1 },
        Outcome::Declined { attempts_left: 2 },
        Outcome::BackInReview,
        Outcome::OldCard,
    ];
    outcomes.extend(DELIVERIES.map(Outcome::Delivered));
    for status in OrderStatus::ALL {
        outcomes.push(Outcome::OrderChanged { status });
        for what in [Some(Done::Approved), Some(Done::Declined), Some(Done::Part), None] {
            outcomes.push(Outcome::AlreadyDecided { by: Some(ADEL), at: Some(NOW), what, status });
        }
        outcomes.push(Outcome::AlreadyDecided { by: None, at: None, what: None, status });
    }
    posts.extend(outcomes.iter().map(|it| decision::outcome(locale, it)));
    posts
}

pub(super) fn beside_decisions(locale: Locale, words: Words<'_>) -> Vec<Post> {
    // No posts, but their texts count.
    let _ = review_menu::ask_modal(locale, SubmissionId(1));
    let _ = review_menu::answer_modal(locale, QuestionId(1), words.sentence);
    let _ = decision::Reason::fake(locale);
    let order = order_of(words, OrderState::PaymentSubmitted { returned: None });
    let asked = Notice::Asked { question: QuestionId(1) };
    let mut posts = vec![
        review_menu::menu(locale, SubmissionId(1), 2),
        notice::notice(locale, &order, &asked, Some(words.sentence)),
    ];
    let outcomes = [
        review_menu::Outcome::Asked,
        review_menu::Outcome::Attempts { left: 1 },
        review_menu::Outcome::Attempts { left: u64::MAX },
        review_menu::Outcome::AttemptGiven,
        review_menu::Outcome::NoAttemptWanted,
        review_menu::Outcome::LetGo,
        review_menu::Outcome::NobodyLooks,
        review_menu::Outcome::TooLate,
        review_menu::Outcome::Empty,
        review_menu::Outcome::Answered,
        review_menu::Outcome::AnsweredBefore,
        review_menu::Outcome::AnswerTooLate,
    ];
    posts.extend(outcomes.map(|it| review_menu::outcome(locale, it)));
    for foreign in [true, false] {
        let taken = StaffNews::ReferenceTaken { order: order.id.clone(), twin: OrderId::from_random(8), foreign };
        posts.push(news::staff(locale, &taken, &order));
    }
    let waits = StaffNews::ReviewWaits { order: order.id.clone(), submission: SubmissionId(1) };
    let link = news::link_to(locale, GuildId(u64::MAX), TICKET, MessageId(u64::MAX));
    posts.push(news::staff(locale, &waits, &order).calling_role(ROLE).row(link));
    posts.push(news::staff(locale, &waits, &order).calling_all(&[ADEL; 20]));
    posts.push(news::owner(locale, &OwnerNews::ReviewWaits { order: order.id, submission: SubmissionId(1) }));
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
    let dropped = StaffNews::Dropped { order: id.clone(), key: words.name.to_owned(), by: ADEL };
    posts.push(news::staff(locale, &dropped, &order));
    posts.push(news::staff(locale, &StaffNews::CounterBack { order: id.clone(), at: NOW }, &order));
    posts.push(news::staff(locale, &StaffNews::OutOfAttempts { order: id.clone() }, &order));
    posts.push(news::wrote(locale, &order, words.sentence));
    order.ticket.channel = None;
    posts.push(news::staff(locale, &duplicate(true), &order));
    for told in [
        OwnerNews::NoRoom { order: Some(id.clone()) },
        OwnerNews::NoTicket { order: id.clone(), why: Some(Refused::Other) },
        OwnerNews::LoginRefused { panel: words.name.to_owned() },
        OwnerNews::NoBackup,
        OwnerNews::OwnOrder { order: id.clone(), by: ADEL },
        OwnerNews::Kicked { at: NOW },
        OwnerNews::LittleRoom { at: NOW, megabytes: u64::MAX },
        OwnerNews::CannotWrite { at: NOW },
        OwnerNews::WritesAgain { at: NOW },
        OwnerNews::ClockSetBack { at: NOW, minutes: u64::MAX },
        OwnerNews::Parked { key: words.name.to_owned(), why: None },
        OwnerNews::Parked { key: words.name.to_owned(), why: Some(Refused::NoPermission) },
        OwnerNews::ClockJumped { at: NOW, minutes: u64::MAX, hold: u64::MAX },
        OwnerNews::StrayTicket { channel: TICKET },
        OwnerNews::SecondBot { boot: words.name.to_owned() },
        OwnerNews::Premises { at: NOW, flaws: all_flaws() },
    ] {
        posts.push(news::owner(locale, &told));
    }
    for flaws in all_flaws().chunks(5) {
        posts.push(news::owner(locale, &OwnerNews::Premises { at: NOW, flaws: flaws.to_vec() }));
    }
    posts.extend(Refused::ALL.map(|why| news::owner(locale, &OwnerNews::Refused { why })));
    for part in [Part::Answers, Part::Events, Part::Tasks, Part::Outbox] {
        let faults = |times| OwnerNews::Faults { part, at: NOW, times, incident: Incident::from_random(7) };
        posts.extend([1, 2, u32::MAX].map(|times| news::owner(locale, &faults(times))));
    }
    let anchor = || Anchor { entry: i64::MAX, hash: "f".repeat(64) };
    for (n, minor) in [(0, 0), (u64::MAX, i64::MIN)] {
        let facts = DayFacts {
            day: chrono::NaiveDate::MAX,
            sold: Sum { minor, sales: minor },
            currency: Currency::parse("EGP").unwrap(),
            unpaid: n,
            to_review: n,
            in_work: n,
            stuck: n,
            parked: usize::try_from(n).unwrap(),
            gifts: vec![
                Gift {
                    by: ADEL,
                    times: u64::MAX,
                    own: n,
                    time: if n > 0 { Amount::Endless } else { Amount::NONE },
                    bytes: Amount::Endless
                };
                if n > 0 { 9 } else { 1 }
            ],
            backup: (n > 0).then_some(NOW),
            audit: (n > 0).then(anchor),
            noted: Noted::Holds,
        };
        posts.push(news::day(locale, &facts));
        posts.push(news::day(locale, &DayFacts { gifts: Vec::new(), ..facts.clone() }));
        for noted in [Noted::Restored(anchor()), Noted::Broken(anchor())] {
            posts.push(news::day(locale, &DayFacts { noted, audit: None, ..facts.clone() }));
        }
    }
    posts
}

pub(super) fn references(locale: Locale) -> Vec<Post> {
    let (order, token) = (OrderId::from_random(7), Token::from_random([7; 16]));
    // No posts, but their texts count.
    let _ = reference::modal(locale, &order);
    let _ = reference::staff_modal(locale, SubmissionId(1));
    let _ = reference::why_modal(locale, &token);
    let card = (GuildId(1), TICKET, MessageId(1));
    let mut posts =
        vec![reference::twin(locale, &order, None, &token), reference::twin(locale, &order, Some(card), &token)];
    let typed: Reference = "IP-1234".parse().unwrap();
    let outcomes = [
        reference::Outcome::Kept(typed.clone()),
        reference::Outcome::Taken,
        reference::Outcome::NotOne,
        reference::Outcome::TooLate,
        reference::Outcome::Noted(typed),
        reference::Outcome::Decided,
        reference::Outcome::Overridden,
        reference::Outcome::NoReason,
        reference::Outcome::Expired,
    ];
    posts.extend(outcomes.iter().map(|it| reference::outcome(locale, it)));
    posts
}

fn all_flaws() -> Vec<SetupProblem> {
    let missing = || Permission::ALL.to_vec();
    let places = [Place::Review, Place::Dashboard, Place::Tickets, Place::Overflow];
    let mut flaws = Vec::new();
    flaws.extend(places.map(|place| SetupProblem::MissingChannelPermission {
        place,
        channel: TICKET,
        missing: missing(),
    }));
    flaws.extend(places.map(|place| SetupProblem::NoChannel { place, channel: TICKET }));
    flaws.extend(places.map(|place| SetupProblem::WrongKind { place, channel: TICKET }));
    flaws.push(SetupProblem::MissingGuildPermission { missing: missing() });
    flaws.extend(
        [RoleOf::Owner, RoleOf::Admin, RoleOf::Support].map(|power| SetupProblem::NoRole { power, role: RoleId(1) }),
    );
    flaws.extend([
        SetupProblem::RoleNotMentionable { role: RoleId(1) },
        SetupProblem::NoRoom,
        SetupProblem::Silenced { until: NOW },
    ]);
    flaws
}
