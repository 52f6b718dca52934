//! Conversations over wires that break: the gateway's sessions, and the answers that staff wait
//! for.

use std::time::Duration;

use serde_json::json;
use tollkeeper::sandbox::{discord::Fault as OnDiscord, panel::Generation};

use crate::world::{Leaves, World, receipt};

/// Whatever ends a session, what was written meanwhile is read.
#[tokio::test]
async fn an_invalid_session_and_a_wish_to_reconnect_lose_nothing() {
    type End = fn(&World);
    let ends: [(&str, End); 3] = [
        ("op 9", |world| world.discord.invalidate_session()),
        ("op 7", |world| world.discord.reconnect_gateway()),
        ("a refused RESUME", |world| {
            world.discord.refuse_resume(true);
            world.discord.cut_gateway();
        }),
    ];
    for (what, end) in ends {
        let world = World::new().await;
        let mona = world.customer("Mona");
        mona.orders("Basic").await;
        mona.chooses("InstaPay").await;
        world.settles().await;
        // The event is lost with the session: only reading the ticket again finds it.
        world.discord.deaf(true);
        mona.posts("receipt.png", &receipt("Mona's receipt")).unwrap();
        world.discord.forget_held_events();
        world.discord.deaf(false);
        end(&world);
        mona.is_under_review().await;
        let answer = world.admin("Adel").approves().await;
        assert!(answer.starts_with("Approved. Link sent"), "after {what}: {answer}");
        mona.is_sent_link(0).await;
        world.finish().await;
    }
}

/// Discord promises only some of what it usually says about an application.
#[tokio::test]
async fn a_discord_that_says_only_what_it_must_is_enough() {
    let world = World::asleep(|_| {}).await;
    let body = json!({
        "id": world.discord.application_id().to_string(), "name": "Tollkeeper", "icon": null, "description": "",
        "type": null, "verify_key": "00", "flags": 1 << 19, "flags_new": "524288", "team": null, "redirect_uris": [],
        "owner": { "id": "1", "username": "hala", "discriminator": "0", "avatar": null, "global_name": null,
            "public_flags": 0, "flags": 0, "primary_guild": null },
        "interactions_endpoint_url": null, "role_connections_verification_url": null, "explicit_content_filter": 0,
        "approximate_guild_count": 1, "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0, "eligible_oauth2_scopes": [],
    });
    let answer = OnDiscord::Status { status: 200, body, headers: Vec::new() };
    world.discord.fail_next("GET", "/applications/@me", u32::MAX, answer);
    world.start().await;
    world.customer("Mona").orders("Basic").await;
    world.finish().await;
}

/// Confirm acts only if Discord took the click: otherwise nothing is spent and the same question
/// can be answered again.
#[tokio::test]
async fn a_confirmation_that_discord_did_not_take_spends_nothing() {
    for fault in
        [OnDiscord::server_error(), OnDiscord::CutBefore, OnDiscord::refused(404, 10062, "Unknown interaction")]
    {
        let world = World::new().await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        world.settles().await;
        let question = world.admin("Adel").opens_approval().await;
        let what = format!("{fault:?}");
        world.discord.fail_next("POST", "/callback", 1, fault);
        let lost = world.admin("Adel").starts_to_confirm(&question);
        world
            .until("the callback to be struck", |view| {
                let mut callbacks = view.requests().iter().filter(|it| it.info.path.ends_with("/callback"));
                let struck = callbacks.next_back().is_some_and(|it| it.status.is_none_or(|status| status >= 400));
                struck.then_some(())
            })
            .await;
        world.passes(Duration::from_secs(4));
        lost.failed().await.unwrap();
        world.settles().await;
        assert_eq!(world.word("SELECT status FROM orders").await, "payment_submitted", "{what}");
        assert_eq!(world.number("SELECT count(*) FROM admin_sessions WHERE spent_at IS NOT NULL").await, 0, "{what}");
        let answer = world.admin("Adel").confirms(&question).await;
        assert!(answer.starts_with("Approved. Link sent"), "{what}: {answer}");
        mona.is_sent_link(0).await;
        world.finish().await;
    }
}

/// A 429 is waited out, and then the click counts once.
#[tokio::test]
async fn a_confirmation_that_discord_delays_counts_once() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let question = world.admin("Adel").opens_approval().await;
    world.discord.fail_next("POST", "/callback", 1, OnDiscord::rate_limited(0.2));
    let answer = world.admin("Adel").confirms(&question).await;
    assert!(answer.starts_with("Approved. Link sent"), "{answer}");
    mona.is_sent_link(0).await;
    assert_eq!(world.number("SELECT count(*) FROM audit_logs WHERE action = 'payment.approve'").await, 1);
    world.finish().await;
}

/// The answer is lost on its way back: the decision stands, once, and the card shows it.
#[tokio::test]
async fn a_decision_whose_answer_is_lost_stands_and_the_card_says_so() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let question = world.admin("Adel").opens_approval().await;
    for fault in [OnDiscord::server_error(), OnDiscord::CutBefore] {
        world.discord.fail_next("PATCH", "/messages/@original", 3, fault);
    }
    world.admin("Adel").starts_to_confirm(&question);
    mona.is_sent_link(0).await;
    world.card("the decision", |card| card.contains("Approved by")).await;
    world.settles().await;
    world.discord.no_faults();
    assert_eq!(world.number("SELECT count(*) FROM audit_logs WHERE action = 'payment.approve'").await, 1);
    world.finish().await;
}

#[tokio::test]
async fn an_order_that_needs_a_person_waits_for_one_through_a_restart() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let email = world.has_a_stranger_under_our_name().await;
    world.admin("Adel").approves().await;
    world.admin("Adel").attention().await;
    for again in 0..2 {
        if again == 0 {
            world.restart().await;
        } else {
            world.settles().await;
            world.kill().await;
            world.start().await;
        }
        world.settles().await;
        assert_eq!(world.word("SELECT status FROM orders").await, "needs_attention");
    }
    world.panel.remove_client(&email);
    let answer = world.admin("Nadia").presses("Retry").await;
    assert!(answer.starts_with("Approved. Link sent"), "{answer}");
    mona.is_sent_link(0).await;
    world.finish().await;
}

/// The token of one question is good for that question alone: pressed as the other button it only
/// does what that button does, and then it is spent.
#[tokio::test]
async fn the_token_of_a_decline_approves_nothing() {
    let world = World::new().await;
    let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let decline = world.admin("Adel").opens_decline("Wrong amount").await;
    karim.orders_and_pays("Basic", "Karim's receipt").await;
    let approve = world.admin("Adel").opens_approval().await;
    let custom_id =
        |question: &tollkeeper::sandbox::discord::Message| question.part("Confirm").unwrap().custom_id.unwrap();
    // The token of Mona's decline under the question about Karim's approval.
    let adel = world.person("Adel");
    let forged = adel.forge_click(&approve.message, &custom_id(&decline.message)).unwrap();
    forged.reply().await.unwrap();
    mona.waits_for("Your payment proof was not accepted.").await;
    world.settles().await;
    let status = "SELECT group_concat(status, ' ') FROM (SELECT status FROM orders ORDER BY created_at)";
    assert_eq!(world.word(status).await, "pending_payment payment_submitted", "it declined what it was made for");
    let replayed = adel.forge_click(&decline.message, &custom_id(&decline.message)).unwrap();
    assert!(replayed.reply().await.unwrap().contains("already answered"));
    assert_eq!(world.panel.clients().len(), 0);
    world.finish().await;
}

/// 0 means without an end on either side, and stays so through a renewal.
#[tokio::test]
async fn what_is_unlimited_stays_unlimited_through_a_renewal() {
    for generation in [Generation::V2_9, Generation::V3] {
        let world = World::asleep(|scene| scene.generation(generation)).await;
        let path = world.config_path();
        let toml = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, toml.replace("traffic_gb = 150", "traffic_gb = 0")).unwrap();
        world.start().await;
        let mona = world.customer("Mona");
        // Limited first, then without a limit: nothing of the old quota is left in the way.
        mona.orders_and_pays("Basic", "first").await;
        world.admin("Adel").approves().await;
        mona.is_sent_link(0).await;
        mona.orders_and_pays("Premium", "second").await;
        world.admin("Adel").approves().await;
        mona.is_sent_link(1).await;
        world.settles().await;
        let client = world.panel.clients().remove(0);
        assert_eq!(client.total_bytes, 0, "unlimited");
        // Unlimited first, then a limited plan: what was without a limit is not cut.
        mona.orders_and_pays("Basic", "third").await;
        world.admin("Adel").approves().await;
        mona.is_sent_link(2).await;
        world.settles().await;
        assert_eq!(world.panel.clients().remove(0).total_bytes, 0, "still unlimited");
        // Somebody took the end away on the panel: it does not come back.
        world.panel.edit_client(&client.email, |row| {
            row.insert("expiryTime".to_owned(), json!(0));
        });
        mona.orders_and_pays("Premium", "fourth").await;
        world.admin("Adel").approves().await;
        mona.is_sent_link(3).await;
        world.settles().await;
        let client = world.panel.clients().remove(0);
        assert_eq!((client.expiry_ms, client.total_bytes, client.enable), (0, 0, true));
        world.finish_but(Leaves { changed: &[&client.email], ..Leaves::default() }).await;
    }
}
