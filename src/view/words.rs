//! Values that many texts contain: a price, a length of time, an amount of traffic.

use crate::domain::{
    Money, OrderStatus,
    order::PlanSnapshot,
    trouble::{Cause, Trouble},
};

use super::{Locale, text};

/// The longest name of a plan, method or person in a sentence.
pub(super) const NAME: usize = 80;
/// The longest reason or cause in a sentence.
pub(super) const REASON: usize = 500;

/// 2^30 bytes: what the panels sell as a gigabyte.
const GB: u64 = 1 << 30;

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
        Cause::OnlyReset => "review-cause-only-reset",
        Cause::Stranger => "review-cause-stranger",
        Cause::NoPanel => "review-cause-no-panel",
        Cause::Behind => "review-cause-behind",
        Cause::Absent => "review-cause-absent",
        Cause::OtherInbound => "review-cause-other-inbound",
        Cause::GaveUp => "review-cause-gave-up",
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
        days => locale.with("common-days", &[("days", days.into())]),
    }
}

/// How much traffic, to a tenth of a gigabyte.
pub(super) fn traffic(locale: Locale, bytes: u64) -> String {
    if bytes == 0 {
        return locale.say("common-unlimited");
    }
    gigabytes(locale, bytes)
}

/// An amount of bytes that may be none.
pub(super) fn gigabytes(locale: Locale, bytes: u64) -> String {
    let tenths = (u128::from(bytes) * 10 / u128::from(GB)).max(u128::from(bytes > 0));
    let amount =
        if tenths.is_multiple_of(10) { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) };
    locale.with("common-gigabytes", &[("amount", amount.into())])
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
