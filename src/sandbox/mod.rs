//! A Discord and 3x-ui panels on loopback, for the tour, the tests and the measurements.

pub mod discord;
pub mod panel;
