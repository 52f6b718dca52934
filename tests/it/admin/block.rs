//! `/admin block` and `/admin unblock`.

use serde_json::json;
use tollkeeper::sandbox::discord::{Fault, Gate};

use super::GENERATIONS;
use crate::world::{Question, World, custom_id};

#[tokio::test]
async fn who_is_blocked_orders_no_more_until_unblocked() {
    for generation in GENERATIONS {
        let world = World::with(|scene| {
            scene.generation(generation);
            scene.generation(generation);
            scene.generation(generation);
        })
        .await;
        let (mona, adel) = (world.customer("Mona"), world.admin("Adel"));
        mona.orders("Basic").await;
        let order = world.word("SELECT id FROM orders").await;
        let block = json!({ "user": mona.person.id().to_string(), "reason": "Fake receipts" });
        let asked = adel.desk("block", block.clone()).await;
        assert!(asked.contains(&order) && asked.contains("Fake receipts"), "{}", asked.render_text());
        assert_eq!(
            world.number("SELECT count(*) FROM users WHERE status = 'blocked'").await,
            0,
            "nothing before Confirm"
        );
        let question = Question { message: asked };
        assert!(adel.confirms(&question).await.contains("@Mona can no longer order."));
        assert!(adel.desk("block", block).await.contains("was blocked already"));
        // What was open stays open.
        assert!(mona.asks_for_plans().await.contains("open"));
        mona.cancels().await;
        assert!(mona.asks_for_plans().await.contains("We cannot take an order from you."));
        let info = adel.desk("user-info", json!({ "user": mona.person.id().to_string() })).await.render_text();
        assert!(info.contains("Blocked: Fake receipts (since"), "{info}");
        let suggested = adel.suggested("unblock", "customer", "MO").await;
        assert_eq!(suggested.len(), 1, "{suggested:?}");
        let asked = adel.desk("unblock", json!({ "customer": suggested[0].1 })).await;
        let question = Question { message: asked };
        assert!(adel.confirms(&question).await.contains("@Mona can order again."));
        assert_eq!(adel.suggested("unblock", "customer", "").await, []);
        mona.orders("Basic").await;
        let audit = "SELECT group_concat(action, ' ') FROM (SELECT action FROM audit_logs WHERE action LIKE 'user.%' ORDER BY id)";
        assert_eq!(world.word(audit).await, "user.block user.read user.unblock");
        world.finish().await;
    }
}

/// Asks whether somebody shall be blocked, or let order again.
async fn asks(world: &World, admin: &'static str, block: bool, name: &str) -> Question {
    let person = world.person(name).id();
    let message = if block {
        world.admin(admin).desk("block", json!({ "user": person.to_string(), "reason": "no" })).await
    } else {
        world.admin(admin).desk("unblock", json!({ "customer": format!("u:{person}") })).await
    };
    Question { message }
}

const BLOCKED: &str = "SELECT count(*) FROM users WHERE status = 'blocked'";

#[tokio::test]
async fn a_question_dies_with_the_power_and_is_nobody_elses() {
    for generation in GENERATIONS {
        let world = World::with(|scene| {
            scene.generation(generation);
            scene.admin_role = true;
        })
        .await;
        let (mona, adel, nadia) = (world.customer("Mona"), world.admin("Adel"), world.admin("Nadia"));
        let block = json!({ "user": mona.person.id().to_string(), "reason": "no" });
        for name in ["Salma", "Hoda"] {
            let refused = world.admin(name).desk("block", block.clone()).await.content;
            assert!(refused.contains("only admins can do it") || refused.contains("Only our team"), "{refused}");
        }
        let karim = asks(&world, "Nadia", true, "Karim").await;
        nadia.confirms(&karim).await;
        assert_eq!(world.number(BLOCKED).await, 1, "Karim is blocked");
        let question = asks(&world, "Adel", true, "Mona").await;
        let release = asks(&world, "Adel", false, "Karim").await;
        let other = nadia.desk("pending", json!({})).await;
        for question in [&question, &release] {
            let confirm = custom_id(&question.message, "Confirm");
            let forged = nadia.person.forge_click(&other, &confirm).expect("sent");
            assert!(forged.reply().await.expect("an answer").contains("Somebody else"));
        }
        adel.person.loses_role(world.guild.admins);
        for question in [&question, &release] {
            assert_eq!(adel.confirms(question).await, "You may no longer do this, so nothing was changed.");
        }
        assert_eq!(world.number(BLOCKED).await, 1, "Karim still is, and Mona is not");
        assert!(mona.asks_for_plans().await.part("Choose a plan").is_some());
        assert!(world.customer("Karim").asks_for_plans().await.contains("We cannot take an order from you."));
        for forged in ["tk:confirm:00", "tk:wake:1", "tk:drop:1", "tk:queue:0", "tk:queue:-1", "tk:wake:x"] {
            let pressed = nadia.person.forge_click(&other, forged).expect("sent");
            let answer = pressed.reply().await.expect("an answer");
            assert!(answer.content.len() > 10, "one sentence for {forged}");
        }
        world.finish().await;
    }
}

#[tokio::test]
async fn a_process_that_dies_around_the_question_does_it_once_or_not_at_all() {
    for generation in GENERATIONS {
        let world = World::with(|scene| scene.generation(generation)).await;
        let adel = world.admin("Adel");
        for (block, says, blocked) in [(true, "can no longer order.", 1), (false, "can order again.", 0)] {
            // Between the question and Confirm: the question is as good as before.
            let question = asks(&world, "Adel", block, "Mona").await;
            world.kill().await;
            world.start().await;
            assert_eq!(world.number(BLOCKED).await, 1 - blocked, "nothing before Confirm");
            assert!(adel.confirms(&question).await.contains(says));
            assert_eq!(world.number(BLOCKED).await, blocked);
            // Right after Confirm, before anybody reads of it: it is done, and the question is spent.
            let back = asks(&world, "Adel", !block, "Mona").await;
            adel.confirms(&back).await;
            let again = asks(&world, "Adel", block, "Mona").await;
            let gate = Gate::new();
            world.discord.fail_next("PATCH", "/webhooks/", 1, Fault::HoldBefore(gate.clone()));
            adel.starts_to_confirm(&again);
            world.counts(blocked, BLOCKED).await;
            world.kill().await;
            world.discord.no_faults();
            world.start().await;
            assert_eq!(world.number(BLOCKED).await, blocked, "what was done stays done");
            let spent = adel.person.forge_click(&again.message, &custom_id(&again.message, "Confirm")).expect("sent");
            let said = spent.reply().await.expect("an answer").render_text();
            assert!(said.starts_with("This question was already answered."), "{said}");
        }
        let audit = "SELECT group_concat(action, ' ') FROM (SELECT action FROM audit_logs WHERE action LIKE 'user.%' ORDER BY id)";
        assert_eq!(
            world.word(audit).await,
            "user.block user.unblock user.block user.unblock user.block user.unblock",
            "{generation:?}: each once"
        );
        world.finish().await;
    }
}
