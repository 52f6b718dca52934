//! Proofs of payment: what was uploaded, what was decided about it, what arrived.

pub mod amounts;
pub mod cards;
pub mod image_owners;
pub mod parts;
pub mod proof;
pub mod references;
pub mod refused_files;
pub mod review;
pub mod review_actions;
pub mod submissions;
