//! Who may ask, and what a question is good for.

use serde_json::json;

use super::{GENERATIONS, STRANGER, asks, changes, client, commands, sold};
use crate::world::Leaves;

const LEAVES: Leaves<'_> = Leaves { outbox: &[], strangers: &[STRANGER], changed: &[] };

#[tokio::test]
async fn support_and_customers_change_nothing() {
    let world = sold(GENERATIONS[1]).await;
    // Three of each of them are written down, so that one begins at the other end: every command is.
    let (forwards, backwards) = (commands(), commands().into_iter().rev().collect());
    for (name, commands) in [("Salma", forwards), ("Hoda", backwards)] {
        for (command, options, _) in commands {
            let answer = asks(&world, name, command, options).await.message;
            assert!(answer.part("Confirm").is_none(), "{name} {command}: {}", answer.render_text());
        }
    }
    world.counts(6, "SELECT count(*) FROM audit_logs WHERE action = 'access.refuse'").await;
    let asked =
        "SELECT count(DISTINCT json_extract(payload, '$.asked')) FROM audit_logs WHERE action = 'access.refuse'";
    assert_eq!(world.number(asked).await, 6, "each command once");
    world.finish_but(LEAVES).await;
}

#[tokio::test]
async fn a_question_is_answered_once_in_time_and_by_who_asked() {
    let world = sold(GENERATIONS[1]).await;
    let before = client(&world);
    let (adel, nadia) = (world.admin("Adel"), world.admin("Nadia"));
    let question = asks(&world, "Adel", "user-extend", json!({ "days": 7 })).await;
    let button = question.message.part("Confirm").and_then(|part| part.custom_id.clone()).expect("a button");
    let forged = nadia.person.forge_click_unseen(&question.message, &button);
    let refused = forged.reply().await.expect("an answer").render_text();
    assert_eq!(refused, "Somebody else opened this question; only they can answer it.");
    let cancel = adel.person.click(&question.message, "Cancel").expect("there is a way out");
    assert_eq!(cancel.reply().await.expect("an answer").render_text(), "Nothing was changed.");
    let late = asks(&world, "Adel", "user-extend", json!({ "days": 7 })).await;
    world.passes(std::time::Duration::from_mins(6));
    assert!(adel.confirms(&late).await.starts_with("This question has expired"));
    assert_eq!(client(&world).expiry_ms, before.expiry_ms);
    // Two clicks on the same button: one change.
    let question = asks(&world, "Adel", "user-extend", json!({ "days": 7 })).await;
    let one = adel.starts_to_confirm(&question);
    let other = adel.starts_to_confirm(&question);
    let (one, other) = (one.reply().await, other.reply().await);
    assert!(one.is_ok() || other.is_ok());
    world.settles().await;
    assert_eq!(client(&world).expiry_ms, before.expiry_ms + 7 * super::DAY);
    world.finish_but(LEAVES).await;
}

#[tokio::test]
async fn what_makes_no_sense_is_said_before_a_question() {
    let world = sold(GENERATIONS[1]).await;
    let zero = asks(&world, "Adel", "user-extend", json!({ "days": 0 })).await.message;
    assert_eq!(zero.content, "Please give a number of days other than zero.");
    let karim = json!({ "user": world.person("Karim").id().to_string() });
    let nobody = world.admin("Adel").desk("user-disable", karim).await;
    assert!(nobody.content.contains("has never ordered anything here"), "{}", nobody.content);
    changes(&world, "Adel", "user-delete", json!({})).await;
    let gone = asks(&world, "Adel", "user-extend", json!({ "days": 7 })).await.message;
    assert!(gone.content.contains("has no access on a panel yet"), "{}", gone.content);
    world.finish_but(LEAVES).await;
}
