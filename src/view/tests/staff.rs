//! What staff and owners read.

use insta::assert_snapshot;

use super::{
    gallery::{ADEL, DELIVERIES, GB, NOW, TICKET, Words, adel, order_of, pending, price},
    render::{read, read_modal},
};
use crate::{
    domain::{
        ChannelId, Millis, Money, Order, OrderId, OrderState, OrderStatus, SubmissionId,
        attention::{Cause, Trouble},
        button::Token,
        discord_error::Refused,
        effect::{OwnerNews, StaffNews},
        grants::{Expiry, Note},
        order::{Delivery, MethodSnapshot},
        proofs::{Flag, Verdict},
        shop::ReferencePolicy,
    },
    view::{
        Locale,
        decision::{self, Action, ConfirmFacts, Done, Outcome, Reason},
        news,
        review::{self, CardFacts, Given, Known, OnPanel},
    },
};

const EN: Locale = Locale::English;
const PREMIUM: Words<'_> = Words { name: "Premium", sentence: "" };

fn monas_order(state: OrderState) -> Order {
    let method = MethodSnapshot {
        id: "vodafone-cash".to_owned(),
        name: "Vodafone Cash".to_owned(),
        account: "01001234567".to_owned(),
        holder: "Nile Shop".to_owned(),
        instructions: String::new(),
        reference: ReferencePolicy::Off,
    };
    Order { method: Some(method), ..order_of(PREMIUM, state) }
}

fn facts<'a>(order: &'a Order, verdict: &'a Verdict) -> CardFacts<'a> {
    CardFacts {
        order,
        submission: SubmissionId(12),
        customer_name: "Mona_*",
        submitted_at: NOW,
        reference: None,
        flags: &[],
        verdict,
        given: None,
        panel_note: None,
        panel_down_since: None,
        known: None,
        history: None,
        reviewing: None,
        question: None,
        told_at: None,
        ticket_stuck: false,
    }
}

const APPROVED: Verdict = Verdict::Approved { by: ADEL, at: Millis(NOW.0 + 600_000) };

/// The last fields of a card, from "Submitted" on, and its buttons.
fn end_of_card(facts: &CardFacts<'_>) -> String {
    let text = read(&review::card(EN, facts, None));
    let title = text.lines().next().unwrap().to_owned();
    let rest = text.lines().skip_while(|line| !line.starts_with("| Submitted")).skip(1);
    std::iter::once(title.as_str()).chain(rest).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_card_to_review() {
    let order = monas_order(OrderState::PaymentSubmitted { returned: None });
    let flags = [
        Flag::HandedOn { from: OrderId::from_random(8) },
        Flag::Again,
        Flag::SamePixels { twin: OrderId::from_random(9) },
    ];
    let facts = CardFacts { flags: &flags, ..facts(&order, &Verdict::Pending) };
    assert_snapshot!(read(&review::card(EN, &facts, Some(vec![1]))), @r"
    | Ask: Payment to review
    | Customer: <@1001> · Mona\_\*
    | Plan: Premium · 30 days · 150 GB
    | Amount (EGP): `250`
    | Payment method: Vodafone Cash
    | Ticket: <#3003>
    | Order ID: `7000000000`
    | Attempts left after this one: 2
    | Submitted: <t:1800000000:f>, <t:1800000000:R>
    | Please note:
    |   This picture was sent before, for the same customer's order `8000000000`, which was never completed.
    |   This picture was already sent for this order.
    |   The same picture was sent in another file for order `9000000000`.
    | (picture proof.jpg)
    | -- order 7000000000 · proof 12
    [Approve] [Decline] [Amount differs] [More]
    (file proof.jpg)
    ");
}

#[test]
fn a_card_after_the_panel_refused() {
    let returned = Some(Trouble::new(Cause::PanelRefused, "Duplicate email: tk-7000000000"));
    let order = monas_order(OrderState::PaymentSubmitted { returned });
    assert_snapshot!(end_of_card(&facts(&order, &Verdict::Pending)), @r"
    | Bad: Payment to review again: the panel refused the last approval
    | What the panel answered: Duplicate email\: tk-7000000000
    | (picture proof.jpg)
    | -- order 7000000000 · proof 12
    [Approve] [Decline] [Amount differs] [More]
    ");
}

#[test]
fn a_card_while_the_panel_is_written() {
    let order = monas_order(OrderState::Provisioning { approved: adel() });
    assert_snapshot!(end_of_card(&facts(&order, &APPROVED)), @"
    | Wait: Approved
    | Decision: Approved by <@2002>, <t:1800000600:f>
    | What happens now: The panel is being written.
    | (picture proof.jpg)
    | -- order 7000000000 · proof 12
    ");
    let down = CardFacts { panel_down_since: Some(NOW), ..facts(&order, &APPROVED) };
    assert_snapshot!(end_of_card(&down), @"
    | Wait: Approved
    | Decision: Approved by <@2002>, <t:1800000600:f>
    | What happens now: The panel has been down since <t:1800000000:f>. The order waits and finishes by itself when the panel is back.
    | (picture proof.jpg)
    | -- order 7000000000 · proof 12
    ");
}

#[test]
fn a_card_that_needs_a_person() {
    let trouble = Trouble::new(Cause::EmailTaken, "tk-7000000000");
    let order = monas_order(OrderState::NeedsAttention { approved: adel(), trouble });
    let known = Some(Known { client: OnPanel::Strangers, booked: false });
    assert_snapshot!(end_of_card(&CardFacts { known, ..facts(&order, &APPROVED) }), @"
    | Bad: Approved, but a person must look at it
    | Decision: Approved by <@2002>, <t:1800000600:f>
    | What is wrong: The panel has a client named tk-7000000000 with another uuid; it is not ours to change.
    | What is known:
    |   The panel has another client under this name.
    |   The customer has no link yet.
    |   The sale is not booked.
    | (picture proof.jpg)
    | -- order 7000000000 · proof 12
    [Retry] [Delivered by hand] [Back to review] [Decline]
    ");
}

#[test]
fn a_card_says_what_was_delivered() {
    let completed = OrderState::Completed { approved: adel(), at: NOW };
    let order = Order { delivery: Delivery::Dm(NOW), ..monas_order(completed.clone()) };
    let given = Some(Given { expiry: Expiry::At(NOW.plus_days(30)), quota: 150 * GB, renewal: false });
    assert_snapshot!(end_of_card(&CardFacts { given, ..facts(&order, &APPROVED) }), @"
    | Good: Approved and delivered
    | Decision: Approved by <@2002>, <t:1800000600:f>
    | Given: New access until <t:1802592000:f>, 150 GB
    | Delivery: Link sent by direct message, <t:1800000000:f>
    | (picture proof.jpg)
    | -- order 7000000000 · proof 12
    ");
    let order = Order { delivery: Delivery::DmClosed, ..monas_order(completed) };
    let given = Some(Given { expiry: Expiry::Never, quota: 0, renewal: true });
    let panel_note = Some(Note::PanelChanged);
    assert_snapshot!(end_of_card(&CardFacts { given, panel_note, ..facts(&order, &APPROVED) }), @"
    | Wait: Approved
    | Decision: Approved by <@2002>, <t:1800000600:f>
    | Given: Renewed without an end, unlimited traffic
    | Noticed on the panel: Expiry or quota on the panel were not what the bot wrote last; the later date counted.
    | Delivery: Link not delivered yet: Discord takes no direct message to the customer. “Get my link” waits in the ticket.
    | (picture proof.jpg)
    | -- order 7000000000 · proof 12
    ");
}

#[test]
fn a_card_that_was_declined() {
    let reason = Reason::WrongAmount.text(EN);
    let order = monas_order(OrderState::PendingPayment { expires_at: NOW, declined: Some(reason.clone()) });
    let verdict = Verdict::Declined { by: ADEL, at: NOW, reason };
    assert_snapshot!(end_of_card(&facts(&order, &verdict)), @"
    | Over: Declined
    | Decision: Declined by <@2002>, <t:1800000000:f>
    | Reason: The amount you sent differs from the price of the order.
    | Customer told: Not yet.
    | (picture proof.jpg)
    | -- order 7000000000 · proof 12
    ");
}

#[test]
fn a_card_of_a_sale_that_was_taken_back() {
    let order =
        monas_order(OrderState::Reversed { approved: adel(), decided: adel(), reason: "Charged back.".to_owned() });
    assert_snapshot!(end_of_card(&facts(&order, &APPROVED)), @"
    | Over: Approved and later taken back
    | Decision: Approved by <@2002>, <t:1800000600:f>
    | Reversal: Taken back by <@2002>, <t:1800000600:f>
    | Reason: Charged back.
    | (picture proof.jpg)
    | -- order 7000000000 · proof 12
    ");
}

#[test]
fn the_confirmation_repeats_the_facts() {
    let order = monas_order(OrderState::PaymentSubmitted { returned: None });
    let token = Token::from_random([7; 16]);
    let expires_at = Millis(NOW.0 + 300_000);
    let facts = |action| ConfirmFacts { order: &order, customer_name: "Mona", action, token: &token, expires_at };
    assert_snapshot!(read(&decision::confirmation(EN, &facts(Action::Approve))), @"
    | Good: Approve this payment?
    | The customer gets access at once, and the sale is booked. Please check that the money has arrived.
    | Customer: <@1001> · Mona
    | Plan: Premium · 30 days · 150 GB
    | Amount (EGP): `250`
    | Order ID: `7000000000`
    | Payment method: Vodafone Cash
    | This question expires: <t:1800000300:R>
    [Confirm] [Cancel]
    ");
    let reason = Reason::Unreadable.text(EN);
    assert_snapshot!(read(&decision::confirmation(EN, &facts(Action::Decline(&reason)))), @"
    | Bad: Decline this payment?
    | The customer reads the reason below and can send another screenshot.
    | Customer: <@1001> · Mona
    | Plan: Premium · 30 days · 150 GB
    | Amount (EGP): `250`
    | Order ID: `7000000000`
    | Payment method: Vodafone Cash
    | Reason: We cannot read the screenshot. Please send a clear picture of the whole receipt.
    | This question expires: <t:1800000300:R>
    [Confirm] [Cancel]
    ");
    let last = Order { attempts_left: 0, ..order.clone() };
    let facts = ConfirmFacts { order: &last, ..facts(Action::Decline(&reason)) };
    assert_snapshot!(decision::confirmation(EN, &facts).embeds[0].body, @"The customer reads the reason below. No attempts are left, so this closes the order.");
}

#[test]
fn a_decline_asks_for_the_reason() {
    assert_snapshot!(read(&decision::reason_menu(EN, SubmissionId(12))), @"
    Why is this payment declined? The customer reads the reason. You confirm in the next step.
    [Choose a reason v]
      - Money not received
      - Wrong amount
      - Screenshot not readable
      - Old or used receipt
      - Sent to another account
      - Other reason (type it)
    ");
    assert_snapshot!(read_modal(&decision::reason_modal(EN, SubmissionId(12))), @"
    # Decline the payment
    Reason, as the customer will read it: [For example: the name on the receipt differs from yours.] (at most 300)
    ");
    assert_snapshot!(Reason::ALL.map(|reason| reason.text(EN)).join("\n"), @"
    We have not received the money yet. Please check that it was sent to the right account.
    The amount you sent differs from the price of the order.
    We cannot read the screenshot. Please send a clear picture of the whole receipt.
    This receipt is old or was already used. Please send the receipt of the payment for this order.
    The money was sent to a different account than the one shown in the ticket.
    ");
    for reason in Reason::ALL {
        assert_eq!(Reason::from_value(reason.as_str()), Some(reason));
    }
    assert_eq!(Reason::from_value(Reason::OTHER), None);
}

#[test]
fn every_outcome_is_a_sentence() {
    let already = |what, status| Outcome::AlreadyDecided { by: Some(ADEL), at: Some(NOW), what, status };
    let mut outcomes = DELIVERIES.map(Outcome::Delivered).to_vec();
    outcomes.extend([
        Outcome::InProgress(None),
        Outcome::InProgress(Some(ChannelId(77))),
        Outcome::WaitsForPanel { since: NOW },
        Outcome::PanelRefused { said: "Duplicate email".to_owned() },
        Outcome::NeedsAttention { trouble: Trouble::new(Cause::GaveUp, "the inbound gives no link") },
        Outcome::Declined { attempts_left: 2 },
        Outcome::Declined { attempts_left: 1 },
        Outcome::Declined { attempts_left: 0 },
        Outcome::PartBooked { received: Money::new(10_000, price().currency), missing: price() },
        Outcome::Blocked { still_in_it: None },
        Outcome::Blocked { still_in_it: Some(price()) },
        Outcome::GivenUp,
        Outcome::BookedByHand,
        Outcome::BackInReview,
        already(Some(Done::Approved), OrderStatus::Completed),
        already(Some(Done::Declined), OrderStatus::PendingPayment),
        already(Some(Done::Part), OrderStatus::PendingPayment),
        already(None, OrderStatus::Cancelled),
        Outcome::AlreadyDecided { by: None, at: None, what: None, status: OrderStatus::Expired },
        Outcome::OrderChanged { status: OrderStatus::PendingPayment },
        Outcome::OldCard,
    ]);
    let sentences: Vec<String> = outcomes.iter().map(|it| decision::outcome(EN, it).content).collect();
    assert_snapshot!(sentences.join("\n"), @"
    Approved. The link is being sent by direct message.
    Approved. Link sent by direct message, <t:1800000000:f>
    Approved. Link not delivered yet: Discord takes no direct message to the customer. “Get my link” waits in the ticket.
    Approved. Link fetched by the customer, <t:1800000000:f>
    Approved. Link given by hand, <t:1800000000:f>
    Approved. The access is being prepared; the card shows the result.
    Approved. The access is being prepared; the card in <#77> shows the result.
    Approved. The panel has been down since <t:1800000000:f>; the order waits and finishes by itself when the panel is back.
    The panel refused, so nothing was sold and the payment is back in review.
    The panel answered: Duplicate email
    Approved, but a person must look at it. The card has the buttons to go on.
    What is wrong: It failed too often. The last error: the inbound gives no link
    Declined. The customer is told the reason and has 2 attempts left.
    Declined. The customer is told the reason and has 1 attempt left.
    Declined. No attempts were left, so the order is closed. The customer is told the reason.
    Accepted as a part: 100 EGP received so far, 250 EGP is missing. The customer is told.
    Declined for good, and the customer is blocked. They are told the reason.
    Declined, and the customer is blocked. They are told the reason. The order stays open with 250 EGP in it; Cancel order, on the card of the part payment, ends it.
    The order is closed and nothing was booked. The customer is told the reason.
    Booked as delivered by hand.
    The payment is back in review.
    <@2002> already approved this payment, <t:1800000000:R> (now: completed). Your click changed nothing.
    <@2002> already declined this payment, <t:1800000000:R> (now: waiting for payment). Your click changed nothing.
    <@2002> already accepted this as a part payment, <t:1800000000:R> (now: waiting for payment). Your click changed nothing.
    <@2002> was first, <t:1800000000:R> (now: cancelled). Your click changed nothing.
    Somebody else was first (now: expired). Your click changed nothing.
    The order has changed meanwhile (now: waiting for payment), so nothing was done. The card shows where it stands.
    A newer proof of this order is being reviewed; please use its card.
    ");
}

#[test]
fn news_for_staff_and_owners() {
    let order = pending(PREMIUM, false);
    assert_eq!(order.ticket.channel, Some(TICKET));
    let duplicate = |foreign| StaffNews::Duplicate {
        order: order.id.clone(),
        twin: OrderId::from_random(8),
        foreign,
        source: "message:5".to_owned(),
    };
    assert_snapshot!(read(&news::staff(EN, &duplicate(true), &order)), @"
    A picture was refused: another customer's order owns it.
    Sent by <@1001> for order `7000000000`; it belongs to order `8000000000`. Ticket: <#3003>
    -# order 7000000000 · duplicate message:5
    ");
    assert_snapshot!(read(&news::staff(EN, &duplicate(false), &order)), @"
    A picture was refused: the same customer already used it for an order that was paid.
    Sent by <@1001> for order `7000000000`; it belongs to order `8000000000`. Ticket: <#3003>
    -# order 7000000000 · duplicate message:5
    ");
    let owner = |told: &OwnerNews| read(&news::owner(EN, told));
    assert_snapshot!(owner(&OwnerNews::NoRoom { order: None }), @"
    No ticket category has room for another channel. Customers who want to order are told to try later.
    Add a category to `overflow_category_ids`, or delete old channels by hand.
    -# owner · room
    ");
    assert_snapshot!(owner(&OwnerNews::NoTicket { order: order.id.clone(), why: Some(Refused::TwoFactor) }), @"
    Discord refused to open a ticket, so order `7000000000` was cancelled and the customer was told to try later.
    The server asks for two-factor authentication of its moderators. Switch it on for the account that owns the bot's application (My Account), or off in Server Settings, Safety Setup.
    -# owner · ticket
    ");
    assert_snapshot!(owner(&OwnerNews::LoginRefused { panel: "de1".to_owned() }), @"
    The panel de1 refuses our login. Approved orders wait until it works again and then finish by themselves.
    Check the panel's token or password; we try again at most every 5 minutes.
    -# owner · login:de1
    ");
    assert_snapshot!(owner(&OwnerNews::NoBackup), @"
    There is no backup of the last day: it could not be made. We go on trying.
    The log says why; often the disk is full. `tollkeeper check` says how much room there is.
    -# owner · backup
    ");
    assert_snapshot!(owner(&OwnerNews::Parked { key: "deliver:7000000000".to_owned(), why: None }), @"
    A step failed too often and now waits for a person: `deliver:7000000000`
    The order it belongs to shows the cause in the review channel.
    -# owner · parked:deliver:7000000000
    ");
}
