//! The texts. Every sentence, embed, button and menu that people see, and nothing else.
//!
//! Pure: a [`Locale`] and values of the domain go in, a [`Post`] comes out. The time is an
//! argument; nothing here reads a clock, a file or the network, and nothing decides what may
//! happen. Texts stand in `locales/<language>/*.ftl`, whole sentences only.
//!
//! What people wrote themselves goes through [`text`] on its way in: no pings, no markdown, no
//! invisible characters, never longer than its place. What is meant to be copied (amounts,
//! accounts, ids, links) stands alone in a code span.

pub mod admin;
pub mod admin_lists;
pub mod books;
pub mod change;
pub mod change_notice;
pub mod chart;
pub mod command;
pub mod confirmation;
pub mod dashboard;
pub mod decision;
pub mod delivery;
mod digits;
pub mod discord_error;
pub mod drift;
pub mod export;
pub mod guild_setup;
pub mod locale;
pub mod log;
pub mod marker;
pub mod news;
pub mod notice;
pub mod order;
pub mod outage;
pub mod post;
pub mod proof;
pub mod qr;
pub mod reference;
pub mod refusal;
pub mod reload;
pub mod review;
pub mod review_menu;
mod send;
pub mod status;
pub mod text;
pub mod ticket;
mod words;

#[cfg(test)]
mod tests;

pub use locale::Locale;
pub use marker::Marker;
pub use post::{Embed, Field, File, Menu, Modal, Post, Press, Row, Tone};
