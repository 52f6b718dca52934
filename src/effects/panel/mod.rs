//! The panel's side of sales and of staff's changes: make the client what is wanted, read it back,
//! then write down what is true.
//!
//! Grants and changes of one subscription are taken in the order given, one at a time. Each has a
//! target that is computed once from what the panel says and stored before the first write; from
//! then on every try writes the same, so that a second try changes nothing.

mod change;
mod counter;
mod sale;
mod undo;

pub(super) use {counter::recheck, undo::remove};

use super::{EffectContext, EffectError};
use crate::{
    db::{
        self,
        access::change_queue::{Next, Step},
        access::subscriptions::Subscription,
        outbox::Lease,
    },
    domain::{
        SubscriptionRow,
        attention::{Cause, Trouble},
    },
    panel::{Availability, Client, ClientRecord, Error, Snapshot, Target, link},
};

/// How often a write is repeated in one try when the panel does not say what was written: an
/// admin may have saved the same inbound at the same moment.
const WRITES_PER_TRY: usize = 2;

/// Brings the panel's client up to date with the oldest grant or change that it does not have.
pub(super) async fn sync(
    context: &EffectContext,
    lease: &Lease,
    id: SubscriptionRow,
    panel: &str,
) -> Result<(), EffectError> {
    let now = context.clock.now();
    let (Some(sub), Some(Next { step, behind })) = (
        db::access::subscriptions::subscription(&context.db, id).await?,
        db::access::change_queue::next_step(&context.db, id).await?,
    ) else {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    };
    let client = context.panels.get(panel);
    if let Step::Change(change) = &step
        && change.what.reverses().is_some()
        && (sub.deleted || client.is_none())
    {
        // There is nothing to take away any more, and the money is booked back all the same.
        return change::without_client(context, lease, &sub, change).await;
    }
    let Some(client) = client else {
        return give_up(context, lease, &sub, &step, &Trouble::new(Cause::NoPanel, panel)).await;
    };
    if let Some(order) = behind {
        // Its target is stored and partly written; whatever came between would be undone by it.
        return give_up(context, lease, &sub, &step, &Trouble::new(Cause::Behind, order.to_string())).await;
    }
    // A panel that answers while xray is stopped would take the client and sell a dead link.
    if let Availability::Down { cause, .. } = client.availability()
        && !client.ready()
    {
        return Err(EffectError::Target(cause));
    }
    let home = noted(context, client, client.home(&sub.email, sub.inbound_id).await).await?;
    match step {
        // On an inbound that is not sold any more nothing else sees that it is switched off.
        Step::Sale(_) if home.inbound_id() != client.inbound_id() && !home.inbound().await?.enabled => {
            give_up(context, lease, &sub, &step, &detached(&sub.email)).await
        }
        Step::Sale(grant) => sale::sync(context, &home, lease, &sub, &grant).await,
        Step::Change(change) => change::sync(context, &home, lease, &sub, &change).await,
    }
}

/// Only a person can settle this.
async fn give_up(
    context: &EffectContext,
    lease: &Lease,
    sub: &Subscription,
    step: &Step,
    trouble: &Trouble,
) -> Result<(), EffectError> {
    let now = context.clock.now();
    match step {
        Step::Sale(grant) => {
            db::access::manual_intervention::mark_needs_attention(
                &context.db,
                lease,
                &grant.order,
                trouble,
                false,
                now,
            )
            .await?;
        }
        Step::Change(change) => {
            db::access::change_results::void_change(&context.db, lease, sub, change, trouble, now).await?;
        }
    }
    Ok(())
}

/// Takes note of whether the panel lets us in, whatever else it said.
async fn noted<T>(context: &EffectContext, client: &Client, outcome: Result<T, Error>) -> Result<T, EffectError> {
    if let Err(Error::Unauthorized { .. }) = &outcome {
        db::maintenance::outages::login_refused(&context.db, client.name(), context.clock.now()).await?;
    }
    // What the panel refuses outside of the steps that expect it is the row's to count.
    let outcome = outcome?;
    db::maintenance::outages::login_accepted(&context.db, client.name()).await?;
    Ok(outcome)
}

/// What came of writing a client.
enum Written {
    /// The panel has it, as this says.
    Kept(Box<Snapshot>),
    /// The panel refused for good, and nothing of it is there.
    Refused(String),
    /// Somebody else's client has its name.
    EmailTaken,
    /// It is not on the inbound that is sold (any more): a person took it off.
    Detached,
    /// The panel said yes and does not have it: worth another try, but not for ever.
    Lost(&'static str),
}

/// Compares what the panel says with what is wanted, and writes where it differs.
async fn settle(
    client: &Client,
    sub: &Subscription,
    target: &Target,
    mut snapshot: Snapshot,
) -> Result<Written, Error> {
    for left in (0..=WRITES_PER_TRY).rev() {
        let Some(record) = &snapshot.client else {
            return Ok(Written::Lost("the client has vanished from the panel"));
        };
        if !sub.owns(&record.uuid) {
            return Ok(Written::EmailTaken);
        }
        if !record.on_inbound {
            return Ok(Written::Detached);
        }
        if snapshot.differs_from(target).is_empty() {
            return Ok(Written::Kept(Box::new(snapshot)));
        }
        if left == 0 {
            break;
        }
        let written = client.update(record, target).await;
        match read_back(client, sub, target, written).await? {
            Ok(read) => snapshot = read,
            Err(said) => return Ok(Written::Refused(said)),
        }
    }
    Ok(Written::Lost("the panel does not keep what was written"))
}

/// After a client was made again under its old name: it has used nothing. 3.x can keep the counter
/// of a client that was removed, with what had ended by it, and gives it to the next of that name
/// (its `clients/del/{email}?keepTraffic=1`; the recordings' `openapi.json`).
async fn begin_anew(client: &Client, sub: &Subscription, target: &Target) -> Result<Written, Error> {
    let snapshot = client.snapshot(&sub.email).await?;
    let used = client.used(&sub.email).await?;
    let Some(record) = snapshot.client.as_ref().filter(|record| used > 0 && sub.owns(&record.uuid)) else {
        return settle(client, sub, target, snapshot).await;
    };
    match reset(client, &sub.email, used).await? {
        Reset::Done => write(client, sub, record, target).await,
        Reset::Refused(said) => Ok(Written::Refused(said)),
        Reset::Lost => Ok(Written::Lost(NOT_RESET)),
    }
}

/// Writes the whole row once, whatever it says now, and reads it back.
async fn write(client: &Client, sub: &Subscription, record: &ClientRecord, target: &Target) -> Result<Written, Error> {
    let written = client.update(record, target).await;
    match read_back(client, sub, target, written).await? {
        Ok(snapshot) => settle(client, sub, target, snapshot).await,
        Err(said) => Ok(Written::Refused(said)),
    }
}

/// What is there after a write. A refusal is one only where an earlier try has not got through:
/// then it carries the panel's words.
async fn read_back(
    client: &Client,
    sub: &Subscription,
    target: &Target,
    written: Result<(), Error>,
) -> Result<Result<Snapshot, String>, Error> {
    let refused = match written {
        Ok(()) => None,
        Err(Error::Refused { message }) => Some(message),
        Err(error) => return Err(error),
    };
    let snapshot = client.snapshot(&sub.email).await?;
    Ok(match refused {
        Some(said) if !snapshot.differs_from(target).is_empty() => Err(said),
        _ => Ok(snapshot),
    })
}

/// What came of resetting a counter.
enum Reset {
    Done,
    Refused(String),
    /// The panel said yes and counts on.
    Lost,
}

/// Why a counter that was not reset is worth another try.
const NOT_RESET: &str = "the panel said that the counter was reset, and it was not";

/// Resets a counter that stood at `before`, and looks whether it was: a panel that only says so
/// would have the same traffic counted twice.
async fn reset(client: &Client, email: &str, before: u64) -> Result<Reset, Error> {
    match client.reset_traffic(email).await {
        Ok(()) => {}
        Err(Error::Refused { message }) => return Ok(Reset::Refused(message)),
        Err(error) => return Err(error),
    }
    Ok(if client.used(email).await? < before { Reset::Done } else { Reset::Lost })
}

/// What the customer's app calls the connection.
fn remark(context: &EffectContext, sub: &Subscription) -> String {
    link::name_for(&context.config.shop.name, &sub.email)
}

fn stranger(email: &str) -> Trouble {
    Trouble::new(Cause::EmailTaken, email)
}

fn detached(email: &str) -> Trouble {
    Trouble::new(Cause::OtherInbound, email)
}

/// Our own memory failing in the middle is nobody's refusal: the lane waits.
fn memory(error: &db::Error) -> Error {
    tracing::error!(error = error as &dyn std::error::Error, "the database failed while a client was being written");
    Error::Unreachable { why: "our own database failed".to_owned() }
}
