//! What must be true of every shop that can be reached, and what must be true of one that rests.

use tollkeeper::domain::OrderStatus;

use super::shop::{BYTES, DAY, DAYS, How, Sale, Shop};

/// What is wrong with a shop, if anything is.
pub(crate) fn broken(shop: &Shop) -> Option<&'static str> {
    let wrong = shop.orders.iter().find_map(wrong_with);
    let stuck = || shop.orders.iter().filter(|_| shop.rests()).find_map(stuck);
    shop.broken.or(wrong).or_else(|| too_much(shop)).or_else(|| limitless(shop)).or_else(stuck)
}

fn wrong_with(sale: &Sale) -> Option<&'static str> {
    use OrderStatus::{Cancelled, Completed, Declined, Expired, NeedsAttention, Provisioning, Reversed};
    let rows = match sale.status {
        Completed => 1,
        Reversed => 2,
        _ => 0,
    };
    let approved = matches!(sale.status, Provisioning | NeedsAttention | Completed | Reversed);
    let target = sale.grant.and_then(|grant| grant.filled);
    [
        (sale.booked != rows, "the ledger is not what the order says"),
        (approved && !sale.rules().is_paid, "an order was approved for which too little was received"),
        (matches!(sale.status, Cancelled | Expired | Declined) && sale.received > 0, "an order ended with money in it"),
        (matches!(sale.status, Cancelled | Expired) && sale.proof, "an order ended with a proof in it"),
        (sale.channels > 1, "an order has two tickets"),
        (sale.cards > 1, "a proof has two cards"),
        (sale.letters > 1, "a link came twice"),
        (sale.delivery == How::Dm && sale.letters != 1, "a link is called sent, and was not"),
        (target.is_some_and(|target| target.quota == 0), "a target without a limit, of a plan with one"),
        (target.is_some_and(|target| target.expiry == 0), "a target without an end, of a plan with one"),
    ]
    .into_iter()
    .find_map(|(is, what)| is.then_some(what))
}

/// Nothing is given twice: no client has more left than the orders that stand together give.
fn too_much(shop: &Shop) -> Option<&'static str> {
    let client = shop.client.filter(|client| client.ours)?;
    let gives = |order: &&Sale| {
        matches!(order.status, OrderStatus::Provisioning | OrderStatus::NeedsAttention | OrderStatus::Completed)
    };
    let orders = shop.orders.iter().filter(gives).count();
    let days = i64::try_from(orders).unwrap_or(0) * i64::from(DAYS) * DAY;
    let bytes = u64::try_from(orders).unwrap_or(0) * BYTES;
    if client.expiry == 0 || client.quota == 0 {
        return Some("a client of ours has no limit");
    }
    if client.expiry > shop.now().0 + days {
        return Some("a client has more days left than were paid");
    }
    // 1 byte stands for none: 0 would be unlimited.
    let left = client.quota.saturating_sub(client.used);
    (left > bytes.max(1)).then_some("a client has more bytes left than were paid")
}

/// No plan is without a limit, and so is nothing that the books remember.
fn limitless(shop: &Shop) -> Option<&'static str> {
    let books = shop.books.filter(|books| books.provisioned)?;
    (books.expiry == 0 || books.quota == 0).then_some("the books have a client without a limit")
}

/// What nobody sees who could go on with it, where nothing is left to do.
fn stuck(sale: &Sale) -> Option<&'static str> {
    let (open, shown) = sale.ticket.map_or((false, None), |(open, shown)| (open, Some(shown)));
    let carded = sale.card == Some(sale.status);
    if let (true, Some((open, _))) = (sale.channel_known, sale.ticket)
        && open != sale.rules().ticket_is_open
    {
        return Some("a ticket's lock is not what the order says");
    }
    let seen = match sale.status {
        OrderStatus::PendingPayment => open && shown == Some(sale.status),
        OrderStatus::PaymentSubmitted => carded && sale.proof,
        OrderStatus::NeedsAttention => carded && sale.trouble.is_some(),
        OrderStatus::Provisioning => false,
        OrderStatus::Completed => match sale.delivery {
            How::Not => false,
            How::Closed => shown == Some(sale.status),
            How::Dm | How::Fetched => true,
        },
        OrderStatus::Declined | OrderStatus::Cancelled | OrderStatus::Expired | OrderStatus::Reversed => true,
    };
    (!seen).then_some("an order waits, and nobody sees for what")
}
