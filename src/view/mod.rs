//! THE WORDS. Every sentence, embed, button and menu that people see, and nothing else.
//!
//! Pure: a [`Locale`] and values of the domain go in, a [`Post`] comes out. The time is an
//! argument; nothing here reads a clock, a file or the network, and nothing decides what may
//! happen. Texts stand in `locales/<language>/*.ftl`, whole sentences only.
//!
//! What people wrote themselves goes through [`text`] on its way in: no pings, no markdown, no
//! invisible characters, never longer than its place. What is meant to be copied (amounts,
//! accounts, ids, links) stands alone in a code span.

pub mod admin;
pub mod books;
pub mod change;
pub mod chart;
pub mod command;
pub mod confirmation;
pub mod dashboard;
pub mod decision;
pub mod delivery;
pub mod desk;
mod digits;
pub mod drift;
pub mod export;
pub mod locale;
pub mod log;
pub mod marker;
pub mod more;
pub mod news;
pub mod notice;
pub mod order;
pub mod outage;
pub mod post;
pub mod premises;
pub mod proof;
pub mod qr;
pub mod reference;
pub mod refusal;
pub mod refused;
pub mod reload;
pub mod review;
mod send;
pub mod status;
pub mod text;
pub mod ticket;
pub mod told;
mod words;

#[cfg(test)]
mod tests;

pub use locale::Locale;
pub use marker::Marker;
pub use post::{Embed, Field, File, Menu, Modal, Post, Press, Row, Tone};
