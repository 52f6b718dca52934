//! The owner's numbers: one message that is edited, with its picture.

use crate::domain::{
    Currency, Millis, Money, OrderStatus,
    button::Button,
    revenue::{Revenue, Sum},
};

use super::{
    Embed, File, Locale, Marker, Post, Press, Row, Tone,
    chart::{self, Column, Square},
    text, words,
};

/// The states that still ask something of somebody, in the order of an order's life.
const OPEN: [(OrderStatus, Square); 4] = [
    (OrderStatus::PendingPayment, Square::Yellow),
    (OrderStatus::PaymentSubmitted, Square::Blue),
    (OrderStatus::Provisioning, Square::Purple),
    (OrderStatus::NeedsAttention, Square::Red),
];

/// The most methods or plans that are named; more would make the message too long for a phone.
const NAMED: usize = 8;

#[derive(Debug)]
pub struct DashboardFacts<'a> {
    pub shop: &'a str,
    /// The run of the program that shows it.
    pub boot: &'a str,
    pub currency: Currency,
    /// When the numbers were read.
    pub now: Millis,
    /// Since when revenue is not complete, if that is so.
    pub stale_since: Option<Millis>,
    /// Today, this month, this quarter, this year.
    pub totals: [Sum; 4],
    /// Each of the last 30 days with its day of the month, today last.
    pub days: &'a [(u32, Sum)],
    pub month: &'a Revenue,
    /// What people call a payment method or plan of this id.
    pub method_names: &'a [(String, String)],
    /// See [`Self::method_names`].
    pub plan_names: &'a [(String, String)],
    pub orders: &'a [(OrderStatus, u64)],
    pub active: u64,
    /// Of these, those that end soon.
    pub expiring: u64,
    pub expiring_days: u32,
    /// Panels that are down, and since when.
    pub down: &'a [(String, Millis)],
}

impl DashboardFacts<'_> {
    fn count(&self, status: OrderStatus) -> u64 {
        self.orders.iter().find(|(known, _)| *known == status).map_or(0, |(_, count)| *count)
    }

    fn sold(&self) -> u64 {
        let sales: i64 = self.days.iter().map(|(_, sum)| sum.sales).sum();
        u64::try_from(sales).unwrap_or(0)
    }

    fn columns(&self) -> Vec<Column> {
        let unit = 10_i64.pow(u32::from(self.currency.exponent()));
        self.days.iter().map(|(day, sum)| Column { day: *day, amount: sum.minor / unit }).collect()
    }

    fn rows(&self) -> Vec<(Square, u64)> {
        let open = OPEN.iter().map(|(status, square)| (*square, self.count(*status)));
        open.chain([(Square::Green, self.sold())]).collect()
    }

    /// What the picture shows: while it stays the same, so does the picture.
    pub fn picture_key(&self) -> String {
        let days: Vec<_> = self.columns().iter().map(|column| format!("{}:{}", column.day, column.amount)).collect();
        let rows: Vec<_> = self.rows().iter().map(|(_, count)| count.to_string()).collect();
        format!("{};{}", days.join(","), rows.join(","))
    }
}

/// The picture of the numbers.
pub fn picture(facts: &DashboardFacts<'_>) -> Option<File> {
    chart::png(&facts.columns(), &facts.rows())
}

/// The message; with a picture when there is a new one, and showing the one that is there otherwise.
pub fn dashboard(locale: Locale, facts: &DashboardFacts<'_>, picture: Option<File>) -> Post {
    let ago = ("ago", text::relative(facts.now).into());
    let currency = ("currency", facts.currency.code().to_owned().into());
    let body = match facts.stale_since {
        None => locale.with("dashboard-body", &[ago, currency]),
        Some(at) => locale.with("dashboard-as-of", &[ago, currency, ("at", text::date(at).into())]),
    };
    let tone = if facts.down.is_empty() { Tone::Good } else { Tone::Bad };
    let title = locale.with("dashboard-title", &[("shop", words::name(facts.shop).into())]);
    let mut embed = Embed::new(tone, title).body(body).picture(chart::FILE_NAME);
    let periods = ["dashboard-today", "dashboard-month", "dashboard-quarter", "dashboard-year"];
    for (period, total) in periods.into_iter().zip(facts.totals) {
        embed = embed.short(locale.say(period), sum(locale, facts, total));
    }
    embed = embed
        .field(locale.say("dashboard-orders"), orders(locale, facts))
        .field(locale.say("dashboard-customers"), running(locale, facts))
        .short(locale.say("dashboard-by-method"), lines(locale, facts, &facts.month.by_method, facts.method_names))
        .short(locale.say("dashboard-by-plan"), lines(locale, facts, &facts.month.by_plan, facts.plan_names));
    if facts.month.manual != Sum::default() {
        embed = embed.field(locale.say("dashboard-manual"), sum(locale, facts, facts.month.manual));
    }
    if !facts.down.is_empty() {
        embed = embed.field(locale.say("dashboard-down"), down(locale, facts));
    }
    let post = Post::embed(embed).row(Row::Buttons(buttons(locale))).marked(&Marker::dashboard(facts.boot));
    match picture {
        Some(file) => post.file(file),
        None => post,
    }
}

fn buttons(locale: Locale) -> Vec<Press> {
    let press = |button, label: &str| Press::ours(button, locale.say(label), Tone::Over);
    vec![
        press(Button::DashboardRefresh, "dashboard-refresh-button"),
        press(Button::DashboardExport, "dashboard-export-button"),
        press(Button::DashboardBackup, "dashboard-backup-button"),
    ]
}

fn sum(locale: Locale, facts: &DashboardFacts<'_>, sum: Sum) -> String {
    let amount = Money::new(sum.minor, facts.currency).to_string();
    locale.with("dashboard-sum", &[("amount", amount.into()), ("sales", sum.sales.into())])
}

fn orders(locale: Locale, facts: &DashboardFacts<'_>) -> String {
    let open = OPEN.iter().map(|(status, square)| (*square, words::status(locale, *status), facts.count(*status)));
    let sold = (Square::Green, locale.say("dashboard-sold"), facts.sold());
    let mut lines: Vec<_> = open
        .chain([sold])
        .map(|(square, state, count)| {
            let square = ("square", square.emoji().into());
            locale.with("dashboard-state", &[square, ("state", state.into()), ("count", count.into())])
        })
        .collect();
    let count = |status| facts.count(status).into();
    lines.push(locale.with(
        "dashboard-ended",
        &[
            ("completed", count(OrderStatus::Completed)),
            ("declined", count(OrderStatus::Declined)),
            ("cancelled", count(OrderStatus::Cancelled)),
            ("expired", count(OrderStatus::Expired)),
            ("reversed", count(OrderStatus::Reversed)),
        ],
    ));
    lines.join("\n")
}

fn running(locale: Locale, facts: &DashboardFacts<'_>) -> String {
    let days = words::days(locale, facts.expiring_days);
    locale.with(
        "dashboard-running",
        &[("active", facts.active.into()), ("expiring", facts.expiring.into()), ("days", days.into())],
    )
}

/// What each method or plan brought, the most first.
fn lines(locale: Locale, facts: &DashboardFacts<'_>, sums: &[(String, Sum)], names: &[(String, String)]) -> String {
    if sums.is_empty() {
        return locale.say("dashboard-nothing");
    }
    let largest = sums.iter().take(NAMED).map(|(id, brought)| {
        let name = names.iter().find(|(known, _)| known == id).map_or(id, |(_, name)| name);
        let brought = sum(locale, facts, *brought);
        // Eight of these must fit into one field.
        locale.with("dashboard-line", &[("name", text::plain(name, 40).into()), ("sum", brought.into())])
    });
    largest.collect::<Vec<_>>().join("\n")
}

fn down(locale: Locale, facts: &DashboardFacts<'_>) -> String {
    let lines = facts.down.iter().take(NAMED).map(|(panel, since)| {
        let panel = ("panel", text::plain(panel, 40).into());
        locale.with("dashboard-down-line", &[panel, ("since", text::date(*since).into())])
    });
    lines.collect::<Vec<_>>().join("\n")
}

pub fn refreshed(locale: Locale, in_time: bool) -> Post {
    Post::text(locale.say(if in_time { "dashboard-refreshed" } else { "dashboard-refresh-late" }))
}
