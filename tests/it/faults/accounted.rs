//! What must be true after Discord said no, besides what is true after every conversation: nothing that
//! was paid is lost, and whoever waits is waited for by somebody who sees it.

use sqlx::{Connection as _, Row as _, sqlite::SqliteRow};
use tollkeeper::sandbox::discord::{View, permission};

use crate::{
    kill::people::{Stuck, status},
    world::World,
};

/// Looks at every order; panics at what is not right. `stuck` is what people tried in vain, if they did.
pub(super) async fn everything_is(world: &World, stuck: Option<&Stuck>) {
    let why = stuck.map_or("the walk came to its end", |Stuck(why)| why);
    let mut sql = world.sql().await;
    let query = "SELECT o.id, o.user_id, o.status, o.delivery, o.channel_id,
                   COALESCE((SELECT received_minor FROM payments WHERE order_id = o.id), 0) AS received,
                   (SELECT count(*) FROM payment_submissions WHERE order_id = o.id) AS proofs
                 FROM orders o WHERE o.source = 'shop'";
    let orders = sqlx::query(query).fetch_all(&mut sql).await.expect("the orders are read");
    let _ = sql.close().await;
    let parked: Vec<_> = world.outbox().await.into_iter().filter(|row| row.parked).collect();
    assert!(parked.is_empty(), "one failure parks nothing: {parked:#?}");
    world.discord.look(|view| {
        for order in &orders {
            assert!(is_in_good_hands(world, view, order), "{} is in nobody's hands\n{why}", about(order));
            every_proof_was_taken(view, order, why);
        }
    });
}

fn about(order: &SqliteRow) -> String {
    let word = |name: &str| order.get::<String, _>(name);
    format!("order {}, which is {} with {} received,", word("id"), word("status"), order.get::<i64, _>("received"))
}

/// Somebody sees what the order waits for, or it waits for nothing.
fn is_in_good_hands(world: &World, view: &View<'_>, order: &SqliteRow) -> bool {
    let id: String = order.get("id");
    let customer = order.get::<i64, _>("user_id").cast_unsigned();
    let ticket = order.get::<Option<i64>, _>("channel_id").map(i64::cast_unsigned);
    let ticket = ticket.filter(|ticket| view.channel(*ticket).is_some());
    let told = ticket.and_then(|ticket| status(view, customer, ticket));
    let card = |button: &str| {
        let mut cards = view.messages(world.guild.review).into_iter();
        cards.any(|card| card.contains(&id) && card.part(button).is_some())
    };
    match order.get::<String, _>("status").as_str() {
        "pending_payment" => ticket.is_some_and(|ticket| {
            let may_write = view.permissions(customer, ticket) & permission::SEND_MESSAGES != 0;
            may_write && told.is_some_and(|told| told.contains("pay"))
        }),
        "payment_submitted" => card("Approve"),
        "needs_attention" => card("Retry"),
        "completed" => match order.get::<String, _>("delivery").as_str() {
            "none" => false,
            "dm" => true,
            _ => told.is_some_and(|told| told.part("Get my link").is_some()),
        },
        "cancelled" | "expired" => order.get::<i64, _>("received") == 0 && order.get::<i64, _>("proofs") == 0,
        "declined" | "reversed" => true,
        _ => false,
    }
}

/// What a customer sent was taken as a proof, or they were told afterwards that it was not.
fn every_proof_was_taken(view: &View<'_>, order: &SqliteRow, why: &str) {
    let customer = order.get::<i64, _>("user_id").cast_unsigned();
    // By its name: the books may have lost it.
    let name = format!("order-{}", order.get::<String, _>("id").to_ascii_lowercase());
    let Some(ticket) = view.channel_named(&name) else { return };
    let said = view.messages(ticket.id);
    let mut sent =
        said.iter().enumerate().filter(|(_, message)| message.author == customer && !message.attachments.is_empty());
    let Some((last, _)) = sent.next_back() else { return };
    let answered = said[last..].iter().any(|message| message.by_bot && message.mentions.contains(&customer));
    let taken = order.get::<i64, _>("proofs") > 0;
    assert!(taken || answered, "a proof was sent for {} and nobody knows\n{why}", about(order));
}
