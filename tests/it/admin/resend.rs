//! `/admin user-resend`.

use serde_json::json;
use tollkeeper::sandbox::discord::{Fault, Gate};

use super::{GENERATIONS, sold};
use crate::world::World;

#[tokio::test]
async fn the_link_goes_to_the_customer_and_to_nobody_else() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let (mona, salma) = (world.customer("Mona"), world.admin("Salma"));
        let first = mona.is_sent_link(0).await;
        let user = json!({ "user": mona.person.id().to_string() });
        let answer = salma.desk("user-resend", user.clone()).await;
        let done = answer.render_text();
        assert!(done.contains("The link is in the direct messages of @Mona.") || answer.thinking, "{done}");
        let second = mona.is_sent_link(1).await;
        assert_eq!(second.content, first.content, "the same link");
        assert!(!done.contains("vless://"));
        mona.person.closes_dms();
        let asked = salma.person.slash(world.guild.lobby, "admin user-resend", user).expect("they may ask");
        let closed =
            asked.until("that messages are closed", |message| message.contains("takes no direct message")).await;
        assert!(closed.expect("an answer").contains("/link"), "and what the customer can do");
        world.finish().await;
    }
}

/// How often the customer has the link.
fn links(world: &World) -> usize {
    world.person("Mona").dms().iter().filter(|message| message.contains("vless://")).count()
}

#[tokio::test]
async fn whatever_discord_answers_the_link_comes_once() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let user = json!({ "user": world.person("Mona").id().to_string() });
        for (n, fault) in [Fault::CutAfter, Fault::server_error(), Fault::CutBefore].into_iter().enumerate() {
            let said = format!("{generation:?} {fault:?}");
            world.discord.fail_next("POST", "/messages", 1, fault);
            let asked = world.person("Salma").slash(world.guild.lobby, "admin user-resend", user.clone());
            let answer = asked.expect("they may ask").until("how it went", |message| !message.thinking).await;
            let answer = answer.expect("an answer").render_text();
            assert_eq!(answer, "The link is in the direct messages of @Mona.", "{said}");
            world.settles().await;
            assert_eq!(links(&world), n + 2, "{said}");
            world.discord.no_faults();
        }
        assert_eq!(world.number("SELECT count(*) FROM audit_logs WHERE action = 'link.resent'").await, 3);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_link_that_was_being_sent_when_the_process_died_comes_once() {
    for generation in GENERATIONS {
        let world = sold(generation).await;
        let user = json!({ "user": world.person("Mona").id().to_string() });
        // Discord has the message and the answer is under way, or has not begun to read it.
        for (n, taken) in [true, false].into_iter().enumerate() {
            let gate = Gate::new();
            let held = if taken { Fault::HoldAfter(gate.clone()) } else { Fault::HoldBefore(gate.clone()) };
            world.discord.fail_next("POST", "/messages", 1, held);
            world.person("Salma").slash(world.guild.lobby, "admin user-resend", user.clone()).expect("they may ask");
            world.until("the message to be on its way", |_| (gate.waiting() == 1).then_some(())).await;
            assert_eq!(links(&world), n + 1 + usize::from(taken));
            world.kill().await;
            // As if it had been away for longer: what was sent must be found, not sent again.
            world.discord.forget_nonces();
            world.start().await;
            world
                .counts(i64::try_from(n + 1).unwrap(), "SELECT count(*) FROM audit_logs WHERE action = 'link.resent'")
                .await;
            world.settles().await;
            assert_eq!(links(&world), n + 2, "{generation:?}, taken: {taken}");
            world.discord.no_faults();
        }
        world.finish().await;
    }
}

#[tokio::test]
async fn there_must_be_a_link() {
    let world = World::new().await;
    let (mona, salma) = (world.customer("Mona"), world.admin("Salma"));
    mona.orders("Basic").await;
    let user = json!({ "user": mona.person.id().to_string() });
    assert_eq!(
        salma.desk("user-resend", user.clone()).await.render_text().trim(),
        "@Mona has no access on a panel yet."
    );
    let hoda = world.admin("Hoda");
    assert_eq!(hoda.desk("user-resend", user).await.content, "Only our team can use this.");
    world.finish().await;
}
