//! Conversations about review: approving, declining, and who may.

use std::time::Duration;

use tollkeeper::sandbox::panel::Generation;

use crate::world::{Leaves, World, custom_id};

#[tokio::test]
async fn a_declined_proof_is_followed_by_a_better_one() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Premium", "blurred").await;
    let question = world.admin("Adel").opens_decline("Screenshot not readable").await;
    insta::assert_snapshot!(world.tidied(&question.message.render_text()).await, @"
    │ **Decline this payment?**
    │ The customer reads the reason below and can send another screenshot.
    │ Customer: @Mona · Mona
    │ Plan: Premium · 30 days · 150 GB
    │ Amount (EGP): `250`
    │ Order ID: `ORDER`
    │ Payment method: Vodafone Cash
    │ Reason: We cannot read the screenshot. Please send a clear picture of the whole receipt.
    │ This question expires: <time R>
    [Confirm] [Cancel]
    ");
    let answer = world.admin("Adel").confirms(&question).await;
    insta::assert_snapshot!(answer, @"Declined. The customer is told the reason and has 2 attempts left.");
    mona.waits_for("Your payment proof was not accepted.").await;
    insta::assert_snapshot!(world.sees("Mona").await, @"
    Tollkeeper:
    │ **Your last payment proof was not accepted**
    │ Reason: We cannot read the screenshot. Please send a clear picture of the whole receipt.
    │ If you have already paid, please do not pay again: send a better screenshot, or write to our team here.
    │ 
    │ Send 250 EGP to 01000000000, then upload a screenshot of the receipt here.
    │ 
    │ After paying, send a screenshot of the payment here in this ticket.
    │ Amount (EGP): `250`
    │ Account: `01000000000`
    │ Account holder: `Ahmed M.`
    │ Order ID: `ORDER`
    │ Plan: Premium · 30 days · 150 GB
    │ Attempts left: 2
    │ Order ends: <time R>
    │ (order ORDER · ticket)
    [Choose a payment method ▾: Vodafone Cash | InstaPay]
    [Cancel order]

    Tollkeeper:
    @Mona Welcome! This is your private ticket. Choose how you would like to pay in the message above.
    -# order ORDER · welcome

    Mona:
    📎 receipt.png

    Tollkeeper:
    @Mona Your payment proof was not accepted.
    Reason: We cannot read the screenshot. Please send a clear picture of the whole receipt.
    You can send another screenshot here; you have 2 attempts left.
    -# order ORDER · declined:1
    ");
    mona.uploads("sharp").await;
    world.admin("Nadia").approves().await;
    mona.is_sent_link(0).await;
    assert_eq!(world.number("SELECT COUNT(*) FROM payment_submissions").await, 2);
    world.finish().await;
}

#[tokio::test]
async fn a_declined_proof_is_followed_by_a_better_one_on_2_9_too() {
    let world = World::with(|scene| scene.generation(Generation::V2_9)).await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Premium", "blurred").await;
    world.admin("Adel").declines("Screenshot not readable").await;
    mona.waits_for("Your payment proof was not accepted.").await;
    mona.uploads("sharp").await;
    world.admin("Nadia").approves().await;
    mona.is_sent_link(0).await;
    world.finish().await;
}

#[tokio::test]
async fn a_typed_reason_reaches_the_customer_as_text_and_nothing_else() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.admin("Adel").declines("The name **differs** from @everyone's.").await;
    let told = mona.waits_for("Your payment proof was not accepted.").await;
    assert!(told.content.contains(r"The name \*\*differs\*\* from"), "{}", told.content);
    assert_eq!((told.mentions, told.mention_roles.len()), (vec![mona.person.id()], 0), "only Mona's phone rings");
    world.finish().await;
}

#[tokio::test]
async fn the_last_declined_proof_closes_the_order() {
    let world = World::with(|scene| scene.limit("upload_attempts", "2")).await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "first").await;
    let answer = world.admin("Adel").declines("Money not received").await;
    assert!(answer.contains("has 1 attempt left"), "{answer}");
    mona.waits_for("Your last payment proof was not accepted").await;
    mona.uploads("second").await;
    let question = world.admin("Adel").opens_decline("Money not received").await;
    assert!(question.message.contains("No attempts are left, so this closes the order."));
    world.admin("Adel").confirms(&question).await;
    mona.waits_for("Payment not accepted").await;
    insta::assert_snapshot!(world.sees("Mona").await, @"
    Tollkeeper:
    │ **Payment not accepted**
    │ Reason: We have not received the money yet. Please check that it was sent to the right account.
    │ This order is closed. If you think this is a mistake, please write to our team. You can order again with /order.
    │ Plan: Basic · 30 days · 50 GB
    │ Order ID: `ORDER`
    │ This ticket will be deleted: <time R>
    │ (order ORDER · ticket)

    Tollkeeper:
    @Mona Welcome! This is your private ticket. Choose how you would like to pay in the message above.
    -# order ORDER · welcome

    Mona:
    📎 receipt.png

    Mona:
    📎 receipt.png

    Tollkeeper:
    @Mona Your payment proof was not accepted.
    Reason: We have not received the money yet. Please check that it was sent to the right account.
    You can send another screenshot here; you have 1 attempt left.
    -# order ORDER · declined:1

    Tollkeeper:
    @Mona Your payment proof was not accepted, and this order is closed.
    Reason: We have not received the money yet. Please check that it was sent to the right account.
    -# order ORDER · declined:2
    ");
    assert!(mona.asks_for_plans().await.part("Choose a plan").is_some(), "Mona may order again");
    world.finish().await;
}

#[tokio::test]
async fn of_two_admins_one_decides_and_the_other_reads_who() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let (adel, nadia) = (world.admin("Adel"), world.admin("Nadia"));
    let (one, other) = (adel.opens_approval().await, nadia.opens_approval().await);
    let (one, other) = (adel.starts_to_confirm(&one), nadia.starts_to_confirm(&other));
    let answers = [one.reply().await.unwrap().render_text(), other.reply().await.unwrap().render_text()];
    let won: Vec<_> = answers.iter().map(|answer| answer.starts_with("Approved.")).collect();
    assert_ne!(won[0], won[1], "{answers:?}");
    let (winner, loser) = if won[0] { ("Adel", &answers[1]) } else { ("Nadia", &answers[0]) };
    assert!(loser.starts_with(&format!("@{winner} already approved this payment")), "{loser}");
    mona.is_sent_link(0).await;
    assert_eq!(world.number("SELECT COUNT(*) FROM audit_logs WHERE action = 'payment.approve'").await, 1);
    world.finish().await;
}

#[tokio::test]
async fn of_approve_and_decline_at_once_one_stands() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let (adel, nadia) = (world.admin("Adel"), world.admin("Nadia"));
    let yes = adel.opens_approval().await;
    let no = nadia.opens_decline("Wrong amount").await;
    let (yes, no) = (adel.starts_to_confirm(&yes), nadia.starts_to_confirm(&no));
    let yes = yes.reply().await.unwrap().render_text();
    let no = no.reply().await.unwrap().render_text();
    assert_ne!(yes.starts_with("Approved."), no.starts_with("Declined."), "{yes} / {no}");
    // Who, when and what; an approval may be further on when the loser reads of it.
    if yes.starts_with("Approved.") {
        assert!(no.starts_with("@Adel already approved this payment, <time R> (now: "), "{no}");
        assert!(no.ends_with("). Your click changed nothing."), "{no}");
    } else {
        let said =
            "@Nadia already declined this payment, <time R> (now: waiting for payment). Your click changed nothing.";
        assert_eq!(yes, said);
    }
    let decisions = "SELECT COUNT(*) FROM audit_logs WHERE action IN ('payment.approve', 'payment.decline')";
    assert_eq!(world.number(decisions).await, 1);
    world.finish().await;
}

#[tokio::test]
async fn whoever_comes_after_the_decision_reads_who_made_it() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let card = world.admin("Adel").card().await;
    let late = world.admin("Nadia").opens_decline("Wrong amount").await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    let answer = world.admin("Nadia").confirms(&late).await;
    insta::assert_snapshot!(world.tidied(&answer).await, @"@Adel already approved this payment, <time R> (now: completed). Your click changed nothing.");
    // The card's buttons are gone; a client that still shows them sends the same click.
    let click = world.person("Nadia").forge_click(&card, &custom_id(&card, "Approve")).unwrap();
    let answer = click.reply().await.unwrap().render_text();
    assert!(answer.starts_with("@Adel already approved this payment"), "{answer}");
    world.finish().await;
}

#[tokio::test]
async fn a_question_is_answered_once_in_time_and_by_whom_it_was_asked() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let adel = world.admin("Adel");

    // Another admin's.
    let question = adel.opens_approval().await;
    let confirm = custom_id(&question.message, "Confirm");
    let stolen = world.person("Nadia").forge_click_unseen(&question.message, &confirm);
    let answer = stolen.reply().await.unwrap().render_text();
    assert_eq!(answer, "Somebody else opened this question; only they can answer it.");

    // Too late.
    let question = adel.opens_approval().await;
    world.passes(Duration::from_secs(5 * 60 + 1));
    insta::assert_snapshot!(adel.confirms(&question).await, @"This question has expired and nothing was changed. Press the button on the card again.");

    // Cancelled.
    let question = adel.opens_approval().await;
    let cancelled = adel.person.click(&question.message, "Cancel").unwrap();
    assert_eq!(cancelled.reply().await.unwrap().render_text(), "Nothing was changed.");
    let replayed = adel.person.forge_click(&question.message, &custom_id(&question.message, "Confirm")).unwrap();
    insta::assert_snapshot!(replayed.reply().await.unwrap().render_text(), @"This question was already answered. The card shows the result.");

    // Used.
    let question = adel.opens_approval().await;
    adel.confirms(&question).await;
    let replayed = adel.person.forge_click(&question.message, &custom_id(&question.message, "Confirm")).unwrap();
    insta::assert_snapshot!(replayed.reply().await.unwrap().render_text(), @"This question was already answered. The card shows the result.");

    // Guessed.
    let guessed = adel.person.forge_click(&question.message, &format!("tk:confirm:{}", "0".repeat(32))).unwrap();
    assert_eq!(guessed.reply().await.unwrap().render_text(), "This button is out of date. Nothing was changed.");
    mona.is_sent_link(0).await;
    assert_eq!(world.number("SELECT COUNT(*) FROM audit_logs WHERE action = 'payment.approve'").await, 1);
    world.finish().await;
}

#[tokio::test]
async fn an_approval_of_one_proof_is_none_of_the_next() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "first").await;
    let old = world.admin("Adel").opens_approval().await;
    world.admin("Nadia").declines("Wrong amount").await;
    mona.waits_for("Your last payment proof was not accepted").await;
    mona.uploads("second").await;
    let answer = world.admin("Adel").confirms(&old).await;
    assert!(answer.starts_with("@Nadia already declined this payment"), "{answer}");
    assert_eq!(world.word("SELECT status FROM orders").await, "payment_submitted");
    world.finish().await;
}

#[tokio::test]
async fn a_strangers_client_under_our_name_waits_for_a_person() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let email = world.has_a_stranger_under_our_name().await;
    let answer = world.admin("Adel").approves().await;
    insta::assert_snapshot!(world.tidied(&answer).await, @"
    Approved, but a person must look at it. The card has the buttons to go on.
    What is wrong: The panel has a client named tk-order with another uuid; it is not ours to change.
    ");
    insta::assert_snapshot!(world.tidied(&world.admin("Adel").attention().await.render_text()).await, @"
    │ **Approved, but a person must look at it**
    │ Customer: @Mona · Mona
    │ Plan: Basic · 30 days · 50 GB
    │ Amount (EGP): `100`
    │ Payment method: Vodafone Cash
    │ Ticket: #order-order
    │ Order ID: `ORDER`
    │ Submitted: <time f>, <time R>
    │ History:
    │ This is their first order.
    │ Account made <time R>; in this server since <time R>.
    │ Decision: Approved by @Adel, <time f>
    │ What is wrong: The panel has a client named tk-order with another uuid; it is not ours to change.
    │ What is known:
    │ The panel has another client under this name.
    │ The customer has no link yet.
    │ The sale is not booked.
    │ [image proof.jpg]
    │ (order ORDER · proof 1)
    [Retry] [Delivered by hand] [Back to review] [Decline]
    ");
    mona.waits_for("Our team is finishing your access by hand.").await;
    // Retry, and it is still there.
    let answer = world.admin("Nadia").presses("Retry").await;
    assert!(answer.contains("with another uuid"), "{answer}");
    // Back to review: the stranger's client is not ours to remove.
    world.admin("Adel").attention().await;
    assert_eq!(world.admin("Adel").presses("Back to review").await, "The payment is back in review.");
    mona.waits_for("We are checking your payment").await;
    world.settles().await;
    assert_eq!(world.panel.client(&email).unwrap().sub_id, "stranger");
    // Approved again, then the person in charge removes it and presses Retry.
    world.admin("Nadia").approves().await;
    world.admin("Adel").attention().await;
    world.panel.remove_client(&email);
    let answer = world.admin("Adel").presses("Retry").await;
    assert!(answer.starts_with("Approved. Link sent"), "{answer}");
    mona.is_sent_link(0).await;
    world.finish_but(Leaves::default()).await;
}
