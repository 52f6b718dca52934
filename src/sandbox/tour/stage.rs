//! How the story is told: 80 columns, plain text, one indentation for what a person sees.

use std::io::{self, Write};

use crate::sandbox::discord::Message;

/// Columns of a terminal that nobody has widened.
const WIDTH: usize = 80;

/// Where the story is told.
pub(super) struct Stage<'a> {
    out: &'a mut (dyn Write + Send),
    chapter: u8,
}

impl<'a> Stage<'a> {
    pub(super) fn new(out: &'a mut (dyn Write + Send)) -> Self {
        Self { out, chapter: 0 }
    }

    pub(super) fn title(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}\n{}\n", "═".repeat(text.chars().count()))
    }

    pub(super) fn chapter(&mut self, text: &str) -> io::Result<()> {
        self.chapter += 1;
        let head = format!("── {}. {text} ", self.chapter);
        let rule = "─".repeat(WIDTH.saturating_sub(head.chars().count()));
        writeln!(self.out, "\n{head}{rule}\n")
    }

    pub(super) fn prose(&mut self, text: &str) -> io::Result<()> {
        for line in wrap(text, WIDTH) {
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }

    pub(super) fn acts(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "▶ {text}")
    }

    pub(super) fn place(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "• {text}")
    }

    /// Something that was checked and holds.
    pub(super) fn holds(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "✓ {text}")
    }

    /// A message as somebody sees it.
    pub(super) fn sees(&mut self, name: &str, message: &Message) -> io::Result<()> {
        let private = if message.ephemeral { " (only they see it)" } else { "" };
        writeln!(self.out, "  {name} sees{private}")?;
        for line in message.render_text().lines() {
            let (bar, text) = line.strip_prefix("│ ").map_or(("", line), |text| ("│ ", text));
            for piece in wrap(text, WIDTH - 4 - bar.chars().count()) {
                writeln!(self.out, "    {bar}{piece}")?;
            }
        }
        writeln!(self.out)
    }
}

/// Breaks a line between words, and within a word that is longer than a line.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let mut rest: Vec<char> = word.chars().collect();
        if used > 0 && used + 1 + rest.len() > width && rest.len() <= width {
            lines.push(String::new());
            used = 0;
        }
        if used > 0 {
            if let Some(line) = lines.last_mut() {
                line.push(' ');
            }
            used += 1;
        }
        while !rest.is_empty() {
            if used >= width {
                lines.push(String::new());
                used = 0;
            }
            let now: String = rest.drain(..rest.len().min(width - used)).collect();
            used += now.chars().count();
            if let Some(line) = lines.last_mut() {
                line.push_str(&now);
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn nothing_is_wider_than_the_terminal_and_nothing_is_lost() {
        let link = format!("vless://{}", "x".repeat(300));
        for line in wrap(&link, 70) {
            assert!(line.chars().count() <= 70);
        }
        assert_eq!(wrap(&link, 70).concat(), link);
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
    }
}
