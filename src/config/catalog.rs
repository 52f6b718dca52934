//! Plans and payment methods as they stand in the file.

use toml::de::DeValue;

use super::{
    section::Section,
    values::{self, NAME},
};
use crate::domain::{
    Currency, Money, PaymentMethod, Plan,
    shop::{BYTES_PER_GB, Instructions, ReferencePattern, ReferencePolicy},
};

/// Accounts and holders stand alone in an embed field of 1024 characters.
const ACCOUNT: usize = 200;
/// Instructions share an embed of 4096 characters with the rest of the ticket's message.
const INSTRUCTIONS: usize = 1500;
/// Longer than anybody sells; what matters is that expiry times stay representable.
const DAYS: i64 = 3650;
/// A petabyte, 2^50 bytes: many of them can be added up in 63 bits.
const TRAFFIC_GB: i64 = 1 << 20;

/// `None` = noted. Without a `panel` of its own a plan is served by the first of `panels`.
pub(super) fn plan(section: &Section<'_, '_>, currency: Option<Currency>, panels: &[String]) -> Option<Plan> {
    let id = section.required("id", "write a short word that never changes", values::parsed);
    let name = section.required("name", "write what customers read in the menu", values::line(NAME));
    let days = section.required("duration_days", "write how many days it lasts", values::integer(1..=DAYS));
    let traffic = values::integer(0..=TRAFFIC_GB);
    let traffic_gb = section.required("traffic_gb", "write how many GB it carries, 0 for unlimited", traffic);
    let price = section.required("price", "write what it costs, such as \"100.00\"", |value| price(value, currency));
    let known = |value: &DeValue<'_>| {
        let name = values::raw_text(value)?.trim();
        let found = panels.iter().find(|panel| *panel == name).cloned();
        found.ok_or_else(|| format!("no panel is called \"{name}\"; the panels are {}", panels.join(", ")))
    };
    let panel = section.optional("panel", known).or_else(|| panels.first().cloned());
    Some(Plan {
        duration_days: u32::try_from(days?).ok()?,
        traffic_bytes: u64::try_from(traffic_gb?).ok()?.checked_mul(BYTES_PER_GB)?,
        id: id?,
        name: name?,
        price: price??,
        panel: panel?,
    })
}

/// `Ok(None)` when the shop's currency is not known, which was noted where it is written.
fn price(value: &DeValue<'_>, currency: Option<Currency>) -> Result<Option<Money>, String> {
    let Some(text) = value.as_str() else {
        return Err("write the price in quotes, such as \"100.00\": it is money, not a computer's number".to_owned());
    };
    let Some(currency) = currency else { return Ok(None) };
    let price = Money::parse(text, currency).map_err(|error| format!("\"{text}\" is no price: {error}"))?;
    if price.minor > 0 { Ok(Some(price)) } else { Err("a plan must cost something; write a price above 0".to_owned()) }
}

/// `None` = noted.
pub(super) fn payment_method(section: &Section<'_, '_>) -> Option<PaymentMethod> {
    let id = section.required("id", "write a short word that never changes", values::parsed);
    let name = section.required("name", "write what customers read in the menu", values::line(NAME));
    let account = section.required("account", "write where the money goes", values::copyable(ACCOUNT));
    let holder = section.required("holder", "write whose account it is", values::copyable(ACCOUNT));
    let instructions = section.required("instructions", "write what the customer has to do", |value| {
        Instructions::parse(&values::bounded(value, INSTRUCTIONS)?).map_err(|error| error.to_string())
    });
    let words = [
        ("off", ReferencePolicy::Off),
        ("optional", ReferencePolicy::Optional),
        ("required", ReferencePolicy::Required),
    ];
    let reference = section.or("reference", ReferencePolicy::default(), values::one_of(&words));
    let reference_pattern = section.optional("reference_pattern", |value| {
        let pattern = values::line(200)(value)?;
        ReferencePattern::parse(&pattern).map_err(|_| {
            format!("\"{pattern}\" is not a regular expression; twelve digits are '\\d{{12}}', in single quotes")
        })
    });
    let (id, name, account, holder) = (id?, name?, account?, holder?);
    Some(PaymentMethod { id, name, account, holder, instructions: instructions?, reference, reference_pattern })
}
