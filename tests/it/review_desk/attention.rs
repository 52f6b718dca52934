//! Approved orders that a person must look at.

use tollkeeper::sandbox::panel::Generation;

use super::{GENERATIONS, shop};
use crate::world::{Leaves, World};

#[tokio::test]
async fn delivered_by_hand_is_booked_and_leaves_the_panel_alone() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        let email = world.has_a_stranger_under_our_name().await;
        world.admin("Adel").approves().await;
        let card = world.admin("Adel").attention().await;
        world.settles().await;
        let writes = world.panel.write_count();
        let question = world.admin("Adel").opens(&card, "Delivered by hand").await;
        assert!(question.message.contains("Was it delivered by hand?"));
        assert_eq!(world.admin("Adel").confirms(&question).await, "Booked as delivered by hand.");
        mona.waits_for("Our team gave you your access").await;
        world.settles().await;
        assert!(mona.status().part("Get my link").is_none(), "the bot knows no link");
        world.card("the card to say so", |card| card.contains("Link given by hand")).await;
        assert_eq!(world.panel.write_count(), writes, "the panel was left alone");
        assert_eq!(world.number("SELECT amount_minor FROM ledger").await, 10_000);
        assert!(mona.asks_for_plans().await.part("Choose a plan").is_some(), "Mona may order again");
        world.finish_but(Leaves { strangers: &[&email], ..Leaves::default() }).await;
    }
}

#[tokio::test]
async fn an_order_that_cannot_be_delivered_is_declined_for_good() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        let email = world.has_a_stranger_under_our_name().await;
        world.admin("Adel").approves().await;
        let card = world.admin("Adel").attention().await;
        let question = world.admin("Nadia").opens_decline_of(&card, "We will send your money back.").await;
        let asked = world.tidied(&question.message.render_text()).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(asked, @"
            │ **Decline this order for good?**
            │ The customer reads the reason below and the order is closed. Nothing is booked: whatever money arrived is still the customer's.
            │ Customer: @Mona · Mona
            │ Plan: Basic · 30 days · 50 GB
            │ Amount (EGP): `100`
            │ Order ID: `ORDER`
            │ Payment method: Vodafone Cash
            │ Reason: We will send your money back.
            │ This question expires: <time R>
            [Confirm] [Cancel]
            ");
        }
        // A question that was opened for one thing is none for another.
        let by_hand = world.admin("Adel").opens(&card, "Delivered by hand").await;
        let answer = world.admin("Nadia").confirms(&question).await;
        assert_eq!(answer, "The order is closed and nothing was booked. The customer is told the reason.");
        let late = world.admin("Adel").confirms(&by_hand).await;
        assert!(late.starts_with("The order has changed meanwhile (now: not accepted)"), "{late}");
        mona.waits_for("Your payment proof was not accepted, and this order is closed.").await;
        world.settles().await;
        world
            .card("the money", |card| card.contains("100 EGP, which was not booked: it is still the customer's money."))
            .await;
        assert_eq!(world.panel.client(&email).unwrap().sub_id, "stranger", "not ours to remove");
        assert_eq!(world.number("SELECT COUNT(*) FROM ledger").await, 0);
        world.finish_but(Leaves { strangers: &[&email], ..Leaves::default() }).await;
    }
}

/// The client is made, and another program writes over a part of it each time.
async fn gives_up(generation: Generation) -> (World, String) {
    let world = World::with(|scene| {
        scene.generation(generation);
        scene.schedule("retry_min", "5ms");
        scene.schedule("retry_max", "20ms");
    })
    .await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.panel.spoils_what_is_written();
    let question = world.admin("Adel").opens_approval().await;
    world.admin("Adel").starts_to_confirm(&question);
    world.counts(1, "SELECT COUNT(*) FROM orders WHERE status = 'needs_attention'").await;
    let card =
        world.card("the card to know", |card| card.part("Retry").is_some() && card.contains("and it is ours")).await;
    assert!(card.contains("What is wrong: It failed too often. The last error:"), "{}", card.render_text());
    world.panel.spoils_no_more();
    let email = world.panel.clients()[0].email.clone();
    (world, email)
}

#[tokio::test]
async fn a_client_of_ours_that_nobody_was_given_goes_with_the_order() {
    let each = GENERATIONS.into_iter().flat_map(|generation| [(generation, true), (generation, false)]);
    for (generation, declined) in each {
        let (world, email) = gives_up(generation).await;
        if declined {
            let card = world.admin("Adel").attention().await;
            let question = world.admin("Adel").opens_decline_of(&card, "We cannot deliver it.").await;
            world.admin("Adel").confirms(&question).await;
            world.customer("Mona").waits_for("this order is closed").await;
        } else {
            assert_eq!(world.admin("Adel").presses("Back to review").await, "The payment is back in review.");
            let card = world.admin("Adel").card().await;
            assert!(card.contains("Payment to review again"), "{}", card.render_text());
            assert!(card.contains("Why it came back: It failed too often."), "{}", card.render_text());
        }
        let parked = ["subscription:", "owner:"];
        world.settles_but(&parked).await;
        // 2.x keeps an inbound's last client; it is switched off.
        let kept = generation != Generation::V3;
        assert_eq!(world.panel.client(&email).map(|client| client.enable), kept.then_some(false));
        let strangers: &[&str] = if kept { &[&email] } else { &[] };
        world.finish_but(Leaves { strangers, outbox: &parked, ..Leaves::default() }).await;
    }
}

#[tokio::test]
async fn retry_adopts_the_client_that_is_there() {
    for generation in GENERATIONS {
        let (world, email) = gives_up(generation).await;
        let answer = world.admin("Nadia").presses("Retry").await;
        assert!(answer.starts_with("Approved. Link sent"), "{answer}");
        world.customer("Mona").is_sent_link(0).await;
        assert_eq!(world.panel.clients().len(), 1);
        assert_eq!(world.panel.clients()[0].email, email);
        world.finish().await;
    }
}

#[tokio::test]
async fn support_and_strangers_leave_it_alone() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        let email = world.has_a_stranger_under_our_name().await;
        world.admin("Adel").approves().await;
        let card = world.admin("Adel").attention().await;
        for button in ["Delivered by hand", "Decline"] {
            let refused = world.admin("Salma").opens(&card, button).await;
            assert_eq!(refused.message.render_text(), "Your role lets you see this, but only admins can do it.");
        }
        let id = world.word("SELECT id FROM orders").await;
        let forged = mona.person.forge_click(&mona.status(), &format!("tk:hand:{id}")).unwrap();
        assert_eq!(forged.reply().await.unwrap().render_text(), "Only our team can use this.");
        // By hand is for orders that need it, not a way around the panel.
        world.admin("Adel").presses("Back to review").await;
        mona.waits_for("We are checking your payment").await;
        let forged = world.person("Adel").forge_click(&card, &format!("tk:hand:{id}")).unwrap();
        assert!(forged.reply().await.unwrap().contains("The order has changed meanwhile"));
        world.settles().await;
        world.finish_but(Leaves { strangers: &[&email], ..Leaves::default() }).await;
    }
}
