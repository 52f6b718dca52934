//! A sale: the client of a grant, made or renewed, and booked when the panel has it.

use super::{NOT_RESET, Reset, Written, begin_anew, detached, memory, noted, remark, reset, settle, stranger, write};
use crate::{
    db::{
        self,
        access::{completion::Provisioned, grants::Grant, subscriptions::Subscription},
        outbox::Lease,
    },
    domain::{
        Millis,
        attention::{Cause, Trouble},
        grants::{self, Expiry, Filled, Known, Note},
    },
    effects::{EffectContext, EffectError},
    panel::{Client, Error, Found, Snapshot, Target},
};

/// What an attempt to provision came to.
enum Outcome {
    Done(Filled, Box<Snapshot>),
    /// The panel refused for good.
    Refused(String),
    Puzzled(Trouble),
    /// The panel said yes and does not have it: worth another try, but not for ever.
    Lost(&'static str),
}

impl Outcome {
    fn of(written: Written, filled: Filled, sub: &Subscription) -> Self {
        match written {
            Written::Kept(snapshot) => Self::Done(filled, snapshot),
            Written::Refused(said) => Self::Refused(said),
            Written::EmailTaken => Self::Puzzled(stranger(&sub.email)),
            Written::Detached => Self::Puzzled(detached(&sub.email)),
            Written::Lost(how) => Self::Lost(how),
        }
    }
}

/// Makes the client what a grant says, then books the sale.
pub(super) async fn sync(
    context: &EffectContext,
    client: &Client,
    lease: &Lease,
    sub: &Subscription,
    grant: &Grant,
) -> Result<(), EffectError> {
    let panel = client.name();
    // Before anything is written: what nobody could use is not sold.
    let inbound = noted(context, client, client.must_be_sellable().await).await?;
    let outcome = noted(context, client, provision(context, client, lease, sub, grant).await).await?;
    let now = context.clock.now();
    match outcome {
        Outcome::Done(filled, snapshot) => {
            let Some(record) = &snapshot.client else {
                return Err(EffectError::Row("the client has vanished from the panel".to_owned()));
            };
            let link = client.link_on(&inbound, record, &remark(context, sub)).await?;
            tracing::info!(order.id = %grant.order, panel, "provisioned");
            let ticket_stays = context.config.schedule.ticket_delete_after;
            let inbound = snapshot.inbound.id;
            let done = Provisioned { grant, filled, inbound, link: &link, ticket_stays };
            Ok(db::access::completion::complete(&context.db, lease, sub, done, now).await?)
        }
        Outcome::Refused(said) => {
            tracing::warn!(order.id = %grant.order, panel, said, "the panel refused");
            let trouble = Trouble::new(Cause::PanelRefused, said);
            Ok(db::access::manual_intervention::refused(&context.db, lease, &grant.order, &trouble, now).await?)
        }
        Outcome::Lost(how) => Err(EffectError::Row(how.to_owned())),
        Outcome::Puzzled(trouble) => {
            tracing::warn!(order.id = %grant.order, panel, ?trouble, "a person must look");
            // Who has the name of a client that was never confirmed has taken its place: nothing of ours is there.
            let untouched = !sub.provisioned && trouble.cause == Cause::EmailTaken;
            Ok(db::access::manual_intervention::mark_needs_attention(
                &context.db,
                lease,
                &grant.order,
                &trouble,
                untouched,
                now,
            )
            .await?)
        }
    }
}

async fn provision(
    context: &EffectContext,
    client: &Client,
    lease: &Lease,
    sub: &Subscription,
    grant: &Grant,
) -> Result<Outcome, Error> {
    if sub.provisioned {
        renew(context, client, sub, grant).await
    } else {
        first_sale(context, client, lease, sub, grant).await
    }
}

/// A client that was never confirmed: the first try adds, every later one reads first. Where it
/// finds nothing, the days begin anew: they are paid for with access.
async fn first_sale(
    context: &EffectContext,
    client: &Client,
    lease: &Lease,
    sub: &Subscription,
    grant: &Grant,
) -> Result<Outcome, Error> {
    let known = Known { our_expiry: None, panel_expiry: None, quota: None, used: 0 };
    let mut seen = None;
    if lease.must_look_first() || grant.filled.is_some() {
        seen = Some(client.snapshot(&sub.email).await?).filter(|seen| seen.client.is_some());
    }
    let filled = match &seen {
        Some(seen) => as_begun(context, sub, (lease, grant), known, seen).await?,
        None => fill(context, grant, known, None).await?,
    };
    let target = target(sub, &filled);
    let (snapshot, refused) = if let Some(seen) = seen {
        (seen, None)
    } else {
        let refused = add(client, &target).await?;
        (client.snapshot(&sub.email).await?, refused)
    };
    match (&snapshot.client, refused) {
        // Refused, or lost without a word: either way nothing is there.
        (None, Some(said)) => Ok(Outcome::Refused(said)),
        (None, None) => Ok(Outcome::Lost("the panel said that the client was made, and has none")),
        (Some(_), _) => Ok(Outcome::of(settle(client, sub, &target, snapshot).await?, filled, sub)),
    }
}

/// Adds a client. `Some` carries the panel's words when it refused; what is there then decides.
async fn add(client: &Client, target: &Target) -> Result<Option<String>, Error> {
    match client.add(target).await {
        Ok(()) => Ok(None),
        Err(Error::Refused { message }) => Ok(Some(message)),
        Err(error) => Err(error),
    }
}

/// A client that exists: the counter is reset once, then the whole row is written. Whose client it
/// is comes first: nothing is computed from somebody else's, and nothing of it is kept.
async fn renew(context: &EffectContext, client: &Client, sub: &Subscription, grant: &Grant) -> Result<Outcome, Error> {
    let found = client.find(&sub.email).await?;
    match &found {
        Some(found) if !sub.owns(&found.client.uuid) => return Ok(Outcome::Puzzled(stranger(&sub.email))),
        Some(found) if !found.client.on_inbound => return Ok(Outcome::Puzzled(detached(&sub.email))),
        _ => {}
    }
    let filled = renewed(context, sub, grant, found.as_ref()).await?;
    let target = target(sub, &filled);
    let Some(found) = found else {
        if let Some(said) = add(client, &target).await? {
            return Ok(Outcome::Refused(said));
        }
        return Ok(Outcome::of(begin_anew(client, sub, &target).await?, filled, sub));
    };
    if filled.used_before > 0 && !grant.reset {
        // A counter below what it was has been reset, by us or by somebody; once is enough.
        let used = u64::try_from(found.used_bytes).unwrap_or(0);
        if used >= filled.used_before {
            match reset(client, &sub.email, filled.used_before).await? {
                Reset::Done => {}
                Reset::Refused(said) => return Ok(Outcome::Refused(said)),
                Reset::Lost => return Ok(Outcome::Lost(NOT_RESET)),
            }
        }
        db::access::grants::counter_reset(&context.db, grant.id, context.clock.now())
            .await
            .map_err(|error| memory(&error))?;
    }
    // Written even where it says so already: 2.8 and 2.9 keep a client that had used up its
    // quota cut off until an update enables it.
    Ok(Outcome::of(write(client, sub, &found.client, &target).await?, filled, sub))
}

/// What a renewal makes of the client: computed from what is there, as long as nothing of it was
/// written; from then on what is stored.
async fn renewed(
    context: &EffectContext,
    sub: &Subscription,
    grant: &Grant,
    found: Option<&Found>,
) -> Result<Filled, Error> {
    let now = context.clock.now();
    let (known, note) = known(sub, found, now);
    let Some(stored) = grant.filled else {
        return match before_a_restore(context, sub, grant, known).await? {
            Some(given) => Ok(given),
            None => fill(context, grant, known, note).await,
        };
    };
    if stored.is_unwritten(&known, grant.before, grant.reset) {
        return fill(context, grant, known, note).await;
    }
    let filled = stored.begun_by(now, &known, grant.days);
    if filled != stored {
        db::access::grants::postpone_grant(&context.db, grant, &filled).await.map_err(|error| memory(&error))?;
    }
    Ok(filled)
}

/// The grant's target, computed and stored before the first write.
async fn fill(context: &EffectContext, grant: &Grant, known: Known, note: Option<Note>) -> Result<Filled, Error> {
    let now = context.clock.now();
    let filled = grants::fill(now, known, grant.days, grant.bytes, context.config.shop.renewal_traffic);
    db::access::grants::fill_grant(&context.db, grant, (&known, note), &filled, now)
        .await
        .map_err(|error| memory(&error))?;
    Ok(filled)
}

/// The target of a renewal that the panel has already, a backup having been restored since.
async fn before_a_restore(
    context: &EffectContext,
    sub: &Subscription,
    grant: &Grant,
    known: Known,
) -> Result<Option<Filled>, Error> {
    let now = context.clock.now();
    let Some(given) = grants::given_before(now, known, grant.days, grant.bytes) else { return Ok(None) };
    if !db::maintenance::restore::shown::may_be_ahead(&context.db, sub.id).await.map_err(|error| memory(&error))? {
        return Ok(None);
    }
    let note = Some(Note::GivenBefore);
    db::access::grants::fill_grant(&context.db, grant, (&known, note), &given, now)
        .await
        .map_err(|error| memory(&error))?;
    Ok(Some(given))
}

/// The target of a first sale whose client is there. One that ends later than we remember was made
/// by a life of ours that this memory does not have, a backup having been restored: its days
/// began with its access, and are left to it.
async fn as_begun(
    context: &EffectContext,
    sub: &Subscription,
    (lease, grant): (&Lease, &Grant),
    known: Known,
    seen: &Snapshot,
) -> Result<Filled, Error> {
    let now = context.clock.now();
    let begun = |at| grants::fill(at, known, grant.days, grant.bytes, context.config.shop.renewal_traffic);
    let filled = grant.filled.unwrap_or_else(|| begun(lease.first_try_at));
    let theirs = seen.client.as_ref().filter(|record| sub.owns(&record.uuid));
    let theirs = theirs.map(|record| Expiry::from_panel(record.expiry_ms, now));
    let filled = match (theirs, filled.expiry, begun(now).expiry) {
        (Some(Expiry::At(theirs)), Expiry::At(ours), Expiry::At(latest)) if ours <= theirs && theirs <= latest => {
            Filled { base: Millis(filled.base.0 + theirs.0 - ours.0), expiry: Expiry::At(theirs), ..filled }
        }
        _ if grant.filled.is_some() => return Ok(filled),
        _ => return fill(context, grant, known, None).await,
    };
    db::access::grants::fill_grant(&context.db, grant, (&known, None), &filled, now)
        .await
        .map_err(|error| memory(&error))?;
    Ok(filled)
}

/// What a renewal starts from, and what staff should know about it.
fn known(sub: &Subscription, found: Option<&Found>, now: Millis) -> (Known, Option<Note>) {
    let Some(found) = found else {
        // The counter went with the client: what is known of it was used all the same.
        let used = sub.known_use.0.saturating_sub(sub.used_before);
        let known = Known { our_expiry: sub.expiry, panel_expiry: None, quota: sub.quota, used };
        return (known, Some(Note::MadeAgain));
    };
    let record = &found.client;
    let quota = u64::try_from(record.total_bytes).unwrap_or(0);
    let panel_expiry = Expiry::from_panel(record.expiry_ms, now);
    let changed = sub.quota != Some(quota) || sub.expiry != Some(panel_expiry);
    let known = Known {
        our_expiry: sub.expiry,
        panel_expiry: Some(panel_expiry),
        quota: Some(quota),
        used: u64::try_from(found.used_bytes).unwrap_or(0),
    };
    (known, changed.then_some(Note::PanelChanged))
}

fn target(sub: &Subscription, filled: &Filled) -> Target {
    Target {
        email: sub.email.clone(),
        uuid: sub.uuid,
        sub_id: sub.sub_id.clone(),
        enabled: true,
        total_bytes: i64::try_from(filled.quota).unwrap_or(i64::MAX),
        expiry_ms: filled.expiry.to_panel(),
    }
}
