//! Taking back what a voided approval may have left on the panel: a client that nobody was given,
//! or a renewal that is not sold. What somebody else wrote since is left alone.

use super::{Written, noted, write};
use crate::{
    db::{self, access::subscriptions::Subscription, access::voided_grants::Leftover, outbox::Lease},
    domain::{SubscriptionRow, grants::Before},
    effects::{EffectContext, EffectError},
    panel::{Client, ClientRecord, Deleted, Error, Target},
};

/// Removes a client only if it is surely ours and nobody was ever given it; gives a client that
/// somebody has what it had before.
pub(in super::super) async fn remove(
    context: &EffectContext,
    lease: &Lease,
    id: SubscriptionRow,
    panel: &str,
) -> Result<(), EffectError> {
    let found = (db::access::subscriptions::subscription(&context.db, id).await?, context.panels.get(panel));
    if let (Some(sub), Some(client)) = found {
        let home = noted(context, client, client.home(&sub.email, sub.inbound_id).await).await?;
        if db::access::subscriptions::may_remove_client(&context.db, id).await? {
            noted(context, client, delete(&home, &sub).await).await?;
        } else if let Some(left) = db::access::voided_grants::voided_grant(&context.db, id).await? {
            return undo(context, &home, lease, &sub, &left).await;
        }
    }
    Ok(db::outbox::finish(&context.db, lease, context.clock.now()).await?)
}

async fn delete(client: &Client, sub: &Subscription) -> Result<(), Error> {
    let Some(found) = client.find(&sub.email).await? else { return Ok(()) };
    if found.client.uuid == sub.uuid {
        let kept = client.delete(&found.client).await? == Deleted::KeptDisabled;
        tracing::info!(
            panel = client.name(),
            email = sub.email,
            kept_disabled = kept,
            "an undelivered client was removed"
        );
    }
    Ok(())
}

async fn undo(
    context: &EffectContext,
    client: &Client,
    lease: &Lease,
    sub: &Subscription,
    left: &Leftover,
) -> Result<(), EffectError> {
    let found = noted(context, client, client.find(&sub.email).await).await?;
    let mut back = None;
    if let Some(found) = found {
        if !sub.owns(&found.client.uuid) || !found.client.on_inbound {
            // Not ours to change; the next approval of the order takes the stored target over.
            return Ok(db::outbox::finish(&context.db, lease, context.clock.now()).await?);
        }
        let used = u64::try_from(found.used_bytes).unwrap_or(0);
        let reset = left.reset || used < left.filled.used_before;
        if reset {
            db::access::grants::counter_reset(&context.db, left.grant, context.clock.now()).await?;
        }
        back = wanted(&found.client, left, reset);
        if let Some(back) = back {
            let target = target(&found.client, sub, back);
            match noted(context, client, write(client, sub, &found.client, &target).await).await? {
                Written::Kept(_) => {
                    tracing::info!(order.id = %left.order, panel = client.name(), "a renewal that is not sold was taken back");
                }
                Written::Refused(said) => return Err(EffectError::Row(said)),
                Written::Lost(how) => return Err(EffectError::Row(how.to_owned())),
                Written::EmailTaken | Written::Detached => {
                    return Err(EffectError::Row("the client was changed by somebody else meanwhile".to_owned()));
                }
            }
        }
    }
    Ok(db::access::voided_grants::mark_reverted(&context.db, lease, sub.id, left, back, context.clock.now()).await?)
}

/// What the client is to have again; `None` where nothing of the grant is there.
fn wanted(record: &ClientRecord, left: &Leftover, reset: bool) -> Option<Before> {
    let quota = u64::try_from(record.total_bytes);
    let is = |what: Before| record.expiry_ms == what.expiry.to_panel() && quota == Ok(what.quota);
    let back = left.filled.undone(left.before, reset);
    let written = is(Before { expiry: left.filled.expiry, quota: left.filled.quota });
    // Only the counter began anew: what it had counted would be there to be used once more. Or an
    // earlier try got through without our knowing.
    let only_reset = back != left.before && (is(left.before) || is(back));
    (written || only_reset).then_some(back)
}

fn target(record: &ClientRecord, sub: &Subscription, back: Before) -> Target {
    let total_bytes = i64::try_from(back.quota).unwrap_or(i64::MAX);
    let enabled = record.enabled && !sub.disabled;
    Target { enabled, total_bytes, expiry_ms: back.expiry.to_panel(), ..record.target() }
}
