//! Sales that staff enter by hand.

use serde_json::json;
use tollkeeper::sandbox::panel::{Fault, Generation};

use super::{DAY, GB, GENERATIONS, STRANGER, client, differences, sold};
use crate::world::{Leaves, Question, World};

async fn shop(generation: Generation) -> World {
    World::with(|scene| {
        scene.generation(generation);
        scene.impatient();
    })
    .await
}

async fn opens(world: &World, admin: &'static str, amount: &str) -> Question {
    let karim = world.person("Karim").id().to_string();
    let options = json!({ "user": karim, "plan": "basic", "amount": amount, "note": "paid in the shop" });
    Question { message: world.admin(admin).desk("user-create", options).await }
}

async fn sells(world: &World, amount: &str) -> String {
    let question = opens(world, "Adel", amount).await;
    world.admin("Adel").confirms(&question).await
}

#[tokio::test]
async fn a_sale_by_hand_is_made_like_any_other() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let question = opens(&world, "Adel", "80").await;
        let text = world.tidied(&question.message.render_text()).await;
        insta::allow_duplicates! { insta::assert_snapshot!(text, @"
        │ **Enter this sale?**
        │ The customer gets access at once, or more of it, and is sent the link by direct message. The amount is booked as a sale by hand.
        │ Customer: @Karim · Karim
        │ Plan: Basic
        │ Amount (EGP): `80`
        │ Note: paid in the shop
        │ This question expires: <time R>
        [Confirm] [Cancel]
        ") };
        let answer = world.admin("Adel").confirms(&question).await;
        assert!(answer.starts_with("The sale is booked. Link sent"), "{answer}");
        let karim = world.customer("Karim");
        karim.is_sent_link(0).await;
        let clients = world.panel.clients();
        assert_eq!((clients.len(), clients[0].total_bytes, clients[0].enable), (1, 50 * GB, true));
        let cards = world.cards().await;
        insta::allow_duplicates! { insta::assert_snapshot!(cards, @"
        Tollkeeper:
        │ **Sale by hand**
        │ Customer: @Karim · Karim
        │ Plan: Basic · 30 days · 50 GB
        │ Received (EGP): `80`
        │ Order ID: `ORDER`
        │ Entered by: @Adel
        │ Note: paid in the shop
        │ State: Link sent by direct message, <time f>
        │ (order ORDER · sale by hand)
        ") };
        assert_eq!(world.number("SELECT amount_minor FROM revenue_cache WHERE source = 'manual'").await, 8_000);
        assert_eq!(world.number("SELECT count(*) FROM revenue_days").await, 0, "shown apart");
        assert!(karim.tickets().is_empty(), "no ticket");
        // The next one renews what the customer has.
        let before = clients[0].clone();
        assert!(sells(&world, "100.50").await.starts_with("The sale is booked."));
        let after = world.panel.clients();
        assert_eq!(after.len(), 1);
        assert_eq!(differences(&before, &after[0]), ["expiryTime", "totalGB"], "{generation:?}");
        assert_eq!((after[0].uuid.clone(), after[0].total_bytes), (before.uuid, 100 * GB));
        assert_eq!(after[0].expiry_ms, before.expiry_ms + 30 * DAY);
        world.finish().await;
    }
}

/// What the panel keeps besides stays as it is, and so does everybody else's client.
#[tokio::test]
async fn a_sale_by_hand_adds_days_and_traffic_and_changes_nothing_else() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let (before, other) = (client(&world), world.panel.client(STRANGER));
        let options = json!({ "user": world.person("Mona").id().to_string(), "plan": "premium", "amount": "250" });
        let question = Question { message: world.admin("Adel").desk("user-create", options).await };
        let answer = world.admin("Adel").confirms(&question).await;
        assert!(answer.starts_with("The sale is booked. Link sent"), "{generation:?}: {answer}");
        let after = client(&world);
        assert_eq!(differences(&before, &after), ["expiryTime", "totalGB"], "{generation:?}");
        assert_eq!(after.expiry_ms, before.expiry_ms + 30 * DAY, "{generation:?}");
        // As with every renewal: what was used is off both sides, and what is left grows by the plan's traffic.
        assert_eq!((after.up, after.down, after.total_bytes), (0, 0, 180 * GB), "{generation:?}");
        let used = world.number("SELECT used_before FROM subscriptions").await;
        assert_eq!(used, 20 * GB, "{generation:?}: what was used stays used");
        assert_eq!(after.raw["comment"], "pays in time", "{generation:?}");
        assert!(other.is_some() && world.panel.client(STRANGER) == other, "{generation:?}: somebody else's client");
        let stranger = Leaves { strangers: &[STRANGER], ..Leaves::default() };
        world.finish_but(stranger).await;
    }
}

#[tokio::test]
async fn a_sale_the_panel_refuses_waits_for_a_person() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        world.panel.on_request(|request| if request.is_write { Fault::Refuse("no".into()) } else { Fault::None });
        let answer = sells(&world, "100").await;
        assert_eq!(
            answer,
            "The sale could not be finished; its card has the buttons to go on.\nWhat is wrong: The panel refused: no"
        );
        assert_eq!(world.panel.clients().len(), 0);
        world.panel.clear_faults();
        world.passes(std::time::Duration::from_hours(30));
        world.admin("Nadia").presses("Retry").await;
        world.customer("Karim").is_sent_link(0).await;
        let left = world.panel.clients()[0].expiry_ms - world.clock.now().0;
        assert!((30 * DAY - 60_000..=30 * DAY).contains(&left), "the days begin when there is access: {left}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_sale_by_hand_is_made_once_whatever_happens() {
    for generation in GENERATIONS {
        for fault in [Fault::CutAfter, Fault::CutBefore, Fault::HangAfter] {
            let world = shop(generation).await;
            let lost = std::sync::atomic::AtomicBool::new(false);
            world.panel.on_request(move |request| {
                let first = request.is_write && !lost.swap(true, std::sync::atomic::Ordering::SeqCst);
                if first { fault.clone() } else { Fault::None }
            });
            assert!(sells(&world, "100").await.starts_with("The sale is booked."));
            assert_eq!(world.panel.clients().len(), 1);
            world.finish().await;
        }
        let world = shop(generation).await;
        let question = opens(&world, "Adel", "100").await;
        let written = world.panel.write_count();
        world.panel.on_request(|request| if request.is_write { Fault::HangAfter } else { Fault::None });
        world.admin("Adel").starts_to_confirm(&question);
        let wrote = |panel: &tollkeeper::sandbox::panel::Panel| (panel.write_count() > written).then_some(());
        world.panel.until("the write", crate::world::SOON, wrote).await.unwrap();
        world.kill().await;
        world.panel.clear_faults();
        world.start().await;
        world.customer("Karim").is_sent_link(0).await;
        assert_eq!(world.panel.clients().len(), 1);
        world.finish().await;
    }
}

#[tokio::test]
async fn what_is_sold_is_what_was_read() {
    let world = shop(GENERATIONS[1]).await;
    let question = opens(&world, "Adel", "80").await;
    world.stop().await;
    let config = std::fs::read_to_string(world.config_path()).unwrap();
    std::fs::write(world.config_path(), config.replace("traffic_gb = 50\n", "traffic_gb = 5\n")).unwrap();
    world.start().await;
    let answer = world.admin("Adel").confirms(&question).await;
    assert!(answer.starts_with("The sale is booked. Link sent"), "{answer}");
    assert_eq!(world.panel.clients()[0].total_bytes, 50 * GB);
    world.finish().await;
}

#[tokio::test]
async fn a_sale_needs_an_amount_a_plan_and_the_power() {
    for generation in GENERATIONS {
        let world = World::with(|scene| {
            scene.generation(generation);
            scene.admin_role = true;
        })
        .await;
        let amount = opens(&world, "Adel", "a lot").await.message.content;
        assert!(amount.starts_with("Please type the amount in digits"), "{amount}");
        assert_eq!(
            world.admin("Adel").suggested("user-create", "plan", "prem").await,
            [("Premium".to_owned(), "premium".to_owned())]
        );
        let question = opens(&world, "Adel", "100").await;
        world.person("Adel").loses_role(world.guild.admins);
        let answer = world.admin("Adel").confirms(&question).await;
        assert_eq!(answer, "You may no longer do this, so nothing was changed.");
        assert_eq!(world.number("SELECT count(*) FROM orders").await, 0);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_sale_that_came_to_nothing_is_closed_or_was_delivered_by_hand() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let adel = world.admin("Adel");
        world.panel.on_request(|request| if request.is_write { Fault::Refuse("no".into()) } else { Fault::None });
        for button in ["Decline", "Delivered by hand"] {
            sells(&world, "100").await;
            world.settles().await;
            let card = adel.attention().await;
            let refused = world.admin("Salma").opens(&card, button).await;
            assert_eq!(refused.message.render_text(), "Your role lets you see this, but only admins can do it.");
            let question = adel.opens(&card, button).await;
            let answer = adel.confirms(&question).await;
            let (says, status, money) = match button {
                "Decline" => ("The sale is closed and nothing was booked.", "declined", 0),
                _ => ("Booked as delivered by hand.", "completed", 10_000),
            };
            assert_eq!(answer, says, "{generation:?}");
            world.settles().await;
            assert_eq!(world.word("SELECT status FROM orders ORDER BY rowid DESC LIMIT 1").await, status);
            assert_eq!(world.number("SELECT COALESCE(sum(amount_minor), 0) FROM ledger").await, money);
            let id = card.part(button).and_then(|part| part.custom_id.clone()).expect("a button");
            let again = adel.person.forge_click(&card, &id);
            let again = again.expect("it is sent").reply().await.expect("an answer");
            assert!(again.contains("The order has changed meanwhile"), "{}", again.render_text());
        }
        assert_eq!(world.panel.clients().len(), 0, "{generation:?}: nothing on the panel");
        let cards = world.cards().await;
        assert!(cards.contains("Reason: Closed by staff; nothing was sold."), "{cards}");
        assert!(world.customer("Karim").tickets().is_empty(), "no ticket");
        assert_eq!(world.customer("Karim").person.dms().len(), 0, "nothing was sold to them");
        world.panel.clear_faults();
        world.finish().await;
    }
}

#[tokio::test]
async fn a_sale_to_somebody_with_closed_direct_messages_makes_no_ticket() {
    let world = shop(GENERATIONS[1]).await;
    let karim = world.customer("Karim");
    karim.person.closes_dms();
    let answer = sells(&world, "100").await;
    assert!(answer.starts_with("The sale is booked. Link not delivered yet"), "{answer}");
    world.settles().await;
    assert!(karim.tickets().is_empty(), "no ticket");
    assert!(karim.link().await.contains("vless://"), "they get it themselves");
    world.finish().await;
}
