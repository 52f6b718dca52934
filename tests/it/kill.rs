//! The counted kill test: the program, as a process with nothing but a configuration file and an
//! environment, is killed at every point at which it changes anything, and everything must come
//! right after it has been started again.
//!
//! The points are counted, never listed: every commit (before and after it), and every request to
//! Discord and to the panel (before it is handled, and after it but before its answer), n = 1, 2, …
//! until a run ends alive. People react to what they see, as people do.
//!
//! `cargo test` takes every commit of the first sale and a sample of the rest, of both generations; with
//! `TOLLKEEPER_KILL=all` in the environment it takes every point of every walk on both
//! generations of the panel.

pub(crate) mod accounts;
pub(crate) mod desk;
pub(crate) mod people;
mod points;
mod process;
pub(crate) mod walks;

use std::{
    collections::BTreeMap,
    io::Write as _,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::runtime::Builder;
use tollkeeper::sandbox::panel::Generation;

use points::{Place, Point, Series};
use walks::Walk;

/// Runs side by side: more than two cores have work for, because every run also waits.
const SIDE_BY_SIDE: usize = 4;

/// Between two words about how far it has come: every point of everything is the work of hours.
const WORD_EVERY: Duration = Duration::from_mins(1);

/// Violations after which it is clear enough.
const ENOUGH: usize = 12;

#[test]
fn whatever_it_is_killed_at_everything_comes_right() {
    let series = if std::env::var("TOLLKEEPER_KILL").is_ok_and(|wanted| wanted == "all") { all() } else { some() };
    let start = Instant::now();
    let tally = Tally::new(series);
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some((at, series, point)) = tally.next() {
                    // A thread and a runtime for each run: its world ends with it, however it ends.
                    let run = std::thread::spawn(move || {
                        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
                        runtime.block_on(walks::run(series, point))
                    });
                    tally.note(at, point, run.join().map_err(said));
                    if tally.a_word_is_due(start) {
                        tell(&format!("after {:.0?}: {}", start.elapsed(), tally.so_far()));
                    }
                }
            });
        }
    });
    tell(&format!("{}in {:.0?}\n", tally.summary(), start.elapsed()));
    let violations = tally.violations();
    assert!(violations.is_empty(), "{} violations:\n\n{}", violations.len(), violations.join("\n\n"));
}

/// Straight to the console, past the harness: the numbers belong into every log of the tests.
pub(crate) fn tell(text: &str) {
    std::io::stderr().write_all(text.as_bytes()).expect("the console takes it");
}

/// Every point of everything.
fn all() -> Vec<Series> {
    let mut all = Vec::new();
    for generation in [Generation::V3, Generation::V2_9] {
        for walk in [Walk::FirstSale, Walk::Decline, Walk::Renewal, Walk::Desk] {
            all.extend(Place::ALL.map(|place| Series { walk, generation, place, step: 1 }));
        }
    }
    all
}

/// Every commit of the first sale, and of the rest what fits into two minutes on two cores.
fn some() -> Vec<Series> {
    let v3 = |walk, place, step| Series { walk, generation: Generation::V3, place, step };
    let v2 = |walk, place, step| Series { walk, generation: Generation::V2_9, place, step };
    vec![
        v3(Walk::FirstSale, Place::Commit, 1),
        v3(Walk::FirstSale, Place::Discord, 12),
        v3(Walk::FirstSale, Place::Panel, 4),
        v3(Walk::Decline, Place::Commit, 30),
        v3(Walk::Renewal, Place::Panel, 4),
        v3(Walk::Desk, Place::Commit, 36),
        v3(Walk::Desk, Place::Panel, 36),
        v2(Walk::FirstSale, Place::Commit, 18),
        v2(Walk::FirstSale, Place::Panel, 4),
        v2(Walk::Renewal, Place::Commit, 24),
        v2(Walk::Renewal, Place::Panel, 4),
    ]
}

/// What is to be done next, and what came of the rest.
struct Tally(Mutex<Inner>);

struct Inner {
    series: Vec<Progress>,
    violations: Vec<String>,
    /// Words said about how far it has come.
    words: u32,
}

struct Progress {
    series: Series,
    /// The next point's number, for each moment.
    next: BTreeMap<points::Moment, Option<u64>>,
    /// Runs that were killed.
    killed: u64,
}

impl Tally {
    fn new(series: Vec<Series>) -> Self {
        let progress = |series| Progress {
            series,
            next: points::Moment::BOTH.into_iter().map(|moment| (moment, Some(1))).collect(),
            killed: 0,
        };
        Self(Mutex::new(Inner { series: series.into_iter().map(progress).collect(), violations: Vec::new(), words: 0 }))
    }

    fn next(&self) -> Option<(usize, Series, Point)> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.violations.len() >= ENOUGH {
            return None;
        }
        // The one that has come least far, so that few runs start beyond the end of their series.
        let open = inner.series.iter().enumerate().flat_map(|(at, progress)| {
            progress.next.iter().filter_map(move |(moment, next)| next.map(|n| (n / progress.series.step, at, *moment)))
        });
        let (_, at, moment) = open.min()?;
        let progress = inner.series.get_mut(at)?;
        let n = progress.next.get_mut(&moment)?.as_mut()?;
        let point = Point { place: progress.series.place, moment, n: *n };
        *n += progress.series.step;
        Some((at, progress.series, point))
    }

    fn note(&self, at: usize, point: Point, result: Result<walks::End, String>) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(progress) = inner.series.get_mut(at) else { return };
        match result {
            Ok(walks::End::Killed) => progress.killed += 1,
            Ok(walks::End::Alive) => {
                progress.next.insert(point.moment, None);
            }
            Err(violation) => {
                let text = format!("{}, killed {point}:\n{violation}", progress.series);
                progress.killed += 1;
                inner.violations.push(text);
            }
        }
    }

    /// True once for each [`WORD_EVERY`] that has passed.
    fn a_word_is_due(&self, start: Instant) -> bool {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = start.elapsed() >= WORD_EVERY * (inner.words + 1);
        inner.words += u32::from(due);
        due
    }

    /// One line: the points so far, the series that go on, the violations.
    fn so_far(&self) -> String {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let killed: u64 = inner.series.iter().map(|progress| progress.killed).sum();
        let open = inner.series.iter().filter(|progress| progress.next.values().any(Option::is_some)).count();
        let violations = inner.violations.len();
        format!("killed at {killed} points, {open} of {} series go on, {violations} violations\n", inner.series.len())
    }

    fn summary(&self) -> String {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let total: u64 = inner.series.iter().map(|progress| progress.killed).sum();
        let lines = inner.series.iter().map(|progress| format!("  {}: {}\n", progress.series, progress.killed));
        format!("\nkilled at {total} points:\n{}", lines.collect::<String>())
    }

    fn violations(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).violations.clone()
    }
}

/// What a panic said.
pub(crate) fn said(panic: Box<dyn std::any::Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast::<&str>().map_or_else(|_| "a panic".to_owned(), |text| (*text).to_owned()),
    }
}
