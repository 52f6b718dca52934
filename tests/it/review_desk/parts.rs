//! What goes wrong around an amount that differs: the power is lost, the panel is silent, the
//! process dies.

use std::sync::atomic::{AtomicBool, Ordering};

use tollkeeper::sandbox::panel::{Fault, Panel};

use super::GENERATIONS;
use crate::world::{SOON, World};

#[tokio::test]
async fn an_amount_dies_with_the_power_of_who_typed_it() {
    for generation in GENERATIONS {
        let world = World::with(|scene| {
            scene.generation(generation);
            scene.admin_role = true;
        })
        .await;
        let (mona, adel) = (world.customer("Mona"), world.admin("Adel"));
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        let mut questions = Vec::new();
        for typed in ["40", "100", "120.50"] {
            questions.push(adel.opens_amount(typed).await);
        }
        adel.person.loses_role(world.guild.admins);
        for question in &questions {
            let answer = adel.confirms(question).await;
            assert_eq!(answer, "You may no longer decide about payments, so nothing was changed.");
        }
        world.settles().await;
        assert_eq!(world.word("SELECT status FROM orders").await, "payment_submitted", "{generation:?}");
        assert_eq!(world.number("SELECT received_minor FROM payments").await, 0, "{generation:?}");
        assert_eq!(world.panel.write_count(), 0, "{generation:?}");
        // Somebody who has it types exactly the price: an approval like any other.
        let question = world.admin("Nadia").opens_amount("100").await;
        let asked = question.message.render_text();
        assert!(!asked.contains("more than the price") && !asked.contains("still missing"), "{asked}");
        let answer = world.admin("Nadia").confirms(&question).await;
        assert!(answer.starts_with("Approved. Link sent"), "{generation:?}: {answer}");
        mona.is_sent_link(0).await;
        let card = world.card("the result", |card| card.contains("Approved and delivered")).await;
        assert!(!card.contains("more than the price"), "{}", card.render_text());
        assert_eq!(world.number("SELECT amount_minor FROM ledger").await, 10_000);
        assert_eq!(world.number("SELECT count(*) FROM audit_logs WHERE action = 'payment.part'").await, 0);
        world.finish().await;
    }
}

/// Of Basic's 100 EGP 40 have arrived, and a proof of the rest is under review.
async fn pays_the_rest(world: &World, name: &'static str) {
    let customer = world.customer(name);
    customer.orders_and_pays("Basic", &format!("{name}'s first receipt")).await;
    world.admin("Adel").receives("40").await;
    customer.waits_for("60 EGP is still missing").await;
    customer.uploads(&format!("{name}'s second receipt")).await;
}

#[tokio::test]
async fn a_part_that_completes_an_order_completes_it_once_whatever_happens() {
    for generation in GENERATIONS {
        let world = World::with(|scene| {
            scene.generation(generation);
            scene.impatient();
        })
        .await;
        pays_the_rest(&world, "Mona").await;
        // The panel keeps what is written and never says so.
        let lost = AtomicBool::new(false);
        world.panel.on_request(move |request| {
            let first = request.is_write && !lost.swap(true, Ordering::SeqCst);
            if first { Fault::HangAfter } else { Fault::None }
        });
        let answer = world.admin("Adel").receives("60").await;
        assert!(answer.starts_with("Approved. Link sent"), "{generation:?}: {answer}");
        world.panel.clear_faults();
        world.customer("Mona").is_sent_link(0).await;
        assert_eq!(world.panel.clients().len(), 1, "{generation:?}");
        assert_eq!(world.number("SELECT amount_minor FROM ledger").await, 10_000);
        // It does so again, and the process dies while it waits.
        pays_the_rest(&world, "Karim").await;
        let question = world.admin("Nadia").opens_amount("65").await;
        let written = world.panel.write_count();
        world.panel.on_request(|request| if request.is_write { Fault::HangAfter } else { Fault::None });
        world.admin("Nadia").starts_to_confirm(&question);
        let wrote = |panel: &Panel| (panel.write_count() > written).then_some(());
        world.panel.until("the write", SOON, wrote).await.unwrap();
        world.kill().await;
        world.panel.clear_faults();
        world.start().await;
        world.customer("Karim").is_sent_link(0).await;
        world.settles().await;
        assert_eq!(world.panel.clients().len(), 2, "{generation:?}");
        assert_eq!(world.number("SELECT count(*) FROM ledger").await, 2, "{generation:?}");
        assert_eq!(world.number("SELECT sum(amount_minor) FROM ledger").await, 20_500, "{generation:?}");
        for (action, times) in [
            ("SELECT count(*) FROM audit_logs WHERE action = 'payment.part'", 2),
            ("SELECT count(*) FROM audit_logs WHERE action = 'payment.approve'", 2),
            ("SELECT count(*) FROM audit_logs WHERE action = 'order.complete'", 2),
        ] {
            assert_eq!(world.number(action).await, times, "{generation:?}: {action}");
        }
        world.finish().await;
    }
}
