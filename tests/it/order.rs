//! Conversations about ordering: from `/order` to the link.

use crate::world::World;

#[tokio::test]
async fn an_order_is_paid_approved_and_delivered() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders("Premium").await;
    mona.chooses("Vodafone Cash").await;
    mona.uploads("Mona's receipt").await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    insta::assert_snapshot!(world.sees("Mona").await, @"
    Tollkeeper:
    │ **Your access is ready**
    │ We sent you the link by direct message <time R>. You can also get it here.
    │ Plan: Premium · 30 days · 150 GB
    │ Order ID: `ORDER`
    │ This ticket is deleted: <time R>
    │ (order ORDER · ticket)
    [Get my link]

    Tollkeeper:
    @Mona Welcome! This is your private ticket. Choose how you would like to pay in the message above.
    -# order ORDER · welcome

    Mona:
    📎 receipt.png
    ");
    insta::assert_snapshot!(world.dms("Mona").await, @"
    Tollkeeper:
    ```
    vless://UUID@vpn.example.com:20001?encryption=none&flow=xtls-rprx-vision&fp=chrome&pbk=vgsyG_10G2GFjE9JYjvYcOsmfW5mfpim2Cyi3kcHHmA&security=reality&sid=6ba85179e30d4fc2&sni=reality.test&spx=%2F&type=tcp#Nile%20VPN%20ORDER
    ```
    │ **Your VPN access is ready**
    │ The text above is your personal link. Copy it, or scan the picture below with another phone.
    │ Please share it with nobody: whoever has it uses up your traffic.
    │ Plan: Premium
    │ Valid until: <time f> (<time R>)
    │ Traffic: 150 GB
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
    │ (order ORDER · link)
    ");
    insta::assert_snapshot!(world.cards().await, @"
    Tollkeeper:
    │ **Approved and delivered**
    │ Customer: @Mona · Mona
    │ Plan: Premium · 30 days · 150 GB
    │ Amount (EGP): `250`
    │ Payment method: Vodafone Cash
    │ Ticket: #order-order
    │ Order ID: `ORDER`
    │ Attempts left after this one: 2
    │ Submitted: <time f>, <time R>
    │ Decision: Approved by @Adel, <time f>
    │ Given: New access until <time f>, 150 GB
    │ Delivery: Link sent by direct message, <time f>
    │ [image proof.jpg]
    │ (order ORDER · proof 1)

    Tollkeeper:
    Approved. Link sent by direct message, <time f>
    ");
    world.finish().await;
}
