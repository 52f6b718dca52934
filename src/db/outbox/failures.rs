//! What follows from a failed try: another one later, or a dead letter that a person sees.

use std::time::Duration;

use serde_json::json;

use crate::db::{
    self, Db, Error, Subject, WriteTx,
    audit::{BOT, Happened},
    outbox::{Lease, enqueue, show_on_card},
};
use crate::domain::{
    Millis,
    attention::{Cause, Trouble},
    discord_error::Refused,
    effect::{Effect, OwnerNews},
};

/// Row errors after which an effect waits for a person.
pub const MAX_FAILURES: i64 = 8;

/// What became of a row after a row error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// It is tried again later.
    Again,
    /// It waits for a person, who can see that it does.
    Parked,
}

/// Counts a row error. After [`MAX_FAILURES`] the row is parked, and in the same transaction
/// a person gets to see it. One that was wanted again during the try begins anew: what was new
/// then was not tried. What Discord refused because of the server has the server looked at, which
/// tells the owners.
pub async fn fail(
    db: &Db,
    lease: &Lease,
    (error, why): (&str, Option<Refused>),
    again_in: Duration,
    now: Millis,
) -> Result<Failed, Error> {
    let mut tx = db.begin().await?;
    if why.is_some_and(Refused::is_about_the_server) && lease.effect != (Effect::InspectPremises {}) {
        enqueue(&mut tx, &Effect::InspectPremises {}, now, now).await?;
    }
    let wanted =
        sqlx::query_scalar!("SELECT generation FROM outbox WHERE id = ?", lease.id).fetch_optional(tx.sql()).await?;
    let anew = wanted.is_some_and(|wanted| wanted != lease.generation);
    let failures = if anew { 0 } else { lease.failures + 1 };
    let again = if anew { now } else { now.plus(again_in) };
    if failures < MAX_FAILURES {
        sqlx::query!(
            "UPDATE outbox SET leased_by = NULL, last_error = ?, failures = ?, run_at = ?, set_at = ? WHERE id = ?",
            error,
            failures,
            again.0,
            now.0,
            lease.id
        )
        .execute(tx.sql())
        .await?;
        tx.about(Subject::Outbox);
        tx.commit().await?;
        return Ok(Failed::Again);
    }
    let told_at = sqlx::query_scalar!(
        "UPDATE outbox SET leased_by = NULL, last_error = ?, failures = ?, parked_at = ? WHERE id = ?
             RETURNING notified_at",
        error,
        failures,
        now.0,
        lease.id
    )
    .fetch_optional(tx.sql())
    .await?;
    show_parked(&mut tx, lease, error, now).await?;
    if told_at.flatten().is_none() {
        tell_parked(&mut tx, lease, (error, why), now).await?;
    }
    tx.commit().await?;
    Ok(Failed::Parked)
}

/// Owners read of a row that gave up once, until it succeeds or a person has it tried again:
/// what is looked at by the clock wakes it, and it may give up every few minutes.
async fn tell_parked(
    tx: &mut WriteTx,
    lease: &Lease,
    (error, why): (&str, Option<Refused>),
    now: Millis,
) -> Result<(), Error> {
    sqlx::query!("UPDATE outbox SET notified_at = ? WHERE id = ?", now.0, lease.id).execute(tx.sql()).await?;
    let payload = json!({ "error": error, "lane": lease.lane });
    let key = lease.effect.key();
    db::audit::audit(
        tx,
        now,
        Happened { actor: BOT, action: "effect.park", target: key.clone(), payload, session: None },
    )
    .await?;
    if !matches!(lease.effect, Effect::TellOwner { .. }) {
        enqueue(tx, &Effect::TellOwner { news: OwnerNews::Parked { key, why } }, now, now).await?;
    }
    Ok(())
}

/// Whatever is parked is visible where its order is looked at.
async fn show_parked(tx: &mut WriteTx, lease: &Lease, error: &str, now: Millis) -> Result<(), Error> {
    match &lease.effect {
        Effect::SyncSubscription { subscription, .. } => {
            let waiting = db::access::subscriptions::orders_waiting_for(tx, *subscription).await?;
            let trouble = Trouble::new(Cause::GaveUp, error);
            for order in waiting {
                db::access::manual_intervention::set_needs_attention(tx, &order, &trouble, now).await?;
            }
            db::access::change_results::void_waiting(tx, *subscription, &trouble, now).await?;
        }
        Effect::DeliverLink { order, .. } | Effect::SyncTicket { order } => show_on_card(tx, order, now).await?,
        _ => {}
    }
    Ok(())
}
