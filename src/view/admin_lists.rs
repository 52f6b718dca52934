//! Lists and questions of the admin commands: the queue, an order's file, blocking, a link sent again.

use url::Url;

use crate::domain::{
    ChannelId, GuildId, MessageId, Millis, Money, Order, OrderId, OrderState, OrderStatus, SubmissionId, UserId,
    button::{Button, Token},
    order::Source,
    proofs::Verdict,
};

use super::{Embed, Locale, Post, Press, Row, Tone, post::File, review::delivery_text, text, words};

/// So many orders stand on a page of the queue.
pub const PAGE: usize = 10;
/// So many lines of an order's history stand in the message; all of them are in the file.
const HISTORY: usize = 12;
/// So many proofs of an order are shown, the latest.
const PROOFS: usize = 4;
/// The longest rest of an audit line in a message.
const DETAILS: usize = 90;

/// Where a message stands, as a link that a client opens by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub guild: GuildId,
    pub channel: ChannelId,
    pub message: MessageId,
}

impl Place {
    fn link(self) -> Option<Url> {
        let Self { guild, channel, message } = self;
        format!("https://discord.com/channels/{guild}/{channel}/{message}").parse().ok()
    }
}

/// An order that waits for staff.
#[derive(Debug, Clone)]
pub struct WaitingFacts<'a> {
    pub id: &'a OrderId,
    pub customer: UserId,
    pub plan: &'a str,
    pub price: Money,
    pub status: OrderStatus,
    pub since: Millis,
    pub ticket: Option<ChannelId>,
    pub card: Option<Place>,
}

/// A page of the queue, counted from 0; `all` is the whole queue.
pub fn queue(locale: Locale, all: &[WaitingFacts<'_>], page: usize) -> Post {
    if all.is_empty() {
        return Post::text(locale.say("desk-queue-empty"));
    }
    let pages = all.len().div_ceil(PAGE);
    let page = page.min(pages - 1);
    let lines: Vec<_> = all.iter().skip(page * PAGE).take(PAGE).map(|one| waiting(locale, one)).collect();
    let title = locale.with("desk-queue-title", &[("count", all.len().into())]);
    let mut embed = Embed::new(Tone::Ask, title).body(lines.join("\n"));
    if pages > 1 {
        embed.footer = Some(locale.with("desk-page", &[("page", (page + 1).into()), ("pages", pages.into())]));
    }
    let to = |page: usize| Button::Queue(u16::try_from(page).unwrap_or(u16::MAX));
    let mut buttons = Vec::new();
    if page > 0 {
        buttons.push(Press::ours(to(page - 1), locale.say("desk-newer-page"), Tone::Over));
    }
    if page + 1 < pages {
        buttons.push(Press::ours(to(page + 1), locale.say("desk-older-page"), Tone::Over));
    }
    Post::embed(embed).row(Row::Buttons(buttons))
}

fn waiting(locale: Locale, facts: &WaitingFacts<'_>) -> String {
    let none = || locale.say("common-no-ticket");
    let card = facts.card.and_then(Place::link);
    locale.with(
        "desk-queue-line",
        &[
            ("since", text::relative(facts.since).into()),
            ("customer", text::person(facts.customer).into()),
            ("plan", text::plain(facts.plan, 30).into()),
            ("price", facts.price.to_string().into()),
            ("status", words::status(locale, facts.status).into()),
            ("order", text::code(facts.id.as_str(), 20).into()),
            ("ticket", facts.ticket.map_or_else(none, text::channel).into()),
            ("card", card.map_or_else(none, |link| locale.with("desk-card", &[("link", link.as_str().into())])).into()),
        ],
    )
}

/// A proof in an order's file.
#[derive(Debug, Clone)]
pub struct ProofFacts<'a> {
    pub id: SubmissionId,
    pub at: Millis,
    pub verdict: &'a Verdict,
    /// How many things are to be noted about it.
    pub flags: usize,
    pub card: Option<Place>,
}

/// A line of the audit log.
#[derive(Debug, Clone)]
pub struct AuditFacts<'a> {
    /// Its place in the log.
    pub id: i64,
    pub at: Millis,
    /// Who; 0 is the bot itself.
    pub actor: UserId,
    /// What was done, as `noun.verb`.
    pub action: &'a str,
    pub target: &'a str,
    /// The rest, as JSON.
    pub payload: &'a str,
}

#[derive(Debug, Clone)]
pub struct OrderFile<'a> {
    pub order: &'a Order,
    /// Its customer's name when last seen.
    pub name: &'a str,
    /// The client's e-mail on the panel, once there is one.
    pub email: Option<&'a str>,
    /// Its proofs, oldest first.
    pub proofs: &'a [ProofFacts<'a>],
    /// What the audit log says, oldest first.
    pub history: &'a [AuditFacts<'a>],
}

/// An order's file. What does not fit into a message comes as a text file with it.
pub fn order(locale: Locale, facts: &OrderFile<'_>) -> Post {
    let order = facts.order;
    let title = locale.with("desk-order-title", &[("order", order.id.to_string().into())]);
    let customer = locale.with(
        "review-customer",
        &[("mention", text::person(order.customer).into()), ("name", words::name(facts.name).into())],
    );
    let ticket = order.ticket.channel.map_or_else(|| locale.say("common-no-ticket"), text::channel);
    let mut embed = Embed::new(Tone::Ask, title)
        .field(locale.say("review-customer-name"), customer)
        .field(locale.say("common-state"), state(locale, &order.state))
        .field(locale.say("common-plan"), words::contents(locale, &order.plan))
        .short(locale.say("desk-order-price"), order.plan.price.to_string())
        .short(locale.say("desk-order-made"), text::date(order.created_at))
        .short(locale.say("common-ticket"), ticket);
    if order.source == Source::Manual {
        embed = embed.short(locale.say("desk-order-source"), locale.say("desk-order-manual"));
    }
    if let Some(method) = &order.method {
        embed = embed.short(locale.say("common-method"), words::name(&method.name));
    }
    if order.received.minor > 0 {
        embed = embed.short(locale.say("desk-order-received"), order.received.to_string());
    }
    if order.status() == OrderStatus::Completed {
        embed = embed.field(locale.say("review-delivery"), delivery_text(locale, order.delivery));
    }
    if let Some(email) = facts.email {
        embed = embed.short(locale.say("desk-order-client"), text::code(email, words::NAME));
    }
    if !facts.proofs.is_empty() {
        let latest = facts.proofs.iter().skip(facts.proofs.len().saturating_sub(PROOFS));
        let lines: Vec<_> = latest.map(|one| proof(locale, one)).collect();
        embed = embed.field(locale.say("desk-order-proofs"), lines.join("\n"));
    }
    let hidden = facts.history.len().saturating_sub(HISTORY);
    let lines: Vec<_> = facts.history.iter().skip(hidden).map(|line| audit_line(locale, line, false)).collect();
    if !lines.is_empty() {
        embed.body = lines.join("\n");
    }
    let post = Post::embed(embed);
    if hidden == 0 { post } else { post.file(history_file(&order.id, facts.history)) }
}

/// The state with what belongs to it.
fn state(locale: Locale, state: &OrderState) -> String {
    let troubled = |trouble| words::trouble(locale, trouble);
    let (status, reason) = match state {
        OrderState::PendingPayment { declined, .. } => {
            (OrderStatus::PendingPayment, declined.as_deref().map(words::reason))
        }
        OrderState::PaymentSubmitted { returned } => (OrderStatus::PaymentSubmitted, returned.as_ref().map(troubled)),
        OrderState::Provisioning { .. } => (OrderStatus::Provisioning, None),
        OrderState::NeedsAttention { trouble, .. } => (OrderStatus::NeedsAttention, Some(troubled(trouble))),
        OrderState::Completed { .. } => (OrderStatus::Completed, None),
        OrderState::Declined { reason, .. } => (OrderStatus::Declined, Some(words::reason(reason))),
        OrderState::Cancelled { cause, .. } => (OrderStatus::Cancelled, Some(words::reason(cause.as_str()))),
        OrderState::Expired { .. } => (OrderStatus::Expired, None),
        OrderState::Reversed { reason, .. } => (OrderStatus::Reversed, Some(words::reason(reason))),
    };
    let status = words::status(locale, status);
    match reason {
        None => status,
        Some(reason) => locale.with("desk-order-state", &[("status", status.into()), ("reason", reason.into())]),
    }
}

fn proof(locale: Locale, facts: &ProofFacts<'_>) -> String {
    let decided = |id: &str, by: UserId, at: Millis| {
        locale.with(id, &[("who", text::person(by).into()), ("when", text::date(at).into())])
    };
    let verdict = match facts.verdict {
        Verdict::Pending => locale.say("desk-proof-pending"),
        Verdict::Approved { by, at } => decided("review-approved-by", *by, *at),
        Verdict::Part { by, at, .. } => decided("review-part-by", *by, *at),
        Verdict::Declined { by, at, .. } => decided("review-declined-by", *by, *at),
    };
    let card = facts.card.and_then(Place::link);
    let card = card.map_or_else(
        || locale.say("common-no-ticket"),
        |link| locale.with("desk-card", &[("link", link.as_str().into())]),
    );
    locale.with(
        "desk-proof",
        &[
            ("number", facts.id.to_string().into()),
            ("when", text::date(facts.at).into()),
            ("verdict", verdict.into()),
            ("flags", facts.flags.into()),
            ("card", card.into()),
        ],
    )
}

/// A line of the audit log; with what it is about where that is not clear from where it stands.
pub fn audit_line(locale: Locale, line: &AuditFacts<'_>, with_target: bool) -> String {
    let who = if line.actor.0 == 0 { locale.say("desk-audit-bot") } else { text::person(line.actor) };
    let mut details = if with_target { line.target.to_owned() } else { String::new() };
    if line.payload != "{}" {
        details = format!("{details} {}", line.payload);
    }
    let arguments = [
        ("when", text::date(line.at).into()),
        ("who", who.into()),
        ("action", text::code(line.action, 40).into()),
        ("details", text::plain(&details, DETAILS).into()),
    ];
    let id = if details.is_empty() { "desk-audit-bare" } else { "desk-audit-line" };
    locale.with(id, &arguments)
}

fn history_file(order: &OrderId, history: &[AuditFacts<'_>]) -> File {
    let line = |one: &AuditFacts<'_>| {
        let at = chrono::DateTime::from_timestamp_millis(one.at.0).unwrap_or_default();
        format!("{}\t{}\t{}\t{}\t{}\n", one.id, at.format("%Y-%m-%d %H:%M:%SZ"), one.actor, one.action, one.payload)
    };
    let text: String = history.iter().map(line).collect();
    File { name: format!("order-{order}.txt"), bytes: text.into_bytes() }
}

/// What is to be confirmed.
#[derive(Debug, Clone)]
pub enum Question<'a> {
    Block {
        user: UserId,
        reason: &'a str,
        /// Their orders that stay open.
        open: &'a [(OrderId, OrderStatus)],
    },
    Unblock {
        user: UserId,
    },
    /// Taking a parked effect out of the outbox.
    Drop {
        key: &'a str,
    },
    /// Letting the effects of a restored database be performed again.
    Release {
        /// When the backup was restored.
        since: Millis,
        waiting: u64,
    },
}

/// A question with its Confirm and Cancel.
pub fn question(locale: Locale, about: &Question<'_>, token: &Token, expires_at: Millis) -> Post {
    let embed = match about {
        Question::Block { user, reason, open } => {
            let body = locale.with("desk-block-body", &[("user", text::person(*user).into())]);
            let embed = Embed::new(Tone::Bad, locale.say("desk-block-title"))
                .body(body)
                .field(locale.say("common-reason"), words::reason(reason));
            let lines: Vec<_> = open.iter().take(PAGE).map(|(id, status)| open_order(locale, id, *status)).collect();
            if lines.is_empty() { embed } else { embed.field(locale.say("desk-block-open"), lines.join("\n")) }
        }
        Question::Unblock { user } => Embed::new(Tone::Good, locale.say("desk-unblock-title"))
            .body(locale.with("desk-unblock-body", &[("user", text::person(*user).into())])),
        Question::Release { since, waiting } => {
            let arguments = [("since", text::date(*since).into()), ("waiting", (*waiting).into())];
            Embed::new(Tone::Bad, locale.say("desk-release-title")).body(locale.with("desk-release-body", &arguments))
        }
        Question::Drop { key } => Embed::new(Tone::Bad, locale.say("desk-drop-title"))
            .body(locale.with("desk-drop-body", &[("key", text::code(key, 150).into())])),
    };
    let embed = embed.field(locale.say("decision-valid"), text::relative(expires_at));
    Post::embed(embed).row(Row::Buttons(vec![
        Press::ours(Button::Confirm(token.clone()), locale.say("decision-confirm-button"), Tone::Bad),
        Press::ours(Button::Abort(token.clone()), locale.say("decision-cancel-button"), Tone::Over),
    ]))
}

fn open_order(locale: Locale, id: &OrderId, status: OrderStatus) -> String {
    let arguments = [("order", text::code(id.as_str(), 20).into()), ("status", words::status(locale, status).into())];
    locale.with("desk-open-order", &arguments)
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// Somebody may not order any more.
    Blocked(UserId),
    /// They were blocked before.
    AlreadyBlocked(UserId),
    Unblocked(UserId),
    NotBlocked(UserId),
    /// A parked effect is tried again.
    Retried(String),
    /// A parked effect is gone for good.
    Dropped(String),
    /// It is not parked any more.
    NotParked,
    /// What a restored backup still wanted to do is done now.
    Released,
    NotHeld,
    /// The link is in the customer's direct messages.
    Resent(UserId),
    DmClosed(UserId),
    /// The link is on its way.
    Sending(UserId),
}

/// What came of it, in one sentence.
pub fn done(locale: Locale, done: &Done) -> Post {
    let user = |id: &str, user: &UserId| locale.with(id, &[("user", text::person(*user).into())]);
    let key = |id: &str, key: &str| locale.with(id, &[("key", text::code(key, 150).into())]);
    Post::text(match done {
        Done::Blocked(who) => user("desk-blocked", who),
        Done::AlreadyBlocked(who) => user("desk-already-blocked", who),
        Done::Unblocked(who) => user("desk-unblocked", who),
        Done::NotBlocked(who) => user("desk-not-blocked", who),
        Done::Retried(of) => key("desk-retried", of),
        Done::Dropped(of) => key("desk-dropped", of),
        Done::NotParked => locale.say("desk-not-parked"),
        Done::Released => locale.say("desk-released"),
        Done::NotHeld => locale.say("desk-not-held"),
        Done::Resent(who) => user("desk-resent", who),
        Done::DmClosed(who) => user("desk-dm-closed", who),
        Done::Sending(who) => user("desk-sending", who),
    })
}
