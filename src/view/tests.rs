//! Every text in every language, every post within Discord's limits, and what people read.

mod customer;
mod delivered;
mod gallery;
mod limits;
mod render;
mod staff;
mod texts;
mod ticket;

use std::{cell::RefCell, collections::BTreeSet};

thread_local! {
    static SAID: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// Remembers that a text was formatted in this test.
pub(super) fn said(id: &str) {
    SAID.with_borrow_mut(|said| said.insert(id.to_owned()));
}
