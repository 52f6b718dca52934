//! `/admin reload`: what the file changed, what waits for a restart, or every mistake in it.

use super::{Embed, Locale, Post, Tone, text};

/// So many mistakes stand in the message; the rest is counted.
const MISTAKES: usize = 8;
const KEY: usize = 80;
const LONGEST: usize = 350;
/// The longest list of ids or keys.
const LIST: usize = 300;

/// What became of a list, by ids.
#[derive(Debug, Clone, Copy)]
pub struct ListFacts<'a> {
    pub added: &'a [String],
    pub changed: &'a [String],
    pub removed: &'a [String],
}

/// A file that is in force.
#[derive(Debug, Clone, Copy)]
pub struct TakenFacts<'a> {
    /// What became of the plans.
    pub plans: ListFacts<'a>,
    /// What became of the payment methods.
    pub methods: ListFacts<'a>,
    /// Keys that say who is staff and are different.
    pub staff: &'a [&'a str],
    /// Keys and sections that are different and wait for a restart.
    pub waits: &'a [&'a str],
}

/// The file is in force.
pub fn taken(locale: Locale, facts: &TakenFacts<'_>) -> Post {
    let mut lines = Vec::new();
    let lists = [
        ("reload-plans-added", facts.plans.added),
        ("reload-plans-changed", facts.plans.changed),
        ("reload-plans-removed", facts.plans.removed),
        ("reload-methods-added", facts.methods.added),
        ("reload-methods-changed", facts.methods.changed),
        ("reload-methods-removed", facts.methods.removed),
    ];
    for (id, list) in lists {
        if !list.is_empty() {
            lines.push(locale.with(id, &[("list", text::code(&list.join(", "), LIST).into())]));
        }
    }
    if !facts.staff.is_empty() {
        lines.push(locale.with("reload-staff", &[("list", text::code(&facts.staff.join(", "), LIST).into())]));
    }
    if lines.is_empty() {
        lines.push(locale.say("reload-same"));
    } else {
        lines.push(locale.say("reload-open-orders"));
    }
    let mut embed = Embed::new(Tone::Good, locale.say("reload-taken-title")).body(lines.join("\n"));
    if !facts.waits.is_empty() {
        let list = text::code(&facts.waits.join(", "), LIST);
        embed = embed.field(locale.say("reload-waits-name"), locale.with("reload-waits", &[("list", list.into())]));
        embed.tone = Tone::Ask;
    }
    Post::embed(embed)
}

/// One thing that is wrong in the file.
#[derive(Debug, Clone, Copy)]
pub struct MistakeFacts<'a> {
    /// The key, or the name of a variable or of the file.
    pub key: &'a str,
    pub line: Option<usize>,
    /// What is wrong and what to do.
    pub says: &'a str,
}

/// The file is wrong: the old one stays. Each mistake with its key and what to do.
pub fn wrong(locale: Locale, mistakes: &[MistakeFacts<'_>]) -> Post {
    let mut lines = vec![locale.say("reload-wrong-body")];
    lines.extend(mistakes.iter().take(MISTAKES).map(|one| mistake(locale, one)));
    let mut embed = Embed::new(Tone::Bad, locale.say("reload-wrong-title")).body(lines.join("\n\n"));
    if let Some(more) = mistakes.len().checked_sub(MISTAKES).filter(|more| *more > 0) {
        embed.footer = Some(locale.with("reload-more", &[("count", more.into())]));
    }
    Post::embed(embed)
}

fn mistake(locale: Locale, facts: &MistakeFacts<'_>) -> String {
    let mut arguments =
        vec![("key", text::code(facts.key, KEY).into()), ("says", text::plain(facts.says, LONGEST).into())];
    match facts.line {
        None => locale.with("reload-mistake", &arguments),
        Some(line) => {
            arguments.push(("line", line.into()));
            locale.with("reload-mistake-at", &arguments)
        }
    }
}
