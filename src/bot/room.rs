//! Whether another ticket has room, as far as the gateway tells: an order that cannot have a ticket is
//! not written down at all, and nobody fills the books by trying again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serenity::all::{Guild, GuildChannel};

use crate::{
    config::DiscordConfig,
    domain::{
        effect::OwnerNews,
        premises::{PER_CATEGORY, PER_GUILD},
    },
};

use super::{Bot, asked::Asked, fault::Fault};

/// The guild's channels, each with its category; cheap to clone. Nothing is known before the gateway
/// has told.
#[derive(Debug, Clone, Default)]
pub(super) struct Room(Arc<Mutex<HashMap<u64, Option<u64>>>>);

impl Room {
    /// All of them.
    pub(super) fn is(&self, guild: &Guild) {
        let all = guild.channels.values().map(|channel| (channel.id.get(), parent(channel)));
        *self.channels() = all.collect();
    }

    /// One that was made or changed.
    pub(super) fn has(&self, channel: &GuildChannel) {
        self.channels().insert(channel.id.get(), parent(channel));
    }

    /// One that was deleted. What was in a category stays, in none.
    pub(super) fn lost(&self, channel: &GuildChannel) {
        let gone = channel.id.get();
        let mut channels = self.channels();
        channels.remove(&gone);
        channels.values_mut().filter(|parent| **parent == Some(gone)).for_each(|parent| *parent = None);
    }

    fn is_full(&self, config: &DiscordConfig) -> bool {
        let channels = self.channels();
        if channels.len() >= PER_GUILD {
            return true;
        }
        let mut categories = std::iter::once(&config.ticket_category_id).chain(&config.overflow_category_ids);
        let full =
            |category: u64| channels.values().filter(|parent| **parent == Some(category)).count() >= PER_CATEGORY;
        categories.all(|category| full(category.0))
    }

    fn channels(&self) -> MutexGuard<'_, HashMap<u64, Option<u64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn parent(channel: &GuildChannel) -> Option<u64> {
    channel.parent_id.map(serenity::all::ChannelId::get)
}

impl Bot {
    /// Whether this person's order would find no room, and no ticket that could go for it.
    pub(super) async fn lacks_room(&self, asked: &Asked<'_>) -> Result<bool, Fault> {
        Ok(self.room.is_full(&self.config.discord)
            && self.db.ticket_to_spare(&[]).await?.is_none()
            && self.db.open_order(asked.user).await?.is_none())
    }

    /// Owners read, once an hour, that customers are sent away.
    pub(super) async fn tell_of_no_room(&self) -> Result<(), Fault> {
        self.db.tell_owners_hourly(&OwnerNews::NoRoom { order: None }, self.clock.now()).await?;
        Ok(())
    }
}
