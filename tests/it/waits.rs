//! Conversations on production's intervals: what waits, and what must end the waiting.

use std::time::Duration;

use tollkeeper::sandbox::{
    discord::{Fault as OnDiscord, Overwrite, Target, permission},
    panel::{Fault, Generation, RequestInfo},
};

use crate::world::{Scene, World};

/// Between two tries as a shop has it, from the first on; the panel is looked at often, as if the
/// minute were over.
fn patient(scene: &mut Scene, generation: Generation) {
    scene.generation(generation);
    scene.schedule("retry_min", "10m");
    scene.schedule("retry_max", "10m");
    scene.schedule("health_check", "100ms");
}

#[tokio::test]
async fn a_panel_that_is_up_again_ends_the_pause_of_its_lane_at_once() {
    for generation in [Generation::V2_9, Generation::V3] {
        let world = World::with(|scene| patient(scene, generation)).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        world.panel.down().await;
        let question = world.admin("Adel").opens_approval().await;
        world.admin("Adel").starts_to_confirm(&question);
        mona.waits_for("We are preparing your access.").await;
        world.card("the card to say so", |card| card.contains("The panel has been down since")).await;
        world.panel.up().await.unwrap();
        // Nobody moves a clock: the lane would wait for ten minutes more.
        mona.is_sent_link(0).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_card_does_not_say_of_a_panel_that_is_up_that_it_is_down() {
    for generation in [Generation::V2_9, Generation::V3] {
        let world = World::with(|scene| patient(scene, generation)).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        world.panel.down().await;
        let question = world.admin("Adel").opens_approval().await;
        world.admin("Adel").starts_to_confirm(&question);
        world.card("the card to say so", |card| card.contains("The panel has been down since")).await;
        // It comes back and does not take the sale yet.
        world.panel.on_request(|asked: &RequestInfo| if asked.is_write { Fault::HangBefore } else { Fault::None });
        world.panel.up().await.unwrap();
        world
            .card("the card to be true again", |card| {
                card.contains("· proof ") && card.contains("Mona") && !card.contains("down since")
            })
            .await;
        assert_eq!(world.word("SELECT status FROM orders").await, "provisioning");
        world.panel.clear_faults();
        // What hangs stays so; a restart does not wait for its deadline.
        world.kill().await;
        world.start().await;
        mona.is_sent_link(0).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn discord_that_failed_once_is_asked_again_within_half_a_minute() {
    let world = World::with(|scene| {
        scene.schedule("retry_min", "10m");
        scene.schedule("retry_max", "10m");
    })
    .await;
    world.settles().await;
    let mona = world.customer("Mona");
    world.discord.fail_next("POST", "/guilds/{guild_id}/channels", 1, OnDiscord::server_error());
    let menu = mona.asks_for_plans().await;
    mona.person.select(&menu, &["Basic"]).unwrap();
    world.counts(1, "SELECT count(*) FROM outbox WHERE key LIKE 'ticket:%' AND last_error IS NOT NULL").await;
    world.passes(Duration::from_secs(31));
    mona.waits_for("How would you like to pay?").await;
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_that_is_found_again_is_unlocked_where_it_must_be() {
    let world = World::with(|scene| scene.schedule("message_cleanup", "100ms")).await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    let ticket = mona.ticket();
    world.settles().await;
    world.stop().await;
    // The database is of a time before the ticket, and the ticket of a time when it was locked.
    world.changes("UPDATE orders SET channel_id = NULL, status_message_id = NULL, status_digest = NULL").await;
    let (allow, deny) = (
        permission::VIEW_CHANNEL | permission::READ_MESSAGE_HISTORY,
        permission::SEND_MESSAGES | permission::ATTACH_FILES,
    );
    world.discord.set_overwrite(ticket, Overwrite { id: mona.person.id(), target: Target::Member, allow, deny });
    world.passes(Duration::from_mins(11));
    world.start().await;
    world.counts(1, "SELECT count(*) FROM orders WHERE channel_id IS NOT NULL").await;
    assert_eq!(mona.ticket(), ticket, "hers was found");
    mona.chooses("Vodafone Cash").await;
    mona.uploads("Mona's receipt").await;
    world.finish().await;
}
