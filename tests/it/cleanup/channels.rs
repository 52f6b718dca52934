//! Tickets that were deleted by hand, channels that nobody remembers, and orders without a ticket.

use std::time::Duration;

use tollkeeper::sandbox::discord::{Fault, Id, permission};

use super::tidy;
use crate::world::{World, receipt};

/// Longer than a channel may be younger than the row that names it.
const SETTLED: Duration = Duration::from_mins(11);

impl World {
    fn is_there(&self, channel: Id) -> bool {
        self.discord.look(|view| view.channel(channel).is_some())
    }

    async fn goes(&self, what: &str, channel: Id) {
        self.until(what, |view| view.channel(channel).is_none().then_some(())).await;
    }

    /// A channel with a topic, as a ticket has it.
    fn channel_about(&self, name: &str, topic: &str) -> Id {
        let channel = self.discord.text_channel(name, Some(self.guild.tickets[0]), &self.discord.private());
        self.discord.set_topic(channel, topic);
        channel
    }

    /// Waits until the sweep has looked at everything twice since now.
    async fn is_swept(&self) {
        for _ in 0..2 {
            let lists = |view: &tollkeeper::sandbox::discord::View<'_>| {
                let route = "/guilds/{guild_id}/channels";
                view.requests().iter().filter(|it| it.info.method == "GET" && it.info.route == route).count()
            };
            let before = self.discord.look(lists);
            self.until("another sweep", |view| (lists(view) > before).then_some(())).await;
        }
        self.settles().await;
    }
}

#[tokio::test]
async fn a_ticket_deleted_by_hand_while_the_bot_was_away_is_noticed_in_every_state() {
    let world = tidy().await;
    let (mona, karim, hoda) = (world.customer("Mona"), world.customer("Karim"), world.customer("Hoda"));
    hoda.orders_and_pays("Basic", "Hoda's receipt").await;
    world.admin("Adel").approves().await;
    hoda.is_sent_link(0).await;
    mona.orders("Basic").await;
    karim.orders_and_pays("Basic", "Karim's receipt").await;
    world.settles().await;
    assert!(world.number("SELECT count(*) FROM bot_messages").await >= 3, "each was welcomed");
    world.stop().await;
    for customer in [&mona, &karim, &hoda] {
        world.discord.owner().deletes_channel(customer.ticket()).unwrap();
    }
    world.start().await;
    world.counts(0, "SELECT count(*) FROM orders WHERE channel_id IS NOT NULL").await;
    world.counts(0, "SELECT count(*) FROM bot_messages").await;
    let status = "SELECT group_concat(status, ' ') FROM (SELECT status FROM orders ORDER BY created_at)";
    assert_eq!(world.word(status).await, "completed cancelled payment_submitted");
    mona.orders("Premium").await;
    world.admin("Adel").approves().await;
    karim.is_sent_link(0).await;
    world.finish().await;
}

#[tokio::test]
async fn a_declined_customer_whose_ticket_is_gone_reads_why_in_a_new_one() {
    let world = tidy().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "blurred").await;
    let first = mona.ticket();
    world.discord.owner().deletes_channel(first).unwrap();
    world.counts(0, "SELECT count(*) FROM orders WHERE channel_id IS NOT NULL").await;
    world.settles().await;
    assert_eq!(mona.tickets().len(), 0, "there is nothing to say");
    world.admin("Adel").declines("Screenshot not readable").await;
    mona.waits_for("Your payment proof was not accepted.").await;
    assert_ne!(mona.ticket(), first);
    mona.uploads("sharp").await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    world.finish().await;
}

#[tokio::test]
async fn a_customer_who_is_declined_for_good_reads_why_although_the_ticket_was_deleted() {
    let world = World::with(|scene| {
        super::often(scene);
        scene.limit("upload_attempts", "1");
        scene.schedule("ticket_delete_after", "3h");
    })
    .await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "blurred").await;
    world.discord.owner().deletes_channel(mona.ticket()).unwrap();
    world.counts(0, "SELECT count(*) FROM orders WHERE channel_id IS NOT NULL").await;
    world.admin("Adel").declines("Screenshot not readable").await;
    mona.waits_for("and this order is closed").await;
    let ticket = mona.ticket();
    assert_eq!(mona.person.permissions(ticket) & permission::SEND_MESSAGES, 0, "there is nothing to send any more");
    // It stays as long as the configuration says, and is not made again when it is gone.
    world.passes(Duration::from_hours(2));
    world.settles().await;
    assert!(world.is_there(ticket));
    world.passes(Duration::from_mins(61));
    world.goes("the ticket to be gone", ticket).await;
    world.is_swept().await;
    assert_eq!(mona.tickets().len(), 0);
    world.finish().await;
}

#[tokio::test]
async fn channels_that_nobody_needs_go_and_all_others_are_left_alone() {
    let world = tidy().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    let order = world.word("SELECT id FROM orders").await;
    let ticket = mona.ticket();
    let second = world.channel_about("order-again", &format!("Tollkeeper order {order}"));
    let unknown = world.channel_about("order-unknown", "Tollkeeper order 0000000000");
    let like_it = world.channel_about("order-like", &format!("about Tollkeeper order {order}"));
    let unmarked = world.channel_about("order-of-ours", "a place to talk");
    world.is_swept().await;
    assert!(world.is_there(second), "what is being made is left alone");
    world.passes(SETTLED);
    world.goes("the second channel of one order", second).await;
    world.is_swept().await;
    for kept in [ticket, unknown, like_it, unmarked, world.guild.lobby, world.guild.review] {
        assert!(world.is_there(kept));
    }
    let told = world.dms("Omar").await;
    assert_eq!(told.matches("its order is not in the database").count(), 1, "once: {told}");
    world.restart().await;
    world.is_swept().await;
    assert_eq!(world.person("Omar").dms().len(), 1, "also after a restart");
    mona.chooses("Vodafone Cash").await;
    mona.uploads("Mona's receipt").await;
    world.finish().await;
}

#[tokio::test]
async fn a_channel_that_cannot_be_deleted_stops_no_other() {
    let world = tidy().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    let topic = format!("Tollkeeper order {}", world.word("SELECT id FROM orders").await);
    let (broken, second) = (world.channel_about("order-a", &topic), world.channel_about("order-b", &topic));
    let path = format!("/channels/{broken}");
    world.discord.on_request(move |asked| {
        let hit = asked.method == "DELETE" && asked.path.ends_with(&path);
        if hit { Fault::server_error() } else { Fault::None }
    });
    world.passes(SETTLED);
    world.goes("the other one", second).await;
    world.discord.no_faults();
    world.goes("and then this one", broken).await;
    world.finish().await;
}

#[tokio::test]
async fn an_order_whose_ticket_was_forgotten_gets_one_or_its_own_back() {
    let world = tidy().await;
    let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
    mona.orders("Basic").await;
    karim.orders_and_pays("Basic", "Karim's receipt").await;
    let (monas, karims) = (mona.ticket(), karim.ticket());
    world.settles().await;
    world.stop().await;
    // As after a restore of a backup that was made before the tickets were.
    world.changes("UPDATE orders SET channel_id = NULL, status_message_id = NULL, status_digest = NULL").await;
    world.discord.owner().deletes_channel(monas).unwrap();
    world.passes(SETTLED);
    world.start().await;
    mona.waits_for("How would you like to pay?").await;
    assert_ne!(mona.ticket(), monas, "hers was gone");
    world.counts(0, "SELECT count(*) FROM orders WHERE channel_id IS NULL").await;
    assert_eq!(karim.ticket(), karims, "his was found");
    mona.chooses("Vodafone Cash").await;
    mona.posts("receipt.png", &receipt("Mona's receipt")).unwrap();
    mona.is_under_review().await;
    world.finish().await;
}

#[tokio::test]
async fn the_ticket_of_an_order_that_is_over_goes_although_its_end_was_forgotten() {
    let world = tidy().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    let ticket = mona.ticket();
    world.settles().await;
    world.changes("DELETE FROM outbox WHERE key LIKE 'delete:%'").await;
    world.passes(SETTLED);
    world.counts(1, "SELECT count(*) FROM outbox WHERE key LIKE 'delete:%'").await;
    world.passes(Duration::from_hours(24));
    world.goes("the ticket to be gone", ticket).await;
    world.finish().await;
}

#[tokio::test]
async fn where_no_category_has_room_the_oldest_delivered_ticket_goes_early() {
    let world = tidy().await;
    let (mona, karim, hoda) = (world.customer("Mona"), world.customer("Karim"), world.customer("Hoda"));
    for (customer, label) in [(&mona, "Mona's receipt"), (&karim, "Karim's receipt")] {
        customer.orders_and_pays("Basic", label).await;
        world.admin("Adel").approves().await;
        customer.is_sent_link(0).await;
    }
    world.settles().await;
    let (monas, karims) = (mona.ticket(), karim.ticket());
    for n in 0..48 {
        world.discord.text_channel(&format!("old-{n}"), Some(world.guild.tickets[0]), &[]);
    }
    hoda.orders("Basic").await;
    assert!(!world.is_there(monas), "the oldest went");
    assert!(world.is_there(karims));
    assert_eq!(world.person("Omar").dms().len(), 0, "there is nothing to tell an owner");
    world.finish().await;
}

#[tokio::test]
async fn a_ticket_whose_link_nobody_has_is_never_given_up_for_room() {
    let world = tidy().await;
    let (mona, hoda) = (world.customer("Mona"), world.customer("Hoda"));
    mona.person.closes_dms();
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.admin("Adel").approves().await;
    mona.waits_for("Your access is ready").await;
    let monas = mona.ticket();
    for n in 0..49 {
        world.discord.text_channel(&format!("old-{n}"), Some(world.guild.tickets[0]), &[]);
    }
    let menu = hoda.asks_for_plans().await;
    let chosen = hoda.person.select(&menu, &["Basic"]).unwrap();
    chosen.until("that there is no room", |message| message.contains("All our places")).await.unwrap();
    assert!(world.is_there(monas));
    world.finish().await;
}
