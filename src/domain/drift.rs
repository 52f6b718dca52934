//! Where a panel and the books do not say the same: named, with what would mend it; never mended.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Millis, OrderId, OrderStatus, SubscriptionRow, UserId,
    change::{MOST_DAYS, Seen},
    grants::Expiry,
    shop::BYTES_PER_GB,
    time::DAY_MS,
};

/// The beginning of the names that we give to clients.
pub const OURS: &str = "tk-";

/// The longest name of a client that is kept.
const LONGEST_NAME: usize = 120;

/// Panels and people round: ends that are this close are the same.
const ROUNDING_MS: i64 = 60_000;

/// What the books say of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It was never confirmed on the panel.
    Pending,
    Active,
    Disabled,
    Deleted,
}

/// A client that the books know.
#[derive(Clone, PartialEq, Eq)]
pub struct Expected {
    pub row: SubscriptionRow,
    pub user: UserId,
    pub panel: String,
    /// The inbound that it was made on.
    pub inbound: i64,
    pub email: String,
    /// The latest order that paid for it, and its state; none for a client that was adopted.
    pub order: Option<(OrderId, OrderStatus)>,
    pub uuid: String,
    /// The uuid that it is about to have.
    pub next_uuid: Option<String>,
    pub kept: Kept,
    pub expiry: Expiry,
    /// Its quota in bytes, 0 = unlimited.
    pub quota: u64,
    /// Whether something about it is still being written to the panel.
    pub unsettled: bool,
}

impl Expected {
    /// Whether its order is still on its way: it may be on the panel or not, and is seen to.
    pub fn in_the_making(&self) -> bool {
        let on_its_way = |status: &OrderStatus| {
            matches!(status, OrderStatus::PaymentSubmitted | OrderStatus::Provisioning | OrderStatus::NeedsAttention)
        };
        self.kept == Kept::Pending && self.order.as_ref().is_some_and(|(_, status)| on_its_way(status))
    }
}

impl std::fmt::Debug for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The uuids are the customer's keys.
        f.debug_struct("Expected").field("row", &self.row).field("email", &self.email).finish_non_exhaustive()
    }
}

/// A client as a panel has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Present {
    pub email: String,
    pub uuid: String,
    pub enabled: bool,
    /// Its end as the panel writes it.
    pub expiry_ms: i64,
    /// Its quota in bytes, 0 = unlimited.
    pub quota: u64,
    /// Bytes used since the counter's last reset.
    pub used: u64,
    pub inbounds: Vec<i64>,
}

impl std::fmt::Debug for Present {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Present").field("email", &self.email).finish_non_exhaustive()
    }
}

/// In what a panel and the books do not agree about a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Differs {
    Missing,
    /// It is there, and the books know nothing of it.
    EmailTaken,
    /// It is there, and by the books it should not be any more.
    Leftover,
    /// It was made anew with another uuid: the customer's link is dead.
    Foreign,
    /// It is there, but neither on the inbound it was made on nor on the one that is sold.
    Elsewhere,
    /// It ends at another time.
    Expiry {
        ours: Expiry,
        theirs: Expiry,
    },
    /// It has another quota in bytes, 0 = unlimited.
    Quota {
        ours: u64,
        theirs: u64,
    },
    /// It is switched off and should be on.
    Off,
    /// It is switched on and should be off.
    On,
}

impl Differs {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::EmailTaken => "no order",
            Self::Leftover => "left over",
            Self::Foreign => "other key",
            Self::Elsewhere => "other inbound",
            Self::Expiry { .. } => "end",
            Self::Quota { .. } => "quota",
            Self::Off => "switched off",
            Self::On => "switched on",
        }
    }
}

/// What makes panel and books agree again. The first five are commands about a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mend {
    /// Moves the end by so many days.
    Extend(i64),
    /// Sets the quota in gigabytes.
    Traffic(u64),
    /// Switches it on. Makes it again where it is not there, and writes into the books what the
    /// panel says of the rest where it is.
    Enable,
    /// Switches it off, and writes into the books what the panel says of the rest.
    Disable,
    /// Removes it from the books as well.
    Delete,
    /// Makes it a customer's, whom only a person can name.
    Adopt,
    /// On the panel itself: it has a name that we cannot keep.
    Rename,
    /// On the panel itself: it should not be there.
    Remove,
    /// On the panel itself, as with [`Self::Remove`]; then [`Self::Enable`] makes ours again.
    Replace,
    /// On the panel itself: back onto the inbound that is sold.
    Attach,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    pub email: String,
    /// The subscription and whose it is; none for a stranger.
    pub owner: Option<(SubscriptionRow, UserId)>,
    /// The latest order that paid for it.
    pub order: Option<(OrderId, OrderStatus)>,
    pub differs: Differs,
    pub mend: Mend,
}

/// What came of comparing one panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    Done {
        drifts: Vec<Drift>,
        /// Clients that were left out because something about them is still being written.
        unsettled: usize,
    },
    Silent,
    /// It is not in the configuration any more, and the books have so many clients on it.
    Unconfigured(usize),
}

/// A panel and what came of comparing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PanelReport {
    pub panel: String,
    pub compared: Compared,
}

/// The books as they were read before and after the panels. What changed meanwhile was being
/// written, and says nothing.
pub fn settled(before: &[Expected], mut after: Vec<Expected>) -> Vec<Expected> {
    let known: BTreeMap<_, _> = before.iter().map(|one| (one.row.0, one)).collect();
    for one in &mut after {
        one.unsettled |= known.get(&one.row.0).is_none_or(|then| *then != one);
    }
    after
}

/// The inbounds of a panel on which the books have clients.
pub fn inbounds(books: &[Expected], panel: &str) -> Vec<i64> {
    let inbounds: BTreeSet<_> = books.iter().filter(|one| one.panel == panel).map(|one| one.inbound).collect();
    inbounds.into_iter().collect()
}

/// Compares what the books say of one panel with what is on it; new clients are `sold` on this inbound.
pub fn compare((panel, sold): (&str, i64), books: &[Expected], found: &[Present], now: Millis) -> Compared {
    let mut there: BTreeMap<_, _> = found.iter().map(|client| (client.email.to_lowercase(), client)).collect();
    let (mut drifts, mut unsettled) = (Vec::new(), 0);
    for expected in books.iter().filter(|expected| expected.panel == panel) {
        let present = there.remove(&expected.email);
        if expected.unsettled {
            unsettled += 1;
            continue;
        }
        drifts.extend(differences(expected, present, sold, now).into_iter().map(|(differs, mend)| Drift {
            email: expected.email.clone(),
            owner: Some((expected.row, expected.user)),
            order: expected.order.clone(),
            differs,
            mend,
        }));
    }
    // The panel's other inbounds are nobody's business here.
    drifts.extend(there.values().filter(|client| client.inbounds.contains(&sold)).map(|client| Drift {
        email: client.email.clone(),
        owner: None,
        order: None,
        differs: Differs::EmailTaken,
        mend: if is_kept_name(&client.email) { Mend::Adopt } else { Mend::Rename },
    }));
    Compared::Done { drifts, unsettled }
}

fn differences(expected: &Expected, present: Option<&Present>, sold: i64, now: Millis) -> Vec<(Differs, Mend)> {
    let Some(client) = present else {
        return match expected.kept {
            Kept::Active if expected.expiry.is_after(now) => vec![(Differs::Missing, Mend::Enable)],
            // Nobody misses it: the books forget it too.
            Kept::Active | Kept::Disabled => vec![(Differs::Missing, Mend::Delete)],
            Kept::Pending | Kept::Deleted => Vec::new(),
        };
    };
    let ours = |uuid: &String| uuid.eq_ignore_ascii_case(&client.uuid);
    match expected.kept {
        // The outbox goes on with it, or its card says what is wrong.
        Kept::Pending if expected.in_the_making() => Vec::new(),
        Kept::Pending | Kept::Deleted => vec![(Differs::Leftover, Mend::Remove)],
        _ if !ours(&expected.uuid) && !expected.next_uuid.as_ref().is_some_and(ours) => {
            vec![(Differs::Foreign, Mend::Replace)]
        }
        _ if !client.inbounds.iter().any(|id| *id == sold || *id == expected.inbound) => {
            vec![(Differs::Elsewhere, Mend::Attach)]
        }
        Kept::Active | Kept::Disabled => values(expected, client, now),
    }
}

/// What differs about a client that is ours and where it should be.
fn values(expected: &Expected, client: &Present, now: Millis) -> Vec<(Differs, Mend)> {
    let theirs = Expiry::from_panel(client.expiry_ms, now);
    let seen = Seen { enabled: client.enabled, expiry: theirs, quota: client.quota, used: client.used };
    let active = expected.kept == Kept::Active;
    let mut found = Vec::new();
    if !is_same(expected.expiry, theirs) {
        let accept = if active { Mend::Enable } else { Mend::Disable };
        let mend = days_between(expected.expiry, theirs, now).map_or(accept, Mend::Extend);
        found.push((Differs::Expiry { ours: expected.expiry, theirs }, mend));
    }
    if expected.quota != client.quota {
        let differs = Differs::Quota { ours: expected.quota, theirs: client.quota };
        found.push((differs, Mend::Traffic(expected.quota.div_ceil(BYTES_PER_GB))));
    }
    // Some panels switch off by themselves what is used up or at its end.
    if active && !client.enabled && seen.has_left(now) && expected.expiry.is_after(now) {
        found.push((Differs::Off, Mend::Enable));
    }
    if !active && client.enabled {
        found.push((Differs::On, Mend::Disable));
    }
    found
}

fn is_same(ours: Expiry, theirs: Expiry) -> bool {
    match (ours, theirs) {
        (Expiry::At(ours), Expiry::At(theirs)) => ours.0.abs_diff(theirs.0) < ROUNDING_MS.unsigned_abs(),
        (ours, theirs) => ours == theirs,
    }
}

/// By how many whole days the panel's end has to be moved to be as near to ours as days allow;
/// `None` where no number of days brings it nearer.
fn days_between(ours: Expiry, theirs: Expiry, now: Millis) -> Option<i64> {
    let (Expiry::At(ours), Expiry::At(theirs)) = (ours, theirs) else { return None };
    // What has ended is extended from now on, and nothing is shortened to before now.
    let missing = ours.max(now).0.saturating_sub(theirs.max(now).0);
    let days = missing.saturating_add(missing.signum() * DAY_MS / 2) / DAY_MS;
    (days != 0).then_some(days.clamp(-MOST_DAYS, MOST_DAYS))
}

/// Whether the panel and the books keep a client's name alike.
pub fn is_kept_name(email: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-@+".contains(c);
    !email.is_empty() && email.len() <= LONGEST_NAME && email.chars().all(fits)
}

#[cfg(test)]
mod tests;
