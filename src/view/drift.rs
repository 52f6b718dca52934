//! Where the panels and the books do not say the same, each with the command that would mend it.

use crate::domain::{
    Millis, OrderId,
    drift::{Compared, Differs, Drift, Mend, PanelReport},
    grants::Expiry,
};

use super::{
    Embed, Locale, Post, Tone,
    export::{Cell, csv},
    post::File,
    text, words,
};

/// So many differences stand in the message; all of them are in the file.
const SHOWN: usize = 7;
/// So many panels are named.
const PANELS: usize = 6;
/// The longest name of a client in a sentence.
const EMAIL: usize = 50;
/// Room for a command: no name of a client that we keep is cut.
const COMMAND: usize = 230;

/// The columns of the file.
const TABLE: [&str; 8] = ["panel", "client", "customer_id", "order_id", "difference", "books", "on_panel", "command"];

/// The report. What does not fit into a message comes as a table with it.
pub fn report(locale: Locale, panels: &[PanelReport]) -> Result<Post, csv::Error> {
    let several = panels.len() > 1;
    let found: Vec<(&str, &Drift)> = panels
        .iter()
        .flat_map(|panel| {
            let drifts = match &panel.compared {
                Compared::Done { drifts, .. } => drifts.as_slice(),
                Compared::Silent | Compared::Unconfigured(_) => &[],
            };
            drifts.iter().map(|drift| (panel.panel.as_str(), drift))
        })
        .collect();
    let heads = panels.iter().take(PANELS).flat_map(|panel| head(locale, panel));
    let shown = found.iter().take(SHOWN).map(|(panel, drift)| {
        let says = line(locale, drift);
        match command(panel, drift, several) {
            None => says,
            Some(command) => format!("{says}\n{}", text::code(&command, COMMAND)),
        }
    });
    let mut body: Vec<_> = heads.chain(shown).collect();
    let left = found.len().saturating_sub(SHOWN);
    if left > 0 {
        body.push(locale.with("drift-more", &[("count", left.into())]));
    }
    let all_answered = panels.iter().all(|panel| matches!(panel.compared, Compared::Done { .. }));
    let tone = if found.is_empty() && all_answered { Tone::Good } else { Tone::Bad };
    let post = Post::embed(Embed::new(tone, locale.say("drift-title")).body(body.join("\n")));
    if left == 0 {
        return Ok(post);
    }
    let rows = found.iter().map(|(panel, drift)| cells(panel, drift, several));
    Ok(post.file(File { name: "drift.csv".to_owned(), bytes: csv(&TABLE, rows)? }))
}

/// What is to be said of a panel as a whole.
fn head(locale: Locale, report: &PanelReport) -> Vec<String> {
    let name = || text::plain(&report.panel, 40);
    match &report.compared {
        Compared::Silent => vec![locale.with("drift-silent", &[("panel", name().into())])],
        Compared::Unconfigured(clients) => {
            vec![locale.with("drift-unconfigured", &[("panel", name().into()), ("count", (*clients).into())])]
        }
        Compared::Done { drifts, unsettled } => {
            let found = locale.with("drift-panel", &[("panel", name().into()), ("count", drifts.len().into())]);
            let waits = (*unsettled > 0).then(|| locale.with("drift-unsettled", &[("count", (*unsettled).into())]));
            [Some(found), waits].into_iter().flatten().collect()
        }
    }
}

/// One difference as a sentence.
fn line(locale: Locale, drift: &Drift) -> String {
    let email = text::code(&drift.email, EMAIL);
    let mut arguments = vec![("email", email.into())];
    if let Some((_, user)) = drift.owner {
        arguments.push(("user", text::person(user).into()));
    }
    let id = match drift.differs {
        Differs::Missing if drift.mend == Mend::Delete => "drift-gone",
        Differs::Missing => "drift-missing",
        Differs::EmailTaken if drift.mend == Mend::Rename => "drift-unkept",
        Differs::EmailTaken => "drift-stranger",
        Differs::Leftover => "drift-leftover",
        Differs::Foreign => "drift-foreign",
        Differs::Elsewhere => "drift-elsewhere",
        Differs::Off => "drift-off",
        Differs::On => "drift-on",
        Differs::Expiry { ours, theirs } => {
            arguments.extend([("ours", end(locale, ours).into()), ("theirs", end(locale, theirs).into())]);
            if matches!(drift.mend, Mend::Extend(_)) { "drift-end" } else { "drift-end-taken-over" }
        }
        Differs::Quota { ours, theirs } => {
            let quota = |bytes| words::traffic(locale, bytes);
            arguments.extend([("ours", quota(ours).into()), ("theirs", quota(theirs).into())]);
            "drift-quota"
        }
    };
    locale.with(id, &arguments)
}

fn end(locale: Locale, expiry: Expiry) -> String {
    match expiry {
        Expiry::Never => locale.say("drift-never"),
        Expiry::At(at) => text::date(at),
    }
}

/// The command that would mend it, as it is typed; none where only the panel itself can.
fn command(panel: &str, drift: &Drift, several: bool) -> Option<String> {
    let of = |says: &str| drift.owner.map(|(row, _)| format!("/admin {says} subscription:s:{}", row.0));
    match drift.mend {
        Mend::Extend(days) => of(&format!("user-extend days:{days}")),
        Mend::Traffic(gigabytes) => of(&format!("user-edit-traffic gigabytes:{gigabytes}")),
        Mend::Enable | Mend::Replace => of("user-enable"),
        Mend::Disable => of("user-disable"),
        Mend::Delete => of("user-delete"),
        Mend::Adopt if several => Some(format!("/admin user-adopt email:{} panel:{panel} user:", drift.email)),
        Mend::Adopt => Some(format!("/admin user-adopt email:{} user:", drift.email)),
        Mend::Rename | Mend::Remove | Mend::Attach => None,
    }
}

fn cells(panel: &str, drift: &Drift, several: bool) -> Vec<Cell> {
    let moment = |expiry| match expiry {
        Expiry::Never => Cell::Ours("never".to_owned()),
        Expiry::At(Millis(at)) => {
            let at = chrono::DateTime::from_timestamp_millis(at).unwrap_or_default();
            Cell::Ours(at.format("%Y-%m-%d %H:%M:%SZ").to_string())
        }
    };
    let (ours, theirs) = match drift.differs {
        Differs::Expiry { ours, theirs } => (moment(ours), moment(theirs)),
        Differs::Quota { ours, theirs } => (Cell::Ours(ours.to_string()), Cell::Ours(theirs.to_string())),
        _ => (Cell::Empty, Cell::Empty),
    };
    vec![
        Cell::text(Some(panel)),
        Cell::text(Some(&drift.email)),
        Cell::person(drift.owner.map(|(_, user)| user)),
        Cell::text(drift.order.as_ref().map(|(order, _)| OrderId::as_str(order))),
        Cell::Ours(drift.differs.as_str().to_owned()),
        ours,
        theirs,
        Cell::text(command(panel, drift, several)),
    ]
}
