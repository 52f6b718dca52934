//! The second look at a counter some time after its reset: see [`crate::domain::counter`].

use super::{NOT_RESET, Reset, Written, noted, reset, write};
use crate::{
    db::{self, access::subscriptions::Subscription, outbox::Lease},
    domain::{
        SubscriptionRow,
        change::Seen,
        counter::{Verdict, judge},
        grants::Expiry,
    },
    effects::{EffectContext, EffectError},
    panel::{Client, Found, Target},
};

/// Looks whether an old reading came back, and resets it once more or tells staff.
pub(in super::super) async fn recheck(
    context: &EffectContext,
    lease: &Lease,
    id: SubscriptionRow,
    panel: &str,
) -> Result<(), EffectError> {
    let now = context.clock.now();
    let known = (
        db::access::subscriptions::subscription(&context.db, id).await?,
        context.panels.get(panel),
        db::access::counters::last_reset(&context.db, id).await?,
    );
    let (Some(sub), Some(client), Some((last, busy))) = known else {
        return Ok(db::outbox::finish(&context.db, lease, now).await?);
    };
    let home = noted(context, client, client.home(&sub.email, sub.inbound_id).await).await?;
    let found = noted(context, client, home.find(&sub.email).await).await?;
    let ours = |found: &Found| !sub.deleted && sub.owns(&found.client.uuid) && found.client.on_inbound;
    let Some(found) = found.filter(ours) else { return Ok(db::outbox::finish(&context.db, lease, now).await?) };
    let (counted, quota) = (bytes(found.used_bytes), bytes(found.client.total_bytes));
    match judge(last, counted, quota, now) {
        Verdict::Fine => Ok(db::outbox::finish(&context.db, lease, now).await?),
        // Its target was computed from this reading.
        Verdict::CameBack if !busy => {
            tracing::warn!(
                panel,
                email = sub.email,
                counted,
                "the panel counts again what was reset; it is reset again"
            );
            once_more(context, &home, &sub, &found).await?;
            Ok(db::access::counters::reset_again(
                &context.db,
                lease,
                id,
                counted.saturating_sub(last.before),
                context.clock.now(),
            )
            .await?)
        }
        Verdict::CameBack | Verdict::Doubtful => {
            tracing::warn!(panel, email = sub.email, counted, "a counter that was reset stands high; staff are told");
            Ok(db::access::counters::tell_of_counter(&context.db, lease, id, now).await?)
        }
    }
}

/// Resets the counter, and lets the client in again whom the panel has cut off for it.
async fn once_more(
    context: &EffectContext,
    client: &Client,
    sub: &Subscription,
    found: &Found,
) -> Result<(), EffectError> {
    let record = &found.client;
    match noted(context, client, reset(client, &sub.email, bytes(found.used_bytes)).await).await? {
        Reset::Done => {}
        Reset::Refused(said) => return Err(EffectError::Row(said)),
        Reset::Lost => return Err(EffectError::Row(NOT_RESET.to_owned())),
    }
    let now = context.clock.now();
    let expiry = Expiry::from_panel(record.expiry_ms, now);
    let (quota, used) = (bytes(record.total_bytes), bytes(found.used_bytes));
    let seen = Seen { enabled: record.enabled, expiry, quota, used };
    let enabled = !seen.is_held(sub.disabled, now) && expiry.is_after(now);
    let target = Target { enabled, ..record.target() };
    match noted(context, client, write(client, sub, record, &target).await).await? {
        Written::Kept(_) => Ok(()),
        Written::Refused(said) => Err(EffectError::Row(said)),
        Written::Lost(how) => Err(EffectError::Row(how.to_owned())),
        Written::EmailTaken | Written::Detached => {
            Err(EffectError::Row("the client was changed by somebody else meanwhile".to_owned()))
        }
    }
}

fn bytes(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
