//! Conversations while something is broken: the panel, Discord, or the way to them.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use tollkeeper::sandbox::{
    discord::Fault as OnDiscord,
    panel::{Fault, Generation, RequestInfo},
};

use crate::world::{Scene, World, receipt};

/// The breaker lets one call through after this long.
const BREAKER: Duration = Duration::from_secs(11);

/// Lets a fault strike the first `times` writes.
fn first_writes(world: &World, times: u32, fault: Fault) {
    let writes = AtomicU32::new(0);
    world.panel.on_request(move |request: &RequestInfo| {
        let strikes = request.is_write && writes.fetch_add(1, Ordering::SeqCst) < times;
        if strikes { fault.clone() } else { Fault::None }
    });
}

#[tokio::test]
async fn an_approval_waits_for_a_panel_that_is_down() {
    for generation in [Generation::V2_9, Generation::V3] {
        let world = World::with(|scene| scene.generation(generation)).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        world.panel.down().await;
        let answer = world.admin("Adel").approves().await;
        assert!(answer.starts_with("Approved. The panel has been down since <time"), "{answer}");
        mona.waits_for("We are preparing your access.").await;
        world.card("the card to say so", |card| card.contains("The panel has been down since")).await;
        let refused = world.customer("Karim").asks_for_plans().await.render_text();
        assert!(refused.starts_with("The VPN server is being repaired"), "{refused}");
        world.panel.up().await.unwrap();
        world.passes(BREAKER);
        mona.is_sent_link(0).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_panel_that_answers_nonsense_is_waited_for() {
    for fault in [Fault::Status(500), Fault::Html200, Fault::HalfJson, Fault::Huge, Fault::CutBefore, Fault::HangBefore]
    {
        let world = World::with(Scene::impatient).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        let what = format!("{fault:?}");
        first_writes(&world, 2, fault);
        let answer = world.admin("Adel").approves().await;
        assert!(answer.starts_with("Approved. Link sent"), "{what}: {answer}");
        mona.is_sent_link(0).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_client_made_without_an_answer_is_found_and_not_made_twice() {
    for generation in [Generation::V2_9, Generation::V3] {
        for fault in [Fault::CutAfter, Fault::HangAfter] {
            let world = World::with(|scene| {
                scene.generation(generation);
                scene.impatient();
            })
            .await;
            let mona = world.customer("Mona");
            mona.orders_and_pays("Basic", "Mona's receipt").await;
            first_writes(&world, 1, fault);
            world.admin("Adel").approves().await;
            mona.is_sent_link(0).await;
            assert_eq!(world.panel.write_count(), 1, "the second try looks first");
            world.finish().await;
        }
    }
}

#[tokio::test]
async fn a_write_that_the_panel_loses_is_noticed() {
    for generation in [Generation::V2_9, Generation::V3] {
        let world = World::with(|scene| scene.generation(generation)).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        first_writes(&world, 1, Fault::LoseWrite);
        world.admin("Adel").approves().await;
        mona.is_sent_link(0).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_lost_session_is_renewed_at_once() {
    for generation in [Generation::V2_6, Generation::V2_9, Generation::V3] {
        let world = World::with(|scene| {
            scene.generation(generation);
            scene.token = false;
        })
        .await;
        for (name, label) in [("Mona", "one"), ("Karim", "two")] {
            let customer = world.customer(name);
            customer.orders_and_pays("Basic", label).await;
            let answer = world.admin("Adel").approves().await;
            assert!(answer.starts_with("Approved. Link sent"), "{generation:?}: {answer}");
            customer.is_sent_link(0).await;
            world.panel.drop_sessions();
        }
        world.finish().await;
    }
}

#[tokio::test]
async fn a_refused_login_is_told_to_the_owner_once_and_nothing_is_lost() {
    let world = World::with(|scene| scene.token = false).await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.panel.change_password("another");
    let question = world.admin("Adel").opens_approval().await;
    world.admin("Adel").starts_to_confirm(&question);
    let owner = world.person("Omar").id();
    world.until("the owner to be told", |view| view.dms_of(owner).pop()).await;
    // Within five minutes it is not tried again (3.x would lock us out); a new start tries at once.
    world.restart().await;
    mona.waits_for("We are preparing your access.").await;
    world.panel.change_password("admin");
    world.restart().await;
    mona.is_sent_link(0).await;
    insta::assert_snapshot!(world.dms("Omar").await, @"
    Tollkeeper:
    The panel main refuses our login. Approved orders wait until it works again and then finish by themselves.
    Check the panel's token or password; we try again at most every 5 minutes.
    -# owner · login:main
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_refusal_returns_the_payment_to_review() {
    for generation in [Generation::V2_9, Generation::V3] {
        let world = World::with(|scene| scene.generation(generation)).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        first_writes(&world, 1, Fault::Refuse("the inbound is full".into()));
        let answer = world.admin("Adel").approves().await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(answer, @"
            The panel refused, so nothing was sold and the payment is back in review.
            The panel answered: the inbound is full
            ");
        }
        mona.waits_for("We are checking your payment").await;
        let card = world.tidied(&world.admin("Adel").card().await.render_text()).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(card, @"
            │ **Payment to review again: the panel refused the last approval**
            │ Customer: @Mona · Mona
            │ Plan: Basic · 30 days · 50 GB
            │ Amount (EGP): `100`
            │ Payment method: Vodafone Cash
            │ Ticket: #order-order
            │ Order ID: `ORDER`
            │ Attempts left after this one: 2
            │ Submitted: <time f>, <time R>
            │ History:
            │ This is their first order.
            │ Account made <time R>; in this server since <time R>.
            │ What the panel answered: the inbound is full
            │ [image proof.jpg]
            │ (order ORDER · proof 1)
            [Approve] [Decline] [Amount differs] [More]
            ");
        }
        world.settles().await;
        assert_eq!(world.panel.clients(), [], "nothing is left on the panel");
        assert!(mona.posts("more.png", &receipt("more")).is_err(), "the ticket is locked: there is a proof");
        world.admin("Nadia").approves().await;
        mona.is_sent_link(0).await;
        world.finish().await;
    }
}

/// The client is made and its answer lost; before the second try somebody changes it, and the panel
/// refuses to have it changed back.
async fn refused_after_the_client_was_made(generation: Generation, removal_fails: bool) {
    let world = World::with(|scene| {
        scene.generation(generation);
        scene.schedule("retry_min", "150ms");
    })
    .await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let writes = AtomicU32::new(0);
    world.panel.on_request(move |request: &RequestInfo| {
        if !request.is_write {
            return Fault::None;
        }
        match writes.fetch_add(1, Ordering::SeqCst) {
            0 => Fault::CutAfter,
            1 => Fault::Refuse("the inbound is full".into()),
            2 if removal_fails => Fault::Refuse("the inbound is full".into()),
            3 if removal_fails => Fault::CutBefore,
            _ => Fault::None,
        }
    });
    let edited = async {
        let made = world.panel.until("the client", crate::world::SOON, |panel| panel.clients().pop()).await.unwrap();
        world.panel.edit_client(&made.email, |fields| {
            fields.insert("totalGB".into(), serde_json::json!(1));
        });
    };
    let adel = world.admin("Adel");
    let (answer, ()) = tokio::join!(adel.approves(), edited);
    assert!(answer.contains("The panel answered: the inbound is full"), "{answer}");
    mona.waits_for("We are checking your payment").await;
    world.settles().await;
    match generation {
        Generation::V3 => assert_eq!(world.panel.clients(), [], "the undelivered client is removed"),
        // 2.x keeps an inbound's last client; it is switched off.
        _ => assert!(world.panel.clients().iter().all(|client| !client.enable), "switched off"),
    }
    world.panel.clear_faults();
    world.admin("Nadia").approves().await;
    mona.is_sent_link(0).await;
    world.finish().await;
}

#[tokio::test]
async fn a_client_made_before_the_refusal_is_removed() {
    refused_after_the_client_was_made(Generation::V2_9, false).await;
    refused_after_the_client_was_made(Generation::V3, false).await;
}

#[tokio::test]
async fn a_client_made_before_the_refusal_is_removed_also_when_that_fails_at_first() {
    refused_after_the_client_was_made(Generation::V2_9, true).await;
    refused_after_the_client_was_made(Generation::V3, true).await;
}

#[tokio::test]
async fn a_black_holed_panel_delays_nobody_else() {
    let world = World::with(|scene| scene.schedule("panel_timeout", "15s")).await;
    let (mona, karim, hoda) = (world.customer("Mona"), world.customer("Karim"), world.customer("Hoda"));
    karim.orders("Basic").await;
    karim.chooses("InstaPay").await;
    hoda.orders("Basic").await;
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.panel.black_hole(true);
    let question = world.admin("Adel").opens_approval().await;
    world.admin("Adel").starts_to_confirm(&question);
    mona.waits_for("We are preparing your access.").await;
    let start = Instant::now();
    karim.uploads("Karim's receipt").await;
    hoda.cancels().await;
    hoda.waits_for("Order cancelled").await;
    let took = start.elapsed();
    assert!(took < Duration::from_secs(2), "cancel, lock and card took {took:?}");
    world.panel.black_hole(false);
    // What the hole swallowed stays swallowed; a restart does not wait for its deadline.
    world.kill().await;
    world.start().await;
    mona.is_sent_link(0).await;
    world.finish().await;
}

#[tokio::test]
async fn what_happens_while_the_gateway_is_cut_is_not_lost() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    world.discord.cut_gateway();
    world.until("the connection to be gone", |view| (!view.bot_online()).then_some(())).await;
    mona.uploads("Mona's receipt").await;
    world.finish().await;
}

#[tokio::test]
async fn an_upload_the_gateway_never_told_of_is_found_by_reading() {
    let world = World::with(|scene| scene.schedule("ticket_scan", "300ms")).await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    world.discord.deaf(true);
    mona.posts("receipt.png", &receipt("Mona's receipt")).unwrap();
    world.discord.forget_held_events();
    world.discord.deaf(false);
    mona.is_under_review().await;
    assert_eq!(world.number("SELECT COUNT(*) FROM payment_submissions").await, 1);
    world.finish().await;
}

#[tokio::test]
async fn discord_that_fails_is_asked_again_and_nothing_is_said_twice() {
    let faults = [OnDiscord::rate_limited(0.2), OnDiscord::server_error(), OnDiscord::CutBefore, OnDiscord::CutAfter];
    for fault in faults {
        let world = World::new().await;
        let mona = world.customer("Mona");
        let what = format!("{fault:?}");
        // Each kind of call fails once when it is first made.
        world.discord.fail_next("POST", "/guilds/{guild_id}/channels", 1, fault.clone());
        world.discord.fail_next("POST", "/channels/{channel_id}/messages", 2, fault.clone());
        world.discord.fail_next("PATCH", "/channels/{channel_id}/messages", 1, fault.clone());
        mona.orders("Basic").await;
        mona.chooses("InstaPay").await;
        world.discord.fail_next("PUT", "/permissions/", 1, fault.clone());
        world.discord.fail_next("POST", &format!("/channels/{}/messages", world.guild.review), 1, fault.clone());
        mona.uploads("Mona's receipt").await;
        world.discord.fail_next("POST", "/users/@me/channels", 1, fault.clone());
        world.admin("Adel").approves().await;
        let dm = mona.is_sent_link(0).await.channel;
        world.settles().await;
        assert_eq!(mona.tickets().len(), 1, "{what}: one ticket");
        let ticket = world.sees("Mona").await;
        assert_eq!(
            (ticket.matches("· ticket)").count(), ticket.matches("· welcome").count()),
            (1, 1),
            "{what}: {ticket}"
        );
        let cards = world.discord.look(|view| view.messages(world.guild.review));
        assert_eq!(cards.iter().filter(|card| card.contains("· proof ")).count(), 1, "{what}: one card");
        assert_eq!(mona.person.dms().len(), 1, "{what}: one link in {dm}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_link_sent_without_an_answer_is_sent_once() {
    for fault in [OnDiscord::CutAfter, OnDiscord::server_error(), OnDiscord::rate_limited(0.2)] {
        let world = World::new().await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        // The conversation exists, so that its messages can be struck.
        let dm = mona.person.dm("hello", &[]).unwrap().channel;
        world.discord.fail_next("POST", &format!("/channels/{dm}/messages"), 1, fault);
        world.admin("Adel").approves().await;
        mona.is_sent_link(0).await;
        world.settles().await;
        assert_eq!(mona.person.dms().len(), 2);
        world.finish().await;
    }
}

#[tokio::test]
async fn an_order_whose_picture_nobody_has_looked_at_is_not_cancelled() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    world.settles().await;
    let reading = format!("/channels/{}/messages", mona.ticket());
    world.discord.fail_next("GET", &reading, u32::MAX, OnDiscord::server_error());
    mona.posts("receipt.png", &receipt("Mona's receipt")).unwrap();
    world.counts(1, "SELECT count(*) FROM outbox WHERE kind = 'read_ticket'").await;
    let answer = mona.cancels().await;
    assert!(answer.starts_with("A picture in the ticket is just being looked at"), "{answer}");
    world.discord.no_faults();
    mona.is_under_review().await;
    world.finish().await;
}
