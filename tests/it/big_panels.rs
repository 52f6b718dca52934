//! The real process beside a panel with many clients.

use tollkeeper::sandbox::panel::Generation;

use crate::world::World;

const GENERATIONS: [Generation; 2] = [Generation::V2_9, Generation::V3];

/// The highest memory of a process that rested, sold, renewed and gave a link, in kilobytes.
async fn peak(generation: Generation, clients: usize) -> u64 {
    let world = World::asleep(|scene| {
        scene.process = true;
        scene.generation(generation);
        scene.schedule("health_check", "1s");
    })
    .await;
    world.panel.crowd(1, clients);
    world.start().await;
    let mona = world.customer("Mona");
    mona.owns_basic().await;
    mona.orders_and_pays("Basic", "second receipt").await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(1).await;
    assert!(mona.link().await.contains("vless://"));
    let peak = world.peak_memory();
    world.panel.disperse();
    world.finish().await;
    peak
}

#[tokio::test]
async fn clients_of_others_take_no_memory() {
    for generation in GENERATIONS {
        let (few, many) = (peak(generation, 10).await, peak(generation, 15_000).await);
        println!("{generation:?}: {few} kB with 10 clients, {many} kB with 15,000");
        assert!(many < few + 15_000, "{generation:?}: {few} kB with ten, {many} kB");
    }
}

#[tokio::test]
#[ignore = "a measurement: it takes minutes without optimisation"]
async fn fifty_thousand_clients() {
    for generation in GENERATIONS {
        let (few, many) = (peak(generation, 10).await, peak(generation, 50_000).await);
        println!("{generation:?}: {few} kB with 10 clients, {many} kB with 50,000");
        assert!(many < few + 15_000, "{generation:?}: {few} kB with ten, {many} kB");
    }
}
