//! Open or closed, for everybody to see: the bot's presence follows the panels.
//!
//! A presence lives in the gateway session and nowhere else: it is set when a session begins and
//! whenever a panel goes down or comes back.

use std::{collections::BTreeSet, sync::Arc};

use serenity::all::{ActivityData, OnlineStatus, ShardManager};
use tokio::sync::watch;

use crate::view::outage::{Doors, presence};

use super::{Bot, Host};

impl Bot {
    /// How much of what is for sale can be had now.
    fn doors(&self) -> Doors {
        let sold: BTreeSet<&str> = self.config.plans.iter().map(|plan| plan.panel.as_str()).collect();
        let up = sold.iter().filter(|name| self.panels.get(**name).is_some_and(|panel| panel.availability().is_up()));
        match up.count() {
            0 => Doors::Closed,
            some if some < sold.len() => Doors::Partly,
            _ => Doors::Open,
        }
    }

    /// The presence of this moment.
    pub(super) fn presence(&self) -> (ActivityData, OnlineStatus) {
        let doors = self.doors();
        let status = match doors {
            Doors::Open => OnlineStatus::Online,
            Doors::Partly => OnlineStatus::Idle,
            Doors::Closed => OnlineStatus::DoNotDisturb,
        };
        (ActivityData::custom(presence(self.locale, doors)), status)
    }
}

impl Host {
    /// Shows every change of the panels, and of what is for sale, until told to stop.
    pub async fn show_presence(self, shards: Arc<ShardManager>, mut stop: watch::Receiver<bool>) {
        let mut panels: Vec<_> = self.0.panels.values().map(crate::panel::Reader::watch).collect();
        let mut in_force = self.0.live.watch();
        let mut shown = self.bot().doors();
        while !*stop.borrow() {
            let changes = panels.iter_mut().map(|panel| Box::pin(panel.changed()));
            tokio::select! {
                _ = stop.changed() => {}
                _ = in_force.changed() => {}
                _ = futures_util::future::select_all(changes) => {}
            }
            let bot = self.bot();
            let doors = bot.doors();
            if doors == shown {
                continue;
            }
            shown = doors;
            let (activity, status) = bot.presence();
            for shard in shards.runners.lock().await.values() {
                shard.runner_tx.set_presence(Some(activity.clone()), status);
            }
        }
    }
}
