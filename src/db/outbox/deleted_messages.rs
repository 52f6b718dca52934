//! Messages of ours that somebody deleted: what still waits for a person is posted again, and what
//! is decided stays away.

use crate::db::{self, Db, Error, WriteTx};
use crate::domain::{
    ChannelId, MessageId, Millis, OrderId, SubmissionId,
    effect::{Effect, Notice, QuestionId},
};

/// Somebody deleted messages of this channel. Those of ours that must stand are posted again;
/// says how many those may be.
pub async fn messages_gone(db: &Db, channel: ChannelId, messages: &[MessageId], now: Millis) -> Result<usize, Error> {
    let mut tx = db.begin().await?;
    let mut wanted = 0;
    for message in messages {
        wanted += message_gone(&mut tx, channel, *message, now).await?;
    }
    tx.commit().await?;
    Ok(wanted)
}

/// Where the questions stand that this order's customer has not answered yet.
pub async fn open_questions(db: &Db, order: &OrderId) -> Result<Vec<(ChannelId, MessageId)>, Error> {
    let id = order.as_str();
    let rows = sqlx::query!(
        "SELECT m.channel_id, m.message_id FROM review_questions q
             JOIN payment_submissions s ON s.id = q.submission_id JOIN bot_messages m ON m.question_id = q.id
             WHERE q.order_id = ? AND q.answer IS NULL AND s.status = 'pending'",
        id
    )
    .fetch_all(&db.readers)
    .await?;
    let place = |channel, message| (ChannelId::from_sql(channel), MessageId::from_sql(message));
    Ok(rows.into_iter().map(|row| place(row.channel_id, row.message_id)).collect())
}

/// Has every question asked again that waits for its customer and stands nowhere.
pub async fn ask_again(db: &Db, order: &OrderId, now: Millis) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    if enqueue_question(&mut tx, order, now).await? == 0 {
        return Ok(());
    }
    tx.commit().await
}

/// Forgets a message and has it posted again if it must stand.
async fn message_gone(tx: &mut WriteTx, channel: ChannelId, message: MessageId, now: Millis) -> Result<usize, Error> {
    let (channel, message) = (channel.to_sql(), message.to_sql());
    let question = sqlx::query_scalar!("DELETE FROM bot_messages WHERE message_id = ? RETURNING question_id", message)
        .fetch_optional(tx.sql())
        .await?;
    let mut wanted = 0;
    if let Some(question) = question.flatten() {
        let order = sqlx::query_scalar!("SELECT order_id FROM review_questions WHERE id = ?", question)
            .fetch_one(tx.sql())
            .await?;
        if let Ok(order) = order.parse() {
            wanted += enqueue_question(tx, &order, now).await?;
        }
    }
    let ticket = sqlx::query_scalar!(
        "UPDATE orders SET status_message_id = NULL, status_digest = NULL
             WHERE channel_id = ? AND status_message_id = ? RETURNING id",
        channel,
        message
    )
    .fetch_optional(tx.sql())
    .await?;
    let ticket = ticket.and_then(|id| id.parse().ok()).map(|order| Effect::SyncTicket { order });
    let card = card_gone(tx, message, now).await?;
    let sale = sale_card_gone(tx, message).await?;
    for effect in [ticket, card, sale].into_iter().flatten() {
        db::outbox::enqueue(tx, &effect, now, now).await?;
        wanted += 1;
    }
    Ok(wanted)
}

/// A card that somebody deleted. While its order is under way there may be something to press.
async fn card_gone(tx: &mut WriteTx, message: i64, now: Millis) -> Result<Option<Effect>, Error> {
    let card = sqlx::query!(
        r#"UPDATE payment_submissions SET card_message_id = NULL, card_digest = NULL, card_gone_at = ?
               WHERE card_message_id = ? RETURNING id AS "id!", order_id"#,
        now.0,
        message
    )
    .fetch_optional(tx.sql())
    .await?;
    let Some(card) = card else { return Ok(None) };
    let effect = Effect::SyncCard { submission: SubmissionId(card.id) };
    Ok(is_under_way(tx, &card.order_id).await?.then_some(effect))
}

/// The same for the card of a sale by hand. The message stays known: it tells a card that was lost
/// from one that was never posted.
async fn sale_card_gone(tx: &mut WriteTx, message: i64) -> Result<Option<Effect>, Error> {
    let sale =
        sqlx::query_scalar!("UPDATE orders SET card_digest = NULL WHERE card_message_id = ? RETURNING id", message)
            .fetch_optional(tx.sql())
            .await?;
    let Some(id) = sale else { return Ok(None) };
    let waits = is_under_way(tx, &id).await?;
    Ok(id.parse().ok().filter(|_| waits).map(|order| Effect::SyncSaleCard { order }))
}

async fn is_under_way(tx: &mut WriteTx, order: &str) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        "SELECT id FROM orders WHERE id = ?
               AND status IN ('pending_payment', 'payment_submitted', 'provisioning', 'needs_attention')",
        order
    )
    .fetch_optional(tx.sql())
    .await?;
    Ok(found.is_some())
}

/// Has every question asked again that waits for its customer, stands nowhere and is not about to
/// be asked; says how many.
pub(in crate::db) async fn enqueue_question(tx: &mut WriteTx, order: &OrderId, now: Millis) -> Result<usize, Error> {
    let id = order.as_str();
    let lost = sqlx::query_scalar!(
        r#"SELECT q.id AS "id!" FROM review_questions q JOIN payment_submissions s ON s.id = q.submission_id
               WHERE q.order_id = ? AND q.answer IS NULL AND s.status = 'pending'
                 AND NOT EXISTS (SELECT 1 FROM bot_messages m WHERE m.question_id = q.id)
                 AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.key = 'notify:' || q.order_id || ':asked:' || q.id)"#,
        id
    )
    .fetch_all(tx.sql())
    .await?;
    for question in &lost {
        let notice = Notice::Asked { question: QuestionId(*question) };
        db::outbox::enqueue(tx, &Effect::Notify { order: order.clone(), notice }, now, now).await?;
    }
    Ok(lost.len())
}
