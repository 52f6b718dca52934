//! Whether a client lets its customer in, and why not: said by one rule, wherever it is shown.

use super::{Millis, change::Seen, grants::Expiry};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccessState {
    Works,
    Ended,
    /// Its traffic is used up.
    UsedUp,
    /// A person switched it off.
    Off,
    /// The panel has no such client.
    Absent,
    /// The panel has a client of this name with another uuid.
    Foreign,
    /// The panel does not answer.
    Unknown,
}

impl AccessState {
    /// Of a client that is there. Panels switch off what has ended or is used up themselves, so the
    /// switch is looked at last.
    pub fn of(seen: &Seen, now: Millis) -> Self {
        if !seen.expiry.is_after(now) {
            Self::Ended
        } else if seen.quota > 0 && seen.used >= seen.quota {
            Self::UsedUp
        } else if !seen.enabled {
            Self::Off
        } else {
            Self::Works
        }
    }

    /// By the books, where no panel was asked.
    pub fn remembered(expiry: Option<Expiry>, disabled: bool, now: Millis) -> Self {
        match expiry {
            Some(end) if !end.is_after(now) => Self::Ended,
            _ if disabled => Self::Off,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_panel_switches_off_itself_is_not_a_persons_doing() {
        let now = Millis(1_800_000_000_000);
        let seen = Seen { enabled: true, expiry: Expiry::At(now.plus_days(1)), quota: 50, used: 20 };
        let ended = Seen { expiry: Expiry::At(now), ..seen };
        let used_up = Seen { used: 50, ..seen };
        for enabled in [true, false] {
            assert_eq!(AccessState::of(&Seen { enabled, ..ended }, now), AccessState::Ended);
            assert_eq!(AccessState::of(&Seen { enabled, ..used_up }, now), AccessState::UsedUp);
        }
        assert_eq!(AccessState::of(&seen, now), AccessState::Works);
        assert_eq!(AccessState::of(&Seen { enabled: false, ..seen }, now), AccessState::Off);
        let endless = Seen { expiry: Expiry::Never, quota: 0, ..seen };
        assert_eq!(AccessState::of(&endless, now), AccessState::Works);
    }
}
