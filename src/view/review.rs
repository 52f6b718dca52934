//! The review card: one proof, everything needed to judge it, and what became of it.

use crate::domain::{
    Millis, Order, OrderState, UserId,
    attention::Cause,
    button::Button,
    grants::{Expiry, Note},
    order::{Decision, Delivery, SubmissionId},
    proofs::{Flag, Verdict},
    review::{History, Question, Reviewing},
};

use super::{
    Embed, File, Locale, Marker, Post, Press, Row, Tone, text,
    words::{self, REASON},
};

/// The name of the picture on a card.
pub const PICTURE: &str = "proof.jpg";

/// What the card is made of.
#[derive(Debug, Clone, Copy)]
pub struct CardFacts<'a> {
    /// The order as it is now.
    pub order: &'a Order,
    /// The submission the card is about.
    pub submission: SubmissionId,
    /// The customer's name on Discord.
    pub customer_name: &'a str,
    pub submitted_at: Millis,
    /// The transfer's reference, where one was typed.
    pub reference: Option<&'a str>,
    /// What is odd about it.
    pub flags: &'a [Flag],
    /// What was decided about this submission.
    pub verdict: &'a Verdict,
    /// What the order gave, once the panel has it.
    pub given: Option<Given>,
    /// What was unexpected on the panel when it was written.
    pub panel_note: Option<Note>,
    /// Since when the panel is down, while an approved order waits for it.
    pub panel_down_since: Option<Millis>,
    /// What is known of an order that needs attention.
    pub known: Option<Known>,
    /// What is known of the customer.
    pub history: Option<History>,
    /// Who is looking at it at this moment.
    pub reviewing: Option<Reviewing>,
    /// What the customer was asked about it last.
    pub question: Option<&'a Question>,
    /// When the customer was told of the decline.
    pub told_at: Option<Millis>,
    /// Whether the ticket could not be made what it should be.
    pub ticket_stuck: bool,
}

/// What is known of an order that needs attention, besides its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub client: OnPanel,
    /// Whether its money is in the books.
    pub booked: bool,
}

/// A client as the panel was last found to have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnPanel {
    Ours,
    /// Another's, under our e-mail.
    Strangers,
    Absent,
    /// The panel did not say.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// The end of the access.
    pub expiry: Expiry,
    /// The quota in bytes, 0 = unlimited.
    pub quota: u64,
    /// Whether it renewed a subscription that was there.
    pub renewal: bool,
}

/// The card. `picture` is the re-encoded copy of the proof as JPEG: given when the card is
/// posted, `None` when it is edited, because the picture that is there stays.
pub fn card(locale: Locale, facts: &CardFacts<'_>, picture: Option<Vec<u8>>) -> Post {
    let (tone, title) = headline(facts);
    let mut embed = base(locale, facts, Embed::new(tone, locale.say(title)));
    if let Verdict::Approved { by, .. } | Verdict::Part { by, .. } = facts.verdict
        && *by == facts.order.customer
    {
        embed = embed.field(locale.say("review-own"), locale.say("review-own-order"));
    }
    for (name, value) in outcome(locale, facts) {
        embed = embed.field(name, value);
    }
    let post = Post::embed(embed.picture(PICTURE))
        .row(buttons(locale, facts))
        .marked(&Marker::proof(&facts.order.id, facts.submission));
    match picture {
        Some(bytes) => post.file(File { name: PICTURE.to_owned(), bytes }),
        None => post,
    }
}

fn note_text(locale: Locale, note: Note) -> String {
    locale.say(match note {
        Note::PanelChanged => "review-note-changed",
        Note::MadeAgain => "review-note-made-again",
        Note::GivenBefore => "review-note-given-before",
    })
}

fn headline(facts: &CardFacts<'_>) -> (Tone, &'static str) {
    match (facts.verdict, &facts.order.state) {
        (Verdict::Pending, OrderState::PaymentSubmitted { returned: Some(trouble) }) => match trouble.cause {
            Cause::PanelRefused | Cause::Unknown => (Tone::Bad, "review-title-refused"),
            _ => (Tone::Bad, "review-title-returned"),
        },
        (Verdict::Pending, OrderState::PaymentSubmitted { returned: None }) => (Tone::Ask, "review-title-open"),
        (Verdict::Pending, _) => (Tone::Over, "review-title-closed"),
        (Verdict::Declined { .. }, _) => (Tone::Over, "review-title-declined"),
        (Verdict::Part { .. }, OrderState::Cancelled { .. }) => (Tone::Over, "review-title-part-cancelled"),
        (Verdict::Part { .. }, _) => (Tone::Over, "review-title-part"),
        (Verdict::Approved { .. }, OrderState::NeedsAttention { .. }) => (Tone::Bad, "review-title-attention"),
        (Verdict::Approved { .. }, OrderState::Reversed { .. }) => (Tone::Over, "review-title-reversed"),
        (Verdict::Approved { .. }, OrderState::Completed { .. }) if facts.order.delivery.is_done() => {
            (Tone::Good, "review-title-delivered")
        }
        (Verdict::Approved { .. }, _) => (Tone::Wait, "review-title-approved"),
    }
}

/// What is the same before and after the decision.
fn base(locale: Locale, facts: &CardFacts<'_>, embed: Embed) -> Embed {
    let order = facts.order;
    let customer = locale.with(
        "review-customer",
        &[("mention", text::person(order.customer).into()), ("name", words::name(facts.customer_name).into())],
    );
    let method =
        order.method.as_ref().map_or_else(|| locale.say("review-no-method"), |method| words::name(&method.name));
    let amount = locale.with("common-amount", &[("currency", order.plan.price.currency.code().into())]);
    let submitted = locale.with(
        "review-submitted-at",
        &[("when", text::date(facts.submitted_at).into()), ("ago", text::relative(facts.submitted_at).into())],
    );
    let ticket = order.ticket.channel.map_or_else(|| locale.say("common-no-ticket"), text::channel);
    let mut embed = embed
        .field(locale.say("review-customer-name"), customer)
        .field(locale.say("common-plan"), words::contents(locale, &order.plan))
        .short(amount, words::digits(order.plan.price))
        .short(locale.say("common-method"), method)
        .short(locale.say("common-ticket"), ticket)
        .short(locale.say("common-order-id"), text::code(order.id.as_str(), 20));
    if facts.ticket_stuck {
        embed = embed.field(locale.say("review-ticket"), locale.say("review-ticket-stuck"));
    }
    if is_open(facts) {
        embed = embed.short(locale.say("review-attempts"), order.attempts_left.to_string());
    }
    if let Some(reference) = facts.reference {
        embed = embed.short(locale.say("review-reference"), text::code(reference, 80));
    }
    embed = embed.field(locale.say("review-submitted"), submitted);
    if let Some(history) = facts.history {
        embed = embed.field(locale.say("review-history"), history_text(locale, order, history));
    }
    if let Some(received) = received(locale, order) {
        embed = embed.field(locale.say("review-received"), received);
    }
    if !facts.flags.is_empty() {
        let lines: Vec<String> = facts.flags.iter().take(8).map(|flag| flag_text(locale, flag)).collect();
        embed = embed.field(locale.say("review-flags"), lines.join("\n"));
    }
    for (name, value) in facts.question.into_iter().flat_map(|question| question_fields(locale, question)) {
        embed = embed.field(locale.say(name), value);
    }
    if let Some(reviewing) = facts.reviewing.filter(|_| is_open(facts)) {
        let until = [("who", text::person(reviewing.by).into()), ("until", text::date(reviewing.until).into())];
        embed = embed.field(locale.say("review-looking"), locale.with("review-looking-until", &until));
    }
    embed
}

fn history_text(locale: Locale, order: &Order, history: History) -> String {
    let numbers = [history.completed, history.declined, history.reversed, history.open];
    let orders = if numbers == [0; 4] {
        locale.say("review-history-first")
    } else {
        let names = ["completed", "declined", "reversed", "open"];
        locale.with("review-history-orders", &names.into_iter().zip(numbers.map(Into::into)).collect::<Vec<_>>())
    };
    let made = ("made", text::relative(order.customer.made_at()).into());
    let account = match history.joined_at {
        Some(joined) => locale.with("review-history-joined", &[made, ("joined", text::relative(joined).into())]),
        None => locale.with("review-history-account", &[made]),
    };
    let mut lines = vec![orders, account];
    lines.extend(history.blocked.then(|| locale.say("review-history-blocked")));
    lines.join("\n")
}

fn question_fields(locale: Locale, question: &Question) -> [(&'static str, String); 2] {
    let asked = [
        ("who", text::person(question.by).into()),
        ("when", text::relative(question.at).into()),
        ("question", words::reason(&question.text).into()),
    ];
    let answer = match &question.answer {
        Some((answer, _)) => words::reason(answer),
        None => locale.say("review-answer-none"),
    };
    [("review-question", locale.with("review-question-by", &asked)), ("review-answer", answer)]
}

/// Whether the card waits for a decision about its proof.
fn is_open(facts: &CardFacts<'_>) -> bool {
    matches!((facts.verdict, &facts.order.state), (Verdict::Pending, OrderState::PaymentSubmitted { .. }))
}

/// What arrived, where that is not simply the price.
pub(super) fn received(locale: Locale, order: &Order) -> Option<String> {
    let received = ("received", words::money(order.received).into());
    let over = matches!(order.state, OrderState::Declined { .. } | OrderState::Cancelled { .. });
    match order.surplus() {
        _ if !order.has_money() => None,
        _ if over => Some(locale.with("review-received-unbooked", &[received])),
        Some(more) => Some(locale.with("review-received-more", &[received, ("more", words::money(more).into())])),
        None if order.missing().minor > 0 => {
            let missing = ("missing", words::money(order.missing()).into());
            Some(locale.with("review-received-part", &[received, missing]))
        }
        None => None,
    }
}

fn flag_text(locale: Locale, flag: &Flag) -> String {
    match flag {
        Flag::HandedOn { from } => {
            locale.with("review-flag-handed-on", &[("from", text::code(from.as_str(), 20).into())])
        }
        Flag::Again => locale.say("review-flag-again"),
        Flag::SamePixels { twin } => {
            locale.with("review-flag-same-pixels", &[("twin", text::code(twin.as_str(), 20).into())])
        }
        Flag::ReferenceTwin { twin } => {
            locale.with("review-flag-reference", &[("twin", text::code(twin.as_str(), 20).into())])
        }
        Flag::Edited { software } => locale.with("review-flag-edited", &[("software", words::name(software).into())]),
        Flag::TakenBefore => locale.say("review-flag-taken-before"),
        Flag::TakenLater => locale.say("review-flag-taken-later"),
        Flag::NewAccount => locale.say("review-flag-new-account"),
    }
}

/// What was decided and what came of it, the newest last.
fn outcome(locale: Locale, facts: &CardFacts<'_>) -> Vec<(String, String)> {
    let field = |name: &str, value: String| (locale.say(name), value);
    match (facts.verdict, &facts.order.state) {
        (Verdict::Pending, OrderState::PaymentSubmitted { returned: Some(trouble) }) => match trouble.cause {
            Cause::PanelRefused | Cause::Unknown => vec![field("review-refused", text::plain(&trouble.detail, REASON))],
            _ => vec![field("review-returned", words::trouble(locale, trouble))],
        },
        (Verdict::Part { by, at, received }, _) => vec![
            field("review-decision", decided(locale, "review-part-by", *by, *at)),
            field("review-part", words::money(*received)),
        ],
        (Verdict::Declined { by, at, reason }, _) => vec![
            field("review-decision", decided(locale, "review-declined-by", *by, *at)),
            field("common-reason", words::reason(reason)),
            field("review-told", told(locale, facts.told_at)),
        ],
        (Verdict::Approved { .. }, OrderState::Provisioning { approved }) => {
            let progress = match facts.panel_down_since {
                Some(since) => locale.with("review-waits", &[("since", text::date(since).into())]),
                None => locale.say("review-provisioning"),
            };
            vec![approval(locale, *approved), field("review-next", progress)]
        }
        (Verdict::Approved { .. }, OrderState::NeedsAttention { approved, trouble }) => {
            let mut fields = vec![approval(locale, *approved), field("review-cause", words::trouble(locale, trouble))];
            fields.extend(facts.known.map(|known| field("review-known", known_text(locale, facts.order, known))));
            fields
        }
        (Verdict::Approved { .. }, OrderState::Completed { approved, .. }) => {
            let mut fields = vec![approval(locale, *approved)];
            fields.extend(facts.given.map(|given| field("review-given", given_text(locale, given))));
            fields.extend(facts.panel_note.map(|note| field("review-panel-note", note_text(locale, note))));
            fields.push(field("review-delivery", delivery_text(locale, facts.order.delivery)));
            fields
        }
        (Verdict::Approved { .. }, OrderState::Reversed { approved, decided: by, reason }) => vec![
            approval(locale, *approved),
            field("review-reversal", decided(locale, "review-reversed-by", by.by, by.at)),
            field("common-reason", words::reason(reason)),
        ],
        (Verdict::Pending | Verdict::Approved { .. }, _) => vec![],
    }
}

fn known_text(locale: Locale, order: &Order, known: Known) -> String {
    let client = locale.say(match known.client {
        OnPanel::Ours => "review-known-client-ours",
        OnPanel::Strangers => "review-known-client-strangers",
        OnPanel::Absent => "review-known-client-absent",
        OnPanel::Unknown => "review-known-client-unknown",
    });
    let delivery = match order.delivery {
        Delivery::None => locale.say("review-known-undelivered"),
        delivery => delivery_text(locale, delivery),
    };
    let booked = locale.say(if known.booked { "review-known-booked" } else { "review-known-unbooked" });
    [client, delivery, booked].join("\n")
}

/// Whether the customer has read of the decline, as far as a message in the ticket says so.
fn told(locale: Locale, at: Option<Millis>) -> String {
    match at {
        Some(at) => locale.with("review-told-at", &[("when", text::date(at).into())]),
        None => locale.say("review-not-told"),
    }
}

fn approval(locale: Locale, approved: Decision) -> (String, String) {
    (locale.say("review-decision"), decided(locale, "review-approved-by", approved.by, approved.at))
}

fn decided(locale: Locale, id: &str, by: UserId, at: Millis) -> String {
    locale.with(id, &[("who", text::person(by).into()), ("when", text::date(at).into())])
}

fn given_text(locale: Locale, given: Given) -> String {
    let traffic = words::traffic(locale, given.quota);
    match (given.expiry, given.renewal) {
        (Expiry::At(at), false) => {
            locale.with("review-given-new", &[("until", text::date(at).into()), ("traffic", traffic.into())])
        }
        (Expiry::At(at), true) => {
            locale.with("review-given-renewal", &[("until", text::date(at).into()), ("traffic", traffic.into())])
        }
        (Expiry::Never, false) => locale.with("review-given-new-endless", &[("traffic", traffic.into())]),
        (Expiry::Never, true) => locale.with("review-given-renewal-endless", &[("traffic", traffic.into())]),
    }
}

/// How the link reached the customer, the card's last line.
pub(super) fn delivery_text(locale: Locale, delivery: Delivery) -> String {
    let at = |id: &str, at: Millis| locale.with(id, &[("when", text::date(at).into())]);
    match delivery {
        Delivery::None => locale.say("review-delivery-sending"),
        Delivery::Dm(when) => at("review-delivery-dm", when),
        Delivery::DmClosed => locale.say("review-delivery-dm-closed"),
        Delivery::Fetched(when) => at("review-delivery-fetched", when),
        Delivery::ByHand(when) => at("review-delivery-by-hand", when),
    }
}

/// Only a decision takes the buttons away.
fn buttons(locale: Locale, facts: &CardFacts<'_>) -> Row {
    let press = |button, id: &str, tone| Press::ours(button, locale.say(id), tone);
    let order = || facts.order.id.clone();
    Row::Buttons(match (facts.verdict, &facts.order.state) {
        (Verdict::Pending, OrderState::PaymentSubmitted { .. }) => vec![
            press(Button::Approve(facts.submission), "review-approve-button", Tone::Good),
            press(Button::Decline(facts.submission), "review-decline-button", Tone::Bad),
            press(Button::AmountDiffers(facts.submission), "review-amount-button", Tone::Over),
            press(Button::More(facts.submission), "review-more-button", Tone::Over),
        ],
        (Verdict::Approved { .. }, OrderState::NeedsAttention { .. }) => vec![
            press(Button::Retry(order()), "review-retry-button", Tone::Ask),
            press(Button::ByHand(order()), "review-by-hand-button", Tone::Over),
            press(Button::BackToReview(order()), "review-back-button", Tone::Over),
            press(Button::Decline(facts.submission), "review-decline-button", Tone::Bad),
        ],
        // The customer cannot end an order with money in it; staff can.
        (Verdict::Part { .. }, OrderState::PendingPayment { .. }) => {
            vec![press(Button::CancelOrder(order()), "review-cancel-button", Tone::Over)]
        }
        _ => vec![],
    })
}
