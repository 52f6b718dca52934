//! One integration binary: conversations with the bot over real wires.

mod config;
