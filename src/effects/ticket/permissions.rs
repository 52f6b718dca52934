//! Who sees a ticket and who may write in it: the channel's overwrites.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serenity::all::{
    GuildId as DiscordGuild, PermissionOverwrite, PermissionOverwriteType, Permissions, RoleId as DiscordRole,
    UserId as DiscordUser,
};

use super::Gone;
use crate::{
    db,
    domain::{
        ChannelId, Order, RoleId, UserId,
        access::{Staff, StaffOverwrite},
        discord_error::Refused,
    },
    effects::{
        EffectContext, EffectError,
        discord::{Refusal, Trouble, call, serenity_channel},
    },
};

/// What a customer may do in an open ticket. An overwrite can only give what the bot has itself.
const CUSTOMER: Permissions = Permissions::VIEW_CHANNEL.union(Permissions::READ_MESSAGE_HISTORY);
/// What the lock takes away and an open ticket gives.
const WRITING: Permissions = Permissions::SEND_MESSAGES.union(Permissions::ATTACH_FILES);

/// What a customer never may in a ticket: a thread goes on while it is locked, and nobody looks for
/// a proof in one.
const THREADS: Permissions = Permissions::CREATE_PUBLIC_THREADS
    .union(Permissions::CREATE_PRIVATE_THREADS)
    .union(Permissions::SEND_MESSAGES_IN_THREADS);

/// Lets the customer write, or not. What Discord refuses for good is given back in its words: the
/// status message must not wait for it.
pub(super) async fn sync_lock(
    context: &EffectContext,
    order: &Order,
    channel: ChannelId,
) -> Result<Option<(Refused, String)>, Gone> {
    let locked = !order.ticket_is_open();
    if order.ticket.locked == locked {
        return Ok(None);
    }
    let overwrite = customer_overwrite(order.customer, locked);
    let discord = serenity_channel(channel);
    let mut made = call(discord.create_permission(&*context.http, overwrite.clone())).await;
    if made.as_ref().is_err_and(|trouble| trouble.is(Refused::NoPermission)) {
        let plain = PermissionOverwrite { deny: overwrite.deny - THREADS, ..overwrite };
        made = call(discord.create_permission(&*context.http, plain)).await;
    }
    match made {
        Ok(()) => {
            db::orders::tickets::ticket_locked(&context.db, &order.id, locked).await?;
            Ok(None)
        }
        Err(Trouble::Refused(refusal)) if refusal.why != Refused::NoChannel => {
            let says =
                format!("Discord does not let the bot change who may write ({}): {}", refusal.code, refusal.says);
            Ok(Some((refusal.why, says)))
        }
        Err(trouble) => Err(trouble.into()),
    }
}

/// Overwrites without which a channel is no ticket: everybody's, the customer's, the bot's.
const NEEDED: usize = 3;

/// Nobody sees the ticket but its customer, the bot, and staff. Discord refuses a second overwrite
/// for the same id, so what comes first holds: a customer who is staff is locked out of writing
/// like any other.
pub(super) fn overwrites(
    context: &EffectContext,
    order: &Order,
    staff_overwrites: &BTreeSet<StaffOverwrite>,
) -> Vec<PermissionOverwrite> {
    let everyone = RoleId(context.config.discord.guild_id.0);
    let needed: [_; NEEDED] = [
        role_overwrite(everyone, Permissions::empty(), Permissions::VIEW_CHANNEL),
        customer_overwrite(order.customer, !order.ticket_is_open()),
        member_overwrite(context.me, CUSTOMER | WRITING | Permissions::EMBED_LINKS, Permissions::empty()),
    ];
    let mut all = needed.to_vec();
    all.extend(staff_overwrites.iter().copied().map(permission_overwrite));
    all
}

/// Who of staff sees an order's ticket, as configured now; never everybody, and not the bot, whose
/// overwrites are others.
pub(super) async fn staff_overwrites(
    context: &EffectContext,
    order: &Order,
) -> Result<BTreeSet<StaffOverwrite>, Trouble> {
    let staff = context.config.discord.staff();
    let roles = held(context, &staff, ROLES_STAY).await?;
    let mut staff_overwrites = wanted_overwrites(&staff, order.customer, &roles);
    staff_overwrites.remove(&StaffOverwrite::Role(RoleId(context.config.discord.guild_id.0)));
    staff_overwrites.remove(&StaffOverwrite::Person(context.me));
    Ok(staff_overwrites)
}

fn wanted_overwrites(
    staff: &Staff,
    customer: UserId,
    roles: &BTreeMap<UserId, Vec<RoleId>>,
) -> BTreeSet<StaffOverwrite> {
    staff.staff_overwrites(customer, |person, role| roles.get(&person).is_some_and(|held| held.contains(&role)))
}

/// So long the roles of listed staff are believed before Discord is asked again.
const ROLES_STAY: Duration = Duration::from_mins(1);

/// The roles of those listed staff who need one besides, as Discord said lately. Discord announces
/// changes of roles only to those who may hear of every member.
#[derive(Debug, Clone, Default)]
pub struct StaffRoles(Arc<Mutex<BTreeMap<UserId, Answer>>>);

/// When it was given, and the roles.
type Answer = (Duration, Vec<RoleId>);

/// The roles of everybody whom the seats depend on, asked for anew where the answer is older than `stay`.
async fn held(
    context: &EffectContext,
    staff: &Staff,
    stay: Duration,
) -> Result<BTreeMap<UserId, Vec<RoleId>>, Trouble> {
    let now = context.clock.steady();
    let known = || context.staff_roles.0.lock().unwrap_or_else(PoisonError::into_inner);
    let mut held = BTreeMap::new();
    for person in staff.asked_for_roles() {
        let fresh = known().get(&person).filter(|(at, _)| now.saturating_sub(*at) < stay).cloned();
        let roles = if let Some((_, roles)) = fresh {
            roles
        } else {
            let roles = roles_of(context, person).await?;
            known().insert(person, (now, roles.clone()));
            roles
        };
        held.insert(person, roles);
    }
    Ok(held)
}

async fn roles_of(context: &EffectContext, person: UserId) -> Result<Vec<RoleId>, Trouble> {
    let guild = DiscordGuild::new(context.config.discord.guild_id.0.max(1));
    match call(context.http.get_member(guild, DiscordUser::new(person.0.max(1)))).await {
        Ok(member) => Ok(member.roles.iter().map(|role| RoleId(role.get())).collect()),
        // Not in the server, or nobody at all.
        Err(trouble) if trouble.is_no() => Ok(Vec::new()),
        Err(trouble) => Err(trouble),
    }
}

/// Has every ticket made right again when listed staff got or lost the role that they need besides.
pub(in crate::effects) async fn look_at_roles(context: &EffectContext) -> Result<(), EffectError> {
    let staff = context.config.discord.staff();
    if staff.asked_for_roles().is_empty() {
        return Ok(());
    }
    let roles = held(context, &staff, Duration::ZERO).await?;
    let staff_overwrites: Vec<_> =
        wanted_overwrites(&staff, UserId(0), &roles).iter().map(ToString::to_string).collect();
    Ok(db::maintenance::reload::settle_ticket_permissions(
        &context.db,
        &staff_overwrites.join(" "),
        context.clock.now(),
    )
    .await?)
}

fn permission_overwrite(seat: StaffOverwrite) -> PermissionOverwrite {
    match seat {
        StaffOverwrite::Role(role) => role_overwrite(role, CUSTOMER | WRITING, Permissions::empty()),
        StaffOverwrite::Person(person) => member_overwrite(person, CUSTOMER | WRITING, Permissions::empty()),
    }
}

/// Gives staff of today their overwrites and takes those of yesterday away. What somebody gave by
/// hand is not ours to take. What Discord refuses to take away is given back in its words.
pub(super) async fn grant_staff_overwrites(
    context: &EffectContext,
    order: &Order,
    channel: ChannelId,
) -> Result<Option<(Refused, String)>, Gone> {
    let wanted = staff_overwrites(context, order).await?;
    if order.ticket.staff_overwrites.as_ref() == Some(&wanted) {
        return Ok(None);
    }
    let given = order.ticket.staff_overwrites.clone().unwrap_or_default();
    let channel = serenity_channel(channel);
    // Away first: who has lost the power should not read on because another call fails.
    for seat in given.difference(&wanted) {
        let kind = permission_overwrite(*seat).kind;
        match call(channel.delete_permission(&*context.http, kind)).await {
            Err(trouble) if trouble.is(Refused::Nobody) => {}
            Err(Trouble::Refused(refusal)) if refusal.why != Refused::NoChannel => {
                let says = format!(
                    "Discord does not let the bot take {seat} out of the ticket ({}): {}",
                    refusal.code, refusal.says
                );
                return Ok(Some((refusal.why, says)));
            }
            done => done?,
        }
    }
    for seat in wanted.difference(&given) {
        match call(channel.create_permission(&*context.http, permission_overwrite(*seat))).await {
            // Somebody who is no member, or a role that is gone: `check` and the owners' news say so.
            Err(Trouble::Refused(refusal)) if refusal.why != Refused::NoChannel => {
                tracing::warn!(order.id = %order.id, %seat, "cannot be let into a ticket: {}", refusal.says);
            }
            done => done?,
        }
    }
    db::orders::tickets::ticket_permissions_set(&context.db, &order.id, &wanted).await?;
    Ok(None)
}

/// Takes out the staff whom a refusal calls nobody, such as somebody who deleted their account: the
/// shop goes on without them. Says whether there was anybody to take out.
pub(super) fn drop_unknown_members(permissions: &mut Vec<PermissionOverwrite>, refusal: &Refusal) -> bool {
    let named = |field: &String| field.strip_prefix("permission_overwrites.")?.split('.').next()?.parse().ok();
    let named: Vec<usize> = refusal.fields.iter().filter_map(named).collect();
    let anybody = refusal.why == Refused::Nobody;
    let before = permissions.len();
    let mut at = 0;
    permissions.retain(|one| {
        let person = matches!(one.kind, PermissionOverwriteType::Member(_));
        let goes = at >= NEEDED && (named.contains(&at) || anybody && person);
        at += 1;
        !goes
    });
    permissions.len() < before
}

/// For a bot that was invited before it asked for them: it takes away nothing that it does not have
/// itself, and a ticket with threads is better than none. `check` and the owners' news say so.
pub(super) fn without_threads(permissions: &mut [PermissionOverwrite], trouble: &Trouble) -> bool {
    let ours = trouble.is(Refused::NoPermission) && permissions.iter().any(|one| one.deny.intersects(THREADS));
    if ours {
        for one in permissions.iter_mut() {
            one.deny -= THREADS;
        }
    }
    ours
}

fn customer_overwrite(customer: UserId, locked: bool) -> PermissionOverwrite {
    if locked {
        member_overwrite(customer, CUSTOMER, WRITING | THREADS)
    } else {
        member_overwrite(customer, CUSTOMER | WRITING, THREADS)
    }
}

fn member_overwrite(person: UserId, allow: Permissions, deny: Permissions) -> PermissionOverwrite {
    let kind = PermissionOverwriteType::Member(DiscordUser::new(person.0.max(1)));
    PermissionOverwrite { allow, deny, kind }
}

fn role_overwrite(role: RoleId, allow: Permissions, deny: Permissions) -> PermissionOverwrite {
    let kind = PermissionOverwriteType::Role(DiscordRole::new(role.0.max(1)));
    PermissionOverwrite { allow, deny, kind }
}
