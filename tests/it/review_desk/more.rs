//! What staff do about a proof besides deciding, and what tells them that one waits.

use std::time::Duration;

use serde_json::json;
use tollkeeper::sandbox::{discord::Message, panel::Fault};

use super::{GENERATIONS, shop};
use crate::world::{Customer, World};

/// Chooses an entry of More on the newest open card; the private answer.
async fn chooses(world: &World, who: &'static str, entry: &str) -> Message {
    let card = world.admin(who).card().await;
    let list = world.admin(who).opens(&card, "More").await;
    let chosen = world.person(who).select(&list.message, &[entry]).expect("the entry is on the list");
    chosen.reply().await.expect("an answer")
}

/// Asks the customer something; what is answered to the member of staff.
async fn asks(world: &World, who: &'static str, text: &str) -> String {
    let card = world.admin(who).card().await;
    let list = world.admin(who).opens(&card, "More").await;
    let chosen = world.person(who).select(&list.message, &["Ask the customer"]).expect("the entry is on the list");
    let form = chosen.modal().await.expect("a form");
    let label = form.fields[0].label.clone();
    let sent = world.person(who).submit(&form, &[(&label, text)]).expect("the form is sent");
    sent.reply().await.expect("an answer").render_text()
}

/// Answers the question in the ticket; what is said about it.
async fn answers(mona: &Customer<'_>, question: &Message, text: &str) -> String {
    let form = mona.person.click(question, "Answer").unwrap().modal().await.expect("a form");
    let sent = mona.person.submit(&form, &[("Your answer", text)]).expect("the form is sent");
    sent.reply().await.expect("an answer").render_text()
}

#[tokio::test]
async fn a_question_is_answered_without_opening_the_ticket() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        let done = asks(&world, "Adel", "From which **number**?").await;
        assert_eq!(done, "The customer is asked in the ticket; the answer will stand on the card.");
        let question = mona.waits_for("Our team has a question about your payment:").await;
        assert!(question.contains(r"From which \*\*number\*\*?"), "{}", question.content);
        assert_eq!(question.mentions, vec![mona.person.id()], "Mona's phone rings");
        world.card("the question", |card| card.contains("The customer has not answered yet.")).await;
        // Nobody else answers for her.
        let stolen = world.person("Karim").forge_click_unseen(&question, "tk:answer:1");
        assert_eq!(stolen.reply().await.unwrap().render_text(), "This belongs to somebody else's order.");
        assert_eq!(answers(&mona, &question, "From 0100 @everyone").await, "Thank you, our team has your answer.");
        let card = world.card("the answer", |card| card.contains(r"From 0100 \@everyone")).await;
        assert!(card.contains("From which"), "{}", card.render_text());
        assert_eq!(answers(&mona, &question, "Again").await, "You have already answered this question.");
        world.admin("Nadia").approves().await;
        mona.is_sent_link(0).await;
        let late = answers(&mona, &question, "Too late").await;
        assert_eq!(late, "Thank you. Your payment is already decided, so our team needs no answer any more.");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_fake_ends_the_order_and_blocks_its_customer() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "forged").await;
        let message = chooses(&world, "Adel", "Block fake receipt").await;
        let asked = world.tidied(&message.render_text()).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(asked, @"
            │ **Is this receipt a fake?**
            │ The payment is declined for good, the order is closed, and this person can order no more until somebody unblocks them. They read the reason below.
            │ Customer: @Mona · Mona
            │ Plan: Basic · 30 days · 50 GB
            │ Amount (EGP): `100`
            │ Order ID: `ORDER`
            │ Payment method: Vodafone Cash
            │ Reason: We could not accept this receipt.
            │ This question expires: <time R>
            [Confirm] [Cancel]
            ");
        }
        let confirmed = world.person("Adel").click(&message, "Confirm").unwrap().reply().await.unwrap();
        assert_eq!(
            confirmed.render_text(),
            "Declined for good, and the customer is blocked. They are told the reason."
        );
        mona.waits_for("We could not accept this receipt.").await;
        let card = world.card("the card to say so", |card| card.contains("Customer told: In the ticket")).await;
        assert!(card.contains("This person is blocked."), "{}", card.render_text());
        let refused = mona.asks_for_plans().await;
        assert!(refused.contains("We cannot take an order from you."), "{}", refused.render_text());
        assert_eq!(world.number("SELECT COUNT(*) FROM audit_logs WHERE action = 'user.block'").await, 1);
        assert_eq!(
            world.number("SELECT COUNT(*) FROM users WHERE status = 'blocked' AND blocked_at IS NOT NULL").await,
            1
        );
        assert_eq!(world.panel.write_count(), 0);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_fake_after_a_part_payment_leaves_the_money_in_sight() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let (mona, adel) = (world.customer("Mona"), world.admin("Adel"));
        mona.orders_and_pays("Basic", "first").await;
        adel.receives("40").await;
        mona.waits_for("60 EGP is still missing").await;
        mona.uploads("forged").await;
        let message = chooses(&world, "Adel", "Block fake receipt").await;
        let asked = world.tidied(&message.render_text()).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(asked, @"
            │ **Is this receipt a fake?**
            │ The payment is declined, and this person can order no more until somebody unblocks them. The order stays open because money was received for it: Cancel order, on the card of the part payment, ends it. They read the reason below.
            │ Customer: @Mona · Mona
            │ Plan: Basic · 30 days · 50 GB
            │ Amount (EGP): `100`
            │ Order ID: `ORDER`
            │ Payment method: Vodafone Cash
            │ Received: 40 EGP so far; 60 EGP is still missing.
            │ Reason: We could not accept this receipt.
            │ This question expires: <time R>
            [Confirm] [Cancel]
            ");
        }
        let confirmed = world.person("Adel").click(&message, "Confirm").unwrap().reply().await.unwrap();
        assert_eq!(
            confirmed.render_text(),
            "Declined, and the customer is blocked. They are told the reason. The order stays open with 40 EGP in it; Cancel order, on the card of the part payment, ends it."
        );
        mona.waits_for("We could not accept this receipt.").await;
        let card = world.card("the card to say so", |card| card.contains("Customer told: In the ticket")).await;
        for part in ["40 EGP so far; 60 EGP is still missing.", "This person is blocked."] {
            assert!(card.contains(part), "{part}: {}", card.render_text());
        }
        let noted = world.word("SELECT payload FROM audit_logs WHERE action = 'payment.fake'").await;
        assert!(noted.contains(r#""received_minor":4000"#), "{noted}");
        // No timer takes it, and neither does its customer.
        world.passes(Duration::from_hours(72));
        world.settles().await;
        let id = world.word("SELECT id FROM orders").await;
        let forged = mona.person.forge_click(&mona.status(), &format!("tk:cancel:{id}")).unwrap();
        assert!(forged.reply().await.unwrap().contains("This order can no longer be cancelled"));
        world.restart().await;
        world.settles().await;
        assert_eq!(world.word("SELECT status FROM orders").await, "pending_payment");
        assert_eq!(mona.tickets().len(), 1, "the ticket stays as well");
        // Staff end it, and the books say what there was.
        let card = world.card("the part's card", |card| card.part("Cancel order").is_some()).await;
        let question = adel.opens(&card, "Cancel order").await;
        assert!(question.message.contains("End this order with money in it?"), "{}", question.message.render_text());
        assert!(adel.confirms(&question).await.starts_with("The order is cancelled and nothing was booked."));
        world.settles().await;
        let noted = world.word("SELECT payload FROM audit_logs WHERE action = 'order.cancel'").await;
        assert!(noted.contains(r#""received_minor":4000"#), "{noted}");
        assert!(mona.asks_for_plans().await.contains("We cannot take an order from you."), "still blocked");
        world.finish().await;
    }
}

#[tokio::test]
async fn one_more_attempt_is_one_more() {
    for generation in GENERATIONS {
        let world = World::with(|scene| {
            scene.generation(generation);
            scene.limit("upload_attempts", "1");
        })
        .await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "blurred").await;
        let done = chooses(&world, "Adel", "One more attempt").await;
        assert_eq!(done.render_text(), "Done. After this one the customer has 1 attempt left.");
        world.card("the card", |card| card.contains("Attempts left after this one: 1")).await;
        world.admin("Adel").declines("Screenshot not readable").await;
        mona.waits_for("you have 1 attempt left").await;
        mona.uploads("sharp").await;
        world.admin("Nadia").approves().await;
        mona.is_sent_link(0).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_claim_is_shown_hinders_nobody_and_ends_by_itself() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        world.admin("Adel").opens_approval().await;
        world.card("who is looking", |card| card.contains("Looking at it: @Adel, until")).await;
        // Whoever comes second looks as well, and the card still names the first.
        world.admin("Nadia").opens_approval().await;
        world.settles().await;
        assert!(world.admin("Nadia").card().await.contains("Looking at it: @Adel"));
        world.passes(Duration::from_secs(5 * 60 + 1));
        world.card("the claim to end", |card| card.part("Approve").is_some() && !card.contains("Looking at it")).await;
        world.admin("Nadia").opens_amount("50").await;
        world.card("the next", |card| card.contains("Looking at it: @Nadia")).await;
        let released = chooses(&world, "Adel", "Release claim").await;
        assert_eq!(released.render_text(), "Done. The card no longer says that somebody is looking at it.");
        world.card("nobody", |card| card.part("Approve").is_some() && !card.contains("Looking at it")).await;
        let released = chooses(&world, "Adel", "Release claim").await;
        assert_eq!(released.render_text(), "Nobody was looking at it; nothing was changed.");
        // A claim keeps nobody from deciding, and the decision ends it.
        world.admin("Adel").opens_approval().await;
        world.admin("Nadia").approves().await;
        mona.is_sent_link(0).await;
        world.card("the result", |card| card.contains("Approved and delivered") && !card.contains("Looking")).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn support_and_forgers_get_nothing_more() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        let card = world.admin("Adel").card().await;
        let refused = world.admin("Salma").opens(&card, "More").await;
        assert_eq!(refused.message.render_text(), "Your role lets you see this, but only admins can do it.");
        for value in ["fake", "attempt", "let-go", "ask"] {
            let forged = mona.person.forge_select(&mona.status(), "tk:else:1", &[value]).unwrap();
            assert_eq!(forged.reply().await.unwrap().render_text(), "Only our team can use this.", "{value}");
        }
        let list = world.admin("Adel").opens(&card, "More").await;
        let forged = world.person("Adel").forge_select(&list.message, "tk:else:1", &["refund"]).unwrap();
        assert!(forged.reply().await.unwrap().contains("This button is out of date."));
        for id in ["tk:ask:1", "tk:answered:1", "tk:answer:99", "tk:received:1"] {
            let forged = mona.person.forge_click(&mona.status(), id).unwrap();
            assert!(forged.reply().await.unwrap().contains("This button is out of date."), "{id}");
        }
        assert_eq!(world.word("SELECT status FROM users").await, "active");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_payment_that_waits_is_brought_to_mind_once() {
    for generation in GENERATIONS {
        let world = World::with(|scene| {
            scene.generation(generation);
            scene.admin_role = true;
            scene.schedule("review_reminder", "200ms");
            scene.schedule("review_escalation", "400ms");
        })
        .await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        let line = world.card("the reminder", |line| line.contains("is still waiting for review.")).await;
        assert_eq!(line.mention_roles, vec![world.guild.admins], "the role's phones ring");
        assert!(line.part("Open the card").is_some());
        let omar = world.person("Omar").id();
        world
            .until("the owner to be told", |view| {
                view.dms_of(omar).into_iter().find(|message| message.contains("waiting for review for too long"))
            })
            .await;
        world.admin("Adel").approves().await;
        mona.is_sent_link(0).await;
        world.settles().await;
        let reminders = world.person("Adel").sees(world.guild.review);
        assert_eq!(reminders.iter().filter(|line| line.contains("is still waiting")).count(), 1, "once");
        world.finish().await;
    }
}

#[tokio::test]
async fn without_a_role_a_reminder_calls_the_admins_by_name() {
    for generation in GENERATIONS {
        let world = World::with(|scene| {
            scene.generation(generation);
            scene.schedule("review_reminder", "200ms");
        })
        .await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        let line = world.card("the reminder", |line| line.contains("is still waiting for review.")).await;
        assert!(line.render_text().starts_with("@Adel @Nadia\n"), "{}", line.render_text());
        let mut admins = [world.person("Adel").id(), world.person("Nadia").id()];
        admins.sort_unstable();
        assert_eq!((line.mentions.as_slice(), line.mention_roles.as_slice()), (&admins[..], &[][..]));
        let sent = world.discord.requests();
        let sent =
            sent.iter().find(|it| it.info.body["content"].as_str().is_some_and(|text| text.contains("still waiting")));
        let allowed = &sent.expect("the reminder").info.body["allowed_mentions"];
        let users: Vec<_> = ["Adel", "Nadia"].iter().map(|name| world.person(name).id().to_string()).collect();
        assert_eq!(*allowed, json!({ "parse": [], "users": users, "roles": [] }), "exactly them");
        world.admin("Adel").approves().await;
        mona.is_sent_link(0).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_question_is_asked_in_a_new_ticket_where_the_old_one_is_gone() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        world.discord.owner().deletes_channel(mona.ticket()).unwrap();
        world.counts(1, "SELECT count(*) FROM orders WHERE channel_id IS NULL").await;
        world.settles().await;
        assert_eq!(mona.tickets().len(), 0, "nothing had to be said");
        asks(&world, "Adel", "From which number?").await;
        let question = mona.waits_for("Our team has a question about your payment:").await;
        assert_eq!(answers(&mona, &question, "From 0100").await, "Thank you, our team has your answer.");
        world.admin("Adel").approves().await;
        mona.is_sent_link(0).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_payment_that_came_back_is_brought_to_mind_again() {
    for generation in GENERATIONS {
        let world = World::with(|scene| {
            scene.generation(generation);
            scene.schedule("review_reminder", "200ms");
        })
        .await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        world.card("the reminder", |line| line.contains("is still waiting for review.")).await;
        world.panel.on_request(|request| if request.is_write { Fault::Refuse("no".into()) } else { Fault::None });
        world.admin("Adel").approves().await;
        world.counts(2, "SELECT count(*) FROM bot_messages WHERE kind = 'staff_news'").await;
        world.panel.clear_faults();
        world.admin("Adel").approves().await;
        mona.is_sent_link(0).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn the_card_knows_the_customer() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "first").await;
        let card = world.admin("Adel").card().await;
        assert!(card.contains("This is their first order."), "{}", card.render_text());
        world.admin("Adel").approves().await;
        mona.is_sent_link(0).await;
        mona.orders_and_pays("Premium", "second").await;
        let card = world.admin("Adel").card().await;
        assert!(
            card.contains("Their other orders: 1 completed, 0 declined, 0 taken back, 0 open."),
            "{}",
            card.render_text()
        );
        world.admin("Adel").declines("Money not received").await;
        world.card("told", |card| card.contains("Customer told: In the ticket")).await;
        world.finish().await;
    }
}

/// What somebody still has to press is not tidied away, however long they take, and comes back when
/// somebody else tidied it away.
#[tokio::test]
async fn a_question_stays_until_it_is_answered() {
    for generation in GENERATIONS {
        let world = World::with(|scene| {
            scene.generation(generation);
            scene.schedule("message_cleanup", "100ms");
        })
        .await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        asks(&world, "Adel", "From which number?").await;
        let question = mona.waits_for("Our team has a question").await;
        world.counts(1, "SELECT count(*) FROM bot_messages WHERE question_id IS NOT NULL").await;
        world.passes(Duration::from_hours(72));
        world.counts(1, "SELECT count(*) FROM bot_messages WHERE kind = 'ticket_notice'").await;
        world.settles().await;
        assert!(mona.person.sees(mona.ticket()).iter().any(|message| message.id == question.id), "three days later");
        // Somebody tidies up by hand, then somebody deletes the whole ticket.
        world.discord.owner().deletes(&question).unwrap();
        let again = |than: u64| move |message: &Message| message.id > than && message.part("Answer").is_some();
        let ticket = mona.ticket();
        let second =
            world.until("the question again", |view| view.messages(ticket).into_iter().find(again(question.id))).await;
        world.settles().await;
        world.discord.owner().deletes_channel(ticket).unwrap();
        let category = world.guild.tickets[0];
        let third = world
            .until("the question in a new ticket", |view| {
                let mut messages = view.channels_in(category).into_iter().flat_map(|channel| view.messages(channel.id));
                messages.find(again(second.id))
            })
            .await;
        assert_eq!(third.content, question.content);
        world.settles().await;
        assert_eq!(answers(&mona, &third, "From 0100").await, "Thank you, our team has your answer.");
        world.passes(Duration::from_hours(25));
        world.counts(0, "SELECT count(*) FROM bot_messages WHERE question_id IS NOT NULL").await;
        world.admin("Adel").approves().await;
        mona.is_sent_link(0).await;
        world.finish().await;
    }
}
