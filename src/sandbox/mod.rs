//! A Discord and 3x-ui panels on loopback, for the tour, the tests and the measurements.
//!
//! `discord` and `panel` import nothing of ours: they know the wire only, as `broken` does, which has
//! the answers of both that do not come whole. `shop` puts the real
//! bot between them, `tour` plays a story with it.

mod broken;
pub mod discord;
pub mod panel;
pub mod shop;
pub mod tour;
