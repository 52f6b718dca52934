//! Short messages in a ticket that ring its customer's phone. An edited status message does not.

use crate::domain::{
    Order, OrderState,
    button::Button,
    effect::Notice,
    proofs::{FILES_OF_A_MESSAGE, FILES_REFUSED},
};

use super::{Locale, Marker, Post, Press, Row, Tone, proof, text, words};

/// A notice for the customer of an order. `said` is what staff wrote: the reason of
/// [`Notice::Declined`], the question of [`Notice::Asked`]; the others do not need it.
pub fn notice(locale: Locale, order: &Order, notice: &Notice, said: Option<&str>) -> Post {
    let sentence = match notice {
        Notice::Welcome => locale.say("notice-welcome"),
        Notice::Declined { .. } => declined_text(locale, order, said.unwrap_or_default()),
        Notice::PartPaid { .. } if order.missing().minor > 0 => {
            let (received, missing) = (words::money(order.received), words::money(order.missing()));
            locale.with("notice-part-paid", &[("received", received.into()), ("missing", missing.into())])
        }
        // The rest has arrived meanwhile.
        Notice::PartPaid { .. } => locale.say("notice-pay-soon-no-more"),
        Notice::Asked { .. } => {
            locale.with("notice-asked", &[("question", words::reason(said.unwrap_or_default()).into())])
        }
        Notice::BadPicture { why, .. } => proof::picture_text(locale, *why),
        Notice::NotFetched { .. } => locale.say("proof-not-fetched"),
        Notice::ManyFiles { .. } => locale.with("proof-many-files", &[("files", FILES_OF_A_MESSAGE.into())]),
        Notice::NoMoreFiles { until } => {
            let when = text::relative(*until);
            locale.with("proof-no-more-files", &[("files", FILES_REFUSED.into()), ("when", when.into())])
        }
        Notice::Duplicate { .. } => locale.say("proof-duplicate"),
        Notice::AttemptSpent { .. } => proof::spent_text(locale, order.attempts_left),
        Notice::WordsOnly { .. } => locale.say("proof-words-only"),
        Notice::Address { .. } => locale.say("proof-address"),
        Notice::Elsewhere { .. } => locale.say("proof-elsewhere"),
        Notice::PassedOn { .. } => locale.say("proof-passed-on"),
        Notice::Blocked { .. } => locale.say("refusal-blocked"),
        Notice::NoMethod { .. } => locale.say("proof-no-method"),
        Notice::NoReference { .. } => locale.say("proof-no-reference"),
        Notice::LinkWaits => locale.say("notice-link-waits"),
        Notice::PaySoon => match order.state {
            OrderState::PendingPayment { expires_at, .. } => {
                locale.with("notice-pay-soon", &[("when", text::relative(expires_at).into())])
            }
            // Paid or over meanwhile; the status message says so.
            _ => locale.say("notice-pay-soon-no-more"),
        },
    };
    let content =
        locale.with("notice-to", &[("customer", text::person(order.customer).into()), ("sentence", sentence.into())]);
    let post = Post::text(content).to(order.customer).marked(&Marker::notice(&order.id, notice));
    match notice {
        Notice::Asked { question } => {
            let answer = Press::ours(Button::Answer(*question), locale.say("notice-answer-button"), Tone::Ask);
            post.row(Row::Buttons(vec![answer]))
        }
        _ => post,
    }
}

/// Where the application may not see files: the command that it sees.
pub fn by_command(locale: Locale, order: &Order, notice: &Notice) -> Post {
    let sentence = locale.say("proof-by-command");
    let content =
        locale.with("notice-to", &[("customer", text::person(order.customer).into()), ("sentence", sentence.into())]);
    Post::text(content).to(order.customer).marked(&Marker::notice(&order.id, notice))
}

/// For somebody who wrote to the bot and has no ticket.
pub fn direct(locale: Locale, message: u64) -> Post {
    Post::text(locale.say("notice-direct")).marked(&Marker::direct(message))
}

fn declined_text(locale: Locale, order: &Order, reason: &str) -> String {
    let reason = words::reason(reason);
    if order.ticket_is_open() {
        let left = order.attempts_left;
        locale.with("notice-declined", &[("reason", reason.into()), ("left", left.into())])
    } else {
        locale.with("notice-declined-for-good", &[("reason", reason.into())])
    }
}
