//! What is over and must go, and what was forgotten and must be found.

use std::time::Duration;

use chrono::NaiveDate;

use crate::db::{self, Db, Error, WriteTx};
use crate::domain::{
    ChannelId, MessageId, Millis, OrderId,
    effect::{Effect, Notice, OwnerNews},
    revenue::start_of,
};

/// The most messages that Discord deletes at once ("Bulk Delete Messages").
const BATCH: i64 = 100;

/// A ticket that is not made after this long was forgotten: making one takes a second.
const MADE_WITHIN: Duration = Duration::from_mins(10);

/// A message that Discord does not let us delete is asked for again this long.
const GIVE_UP_AFTER: Duration = Duration::from_hours(7 * 24);

/// How often owners are told of one thing that goes on.
const HOURLY: Duration = Duration::from_hours(1);

/// The key under which `bot_config` keeps the day on which owners last read of the day before.
const LAST_DAY: &str = "daily_news";

/// The key under which it keeps the first day of the week in which they last read where panels and
/// books differ.
const LAST_WEEK: &str = "weekly_drift";

/// The channels in which messages' time is over. A question that waits for its answer stays,
/// however long that takes: the button is nowhere else.
pub async fn channels_to_clean(db: &Db, now: Millis) -> Result<Vec<ChannelId>, Error> {
    let ids = sqlx::query_scalar!(
        "SELECT DISTINCT channel_id FROM bot_messages m INDEXED BY bot_messages_due WHERE delete_at <= ?
               AND NOT EXISTS (SELECT 1 FROM review_questions q JOIN payment_submissions s ON s.id = q.submission_id
                   WHERE q.id = m.question_id AND q.answer IS NULL AND s.status = 'pending') LIMIT 500",
        now.0
    )
    .fetch_all(&db.readers)
    .await?;
    Ok(ids.into_iter().map(ChannelId::from_sql).collect())
}

/// Up to a hundred messages in a channel whose time is over, oldest first, after one that was
/// tried already.
pub async fn messages_to_clean(
    db: &Db,
    channel: ChannelId,
    after: MessageId,
    now: Millis,
) -> Result<Vec<MessageId>, Error> {
    let (channel, after) = (channel.to_sql(), after.to_sql());
    let ids = sqlx::query_scalar!(
        "SELECT message_id FROM bot_messages m WHERE channel_id = ? AND message_id > ? AND delete_at <= ?
               AND NOT EXISTS (SELECT 1 FROM review_questions q JOIN payment_submissions s ON s.id = q.submission_id
                   WHERE q.id = m.question_id AND q.answer IS NULL AND s.status = 'pending')
             ORDER BY message_id LIMIT ?",
        channel,
        after,
        now.0,
        BATCH
    )
    .fetch_all(&db.readers)
    .await?;
    Ok(ids.into_iter().map(MessageId::from_sql).collect())
}

/// Whether a message should have been gone for so long that it will never go.
pub async fn is_long_overdue(db: &Db, message: MessageId, now: Millis) -> Result<bool, Error> {
    let (id, before) = (message.to_sql(), now.minus(GIVE_UP_AFTER));
    let found = sqlx::query_scalar!(
        "SELECT message_id FROM bot_messages WHERE message_id = ? AND +delete_at > ?",
        id,
        before.0
    )
    .fetch_optional(&db.readers)
    .await?;
    Ok(found.is_none())
}

/// These messages are gone, or will never go.
pub async fn forget_messages(db: &Db, messages: &[MessageId]) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    for message in messages {
        let id = message.to_sql();
        sqlx::query!("DELETE FROM bot_messages WHERE message_id = ?", id).execute(tx.sql()).await?;
    }
    tx.commit().await
}

/// A channel is gone with everything in it.
pub async fn forget_channel(db: &Db, channel: ChannelId) -> Result<(), Error> {
    let channel = channel.to_sql();
    let mut tx = db.begin().await?;
    sqlx::query!("DELETE FROM bot_messages WHERE channel_id = ?", channel).execute(tx.sql()).await?;
    tx.commit().await
}

/// Reminds, once, the customers of unpaid orders that end within `ahead`; says how many.
pub async fn remind_unpaid(db: &Db, ahead: Duration, now: Millis) -> Result<usize, Error> {
    let soon = now.plus(ahead);
    let due = sqlx::query_scalar!(
            "SELECT id FROM orders INDEXED BY orders_lapse WHERE status = 'pending_payment' AND expires_at > ? AND expires_at <= ?
               AND reminded_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = orders.id AND p.received_minor > 0) LIMIT 100",
            now.0,
            soon.0
        )
        .fetch_all(&db.readers)
        .await?;
    let mut reminded = 0;
    for order in due.iter().filter_map(|id| id.parse::<OrderId>().ok()) {
        let mut tx = db.begin().await?;
        let id = order.as_str();
        let first = sqlx::query!(
            "UPDATE orders SET reminded_at = ? WHERE id = ? AND status = 'pending_payment' AND reminded_at IS NULL",
            now.0,
            id
        )
        .execute(tx.sql())
        .await?;
        if first.rows_affected() == 1 {
            db::outbox::enqueue(&mut tx, &Effect::Notify { order: order.clone(), notice: Notice::PaySoon }, now, now)
                .await?;
            tx.commit().await?;
            reminded += 1;
        }
    }
    Ok(reminded)
}

/// The channels that are tickets as far as we know.
pub async fn known_tickets(db: &Db) -> Result<Vec<ChannelId>, Error> {
    let ids = sqlx::query_scalar!(
        r#"SELECT channel_id AS "channel!: i64" FROM orders INDEXED BY orders_channel WHERE channel_id IS NOT NULL"#
    )
    .fetch_all(&db.readers)
    .await?;
    Ok(ids.into_iter().map(ChannelId::from_sql).collect())
}

/// Unpaid orders without a ticket that nobody is making.
pub async fn forgotten_orders(db: &Db, now: Millis) -> Result<Vec<OrderId>, Error> {
    let before = now.minus(MADE_WITHIN);
    let ids = sqlx::query_scalar!(
        "SELECT id FROM orders o WHERE status = 'pending_payment' AND channel_id IS NULL AND created_at < ?
               AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.key = 'ticket:' || o.id)",
        before.0
    )
    .fetch_all(&db.readers)
    .await?;
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}

/// Has the owners told of the day before `today`, once for each day whoever asks how often. A
/// database that never told of a day has none to tell of.
pub async fn tell_of_yesterday(db: &Db, today: NaiveDate, now: Millis) -> Result<bool, Error> {
    let yesterday = today.pred_opt().map(|yesterday| Effect::TellDay { day: start_of(yesterday, db.zone) });
    tell_of_each(db, LAST_DAY, today, yesterday, now).await
}

/// Has the owners told where panels and books differ, once in each week whoever asks how often;
/// `monday` is the week's first day. A new database has no week behind it.
pub async fn tell_of_drift(db: &Db, monday: NaiveDate, now: Millis) -> Result<bool, Error> {
    let effect = Effect::TellDrift { week: start_of(monday, db.zone) };
    tell_of_each(db, LAST_WEEK, monday, Some(effect), now).await
}

/// Wants an effect once for each date, and not for the first that was ever asked about.
async fn tell_of_each(
    db: &Db,
    key: &'static str,
    date: NaiveDate,
    effect: Option<Effect>,
    now: Millis,
) -> Result<bool, Error> {
    let text = date.to_string();
    let last =
        sqlx::query_scalar!("SELECT value FROM bot_config WHERE key = ?", key).fetch_optional(&db.readers).await?;
    // A date to come was written by a clock that was ahead: it keeps nothing back.
    if last.as_ref().is_some_and(|last| *last == text) {
        return Ok(false);
    }
    let mut tx = db.begin().await?;
    sqlx::query!(
        "INSERT INTO bot_config (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        key,
        text
    )
    .execute(tx.sql())
    .await?;
    if let Some(effect) = effect.filter(|_| last.is_some()) {
        db::outbox::enqueue(&mut tx, &effect, now, now).await?;
    }
    tx.commit().await?;
    Ok(last.is_some())
}

/// Tells the owners something that is told once for ever.
pub async fn tell_owners_once(db: &Db, news: OwnerNews, now: Millis) -> Result<bool, Error> {
    let (key, at) = (format!("told:{}", news.key()), now.0.to_string());
    let told =
        sqlx::query_scalar!("SELECT value FROM bot_config WHERE key = ?", key).fetch_optional(&db.readers).await?;
    if told.is_some() {
        return Ok(false);
    }
    let mut tx = db.begin().await?;
    let first =
        sqlx::query!("INSERT OR IGNORE INTO bot_config (key, value) VALUES (?, ?)", key, at).execute(tx.sql()).await?;
    if first.rows_affected() == 0 {
        return Ok(false);
    }
    db::outbox::enqueue(&mut tx, &Effect::TellOwner { news }, now, now).await?;
    tx.commit().await?;
    Ok(true)
}

/// Tells the owners something that goes on, once an hour at most.
pub async fn tell_owners_hourly(db: &Db, news: &OwnerNews, now: Millis) -> Result<bool, Error> {
    let mut tx = db.begin().await?;
    let told = enqueue_hourly_owner_news(&mut tx, news, now).await?;
    if told {
        tx.commit().await?;
    }
    Ok(told)
}

/// The same within what causes it. A clock that was put back keeps nothing from being told.
pub(in crate::db) async fn enqueue_hourly_owner_news(
    tx: &mut WriteTx,
    news: &OwnerNews,
    now: Millis,
) -> Result<bool, Error> {
    let key = format!("hourly:{}", news.key());
    let told = sqlx::query_scalar!("SELECT value FROM bot_config WHERE key = ?", key)
        .fetch_optional(tx.sql())
        .await?
        .and_then(|at| at.parse().ok())
        .map(Millis);
    if told.is_some_and(|at| at <= now && now < at.plus(HOURLY)) {
        return Ok(false);
    }
    let at = now.0.to_string();
    sqlx::query!(
        "INSERT INTO bot_config (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        key,
        at
    )
    .execute(tx.sql())
    .await?;
    db::outbox::enqueue(tx, &Effect::TellOwner { news: news.clone() }, now, now).await?;
    Ok(true)
}
