//! Where the program is killed.

use std::fmt;

use tollkeeper::sandbox::panel::Generation;

use super::walks::Walk;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Commits of the process.
    Commit,
    /// REST requests that reach Discord.
    Discord,
    /// Requests that reach the panel.
    Panel,
}

impl Place {
    pub(super) const ALL: [Self; 3] = [Self::Commit, Self::Discord, Self::Panel];
}

/// On which side of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    /// Before the commit, or before the request is handled.
    Before,
    /// After the commit, or after the request was handled and before its answer.
    After,
}

impl Moment {
    pub(super) const BOTH: [Self; 2] = [Self::Before, Self::After];
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before",
            Self::After => "after",
        })
    }
}

/// The n-th of something, counted from the start of the process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) place: Place,
    pub(super) moment: Moment,
    pub(super) n: u64,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.place {
            Place::Commit => "commit",
            Place::Discord => "request to Discord",
            Place::Panel => "request to the panel",
        };
        write!(f, "{} {what} {}", self.moment, self.n)
    }
}

/// A walk with one kind of point, each `step`-th of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Series {
    pub(super) walk: Walk,
    pub(super) generation: Generation,
    pub(super) place: Place,
    pub(super) step: u64,
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match self.place {
            Place::Commit => "commits",
            Place::Discord => "requests to Discord",
            Place::Panel => "requests to the panel",
        };
        write!(f, "{} on a panel {:?}, {place}", self.walk, self.generation)?;
        if self.step > 1 { write!(f, " (1 in {})", self.step) } else { Ok(()) }
    }
}
