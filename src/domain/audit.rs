//! The audit chain: each entry's hash covers its own fields and the hash before it.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};

use super::{Millis, UserId};

/// The version of the fields covered by the hash.
const VERSION: u8 = 1;

/// The hash before the first entry.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the chain, from 1.
    pub id: i64,
    pub at: Millis,
    /// Who acted; 0 is the bot itself.
    pub actor: UserId,
    /// What was done, as `noun.verb`.
    pub action: String,
    /// To what: an order's id, a user's id.
    pub target: String,
    /// Everything else, as a JSON object.
    pub payload: String,
    /// The hash of the one-time token that acted.
    pub session: Option<String>,
}

/// The SHA-256, in hex, over the version and every field with its length before it, beginning
/// with the hash of the entry before. Lengths keep a character from moving between fields.
pub fn hash(previous: &str, entry: &Entry) -> String {
    let mut hasher = Sha256::new();
    hasher.update([VERSION]);
    let mut field = |bytes: &[u8]| {
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    field(previous.as_bytes());
    field(&entry.id.to_be_bytes());
    field(&entry.at.0.to_be_bytes());
    field(&entry.actor.0.to_be_bytes());
    field(entry.action.as_bytes());
    field(entry.target.as_bytes());
    field(entry.payload.as_bytes());
    match &entry.session {
        None => field(&[]),
        Some(session) => {
            field(&[1]);
            field(session.as_bytes());
        }
    }
    data_encoding::HEXLOWER.encode(&hasher.finalize())
}

/// An entry and its hash, noted outside the database: a chain whose end was cut off still fits itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    pub entry: i64,
    /// Its hash, in hex.
    pub hash: String,
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.entry, self.hash)
    }
}

/// A text that is no anchor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write the entry's number, a colon and its hash of 64 characters, as the owners' daily message has it")]
pub struct NotAnAnchor;

impl FromStr for Anchor {
    type Err = NotAnAnchor;

    fn from_str(text: &str) -> Result<Self, NotAnAnchor> {
        let (entry, hash) = text.trim().split_once(':').ok_or(NotAnAnchor)?;
        let entry = entry.parse().ok().filter(|entry| *entry > 0).ok_or(NotAnAnchor)?;
        let hash = hash.to_ascii_lowercase();
        if hash.len() != GENESIS.len() || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(NotAnAnchor);
        }
        Ok(Self { entry, hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            id: 1,
            at: Millis(1_800_000_000_000),
            actor: UserId(7),
            action: "order.approve".to_owned(),
            target: "0000000001".to_owned(),
            payload: "{}".to_owned(),
            session: None,
        }
    }

    #[test]
    fn the_hash_is_written_in_stone() {
        insta::assert_snapshot!(hash(GENESIS, &entry()), @"302f8b9521327ded33eaece4eda44b60fef23298c411d887f8331d471c2aaf0d");
    }

    #[test]
    fn an_anchor_is_read_as_it_is_written() {
        let anchor = Anchor { entry: 12, hash: GENESIS.replace('0', "a") };
        assert_eq!(anchor.to_string().parse(), Ok(anchor.clone()));
        assert_eq!(anchor.to_string().to_uppercase().parse(), Ok(anchor));
        for wrong in
            ["", "12", "12:ab", &format!("0:{GENESIS}"), &format!("x:{GENESIS}"), &format!("1:{}", "g".repeat(64))]
        {
            assert_eq!(wrong.parse::<Anchor>(), Err(NotAnAnchor), "{wrong}");
        }
    }

    #[test]
    fn every_field_counts() {
        let base = hash(GENESIS, &entry());
        let changed = [
            Entry { id: 2, ..entry() },
            Entry { at: Millis(1), ..entry() },
            Entry { actor: UserId(8), ..entry() },
            Entry { action: "order.approv".to_owned(), target: "e0000000001".to_owned(), ..entry() },
            Entry { payload: "{ }".to_owned(), ..entry() },
            Entry { session: Some(String::new()), ..entry() },
        ];
        for entry in changed {
            assert_ne!(hash(GENESIS, &entry), base, "{entry:?}");
        }
        assert_ne!(hash(&base, &entry()), base);
    }
}
