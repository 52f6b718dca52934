//! Money: whole minor units with their currency, never a float.

use std::fmt;

use super::typed_text::{ascii_digit, is_unseen};

/// An ISO 4217 currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

/// Currencies whose minor unit is not a hundredth (ISO 4217, table A.1).
const UNUSUAL: &[(&str, u8)] = &[
    ("BHD", 3),
    ("BIF", 0),
    ("CLP", 0),
    ("DJF", 0),
    ("GNF", 0),
    ("IQD", 3),
    ("ISK", 0),
    ("JOD", 3),
    ("JPY", 0),
    ("KMF", 0),
    ("KRW", 0),
    ("KWD", 3),
    ("LYD", 3),
    ("OMR", 3),
    ("PYG", 0),
    ("RWF", 0),
    ("TND", 3),
    ("UGX", 0),
    ("VND", 0),
    ("VUV", 0),
    ("XAF", 0),
    ("XOF", 0),
    ("XPF", 0),
];

/// Why a text is no currency or no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("a currency is three capital letters, such as EGP or USD")]
    Currency,
    #[error("an amount is written as digits, such as 100 or 100.50")]
    Amount,
    /// More decimals than the currency has.
    #[error("{code} has {exponent} decimals, the amount has more")]
    Decimals {
        code: String,
        /// How many decimals it has.
        exponent: u8,
    },
}

impl Currency {
    /// Parses a three-letter code; the exponent follows from ISO 4217.
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        let upper = code.trim().to_ascii_uppercase();
        let bytes: [u8; 3] = upper.as_bytes().try_into().map_err(|_| MoneyError::Currency)?;
        if !bytes.iter().all(u8::is_ascii_uppercase) {
            return Err(MoneyError::Currency);
        }
        let exponent = UNUSUAL.iter().find(|(c, _)| *c == upper).map_or(2, |(_, e)| *e);
        Ok(Self { code: bytes, exponent })
    }

    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or("XXX")
    }

    /// How many decimals the minor unit is away.
    pub fn exponent(&self) -> u8 {
        self.exponent
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(code: String) -> Result<Self, MoneyError> {
        Self::parse(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

/// An amount in minor units of its currency (piastres for EGP).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Money {
    /// Whole minor units; negative only for a reversal.
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    /// Minor units of a currency.
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Reads what a person typed: `100`, `100.5`, `100,50`, `1,250.50`, and the digits ٠–٩ and
    /// ۰–۹ with ٫ as the point and ٬ between thousands. The currency's code may stand beside it.
    /// A comma alone, `،` as well, is a point: `1,250` is refused where the currency has two decimals.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let ascii = plain_amount(text, currency)?;
        let (whole, fraction) = ascii.split_once('.').unwrap_or((&ascii, ""));
        let digits_only = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || whole.len() > 12 || !digits_only(whole) || !digits_only(fraction) {
            return Err(MoneyError::Amount);
        }
        let exponent = usize::from(currency.exponent);
        if fraction.len() > exponent {
            return Err(MoneyError::Decimals { code: currency.code().to_owned(), exponent: currency.exponent });
        }
        let digits = format!("{whole}{fraction:0<exponent$}");
        let minor = digits.parse().map_err(|_| MoneyError::Amount)?;
        Ok(Self { minor, currency })
    }

    /// The amount without its currency, so that copying it copies nothing else: `100`, `100.50`.
    pub fn digits(&self) -> String {
        let scale = 10_i64.pow(u32::from(self.currency.exponent));
        let sign = if self.minor < 0 { "-" } else { "" };
        let (whole, fraction) =
            (self.minor.unsigned_abs() / scale.unsigned_abs(), self.minor.unsigned_abs() % scale.unsigned_abs());
        if fraction == 0 {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{fraction:0width$}", width = usize::from(self.currency.exponent))
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.digits(), self.currency.code())
    }
}

/// In ASCII, with `.` as the only separator left.
fn plain_amount(text: &str, currency: Currency) -> Result<String, MoneyError> {
    let typed: String = text.chars().filter(|c| !is_unseen(*c)).map(ascii_digit).collect();
    let typed = typed.trim();
    let upper = typed.to_ascii_uppercase();
    let bare = upper.strip_suffix(currency.code()).or_else(|| upper.strip_prefix(currency.code()));
    let typed = bare.unwrap_or(typed).trim();
    let between = if typed.contains('٬') {
        '٬'
    } else if typed.contains(',') && typed.contains('.') {
        ','
    } else {
        return Ok(typed.replace(',', "."));
    };
    // Between thousands means between thousands: anything else is a slip that must not become money.
    let (whole, fraction) = typed.split_once('.').unwrap_or((typed, ""));
    let mut groups = whole.split(between);
    let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()));
    if !first || fraction.contains(between) || groups.any(|group| group.len() != 3) {
        return Err(MoneyError::Amount);
    }
    Ok(typed.replace(between, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn egp() -> Currency {
        Currency::parse("EGP").unwrap()
    }

    #[test]
    fn people_type_amounts_in_many_ways() {
        for (typed, minor) in [("100", 10_000), ("100.5", 10_050), ("100,50", 10_050), ("١٠٠٫٥", 10_050), (" 0.01 ", 1)]
        {
            assert_eq!(Money::parse(typed, egp()).map(|m| m.minor), Ok(minor), "{typed}");
        }
        for (typed, minor) in [("۱۵۰٫۵", 15_050), ("1,250.50", 125_050), ("١٬٢٥٠", 125_000), ("250 EGP", 25_000)]
        {
            assert_eq!(Money::parse(typed, egp()).map(|m| m.minor), Ok(minor), "{typed}");
        }
        for typed in ["100،50", "\u{200f}100.50\u{200e}", "\u{061c}١٠٠،٥٠ EGP"] {
            assert_eq!(Money::parse(typed, egp()).map(|m| m.minor), Ok(10_050), "{typed}");
        }
        for typed in ["1,250", "1،250", "1,2,3.4", "12,50.1", "١٬٢", ",5.0", "EGP", "1.5,000"] {
            assert!(Money::parse(typed, egp()).is_err(), "{typed}");
        }
        for typed in ["", "-1", "1.234", "1e5", "abc", "1.2.3", "9999999999999999999"] {
            assert!(Money::parse(typed, egp()).is_err(), "{typed}");
        }
    }

    #[test]
    fn the_exponent_is_the_currencys_own() {
        assert_eq!(Money::parse("1.234", Currency::parse("KWD").unwrap()).unwrap().minor, 1234);
        assert_eq!(Money::new(500, Currency::parse("JPY").unwrap()).to_string(), "500 JPY");
        assert_eq!(Money::new(-10_050, egp()).to_string(), "-100.50 EGP");
    }

    proptest! {
        #[test]
        fn an_amount_comes_back_from_its_digits(minor in 0_i64..1_000_000_000_000) {
            let money = Money::new(minor, egp());
            prop_assert_eq!(Money::parse(&money.digits(), egp()).unwrap(), money);
        }
    }
}
