//! Conversations about who may: support, strangers, and people who have lost the power.

use tollkeeper::sandbox::discord::Answer;

use crate::world::{Leaves, World, custom_id, receipt};

#[tokio::test]
async fn support_sees_and_never_decides() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let card = world.admin("Adel").card().await;
    for button in ["Approve", "Decline"] {
        let click = world.person("Salma").click(&card, button).unwrap();
        let answer = click.reply().await.unwrap();
        assert!(answer.ephemeral);
        assert_eq!(answer.render_text(), "Your role lets you see this, but only admins can do it.");
    }
    assert!(world.conversation("Salma", mona.ticket()).await.contains("receipt.png"), "support sees the ticket");
    world.counts(2, "SELECT COUNT(*) FROM audit_logs WHERE action = 'access.refuse'").await;
    world.finish().await;
}

#[tokio::test]
async fn strangers_click_and_forge_in_vain() {
    let world = World::new().await;
    let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    karim.orders("Basic").await;
    let card = world.admin("Adel").card().await;
    let order = world.word("SELECT id FROM orders ORDER BY created_at LIMIT 1").await;
    let mine = karim.status();
    let forged = [
        (custom_id(&card, "Approve"), "Only our team can use this."),
        (custom_id(&card, "Decline"), "Only our team can use this."),
        ("tk:typed:1".to_owned(), "This button is out of date."),
        (format!("tk:retry:{order}"), "Only our team can use this."),
        (format!("tk:back:{order}"), "Only our team can use this."),
        (format!("tk:cancel:{order}"), "This belongs to somebody else's order."),
        (format!("tk:link:{order}"), "This belongs to somebody else's order."),
        ("tk:link:0000000000".to_owned(), "This button is out of date."),
        ("tk:approve:1; DROP TABLE orders".to_owned(), "This button is out of date."),
        ("somebody's button".to_owned(), "This button is out of date."),
    ];
    for (id, expected) in forged {
        let answer = karim.person.forge_click(&mine, &id).unwrap().reply().await.unwrap();
        assert!(answer.ephemeral && answer.render_text().starts_with(expected), "{id}: {}", answer.render_text());
    }
    let method = karim.person.forge_select(&mine, &format!("tk:method:{order}"), &["instapay"]).unwrap();
    assert!(method.reply().await.unwrap().contains("This belongs to somebody else's order."));
    let reason = karim.person.forge_select(&mine, "tk:reason:1", &["not_received"]).unwrap();
    assert!(reason.reply().await.unwrap().contains("Only our team can use this."));
    let unseen = karim.person.forge_click_unseen(&card, &custom_id(&card, "Approve"));
    assert!(unseen.reply().await.unwrap().contains("Only our team can use this."));
    assert_eq!(
        world
            .word("SELECT group_concat(status) FROM orders ORDER BY created_at")
            .await
            .matches("payment_submitted")
            .count(),
        1
    );
    assert_eq!(world.panel.write_count(), 0);
    world.finish().await;
}

#[tokio::test]
async fn an_open_question_dies_with_the_role() {
    let world = World::with(|scene| scene.admin_role = true).await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let adel = world.admin("Adel");
    let question = adel.opens_approval().await;
    adel.person.loses_role(world.guild.admins);
    insta::assert_snapshot!(adel.confirms(&question).await, @"You may no longer decide about payments, so nothing was changed.");
    let card = adel.card().await;
    let refused = adel.opens(&card, "Approve").await;
    assert_eq!(refused.message.render_text(), "Only our team can use this.");
    // The question does not come back with the role.
    adel.person.gets_role(world.guild.admins);
    let replayed = adel.person.forge_click(&question.message, &custom_id(&question.message, "Confirm")).unwrap();
    assert!(!replayed.reply().await.unwrap().contains("Approved"));
    adel.approves().await;
    mona.is_sent_link(0).await;
    world.finish().await;
}

#[tokio::test]
async fn only_the_people_in_charge_retry() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let email = world.has_a_stranger_under_our_name().await;
    world.admin("Adel").approves().await;
    let card = world.admin("Adel").attention().await;
    for button in ["Retry", "Back to review"] {
        let click = world.person("Salma").click(&card, button).unwrap();
        let Answer::Message(answer) = click.answer().await.unwrap() else { panic!("not answered") };
        assert_eq!(answer.render_text(), "Your role lets you see this, but only admins can do it.");
    }
    assert!(mona.posts("more.png", &receipt("more")).is_err(), "the ticket is locked");
    world.finish_but(Leaves { strangers: &[&email], ..Leaves::default() }).await;
}
