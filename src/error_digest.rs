//! Faults of ours, counted since an owner was last told, so that a thousand of a kind are one
//! message: each is in the log with its cause, and nobody reads a log that they are not sent to.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    clock::Clock,
    domain::{Incident, OrderId, effect::Part},
};

/// Owners read of the faults of one kind this often at most.
pub const FOLD: Duration = Duration::from_hours(1);

/// What is known of one kind.
#[derive(Debug)]
struct Counted {
    times: u32,
    last: Incident,
    /// By the clock's steady time.
    told: Option<Duration>,
}

/// Whether our memory can be written, and who waits for that.
#[derive(Debug, Default)]
struct Memory {
    /// A write failed since it was last seen to work.
    failed: bool,
    /// The owners know that it cannot be written.
    owners_told: bool,
    /// Orders whose customers sent what could not be taken, and whether they know that we know.
    unheard: BTreeMap<OrderId, bool>,
}

/// So many orders are remembered at the most: a guild has no more channels.
const MOST_UNHEARD: usize = 500;

/// The counts; cheap to clone, and every clone counts the same. A restart forgets them: the log
/// does not.
#[derive(Debug, Clone)]
pub struct Faults {
    counts: Arc<Mutex<BTreeMap<Part, Counted>>>,
    memory: Arc<Mutex<Memory>>,
    clock: Clock,
}

impl Faults {
    pub fn new(clock: &Clock) -> Self {
        Self { counts: Arc::default(), memory: Arc::default(), clock: clock.clone() }
    }

    /// Something failed, and was logged with this word.
    pub fn note(&self, part: Part, incident: Incident) {
        let mut counts = self.counts();
        let counted = counts.entry(part).or_insert(Counted { times: 0, last: incident.clone(), told: None });
        counted.times = counted.times.saturating_add(1);
        counted.last = incident;
    }

    /// The kinds of which an owner is to be told now, how often each failed, and the last of them.
    pub fn due(&self) -> Vec<(Part, u32, Incident)> {
        let now = self.clock.steady();
        let is_due =
            |counted: &Counted| counted.times > 0 && counted.told.is_none_or(|told| now.saturating_sub(told) >= FOLD);
        let counts = self.counts();
        let due = counts.iter().filter(|(_, counted)| is_due(counted));
        due.map(|(part, counted)| (*part, counted.times, counted.last.clone())).collect()
    }

    /// An owner will read of so many of a kind.
    pub fn told(&self, part: Part, times: u32) {
        let now = self.clock.steady();
        if let Some(counted) = self.counts().get_mut(&part) {
            counted.times = counted.times.saturating_sub(times);
            counted.told = Some(now);
        }
    }

    /// Our memory could not be written.
    pub fn memory_failed(&self) {
        self.memory().failed = true;
    }

    /// What a customer sent for an order could not be written down.
    pub fn unheard(&self, order: &OrderId) {
        let mut memory = self.memory();
        memory.failed = true;
        if memory.unheard.len() < MOST_UNHEARD {
            memory.unheard.entry(order.clone()).or_insert(false);
        }
    }

    /// Whether it is to be seen if our memory can be written again.
    pub fn is_memory_in_doubt(&self) -> bool {
        self.memory().failed
    }

    /// Whether the owners know that it cannot.
    pub fn are_owners_told(&self) -> bool {
        self.memory().owners_told
    }

    pub fn owners_are_told(&self) {
        self.memory().owners_told = true;
    }

    /// The orders whose customers wait for a word, each once.
    pub fn waiting_for_a_word(&self) -> Vec<OrderId> {
        let mut memory = self.memory();
        let waiting = memory.unheard.iter_mut().filter(|(_, told)| !**told);
        waiting
            .map(|(order, told)| {
                *told = true;
                order.clone()
            })
            .collect()
    }

    /// Our memory can be written again; says whether the owners knew that it could not.
    pub fn memory_works(&self) -> bool {
        std::mem::take(&mut *self.memory()).owners_told
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<Part, Counted>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_of_a_kind_are_one_message_an_hour() {
        let clock = Clock::system();
        let faults = Faults::new(&clock);
        let incident = Incident::from_random;
        assert_eq!(faults.due(), []);
        faults.note(Part::Answers, incident(1));
        assert_eq!(faults.due(), [(Part::Answers, 1, incident(1))], "the first is told at once");
        faults.told(Part::Answers, 1);
        for n in 0..1000 {
            faults.note(Part::Answers, incident(n));
        }
        faults.note(Part::Tasks, incident(7));
        assert_eq!(faults.due(), [(Part::Tasks, 1, incident(7))], "the others wait for their hour");
        clock.advance(FOLD);
        assert_eq!(faults.due(), [(Part::Answers, 1000, incident(999)), (Part::Tasks, 1, incident(7))]);
        faults.told(Part::Answers, 1000);
        faults.told(Part::Tasks, 1);
        clock.advance(FOLD);
        assert_eq!(faults.due(), [], "nothing failed since");
    }
}
