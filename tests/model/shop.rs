//! The shop as the model has it: what the books say, what is on Discord and on the panel, the rows of the
//! outbox, and what the panel's lane is in the middle of.

use std::{collections::HashMap, sync::LazyLock};

use tollkeeper::domain::{
    Currency, Millis, Money, Order, OrderId, OrderState, OrderStatus, SubmissionId, SubscriptionRow, UserId,
    attention::{Cause, Trouble},
    effect::{Effect, Lane},
    grants::{Before, Expiry, Filled},
    order::{CancelCause, Decision, Delivery, MethodSnapshot, PlanSnapshot, Source, Ticket},
    shop::ReferencePolicy,
};

/// What the plan gives.
pub(crate) const DAYS: u32 = 30;
/// See [`DAYS`].
pub(crate) const BYTES: u64 = 50 << 30;
/// What a customer uses at once.
pub(crate) const USED: u64 = 20 << 30;
/// A day.
pub(crate) const DAY: i64 = 24 * 60 * 60 * 1000;
const BEGINNING: i64 = 1_800_000_000_000;
/// Proofs that may reach review.
const ATTEMPTS: u8 = 2;

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Shop {
    /// Days since the beginning.
    pub(crate) day: u8,
    /// The orders of one customer, oldest first.
    pub(crate) orders: Vec<Sale>,
    /// The subscription as the books have it, once an order was approved.
    pub(crate) books: Option<Books>,
    /// What was done to its client, oldest first.
    pub(crate) layers: Vec<Left>,
    /// What is on the panel under the subscription's e-mail.
    pub(crate) client: Option<Client>,
    /// The outbox, oldest first.
    pub(crate) rows: Vec<(Row, Tried)>,
    /// What the panel's lane is in the middle of. A crash forgets it.
    pub(crate) hand: Option<Hand>,
    /// How often what nobody asked for has happened.
    pub(crate) spent: Spent,
    /// A rule of ours that was broken on the way here.
    pub(crate) broken: Option<&'static str>,
}

/// How often what is bounded has happened.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Spent {
    /// Calls that failed, and ends of the process.
    pub(crate) faults: u8,
    /// What somebody did on the panel by hand.
    pub(crate) hands: u8,
    /// Traffic.
    pub(crate) uses: u8,
}

/// An order, with what there is of it on Discord.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is true or not whatever the others are")]
pub(crate) struct Sale {
    /// Its state.
    pub(crate) status: OrderStatus,
    /// Of two halves of the price: what is booked in parts, and what staff found to have arrived.
    pub(crate) parts: u8,
    /// See [`Self::parts`].
    pub(crate) received: u8,
    /// Proofs that may still reach review.
    pub(crate) attempts: u8,
    /// What was sent in the ticket and not read yet.
    pub(crate) unread: bool,
    /// A proof that waits for a decision.
    pub(crate) proof: bool,
    /// Channels there are, and whether the books know one.
    pub(crate) channels: u8,
    /// See [`Self::channels`].
    pub(crate) channel_known: bool,
    /// Whether the customer may write there, and what the status message says.
    pub(crate) ticket: Option<(bool, OrderStatus)>,
    /// Cards there are, and whether the books know one.
    pub(crate) cards: u8,
    /// See [`Self::cards`].
    pub(crate) card_known: bool,
    /// What the card says.
    pub(crate) card: Option<OrderStatus>,
    /// How the link came to the customer.
    pub(crate) delivery: How,
    /// Direct messages with the link.
    pub(crate) letters: u8,
    /// What its approval gives.
    pub(crate) grant: Option<Grant>,
    /// Rows of the ledger.
    pub(crate) booked: u8,
    /// Staff want it taken back.
    pub(crate) reversing: bool,
    /// What that leaves of the client: end and quota; and what it had: the day, end, quota and counter.
    pub(crate) back: Option<(i64, u64)>,
    /// See [`Self::back`].
    pub(crate) back_from: Option<(u8, (i64, u64, u64))>,
    /// Why it waits for a person.
    pub(crate) trouble: Option<Cause>,
}

/// [`Delivery`] without its times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum How {
    Not,
    Dm,
    Closed,
    Fetched,
}

/// What an order gives, and how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Grant {
    /// The target.
    pub(crate) filled: Option<Target>,
    /// Whether the counter was reset for it.
    pub(crate) reset: bool,
    /// Whether the panel has it.
    pub(crate) applied: bool,
}

/// [`Filled`], which cannot be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    pub(crate) base: i64,
    pub(crate) expiry: i64,
    pub(crate) quota: u64,
    pub(crate) used_before: u64,
    /// The day on which it was computed, and end and quota that the client had.
    pub(crate) day: u8,
    /// See [`Self::day`].
    pub(crate) had: Option<(i64, u64)>,
}

impl Target {
    /// What `filled` gives to a client that had this.
    pub(crate) fn new(day: u8, had: Option<Before>, filled: Filled) -> Self {
        let Filled { base, expiry, quota, used_before } = filled;
        let had = had.map(|had| (had.expiry.to_panel(), had.quota));
        Self { base: base.0, expiry: expiry.to_panel(), quota, used_before, day, had }
    }
}

/// What was done to the client: what it found and what it left, as end, quota and counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Left {
    pub(crate) day: u8,
    pub(crate) order: u8,
    /// Whether the order was sold then, or taken back.
    pub(crate) sold: bool,
    pub(crate) before: Option<(i64, u64, u64)>,
    pub(crate) after: (i64, u64, u64),
}

/// The subscription as we wrote it last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Books {
    /// Whether it was ever on the panel.
    pub(crate) provisioned: bool,
    /// 0 = never.
    pub(crate) expiry: i64,
    /// 0 = unlimited.
    pub(crate) quota: u64,
}

/// A client on the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Client {
    /// Whether its uuid is the one that we stored.
    pub(crate) ours: bool,
    pub(crate) expiry: i64,
    pub(crate) quota: u64,
    pub(crate) used: u64,
}

/// A row of the outbox; the number is the order's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Row {
    Ticket(u8),
    Read(u8),
    Lapse(u8),
    Card(u8),
    Panel,
    Deliver(u8),
}

/// Whether a row was tried before: then its effect looks first.
pub(crate) type Tried = bool;

/// What the panel's lane does next, with what it remembers of what it did before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Hand {
    /// Sets the counter to zero for an order.
    Reset(u8, Target),
    /// Makes a client for an order.
    Add(u8, Target),
    /// Writes the client's row for an order.
    Write(u8, Target),
    /// Reads back and books.
    Book(u8, Target),
    /// Writes what a reversal leaves: end and quota.
    TakeBack(u8, (i64, u64)),
    /// Reads back and books the reversal.
    BookBack(u8, (i64, u64)),
}

impl Row {
    const ALL: [Self; 11] = [
        Self::Ticket(0),
        Self::Ticket(1),
        Self::Read(0),
        Self::Read(1),
        Self::Lapse(0),
        Self::Lapse(1),
        Self::Card(0),
        Self::Card(1),
        Self::Panel,
        Self::Deliver(0),
        Self::Deliver(1),
    ];

    /// The effect that such a row is.
    fn effect(self) -> Effect {
        let user = UserId(7);
        match self {
            Self::Ticket(order) => Effect::SyncTicket { order: id(order) },
            Self::Read(order) => Effect::ReadTicket { order: id(order) },
            Self::Lapse(order) => Effect::LapseOrder { order: id(order) },
            Self::Card(order) => Effect::SyncCard { submission: SubmissionId(i64::from(order)) },
            Self::Panel => Effect::SyncSubscription { subscription: SubscriptionRow(1), panel: "main".to_owned() },
            Self::Deliver(order) => Effect::DeliverLink { order: id(order), user },
        }
    }

    /// Where it waits its turn.
    pub(crate) fn lane(self) -> &'static Lane {
        static LANES: LazyLock<HashMap<Row, Lane>> =
            LazyLock::new(|| Row::ALL.into_iter().map(|row| (row, row.effect().lane())).collect());
        &LANES[&self]
    }
}

pub(crate) fn id(order: u8) -> OrderId {
    format!("{order:010}").parse().expect("ten digits are an id")
}

/// What the rules say about an order of some kind.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is the answer to a question of its own")]
pub(crate) struct Rules {
    pub(crate) accepts_proof: bool,
    pub(crate) may_be_cancelled: bool,
    pub(crate) decline_ends_it: bool,
    pub(crate) ticket_is_open: bool,
    pub(crate) has_money: bool,
    pub(crate) is_paid: bool,
}

impl Sale {
    /// A new order, whose payment method is chosen.
    pub(crate) fn new() -> Self {
        Self {
            status: OrderStatus::PendingPayment,
            parts: 0,
            received: 0,
            attempts: ATTEMPTS,
            unread: false,
            proof: false,
            channels: 0,
            channel_known: false,
            ticket: None,
            cards: 0,
            card_known: false,
            card: None,
            delivery: How::Not,
            letters: 0,
            grant: None,
            booked: 0,
            reversing: false,
            back: None,
            back_from: None,
            trouble: None,
        }
    }

    /// What `domain` says about it. Asked once for each kind.
    pub(crate) fn rules(&self) -> Rules {
        type Kind = (OrderStatus, u8, u8);
        static ASKED: LazyLock<HashMap<Kind, Rules>> = LazyLock::new(|| {
            let kinds = OrderStatus::ALL.into_iter().flat_map(|status| {
                (0..=2).flat_map(move |received| (0..=ATTEMPTS).map(move |attempts| (status, received, attempts)))
            });
            kinds.map(|kind| (kind, rules(&order(kind.0, kind.1, kind.2)))).collect()
        });
        ASKED[&(self.status, self.received, self.attempts)]
    }
}

fn rules(order: &Order) -> Rules {
    Rules {
        accepts_proof: order.accepts_proof().is_ok(),
        may_be_cancelled: order.may_be_cancelled(),
        decline_ends_it: order.decline_ends_it(),
        ticket_is_open: order.ticket_is_open(),
        has_money: order.has_money(),
        is_paid: order.missing().minor == 0,
    }
}

/// The order of `domain` that is meant.
fn order(status: OrderStatus, received: u8, attempts: u8) -> Order {
    let egp = Currency::parse("EGP").expect("a currency");
    let money = |minor: i64| Money::new(minor, egp);
    let at = Millis(BEGINNING);
    let decision = || Decision { by: UserId(1), at };
    let text = || "text".to_owned();
    let state = match status {
        OrderStatus::PendingPayment => OrderState::PendingPayment { expires_at: at, declined: None },
        OrderStatus::PaymentSubmitted => OrderState::PaymentSubmitted { returned: None },
        OrderStatus::Provisioning => OrderState::Provisioning { approved: decision() },
        OrderStatus::NeedsAttention => {
            OrderState::NeedsAttention { approved: decision(), trouble: Trouble::new(Cause::EmailTaken, text()) }
        }
        OrderStatus::Completed => OrderState::Completed { approved: decision(), at },
        OrderStatus::Declined => OrderState::Declined { decided: decision(), reason: text() },
        OrderStatus::Cancelled => OrderState::Cancelled { cause: CancelCause::Customer, at },
        OrderStatus::Expired => OrderState::Expired { at },
        OrderStatus::Reversed => OrderState::Reversed { approved: decision(), decided: decision(), reason: text() },
    };
    Order {
        id: id(0),
        source: Source::Shop,
        customer: UserId(7),
        created_at: at,
        plan: PlanSnapshot {
            id: text(),
            name: text(),
            duration_days: DAYS,
            quota_bytes: BYTES,
            price: money(100),
            panel: text(),
        },
        method: Some(MethodSnapshot {
            id: text(),
            name: text(),
            account: text(),
            holder: text(),
            instructions: text(),
            reference: ReferencePolicy::Off,
        }),
        reference: None,
        attempts_left: u32::from(attempts),
        received: money(i64::from(received) * 50),
        state,
        ticket: Ticket::default(),
        delivery: Delivery::None,
        subscription: None,
    }
}

impl Shop {
    pub(crate) fn now(&self) -> Millis {
        Millis(BEGINNING + i64::from(self.day) * DAY)
    }

    /// Moves an order along an arrow; any other move is noted.
    pub(crate) fn moves(&mut self, at: usize, to: OrderStatus) {
        let sale = &mut self.orders[at];
        if !sale.status.arrows().contains(&to) {
            self.broken = Some("an order moved along no arrow");
        }
        sale.status = to;
    }

    /// Puts a row into the outbox; wanting the same thing twice is one row, and a row that was tried
    /// goes on looking first.
    pub(crate) fn wants(&mut self, row: Row) {
        if !self.rows.iter().any(|(known, _)| *known == row) {
            self.rows.push((row, false));
        }
    }

    /// What everybody must see anew after a change of an order.
    pub(crate) fn shows(&mut self, at: usize) {
        let order = u8::try_from(at).unwrap_or(0);
        self.wants(Row::Ticket(order));
        if self.orders[at].cards > 0 || self.orders[at].proof {
            self.wants(Row::Card(order));
        }
    }

    pub(crate) fn end(&mut self, row: Row) {
        self.rows.retain(|(known, _)| *known != row);
    }

    pub(crate) fn tried(&mut self, row: Row) {
        self.rows.iter_mut().filter(|(known, _)| *known == row).for_each(|(_, tried)| *tried = true);
    }

    /// What a client on the panel ends with.
    pub(crate) fn expiry_of(&self, client: Client) -> Expiry {
        Expiry::from_panel(client.expiry, self.now())
    }

    /// Whether nothing is left to do.
    pub(crate) fn rests(&self) -> bool {
        self.rows.is_empty() && self.hand.is_none()
    }
}
