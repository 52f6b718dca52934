//! The way in: every event of Discord passes here before it is looked at. What was delivered before
//! goes no further; what is in hand is counted, so that a stop can wait for its end. Nothing here
//! knows what an event means.

use serenity::{
    all::{Client, Context, FullEvent},
    framework::Framework,
};
use tokio::sync::watch;

use super::{Error, Host};

/// The framework behind the way in.
pub(super) struct Entrance {
    pub(super) framework: poise::Framework<Host, Error>,
    pub(super) host: Host,
}

#[serenity::async_trait]
impl Framework for Entrance {
    async fn init(&mut self, client: &Client) {
        self.framework.init(client).await;
    }

    async fn dispatch(&self, context: Context, event: FullEvent) {
        let _in_hand = InHand::begin(&self.host.0.in_hand);
        if let FullEvent::InteractionCreate { interaction } = &event
            && !self.host.0.limits.is_first(interaction.id().get())
        {
            tracing::info!(interaction.id = %interaction.id(), "Discord delivered an interaction again; it is in hand already");
            return;
        }
        self.framework.dispatch(context, event).await;
    }
}

/// One event in hand, until it is dropped.
struct InHand<'a>(&'a watch::Sender<usize>);

impl<'a> InHand<'a> {
    fn begin(events: &'a watch::Sender<usize>) -> Self {
        events.send_modify(|events| *events += 1);
        Self(events)
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|events| *events = events.saturating_sub(1));
    }
}
