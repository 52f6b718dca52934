//! Which part of the audit log somebody looks at.

use serde::{Deserialize, Serialize};

use super::{Millis, Target, UserId};

/// Which entries are wanted; what is not named may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFilter {
    /// By this person; 0 is the bot itself.
    pub by: Option<UserId>,
    pub action: Option<String>,
    pub target: Option<String>,
    /// Not before this moment.
    pub from: Option<Millis>,
    /// Before this moment.
    pub until: Option<Millis>,
}

/// A list of entries that somebody turns the pages of. What is appended meanwhile is not in it, so
/// that no entry moves from one page to another between two clicks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogView {
    pub filter: LogFilter,
    /// The newest entry there was when the list was opened.
    pub newest: i64,
}

/// What the audit log calls something that was chosen or typed: an order by its id, a person by
/// theirs, anything else as it stands.
pub fn target_of(text: &str) -> String {
    match text.trim().parse() {
        Ok(Target::Order(order)) => order.to_string(),
        Ok(Target::Person(user)) => user.to_string(),
        Ok(Target::Subscription(_)) | Err(_) => text.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::OrderId;

    #[test]
    fn orders_and_people_are_found_however_they_are_written() {
        let order = OrderId::from_random(7);
        for typed in [order.to_string(), format!("o:{order}"), order.as_str().to_lowercase(), format!(" {order} ")] {
            assert_eq!(target_of(&typed), order.as_str());
        }
        assert_eq!(target_of("u:1001"), "1001");
        for as_it_stands in ["1100000000000000021", "outbox", "deliver:7000000000", "2026-07"] {
            assert_eq!(target_of(as_it_stands), as_it_stands);
        }
    }
}
