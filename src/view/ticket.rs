//! The ticket's one status message: where the order stands and what to do next. It is edited in
//! place, so it always says what is true now.

use crate::domain::{
    Millis, Order, OrderState,
    button::Button,
    order::{CancelCause, Delivery, MethodSnapshot},
    shop::{PaymentMethod, ReferencePolicy},
};

use super::{
    Embed, Locale, Marker, Menu, Post, Press, Row, Tone,
    order::cancel_row,
    post::Entry,
    text,
    words::{self, NAME},
};

/// What the status message is made of.
#[derive(Debug, Clone, Copy)]
pub struct TicketFacts<'a> {
    pub order: &'a Order,
    pub methods: &'a [PaymentMethod],
    /// Whether pictures posted in the ticket are seen; else `/proof image:` is the way.
    pub message_content: bool,
    /// When the ticket will be deleted, once that is decided.
    pub closes_at: Option<Millis>,
}

/// The status message of a ticket.
pub fn status(locale: Locale, facts: &TicketFacts<'_>) -> Post {
    let order = facts.order;
    let post = match &order.state {
        OrderState::PendingPayment { expires_at, declined } => pending(locale, facts, *expires_at, declined.as_deref()),
        OrderState::PaymentSubmitted { .. } => {
            under_way(locale, order, "ticket-submitted-title", "ticket-submitted-body")
        }
        OrderState::Provisioning { .. } => {
            under_way(locale, order, "ticket-provisioning-title", "ticket-provisioning-body")
        }
        OrderState::NeedsAttention { .. } => {
            under_way(locale, order, "ticket-attention-title", "ticket-attention-body")
        }
        OrderState::Completed { .. } => completed(locale, facts),
        OrderState::Declined { reason, .. } => {
            let body = locale.with("ticket-declined-body", &[("reason", words::reason(reason).into())]);
            over(locale, facts, Tone::Bad, "ticket-declined-title", body)
        }
        OrderState::Cancelled { cause, .. } => {
            let body = locale.say(match cause {
                CancelCause::Customer => "ticket-cancelled-by-customer",
                CancelCause::Staff => "ticket-cancelled-by-staff",
                CancelCause::NoRoom | CancelCause::NoTicket | CancelCause::TicketDeleted => "ticket-cancelled-by-us",
            });
            over(locale, facts, Tone::Over, "ticket-cancelled-title", body)
        }
        OrderState::Expired { .. } => {
            over(locale, facts, Tone::Over, "ticket-expired-title", locale.say("ticket-expired-body"))
        }
        OrderState::Reversed { reason, .. } => {
            let body = locale.with("ticket-reversed-body", &[("reason", words::reason(reason).into())]);
            over(locale, facts, Tone::Bad, "ticket-reversed-title", body)
        }
    };
    post.marked(&Marker::ticket(&order.id))
}

fn pending(locale: Locale, facts: &TicketFacts<'_>, expires_at: Millis, declined: Option<&str>) -> Post {
    let order = facts.order;
    let (tone, title) = match (declined, &order.method) {
        (None, _) if order.has_money() => (Tone::Ask, locale.say("ticket-part-title")),
        (Some(_), _) => (Tone::Bad, locale.say("ticket-again-title")),
        (None, None) => (Tone::Ask, locale.say("ticket-method-title")),
        (None, Some(method)) => {
            (Tone::Ask, locale.with("ticket-pay-title", &[("method", words::name(&method.name).into())]))
        }
    };
    let again = declined.map(|reason| locale.with("ticket-again-body", &[("reason", words::reason(reason).into())]));
    let part = order.has_money().then(|| {
        let (received, missing) = (words::money(order.received), words::money(order.missing()));
        locale.with("ticket-part-body", &[("received", received.into()), ("missing", missing.into())])
    });
    let mut paragraphs: Vec<String> = again.into_iter().chain(part).collect();
    let mut embed = Embed::new(tone, title);
    if let Some(method) = &order.method {
        paragraphs.extend(instructions(locale, facts, method));
        embed = copyable(locale, order, method, embed);
    } else {
        paragraphs.push(locale.say("ticket-method-body"));
        embed = embed.short(amount_name(locale, order), words::digits(order.missing()));
    }
    let mut embed = embed
        .body(paragraphs.join("\n\n"))
        .field(locale.say("common-plan"), words::contents(locale, &order.plan))
        .short(locale.say("ticket-attempts"), order.attempts_left.to_string());
    if !order.has_money() {
        embed = embed.short(locale.say("ticket-pay-before"), text::relative(expires_at));
    }
    if let Some(reference) = &order.reference {
        embed = embed.short(locale.say("ticket-reference"), text::code(reference, 80));
    }
    Post::embed(embed).row(method_menu(locale, facts)).row(reference_row(locale, order)).row(cancel_row(locale, order))
}

/// The button for the transfer's reference, where the method asks for one.
fn reference_row(locale: Locale, order: &Order) -> Row {
    let asks = |method: &&MethodSnapshot| method.reference != ReferencePolicy::Off;
    let button = order.method.as_ref().filter(asks).map(|_| {
        let tone = if order.lacks_reference() { Tone::Ask } else { Tone::Over };
        Press::ours(Button::Reference(order.id.clone()), locale.say("ticket-reference-button"), tone)
    });
    Row::Buttons(button.into_iter().collect())
}

/// The operator's own words, and how to send the proof.
fn instructions(locale: Locale, facts: &TicketFacts<'_>, method: &MethodSnapshot) -> Vec<String> {
    let send = locale.say(if facts.message_content { "ticket-send-here" } else { "ticket-send-by-command" });
    let reference = match method.reference {
        ReferencePolicy::Off => None,
        ReferencePolicy::Optional => Some(locale.say("ticket-reference-optional")),
        ReferencePolicy::Required => Some(locale.say("ticket-reference-required")),
    };
    let theirs = Some(&method.instructions).filter(|text| !text.trim().is_empty());
    theirs.map(|text| text::operator(text, 1500)).into_iter().chain(reference).chain([send]).collect()
}

/// Each alone: what is copied from a phone should be the value and nothing else.
fn copyable(locale: Locale, order: &Order, method: &MethodSnapshot, embed: Embed) -> Embed {
    embed
        .field(amount_name(locale, order), words::digits(order.missing()))
        .field(locale.say("common-account"), text::code(&method.account, 200))
        .field(locale.say("common-holder"), text::code(&method.holder, 200))
        .field(locale.say("common-order-id"), text::code(order.id.as_str(), 20))
}

fn amount_name(locale: Locale, order: &Order) -> String {
    let id = if order.has_money() { "ticket-missing" } else { "common-amount" };
    locale.with(id, &[("currency", order.plan.price.currency.code().into())])
}

/// The methods; the one that was chosen stays chosen, and another may be.
fn method_menu(locale: Locale, facts: &TicketFacts<'_>) -> Row {
    let chosen = facts.order.method.as_ref().map(|method| method.id.as_str());
    let entry = |method: &PaymentMethod| Entry {
        value: method.id.to_string(),
        label: text::label(&method.name, NAME),
        description: None,
        chosen: chosen == Some(method.id.as_str()),
    };
    Row::Menu(Menu {
        button: Button::MethodMenu(facts.order.id.clone()),
        placeholder: locale.say("ticket-method-placeholder"),
        options: facts.methods.iter().take(Post::MENU_MAX).map(entry).collect(),
    })
}

fn under_way(locale: Locale, order: &Order, title: &str, body: &str) -> Post {
    let embed = Embed::new(Tone::Wait, locale.say(title))
        .body(locale.say(body))
        .field(locale.say("common-plan"), words::contents(locale, &order.plan))
        .field(locale.say("common-order-id"), text::code(order.id.as_str(), 20));
    Post::embed(embed)
}

fn completed(locale: Locale, facts: &TicketFacts<'_>) -> Post {
    let order = facts.order;
    let at = |id: &str, at: Millis| locale.with(id, &[("when", text::relative(at).into())]);
    let body = match order.delivery {
        Delivery::None => locale.say("ticket-completed-sending"),
        Delivery::Dm(when) => at("ticket-completed-dm", when),
        Delivery::DmClosed => locale.say("ticket-completed-dm-closed"),
        Delivery::Fetched(when) => at("ticket-completed-fetched", when),
        Delivery::ByHand(when) => at("ticket-completed-by-hand", when),
    };
    // What was delivered by hand may be no client that the bot knows a link to.
    let fetchable = order.subscription.is_some() || !matches!(order.delivery, Delivery::ByHand(_));
    let link = || Press::ours(Button::GetLink(order.id.clone()), locale.say("ticket-get-link-button"), Tone::Ask);
    let buttons = fetchable.then(link).into_iter().collect();
    over(locale, facts, Tone::Good, "ticket-completed-title", body).row(Row::Buttons(buttons))
}

fn over(locale: Locale, facts: &TicketFacts<'_>, tone: Tone, title: &str, body: String) -> Post {
    let order = facts.order;
    let mut embed = Embed::new(tone, locale.say(title))
        .body(body)
        .field(locale.say("common-plan"), words::contents(locale, &order.plan))
        .field(locale.say("common-order-id"), text::code(order.id.as_str(), 20));
    if let Some(closes_at) = facts.closes_at {
        embed = embed.field(locale.say("ticket-closes"), text::relative(closes_at));
    }
    Post::embed(embed)
}
