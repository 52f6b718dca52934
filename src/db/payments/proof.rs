//! A picture that was accepted, and where it came from.

use crate::domain::picture::ImageMetadata;

/// A picture that passed the door, as the database keeps it; the bytes are on disk under `hash`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// SHA-256 of the file, hex.
    pub hash: String,
    /// SHA-256 of the decoded pixels, hex.
    pub pixel_hash: String,
    /// `png`, `jpeg` or `webp`.
    pub format: String,
    pub width: u32,
    pub height: u32,
    /// Bytes.
    pub size: u64,
    /// What the file says about itself; only its oddities are kept, as flags.
    pub told: ImageMetadata,
}

/// Where a proof came from; seeing it again is the same submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProofSource {
    /// A message in the ticket.
    Message(u64),
    /// A `/proof` command.
    Interaction(u64),
}

impl ProofSource {
    pub(in crate::db) fn key(&self) -> String {
        match self {
            Self::Message(id) => format!("message:{id}"),
            Self::Interaction(id) => format!("interaction:{id}"),
        }
    }
}
