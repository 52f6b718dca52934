//! What a value means that was suggested while somebody typed a command's option.
//!
//! Like a `custom_id` it comes back from a client and is never trusted: it parses into one of
//! these or is refused, and whoever acts on it asks the database and the access rules again.

use std::{fmt, str::FromStr};

use super::{OrderId, SubscriptionRow, UserId};

/// What a suggested value names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Person(UserId),
    /// What a customer owns on a panel.
    Subscription(SubscriptionRow),
    Order(OrderId),
}

/// A text that names none of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("neither a value that was suggested nor an order's id")]
pub struct NotATarget;

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(user) => write!(f, "u:{user}"),
            Self::Subscription(row) => write!(f, "s:{}", row.0),
            Self::Order(order) => write!(f, "o:{order}"),
        }
    }
}

impl FromStr for Target {
    type Err = NotATarget;

    /// Reads what we suggested, in its one spelling, or an order's id as people copy it from a card.
    fn from_str(text: &str) -> Result<Self, NotATarget> {
        let Some((kind, id)) = text.split_once(':') else {
            return text.parse().map(Self::Order).map_err(|_| NotATarget);
        };
        let parsed = match kind {
            "u" => Self::Person(id.parse().map_err(|_| NotATarget)?),
            "s" => Self::Subscription(SubscriptionRow(id.parse().map_err(|_| NotATarget)?)),
            "o" => Self::Order(id.parse().map_err(|_| NotATarget)?),
            _ => return Err(NotATarget),
        };
        if parsed.to_string() == text { Ok(parsed) } else { Err(NotATarget) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_target() -> impl Strategy<Value = Target> {
        prop_oneof![
            any::<u64>().prop_map(|id| Target::Person(UserId(id))),
            any::<i64>().prop_map(|id| Target::Subscription(SubscriptionRow(id))),
            any::<u64>().prop_map(|bits| Target::Order(OrderId::from_random(bits))),
        ]
    }

    #[test]
    fn an_order_id_is_taken_as_it_stands_on_a_card() {
        let id = OrderId::from_random(7);
        assert_eq!(id.as_str().to_lowercase().parse(), Ok(Target::Order(id)));
        assert_eq!("u:+7".parse::<Target>(), Err(NotATarget));
        assert_eq!("s: 7".parse::<Target>(), Err(NotATarget));
    }

    proptest! {
        #[test]
        fn a_target_comes_back_from_its_value(target in any_target()) {
            let text = target.to_string();
            prop_assert!(text.len() <= 100, "Discord's limit for a value");
            prop_assert_eq!(text.parse(), Ok(target));
        }

        #[test]
        fn nothing_else_is_a_target(text in "([uso]:)?[-+ 0-9A-Za-z:]{0,24}|.{0,40}") {
            match text.parse::<Target>() {
                Ok(Target::Order(order)) => {
                    let suggested = format!("o:{order}");
                    prop_assert!(text == suggested || text.trim().eq_ignore_ascii_case(order.as_str()));
                }
                Ok(target) => prop_assert_eq!(target.to_string(), text),
                Err(NotATarget) => {}
            }
        }
    }
}
