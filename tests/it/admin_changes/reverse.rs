//! An approved order is taken back.

use serde_json::json;
use tollkeeper::sandbox::panel::Fault;

use super::{DAY, GB, GENERATIONS, STRANGER, client, differences, sold, sold_with};
use crate::world::{Leaves, Question, World};

const LEAVES: Leaves<'_> = Leaves { outbox: &[], strangers: &[STRANGER], changed: &[] };

async fn order(world: &World, plan: &str) -> String {
    match plan {
        "Basic" => world.word("SELECT id FROM orders WHERE plan_id = 'basic'").await,
        _ => world.word("SELECT id FROM orders WHERE plan_id = 'premium'").await,
    }
}

async fn opens(world: &World, admin: &'static str, plan: &str) -> Question {
    let options = json!({ "order": order(world, plan).await, "reason": "The money was taken back." });
    Question { message: world.admin(admin).desk("order-reverse", options).await }
}

async fn reverses(world: &World, admin: &'static str, plan: &str) -> String {
    let question = opens(world, admin, plan).await;
    world.admin(admin).confirms(&question).await
}

/// Buys Premium (30 days, 150 GB) and has it approved.
async fn renews(world: &World) {
    let mona = world.customer("Mona");
    mona.orders_and_pays("Premium", "second receipt").await;
    world.admin("Nadia").approves().await;
    mona.is_sent_link(1).await;
    world.settles().await;
}

#[tokio::test]
async fn the_only_order_leaves_nothing() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let before = client(&world);
        let question = opens(&world, "Adel", "Basic").await;
        let text = world.tidied(&question.message.render_text()).await;
        insta::allow_duplicates! { insta::assert_snapshot!(text, @"
        │ **Reverse this order?**
        │ What is still unused of this order is taken away, days and traffic; other orders keep what they gave. The amount is booked back today. The customer reads the reason.
        │ Customer: @Mona · Mona
        │ Client on the panel: `tk-order`
        │ Ends: <time f>
        │ Traffic: 50 GB
        │ Plan: Basic · 30 days · 50 GB
        │ Amount (EGP): `100`
        │ Order ID: `ORDER`
        │ Reason: The money was taken back.
        │ This question expires: <time R>
        [Confirm] [Cancel]
        ") };
        let answer = world.admin("Adel").confirms(&question).await;
        assert!(answer.starts_with("Done: the order is reversed"), "{answer}");
        let after = client(&world);
        assert_eq!(differences(&before, &after), ["enable", "expiryTime", "totalGB"]);
        assert_eq!((after.enable, after.total_bytes), (false, 20 * GB), "nothing below what is used");
        assert!(after.expiry_ms <= world.clock.now().0 && after.expiry_ms > world.clock.now().0 - 60_000);
        let dms = world.dms("Mona").await;
        assert!(dms.contains("was taken back by the shop.\nReason: The money was taken back."), "{dms}");
        assert!(dms.contains("Nothing is left of your VPN access, so it is switched off."), "{dms}");
        assert_eq!(world.word("SELECT status FROM orders").await, "reversed");
        assert_eq!(world.number("SELECT amount_minor FROM ledger WHERE kind = 'reversal'").await, -10_000);
        assert_eq!(world.number("SELECT sum(amount_minor) FROM revenue_cache").await, 0);
        assert_eq!(world.number("SELECT count(*) FROM audit_logs WHERE action = 'order.reverse'").await, 1);
        assert!(world.sees("Mona").await.contains("taken back"), "the ticket says so");
        let again = opens(&world, "Adel", "Basic").await.message.content;
        assert!(again.starts_with("Only a completed order can be reversed"), "{again}");
        world.finish_but(LEAVES).await;
    }
}

#[tokio::test]
async fn the_other_order_keeps_what_it_gave() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let basic = client(&world);
        renews(&world).await;
        let both = client(&world);
        assert_eq!((both.expiry_ms, both.total_bytes), (basic.expiry_ms + 30 * DAY, 180 * GB));
        reverses(&world, "Nadia", "Basic").await;
        let who = |name: &str| i64::try_from(world.person(name).id()).expect("a small id");
        let decided = world.number("SELECT decided_by FROM orders WHERE status = 'reversed'").await;
        let reversed = world.number("SELECT reversed_by FROM orders WHERE status = 'reversed'").await;
        assert_eq!((decided, reversed), (who("Adel"), who("Nadia")), "who approved stays known");
        world
            .card("both on the card", |card| {
                card.contains("Approved by @Adel") && card.contains("Taken back by @Nadia")
            })
            .await;
        let after = client(&world);
        assert!(after.enable && after.serving, "{generation:?}: Mona goes on");
        assert_eq!(after.total_bytes, 150 * GB);
        let left = after.expiry_ms - world.clock.now().0;
        assert!((30 * DAY - 60_000..=30 * DAY).contains(&left), "thirty days from now: {left}");
        world.finish_but(LEAVES).await;
    }
}

#[tokio::test]
async fn reverse_and_renew_at_the_same_moment_end_the_same_in_either_order() {
    let each = GENERATIONS.into_iter().flat_map(|generation| [(generation, true), (generation, false)]);
    for (generation, renew_first) in each {
        let world = sold(generation).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Premium", "second receipt").await;
        let renewal = world.admin("Nadia").opens_approval().await;
        let reversal = opens(&world, "Adel", "Basic").await;
        let (adel, nadia) = (world.admin("Adel"), world.admin("Nadia"));
        // Neither waits for the other: the panel takes its time with both.
        world.panel.set_latency(std::time::Duration::from_millis(20));
        let (one, other) = if renew_first {
            let one = nadia.starts_to_confirm(&renewal);
            world.counts(2, "SELECT count(*) FROM grants WHERE kind = 'sale'").await;
            (one, adel.starts_to_confirm(&reversal))
        } else {
            let one = adel.starts_to_confirm(&reversal);
            world.counts(1, "SELECT count(*) FROM changes").await;
            (one, nadia.starts_to_confirm(&renewal))
        };
        let said = format!("{:?} {:?}", one.reply().await.is_ok(), other.reply().await.is_ok());
        mona.is_sent_link(1).await;
        world.settles().await;
        let after = client(&world);
        assert!(after.enable && after.serving, "{said}");
        let used = after.up + after.down;
        let left = ((after.expiry_ms - world.clock.now().0 + 60_000) / DAY, after.total_bytes - used);
        assert_eq!(left, (30, 150 * GB), "{generation:?}, renewed first: {renew_first}");
        world.finish_but(LEAVES).await;
    }
}

#[tokio::test]
async fn what_a_removed_client_cost_can_be_given_back() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let answer = super::changes(&world, "Adel", "user-delete", json!({})).await;
        assert!(answer.starts_with("Done: the access is removed"), "{answer}");
        let written = world.panel.write_count();
        // Whatever the panel does, there is nothing of this client on it.
        world.panel.on_request(|_| Fault::CutBefore);
        let answer = reverses(&world, "Adel", "Basic").await;
        assert!(answer.starts_with("Done: the order is reversed"), "{answer}");
        world.panel.clear_faults();
        assert_eq!(world.number("SELECT sum(amount_minor) FROM ledger").await, 0);
        assert_eq!(world.number("SELECT count(*) FROM subscriptions WHERE deleted_at IS NOT NULL").await, 1);
        assert_eq!(world.panel.write_count(), written);
        world.finish_but(LEAVES).await;
    }
}

#[tokio::test]
async fn an_order_of_a_panel_that_is_gone_from_the_configuration_is_given_back() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let before = client(&world);
        world.stop().await;
        let config = std::fs::read_to_string(world.config_path()).unwrap();
        std::fs::write(world.config_path(), config.replace("name = \"main\"", "name = \"another\"")).unwrap();
        world.start().await;
        let answer = reverses(&world, "Adel", "Basic").await;
        assert!(answer.starts_with("Done: the order is reversed"), "{answer}");
        assert_eq!(world.number("SELECT sum(amount_minor) FROM ledger").await, 0);
        assert_eq!(client(&world), before, "nobody asked it");
        world.finish_but(Leaves { changed: &[&before.email], ..LEAVES }).await;
    }
}

#[tokio::test]
async fn an_order_that_was_delivered_by_hand_is_given_back() {
    for generation in GENERATIONS {
        let world = World::with(|scene| scene.generation(generation)).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        world.panel.add_client(&tollkeeper::sandbox::panel::NewClient {
            email: format!("tk-{}", order(&world, "Basic").await.to_ascii_lowercase()),
            ..super::stranger()
        });
        world.admin("Adel").approves().await;
        let card = world.admin("Adel").attention().await;
        let by_hand = world.admin("Adel").opens(&card, "Delivered by hand").await;
        world.admin("Adel").confirms(&by_hand).await;
        let question = opens(&world, "Adel", "Basic").await;
        let text = world.tidied(&question.message.render_text()).await;
        assert!(text.contains("the bot knows no client of it"), "{text}");
        let answer = world.admin("Adel").confirms(&question).await;
        assert!(answer.starts_with("Done: the order is reversed and its amount is booked back."), "{answer}");
        assert_eq!(world.number("SELECT sum(amount_minor) FROM ledger").await, 0);
        assert_eq!(world.word("SELECT status FROM orders").await, "reversed");
        let again = opens(&world, "Adel", "Basic").await.message.content;
        assert!(again.starts_with("Only a completed order can be reversed"), "{again}");
        let email = world.panel.clients()[0].email.clone();
        world.finish_but(Leaves { strangers: &[&email], ..Leaves::default() }).await;
    }
}

#[tokio::test]
async fn a_reversal_that_is_refused_is_none() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let before = client(&world);
        world.panel.on_request(|request| if request.is_write { Fault::Refuse("no".into()) } else { Fault::None });
        assert_eq!(reverses(&world, "Adel", "Basic").await, "Nothing was done.\nThe panel refused: no");
        assert_eq!(client(&world), before);
        assert_eq!(world.word("SELECT status FROM orders").await, "completed");
        assert_eq!(world.number("SELECT count(*) FROM ledger").await, 1);
        world.panel.clear_faults();
        world.finish_but(LEAVES).await;
    }
}

#[tokio::test]
async fn a_reversal_whose_answer_was_lost_is_made_once() {
    for generation in GENERATIONS {
        for fault in [Fault::CutAfter, Fault::HangAfter] {
            let world = sold(generation).await;
            let before = client(&world);
            let lost = std::sync::atomic::AtomicBool::new(false);
            let strikes = fault.clone();
            world.panel.on_request(move |request| {
                let first = request.is_write && !lost.swap(true, std::sync::atomic::Ordering::SeqCst);
                if first { strikes.clone() } else { Fault::None }
            });
            let answer = reverses(&world, "Adel", "Basic").await;
            assert!(answer.starts_with("Done: "), "{generation:?} {fault:?}: {answer}");
            assert_eq!(world.number("SELECT count(*) FROM ledger").await, 2);
            assert_eq!(differences(&before, &client(&world)), ["enable", "expiryTime", "totalGB"]);
            assert_eq!(client(&world).total_bytes, 20 * GB);
            world.finish_but(LEAVES).await;
        }
    }
}

#[tokio::test]
async fn a_reversal_cut_short_by_a_kill_is_finished_after_it() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let before = client(&world);
        let question = opens(&world, "Adel", "Basic").await;
        let written = world.panel.write_count();
        world.panel.on_request(|request| if request.is_write { Fault::HangAfter } else { Fault::None });
        world.admin("Adel").starts_to_confirm(&question);
        let wrote = |panel: &tollkeeper::sandbox::panel::Panel| (panel.write_count() > written).then_some(());
        world.panel.until("the write", crate::world::SOON, wrote).await.unwrap();
        world.kill().await;
        world.panel.clear_faults();
        world.start().await;
        world.counts(1, "SELECT count(*) FROM orders WHERE status = 'reversed'").await;
        assert_eq!(differences(&before, &client(&world)), ["enable", "expiryTime", "totalGB"], "{generation:?}");
        assert_eq!((client(&world).enable, client(&world).total_bytes), (false, 20 * GB));
        world.finish_but(LEAVES).await;
    }
}

#[tokio::test]
async fn who_has_lost_the_power_meanwhile_reverses_nothing() {
    for generation in GENERATIONS {
        let world = sold_with(generation, true).await;
        let question = opens(&world, "Adel", "Basic").await;
        world.person("Adel").loses_role(world.guild.admins);
        let answer = world.admin("Adel").confirms(&question).await;
        assert_eq!(answer, "You may no longer do this, so nothing was changed.");
        assert_eq!(world.word("SELECT status FROM orders").await, "completed");
        world.finish_but(LEAVES).await;
    }
}
