//! What a tampered client can send: every kind of button, menu, form and suggestion with values
//! that were never issued to this person. Nothing is accepted, nothing breaks, and each gets an
//! answer.

mod typed;

use std::{collections::BTreeSet, path::Path};

use regex::Regex;
use serde_json::{Value, json};
use sqlx::{Connection as _, Row as _};
use tollkeeper::sandbox::discord::{Answer, Message, Modal, Pending, Person};

use crate::world::{Question, World, custom_id};
use typed::{fills_in, typed_texts, unbounded};

/// The word of every kind of button, menu and form, read where they are written: one that is added
/// is forged here without anybody remembering it.
fn verbs() -> BTreeSet<String> {
    let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain/button.rs")).unwrap();
    let written = Regex::new(r#""tk:([a-z]+)[:"]"#).unwrap();
    let verbs: BTreeSet<_> = written.captures_iter(&source).map(|found| found[1].to_owned()).collect();
    assert!(verbs.len() >= 35, "{verbs:?}");
    verbs
}

/// Everything that forging could have changed, as one text.
async fn state(world: &World) -> String {
    let mut sql = world.sql().await;
    let mut all = String::new();
    for query in [
        "SELECT id || status || COALESCE(method_id, '') || attempts_left || COALESCE(reference, '') || delivery AS line FROM orders ORDER BY id",
        "SELECT order_id || status || received_minor AS line FROM payments ORDER BY order_id",
        "SELECT id || status || COALESCE(reference, '') || COALESCE(reviewing_by, '') AS line FROM payment_submissions ORDER BY id",
        "SELECT id || status || client_uuid || COALESCE(expires_at, '') AS line FROM subscriptions ORDER BY id",
        "SELECT discord_id || status AS line FROM users ORDER BY discord_id",
        "SELECT id || kind AS line FROM changes ORDER BY id",
        "SELECT id || COALESCE(answer, '') AS line FROM review_questions ORDER BY id",
        "SELECT COUNT(*) || '' AS line FROM ledger",
        "SELECT COUNT(*) || '' AS line FROM admin_sessions WHERE spent_at IS NOT NULL",
        "SELECT COUNT(*) || '' AS line FROM outbox WHERE parked_at IS NOT NULL",
        "SELECT action AS line FROM audit_logs WHERE action NOT IN ('access.refuse') ORDER BY id",
    ] {
        for row in sqlx::query(query).fetch_all(&mut sql).await.expect("the state is read") {
            all.push_str(&row.get::<String, _>("line"));
            all.push('\n');
        }
        all.push_str("--\n");
    }
    let _ = sql.close().await;
    all
}

/// Every kind with each of these.
fn custom_ids(arguments: &[&str]) -> Vec<String> {
    let verbs = verbs();
    let pairs = verbs.iter().flat_map(|verb| arguments.iter().map(move |argument| (verb, argument)));
    pairs.map(|(verb, argument)| format!("tk:{verb}:{argument}")).collect()
}

/// What was never issued to anybody.
fn never_issued() -> Vec<String> {
    let mut all = custom_ids(&["-1", "9223372036854775807", "0000000000", "x'--", "\u{202e}\u{0}💥"]);
    all.extend(verbs().iter().map(|verb| format!("tk:{verb}")));
    all.extend(["tk", "tk:", "TK:plan", "other:approve:1", "tk:approve:01", "tk:approve:+1"].map(str::to_owned));
    all
}

/// What was issued, but not to them: numbers and ids of others, and a token nobody knows.
fn of_others(orders: &[&str]) -> Vec<String> {
    let mut arguments = vec!["1", "00112233445566778899aabbccddeeff"];
    arguments.extend(orders);
    custom_ids(&arguments)
}

/// So many at once: the bot answers each within Discord's three seconds on a busy machine, too.
const AT_ONCE: usize = 20;

/// Everything gets an answer, and none of them lets somebody confirm.
async fn all_answered(world: &World, sent: Vec<(String, Pending)>) {
    for (what, pending) in sent {
        let answer = pending.answer().await.expect("an answer");
        let shown = match answer {
            Answer::Failed => unreachable!("{what}: no answer within three seconds"),
            Answer::Message(message) | Answer::Updated(message) => Some(message),
            Answer::Deferred | Answer::DeferredUpdate => pending.reply().await.ok(),
            Answer::Modal(_) | Answer::Choices(_) => None,
        };
        let confirms = shown.is_some_and(|message| message.part("Confirm").is_some());
        assert!(!confirms, "{what} leads to a question");
    }
    assert_eq!(world.discord.problems(), Vec::<String>::new());
}

fn clicks(person: &Person, on: &Message, ids: &[String]) -> Vec<(String, Pending)> {
    ids.iter().map(|id| (format!("a click on {id:?}"), person.forge_click(on, id).expect("it is sent"))).collect()
}

fn selects(person: &Person, on: &Message, ids: &[String]) -> Vec<(String, Pending)> {
    let values = ["fake", "attempt", "not-received", "other", "basic", "month", "💥"];
    let pairs = ids.iter().enumerate().map(|(n, id)| (id, values[n % values.len()]));
    pairs
        .map(|(id, value)| {
            (format!("{value:?} of the menu {id:?}"), person.forge_select(on, id, &[value]).expect("it is sent"))
        })
        .collect()
}

/// One form each, with one of the texts each.
fn forms(person: &Person, like: &Modal, ids: &[String]) -> Vec<(String, Pending)> {
    let (label, texts) = (like.fields[0].label.clone(), typed_texts());
    let each = ids.iter().enumerate().map(|(n, id)| {
        let (mut form, text) = (unbounded(like), &texts[n % texts.len()]);
        form.custom_id.clone_from(id);
        let sent = person.submit(&form, &[(&label, text)]).expect("it is sent");
        (format!("the form {id:?} with {:.40}", format!("{text:?}")), sent)
    });
    each.collect()
}

/// Mona's order waits for her payment, Karim's is under review, Hoda's is completed.
async fn busy() -> World {
    let world = World::with(|scene| scene.reference = "optional").await;
    let hoda = world.customer("Hoda");
    hoda.orders_and_pays("Basic", "Hoda's receipt").await;
    world.admin("Adel").approves().await;
    hoda.is_sent_link(0).await;
    world.customer("Karim").orders_and_pays("Basic", "Karim's receipt").await;
    world.customer("Mona").orders("Premium").await;
    world.customer("Mona").chooses("Vodafone Cash").await;
    world.settles().await;
    world
}

async fn others_orders(world: &World) -> (String, String) {
    let completed = world.word("SELECT id FROM orders WHERE status = 'completed'").await;
    let reviewed = world.word("SELECT id FROM orders WHERE status = 'payment_submitted'").await;
    (completed, reviewed)
}

#[tokio::test]
async fn a_customer_who_forges_gets_nothing() {
    let world = busy().await;
    let mona = world.customer("Mona");
    let (completed, reviewed) = others_orders(&world).await;
    let status = mona.status();
    let asked = mona.person.click(&status, "Enter reference").expect("the button is there");
    let form = asked.modal().await.expect("a form");
    let before = state(&world).await;
    nothing_comes_of(&world, &mona.person, &status, &form, &[&completed, &reviewed]).await;
    assert_eq!(state(&world).await, before);
    assert_eq!(mona.status().render_text(), status.render_text(), "what is in the ticket stays");
    assert_eq!(mona.person.dms().len(), 0, "nobody else's link");
    world.finish().await;
}

#[tokio::test]
async fn support_that_forges_decides_nothing() {
    let world = busy().await;
    let (completed, reviewed) = others_orders(&world).await;
    let card = world.admin("Adel").card().await;
    let opened = world.person("Adel").click(&card, "Amount differs").expect("the button is there");
    let form = opened.modal().await.expect("a form");
    // Who looks at it is noted after the form was sent.
    world.counts(1, "SELECT count(*) FROM payment_submissions WHERE reviewing_by IS NOT NULL").await;
    world.settles().await;
    let (before, cards) = (state(&world).await, world.cards().await);
    nothing_comes_of(&world, &world.person("Salma"), &card, &form, &[&completed, &reviewed]).await;
    assert_eq!(state(&world).await, before);
    let public = |text: &str| text.matches("· proof ").count();
    assert_eq!(public(&world.cards().await), public(&cards), "the cards stay");
    assert!(world.admin("Adel").card().await.part("Approve").is_some());
    world.finish().await;
}

/// Clicks, choices and forms of one person on a message that they see.
async fn nothing_comes_of(world: &World, person: &Person, on: &Message, form: &Modal, orders: &[&str]) {
    let (never, others) = (never_issued(), of_others(orders));
    let all: Vec<_> = never.iter().chain(&others).cloned().collect();
    for ids in all.chunks(AT_ONCE) {
        all_answered(world, clicks(person, on, ids)).await;
    }
    for ids in others.chunks(AT_ONCE) {
        all_answered(world, selects(person, on, ids)).await;
        all_answered(world, forms(person, form, ids)).await;
    }
}

/// The token that a button carries.
fn token(message: &Message, button: &str) -> String {
    custom_id(message, button).rsplit(':').next().expect("a token").to_owned()
}

/// Mona's order has a reference, and Adel types the same for Karim's: the answer, with its token.
async fn finds_a_twin(world: &World) -> Message {
    let (mona, adel) = (world.customer("Mona"), world.admin("Adel"));
    let form = mona.person.click(&mona.status(), "Enter reference").expect("the button is there");
    let said = fills_in(&mona.person, &form.modal().await.expect("a form"), "777888").await;
    assert!(said.starts_with("Thank you, we noted"), "{said}");
    let list = adel.opens(&adel.card().await, "More").await;
    let form = adel.person.select(&list.message, &["Enter the reference"]).expect("it is on the list");
    let form = form.modal().await.expect("a form");
    let sent = adel.person.submit(&form, &[("The number on the receipt", "777 888")]).expect("it is sent");
    sent.reply().await.expect("an answer")
}

#[tokio::test]
async fn a_token_is_good_for_its_own_question_alone() {
    let world = busy().await;
    let (adel, nadia) = (world.admin("Adel"), world.admin("Nadia"));
    let hoda = world.person("Hoda").id().to_string();
    let extend = Question { message: adel.desk("user-extend", json!({ "user": hoda, "days": 7 })).await };
    let approve = adel.opens_approval().await;
    let block = Question { message: adel.desk("block", json!({ "user": hoda, "reason": "no" })).await };
    let list = adel.desk("audit", json!({})).await;
    let twin = finds_a_twin(&world).await;
    let card = adel.card().await;
    let opened = adel.person.click(&card, "Amount differs").expect("the button is there");
    let form = opened.modal().await.expect("a form");
    // Who looks at it is noted after the question was sent.
    world.counts(1, "SELECT count(*) FROM payment_submissions WHERE reviewing_by IS NOT NULL").await;
    world.settles().await;
    let before = state(&world).await;
    let [extends, approves, blocks] = [&extend, &approve, &block].map(|question| token(&question.message, "Confirm"));
    let (lists, overrides) = (token(&list, "CSV file"), token(&twin, "Use it all the same"));
    let crossed = [
        (format!("tk:confirm:{lists}"), false),
        (format!("tk:confirm:{overrides}"), false),
        (format!("tk:table:{approves}"), false),
        (format!("tk:table:{extends}"), false),
        (format!("tk:table:{overrides}"), false),
        (format!("tk:audit:{approves}:0"), false),
        (format!("tk:audit:{overrides}:0"), false),
        (format!("tk:override:{lists}"), false),
        (format!("tk:because:{extends}"), true),
        (format!("tk:because:{approves}"), true),
        (format!("tk:because:{blocks}"), true),
        (format!("tk:because:{lists}"), true),
        (format!("tk:confirm:{}", approves.to_uppercase()), false),
        (format!("tk:confirm:{approves}0"), false),
        (format!("tk:confirm: {approves}"), false),
        (format!("tk:because:{}", overrides.to_uppercase()), true),
        (format!("tk:because:{overrides}0"), true),
    ];
    for (id, is_form) in crossed {
        let sent = if is_form {
            forms(&adel.person, &form, std::slice::from_ref(&id))
        } else {
            clicks(&adel.person, &card, std::slice::from_ref(&id))
        };
        all_answered(&world, sent).await;
        assert_eq!(state(&world).await, before, "{id}");
    }
    // What was issued to one is nothing to another who may do the same.
    let others = ["confirm", "wish", "abort", "table", "override"];
    let all = [&extends, &approves, &blocks, &lists, &overrides];
    let ids = others.iter().flat_map(|verb| all.iter().map(move |token| format!("tk:{verb}:{token}")));
    all_answered(&world, clicks(&nadia.person, &card, &ids.collect::<Vec<_>>())).await;
    let ids: Vec<_> = all.iter().map(|token| format!("tk:because:{token}")).collect();
    all_answered(&world, forms(&nadia.person, &form, &ids)).await;
    assert_eq!(state(&world).await, before, "somebody else's tokens");
    // All of them are still good for what they were issued for.
    let why = adel.person.click(&twin, "Use it all the same").expect("the button is there");
    let why = why.modal().await.expect("a form");
    assert_eq!(fills_in(&adel.person, &why, " \n ").await, "Without a reason the reference was not changed.");
    assert_eq!(
        fills_in(&adel.person, &why, "One transfer for two.").await,
        "Noted on the card, with your reason in the audit log."
    );
    let table = adel.person.click(&list, "CSV file").expect("the button is there").reply().await.expect("an answer");
    assert_eq!(table.attachments.len(), 1, "{}", table.render_text());
    assert!(adel.confirms(&approve).await.starts_with("Approved."));
    assert!(adel.confirms(&extend).await.starts_with("Done: "));
    assert!(adel.confirms(&block).await.contains("can no longer order"));
    world.settles().await;
    world.finish().await;
}

/// Options whose values are suggested, each with what else its command asks for.
fn suggesting() -> Vec<(&'static str, &'static str, Value)> {
    let mut all: Vec<_> =
        ["user-info", "user-disable", "user-enable", "user-reset-traffic", "user-rotate", "user-delete"]
            .into_iter()
            .map(|command| (command, "subscription", json!({})))
            .collect();
    all.extend([
        ("user-resend", "subscription", json!({})),
        ("user-edit-traffic", "subscription", json!({ "gigabytes": 80 })),
        ("user-extend", "subscription", json!({ "days": 7 })),
        ("user-create", "plan", json!({ "amount": "100" })),
        ("order-reverse", "order", json!({ "reason": "none" })),
        ("order", "order", json!({})),
        ("unblock", "customer", json!({})),
        ("user-adopt", "email", json!({})),
        ("user-adopt", "panel", json!({ "email": "by-hand" })),
        ("audit", "action", json!({})),
        ("audit", "target", json!({})),
        ("audit", "period", json!({})),
    ]);
    all
}

#[tokio::test]
async fn a_value_that_was_never_suggested_leads_to_no_question() {
    let world = busy().await;
    let before = state(&world).await;
    let hostile = [
        "s:1 OR 1=1",
        "s:-1",
        "s:99999999999999999999",
        "o:0000000000",
        "o:",
        "u:1",
        "p:0",
        "%",
        "_",
        "' --",
        "\u{202e}x",
        "💥💥💥",
        "null",
        "[]",
        "s:1\n",
        "S:1",
    ];
    for (command, option, others) in suggesting() {
        for value in hostile {
            let mut options = others.clone();
            options[option] = json!(value);
            if ["user-create", "user-adopt"].contains(&command) {
                options["user"] = json!(world.person("Hoda").id().to_string());
            }
            let answer = world.admin("Adel").desk(command, options).await;
            assert!(answer.part("Confirm").is_none(), "{command} {value:?}: {}", answer.render_text());
            assert!(answer.part("CSV file").is_none(), "{command} {value:?}: {}", answer.render_text());
        }
        for typed in ["", "Hod", "%", "_", "\u{202e}", "' OR 1=1 --", "💥", &"x".repeat(90)] {
            let seen = world.admin("Adel").suggested(command, option, typed).await;
            assert!(seen.len() <= 25, "{command} {option} {typed:?}");
            if command != "user-create" {
                let strangers = world.admin("Mona").suggested(command, option, typed).await;
                assert!(strangers.is_empty(), "{command} {option} {typed:?}: {strangers:?}");
            }
        }
    }
    // Who did it is chosen among people; one who did nothing is no way to everybody's entries.
    let nobody = json!({ "by": world.person("Nadia").id().to_string() });
    let answer = world.admin("Adel").desk("audit", nobody).await;
    assert_eq!(answer.content, "The audit log has no entry like this.");
    assert_eq!(state(&world).await, before);
    world.finish().await;
}
