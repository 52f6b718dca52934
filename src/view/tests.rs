//! Every text in every language, every post within Discord's limits, and what people read.

use std::{cell::RefCell, collections::BTreeSet};

thread_local! {
    static SAID: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// Remembers that a text was formatted.
pub(super) fn said(id: &str) {
    SAID.with_borrow_mut(|said| said.insert(id.to_owned()));
}
