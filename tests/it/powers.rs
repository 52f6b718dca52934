//! Conversations about who may: support, strangers, and people who have lost the power.

use serde_json::json;
use tollkeeper::sandbox::{
    discord::{Answer, Message, Modal, Pending},
    panel::Fault,
};

use crate::world::{Leaves, Question, World, custom_id, receipt};

/// What is said to who may no longer decide about payments, and to who may no longer do it at the desk.
const NO_DECISION: &str = "You may no longer decide about payments, so nothing was changed.";
const NO_DEED: &str = "You may no longer do this, so nothing was changed.";
/// What is said to everybody who is not of the team.
const NO_STAFF: &str = "Only our team can use this.";

/// All that a decision of staff could change. Whatever is done is in the audit log besides.
const STANDS: &str = "SELECT json_array(
    (SELECT json_group_array(json_array(id, status, channel_id)) FROM orders),
    (SELECT json_group_array(json_array(id, status, reference, reason)) FROM payment_submissions),
    (SELECT json_group_array(json_array(order_id, status, received_minor)) FROM payments),
    (SELECT json_group_array(json_array(discord_id, status)) FROM users),
    (SELECT json_group_array(key) FROM outbox WHERE parked_at IS NOT NULL),
    (SELECT count(*) FROM bot_config WHERE key = 'outbox_held_since'),
    (SELECT count(*) FROM ledger),
    (SELECT count(*) FROM audit_logs WHERE action <> 'access.refuse'))";

/// The books, and how often the panel was asked to change something.
async fn stands(world: &World) -> (String, u64) {
    (world.word(STANDS).await, world.panel.write_count())
}

/// Somebody loses the role and answers each of these questions: nothing changes, and each says why.
/// Nor does a question come back with the role.
async fn die_with_the_role(world: &World, name: &'static str, questions: &[(Question, &str)]) {
    let admin = world.admin(name);
    let before = stands(world).await;
    admin.person.loses_role(world.guild.admins);
    for (question, says) in questions {
        assert_eq!(admin.confirms(question).await, *says, "{}", question.message.render_text());
    }
    assert_eq!(stands(world).await, before);
    admin.person.gets_role(world.guild.admins);
    for (question, _) in questions {
        let confirm = custom_id(&question.message, "Confirm");
        let late = admin.person.forge_click(&question.message, &confirm).unwrap().reply().await.unwrap();
        let said = late.render_text();
        assert!(said.starts_with("This question was already answered."), "{said}");
    }
    assert_eq!(stands(world).await, before);
}

/// Chooses an entry of More on the newest open card; what it opens.
async fn chooses(world: &World, entry: &str) -> Pending {
    let card = world.admin("Adel").card().await;
    let list = world.admin("Adel").opens(&card, "More").await;
    world.person("Adel").select(&list.message, &[entry]).expect("the entry is on the list")
}

/// Types a reference that another order owns: the message that says so.
async fn finds_a_twin(world: &World) -> Message {
    let form = chooses(world, "Enter the reference").await.modal().await.expect("a form");
    let sent = world.person("Adel").submit(&form, &[("The number on the receipt", "777888")]).expect("it is sent");
    let twin = sent.reply().await.expect("an answer");
    assert!(twin.contains("This reference already belongs to order"), "{}", twin.render_text());
    twin
}

/// The form behind "Use it all the same".
async fn asks_why(world: &World, twin: &Message) -> Modal {
    world.person("Adel").click(twin, "Use it all the same").unwrap().modal().await.expect("a form")
}

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

#[tokio::test]
async fn every_open_question_about_a_proof_dies_with_the_role() {
    let world = World::with(|scene| {
        scene.admin_role = true;
        scene.reference = "optional";
    })
    .await;
    let (mona, karim, adel) = (world.customer("Mona"), world.customer("Karim"), world.admin("Adel"));
    karim.orders("Basic").await;
    karim.chooses("Vodafone Cash").await;
    let form = karim.person.click(&karim.status(), "Enter reference").unwrap().modal().await.expect("a form");
    let sent = karim.person.submit(&form, &[("The number of your transfer", "777888")]).expect("it is sent");
    assert!(sent.reply().await.unwrap().contains("Thank you, we noted `777888`."));
    karim.uploads("Karim's receipt").await;
    adel.approves().await;
    karim.is_sent_link(0).await;
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let fake = chooses(&world, "Block fake receipt").await.reply().await.expect("the question");
    let questions = [
        (adel.opens_approval().await, NO_DECISION),
        (adel.opens_decline("Screenshot not readable").await, NO_DECISION),
        (adel.opens_decline("Somebody else's name is on it.").await, NO_DECISION),
        (adel.opens_amount("40").await, NO_DECISION),
        (adel.opens_amount("120").await, NO_DECISION),
        (Question { message: fake }, NO_DECISION),
    ];
    world.settles().await;
    die_with_the_role(&world, "Adel", &questions).await;

    // The reference of another order is accepted in two steps: the button, and a form with the reason.
    let why = [("Why may it be used twice?", "One transfer for two people.")];
    for button_first in [true, false] {
        let twin = finds_a_twin(&world).await;
        let form = asks_why(&world, &twin).await;
        let before = stands(&world).await;
        adel.person.loses_role(world.guild.admins);
        if button_first {
            assert_eq!(adel.opens(&twin, "Use it all the same").await.message.render_text(), NO_STAFF);
        } else {
            let refused = adel.person.submit(&form, &why).unwrap().reply().await.unwrap();
            assert_eq!(refused.render_text(), NO_STAFF);
        }
        adel.person.gets_role(world.guild.admins);
        let late = adel.person.submit(&form, &why).unwrap().reply().await.unwrap();
        assert!(late.contains("This question has expired or was already answered"), "{}", late.render_text());
        assert_eq!(stands(&world).await, before);
    }
    adel.approves().await;
    mona.is_sent_link(0).await;
    world.finish().await;
}

#[tokio::test]
async fn every_open_question_about_an_order_that_needs_attention_dies_with_the_role() {
    let world = World::with(|scene| scene.admin_role = true).await;
    let (mona, karim, adel) = (world.customer("Mona"), world.customer("Karim"), world.admin("Adel"));
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let email = world.has_a_stranger_under_our_name().await;
    adel.approves().await;
    let card = adel.attention().await;
    world.panel.on_request(|request| if request.is_write { Fault::Refuse("no".into()) } else { Fault::None });
    let options = json!({ "user": karim.person.id().to_string(), "plan": "basic", "amount": "80" });
    let message = adel.desk("user-create", options).await;
    adel.confirms(&Question { message }).await;
    let sale = world.card("its card", |card| card.contains("Sale by hand") && card.part("Retry").is_some()).await;
    let questions = [
        (adel.opens(&card, "Delivered by hand").await, NO_DECISION),
        (adel.opens_decline_of(&card, "We cannot deliver it.").await, NO_DECISION),
        (adel.opens(&sale, "Decline").await, NO_DECISION),
    ];
    world.settles().await;
    die_with_the_role(&world, "Adel", &questions).await;

    // What acts at once asks at once, and what opens a question does too.
    let before = stands(&world).await;
    adel.person.loses_role(world.guild.admins);
    for (card, button) in [
        (&card, "Retry"),
        (&card, "Back to review"),
        (&card, "Delivered by hand"),
        (&card, "Decline"),
        (&sale, "Retry"),
        (&sale, "Decline"),
    ] {
        assert_eq!(adel.opens(card, button).await.message.render_text(), NO_STAFF, "{button}");
    }
    world.settles().await;
    assert_eq!(stands(&world).await, before);
    // Three questions, each answered once more, and six buttons: twelve, of which the first three and the
    // tenth are written down.
    world.counts(4, "SELECT count(*) FROM audit_logs WHERE action = 'access.refuse'").await;
    adel.person.gets_role(world.guild.admins);
    world.panel.clear_faults();
    adel.opens(&sale, "Retry").await;
    karim.is_sent_link(0).await;
    world.finish_but(Leaves { strangers: &[&email], ..Leaves::default() }).await;
}

/// A delivery that gave up.
const PARKED: &str = "UPDATE orders SET delivery = 'none', delivered_at = NULL;
    INSERT INTO outbox (key, lane, kind, args_version, args, run_at, created_at, failures, last_error, parked_at)
    SELECT 'deliver:' || id, 'dm:' || user_id, 'deliver_link', 1,
           json_object('order', id, 'user', CAST(user_id AS TEXT)), created_at, created_at, 8, 'no', created_at
    FROM orders";

#[tokio::test]
async fn every_open_question_of_the_desk_dies_with_the_role() {
    let world = World::with(|scene| scene.admin_role = true).await;
    let (mona, adel) = (world.customer("Mona"), world.admin("Adel"));
    mona.orders_and_pays("Basic", "first").await;
    adel.receives("40").await;
    mona.waits_for("60 EGP is still missing").await;
    let part = world.card("the part's card", |card| card.part("Cancel order").is_some()).await;
    let block = |name: &str| json!({ "user": world.person(name).id().to_string(), "reason": "no" });
    let blocked = Question { message: adel.desk("block", block("Karim")).await };
    assert!(adel.confirms(&blocked).await.contains("@Karim can no longer order."));
    let suggested = adel.suggested("unblock", "customer", "").await;
    let unblock = adel.desk("unblock", json!({ "customer": suggested[0].1 })).await;
    let questions = [
        (adel.opens(&part, "Cancel order").await, NO_DECISION),
        (Question { message: adel.desk("block", block("Hoda")).await }, NO_DEED),
        (Question { message: unblock }, NO_DEED),
    ];
    world.settles().await;
    die_with_the_role(&world, "Adel", &questions).await;
    mona.uploads("second").await;
    adel.approves().await;
    mona.is_sent_link(0).await;
    world.settles().await;

    world.changes(PARKED).await;
    let status = adel.desk("status", json!({})).await;
    let drop = adel.opens(&status, "Drop 1").await;
    die_with_the_role(&world, "Adel", &[(drop, NO_DEED)]).await;
    adel.person.loses_role(world.guild.admins);
    for button in ["Retry 1", "Drop 1"] {
        assert_eq!(adel.opens(&status, button).await.message.render_text(), NO_STAFF, "{button}");
    }
    adel.person.gets_role(world.guild.admins);
    assert_eq!(world.number("SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL").await, 1);
    let drop = adel.opens(&status, "Drop 1").await;
    assert!(adel.confirms(&drop).await.contains("is dropped"));
    world.finish().await;
}

/// README: an owner is whoever is in `owners`, always.
#[tokio::test]
async fn an_owner_is_known_by_the_id_alone() {
    let world = World::asleep(|scene| scene.admin_role = true).await;
    // The owners' role is the admins' here: it makes nobody an owner, and Omar does not hold it.
    let toml = std::fs::read_to_string(world.config_path()).unwrap();
    let owners = format!("[discord]\nowner_role_id = {}\n", world.guild.admins);
    std::fs::write(world.config_path(), toml.replacen("[discord]\n", &owners, 1)).unwrap();
    let omar = world.admin("Omar");
    world.start().await;
    world.settles().await;
    world.changes("INSERT INTO bot_config (key, value) VALUES ('outbox_held_since', '1')").await;
    let status = omar.desk("status", json!({})).await;
    let adel = world.admin("Adel");
    let refused = adel.person.forge_click_unseen(&status, "tk:release").reply().await.unwrap();
    assert_eq!(refused.render_text(), "Only owners can do this.");
    let release = omar.opens(&status, "Release").await;
    assert!(omar.confirms(&release).await.starts_with("Released."));
    world.finish().await;
}
