//! One integration binary: conversations with the bot over real wires.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot set its scene should stop right there"
)]

mod access;
mod account;
mod admin;
mod admin_changes;
mod ahead;
mod architecture;
mod backups;
mod big_panels;
mod canary;
mod check;
mod cleanup;
mod config;
mod dashboard;
mod database;
mod delivery;
mod discord_client;
mod discord_strictness;
mod faults;
mod floods;
mod forged;
mod home;
mod kill;
mod limits;
mod migrations;
mod oddities;
mod ops;
mod order;
mod outage_monitor;
mod outages;
mod owners;
mod panel_client;
mod panel_contract;
mod panel_links;
mod panel_sandbox;
mod powers;
mod process;
mod proof;
mod receipts;
mod refusals;
mod reload;
mod renewal;
mod restarts;
mod restored;
mod revenue;
mod review;
mod review_desk;
mod room;
mod sellable;
mod supervisor;
mod tickets;
mod tour;
mod unsold;
mod uploads;
mod waits;
mod wires;
mod world;
