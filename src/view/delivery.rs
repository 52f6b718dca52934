//! The link: by direct message, by "Get my link" and by `/link`. It appears nowhere else.

use std::fmt;

use crate::domain::{Millis, OrderId, access_state::AccessState, grants::Expiry};

use super::{Embed, File, Locale, Marker, Post, Press, Row, Tone, qr, text, words};

/// The longest link that still fits into a message beside its code block.
const LINK_MAX: usize = 1900;
/// The longest page a button can open.
const URL_MAX: usize = 512;
/// The file that carries a link too long for a message.
const LINK_FILE: &str = "link.txt";

/// What a delivery is made of. Its `Debug` shows no link.
#[derive(Clone, Copy)]
pub struct LinkFacts<'a> {
    /// The name of the plan.
    pub plan: &'a str,
    /// The VLESS link.
    pub link: &'a str,
    /// When the link was built, where that could not be done just now.
    pub as_of: Option<Millis>,
    /// The subscription link, where the panel offers one.
    pub subscription: Option<&'a str>,
    /// The end of the access.
    pub expiry: Expiry,
    /// The quota in bytes, 0 = unlimited.
    pub quota: u64,
    /// Bytes used so far and when that was read, when it is known.
    pub used: Option<(u64, Millis)>,
}

impl fmt::Debug for LinkFacts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkFacts").field("plan", &self.plan).field("expiry", &self.expiry).finish_non_exhaustive()
    }
}

/// The direct message of a completed order.
pub fn dm(locale: Locale, order: &OrderId, facts: &LinkFacts<'_>, renewal: bool) -> Post {
    let (title, body) = if renewal {
        ("delivery-renewed-title", "delivery-renewed-body")
    } else {
        ("delivery-new-title", "delivery-new-body")
    };
    with_link(locale, facts, title, body, !renewal).marked(&Marker::link(order))
}

/// The direct message of a link that staff had sent again.
pub fn resent(locale: Locale, facts: &LinkFacts<'_>, marker: &Marker) -> Post {
    with_link(locale, facts, "delivery-mine-title", "delivery-new-body", true).marked(marker)
}

/// The answer to "Get my link".
pub fn my_link(locale: Locale, facts: &LinkFacts<'_>) -> Post {
    with_link(locale, facts, "delivery-mine-title", "delivery-new-body", true)
}

/// The answers to `/link`, one per subscription: each link stands alone in its message.
pub fn my_links(locale: Locale, subscriptions: &[LinkFacts<'_>]) -> Vec<Post> {
    match subscriptions {
        [] => vec![Post::text(locale.say("delivery-none-yet"))],
        [one] => vec![my_link(locale, one)],
        many => {
            let link = |facts| with_link(locale, facts, "delivery-mine-title", "delivery-new-body", false);
            many.iter().map(link).collect()
        }
    }
}

/// A link with how its client stands: where it does not connect, that comes first.
pub fn standing(locale: Locale, mut post: Post, state: AccessState) -> Post {
    let sentence = words::state_for_customer(locale, state);
    if let (Some(sentence), Some(embed)) = (sentence, post.embeds.first_mut()) {
        embed.tone = Tone::Bad;
        embed.body = format!("{sentence}\n{}", embed.body);
    }
    post
}

/// The direct message with a link that staff changed, or that became the customer's.
pub(super) fn other_link(locale: Locale, facts: &LinkFacts<'_>, title: &str, body: &str) -> Post {
    with_link(locale, facts, title, body, false)
}

/// "Get my link" before there is one.
pub fn not_ready(locale: Locale) -> Post {
    Post::text(locale.say("delivery-not-ready"))
}

/// The link exists and could not be put together right now, because the panel does not answer.
pub fn panel_down(locale: Locale) -> Post {
    Post::text(locale.say("delivery-panel-down"))
}

fn with_link(locale: Locale, facts: &LinkFacts<'_>, title: &str, body: &str, steps: bool) -> Post {
    let fits = text::length(facts.link) <= LINK_MAX;
    // There is nothing above where the link is a file.
    let body = if fits || body != "delivery-new-body" { body } else { "delivery-file-body" };
    let mut says = locale.say(body);
    if let Some(at) = facts.as_of {
        says = format!("{says}\n{}", locale.with("delivery-as-of", &[("when", text::relative(at).into())]));
    }
    let mut embed = Embed::new(Tone::Good, locale.say(title)).body(says);
    embed = embed
        .field(locale.say("common-plan"), words::name(facts.plan))
        .field(locale.say("delivery-until"), until(locale, facts.expiry))
        .field(locale.say("delivery-traffic"), traffic(locale, facts));
    if let Some(url) = facts.subscription {
        embed = embed.field(locale.say("delivery-subscription"), text::code(url, 1000));
    }
    if steps {
        embed = embed
            .field(locale.say("delivery-android"), locale.say("delivery-android-steps"))
            .field(locale.say("delivery-iphone"), locale.say("delivery-iphone-steps"));
    }
    let code = qr::png(facts.link);
    if code.is_some() {
        embed = embed.picture(qr::FILE_NAME);
    }
    // The content is what a phone copies: the link and nothing else.
    let mut post = Post::embed(embed).row(subscription_button(locale, facts));
    if fits {
        post.content = text::block(facts.link);
    } else {
        post = post.file(File { name: LINK_FILE.to_owned(), bytes: facts.link.as_bytes().to_vec() });
    }
    post.files.extend(code);
    post
}

fn until(locale: Locale, expiry: Expiry) -> String {
    match expiry {
        Expiry::At(at) => locale
            .with("delivery-until-date", &[("date", text::date(at).into()), ("relative", text::relative(at).into())]),
        Expiry::Never => locale.say("common-endless"),
    }
}

fn traffic(locale: Locale, facts: &LinkFacts<'_>) -> String {
    let quota = words::traffic(locale, facts.quota);
    match facts.used {
        None if facts.quota == 0 => locale.say("delivery-unlimited"),
        None => quota,
        Some((used, at)) => locale.with(
            "delivery-traffic-used",
            &[
                ("used", words::gigabytes(locale, used).into()),
                ("quota", quota.into()),
                ("when", text::relative(at).into()),
            ],
        ),
    }
}

/// A button to the subscription page, where Discord takes the address.
fn subscription_button(locale: Locale, facts: &LinkFacts<'_>) -> Row {
    let fits = |url: &&str| url.starts_with("https://") && text::length(url) <= URL_MAX;
    let press = |url: &str| Press::Link { url: url.to_owned(), label: locale.say("delivery-subscription-button") };
    Row::Buttons(facts.subscription.filter(fits).map(press).into_iter().collect())
}
