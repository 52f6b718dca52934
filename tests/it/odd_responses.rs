//! What Discord hardly ever does and may do any day: it says less than usual, delivers something
//! twice, does what it is asked and loses the answer. Nobody reads something false, and nothing
//! happens twice.

use std::time::{Duration, Instant};

use serde_json::json;
use tollkeeper::sandbox::discord::{Answer, Fault, Gate, Pending, View};

use crate::world::{SOON, World, custom_id, receipt};

/// A page of something between us and Discord, which has no code of Discord's.
fn a_proxys_page(status: u16) -> Fault {
    Fault::Status { status, body: json!("<html>no</html>"), headers: Vec::new() }
}

async fn suggested(typed: Pending) -> Vec<String> {
    match typed.answer().await.expect("an answer") {
        Answer::Choices(choices) => choices.into_iter().map(|(name, _)| name).collect(),
        other => unreachable!("{other:?} instead of suggestions"),
    }
}

#[tokio::test]
async fn a_discord_that_says_less_or_remembers_more_than_usual() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    world.settles().await;
    // Only the event can tell that there is a proof: nothing else reads the ticket just now.
    world.discord.omits_guilds(true);
    mona.uploads("Mona's receipt").await;
    world.discord.omits_guilds(false);

    let (adel, lobby) = (world.person("Adel"), world.guild.lobby);
    let typed = json!({ "name": "typed", "type": 3, "value": "a", "focused": true });
    let gone = json!({ "id": "1", "name": "gone", "type": 1, "options": [typed.clone()] });
    assert_eq!(suggested(adel.types_into(lobby, gone)).await, Vec::<String>::new(), "a command of yesterday");
    let changed = json!({ "name": "user-extend", "type": 1, "options": [typed] });
    let changed = json!({ "id": "1", "name": "admin", "type": 1, "options": [changed] });
    assert_eq!(suggested(adel.types_into(lobby, changed)).await, Vec::<String>::new(), "an option of yesterday");

    // What is typed may be one of the usual periods already.
    let usual = world.admin("Adel").suggested("audit", "period", "").await;
    for (name, _) in &usual {
        let found = world.admin("Adel").suggested("audit", "period", name).await;
        let same = found.iter().filter(|(other, _)| other == name).count();
        assert_eq!(same, 1, "{name} in {found:?}");
    }
    world.finish().await;
}

#[tokio::test]
async fn what_is_delivered_or_pressed_twice_is_done_once() {
    let world = World::new().await;
    let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
    karim.orders("Basic").await;
    let pressed = karim.person.click(&karim.status(), "Cancel order").unwrap();
    world.discord.repeats(&pressed);
    assert!(pressed.reply().await.unwrap().contains("cancelled"), "the answer is the first one's");
    mona.orders_and_pays("Basic", "Mona's receipt").await;

    let card = world.admin("Adel").card().await;
    let list = world.admin("Adel").opens(&card, "More").await;
    let form = world.person("Adel").select(&list.message, &["Ask the customer"]).unwrap().modal().await.unwrap();
    let label = form.fields[0].label.clone();
    let asked = world.person("Adel").submit(&form, &[(&label, "From which number?")]).unwrap();
    world.discord.repeats(&asked);
    assert!(asked.reply().await.unwrap().contains("The customer is asked"));

    // Two people have the list open: each means one more than they saw.
    let list = world.admin("Adel").opens(&card, "More").await;
    let others = world.admin("Nadia").opens(&card, "More").await;
    let before = world.number("SELECT attempts_left FROM orders WHERE status = 'payment_submitted'").await;
    let given = world.person("Adel").select(&list.message, &["One more attempt"]).unwrap();
    world.discord.repeats(&given);
    let given = given.reply().await.unwrap().render_text();
    let again = world.person("Nadia").select(&others.message, &["One more attempt"]).unwrap();
    assert_eq!(again.reply().await.unwrap().render_text(), given);
    world.settles().await;
    let after = world.number("SELECT attempts_left FROM orders WHERE status = 'payment_submitted'").await;
    assert_eq!(after, before + 1);
    assert_eq!(world.number("SELECT count(*) FROM review_questions").await, 1);
    let audited = "SELECT count(*) FROM audit_logs WHERE action IN ('review.ask', 'order.one_more_attempt')";
    assert_eq!(world.number(audited).await, 2);
    world.finish().await;
}

/// Whatever becomes of an answer on its way, nobody reads that something failed which was done.
#[tokio::test]
async fn an_answer_that_is_lost_is_given_again() {
    const APOLOGY: &str = "Something went wrong";
    let world = World::asleep(|_| {}).await;
    world.discord.fail_next("PUT", "/commands", 1, a_proxys_page(403));
    world.discord.fail_next("POST", "/guilds/{guild_id}/channels", 2, a_proxys_page(413));
    world.start().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;

    // The first answer: lost on its way back, then on its way there.
    for fault in [Fault::CutAfter, Fault::server_error(), a_proxys_page(408)] {
        world.discord.fail_next("POST", "/callback", 1, fault);
        let chosen = mona.person.select(&mona.status(), &["InstaPay"]).unwrap();
        assert!(matches!(chosen.answer().await.unwrap(), Answer::DeferredUpdate));
        world.settles().await;
        assert_eq!(chosen.messages().iter().filter(|message| message.contains(APOLOGY)).count(), 0);
    }
    // The later one.
    world.discord.fail_next("PATCH", "/messages/@original", 1, Fault::CutAfter);
    world.discord.fail_next("PATCH", "/messages/@original", 1, Fault::server_error());
    let told = mona.proves("Mona's receipt").await;
    assert!(told.contains("Thank you"), "{}", told.render_text());
    mona.is_under_review().await;
    world.discord.no_faults();

    // A confirmation whose answer is lost spends nothing, and says so.
    let adel = world.admin("Adel");
    let question = adel.opens_approval().await;
    world.discord.fail_next("POST", "/callback", 1, Fault::CutAfter);
    let lost = adel.starts_to_confirm(&question);
    let told = lost.followup(1).await.unwrap().render_text();
    assert_eq!(
        told,
        "Discord lost the connection while you pressed the button, so nothing was done. Please press it again."
    );
    assert_eq!(world.word("SELECT status FROM orders").await, "payment_submitted");
    let answer = adel.confirms(&question).await;
    assert!(answer.starts_with("Approved. Link sent"), "{answer}");
    mona.is_sent_link(0).await;

    // What is answered with success is not sent again, however little of it is understood.
    let odd = Fault::Status { status: 200, body: json!({ "id": "1" }), headers: Vec::new() };
    world.discord.fail_next("POST", "/webhooks/", 1, odd);
    let confirm = custom_id(&question.message, "Confirm");
    let spent = adel.person.forge_click(&question.message, &confirm).unwrap();
    let token = spent.token();
    world
        .until("the odd answer", |view| {
            let mut followups = view.requests().iter().filter(|it| it.info.path.contains(&token));
            followups.find(|it| it.info.path.starts_with("/webhooks/") && it.status == Some(200)).map(drop)
        })
        .await;
    world.settles().await;
    assert_eq!(spent.messages().iter().filter(|message| message.contains(APOLOGY)).count(), 0);
    world.finish().await;
}

/// One message in a form that nobody knows, and one file that never comes, keep nothing else from
/// being read, found and told.
#[tokio::test]
async fn nothing_that_stands_in_a_channel_holds_up_the_rest() {
    let world = World::new().await;
    let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    world.settles().await;
    let review = world.guild.review;
    for odd in [mona.person.says(mona.ticket(), "see my shop"), world.person("Adel").says(review, "look at this")] {
        world.discord.embeds_without_address(&odd.unwrap());
    }
    // The answer to the card's post is lost: it is looked for among the messages, and found.
    world.discord.fail_next("POST", &format!("/channels/{review}/messages"), 1, Fault::CutAfter);
    world.discord.forget_nonces();
    mona.uploads("Mona's receipt").await;
    world.settles().await;
    let cards =
        |view: &View<'_>| view.messages(review).iter().filter(|message| message.part("Approve").is_some()).count();
    assert_eq!(world.discord.look(cards), 1);

    karim.orders("Basic").await;
    karim.chooses("InstaPay").await;
    world.settles().await;
    world.discord.fail_next("GET", "/attachments/", u32::MAX, Fault::server_error());
    karim.posts("receipt.png", &receipt("Karim's receipt")).unwrap();
    world.counts(1, "SELECT count(*) FROM outbox WHERE kind = 'read_ticket' AND tries > 0").await;
    assert!(karim.cancels().await.contains("just being looked at"));
    world.passes(Duration::from_mins(11));
    karim.waits_for("We could not read your file").await;
    world.discord.no_faults();
    karim.uploads("Karim's receipt, again").await;
    world.finish().await;
}

#[tokio::test]
async fn what_was_deleted_while_nobody_told_us_is_posted_again() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.settles().await;
    let (status, card) = (mona.status(), world.admin("Adel").card().await);
    world.discord.deaf(true);
    for message in [&status, &card] {
        world.discord.bulk_deleted(message.channel, &[message.id]);
    }
    world.discord.forget_held_events();
    world.discord.deaf(false);
    world.discord.invalidate_session();
    world.card("the card again", |again| again.id != card.id && again.part("Approve").is_some()).await;
    mona.waits_for("We are checking your payment").await;
    let answer = world.admin("Adel").approves().await;
    assert!(answer.starts_with("Approved. Link sent"), "{answer}");
    mona.is_sent_link(0).await;
    world.finish().await;
}

/// A proof sent with a command is nowhere but in the bot's hands until it is committed.
#[tokio::test]
async fn a_stop_waits_for_what_somebody_just_sent() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    world.settles().await;
    let gate = Gate::new();
    world.discord.fail_next("GET", "/attachments/", 1, Fault::HoldBefore(gate.clone()));
    let (proof, ()) = tokio::join!(mona.proves("Mona's receipt"), async {
        let deadline = Instant::now() + SOON;
        while gate.waiting() == 0 {
            assert!(Instant::now() < deadline, "the file is never asked for");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::join!(world.stop(), async {
            world.until("the bot to be going", |view| (!view.bot_online()).then_some(())).await;
            gate.open();
        });
    });
    assert!(proof.contains("Thank you"), "{}", proof.render_text());
    assert_eq!(world.number("SELECT count(*) FROM payment_submissions").await, 1);
    world.start().await;
    mona.is_under_review().await;
    world.finish().await;
}
