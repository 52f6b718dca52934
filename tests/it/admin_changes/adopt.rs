//! Clients that were made by hand become customers'.

use serde_json::json;
use tollkeeper::sandbox::panel::{Fault, Generation, NewClient};

use super::{GENERATIONS, STRANGER, stranger};
use crate::world::{Leaves, Question, World};

async fn shop(generation: Generation, admin_role: bool) -> World {
    let world = World::asleep(|scene| {
        scene.generation(generation);
        scene.admin_role = admin_role;
    })
    .await;
    world.panel.add_client(&stranger());
    world.start().await;
    world
}

async fn opens(world: &World, email: &str, name: &str) -> Question {
    let options = json!({ "email": email, "user": world.person(name).id().to_string() });
    Question { message: world.admin("Adel").desk("user-adopt", options).await }
}

#[tokio::test]
async fn a_client_made_by_hand_becomes_a_customers() {
    for generation in GENERATIONS {
        let world = shop(generation, false).await;
        let before = world.panel.client(STRANGER);
        let question = opens(&world, STRANGER, "Karim").await;
        let answer = world.admin("Adel").confirms(&question).await;
        assert!(answer.starts_with("Done: the client is the customer’s now.\nThe customer was sent"), "{answer}");
        assert_eq!(world.panel.client(STRANGER), before, "{generation:?}: nothing on the panel has changed");
        let karim = world.customer("Karim");
        let uuid = stranger().uuid;
        assert!(karim.is_sent_link(0).await.contains(&format!("vless://{uuid}@")));
        assert!(karim.link().await.contains(&uuid));
        let again = opens(&world, STRANGER, "Mona").await;
        let refused = world.admin("Adel").confirms(&again).await;
        assert_eq!(refused, "This client belongs to a subscription of ours already. Nothing was changed.");
        world.finish().await;
    }
}

#[tokio::test]
async fn what_can_be_adopted_is_suggested() {
    for generation in GENERATIONS {
        let world = shop(generation, false).await;
        let adel = world.admin("Adel");
        let offers = async |option: &str, typed: &str| {
            let found = adel.suggested("user-adopt", option, typed).await;
            assert!(found.iter().all(|(name, value)| name == value), "{found:?}");
            found.into_iter().map(|(_, value)| value).collect::<Vec<_>>()
        };
        for (typed, names) in [("", &["main"][..]), ("AI", &["main"]), ("berlin", &[])] {
            assert_eq!(offers("panel", typed).await, names, "{typed}");
        }
        world.customer("Mona").orders_and_pays("Basic", "first receipt").await;
        adel.approves().await;
        world.customer("Mona").is_sent_link(0).await;
        for (typed, names) in [("", &[STRANGER][..]), ("HAND", &[STRANGER]), ("tk-", &[]), ("%", &[])] {
            assert_eq!(offers("email", typed).await, names, "{generation:?} {typed}: Mona's is hers");
        }
        for nobody in ["Salma", "Mona"] {
            let seen = world.admin(nobody).suggested("user-adopt", "email", "").await;
            assert!(seen.is_empty(), "{nobody} reads no name of a client: {seen:?}");
        }
        let elsewhere = adel.suggested_after("user-adopt", &[("panel", "berlin")], ("email", "")).await;
        assert!(elsewhere.is_empty(), "of a panel that is not there: {elsewhere:?}");
        let question = opens(&world, STRANGER, "Karim").await;
        assert!(adel.confirms(&question).await.starts_with("Done: "));
        assert_eq!(offers("email", "").await, Vec::<String>::new(), "it is Karim's now");
        world.panel.down().await;
        assert_eq!(offers("email", "").await, Vec::<String>::new());
        assert_eq!(offers("panel", "").await, ["main"]);
        world.panel.up().await.expect("the panel comes back");
        world.finish().await;
    }
}

#[tokio::test]
async fn suggestions_are_few_of_the_chosen_panel_and_never_late() {
    let world = World::asleep(|scene| {
        scene.second_panel = true;
        scene.schedule("panel_timeout", "15s");
    })
    .await;
    let numbered = |n: usize| NewClient {
        uuid: format!("11111111-2222-4333-8444-{n:012}"),
        email: format!("by-hand-{n:02}"),
        sub_id: format!("by-hand-{n:02}"),
        ..stranger()
    };
    let names: Vec<_> = (1..=40).map(|n| numbered(n).email).collect();
    for n in 1..=40 {
        world.panel.add_client(&numbered(n));
    }
    world.second.as_ref().unwrap().add_client(&NewClient { email: "berliner".to_owned(), ..numbered(41) });
    world.start().await;
    let adel = world.admin("Adel");
    let offers = async |panel: &[(&str, &str)], typed: &str| {
        let found = adel.suggested_after("user-adopt", panel, ("email", typed)).await;
        found.into_iter().map(|(_, value)| value).collect::<Vec<_>>()
    };
    assert_eq!(offers(&[], "").await, names[..25], "the first twenty-five");
    assert_eq!(offers(&[("panel", "main")], "hand-3").await, names[29..39]);
    assert_eq!(offers(&[("panel", "berlin")], "").await, ["berliner"]);
    // Discord gives up after three seconds, and the sandbox with it.
    world.panel.set_latency(std::time::Duration::from_secs(4));
    assert_eq!(offers(&[], "").await, Vec::<String>::new());
    world.panel.set_latency(std::time::Duration::ZERO);
    let mut strangers: Vec<_> = names.iter().map(String::as_str).collect();
    strangers.push("berliner");
    world.finish_but(Leaves { strangers: &strangers, ..Leaves::default() }).await;
}

#[tokio::test]
async fn only_what_is_there_and_readable_is_adopted() {
    let world = shop(GENERATIONS[1], false).await;
    let absent = opens(&world, "nobody", "Karim").await.message.content;
    assert!(absent.starts_with("The panel has no client `nobody`"), "{absent}");
    let capital = opens(&world, "By-Hand", "Karim").await.message.content;
    assert!(capital.contains("has letters that we cannot keep"), "{capital}");
    world.panel.down().await;
    let silent = opens(&world, STRANGER, "Karim").await.message.content;
    assert!(silent.starts_with("The panel does not answer"), "{silent}");
    world.panel.up().await.expect("the panel comes back");
    world.finish_but(Leaves { strangers: &[STRANGER], ..Leaves::default() }).await;
}

#[tokio::test]
async fn an_adoption_that_goes_wrong_can_be_repeated() {
    for generation in GENERATIONS {
        let world = shop(generation, false).await;
        let question = opens(&world, STRANGER, "Karim").await;
        // The look at Confirm succeeds, the worker's own is cut.
        let reads = std::sync::atomic::AtomicU32::new(0);
        world.panel.on_request(move |request| {
            let nth = reads.fetch_add(u32::from(!request.is_write), std::sync::atomic::Ordering::SeqCst);
            if nth == 2 { Fault::CutBefore } else { Fault::None }
        });
        let answer = world.admin("Adel").confirms(&question).await;
        assert!(answer.starts_with("Done: "), "{answer}");
        world.panel.clear_faults();
        assert_eq!(world.panel.clients()[0].uuid, stranger().uuid);
        world.finish().await;
    }
}

#[tokio::test]
async fn an_adoption_survives_a_kill_and_needs_the_power() {
    for generation in GENERATIONS {
        let world = shop(generation, true).await;
        let before = world.panel.client(STRANGER);
        let question = opens(&world, STRANGER, "Karim").await;
        world.panel.set_latency(std::time::Duration::from_millis(50));
        world.admin("Adel").starts_to_confirm(&question);
        world.counts(1, "SELECT count(*) FROM changes").await;
        world.kill().await;
        world.panel.set_latency(std::time::Duration::ZERO);
        world.start().await;
        world.counts(1, "SELECT count(*) FROM changes WHERE notified_via = 'dm'").await;
        assert_eq!(world.panel.client(STRANGER), before, "{generation:?}: nothing on the panel has changed");
        let other = opens(&world, STRANGER, "Mona").await;
        world.person("Adel").loses_role(world.guild.admins);
        let answer = world.admin("Adel").confirms(&other).await;
        assert_eq!(answer, "You may no longer do this, so nothing was changed.");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_client_whose_id_is_a_word_is_adopted_with_the_key_that_xray_makes_of_it() {
    for generation in GENERATIONS {
        let world = World::asleep(|scene| scene.generation(generation)).await;
        world.panel.add_client(&NewClient { uuid: "example".into(), ..stranger() });
        world.panel.add_client(&NewClient {
            uuid: "a word of more than thirty letters".into(),
            email: "long".into(),
            sub_id: "long".into(),
            ..stranger()
        });
        world.start().await;
        let question = opens(&world, STRANGER, "Karim").await;
        let answer = world.admin("Adel").confirms(&question).await;
        assert!(answer.starts_with("Done: the client is the customer’s now."), "{generation:?}: {answer}");
        let karim = world.customer("Karim");
        assert!(karim.is_sent_link(0).await.contains("vless://feb54431-301b-52bb-a6dd-e1e93e81bb9e@"));
        let refused = opens(&world, "long", "Mona").await.message.render_text();
        assert!(refused.contains("its id is neither a UUID nor a word of at most 30 letters"), "{refused}");
        // The books have the key; here it is compared with what the panel shows, letter by letter.
        world.panel.edit_client(STRANGER, |fields| {
            fields.insert("id".into(), json!("feb54431-301b-52bb-a6dd-e1e93e81bb9e"));
        });
        world.finish_but(Leaves { strangers: &["long"], ..Leaves::default() }).await;
    }
}

/// What a panel switched off because it is used up or has ended no person switched off: what staff
/// give then lets the customer in.
#[tokio::test]
async fn a_client_that_had_ended_or_was_used_up_is_let_in_by_what_staff_give() {
    let (day, gb) = (24 * 60 * 60 * 1000, 1 << 30);
    for generation in GENERATIONS {
        for (command, options, ended, used) in [
            ("user-extend", json!({ "days": 7 }), true, 0),
            ("user-edit-traffic", json!({ "gigabytes": 80 }), false, 7 * gb),
            ("user-reset-traffic", json!({}), false, 7 * gb),
        ] {
            let world = World::asleep(|scene| scene.generation(generation)).await;
            let expiry_ms = world.clock.now().0 + if ended { -day } else { day };
            world.panel.add_client(&NewClient { expiry_ms, ..stranger() });
            world.panel.set_traffic(STRANGER, 0, used);
            assert!(!world.panel.client(STRANGER).unwrap().serving, "{generation:?} has cut it off");
            world.start().await;
            let question = opens(&world, STRANGER, "Mona").await;
            assert!(world.admin("Adel").confirms(&question).await.starts_with("Done: "));
            world.counts(0, "SELECT count(*) FROM subscriptions WHERE status = 'disabled'").await;
            let answer = super::changes(&world, "Adel", command, options).await;
            assert!(answer.starts_with("Done"), "{generation:?} {command}: {answer}");
            let after = world.panel.client(STRANGER).unwrap();
            assert!(after.enable && after.serving, "{generation:?} {command}: {after:?}");
            world.finish().await;
        }
    }
}

#[tokio::test]
async fn who_has_ended_is_not_let_in_by_traffic_alone() {
    for generation in GENERATIONS {
        let world = World::asleep(|scene| scene.generation(generation)).await;
        world.panel.add_client(&NewClient { expiry_ms: world.clock.now().0 - 1000, ..stranger() });
        world.start().await;
        let question = opens(&world, STRANGER, "Mona").await;
        assert!(world.admin("Adel").confirms(&question).await.starts_with("Done: "));
        for (command, options) in [
            ("user-edit-traffic", json!({ "gigabytes": 80 })),
            ("user-reset-traffic", json!({})),
            ("user-extend", json!({ "days": -3 })),
        ] {
            let answer = super::changes(&world, "Adel", command, options).await;
            assert!(answer.starts_with("Done"), "{generation:?} {command}: {answer}");
        }
        let answer = super::changes(&world, "Adel", "user-extend", json!({ "days": 3 })).await;
        assert!(answer.starts_with("Done"), "{generation:?}: {answer}");
        let after = world.panel.client(STRANGER).unwrap();
        assert!(after.enable && after.serving, "{generation:?}: {after:?}");
        world.finish().await;
    }
}
