//! Conversations beside customers who send whatever they can, in real time: the shop goes on.

use std::time::{Duration, Instant};

use tollkeeper::sandbox::discord::{Fault, Refused};

use crate::world::{Customer, World, receipt};

/// What is no picture.
const JUNK: &[u8] = b"no picture at all";

/// Customers besides the usual ones, each with an open order that waits for a proof.
async fn crowd(world: &World, people: usize) -> Vec<Customer<'_>> {
    let mut crowd = Vec::new();
    for n in 0..people {
        let person = world.discord.member(&format!("Crowd {n}"), &[]);
        let customer = Customer { world, person, name: "Crowd" };
        customer.orders("Basic").await;
        customer.chooses("Vodafone Cash").await;
        crowd.push(customer);
    }
    world.settles().await;
    crowd
}

/// Ten files that are no pictures, in one message.
fn ten_at_once(customer: &Customer<'_>) -> Result<(), Refused> {
    let files: Vec<_> = (0..10).map(|_| ("junk.png", JUNK)).collect();
    customer.person.sends(customer.ticket(), "", &files).map(drop)
}

#[tokio::test]
async fn eight_accounts_that_send_junk_delay_no_sale() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let crowd = crowd(&world, 8).await;
    let question = world.admin("Adel").opens_approval().await;
    // Each file takes a while, as a large one does.
    world.discord.fail_next("GET", "junk.png", u32::MAX, Fault::Delay(Duration::from_secs(3)));
    for customer in &crowd {
        ten_at_once(customer).unwrap();
    }
    world.counts(3, "SELECT count(*) FROM outbox WHERE kind = 'read_ticket' AND leased_by IS NOT NULL").await;
    let began = Instant::now();
    world.admin("Adel").starts_to_confirm(&question);
    mona.is_sent_link(0).await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(8), "the link took {took:?}");
    for customer in &crowd {
        assert!(matches!(ten_at_once(customer), Err(Refused::TooSoon(_)) | Ok(())), "slow mode, at the most");
    }
    world.discord.no_faults();
    world.finish().await;
}

#[tokio::test]
async fn files_that_only_drip_delay_no_other_customer() {
    let world = World::new().await;
    let crowd = crowd(&world, 8).await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    world.settles().await;
    world.discord.fail_next("GET", "drip.png", u32::MAX, Fault::Drip(1024));
    for (n, customer) in crowd.iter().enumerate() {
        customer.posts("drip.png", &large(n)).unwrap();
    }
    let began = Instant::now();
    mona.uploads("Mona's receipt").await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(20), "her proof took {took:?}");
    // What dripped is not lost.
    world.discord.no_faults();
    let review = world.guild.review;
    world
        .until("the cards of all", |view| {
            let cards = view.messages(review).into_iter().filter(|card| card.contains("· proof ")).count();
            (cards == 9).then_some(())
        })
        .await;
    world.finish().await;
}

/// A picture of more bytes than drip in the time of a test.
fn large(n: usize) -> Vec<u8> {
    let seed = u32::try_from(n).unwrap();
    let noise = image::RgbImage::from_fn(400, 400, |x, y| {
        let mix = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503) ^ seed.wrapping_mul(97))
            .wrapping_mul(2_246_822_519);
        image::Rgb(mix.to_le_bytes()[..3].try_into().unwrap())
    });
    let mut bytes = Vec::new();
    noise.write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
    bytes
}

#[tokio::test]
async fn too_many_files_that_are_no_pictures_are_answered_once_and_then_with_silence() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    let sends = |files: usize| {
        world.passes(Duration::from_secs(5));
        let files: Vec<_> = (0..files).map(|_| ("junk.png", JUNK)).collect();
        mona.person.sends(mona.ticket(), "", &files).unwrap();
    };
    let ticket = mona.ticket();
    sends(10);
    mona.waits_for("We looked at the first 3 files of your message").await;
    for times in 1..=2 {
        sends(3);
        world
            .until("to be told what is wrong", |view| {
                let messages = view.messages(ticket).into_iter();
                let told = messages.filter(|message| message.contains("This file is not a picture")).count();
                (told == times).then_some(())
            })
            .await;
    }
    sends(1);
    mona.waits_for("We could not use 10 files in this ticket").await;
    world.settles().await;
    let before = mona.person.sees(mona.ticket()).len();
    sends(3);
    sends(1);
    world.settles().await;
    assert_eq!(mona.person.sees(mona.ticket()).len(), before + 2, "her own messages and no other");
    assert_eq!(world.number("SELECT files_refused FROM orders").await, 10, "and nobody looked");
    world.passes(Duration::from_hours(1));
    mona.posts("receipt.png", &receipt("Mona's receipt")).unwrap();
    mona.is_under_review().await;
    world.finish().await;
}
