//! Conversations about the link: where it waits when it cannot be sent, and who may have it.

use serde_json::json;
use tollkeeper::sandbox::panel::Generation;

use crate::world::World;

#[tokio::test]
async fn closed_direct_messages_leave_the_link_in_the_ticket() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.person.closes_dms();
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    insta::assert_snapshot!(world.admin("Adel").approves().await, @"Approved. Link not delivered yet: Discord takes no direct message to the customer. “Get my link” waits in the ticket.");
    mona.waits_for("We cannot send you direct messages, so press").await;
    insta::assert_snapshot!(world.sees("Mona").await, @"
    Tollkeeper:
    │ **Your access is ready**
    │ We cannot send you direct messages, so the link waits here: press “Get my link”. Only you will see it.
    │ Plan: Basic · 30 days · 50 GB
    │ Order ID: `ORDER`
    │ (order ORDER · ticket)
    [Get my link]

    Tollkeeper:
    @Mona Welcome! This is your private ticket. Choose how you would like to pay in the message above.
    -# order ORDER · welcome

    Mona:
    📎 receipt.png

    Tollkeeper:
    @Mona Your access is ready. We cannot send you direct messages, so press “Get my link” in the message above.
    -# order ORDER · link
    ");
    let link = mona.gets_link().await;
    assert!(link.contains("vless://"), "{link}");
    world.card("the card to say so", |card| card.contains("Link fetched by the customer, <time f>")).await;
    assert_eq!(mona.link().await.lines().nth(1), link.lines().nth(1), "/link gives the same");
    let staff = world.conversation("Adel", mona.ticket()).await;
    assert!(!staff.contains("vless://"), "nobody else sees it: {staff}");
    world.finish().await;
}

#[tokio::test]
async fn the_link_is_there_for_its_owner_for_ever_and_for_nobody_else() {
    let world = World::new().await;
    let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
    assert_eq!(mona.link().await, "You have no VPN access yet. Use /order to get one.");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    let email = world.word("SELECT email FROM subscriptions").await;
    world.panel.set_traffic(&email, 1 << 30, 1 << 30);
    insta::assert_snapshot!(world.tidied(&mona.link().await).await, @"
    ```
    vless://UUID@vpn.example.com:20001?encryption=none&flow=xtls-rprx-vision&fp=chrome&pbk=vgsyG_10G2GFjE9JYjvYcOsmfW5mfpim2Cyi3kcHHmA&security=reality&sid=6ba85179e30d4fc2&sni=reality.test&spx=%2F&type=tcp#Nile%20VPN%20order
    ```
    │ **Your VPN access**
    │ The text above is your personal link. Copy it, or scan the picture below with another phone.
    │ Please share it with nobody: whoever has it uses up your traffic.
    │ Plan: Basic
    │ Valid until: <time f> (<time R>)
    │ Traffic: 2 GB used of 50 GB (as of <time R>)
    │ Subscription link: `http://panel.test/sub/SUBSCRIPTION`
    │ On Android:
    │ 1. Install **v2rayNG** from Google Play.
    │ 2. Copy your link, open the app, press **+** and choose “Import config from clipboard”.
    │ 3. Press the round button at the bottom and allow the connection.
    │ On iPhone:
    │ 1. Install **Streisand** or **V2Box** from the App Store.
    │ 2. Copy your link, open the app, press **+** and choose the import from the clipboard.
    │ 3. Press the connect button and allow the connection.
    │ [image qr.png]
    ");
    assert_eq!(karim.link().await, "You have no VPN access yet. Use /order to get one.");
    // The panel is not needed for it.
    world.panel.down().await;
    assert!(mona.link().await.contains("vless://"));
    world.panel.up().await.unwrap();
    world.finish().await;
}

/// The link in a message.
fn link_in(text: &str) -> &str {
    text.split_whitespace().find(|word| word.starts_with("vless://")).unwrap_or_default()
}

#[tokio::test]
async fn a_link_is_what_the_panel_says_when_it_is_asked_for() {
    for generation in [Generation::V2_9, Generation::V3] {
        let world = World::with(|scene| scene.generation(generation)).await;
        let mona = world.customer("Mona");
        mona.owns_basic().await;
        let sold = mona.gets_link().await;
        // The owner moves the inbound and gives it another key.
        let mut inbound = world.panel.inbound(1).expect("it is there");
        inbound.port = 4443;
        inbound.stream["realitySettings"]["settings"]["publicKey"] = json!("another-key");
        world.panel.set_inbound(&inbound);
        let moved = mona.link().await;
        let link = link_in(&moved);
        assert!(
            link.contains("@vpn.example.com:4443?") && link.contains("&pbk=another-key&"),
            "{generation:?}: {link}"
        );
        assert_ne!(link, link_in(&sold));
        inbound.port = 5443;
        world.panel.set_inbound(&inbound);
        assert!(mona.gets_link().await.contains("@vpn.example.com:5443?"), "{generation:?}");
        inbound.port = 6443;
        world.panel.set_inbound(&inbound);
        let user = json!({ "user": mona.person.id().to_string() });
        world.admin("Salma").desk("user-resend", user).await;
        assert!(mona.is_sent_link(1).await.contains("@vpn.example.com:6443?"), "{generation:?}");
        // While it is silent, the last that was known, with its time.
        world.settles().await;
        world.panel.down().await;
        for last in [mona.link().await, mona.gets_link().await] {
            assert!(last.contains("@vpn.example.com:6443?"), "{last}");
            assert!(last.contains("does not answer right now, so this is your link as of"), "{last}");
        }
        assert!(!moved.contains("does not answer"), "it is of now");
        world.panel.up().await.expect("it comes back");
        world.finish().await;
    }
}
