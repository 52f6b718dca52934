//! When money counts: the shop's days, and the days, months, quarters and years made of them.
//!
//! A sale counts on the day of its approval in the shop's time zone, a reversal on the day it was
//! made. Nothing here knows where the sums come from.

use std::{fmt, str::FromStr, time::Duration};

use chrono::{Datelike as _, Days, Months, NaiveDate, NaiveTime, TimeZone as _};
use chrono_tz::Tz;

use super::Millis;

/// A length of time that people ask for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Span {
    Day,
    Month,
    /// January, April, July or October and the two months after it.
    Quarter,
    Year,
}

impl Span {
    /// All of them, shortest first.
    pub const ALL: [Self; 4] = [Self::Day, Self::Month, Self::Quarter, Self::Year];
}

/// Whole days of the shop, from the first to the last, both counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    first: NaiveDate,
    last: NaiveDate,
    span: Option<Span>,
}

/// A text that names no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a period is a day 2026-07-14, a month 2026-07, a quarter 2026-Q3, a year 2026, or two days 2026-07-01..2026-07-14"
)]
pub struct NotAPeriod;

/// The shop's day of a moment.
pub fn day_of(at: Millis, zone: Tz) -> NaiveDate {
    let utc = chrono::DateTime::from_timestamp_millis(at.0).unwrap_or_default();
    zone.from_utc_datetime(&utc.naive_utc()).date_naive()
}

/// When a day of the shop begins. Where clocks go forward at midnight (Cairo does), it begins at
/// the first moment that exists.
pub fn start_of(day: NaiveDate, zone: Tz) -> Millis {
    const STEP: Duration = Duration::from_mins(15);
    let mut local = day.and_time(NaiveTime::MIN);
    // No zone ever skipped more than a day.
    for _ in 0..=96 {
        if let Some(moment) = zone.from_local_datetime(&local).earliest() {
            return Millis(moment.timestamp_millis());
        }
        local += STEP;
    }
    Millis(day.and_time(NaiveTime::MIN).and_utc().timestamp_millis())
}

impl Period {
    /// The day, month, quarter or year that a day lies in.
    pub fn containing(span: Span, day: NaiveDate) -> Self {
        let first = match span {
            Span::Day => day,
            Span::Month => day.with_day(1).unwrap_or(day),
            Span::Quarter => NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1).unwrap_or(day),
            Span::Year => NaiveDate::from_ymd_opt(day.year(), 1, 1).unwrap_or(day),
        };
        let next = match span {
            Span::Day => first.checked_add_days(Days::new(1)),
            Span::Month => first.checked_add_months(Months::new(1)),
            Span::Quarter => first.checked_add_months(Months::new(3)),
            Span::Year => first.checked_add_months(Months::new(12)),
        };
        let last = next.and_then(|next| next.pred_opt()).unwrap_or(day);
        Self { first, last, span: Some(span) }
    }

    /// The days up to and with `today`, `days` of them (at least one).
    pub fn last_days(days: u32, today: NaiveDate) -> Self {
        let back = Days::new(u64::from(days.max(1)) - 1);
        Self { first: today.checked_sub_days(back).unwrap_or(today), last: today, span: None }
    }

    /// From one day to another, in either order.
    pub fn between(one: NaiveDate, other: NaiveDate) -> Self {
        Self { first: one.min(other), last: one.max(other), span: None }
    }

    /// The one before it, of the same length.
    #[must_use]
    pub fn previous(self) -> Self {
        let before = self.first.pred_opt().unwrap_or(self.first);
        match self.span {
            Some(span) => Self::containing(span, before),
            None => Self::last_days(u32::try_from(self.days().count()).unwrap_or(1), before),
        }
    }

    /// Its first day.
    pub fn first(self) -> NaiveDate {
        self.first
    }

    pub fn last(self) -> NaiveDate {
        self.last
    }

    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.first.iter_days().take_while(move |day| *day <= self.last)
    }

    /// Its first moment and the first one after it.
    pub fn moments(self, zone: Tz) -> (Millis, Millis) {
        let after = self.last.succ_opt().unwrap_or(self.last);
        (start_of(self.first, zone), start_of(after, zone))
    }
}

impl fmt::Display for Period {
    /// As [`Period::from_str`] reads it: `2026-07-14`, `2026-07`, `2026-Q3`, `2026`, `2026-07-01..2026-07-14`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.first;
        match self.span {
            Some(Span::Day) => write!(f, "{first}"),
            Some(Span::Month) => write!(f, "{}", first.format("%Y-%m")),
            Some(Span::Quarter) => write!(f, "{}-Q{}", first.format("%Y"), first.month0() / 3 + 1),
            Some(Span::Year) => write!(f, "{}", first.format("%Y")),
            None => write!(f, "{first}..{}", self.last),
        }
    }
}

impl FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        let text = text.trim();
        if let Some((one, other)) = text.split_once("..") {
            return Ok(Self::between(date(one)?, date(other)?));
        }
        // People type two days with a word or a space between them.
        let words: Vec<&str> = text.split_whitespace().collect();
        if let [one, other] | [one, "to" | "-" | "–", other] = words.as_slice() {
            return Ok(Self::between(date(one)?, date(other)?));
        }
        let parts: Vec<&str> = text.split('-').collect();
        match parts.as_slice() {
            [year] => Ok(Self::containing(Span::Year, ymd(year, "1", "1")?)),
            [year, quarter] if quarter.starts_with(['Q', 'q']) => {
                let number: u32 = quarter.get(1..).unwrap_or_default().parse().map_err(|_| NotAPeriod)?;
                let month = number.checked_sub(1).filter(|index| *index < 4).ok_or(NotAPeriod)? * 3 + 1;
                Ok(Self::containing(Span::Quarter, ymd(year, &month.to_string(), "1")?))
            }
            [year, month] => Ok(Self::containing(Span::Month, ymd(year, month, "1")?)),
            _ => Ok(Self::containing(Span::Day, date(text)?)),
        }
    }
}

fn date(text: &str) -> Result<NaiveDate, NotAPeriod> {
    let parts: Vec<&str> = text.trim().split('-').collect();
    let [year, month, day] = parts.as_slice() else { return Err(NotAPeriod) };
    ymd(year, month, day)
}

fn ymd(year: &str, month: &str, day: &str) -> Result<NaiveDate, NotAPeriod> {
    let number = |text: &str, digits: usize| {
        let plain = !text.is_empty() && text.len() <= digits && text.bytes().all(|byte| byte.is_ascii_digit());
        if plain { text.parse::<u32>().map_err(|_| NotAPeriod) } else { Err(NotAPeriod) }
    };
    let year = number(year, 4).ok().filter(|_| year.len() == 4).ok_or(NotAPeriod)?;
    let year = i32::try_from(year).map_err(|_| NotAPeriod)?;
    NaiveDate::from_ymd_opt(year, number(month, 2)?, number(day, 2)?).ok_or(NotAPeriod)
}

/// What was taken, and by how many sales; a reversal takes one away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    /// Minor units of the shop's currency.
    pub minor: i64,
    pub sales: i64,
}

impl fmt::Display for Sum {
    /// For reports of what does not fit; people read amounts with their currency.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} minor units ({} sales)", self.minor, self.sales)
    }
}

impl Sum {
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { minor: self.minor.saturating_add(other.minor), sales: self.sales.saturating_add(other.sales) }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revenue {
    pub period: Period,
    pub total: Sum,
    /// What staff entered by hand, which is not in any other sum.
    pub manual: Sum,
    /// By the id of the payment method, most first.
    pub by_method: Vec<(String, Sum)>,
    /// By the id of the plan, most first.
    pub by_plan: Vec<(String, Sum)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CAIRO: Tz = chrono_tz::Africa::Cairo;

    fn day(text: &str) -> NaiveDate {
        date(text).unwrap()
    }

    #[test]
    fn a_sale_counts_on_the_shops_day_not_on_utc() {
        // 22:30 UTC is half past midnight in Cairo.
        let late = Millis(1_795_386_600_000);
        assert_eq!(day_of(late, CAIRO), day("2026-11-23"));
        assert_eq!(day_of(late, chrono_tz::UTC), day("2026-11-22"));
    }

    #[test]
    fn a_day_whose_midnight_was_skipped_begins_an_hour_later() {
        // Egypt goes to summer time at 00:00 on the last Friday of April.
        let spring = day("2026-04-24");
        let begins = start_of(spring, CAIRO);
        assert_eq!(begins.0 % 3_600_000, 0);
        assert_eq!(day_of(begins, CAIRO), spring);
        assert_eq!(day_of(Millis(begins.0 - 1), CAIRO), day("2026-04-23"));
        let (from, to) = Period::containing(Span::Day, spring).moments(CAIRO);
        assert_eq!(to.since(from), Duration::from_hours(23));
    }

    #[test]
    fn periods_are_asked_for_as_people_write_them() {
        for (asked, first, last) in [
            ("2026-02-03", "2026-02-03", "2026-02-03"),
            ("2024-02", "2024-02-01", "2024-02-29"),
            ("2026-Q4", "2026-10-01", "2026-12-31"),
            ("2025", "2025-01-01", "2025-12-31"),
            ("2026-07-14..2026-07-01", "2026-07-01", "2026-07-14"),
        ] {
            let period: Period = asked.parse().unwrap();
            assert_eq!((period.first(), period.last()), (day(first), day(last)), "{asked}");
        }
        for asked in ["2026-7-1 2026-7-14", "2026-07-01 to 2026-07-14", " 2026-07-01 – 2026-07-14 "] {
            assert_eq!(asked.parse::<Period>().unwrap().to_string(), "2026-07-01..2026-07-14");
        }
        for asked in ["", "26", "2026-13", "2026-Q5", "2026-Q0", "2026-02-30", "yesterday", "2026-07-01..", "+026"] {
            assert_eq!(asked.parse::<Period>(), Err(NotAPeriod), "{asked}");
        }
    }

    #[test]
    fn what_came_before() {
        for (period, before) in [
            ("2026-03-01", "2026-02-28"),
            ("2026-01", "2025-12"),
            ("2026-Q1", "2025-Q4"),
            ("2026", "2025"),
            ("2026-03-01..2026-03-10", "2026-02-19..2026-02-28"),
        ] {
            assert_eq!(period.parse::<Period>().unwrap().previous().to_string(), before);
        }
    }

    proptest! {
        #[test]
        fn a_period_comes_back_from_its_name_and_holds_its_day(offset in 0_u64..40_000, span in 0_usize..4) {
            let today = day("1970-01-01").checked_add_days(Days::new(offset)).unwrap();
            let period = Period::containing(Span::ALL[span], today);
            prop_assert!(period.first() <= today && today <= period.last());
            prop_assert_eq!(period.to_string().parse(), Ok(period));
            let range = Period::last_days(30, today);
            prop_assert_eq!(range.days().count(), 30);
            prop_assert_eq!(range.to_string().parse(), Ok(range));
        }

        #[test]
        fn days_follow_each_other_without_a_gap(offset in 0_u64..30_000, zone in 0_usize..chrono_tz::TZ_VARIANTS.len()) {
            let zone = chrono_tz::TZ_VARIANTS[zone];
            let today = day("1971-01-01").checked_add_days(Days::new(offset)).unwrap();
            let (from, to) = Period::containing(Span::Day, today).moments(zone);
            if from < to {
                prop_assert_eq!(day_of(from, zone), today);
                prop_assert_eq!(day_of(Millis(to.0 - 1), zone), today);
            }
        }
    }
}
