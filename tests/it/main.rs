//! One integration binary: conversations with the bot over real wires.
#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene should stop right there")]

mod config;
mod panel_links;
