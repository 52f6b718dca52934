//! Conversations about room for tickets: categories that are full, and a bot that may not make any.

use tollkeeper::sandbox::discord::{Overwrite, Target, permission};

use crate::world::World;

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
    let menu = mona.asks_for_plans().await;
    let chosen = mona.person.select(&menu, &["Basic"]).unwrap();
    let told = chosen.until("that there is no room", |message| message.contains("All our places")).await.unwrap();
    insta::assert_snapshot!(told.render_text(), @"All our places for new orders are taken right now. Please try again later; our team knows about it.");
    insta::assert_snapshot!(world.dms("Omar").await, @"
    Tollkeeper:
    No ticket category has room for another channel, so order `ORDER` was cancelled and the customer was told to try later.
    Add a category to `overflow_category_ids`, or delete old channels by hand.
    -# owner · room
    ");
    assert_eq!(world.word("SELECT status FROM orders").await, "cancelled");
    // It does not count against the limit and nothing is in the way of the next order.
    assert!(mona.asks_for_plans().await.part("Choose a plan").is_some());
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
    insta::assert_snapshot!(world.dms("Omar").await, @"
    Tollkeeper:
    Discord refused to open a ticket, so order `ORDER` was cancelled and the customer was told to try later.
    Run `tollkeeper check`: it says which permission is missing where.
    -# owner · ticket
    ");
    world.finish().await;
}

/// Fills a category of tickets.
fn fill(world: &World, category: usize) {
    for n in 0..50 {
        world.discord.text_channel(&format!("old-{n}"), Some(world.guild.tickets[category]), &[]);
    }
}
