//! Clients that were made by hand become customers'.

use serde_json::json;
use tollkeeper::sandbox::panel::{Fault, Generation};

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
        world.counts(1, "SELECT count(*) FROM changes WHERE told = 'dm'").await;
        assert_eq!(world.panel.client(STRANGER), before, "{generation:?}: nothing on the panel has changed");
        let other = opens(&world, STRANGER, "Mona").await;
        world.person("Adel").loses_role(world.guild.admins);
        let answer = world.admin("Adel").confirms(&other).await;
        assert_eq!(answer, "You may no longer do this, so nothing was changed.");
        world.finish().await;
    }
}
