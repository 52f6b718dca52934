//! What customers really send, and where: several files, words, addresses, threads, direct messages,
//! and other people's pictures again and again.

use tollkeeper::sandbox::{discord::permission, panel::Generation};

use crate::world::{Customer, World, receipt, same_pixels};

/// A shop in which Mona has a ticket and knows how to pay.
async fn waits(world: &World) -> Customer<'_> {
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("Vodafone Cash").await;
    world.settles().await;
    mona
}

/// Karim's picture, which is under review.
async fn karims(world: &World) {
    world.customer("Karim").orders_and_pays("Basic", "Karim's receipt").await;
}

#[tokio::test]
async fn two_receipts_of_one_message_reach_the_card_together() {
    for generation in [Generation::V2_9, Generation::V3] {
        let world = World::with(|scene| scene.generation(generation)).await;
        let mona = waits(&world).await;
        let (one, two) = (receipt("the first transfer"), receipt("the second transfer"));
        mona.person.sends(mona.ticket(), "both", &[("1.png", &one), ("2.png", &two)]).unwrap();
        mona.is_under_review().await;
        let card = world.admin("Adel").card().await;
        let names: Vec<_> = card.attachments.iter().map(|file| file.filename.as_str()).collect();
        assert_eq!(names, ["proof.jpg", "proof-2.jpg"]);
        // The second is the order's as well as the first.
        let karim = world.customer("Karim");
        karim.orders("Basic").await;
        karim.chooses("Vodafone Cash").await;
        karim.posts("stolen.png", &two).unwrap();
        karim.waits_for("This picture was already used for another order.").await;
        world.admin("Adel").approves().await;
        mona.is_sent_link(0).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn two_receipts_in_two_messages_reach_the_card_together() {
    let world = World::new().await;
    let mona = waits(&world).await;
    let (one, two) = (receipt("the first transfer"), receipt("the second transfer"));
    // Both are written before the bot reads the first.
    world.stop().await;
    mona.posts("1.png", &one).unwrap();
    world.passes(std::time::Duration::from_secs(6));
    mona.posts("2.png", &two).unwrap();
    world.start().await;
    mona.is_under_review().await;
    world.settles().await;
    let card = world.admin("Adel").card().await;
    let names: Vec<_> = card.attachments.iter().map(|file| file.filename.as_str()).collect();
    assert_eq!(names, ["proof.jpg", "proof-2.jpg"]);
    // The second is the order's as well as the first.
    let karim = world.customer("Karim");
    karim.orders("Basic").await;
    karim.chooses("Vodafone Cash").await;
    karim.posts("stolen.png", &two).unwrap();
    karim.waits_for("This picture was already used for another order.").await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    world.finish().await;
}

/// What a second receipt is suspected of stands on the card as if it had come alone.
#[tokio::test]
async fn a_second_receipt_that_is_somebody_elses_in_another_file_is_flagged() {
    let world = World::new().await;
    karims(&world).await;
    let mona = waits(&world).await;
    world.stop().await;
    mona.posts("1.png", &receipt("Mona's receipt")).unwrap();
    for (name, file) in [("2.webp", same_pixels("Karim's receipt")), ("3.txt", b"paid".to_vec())] {
        world.passes(std::time::Duration::from_secs(6));
        mona.posts(name, &file).unwrap();
    }
    world.start().await;
    mona.is_under_review().await;
    world.settles().await;
    world.counts(1, "SELECT count(*) FROM payment_submissions WHERE flags LIKE '%same_pixels%'").await;
    let hers = world.card("her card", |card| card.contains("Mona") && card.part("Approve").is_some()).await;
    assert_eq!(hers.attachments.len(), 2);
    // The file that is no picture gets its sentence.
    mona.waits_for("not a picture").await;
    world.finish().await;
}

#[tokio::test]
async fn an_old_picture_hides_no_good_one_of_the_same_message() {
    let world = World::new().await;
    karims(&world).await;
    let mona = waits(&world).await;
    let (old, good) = (receipt("Karim's receipt"), receipt("Mona's receipt"));
    let files: [(&str, &[u8]); 3] = [("old.png", &old), ("notes.txt", b"paid"), ("good.png", &good)];
    mona.person.sends(mona.ticket(), "", &files).unwrap();
    mona.is_under_review().await;
    world.settles().await;
    assert!(!mona.person.sees(mona.ticket()).iter().any(|said| said.contains("already used")), "it was accepted");
    world.counts(0, "SELECT count(*) FROM audit_logs WHERE action = 'proof.duplicate'").await;
    world.finish().await;
}

#[tokio::test]
async fn somebody_elses_picture_again_and_again_is_one_line_and_ends_the_attempts() {
    for generation in [Generation::V2_9, Generation::V3] {
        let world = World::with(|scene| scene.generation(generation)).await;
        karims(&world).await;
        let mona = waits(&world).await;
        let stolen = receipt("Karim's receipt");
        for nth in 1..=5 {
            mona.posts("stolen.png", &stolen).unwrap();
            let said = if nth < 3 {
                "Please send the screenshot of the payment for this order."
            } else {
                "cost you an attempt"
            };
            let said = if nth == 5 { "Please write to our team." } else { said };
            mona.waits_for(said).await;
            world.settles().await;
        }
        mona.posts("stolen.png", &stolen).unwrap();
        world.settles().await;
        assert!(mona.status().contains("Attempts left: 0"), "{}", mona.status().render_text());
        let line = world.card("who used up all attempts", |line| line.contains("used up all attempts")).await;
        let lines = world.cards().await.matches("A picture was refused").count();
        assert_eq!(lines, 1, "folded to one line an hour");
        world.counts(4, "SELECT count(*) FROM audit_logs WHERE action = 'proof.duplicate'").await;
        // Staff give an attempt back, once for each time that there is none.
        for says in ["can send one more screenshot", "nothing was changed"] {
            let said = world.person("Adel").click(&line, "One more attempt").unwrap().reply().await.unwrap();
            assert!(said.contains(says), "{}", said.render_text());
        }
        world.settles().await;
        assert!(mona.status().contains("Attempts left: 1"), "{}", mona.status().render_text());
        // Staff end it whatever is written there.
        let cancelled = world.person("Adel").click(&mona.status(), "Cancel order").unwrap().reply().await.unwrap();
        assert!(cancelled.contains("cancelled"), "{}", cancelled.render_text());
        world.finish().await;
    }
}

#[tokio::test]
async fn a_block_stops_uploads_and_references_at_once() {
    let world = World::with(|scene| scene.reference = "optional").await;
    let mona = waits(&world).await;
    world.changes("UPDATE users SET status = 'blocked', blocked_at = 1 WHERE name = 'Mona'").await;
    mona.posts("receipt.png", &receipt("Mona's receipt")).unwrap();
    mona.waits_for("write to our team").await;
    mona.posts("receipt.png", &receipt("Mona's other receipt")).unwrap();
    let form = mona.person.click(&mona.status(), "Enter reference").unwrap().modal().await.expect("a form");
    let typed = mona.person.submit(&form, &[("The number of your transfer", "777888")]).unwrap();
    typed.reply().await.expect("an answer");
    mona.proves("Mona's third receipt").await;
    world.settles().await;
    world
        .counts(0, "SELECT (SELECT count(*) FROM payment_submissions) + (SELECT count(*) FROM payment_references)")
        .await;
    world.finish().await;
}

#[tokio::test]
async fn words_and_addresses_are_answered_once_an_hour() {
    let world = World::new().await;
    let mona = waits(&world).await;
    for _ in 0..3 {
        for words in ["paid", "https://example.com/receipt.png"] {
            mona.person.says(mona.ticket(), words).unwrap();
            // Slow mode.
            world.passes(std::time::Duration::from_secs(6));
        }
    }
    mona.waits_for("Words alone cannot be checked.").await;
    mona.waits_for("We do not open addresses.").await;
    world.settles().await;
    let told = |text: &str| mona.person.sees(mona.ticket()).iter().filter(|said| said.contains(text)).count();
    assert_eq!((told("Words alone"), told("We do not open")), (1, 1));
    world.passes(std::time::Duration::from_hours(1));
    mona.person.says(mona.ticket(), "paid long ago").unwrap();
    let (her, ticket) = (mona.person.id(), mona.ticket());
    world
        .until("the next hour's answer", |view| {
            let said = view.seen_by(her, ticket).into_iter().filter(|said| said.contains("Words alone"));
            (said.count() == 2).then_some(())
        })
        .await;
    // Nothing of it stands in the way of the proof.
    mona.uploads("Mona's receipt").await;
    world.finish().await;
}

#[tokio::test]
async fn who_writes_to_the_bot_without_an_order_reads_what_to_do_a_few_times_a_day() {
    let world = World::new().await;
    let mona = world.person("Mona");
    for nth in 1..=12 {
        mona.dm(&format!("hello {nth}"), &[("receipt.png", &receipt("Mona's receipt"))]).unwrap();
        world.settles().await;
    }
    let dms = world.dms("Mona").await;
    assert!(dms.contains("To buy access, write /order in our server"), "{dms}");
    assert_eq!(dms.matches("Nobody reads messages in this chat.").count(), 4, "the 1st, 2nd, 3rd and 10th\n{dms}");
    // A picture in a channel of the server is nobody's business.
    mona.upload(world.guild.lobby, "cat.png", &receipt("a cat"), "").unwrap();
    world.settles().await;
    assert_eq!(world.dms("Mona").await, dms);
    world.finish().await;
}

#[tokio::test]
async fn a_picture_where_none_is_looked_for_is_answered_in_the_ticket() {
    let world = World::new().await;
    let mona = waits(&world).await;
    mona.person.dm("here it is", &[("receipt.png", &receipt("Mona's receipt"))]).unwrap();
    mona.waits_for("We only see screenshots that are sent here in this ticket.").await;
    mona.person.upload(world.guild.lobby, "receipt.png", &receipt("Mona's receipt"), "").unwrap();
    world.settles().await;
    let told = mona.person.sees(mona.ticket());
    assert_eq!(told.iter().filter(|said| said.contains("We only see screenshots")).count(), 1);
    mona.uploads("Mona's receipt").await;
    world.finish().await;
}

#[tokio::test]
async fn no_customer_opens_or_writes_in_a_thread_of_a_ticket() {
    let world = World::new().await;
    let mona = waits(&world).await;
    let ticket = mona.ticket();
    assert!(mona.person.starts_thread(ticket, "my payment").is_err());
    assert_eq!(mona.person.permissions(ticket) & permission::THREADS, 0, "from the start");
    // Staff may; its customer does not write there, neither before the lock nor after it.
    let thread = world.person("Adel").starts_thread(ticket, "about Mona").unwrap();
    assert!(mona.person.says(thread, "hello").is_err());
    mona.uploads("Mona's receipt").await;
    assert!(mona.person.upload(thread, "more.png", &receipt("more"), "").is_err());
    assert_eq!(mona.person.permissions(ticket) & permission::THREADS, 0);
    world.finish().await;
}

#[tokio::test]
async fn a_bot_invited_before_threads_were_asked_for_goes_on_selling() {
    let world = World::asleep(|_| {}).await;
    // What everybody has the bot has as well.
    world.discord.set_role_permissions(world.discord.guild(), permission::EVERYONE & !permission::THREADS);
    world.discord.set_bot_permissions(permission::BOT & !permission::THREADS);
    world.start().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("Vodafone Cash").await;
    mona.uploads("Mona's receipt").await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    world.finish().await;
}

#[tokio::test]
async fn what_a_customer_asks_while_the_ticket_is_locked_reaches_staff() {
    for generation in [Generation::V2_9, Generation::V3] {
        let world = World::with(|scene| scene.generation(generation)).await;
        let mona = waits(&world).await;
        mona.uploads("Mona's receipt").await;
        assert!(mona.person.says(mona.ticket(), "how long?").is_err(), "the ticket is locked");
        mona.person.dm("How long does it take? @everyone", &[]).unwrap();
        let line = world.card("the question", |line| line.contains("How long does it take?")).await;
        assert!(!line.mentions.contains(&mona.person.id()) && line.contains("whose ticket is locked"));
        mona.waits_for("Our team reads what you wrote to us").await;
        for _ in 0..5 {
            mona.person.dm("hello?", &[]).unwrap();
        }
        world.settles().await;
        assert_eq!(world.cards().await.matches("whose ticket is locked").count(), 1, "once an hour");
        world.admin("Adel").approves().await;
        mona.is_sent_link(0).await;
        world.finish().await;
    }
}
