//! What a reversal gives back where sums of what was sold would not hold: adopted clients, plans
//! without a limit, edits downwards, and a policy that drops what is left.

use serde_json::json;
use tollkeeper::sandbox::panel::{Generation, NewClient};

use super::{DAY, GB, GENERATIONS, STRANGER, stranger};
use crate::world::World;

/// A shop whose Premium has no limit, with one client made by hand.
async fn shop(generation: Generation, policy: &'static str, client: Option<NewClient>) -> World {
    let world = World::asleep(|scene| {
        scene.generation(generation);
        scene.renewal_traffic = policy;
    })
    .await;
    let path = world.config_path();
    let toml = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, toml.replace("traffic_gb = 150", "traffic_gb = 0")).unwrap();
    if let Some(client) = client {
        world.panel.add_client(&client);
    }
    world.start().await;
    world
}

/// Mona buys a plan, which is the n-th link she is sent.
async fn buys(world: &World, plan: &str, label: &str, links: usize) {
    let mona = world.customer("Mona");
    mona.orders_and_pays(plan, label).await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(links).await;
    world.settles().await;
}

async fn adopts(world: &World) {
    let options = json!({ "email": STRANGER, "user": world.person("Mona").id().to_string() });
    let question = crate::world::Question { message: world.admin("Adel").desk("user-adopt", options).await };
    let answer = world.admin("Adel").confirms(&question).await;
    assert!(answer.starts_with("Done: "), "{answer}");
    world.settles().await;
}

/// Premium is taken back; what is left of the client.
async fn reverses_premium(world: &World) -> (i64, i64) {
    let order = world.word("SELECT id FROM orders WHERE plan_id = 'premium'").await;
    let options = json!({ "order": order, "reason": "The money was taken back." });
    let question = crate::world::Question { message: world.admin("Adel").desk("order-reverse", options).await };
    let answer = world.admin("Adel").confirms(&question).await;
    assert!(answer.starts_with("Done: "), "{answer}");
    world.settles().await;
    let client = world.only_client();
    assert!(client.enable && client.serving, "{client:?}");
    (client.total_bytes - client.up - client.down, client.expiry_ms)
}

#[tokio::test]
async fn an_adopted_client_has_again_what_it_had() {
    for generation in GENERATIONS {
        let end = tollkeeper::clock::Clock::system().now().0 + 60 * DAY;
        let adopted = NewClient { total_bytes: 100 * GB, expiry_ms: end, ..stranger() };
        let world = shop(generation, "add", Some(adopted)).await;
        world.panel.set_traffic(STRANGER, 10 * GB, 20 * GB);
        adopts(&world).await;
        buys(&world, "Premium", "one", 1).await;
        assert_eq!(world.only_client().total_bytes, 0, "without a limit");
        world.panel.set_traffic(STRANGER, 2 * GB, 3 * GB);
        let (left, until) = reverses_premium(&world).await;
        assert_eq!(left, 70 * GB, "{generation:?}");
        assert!((until - end).abs() < 60_000, "{generation:?}: {until} instead of {end}");
        world.finish().await;
    }
}

#[tokio::test]
async fn an_adopted_client_without_limits_has_none_again() {
    for generation in GENERATIONS {
        let adopted = NewClient { total_bytes: 0, expiry_ms: 0, ..stranger() };
        let world = shop(generation, "add", Some(adopted)).await;
        adopts(&world).await;
        buys(&world, "Premium", "one", 1).await;
        world.panel.set_traffic(STRANGER, 2 * GB, 3 * GB);
        reverses_premium(&world).await;
        let client = world.only_client();
        assert_eq!((client.total_bytes, client.expiry_ms), (0, 0), "{generation:?}");
        world.finish().await;
    }
}

#[tokio::test]
async fn what_the_policy_dropped_stays_dropped() {
    for generation in GENERATIONS {
        let world = shop(generation, "reset", None).await;
        buys(&world, "Basic", "one", 0).await;
        world.panel.set_traffic(&world.only_client().email, 4 * GB, 6 * GB);
        buys(&world, "Basic", "two", 1).await;
        assert_eq!(world.only_client().total_bytes, 50 * GB);
        buys(&world, "Premium", "three", 2).await;
        assert_eq!(reverses_premium(&world).await.0, 50 * GB, "{generation:?}");
        world.finish().await;
    }
}

#[tokio::test]
async fn an_edit_downwards_counts() {
    for generation in GENERATIONS {
        let world = shop(generation, "add", None).await;
        buys(&world, "Basic", "one", 0).await;
        let answer = super::changes(&world, "Adel", "user-edit-traffic", json!({ "gigabytes": 20 })).await;
        assert!(answer.starts_with("Done: "), "{answer}");
        world.settles().await;
        buys(&world, "Premium", "two", 1).await;
        assert_eq!(reverses_premium(&world).await.0, 20 * GB, "{generation:?}");
        world.finish().await;
    }
}
