//! The table: what was promised, what was measured, and whether that is enough.

use std::{fmt::Write as _, time::Duration};

/// What was measured so far.
pub(crate) struct Report {
    text: String,
    missed: u32,
}

/// Milliseconds, for the table.
pub(crate) fn milliseconds(times: &[Duration]) -> Vec<f64> {
    times.iter().map(|time| time.as_secs_f64() * 1e3).collect()
}

impl Report {
    pub(crate) fn new() -> Self {
        let mut report = Self { text: String::new(), missed: 0 };
        if cfg!(debug_assertions) {
            report.line("THIS IS A DEBUG BUILD: its numbers say nothing.");
        }
        report.line(&format!("{:<42} {:>10}  {:<17} verdict", "number", "at most", "measured"));
        report.line(&"─".repeat(80));
        report
    }

    /// A number with a limit that the worst of the values keeps.
    pub(crate) fn at_most(&mut self, what: &str, limit: f64, unit: &str, values: &[f64]) {
        self.judge(what, limit, unit, values, 1.0);
    }

    /// A number with a limit that 99 of 100 values keep.
    pub(crate) fn p99_at_most(&mut self, what: &str, limit: f64, unit: &str, values: &[f64]) {
        self.judge(what, limit, unit, values, 0.99);
    }

    fn judge(&mut self, what: &str, limit: f64, unit: &str, values: &[f64], share: f64) {
        let value = quantile(values, share);
        let verdict = if value <= limit { "ok" } else { "MISSED" };
        self.missed += u32::from(value > limit);
        let measured = if value.is_finite() { format!("{} {unit}", short(value)) } else { "no answer".to_owned() };
        self.line(&format!("{what:<42} {:>10}  {measured:<17} {verdict}", format!("{} {unit}", short(limit))));
        if values.len() > 1 {
            let worst = if share < 1.0 { "p99" } else { "worst" };
            let (median, most) = (short(quantile(values, 0.5)), short(quantile(values, 1.0)));
            let most = if share < 1.0 { format!(", worst {most}") } else { String::new() };
            self.line(&format!("    {worst} of {}; median {median}{most}", values.len()));
        }
    }

    /// Something that is not promised but belongs beside it.
    pub(crate) fn beside(&mut self, what: &str) {
        self.line(&format!("    {what}"));
    }

    fn line(&mut self, line: &str) {
        println!("{line}");
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{line}");
    }

    /// Ends the table; whether every number was kept.
    pub(crate) fn close(mut self) -> anyhow::Result<bool> {
        self.line(&"─".repeat(80));
        let verdict = match self.missed {
            0 => "every number is kept".to_owned(),
            1 => "1 number is missed".to_owned(),
            missed => format!("{missed} numbers are missed"),
        };
        self.line(&verdict);
        let machine = machine();
        println!("{machine}");
        let page = format!("```\n{}```\n\n{machine}\n", self.text);
        std::fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/numbers.md"), page)?;
        Ok(self.missed == 0)
    }
}

/// The smallest value that `share` of all do not exceed.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a count of values times a share of one"
    )]
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::INFINITY)
}

fn short(value: f64) -> String {
    if value.is_infinite() {
        "never".to_owned()
    } else if value < 10.0 && value.fract() != 0.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

/// Where and when: a number without its machine says little.
fn machine() -> String {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches(['\t', ' ', ':']);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = read("/proc/meminfo");
    let kibibytes = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")).unwrap_or_default();
    let kibibytes: u64 = kibibytes.trim().trim_end_matches(" kB").parse().unwrap_or(0);
    let (kernel, load) = (read("/proc/sys/kernel/osrelease"), read("/proc/loadavg"));
    let date = chrono::DateTime::from_timestamp_millis(tollkeeper::clock::Clock::system().now().0);
    let date = date.map(|date| date.format("%Y-%m-%d").to_string()).unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    format!(
        "{date} · {cores} cores of {model} · {} GB memory · Linux {} · load {load} at the end",
        kibibytes / 1_000_000,
        kernel.trim()
    )
}
