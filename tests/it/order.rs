//! Conversations about ordering: from `/order` to the link.

use std::time::Duration;

use tollkeeper::sandbox::{discord::Fault, panel::Generation};

use crate::world::{World, receipt};

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
    │ This ticket will be deleted: <time R>
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
    vless://UUID@vpn.example.com:20001?encryption=none&flow=xtls-rprx-vision&fp=chrome&pbk=vgsyG_10G2GFjE9JYjvYcOsmfW5mfpim2Cyi3kcHHmA&security=reality&sid=6ba85179e30d4fc2&sni=reality.test&spx=%2F&type=tcp#Nile%20VPN%20order
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
    │ Submitted: <time f>, <time R>
    │ History:
    │ This is their first order.
    │ Account made <time R>; in this server since <time R>.
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

#[tokio::test]
async fn panels_of_every_generation_are_sold_from() {
    for generation in [Generation::V2_6, Generation::V2_8, Generation::V2_9] {
        let world = World::with(|scene| scene.generation(generation)).await;
        let karim = world.customer("Karim");
        karim.orders_and_pays("Basic", "Karim's receipt").await;
        let answer = world.admin("Adel").approves().await;
        assert!(answer.starts_with("Approved. Link sent by direct message"), "{generation:?}: {answer}");
        karim.is_sent_link(0).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_panel_of_today_is_also_sold_from_with_a_login() {
    let world = World::with(|scene| scene.token = false).await;
    let karim = world.customer("Karim");
    karim.orders_and_pays("Basic", "Karim's receipt").await;
    world.admin("Adel").approves().await;
    karim.is_sent_link(0).await;
    world.finish().await;
}

#[tokio::test]
async fn the_ticket_leads_step_by_step_to_the_payment() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    let told = mona.orders("Basic").await;
    insta::assert_snapshot!(world.tidied(&told.render_text()).await, @"
    Your order: Basic · 30 days · 50 GB
    Your private ticket is open: #order-order
    ");
    insta::assert_snapshot!(world.sees("Mona").await, @"
    Tollkeeper:
    │ **How would you like to pay?**
    │ Choose a payment method below. You then see where to send the money.
    │ Amount (EGP): `100`
    │ Plan: Basic · 30 days · 50 GB
    │ Attempts left: 3
    │ Order ends: <time R>
    │ (order ORDER · ticket)
    [Choose a payment method ▾: Vodafone Cash | InstaPay]
    [Cancel order]

    Tollkeeper:
    @Mona Welcome! This is your private ticket. Choose how you would like to pay in the message above.
    -# order ORDER · welcome
    ");
    mona.chooses("InstaPay").await;
    mona.chooses("Vodafone Cash").await;
    insta::assert_snapshot!(world.tidied(&mona.status().render_text()).await, @"
    │ **Pay with Vodafone Cash**
    │ Send 100 EGP to 01000000000, then upload a screenshot of the receipt here.
    │ 
    │ After paying, send a screenshot of the payment here in this ticket.
    │ Amount (EGP): `100`
    │ Account: `01000000000`
    │ Account holder: `Ahmed M.`
    │ Order ID: `ORDER`
    │ Plan: Basic · 30 days · 50 GB
    │ Attempts left: 3
    │ Order ends: <time R>
    │ (order ORDER · ticket)
    [Choose a payment method ▾: Vodafone Cash | InstaPay]
    [Cancel order]
    ");
    mona.uploads("Mona's receipt").await;
    world.settles().await;
    insta::assert_snapshot!(world.tidied(&mona.status().render_text()).await, @"
    │ **We are checking your payment**
    │ Thank you, we have your screenshot. Our team looks at it and you are mentioned here as soon as it is decided.
    │ You do not need to do anything. Until then nobody but our team can write here.
    │ Plan: Basic · 30 days · 50 GB
    │ Order ID: `ORDER`
    │ (order ORDER · ticket)
    ");
    insta::assert_snapshot!(world.cards().await, @"
    Tollkeeper:
    │ **Payment to review**
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
    │ [image proof.jpg]
    │ (order ORDER · proof 1)
    [Approve] [Decline] [Amount differs] [More]
    ");
    assert!(mona.posts("more.png", &receipt("more")).is_err(), "the ticket is locked");
    world.finish().await;
}

#[tokio::test]
async fn an_order_is_taken_back_and_another_one_made() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    let again = mona.asks_for_plans().await;
    insta::assert_snapshot!(world.tidied(&again.render_text()).await, @"
    │ **You already have an open order**
    │ Continue in your ticket. If you want something else, cancel this order first.
    │ Plan: Basic · 30 days · 50 GB
    │ Ticket: #order-order
    │ State: waiting for payment
    [Cancel order]
    ");
    insta::assert_snapshot!(mona.cancels().await, @"Your order is cancelled. If you have already sent money, please write to our team. You can order again with /order at any time.");
    insta::assert_snapshot!(world.sees("Mona").await, @"
    Tollkeeper:
    │ **Order cancelled**
    │ You cancelled this order. If you have already sent money, please write to our team. You can order again with /order at any time.
    │ Plan: Basic · 30 days · 50 GB
    │ Order ID: `ORDER`
    │ This ticket will be deleted: <time R>
    │ (order ORDER · ticket)

    Tollkeeper:
    @Mona Welcome! This is your private ticket. Choose how you would like to pay in the message above.
    -# order ORDER · welcome

    Tollkeeper:
    Your order is cancelled. If you have already sent money, please write to our team. You can order again with /order at any time.
    ");
    assert!(mona.posts("late.png", &receipt("late")).is_err(), "the ticket is closed");
    // From the open order that `/order` shows, Cancel works as well.
    mona.orders("Premium").await;
    let again = mona.asks_for_plans().await;
    let cancel = mona.person.click(&again, "Cancel order").unwrap();
    assert!(cancel.reply().await.unwrap().contains("Your order is cancelled."));
    mona.waits_for("Order cancelled").await;
    world.finish().await;
}

#[tokio::test]
async fn two_clicks_on_a_plan_are_one_order() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    let menu = mona.asks_for_plans().await;
    let clicks = [mona.person.select(&menu, &["Basic"]).unwrap(), mona.person.select(&menu, &["Premium"]).unwrap()];
    for click in clicks {
        click.reply().await.unwrap();
    }
    mona.waits_for("Welcome!").await;
    world.settles().await;
    assert_eq!(mona.tickets().len(), 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM orders").await, 1);
    world.finish().await;
}

#[tokio::test]
async fn an_order_whose_answer_was_lost_is_found_by_ordering_again() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    let menu = mona.asks_for_plans().await;
    world.discord.fail_next("POST", "/callback", 1, Fault::CutBefore);
    mona.person.select(&menu, &["Basic"]).unwrap();
    mona.waits_for("Welcome!").await;
    let again = mona.asks_for_plans().await;
    assert!(again.contains("You already have an open order") && again.contains("#order-"), "{}", again.render_text());
    world.finish().await;
}

#[tokio::test]
async fn without_the_message_content_intent_a_command_takes_the_receipt() {
    let world = World::with(|scene| scene.message_content = false).await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    assert!(mona.status().contains("type `/proof` here"), "{}", mona.status().render_text());
    let elsewhere = [("image", "receipt.png", &*receipt("Mona's receipt"))];
    let lost = mona.person.slash_with(world.guild.lobby, "proof", serde_json::json!({}), &elsewhere).unwrap();
    let lost = lost.reply().await.unwrap().render_text();
    assert!(lost.starts_with("Please send the screenshot in your ticket: #order-"), "{lost}");
    insta::assert_snapshot!(mona.proves("Mona's receipt").await.render_text(), @"Thank you, we have your screenshot. Our team checks it and you are mentioned in the ticket as soon as it is decided.");
    mona.is_under_review().await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    world.finish().await;
}

#[tokio::test]
async fn an_order_that_is_never_paid_expires() {
    let world = World::with(|scene| scene.schedule("order_scan", "100ms")).await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    world.passes(Duration::from_hours(25));
    mona.waits_for("Order expired").await;
    world.settles().await;
    insta::assert_snapshot!(world.tidied(&mona.status().render_text()).await, @"
    │ **Order expired**
    │ No payment proof arrived in time, so this order is closed.
    │ If you have already paid, please write to our team before you order again.
    │ Plan: Basic · 30 days · 50 GB
    │ Order ID: `ORDER`
    │ This ticket will be deleted: <time R>
    │ (order ORDER · ticket)
    ");
    assert!(mona.posts("late.png", &receipt("late")).is_err(), "the ticket is closed");
    world.finish().await;
}

#[tokio::test]
async fn tickets_go_when_their_time_is_over() {
    let world = World::new().await;
    let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    karim.orders("Basic").await;
    karim.cancels().await;
    karim.waits_for("Order cancelled").await;
    let (monas, karims) = (mona.ticket(), karim.ticket());
    world.settles().await;
    world.stop().await;
    world.passes(Duration::from_hours(2));
    world.start().await;
    world.until("Karim's ticket to be gone", |view| view.channel(karims).is_none().then_some(())).await;
    assert_eq!(mona.tickets().len(), 1, "a completed one stays for a day");
    world.settles().await;
    world.stop().await;
    world.passes(Duration::from_hours(23));
    world.start().await;
    world.until("Mona's ticket to be gone", |view| view.channel(monas).is_none().then_some(())).await;
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_deleted_by_hand_cancels_what_is_unpaid_and_keeps_what_is_paid() {
    let world = World::new().await;
    let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
    mona.orders("Basic").await;
    world.discord.owner().deletes_channel(mona.ticket()).unwrap();
    karim.orders_and_pays("Basic", "Karim's receipt").await;
    world.discord.owner().deletes_channel(karim.ticket()).unwrap();
    let mut statuses = String::new();
    while statuses != "cancelled payment_submitted" {
        world.settles().await;
        statuses =
            world.word("SELECT group_concat(status, ' ') FROM (SELECT status FROM orders ORDER BY created_at)").await;
    }
    world.admin("Adel").approves().await;
    karim.is_sent_link(0).await;
    assert!(mona.asks_for_plans().await.part("Choose a plan").is_some(), "Mona may order again");
    world.finish().await;
}

#[tokio::test]
async fn orders_are_limited() {
    let world = World::with(|scene| scene.limit("order", "\"1/10m\"")).await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.cancels().await;
    let refused = mona.asks_for_plans().await.render_text();
    insta::assert_snapshot!(refused, @"You ordered a short while ago. You can order again <time R>.");
    world.passes(Duration::from_mins(11));
    assert!(mona.asks_for_plans().await.part("Choose a plan").is_some());
    world.finish().await;
}
