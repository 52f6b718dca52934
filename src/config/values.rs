//! How single values are written: texts, numbers, ids, times, addresses.
//!
//! Each returns what was meant, or what is wrong and how it is written instead.

use std::{net::Ipv4Addr, num::NonZeroU32, ops::RangeInclusive, str::FromStr, time::Duration};

use toml::de::DeValue;
use url::{Host, Url};

use super::section::wrong_type;

/// The longest time that a setting may span; more than a year is a slip of the finger.
const LONGEST: Duration = Duration::from_hours(366 * 24);

pub(super) fn raw_text<'v>(value: &'v DeValue<'_>) -> Result<&'v str, String> {
    value.as_str().ok_or_else(|| wrong_type("a text in quotes", value))
}

/// A text of one line, 1 to `most` characters, without control characters.
pub(super) fn line(most: usize) -> impl Fn(&DeValue<'_>) -> Result<String, String> {
    move |value| {
        let text = bounded(value, most)?;
        if text.chars().any(char::is_control) {
            return Err("this has a line break or another control character; write it in one line".to_owned());
        }
        Ok(text)
    }
}

/// A text shown in a code block of its own, so that a tap copies it and nothing else.
pub(super) fn copyable(most: usize) -> impl Fn(&DeValue<'_>) -> Result<String, String> {
    move |value| {
        let text = line(most)(value)?;
        if text.contains('`') { Err("a ` breaks how Discord shows it; leave it out".to_owned()) } else { Ok(text) }
    }
}

/// A text of several lines, 1 to `most` characters.
pub(super) fn bounded(value: &DeValue<'_>, most: usize) -> Result<String, String> {
    let text = raw_text(value)?.trim();
    let length = text.chars().count();
    match length {
        0 => Err("this is empty; write something between the quotes".to_owned()),
        _ if length > most => Err(format!("this has {length} characters; at most {most} are possible")),
        _ => Ok(text.to_owned()),
    }
}

/// Anything with a reader of its own, such as a currency or a limit; its error is the sentence.
pub(super) fn parsed<T: FromStr>(value: &DeValue<'_>) -> Result<T, String>
where
    T::Err: ToString,
{
    raw_text(value)?.trim().parse().map_err(|error: T::Err| error.to_string())
}

/// One of a few words.
pub(super) fn one_of<T: Copy>(words: &[(&str, T)]) -> impl Fn(&DeValue<'_>) -> Result<T, String> {
    move |value| {
        let text = raw_text(value)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        found.ok_or_else(|| {
            let known: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            format!("\"{text}\" is not known; write one of {}", known.join(", "))
        })
    }
}

/// `true` or `false`.
pub(super) fn boolean(value: &DeValue<'_>) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| wrong_type("true or false, without quotes", value))
}

/// A whole number in a range.
pub(super) fn integer(range: RangeInclusive<i64>) -> impl Fn(&DeValue<'_>) -> Result<i64, String> {
    move |value| {
        let number = value.as_integer().ok_or_else(|| wrong_type("a whole number without quotes", value))?;
        i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .filter(|number| range.contains(number))
            .ok_or_else(|| format!("{number} is out of range; from {} to {} are possible", range.start(), range.end()))
    }
}

/// A whole number from 1 to `most`.
pub(super) fn count(most: u32) -> impl Fn(&DeValue<'_>) -> Result<NonZeroU32, String> {
    move |value| {
        let number = integer(1..=i64::from(most))(value)?;
        u32::try_from(number).ok().and_then(NonZeroU32::new).ok_or_else(|| "this must be at least 1".to_owned())
    }
}

/// A Discord id, as a text or a number.
pub(super) fn snowflake<T: FromStr>(value: &DeValue<'_>) -> Result<T, String> {
    let digits = match value {
        DeValue::String(text) => text.trim(),
        DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
        other => return Err(wrong_type("a Discord id", other)),
    };
    // Ids are stored in SQLite's signed integers, which they fill in the year 2084.
    let plausible = digits.parse::<i64>().is_ok_and(|id| id > 0);
    digits.parse().ok().filter(|_| plausible).ok_or_else(|| {
        format!("\"{digits}\" is not a Discord id; switch on Developer Mode in Discord, right-click and choose Copy ID")
    })
}

/// A list of Discord ids, each once.
pub(super) fn snowflakes<T: FromStr + PartialEq>(value: &DeValue<'_>) -> Result<Vec<T>, String> {
    let list = value.as_array().ok_or_else(|| wrong_type("a list of ids in brackets", value))?;
    let mut ids = Vec::new();
    for item in list {
        let id = snowflake(item.get_ref())?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// A time such as `60s`, `5m` or `24h`.
pub(super) fn duration(value: &DeValue<'_>) -> Result<Duration, String> {
    let written = || "a time is written as a number with its unit, such as \"60s\", \"5m\" or \"24h\"".to_owned();
    let text = value.as_str().ok_or_else(written)?;
    match humantime::parse_duration(text.trim()) {
        Err(_) => Err(format!("\"{text}\" is not a time; {}", written())),
        Ok(time) if time.is_zero() || time > LONGEST => {
            Err(format!("\"{text}\" is not possible; it must be more than nothing and at most a year"))
        }
        Ok(time) => Ok(time),
    }
}

/// A time, or "off" for none.
pub(super) fn duration_or_off(value: &DeValue<'_>) -> Result<Duration, String> {
    if value.as_str().is_some_and(|text| text.trim() == "off") { Ok(Duration::ZERO) } else { duration(value) }
}

/// An address whose scheme is one of `schemes`, without a login in it.
pub(super) fn address(schemes: &'static [&'static str]) -> impl Fn(&DeValue<'_>) -> Result<Url, String> {
    move |value| {
        let text = raw_text(value)?;
        let wanted = || format!("write the whole address, beginning with {}://", schemes.join(":// or "));
        let url = Url::parse(text.trim()).map_err(|error| format!("this is no address ({error}); {}", wanted()))?;
        if !schemes.contains(&url.scheme()) || url.host().is_none() {
            return Err(format!("this address does not fit; {}", wanted()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the address holds a name or password; secrets go into the environment".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("leave out what follows ? or # in the address".to_owned());
        }
        Ok(url)
    }
}

/// A panel's address: over http only where nobody else is on the way, because its password or token
/// goes along with every call.
pub(super) fn panel_address(value: &DeValue<'_>) -> Result<Url, String> {
    let url = address(&["https", "http"])(value)?;
    if url.scheme() == "https" || is_near(&url) {
        return Ok(url);
    }
    Err("over http the panel's password would cross the network in the clear; give the panel a certificate and write \
         https://, or lead a tunnel (SSH, WireGuard) to it and write its address here as digits, such as \
         http://127.0.0.1:2053/; http is for this machine and private addresses alone"
        .to_owned())
}

/// This machine, or an address that the internet does not carry (RFC 1918, 3927, 4193, 4291, 6598).
/// A name may lead anywhere tomorrow, but for `localhost` (RFC 6761).
fn is_near(url: &Url) -> bool {
    let v4 = |ip: Ipv4Addr| {
        let shared = ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64;
        ip.is_loopback() || ip.is_private() || ip.is_link_local() || shared
    };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => v4(ip),
        Some(Host::Ipv6(ip)) => match ip.to_ipv4_mapped() {
            Some(ip) => v4(ip),
            None => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        },
        None => false,
    }
}

/// A host name or an IP address, without scheme, port and path.
pub(super) fn host(value: &DeValue<'_>) -> Result<String, String> {
    let text = raw_text(value)?.trim();
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<std::net::Ipv6Addr>().is_ok() {
        return Ok(bare.to_owned());
    }
    Host::parse(text)
        .map(|host| host.to_string())
        .map_err(|_| format!("\"{text}\" is not a host; write a name or an IP address alone, such as vpn.example.com"))
}

/// A name must leave room beside it in a menu label of 100 characters.
pub(super) const NAME: usize = 80;
