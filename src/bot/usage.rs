//! How much of a subscription was used: as the panel says now, else as it was known last. What
//! the panel said is remembered, so that there is something to know when it is down.

use std::time::Duration;

use crate::{
    db::{self, access::subscriptions::Subscription},
    domain::{Millis, access_state::AccessState, change, grants::Expiry},
};

use super::Bot;

/// How long a panel may take to say it. The person waits for something else.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// What is known about a subscription at this moment.
pub(super) struct Seen {
    /// Bytes used in all, and when that was read.
    pub(super) used: (u64, Millis),
    pub(super) client: Client,
}

impl Seen {
    /// The client as the panel has it, where it is there and ours.
    pub(super) fn level(&self, now: Millis) -> Option<change::Seen> {
        let Client::There(There { enabled, expiry_ms, quota, counted }) = self.client else { return None };
        Some(change::Seen { enabled, expiry: Expiry::from_panel(expiry_ms, now), quota, used: counted })
    }

    pub(super) fn state(&self, now: Millis) -> AccessState {
        match self.client {
            Client::Unknown => AccessState::Unknown,
            Client::Absent => AccessState::Absent,
            Client::Foreign => AccessState::Foreign,
            Client::There(_) => self.level(now).map_or(AccessState::Unknown, |seen| AccessState::of(&seen, now)),
        }
    }
}

pub(super) enum Client {
    /// The panel does not answer.
    Unknown,
    Absent,
    /// There is one with another uuid.
    Foreign,
    There(There),
}

/// A client as the panel has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct There {
    pub(super) enabled: bool,
    /// Its end as the panel writes it.
    pub(super) expiry_ms: i64,
    /// Its quota in bytes, 0 = unlimited.
    pub(super) quota: u64,
    /// What the panel has counted since the last reset.
    pub(super) counted: u64,
}

/// Whether it is worth asking the panel of a subscription.
pub(super) fn answers(bot: &Bot, subscription: &Subscription) -> bool {
    bot.panels.get(&subscription.panel).is_some_and(|panel| panel.availability().is_up())
}

/// Asks the panel, not for long, and falls back on what was known last.
pub(super) async fn look(bot: &Bot, subscription: &Subscription) -> Seen {
    let client = client(bot, subscription).await;
    let Client::There(There { counted, .. }) = &client else { return Seen { used: subscription.known_use, client } };
    let now = bot.clock.now();
    if let Err(error) = db::access::counters::note_use(&bot.db, subscription, *counted, now).await {
        // Only the next look while the panel is down knows less.
        tracing::warn!(subscription = subscription.id.0, %error, "what was used could not be remembered");
    }
    Seen { used: (subscription.used_before.saturating_add(*counted), now), client }
}

async fn client(bot: &Bot, subscription: &Subscription) -> Client {
    let Some(panel) = bot.panels.get(&subscription.panel).filter(|panel| panel.availability().is_up()) else {
        return Client::Unknown;
    };
    match tokio::time::timeout(PATIENCE, panel.find_home(&subscription.email, subscription.inbound_id)).await {
        Err(_) | Ok(Err(_)) => Client::Unknown,
        Ok(Ok(None)) => Client::Absent,
        Ok(Ok(Some(found))) if !subscription.owns(&found.client.uuid) => Client::Foreign,
        Ok(Ok(Some(found))) => Client::There(There {
            enabled: found.client.enabled,
            expiry_ms: found.client.expiry_ms,
            quota: u64::try_from(found.client.total_bytes).unwrap_or(0),
            counted: u64::try_from(found.used_bytes).unwrap_or(0),
        }),
    }
}
