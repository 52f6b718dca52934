//! A change by staff: the row of the client on the panel with what was meant in it, and nothing
//! else.

use super::{NOT_RESET, Reset, Written, begin_anew, detached, memory, noted, remark, reset, settle, stranger, write};
use crate::{
    db::{
        self, access::change_queue::Waiting, access::change_results::Applied, access::subscriptions::Subscription,
        outbox::Lease,
    },
    domain::{
        Millis,
        access_state::AccessState,
        attention::{Cause, Trouble},
        change::{Change, Seen, Wanted, is_old, made_before, want},
        grants::{Expiry, NOTHING},
        reversal,
    },
    effects::{EffectContext, EffectError},
    panel::{Client, ClientRecord, Deleted, Error, Found, Snapshot, Target},
};

/// What an attempt came to.
enum Outcome {
    Done(Applied),
    /// It cannot be, and nothing of it is.
    Void(Trouble),
    /// The panel said yes and does not have it: worth another try, but not for ever.
    Lost(&'static str),
}

/// Makes a change, then writes down what is true.
pub(super) async fn sync(
    context: &EffectContext,
    client: &Client,
    lease: &Lease,
    sub: &Subscription,
    change: &Waiting,
) -> Result<(), EffectError> {
    let outcome = noted(context, client, apply(context, client, sub, change).await).await?;
    write_down(context, lease, sub, change, outcome).await
}

/// Writes down a change for which no panel has to be asked.
pub(super) async fn without_client(
    context: &EffectContext,
    lease: &Lease,
    sub: &Subscription,
    change: &Waiting,
) -> Result<(), EffectError> {
    let outcome = absent(context, sub, change).await?;
    write_down(context, lease, sub, change, outcome).await
}

async fn write_down(
    context: &EffectContext,
    lease: &Lease,
    sub: &Subscription,
    change: &Waiting,
    outcome: Outcome,
) -> Result<(), EffectError> {
    let (panel, kind, now) = (sub.panel.as_str(), change.what.name(), context.clock.now());
    match outcome {
        Outcome::Done(applied) => {
            tracing::info!(panel, email = sub.email, kind, "changed");
            Ok(db::access::change_results::apply_change(&context.db, lease, sub, change, &applied, now).await?)
        }
        Outcome::Void(trouble) => {
            tracing::warn!(panel, email = sub.email, kind, ?trouble, "not changed");
            Ok(db::access::change_results::void_change(&context.db, lease, sub, change, &trouble, now).await?)
        }
        Outcome::Lost(how) => Err(EffectError::Row(how.to_owned())),
    }
}

async fn apply(
    context: &EffectContext,
    client: &Client,
    sub: &Subscription,
    change: &Waiting,
) -> Result<Outcome, Error> {
    let now = context.clock.now();
    let Some(found) = client.find(&sub.email).await? else {
        return match change.what {
            Change::Enable {} => made_again(context, client, sub, change).await,
            _ => absent(context, sub, change).await,
        };
    };
    if !sub.owns(&found.client.uuid) {
        return Ok(Outcome::Void(stranger(&sub.email)));
    }
    if !found.client.on_inbound && change.what != (Change::Delete {}) {
        return Ok(Outcome::Void(detached(&sub.email)));
    }
    let seen = seen(&found, now);
    if let Some(over) = cannot_be_switched_on(sub, change, seen, now) {
        return Ok(Outcome::Void(over));
    }
    let wanted = fill(context, sub, change, seen).await?;
    let target = target(&found.client, sub, change, &wanted);
    let written = match &change.what {
        Change::Delete {} => return delete(client, change, &found.client, wanted, now).await,
        Change::Adopt {} if found.client.sub_id == sub.sub_id => {
            Written::Kept(Box::new(client.snapshot(&sub.email).await?))
        }
        Change::Enable {} | Change::Disable {} => switch(client, sub, &found.client, &target).await?,
        Change::ResetTraffic {} => {
            if let Some(not_done) = reset_once(context, client, sub, change, (&wanted, seen.used)).await? {
                return Ok(not_done);
            }
            match write(client, sub, &found.client, &target).await? {
                Written::Refused(said) if wanted.used_before > 0 => {
                    return Ok(Outcome::Void(Trouble::new(Cause::ResetThenRefused, said)));
                }
                written => written,
            }
        }
        _ => write(client, sub, &found.client, &target).await?,
    };
    let used = if wanted.used_before > 0 { 0 } else { seen.used };
    came_of(context, client, sub, change, (wanted, used), written).await
}

/// What a write came to; `used` is what the counter says since.
async fn came_of(
    context: &EffectContext,
    client: &Client,
    sub: &Subscription,
    change: &Waiting,
    (wanted, used): (Wanted, u64),
    written: Written,
) -> Result<Outcome, Error> {
    Ok(match written {
        Written::Kept(snapshot) => done(context, client, sub, change, (wanted, used), &snapshot).await?,
        Written::Refused(said) => Outcome::Void(refused(said)),
        Written::EmailTaken => Outcome::Void(stranger(&sub.email)),
        Written::Detached => Outcome::Void(detached(&sub.email)),
        Written::Lost(how) => Outcome::Lost(how),
    })
}

/// Why a client that is to be switched on would be cut off again within seconds.
fn cannot_be_switched_on(sub: &Subscription, change: &Waiting, seen: Seen, now: Millis) -> Option<Trouble> {
    let asked = matches!(change.what, Change::Enable {}) && change.filled.is_none();
    match AccessState::of(&seen, now) {
        AccessState::Ended if asked => Some(Trouble::new(Cause::Ended, &sub.email)),
        AccessState::UsedUp if asked => Some(Trouble::new(Cause::UsedUp, &sub.email)),
        _ => None,
    }
}

/// Resets the counter, unless that was done before; what it came to where it was not done.
async fn reset_once(
    context: &EffectContext,
    client: &Client,
    sub: &Subscription,
    change: &Waiting,
    (wanted, used): (&Wanted, u64),
) -> Result<Option<Outcome>, Error> {
    if wanted.used_before == 0 || change.reset {
        return Ok(None);
    }
    // Below what it was, it was reset by an earlier try that did not live to write it down.
    if used >= wanted.used_before {
        match reset(client, &sub.email, wanted.used_before).await? {
            Reset::Done => {}
            Reset::Refused(said) => return Ok(Some(Outcome::Void(refused(said)))),
            Reset::Lost => return Ok(Some(Outcome::Lost(NOT_RESET))),
        }
    }
    db::access::change_results::change_reset(&context.db, change.id, context.clock.now())
        .await
        .map_err(|error| memory(&error))?;
    Ok(None)
}

/// Switches it on or off; from 3.4.1 on the panel has a way that touches nothing else.
async fn switch(client: &Client, sub: &Subscription, record: &ClientRecord, target: &Target) -> Result<Written, Error> {
    let written = client.set_enabled(record, target.enabled).await;
    match super::read_back(client, sub, target, written).await? {
        Ok(snapshot) => settle(client, sub, target, snapshot).await,
        Err(said) => Ok(Written::Refused(said)),
    }
}

async fn delete(
    client: &Client,
    change: &Waiting,
    record: &ClientRecord,
    wanted: Wanted,
    now: Millis,
) -> Result<Outcome, Error> {
    let kept = match client.delete(record).await {
        Ok(deleted) => deleted == Deleted::KeptDisabled,
        Err(Error::Refused { message }) => return Ok(Outcome::Void(refused(message))),
        Err(error) => return Err(error),
    };
    tracing::debug!(change.id = %change.id, kept, "looked after the removal");
    let expiry = Expiry::from_panel(record.expiry_ms, now);
    let quota = u64::try_from(record.total_bytes).unwrap_or(0);
    Ok(Outcome::Done(Applied { wanted, enabled: false, held: true, expiry, quota, inbound: None, link: None, kept }))
}

/// A refusal in the panel's words.
fn refused(said: String) -> Trouble {
    Trouble::new(Cause::PanelRefused, said)
}

/// There is no such client: what was to be gone is gone, what is taken back has been, and nothing
/// else can be changed.
async fn absent(context: &EffectContext, sub: &Subscription, change: &Waiting) -> Result<Outcome, Error> {
    let ours = as_ours(sub);
    match &change.what {
        Change::Delete {} | Change::Reverse { .. } => {
            let wanted = fill(context, sub, change, ours).await?;
            let Wanted { enabled, expiry, quota, .. } = wanted;
            let (held, inbound) = (!enabled, None);
            Ok(Outcome::Done(Applied { wanted, enabled, held, expiry, quota, inbound, link: None, kept: false }))
        }
        _ => Ok(Outcome::Void(Trouble::new(Cause::Absent, &sub.email))),
    }
}

/// What the books say of a client that the panel does not have.
fn as_ours(sub: &Subscription) -> Seen {
    let expiry = sub.expiry.unwrap_or(Expiry::Never);
    let used = sub.known_use.0.saturating_sub(sub.used_before);
    Seen { enabled: !sub.disabled, expiry, quota: sub.quota.unwrap_or(0), used }
}

/// Makes a client again that somebody removed from the panel: the same keys and the same end. The
/// panel counts from zero again, so what is known to be used is taken off the quota.
async fn made_again(
    context: &EffectContext,
    client: &Client,
    sub: &Subscription,
    change: &Waiting,
) -> Result<Outcome, Error> {
    let ours = as_ours(sub);
    if let Some(over) = cannot_be_switched_on(sub, change, ours, context.clock.now()) {
        return Ok(Outcome::Void(over));
    }
    let wanted = if let Some(filled) = change.filled {
        filled
    } else {
        let quota = if ours.quota == 0 { 0 } else { ours.quota.saturating_sub(ours.used).max(NOTHING) };
        let wanted = Wanted { enabled: true, quota, used_before: ours.used, ..Wanted::as_seen(ours) };
        let filled =
            db::access::change_results::fill_change(&context.db, change.id, ours, &wanted, context.clock.now()).await;
        filled.map_err(|error| memory(&error))?;
        wanted
    };
    let target = Target {
        email: sub.email.clone(),
        uuid: sub.uuid,
        sub_id: sub.sub_id.clone(),
        enabled: true,
        total_bytes: i64::try_from(wanted.quota).unwrap_or(i64::MAX),
        expiry_ms: wanted.expiry.to_panel(),
    };
    match client.add(&target).await {
        Ok(()) => {}
        Err(Error::Refused { message }) => return Ok(Outcome::Void(refused(message))),
        Err(error) => return Err(error),
    }
    let written = begin_anew(client, sub, &target).await?;
    came_of(context, client, sub, change, (wanted, 0), written).await
}

async fn done(
    context: &EffectContext,
    client: &Client,
    sub: &Subscription,
    change: &Waiting,
    (wanted, used): (Wanted, u64),
    snapshot: &Snapshot,
) -> Result<Outcome, Error> {
    let Some(record) = &snapshot.client else {
        return Ok(Outcome::Lost("the client has vanished from the panel"));
    };
    let moved = snapshot.inbound.id != sub.inbound_id;
    let link = if moved || matches!(change.what, Change::Rotate {} | Change::Adopt {}) {
        Some(client.reader().link(record, &remark(context, sub)).await?)
    } else {
        None
    };
    let now = context.clock.now();
    let expiry = Expiry::from_panel(record.expiry_ms, now);
    let quota = u64::try_from(record.total_bytes).unwrap_or(0);
    let seen = Seen { enabled: record.enabled, expiry, quota, used };
    let held = match &change.what {
        Change::Disable {} | Change::Reverse { .. } => !record.enabled,
        _ => !record.enabled && seen.is_held(sub.disabled, now),
    };
    let inbound = Some(snapshot.inbound.id);
    Ok(Outcome::Done(Applied { wanted, enabled: record.enabled, held, expiry, quota, inbound, link, kept: false }))
}

fn seen(found: &Found, now: Millis) -> Seen {
    let record = &found.client;
    Seen {
        enabled: record.enabled,
        expiry: Expiry::from_panel(record.expiry_ms, now),
        quota: u64::try_from(record.total_bytes).unwrap_or(0),
        used: u64::try_from(found.used_bytes).unwrap_or(0),
    }
}

/// What the change wants, computed and stored once.
async fn fill(context: &EffectContext, sub: &Subscription, change: &Waiting, seen: Seen) -> Result<Wanted, Error> {
    let now = context.clock.now();
    if let Some(filled) = change.filled.filter(|filled| !is_old(now, &change.what, seen, *filled)) {
        return Ok(filled);
    }
    let layers = match &change.what {
        Change::Reverse { order, .. } => {
            db::access::change_queue::layers(&context.db, sub.id, order).await.map_err(|error| memory(&error))?
        }
        _ => None,
    };
    let compute = |seen: Seen| match (&change.what, &layers) {
        (Change::Reverse { order, .. }, Some(layers)) => {
            let policy = context.config.shop.renewal_traffic;
            reversal::take_back(now, seen, sub.disabled, (layers.as_slice(), policy), order)
        }
        // It was booked and never gave anything.
        (Change::Reverse { .. }, None) => Wanted::as_seen(seen),
        (what, _) => want(now, what, seen, sub.disabled),
    };
    let mut wanted = compute(seen);
    // Both are computed from what is there, and would be made twice.
    if matches!(change.what, Change::Extend { .. } | Change::Reverse { .. })
        && db::maintenance::restore::shown::may_be_ahead(&context.db, sub.id).await.map_err(|error| memory(&error))?
    {
        let ours = Seen { used: seen.used, ..as_ours(sub) };
        wanted = made_before(now, ours, compute(ours), seen).unwrap_or(wanted);
    }
    db::access::change_results::fill_change(&context.db, change.id, seen, &wanted, now)
        .await
        .map_err(|error| memory(&error))?;
    Ok(wanted)
}

/// The client as it is, with what the change means in it. What it does not mean stays as the
/// panel says it at this try.
fn target(record: &ClientRecord, sub: &Subscription, change: &Waiting, wanted: &Wanted) -> Target {
    let mut target = Target { uuid: sub.uuid, sub_id: sub.sub_id.clone(), email: sub.email.clone(), ..record.target() };
    let quota = i64::try_from(wanted.quota).unwrap_or(i64::MAX);
    match &change.what {
        Change::Disable {} | Change::Enable {} | Change::ResetTraffic {} => target.enabled = wanted.enabled,
        Change::SetTraffic { .. } => (target.enabled, target.total_bytes) = (wanted.enabled, quota),
        Change::Extend { .. } => (target.enabled, target.expiry_ms) = (wanted.enabled, wanted.expiry.to_panel()),
        Change::Reverse { .. } => {
            (target.enabled, target.total_bytes, target.expiry_ms) = (wanted.enabled, quota, wanted.expiry.to_panel());
        }
        Change::Rotate {} => target.uuid = sub.next_uuid.unwrap_or(sub.uuid),
        Change::Delete {} | Change::Adopt {} => {}
    }
    target
}
