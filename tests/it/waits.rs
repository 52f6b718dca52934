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

/// A clock that was ahead by more than a day.
const AHEAD: Duration = Duration::from_hours(26);

#[tokio::test]
async fn nothing_waits_in_the_future_when_a_clock_is_put_right() {
    for restarts in [false, true] {
        let world = World::new().await;
        world.settles().await;
        world.passes(AHEAD);
        let mona = world.customer("Mona");
        world.discord.fail_next("POST", "/guilds/{guild_id}/channels", u32::MAX, OnDiscord::server_error());
        let menu = mona.asks_for_plans().await;
        mona.person.select(&menu, &["Basic"]).unwrap();
        world.counts(1, "SELECT count(*) FROM outbox WHERE key LIKE 'ticket:%' AND last_error IS NOT NULL").await;
        if restarts {
            world.stop().await;
        }
        world.is_set_back(AHEAD);
        world.discord.no_faults();
        if restarts {
            world.start().await;
        }
        mona.waits_for("How would you like to pay?").await;
        world
            .until("the owner to be told", |view| {
                view.dms_of(world.person("Omar").id())
                    .into_iter()
                    .find(|told| told.contains("The server's clock was ahead by"))
            })
            .await;
        let waits = world.number("SELECT max(expires_at) FROM orders").await - world.clock.now().0;
        assert!(waits <= 24 * 3_600_000, "the order waits {waits} ms for its payment");
        world.finish().await;
    }
}

#[tokio::test]
async fn orders_of_a_clock_that_was_ahead_do_not_count_for_the_limit() {
    let world = World::with(|scene| scene.limit("order", "\"1/1h\"")).await;
    let mona = world.customer("Mona");
    world.passes(AHEAD);
    mona.orders("Basic").await;
    mona.cancels().await;
    mona.waits_for("Order cancelled").await;
    assert!(mona.asks_for_plans().await.part("Choose a plan").is_none(), "she orders too often");
    world.settles().await;
    world.is_set_back(AHEAD);
    assert!(mona.asks_for_plans().await.part("Choose a plan").is_some());
    mona.orders("Basic").await;
    world.finish().await;
}

#[tokio::test]
async fn a_proof_is_not_met_with_silence_while_nothing_can_be_written() {
    let world = World::with(|scene| scene.schedule("health_check", "100ms")).await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    world.settles().await;
    // To the bot it is the same whether the disk is full or somebody else holds the file.
    let mut other = world.writer().await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    mona.posts("receipt.png", &crate::world::receipt("Mona's receipt")).unwrap();
    mona.waits_for("You do not need to send it again").await;
    let omar = world.person("Omar").id();
    let told = |text: &'static str| {
        world.until("the owner to be told", move |view| {
            view.dms_of(omar).into_iter().find(|message| message.contains(text))
        })
    };
    told("The bot could not write its database").await;
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    mona.is_under_review().await;
    told("The bot can write its database again").await;
    let words = mona.person.sees(mona.ticket());
    assert_eq!(words.iter().filter(|word| word.contains("You do not need to send it again")).count(), 1, "said once");
    let _ = sqlx::Connection::close(other).await;
    world.finish().await;
}
