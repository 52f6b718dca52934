//! Tollkeeper: a Discord bot with which a small VPN shop sells access through a 3x-ui panel.
//!
//! The map of the crate: **decide in [`domain`], remember in [`db`], act in [`effects`], speak in
//! [`view`].** Each module's first lines say what it decides and what it never does; here is what no
//! single module can say. Why things are as they are: `docs/decisions.md`. How they are tested:
//! `docs/testing.md`. How to add something: `CONTRIBUTING.md`.
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
//! answers. What must happen because of it (a channel, a message, a client on the panel) is a row of
//! the outbox, written in the same transaction. [`effects`] takes the rows and acts; [`tasks`] looks
//! at the clock and writes rows like anybody else. `bot` knows neither `effects` nor `tasks`: only
//! rows connect them. So there is one question after a crash, "which rows are left?", and one answer.
//!
//! # Two walks
//!
//! **An order.** `/order` (`bot/order.rs`) checks block, open order, limit and outage and shows the
//! plans. Choosing one writes the order's row first (an index decides a race of two clicks) and with it
//! `SyncTicket`; the worker makes the private channel with its overwrites (`effects/ticket/permissions.rs`)
//! and its one status message (`effects/ticket.rs`). The customer picks a method, pays, uploads.
//! `ReadTicket` reads what was written there since it was last read (`effects/read.rs`), [`proof`] judges
//! the picture, the duplicate rule decides (`domain/proofs.rs`), and payment, submission and lock are
//! one transaction (`db/payments/submissions.rs`), which wants a review card (`effects/card.rs`).
//!
//! **An approval.** `Approve` (`bot/review/approve.rs`) stores a one-time token and shows the question;
//! `Confirm` (`bot/confirm.rs`) acknowledges first and looks at the token; one transaction spends it,
//! moves the order to `provisioning`, makes subscription and grant and writes the audit row
//! (`db/payments/review.rs`). `SyncSubscription` makes the client on the panel what the grants say and reads it
//! back (`effects/panel/`); one transaction completes order, payment, subscription and ledger
//! (`db/access/completion.rs`) and wants `DeliverLink` (`effects/deliver.rs`). Card and status message then
//! say what is true. A change by staff takes the same road: the confirmation becomes a row
//! (`db/access/change_requests.rs`) in line with the subscription's grants.
//!
//! # What always holds
//!
//! - An order moves only along the arrows of `domain/order/status.rs`: an `UPDATE … WHERE status = ?`
//!   that must touch one row, and a trigger that refuses any other.
//! - A state change, its audit row and what it causes commit together or not at all.
//! - A write transaction never spans a network call; there is one writer connection.
//! - No dead letter without something that a person sees.
//! - An effect's first try acts; every later try looks first, because a timeout is an unknown outcome.
//!   All we create carries a marker by which it is found again (`view/marker.rs`, `effects/messages.rs`).
//! - An interaction is handled once however often Discord delivers it (`bot/dedup.rs`). Its answer is
//!   the one thing outside the outbox: it carries no state.
//! - Success of a panel is not proof: whoever writes reads back. uuid and subscription id are random and
//!   stored before the first call; a client is ours only if its uuid is the stored one.
//! - The first order that claims a picture owns it.
//! - A decision of staff asks for the power afresh, when the question opens and when it is answered; the
//!   loser of a race reads who was first.
//! - Money is integers, times are milliseconds UTC, and the time is an argument ([`clock`]).
//! - Secrets, links and uuids are in no log, no audit row, no outbox argument and no message but the
//!   customer's own.
//!
//! `tests/it/architecture.rs` reads the sources and keeps what stays absent: SQL outside [`db`]; text for
//! people outside [`view`]; `Utc::now()` outside [`clock`]; anything of ours in [`domain`], which has no
//! async, SQL, HTTP, Discord types or randomness; a change of the panel by [`bot`], which is given
//! [`panel::Reader`]; spawning outside [`app`], [`effects`], [`tasks`] and the sandbox; a trait with one
//! implementation, and mocks: the seam is the wire (`discord.rest_proxy` and `panels.url` lead to the
//! real thing or to the `sandbox`, which `run` cannot reach).
//!
//! # Glossary
//!
//! | word | meaning |
//! |---|---|
//! | order | one purchase of one plan by one customer, with the terms it was placed with |
//! | payment | the order's current proof and what was decided about it |
//! | submission | one uploaded proof that reached review; an order may have several |
//! | ticket | the private channel of one order |
//! | card | the message in the review channel about one submission |
//! | subscription | what a customer owns on a panel: one client |
//! | grant | what one order, or one change by staff, gives to a subscription |
//! | ledger | one row for each money event; `revenue_cache` is its roll-up by day |
//! | outbox | the table of effects that have to happen after a commit |
//! | effect | one row of it; level-triggered where it can be: it shows the state of the moment |
//! | lane | effects of one lane run one after the other: a panel, an order, a person's DMs |
//! | lease | a row taken by this process to act on; void for every other one |
//! | generation (of a row) | how often an effect was asked for; a row ends only if that did not grow meanwhile |
//! | dead letter | a row that was given up (`parked_at`), and is shown to a person |
//! | marker | what our messages and channels carry so that a later try finds them |
//! | confirmation | a question with its one-time token: what it allows, who may spend it, until when |
//! | drift | where panel and books differ |
//! | instance | one run of the process, by a random id |
//! | panel, inbound, client | 3x-ui's own words; a client is one access |
//! | generation (of a panel) | which of the two API families it speaks: 2.x or 3.x |

pub mod app;
pub mod bot;
pub mod clock;
pub mod config;
pub mod current_config;
pub mod db;
pub mod discord;
pub mod domain;
pub mod drift;
pub mod effects;
pub mod error_digest;
pub mod guild_setup;
pub mod limits;
pub mod ops;
pub mod panel;
pub mod panels;
pub mod proof;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod supervisor;
pub mod tasks;
pub mod telemetry;
pub mod view;
