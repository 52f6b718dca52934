//! What staff change about a subscription: the question with its facts, and what came of it.

use crate::domain::{
    ChannelId, Millis, Money, Order, OrderStatus, UserId,
    attention::{Cause, Trouble},
    button::{Button, Token},
    change::Change,
    grants::Expiry,
    order::Delivery,
};

use super::{Embed, Locale, Post, Press, Row, Tone, review::delivery_text, text, words};

/// What a question is about.
#[derive(Debug, Clone, Copy)]
pub enum Proposed<'a> {
    /// A change of a subscription; a reversal with its order.
    Change(&'a Change, Option<&'a Order>),
    /// The reversal of an order of which the bot knows no client.
    Refund {
        order: &'a Order,
        reason: &'a str,
    },
    /// A client that was made by hand.
    Adopt,
    Sell {
        plan: &'a str,
        received: Money,
        note: &'a str,
    },
}

/// What a question is made of.
#[derive(Debug, Clone, Copy)]
pub struct QuestionFacts<'a> {
    pub proposed: Proposed<'a>,
    pub customer: UserId,
    pub name: &'a str,
    /// The client on the panel, with its end and its traffic as last known.
    pub client: Option<(&'a str, Expiry, u64)>,
    /// The one-time token behind both buttons.
    pub token: &'a Token,
    pub expires_at: Millis,
}

/// The question: what would be done, the facts, Confirm and Cancel.
pub fn question(locale: Locale, facts: &QuestionFacts<'_>) -> Post {
    let (tone, title) = title(facts.proposed);
    let customer = locale.with(
        "review-customer",
        &[("mention", text::person(facts.customer).into()), ("name", words::name(facts.name).into())],
    );
    let mut embed = Embed::new(tone, locale.say(title))
        .body(body(locale, facts.proposed))
        .field(locale.say("review-customer-name"), customer);
    if let Some((email, expiry, quota)) = facts.client {
        embed = embed
            .field(locale.say("change-client"), text::code(email, 200))
            .short(locale.say("change-until"), until(locale, expiry))
            .short(locale.say("change-traffic"), words::traffic(locale, quota));
    }
    let amount = |money: Money| locale.with("common-amount", &[("currency", money.currency.code().into())]);
    let reversal = match facts.proposed {
        Proposed::Change(Change::Reverse { reason, .. }, Some(order)) => Some((order, reason.as_str())),
        Proposed::Refund { order, reason } => Some((order, reason)),
        _ => None,
    };
    if let Proposed::Sell { plan, received, note } = facts.proposed {
        embed =
            embed.field(locale.say("common-plan"), words::name(plan)).short(amount(received), words::digits(received));
        if !note.is_empty() {
            embed = embed.field(locale.say("change-note"), words::reason(note));
        }
    }
    if let Some((order, reason)) = reversal {
        embed = embed
            .field(locale.say("common-plan"), words::contents(locale, &order.plan))
            .short(amount(order.plan.price), words::digits(order.plan.price))
            .short(locale.say("common-order-id"), text::code(order.id.as_str(), 20))
            .field(locale.say("common-reason"), words::reason(reason));
    }
    embed = embed.field(locale.say("decision-valid"), text::relative(facts.expires_at));
    Post::embed(embed).row(Row::Buttons(vec![
        Press::ours(Button::Confirm(facts.token.clone()), locale.say("decision-confirm-button"), tone),
        Press::ours(Button::Abort(facts.token.clone()), locale.say("decision-cancel-button"), Tone::Over),
    ]))
}

fn title(proposed: Proposed<'_>) -> (Tone, &'static str) {
    match proposed {
        Proposed::Change(change, _) => match change {
            Change::Disable {} => (Tone::Bad, "change-title-disable"),
            Change::Enable {} => (Tone::Good, "change-title-enable"),
            Change::SetTraffic { .. } => (Tone::Ask, "change-title-traffic"),
            Change::Extend { .. } => (Tone::Ask, "change-title-extend"),
            Change::ResetTraffic {} => (Tone::Ask, "change-title-reset"),
            Change::Rotate {} => (Tone::Bad, "change-title-rotate"),
            Change::Delete {} => (Tone::Bad, "change-title-delete"),
            Change::Adopt {} => (Tone::Ask, "change-title-adopt"),
            Change::Reverse { .. } => (Tone::Bad, "change-title-reverse"),
        },
        Proposed::Refund { .. } => (Tone::Bad, "change-title-reverse"),
        Proposed::Adopt => (Tone::Ask, "change-title-adopt"),
        Proposed::Sell { .. } => (Tone::Good, "change-title-sell"),
    }
}

fn body(locale: Locale, proposed: Proposed<'_>) -> String {
    locale.say(match proposed {
        Proposed::Change(change, _) => match change {
            Change::Disable {} => "change-body-disable",
            Change::Enable {} => "change-body-enable",
            Change::SetTraffic { bytes } => {
                let quota = words::traffic(locale, *bytes);
                return locale.with("change-body-traffic", &[("quota", quota.into())]);
            }
            Change::Extend { days } => {
                let id = if *days < 0 { "change-body-earlier" } else { "change-body-later" };
                return locale.with(id, &[("days", days.unsigned_abs().into())]);
            }
            Change::ResetTraffic {} => "change-body-reset",
            Change::Rotate {} => "change-body-rotate",
            Change::Delete {} => "change-body-delete",
            Change::Adopt {} => "change-body-adopt",
            Change::Reverse { .. } => "change-body-reverse",
        },
        Proposed::Refund { .. } => "change-body-refund",
        Proposed::Adopt => "change-body-adopt",
        Proposed::Sell { .. } => "change-body-sell",
    })
}

pub(super) fn until(locale: Locale, expiry: Expiry) -> String {
    match expiry {
        Expiry::At(at) => text::date(at),
        Expiry::Never => locale.say("common-endless"),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'a> {
    Done {
        change: &'a Change,
        /// The panel kept the client that was to be removed, switched off.
        kept: bool,
        /// Whether the customer could be told; `None` while that is not known.
        told: Option<bool>,
        expiry: Expiry,
        /// Its total traffic in bytes now, 0 = unlimited.
        quota: u64,
    },
    /// It was refused, and nothing was done.
    Void(&'a Trouble),
    /// Accepted; the panel is down.
    Waits {
        since: Millis,
        /// Where the result will be told.
        place: ChannelId,
    },
    InProgress {
        /// Where the result will be told.
        place: ChannelId,
    },
    /// The same is under way already.
    Already,
    /// An order of which the bot knows no client is reversed.
    Refunded,
    /// The subscription is not there any more.
    Gone,
    /// The order cannot be reversed.
    OrderIs(OrderStatus),
    /// The client is a subscription's already.
    Ours,
    /// The panel has no such client.
    NotThere {
        /// The name that was asked for.
        email: &'a str,
    },
    /// The client's name cannot be kept.
    BadName {
        email: &'a str,
    },
    /// The panel keeps the client in a way that we cannot use.
    Unusable {
        email: &'a str,
    },
    /// The panel does not answer.
    Silent,
    /// No panel has this name.
    NoPanel,
    /// No plan has this id.
    NoPlan,
    /// Not an amount of money.
    BadAmount,
    NoDays,
    /// What never ends cannot be extended.
    NeverEnds,
    /// A sale by hand is booked.
    Sold(Delivery),
    /// A sale by hand could not be finished.
    SaleAttention(&'a Trouble),
}

/// What came of it, as an answer to who asked.
pub fn outcome(locale: Locale, outcome: &Outcome<'_>) -> Post {
    Post::text(outcome_text(locale, outcome))
}

pub(super) fn outcome_text(locale: Locale, outcome: &Outcome<'_>) -> String {
    let place = |place: ChannelId| ("place", text::channel(place).into());
    locale.say(match *outcome {
        Outcome::Done { change, kept, told, expiry, quota } => {
            let mut lines = vec![done(locale, change, kept, expiry, quota)];
            let link = matches!(change, Change::Rotate {} | Change::Adopt {});
            lines.extend(told.map(|told| {
                locale.say(match (told, link) {
                    (true, false) => "change-told",
                    (true, true) => "change-told-link",
                    (false, false) => "change-untold",
                    (false, true) => "change-untold-link",
                })
            }));
            return lines.join("\n");
        }
        Outcome::Void(trouble) => {
            let id = if trouble.cause == Cause::ResetThenRefused { "change-half" } else { "change-void" };
            return locale.with(id, &[("cause", words::trouble(locale, trouble).into())]);
        }
        Outcome::Waits { since, place: there } => {
            return locale.with("change-waits", &[("since", text::date(since).into()), place(there)]);
        }
        Outcome::InProgress { place: there } => return locale.with("change-in-progress", &[place(there)]),
        Outcome::OrderIs(status) => {
            return locale.with("change-order-is", &[("status", words::status(locale, status).into())]);
        }
        Outcome::NotThere { email } => {
            return locale.with("change-not-there", &[("email", text::code(email, 200).into())]);
        }
        Outcome::BadName { email } => {
            return locale.with("change-bad-name", &[("email", text::code(email, 200).into())]);
        }
        Outcome::Unusable { email } => {
            return locale.with("change-unusable", &[("email", text::code(email, 200).into())]);
        }
        Outcome::Sold(delivery) => {
            return locale.with("change-sold", &[("delivery", delivery_text(locale, delivery).into())]);
        }
        Outcome::SaleAttention(trouble) => {
            return locale.with("change-sale-attention", &[("cause", words::trouble(locale, trouble).into())]);
        }
        Outcome::Already => "change-already",
        Outcome::Refunded => "change-refunded",
        Outcome::Gone => "change-gone",
        Outcome::Ours => "change-ours",
        Outcome::Silent => "change-silent",
        Outcome::NoPanel => "change-no-panel",
        Outcome::NoPlan => "change-no-plan",
        Outcome::BadAmount => "change-bad-amount",
        Outcome::NoDays => "change-no-days",
        Outcome::NeverEnds => "change-never-ends",
    })
}

fn done(locale: Locale, change: &Change, kept: bool, expiry: Expiry, quota: u64) -> String {
    locale.say(match change {
        Change::Disable {} => "change-done-disable",
        Change::Enable {} => "change-done-enable",
        Change::SetTraffic { .. } => {
            return locale.with("change-done-traffic", &[("quota", words::traffic(locale, quota).into())]);
        }
        Change::Extend { .. } => {
            return locale.with("change-done-extend", &[("until", until(locale, expiry).into())]);
        }
        Change::ResetTraffic {} => "change-done-reset",
        Change::Rotate {} => "change-done-rotate",
        Change::Delete {} if kept => "change-done-kept",
        Change::Delete {} => "change-done-delete",
        Change::Adopt {} => "change-done-adopt",
        Change::Reverse { .. } => "change-done-reverse",
    })
}
