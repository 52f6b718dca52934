//! The panel's side of a sale: make the client what the grants say, read it back, then book.
//!
//! The target is computed once from what the panel says and stored before the first write; from
//! then on every try writes the same numbers, so that a second try changes nothing.

use super::{Failure, World};
use crate::{
    db::{
        outbox::Claim,
        subscriptions::{Grant, Provisioned, Subscription},
    },
    domain::{
        Millis, SubscriptionRow,
        grants::{self, Expiry, Filled, Known, Note},
        trouble::{Cause, Trouble},
    },
    panel::{Availability, Client, Deleted, Error, Found, Snapshot, Target},
};

/// How often a write is repeated in one try when the panel does not say what was written: an
/// admin may have saved the same inbound at the same moment.
const WRITES_PER_TRY: usize = 2;

/// What an attempt to provision came to.
enum Outcome {
    /// The panel has it.
    Done(Box<(Filled, Snapshot)>),
    /// The panel refused for good.
    Refused(String),
    /// A person must look.
    Puzzled(Trouble),
    /// The panel said yes and does not have it: worth another try, but not for ever.
    Lost(&'static str),
}

/// Brings the panel's client up to date with the oldest grant it does not have.
pub(super) async fn sync(world: &World, claim: &Claim, id: SubscriptionRow, panel: &str) -> Result<(), Failure> {
    let now = world.clock.now();
    let (Some(sub), Some(grant)) = (world.db.subscription(id).await?, world.db.next_grant(id).await?) else {
        return Ok(world.db.finish(claim, now).await?);
    };
    let Some(client) = world.panels.get(panel) else {
        let trouble = Trouble::new(Cause::NoPanel, panel);
        return Ok(world.db.puzzled(claim, &grant.order, &trouble, now).await?);
    };
    // A panel that answers while xray is stopped would take the client and sell a dead link.
    if let Availability::Down { cause, .. } = client.availability()
        && !client.ready()
    {
        return Err(Failure::Target(cause));
    }
    let outcome = provision(world, client, claim, &sub, &grant).await;
    if let Err(Error::Unauthorized { .. }) = &outcome {
        world.db.login_refused(panel, now).await?;
    }
    // What the panel refuses outside of the steps that expect it is the row's to count.
    let outcome = outcome?;
    world.db.login_accepted(panel).await?;
    let now = world.clock.now();
    match outcome {
        Outcome::Done(done) => {
            let (filled, snapshot) = *done;
            let links =
                client.reader().links(&snapshot.inbound, &sub.uuid, snapshot.inbound.flow(), &remark(world, &sub));
            let link = match links.map(|links| links.into_iter().next()) {
                Ok(Some(link)) => link,
                Ok(None) => return Err(Failure::Row("the inbound gives no link".to_owned())),
                Err(error) => return Err(Failure::Row(error.to_string())),
            };
            tracing::info!(order.id = %grant.order, panel, "provisioned");
            let ticket_stays = world.config.schedule.ticket_delete_after;
            let done = Provisioned { grant: &grant, filled, link: &link, ticket_stays };
            Ok(world.db.complete(claim, &sub, done, now).await?)
        }
        Outcome::Refused(said) => {
            tracing::warn!(order.id = %grant.order, panel, said, "the panel refused");
            let trouble = Trouble::new(Cause::PanelRefused, said);
            Ok(world.db.refused(claim, &grant.order, &trouble, now).await?)
        }
        Outcome::Lost(how) => Err(Failure::Row(how.to_owned())),
        Outcome::Puzzled(trouble) => {
            tracing::warn!(order.id = %grant.order, panel, ?trouble, "a person must look");
            Ok(world.db.puzzled(claim, &grant.order, &trouble, now).await?)
        }
    }
}

async fn provision(
    world: &World,
    client: &Client,
    claim: &Claim,
    sub: &Subscription,
    grant: &Grant,
) -> Result<Outcome, Error> {
    if sub.provisioned {
        renew(world, client, sub, grant).await
    } else {
        first_sale(world, client, claim, sub, grant).await
    }
}

/// A client that was never confirmed: the first try adds, every later one reads first.
async fn first_sale(
    world: &World,
    client: &Client,
    claim: &Claim,
    sub: &Subscription,
    grant: &Grant,
) -> Result<Outcome, Error> {
    let known = Known { our_expiry: None, panel_expiry: None, quota: None, used: 0 };
    let filled = fill(world, grant, known, None).await?;
    let target = target(sub, &filled);
    let mut refused = None;
    let mut snapshot = None;
    if claim.must_look_first() {
        let seen = client.snapshot(&sub.email).await?;
        if seen.client.is_none() {
            refused = add(client, &target).await?;
        } else {
            snapshot = Some(seen);
        }
    } else {
        refused = add(client, &target).await?;
    }
    let snapshot = match snapshot {
        Some(seen) => seen,
        None => client.snapshot(&sub.email).await?,
    };
    match (&snapshot.client, refused) {
        // Refused, or lost without a word: either way nothing is there.
        (None, Some(said)) => Ok(Outcome::Refused(said)),
        (None, None) => Ok(Outcome::Lost("the panel said that the client was made, and has none")),
        (Some(_), _) => settle(client, sub, filled, &target, snapshot).await,
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

/// A client that exists: the counter is reset once, then the whole row is written.
async fn renew(world: &World, client: &Client, sub: &Subscription, grant: &Grant) -> Result<Outcome, Error> {
    let now = world.clock.now();
    let found = client.find(&sub.email).await?;
    let (known, note) = known(sub, found.as_ref(), now);
    let filled = fill(world, grant, known, note).await?;
    let target = target(sub, &filled);
    let Some(found) = found else {
        if let Some(said) = add(client, &target).await? {
            return Ok(Outcome::Refused(said));
        }
        let snapshot = client.snapshot(&sub.email).await?;
        return settle(client, sub, filled, &target, snapshot).await;
    };
    if found.client.uuid != sub.uuid {
        return Ok(Outcome::Puzzled(stranger(&sub.email)));
    }
    // A counter below what it was has been reset, by us or by somebody; once is enough.
    let used = u64::try_from(found.used_bytes).unwrap_or(0);
    if filled.used_before > 0 && !grant.reset && used >= filled.used_before {
        match client.reset_traffic(&sub.email).await {
            Ok(()) => {}
            Err(Error::Refused { message }) => return Ok(Outcome::Refused(message)),
            Err(error) => return Err(error),
        }
        world.db.counter_reset(grant, now).await.map_err(|error| memory(&error))?;
    }
    // Written even where it says so already: 2.8 and 2.9 keep a client that had used up its
    // quota cut off until an update enables it.
    if let Err(error) = client.update(&found.client, &target).await {
        return refusal(error);
    }
    let snapshot = client.snapshot(&sub.email).await?;
    settle(client, sub, filled, &target, snapshot).await
}

/// Compares what the panel says with what was wanted, and writes once more where it differs.
async fn settle(
    client: &Client,
    sub: &Subscription,
    filled: Filled,
    target: &Target,
    mut snapshot: Snapshot,
) -> Result<Outcome, Error> {
    for _ in 0..WRITES_PER_TRY {
        let Some(record) = &snapshot.client else {
            return Ok(Outcome::Lost("the client has vanished from the panel"));
        };
        if record.uuid != sub.uuid {
            return Ok(Outcome::Puzzled(stranger(&sub.email)));
        }
        if snapshot.differs_from(target).is_empty() {
            return Ok(Outcome::Done(Box::new((filled, snapshot))));
        }
        if let Err(error) = client.update(record, target).await {
            return refusal(error);
        }
        snapshot = client.snapshot(&sub.email).await?;
    }
    if snapshot.differs_from(target).is_empty() {
        return Ok(Outcome::Done(Box::new((filled, snapshot))));
    }
    Ok(Outcome::Lost("the panel does not keep what was written"))
}

/// What the customer's app calls the connection: the same for as long as the subscription lives,
/// so that a renewal hands out the same link to the last character.
fn remark(world: &World, sub: &Subscription) -> String {
    format!("{} {}", world.config.shop.name, sub.email.trim_start_matches("tk-"))
}

fn refusal(error: Error) -> Result<Outcome, Error> {
    match error {
        Error::Refused { message } => Ok(Outcome::Refused(message)),
        other => Err(other),
    }
}

fn stranger(email: &str) -> Trouble {
    Trouble::new(Cause::Stranger, email)
}

/// The grant's target, computed and stored once.
async fn fill(world: &World, grant: &Grant, known: Known, note: Option<Note>) -> Result<Filled, Error> {
    if let Some(filled) = grant.filled {
        return Ok(filled);
    }
    let now = world.clock.now();
    let filled = grants::fill(now, known, grant.days, grant.bytes, world.config.shop.renewal_traffic);
    world.db.fill_grant(grant, &filled, note, now).await.map_err(|error| memory(&error))?;
    Ok(filled)
}

/// Our own memory failing in the middle is nobody's refusal: the lane waits.
fn memory(error: &crate::db::Error) -> Error {
    tracing::error!(error = error as &dyn std::error::Error, "the database failed while a client was being written");
    Error::Unreachable { why: "our own database failed".to_owned() }
}

/// What a renewal starts from, and what staff should know about it.
fn known(sub: &Subscription, found: Option<&Found>, now: Millis) -> (Known, Option<Note>) {
    let Some(found) = found else {
        let known = Known { our_expiry: sub.expiry, panel_expiry: None, quota: sub.quota, used: 0 };
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

/// Removes what a refused approval may have left: only a client that is surely ours and that
/// nobody was ever given.
pub(super) async fn remove(world: &World, claim: &Claim, id: SubscriptionRow, panel: &str) -> Result<(), Failure> {
    let may = world.db.may_remove_client(id).await?;
    if let (true, Some(sub), Some(client)) = (may, world.db.subscription(id).await?, world.panels.get(panel))
        && let Some(found) = client.find(&sub.email).await?
        && found.client.uuid == sub.uuid
    {
        let deleted = client.delete(&found.client).await?;
        let kept = deleted == Deleted::KeptDisabled;
        tracing::info!(panel, email = sub.email, kept_disabled = kept, "an undelivered client was removed");
    }
    Ok(world.db.finish(claim, world.clock.now()).await?)
}
