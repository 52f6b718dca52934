//! Only what was meant has changed.

use serde_json::json;

use super::{DAY, GB, GENERATIONS, STRANGER, changes, client, commands, differences, email, sold};
use crate::world::Leaves;

const LEAVES: Leaves<'_> = Leaves { outbox: &[], strangers: &[STRANGER], changed: &[] };

#[tokio::test]
async fn each_command_changes_what_it_names_and_nothing_else() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let other = world.panel.client(STRANGER);
        for (command, options, means) in commands() {
            let before = client(&world);
            let answer = changes(&world, "Adel", command, options).await;
            assert!(answer.starts_with("Done: "), "{generation:?} {command}: {answer}");
            let after = client(&world);
            assert_eq!(differences(&before, &after), means, "{generation:?} {command}");
            let counts = if command == "user-reset-traffic" { (0, 0) } else { (before.up, before.down) };
            assert_eq!((after.up, after.down), counts, "{generation:?} {command}");
        }
        assert_eq!(world.panel.client(STRANGER), other, "{generation:?}: somebody else's client");
        let after = client(&world);
        assert_eq!(after.total_bytes, 80 * GB);
        assert_eq!(after.raw["comment"], "pays in time");
        assert_eq!(world.number("SELECT used_before FROM subscriptions").await, 20 * GB, "what was used stays used");
        world.finish_but(LEAVES).await;
    }
}

#[tokio::test]
async fn the_customer_is_told_and_reads_the_new_link() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let before = client(&world);
        let question = super::asks(&world, "Adel", "user-rotate", json!({})).await;
        let text = world.tidied(&question.message.render_text()).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(text, @"
            │ **Give this customer a new link?**
            │ The old link stops working, and the customer is sent the new one by direct message. The subscription link stays the same, and whoever has it reads the new one there.
            │ Customer: @Mona · Mona
            │ Client on the panel: `tk-order`
            │ Ends: <time f>
            │ Traffic: 50 GB
            │ This question expires: <time R>
            [Confirm] [Cancel]
            ");
        }
        let answer = world.admin("Adel").confirms(&question).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(answer, @"
            Done: the old link no longer works.
            The customer was sent the link by direct message.
            ");
        }
        let after = client(&world);
        assert_ne!(after.uuid, before.uuid);
        let mona = world.customer("Mona");
        let told = mona.is_sent_link(1).await;
        assert!(told.contains(&format!("vless://{}@", after.uuid)), "{}", told.render_text());
        let told = world.tidied(&told.render_text()).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(told, @"
            ```
            vless://UUID@vpn.example.com:20001?encryption=none&flow=xtls-rprx-vision&fp=chrome&pbk=vgsyG_10G2GFjE9JYjvYcOsmfW5mfpim2Cyi3kcHHmA&security=reality&sid=6ba85179e30d4fc2&sni=reality.test&spx=%2F&type=tcp#Nile%20VPN%20order
            ```
            │ **Your VPN link is a new one**
            │ The old link no longer works. Please remove it from your phone, add this one, and share it with nobody.
            │ Plan: Basic
            │ Valid until: <time f> (<time R>)
            │ Traffic: 50 GB
            │ Subscription link: `http://panel.test/sub/SUBSCRIPTION`
            │ [image qr.png]
            │ (change 1)
            ");
        }
        assert!(mona.link().await.contains(&after.uuid), "/link shows the new one");
        world.finish_but(LEAVES).await;
    }
}

#[tokio::test]
async fn an_end_is_moved_and_never_before_now() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let before = client(&world);
        let answer = changes(&world, "Omar", "user-extend", json!({ "days": -10 })).await;
        assert!(answer.starts_with("Done: the access ends "), "{answer}");
        assert_eq!(client(&world).expiry_ms, before.expiry_ms - 10 * DAY);
        let from = world.clock.now().0;
        changes(&world, "Omar", "user-extend", json!({ "days": -3000 })).await;
        let now = client(&world).expiry_ms;
        assert!((from..=world.clock.now().0).contains(&now), "not before now");
        // From now on, because it is over.
        let from = world.clock.now().0;
        changes(&world, "Omar", "user-extend", json!({ "days": 3 })).await;
        let after = client(&world);
        assert!((from + 3 * DAY..=world.clock.now().0 + 3 * DAY).contains(&after.expiry_ms));
        assert!(after.serving, "{generation:?} lets Mona in again");
        world.finish_but(LEAVES).await;
    }
}

#[tokio::test]
async fn what_was_used_up_works_again_with_more_traffic() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        world.panel.set_traffic(&email(&world), 30 * GB, 21 * GB);
        assert!(!client(&world).serving, "{generation:?} has cut the client off");
        changes(&world, "Adel", "user-edit-traffic", json!({ "gigabytes": 60 })).await;
        let after = client(&world);
        assert!(after.enable && after.serving && after.total_bytes == 60 * GB, "{generation:?}: {after:?}");
        world.panel.set_traffic(&email(&world), 30 * GB, 31 * GB);
        changes(&world, "Adel", "user-reset-traffic", json!({})).await;
        let after = client(&world);
        assert!(after.enable && after.serving && after.down == 0, "{generation:?}: {after:?}");
        changes(&world, "Adel", "user-edit-traffic", json!({ "gigabytes": 0 })).await;
        assert_eq!(client(&world).total_bytes, 0, "unlimited");
        world.finish_but(LEAVES).await;
    }
}

#[tokio::test]
async fn what_staff_switched_off_stays_off_until_they_switch_it_on() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        changes(&world, "Adel", "user-disable", json!({})).await;
        changes(&world, "Adel", "user-extend", json!({ "days": 7 })).await;
        assert!(!client(&world).enable);
        let answer = changes(&world, "Adel", "user-enable", json!({})).await;
        assert_eq!(answer, "Done: the access is switched on.\nThe customer was told by direct message.");
        assert!(client(&world).serving);
        world.finish_but(LEAVES).await;
    }
}

#[tokio::test]
async fn a_client_is_removed_and_the_next_order_makes_another() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let (before, other) = (client(&world), world.panel.client(STRANGER));
        let answer = changes(&world, "Adel", "user-delete", json!({})).await;
        assert_eq!(answer, "Done: the access is removed.\nThe customer was told by direct message.");
        assert_eq!(world.panel.client(&before.email), None, "{generation:?}");
        assert!(other.is_some() && world.panel.client(STRANGER) == other, "{generation:?}: somebody else's client");
        let mona = world.customer("Mona");
        assert!(!mona.link().await.contains("vless://"), "there is nothing to show");
        mona.orders_and_pays("Premium", "second receipt").await;
        world.admin("Nadia").approves().await;
        mona.is_sent_link(1).await;
        assert_ne!(client(&world).uuid, before.uuid);
        assert_eq!(world.panel.client(STRANGER), other, "{generation:?}: nor does a new one touch it");
        world.finish_but(LEAVES).await;
    }
}

#[tokio::test]
async fn the_last_client_of_an_inbound_is_switched_off_where_the_panel_keeps_it() {
    let world = sold(GENERATIONS[0]).await;
    world.panel.remove_client(STRANGER);
    let before = client(&world);
    let answer = changes(&world, "Adel", "user-delete", json!({})).await;
    assert!(answer.starts_with("The panel keeps the last client of an inbound"), "{answer}");
    assert_eq!(differences(&before, &client(&world)), ["enable"]);
    world.finish().await;
}
