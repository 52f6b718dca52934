//! Conversations about a second purchase: the same client, the same link, no day lost.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;
use tollkeeper::sandbox::panel::{Fault, Generation, RequestInfo};

use crate::{
    admin_changes::differences,
    world::{Customer, Leaves, World},
};

const DAY: i64 = 24 * 60 * 60 * 1000;
const GB: i64 = 1 << 30;

/// The generations that sell, each with its own routes for a renewal.
const GENERATIONS: [Generation; 2] = [Generation::V2_9, Generation::V3];

/// A world in which Mona owns Basic: 30 days, 50 GB.
async fn sold(generation: Generation, policy: &'static str) -> World {
    let world = World::with(|scene| {
        scene.generation(generation);
        scene.impatient();
        scene.renewal_traffic = policy;
    })
    .await;
    world.customer("Mona").owns_basic().await;
    world
}

/// Buys Premium (30 days, 150 GB) and has it approved.
async fn renews(mona: &Customer<'_>) -> String {
    mona.orders_and_pays("Premium", "second receipt").await;
    mona.world.admin("Nadia").approves().await
}

#[tokio::test]
async fn a_renewal_keeps_client_link_days_and_traffic() {
    for generation in GENERATIONS {
        let world = sold(generation, "add").await;
        let mona = world.customer("Mona");
        world.panel.edit_client(&world.only_client().email, |fields| {
            fields.insert("comment".into(), json!("a friend of Omar"));
            fields.insert("limitIp".into(), json!(3));
            fields.insert("tgId".into(), json!(77));
        });
        let before = world.only_client();
        world.panel.set_traffic(&before.email, 5 * GB, 15 * GB);
        let answer = renews(&mona).await;
        assert!(answer.starts_with("Approved. Link sent"), "{answer}");
        let told = mona.is_sent_link(1).await;
        let after = world.only_client();
        assert_eq!((&after.uuid, &after.sub_id, &after.email), (&before.uuid, &before.sub_id, &before.email));
        assert_eq!(after.expiry_ms, before.expiry_ms + 30 * DAY, "no day is lost");
        assert_eq!(after.total_bytes, (50 - 20 + 150) * GB, "no byte is lost");
        assert_eq!((after.up, after.down, after.enable), (0, 0, true));
        assert_eq!(differences(&before, &after), ["expiryTime", "totalGB"], "what is not ours stays");
        let links: Vec<_> = mona.person.dms().into_iter().map(|message| message.content).collect();
        assert_eq!(links[0], links[1], "the same link");
        let told = world.tidied(&told.render_text()).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(told, @"
            ```
            vless://UUID@vpn.example.com:20001?encryption=none&flow=xtls-rprx-vision&fp=chrome&pbk=vgsyG_10G2GFjE9JYjvYcOsmfW5mfpim2Cyi3kcHHmA&security=reality&sid=6ba85179e30d4fc2&sni=reality.test&spx=%2F&type=tcp#Nile%20VPN%20order-1
            ```
            │ **Your VPN access is renewed**
            │ Your link is the same as before, so you do not need to change anything on your phone.
            │ Please share it with nobody: whoever has it uses up your traffic.
            │ Plan: Premium
            │ Valid until: <time f> (<time R>)
            │ Traffic: 180 GB
            │ Subscription link: `http://panel.test/sub/SUBSCRIPTION`
            │ [image qr.png]
            │ (order ORDER-2 · link)
            ");
        }
        let cards = world.cards().await;
        assert!(cards.contains("Given: Renewed until <time f>, 180 GB"), "{cards}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_renewal_may_begin_the_traffic_anew() {
    for generation in GENERATIONS {
        let world = sold(generation, "reset").await;
        let before = world.only_client();
        world.panel.set_traffic(&before.email, 5 * GB, 15 * GB);
        renews(&world.customer("Mona")).await;
        let after = world.only_client();
        assert_eq!((after.expiry_ms, after.total_bytes), (before.expiry_ms + 30 * DAY, 150 * GB), "{generation:?}");
        assert_eq!((after.up, after.down, after.enable), (0, 0, true), "{generation:?}");
        world.finish().await;
    }
}

#[tokio::test]
async fn who_comes_back_after_the_end_gets_full_days_from_now() {
    for generation in GENERATIONS {
        let world = sold(generation, "add").await;
        let mona = world.customer("Mona");
        world.stop().await;
        world.passes(std::time::Duration::from_hours(40 * 24));
        world.start().await;
        assert!(!world.only_client().serving, "{generation:?} has cut the client off");
        let from = world.clock.now().0;
        renews(&mona).await;
        mona.is_sent_link(1).await;
        let after = world.only_client();
        assert!((from + 30 * DAY..world.clock.now().0 + 30 * DAY).contains(&after.expiry_ms));
        assert!(after.enable && after.serving, "{generation:?} lets Mona in again");
        world.finish().await;
    }
}

#[tokio::test]
async fn who_has_used_everything_up_is_let_in_again() {
    for generation in [Generation::V2_6, Generation::V2_8, Generation::V2_9, Generation::V3] {
        let world = sold(generation, "add").await;
        let before = world.only_client();
        world.panel.set_traffic(&before.email, 30 * GB, 21 * GB);
        assert!(!world.only_client().serving, "{generation:?} has cut the client off");
        renews(&world.customer("Mona")).await;
        let after = world.only_client();
        assert_eq!(after.total_bytes, 150 * GB, "what was used beyond the quota is forgiven");
        assert!(after.enable && after.serving, "{generation:?} lets Mona in again");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_client_removed_by_hand_is_made_again_with_the_same_link() {
    for generation in GENERATIONS {
        let world = sold(generation, "add").await;
        let mona = world.customer("Mona");
        let before = world.only_client();
        world.panel.remove_client(&before.email);
        renews(&mona).await;
        mona.is_sent_link(1).await;
        let after = world.only_client();
        assert_eq!((after.uuid, after.expiry_ms), (before.uuid, before.expiry_ms + 30 * DAY));
        assert!(
            world.cards().await.contains("The client was missing on the panel and was made again with the same link.")
        );
        world.finish().await;
    }
}

#[tokio::test]
async fn what_was_changed_by_hand_counts_and_is_noted() {
    for generation in GENERATIONS {
        let world = sold(generation, "add").await;
        let before = world.only_client();
        world.panel.edit_client(&before.email, |fields| {
            fields.insert("expiryTime".into(), json!(before.expiry_ms + 5 * DAY));
            fields.insert("comment".into(), json!("a friend of Omar"));
        });
        world.panel.set_client_enabled(&before.email, false);
        renews(&world.customer("Mona")).await;
        let after = world.only_client();
        assert_eq!(after.expiry_ms, before.expiry_ms + 35 * DAY);
        assert!(after.enable, "paid for, so switched on");
        assert_eq!(after.raw["comment"], "a friend of Omar", "what is not ours stays");
        assert!(world.cards().await.contains("were not what the bot wrote last; the later date counted."));
        world.finish().await;
    }
}

#[tokio::test]
async fn a_client_that_became_somebody_elses_waits_for_a_person() {
    for generation in GENERATIONS {
        let world = sold(generation, "add").await;
        let mona = world.customer("Mona");
        let before = world.only_client();
        let uuid = "11111111-2222-4333-8444-555555555555";
        world.panel.edit_client(&before.email, |fields| {
            fields.insert("id".into(), json!(uuid));
        });
        let answer = renews(&mona).await;
        assert!(answer.contains("with another uuid; it is not ours to change"), "{answer}");
        assert_eq!(world.only_client().expiry_ms, before.expiry_ms, "nothing was written");
        world.panel.edit_client(&before.email, |fields| {
            fields.insert("id".into(), json!(before.uuid));
        });
        world.admin("Adel").presses("Retry").await;
        mona.is_sent_link(1).await;
        assert_eq!(world.only_client().expiry_ms, before.expiry_ms + 30 * DAY);
        world.finish().await;
    }
}

/// Strikes the n-th write of a renewal with a fault, once, and expects the same end.
async fn struck(generation: Generation, policy: &'static str, n: u32, fault: Fault) {
    let world = sold(generation, policy).await;
    let mona = world.customer("Mona");
    let before = world.only_client();
    world.panel.set_traffic(&before.email, 5 * GB, 15 * GB);
    let what = format!("{generation:?}, {policy}, write {n}, {fault:?}");
    let writes = AtomicU32::new(0);
    world.panel.on_request(move |request: &RequestInfo| {
        let strikes = request.is_write && writes.fetch_add(1, Ordering::SeqCst) + 1 == n;
        if strikes { fault.clone() } else { Fault::None }
    });
    renews(&mona).await;
    mona.is_sent_link(1).await;
    let after = world.only_client();
    assert_eq!(after.uuid, before.uuid, "{what}");
    assert_eq!(after.expiry_ms, before.expiry_ms + 30 * DAY, "{what}");
    let left_over = if policy == "add" { 30 * GB } else { 0 };
    assert_eq!(after.total_bytes, left_over + 150 * GB, "{what}");
    assert_eq!((after.up, after.down), (0, 0), "{what}");
    world.finish().await;
}

#[tokio::test]
async fn a_renewal_struck_at_the_counters_reset_ends_the_same() {
    for generation in GENERATIONS {
        // A panel that only says so would have the same traffic counted twice.
        for fault in
            [Fault::CutBefore, Fault::CutAfter, Fault::HangBefore, Fault::HangAfter, Fault::Html200, Fault::LoseWrite]
        {
            struck(generation, "add", 1, fault).await;
        }
    }
}

#[tokio::test]
async fn a_renewal_struck_at_the_update_ends_the_same() {
    for generation in GENERATIONS {
        for fault in [Fault::CutBefore, Fault::CutAfter, Fault::HangBefore, Fault::HangAfter, Fault::LoseWrite] {
            struck(generation, "add", 2, fault).await;
        }
    }
}

#[tokio::test]
async fn a_renewal_that_begins_the_traffic_anew_ends_the_same_wherever_it_is_struck() {
    for generation in GENERATIONS {
        for n in [1, 2] {
            for fault in [Fault::CutAfter, Fault::HangBefore, Fault::LoseWrite] {
                struck(generation, "reset", n, fault).await;
            }
        }
    }
}

#[tokio::test]
async fn a_renewal_the_panel_refuses_leaves_the_access_as_it_was() {
    for generation in GENERATIONS {
        let world = sold(generation, "add").await;
        let mona = world.customer("Mona");
        let before = world.only_client();
        world.panel.on_request(|request| if request.is_write { Fault::Refuse("no".into()) } else { Fault::None });
        let answer = renews(&mona).await;
        assert!(answer.starts_with("The panel refused, so nothing was sold"), "{answer}");
        world.settles().await;
        let after = world.only_client();
        assert_eq!((after.uuid, after.expiry_ms, after.enable), (before.uuid, before.expiry_ms, true));
        world.panel.clear_faults();
        world.admin("Adel").approves().await;
        mona.is_sent_link(1).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_renewal_cut_short_by_a_crash_is_finished_after_it() {
    for (generation, n) in GENERATIONS.into_iter().flat_map(|generation| [(generation, 1), (generation, 2)]) {
        let world = sold(generation, "add").await;
        let mona = world.customer("Mona");
        let before = world.only_client();
        world.panel.set_traffic(&before.email, 5 * GB, 15 * GB);
        let writes = AtomicU32::new(0);
        world.panel.on_request(move |request| {
            let strikes = request.is_write && writes.fetch_add(1, Ordering::SeqCst) + 1 == n;
            if strikes { Fault::HangAfter } else { Fault::None }
        });
        mona.orders_and_pays("Premium", "second receipt").await;
        let question = world.admin("Nadia").opens_approval().await;
        world.admin("Nadia").starts_to_confirm(&question);
        let asked = world.panel.write_count();
        let written =
            |panel: &tollkeeper::sandbox::panel::Panel| (panel.write_count() >= asked + u64::from(n)).then_some(());
        world.panel.until("the write", crate::world::SOON, written).await.unwrap();
        world.kill().await;
        world.panel.clear_faults();
        world.start().await;
        mona.is_sent_link(1).await;
        let after = world.only_client();
        assert_eq!(
            (after.expiry_ms, after.total_bytes),
            (before.expiry_ms + 30 * DAY, 180 * GB),
            "{generation:?}, write {n}"
        );
        assert_eq!((after.uuid, after.up, after.down), (before.uuid, 0, 0), "{generation:?}, write {n}");
        world.finish_but(Leaves::default()).await;
    }
}
