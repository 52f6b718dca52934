//! Who did what how often lately, and which interactions were taken up: counted in memory, and
//! forgotten by a restart.
//!
//! The rule is `governor`'s cell rate: somebody who did nothing for a while may do it `count`
//! times at once, and from then on once every `per / count`, so a spent window frees itself bit
//! by bit and not all at once. Nothing in here decides what is limited or says so to a person.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use governor::{Quota, RateLimiter, clock as governed, middleware::NoOpMiddleware, state::keyed::HashMapStateStore};

use crate::{
    clock::Clock,
    config::LimitsConfig,
    domain::{
        Millis, UserId,
        limits::{Limit, Limited},
    },
};

/// Our clock as `governor` asks it: steady, so that a wall clock put back locks nobody out.
#[derive(Debug, Clone)]
struct Steady(Clock);

impl governed::Clock for Steady {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.steady()
    }
}

/// An interaction can be answered for so long ("Receiving and Responding"); nobody delivers it later.
const INTERACTION_LIVES: Duration = Duration::from_mins(15);

/// So many interactions are remembered at the most: hundreds of people at once, for minutes.
const MOST_INTERACTIONS: usize = 10_000;

/// What one person does again and again is written down each time so often a day, and from then on
/// whenever the number of times has grown tenfold.
const EACH: u64 = 3;

/// How long a day is, here: from the first time on.
const DAY: Duration = Duration::from_hours(24);

/// So many people and things are counted at the most.
const MOST_REPEATED: usize = 10_000;

/// Who does what again and again, since when and how often.
type Repeated = BTreeMap<(UserId, &'static str), (Duration, u64)>;

/// Whether the `times`-th time within a day is written down.
fn is_written(times: u64) -> bool {
    times <= EACH || times.checked_ilog10().is_some_and(|digits| 10_u64.pow(digits) == times)
}

/// How much is written down of something that was done `times` times within a day.
pub fn written_of(times: u64) -> u64 {
    let tenfold = u64::from(times.checked_ilog10().unwrap_or(0));
    times.min(EACH) + tenfold
}

type Counters = RateLimiter<UserId, HashMapStateStore<UserId>, Steady, NoOpMiddleware<Duration>>;

/// The counters of everything that is limited in memory; cheap to clone, and every clone counts
/// the same.
#[derive(Clone)]
pub struct Limits {
    /// One for each thing, in its order; `None` where there is no limit.
    counters: Arc<[(Limited, Option<Counters>)]>,
    /// The interactions of the last minutes, by id: the smallest is the oldest.
    taken: Arc<Mutex<BTreeMap<u64, Duration>>>,
    repeated: Arc<Mutex<Repeated>>,
    clock: Clock,
}

impl Limits {
    pub fn new(config: &LimitsConfig, clock: &Clock) -> Self {
        let limit = |limited| match limited {
            Limited::Link | Limited::GetLink => config.link,
            Limited::Proof => config.proof,
            Limited::Admin => config.admin,
            Limited::Refresh | Limited::Export | Limited::Backup => config.dashboard,
        };
        let counters = Limited::ALL.map(|limited| (limited, counters(limit(limited), clock)));
        Self { counters: Arc::new(counters), taken: Arc::default(), repeated: Arc::default(), clock: clock.clone() }
    }

    /// Whether an interaction comes for the first time. Discord delivers events at least once, and
    /// what is done before it is answered must not be done twice.
    pub fn is_first(&self, interaction: u64) -> bool {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() >= MOST_INTERACTIONS && !taken.contains_key(&interaction) {
            taken.pop_first();
        }
        taken.insert(interaction, self.clock.steady()).is_none()
    }

    /// Counts one more time; `Err` says when it may be done again, and counts nothing.
    pub fn count(&self, limited: Limited, user: UserId) -> Result<(), Millis> {
        let found = self.counters.iter().find(|(of, _)| *of == limited);
        let Some((_, Some(counters))) = found else { return Ok(()) };
        counters.check_key(&user).map_err(|later| {
            let wait = later.wait_time_from(self.clock.steady());
            // Discord shows whole seconds: who comes when it says so is not sent away again.
            Millis(self.clock.now().plus(wait).0.saturating_add(999).div_euclid(1000).saturating_mul(1000))
        })
    }

    /// Counts what anybody can cause as often as they like. `Some` = this time is written down, and
    /// how many times that makes today; the others are in a later number.
    pub fn repeated(&self, user: UserId, what: &'static str) -> Option<u64> {
        let now = self.clock.steady();
        let mut repeated = self.repeated.lock().unwrap_or_else(PoisonError::into_inner);
        if repeated.len() >= MOST_REPEATED && !repeated.contains_key(&(user, what)) {
            repeated.pop_first();
        }
        let (since, times) = repeated.entry((user, what)).or_insert((now, 0));
        if now.saturating_sub(*since) >= DAY {
            (*since, *times) = (now, 0);
        }
        *times = times.saturating_add(1);
        is_written(*times).then_some(*times)
    }

    /// Forgets the interactions that are over, and everybody whose window is free again; says how
    /// many people are still remembered.
    pub fn forget(&self) -> usize {
        let now = self.clock.steady();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.retain(|_, at| now.saturating_sub(*at) < INTERACTION_LIVES);
        drop(taken);
        let mut repeated = self.repeated.lock().unwrap_or_else(PoisonError::into_inner);
        repeated.retain(|_, (since, _)| now.saturating_sub(*since) < DAY);
        drop(repeated);
        let limited = self.counters.iter().filter_map(|(_, counters)| counters.as_ref());
        limited
            .map(|counters| {
                counters.retain_recent();
                counters.shrink_to_fit();
                counters.len()
            })
            .sum()
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").finish_non_exhaustive()
    }
}

fn counters(limit: Limit, clock: &Clock) -> Option<Counters> {
    let Limit::Times { count, per } = limit else { return None };
    let each = Quota::with_period(per / count.get())?;
    Some(RateLimiter::new(each.allow_burst(count), HashMapStateStore::default(), Steady(clock.clone())))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    const MONA: UserId = UserId(1);
    const KARIM: UserId = UserId(2);

    #[test]
    fn what_somebody_repeats_is_folded_and_counted() {
        let (limits, _) = twice_a_minute();
        let written: Vec<_> = (0..12_345).filter_map(|_| limits.repeated(MONA, "refused")).collect();
        assert_eq!(written, [1, 2, 3, 10, 100, 1000, 10_000]);
        assert_eq!(written_of(12_345), 7);
        assert_eq!([0, 1, 3, 9, 10].map(written_of), [0, 1, 3, 3, 4]);
        assert_eq!(limits.repeated(KARIM, "refused"), Some(1), "each for themselves");
        assert_eq!(limits.repeated(MONA, "another"), Some(1), "each thing for itself");
    }

    fn twice_a_minute() -> (Limits, Clock) {
        let clock = Clock::system();
        let limit = Limit::Times { count: NonZeroU32::new(2).unwrap(), per: Duration::from_mins(1) };
        let confirm_ttl = Duration::from_mins(5);
        let config = LimitsConfig {
            order: Limit::Off,
            admin: limit,
            link: limit,
            proof: Limit::Off,
            dashboard: limit,
            upload_attempts: NonZeroU32::MIN,
            confirm_ttl,
        };
        (Limits::new(&config, &clock), clock)
    }

    #[test]
    fn each_person_and_each_command_counts_for_itself() {
        let (limits, clock) = twice_a_minute();
        assert_eq!((limits.count(Limited::Link, MONA), limits.count(Limited::Link, MONA)), (Ok(()), Ok(())));
        let again_at = limits.count(Limited::Link, MONA).unwrap_err();
        let wait = again_at.since(clock.now());
        assert!(wait > Duration::from_secs(28) && wait <= Duration::from_secs(31), "{wait:?}");
        assert_eq!(again_at.0 % 1000, 0, "a whole second, as Discord shows it");
        assert_eq!(limits.count(Limited::Link, KARIM), Ok(()));
        assert_eq!(limits.count(Limited::Admin, MONA), Ok(()));
        for _ in 0..100 {
            assert_eq!(limits.count(Limited::Proof, MONA), Ok(()), "there is no limit");
        }
    }

    #[test]
    fn an_interaction_comes_once_while_it_lives() {
        let (limits, clock) = twice_a_minute();
        assert!(limits.is_first(7) && limits.clone().is_first(8));
        assert!(!limits.is_first(7) && !limits.is_first(8));
        clock.advance(INTERACTION_LIVES);
        limits.forget();
        assert!(limits.is_first(7), "nobody delivers it so late: it was forgotten");
        for id in 100..=100 + MOST_INTERACTIONS as u64 {
            assert!(limits.is_first(id));
        }
        assert_eq!(limits.taken.lock().unwrap().len(), MOST_INTERACTIONS);
        assert!(!limits.is_first(100 + MOST_INTERACTIONS as u64), "the newest stay");
    }

    #[test]
    fn a_spent_window_frees_itself_and_is_forgotten() {
        let (limits, clock) = twice_a_minute();
        for user in 1..=500 {
            assert_eq!(limits.count(Limited::Link, UserId(user)), Ok(()));
            assert_eq!(limits.count(Limited::Link, UserId(user)), Ok(()));
            assert!(limits.count(Limited::Link, UserId(user)).is_err());
        }
        assert_eq!(limits.forget(), 500, "nobody is free before the time");
        clock.advance(Duration::from_secs(31));
        assert_eq!(limits.count(Limited::Link, MONA), Ok(()), "half of the window is free");
        assert!(limits.count(Limited::Link, MONA).is_err());
        clock.advance(Duration::from_mins(2));
        assert_eq!(limits.forget(), 0, "everybody is free");
        assert_eq!((limits.count(Limited::Link, MONA), limits.count(Limited::Link, MONA)), (Ok(()), Ok(())));
    }
}
