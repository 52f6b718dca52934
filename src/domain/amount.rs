//! An amount of traffic that may be without limit.

use super::time::DAY_MS;

/// A length of time in milliseconds or an amount of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    Some(u64),
    /// Without end.
    Endless,
}

impl Amount {
    pub const NONE: Self = Self::Some(0);

    /// The days of a grant; 0 = without end.
    pub fn of_days(days: u32) -> Self {
        if days == 0 { Self::Endless } else { Self::Some(DAY_MS.unsigned_abs().saturating_mul(u64::from(days))) }
    }

    /// The bytes of a grant; 0 = unlimited.
    pub fn of_bytes(bytes: u64) -> Self {
        if bytes == 0 { Self::Endless } else { Self::Some(bytes) }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Some(one), Self::Some(other)) => Self::Some(one.saturating_add(other)),
            _ => Self::Endless,
        }
    }

    pub(super) fn finite(self) -> u64 {
        match self {
            Self::Some(much) => much,
            Self::Endless => 0,
        }
    }
}
