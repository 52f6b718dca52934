//! Whether another ticket has room, as far as the gateway tells: an order that cannot have a ticket is
//! not written down at all, and nobody fills the books by trying again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serenity::all::{Guild, GuildChannel};

use crate::{
    config::DiscordConfig,
    db,
    domain::{
        effect::OwnerNews,
        guild_setup::{PER_CATEGORY, PER_GUILD},
    },
};

use super::{Bot, error::Error, interaction::Interaction};

/// So long Discord's own word that there is no room is believed, unless a channel goes earlier: the
/// gateway may not have told of every channel.
const REFUSED_STAYS: Duration = Duration::from_mins(10);

/// Events are handled side by side: one that came within this time of the server's description may have
/// been handled before it, and is newer.
const LATE: Duration = Duration::from_mins(1);

/// The guild's channels, each with its category; cheap to clone. Nothing is known before the gateway
/// has told.
#[derive(Debug, Clone, Default)]
pub(super) struct Room(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    channels: HashMap<u64, Option<u64>>,
    /// What was announced lately and at which steady time: made or changed, or deleted.
    lately: HashMap<u64, Duration>,
    /// Until when, by the steady time, Discord's refusal is believed.
    full_until: Option<Duration>,
}

impl Room {
    /// All of them, but for what was announced since.
    pub(super) fn is(&self, guild: &Guild, now: Duration) {
        let mut known = self.known();
        known.lately.retain(|_, at| now.saturating_sub(*at) < LATE);
        let Known { channels, lately, full_until } = &mut *known;
        channels.retain(|id, _| lately.contains_key(id));
        let all = guild.channels.values().map(|channel| (channel.id.get(), parent(channel)));
        channels.extend(all.filter(|(id, _)| !lately.contains_key(id)));
        *full_until = None;
    }

    /// One that was made or changed.
    pub(super) fn has(&self, channel: &GuildChannel, now: Duration) {
        let mut known = self.known();
        known.announced(channel.id.get(), now);
        known.channels.insert(channel.id.get(), parent(channel));
    }

    /// One that was deleted. What was in a category stays, in none.
    pub(super) fn lost(&self, channel: &GuildChannel, now: Duration) {
        let gone = channel.id.get();
        let mut known = self.known();
        known.announced(gone, now);
        known.full_until = None;
        known.channels.remove(&gone);
        known.channels.values_mut().filter(|parent| **parent == Some(gone)).for_each(|parent| *parent = None);
    }

    /// Discord made no channel for want of room, at this steady time.
    pub(super) fn refused(&self, now: Duration) {
        self.known().full_until = Some(now.saturating_add(REFUSED_STAYS));
    }

    fn is_full(&self, config: &DiscordConfig, now: Duration) -> bool {
        let known = self.known();
        let channels = &known.channels;
        if channels.len() >= PER_GUILD || known.full_until.is_some_and(|until| now < until) {
            return true;
        }
        let mut categories = std::iter::once(&config.ticket_category_id).chain(&config.overflow_category_ids);
        let full =
            |category: u64| channels.values().filter(|parent| **parent == Some(category)).count() >= PER_CATEGORY;
        categories.all(|category| full(category.0))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn announced(&mut self, channel: u64, now: Duration) {
        self.lately.retain(|_, at| now.saturating_sub(*at) < LATE);
        self.lately.insert(channel, now);
    }
}

fn parent(channel: &GuildChannel) -> Option<u64> {
    channel.parent_id.map(serenity::all::ChannelId::get)
}

impl Bot {
    /// Whether this person's order would find no room, and no ticket that could go for it.
    pub(super) async fn lacks_room(&self, interaction: &Interaction<'_>) -> Result<bool, Error> {
        Ok(self.room.is_full(&self.config.discord, self.clock.steady())
            && db::orders::tickets::ticket_to_spare(&self.db, &[]).await?.is_none()
            && db::orders::open_order(&self.db, interaction.user).await?.is_none())
    }

    /// Owners read, once an hour, that customers are sent away.
    pub(super) async fn tell_of_no_room(&self) -> Result<(), Error> {
        db::maintenance::housekeeping::tell_owners_hourly(
            &self.db,
            &OwnerNews::NoRoom { order: None },
            self.clock.now(),
        )
        .await?;
        Ok(())
    }
}
