//! How often a person may do something: the rule and how it is written. Who did what is counted
//! elsewhere: orders in the database, everything else in memory.

use std::{num::NonZeroU32, str::FromStr, time::Duration};

/// A longer time would be no limit but a ban, and is a slip of the finger.
const LONGEST: Duration = Duration::from_hours(366 * 24);

/// How often a person may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// As often as they like.
    Off,
    /// A number of times in a sliding window.
    Times {
        count: NonZeroU32,
        /// The window's length; more than nothing, a year at the most.
        per: Duration,
    },
}

/// A text that is no limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a limit is a count and a time up to a year such as \"1/10m\", or \"off\"")]
pub struct NotALimit;

impl FromStr for Limit {
    type Err = NotALimit;

    fn from_str(text: &str) -> Result<Self, NotALimit> {
        if text.trim() == "off" {
            return Ok(Self::Off);
        }
        let (count, per) = text.split_once('/').ok_or(NotALimit)?;
        let count = count.trim().parse().map_err(|_| NotALimit)?;
        let per = humantime::parse_duration(per.trim()).map_err(|_| NotALimit)?;
        if per.is_zero() || per > LONGEST { Err(NotALimit) } else { Ok(Self::Times { count, per }) }
    }
}

/// What is counted in memory, each for itself and for each person. `/order` is not in here: it is
/// counted from the orders, so that a restart forgets nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limited {
    /// `/link`: asks a panel how much was used.
    Link,
    /// "Get my link" in a ticket.
    GetLink,
    /// `/proof`: downloads and decodes a picture.
    Proof,
    /// `/admin` with everything in it.
    Admin,
    /// The dashboard's Refresh: draws a picture and edits a message.
    Refresh,
    /// The dashboard's tables: read as many orders as there were.
    Export,
    /// The dashboard's backup: writes as much as there is.
    Backup,
}

impl Limited {
    pub const ALL: [Self; 7] =
        [Self::Link, Self::GetLink, Self::Proof, Self::Admin, Self::Refresh, Self::Export, Self::Backup];

    /// Its name in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Link => "/link",
            Self::GetLink => "get my link",
            Self::Proof => "/proof",
            Self::Admin => "/admin",
            Self::Refresh => "refresh",
            Self::Export => "export",
            Self::Backup => "backup",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_count_and_a_time() {
        let ten_minutes = Duration::from_mins(10);
        assert_eq!("1/10m".parse(), Ok(Limit::Times { count: NonZeroU32::MIN, per: ten_minutes }));
        assert_eq!("off".parse(), Ok(Limit::Off));
        for text in ["", "0/10m", "1", "1/", "1/0s", "-1/1m", "ten/1m", "1/10", "1/2years"] {
            assert_eq!(text.parse::<Limit>(), Err(NotALimit), "{text}");
        }
    }
}
