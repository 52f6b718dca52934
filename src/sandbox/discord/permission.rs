//! Permission bits, and what a member may really do: roles first, then the channel's overwrites in Discord's order.
//!
//! Never asks who is calling: people and the bot are computed alike.

use super::state::{Channel, Id, Kind, State, Target};

/// Delete and edit channels, make new ones.
pub const MANAGE_CHANNELS: u64 = 1 << 4;
pub const ADMINISTRATOR: u64 = 1 << 3;
/// See a channel and receive its events.
pub const VIEW_CHANNEL: u64 = 1 << 10;
pub const SEND_MESSAGES: u64 = 1 << 11;
pub const SEND_TTS_MESSAGES: u64 = 1 << 12;
/// Delete the messages of others, delete in bulk.
pub const MANAGE_MESSAGES: u64 = 1 << 13;
pub const EMBED_LINKS: u64 = 1 << 14;
pub const ATTACH_FILES: u64 = 1 << 15;
/// Read what was written before.
pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
/// Notify everyone with one mention.
pub const MENTION_EVERYONE: u64 = 1 << 17;
/// Change the overwrites of a channel and roles below one's own.
pub const MANAGE_ROLES: u64 = 1 << 28;
pub const USE_APPLICATION_COMMANDS: u64 = 1 << 31;

/// Open a thread that everybody sees who sees the channel.
pub const CREATE_PUBLIC_THREADS: u64 = 1 << 35;
/// Open a thread for those who are added to it.
pub const CREATE_PRIVATE_THREADS: u64 = 1 << 36;
/// Write in threads; what is said of writing in the channel does not count there.
pub const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;
pub const THREADS: u64 = CREATE_PUBLIC_THREADS | CREATE_PRIVATE_THREADS | SEND_MESSAGES_IN_THREADS;

/// Every bit an overwrite or role of this guild may carry (bits 0 to 52).
pub const ALL: u64 = (1 << 53) - 1;

/// What `@everyone` has in a new guild, as far as this bot is concerned.
pub const EVERYONE: u64 = VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | MENTION_EVERYONE
    | USE_APPLICATION_COMMANDS
    | SEND_TTS_MESSAGES
    | THREADS;

/// What the shop's invite link asks for, and no more.
pub const BOT: u64 = VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | MANAGE_CHANNELS
    | MANAGE_ROLES
    | MANAGE_MESSAGES
    | THREADS;

/// Permissions in the guild as a whole: owner, then the union of the roles, then administrator.
pub(super) fn in_guild(state: &State, user: Id) -> u64 {
    if user == state.owner {
        return ALL;
    }
    let Some(member) = state.members.get(&user) else { return 0 };
    let everyone = state.roles.get(&state.guild).map_or(0, |role| role.permissions);
    let bits = member.roles.iter().filter_map(|id| state.roles.get(id)).fold(everyone, |bits, r| bits | r.permissions);
    if bits & ADMINISTRATOR == 0 { bits } else { ALL }
}

/// Permissions in one channel: the overwrite of `@everyone`, those of the roles together, the member's own last.
pub(super) fn in_channel(state: &State, user: Id, channel: &Channel) -> u64 {
    if let Some(person) = channel.recipient {
        let both = VIEW_CHANNEL | SEND_MESSAGES | EMBED_LINKS | ATTACH_FILES | READ_MESSAGE_HISTORY;
        return if user == person || user == state.bot { both } else { 0 };
    }
    if channel.kind == Kind::Thread {
        // A thread has the overwrites of its channel, and a permission of its own for writing.
        let parent = channel.parent.and_then(|parent| state.channels.get(&parent));
        let bits = parent.map_or(0, |parent| overwritten(state, user, parent));
        let writes = if bits & SEND_MESSAGES_IN_THREADS == 0 { 0 } else { SEND_MESSAGES };
        return implied(bits & !SEND_MESSAGES | writes);
    }
    implied(overwritten(state, user, channel))
}

/// What roles and overwrites give, one by one.
fn overwritten(state: &State, user: Id, channel: &Channel) -> u64 {
    let mut bits = in_guild(state, user);
    if bits == ALL {
        return ALL;
    }
    let Some(member) = state.members.get(&user) else { return 0 };
    let mut apply = |allow: u64, deny: u64| bits = (bits & !deny) | allow;
    let mut roles = (0, 0);
    let mut own = (0, 0);
    for overwrite in &channel.overwrites {
        match overwrite.target {
            Target::Role if overwrite.id == state.guild => apply(overwrite.allow, overwrite.deny),
            Target::Role if member.roles.contains(&overwrite.id) => {
                roles = (roles.0 | overwrite.allow, roles.1 | overwrite.deny);
            }
            Target::Member if overwrite.id == user => own = (overwrite.allow, overwrite.deny),
            _ => {}
        }
    }
    apply(roles.0, roles.1);
    apply(own.0, own.1);
    bits
}

/// What is lost together with a permission it rests on.
fn implied(bits: u64) -> u64 {
    if bits & VIEW_CHANNEL == 0 {
        0
    } else if bits & SEND_MESSAGES == 0 {
        bits & !(ATTACH_FILES | EMBED_LINKS | MENTION_EVERYONE | SEND_TTS_MESSAGES)
    } else {
        bits
    }
}

/// Whether `user` has all of `wanted` in the channel.
pub(super) fn may(state: &State, user: Id, channel: &Channel, wanted: u64) -> bool {
    in_channel(state, user, channel) & wanted == wanted
}
