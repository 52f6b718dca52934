//! Staff decide: the confirmation, the reasons, and what came of it (`outcome.rs`). All of it is seen
//! by the member of staff alone.

use crate::domain::{
    Millis, Money, Order, OrderState,
    button::{Button, Token},
    order::SubmissionId,
};

use super::{Embed, Locale, Menu, Modal, Post, Press, Row, Tone, post::Entry, review, text, words};

mod outcome;

pub use outcome::{Done, Outcome, outcome};

/// The usual reasons to decline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The money did not arrive.
    NotReceived,
    WrongAmount,
    /// The picture cannot be read.
    Unreadable,
    /// The receipt is old or was used before.
    OldReceipt,
    /// It was sent to another account.
    WrongAccount,
}

impl Reason {
    /// All of them, in the order of the menu.
    pub const ALL: [Self; 5] =
        [Self::NotReceived, Self::WrongAmount, Self::Unreadable, Self::OldReceipt, Self::WrongAccount];

    /// The menu's value for a reason that is typed; it opens [`reason_modal`].
    pub const OTHER: &'static str = "other";

    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotReceived => "not-received",
            Self::WrongAmount => "wrong-amount",
            Self::Unreadable => "unreadable",
            Self::OldReceipt => "old-receipt",
            Self::WrongAccount => "wrong-account",
        }
    }

    /// The reason of a menu's value; `None` for [`Self::OTHER`] and for what is none of ours.
    pub fn from_value(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == value)
    }

    pub fn text(self, customer: Locale) -> String {
        customer.say(match self {
            Self::NotReceived => "reason-not-received",
            Self::WrongAmount => "reason-wrong-amount",
            Self::Unreadable => "reason-unreadable",
            Self::OldReceipt => "reason-old-receipt",
            Self::WrongAccount => "reason-wrong-account",
        })
    }

    /// What the card of a sale by hand says when it came to nothing.
    pub fn unsold(staff: Locale) -> String {
        staff.say("reason-unsold")
    }

    /// What the customer reads when the receipt was found to be a fake.
    pub fn fake(customer: Locale) -> String {
        customer.say("reason-fake")
    }

    fn label(self, staff: Locale) -> String {
        staff.say(match self {
            Self::NotReceived => "reason-label-not-received",
            Self::WrongAmount => "reason-label-wrong-amount",
            Self::Unreadable => "reason-label-unreadable",
            Self::OldReceipt => "reason-label-old-receipt",
            Self::WrongAccount => "reason-label-wrong-account",
        })
    }
}

/// What is about to be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action<'a> {
    Approve,
    /// Decline it, for a reason that the customer will read.
    Decline(&'a str),
    /// Accept a part of the price.
    Part {
        /// What arrived with this proof.
        received: Money,
        /// What will still be missing.
        missing: Money,
    },
    /// Approve with what arrived, which is not the price.
    Enough {
        /// What arrived with this proof.
        received: Money,
        /// What is beyond the price, if anything.
        surplus: Option<Money>,
    },
    /// Book an order that needs attention as delivered by hand.
    ByHand,
    /// Close a sale by hand that needs attention.
    VoidSale,
    /// End an unpaid order that money has arrived for.
    End,
    /// Decline it for good and block the customer, who reads this. With money in it the order stays open.
    Fake(&'a str),
}

/// What a confirmation is made of.
#[derive(Debug, Clone, Copy)]
pub struct ConfirmFacts<'a> {
    pub order: &'a Order,
    /// The customer's name on Discord.
    pub customer_name: &'a str,
    /// What is about to happen.
    pub action: Action<'a>,
    /// The one-time token behind both buttons.
    pub token: &'a Token,
    pub expires_at: Millis,
}

/// The confirmation: the facts once more, Confirm and Cancel.
pub fn confirmation(locale: Locale, facts: &ConfirmFacts<'_>) -> Post {
    let order = facts.order;
    let (tone, title, body) = match facts.action {
        Action::Approve => (Tone::Good, "decision-approve-title", "decision-approve-body"),
        Action::Decline(_) if matches!(order.state, OrderState::NeedsAttention { .. }) => {
            (Tone::Bad, "decision-give-up-title", "decision-give-up-body")
        }
        Action::Decline(_) if order.decline_ends_it() => {
            (Tone::Bad, "decision-decline-title", "decision-decline-last-body")
        }
        Action::Part { .. } => (Tone::Ask, "decision-part-title", "decision-part-body"),
        Action::Enough { .. } => (Tone::Good, "decision-approve-title", "decision-enough-body"),
        Action::Fake(_) if order.has_money() => (Tone::Bad, "decision-fake-title", "decision-fake-paid-body"),
        Action::Fake(_) => (Tone::Bad, "decision-fake-title", "decision-fake-body"),
        Action::ByHand => (Tone::Good, "decision-by-hand-title", "decision-by-hand-body"),
        Action::VoidSale => (Tone::Bad, "decision-void-title", "decision-void-body"),
        Action::End => (Tone::Bad, "decision-end-title", "decision-end-body"),
        Action::Decline(_) => (Tone::Bad, "decision-decline-title", "decision-decline-body"),
    };
    let customer = locale.with(
        "review-customer",
        &[("mention", text::person(order.customer).into()), ("name", words::name(facts.customer_name).into())],
    );
    let amount = locale.with("common-amount", &[("currency", order.plan.price.currency.code().into())]);
    let mut embed = Embed::new(tone, locale.say(title))
        .body(locale.say(body))
        .field(locale.say("review-customer-name"), customer)
        .field(locale.say("common-plan"), words::contents(locale, &order.plan))
        .short(amount, words::digits(order.plan.price))
        .short(locale.say("common-order-id"), text::code(order.id.as_str(), 20));
    if let Some(method) = &order.method {
        embed = embed.short(locale.say("common-method"), words::name(&method.name));
    }
    if let Some(received) = review::received(locale, order) {
        embed = embed.field(locale.say("review-received"), received);
    }
    for (name, value) in details(locale, facts.action) {
        embed = embed.field(locale.say(name), value);
    }
    embed = embed.field(locale.say("decision-valid"), text::relative(facts.expires_at));
    Post::embed(embed).row(Row::Buttons(vec![
        Press::ours(Button::Confirm(facts.token.clone()), locale.say("decision-confirm-button"), tone),
        Press::ours(Button::Abort(facts.token.clone()), locale.say("decision-cancel-button"), Tone::Over),
    ]))
}

/// What the kind of decision adds to the facts.
fn details(locale: Locale, action: Action<'_>) -> Vec<(&'static str, String)> {
    match action {
        Action::Approve | Action::ByHand | Action::VoidSale | Action::End => vec![],
        Action::Decline(reason) | Action::Fake(reason) => vec![("common-reason", words::reason(reason))],
        Action::Part { received, missing } => {
            let missing = locale.with("decision-missing-after", &[("missing", words::money(missing).into())]);
            vec![("review-part", words::money(received)), ("decision-afterwards", missing)]
        }
        Action::Enough { received, surplus } => {
            let mut all = vec![("review-part", words::money(received))];
            all.extend(surplus.map(|more| {
                ("decision-afterwards", locale.with("decision-surplus-after", &[("more", words::money(more).into())]))
            }));
            all
        }
    }
}

/// The form in which staff type what arrived.
pub fn amount_modal(locale: Locale, submission: SubmissionId, order: &Order) -> Modal {
    Modal {
        button: Button::AmountModal(submission),
        title: locale.say("decision-amount-title"),
        label: locale.with("decision-amount-label", &[("currency", order.plan.price.currency.code().into())]),
        placeholder: locale.say("decision-amount-placeholder"),
        max: 30,
    }
}

/// What was typed is no amount that can have arrived.
pub fn not_an_amount(locale: Locale, order: &Order) -> Post {
    Post::text(locale.with("decision-not-an-amount", &[("currency", order.plan.price.currency.code().into())]))
}

/// The usual reasons to decline, and "other", which opens [`reason_modal`].
pub fn reason_menu(locale: Locale, submission: SubmissionId) -> Post {
    let entry = |value: &str, label: String| Entry { value: value.to_owned(), label, description: None, chosen: false };
    let mut options: Vec<Entry> =
        Reason::ALL.into_iter().map(|reason| entry(reason.as_str(), reason.label(locale))).collect();
    options.push(entry(Reason::OTHER, locale.say("reason-label-other")));
    Post::text(locale.say("decision-why")).row(Row::Menu(Menu {
        button: Button::ReasonMenu(submission),
        placeholder: locale.say("decision-why-placeholder"),
        options,
    }))
}

/// The form in which a reason is typed.
pub fn reason_modal(locale: Locale, submission: SubmissionId) -> Modal {
    Modal {
        button: Button::ReasonModal(submission),
        title: locale.say("decision-modal-title"),
        label: locale.say("decision-modal-label"),
        placeholder: locale.say("decision-modal-placeholder"),
        max: 300,
    }
}
