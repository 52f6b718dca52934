//! Why an approved order waits for a person, or came back to review: the cause as a type, and
//! apart from it the word of somebody else that belongs to it. What people read is made of both
//! in `view`.

/// What kind of trouble it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The panel refused for good; the detail is its answer.
    PanelRefused,
    /// The panel has a client under our e-mail (the detail) with another uuid.
    EmailTaken,
    /// The order's panel (the detail) is not in the configuration any more.
    NoPanel,
    /// An order of the same customer (the detail) that came first waits for a person.
    Behind,
    /// There is no such client (the detail) on the panel.
    Absent,
    /// The client (the detail) is on another inbound than the one we sell.
    OtherInbound,
    /// The counter was reset, and then the panel refused to let the client in; the detail is its
    /// answer.
    ResetThenRefused,
    /// It failed too often; the detail is the last error.
    GaveUp,
    /// The client's time (the detail is its name) is over, so that it cannot be switched on.
    Ended,
    /// The client's traffic (the detail is its name) is used up, so that it cannot be switched on.
    UsedUp,
    /// A version that knew no causes wrote it down; the detail is all there is.
    Unknown,
}

impl Cause {
    pub const ALL: [Self; 11] = [
        Self::PanelRefused,
        Self::EmailTaken,
        Self::NoPanel,
        Self::Behind,
        Self::Absent,
        Self::OtherInbound,
        Self::ResetThenRefused,
        Self::GaveUp,
        Self::Ended,
        Self::UsedUp,
        Self::Unknown,
    ];

    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PanelRefused => "panel_refused",
            Self::EmailTaken => "stranger",
            Self::NoPanel => "no_panel",
            Self::Behind => "behind",
            Self::Absent => "absent",
            Self::OtherInbound => "other_inbound",
            Self::ResetThenRefused => "only_reset",
            Self::GaveUp => "gave_up",
            Self::Ended => "ended",
            Self::UsedUp => "used_up",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the name from the database.
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|cause| cause.as_str() == name).unwrap_or(Self::Unknown)
    }
}

/// What is wrong with an approved order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub cause: Cause,
    /// The panel's answer, a name, an error: see [`Cause`].
    pub detail: String,
}

impl Trouble {
    /// A cause with what belongs to it.
    pub fn new(cause: Cause, detail: impl Into<String>) -> Self {
        Self { cause, detail: detail.into() }
    }

    /// From the two columns of an order; `None` where neither says anything.
    pub fn from_columns(cause: Option<&str>, reason: Option<&str>) -> Option<Self> {
        match (cause, reason) {
            (None, None) => None,
            (cause, reason) => {
                Some(Self::new(cause.map_or(Cause::Unknown, Cause::from_name), reason.unwrap_or_default()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_comes_back_from_its_name() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_name(cause.as_str()), cause);
        }
        assert_eq!(Cause::from_name("somebody's own words"), Cause::Unknown);
    }

    #[test]
    fn what_an_earlier_version_wrote_is_kept() {
        assert_eq!(Trouble::from_columns(None, None), None);
        let old = Trouble::from_columns(None, Some("Duplicate email"));
        assert_eq!(old, Some(Trouble::new(Cause::Unknown, "Duplicate email")));
    }
}
