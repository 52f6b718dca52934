//! What arrived is not what the plan costs.

use std::time::Duration;

use tollkeeper::sandbox::panel::Fault;

use super::{GENERATIONS, shop};
use crate::world::{World, same_pixels};

#[tokio::test]
async fn two_parts_make_one_sale() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Premium", "first").await;
        let adel = world.admin("Adel");
        let question = adel.opens_amount("١٠٠").await;
        let asked = world.tidied(&question.message.render_text()).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(asked, @"
            │ **Accept this as a part payment?**
            │ The order stays open, and the customer reads what is missing. This proof costs no attempt.
            │ Customer: @Mona · Mona
            │ Plan: Premium · 30 days · 150 GB
            │ Amount (EGP): `250`
            │ Order ID: `ORDER`
            │ Payment method: Vodafone Cash
            │ Received with this proof: 100 EGP
            │ Afterwards: 150 EGP is still missing.
            │ This question expires: <time R>
            [Confirm] [Cancel]
            ");
        }
        assert_eq!(
            adel.confirms(&question).await,
            "Accepted as a part: 100 EGP received so far, 150 EGP is missing. The customer is told."
        );
        mona.waits_for("We received 100 EGP for your order, and 150 EGP is still missing.").await;
        world.settles().await;
        let status = world.tidied(&mona.status().render_text()).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(status, @"
            │ **A part of your payment has arrived**
            │ We received 100 EGP for this order. 150 EGP is still missing.
            │ Please send the missing amount, then a screenshot of that payment. What you have paid stays with this order.
            │ 
            │ Send 150 EGP to 01000000000, then upload a screenshot of the receipt here.
            │ 
            │ After paying, send a screenshot of the payment here in this ticket.
            │ Still missing (EGP): `150`
            │ Account: `01000000000`
            │ Account holder: `Ahmed M.`
            │ Order ID: `ORDER`
            │ Plan: Premium · 30 days · 150 GB
            │ Attempts left: 3
            │ (order ORDER · ticket)
            [Choose a payment method ▾: Vodafone Cash | InstaPay]
            ");
        }
        let card = world.card("the card to say so", |card| card.contains("Part payment accepted")).await;
        assert!(card.contains("100 EGP so far; 150 EGP is still missing."), "{}", card.render_text());
        assert_eq!(world.panel.write_count(), 0, "nothing was sold yet");
        assert_eq!(world.number("SELECT COUNT(*) FROM ledger").await, 0, "and nothing booked");

        mona.uploads("second").await;
        let question = world.admin("Nadia").opens_approval().await;
        assert!(question.message.contains("100 EGP so far; 150 EGP is still missing."));
        let answer = world.admin("Nadia").confirms(&question).await;
        assert!(answer.starts_with("Approved."), "{answer}");
        mona.is_sent_link(0).await;
        assert_eq!(world.number("SELECT COUNT(*) FROM ledger").await, 1, "one row per sale");
        assert_eq!(world.number("SELECT amount_minor FROM ledger").await, 25_000);
        assert_eq!(world.number("SELECT COUNT(*) FROM audit_logs WHERE action = 'payment.part'").await, 1);
        world.finish().await;
    }
}

#[tokio::test]
async fn more_than_the_price_is_booked_and_noted() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        let question = world.admin("Adel").opens_amount("120,50").await;
        assert!(question.message.contains("20.50 EGP more than the price was received."));
        let answer = world.admin("Adel").confirms(&question).await;
        assert!(answer.starts_with("Approved."), "{answer}");
        mona.is_sent_link(0).await;
        world.card("the surplus", |card| card.contains("120.50 EGP, which is 20.50 EGP more than the price.")).await;
        assert_eq!(world.number("SELECT amount_minor FROM ledger").await, 12_050);
        world.finish().await;
    }
}

/// An order that nobody pays is placed, reminded of and ended by the clock. One with money in it,
/// which is older, is left alone by the same loops.
async fn time_passes_over(world: &World, unpaid: &'static str) {
    let (mona, other) = (world.customer("Mona"), world.customer(unpaid));
    other.orders("Basic").await;
    other.chooses("Vodafone Cash").await;
    world.passes(Duration::from_hours(21));
    other.waits_for("We have not received your payment yet").await;
    world.passes(Duration::from_hours(4));
    other.waits_for("Order expired").await;
    world.settles().await;
    let untouched = "SELECT count(*) FROM orders o JOIN payments p ON p.order_id = o.id
                     WHERE p.received_minor = 4000 AND o.status = 'pending_payment' AND o.reminded_at IS NULL";
    assert_eq!(world.number(untouched).await, 1, "neither reminded of nor ended");
    assert_eq!(mona.tickets().len(), 1, "the ticket stays");
    let reminder = mona.person.sees(mona.ticket()).into_iter().find(|it| it.contains("We have not received your"));
    assert!(reminder.is_none(), "{reminder:?}");
}

#[tokio::test]
async fn an_order_with_money_in_it_waits_for_the_rest() {
    for generation in GENERATIONS {
        let world = World::with(|scene| {
            scene.generation(generation);
            scene.schedule("order_scan", "100ms");
        })
        .await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "first").await;
        world.admin("Adel").receives("40").await;
        mona.waits_for("60 EGP is still missing").await;
        // The customer has no button to take it back, and forging one does not help.
        let id = world.word("SELECT id FROM orders").await;
        assert!(mona.status().part("Cancel order").is_none());
        let forged = mona.person.forge_click(&mona.status(), &format!("tk:cancel:{id}")).unwrap();
        assert!(forged.reply().await.unwrap().contains("This order can no longer be cancelled"));
        // Nor does a timer take it.
        time_passes_over(&world, "Karim").await;
        // The first receipt does not count twice.
        mona.posts("again.png", &crate::world::receipt("first")).unwrap();
        mona.waits_for("This picture was already used").await;
        // A declined proof changes nothing about what was accepted.
        mona.uploads("second").await;
        world.admin("Adel").declines("Money not received").await;
        mona.waits_for("Your last payment proof was not accepted").await;
        time_passes_over(&world, "Hoda").await;
        assert!(mona.status().contains("We received 40 EGP for this order."));
        // Staff may end it, and the books say what there was.
        let card = world.card("the part's card", |card| card.part("Cancel order").is_some()).await;
        let question = world.admin("Adel").opens(&card, "Cancel order").await;
        assert!(question.message.contains("End this order with money in it?"), "{}", question.message.render_text());
        world.settles().await;
        let status = "SELECT o.status FROM orders o JOIN payments p ON p.order_id = o.id WHERE p.received_minor > 0";
        assert_eq!(world.word(status).await, "pending_payment", "not with one click");
        let answer = world.admin("Adel").confirms(&question).await;
        assert!(answer.starts_with("The order is cancelled and nothing was booked."), "{answer}");
        mona.waits_for("Order cancelled").await;
        world.settles().await;
        let noted = world.word("SELECT payload FROM audit_logs WHERE action = 'order.cancel'").await;
        assert!(noted.contains(r#""received_minor":4000"#), "{noted}");
        world.finish().await;
    }
}

#[tokio::test]
async fn attempts_never_close_an_order_with_money_in_it() {
    for generation in GENERATIONS {
        let world = World::with(|scene| {
            scene.generation(generation);
            scene.limit("upload_attempts", "1");
        })
        .await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "first").await;
        world.admin("Adel").receives("40").await;
        mona.waits_for("60 EGP is still missing").await;
        mona.uploads("second").await;
        let question = world.admin("Adel").opens_decline("Money not received").await;
        assert!(!question.message.contains("this closes the order"));
        world.admin("Adel").confirms(&question).await;
        mona.waits_for("Your last payment proof was not accepted").await;
        mona.uploads("third").await;
        world.admin("Adel").approves().await;
        mona.is_sent_link(0).await;
        assert_eq!(world.number("SELECT amount_minor FROM ledger").await, 10_000);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_refusal_of_the_panel_gives_back_what_the_last_proof_counted() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "first").await;
        world.admin("Adel").receives("40").await;
        mona.waits_for("60 EGP is still missing").await;
        mona.uploads("second").await;
        world.panel.on_request(|request| {
            if request.is_write { Fault::Refuse("the inbound is full".into()) } else { Fault::None }
        });
        let answer = world.admin("Adel").receives("70").await;
        assert!(answer.contains("the payment is back in review"), "{answer}");
        world.panel.clear_faults();
        let card = world.admin("Adel").card().await;
        assert!(card.contains("40 EGP so far; 60 EGP is still missing."), "{}", card.render_text());
        world.admin("Nadia").receives("65").await;
        mona.is_sent_link(0).await;
        assert_eq!(world.number("SELECT amount_minor FROM ledger").await, 10_500);
        world.finish().await;
    }
}

#[tokio::test]
async fn what_is_no_amount_changes_nothing() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        let adel = world.admin("Adel");
        for typed in ["0", "-5", "ten", "1.234", "99999999999999"] {
            let answer = adel.opens_amount(typed).await.message.render_text();
            assert!(answer.starts_with("This is not an amount that can have arrived."), "{typed}: {answer}");
        }
        // Support may not, and a form that we did not open for anybody is none.
        let card = adel.card().await;
        let refused = world.admin("Salma").opens(&card, "Amount differs").await;
        assert_eq!(refused.message.render_text(), "Your role lets you see this, but only admins can do it.");
        let question = adel.opens_amount("40").await;
        world.passes(Duration::from_secs(5 * 60 + 1));
        assert!(adel.confirms(&question).await.starts_with("This question has expired"));
        assert_eq!(world.word("SELECT status FROM orders").await, "payment_submitted");
        assert_eq!(world.number("SELECT received_minor FROM payments").await, 0);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_part_sent_again_in_another_file_is_flagged() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Premium", "one receipt").await;
        world.admin("Adel").receives("100").await;
        mona.waits_for("150 EGP is still missing.").await;
        world.settles().await;
        mona.posts("receipt.webp", &same_pixels("one receipt")).unwrap();
        mona.is_under_review().await;
        let card = world.admin("Adel").card().await;
        assert!(card.contains("The same picture was sent in another file for order"), "{}", card.render_text());
        world.admin("Adel").declines("Money not received").await;
        world.finish().await;
    }
}

#[tokio::test]
async fn the_rest_is_paid_to_the_account_that_was_shown() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Premium", "first").await;
        world.stop().await;
        let config = std::fs::read_to_string(world.config_path()).unwrap();
        std::fs::write(world.config_path(), config.replace("01000000000", "01999999999")).unwrap();
        world.start().await;
        world.admin("Adel").receives("100").await;
        mona.waits_for("150 EGP is still missing.").await;
        world.settles().await;
        let status = mona.status();
        assert!(status.contains("Send 150 EGP to 01000000000,"), "{}", status.render_text());
        assert!(!status.contains("01999999999"), "one account, not two: {}", status.render_text());
        world.finish().await;
    }
}
