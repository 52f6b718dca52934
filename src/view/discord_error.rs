//! Why Discord refused something, a sentence each with its remedy, for the owner who can act.

use crate::domain::discord_error::Refused;

use super::Locale;

/// The sentence.
pub fn why(locale: Locale, refused: Refused) -> String {
    locale.say(&format!("refused-{}", refused.as_str()))
}
