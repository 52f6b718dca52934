//! The reference that a payment service prints on a transfer: the strongest key there is, because
//! one transfer has one. Compared in one spelling, however it was typed.

use std::{fmt, str::FromStr};

use super::typed_text::{ascii_digit, is_unseen};

/// Longer than any payment service's; a text that is longer is no reference.
const LONGEST: usize = 64;

/// A transaction reference in the one spelling in which it is kept and shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference(String);

/// A text that cannot be a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reference has 1 to {LONGEST} Latin letters and digits, and - / . _ # between them")]
pub struct NotAReference;

impl Reference {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two references are compared by: without what stands between letters and digits, which
    /// one person types and the next leaves out.
    pub fn key(&self) -> String {
        self.0.chars().filter(char::is_ascii_alphanumeric).collect()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.0
    }
}

impl TryFrom<String> for Reference {
    type Error = NotAReference;

    fn try_from(text: String) -> Result<Self, NotAReference> {
        text.parse()
    }
}

impl FromStr for Reference {
    type Err = NotAReference;

    /// Without spaces and what cannot be seen, digits of Arabic and Persian keyboards as ASCII,
    /// letters as capitals.
    fn from_str(typed: &str) -> Result<Self, NotAReference> {
        let seen = typed.chars().filter(|c| !c.is_whitespace() && !is_unseen(*c));
        let kept: String = seen.map(ascii_digit).map(|c| c.to_ascii_uppercase()).collect();
        // Letters and digits of other scripts that look the same would be another reference.
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '.' | '_' | '#');
        let fits = (1..=LONGEST).contains(&kept.chars().count());
        if fits && kept.chars().all(known) && kept.chars().any(|c| c.is_ascii_alphanumeric()) {
            Ok(Self(kept))
        } else {
            Err(NotAReference)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_reference_has_one_spelling() {
        for typed in ["ip-1234567890", " IP-123 456 7890 ", "ip-١٢٣٤٥٦٧٨٩٠", "\u{202a}ip-۱۲۳۴۵۶۷۸۹۰\u{202c}"]
        {
            assert_eq!(typed.parse::<Reference>().map(|it| it.to_string()), Ok("IP-1234567890".to_owned()), "{typed}");
        }
        for typed in ["", "  ", "---", "12*34", "<@1>", "a`b", &"1".repeat(65), "१२३४", "１２３４", "АВ12"]
        {
            assert_eq!(typed.parse::<Reference>(), Err(NotAReference), "{typed}");
        }
    }

    #[test]
    fn what_stands_between_makes_no_other_reference() {
        let key = |typed: &str| typed.parse::<Reference>().map(|reference| reference.key());
        for typed in ["123456", "123-456", "123.456", "123 456", "#123/456", "١٢٣-٤٥٦"] {
            assert_eq!(key(typed), Ok("123456".to_owned()), "{typed}");
        }
        assert_eq!(key("ip-12"), key("IP12"));
    }

    proptest! {
        #[test]
        fn a_reference_stays_what_it_is(typed in any::<String>()) {
            if let Ok(reference) = typed.parse::<Reference>() {
                prop_assert_eq!(reference.as_str().parse(), Ok(reference.clone()));
            }
        }
    }
}
