//! What the panel's lane does: one call after the other, with anything in between.

use tollkeeper::domain::{
    Millis, OrderStatus,
    amount::Amount,
    attention::Cause,
    change::Seen,
    grants::{Expiry, Known, TrafficPolicy, fill},
    reversal::{Layer, Level, Made, take_back},
};

use super::{
    shop::{BYTES, Client, DAY, DAYS, Hand, Left, Row, Shop, Target, id},
    steps::{Bug, Steps},
};

const POLICY: TrafficPolicy = TrafficPolicy::Add;

/// Begins with what the row is about: a sale that the panel does not have yet, then a reversal.
pub(crate) fn begin(steps: &mut Steps<'_>, looks: bool) {
    let orders = &steps.from.orders;
    let sale = |order: &super::shop::Sale| {
        order.status == OrderStatus::Provisioning && order.grant.is_some_and(|grant| !grant.applied)
    };
    let back = |order: &super::shop::Sale| order.status == OrderStatus::Completed && order.reversing;
    if let Some(at) = orders.iter().position(sale) {
        let bug = steps.bug;
        steps.may("the panel says what it has", at, |shop| look(shop, at, looks, bug));
        steps.may_fail("the panel says what it has and the process ends", at, |shop| {
            look(shop, at, looks, bug);
            drops(shop);
        });
        steps.may_fail("the panel does not say what it has", at, drops);
    // What was begun is ended first: changes are taken in the order in which they were asked for.
    } else if let Some(at) =
        orders.iter().position(|order| back(order) && order.back.is_some()).or(orders.iter().position(back))
    {
        steps.may("the panel says what there is to take back", at, |shop| look_back(shop, at));
        steps.may_fail("the panel does not say what there is to take back", at, drops);
    } else {
        steps.may("the panel has everything", 0, |shop| shop.end(Row::Panel));
    }
}

/// Goes on with what is in hand.
pub(crate) fn go_on(steps: &mut Steps<'_>) {
    let Some(hand) = steps.from.hand else { return };
    let at = hand.order();
    let names = match hand {
        Hand::Reset(..) => ["the counter is reset", "the counter is reset and nobody notes it", "it is not reset"],
        Hand::Add(..) => ["the client is made", "the client is made and nobody notes it", "it is not made"],
        Hand::Write(..) | Hand::TakeBack(..) => {
            ["the client is written", "the client is written and nobody notes it", "it is not written"]
        }
        Hand::Book(..) | Hand::BookBack(..) => ["the panel has it", "", "nobody can say whether the panel has it"],
    };
    steps.may(names[0], at, |shop| act(shop, hand));
    if !names[1].is_empty() {
        // Of what the call led to only what is on the panel stays.
        let books = steps.from.clone();
        steps.may_fail(names[1], at, |shop| {
            act(shop, hand);
            let (client, faults) = (shop.client, shop.spent.clone());
            *shop = Shop { client, spent: faults, ..books };
            drops(shop);
        });
    }
    steps.may_fail(names[2], at, drops);
    if matches!(hand, Hand::Add(..)) && steps.from.client.is_none() {
        steps.may_fail("the panel refuses to make the client", at, |shop| refused(shop, at));
    }
}

impl Hand {
    fn order(self) -> usize {
        usize::from(match self {
            Self::Reset(at, _)
            | Self::Add(at, _)
            | Self::Write(at, _)
            | Self::Book(at, _)
            | Self::TakeBack(at, _)
            | Self::BookBack(at, _) => at,
        })
    }
}

/// What was in hand is forgotten; its row stays.
fn drops(shop: &mut Shop) {
    shop.hand = None;
    shop.tried(Row::Panel);
}

/// The first call of a sale, and the target that is stored after it.
fn look(shop: &mut Shop, at: usize, looks: bool, bug: Bug) {
    let Some(books) = shop.books else { return };
    if books.provisioned { renew(shop, at, bug) } else { first_sale(shop, at, looks) }
}

fn first_sale(shop: &mut Shop, at: usize, looks: bool) {
    let order = u8::try_from(at).unwrap_or(0);
    let stored = shop.orders[at].grant.and_then(|grant| grant.filled);
    let seen = shop.client.filter(|_| looks || stored.is_some());
    let known = Known { our_expiry: None, panel_expiry: None, quota: None, used: 0 };
    let target = match (seen, stored) {
        (Some(_), Some(stored)) => stored,
        _ => store(shop, at, known),
    };
    match seen {
        Some(client) if !client.ours => puzzled(shop, at, Cause::EmailTaken),
        Some(_) => shop.hand = Some(Hand::Write(order, target)),
        None => shop.hand = Some(Hand::Add(order, target)),
    }
}

fn renew(shop: &mut Shop, at: usize, bug: Bug) {
    let order = u8::try_from(at).unwrap_or(0);
    let found = shop.client;
    if bug != Bug::TargetBeforeOwner && found.is_some_and(|client| !client.ours) {
        return puzzled(shop, at, Cause::EmailTaken);
    }
    let stored = shop.orders[at].grant.and_then(|grant| grant.filled);
    let target = stored.unwrap_or_else(|| {
        let known = known(shop, found);
        store(shop, at, known)
    });
    let Some(client) = found else {
        shop.hand = Some(Hand::Add(order, target));
        return;
    };
    if !client.ours {
        return puzzled(shop, at, Cause::EmailTaken);
    }
    let must_reset = target.used_before > 0 && shop.orders[at].grant.is_some_and(|grant| !grant.reset);
    if must_reset && client.used >= target.used_before {
        shop.hand = Some(Hand::Reset(order, target));
    } else {
        if let Some(grant) = &mut shop.orders[at].grant {
            grant.reset |= must_reset;
        }
        shop.hand = Some(Hand::Write(order, target));
    }
}

/// What a renewal starts from.
fn known(shop: &Shop, found: Option<Client>) -> Known {
    let books = shop.books.unwrap_or_default();
    let our_expiry = Some(Expiry::from_ours(books.expiry));
    match found {
        None => Known { our_expiry, panel_expiry: None, quota: Some(books.quota), used: 0 },
        Some(client) => Known {
            our_expiry,
            panel_expiry: Some(shop.expiry_of(client)),
            quota: Some(client.quota),
            used: client.used,
        },
    }
}

fn store(shop: &mut Shop, at: usize, known: Known) -> Target {
    let target = Target::new(shop.day, known.before(), fill(shop.now(), known, DAYS, BYTES, POLICY));
    if let Some(grant) = &mut shop.orders[at].grant {
        grant.filled = Some(target);
    }
    target
}

/// One call and what is written down after it.
fn act(shop: &mut Shop, hand: Hand) {
    match hand {
        Hand::Reset(order, target) => match &mut shop.client {
            Some(client) if client.ours => {
                client.used = 0;
                if let Some(grant) = &mut shop.orders[usize::from(order)].grant {
                    grant.reset = true;
                }
                shop.hand = Some(Hand::Write(order, target));
            }
            _ => drops(shop),
        },
        Hand::Add(order, target) => {
            if shop.client.is_none() {
                shop.client = Some(Client { ours: true, expiry: target.expiry, quota: target.quota, used: 0 });
            }
            // A name that is taken: what is there decides.
            shop.hand = Some(Hand::Book(order, target));
        }
        Hand::Write(order, target) => write(shop, (target.expiry, target.quota), Hand::Book(order, target)),
        Hand::TakeBack(order, left) => write(shop, left, Hand::BookBack(order, left)),
        Hand::Book(order, target) => book(shop, usize::from(order), target),
        Hand::BookBack(order, left) => book_back(shop, usize::from(order), left),
    }
}

fn write(shop: &mut Shop, (expiry, quota): (i64, u64), then: Hand) {
    match &mut shop.client {
        Some(client) if client.ours => {
            (client.expiry, client.quota) = (expiry, quota);
            shop.hand = Some(then);
        }
        _ => drops(shop),
    }
}

/// Reads back, and books what is there.
fn book(shop: &mut Shop, at: usize, target: Target) {
    match shop.client {
        Some(client) if !client.ours => puzzled(shop, at, Cause::EmailTaken),
        Some(client) if (client.expiry, client.quota) == (target.expiry, target.quota) => {
            shop.books = Some(super::shop::Books { provisioned: true, expiry: target.expiry, quota: target.quota });
            let sale = &mut shop.orders[at];
            sale.booked += 1;
            if let Some(grant) = &mut sale.grant {
                grant.applied = true;
            }
            let before = target.had.map(|(expiry, quota)| (expiry, quota, target.used_before));
            let after = (target.expiry, target.quota, 0);
            let order = u8::try_from(at).unwrap_or(0);
            shop.layers.push(Left { day: target.day, order, sold: true, before, after });
            shop.moves(at, OrderStatus::Completed);
            shop.wants(Row::Deliver(u8::try_from(at).unwrap_or(0)));
            finished(shop, at);
        }
        _ => drops(shop),
    }
}

/// The row is over; it is wanted again if there is more for it.
fn finished(shop: &mut Shop, at: usize) {
    shop.hand = None;
    shop.end(Row::Panel);
    let more = |order: &super::shop::Sale| {
        order.status == OrderStatus::Provisioning || order.reversing && order.status == OrderStatus::Completed
    };
    if shop.orders.iter().any(more) {
        shop.wants(Row::Panel);
    }
    shop.shows(at);
}

/// A person must look: nothing that was computed stays.
fn puzzled(shop: &mut Shop, at: usize, cause: Cause) {
    let sale = &mut shop.orders[at];
    sale.trouble = Some(cause);
    if !shop.books.is_some_and(|books| books.provisioned) {
        // Who has the name of a client that was never confirmed has taken its place.
        sale.grant = sale.grant.map(|_| super::shop::Grant::default());
    }
    shop.moves(at, OrderStatus::NeedsAttention);
    finished(shop, at);
}

/// The panel refused: the payment is under review again.
fn refused(shop: &mut Shop, at: usize) {
    back_to_review(shop, at);
    finished(shop, at);
}

/// What was approved is void.
pub(crate) fn back_to_review(shop: &mut Shop, at: usize) {
    let sale = &mut shop.orders[at];
    (sale.proof, sale.received, sale.grant) = (true, sale.parts, None);
    shop.moves(at, OrderStatus::PaymentSubmitted);
    shop.shows(at);
}

/// The first call of a reversal, and what it is to leave, which is stored after it.
fn look_back(shop: &mut Shop, at: usize) {
    let Some(client) = shop.client.filter(|client| client.ours) else {
        // There is nothing to take back from; staff are told, and may ask again.
        shop.orders[at].reversing = false;
        return finished(shop, at);
    };
    let left = shop.orders[at].back.unwrap_or_else(|| leaves(shop, at, client));
    shop.orders[at].back = Some(left);
    let had = (shop.day, (client.expiry, client.quota, client.used));
    shop.orders[at].back_from.get_or_insert(had);
    shop.hand = Some(Hand::TakeBack(u8::try_from(at).unwrap_or(0), left));
}

/// What a reversal leaves of a client: its end and its quota.
fn leaves(shop: &Shop, at: usize, client: Client) -> (i64, u64) {
    let expiry = shop.expiry_of(client);
    let seen = Seen { enabled: true, expiry, quota: client.quota, used: client.used };
    let level = |(expiry, quota, used)| Level { expiry: Expiry::from_ours(expiry), quota, used };
    let layers: Vec<_> = shop
        .layers
        .iter()
        .map(|left| {
            let order = id(left.order);
            let (time, bytes) = (Amount::of_days(DAYS), Amount::of_bytes(BYTES));
            let made = if left.sold { Made::Sold { order, time, bytes } } else { Made::TakenBack(order) };
            let at = Millis(shop.now().0 - i64::from(shop.day - left.day) * DAY);
            Layer { at, made, before: left.before.map(level), after: level(left.after) }
        })
        .collect();
    let wanted = take_back(shop.now(), seen, false, (&layers, POLICY), &id(u8::try_from(at).unwrap_or(0)));
    (wanted.expiry.to_panel(), wanted.quota)
}

fn book_back(shop: &mut Shop, at: usize, left: (i64, u64)) {
    match shop.client {
        Some(client) if client.ours && (client.expiry, client.quota) == left => {
            shop.books = Some(super::shop::Books { provisioned: true, expiry: left.0, quota: left.1 });
            let sale = &mut shop.orders[at];
            sale.booked += 1;
            sale.reversing = false;
            if let Some((day, had)) = sale.back_from {
                let order = u8::try_from(at).unwrap_or(0);
                let after = (left.0, left.1, had.2);
                shop.layers.push(Left { day, order, sold: false, before: Some(had), after });
            }
            shop.moves(at, OrderStatus::Reversed);
            finished(shop, at);
        }
        _ => drops(shop),
    }
}
