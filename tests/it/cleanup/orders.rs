//! Unpaid orders, open questions of staff, and the clock that is not to be trusted.

use std::time::Duration;

use super::{often, tidy};
use crate::world::{World, receipt};

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn an_unpaid_order_is_reminded_of_once_then_expires_and_its_ticket_goes_an_hour_later() {
    let world = tidy().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("Vodafone Cash").await;
    let ticket = mona.ticket();
    world.passes(Duration::from_mins(20 * 60 - 1));
    world.settles().await;
    assert_eq!(world.number("SELECT count(*) FROM orders WHERE reminded_at IS NOT NULL").await, 0, "not before 20 h");
    world.passes(Duration::from_mins(2));
    let reminder = mona.waits_for("We have not received your payment yet").await;
    assert_eq!(reminder.mentions, [mona.person.id()], "it rings her phone");
    insta::assert_snapshot!(world.tidied(&reminder.render_text()).await, @"
    @Mona We have not received your payment yet, and this order ends <time R>.
    If you have paid, send the screenshot here. If you have changed your mind, you do not need to do anything.
    -# order ORDER · pay
    ");
    world.passes(3 * HOUR);
    world.settles().await;
    let reminders = mona.person.sees(ticket).into_iter().filter(|it| it.contains("We have not received")).count();
    assert_eq!(reminders, 1, "she is reminded once");
    world.passes(HOUR);
    mona.waits_for("Order expired").await;
    assert!(mona.asks_for_plans().await.part("Choose a plan").is_some(), "she may order again");
    world.passes(Duration::from_mins(58));
    world.settles().await;
    assert!(world.discord.look(|view| view.channel(ticket).is_some()), "the ticket stays for an hour");
    world.passes(Duration::from_mins(3));
    world.until("the ticket to be gone", |view| view.channel(ticket).is_none().then_some(())).await;
    world.settles().await;
    assert_eq!(world.number("SELECT count(*) FROM bot_messages").await, 0, "and what was in it is forgotten");
    world.finish().await;
}

#[tokio::test]
async fn what_is_paid_never_expires_and_a_late_proof_stops_the_reminder() {
    let world = tidy().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.passes(30 * HOUR);
    world.settles().await;
    assert_eq!(world.word("SELECT status FROM orders").await, "payment_submitted");
    assert_eq!(world.number("SELECT count(*) FROM orders WHERE reminded_at IS NOT NULL").await, 0);
    world.admin("Adel").declines("Screenshot not readable").await;
    mona.waits_for("Your payment proof was not accepted.").await;
    // The day begins anew with the decline.
    world.passes(23 * HOUR);
    mona.waits_for("We have not received your payment yet").await;
    assert_eq!(world.word("SELECT status FROM orders").await, "pending_payment");
    world.passes(2 * HOUR);
    mona.waits_for("Order expired").await;
    world.finish().await;
}

#[tokio::test]
async fn a_receipt_that_came_while_the_bot_was_away_is_read_before_the_order_expires() {
    let world = tidy().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("Vodafone Cash").await;
    world.stop().await;
    mona.posts("receipt.png", &receipt("Mona's receipt")).unwrap();
    world.passes(30 * HOUR);
    world.start().await;
    mona.is_under_review().await;
    world.settles().await;
    assert_eq!(world.word("SELECT status FROM orders").await, "payment_submitted");
    world.finish().await;
}

#[tokio::test]
async fn spent_and_expired_questions_of_staff_are_forgotten() {
    let world = tidy().await;
    let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    karim.orders_and_pays("Basic", "Karim's receipt").await;
    let open = world.admin("Adel").opens_approval().await;
    assert_eq!(world.number("SELECT count(*) FROM admin_sessions").await, 2);
    // Long after its end a late click is still told that it was late.
    world.passes(Duration::from_mins(6));
    let late = world.admin("Adel").confirms(&open).await;
    assert!(late.contains("expired"), "{late}");
    world.passes(25 * HOUR);
    world.counts(0, "SELECT count(*) FROM admin_sessions").await;
    world.finish().await;
}

#[tokio::test]
async fn after_a_forward_jump_of_the_clock_nothing_goes_for_a_while_and_owners_read_why() {
    let world = World::with(|scene| {
        often(scene);
        scene.schedule("clock_hold", "8s");
        scene.schedule("order_expiry", "48h");
    })
    .await;
    let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
    mona.orders("Basic").await;
    karim.orders("Basic").await;
    karim.cancels().await;
    karim.waits_for("Order cancelled").await;
    let (monas, karims) = (mona.ticket(), karim.ticket());
    world.settles().await;
    let notices = world.number("SELECT count(*) FROM bot_messages").await;
    assert!(notices >= 2, "each was welcomed");
    world.passes(49 * HOUR);
    let omar = world.person("Omar").id();
    let told = world.until("the owner to be told", |view| view.dms_of(omar).pop()).await;
    assert!(told.contains("The server's clock jumped forward by 2940 minutes"), "{}", told.render_text());
    assert!(told.contains("for 1 minutes nothing is deleted and no order expires"), "{}", told.render_text());
    // Everything is overdue by this clock: the order, the notices and Karim's ticket.
    assert_eq!(world.word("SELECT status FROM orders ORDER BY created_at").await, "pending_payment");
    assert_eq!(world.number("SELECT count(*) FROM bot_messages").await, notices);
    assert!(world.discord.look(|view| view.channel(monas).is_some() && view.channel(karims).is_some()));
    // It was right: when the hold is over, everything goes its way, and nobody is told again.
    mona.waits_for("Order expired").await;
    assert_eq!(world.person("Omar").dms().len(), 1);
    world.passes(Duration::from_mins(4));
    world.until("Karim's ticket to be gone", |view| view.channel(karims).is_none().then_some(())).await;
    world.finish().await;
}
