//! What `check` found, and how it is laid out: one line or paragraph each, at most 96 columns.

use std::io::{self, Write};

use crate::domain::guild_setup::Permission;

const WIDTH: usize = 96;
/// What a finding's further lines are indented by, the width of its mark.
const INDENT: usize = 8;

/// How good a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Well,
    /// Worth knowing; nothing has to be done.
    Note,
    Mend,
}

/// The findings about one thing.
#[derive(Debug)]
pub(super) struct Section {
    title: String,
    findings: Vec<(Mark, String)>,
}

impl Section {
    pub(super) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), findings: Vec::new() }
    }

    pub(super) fn well(&mut self, says: impl Into<String>) {
        self.findings.push((Mark::Well, says.into()));
    }

    pub(super) fn note(&mut self, says: impl Into<String>) {
        self.findings.push((Mark::Note, says.into()));
    }

    /// Something is wrong; `says` ends with its remedy.
    pub(super) fn mend(&mut self, says: impl Into<String>) {
        self.findings.push((Mark::Mend, says.into()));
    }

    /// Whether nothing is wrong so far.
    pub(super) fn is_well(&self) -> bool {
        !self.findings.iter().any(|(mark, _)| *mark == Mark::Mend)
    }
}

#[derive(Debug, Default)]
pub(super) struct Report {
    sections: Vec<Section>,
}

impl Report {
    pub(super) fn add(&mut self, section: Section) {
        self.sections.push(section);
    }

    pub(super) fn all_well(&self) -> bool {
        self.sections.iter().all(Section::is_well)
    }

    /// Writes the report; `application` is the id for the invitation link, where it is known.
    pub(super) fn write(&self, application: Option<u64>, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        for section in &self.sections {
            writeln!(out, "{}", section.title)?;
            for (mark, says) in &section.findings {
                let mark = match mark {
                    Mark::Well => "  ok    ",
                    Mark::Note => "  note  ",
                    Mark::Mend => "  MEND  ",
                };
                writeln!(out, "{mark}{}", wrapped(says))?;
            }
            writeln!(out)?;
        }
        if let Some(application) = application {
            writeln!(out, "The invitation link, with exactly the permissions that the bot needs:")?;
            writeln!(out, "{}", invitation(application))?;
            writeln!(out)?;
        }
        let wrong = self.sections.iter().flat_map(|section| &section.findings);
        match wrong.filter(|(mark, _)| *mark == Mark::Mend).count() {
            0 => writeln!(out, "All is well."),
            1 => writeln!(out, "One thing is to be mended; it is marked MEND."),
            some => writeln!(out, "{some} things are to be mended; they are marked MEND."),
        }
    }
}

/// The link with which the bot is invited.
fn invitation(application: u64) -> String {
    format!(
        "https://discord.com/oauth2/authorize?client_id={application}&scope=bot+applications.commands&permissions={}",
        Permission::invitation()
    )
}

/// On several lines where one is too long; what has no spaces is never broken.
fn wrapped(says: &str) -> String {
    let mut text = String::new();
    let mut column = INDENT;
    for word in says.split_whitespace() {
        let length = word.chars().count();
        if column > INDENT && column + 1 + length > WIDTH {
            text.push('\n');
            text.push_str(&" ".repeat(INDENT));
            column = INDENT;
        } else if column > INDENT {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        let text = wrapped(&"word ".repeat(40));
        assert!(text.lines().count() > 2 && text.lines().all(|line| line.len() <= WIDTH), "{text}");
        let long = "x".repeat(200);
        assert_eq!(wrapped(&format!("see {long}")), format!("see\n        {long}"));
    }

    #[test]
    fn readme_shows_the_same_invitation() {
        let link = invitation(0).replace("client_id=0", "client_id=APPLICATION_ID");
        assert!(include_str!("../../../README.md").contains(&link), "README.md does not contain {link}");
    }
}
