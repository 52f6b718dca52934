//! `/admin audit`: each way to ask, turning pages, the table, and who may not.

use std::time::Duration;

use serde_json::{Value, json};
use tollkeeper::sandbox::discord::{Component, Message};

use super::{GENERATIONS, sold};
use crate::world::World;

/// The table under a message: its rows without the head, as they are read.
fn table(message: &Message) -> Vec<Vec<String>> {
    let [file] = message.attachments.as_slice() else { unreachable!("{} files", message.attachments.len()) };
    assert_eq!(file.filename, "audit.csv");
    let text = std::str::from_utf8(&file.bytes).unwrap();
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    assert!(text.starts_with("entry,at,actor_id,action,target,details\r\n"), "{text}");
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    rows.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// Presses the button for the table.
async fn file(world: &World, name: &'static str, list: &Message) -> Message {
    world.person(name).click(list, "CSV file").expect("there is a table").reply().await.expect("an answer")
}

async fn turn(world: &World, list: &Message, button: &str) -> Message {
    world.person("Adel").click(list, button).expect("there is such a page").reply().await.expect("an answer")
}

/// The entries of a list, as its table has them.
async fn entries(world: &World, options: Value) -> Vec<Vec<String>> {
    let list = world.admin("Adel").desk("audit", options).await;
    if list.content == "The audit log has no entry like this." {
        return Vec::new();
    }
    table(&file(world, "Adel", &list).await)
}

/// A button's label and what it carries.
fn carried(message: &Message, label: &str) -> String {
    message.part(label).and_then(|part: Component| part.custom_id).expect("the button is there")
}

#[tokio::test]
async fn everything_in_the_log_is_found_by_who_what_to_what_and_when() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let (adel, mona) = (world.person("Adel").id().to_string(), world.person("Mona").id().to_string());
        let order = world.word("SELECT id FROM orders").await;
        let all = world.number("SELECT count(*) FROM audit_logs").await;
        assert_eq!(i64::try_from(entries(&world, json!({})).await.len()).unwrap(), all);

        let by_adel = entries(&world, json!({ "by": adel, "target": order })).await;
        assert_eq!(by_adel.iter().map(|row| row[3].as_str()).collect::<Vec<_>>(), ["payment.approve"]);
        assert!(by_adel.iter().all(|row| row[2] == adel && row[4] == order), "{by_adel:?}");
        let by_mona = entries(&world, json!({ "by": mona })).await;
        assert!(!by_mona.is_empty() && by_mona.iter().all(|row| row[2] == mona), "{by_mona:?}");
        let bot = world.discord.look(|view| view.messages(world.guild.review)[0].author).to_string();
        let by_itself = entries(&world, json!({ "by": bot, "action": "order.complete" })).await;
        assert_eq!(by_itself.len(), 1, "the bot itself: {by_itself:?}");
        assert_eq!((by_itself[0][2].as_str(), by_itself[0][4].as_str()), ("", order.as_str()));

        let placed = entries(&world, json!({ "action": "order.place" })).await;
        assert_eq!(placed.len(), 1, "{placed:?}");
        assert_eq!(entries(&world, json!({ "action": "order.place", "by": mona })).await, placed);
        assert_eq!(entries(&world, json!({ "action": "order.place", "by": adel })).await, Vec::<Vec<String>>::new());
        let about = entries(&world, json!({ "target": format!("o:{}", order) })).await;
        assert!(about.len() > 3 && about.iter().all(|row| row[4] == order), "{about:?}");
        let ids: Vec<i64> = about.iter().map(|row| row[0].parse().unwrap()).collect();
        assert!(ids.is_sorted_by(|newer, older| newer > older), "the newest first");

        let today = chrono::DateTime::from_timestamp_millis(world.clock.now().0).unwrap();
        let day = |days: i64| (today + chrono::TimeDelta::days(days)).format("%Y-%m-%d").to_string();
        let on = |period: String| json!({ "period": period, "target": order });
        assert_eq!(entries(&world, on(day(0))).await, about);
        assert_eq!(entries(&world, on(format!("{}..{}", day(-3), day(-1)))).await, Vec::<Vec<String>>::new());
        assert_eq!(entries(&world, json!({ "period": day(1) })).await, Vec::<Vec<String>>::new());
        let typo = world.admin("Adel").desk("audit", json!({ "period": "yesterday" })).await;
        assert!(typo.content.starts_with("This is not a period"), "{}", typo.content);
        world.finish().await;
    }
}

#[tokio::test]
async fn what_may_be_asked_for_is_suggested_to_admins_only() {
    let world = sold(GENERATIONS[1]).await;
    let (adel, salma) = (world.admin("Adel"), world.admin("Salma"));
    let order = world.word("SELECT id FROM orders").await;
    let value = |list: Vec<(String, String)>| list.into_iter().map(|(_, value)| value).collect::<Vec<_>>();
    let actions = value(adel.suggested("audit", "action", "approve").await);
    assert_eq!(actions, ["payment.approve"], "found in the middle");
    assert!(value(adel.suggested("audit", "action", "").await).contains(&"order.place".to_owned()));
    let mona = format!("u:{}", world.person("Mona").id());
    assert_eq!(value(adel.suggested("audit", "target", "mon").await), [mona, format!("o:{order}")]);
    assert_eq!(value(adel.suggested("audit", "target", &order[2..6]).await), [format!("o:{order}")]);
    let periods = value(adel.suggested("audit", "period", "2026-0").await);
    assert!(periods.iter().all(|period| period.starts_with("2026-0")), "{periods:?}");
    for option in ["action", "target", "period"] {
        assert_eq!(salma.suggested("audit", option, "").await, [], "{option}");
    }
    let refused = salma.desk("audit", json!({})).await.content;
    assert_eq!(refused, "Your role lets you see this, but only admins can do it.");
    world.counts(1, "SELECT count(*) FROM audit_logs WHERE action = 'access.refuse' AND json_extract(payload, '$.asked') = 'audit.read'").await;
    let omar = world.admin("Omar").desk("audit", json!({ "action": "access.refuse" })).await;
    assert!(omar.contains("audit.read"), "owners may: {}", omar.render_text());
    world.finish().await;
}

#[tokio::test]
async fn pages_are_turned_both_ways_and_what_comes_meanwhile_moves_nothing() {
    let world = sold(GENERATIONS[0]).await;
    let adel = world.admin("Adel");
    // Each of them three times: from the fourth on only the tenth is written down.
    for name in ["Salma", "Hoda"].repeat(3) {
        let _ = world.admin(name).desk("audit", json!({})).await;
    }
    let refused = "SELECT count(*) FROM audit_logs WHERE action = 'access.refuse'";
    world.counts(6, refused).await;
    let all = world.number("SELECT count(*) FROM audit_logs").await;
    assert!(all > 10, "{all} entries make two pages");
    let first = adel.desk("audit", json!({})).await;
    let text = first.render_text();
    assert!(text.contains("page 1") && text.contains("access.refuse"), "{text}");
    assert!(first.part("Newer").is_none() && first.part("Older").is_some());
    assert_eq!(text.matches("<time f>").count(), 10, "{text}");
    let _ = world.admin("Karim").desk("audit", json!({})).await;
    world.counts(7, refused).await;
    let second = turn(&world, &first, "Older").await;
    assert_eq!(second.id, first.id, "in the same message");
    assert!(second.contains("page 2") && second.part("Newer").is_some(), "{}", second.render_text());
    let back = turn(&world, &second, "Newer").await;
    assert_eq!(back.render_text(), text, "as it was");
    let rows = table(&file(&world, "Adel", &back).await);
    assert_eq!(i64::try_from(rows.len()).unwrap(), all, "what came meanwhile is not in it");
    assert!(rows.iter().all(|row| !row[5].contains("vless://")));
    world.counts(1, "SELECT count(*) FROM audit_logs WHERE action = 'audit.export'").await;

    // Whoever lost the power reads no more of it; a list has its time, and no button can be made up.
    let carries = carried(&second, "Newer");
    let token = carries.split(':').nth(2).unwrap().to_owned();
    for made_up in [
        format!("tk:audit:{}:1", "0".repeat(32)),
        format!("tk:audit:{token}:-1"),
        format!("tk:audit:{token}:65536"),
        format!("tk:audit:{token}"),
        format!("tk:audit:{token}:01"),
        format!("tk:confirm:{token}"),
        format!("tk:table:{}", "f".repeat(32)),
    ] {
        let forged = world.person("Adel").forge_click(&back, &made_up).expect("sent").reply().await.expect("answered");
        let said = forged.render_text();
        assert!(said.contains("out of date"), "{made_up}: {said}");
    }
    let far = world.person("Adel").forge_click(&back, &format!("tk:audit:{token}:65535")).expect("sent");
    assert!(far.reply().await.expect("an answer").contains("There is nothing on this page."));
    world.passes(Duration::from_mins(61));
    let late = world.person("Adel").forge_click(&back, &format!("tk:audit:{token}:0")).expect("sent");
    assert_eq!(
        late.reply().await.expect("an answer").content,
        "This list is out of date. Please use `/admin audit` again."
    );
    world.finish().await;
}
