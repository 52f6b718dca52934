//! `/admin status`: how everything is, and what gave up.

use crate::domain::{Millis, button::Button};

use super::{Embed, Locale, Post, Press, Row, Tone, text};

/// So many parked effects have buttons: a row each, of five that a message may have.
pub const SHOWN: usize = 5;
/// So many lanes are listed, the oldest first.
const LANES: usize = 6;

#[derive(Debug, Clone)]
pub struct PanelFacts<'a> {
    pub name: &'a str,
    /// Since when it is down, and why; `None` while it is up.
    pub down: Option<(Millis, &'a str)>,
    /// Its version of xray, where it answered.
    pub xray: Option<&'a str>,
    /// Its own version, where it ever let us in.
    pub version: Option<&'a str>,
    pub breaker: Breaker,
}

/// What a panel's circuit breaker does with calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaker {
    Closed,
    Open,
    /// One is sent, to find out.
    HalfOpen,
}

/// How deep a lane of the outbox is.
#[derive(Debug, Clone)]
pub struct LaneFacts<'a> {
    pub name: &'a str,
    pub waiting: u64,
    /// When the oldest was wanted.
    pub oldest: Millis,
}

/// An effect that gave up.
#[derive(Debug, Clone)]
pub struct ParkedFacts<'a> {
    pub id: i64,
    pub key: &'a str,
    pub since: Millis,
    pub error: &'a str,
}

#[derive(Debug, Clone)]
pub struct StatusFacts<'a> {
    pub panels: &'a [PanelFacts<'a>],
    /// The outbox, without what is parked.
    pub lanes: &'a [LaneFacts<'a>],
    pub parked: &'a [ParkedFacts<'a>],
    /// Since when nothing of the outbox is done, because a backup was restored.
    pub held: Option<Millis>,
    /// Whether who reads this may let it go on.
    pub releases: bool,
    /// When the last backup was made.
    pub backup: Option<Millis>,
    /// Since when this process runs.
    pub started: Millis,
    pub version: &'a str,
    /// Its name among all runs, as in the log and in the dashboard's footer.
    pub boot: &'a str,
}

/// How everything is. What gave up has its buttons below.
pub fn status(locale: Locale, facts: &StatusFacts<'_>) -> Post {
    let bad = !facts.parked.is_empty() || facts.held.is_some() || facts.panels.iter().any(|one| one.down.is_some());
    let tone = if bad { Tone::Bad } else { Tone::Good };
    let running = locale.with(
        "status-running",
        &[
            ("version", text::plain(facts.version, 20).into()),
            ("since", text::relative(facts.started).into()),
            ("boot", text::code(facts.boot, 40).into()),
        ],
    );
    let backup = match facts.backup {
        None => locale.say("status-no-backup"),
        Some(at) => locale.with("status-backup-at", &[("when", text::relative(at).into())]),
    };
    let panels: Vec<_> = facts.panels.iter().take(LANES).map(|one| panel(locale, one)).collect();
    let mut embed = Embed::new(tone, locale.say("status-title"))
        .field(locale.say("status-program"), running)
        .field(locale.say("status-backup"), backup)
        .field(locale.say("status-panels"), panels.join("\n"))
        .field(locale.say("status-outbox"), lanes(locale, facts.lanes));
    if let Some(since) = facts.held {
        let held = locale.with("status-held", &[("since", text::date(since).into())]);
        embed = embed.field(locale.say("status-held-name"), held);
    }
    let mut post = Post::default();
    let mut shown = SHOWN;
    if facts.held.is_some() && facts.releases {
        post =
            post.row(Row::Buttons(vec![Press::ours(Button::Release, locale.say("status-release-button"), Tone::Bad)]));
        shown -= 1;
    }
    for (n, one) in (1_u32..).zip(facts.parked.iter().take(shown)) {
        let arguments = [
            ("key", text::code(one.key, 100).into()),
            ("since", text::relative(one.since).into()),
            ("error", text::plain(one.error, 300).into()),
        ];
        embed =
            embed.field(locale.with("status-parked", &[("n", n.into())]), locale.with("status-parked-is", &arguments));
        let retry = locale.with("status-retry-button", &[("n", n.into())]);
        let drop = locale.with("status-drop-button", &[("n", n.into())]);
        post = post.row(Row::Buttons(vec![
            Press::ours(Button::RetryEffect(one.id), retry, Tone::Ask),
            Press::ours(Button::DropEffect(one.id), drop, Tone::Bad),
        ]));
    }
    if let Some(more) = facts.parked.len().checked_sub(shown).filter(|more| *more > 0) {
        embed.footer = Some(locale.with("status-more", &[("count", more.into())]));
    }
    post.embeds.push(embed);
    post
}

fn panel(locale: Locale, facts: &PanelFacts<'_>) -> String {
    let name = text::plain(facts.name, 30);
    let version = match facts.version {
        Some(version) => locale.with("status-panel-version", &[("version", text::plain(version, 15).into())]),
        None => locale.say("status-panel-version-unknown"),
    };
    let breaker = locale.say(match facts.breaker {
        Breaker::Closed => "status-breaker-closed",
        Breaker::Open => "status-breaker-open",
        Breaker::HalfOpen => "status-breaker-half-open",
    });
    let mut arguments = vec![("name", name.into()), ("version", version.into()), ("breaker", breaker.into())];
    let id = match (facts.down, facts.xray) {
        (Some((since, cause)), _) => {
            arguments.extend([("since", text::relative(since).into()), ("cause", text::plain(cause, 45).into())]);
            "status-panel-down"
        }
        (None, Some(xray)) => {
            arguments.push(("xray", text::plain(xray, 15).into()));
            "status-panel-up"
        }
        (None, None) => "status-panel-silent",
    };
    locale.with(id, &arguments)
}

fn lanes(locale: Locale, lanes: &[LaneFacts<'_>]) -> String {
    if lanes.is_empty() {
        return locale.say("status-outbox-empty");
    }
    let line = |one: &LaneFacts<'_>| {
        locale.with(
            "status-lane",
            &[
                ("name", text::code(one.name, 60).into()),
                ("count", one.waiting.into()),
                ("oldest", text::relative(one.oldest).into()),
            ],
        )
    };
    let mut shown: Vec<_> = lanes.iter().take(LANES).map(line).collect();
    if let Some(more) = lanes.len().checked_sub(LANES).filter(|more| *more > 0) {
        shown.push(locale.with("status-more-lanes", &[("count", more.into())]));
    }
    shown.join("\n")
}
