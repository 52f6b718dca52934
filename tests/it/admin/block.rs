//! `/admin block` and `/admin unblock`.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn who_is_blocked_orders_no_more_until_unblocked() {
    let world = World::new().await;
    let (mona, adel) = (world.customer("Mona"), world.admin("Adel"));
    mona.orders("Basic").await;
    let order = world.word("SELECT id FROM orders").await;
    let block = json!({ "user": mona.person.id().to_string(), "reason": "Fake receipts" });
    let asked = adel.desk("block", block.clone()).await;
    assert!(asked.contains(&order) && asked.contains("Fake receipts"), "{}", asked.render_text());
    assert_eq!(world.number("SELECT count(*) FROM users WHERE status = 'blocked'").await, 0, "nothing before Confirm");
    let question = crate::world::Question { message: asked };
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
    let question = crate::world::Question { message: asked };
    assert!(adel.confirms(&question).await.contains("@Mona can order again."));
    assert_eq!(adel.suggested("unblock", "customer", "").await, []);
    mona.orders("Basic").await;
    let audit =
        "SELECT group_concat(action, ' ') FROM (SELECT action FROM audit_logs WHERE action LIKE 'user.%' ORDER BY id)";
    assert_eq!(world.word(audit).await, "user.block user.unblock");
    world.finish().await;
}

#[tokio::test]
async fn a_question_dies_with_the_power_and_is_nobody_elses() {
    let world = World::with(|scene| scene.admin_role = true).await;
    let (mona, adel, nadia) = (world.customer("Mona"), world.admin("Adel"), world.admin("Nadia"));
    let block = json!({ "user": mona.person.id().to_string(), "reason": "no" });
    for name in ["Salma", "Hoda"] {
        let refused = world.admin(name).desk("block", block.clone()).await.content;
        assert!(refused.contains("only admins can do it") || refused.contains("Only our team"), "{refused}");
    }
    let question = crate::world::Question { message: adel.desk("block", block).await };
    let confirm = crate::world::custom_id(&question.message, "Confirm");
    let other = nadia.desk("pending", json!({})).await;
    let forged = nadia.person.forge_click(&other, &confirm).expect("sent");
    assert!(forged.reply().await.expect("an answer").contains("Somebody else"));
    adel.person.loses_role(world.guild.admins);
    adel.confirms(&question).await;
    assert_eq!(world.number("SELECT count(*) FROM users WHERE status = 'blocked'").await, 0);
    for forged in ["tk:confirm:00", "tk:wake:1", "tk:drop:1", "tk:queue:0", "tk:queue:-1", "tk:wake:x"] {
        let pressed = nadia.person.forge_click(&other, forged).expect("sent");
        let answer = pressed.reply().await.expect("an answer");
        assert!(answer.content.len() > 10, "one sentence for {forged}");
    }
    world.finish().await;
}
