//! `/admin user-info`, and whom the desk answers at all.

use serde_json::json;

use super::{GENERATIONS, sold};
use crate::world::{Scene, World};

const GB: i64 = 1 << 30;

#[tokio::test]
async fn support_looks_up_a_customer() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let (mona, salma) = (world.customer("Mona"), world.admin("Salma"));
        world.panel.set_traffic(&world.panel.clients()[0].email, 2 * GB, 3 * GB);
        let answer = salma.desk("user-info", json!({ "user": mona.person.id().to_string() })).await;
        let text = world.tidied(&answer.render_text()).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(text, @"
            │ **Customer**
            │ @Mona · Mona
            │ First seen: <time f>
            │ Basic · tk-order:
            │ Until <time f> (<time R>)
            │ 5 GB used of 50 GB, as of <time R>
            │ The panel lets it connect.
            │ Orders: `ORDER` · Basic · completed · <time f>
            ");
        }
        // The same by what is suggested, and by an order's id as it stands on a card.
        let suggested = salma.suggested("user-info", "subscription", "mon").await;
        let [(name, value)] = suggested.as_slice() else { unreachable!("{suggested:?}") };
        assert!(name.starts_with("Mona · Basic until 2") && name.contains(" · tk-"), "{name}");
        let order = world.word("SELECT id FROM orders").await;
        for chosen in [value.clone(), format!("o:{order}"), order.to_lowercase()] {
            let again = salma.desk("user-info", json!({ "subscription": chosen })).await;
            assert_eq!(world.tidied(&again.render_text()).await, text);
        }
        for begun in ["", "MONA", &order[..4], "tk-"] {
            assert_eq!(salma.suggested("user-info", "subscription", begun).await, suggested, "{begun}");
        }
        assert_eq!(salma.suggested("user-info", "subscription", "Karim").await, []);
        world.finish().await;
    }
}

#[tokio::test]
async fn what_was_known_last_is_shown_while_the_panel_is_down() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let (mona, salma) = (world.customer("Mona"), world.admin("Salma"));
        world.panel.set_traffic(&world.panel.clients()[0].email, 2 * GB, 3 * GB);
        let user = json!({ "user": mona.person.id().to_string() });
        let up = salma.desk("user-info", user.clone()).await.render_text();
        assert!(up.contains("5 GB used of 50 GB") && up.contains("The panel lets it connect."), "{up}");
        world.panel.set_traffic(&world.panel.clients()[0].email, 4 * GB, 5 * GB);
        world.panel.down().await;
        world.passes(std::time::Duration::from_mins(10));
        let down = salma.desk("user-info", user).await.render_text();
        assert!(down.contains("5 GB used of 50 GB") && down.contains("The panel does not answer"), "{down}");
        let link = mona.link().await;
        assert!(link.contains("5 GB used of 50 GB"), "{link}");
        world.panel.up().await.expect("the panel comes back");
        world.finish().await;
    }
}

#[tokio::test]
async fn the_desk_answers_staff_alone() {
    let world = World::with(|scene: &mut Scene| scene.admin_role = true).await;
    let (mona, hoda) = (world.customer("Mona"), world.admin("Hoda"));
    mona.orders("Basic").await;
    let user = json!({ "user": mona.person.id().to_string() });
    let refused = hoda.desk("user-info", user.clone()).await;
    assert_eq!(refused.content, "Only our team can use this.");
    assert_eq!(hoda.suggested("user-info", "subscription", "").await, [], "names are nobody's business");
    let adel = world.admin("Adel");
    assert!(adel.desk("user-info", user.clone()).await.contains("waiting for payment"));
    world.counts(1, "SELECT count(*) FROM audit_logs WHERE action = 'user.read'").await;
    adel.person.loses_role(world.guild.admins);
    let refused = adel.desk("user-info", user).await;
    assert_eq!(refused.content, "Only our team can use this.", "the role was lost");
    world.counts(2, "SELECT count(*) FROM audit_logs WHERE action = 'access.refuse'").await;
    world.finish().await;
}

#[tokio::test]
async fn a_forged_value_gets_one_sentence() {
    let world = sold(GENERATIONS[1]).await;
    let salma = world.admin("Salma");
    let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
    let about = |value: &str| json!({ "subscription": value });
    for (options, says) in [
        (json!({}), "Please choose a user or a subscription."),
        (about("s:1 OR 1=1"), "Please choose one of the suggestions, or type an order's ID: this is neither."),
        (about("s:99"), "There is no such subscription any more."),
        (about("s:-1"), "There is no such subscription any more."),
        (about("o:0000000000"), "There is no order with this ID."),
        (json!({ "user": karim.person.id().to_string() }), "@Karim has never ordered anything here."),
        (
            json!({ "user": karim.person.id().to_string(), "subscription": "s:1" }),
            "The subscription belongs to @Mona, not to @Karim: please choose only one of the two.",
        ),
    ] {
        let answer = salma.desk("user-info", options).await;
        assert_eq!(answer.render_text().trim(), says);
    }
    drop(mona);
    world.finish().await;
}
