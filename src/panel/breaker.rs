//! Whether asking a panel makes sense right now.
//!
//! A pure state machine: moments are arguments, it never waits and never calls. After a few
//! failures in a row every call is answered at once with the last failure, except one from time
//! to time that finds out whether the panel is back.

use std::time::Duration;

use super::Error;
use crate::domain::Millis;

/// When the breaker opens and how long it stays so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Failures in a row that open it.
    pub failures: u32,
    /// How long nothing is sent before one call may try again.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        // Three, so that one lost packet closes no shop; ten seconds, so that a panel that is
        // restarted (a few seconds) is found again before a customer asks why.
        Self { failures: 3, pause: Duration::from_secs(10) }
    }
}

/// What staff, customers and the outbox may rely on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Availability {
    /// The panel answers and xray runs, as far as we know.
    Up,
    Down {
        since: Millis,
        /// Why, in a sentence for the owner.
        cause: String,
    },
}

impl Availability {
    /// Whether the panel is up.
    pub fn is_up(&self) -> bool {
        matches!(self, Self::Up)
    }
}

/// What a breaker does with calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    Closed,
    /// They are answered with the last failure, without being sent.
    Open,
    /// One was sent to find out whether the panel is back; the others are answered as while it is open.
    HalfOpen,
}

#[derive(Debug, Clone)]
enum State {
    Closed {
        failures: u32,
    },
    /// Nothing is sent until `pause` has passed since `asked`.
    Open {
        asked: Millis,
        error: Error,
    },
    /// One call is on its way; its result decides. A result that never comes (the caller was
    /// cancelled) counts as a failure after another pause.
    HalfOpen {
        asked: Millis,
        error: Error,
    },
}

#[derive(Debug, Clone)]
pub struct Breaker {
    limits: Limits,
    state: State,
    /// Since when it is open, across half-open attempts.
    since: Millis,
    /// Health checks in a row that found it answering but of no use, and since when.
    unfit: Option<(u32, Millis, String)>,
}

impl Breaker {
    pub fn new(limits: Limits) -> Self {
        Self { limits, state: State::Closed { failures: 0 }, since: Millis(0), unfit: None }
    }

    /// Whether a call may be sent now; if not, the failure to answer with. When the pause is
    /// over the asker becomes the one attempt and must report its result.
    pub fn admit(&mut self, now: Millis) -> Result<(), Error> {
        if !self.would_admit(now) {
            return match &self.state {
                State::Closed { .. } => Ok(()),
                State::Open { error, .. } | State::HalfOpen { error, .. } => Err(error.clone()),
            };
        }
        self.force(now);
        Ok(())
    }

    /// A health check is always sent: it is how we learn.
    pub fn force(&mut self, now: Millis) {
        if let State::Open { error, .. } | State::HalfOpen { error, .. } = &self.state {
            self.state = State::HalfOpen { asked: now, error: error.clone() };
        }
    }

    /// Whether [`Breaker::admit`] would say yes, without becoming the attempt.
    pub fn would_admit(&self, now: Millis) -> bool {
        match &self.state {
            State::Closed { .. } => true,
            // A clock that was set back must not keep the panel shut.
            State::Open { asked, .. } | State::HalfOpen { asked, .. } => {
                now < *asked || now.since(*asked) >= self.limits.pause
            }
        }
    }

    /// What it does with calls at this moment.
    pub fn position(&self) -> Position {
        match self.state {
            State::Closed { .. } => Position::Closed,
            State::Open { .. } => Position::Open,
            State::HalfOpen { .. } => Position::HalfOpen,
        }
    }

    /// Whether calls fail without being sent; a panel that answers but is of no use does not open it.
    pub fn is_open(&self) -> bool {
        self.position() != Position::Closed
    }

    /// A call was answered, be it with a refusal.
    pub fn succeeded(&mut self) {
        self.state = State::Closed { failures: 0 };
    }

    /// A call failed and the panel is to blame.
    pub fn failed(&mut self, now: Millis, error: &Error) {
        let failures = match &self.state {
            State::Closed { failures } => failures.saturating_add(1),
            State::Open { .. } | State::HalfOpen { .. } => self.limits.failures,
        };
        if matches!(self.state, State::Closed { .. }) && failures == 1 {
            self.since = now;
        }
        self.state = if failures >= self.limits.failures {
            State::Open { asked: now, error: error.clone() }
        } else {
            State::Closed { failures }
        };
    }

    /// A health check ended: `Ok(None)` when all is well, `Ok(Some(cause))` when the panel answers
    /// but what we sell does not work. One that was down stays down without a second count: a
    /// server that starts again often answers before xray runs.
    pub fn checked(&mut self, now: Millis, found: Result<Option<&str>, &Error>) {
        let down_since = match self.availability() {
            Availability::Up => None,
            Availability::Down { since, .. } => Some(since),
        };
        match found {
            Err(error) => self.failed(now, error),
            Ok(unfit) => {
                self.succeeded();
                self.unfit = unfit.map(|cause| match (self.unfit.take(), down_since) {
                    (Some((times, since, _)), _) => (times.saturating_add(1), since, cause.to_owned()),
                    (None, Some(since)) => (self.limits.failures, since, cause.to_owned()),
                    (None, None) => (1, now, cause.to_owned()),
                });
            }
        }
    }

    /// What is sold on it works for nobody, as its own settings say: no second look is needed.
    pub fn unsellable(&mut self, now: Millis, cause: &str) {
        let since = match self.availability() {
            Availability::Up => now,
            Availability::Down { since, .. } => since,
        };
        self.succeeded();
        self.unfit = Some((self.limits.failures, since, cause.to_owned()));
    }

    /// It was down when this process began, as an earlier one remembered; a health check says
    /// whether it still is.
    pub fn presume_down(&mut self, since: Millis, cause: &str) {
        self.unfit = Some((self.limits.failures, since, cause.to_owned()));
    }

    /// The verdict for everybody else.
    pub fn availability(&self) -> Availability {
        match (&self.state, &self.unfit) {
            (State::Open { error, .. } | State::HalfOpen { error, .. }, _) => {
                Availability::Down { since: self.since, cause: error.to_string() }
            }
            (State::Closed { .. }, Some((times, since, cause))) if *times >= self.limits.failures => {
                Availability::Down { since: *since, cause: cause.clone() }
            }
            _ => Availability::Up,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure() -> Error {
        Error::Unreachable { why: "connection refused".into() }
    }

    fn open_at(now: Millis) -> Breaker {
        let mut breaker = Breaker::new(Limits::default());
        for _ in 0..3 {
            breaker.failed(now, &failure());
        }
        breaker
    }

    #[test]
    fn three_failures_in_a_row_open_it_and_a_success_between_does_not() {
        let mut breaker = Breaker::new(Limits::default());
        for _ in 0..2 {
            breaker.failed(Millis(1000), &failure());
        }
        breaker.succeeded();
        for at in [2000, 3000] {
            breaker.failed(Millis(at), &failure());
        }
        assert_eq!(breaker.availability(), Availability::Up);
        breaker.failed(Millis(4000), &failure());
        let Availability::Down { since, cause } = breaker.availability() else { panic!("still up") };
        assert_eq!(since, Millis(2000), "since the first failure of the row");
        assert_eq!(cause, "the panel cannot be reached: connection refused");
        assert_eq!(breaker.admit(Millis(4001)), Err(failure()));
    }

    #[test]
    fn after_the_pause_exactly_one_call_goes_through() {
        let mut breaker = open_at(Millis(0));
        assert!(breaker.admit(Millis(9_999)).is_err());
        assert_eq!(breaker.position(), Position::Open);
        assert!(breaker.admit(Millis(10_000)).is_ok());
        assert_eq!(breaker.position(), Position::HalfOpen);
        assert!(breaker.admit(Millis(10_001)).is_err(), "the second waits for the first one's result");
        breaker.failed(Millis(10_500), &failure());
        assert!(breaker.admit(Millis(20_499)).is_err());
        assert!(breaker.admit(Millis(20_500)).is_ok());
        breaker.succeeded();
        assert_eq!(breaker.position(), Position::Closed);
        assert!(breaker.admit(Millis(20_501)).is_ok());
        assert_eq!(breaker.availability(), Availability::Up);
    }

    #[test]
    fn a_trial_that_never_reports_does_not_shut_the_panel_for_ever() {
        let mut breaker = open_at(Millis(0));
        assert!(breaker.admit(Millis(10_000)).is_ok());
        assert!(breaker.admit(Millis(19_999)).is_err());
        assert!(breaker.admit(Millis(20_000)).is_ok());
    }

    #[test]
    fn a_clock_set_back_does_not_keep_it_open() {
        let mut breaker = open_at(Millis(1_000_000));
        assert!(breaker.admit(Millis(5)).is_ok());
    }

    #[test]
    fn a_stopped_xray_takes_the_panel_down_without_stopping_calls() {
        let mut breaker = Breaker::new(Limits::default());
        for at in 1..=3 {
            assert!(breaker.availability().is_up());
            breaker.checked(Millis(at), Ok(Some("xray is stopped")));
        }
        assert_eq!(breaker.availability(), Availability::Down { since: Millis(1), cause: "xray is stopped".into() });
        assert!(breaker.admit(Millis(4)).is_ok());
        breaker.succeeded();
        assert!(!breaker.availability().is_up(), "an ordinary call proves nothing about xray");
        breaker.checked(Millis(5), Ok(None));
        assert!(breaker.availability().is_up());
    }

    #[test]
    fn a_panel_that_answers_again_before_xray_runs_was_not_up_in_between() {
        let mut breaker = open_at(Millis(7));
        breaker.checked(Millis(60_000), Ok(Some("xray is stopped")));
        assert_eq!(breaker.availability(), Availability::Down { since: Millis(7), cause: "xray is stopped".into() });
        breaker.checked(Millis(61_000), Ok(None));
        assert!(breaker.availability().is_up());
    }

    #[test]
    fn an_outage_outlives_the_process_until_a_check_ends_it() {
        let mut breaker = Breaker::new(Limits::default());
        breaker.presume_down(Millis(3), "no connection");
        breaker.succeeded();
        assert_eq!(breaker.availability(), Availability::Down { since: Millis(3), cause: "no connection".into() });
        breaker.checked(Millis(4), Err(&failure()));
        assert!(!breaker.availability().is_up());
        breaker.checked(Millis(5), Ok(None));
        assert!(breaker.availability().is_up());
    }
}
