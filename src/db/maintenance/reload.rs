//! A configuration that was read again: the audit log's line, and what must follow it.

use serde_json::Value;

use crate::db::{self, Db, Error, audit::Happened};
use crate::domain::{Millis, OrderId, UserId, effect::Effect};

/// The key under which `bot_config` keeps the digest that open tickets were last made for.
const KEY: &str = "tickets";
/// The same for who of the listed staff hold the role that they need besides.
const STAFF_OVERWRITES: &str = "staff_overwrites";

/// Writes down that the configuration was read again, and whether it is taken. The dashboard
/// and the look at channels and roles follow what is taken.
pub async fn note_reload(db: &Db, by: UserId, taken: bool, payload: Value, now: Millis) -> Result<(), Error> {
    let action = if taken { "config.reload" } else { "config.reload_refused" };
    let mut tx = db.begin().await?;
    let happened = Happened { actor: by, action, target: "config".to_owned(), payload, session: None };
    db::audit::audit(&mut tx, now, happened).await?;
    if taken {
        db::outbox::enqueue(&mut tx, &Effect::SyncDashboard {}, now, now).await?;
        db::outbox::enqueue(&mut tx, &Effect::InspectPremises {}, now, now).await?;
    }
    tx.commit().await
}

/// Wants every ticket that is there made anew, if what tickets show of the configuration is
/// not what they were last made for. There are as many as Discord has room for, however many
/// orders there were.
pub async fn settle_tickets(db: &Db, digest: &str, now: Millis) -> Result<(), Error> {
    settle(db, KEY, digest, now).await
}

/// The same where staff got or lost a role by which they see tickets.
pub async fn settle_ticket_permissions(db: &Db, staff_overwrites: &str, now: Millis) -> Result<(), Error> {
    settle(db, STAFF_OVERWRITES, staff_overwrites, now).await
}

async fn settle(db: &Db, key: &str, digest: &str, now: Millis) -> Result<(), Error> {
    let known =
        sqlx::query_scalar!("SELECT value FROM bot_config WHERE key = ?", key).fetch_optional(&db.readers).await?;
    if known.as_deref() == Some(digest) {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    sqlx::query!(
        "INSERT INTO bot_config (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        key,
        digest
    )
    .execute(tx.sql())
    .await?;
    let tickets = sqlx::query_scalar!("SELECT id FROM orders INDEXED BY orders_channel WHERE channel_id IS NOT NULL")
        .fetch_all(tx.sql())
        .await?;
    for order in tickets.iter().filter_map(|id| id.parse::<OrderId>().ok()) {
        db::outbox::enqueue(&mut tx, &Effect::SyncTicket { order }, now, now).await?;
    }
    tx.commit().await
}
