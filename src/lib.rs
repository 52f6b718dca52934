//! Tollkeeper: a Discord bot with which a small VPN shop sells access through a 3x-ui panel.

pub mod app;
pub mod bot;
pub mod clock;
pub mod config;
pub mod db;
pub mod discord;
pub mod domain;
pub mod effects;
pub mod ops;
pub mod panel;
pub mod proof;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod tasks;
pub mod telemetry;
pub mod view;
