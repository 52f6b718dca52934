//! What is told of a change by staff: the customer's direct message, the line in the review channel
//! where nobody watched the answer any more, and the card of a sale by hand. A link is only in what
//! the customer reads.

use crate::domain::{
    Millis, Order, UserId,
    button::Button,
    change::{Change, ChangeId},
    grants::Expiry,
    order::OrderState,
};

use super::{
    Embed, Locale, Marker, Post, Press, Row, Tone,
    change::{Outcome, outcome_text, until},
    delivery::{self, LinkFacts},
    review::delivery_text,
    text, words,
};

/// What a line in the review channel is made of.
#[derive(Debug, Clone, Copy)]
pub struct LineFacts<'a> {
    pub id: ChangeId,
    pub actor: UserId,
    pub at: Millis,
    pub customer: UserId,
    /// The client on the panel.
    pub email: &'a str,
    pub outcome: Outcome<'a>,
}

/// The line in the review channel about a change whose answer nobody watched any more.
pub fn line(locale: Locale, facts: &LineFacts<'_>) -> Post {
    let content = locale.with(
        "change-line",
        &[
            ("actor", text::person(facts.actor).into()),
            ("when", text::relative(facts.at).into()),
            ("email", text::code(facts.email, 200).into()),
            ("customer", text::person(facts.customer).into()),
            ("result", outcome_text(locale, &facts.outcome).into()),
        ],
    );
    Post::text(content).to(facts.actor).marked(&Marker::change(facts.id))
}

/// What the customer's message is made of.
#[derive(Debug, Clone, Copy)]
pub struct ToldFacts<'a> {
    pub id: ChangeId,
    pub change: &'a Change,
    pub expiry: Expiry,
    /// Its total traffic in bytes now, 0 = unlimited.
    pub quota: u64,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Its link, where that is what is told.
    pub link: Option<LinkFacts<'a>>,
}

/// What the customer reads in a direct message.
pub fn told(locale: Locale, facts: &ToldFacts<'_>) -> Post {
    let until = || ("until", until(locale, facts.expiry).into());
    let quota = || ("quota", words::traffic(locale, facts.quota).into());
    let sentence = match (facts.change, &facts.link) {
        (Change::Rotate {}, Some(link)) => {
            return delivery::other_link(locale, link, "told-rotate-title", "told-rotate-body")
                .marked(&Marker::change(facts.id));
        }
        (Change::Adopt {}, Some(link)) => {
            return delivery::other_link(locale, link, "told-adopt-title", "told-adopt-body")
                .marked(&Marker::change(facts.id));
        }
        (Change::Disable {}, _) => locale.say("told-disable"),
        (Change::Enable {}, _) => locale.with("told-enable", &[until()]),
        (Change::SetTraffic { .. }, _) => locale.with("told-traffic", &[quota()]),
        (Change::Extend { .. } | Change::Rotate {} | Change::Adopt {}, _) => locale.with("told-extend", &[until()]),
        (Change::ResetTraffic {}, _) => locale.with("told-reset", &[quota()]),
        (Change::Delete {}, _) => locale.say("told-delete"),
        (Change::Reverse { order, reason }, _) => {
            let order = text::code(order.as_str(), 20);
            let taken =
                locale.with("told-reverse", &[("order", order.into()), ("reason", words::reason(reason).into())]);
            let left = if facts.enabled {
                locale.with("told-reverse-left", &[until()])
            } else {
                locale.say("told-reverse-over")
            };
            format!("{taken}\n{left}")
        }
    };
    Post::text(sentence).marked(&Marker::change(facts.id))
}

/// The card of a sale by hand: what was entered and where it stands.
pub fn sale_card(locale: Locale, order: &Order, name: &str, note: &str) -> Post {
    let (tone, by) = match &order.state {
        OrderState::NeedsAttention { approved, .. } => (Tone::Bad, Some(approved.by)),
        OrderState::Provisioning { approved } => (Tone::Wait, Some(approved.by)),
        OrderState::Completed { approved, .. } => (Tone::Good, Some(approved.by)),
        _ => (Tone::Over, None),
    };
    let customer = locale.with(
        "review-customer",
        &[("mention", text::person(order.customer).into()), ("name", words::name(name).into())],
    );
    let received = locale.with("change-card-received", &[("currency", order.plan.price.currency.code().into())]);
    let status = match &order.state {
        OrderState::Completed { .. } => delivery_text(locale, order.delivery),
        _ => words::status(locale, order.status()),
    };
    let mut embed = Embed::new(tone, locale.say("change-card-title"))
        .field(locale.say("review-customer-name"), customer)
        .field(locale.say("common-plan"), words::contents(locale, &order.plan))
        .short(received, words::digits(order.plan.price))
        .short(locale.say("common-order-id"), text::code(order.id.as_str(), 20));
    if let Some(by) = by {
        embed = embed.short(locale.say("change-card-by"), text::person(by));
    }
    if by == Some(order.customer) {
        embed = embed.field(locale.say("review-own"), locale.say("review-own-order"));
    }
    if !note.is_empty() {
        embed = embed.field(locale.say("change-note"), words::reason(note));
    }
    embed = embed.field(locale.say("change-card-status"), status);
    let mut buttons = Vec::new();
    match &order.state {
        OrderState::NeedsAttention { trouble, .. } => {
            embed = embed.field(locale.say("review-cause"), words::trouble(locale, trouble));
            let id = || order.id.clone();
            buttons = vec![
                Press::ours(Button::Retry(id()), locale.say("review-retry-button"), Tone::Ask),
                Press::ours(Button::ByHand(id()), locale.say("review-by-hand-button"), Tone::Over),
                Press::ours(Button::VoidSale(id()), locale.say("review-decline-button"), Tone::Bad),
            ];
        }
        OrderState::Reversed { reason, .. } | OrderState::Declined { reason, .. } => {
            embed = embed.field(locale.say("common-reason"), words::reason(reason));
        }
        _ => {}
    }
    Post::embed(embed).row(Row::Buttons(buttons)).marked(&Marker::sale(&order.id))
}
