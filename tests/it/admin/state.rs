//! How an access stands is said in the same words wherever somebody asks: by `/link` to its
//! customer, by `user-info` and the commands that change it to staff.

use serde_json::json;
use tollkeeper::sandbox::discord::Message;

use super::{GENERATIONS, sold};
use crate::world::{Question, World};

const GB: i64 = 1 << 30;
const DAY: i64 = 24 * 60 * 60 * 1000;

async fn info(world: &World) -> String {
    let user = json!({ "user": world.person("Mona").id().to_string() });
    world.admin("Salma").desk("user-info", user).await.render_text()
}

async fn asks(world: &World, command: &str, mut options: serde_json::Value) -> Question {
    options["user"] = json!(world.person("Mona").id().to_string());
    Question { message: world.admin("Adel").desk(command, options).await }
}

async fn changes(world: &World, command: &str, options: serde_json::Value) -> String {
    let question = asks(world, command, options).await;
    world.admin("Adel").confirms(&question).await
}

/// What staff and the customer read.
async fn is_said(world: &World, staff: &str, customer: &str) {
    let (info, link) = (info(world).await, world.customer("Mona").link().await);
    assert!(info.contains(staff), "{staff}: {info}");
    assert!(link.contains(customer) && link.contains("vless://"), "{customer}: {link}");
}

#[tokio::test]
async fn an_access_that_does_not_work_is_said_to_be_dead_and_why() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let client = world.only_client();
        let email = client.email.clone();
        assert!(!world.customer("Mona").link().await.contains("does not connect now"));
        // Panels switch off what is used up or over themselves: that is nobody's doing.
        world.panel.set_traffic(&email, 20 * GB, 30 * GB);
        world.panel.set_client_enabled(&email, false);
        is_said(&world, "its traffic is used up. What helps: user-reset-traffic", "Your traffic is used up").await;
        let answer = changes(&world, "user-enable", json!({})).await;
        assert!(answer.starts_with("Nothing was done.") && answer.contains("Use user-reset-traffic"), "{answer}");
        assert!(!world.only_client().enable);
        let answer = changes(&world, "user-reset-traffic", json!({})).await;
        assert!(answer.starts_with("Done: ") && world.only_client().serving, "{answer}");
        let over = world.clock.now().0 - DAY;
        world.panel.edit_client(&email, |row| {
            row.insert("expiryTime".into(), json!(over));
            row.insert("enable".into(), json!(false));
        });
        is_said(&world, "its time is over. What helps: user-extend", "Your time is over").await;
        let answer = changes(&world, "user-enable", json!({})).await;
        assert!(answer.starts_with("Nothing was done.") && answer.contains("Use user-extend"), "{answer}");
        let answer = changes(&world, "user-extend", json!({ "days": 30 })).await;
        assert!(answer.starts_with("Done: ") && world.only_client().serving, "{answer}");
        world.panel.set_client_enabled(&email, false);
        is_said(&world, "It is switched off on the panel.", "Your access is switched off").await;
        let answer = changes(&world, "user-enable", json!({})).await;
        assert!(answer.starts_with("Done: the access is switched on."), "{answer}");
        is_said(&world, "The panel lets it connect.", "Valid until").await;
        world.panel.edit_client(&email, |row| {
            row.insert("id".into(), json!("99999999-2222-4333-8444-555555555555"));
        });
        is_said(&world, "that is not ours", "has another key for your access").await;
        world.panel.edit_client(&email, |row| {
            row.insert("id".into(), json!(client.uuid));
        });
        world.finish().await;
    }
}

/// A message as it is written, with its moments: to be read they are `<time f>`, whatever they are.
fn written(message: &Message) -> String {
    format!("{} {}", message.content, json!(message.embeds))
}

#[tokio::test]
async fn a_question_and_its_result_start_from_the_same_end() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let client = world.only_client();
        let by_hand = client.expiry_ms + 10 * DAY;
        world.panel.edit_client(&client.email, |row| {
            row.insert("expiryTime".into(), json!(by_hand));
        });
        let question = asks(&world, "user-extend", json!({ "days": 7 })).await;
        let shown = written(&question.message);
        assert!(shown.contains(&format!("<t:{}:f>", by_hand / 1000)), "{generation:?}: {shown}");
        let pressed = world.person("Adel").click(&question.message, "Confirm").expect("there is something to confirm");
        let answer = written(&pressed.reply().await.expect("an answer"));
        let end = by_hand + 7 * DAY;
        assert!(answer.contains(&format!("<t:{}:f>", end / 1000)), "{generation:?}: {answer}");
        assert_eq!(world.only_client().expiry_ms, end);
        world.finish().await;
    }
}
