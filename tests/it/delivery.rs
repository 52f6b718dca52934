//! Conversations about the link: where it waits when it cannot be sent, and who may have it.

use crate::world::World;

#[tokio::test]
async fn closed_direct_messages_leave_the_link_in_the_ticket() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.person.closes_dms();
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    insta::assert_snapshot!(world.admin("Adel").approves().await, @"Approved. Link not delivered yet: the customer's direct messages are closed. “Get my link” waits in the ticket.");
    mona.waits_for("Your direct messages are closed, so press").await;
    insta::assert_snapshot!(world.sees("Mona").await, @"
    Tollkeeper:
    │ **Your access is ready**
    │ Your direct messages are closed, so the link waits here: press “Get my link”. Only you will see it.
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
    @Mona Your access is ready. Your direct messages are closed, so press “Get my link” in the message above.
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
