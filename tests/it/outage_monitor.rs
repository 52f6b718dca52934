//! Conversations about outages: who is told, when, and what happens meanwhile.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering::SeqCst},
};

use serde_json::Value;
use tollkeeper::sandbox::{
    discord::Message,
    panel::{Fault, Generation},
};

use crate::world::{Scene, World};

/// The health check often enough for a test; it is the real loop.
fn watchful(scene: &mut Scene) {
    scene.schedule("health_check", "40ms");
}

impl World {
    /// Waits until an owner has this many direct messages with a text.
    async fn owner_reads(&self, text: &str, times: usize) {
        let owner = self.person("Omar").id();
        let heard = |view: &tollkeeper::sandbox::discord::View<'_>| {
            let found = view.dms_of(owner).iter().filter(|message| message.contains(text)).count();
            (found >= times).then_some(())
        };
        self.until(&format!("the owner to read {text:?}"), heard).await;
    }

    /// How many messages with a text are in the review channel.
    fn notices(&self, text: &str) -> usize {
        let review = self.guild.review;
        self.discord.look(|view| view.messages(review).iter().filter(|message| message.contains(text)).count())
    }

    /// Waits until the bot shows this status and says this.
    async fn shows(&self, status: &str, says: &str) {
        let shown = |presence: Value| presence["status"] == status && presence["activities"][0]["state"] == says;
        self.until(&format!("the presence {says:?}"), |view| view.presence().filter(|it| shown(it.clone())).map(drop))
            .await;
    }

    /// Waits until the panel has been looked at this many times more.
    async fn looks(&self, times: u64) {
        let before = self.panel.request_count();
        let again = self.panel.until("more health checks", crate::world::SOON, |panel| {
            (panel.request_count() >= before + times).then_some(())
        });
        again.await.expect("the health check goes on");
    }
}

#[tokio::test]
async fn an_outage_is_told_once_and_its_end_once() {
    let world = World::with(watchful).await;
    world.shows("online", "Open · /order").await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Premium", "Mona's receipt").await;
    // The panel falls silent, is sold from, and goes down: when owners read of it, the order waits.
    world.panel.black_hole(true);
    let question = world.admin("Adel").opens_approval().await;
    let told = world.admin("Adel").starts_to_confirm(&question);
    mona.waits_for("We are preparing your access.").await;
    world.panel.down().await;
    world.panel.black_hole(false);
    let told = told.reply().await.unwrap().render_text();
    assert!(told.contains("Approved"), "{told}");
    world.owner_reads("is down since", 1).await;
    world.shows("dnd", "Closed: the VPN server is being repaired").await;
    let refused = world.customer("Karim").asks_for_plans().await.render_text();
    assert!(refused.contains("The VPN server is being repaired, so we take no new orders"), "{refused}");
    world.card("the card to say that it waits", |card| card.contains("The panel has been down since")).await;

    world.panel.up().await.unwrap();
    mona.is_sent_link(0).await;
    world.owner_reads("works again", 1).await;
    world.shows("online", "Open · /order").await;
    world.looks(8).await;
    let read = world.dms("Omar").await;
    let read = regex::Regex::new(r"after \d+ seconds?").unwrap().replace(&read, "after N seconds");
    insta::assert_snapshot!(read, @r"
    Tollkeeper:
    The VPN panel main is down since <time f> (<time R>).
    Cause: the panel cannot be reached\: Connection refused (os error 111)
    New orders for its plans are refused. 1 approved order waits for it and finishes by itself.
    -# outage 1 · began · owners

    Tollkeeper:
    The VPN panel main works again, after N seconds. New orders are taken.
    1 approved order that waited is being finished now.
    -# outage 1 · ended · owners
    ");
    assert_eq!(
        (world.notices("The VPN panel main is down"), world.notices("works again")),
        (1, 1),
        "staff are told as well"
    );
    assert_eq!(world.number("SELECT count(*) FROM bot_messages WHERE kind = 'outage'").await, 2, "to be cleaned up");
    world.finish().await;
}

#[tokio::test]
async fn one_panel_sells_while_the_other_is_down() {
    let world = World::with(|scene| {
        watchful(scene);
        scene.second_panel = true;
    })
    .await;
    let (mona, karim, adel) = (world.customer("Mona"), world.customer("Karim"), world.admin("Adel"));
    let berlin = world.second.as_ref().expect("there are two");
    let offered = |menu: &Message| menu.parts()[0].options.iter().map(|(label, _)| label.clone()).collect::<Vec<_>>();
    world.shows("online", "Open · /order").await;
    let old_menu = karim.asks_for_plans().await;
    assert_eq!(offered(&old_menu), ["Berlin", "Basic", "Premium"]);

    berlin.down().await;
    world.shows("idle", "Some plans are being repaired").await;
    world.owner_reads("The VPN panel berlin is down since", 1).await;
    let late = karim.person.select(&old_menu, &["Berlin"]).unwrap().reply().await.unwrap().render_text();
    assert!(late.starts_with("The VPN server is being repaired, so we take no new orders for this plan"), "{late}");
    assert_eq!(offered(&mona.asks_for_plans().await), ["Basic", "Premium"]);
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    adel.approves().await;
    assert!(mona.is_sent_link(0).await.contains("@vpn.example.com:"));

    berlin.up().await.unwrap();
    world.shows("online", "Open · /order").await;
    karim.orders_and_pays("Berlin", "Karim's receipt").await;
    adel.approves().await;
    assert!(karim.is_sent_link(0).await.contains("@berlin.example.com:"));
    assert_eq!((world.panel.clients().len(), berlin.clients().len()), (1, 1));
    assert_eq!(world.notices("The VPN panel main"), 0, "nobody is told of the panel that was well");
    world.finish().await;
}

#[tokio::test]
async fn two_lost_checks_are_no_outage() {
    let world = World::with(watchful).await;
    world.looks(2).await;
    let lost = Arc::new(AtomicU8::new(0));
    let count = Arc::clone(&lost);
    world.panel.on_request(move |_| match count.fetch_update(SeqCst, SeqCst, |lost| (lost < 2).then_some(lost + 1)) {
        Ok(_) => Fault::CutBefore,
        Err(_) => Fault::None,
    });
    world.looks(8).await;
    assert_eq!(lost.load(SeqCst), 2, "two checks were lost");
    assert_eq!(world.person("Omar").dms().len(), 0);
    world.finish().await;
}

#[tokio::test]
async fn a_panel_without_xray_or_our_inbound_is_not_healthy() {
    for generation in [Generation::V3, Generation::V2_9] {
        let world = World::with(|scene| {
            watchful(scene);
            scene.generation(generation);
        })
        .await;
        let inbound = world.panel.inbound(1).unwrap();
        world.panel.stop_xray();
        world.owner_reads("xray does not run on it (stop)", 1).await;
        world.panel.start_xray();
        world.owner_reads("works again", 1).await;
        world.panel.set_inbound_enabled(1, false);
        world.owner_reads("inbound 1 is switched off on it", 1).await;
        world.panel.set_inbound_enabled(1, true);
        world.owner_reads("works again", 2).await;
        world.panel.remove_inbound(1);
        world.owner_reads("the inbound we sell is not there (inbound 1", 1).await;
        world.panel.set_inbound(&inbound);
        world.owner_reads("works again", 3).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn nothing_is_sold_into_a_panel_whose_xray_is_stopped() {
    let world = World::with(watchful).await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.panel.stop_xray();
    world.owner_reads("is down since", 1).await;
    world.admin("Adel").approves().await;
    world.looks(6).await;
    assert_eq!(world.panel.clients().len(), 0, "the order waits");
    world.panel.start_xray();
    mona.is_sent_link(0).await;
    world.finish().await;
}

#[tokio::test]
async fn a_restart_in_the_middle_neither_repeats_nor_forgets() {
    let world = World::with(watchful).await;
    world.panel.down().await;
    world.owner_reads("is down since", 1).await;
    world.restart().await;
    world.shows("dnd", "Closed: the VPN server is being repaired").await;
    let refused = world.customer("Karim").asks_for_plans().await.render_text();
    assert!(refused.contains("no new orders"), "{refused}");
    world.stop().await;
    world.panel.up().await.unwrap();
    world.start().await;
    world.owner_reads("works again", 1).await;
    world.looks(8).await;
    world.settles().await;
    assert_eq!(world.person("Omar").dms().len(), 2, "one for the beginning, one for the end");
    assert_eq!((world.notices("The VPN panel main is down"), world.notices("works again")), (1, 1));
    world.finish().await;
}

#[tokio::test]
async fn a_panel_that_is_down_at_the_start_is_told_too() {
    let world = World::asleep(watchful).await;
    world.panel.down().await;
    world.start().await;
    world.owner_reads("is down since", 1).await;
    world.panel.up().await.unwrap();
    world.owner_reads("works again", 1).await;
    world.finish().await;
}

#[tokio::test]
async fn an_owner_with_closed_messages_is_called_in_the_review_channel() {
    let world = World::with(watchful).await;
    world.person("Omar").closes_dms();
    world.panel.down().await;
    let called = "@Omar";
    world.card("the owner to be called", |message| message.contains(called) && message.contains("is down since")).await;
    world.panel.up().await.unwrap();
    world
        .card("the owner to be called again", |message| message.contains(called) && message.contains("works again"))
        .await;
    world.settles().await;
    assert_eq!(world.notices("The VPN panel main is down"), 2, "one for staff, one for the owner");
    world.finish().await;
}
