//! What people type into forms, and forms that let everything through: whoever may use one writes a
//! text with it and nothing else.

use serde_json::json;
use tollkeeper::sandbox::discord::{Message, Modal, Person};

use super::{busy, state};
use crate::world::World;

/// What somebody types who hopes that nobody looked: the first is as good as any, the second is
/// empty. Discord takes 4000 characters.
pub(super) fn typed_texts() -> Vec<String> {
    let mut texts = vec!["1234".to_owned(), String::new()];
    texts.extend(["9", "*_~`|>[\\", "💥", "x\n"].map(|part| part.repeat(4000 / part.chars().count())));
    texts.extend(
        [
            " \u{200b}\t\n ",
            "\u{0}\u{1b}[31m\u{7}\u{7f}\r\n",
            "@everyone @here <@1> <@&1> <#1> </order:1>",
            "**bold** [here](https://example.com) ```code``` ||hidden|| <t:0:R>",
            "'; DROP TABLE orders; --",
            "\u{202e}devorppA\u{2066} \u{61c}مقبول\u{200f}",
        ]
        .map(str::to_owned),
    );
    texts
}

/// The form as a tampered client has it, which lets everything through.
pub(super) fn unbounded(form: &Modal) -> Modal {
    let mut form = form.clone();
    for field in &mut form.fields {
        (field.length, field.required) = ((0, 4000), false);
    }
    form
}

/// Fills in a form that was opened for this person; what is answered.
pub(super) async fn fills_in(person: &Person, form: &Modal, text: &str) -> String {
    let sent = person.submit(&unbounded(form), &[(&form.fields[0].label, text)]).expect("it is sent");
    sent.reply().await.expect("an answer").render_text()
}

/// A form of a menu's entry.
async fn form_of(person: &Person, menu: &Message, entry: &str) -> Modal {
    person.select(menu, &[entry]).expect("it is on the list").modal().await.expect("a form")
}

#[tokio::test]
async fn what_is_typed_into_a_form_is_a_text_and_nothing_else() {
    let world = busy().await;
    let (mona, karim, adel) = (world.customer("Mona"), world.customer("Karim"), world.admin("Adel"));
    // Adel looks at it from here on, whatever he opens.
    adel.opens_approval().await;
    let card = adel.card().await;
    let reference = mona.person.click(&mona.status(), "Enter reference").expect("the button is there");
    let reference = reference.modal().await.expect("a form");
    let amount = adel.person.click(&card, "Amount differs").expect("the button is there");
    let amount = amount.modal().await.expect("a form");
    let note = form_of(&adel.person, &adel.opens(&card, "More").await.message, "Enter the reference").await;
    let dashboard = world.guild.dashboard;
    let numbers = world
        .until("the dashboard", |view| {
            view.messages(dashboard).into_iter().find(|message| message.part("Export CSV").is_some())
        })
        .await;
    let table = adel.opens(&numbers, "Export CSV").await.message;
    let range = form_of(&adel.person, &table, "Other days (type them)").await;
    let reasons = adel.opens(&card, "Decline").await.message;
    let reason = form_of(&adel.person, &reasons, "Other reason (type it)").await;
    // Who looks at it is noted after the question was sent.
    world.counts(1, "SELECT count(*) FROM payment_submissions WHERE reviewing_by IS NOT NULL").await;
    world.settles().await;
    let before = state(&world).await;
    let not_a_reference = "This does not look like the reference of a payment.";
    for text in &typed_texts()[1..] {
        for (person, form, says) in [
            (&mona.person, &reference, not_a_reference),
            (&adel.person, &note, not_a_reference),
            (&adel.person, &amount, "This is not an amount that can have arrived."),
            (&adel.person, &range, "This is not a period"),
        ] {
            let said = fills_in(person, form, text).await;
            assert!(said.starts_with(says), "{text:.40?}: {said}");
        }
        // A reason can be any text; it is asked about before it is one.
        let asked = fills_in(&adel.person, &reason, text).await;
        let is_asked = asked.contains("[Confirm] [Cancel]");
        assert_eq!(is_asked, !text.trim().is_empty(), "{text:.40?}: {asked}");
    }
    assert_eq!(state(&world).await, before, "nothing was decided");
    questions_and_answers(&world).await;
    assert!(adel.approves().await.starts_with("Approved."));
    karim.is_sent_link(0).await;
    world.settles().await;
    // Whatever was typed, nobody's phone rang but the one that should.
    for request in world.discord.requests() {
        if request.info.method == "POST" && request.info.path.ends_with("/messages") {
            let allowed = &request.info.body["allowed_mentions"];
            assert_eq!(allowed["parse"], json!([]), "{}", request.info.body);
        }
    }
    world.finish().await;
}

/// Staff ask Karim each of the texts, and he answers each with the next one.
async fn questions_and_answers(world: &World) {
    let (karim, adel) = (world.customer("Karim"), world.admin("Adel"));
    let more = adel.opens(&adel.card().await, "More").await.message;
    let form = form_of(&adel.person, &more, "Ask the customer").await;
    let texts: Vec<_> = typed_texts().into_iter().filter(|text| !text.trim().is_empty()).collect();
    for text in ["", " \n "] {
        assert_eq!(fills_in(&adel.person, &form, text).await, "Nothing was written, so nothing was done.");
    }
    for text in &texts {
        let said = fills_in(&adel.person, &form, text).await;
        assert!(said.starts_with("The customer is asked in the ticket"), "{text:.40?}: {said}");
    }
    world.settles().await;
    let mut questions = karim.person.sees(karim.ticket());
    questions.retain(|message| message.part("Answer").is_some());
    assert_eq!(questions.len(), texts.len());
    for (question, text) in questions.iter().zip(texts.iter().cycle().skip(1)) {
        assert_eq!((&question.mentions, question.mention_roles.len()), (&vec![karim.person.id()], 0));
        let form = karim.person.click(question, "Answer").expect("the button is there").modal().await.expect("a form");
        assert_eq!(fills_in(&karim.person, &form, "").await, "Nothing was written, so nothing was done.");
        assert_eq!(fills_in(&karim.person, &form, text).await, "Thank you, our team has your answer.");
    }
    let answered = "SELECT count(*) FROM review_questions WHERE answer IS NOT NULL AND length(question) <= 500 AND length(answer) <= 500";
    assert_eq!(world.number(answered).await, i64::try_from(texts.len()).unwrap());
    world.settles().await;
}
