//! Every post there is, made of given words: with ordinary ones to see that all texts format,
//! with arbitrary ones to see that all posts stay within the limits.

mod change;
mod desk;
mod keeping;
mod staff;

pub(super) use desk::choices;
pub(super) use keeping::reviewers;

use crate::{
    domain::{
        ChannelId, Currency, Millis, Money, Order, OrderId, OrderState, PaymentMethod, Plan, RoleId, SubmissionId,
        SubscriptionRow, UserId,
        access_state::AccessState,
        attention::{Cause, Trouble},
        effect::Notice,
        grants::Expiry,
        order::{CancelCause, Decision, Delivery, MethodSnapshot, PlanSnapshot, ProofRefused, Source, Ticket},
        picture::PictureRefused,
        shop::{Instructions, ReferencePolicy},
    },
    view::{
        Locale, Marker, Post, command,
        decision::{self, Reason},
        delivery::{self, LinkFacts},
        notice, order, proof,
        refusal::{self, Refusal},
        ticket::{self, TicketFacts},
    },
};

/// The moment at which everything here happens.
pub(super) const NOW: Millis = Millis(1_800_000_000_000);
pub(super) const MONA: UserId = UserId(1001);
pub(super) const ADEL: UserId = UserId(2002);
pub(super) const TICKET: ChannelId = ChannelId(3003);
pub(super) const ROLE: RoleId = RoleId(4004);
/// A gigabyte.
pub(super) const GB: u64 = 1 << 30;
/// A link as the panels give it.
pub(super) const LINK: &str = "vless://6f0f1a52-6a54-4c0e-9d2b-0d4a1f3c7b11@vpn.example.net:443?type=tcp&encryption=none&security=reality&pbk=4n1zC0bq2r7v8xq0l0h5m5o4u7y1k9t3s6w8e0d2f4g&fp=chrome&sni=www.example.org&sid=6ba85179e30d4fc2&spx=%2F&flow=xtls-rprx-vision#Shop-tk-7000000000";

#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'a> {
    pub name: &'a str,
    /// A reason, a cause, an instruction.
    pub sentence: &'a str,
}

pub(super) const ORDINARY: Words<'_> = Words { name: "Premium", sentence: "The amount differs." };

pub(super) fn price() -> Money {
    Money::new(25_000, Currency::parse("EGP").unwrap())
}

pub(super) fn order_of(words: Words<'_>, state: OrderState) -> Order {
    Order {
        id: OrderId::from_random(7),
        source: Source::Shop,
        customer: MONA,
        created_at: NOW,
        plan: PlanSnapshot {
            id: "premium".to_owned(),
            name: words.name.to_owned(),
            duration_days: 30,
            quota_bytes: 150 * GB,
            price: price(),
            panel: "de1".to_owned(),
        },
        method: Some(MethodSnapshot {
            id: "vodafone-cash".to_owned(),
            name: words.name.to_owned(),
            account: words.name.to_owned(),
            holder: words.name.to_owned(),
            instructions: words.sentence.to_owned(),
            reference: ReferencePolicy::Off,
        }),
        reference: None,
        attempts_left: 2,
        received: Money::new(0, price().currency),
        state,
        ticket: Ticket { channel: Some(TICKET), ..Ticket::default() },
        delivery: Delivery::None,
        subscription: None,
    }
}

/// An order that waits for payment.
pub(super) fn pending(words: Words<'_>, declined: bool) -> Order {
    let declined = declined.then(|| words.sentence.to_owned());
    order_of(words, OrderState::PendingPayment { expires_at: NOW.plus_days(1), declined })
}

pub(super) fn adel() -> Decision {
    Decision { by: ADEL, at: Millis(NOW.0 + 600_000) }
}

pub(super) fn states(words: Words<'_>) -> Vec<OrderState> {
    let text = || words.sentence.to_owned();
    let cancelled = |cause| OrderState::Cancelled { cause, at: NOW };
    vec![
        OrderState::PendingPayment { expires_at: NOW, declined: None },
        OrderState::PendingPayment { expires_at: NOW, declined: Some(text()) },
        OrderState::PaymentSubmitted { returned: None },
        OrderState::PaymentSubmitted { returned: Some(Trouble::new(Cause::Unknown, text())) },
        OrderState::PaymentSubmitted { returned: Some(Trouble::new(Cause::GaveUp, text())) },
        OrderState::Provisioning { approved: adel() },
        OrderState::NeedsAttention { approved: adel(), trouble: Trouble::new(Cause::PanelRefused, text()) },
        OrderState::NeedsAttention { approved: adel(), trouble: Trouble::new(Cause::EmailTaken, text()) },
        OrderState::NeedsAttention { approved: adel(), trouble: Trouble::new(Cause::NoPanel, text()) },
        OrderState::NeedsAttention { approved: adel(), trouble: Trouble::new(Cause::GaveUp, text()) },
        OrderState::NeedsAttention { approved: adel(), trouble: Trouble::new(Cause::Unknown, text()) },
        OrderState::Completed { approved: adel(), at: NOW },
        OrderState::Declined { decided: adel(), reason: text() },
        cancelled(CancelCause::Customer),
        cancelled(CancelCause::Staff),
        cancelled(CancelCause::NoRoom),
        OrderState::Expired { at: NOW },
        OrderState::Reversed { approved: adel(), decided: adel(), reason: text() },
    ]
}

/// Every state with every way of delivery that can belong to it.
fn states_and_deliveries(words: Words<'_>) -> Vec<(OrderState, Delivery)> {
    let ways = |state: &OrderState| match state {
        OrderState::Completed { .. } => DELIVERIES.to_vec(),
        _ => vec![Delivery::None],
    };
    let pair = |state: OrderState| ways(&state).into_iter().map(move |way| (state.clone(), way));
    states(words).into_iter().flat_map(pair).collect()
}

pub(super) const DELIVERIES: [Delivery; 5] =
    [Delivery::None, Delivery::Dm(NOW), Delivery::DmClosed, Delivery::Fetched(NOW), Delivery::ByHand(NOW)];

pub(super) fn methods(words: Words<'_>) -> Vec<PaymentMethod> {
    let method = |id: &str| PaymentMethod {
        id: id.parse().unwrap(),
        name: words.name.to_owned(),
        account: words.name.to_owned(),
        holder: words.name.to_owned(),
        instructions: Instructions::parse("Send it.").unwrap(),
        reference: ReferencePolicy::Off,
        reference_pattern: None,
    };
    vec![method("vodafone-cash"), method("instapay")]
}

pub(super) fn plan(id: &str, name: &str, gb: u64, price: &str) -> Plan {
    Plan {
        id: id.parse().unwrap(),
        name: name.to_owned(),
        duration_days: 30,
        traffic_bytes: gb * GB,
        price: Money::parse(price, Currency::parse("EGP").unwrap()).unwrap(),
        panel: "de1".to_owned(),
    }
}

pub(super) fn posts(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let mut all = orders(locale, words);
    all.extend(tickets(locale, words));
    all.extend(proofs_and_notices(locale, words));
    all.extend(staff::cards(locale, words));
    all.extend(staff::confirmations(locale));
    all.extend(staff::decisions(locale, words));
    all.extend(staff::beside_decisions(locale, words));
    all.extend(deliveries(locale, words));
    all.extend(staff::all_news(locale, words));
    all.extend(keeping::outages(locale, words));
    all.extend(keeping::dashboards(locale, words));
    all.extend(keeping::books(locale, words));
    all.extend(desk::records(locale, words));
    all.extend(staff::references(locale));
    all.extend(change::questions(locale, words));
    all.extend(change::results(locale, words));
    all.extend(desk::lists(locale, words));
    all.extend(desk::questions(locale, words));
    all.extend(desk::logs(locale, words));
    all.extend(desk::reloads(locale, words));
    all.extend(desk::drifts(locale, words));
    // The rest is no post, but its texts count.
    let _ = (decision::reason_modal(locale, SubmissionId(1)), command::all(locale));
    let _ = Reason::ALL.map(|reason| reason.text(locale));
    let _ = Reason::unsold(locale);
    all
}

pub(super) const REFUSALS: [Refusal; 18] = [
    Refusal::Blocked,
    Refusal::TooSoon { again_at: NOW },
    Refusal::TooOften { again_at: NOW },
    Refusal::Outage,
    Refusal::NoRoom,
    Refusal::NoTicket,
    Refusal::UnknownPlan,
    Refusal::UnknownMethod,
    Refusal::NotYours,
    Refusal::StaffOnly,
    Refusal::AdminsOnly,
    Refusal::OwnersOnly,
    Refusal::NotCancellable,
    Refusal::BeingRead,
    Refusal::NotChangeable,
    Refusal::Stale,
    Refusal::NotHere,
    Refusal::NotTaken,
];

fn orders(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let many: Vec<Plan> = (0..30).map(|n| plan(&format!("plan-{n}"), words.name, n, "100")).collect();
    let mut posts = vec![
        order::plan_menu(locale, words.name, &many),
        order::plan_menu(locale, words.name, []),
        order::cancelled(locale),
        order::cancelled_for_customer(locale),
        refusal::fault(locale, words.name),
    ];
    for state in states(words) {
        let mut order = order_of(words, state);
        posts.push(order::still_open(locale, &order));
        posts.push(order::made(locale, &order));
        order.ticket.channel = None;
        posts.push(order::still_open(locale, &order));
        posts.push(order::made(locale, &order));
    }
    posts.extend(REFUSALS.map(|it| refusal::refused(locale, it)));
    posts
}

fn tickets(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let methods = methods(words);
    let mut posts = Vec::new();
    for (state, delivery) in states_and_deliveries(words) {
        let mut order = Order { delivery, ..order_of(words, state) };
        for (message_content, closes_at) in [(true, None), (false, Some(NOW))] {
            let facts = TicketFacts { order: &order, methods: &methods, message_content, closes_at };
            posts.push(ticket::status(locale, &facts));
        }
        for policy in [ReferencePolicy::Optional, ReferencePolicy::Required] {
            let method = order.method.clone().map(|method| MethodSnapshot { reference: policy, ..method });
            let typed = Order { method, reference: Some(words.name.to_owned()), ..order.clone() };
            let facts = TicketFacts { order: &typed, methods: &methods, message_content: true, closes_at: None };
            posts.push(ticket::status(locale, &facts));
        }
        let part = Order { received: Money::new(10_000, price().currency), ..order.clone() };
        let facts = TicketFacts { order: &part, methods: &methods, message_content: true, closes_at: None };
        posts.push(ticket::status(locale, &facts));
        order.method = None;
        order.plan.duration_days = 0;
        order.plan.quota_bytes = 0;
        let facts = TicketFacts { order: &order, methods: &methods, message_content: true, closes_at: None };
        posts.push(ticket::status(locale, &facts));
    }
    posts
}

/// Every reason to refuse a picture.
pub(super) const PICTURES: [PictureRefused; 16] = [
    PictureRefused::Empty,
    PictureRefused::TooLarge,
    PictureRefused::TooManyPixels,
    PictureRefused::TooSmall,
    PictureRefused::Animated,
    PictureRefused::Damaged,
    PictureRefused::Heic,
    PictureRefused::Avif,
    PictureRefused::JpegXl,
    PictureRefused::Bmp,
    PictureRefused::Tiff,
    PictureRefused::Film,
    PictureRefused::Gif,
    PictureRefused::Pdf,
    PictureRefused::Svg,
    PictureRefused::NotAPicture,
];

fn proofs_and_notices(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let mut order = pending(words, false);
    let mut posts = vec![
        proof::accepted(locale),
        proof::duplicate(locale),
        proof::attempt_spent(locale, 0),
        proof::attempt_spent(locale, 1),
        proof::not_fetched(locale),
        notice::direct(locale, u64::MAX),
        notice::by_command(locale, &order, &Notice::WordsOnly { message: 5 }),
        proof::no_order(locale),
        proof::wrong_channel(locale, &order),
    ];
    for why in [
        ProofRefused::NoMethod,
        ProofRefused::NoReference,
        ProofRefused::UnderReview,
        ProofRefused::AlreadyApproved,
        ProofRefused::Closed,
        ProofRefused::NoAttempts,
    ] {
        posts.push(proof::refused(locale, why));
    }
    for why in PICTURES {
        posts.push(proof::bad_picture(locale, why));
        posts.push(proof::kept_for_later(locale, order.customer));
        posts.push(notice::notice(locale, &order, &Notice::BadPicture { message: 5, why }, None));
    }
    let declined = Notice::Declined { submission: SubmissionId(1) };
    for told in [
        Notice::Welcome,
        Notice::NotFetched { message: 5 },
        Notice::ManyFiles { message: 5 },
        Notice::NoMoreFiles { until: Millis(1_750_000_000_000) },
        Notice::Duplicate { message: 5 },
        Notice::AttemptSpent { message: 5 },
        Notice::WordsOnly { message: 5 },
        Notice::Address { message: 5 },
        Notice::Elsewhere { message: 5 },
        Notice::PassedOn { message: 5 },
        Notice::Blocked { message: 5 },
        Notice::NoMethod { message: 5 },
        Notice::NoReference { message: 5 },
        Notice::LinkWaits,
        Notice::PaySoon,
    ] {
        posts.push(notice::notice(locale, &order, &told, None));
    }
    posts.push(notice::notice(locale, &order, &declined, Some(words.sentence)));
    order.received = Money::new(10_000, price().currency);
    let part = Notice::PartPaid { submission: SubmissionId(1) };
    posts.push(notice::notice(locale, &order, &part, None));
    order.received = price();
    posts.push(notice::notice(locale, &order, &part, None));
    order.ticket.channel = None;
    posts.push(proof::wrong_channel(locale, &order));
    order.state = OrderState::Declined { decided: adel(), reason: words.sentence.to_owned() };
    posts.push(notice::notice(locale, &order, &declined, Some(words.sentence)));
    posts.push(notice::notice(locale, &order, &Notice::PaySoon, None));
    posts
}

fn deliveries(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let id = OrderId::from_random(7);
    let facts = LinkFacts {
        plan: words.name,
        as_of: None,
        link: LINK,
        subscription: Some("https://vpn.example.net:2096/sub/k3v9q2m7x1c5b8n4"),
        expiry: Expiry::At(NOW),
        quota: 150 * GB,
        used: Some((GB * 5 / 2, NOW)),
    };
    let endless =
        LinkFacts { as_of: Some(NOW), expiry: Expiry::Never, quota: 0, used: None, subscription: None, ..facts };
    let mut posts = vec![
        delivery::dm(locale, &id, &facts, false),
        delivery::dm(locale, &id, &endless, true),
        delivery::resent(locale, &facts, &Marker::resent(SubscriptionRow(3), 5)),
        delivery::not_ready(locale),
        delivery::panel_down(locale),
    ];
    posts.extend(delivery::my_links(locale, &[]));
    posts.extend(delivery::my_links(locale, &[facts]));
    posts.extend(delivery::my_links(locale, &[facts, endless]));
    for used in [0, 9, 9 << 10, 9 << 20] {
        posts.push(delivery::my_link(locale, &LinkFacts { used: Some((used, NOW)), ..facts }));
    }
    let long = format!("{LINK}{}", "x".repeat(2000));
    posts.push(delivery::my_link(locale, &LinkFacts { link: &long, ..facts }));
    let states = [
        AccessState::Works,
        AccessState::Ended,
        AccessState::UsedUp,
        AccessState::Off,
        AccessState::Absent,
        AccessState::Foreign,
        AccessState::Unknown,
    ];
    let link = || delivery::my_link(locale, &facts);
    posts.extend(states.map(|state| delivery::standing(locale, link(), state)));
    posts
}
