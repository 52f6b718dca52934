//! `/order`: the plan menu, the order that was just made, the one that is still open.

use crate::domain::{Order, button::Button, shop::Plan};

use super::{
    Embed, Locale, Menu, Post, Press, Row, Tone,
    post::Entry,
    text,
    words::{self, NAME},
};

/// The plans, to choose one from. The chosen plan's id is the menu's value.
pub fn plan_menu<'a>(locale: Locale, shop: &str, plans: impl IntoIterator<Item = &'a Plan>) -> Post {
    let options: Vec<Entry> = plans.into_iter().take(Post::MENU_MAX).map(|plan| plan_entry(locale, plan)).collect();
    if options.is_empty() {
        return Post::text(locale.say("order-no-plans"));
    }
    let title = locale.with("order-menu-title", &[("shop", words::name(shop).into())]);
    Post::embed(Embed::new(Tone::Ask, title).body(locale.say("order-menu-body"))).row(Row::Menu(Menu {
        button: Button::PlanMenu,
        placeholder: locale.say("order-menu-placeholder"),
        options,
    }))
}

fn plan_entry(locale: Locale, plan: &Plan) -> Entry {
    let description = locale.with(
        "order-menu-option",
        &[
            ("price", plan.price.to_string().into()),
            ("days", words::days(locale, plan.duration_days).into()),
            ("traffic", words::traffic(locale, plan.traffic_bytes).into()),
        ],
    );
    Entry {
        value: plan.id.to_string(),
        label: text::label(&plan.name, NAME),
        description: Some(text::label(&description, 100)),
        chosen: false,
    }
}

/// A plan was chosen and the order made; says where the ticket is as soon as there is one.
pub fn made(locale: Locale, order: &Order) -> Post {
    let plan = words::contents(locale, &order.plan);
    Post::text(match order.ticket.channel {
        Some(channel) => locale.with("order-made", &[("plan", plan.into()), ("ticket", text::channel(channel).into())]),
        None => locale.with("order-making-ticket", &[("plan", plan.into())]),
    })
}

/// The order that is still open, instead of a second one: its ticket, and Cancel while it may
/// still be cancelled.
pub fn still_open(locale: Locale, order: &Order) -> Post {
    let ticket = order.ticket.channel.map_or_else(|| locale.say("order-ticket-coming"), text::channel);
    let embed = Embed::new(Tone::Ask, locale.say("order-open-title"))
        .body(locale.say(if order.may_be_cancelled() { "order-open-unpaid" } else { "order-open-paid" }))
        .field(locale.say("common-plan"), words::contents(locale, &order.plan))
        .short(locale.say("common-ticket"), ticket)
        .short(locale.say("common-state"), words::status(locale, order.status()));
    Post::embed(embed).row(cancel_row(locale, order))
}

/// The Cancel button, while the order may be cancelled.
pub(super) fn cancel_row(locale: Locale, order: &Order) -> Row {
    let cancel = || Press::ours(Button::CancelOrder(order.id.clone()), locale.say("order-cancel-button"), Tone::Over);
    Row::Buttons(order.may_be_cancelled().then(cancel).into_iter().collect())
}

/// The customer took the order back.
pub fn cancelled(locale: Locale) -> Post {
    Post::text(locale.say("order-cancelled"))
}

/// A member of staff took somebody's order back.
pub fn cancelled_for_customer(locale: Locale) -> Post {
    Post::text(locale.say("order-cancelled-for-customer"))
}
