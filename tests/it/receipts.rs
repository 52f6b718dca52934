//! Conversations about proofs of payment: which pictures are taken, whose they are, and who may send them.

use tollkeeper::sandbox::discord::Fault;

use crate::{
    proof::{animated_png, bomb},
    world::{World, receipt, same_pixels},
};

/// Files that are no screenshots: a name, what is in it, and how the refusal begins.
fn bad_files() -> [(&'static str, Vec<u8>, &'static str); 9] {
    let good = receipt("Mona's receipt");
    [
        ("page.png", b"<!doctype html><html><body>receipt</body></html>".to_vec(), "This file is not a picture."),
        ("bomb.png", bomb(20_000), "The picture is too large to open."),
        ("empty.png", Vec::new(), "The file is empty."),
        ("huge.png", vec![0x55; 25 << 20], "The file is larger than 8 MB."),
        ("moving.png", animated_png(), "Moving pictures cannot be checked."),
        ("cut.png", good[..good.len() / 2].to_vec(), "The picture is damaged"),
        ("drawing.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec(), "This kind of drawing (SVG)"),
        ("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec(), "This is an iPhone photo (HEIC)"),
        ("scan.pdf", b"%PDF-1.7\n".to_vec(), "PDF files cannot be checked."),
    ]
}

#[tokio::test]
async fn bad_files_are_refused_each_with_its_sentence_and_cost_nothing() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    for (name, bytes, sentence) in bad_files() {
        mona.posts(name, &bytes).expect("the ticket is open");
        mona.waits_for(sentence).await;
    }
    mona.uploads("Mona's receipt").await;
    assert!(mona.world.admin("Adel").card().await.contains("Attempts left after this one: 2"));
    world.finish().await;
}

/// `/proof` says of each what an upload would have been told.
#[tokio::test]
async fn bad_files_are_refused_by_the_command_with_the_same_sentences() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    for (name, bytes, sentence) in bad_files() {
        let files = [("image", name, &*bytes)];
        let asked = mona.person.slash_with(mona.ticket(), "proof", serde_json::json!({}), &files).unwrap();
        let told = asked.reply().await.unwrap().render_text();
        assert!(told.starts_with(sentence), "{name}: {told}");
        mona.posts(name, &bytes).unwrap();
        let notice = mona.waits_for(sentence).await.render_text();
        assert!(notice.contains(&told), "{name}: {told} and {notice}");
    }
    let taken = mona.proves("Mona's receipt").await.render_text();
    assert!(taken.starts_with("Thank you, we have your screenshot."), "{taken}");
    mona.is_under_review().await;
    world.finish().await;
}

/// A way to Discord that rewrites addresses, or a host that is new: nobody is told that their
/// receipt is no picture.
#[tokio::test]
async fn a_file_that_is_kept_elsewhere_is_not_called_bad() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    world.discord.keeps_files_at("files.example.org");
    mona.posts("receipt.png", &receipt("Mona's receipt")).unwrap();
    mona.waits_for("We could not read your file from Discord. Please send it again.").await;
    world.discord.keeps_files_at("cdn.discordapp.com");
    mona.uploads("Mona's receipt").await;
    world.settles().await;
    assert!(!world.sees("Mona").await.contains("not a picture"));
    world.finish().await;
}

#[tokio::test]
async fn a_receipt_that_is_forwarded_counts_like_one_that_is_sent() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    let lobby = world.guild.lobby;
    let text = mona.person.upload(lobby, "notes.txt", b"paid at noon", "").unwrap();
    mona.person.forwards(&text, mona.ticket()).unwrap();
    mona.waits_for("This file is not a picture.").await;
    let sent = mona.person.upload(lobby, "receipt.png", &receipt("Mona's receipt"), "").unwrap();
    mona.person.forwards(&sent, mona.ticket()).unwrap();
    mona.is_under_review().await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    world.finish().await;
}

/// The disk lost the picture, and somebody deleted the card: staff still decide.
#[tokio::test]
async fn a_card_without_its_picture_is_a_card() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.settles().await;
    std::fs::remove_dir_all(world.data_dir().join("screenshots")).unwrap();
    let card = world.admin("Adel").card().await;
    world.discord.owner().deletes(&card).unwrap();
    let again = world.card("the card again", |again| again.id > card.id && again.part("Approve").is_some()).await;
    assert!(again.attachments.is_empty() && !again.contains("[image"), "{}", again.render_text());
    world.settles().await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    world.finish().await;
}

#[tokio::test]
async fn of_several_files_the_first_good_one_is_taken() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    let files: [(&str, &[u8]); 2] = [("notes.txt", b"paid at noon"), ("receipt.png", &receipt("Mona's receipt"))];
    mona.person.sends(mona.ticket(), "here", &files).unwrap();
    mona.is_under_review().await;
    world.settles().await;
    let ticket = world.sees("Mona").await;
    assert!(!ticket.contains("not a picture"), "{ticket}");
    world.finish().await;
}

#[tokio::test]
async fn a_picture_before_the_method_is_asked_for_again() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.posts("receipt.png", &receipt("Mona's receipt")).unwrap();
    mona.waits_for("Please choose a payment method in the ticket first").await;
    mona.chooses("InstaPay").await;
    mona.uploads("Mona's receipt").await;
    world.finish().await;
}

#[tokio::test]
async fn only_the_tickets_own_customer_can_submit() {
    let world = World::new().await;
    let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    let ticket = mona.ticket();
    assert!(karim.person.upload(ticket, "mine.png", &receipt("Karim's"), "").is_err(), "Karim does not see it");
    // Staff may write there; what they post is no proof.
    world.person("Salma").upload(ticket, "example.png", &receipt("an example"), "like this").unwrap();
    let image = [("image", "mine.png", &*receipt("Karim's"))];
    let sent = karim.person.slash_with(world.guild.lobby, "proof", serde_json::json!({}), &image).unwrap();
    assert!(sent.reply().await.unwrap().contains("You have no order that waits for a payment."));
    let sent = world.person("Salma").slash_with(ticket, "proof", serde_json::json!({}), &image).unwrap();
    assert!(sent.reply().await.unwrap().contains("You have no order that waits for a payment."));
    mona.uploads("Mona's receipt").await;
    assert_eq!(world.number("SELECT COUNT(*) FROM payment_submissions").await, 1);
    world.finish().await;
}

#[tokio::test]
async fn a_picture_of_another_customer_is_refused() {
    let world = World::new().await;
    let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
    mona.orders_and_pays("Basic", "the receipt").await;
    karim.orders("Basic").await;
    karim.chooses("InstaPay").await;
    karim.posts("receipt.png", &receipt("the receipt")).unwrap();
    karim.waits_for("This picture was already used for another order.").await;
    let news = world.card("the news for staff", |message| message.contains("another customer's order owns it")).await;
    insta::assert_snapshot!(world.tidied(&news.render_text()).await, @"
    A picture was refused: another customer's order owns it.
    Sent by @Karim for order `ORDER-2`; it belongs to order `ORDER-1`. Ticket: #order-order-2
    -# order ORDER-2 · duplicate message:ID
    [Open the card ↗]
    ");
    karim.uploads("Karim's own receipt").await;
    assert!(world.admin("Adel").card().await.contains("Attempts left after this one: 2"), "it cost nothing");
    world.finish().await;
}

#[tokio::test]
async fn a_picture_of_a_completed_order_is_refused() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "the receipt").await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    mona.posts("receipt.png", &receipt("the receipt")).unwrap();
    mona.waits_for("This picture was already used for another order.").await;
    let news = world.card("the news for staff", |message| message.contains("the same customer already used it")).await;
    insta::assert_snapshot!(world.tidied(&news.render_text()).await, @"
    A picture was refused: the same customer already used it for an order that was paid.
    Sent by @Mona for order `ORDER-2`; it belongs to order `ORDER-1`. Ticket: #order-order-2
    -# order ORDER-2 · duplicate message:ID
    [Open the card ↗]
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_picture_of_an_order_that_came_to_nothing_is_handed_on() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "the receipt").await;
    world.admin("Adel").declines("Wrong amount").await;
    mona.waits_for("Your last payment proof was not accepted").await;
    mona.cancels().await;
    mona.waits_for("Order cancelled").await;
    mona.orders_and_pays("Premium", "the receipt").await;
    let card = world.admin("Adel").card().await;
    insta::assert_snapshot!(world.tidied(&card.render_text()).await, @"
    │ **Payment to review**
    │ Customer: @Mona · Mona
    │ Plan: Premium · 30 days · 150 GB
    │ Amount (EGP): `250`
    │ Payment method: Vodafone Cash
    │ Ticket: #order-order-2
    │ Order ID: `ORDER-2`
    │ Attempts left after this one: 2
    │ Submitted: <time f>, <time R>
    │ History:
    │ This is their first order.
    │ Account made <time R>; in this server since <time R>.
    │ Please note: This picture was sent before, for the same customer's order `ORDER-1`, which was never completed.
    │ [image proof.jpg]
    │ (order ORDER-2 · proof 2)
    [Approve] [Decline] [Amount differs] [More]
    ");
    world.finish().await;
}

#[tokio::test]
async fn a_picture_that_was_declined_may_be_sent_again() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "the receipt").await;
    world.admin("Adel").declines("Screenshot not readable").await;
    mona.waits_for("Your payment proof was not accepted.").await;
    mona.uploads("the receipt").await;
    let card = world.admin("Nadia").card().await;
    assert!(card.contains("This picture was already sent for this order."), "{}", card.render_text());
    world.admin("Nadia").approves().await;
    mona.is_sent_link(0).await;
    world.finish().await;
}

#[tokio::test]
async fn the_same_pixels_in_another_file_are_flagged() {
    let world = World::new().await;
    let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
    mona.orders_and_pays("Basic", "the receipt").await;
    karim.orders("Basic").await;
    karim.chooses("InstaPay").await;
    karim.posts("receipt.webp", &same_pixels("the receipt")).unwrap();
    karim.is_under_review().await;
    let card = world.card("Karim's card", |card| card.contains("@Karim")).await;
    assert!(card.contains("The same picture was sent in another file for order"), "{}", card.render_text());
    world.finish().await;
}

#[tokio::test]
async fn a_receipt_that_discord_does_not_hand_out_at_once_is_fetched_later() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    world.discord.fail_next("GET", "/attachments/", 2, Fault::server_error());
    mona.uploads("Mona's receipt").await;
    world.finish().await;
}
