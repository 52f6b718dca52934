//! Admin commands: what is suggested while somebody types, why it is not clear who was meant,
//! and a customer's record. Never a link, a uuid or a subscription id.

use chrono_tz::Tz;

use crate::domain::{Millis, OrderId, OrderStatus, UserId, access_state::AccessState, grants::Expiry, revenue};

use super::{Embed, Locale, Post, Tone, text, words};

/// The longest name of a suggestion.
const CHOICE: usize = 100;

/// A subscription as it is suggested: person, plan, end and e-mail.
pub fn subscription_choice(
    locale: Locale,
    zone: Tz,
    name: &str,
    plan: Option<&str>,
    expiry: Option<Expiry>,
    email: &str,
) -> String {
    let plan = plan.map_or_else(|| locale.say("admin-choice-no-plan"), |plan| text::label(plan, 20));
    let (name, email) = (text::label(name, 24), text::label(email, 24));
    let mut arguments = vec![("name", name.into()), ("plan", plan.into()), ("email", email.into())];
    let id = match expiry {
        None => "admin-choice-pending",
        Some(Expiry::Never) => "admin-choice-endless",
        Some(Expiry::At(at)) => {
            arguments.push(("until", revenue::day_of(at, zone).to_string().into()));
            "admin-choice-subscription"
        }
    };
    text::label(&locale.with(id, &arguments), CHOICE)
}

/// A person as they are suggested: name and Discord id.
pub fn person_choice(name: &str, id: UserId) -> String {
    format!("{} · {id}", text::label(name, 60))
}

/// An order as it is suggested: id, person, plan and state.
pub fn order_choice(locale: Locale, order: &OrderId, name: &str, plan: &str, status: OrderStatus) -> String {
    let arguments = [
        ("order", order.to_string().into()),
        ("name", text::label(name, 24).into()),
        ("plan", text::label(plan, 20).into()),
        ("status", words::status(locale, status).into()),
    ];
    text::label(&locale.with("admin-choice-order", &arguments), CHOICE)
}

/// Why it is not clear who or what a command is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unclear {
    Nothing,
    /// A value that was never suggested.
    Value,
    /// The subscription is not there any more.
    Gone,
    /// No order has this id.
    NoOrder,
    /// A person and somebody else's subscription.
    Contradiction {
        /// The person that was chosen.
        user: UserId,
        owner: UserId,
    },
    /// A person who never ordered.
    EmailTaken(UserId),
    /// A person without a subscription on a panel.
    NoSubscription(UserId),
    /// A person with more than one.
    Several(UserId),
    /// An order into which nothing was provisioned.
    NotProvisioned(OrderId),
}

/// The one sentence about it.
pub fn unclear(locale: Locale, why: &Unclear) -> Post {
    let about = |id: &str, user: UserId| locale.with(id, &[("user", text::person(user).into())]);
    Post::text(match why {
        Unclear::Nothing => locale.say("admin-unclear-nothing"),
        Unclear::Value => locale.say("admin-unclear-value"),
        Unclear::Gone => locale.say("admin-unclear-gone"),
        Unclear::NoOrder => locale.say("admin-unclear-order"),
        Unclear::Contradiction { user, owner } => locale.with(
            "admin-unclear-other",
            &[("owner", text::person(*owner).into()), ("user", text::person(*user).into())],
        ),
        Unclear::EmailTaken(user) => about("admin-unclear-stranger", *user),
        Unclear::NoSubscription(user) => about("admin-unclear-none", *user),
        Unclear::Several(user) => about("admin-unclear-several", *user),
        Unclear::NotProvisioned(order) => {
            locale.with("admin-unclear-unpaid", &[("order", text::code(order.as_str(), 20).into())])
        }
    })
}

/// What a customer's record is made of.
#[derive(Debug, Clone)]
pub struct CustomerFacts<'a> {
    pub user: UserId,
    /// Their name when last seen.
    pub name: &'a str,
    /// When they came for the first time.
    pub first_seen: Millis,
    /// Why they may not order, and since when, where that is known.
    pub blocked: Option<(&'a str, Option<Millis>)>,
    /// Their subscriptions, newest first.
    pub subscriptions: &'a [SubscriptionFacts<'a>],
    /// Subscriptions that are not among them.
    pub more: usize,
    /// Their latest orders, newest first.
    pub orders: &'a [OrderFacts<'a>],
}

/// A subscription in a customer's record.
#[derive(Debug, Clone)]
pub struct SubscriptionFacts<'a> {
    /// The plan last bought, if an order stands behind it.
    pub plan: Option<&'a str>,
    /// The client's e-mail on the panel.
    pub email: &'a str,
    /// The end that we wrote.
    pub expiry: Expiry,
    /// The quota that we wrote in bytes, 0 = unlimited.
    pub quota: u64,
    /// Bytes used in all, and when that was read.
    pub used: (u64, Millis),
    pub state: AccessState,
    /// The panel's own end and quota, where they are not what we wrote.
    pub differs: Option<(Expiry, u64)>,
}

/// An order in a customer's record.
#[derive(Debug, Clone)]
pub struct OrderFacts<'a> {
    pub id: &'a OrderId,
    pub plan: &'a str,
    pub status: OrderStatus,
    pub created_at: Millis,
}

pub fn customer(locale: Locale, facts: &CustomerFacts<'_>) -> Post {
    let who = locale.with(
        "review-customer",
        &[("mention", text::person(facts.user).into()), ("name", words::name(facts.name).into())],
    );
    let tone = if facts.blocked.is_some() { Tone::Bad } else { Tone::Ask };
    let mut embed = Embed::new(tone, locale.say("admin-info-title"))
        .body(who)
        .field(locale.say("admin-info-since"), text::date(facts.first_seen));
    if let Some((reason, since)) = facts.blocked {
        let reason = words::reason(reason);
        let line = match since {
            None => reason,
            Some(since) => locale
                .with("admin-info-blocked-since", &[("reason", reason.into()), ("when", text::date(since).into())]),
        };
        embed = embed.field(locale.say("admin-info-blocked"), line);
    }
    for one in facts.subscriptions {
        let plan = one.plan.map_or_else(|| locale.say("admin-choice-no-plan"), words::name);
        let name = locale.with(
            "admin-info-subscription",
            &[("plan", plan.into()), ("email", text::plain(one.email, words::NAME).into())],
        );
        embed = embed.field(name, subscription(locale, one));
    }
    let lines: Vec<_> = facts.orders.iter().map(|order| order_line(locale, order)).collect();
    let orders = if lines.is_empty() { locale.say("admin-info-no-orders") } else { lines.join("\n") };
    embed = embed.field(locale.say("admin-info-orders"), orders);
    let mut post = Post::embed(embed);
    if facts.more > 0 {
        post.content = locale.with("admin-info-more", &[("count", facts.more.into())]);
    }
    post
}

fn subscription(locale: Locale, facts: &SubscriptionFacts<'_>) -> String {
    let (used, at) = facts.used;
    let used = locale.with(
        "admin-info-use",
        &[
            ("used", words::gigabytes(locale, used).into()),
            ("quota", words::traffic(locale, facts.quota).into()),
            ("when", text::relative(at).into()),
        ],
    );
    let mut lines = vec![until(locale, facts.expiry), used];
    lines.push(words::state_for_staff(locale, facts.state));
    if let Some((expiry, quota)) = facts.differs {
        let arguments = [("until", until(locale, expiry).into()), ("quota", words::traffic(locale, quota).into())];
        lines.push(locale.with("admin-info-differs", &arguments));
    }
    lines.join("\n")
}

fn until(locale: Locale, expiry: Expiry) -> String {
    match expiry {
        Expiry::Never => locale.say("admin-info-endless"),
        Expiry::At(at) => {
            locale.with("admin-info-until", &[("date", text::date(at).into()), ("relative", text::relative(at).into())])
        }
    }
}

fn order_line(locale: Locale, order: &OrderFacts<'_>) -> String {
    locale.with(
        "admin-info-order",
        &[
            ("order", text::code(order.id.as_str(), 20).into()),
            ("plan", text::plain(order.plan, 30).into()),
            ("status", words::status(locale, order.status).into()),
            ("when", text::date(order.created_at).into()),
        ],
    )
}
