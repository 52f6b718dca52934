//! Lines for staff in the review channel, and direct messages to the owners.

use chrono::NaiveDate;

use crate::domain::{
    ChannelId, Currency, GuildId, MessageId, Millis, Money, Order,
    amount::Amount,
    audit::Anchor,
    books::Gift,
    button::Button,
    discord_error::Refused,
    effect::{OwnerNews, Part, StaffNews},
    revenue::Sum,
    time::DAY_MS,
};

use super::{Locale, Marker, Post, Press, Row, Tone, discord_error, guild_setup, text, words};

/// A line for staff; `order` is the order it is about.
pub fn staff(locale: Locale, news: &StaffNews, order: &Order) -> Post {
    match news {
        StaffNews::Dropped { order: id, key, by } => {
            let arguments = [
                ("who", text::person(*by).into()),
                ("customer", text::person(order.customer).into()),
                ("order", text::code(id.as_str(), 20).into()),
                ("key", text::code(key, 150).into()),
                ("status", words::status(locale, order.status()).into()),
            ];
            Post::text(locale.with("news-dropped", &arguments)).marked(&Marker::dropped(id, key))
        }
        StaffNews::ReferenceTaken { order: id, twin, foreign } => {
            let arguments = [
                ("customer", text::person(order.customer).into()),
                ("order", text::code(id.as_str(), 20).into()),
                ("twin", text::code(twin.as_str(), 20).into()),
            ];
            let said = if *foreign { "news-reference-foreign" } else { "news-reference-own" };
            Post::text(locale.with(said, &arguments)).marked(&Marker::reference(id, twin))
        }
        StaffNews::ReviewWaits { order: id, submission } => {
            let arguments =
                [("customer", text::person(order.customer).into()), ("order", text::code(id.as_str(), 20).into())];
            Post::text(locale.with("news-review-waits", &arguments)).marked(&Marker::waits(id, *submission))
        }
        StaffNews::CounterBack { order: id, at } => {
            let arguments =
                [("customer", text::person(order.customer).into()), ("order", text::code(id.as_str(), 20).into())];
            Post::text(locale.with("news-counter-back", &arguments)).marked(&Marker::counter(id, *at))
        }
        StaffNews::OutOfAttempts { order: id } => {
            let arguments = [
                ("customer", text::person(order.customer).into()),
                ("order", text::code(id.as_str(), 20).into()),
                ("ticket", ticket(locale, order).into()),
            ];
            let give = Press::ours(Button::GiveAttempt(id.clone()), locale.say("more-attempt"), Tone::Ask);
            let post = Post::text(locale.with("news-out-of-attempts", &arguments)).marked(&Marker::attempts(id));
            post.row(Row::Buttons(vec![give]))
        }
        // What was written is read where it stands.
        StaffNews::Wrote { order: id, message, .. } => wrote(locale, order, "").marked(&Marker::wrote(id, *message)),
        StaffNews::Duplicate { order: id, twin, foreign, source } => {
            let arguments = [
                ("customer", text::person(order.customer).into()),
                ("order", text::code(id.as_str(), 20).into()),
                ("twin", text::code(twin.as_str(), 20).into()),
                ("ticket", ticket(locale, order).into()),
            ];
            let id_of_text = if *foreign { "news-duplicate-foreign" } else { "news-duplicate-own" };
            Post::text(locale.with(id_of_text, &arguments)).marked(&Marker::duplicate(id, source))
        }
    }
}

/// A line for staff with what a customer wrote to the bot while the ticket is locked.
pub fn wrote(locale: Locale, order: &Order, said: &str) -> Post {
    let arguments = [
        ("customer", text::person(order.customer).into()),
        ("order", text::code(order.id.as_str(), 20).into()),
        ("ticket", ticket(locale, order).into()),
        ("text", words::reason(said).into()),
    ];
    Post::text(locale.with("news-wrote", &arguments))
}

fn ticket(locale: Locale, order: &Order) -> String {
    order.ticket.channel.map_or_else(|| locale.say("common-no-ticket"), text::channel)
}

/// A direct message to an owner.
pub fn owner(locale: Locale, news: &OwnerNews) -> Post {
    let content = match news {
        OwnerNews::NoRoom { .. } => locale.say("news-no-room"),
        OwnerNews::NoTicket { order, why } => {
            let why = discord_error::why(locale, why.unwrap_or(Refused::Other));
            locale.with("news-no-ticket", &[("order", text::code(order.as_str(), 20).into()), ("why", why.into())])
        }
        OwnerNews::Kicked { .. } => {
            locale.with("news-kicked", &[("why", discord_error::why(locale, Refused::NoServer).into())])
        }
        OwnerNews::Refused { why } => locale.with("news-refused", &[("why", discord_error::why(locale, *why).into())]),
        OwnerNews::ReviewWaits { order, .. } => {
            locale.with("news-review-waits-long", &[("order", text::code(order.as_str(), 20).into())])
        }
        OwnerNews::LoginRefused { panel } => locale.with("news-login-refused", &[("panel", words::name(panel).into())]),
        OwnerNews::NoBackup => locale.say("news-no-backup"),
        OwnerNews::ClockJumped { at, minutes, hold } => locale.with(
            "news-clock-jumped",
            &[("at", text::date(*at).into()), ("minutes", (*minutes).into()), ("hold", (*hold).into())],
        ),
        OwnerNews::LittleRoom { megabytes, .. } => {
            locale.with("news-little-room", &[("megabytes", (*megabytes).into())])
        }
        OwnerNews::CannotWrite { at } => locale.with("news-cannot-write", &[("at", text::relative(*at).into())]),
        OwnerNews::WritesAgain { at } => locale.with("news-writes-again", &[("at", text::relative(*at).into())]),
        OwnerNews::ClockSetBack { at, minutes } => {
            locale.with("news-clock-set-back", &[("at", text::date(*at).into()), ("minutes", (*minutes).into())])
        }
        OwnerNews::Faults { part, times, incident, .. } => {
            let id = match part {
                Part::Answers => "news-faults-answers",
                Part::Events => "news-faults-events",
                Part::Tasks => "news-faults-tasks",
                Part::Outbox => "news-faults-outbox",
            };
            let incident = text::code(incident.as_str(), 40);
            locale.with(id, &[("times", (*times).into()), ("incident", incident.into())])
        }
        OwnerNews::StrayTicket { channel } => {
            locale.with("news-stray-ticket", &[("channel", text::channel(*channel).into())])
        }
        OwnerNews::Premises { flaws, .. } => return guild_setup::news(locale, flaws, &Marker::owner(news)),
        OwnerNews::SecondBot { boot } => locale.with("news-second-bot", &[("boot", text::code(boot, 30).into())]),
        OwnerNews::OwnOrder { order, by } => locale.with(
            "news-own-order",
            &[("who", text::person(*by).into()), ("order", text::code(order.as_str(), 20).into())],
        ),
        OwnerNews::Parked { key, why: None } => locale.with("news-parked", &[("key", text::code(key, 150).into())]),
        OwnerNews::Parked { key, why: Some(why) } => {
            let why = discord_error::why(locale, *why);
            locale.with("news-parked-refused", &[("key", text::code(key, 150).into()), ("why", why.into())])
        }
    };
    Post::text(content).marked(&Marker::owner(news))
}

/// A button that leads to a message, such as the card that a line is about.
pub fn link_to(locale: Locale, guild: GuildId, channel: ChannelId, message: MessageId) -> Row {
    let url = format!("https://discord.com/channels/{guild}/{channel}/{message}");
    Row::Buttons(vec![Press::Link { url, label: locale.say("news-to-card-button") }])
}

/// What the owners' daily message says.
#[derive(Debug, Clone)]
pub struct DayFacts {
    /// The day it is about.
    pub day: NaiveDate,
    /// What customers paid on it.
    pub sold: Sum,
    pub currency: Currency,
    /// Orders that wait for their customer now.
    pub unpaid: u64,
    /// Orders that wait for staff now.
    pub to_review: u64,
    /// Orders that wait for a panel now.
    pub in_work: u64,
    /// Orders that wait for somebody to look why they failed.
    pub stuck: u64,
    pub parked: usize,
    /// What staff gave on it without a sale.
    pub gifts: Vec<Gift>,
    /// When the newest backup was made.
    pub backup: Option<Millis>,
    /// The audit log's last entry.
    pub audit: Option<Anchor>,
    /// What became of the entry that the message before named.
    pub noted: Noted,
}

/// What became of the audit log's entry that an earlier message named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noted {
    /// There was no such message, or the entry is there.
    Holds,
    /// It is not, because a backup was restored.
    Restored(Anchor),
    /// It is not, or the log is not whole.
    Broken(Anchor),
}

/// The audit log's entry that an owners' daily message names.
pub fn anchor_in(content: &str) -> Option<Anchor> {
    content.split_whitespace().find_map(|word| word.trim_matches('`').parse().ok())
}

/// So many members of staff are named; the message has to fit.
const GIVERS: usize = 8;

/// What each member of staff gave, a line each.
fn gifts(locale: Locale, gifts: &[Gift]) -> String {
    if gifts.is_empty() {
        return locale.say("news-day-no-gifts");
    }
    let mut lines: Vec<_> = gifts.iter().take(GIVERS).map(|gift| gift_line(locale, gift)).collect();
    if gifts.len() > GIVERS {
        lines.push(locale.with("news-day-more-gifts", &[("count", (gifts.len() - GIVERS).into())]));
    }
    lines.insert(0, String::new());
    lines.join("\n")
}

fn gift_line(locale: Locale, gift: &Gift) -> String {
    let days = match gift.time {
        Amount::Endless => locale.say("common-endless"),
        Amount::Some(ms) => words::counted_days(locale, u32::try_from(ms / DAY_MS.unsigned_abs()).unwrap_or(u32::MAX)),
    };
    let traffic = match gift.bytes {
        Amount::Endless => locale.say("common-unlimited"),
        Amount::Some(bytes) => words::gigabytes(locale, bytes),
    };
    let arguments = [
        ("who", text::person(gift.by).into()),
        ("times", gift.times.into()),
        ("days", days.into()),
        ("traffic", traffic.into()),
        ("own", gift.own.into()),
    ];
    locale.with(if gift.own > 0 { "news-day-gift-own" } else { "news-day-gift" }, &arguments)
}

/// The owners' daily message. The hash is there to be kept outside the machine: who cuts off the
/// end of the audit log cannot change what was sent.
pub fn day(locale: Locale, facts: &DayFacts) -> Post {
    let amount = Money::new(facts.sold.minor, facts.currency).to_string();
    let backup = facts.backup.map_or_else(|| locale.say("news-day-no-backup"), text::date);
    let head = facts.audit.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    let noted = |id, anchor: &Anchor| {
        locale.with(id, &[("entry", anchor.entry.into()), ("anchor", text::code(&anchor.to_string(), 90).into())])
    };
    let noted = match &facts.noted {
        Noted::Holds => String::new(),
        Noted::Restored(anchor) => noted("news-day-audit-restored", anchor) + "\n\n",
        Noted::Broken(anchor) => noted("news-day-audit-broken", anchor) + "\n\n",
    };
    let arguments = [
        ("day", facts.day.to_string().into()),
        ("sales", facts.sold.sales.into()),
        ("revenue", text::code(&amount, 60).into()),
        ("unpaid", facts.unpaid.into()),
        ("review", facts.to_review.into()),
        ("work", facts.in_work.into()),
        ("stuck", facts.stuck.into()),
        ("parked", facts.parked.into()),
        ("gifts", gifts(locale, &facts.gifts).into()),
        ("backup", backup.into()),
        ("head", text::code(&head, 90).into()),
    ];
    Post::text(noted + &locale.with("news-day", &arguments)).marked(&Marker::day(facts.day))
}
