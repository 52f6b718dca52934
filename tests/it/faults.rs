//! The counted fault sweep: the n-th call to Discord or to the panel fails, n = 1, 2, … until none is left, in
//! each way in which a call can fail, on the walks of the kill test and with its people. What passes leaves no
//! trace: the invariants of the kill test hold. Where Discord says no, nothing that was paid is lost, nothing
//! is there twice, and whoever waits is waited for by somebody who sees it.
//!
//! `cargo test` takes a sample; with `TOLLKEEPER_FAULTS=all` in the environment it takes every call of every
//! walk in every way. `TOLLKEEPER_FAULTS="renewal;the panel;429"` takes those series whose names have all of
//! these in them, and `… ;#7` the seventh call alone.

mod accounted;
mod kinds;
mod run;

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::runtime::Builder;
use tollkeeper::sandbox::panel::Generation;

use crate::kill::{said, tell, walks::Walk};
use kinds::{CODES, Kind};
use run::End;

/// Runs side by side; those in which a call is met with silence do nothing but wait.
const SIDE_BY_SIDE: usize = 8;
/// See [`SIDE_BY_SIDE`].
const SIDE_BY_SIDE_IN_SILENCE: usize = 20;

/// Between two words about how far it has come.
const WORD_EVERY: Duration = Duration::from_mins(1);
/// After so many of them the table is printed.
const TABLE_EVERY: u32 = 5;

/// Violations of one series after which it is clear enough.
const ENOUGH: usize = 6;

/// Whose calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Discord,
    Panel,
}

/// A walk whose calls fail in one way, one in each run: the `first` of them, and each `step`-th after it.
#[derive(Debug, Clone, Copy)]
struct Series {
    walk: Walk,
    generation: Generation,
    place: Place,
    kind: Kind,
    first: u64,
    step: u64,
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match self.place {
            Place::Discord => "Discord",
            Place::Panel => "the panel",
        };
        write!(f, "{} on a panel {:?}, calls to {place}: {}", self.walk, self.generation, self.kind)?;
        if self.step > 1 { write!(f, " (1 in {})", self.step) } else { Ok(()) }
    }
}

#[test]
fn whatever_call_fails_everything_comes_right() {
    let wanted = std::env::var("TOLLKEEPER_FAULTS").unwrap_or_default();
    let series = match wanted.as_str() {
        "" => some(),
        "all" => all(),
        names => chosen(names),
    };
    let start = Instant::now();
    let tally = Tally(Mutex::new(series.into_iter().map(Progress::new).collect()));
    std::thread::scope(|scope| {
        for n in 0..SIDE_BY_SIDE + SIDE_BY_SIDE_IN_SILENCE {
            let tally = &tally;
            scope.spawn(move || {
                while let Some((at, series, n)) = tally.next(n >= SIDE_BY_SIDE) {
                    // A thread and a runtime for each run: its world ends with it, however it ends.
                    let run = std::thread::spawn(move || {
                        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
                        runtime.block_on(run::run(series, n))
                    });
                    tally.note(at, n, run.join().map_err(said));
                }
            });
        }
        let done = || tally.inner().iter().all(|progress| progress.next.is_none());
        let (mut word, mut words) = (start + WORD_EVERY, 0);
        while !done() {
            std::thread::sleep(Duration::from_millis(100));
            if Instant::now() >= word {
                word += WORD_EVERY;
                words += 1;
                tell(&format!("after {:.0?}: {}", start.elapsed(), tally.so_far()));
                // A run that is cut off leaves its table.
                if words % TABLE_EVERY == 0 {
                    tell(&tally.summary());
                }
            }
        }
    });
    tell(&format!("{}in {:.0?}\n", tally.summary(), start.elapsed()));
    let violations: Vec<_> = tally.inner().iter().flat_map(|progress| progress.violations.clone()).collect();
    assert!(violations.is_empty(), "{} violations:\n\n{}", violations.len(), violations.join("\n\n"));
}

/// Every call of everything. What differs between panels differs in the calls to them.
fn all() -> Vec<Series> {
    let walks = [Walk::FirstSale, Walk::Decline, Walk::Renewal, Walk::Desk];
    let kinds = Kind::PASSING.into_iter().chain(CODES.iter().map(Kind::Says));
    let to_discord = kinds.flat_map(|kind| walks.map(|walk| (walk, Generation::V3, Place::Discord, kind)));
    let to_panels = Kind::PASSING.into_iter().flat_map(|kind| {
        let generations = [Generation::V3, Generation::V2_9].into_iter();
        generations.flat_map(move |generation| walks.map(|walk| (walk, generation, Place::Panel, kind)))
    });
    let series = to_discord.chain(to_panels);
    series.map(|(walk, generation, place, kind)| Series { walk, generation, place, kind, first: 1, step: 1 }).collect()
}

/// Those of [`all`] that somebody names.
fn chosen(names: &str) -> Vec<Series> {
    let mut chosen = all();
    for name in names.split(';') {
        match name.strip_prefix('#') {
            Some(n) => chosen.iter_mut().for_each(|series| {
                (series.first, series.step) = (n.parse().expect("a number"), u64::MAX / 2);
            }),
            None => chosen.retain(|series| series.to_string().contains(name)),
        }
    }
    chosen
}

/// What fits into three quarters of a minute on two cores. Silence of Discord has to be waited for, and is only in
/// [`all`].
fn some() -> Vec<Series> {
    let mut some = Vec::new();
    for (at, series) in (0..).zip(all()) {
        let step = match (series.walk, series.place, series.kind) {
            (_, Place::Discord, Kind::SilentBefore | Kind::SilentAfter) => continue,
            (Walk::FirstSale, Place::Discord, Kind::Says(_)) => 16,
            (Walk::FirstSale, Place::Discord, _) => 18,
            (Walk::FirstSale | Walk::Renewal, Place::Panel, _) => 8,
            (Walk::Decline | Walk::Renewal, Place::Discord, Kind::CutAnswer | Kind::Error) => 32,
            (Walk::Desk, Place::Panel, Kind::CutAnswer) => 48,
            (Walk::Desk, Place::Discord, Kind::CutAnswer) => 120,
            _ => continue,
        };
        some.push(Series { first: 1 + at % step, step, ..series });
    }
    some
}

/// How far a series has come.
struct Progress {
    series: Series,
    /// The next call's number.
    next: Option<u64>,
    in_hand: u32,
    came_right: u64,
    seen: u64,
    violations: Vec<String>,
}

impl Progress {
    fn new(series: Series) -> Self {
        Self { series, next: Some(series.first), in_hand: 0, came_right: 0, seen: 0, violations: Vec::new() }
    }
}

/// What is to be done next, and what came of the rest.
struct Tally(Mutex<Vec<Progress>>);

impl Tally {
    fn inner(&self) -> std::sync::MutexGuard<'_, Vec<Progress>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, in_silence: bool) -> Option<(usize, Series, u64)> {
        let mut inner = self.inner();
        let mine = inner.iter_mut().enumerate().filter(|(_, progress)| progress.series.kind.is_silent() == in_silence);
        // Few runs begin beyond the end of their series if each has few in hand.
        let open = mine.filter(|(_, progress)| progress.next.is_some());
        let (at, progress) = open.min_by_key(|(_, progress)| progress.in_hand)?;
        let n = progress.next?;
        progress.next = n.checked_add(progress.series.step).filter(|next| *next < u64::MAX / 2);
        progress.in_hand += 1;
        Some((at, progress.series, n))
    }

    fn note(&self, at: usize, n: u64, result: Result<End, String>) {
        let mut inner = self.inner();
        let Some(progress) = inner.get_mut(at) else { return };
        progress.in_hand -= 1;
        match result {
            Ok(End::CameRight) => progress.came_right += 1,
            Ok(End::Seen) => progress.seen += 1,
            Ok(End::NotStruck) => progress.next = None,
            Err(violation) => {
                progress.violations.push(format!("{}, call {n}:\n{violation}", progress.series));
                if progress.violations.len() >= ENOUGH {
                    progress.next = None;
                }
            }
        }
    }

    fn so_far(&self) -> String {
        let inner = self.inner();
        let failed: u64 = inner.iter().map(|progress| progress.came_right + progress.seen).sum();
        let open = inner.iter().filter(|progress| progress.next.is_some()).count();
        let violations: usize = inner.iter().map(|progress| progress.violations.len()).sum();
        format!("{failed} calls have failed, {open} of {} series go on, {violations} violations\n", inner.len())
    }

    fn summary(&self) -> String {
        let inner = self.inner();
        let total: u64 = inner.iter().map(|progress| progress.came_right + progress.seen).sum();
        let lines = inner.iter().map(|progress| {
            let Progress { series, came_right, seen, violations, .. } = progress;
            let violations = violations.len();
            format!("  {series}: {came_right} came right, {seen} wait for somebody who sees it, {violations} wrong\n")
        });
        format!("\n{total} calls have failed:\n{}", lines.collect::<String>())
    }
}
