//! `/admin user-resend`.

use serde_json::json;

use super::{GENERATIONS, sold};

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
            asked.until("that messages are closed", |message| message.contains("has closed their direct")).await;
        assert!(closed.expect("an answer").contains("/link"), "and what the customer can do");
        world.finish().await;
    }
}

#[tokio::test]
async fn there_must_be_a_link() {
    let world = crate::world::World::new().await;
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
