//! Ids that mean something, so that none is taken for another.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Millis;

macro_rules! snowflake {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl $name {
            /// As SQLite stores it: a snowflake fits into 63 bits until the year 2084.
            pub fn to_sql(self) -> i64 {
                self.0.cast_signed()
            }

            /// When Discord made it: snowflakes count milliseconds from the first second of
            /// 2015 (Discord's reference, "Snowflakes").
            pub fn made_at(self) -> Millis {
                const DISCORD_EPOCH: i64 = 1_420_070_400_000;
                Millis(DISCORD_EPOCH + (self.0 >> 22).cast_signed())
            }

            pub fn from_sql(value: i64) -> Self {
                Self(value.cast_unsigned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.trim().parse().map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(SnowflakeVisitor).map(Self)
            }
        }
    };
}

/// Discord writes ids as strings because JavaScript loses their last digits; people write both.
struct SnowflakeVisitor;

impl de::Visitor<'_> for SnowflakeVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Discord id: 17 to 20 digits, as a string or a number")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<u64, E> {
        Ok(value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<u64, E> {
        u64::try_from(value).map_err(|_| E::custom("a Discord id is never negative"))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<u64, E> {
        value.trim().parse().map_err(|_| E::invalid_value(de::Unexpected::Str(value), &self))
    }
}

snowflake!(UserId);
snowflake!(
    /// A Discord channel or category.
    ChannelId
);
snowflake!(MessageId);
snowflake!(
    /// A role in the guild.
    RoleId
);
snowflake!(
    /// A guild ("server").
    GuildId
);

/// An order's id: ten characters of Crockford's base 32 (no I, L, O, U), drawn at random.
///
/// Never a counter: after a restore from a backup a counter would hand out an id, and with it
/// the panel client, of an order that the backup does not know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(String);

/// Crockford's alphabet: digits and letters that are not taken for one another when read aloud.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The lowest bits of `random`, five for each of at most twelve characters.
fn crockford(random: u64, length: usize) -> String {
    let character = |place| {
        let index = usize::try_from((random >> (5 * place)) & 31).unwrap_or(0);
        char::from(CROCKFORD.get(index).copied().unwrap_or(b'0'))
    };
    (0..length).map(character).collect()
}

impl OrderId {
    pub const LENGTH: usize = 10;

    /// An id made of 50 of the given random bits.
    pub fn from_random(random: u64) -> Self {
        Self(crockford(random, Self::LENGTH))
    }

    /// The id as text, upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is not an order's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an order id has {} characters, digits and capital letters without I, L, O and U", OrderId::LENGTH)]
pub struct NotAnOrderId;

impl FromStr for OrderId {
    type Err = NotAnOrderId;

    fn from_str(text: &str) -> Result<Self, NotAnOrderId> {
        let upper = text.trim().to_ascii_uppercase();
        if upper.len() == Self::LENGTH && upper.bytes().all(|b| CROCKFORD.contains(&b)) {
            Ok(Self(upper))
        } else {
            Err(NotAnOrderId)
        }
    }
}

impl Serialize for OrderId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for OrderId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// What a person reads when something went wrong on our side, and what is in the log beside it:
/// six characters, short enough to be read out on the telephone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Incident(String);

impl Incident {
    /// An incident made of 30 of the given random bits.
    pub fn from_random(random: u64) -> Self {
        Self(crockford(random, 6))
    }

    /// The id as text, upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_id_comes_back_from_its_text() {
        let id = OrderId::from_random(0x1234_5678_9abc_def0);
        assert_eq!(id.as_str().len(), OrderId::LENGTH);
        assert_eq!(id.as_str().to_lowercase().parse::<OrderId>().unwrap(), id);
        assert_eq!("ILOU000000".parse::<OrderId>(), Err(NotAnOrderId));
    }

    #[test]
    fn an_incident_is_short() {
        assert_eq!(Incident::from_random(0x1234_5678_9abc_def0).as_str(), "GQQSBD");
    }

    #[test]
    fn a_snowflake_is_read_from_a_string_and_from_a_number() {
        let from_text: UserId = serde_json::from_str("\"1234567890123456789\"").unwrap();
        let from_number: UserId = serde_json::from_str("1234567890123456789").unwrap();
        assert_eq!(from_text, from_number);
        assert_eq!(UserId::from_sql(from_text.to_sql()), from_text);
    }
}
