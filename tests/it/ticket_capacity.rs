//! Conversations about room for tickets: categories that are full, and a bot that may not make any.

use std::time::Duration;

use tollkeeper::sandbox::discord::{Id, Overwrite, Target, permission};

use crate::world::{Customer, World};

#[tokio::test]
async fn a_full_category_overflows_into_the_next() {
    let world = World::asleep(|scene| scene.overflow = 1).await;
    fill(&world, 0);
    world.start().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    let ticket = mona.tickets().pop().unwrap();
    assert_eq!(ticket.parent, Some(world.guild.tickets[1]));
    world.finish().await;
}

#[tokio::test]
async fn where_no_category_has_room_the_customer_and_the_owner_are_told() {
    let world = World::new().await;
    world.inspected().await;
    fill(&world, 0);
    let mona = world.customer("Mona");
    let told = sent_away(&mona).await;
    insta::assert_snapshot!(told, @"All our places for new orders are taken right now. Please try again later; our team knows about it.");
    let omar = world.person("Omar").id();
    world.until("the owner to be told", |view| view.dms_of(omar).first().map(|_| ())).await;
    insta::assert_snapshot!(world.dms("Omar").await, @"
    Tollkeeper:
    No ticket category has room for another channel. Customers who want to order are told to try later.
    Add a category to `overflow_category_ids`, or delete old channels by hand.
    -# owner · room
    ");
    // However often they try, nothing is written down, and owners read of it once an hour.
    let rows = "SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM audit_logs)";
    world.settles().await;
    let before = world.number(rows).await;
    for _ in 0..5 {
        sent_away(&mona).await;
    }
    world.settles().await;
    assert_eq!(world.number(rows).await, before);
    assert_eq!(world.person("Omar").dms().len(), 1);
    world.passes(Duration::from_mins(61));
    sent_away(&mona).await;
    world.until("the owner to be told once more", |view| (view.dms_of(omar).len() == 2).then_some(())).await;
    assert_eq!(world.number(rows).await, before);
    // Once there is room, nothing is in the way of the next order.
    let full = world.discord.look(|view| view.channels_in(world.guild.tickets[0]));
    world.discord.owner().deletes_channel(full[0].id).unwrap();
    mona.orders("Basic").await;
    world.finish().await;
}

/// Chooses a plan and reads that there is no room.
async fn sent_away(customer: &Customer<'_>) -> String {
    let menu = customer.asks_for_plans().await;
    let chosen = customer.person.select(&menu, &["Basic"]).unwrap();
    let told = chosen.until("that there is no room", |message| message.contains("All our places")).await;
    told.unwrap().render_text()
}

/// The tickets of orders that ended unpaid go first, and at once.
#[tokio::test]
async fn nine_people_who_order_and_cancel_close_no_shop() {
    let world = World::new().await;
    world.inspected().await;
    for n in 0..41 {
        world.discord.text_channel(&format!("old-{n}"), Some(world.guild.tickets[0]), &[]);
    }
    let sold = world.customer("Karim");
    sold.owns_basic().await;
    let kept = sold.ticket();
    let mut cancelled = Vec::new();
    for _ in 0..9 {
        let customer = Customer { world: &world, person: world.discord.member("Visitor", &[]), name: "Visitor" };
        customer.orders("Basic").await;
        cancelled.push(customer.ticket());
        customer.cancels().await;
        world.settles().await;
    }
    let is_there = |channel: Id| world.discord.look(|view| view.channel(channel).is_some());
    assert!(!is_there(cancelled[0]), "the ninth found no room but this");
    let hoda = world.customer("Hoda");
    hoda.orders("Basic").await;
    assert!(!is_there(cancelled[1]), "the oldest of those that were cancelled went");
    assert!(is_there(cancelled[2]) && is_there(kept));
    assert_eq!(world.person("Omar").dms().len(), 0, "there is nothing to tell an owner");
    world.finish().await;
}

#[tokio::test]
async fn where_the_bot_may_not_make_tickets_the_customer_and_the_owner_are_told() {
    let world = World::new().await;
    world.inspected().await;
    world.discord.set_bot_permissions(permission::BOT & !permission::MANAGE_CHANNELS);
    for category in &world.guild.tickets {
        let bot = world.discord.bot_id();
        let allow = permission::VIEW_CHANNEL;
        world.discord.set_overwrite(*category, Overwrite { id: bot, target: Target::Member, allow, deny: 0 });
    }
    let mona = world.customer("Mona");
    let menu = mona.asks_for_plans().await;
    let chosen = mona.person.select(&menu, &["Basic"]).unwrap();
    let told = chosen.until("that there is no ticket", |message| message.contains("could not open")).await.unwrap();
    insta::assert_snapshot!(told.render_text(), @"We could not open a ticket for you, so your order was cancelled. Please try again later; our team knows about it.");
    let told = world.dms("Omar").await;
    for part in [
        "Discord refused to open a ticket, so order `ORDER` was cancelled and the customer was told to try later.",
        "The bot lacks a permission. `tollkeeper check` says which is missing where;",
        "The bot's role does not have: Manage Channels.",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    world.finish().await;
}

/// Trying again and again leaves three orders, not one for each try.
#[tokio::test]
async fn who_tries_again_and_again_where_no_ticket_can_be_made_reaches_the_limit() {
    let world = World::with(|scene| scene.limit("order", "\"1/10m\"")).await;
    world.inspected().await;
    world.discord.set_bot_permissions(permission::BOT & !permission::MANAGE_CHANNELS);
    for category in &world.guild.tickets {
        let bot = world.discord.bot_id();
        let allow = permission::VIEW_CHANNEL;
        world.discord.set_overwrite(*category, Overwrite { id: bot, target: Target::Member, allow, deny: 0 });
    }
    let mona = world.customer("Mona");
    for _ in 0..3 {
        let menu = mona.asks_for_plans().await;
        let chosen = mona.person.select(&menu, &["Basic"]).unwrap();
        chosen.until("that there is no ticket", |message| message.contains("could not open")).await.unwrap();
    }
    let told = mona.asks_for_plans().await;
    assert!(told.contains("You ordered a short while ago"), "{}", told.render_text());
    world.counts(3, "SELECT count(*) FROM orders").await;
    world.passes(Duration::from_mins(10));
    assert!(mona.asks_for_plans().await.contains("Premium"));
    world.finish().await;
}

/// Fills a category of tickets.
fn fill(world: &World, category: usize) {
    for n in 0..50 {
        world.discord.text_channel(&format!("old-{n}"), Some(world.guild.tickets[category]), &[]);
    }
}
