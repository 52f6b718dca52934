//! `/admin audit`: a part of the audit log, a page at a time and as a table.

use crate::domain::button::{Button, Token};

use super::{
    Embed, Locale, Post, Press, Row, Tone,
    admin_lists::{AuditFacts, audit_line},
    post::File,
};

/// So many entries stand on a page.
pub const PAGE: u32 = 10;
/// So many entries are in a table, the newest.
pub const MOST: u32 = 10_000;

/// A page of a list.
#[derive(Debug)]
pub struct PageFacts<'a> {
    /// Its entries, newest first.
    pub lines: &'a [AuditFacts<'a>],
    /// Which page, counted from 0.
    pub page: u16,
    /// Whether there is one after it.
    pub more: bool,
    /// What the buttons carry: the list.
    pub token: &'a Token,
}

pub fn nothing(locale: Locale) -> Post {
    Post::text(locale.say("log-nothing"))
}

/// The list behind a button is forgotten, or somebody else's.
pub fn out_of_date(locale: Locale) -> Post {
    Post::text(locale.say("log-out-of-date"))
}

pub fn page(locale: Locale, facts: &PageFacts<'_>) -> Post {
    let lines: Vec<_> = facts.lines.iter().map(|line| audit_line(locale, line, true)).collect();
    let body = if lines.is_empty() { locale.say("log-no-more") } else { lines.join("\n") };
    let mut embed = Embed::new(Tone::Ask, locale.say("log-title")).body(body);
    if facts.page > 0 || facts.more {
        embed.footer = Some(locale.with("log-page", &[("page", (u32::from(facts.page) + 1).into())]));
    }
    let to = |page: u16| Button::Audit { list: facts.token.clone(), page };
    let mut buttons = Vec::new();
    if let Some(newer) = facts.page.checked_sub(1) {
        buttons.push(Press::ours(to(newer), locale.say("log-newer"), Tone::Over));
    }
    if let Some(older) = facts.page.checked_add(1).filter(|_| facts.more) {
        buttons.push(Press::ours(to(older), locale.say("log-older"), Tone::Over));
    }
    buttons.push(Press::ours(Button::AuditFile(facts.token.clone()), locale.say("log-file-button"), Tone::Ask));
    Post::embed(embed).row(Row::Buttons(buttons))
}

/// The table of a list; `cut` says that there is more than is in it.
pub fn table(locale: Locale, entries: usize, cut: bool, csv: Vec<u8>) -> Post {
    let id = if cut { "log-table-cut" } else { "log-table" };
    let says = locale.with(id, &[("count", entries.into())]);
    Post::text(says).file(File { name: "audit.csv".to_owned(), bytes: csv })
}

/// The table is larger than Discord takes.
pub fn too_large(locale: Locale) -> Post {
    Post::text(locale.say("log-too-large"))
}
