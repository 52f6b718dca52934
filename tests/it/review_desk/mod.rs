//! Conversations about the awkward cases of review: other amounts, orders that need a person,
//! two people at once.

mod amount;
mod attention;
mod more;
mod races;
mod reference;
