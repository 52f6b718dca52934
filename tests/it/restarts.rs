//! Conversations with a bot that is stopped, killed and started in every state of an order.

use std::time::Duration;

use tollkeeper::{app::App, clock::Clock, current_config::Source, sandbox::discord::Fault};

use crate::world::{World, receipt};

#[tokio::test]
async fn a_bot_started_again_in_every_state_goes_on_where_it_was() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    let menu = mona.asks_for_plans().await;
    world.restart().await;
    // The menu was sent by the bot before; its choice is still good.
    mona.person.select(&menu, &["Basic"]).unwrap();
    mona.waits_for("Welcome!").await;
    world.restart().await;
    mona.chooses("InstaPay").await;
    world.restart().await;
    mona.uploads("blurred").await;
    world.restart().await;
    world.admin("Adel").declines("Screenshot not readable").await;
    world.restart().await;
    mona.waits_for("Your payment proof was not accepted.").await;
    mona.uploads("sharp").await;
    let question = world.admin("Adel").opens_approval().await;
    world.restart().await;
    let answer = world.admin("Adel").confirms(&question).await;
    assert!(answer.starts_with("Approved."), "{answer}");
    mona.is_sent_link(0).await;
    world.restart().await;
    assert!(mona.gets_link().await.contains("vless://"));
    world.finish().await;
}

#[tokio::test]
async fn a_bot_killed_in_every_state_goes_on_where_it_was() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    let again = || async {
        world.kill().await;
        world.start().await;
    };
    mona.orders("Basic").await;
    again().await;
    mona.chooses("InstaPay").await;
    again().await;
    mona.uploads("Mona's receipt").await;
    again().await;
    let question = world.admin("Adel").opens_approval().await;
    again().await;
    world.panel.black_hole(true);
    world.admin("Adel").starts_to_confirm(&question);
    mona.waits_for("Payment approved").await;
    world.kill().await;
    world.panel.black_hole(false);
    world.start().await;
    mona.is_sent_link(0).await;
    again().await;
    world.finish().await;
}

#[tokio::test]
async fn a_receipt_uploaded_while_the_bot_is_away_is_found() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    world.stop().await;
    mona.posts("receipt.png", &receipt("Mona's receipt")).unwrap();
    // Nobody answers: the client says so after three seconds.
    let lost = mona.person.click(&mona.status(), "Cancel order").unwrap();
    world.passes(Duration::from_secs(4));
    lost.failed().await.unwrap();
    world.start().await;
    mona.is_under_review().await;
    world.finish().await;
}

#[tokio::test]
async fn an_approval_that_waits_for_the_panel_survives_a_restart() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.panel.down().await;
    world.admin("Adel").approves().await;
    world.kill().await;
    world.start().await;
    mona.waits_for("Payment approved").await;
    world.stop().await;
    world.panel.up().await.unwrap();
    world.start().await;
    mona.is_sent_link(0).await;
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_made_without_an_answer_is_found_after_a_crash() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    let menu = mona.asks_for_plans().await;
    let gate = tollkeeper::sandbox::discord::Gate::new();
    world.discord.fail_next("POST", "/guilds/{guild_id}/channels", 1, Fault::HoldAfter(gate.clone()));
    mona.person.select(&menu, &["Basic"]).unwrap();
    world.until("the channel", |view| (!view.channels_in(world.guild.tickets[0]).is_empty()).then_some(())).await;
    world.kill().await;
    gate.open();
    world.start().await;
    mona.waits_for("Welcome!").await;
    world.settles().await;
    assert_eq!(mona.tickets().len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn two_bots_never_share_a_data_directory() {
    let world = World::new().await;
    let environment = world.environment().clone();
    let source = Source::new(world.config_path(), move |name: &str| environment.get(name).cloned());
    let second = App::build(source.load().unwrap(), source, Clock::system()).await;
    let refused = second.err().map(|error| format!("{error:#}")).unwrap_or_default();
    assert!(refused.contains("another"), "the second bot is refused: {refused:?}");
    world.finish().await;
}
