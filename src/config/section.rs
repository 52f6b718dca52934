//! Walking a parsed TOML file so that every mistake is found, with its line, and not the first.
//!
//! A value that is wrong is noted and stands in by its default: since one noted problem makes the
//! whole reading fail, no such default is ever used.

use std::{cell::RefCell, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::Problem;

/// The file's text and what was found wrong in it.
pub(super) struct Notes<'t> {
    text: &'t str,
    problems: RefCell<Vec<Problem>>,
    known: RefCell<Vec<String>>,
}

impl<'t> Notes<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, problems: RefCell::default(), known: RefCell::default() }
    }

    /// Notes something wrong outside the file: a variable, a credential.
    pub(super) fn problem(&self, key: impl Into<String>, says: impl Into<String>) {
        self.problems.borrow_mut().push(Problem { key: key.into(), line: None, says: says.into() });
    }

    fn problem_at(&self, key: String, span: &Range<usize>, says: String) {
        let before = self.text.get(..span.start).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        self.problems.borrow_mut().push(Problem { key, line: Some(line), says });
    }

    /// Everything noted, in the order of the file, and every key that was asked for.
    pub(super) fn close(self) -> (Vec<Problem>, Vec<String>) {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| problem.line.unwrap_or(usize::MAX));
        (problems, self.known.into_inner())
    }
}

/// One table of the file. When it is dropped, keys that nobody asked for are noted.
pub(super) struct Section<'n, 't> {
    notes: &'n Notes<'t>,
    path: String,
    span: Range<usize>,
    table: Option<&'n DeTable<'t>>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'n, 't> Section<'n, 't> {
    pub(super) fn root(notes: &'n Notes<'t>, table: &'n DeTable<'t>) -> Self {
        Self { notes, path: String::new(), span: 0..0, table: Some(table), asked: RefCell::default() }
    }

    /// `[key]`. Missing sections read as empty ones; `required` ones are noted as missing.
    pub(super) fn section(&self, key: &'static str, required: bool) -> Option<Section<'n, 't>> {
        let child =
            |span, table| Section { notes: self.notes, path: key.to_owned(), span, table, asked: RefCell::default() };
        match self.value(key) {
            None if required => {
                self.notes.problem(key, format!("the section [{key}] is missing; copy it from config.example.toml"));
                None
            }
            None => Some(child(0..0, None)),
            Some(value) => match value.get_ref() {
                DeValue::Table(table) => Some(child(value.span(), Some(table))),
                other => {
                    self.note(key, &value.span(), wrong_type(&format!("the section [{key}]"), other));
                    None
                }
            },
        }
    }

    /// `[[key]]`, 1 to `most` of them.
    pub(super) fn sections(&self, key: &'static str, most: usize) -> Vec<Section<'n, 't>> {
        let Some(value) = self.value(key) else {
            self.notes.problem(key, format!("there is no [[{key}]] section; copy one from config.example.toml"));
            return Vec::new();
        };
        let DeValue::Array(items) = value.get_ref() else {
            self.note(key, &value.span(), format!("write it as [[{key}]], with two brackets, once for each"));
            return Vec::new();
        };
        if items.is_empty() || items.len() > most {
            self.note(key, &value.span(), format!("there are {}; from 1 to {most} are possible", items.len()));
        }
        let mut sections = Vec::new();
        for item in items {
            if let DeValue::Table(table) = item.get_ref() {
                let (notes, path, asked) = (self.notes, key.to_owned(), RefCell::default());
                sections.push(Section { notes, path, span: item.span(), table: Some(table), asked });
            } else {
                self.note(key, &item.span(), format!("write it as [[{key}]], with two brackets, once for each"));
            }
        }
        sections
    }

    /// A value that must be there; `remedy` says what to write. `None` = noted.
    pub(super) fn required<T>(
        &self,
        key: &'static str,
        remedy: &str,
        read: impl FnOnce(&DeValue<'t>) -> Result<T, String>,
    ) -> Option<T> {
        if self.value(key).is_none() {
            // A misspelt key is one mistake: it is named when the section is dropped.
            let mut written = self.table.into_iter().flatten().map(|(name, _)| name.get_ref());
            if !written.any(|name| resembles(name, key)) {
                self.note(key, &self.span, format!("this is missing; {remedy}"));
            }
            return None;
        }
        self.optional(key, read)
    }

    /// A value that may be left out. `None` = left out, or noted.
    pub(super) fn optional<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&DeValue<'t>) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.value(key)?;
        read(value.get_ref()).map_err(|says| self.note(key, &value.span(), says)).ok()
    }

    /// A value with a default.
    pub(super) fn or<T>(
        &self,
        key: &'static str,
        default: T,
        read: impl FnOnce(&DeValue<'t>) -> Result<T, String>,
    ) -> T {
        self.optional(key, read).unwrap_or(default)
    }

    /// Notes that a value, though well written, cannot be so.
    pub(super) fn refuse(&self, key: &'static str, says: impl Into<String>) {
        let span = self.value(key).map_or_else(|| self.span.clone(), Spanned::span);
        self.note(key, &span, says.into());
    }

    /// A text as it stands there, without judging it; `required` or `optional` will.
    pub(super) fn peek(&self, key: &'static str) -> Option<String> {
        Some(self.value(key)?.get_ref().as_str()?.trim().to_owned())
    }

    fn value(&self, key: &'static str) -> Option<&'n Spanned<DeValue<'t>>> {
        if !self.asked.borrow().contains(&key) {
            self.asked.borrow_mut().push(key);
            self.notes.known.borrow_mut().push(self.full(key));
        }
        self.table?.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    fn note(&self, key: &str, span: &Range<usize>, says: String) {
        self.notes.problem_at(self.full(key), span, says);
    }

    fn full(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

impl Drop for Section<'_, '_> {
    fn drop(&mut self) {
        let asked = self.asked.borrow();
        for (name, _) in self.table.into_iter().flatten() {
            let key = name.get_ref().as_ref();
            if !asked.contains(&key) {
                self.note(key, &name.span(), unknown_key(key, &asked));
            }
        }
    }
}

/// Words in the names of keys that people expect to hold a secret.
const SECRET_WORDS: &[&str] = &["token", "password", "secret", "passphrase", "username", "login"];

fn unknown_key(key: &str, known: &[&str]) -> String {
    let lower = key.to_ascii_lowercase();
    if SECRET_WORDS.iter().any(|word| lower.contains(word)) {
        return "secrets are not written into this file; remove the line and set DISCORD_TOKEN, PANEL_API_TOKEN \
                (or PANEL_USERNAME and PANEL_PASSWORD), PANEL_TOTP_SECRET or BACKUP_PASSPHRASE in the environment"
            .to_owned();
    }
    let nearest = known.iter().filter(|known| resembles(key, known)).min_by_key(|known| distance(key, known));
    match nearest {
        Some(nearest) => format!("there is no such key; did you mean {nearest}?"),
        None => "there is no such key; remove it, or look for its name in config.example.toml".to_owned(),
    }
}

/// Whether one key may be meant where another is written: three slips at most, and never more
/// than half of the letters.
fn resembles(written: &str, known: &str) -> bool {
    let distance = distance(written, known);
    distance <= 3 && 2 * distance <= known.len()
}

fn distance(written: &str, known: &str) -> usize {
    strsim::damerau_levenshtein(&written.to_ascii_lowercase(), known)
}

pub(super) fn wrong_type(expected: &str, found: &DeValue<'_>) -> String {
    let found = match found {
        DeValue::String(_) => "a text in quotes",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with decimals",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    };
    format!("expected {expected}, found {found}")
}
