//! What came of a click of staff, in words.

use crate::{
    domain::{ChannelId, Millis, Money, OrderStatus, UserId, attention::Trouble, order::Delivery, proofs::Verdict},
    view::{Locale, Post, review::delivery_text, text, words},
};

/// What somebody else decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    Approved,
    Declined,
    /// Accepted as a part of the price.
    Part,
}

impl Done {
    /// What a verdict says was done.
    pub fn of(verdict: &Verdict) -> Option<Self> {
        match verdict {
            Verdict::Pending => None,
            Verdict::Approved { .. } => Some(Self::Approved),
            Verdict::Declined { .. } => Some(Self::Declined),
            Verdict::Part { .. } => Some(Self::Part),
        }
    }
}

/// What came of a click of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Approved, the client exists; how the link reached the customer.
    Delivered(Delivery),
    /// Approved and under way; the card there shows the result.
    InProgress(Option<ChannelId>),
    /// Approved; the panel is down.
    WaitsForPanel { since: Millis },
    /// The panel refused: the payment is back in review.
    PanelRefused { said: String },
    /// Approved, and a person must look at it.
    NeedsAttention { trouble: Trouble },
    /// A part of the price was accepted.
    PartBooked {
        /// What has arrived in all.
        received: Money,
        missing: Money,
    },
    /// The proof is declined for good and its customer blocked.
    Blocked {
        /// The money that keeps the order open; without any it is closed.
        still_in_it: Option<Money>,
    },
    /// The order is closed; it had needed attention.
    GivenUp,
    /// The order is booked as delivered by hand.
    BookedByHand,
    /// The sale by hand is closed.
    SaleVoided,
    /// The order is ended; what had arrived for it is the customer's.
    Ended,
    /// Declined; the customer may send so many more.
    Declined {
        /// Attempts left; 0 closed the order.
        attempts_left: u32,
    },
    /// The payment is back in review.
    BackInReview,
    /// Somebody else was first.
    AlreadyDecided {
        /// Who, when that is known.
        by: Option<UserId>,
        /// When, when that is known.
        at: Option<Millis>,
        /// What they decided, when that is known.
        what: Option<Done>,
        status: OrderStatus,
    },
    /// The order is in another state than it was when the confirmation was opened.
    OrderChanged { status: OrderStatus },
    /// The card is not the order's current proof any more.
    OldCard,
}

/// What came of a click, as an answer to who clicked.
pub fn outcome(locale: Locale, outcome: &Outcome) -> Post {
    Post::text(outcome_text(locale, outcome))
}

fn outcome_text(locale: Locale, outcome: &Outcome) -> String {
    let say = |id: &str| locale.say(id);
    match outcome {
        Outcome::Delivered(delivery) => {
            let delivery = delivery_text(locale, *delivery);
            locale.with("decision-delivered", &[("delivery", delivery.into())])
        }
        Outcome::InProgress(None) => say("decision-in-progress"),
        Outcome::InProgress(Some(place)) => {
            locale.with("decision-in-progress-there", &[("place", text::channel(*place).into())])
        }
        Outcome::WaitsForPanel { since } => locale.with("decision-waits", &[("since", text::date(*since).into())]),
        Outcome::PanelRefused { said } => locale.with("decision-refused", &[("said", words::reason(said).into())]),
        Outcome::NeedsAttention { trouble } => {
            locale.with("decision-attention", &[("cause", words::trouble(locale, trouble).into())])
        }
        Outcome::PartBooked { received, missing } => locale.with(
            "decision-part-booked",
            &[("received", words::money(*received).into()), ("missing", words::money(*missing).into())],
        ),
        Outcome::Blocked { still_in_it: None } => say("decision-blocked"),
        Outcome::Blocked { still_in_it: Some(received) } => {
            locale.with("decision-blocked-open", &[("received", words::money(*received).into())])
        }
        Outcome::GivenUp => say("decision-given-up"),
        Outcome::BookedByHand => say("decision-booked-by-hand"),
        Outcome::SaleVoided => say("decision-voided"),
        Outcome::Ended => say("decision-ended"),
        Outcome::Declined { attempts_left: 0 } => say("decision-declined-for-good"),
        Outcome::Declined { attempts_left } => locale.with("decision-declined", &[("left", (*attempts_left).into())]),
        Outcome::BackInReview => say("decision-back-done"),
        Outcome::AlreadyDecided { by, at, what, status } => already_decided(locale, *by, *at, *what, *status),
        Outcome::OrderChanged { status } => {
            locale.with("decision-changed", &[("status", words::status(locale, *status).into())])
        }
        Outcome::OldCard => say("decision-old-card"),
    }
}

fn already_decided(
    locale: Locale,
    by: Option<UserId>,
    at: Option<Millis>,
    what: Option<Done>,
    status: OrderStatus,
) -> String {
    let now = words::status(locale, status);
    let (Some(by), Some(at)) = (by, at) else {
        return locale.with("decision-already", &[("status", now.into())]);
    };
    let id = match what {
        Some(Done::Approved) => "decision-already-approved",
        Some(Done::Declined) => "decision-already-declined",
        Some(Done::Part) => "decision-already-part",
        None => "decision-already-by",
    };
    let (who, when) = (text::person(by), text::relative(at));
    locale.with(id, &[("who", who.into()), ("when", when.into()), ("status", now.into())])
}
