//! Tollkeeper: a Discord bot with which a small VPN shop sells access through a 3x-ui panel.
//!
//! This is the map of the crate. Each module's own first lines say what it decides and what it
//! never does; here is what no single module can say. In one sentence: **decide in [`domain`],
//! remember in [`db`], act in [`effects`], speak in [`view`].**
//!
//! # Bird's eye
//!
//! ```text
//!    Discord ──events──► bot ──asks──► domain          panel (3x-ui)
//!       ▲                 │ writes                        ▲
//!       │                 ▼                               │
//!       │                 db ◄──── tasks (by the clock)   │
//!       │                 │ rows of the outbox            │
//!       └───────────── effects ───────────────────────────┘
//! ```
//!
//! [`bot`] turns what people press into a question to [`domain`] and a transaction in [`db`], and
//! answers. What must happen because of it (a channel, a message, a client on the panel) is a row
//! of the outbox, written in the same transaction. [`effects`] takes the rows and acts. [`tasks`]
//! looks at the clock and writes rows like anybody else. `bot` knows neither `effects` nor
//! `tasks`: only rows connect them, and a commit wakes the worker through `db`'s notices. So
//! there is one question after a crash, "which rows are left?", and one answer to it.
//!
//! # The two walks
//!
//! **An order.** `/order` ([`bot`], `order.rs`) checks block, open order, limit and outage and
//! shows the plans. Choosing one writes the order's row first (an index decides a race of two
//! clicks) and with it `SyncTicket`; the worker makes the private channel with its overwrites
//! (`effects/ticket/seats.rs`) and its one status message (`effects/ticket.rs`). The customer picks
//! a method, pays, uploads. `ReadTicket` reads what was written there since it was last read
//! (`effects/read.rs`), the picture passes the door ([`proof`]), the duplicate rule decides
//! (`domain/proofs.rs`), and payment, submission and lock are one transaction
//! (`db/submissions.rs`), which wants a review card (`effects/card.rs`).
//!
//! **Other amounts.** Less than the price (`Amount differs`) leaves the order open for the rest:
//! parts add up with the payment, an order with money in it is ended by no timer, no decline and
//! not by its customer, and the ledger gets one row with all of it when the order is completed, by
//! the time of its approval (`db/receipts.rs`). What an approval could not give waits for a person
//! with its cause as a type (`domain/trouble.rs`, `db/attention.rs`).
//!
//! **Around a decision.** Who opens one is named on the card until the question lapses
//! (`domain/review.rs`): a courtesy, never a lock. A question to the customer is answered with a
//! button (`bot/more.rs`) and opens no ticket: the lock follows from the order's state alone. A
//! transfer's reference belongs to the first order that claims it, as a picture does
//! (`db/references.rs`). A payment that waits is brought to mind (`tasks/review.rs`), never decided.
//!
//! **An approval.** `Approve` (`bot/review.rs`) stores a one-time token and shows the question;
//! `Confirm` (`bot/decision.rs`) acknowledges first, then spends the token, moves the order to
//! `provisioning`, makes subscription and grant and writes the audit row in one transaction
//! (`db/review.rs`). `SyncSubscription` makes the client on the panel what the grants say and
//! reads it back (`effects/panel/`); one transaction completes order, payment, subscription and
//! ledger (`db/subscriptions.rs`) and wants `DeliverLink` (`effects/deliver.rs`). Card and status
//! message then say what is true. `Decline` goes the same way with a reason. What an approval wrote
//! and did not sell is taken out of the panel again, or taken over by the next approval of the same
//! order (`db/leftovers.rs`, `effects/panel/undo.rs`): never both.
//!
//! **A change by staff** (`/admin user-extend` and its like, a reversal, a sale by hand) takes the
//! same road. The question keeps what it would do beside its one-time token (`db/wishes.rs`);
//! Confirm makes it a row (`db/changes.rs`) in line with the subscription's grants, and the same
//! `SyncSubscription` takes them in the order given (`db/steps.rs`): fill once, write the whole
//! row, read back, book.
//!
//! **A change of the file** (`/admin reload`, SIGHUP): [`live`] holds the configuration in force as
//! one value, judges the file with the rules of the start and replaces the value as a whole. Each
//! interaction (`bot::Host`), each effect and each tick of a task takes it once, so one decision never
//! sees two shops. Orders carry their terms in their row; tickets are made anew where staff or methods
//! are others than those they were last made for (`db/reload.rs`), which the next start asks too.
//!
//! # What always holds
//!
//! - An order moves only along the arrows of `domain/order/status.rs`: an `UPDATE … WHERE status = ?`
//!   that must touch one row, and a trigger that refuses any other.
//! - A state change, its audit row and what it causes commit together or not at all.
//! - A write transaction never spans a network call; there is one writer connection.
//! - No parked row without something that a person sees.
//! - An effect's first try acts; every later try looks first, because a timeout is an unknown
//!   outcome. After a restore the first looks too: the database that was replaced may have acted, and
//!   a panel that is ahead of the books (`db/restore/shown.rs`) is given nothing twice.
//!   All we create carries a marker by which it is found again (`view/marker.rs`, `effects/written.rs`).
//! - An interaction is taken up once however often Discord delivers it (`bot/entrance.rs`), and its
//!   answer is repeated only while nobody knows whether it arrived.
//! - The answer to an interaction is the one thing outside the outbox. It carries no state.
//! - Success of a panel is not proof: whoever writes reads back. uuid and subscription id are
//!   random and stored before the first call; a client is ours only if its uuid is the stored one.
//! - The first order that claims a picture owns it.
//! - A decision of staff asks for the power afresh, when the question opens and when it is
//!   answered; the loser of a race reads who was first.
//! - Money is integers, times are milliseconds UTC, and the time is an argument ([`clock`]).
//! - Secrets, links and uuids are in no log, no audit row, no outbox argument and no message but
//!   the customer's own.
//!
//! # What is absent, and stays absent
//!
//! `tests/it/architecture.rs` reads the sources and keeps this:
//!
//! - SQL outside [`db`]; text for people outside [`view`]; `Utc::now()` outside [`clock`].
//! - Anything of ours in [`domain`]: no async, no SQL, no HTTP, no Discord types, no randomness.
//! - A change of the panel by [`bot`]: it is given [`panel::Reader`], which has no such function.
//! - Spawning outside [`app`], [`effects`], [`tasks`] and the sandbox, where each end is noticed.
//! - A trait with one implementation, and mocks. The seam is the wire: `discord.rest_proxy` and
//!   `panels.url` lead to the real thing or to the `sandbox`, which `run` cannot reach.
//! - `unsafe`, `unwrap` and `panic` outside tests (the compiler and clippy keep these).
//!
//! # How to add …
//!
//! - **a command**: a function in the file of its flow in `bot/`, a line in `commands` of
//!   `bot/commands.rs`, its description in `view/command.rs` and the locale files.
//! - **a command of `/admin`**: a file in `bot/admin/`, which asks `admitted` first and takes what
//!   it is about from `target`; a line in `admin` of `bot/admin/mod.rs`, its texts as above. A
//!   value that is suggested while somebody types is a [`domain::Target`] and never trusted.
//! - **a button or menu**: a variant of [`domain::button::Button`] (it comes back from a client
//!   and is never trusted), an arm where `bot/mod.rs` dispatches.
//! - **an event of Discord**: an arm of `on_event` in `bot/mod.rs`, and its intent in `intents`.
//! - **an effect**: a variant of [`domain::effect::Effect`] with key and lane, an arm of `perform`
//!   in `effects/mod.rs`, and a sample of its row for the test that decodes every one ever
//!   released. Arguments are ids only; make what it does depend on the state, not on the row.
//! - **a task**: a function and one line of [`tasks`]; the interval is a key of `[schedule]`, or a
//!   constant with a sentence. It only looks and writes rows.
//! - **a check**: what a file says is judged in [`config`], all at once, each with its remedy; what
//!   only the network can tell is asked by a command in [`ops`].
//! - **a check before a command**: a question to [`domain`] at the top of the command's function, as
//!   `Bot::at_home` and the powers of `bot/access.rs` are; a refusal is a variant of
//!   [`view::refusal::Refusal`] and its sentence.
//! - **a text**: a message in every file of `view/locales`, a whole sentence, and the function in
//!   [`view`] that fills it in.
//!
//! # Where each part of the ported architecture lives
//!
//! | there | here |
//! |---|---|
//! | bot core, event handlers | [`app`], `bot/mod.rs`, [`discord`] |
//! | `models/database` | [`db`], `migrations/` |
//! | `services/xray_client` | [`panel`] |
//! | `middleware/auth` (roles, sessions, audit) | `bot/access.rs`, `domain/access.rs`, `db/tokens.rs`, `db/sessions.rs`, `db/audit.rs` |
//! | `middleware/rate_limit` | `domain/limits.rs`; the order limit is a query (`db/orders.rs`) and survives a restart, [`limits`] counts the rest in memory |
//! | `services/health_monitor` | [`tasks`], the breaker in [`panel`] |
//! | `services/revenue_service` | `db/revenue.rs` |
//! | `services/message_cleanup` | [`tasks`], [`effects`] |
//! | commands loaded from a folder | each file of `bot/` exports its commands; adding one is a file and a line |
//!
//! # Where we left the first design, and why
//!
//! - [`proof`] is a module of its own: fetching and judging a customer's file is neither a rule
//!   (it decodes, it downloads) nor an effect (`/proof` needs the verdict for its answer).
//! - Proofs are read in one way: an upload in the ticket only wants `ReadTicket`, and so do READY,
//!   a RESUME and the task. What the gateway announced, what it lost and what was sent while the bot
//!   was away take the same road. `/proof` is the other door to the same transaction.
//! - [`premises`] reads channels, roles and overwrites into words of the domain: the rules in
//!   `domain/premises.rs` judge them for `check` and, at each READY, for the owners.
//! - [`live`] is the one that both `bot` and `effects` ask for the configuration: it stands below both,
//!   and knows `db` because a reload that is not in the audit log is not in force.
//! - [`supervisor`] speaks systemd's protocol: ready, status, alive, stopping. It feeds the watchdog
//!   only while the outbox worker answers it and the gateway is not gone for long; without a watchdog
//!   it ends a bot that has been deaf for an hour while Discord answers.
//! - A task moves the write-ahead log into the database's file (`Db::fold_log`), no longer the commit
//!   that a customer's link waits for. For the same reason the worker claims all free lanes in one
//!   transaction, and lets the dashboard go after the sales (`effects/worker.rs`).
//! - What people wrote is read back with types of ours (`effects/written.rs`): serenity reads none of
//!   a hundred messages when one of them says something new.
//! - [`drift`] reads the panels and the books for `/admin drift` and for the owners' weekly message;
//!   the rules in `domain/drift.rs` say where they differ and which command mends it, and `restore`
//!   asks them too.
//! - [`discord`] holds the way to Discord (client, proxy, registration, the gateway's address), so
//!   that [`app`] only puts parts together, and `check` can go the same way.
//! - [`limits`] and [`faults`] are counts in memory that [`bot`] writes and [`tasks`] empties. They
//!   belong to neither, and a restart may forget them: what must not be forgotten is a row.
//! - `cli` belongs to the program, not to the library, which therefore reads no command line.
//!   [`telemetry`] is the third that knows files and formats but no business.
//! - [`clock`] knows one thing of ours, [`domain::Millis`]: a moment without a type is a number.
//! - `TellOwner` and `TellStaff` are two effects, because they wait in different lanes: an owner
//!   with closed direct messages holds up no review card.
//! - The customer's first mention in a ticket is `Notice::Welcome`, apart from the status message:
//!   that one is edited in place, and an edit rings no phone.
//! - The order's row comes before its channel: a crash between the two leaves an order without a
//!   ticket, which the outbox cures, instead of a channel that nobody knows.

pub mod app;
pub mod bot;
pub mod clock;
pub mod config;
pub mod db;
pub mod discord;
pub mod domain;
pub mod drift;
pub mod effects;
pub mod faults;
pub mod limits;
pub mod live;
pub mod ops;
pub mod panel;
pub mod panels;
pub mod premises;
pub mod proof;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod supervisor;
pub mod tasks;
pub mod telemetry;
pub mod view;
