//! What the status message of a ticket says in every state.

use insta::assert_snapshot;

use super::{
    gallery::{NOW, Words, adel, order_of},
    render::read,
};
use crate::{
    domain::{
        Order, OrderState, PaymentMethod,
        attention::{Cause, Trouble},
        order::{CancelCause, Delivery, MethodSnapshot},
        shop::{Instructions, ReferencePolicy},
    },
    view::{
        Locale,
        ticket::{self, TicketFacts},
    },
};

const EN: Locale = Locale::English;
const PREMIUM: Words<'_> = Words {
    name: "Premium",
    sentence: "We have not received the money yet. Please check that it was sent to the right account.",
};

fn methods() -> Vec<PaymentMethod> {
    [("vodafone-cash", "Vodafone Cash"), ("instapay", "InstaPay")]
        .map(|(id, name)| PaymentMethod {
            id: id.parse().unwrap(),
            name: name.to_owned(),
            account: "01001234567".to_owned(),
            holder: "Nile Shop".to_owned(),
            instructions: Instructions::parse("").unwrap(),
            reference: ReferencePolicy::Off,
            reference_pattern: None,
        })
        .to_vec()
}

/// Mona's order for Premium, to be paid by Vodafone Cash once `chosen`.
fn monas_order(state: OrderState, chosen: bool) -> Order {
    let method = MethodSnapshot {
        id: "vodafone-cash".to_owned(),
        name: "Vodafone Cash".to_owned(),
        account: "01001234567".to_owned(),
        holder: "Nile Shop".to_owned(),
        instructions: "Open **Vodafone Cash** (or dial *9#), choose “Send money” and write the order ID in the note."
            .to_owned(),
        reference: ReferencePolicy::Off,
    };
    Order { method: chosen.then_some(method), ..order_of(PREMIUM, state) }
}

fn ticket_of(order: &Order) -> String {
    let methods = methods();
    let over = !order.status().is_active();
    let closes_at = over.then(|| NOW.plus_days(1));
    read(&ticket::status(EN, &TicketFacts { order, methods: &methods, message_content: true, closes_at }))
}

#[test]
fn the_ticket_while_payment_is_awaited() {
    let waiting = OrderState::PendingPayment { expires_at: NOW.plus_days(1), declined: None };
    assert_snapshot!(ticket_of(&monas_order(waiting.clone(), false)), @"
    | Ask: How would you like to pay?
    | Choose a payment method below. You then see where to send the money.
    | Amount (EGP): `250`
    | Plan: Premium · 30 days · 150 GB
    | Attempts left: 2
    | Order ends: <t:1800086400:R>
    | -- order 7000000000 · ticket
    [Choose a payment method v]
      - Vodafone Cash
      - InstaPay
    [Cancel order]
    ");
    assert_snapshot!(ticket_of(&monas_order(waiting, true)), @"
    | Ask: Pay with Vodafone Cash
    | Open **Vodafone Cash** (or dial *9#), choose “Send money” and write the order ID in the note.
    | 
    | After paying, send a screenshot of the payment here in this ticket.
    | Amount (EGP): `250`
    | Account: `01001234567`
    | Account holder: `Nile Shop`
    | Order ID: `7000000000`
    | Plan: Premium · 30 days · 150 GB
    | Attempts left: 2
    | Order ends: <t:1800086400:R>
    | -- order 7000000000 · ticket
    [Choose a payment method v]
      x Vodafone Cash
      - InstaPay
    [Cancel order]
    ");
}

#[test]
fn the_ticket_after_a_decline() {
    let declined = Some(PREMIUM.sentence.to_owned());
    let order = monas_order(OrderState::PendingPayment { expires_at: NOW.plus_days(1), declined }, true);
    assert_snapshot!(ticket_of(&order), @"
    | Bad: Your last payment proof was not accepted
    | Reason: We have not received the money yet. Please check that it was sent to the right account.
    | If you have already paid, please do not pay again: send a better screenshot, or write to our team here.
    | 
    | Open **Vodafone Cash** (or dial *9#), choose “Send money” and write the order ID in the note.
    | 
    | After paying, send a screenshot of the payment here in this ticket.
    | Amount (EGP): `250`
    | Account: `01001234567`
    | Account holder: `Nile Shop`
    | Order ID: `7000000000`
    | Plan: Premium · 30 days · 150 GB
    | Attempts left: 2
    | Order ends: <t:1800086400:R>
    | -- order 7000000000 · ticket
    [Choose a payment method v]
      x Vodafone Cash
      - InstaPay
    [Cancel order]
    ");
}

#[test]
fn the_ticket_without_message_content() {
    let order = monas_order(OrderState::PendingPayment { expires_at: NOW.plus_days(1), declined: None }, true);
    let facts = TicketFacts { order: &order, methods: &[], message_content: false, closes_at: None };
    let post = ticket::status(EN, &facts);
    assert_snapshot!(post.embeds[0].body, @"
    Open **Vodafone Cash** (or dial *9#), choose “Send money” and write the order ID in the note.

    After paying, type `/proof` here and attach a screenshot of the payment.
    ");
}

#[test]
fn the_ticket_while_others_are_at_work() {
    let ticket = |state| ticket_of(&monas_order(state, true));
    let returned = Some(Trouble::new(Cause::PanelRefused, "inbound not found"));
    assert_snapshot!(ticket(OrderState::PaymentSubmitted { returned }), @"
    | Wait: We are checking your payment
    | Thank you, we have your screenshot. Our team looks at it and you are mentioned here as soon as it is decided.
    | You do not need to do anything. Until then nobody but our team can write here.
    | Plan: Premium · 30 days · 150 GB
    | Order ID: `7000000000`
    | -- order 7000000000 · ticket
    ");
    assert_snapshot!(ticket(OrderState::Provisioning { approved: adel() }), @"
    | Wait: Payment approved
    | We are preparing your access. This usually takes less than a minute.
    | If the VPN server is being repaired it takes longer, and then happens by itself. You do not need to do anything.
    | Plan: Premium · 30 days · 150 GB
    | Order ID: `7000000000`
    | -- order 7000000000 · ticket
    ");
    let trouble = Trouble::new(Cause::EmailTaken, "tk-7000000000");
    assert_snapshot!(ticket(OrderState::NeedsAttention { approved: adel(), trouble }), @"
    | Wait: Payment approved
    | Our team is finishing your access by hand. You do not need to do anything and you do not need to pay again.
    | Plan: Premium · 30 days · 150 GB
    | Order ID: `7000000000`
    | -- order 7000000000 · ticket
    ");
}

#[test]
fn the_ticket_of_a_completed_order() {
    let ticket = |delivery| {
        let order = monas_order(OrderState::Completed { approved: adel(), at: NOW }, true);
        ticket_of(&Order { delivery, ..order })
    };
    assert_snapshot!(ticket(Delivery::Dm(NOW)), @"
    | Good: Your access is ready
    | We sent you the link by direct message <t:1800000000:R>. You can also get it here.
    | Plan: Premium · 30 days · 150 GB
    | Order ID: `7000000000`
    | This ticket will be deleted: <t:1800086400:R>
    | -- order 7000000000 · ticket
    [Get my link]
    ");
    assert_snapshot!(ticket(Delivery::DmClosed), @"
    | Good: Your access is ready
    | We cannot send you direct messages, so the link waits here: press “Get my link”. Only you will see it.
    | Plan: Premium · 30 days · 150 GB
    | Order ID: `7000000000`
    | This ticket will be deleted: <t:1800086400:R>
    | -- order 7000000000 · ticket
    [Get my link]
    ");
    let bodies = [Delivery::None, Delivery::Fetched(NOW), Delivery::ByHand(NOW)]
        .map(|delivery| ticket(delivery).lines().nth(1).unwrap().to_owned());
    assert_snapshot!(bodies.join("\n"), @"
    | We are sending you the link by direct message.
    | You got your link <t:1800000000:R>. You can get it again here, or with /link at any time.
    | Our team gave you your access <t:1800000000:R>.
    ");
}

#[test]
fn the_ticket_of_an_order_that_is_over() {
    let ticket = |state| ticket_of(&monas_order(state, true));
    let reason = || PREMIUM.sentence.to_owned();
    assert_snapshot!(ticket(OrderState::Declined { decided: adel(), reason: reason() }), @"
    | Bad: Payment not accepted
    | Reason: We have not received the money yet. Please check that it was sent to the right account.
    | This order is closed. If you think this is a mistake, please write to our team. You can order again with /order.
    | Plan: Premium · 30 days · 150 GB
    | Order ID: `7000000000`
    | This ticket will be deleted: <t:1800086400:R>
    | -- order 7000000000 · ticket
    ");
    assert_snapshot!(ticket(OrderState::Expired { at: NOW }), @"
    | Over: Order expired
    | No payment proof arrived in time, so this order is closed.
    | If you have already paid, please write to our team before you order again.
    | Plan: Premium · 30 days · 150 GB
    | Order ID: `7000000000`
    | This ticket will be deleted: <t:1800086400:R>
    | -- order 7000000000 · ticket
    ");
    assert_snapshot!(ticket(OrderState::Reversed { approved: adel(), decided: adel(), reason: reason() }), @"
    | Bad: Order taken back
    | Reason: We have not received the money yet. Please check that it was sent to the right account.
    | What was left of this order has been removed from your access.
    | Plan: Premium · 30 days · 150 GB
    | Order ID: `7000000000`
    | This ticket will be deleted: <t:1800086400:R>
    | -- order 7000000000 · ticket
    ");
    let bodies = [CancelCause::Customer, CancelCause::Staff, CancelCause::TicketDeleted]
        .map(|cause| ticket(OrderState::Cancelled { cause, at: NOW }).lines().nth(1).unwrap().to_owned());
    assert_snapshot!(bodies.join("\n"), @"
    | You cancelled this order. If you have already sent money, please write to our team. You can order again with /order at any time.
    | Our team cancelled this order. You can order again with /order at any time.
    | This order could not go on and was cancelled. You can order again with /order at any time.
    ");
}
