//! Values that many texts contain: a price, a length of time, an amount of traffic.

use std::time::Duration;

use crate::domain::{
    Money, OrderStatus,
    access_state::AccessState,
    attention::{Cause, Trouble},
    order::PlanSnapshot,
};

use super::{Locale, text};

/// The longest name of a plan, method or person in a sentence.
pub(super) const NAME: usize = 80;
/// The longest reason or cause in a sentence.
pub(super) const REASON: usize = 500;

/// 2^30 bytes: what the panels sell as a gigabyte.
const GB: u64 = 1 << 30;
const MB: u64 = 1 << 20;
const KB: u64 = 1 << 10;

/// A name in a sentence.
pub(super) fn name(name: &str) -> String {
    text::plain(name, NAME)
}

/// A reason or cause in a sentence.
pub(super) fn reason(reason: &str) -> String {
    text::plain(reason, REASON)
}

/// What is wrong with an approved order, as a sentence for staff.
pub(super) fn trouble(locale: Locale, trouble: &Trouble) -> String {
    let id = match trouble.cause {
        Cause::PanelRefused => "review-cause-panel-refused",
        Cause::ResetThenRefused => "review-cause-only-reset",
        Cause::EmailTaken => "review-cause-stranger",
        Cause::NoPanel => "review-cause-no-panel",
        Cause::Behind => "review-cause-behind",
        Cause::Absent => "review-cause-absent",
        Cause::OtherInbound => "review-cause-other-inbound",
        Cause::GaveUp => "review-cause-gave-up",
        Cause::Ended => "review-cause-ended",
        Cause::UsedUp => "review-cause-used-up",
        Cause::Unknown => return reason(&trouble.detail),
    };
    locale.with(id, &[("detail", reason(&trouble.detail).into())])
}

/// An amount in a sentence, with its currency.
pub(super) fn money(money: Money) -> String {
    money.to_string()
}

/// An amount to be copied: digits only, the currency stands in the name of the field.
pub(super) fn digits(money: Money) -> String {
    text::code(&money.digits(), NAME)
}

/// How long a plan lasts.
pub(super) fn days(locale: Locale, days: u32) -> String {
    match days {
        0 => locale.say("common-endless"),
        days => counted_days(locale, days),
    }
}

/// A number of days that may be none.
pub(super) fn counted_days(locale: Locale, days: u32) -> String {
    locale.with("common-days", &[("days", days.into())])
}

/// How much traffic, to a tenth of a gigabyte.
pub(super) fn traffic(locale: Locale, bytes: u64) -> String {
    if bytes == 0 {
        return locale.say("common-unlimited");
    }
    gigabytes(locale, bytes)
}

/// An amount of bytes that may be none; what is less than a tenth of a gigabyte in smaller units.
pub(super) fn gigabytes(locale: Locale, bytes: u64) -> String {
    let (unit, id) = match bytes {
        0 => (GB, "common-gigabytes"),
        1..KB => (1, "common-bytes"),
        KB..MB => (KB, "common-kilobytes"),
        _ if bytes < GB / 10 => (MB, "common-megabytes"),
        _ => (GB, "common-gigabytes"),
    };
    let tenths = u128::from(bytes) * 10 / u128::from(unit);
    let amount =
        if tenths.is_multiple_of(10) { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) };
    locale.with(id, &[("amount", amount.into())])
}

/// How long something took, as exactly as somebody wants to know it.
pub(super) fn lasted(locale: Locale, time: Duration) -> String {
    let seconds = time.as_secs().max(1);
    let minutes = (seconds + 30) / 60;
    let (id, numbers) = match seconds {
        ..60 => ("common-seconds", vec![("seconds", seconds.into())]),
        60..7200 => ("common-minutes", vec![("minutes", minutes.into())]),
        _ => ("common-hours", vec![("hours", (minutes / 60).into()), ("minutes", (minutes % 60).into())]),
    };
    locale.with(id, &numbers)
}

/// How a client stands, for staff.
pub(super) fn state_for_staff(locale: Locale, state: AccessState) -> String {
    locale.say(match state {
        AccessState::Works => "state-staff-works",
        AccessState::Ended => "state-staff-ended",
        AccessState::UsedUp => "state-staff-used-up",
        AccessState::Off => "state-staff-off",
        AccessState::Absent => "state-staff-absent",
        AccessState::Foreign => "state-staff-foreign",
        AccessState::Unknown => "state-staff-unknown",
    })
}

/// The same for its customer, who reads what to do; `None` where nothing is wrong as far as we know.
pub(super) fn state_for_customer(locale: Locale, state: AccessState) -> Option<String> {
    let id = match state {
        AccessState::Works | AccessState::Unknown => return None,
        AccessState::Ended => "state-customer-ended",
        AccessState::UsedUp => "state-customer-used-up",
        AccessState::Off => "state-customer-off",
        AccessState::Absent => "state-customer-absent",
        AccessState::Foreign => "state-customer-foreign",
    };
    Some(locale.say(id))
}

/// What a plan holds, for a line of its own.
pub(super) fn contents(locale: Locale, plan: &PlanSnapshot) -> String {
    locale.with(
        "common-contents",
        &[
            ("plan", name(&plan.name).into()),
            ("days", days(locale, plan.duration_days).into()),
            ("traffic", traffic(locale, plan.quota_bytes).into()),
        ],
    )
}

/// The state of an order as people call it.
pub(super) fn status(locale: Locale, status: OrderStatus) -> String {
    locale.say(match status {
        OrderStatus::PendingPayment => "common-status-pending-payment",
        OrderStatus::PaymentSubmitted => "common-status-payment-submitted",
        OrderStatus::Provisioning => "common-status-provisioning",
        OrderStatus::NeedsAttention => "common-status-needs-attention",
        OrderStatus::Completed => "common-status-completed",
        OrderStatus::Declined => "common-status-declined",
        OrderStatus::Cancelled => "common-status-cancelled",
        OrderStatus::Expired => "common-status-expired",
        OrderStatus::Reversed => "common-status-reversed",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EN: Locale = Locale::English;

    #[test]
    fn small_amounts_and_short_times_are_said_as_they_are() {
        for (bytes, said) in [
            (0, "0 GB"),
            (700, "700 B"),
            (3 << 10, "3 kB"),
            ((5 << 20) + (1 << 19), "5.5 MB"),
            (50 * GB, "50 GB"),
            (GB * 5 / 2, "2.5 GB"),
        ] {
            assert_eq!(gigabytes(EN, bytes), said);
        }
        for (seconds, said) in
            [(0, "1 second"), (3, "3 seconds"), (60, "1 minute"), (100, "2 minutes"), (7260, "2 h 1 min")]
        {
            assert_eq!(lasted(EN, Duration::from_secs(seconds)), said);
        }
    }
}
