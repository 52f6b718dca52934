//! What staff take out of the books: the table of a period, and a backup. Seen by who asked alone.

use std::collections::BTreeMap;

use crate::domain::{
    Millis, Money, UserId,
    books::ExportedTotal,
    button::Button,
    revenue::{Period, Span},
};

use super::{Embed, File, Locale, Menu, Modal, Post, Row, Tone, post::Entry, text, words};

/// The menu's value for a period that is typed; it opens [`period_modal`].
pub const OTHER: &str = "other";

/// How many days the table has when nobody asked for others.
pub const DAYS: u32 = 30;

/// Months in the menu, with the one that lasts.
const MONTHS: usize = 12;

/// The most lines of totals; a shop has fewer methods and admins.
const LINES: usize = 12;

/// A table and what it adds up to.
#[derive(Debug)]
pub struct TableFacts<'a> {
    pub period: Period,
    /// Today in the shop's zone, for the menu.
    pub today: Period,
    /// How many orders are in it.
    pub orders: usize,
    pub totals: &'a [ExportedTotal],
    /// What people call a payment method of this id.
    pub method_names: &'a [(String, String)],
}

/// The table with its totals, and a menu of other periods.
pub fn table(locale: Locale, facts: &TableFacts<'_>, csv: Vec<u8>) -> Post {
    let period = facts.period.to_string();
    let arguments = [("period", text::code(&period, 60).into()), ("orders", facts.orders.into())];
    let title = locale.with("books-table-title", &[("period", period.clone().into())]);
    let mut embed = Embed::new(Tone::Good, title).body(locale.with("books-table-body", &arguments));
    let sold = || facts.totals.iter().filter(|total| total.source != "manual");
    let methods = sums(sold().map(|total| (total.method.clone(), total)));
    let reviewers = sums(sold().map(|total| (total.reviewer, total)));
    if !methods.is_empty() {
        let name = |id: &String| {
            let known = facts.method_names.iter().find(|(known, _)| known == id);
            text::plain(known.map_or(id.as_str(), |(_, name)| name), 40)
        };
        embed = embed
            .short(locale.say("books-by-method"), lines(locale, &methods, name))
            .short(locale.say("books-by-reviewer"), lines(locale, &reviewers, |id: &UserId| text::person(*id)));
    }
    let manual = sums(facts.totals.iter().filter(|total| total.source == "manual").map(|total| ((), total)));
    if !manual.is_empty() {
        embed = embed.field(locale.say("books-manual"), lines(locale, &manual, |()| locale.say("books-manual-name")));
    }
    let name = format!("orders-{}.csv", period.replace("..", "-to-"));
    Post::embed(embed).row(Row::Menu(periods(locale, facts.today))).file(File { name, bytes: csv })
}

/// The table is larger than Discord takes.
pub fn too_large(locale: Locale, period: Period) -> Post {
    let command = format!("tollkeeper export {period} --out orders.csv");
    Post::text(locale.with("books-too-large", &[("command", text::code(&command, 120).into())]))
}

/// What was typed is no period.
pub fn not_a_period(locale: Locale) -> Post {
    Post::text(locale.say("books-not-a-period"))
}

/// The form in which a period is typed.
pub fn period_modal(locale: Locale) -> Modal {
    Modal {
        button: Button::ExportModal,
        title: locale.say("books-modal-title"),
        label: locale.say("books-modal-label"),
        placeholder: locale.say("books-modal-placeholder"),
        max: 40,
    }
}

pub fn backed_up(locale: Locale, path: &str, by_message: bool) -> Post {
    let id = if by_message { "books-backup-sent" } else { "books-backup" };
    Post::text(locale.with(id, &[("path", text::code(path, 300).into())]))
}

/// No backup could be written.
pub fn not_backed_up(locale: Locale, incident: &str) -> Post {
    Post::text(locale.with("books-no-backup", &[("incident", text::code(incident, 40).into())]))
}

/// The encrypted backup itself, by direct message.
pub fn backup_message(locale: Locale, name: &str, at: Millis, bytes: Option<Vec<u8>>) -> Post {
    let arguments = [("name", text::code(name, 100).into()), ("at", text::date(at).into())];
    match bytes {
        Some(bytes) => {
            Post::text(locale.with("books-backup-message", &arguments)).file(File { name: name.to_owned(), bytes })
        }
        None => Post::text(locale.with("books-backup-too-large", &arguments)),
    }
}

fn sums<'t, K: Ord>(totals: impl Iterator<Item = (K, &'t ExportedTotal)>) -> Vec<(K, Vec<Money>)> {
    let mut sums: BTreeMap<K, Vec<Money>> = BTreeMap::new();
    for (key, total) in totals {
        let amounts = sums.entry(key).or_default();
        match amounts.iter_mut().find(|amount| amount.currency == total.amount.currency) {
            Some(amount) => amount.minor = amount.minor.saturating_add(total.amount.minor),
            None => amounts.push(total.amount),
        }
    }
    sums.into_iter().collect()
}

fn lines<K>(locale: Locale, sums: &[(K, Vec<Money>)], name: impl Fn(&K) -> String) -> String {
    let lines = sums.iter().take(LINES).map(|(key, amounts)| {
        let amount = amounts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" + ");
        locale.with("books-line", &[("name", name(key).into()), ("amount", words::name(&amount).into())])
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The periods that are asked for most, newest first.
fn periods(locale: Locale, today: Period) -> Menu {
    let day = today.last();
    let entry = |period: Period, id: Option<&str>| Entry {
        value: period.to_string(),
        label: id.map_or_else(|| period.to_string(), |id| locale.say(id)),
        description: id.map(|_| period.to_string()),
        chosen: false,
    };
    let mut options = vec![
        entry(Period::last_days(DAYS, day), Some("books-last-days")),
        entry(Period::containing(Span::Day, day), Some("books-today")),
    ];
    let months = std::iter::successors(Some(Period::containing(Span::Month, day)), |month| Some(month.previous()));
    options.extend(months.take(MONTHS).map(|month| entry(month, None)));
    let quarter = Period::containing(Span::Quarter, day);
    let year = Period::containing(Span::Year, day);
    options.extend([quarter, quarter.previous(), year, year.previous()].map(|period| entry(period, None)));
    options.push(Entry { value: OTHER.to_owned(), label: locale.say("books-other"), description: None, chosen: false });
    Menu { button: Button::ExportMenu, placeholder: locale.say("books-placeholder"), options }
}
