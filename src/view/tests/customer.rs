//! What a customer reads around the ticket: `/order`, refusals, notices, answers to a proof.

use insta::assert_snapshot;

use super::{
    gallery::{MONA, PICTURES, REFUSALS, Words, adel, order_of, pending, plan},
    render::read,
};
use crate::{
    domain::{Order, OrderState, SubmissionId, effect::Notice, order::ProofRefused, picture::PictureRefused},
    view::{Locale, notice, order, proof, refusal},
};

const EN: Locale = Locale::English;
const PREMIUM: Words<'_> = Words {
    name: "Premium",
    sentence: "We have not received the money yet. Please check that it was sent to the right account.",
};

#[test]
fn the_plan_menu() {
    let plans = [
        plan("basic", "Basic", 50, "100"),
        plan("premium", "Premium", 150, "250"),
        plan("pro", "Pro", 300, "450.50"),
        plan("max", "Max", 0, "1000"),
    ];
    assert_snapshot!(read(&order::plan_menu(EN, "Nile VPN", &plans)), @"
    | Ask: Order at Nile VPN
    | Choose a plan. We then open a private ticket for you.
    | There you pay and send a screenshot of the payment.
    [Choose a plan v]
      - Basic | 100 EGP · 30 days · 50 GB
      - Premium | 250 EGP · 30 days · 150 GB
      - Pro | 450.50 EGP · 30 days · 300 GB
      - Max | 1000 EGP · 30 days · unlimited traffic
    ");
    assert_snapshot!(read(&order::plan_menu(EN, "Nile VPN", [])), @"Nothing is for sale right now. Please try again later.");
}

#[test]
fn an_order_is_made() {
    let mut order = pending(PREMIUM, false);
    assert_snapshot!(read(&order::made(EN, &order)), @"
    Your order: Premium · 30 days · 150 GB
    Your private ticket is open: <#3003>
    ");
    order.ticket.channel = None;
    assert_snapshot!(read(&order::made(EN, &order)), @"
    Your order: Premium · 30 days · 150 GB
    Your private ticket is being opened. You will be mentioned there in a moment.
    ");
}

#[test]
fn an_order_is_still_open() {
    assert_snapshot!(read(&order::still_open(EN, &pending(PREMIUM, false))), @"
    | Ask: You already have an open order
    | Continue in your ticket. If you want something else, cancel this order first.
    | Plan: Premium · 30 days · 150 GB
    | Ticket: <#3003>
    | State: waiting for payment
    [Cancel order]
    ");
    let paid = order_of(PREMIUM, OrderState::PaymentSubmitted { returned: None });
    assert_snapshot!(read(&order::still_open(EN, &paid)), @"
    | Ask: You already have an open order
    | Your payment is being handled, you do not need to do anything. You can order again when this order is finished.
    | Plan: Premium · 30 days · 150 GB
    | Ticket: <#3003>
    | State: payment being checked
    ");
    assert_snapshot!(read(&order::cancelled(EN)), @"Your order is cancelled. If you have already sent money, please write to our team. You can order again with /order at any time.");
    assert_snapshot!(order::cancelled_for_customer(EN).content, @"The order is cancelled. The ticket tells the customer.");
}

#[test]
fn notices_ring_the_customer() {
    let mut order = pending(PREMIUM, true);
    let declined = Notice::Declined { submission: SubmissionId(12) };
    let told = |order: &Order, told: &Notice| {
        let post = notice::notice(EN, order, told, Some(PREMIUM.sentence));
        assert_eq!(post.mentions, [MONA]);
        read(&post)
    };
    assert_snapshot!(told(&order, &Notice::Welcome), @"
    (rings 1001)
    <@1001> Welcome! This is your private ticket. Choose how you would like to pay in the message above.
    -# order 7000000000 · welcome
    ");
    assert_snapshot!(told(&order, &declined), @"
    (rings 1001)
    <@1001> Your payment proof was not accepted.
    Reason: We have not received the money yet. Please check that it was sent to the right account.
    You can send another screenshot here; you have 2 attempts left.
    -# order 7000000000 · declined:12
    ");
    order.attempts_left = 1;
    assert_snapshot!(told(&order, &declined), @"
    (rings 1001)
    <@1001> Your payment proof was not accepted.
    Reason: We have not received the money yet. Please check that it was sent to the right account.
    You can send another screenshot here; you have 1 attempt left.
    -# order 7000000000 · declined:12
    ");
    order.state = OrderState::Declined { decided: adel(), reason: String::new() };
    assert_snapshot!(told(&order, &declined), @"
    (rings 1001)
    <@1001> Your payment proof was not accepted, and this order is closed.
    Reason: We have not received the money yet. Please check that it was sent to the right account.
    -# order 7000000000 · declined:12
    ");
    assert_snapshot!(told(&order, &Notice::BadPicture { message: 5, why: PictureRefused::Heic }), @"
    (rings 1001)
    <@1001> This is an iPhone photo (HEIC), which we cannot open. Please take a screenshot of the payment instead and send that.
    -# order 7000000000 · picture:5
    ");
    assert_snapshot!(told(&order, &Notice::Duplicate { message: 5 }), @"
    (rings 1001)
    <@1001> This picture was already used for another order. Please send the screenshot of the payment for this order.
    -# order 7000000000 · duplicate:5
    ");
    assert_snapshot!(told(&order, &Notice::NoMethod { message: 5 }), @"
    (rings 1001)
    <@1001> Please choose a payment method in the ticket first, then send the screenshot again.
    -# order 7000000000 · method:5
    ");
    assert_snapshot!(told(&order, &Notice::LinkWaits), @"
    (rings 1001)
    <@1001> Your access is ready. We cannot send you direct messages, so press “Get my link” in the message above.
    -# order 7000000000 · link
    ");
}

#[test]
fn answers_to_a_proof() {
    let order = pending(PREMIUM, false);
    let posts = [
        proof::accepted(EN),
        proof::duplicate(EN),
        proof::not_fetched(EN),
        proof::no_order(EN),
        proof::wrong_channel(EN, &order),
        proof::refused(EN, ProofRefused::NoMethod),
        proof::refused(EN, ProofRefused::UnderReview),
        proof::refused(EN, ProofRefused::AlreadyApproved),
        proof::refused(EN, ProofRefused::Closed),
        proof::refused(EN, ProofRefused::NoAttempts),
    ];
    assert_snapshot!(posts.map(|post| post.content).join("\n"), @"
    Thank you, we have your screenshot. Our team checks it and you are mentioned in the ticket as soon as it is decided.
    This picture was already used for another order. Please send the screenshot of the payment for this order.
    We could not read your file from Discord. Please send it again.
    You have no order that waits for a payment. Use /order to start one.
    Please send the screenshot in your ticket: <#3003>
    Please choose a payment method in the ticket first, then send the screenshot again.
    We already have your screenshot and are checking it. You do not need to send another one.
    Your payment is already approved. You do not need to send anything else.
    This order is closed. Use /order to start a new one.
    This order takes no more screenshots. Please write to our team.
    ");
}

#[test]
fn every_bad_picture_says_what_to_do() {
    assert_snapshot!(PICTURES.map(|why| proof::bad_picture(EN, why).content).join("\n"), @"
    The file is empty. Please send the screenshot again.
    The file is larger than 8 MB. Please take a screenshot and send that; it is much smaller than a photo.
    The picture is too large to open. Please take a screenshot of the payment and send that.
    The picture is too small to read. Please send the whole screenshot in full size.
    Moving pictures cannot be checked. Please send an ordinary screenshot of the payment.
    The picture is damaged and cannot be opened. Please take the screenshot again and send it.
    This is an iPhone photo (HEIC), which we cannot open. Please take a screenshot of the payment instead and send that.
    This is an AVIF picture, which we cannot open. Please take a screenshot of the payment instead and send that.
    This is a JPEG XL picture, which we cannot open. Please take a screenshot of the payment instead and send that.
    BMP pictures cannot be checked. Please save it as PNG or JPEG, or take a screenshot, and send that.
    TIFF pictures cannot be checked. Please save it as PNG or JPEG, or take a screenshot, and send that.
    Videos cannot be checked. Please take a screenshot of the payment and send that.
    GIF files cannot be checked. Please send an ordinary screenshot of the payment.
    PDF files cannot be checked. Please open it, take a screenshot and send that.
    This kind of drawing (SVG) cannot be checked. Please send a screenshot of the payment.
    This file is not a picture. Please send a screenshot of the payment as PNG, JPEG or WebP.
    ");
}

#[test]
fn refusals_say_what_to_do() {
    assert_snapshot!(REFUSALS.map(|why| refusal::refused(EN, why).content).join("\n"), @"
    We cannot take an order from you. If you think this is a mistake, please write to our team.
    You ordered a short while ago. You can order again <t:1800000000:R>.
    That was too often in a short time. You can do it again <t:1800000000:R>.
    The VPN server is being repaired, so we take no new orders for this plan right now. Please try again later.
    All our places for new orders are taken right now. Please try again later; our team knows about it.
    We could not open a ticket for you, so your order was cancelled. Please try again later; our team knows about it.
    This plan is no longer for sale. Use /order to see the plans of today.
    This payment method is no longer offered. Please choose another one.
    This belongs to somebody else's order.
    Only our team can use this.
    Your role lets you see this, but only admins can do it.
    Only owners can do this.
    This order can no longer be cancelled, because it is already paid for or closed.
    A picture in the ticket is just being looked at, so the order was not cancelled. Please press the button again in a moment.
    The payment method can no longer be changed.
    This button is out of date. Nothing was changed.
    Please use this in the shop's server.
    Discord lost the connection while you pressed the button, so nothing was done. Please press it again.
    ");
    assert_snapshot!(refusal::fault(EN, "7f3a-91c2").content, @"Something went wrong on our side. Please try again; if it happens again, tell our team this number: `7f3a-91c2`");
}
