//! The transfer's reference, and what is odd about a picture.

use std::io::Cursor;

use image::{ExtendedColorType, ImageEncoder as _, codecs::jpeg::JpegEncoder};
use tollkeeper::sandbox::discord::Message;

use super::{GENERATIONS, shop};
use crate::world::{Customer, World, receipt, same_pixels};

/// Types the reference with the button in the ticket; what is answered.
async fn refers(customer: &Customer<'_>, typed: &str) -> String {
    let form = customer.person.click(&customer.status(), "Enter reference").unwrap().modal().await.expect("a form");
    let sent = customer.person.submit(&form, &[("The number of your transfer", typed)]).expect("the form is sent");
    sent.reply().await.expect("an answer").render_text()
}

/// Types the reference on the newest open card; the private answer.
async fn notes(world: &World, who: &'static str, typed: &str) -> Message {
    let card = world.admin(who).card().await;
    let list = world.admin(who).opens(&card, "More").await;
    let form =
        world.person(who).select(&list.message, &["Enter the reference"]).unwrap().modal().await.expect("a form");
    let sent = world.person(who).submit(&form, &[("The number on the receipt", typed)]).expect("the form is sent");
    sent.reply().await.expect("an answer")
}

#[tokio::test]
async fn a_required_reference_comes_before_the_proof() {
    for generation in GENERATIONS {
        let world = World::with(|scene| {
            scene.generation(generation);
            scene.reference = "required";
        })
        .await;
        let mona = world.customer("Mona");
        mona.orders("Basic").await;
        mona.chooses("Vodafone Cash").await;
        mona.posts("receipt.png", &receipt("early")).unwrap();
        mona.waits_for("Please enter the reference of your payment with the button in the ticket first").await;
        assert!(mona.proves("early").await.contains("Please enter the reference of your payment"));
        for slip in ["12", "my receipt", "*", "123456789012345"] {
            assert!(refers(&mona, slip).await.starts_with("This does not look like the reference"), "{slip}");
        }
        assert_eq!(
            refers(&mona, " ٠٠١٢ 3456 ").await,
            "Thank you, we noted `00123456`. Now send the screenshot of the payment here in the ticket."
        );
        world.settles().await;
        assert!(mona.status().contains("Reference: `00123456`"), "{}", mona.status().render_text());
        mona.uploads("Mona's receipt").await;
        assert!(world.admin("Adel").card().await.contains("Reference: `00123456`"));
        world.admin("Adel").approves().await;
        mona.is_sent_link(0).await;
        assert_eq!(world.word("SELECT reference FROM payment_submissions").await, "00123456");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_reference_is_one_orders_and_staff_see_its_twin() {
    for generation in GENERATIONS {
        let world = World::with(|scene| {
            scene.generation(generation);
            scene.reference = "optional";
        })
        .await;
        let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
        mona.orders("Basic").await;
        mona.chooses("Vodafone Cash").await;
        refers(&mona, "777 888").await;
        mona.uploads("Mona's receipt").await;
        karim.orders("Basic").await;
        karim.chooses("Vodafone Cash").await;
        assert!(refers(&karim, "٧٧٧٨٨٨").await.starts_with("This reference was already used for another order."));
        let line = world.card("the news", |line| line.contains("typed a transaction reference")).await;
        assert!(line.contains("another customer's order") && line.part("Open the card").is_some());
        world.admin("Adel").approves().await;
        mona.is_sent_link(0).await;
        // Without one it comes to review all the same; staff read it off the receipt.
        karim.uploads("Karim's receipt").await;
        let twin = notes(&world, "Adel", "777-888").await;
        assert!(twin.contains("This reference already belongs to order"), "{}", twin.render_text());
        assert!(twin.part("Open the card").is_some(), "{}", twin.render_text());
        // Nobody else's token, and no form of its own, makes it so.
        let token = twin.part("Use it all the same").unwrap().custom_id.unwrap();
        let stolen = world.person("Karim").forge_click_unseen(&twin, &token);
        assert_eq!(stolen.reply().await.unwrap().render_text(), "Only our team can use this.");
        let confirm = token.replace("override", "confirm");
        let forged = world.person("Adel").forge_click(&twin, &confirm).unwrap();
        assert!(forged.reply().await.unwrap().contains("This button is out of date."));
        let twin = notes(&world, "Adel", "777888").await;
        let form = world.person("Adel").click(&twin, "Use it all the same").unwrap().modal().await.expect("a form");
        let why = [("Why may it be used twice?", "One transfer for two people.")];
        let sent = world.person("Adel").submit(&form, &why).expect("the form is sent");
        assert_eq!(sent.reply().await.unwrap().render_text(), "Noted on the card, with your reason in the audit log.");
        let again = world.person("Adel").submit(&form, &why).expect("the form is sent again");
        assert!(again.reply().await.unwrap().contains("This question has expired or was already answered"));
        let card =
            world.card("the reference", |card| card.contains("Reference: `777888`") && card.part("Approve").is_some());
        let card = card.await;
        assert!(card.contains("This reference also belongs to order"), "{}", card.render_text());
        let noted = world.word("SELECT payload FROM audit_logs WHERE action = 'reference.override'").await;
        assert!(noted.contains("One transfer for two people."), "{noted}");
        world.admin("Nadia").approves().await;
        karim.is_sent_link(0).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_slip_of_the_finger_keeps_no_reference() {
    for generation in GENERATIONS {
        let world = World::with(|scene| {
            scene.generation(generation);
            scene.reference = "optional";
        })
        .await;
        let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
        mona.orders("Basic").await;
        mona.chooses("Vodafone Cash").await;
        refers(&mona, "11111").await;
        refers(&mona, "22222").await;
        karim.orders("Basic").await;
        karim.chooses("Vodafone Cash").await;
        assert!(refers(&karim, "11111").await.starts_with("Thank you, we noted"));
        assert!(refers(&karim, "22222").await.starts_with("This reference was already used"));
        // Another method knows other references.
        mona.chooses("InstaPay").await;
        world.settles().await;
        assert!(mona.status().part("Enter reference").is_none());
        world.finish().await;
    }
}

/// A receipt as a JPEG whose Exif says which program wrote it, and when it was taken.
fn edited(label: &str, software: &str, taken: &str) -> Vec<u8> {
    let field = |tag: exif::Tag, text: &str| exif::Field {
        tag,
        ifd_num: exif::In::PRIMARY,
        value: exif::Value::Ascii(vec![text.as_bytes().to_vec()]),
    };
    let fields = [field(exif::Tag::Software, software), field(exif::Tag::DateTimeOriginal, taken)];
    let mut writer = exif::experimental::Writer::new();
    for field in &fields {
        writer.push_field(field);
    }
    let mut block = Cursor::new(Vec::new());
    writer.write(&mut block, false).unwrap();
    let pixels = image::load_from_memory(&receipt(label)).unwrap().into_rgb8();
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new(&mut bytes);
    encoder.set_exif_metadata(block.into_inner()).unwrap();
    encoder.write_image(pixels.as_raw(), pixels.width(), pixels.height(), ExtendedColorType::Rgb8).unwrap();
    bytes
}

#[tokio::test]
async fn what_is_odd_is_said_on_the_card_and_decides_nothing() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let farid = world.customer("Farid");
        farid.orders("Basic").await;
        farid.chooses("Vodafone Cash").await;
        farid.posts("receipt.jpg", &edited("odd", "Adobe Photoshop 25.1 (Windows)", "2020:01:31 12:00:00")).unwrap();
        farid.is_under_review().await;
        let card = world.tidied(&world.admin("Adel").card().await.render_text()).await;
        for flag in [
            "The file says that it was written by Adobe Photoshop 25.1 (Windows), a program for editing pictures.",
            "The file says that the picture was taken more than a day before the order was made.",
            "This Discord account is less than two days old.",
        ] {
            assert!(card.contains(flag), "{flag}\n{card}");
        }
        world.admin("Adel").approves().await;
        farid.is_sent_link(0).await;
        // The same pixels in another file, for somebody else's order.
        let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
        mona.orders_and_pays("Basic", "shared").await;
        karim.orders("Basic").await;
        karim.chooses("Vodafone Cash").await;
        karim.posts("mine.webp", &same_pixels("shared")).unwrap();
        karim.is_under_review().await;
        world
            .card("the twin", |card| {
                card.contains("The same picture was sent in another file for order") && card.contains("Karim")
            })
            .await;
        world.finish().await;
    }
}
