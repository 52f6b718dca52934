//! What goes wrong in the middle of a change: it ends well, or nothing was done and staff read
//! why. Never half of it.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use serde_json::json;
use tollkeeper::sandbox::panel::Fault;

use super::{GENERATIONS, STRANGER, asks, changes, client, commands, differences, email, sold, sold_with};
use crate::world::{Leaves, SOON, World};

const LEAVES: Leaves<'_> = Leaves { outbox: &[], strangers: &[STRANGER], changed: &[] };

/// Commands that write to the panel; the removal comes last.
fn writing() -> Vec<(&'static str, serde_json::Value, &'static [&'static str])> {
    let mut all = commands();
    all.push(("user-delete", json!({}), &[]));
    all
}

/// Lets the n-th write from now on go wrong, once.
fn strikes(world: &World, n: u32, fault: Fault) {
    let writes = Arc::new(AtomicU32::new(0));
    world.panel.on_request(move |request| {
        let strikes = request.is_write && writes.fetch_add(1, Ordering::SeqCst) + 1 == n;
        if strikes { fault.clone() } else { Fault::None }
    });
}

#[tokio::test]
async fn what_the_panel_refuses_is_not_done_and_staff_read_why() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        for (n, (command, options, _)) in writing().into_iter().enumerate() {
            world.panel.set_client_enabled(&email(&world), command != "user-enable");
            let before = client(&world);
            world.panel.on_request(|request| if request.is_write { Fault::Refuse("no".into()) } else { Fault::None });
            let answer = changes(&world, "Adel", command, options).await;
            assert_eq!(answer, "Nothing was done.\nThe panel refused: no", "{generation:?} {command}");
            let after = client(&world);
            assert_eq!(differences(&before, &after), Vec::<String>::new(), "{generation:?} {command}");
            assert_eq!((after.up, after.down), (before.up, before.down), "{generation:?} {command}");
            world.panel.clear_faults();
            world.settles().await;
            let told = world.cards().await.matches("Nothing was done.").count();
            assert_eq!(told, n + 1, "{generation:?} {command}: a line where staff are");
        }
        world.panel.set_client_enabled(&email(&world), true);
        assert_eq!(world.customer("Mona").person.dms().len(), 1, "the customer has nothing to read");
        // It can be asked for again.
        assert!(changes(&world, "Adel", "user-rotate", json!({})).await.starts_with("Done: "));
        world.finish_but(LEAVES).await;
    }
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_is_made_once() {
    for generation in GENERATIONS {
        for fault in [Fault::CutAfter, Fault::CutBefore, Fault::HangAfter] {
            let world = sold(generation).await;
            for (command, options, means) in writing() {
                let before = client(&world);
                strikes(&world, 1, fault.clone());
                let answer = changes(&world, "Adel", command, options).await;
                assert!(answer.starts_with("Done: "), "{generation:?} {command} {fault:?}: {answer}");
                world.panel.clear_faults();
                if command != "user-delete" {
                    let after = client(&world);
                    assert_eq!(differences(&before, &after), means, "{generation:?} {command} {fault:?}");
                }
            }
            assert_eq!(world.panel.clients().len(), 1, "only the other client is left");
            world.finish_but(LEAVES).await;
        }
    }
}

#[tokio::test]
async fn a_counter_that_only_says_it_was_reset_is_reset_again() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        strikes(&world, 1, Fault::LoseWrite);
        let answer = changes(&world, "Adel", "user-reset-traffic", json!({})).await;
        assert!(answer.starts_with("Done: the used traffic is zero now."), "{answer}");
        assert_eq!((client(&world).up, client(&world).down), (0, 0));
        world.finish_but(LEAVES).await;
    }
}

#[tokio::test]
async fn a_change_the_panel_never_keeps_is_given_up_where_staff_see_it() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let before = client(&world);
        world.panel.on_request(|request| if request.is_write { Fault::LoseWrite } else { Fault::None });
        let answer = changes(&world, "Adel", "user-extend", json!({ "days": 7 })).await;
        assert_eq!(
            answer,
            "Nothing was done.\nIt failed too often. The last error: the panel does not keep what was written"
        );
        assert_eq!(differences(&before, &client(&world)), Vec::<String>::new());
        world.panel.clear_faults();
        assert!(changes(&world, "Adel", "user-extend", json!({ "days": 7 })).await.starts_with("Done: "));
        world.finish_but(LEAVES).await;
    }
}

#[tokio::test]
async fn a_change_cut_short_by_a_kill_is_finished_after_it() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        for (n, (command, options, means)) in writing().into_iter().enumerate() {
            let before = client(&world);
            let question = asks(&world, "Adel", command, options).await;
            let written = world.panel.write_count();
            strikes(&world, 1, Fault::HangAfter);
            world.admin("Adel").starts_to_confirm(&question);
            let wrote = |panel: &tollkeeper::sandbox::panel::Panel| (panel.write_count() > written).then_some(());
            world.panel.until("the write", SOON, wrote).await.unwrap();
            world.kill().await;
            world.panel.clear_faults();
            world.start().await;
            let done = i64::try_from(n).unwrap() + 1;
            world
                .counts(done, "SELECT count(*) FROM changes WHERE applied_at IS NOT NULL AND notified_via = 'dm'")
                .await;
            if command != "user-delete" {
                assert_eq!(differences(&before, &client(&world)), means, "{generation:?} {command}");
            }
        }
        world.finish_but(LEAVES).await;
    }
}

#[tokio::test]
async fn a_change_waits_for_its_panel_and_says_so() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let before = client(&world);
        world.panel.down().await;
        let answer = changes(&world, "Adel", "user-extend", json!({ "days": 7 })).await;
        assert!(answer.starts_with("Accepted. The panel has been down since "), "{answer}");
        world.passes(std::time::Duration::from_mins(1));
        world.panel.up().await.expect("the panel comes back");
        world.counts(1, "SELECT count(*) FROM changes WHERE notified_via = 'dm'").await;
        assert_eq!(differences(&before, &client(&world)), ["expiryTime"]);
        assert!(world.cards().await.contains("Done: the access ends "), "a line where staff are");
        world.finish_but(LEAVES).await;
    }
}

#[tokio::test]
async fn who_has_lost_the_power_meanwhile_changes_nothing() {
    for generation in GENERATIONS {
        let world = sold_with(generation, true).await;
        let before = client(&world);
        let mut questions = Vec::new();
        for (command, options, _) in writing() {
            questions.push(asks(&world, "Adel", command, options).await);
        }
        let adel = world.admin("Adel");
        adel.person.loses_role(world.guild.admins);
        for question in &questions {
            assert_eq!(adel.confirms(question).await, "You may no longer do this, so nothing was changed.");
        }
        assert_eq!(client(&world), before);
        assert_eq!(world.number("SELECT count(*) FROM changes").await, 0);
        world.finish_but(LEAVES).await;
    }
}

#[tokio::test]
async fn a_client_that_is_made_again_is_made_once() {
    for generation in GENERATIONS {
        for fault in [Fault::CutAfter, Fault::CutBefore, Fault::Refuse("no".into())] {
            let world = sold(generation).await;
            let before = client(&world);
            world.panel.remove_client(&email(&world));
            strikes(&world, 1, fault.clone());
            let answer = changes(&world, "Adel", "user-enable", json!({})).await;
            world.panel.clear_faults();
            if matches!(fault, Fault::Refuse(_)) {
                assert_eq!(answer, "Nothing was done.\nThe panel refused: no", "{generation:?}");
                assert_eq!(world.panel.clients().len(), 1, "{generation:?}: only the other client is there");
                let again = changes(&world, "Adel", "user-enable", json!({})).await;
                assert!(again.starts_with("Done: "), "{generation:?}: {again}");
            } else {
                assert!(answer.starts_with("Done: "), "{generation:?} {fault:?}: {answer}");
            }
            let after = client(&world);
            let keys = |row: &tollkeeper::sandbox::panel::ClientRow| (row.uuid.clone(), row.sub_id.clone());
            assert_eq!(keys(&after), keys(&before), "{generation:?} {fault:?}");
            assert_eq!((after.expiry_ms, after.total_bytes), (before.expiry_ms, before.total_bytes));
            world.finish_but(LEAVES).await;
        }
    }
}
