//! Everything that may happen next: what people click, what the timers want, what the outbox does, how each
//! call ends, and the end of the process between any two things.

use tollkeeper::domain::OrderStatus;

use super::{
    panel,
    shop::{Client, Grant, How, Row, Sale, Shop, USED},
};

/// A mistake that is made on purpose, to see that it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    None,
    /// A renewal's target is computed from whatever client is there, and stored, before it is asked whose it is.
    TargetBeforeOwner,
    /// A later try acts without looking first.
    NeverLooks,
    /// A row is ended before its effect.
    EndsFirst,
}

/// What happened, and to which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step(pub(crate) &'static str, pub(crate) u8);

/// How often what nobody asked for happens.
const FAULTS: u8 = 2;
const HANDS: u8 = 3;
const USES: u8 = 1;
/// Orders lapse, and access ends, in steps of so many days.
const LATER: u8 = 15;
/// The last day.
const LAST: u8 = 45;

/// The steps from one shop.
pub(crate) struct Steps<'a> {
    pub(crate) from: &'a Shop,
    pub(crate) bug: Bug,
    pub(crate) found: Vec<(Step, Shop)>,
}

impl Steps<'_> {
    /// Every step there is from here.
    pub(crate) fn all(from: &Shop, bug: Bug) -> Vec<(Step, Shop)> {
        let mut steps = Steps { from, bug, found: Vec::new() };
        for at in 0..from.orders.len() {
            steps.customer(at);
            steps.staff(at);
            steps.timers(at);
        }
        steps.new_order();
        steps.elsewhere();
        steps.outbox();
        panel::go_on(&mut steps);
        steps.found
    }

    /// One step.
    pub(crate) fn may(&mut self, what: &'static str, order: usize, act: impl FnOnce(&mut Shop)) {
        let mut shop = self.from.clone();
        act(&mut shop);
        self.found.push((Step(what, u8::try_from(order).unwrap_or(0)), shop));
    }

    /// One step of those that happen a few times only: a call fails, or the process ends.
    pub(crate) fn may_fail(&mut self, what: &'static str, order: usize, act: impl FnOnce(&mut Shop)) {
        if self.from.spent.faults < FAULTS {
            self.may(what, order, |shop| {
                shop.spent.faults += 1;
                act(shop);
            });
        }
    }

    fn new_order(&mut self) {
        let orders = &self.from.orders;
        if orders.len() < 2 && !orders.iter().any(|order| order.status.is_active()) {
            let at = orders.len();
            self.may("the customer orders", at, |shop| {
                shop.orders.push(Sale::new());
                shop.shows(at);
            });
        }
    }

    fn customer(&mut self, at: usize) {
        let order = u8::try_from(at).unwrap_or(0);
        let sale = &self.from.orders[at];
        let (may_write, shown) = sale.ticket.map_or((false, None), |(open, shown)| (open, Some(shown)));
        if may_write && !sale.unread {
            self.may("the customer sends a proof", at, |shop| {
                shop.orders[at].unread = true;
                shop.wants(Row::Read(order));
            });
            self.may_fail("the customer sends a proof and no event tells", at, |shop| shop.orders[at].unread = true);
        }
        if shown == Some(OrderStatus::PendingPayment) && sale.rules().may_be_cancelled {
            self.may("the customer cancels", at, |shop| {
                shop.moves(at, OrderStatus::Cancelled);
                shop.shows(at);
            });
        }
        if shown == Some(OrderStatus::Completed) && sale.delivery == How::Closed {
            self.may("the customer fetches the link", at, |shop| {
                shop.orders[at].delivery = How::Fetched;
                shop.shows(at);
            });
        }
    }

    fn staff(&mut self, at: usize) {
        let sale = &self.from.orders[at];
        // A card may be old: what counts is the order.
        if sale.card.is_some() && sale.proof && sale.status == OrderStatus::PaymentSubmitted {
            self.may("staff approve", at, |shop| {
                let sale = &mut shop.orders[at];
                (sale.proof, sale.received, sale.grant) = (false, 2, Some(Grant::default()));
                shop.books.get_or_insert_default();
                shop.moves(at, OrderStatus::Provisioning);
                shop.wants(Row::Panel);
                shop.shows(at);
            });
            if sale.parts == 0 {
                self.may("staff book a part", at, |shop| {
                    let sale = &mut shop.orders[at];
                    (sale.proof, sale.parts, sale.received) = (false, 1, 1);
                    sale.attempts += 1;
                    shop.moves(at, OrderStatus::PendingPayment);
                    shop.shows(at);
                });
            }
            self.may("staff decline", at, |shop| {
                shop.orders[at].proof = false;
                let ends = shop.orders[at].rules().decline_ends_it;
                if !ends && shop.orders[at].attempts == 0 {
                    shop.orders[at].attempts = 1;
                }
                shop.moves(at, if ends { OrderStatus::Declined } else { OrderStatus::PendingPayment });
                shop.shows(at);
            });
        }
        if sale.card == Some(OrderStatus::NeedsAttention) && sale.status == OrderStatus::NeedsAttention {
            self.may("staff retry", at, |shop| {
                shop.orders[at].trouble = None;
                shop.moves(at, OrderStatus::Provisioning);
                shop.wants(Row::Panel);
                shop.shows(at);
            });
            if sale.grant.is_some_and(|grant| grant.filled.is_none() && !grant.reset) {
                self.may("staff send it back to review", at, |shop| {
                    shop.orders[at].trouble = None;
                    panel::back_to_review(shop, at);
                });
            }
        }
        if sale.status == OrderStatus::Completed && !sale.reversing && sale.delivery != How::Not {
            self.may("staff reverse", at, |shop| {
                shop.orders[at].reversing = true;
                shop.wants(Row::Panel);
            });
        }
    }

    fn timers(&mut self, at: usize) {
        let order = u8::try_from(at).unwrap_or(0);
        let sale = &self.from.orders[at];
        let waits = sale.status == OrderStatus::PendingPayment && !sale.rules().has_money;
        if waits && self.from.day >= LATER {
            self.may("the order's time is over", at, |shop| shop.wants(Row::Lapse(order)));
        }
        if sale.channel_known && sale.unread {
            self.may("the tickets are read again", at, |shop| shop.wants(Row::Read(order)));
        }
    }

    /// What happens where the bot is not: time, traffic, and somebody's hands on the panel.
    fn elsewhere(&mut self) {
        let Shop { day, client, books, spent, .. } = self.from;
        if *day < LAST {
            self.may("days pass", 0, |shop| shop.day += LATER);
        }
        if spent.uses < USES && client.is_some_and(|client| client.ours) {
            self.may("traffic is used", 0, |shop| {
                shop.spent.uses += 1;
                if let Some(client) = &mut shop.client {
                    let room = if client.quota == 0 { USED } else { client.quota.saturating_sub(client.used) };
                    client.used += USED.min(room);
                }
            });
        }
        if spent.hands >= HANDS || books.is_none() {
            return;
        }
        let mut hand = |what, left: Option<Client>| {
            self.may(what, 0, |shop| {
                shop.spent.hands += 1;
                shop.client = left;
            });
        };
        match client {
            Some(client) if client.ours => hand("somebody removes the client on the panel", None),
            Some(_) => hand("somebody removes the stranger's client", None),
            None => {
                let stranger = Client { ours: false, expiry: 0, quota: 0, used: 0 };
                hand("somebody makes a client of theirs under the same name", Some(stranger));
            }
        }
    }

    fn outbox(&mut self) {
        let rows = &self.from.rows;
        for (at, (row, tried)) in rows.iter().enumerate() {
            // Rows of one lane go one at a time, in their order.
            if rows[..at].iter().any(|(earlier, _)| earlier.lane() == row.lane()) {
                continue;
            }
            let looks = *tried && self.bug != Bug::NeverLooks;
            match *row {
                Row::Ticket(order) => self.ticket(usize::from(order), *row, looks),
                Row::Read(order) => self.read(usize::from(order), *row),
                Row::Lapse(order) => self.lapse(usize::from(order), *row),
                Row::Card(order) => self.card(usize::from(order), *row, looks),
                Row::Deliver(order) => self.deliver(usize::from(order), *row, looks),
                Row::Panel if self.from.hand.is_none() => panel::begin(self, looks),
                Row::Panel => {}
            }
        }
    }

    /// The ways in which an effect on Discord ends: done and noted, done and not noted, not done.
    fn ends(
        &mut self,
        names: [&'static str; 3],
        at: usize,
        row: Row,
        act: impl Fn(&mut Shop),
        note: impl Fn(&mut Shop),
    ) {
        self.may(names[0], at, |shop| {
            act(shop);
            shop.end(row);
            note(shop);
        });
        let ends_first = self.bug == Bug::EndsFirst;
        let again = |shop: &mut Shop| if ends_first { shop.end(row) } else { shop.tried(row) };
        self.may_fail(names[1], at, |shop| {
            act(shop);
            again(shop);
        });
        self.may_fail(names[2], at, again);
    }

    fn ticket(&mut self, at: usize, row: Row, looks: bool) {
        let sale = &self.from.orders[at];
        let wanted = sale.channel_known
            || match sale.status {
                OrderStatus::PendingPayment => true,
                OrderStatus::Completed => sale.delivery == How::Closed,
                _ => false,
            };
        if !wanted {
            self.may("no ticket is wanted", at, |shop| shop.end(row));
            return;
        }
        let is_there = sale.channel_known || looks && sale.channels > 0;
        let act = |shop: &mut Shop| {
            let sale = &mut shop.orders[at];
            sale.channels += u8::from(!is_there);
            sale.ticket = Some((sale.rules().ticket_is_open, sale.status));
        };
        let names = ["the ticket is shown", "the ticket is shown and nobody notes it", "the ticket is not shown"];
        self.ends(names, at, row, act, |shop| shop.orders[at].channel_known = true);
        if !is_there && sale.rules().may_be_cancelled {
            self.may_fail("Discord makes no ticket", at, |shop| {
                shop.moves(at, OrderStatus::Cancelled);
                shop.end(row);
            });
        }
    }

    fn read(&mut self, at: usize, row: Row) {
        self.may("the ticket is read", at, |shop| {
            shop.end(row);
            reads(shop, at);
        });
        self.may_fail("the ticket cannot be read", at, |shop| shop.tried(row));
    }

    fn lapse(&mut self, at: usize, row: Row) {
        self.may("the order lapses if nothing is in its ticket", at, |shop| {
            shop.end(row);
            reads(shop, at);
            let sale = &shop.orders[at];
            if sale.status == OrderStatus::PendingPayment && !sale.rules().has_money {
                shop.moves(at, OrderStatus::Expired);
                shop.shows(at);
            }
        });
        self.may_fail("the ticket cannot be read before the order lapses", at, |shop| shop.tried(row));
    }

    fn card(&mut self, at: usize, row: Row, looks: bool) {
        let sale = &self.from.orders[at];
        let is_there = sale.card_known || looks && sale.cards > 0;
        let act = |shop: &mut Shop| {
            let sale = &mut shop.orders[at];
            sale.cards += u8::from(!is_there);
            sale.card = Some(sale.status);
        };
        let names = ["the card is shown", "the card is shown and nobody notes it", "the card is not shown"];
        self.ends(names, at, row, act, |shop| shop.orders[at].card_known = true);
    }

    fn deliver(&mut self, at: usize, row: Row, looks: bool) {
        let sale = &self.from.orders[at];
        if sale.status != OrderStatus::Completed || sale.delivery != How::Not {
            self.may("no link is wanted any more", at, |shop| shop.end(row));
            return;
        }
        let is_there = looks && sale.letters > 0;
        let names = ["the link is sent", "the link is sent and nobody notes it", "the link is not sent"];
        let act = |shop: &mut Shop| shop.orders[at].letters += u8::from(!is_there);
        self.ends(names, at, row, act, |shop| {
            shop.orders[at].delivery = How::Dm;
            shop.shows(at);
        });
        if !is_there {
            self.may_fail("the customer takes no direct messages", at, |shop| {
                shop.end(row);
                shop.orders[at].delivery = How::Closed;
                shop.shows(at);
            });
        }
    }
}

/// Reads what is in a ticket that the books know.
fn reads(shop: &mut Shop, at: usize) {
    let sale = &mut shop.orders[at];
    if !sale.unread || !sale.channel_known {
        return;
    }
    sale.unread = false;
    if sale.rules().accepts_proof {
        sale.attempts -= 1;
        sale.proof = true;
        shop.moves(at, OrderStatus::PaymentSubmitted);
        shop.shows(at);
    }
}
