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
mod architecture;
mod backups;
mod big_panels;
mod check;
mod circles;
mod cleanup;
mod config;
mod dashboard;
mod database;
mod delivery;
mod discord_client;
mod discord_strictness;
mod faults;
mod floods;
mod forged_interactions;
mod gateway_faults;
mod home;
mod kill;
mod limits;
mod odd_responses;
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
mod restore_panel_ahead;
mod restored;
mod revenue;
mod review;
mod review_desk;
mod secret_leaks;
mod sellable;
mod supervisor;
mod ticket_capacity;
mod tickets;
mod tour;
mod uploads;
mod voided_renewals;
mod waits;
mod world;
