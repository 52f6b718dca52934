//! What the shop sells and how it is paid: plans, payment methods, limits.
//!
//! These are the shop's rules whatever file they were written in; `config` reads them, everybody
//! else takes them from here. Nothing here knows a file format, a panel or Discord.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Money;

/// The panels sell gigabytes of 2^30 bytes: what 3x-ui shows as "GB" in its own forms.
pub const BYTES_PER_GB: u64 = 1 << 30;

/// A text that is not an id of a plan or of a payment method.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id is 1 to {MAX_ID} characters of a-z, 0-9 and -", MAX_ID = MAX_ID)]
pub struct NotAnId;

/// Ids travel in Discord's `custom_id`s, which end at 100 characters, beside other things.
const MAX_ID: usize = 32;

macro_rules! slug {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
                if (1..=MAX_ID).contains(&text.len()) && text.bytes().all(allowed) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NotAnId)
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

slug!(
    /// A plan's id, as orders remember it.
    PlanId
);
slug!(
    /// A payment method's id, as orders remember it.
    MethodId
);

/// What a customer can buy. Orders copy what they need from it: changing a plan changes no order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub id: PlanId,
    /// What people read, at most 80 characters.
    pub name: String,
    /// How long it lasts, in days of 24 hours; at least 1.
    pub duration_days: u32,
    /// How much traffic it carries, in bytes; 0 = unlimited.
    pub traffic_bytes: u64,
    /// What it costs; more than nothing.
    pub price: Money,
    /// The name of the panel that serves it.
    pub panel: String,
}

/// A way to pay the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentMethod {
    pub id: MethodId,
    /// What people read, at most 80 characters.
    pub name: String,
    /// Where the money goes: a phone number, an address. Shown alone, so that it can be copied.
    pub account: String,
    /// Whose account it is, so that the customer can compare before sending.
    pub holder: String,
    /// What to do, in the operator's words.
    pub instructions: Instructions,
    /// Whether the customer is asked for the transaction's reference.
    pub reference: ReferencePolicy,
    /// What a reference looks like; `None` = anything.
    pub reference_pattern: Option<ReferencePattern>,
}

/// Whether a payment carries the transaction reference of its method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReferencePolicy {
    #[default]
    Off,
    /// Asked for, may be left out.
    Optional,
    /// A proof without it is not complete.
    Required,
}

impl ReferencePolicy {
    pub const ALL: [Self; 3] = [Self::Off, Self::Optional, Self::Required];

    /// The name in the configuration and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }

    /// Reads the name from the database.
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|policy| policy.as_str() == name).unwrap_or_default()
    }
}

/// A regular expression that a whole reference must match.
#[derive(Debug, Clone)]
pub struct ReferencePattern {
    written: String,
    regex: regex::Regex,
}

impl ReferencePattern {
    /// Compiles a pattern; it is anchored at both ends.
    pub fn parse(pattern: &str) -> Result<Self, regex::Error> {
        // Compiled alone first: the message should show what was written, without our anchors.
        regex::Regex::new(pattern)?;
        let regex = regex::RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(1 << 20).build()?;
        Ok(Self { written: pattern.to_owned(), regex })
    }

    /// Whether a reference looks as it should.
    pub fn matches(&self, reference: &str) -> bool {
        self.regex.is_match(reference)
    }

    /// As the operator wrote it.
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

impl PartialEq for ReferencePattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for ReferencePattern {}

/// What stands in braces in an operator's instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder {
    OrderId,
    Amount,
    Account,
    Holder,
}

/// Instructions with placeholders, understood when the configuration is read and not when the
/// first customer wants to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instructions(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Placeholder(Placeholder),
}

/// Why instructions are not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstructionsError {
    /// A word in braces that is none of ours.
    #[error("{{{0}}} is not known, use {{order_id}}, {{amount}}, {{account}} or {{holder}}")]
    Unknown(String),
    /// An opening brace without its partner.
    #[error("a {{ is not closed; write it as {{{{ if a brace is meant")]
    Unclosed,
}

impl Instructions {
    /// Reads a text with `{placeholders}`; `{{` is a brace.
    pub fn parse(text: &str) -> Result<Self, InstructionsError> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            plain.push_str(before);
            if let Some(after) = after.strip_prefix('{') {
                plain.push('{');
                rest = after;
                continue;
            }
            let (name, after) = after.split_once('}').ok_or(InstructionsError::Unclosed)?;
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Placeholder(placeholder(name)?));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }

    /// The text with every placeholder replaced by what `value` says.
    pub fn fill(&self, value: impl Fn(Placeholder) -> String) -> String {
        let text = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Placeholder(placeholder) => value(*placeholder),
        };
        self.0.iter().map(text).collect()
    }
}

fn placeholder(name: &str) -> Result<Placeholder, InstructionsError> {
    match name {
        "order_id" => Ok(Placeholder::OrderId),
        "amount" => Ok(Placeholder::Amount),
        "account" => Ok(Placeholder::Account),
        "holder" => Ok(Placeholder::Holder),
        other => Err(InstructionsError::Unknown(other.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_filled_in() {
        let text = Instructions::parse("Send {amount} to {account} ({holder}), note {{{order_id}}.").unwrap();
        let filled = text.fill(|placeholder| format!("{placeholder:?}"));
        assert_eq!(filled, "Send Amount to Account (Holder), note {OrderId}.");
    }

    #[test]
    fn an_unknown_placeholder_is_named() {
        let error = Instructions::parse("Send {price}").unwrap_err();
        assert_eq!(error.to_string(), "{price} is not known, use {order_id}, {amount}, {account} or {holder}");
        let error = Instructions::parse("Send {amount").unwrap_err();
        assert_eq!(error.to_string(), "a { is not closed; write it as {{ if a brace is meant");
    }

    #[test]
    fn a_reference_is_matched_as_a_whole() {
        let pattern = ReferencePattern::parse(r"\d{4}|x").unwrap();
        assert!(pattern.matches("1234") && pattern.matches("x"));
        assert!(!pattern.matches("12345") && !pattern.matches("xy") && !pattern.matches("1234\n"));
        assert!(ReferencePattern::parse("(").is_err());
    }

    #[test]
    fn an_id_is_short_and_plain() {
        assert!("we-cash-2".parse::<MethodId>().is_ok());
        for text in ["", "Basic", "a b", "a_b", &"a".repeat(33)] {
            assert_eq!(text.parse::<PlanId>(), Err(NotAnId), "{text}");
        }
    }
}
