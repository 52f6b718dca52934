//! `check`: everything that is wrong with the configuration, Discord, the panels and this machine,
//! at once, each with its remedy; and in a few words what is right.
//!
//! Goes the same ways as `run`, and only looks: it signs in to panels and reads, writes nothing to
//! Discord, and opens the database read-only beside a running bot.

use std::io::Write;

use crate::{clock::Clock, config::Config, config::ConfigErrors};

mod discord;
mod machine;
mod panel;
mod report;
mod rights;
mod shop;
mod twin;

use report::{Report, Section};

/// A clock that is wrong by more than this is worth mending: codes of two-factor logins live for
/// thirty seconds, and people compare times.
const CLOCK_SLACK_MS: i64 = 5_000;

/// Looks at everything and writes what it found. `Ok(false)` = something is to be mended.
pub async fn check(config: &Config, clock: &Clock, out: &mut (impl Write + ?Sized)) -> anyhow::Result<bool> {
    let panels = config.panels.iter().map(|panel| panel::look(config, panel, clock));
    let (shop, discord, panels, machine) = tokio::join!(
        async { shop::look(config, clock) },
        discord::look(config, clock),
        futures_util::future::join_all(panels),
        machine::look(config),
    );
    let mut report = Report::default();
    report.add(shop);
    report.add(discord.section);
    for panel in panels {
        report.add(panel);
    }
    report.add(machine);
    report.write(discord.application, out)?;
    Ok(report.all_well())
}

/// Writes what is wrong with a configuration that cannot be read: nothing else can be looked at.
pub fn unreadable(problems: &ConfigErrors, out: &mut (impl Write + ?Sized)) -> std::io::Result<()> {
    let mut section = Section::new("Configuration");
    for problem in &problems.0 {
        section.mend(problem.to_string());
    }
    let mut report = Report::default();
    report.add(section);
    report.write(None, out)?;
    writeln!(out, "Discord, the panels and this machine are looked at when the configuration can be read.")
}

/// How far a server's `Date` (RFC 9110) is from our clock, in milliseconds, positive when ours is
/// ahead; the header has whole seconds.
fn clock_gap(date: &str, ours_ms: i64) -> Option<i64> {
    let theirs = chrono::DateTime::parse_from_rfc2822(date).ok()?.timestamp_millis();
    let gap = ours_ms - theirs;
    Some(if gap < 0 { gap } else { (gap - 999).max(0) })
}

/// "12 s ahead of", "3 min behind".
fn gap_in_words(gap_ms: i64) -> String {
    let seconds = gap_ms.unsigned_abs() / 1000;
    let amount = if seconds < 120 { format!("{seconds} s") } else { format!("{} min", seconds / 60) };
    format!("{amount} {}", if gap_ms > 0 { "ahead of" } else { "behind" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_header_tells_the_gap() {
        let date = "Thu, 01 Jan 1970 00:01:00 GMT";
        assert_eq!(clock_gap(date, 60_700), Some(0), "within the second that the header names");
        assert_eq!(clock_gap(date, 50_000), Some(-10_000));
        assert_eq!(clock_gap(date, 80_999), Some(20_000));
        assert_eq!(clock_gap("yesterday", 0), None);
        assert_eq!(gap_in_words(-10_500), "10 s behind");
        assert_eq!(gap_in_words(180_000), "3 min ahead of");
    }
}
