//! Marks by which a message of ours is found again after a crash: "have I sent this already?"

use std::fmt;

use super::text;
use crate::domain::{
    Millis, OrderId,
    change::ChangeId,
    effect::{Audience, Change, Notice, OutageId, OwnerNews},
    order::{SubmissionId, SubscriptionRow},
};

/// A mark in a message: an embed's footer, or the small last line of one without embeds.
///
/// It is the same in every language, and a message carries it for as long as it lives.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Marker(String);

/// What a dashboard's footer begins with.
const DASHBOARD: &str = "dashboard · run ";

impl Marker {
    /// How Discord writes small grey text.
    pub const SMALL: &'static str = "-# ";

    /// The review card of a proof.
    pub fn proof(order: &OrderId, submission: SubmissionId) -> Self {
        Self(format!("order {order} · proof {submission}"))
    }

    /// The status message of a ticket.
    pub fn ticket(order: &OrderId) -> Self {
        Self(format!("order {order} · ticket"))
    }

    /// The direct message with the link.
    pub fn link(order: &OrderId) -> Self {
        Self(format!("order {order} · link"))
    }

    /// A notice in a ticket.
    pub fn notice(order: &OrderId, notice: &Notice) -> Self {
        Self(format!("order {order} · {}", notice.key()))
    }

    /// The answer to what somebody without a ticket wrote to the bot.
    pub fn direct(message: u64) -> Self {
        Self(format!("direct {message}"))
    }

    /// The link that staff had sent again; `asked` is what they asked with.
    pub fn resent(subscription: SubscriptionRow, asked: u64) -> Self {
        Self(format!("access {} · link {asked}", subscription.0))
    }

    /// A line for staff about a picture that another order owns; `source` is what it came with.
    pub fn duplicate(order: &OrderId, source: &str) -> Self {
        Self(format!("order {order} · duplicate {source}"))
    }

    /// A line for staff about an effect that was taken out of the outbox.
    pub fn dropped(order: &OrderId, key: &str) -> Self {
        // A panel's name in a key is the operator's word, not a ping.
        let key = key.replace(['@', '<', '`', '\n'], "_");
        Self(format!("order {order} · dropped {}", text::label(&key, 150)))
    }

    /// A line for staff about a transaction reference that another order owns.
    pub fn reference(order: &OrderId, twin: &OrderId) -> Self {
        Self(format!("order {order} · reference {twin}"))
    }

    /// A line for staff about an order that takes no more proofs.
    pub fn attempts(order: &OrderId) -> Self {
        Self(format!("order {order} · attempts"))
    }

    /// A line for staff about what a customer wrote to the bot.
    pub fn wrote(order: &OrderId, message: u64) -> Self {
        Self(format!("order {order} · wrote {message}"))
    }

    /// A line for staff about a proof that waits.
    pub fn waits(order: &OrderId, submission: SubmissionId) -> Self {
        Self(format!("order {order} · waits {submission}"))
    }

    /// A line for staff about a counter that stands high again.
    pub fn counter(order: &OrderId, at: Millis) -> Self {
        Self(format!("order {order} · counter {at}"))
    }

    /// A message to an owner.
    pub fn owner(news: &OwnerNews) -> Self {
        // A panel's name is the operator's word: it may stand here, but not as a ping.
        let key = news.key().replace(['@', '<', '`', '\n'], "_");
        Self(format!("owner · {}", text::label(&key, 150)))
    }

    /// The owners' message about a day.
    pub fn day(day: chrono::NaiveDate) -> Self {
        Self(format!("owner · day {day}"))
    }

    /// Whether a message with this content is the owners' message about some day.
    pub fn is_of_a_day(content: &str) -> bool {
        let last_line = content.lines().next_back().and_then(|line| line.strip_prefix(Self::SMALL));
        last_line.is_some_and(|line| line.starts_with("owner · day "))
    }

    /// The owners' message of the week that begins at a day.
    pub fn week(day: chrono::NaiveDate) -> Self {
        Self(format!("owner · week {day}"))
    }

    /// The news of an outage's beginning or end. An owner whose direct messages are closed is told
    /// in the channel where staff are.
    pub fn outage(outage: OutageId, change: Change, to: Audience) -> Self {
        Self(format!("outage {} · {} · {}", outage.0, change.as_str(), to.as_str()))
    }

    /// A message about a change by staff: the customer's, and the line in the review channel.
    pub fn change(change: ChangeId) -> Self {
        Self(format!("change {change}"))
    }

    /// The card of a sale that staff entered.
    pub fn sale(order: &OrderId) -> Self {
        Self(format!("order {order} · sale by hand"))
    }

    /// The direct message with an encrypted backup.
    pub fn backup(file: &str) -> Self {
        Self(format!("backup · {}", text::label(file, 100)))
    }

    /// The dashboard; `boot` names the run of the program that wrote it last, so that an owner
    /// sees when a second one does.
    pub fn dashboard(boot: &str) -> Self {
        Self(format!("{DASHBOARD}{boot}"))
    }

    /// The run that wrote a dashboard, from its footer; `None` for every other message.
    pub fn parse_dashboard(footer: &str) -> Option<&str> {
        footer.strip_prefix(DASHBOARD)
    }

    /// Whether a message with this content and these footers carries this marker.
    pub fn is_in<'a>(&self, content: &'a str, footers: impl IntoIterator<Item = &'a str>) -> bool {
        let last_line = content.lines().next_back().and_then(|line| line.strip_prefix(Self::SMALL));
        last_line.into_iter().chain(footers).any(|text| text == self.0)
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_found_by_its_footer() {
        let order = OrderId::from_random(7);
        let marker = Marker::proof(&order, SubmissionId(12));
        assert_eq!(marker.to_string(), "order 7000000000 · proof 12");
        assert!(marker.is_in("", ["other", "order 7000000000 · proof 12"]));
        assert!(!marker.is_in("", ["order 7000000000 · proof 123"]));
    }

    #[test]
    fn a_dashboard_is_known_whoever_wrote_it() {
        let footer = Marker::dashboard("00ff").to_string();
        assert_eq!(Marker::parse_dashboard(&footer), Some("00ff"));
        assert_eq!(Marker::parse_dashboard("order 7000000000 · ticket"), None);
    }

    #[test]
    fn a_notice_is_found_by_its_last_line() {
        let marker = Marker::notice(&OrderId::from_random(7), &Notice::Welcome);
        assert!(marker.is_in("Hello\n-# order 7000000000 · welcome", []));
        assert!(!marker.is_in("-# order 7000000000 · welcome\nHello", []));
    }
}
