//! The outbox: leasing and finishing of effects; what follows from a failed one is in `failures.rs`.
//!
//! A lease is void for every other process, so after a crash work goes on at once. What an
//! effect leads to and the end of its row are one transaction: `finish_row` is called
//! inside the functions that write results, and nowhere else.

pub mod dead_letters;
pub mod deleted_messages;
pub mod failures;

use serde_json::json;

use crate::db::{Db, Error, Subject, WriteTx};
use crate::domain::{
    Millis, OrderId,
    effect::{Effect, OwnerNews, READS, VERSION},
};

/// A claimed row: the right, and the duty, to perform its effect.
#[derive(Debug, Clone)]
pub struct Lease {
    pub id: i64,
    /// What is to be done.
    pub effect: Effect,
    /// The lane it came from.
    pub lane: String,
    /// When it was first tried; anything we made cannot be older.
    pub first_try_at: Millis,
    /// Which try this is, from 1. The first try acts; every later try looks first.
    pub tries: i64,
    /// Row errors so far.
    pub failures: i64,
    generation: i64,
    leased_at: Millis,
}

impl Lease {
    /// Whether an earlier try may have got through without our knowing: one of this row, or one of
    /// the database that a restored backup replaced.
    pub fn must_look_first(&self) -> bool {
        self.tries > 1 || self.first_try_at < self.leased_at
    }
}

/// The first due row of a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub id: i64,
    pub lane: String,
    /// Whether it reads what a customer wrote.
    pub reads: bool,
    /// Since when it could have been tried.
    pub due_since: Millis,
}

/// The row of every lane that has been due for the longest, the longest of all first. Rows claimed
/// by this process are in hand.
/// After a restore there are none until the outbox is released.
pub async fn heads(db: &Db, boot: &str, now: Millis) -> Result<Vec<Head>, Error> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id!", lane AS "lane!", kind AS "kind!", run_at AS "due_since!" FROM
                   (SELECT id, lane, kind, run_at, row_number() OVER (PARTITION BY lane ORDER BY run_at, id) AS place
                    FROM outbox WHERE parked_at IS NULL AND run_at <= ? AND (leased_by IS NULL OR leased_by <> ?)
                        AND NOT EXISTS (SELECT 1 FROM bot_config WHERE key = 'outbox_held_since'))
               WHERE place = 1 ORDER BY run_at, id"#,
        now.0,
        boot
    )
    .fetch_all(&db.readers)
    .await?;
    let head = |id, lane, kind: &str, due_since| Head { id, lane, reads: READS.contains(&kind), due_since };
    Ok(rows.into_iter().map(|row| head(row.id, row.lane, &row.kind, Millis(row.due_since))).collect())
}

/// When the next row that is not yet due becomes due.
pub async fn next_due(db: &Db, now: Millis) -> Result<Option<Millis>, Error> {
    let at = sqlx::query_scalar!(
        r#"SELECT run_at AS "at!: i64" FROM outbox WHERE parked_at IS NULL AND run_at > ? ORDER BY run_at LIMIT 1"#,
        now.0
    )
    .fetch_optional(&db.readers)
    .await?;
    Ok(at.map(Millis))
}

/// Claims rows, all in one transaction: a disk takes as long for one as for eight. Left out are
/// those that are gone, in hand, or of a kind this version does not know; the latter are parked
/// and shown, never dropped.
pub async fn lease(db: &Db, rows: &[i64], boot: &str, now: Millis) -> Result<Vec<Lease>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = db.begin().await?;
    let mut claims = Vec::new();
    for id in rows {
        claims.extend(lease_row(&mut tx, *id, boot, now).await?);
    }
    tx.commit().await?;
    Ok(claims)
}

/// Gives a row back after a target error: nothing is counted, the lane is paused by the worker.
pub async fn release(db: &Db, lease: &Lease, error: &str) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    sqlx::query!("UPDATE outbox SET leased_by = NULL, last_error = ? WHERE id = ?", error, lease.id)
        .execute(tx.sql())
        .await?;
    tx.commit().await
}

/// Ends a row whose effect left nothing to write.
pub async fn finish(db: &Db, lease: &Lease, now: Millis) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    finish_row(&mut tx, lease, now).await?;
    tx.commit().await
}

/// Puts an effect into the outbox by itself, for events that carry no state of ours.
pub async fn enqueue_alone(db: &Db, effect: &Effect, run_at: Millis, now: Millis) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    enqueue(&mut tx, effect, run_at, now).await?;
    tx.commit().await
}

/// The same for many effects at once, in one transaction.
pub async fn enqueue_all(db: &Db, effects: &[Effect], run_at: Millis, now: Millis) -> Result<(), Error> {
    if effects.is_empty() {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    for effect in effects {
        enqueue(&mut tx, effect, run_at, now).await?;
    }
    tx.commit().await
}

/// Whether an effect gave up and waits for a person.
pub async fn gave_up(db: &Db, effect: &Effect) -> Result<bool, Error> {
    let key = effect.key();
    let found = sqlx::query_scalar!("SELECT id FROM outbox WHERE key = ? AND parked_at IS NOT NULL", key)
        .fetch_optional(&db.readers)
        .await?;
    Ok(found.is_some())
}

/// The keys of all rows, for those who check that nothing was left behind.
pub async fn outbox_keys(db: &Db) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar!("SELECT key FROM outbox ORDER BY id").fetch_all(&db.readers).await?)
}

/// Wants an effect. Wanting it again while it waits is one row; while it runs, it runs again.
pub(in crate::db) async fn enqueue(
    tx: &mut WriteTx,
    effect: &Effect,
    run_at: Millis,
    now: Millis,
) -> Result<(), Error> {
    let (key, lane) = (effect.key(), effect.lane().to_string());
    let (kind, args) = encode(effect)?;
    sqlx::query!(
        "INSERT INTO outbox (key, lane, kind, args_version, args, run_at, created_at, set_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (key) DO UPDATE SET generation = generation + 1,
                 set_at = iif(excluded.run_at < run_at, excluded.set_at, set_at), run_at = min(run_at, excluded.run_at),
                 parked_at = NULL, failures = 0, kind = excluded.kind, args_version = excluded.args_version, args = excluded.args",
        key,
        lane,
        kind,
        VERSION,
        args,
        run_at.0,
        now.0,
        now.0
    )
    .execute(tx.sql())
    .await?;
    tx.about(Subject::Outbox);
    Ok(())
}

async fn lease_row(tx: &mut WriteTx, id: i64, boot: &str, now: Millis) -> Result<Option<Lease>, Error> {
    let row = sqlx::query!(
        r#"UPDATE outbox SET leased_by = ?, tries = tries + 1, first_try_at = COALESCE(first_try_at,
                   (SELECT json_extract(value, '$.since') FROM bot_config
                    WHERE key = 'look_first' AND json_extract(value, '$.until') > ?), ?)
               WHERE id = ? AND parked_at IS NULL AND (leased_by IS NULL OR leased_by <> ?)
               RETURNING lane, key, kind, args_version, args, generation, tries, failures, first_try_at AS "first_try_at!""#,
        boot,
        now.0,
        now.0,
        id,
        boot
    )
    .fetch_optional(tx.sql())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let Some(effect) = decode(&row.kind, row.args_version, &row.args) else {
        let error = format!("kind `{}` version {} is not known to this program", row.kind, row.args_version);
        sqlx::query!(
            "UPDATE outbox SET parked_at = ?, leased_by = NULL, last_error = ? WHERE id = ?",
            now.0,
            error,
            id
        )
        .execute(tx.sql())
        .await?;
        enqueue(tx, &Effect::TellOwner { news: OwnerNews::Parked { key: row.key, why: None } }, now, now).await?;
        return Ok(None);
    };
    Ok(Some(Lease {
        id,
        effect,
        lane: row.lane,
        first_try_at: Millis(row.first_try_at),
        tries: row.tries,
        failures: row.failures,
        generation: row.generation,
        leased_at: now,
    }))
}

/// Ends a claimed row, unless it was wanted again meanwhile: then it is as good as new, and its
/// turn comes after everything that is due already.
pub(in crate::db) async fn finish_row(tx: &mut WriteTx, lease: &Lease, now: Millis) -> Result<(), Error> {
    let gone = sqlx::query_scalar!(
        "DELETE FROM outbox WHERE id = ? AND generation = ? RETURNING notified_at",
        lease.id,
        lease.generation
    )
    .fetch_optional(tx.sql())
    .await?;
    if gone.flatten().is_some()
        && let Effect::DeliverLink { order, .. } | Effect::SyncTicket { order } = &lease.effect
    {
        // What the card says of it is not true any more.
        show_on_card(tx, order, now).await?;
    }
    if gone.is_none() {
        sqlx::query!(
            "UPDATE outbox SET leased_by = NULL, tries = 0, failures = 0, first_try_at = NULL,
                     last_error = NULL, notified_at = NULL, run_at = max(run_at, ?), set_at = ? WHERE id = ?",
            now.0,
            now.0,
            lease.id
        )
        .execute(tx.sql())
        .await?;
        tx.about(Subject::Outbox);
    }
    Ok(())
}

/// Takes a row out of the outbox by its key: what it was for is no longer true.
pub(in crate::db) async fn cancel(tx: &mut WriteTx, key: &str) -> Result<(), Error> {
    sqlx::query!("DELETE FROM outbox WHERE key = ? AND leased_by IS NULL", key).execute(tx.sql()).await?;
    Ok(())
}

/// Has the card of an order's latest submission say what is true now.
pub(in crate::db) async fn show_on_card(tx: &mut WriteTx, order: &OrderId, now: Millis) -> Result<(), Error> {
    let id = order.as_str();
    let submission = sqlx::query_scalar!(
        "SELECT id FROM payment_submissions WHERE order_id = ? AND status <> 'refused' ORDER BY id DESC LIMIT 1",
        id
    )
    .fetch_optional(tx.sql())
    .await?;
    if let Some(submission) = submission {
        let submission = crate::domain::SubmissionId(submission);
        enqueue(tx, &Effect::SyncCard { submission }, now, now).await?;
    } else if is_manual(tx, order).await? {
        enqueue(tx, &Effect::SyncSaleCard { order: order.clone() }, now, now).await?;
    }
    Ok(())
}

fn encode(effect: &Effect) -> Result<(String, String), Error> {
    let damaged = |problem: String| Error::Damaged { table: "outbox", problem };
    let value = serde_json::to_value(effect).map_err(|error| damaged(error.to_string()))?;
    let kind = value.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default().to_owned();
    let args = value.get("args").cloned().unwrap_or_else(|| json!({}));
    Ok((kind, args.to_string()))
}

pub(in crate::db) fn decode(kind: &str, version: i64, args: &str) -> Option<Effect> {
    if version > VERSION {
        return None;
    }
    let args: serde_json::Value = serde_json::from_str(args).ok()?;
    serde_json::from_value(json!({ "kind": kind, "args": args })).ok()
}

#[cfg(test)]
mod tests;

/// Whether staff entered the order by hand.
pub(in crate::db) async fn is_manual(tx: &mut WriteTx, order: &OrderId) -> Result<bool, Error> {
    let id = order.as_str();
    let source = sqlx::query_scalar!("SELECT source FROM orders WHERE id = ?", id).fetch_optional(tx.sql()).await?;
    Ok(source.as_deref() == Some("manual"))
}
