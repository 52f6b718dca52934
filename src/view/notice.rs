//! Short messages in a ticket that ring its customer's phone. An edited status message does not.

use crate::domain::{Order, OrderState, effect::Notice};

use super::{Locale, Marker, Post, proof, text, words};

/// A notice for the customer of an order. `declined` is the reason that stands with the
/// submission of [`Notice::Declined`]; the others do not need it.
pub fn notice(locale: Locale, order: &Order, notice: &Notice, declined: Option<&str>) -> Post {
    let sentence = match notice {
        Notice::Welcome => locale.say("notice-welcome"),
        Notice::Declined { .. } => declined_text(locale, order, declined.unwrap_or_default()),
        Notice::PartPaid { .. } if order.missing().minor > 0 => {
            let (received, missing) = (words::money(order.received), words::money(order.missing()));
            locale.with("notice-part-paid", &[("received", received.into()), ("missing", missing.into())])
        }
        // The rest has arrived meanwhile.
        Notice::PartPaid { .. } => locale.say("notice-pay-soon-no-more"),
        Notice::BadPicture { why, .. } => proof::picture_text(locale, *why),
        Notice::Duplicate { .. } => locale.say("proof-duplicate"),
        Notice::NoMethod { .. } => locale.say("proof-no-method"),
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
    Post::text(content).to(order.customer).marked(&Marker::notice(&order.id, notice))
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
