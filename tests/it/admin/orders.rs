//! `/admin pending` and `/admin order`.

use serde_json::json;
use tollkeeper::sandbox::panel::Fault;

use super::{GENERATIONS, sold};
use crate::world::{Question, World};

#[tokio::test]
async fn the_queue_shows_the_longest_waiting_first() {
    for generation in GENERATIONS {
        let world = World::with(|scene| scene.generation(generation)).await;
        let salma = world.admin("Salma");
        assert_eq!(salma.desk("pending", json!({})).await.content, "Nothing waits for you.");
        world.customer("Mona").orders_and_pays("Basic", "first receipt").await;
        world.passes(std::time::Duration::from_mins(5));
        world.customer("Karim").orders_and_pays("Premium", "second receipt").await;
        let queue = salma.desk("pending", json!({})).await;
        let text = queue.render_text();
        let (mona, karim) = (text.find("@Mona").expect("Mona waits"), text.find("@Karim").expect("Karim waits"));
        assert!(mona < karim && text.contains("2 orders wait for the team"), "{text}");
        let card = world.card("Mona's card", |card| card.contains("@Mona")).await;
        assert!(
            queue.embeds[0].to_string().contains(&format!("/{}/{}", world.guild.review, card.id)),
            "a link to the card"
        );
        assert!(text.contains("#order-"), "a link to the ticket: {text}");
        world.admin("Adel").approves().await;
        world.settles().await;
        assert!(salma.desk("pending", json!({})).await.contains("One order waits for the team"));
        world.finish().await;
    }
}

#[tokio::test]
async fn a_sale_by_hand_in_the_queue_leads_to_its_card() {
    for generation in GENERATIONS {
        let world = World::with(|scene| scene.generation(generation)).await;
        world.panel.on_request(|request| if request.is_write { Fault::Refuse("no".into()) } else { Fault::None });
        let karim = world.person("Karim").id().to_string();
        let message =
            world.admin("Adel").desk("user-create", json!({ "user": karim, "plan": "basic", "amount": "80" })).await;
        world.admin("Adel").confirms(&Question { message }).await;
        let card = world.card("the card", |card| card.contains("Sale by hand") && card.part("Retry").is_some()).await;
        world.settles().await;
        let queue = world.admin("Salma").desk("pending", json!({})).await;
        assert!(queue.embeds[0].to_string().contains(&format!("/{}/{}", world.guild.review, card.id)), "a link to it");
        world.panel.clear_faults();
        world.admin("Adel").presses("Retry").await;
        world.customer("Karim").is_sent_link(0).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn everything_about_an_order_is_in_its_file() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let salma = world.admin("Salma");
        let order = world.word("SELECT id FROM orders").await;
        let suggested = salma.suggested("order", "order", "mo").await;
        assert_eq!(suggested, [(format!("{order} · Mona · Basic · completed"), format!("o:{order}"))]);
        let file = salma.desk("order", json!({ "order": suggested[0].1 })).await;
        let text = world.tidied(&file.render_text()).await;
        for part in [
            "order.place",
            "payment.approve",
            "order.complete",
            "link.deliver",
            "@Adel",
            "the bot",
            "Received: 100",
            "Client on the panel: `tk-order`",
            "Link sent by direct message",
            "Approved by @Adel",
        ] {
            assert!(text.contains(part), "{part} is missing: {text}");
        }
        assert!(!text.contains("vless://") && !text.contains("UUID"), "nobody's link or key: {text}");
        for (value, says) in [
            ("o:0000000000", "There is no order with this ID."),
            ("s:1", "Please choose one of the suggestions, or type an order's ID: this is neither."),
            ("'; --", "Please choose one of the suggestions, or type an order's ID: this is neither."),
        ] {
            assert_eq!(salma.desk("order", json!({ "order": value })).await.content, says);
        }
        world.finish().await;
    }
}
