//! Reads panels and books, so that the rules of `domain/drift.rs` can say where they differ: for
//! `/admin drift` and for the owners' weekly message. Changes nothing.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use crate::{
    db::{self, Db},
    domain::{
        Millis,
        drift::{Compared, Kept, PanelReport, compare, inbounds, settled},
    },
    panel::Reader,
};

/// Compares every panel with the books, all panels at once.
pub async fn look(db: &Db, panels: &[Reader], now: Millis) -> Result<Vec<PanelReport>, db::Error> {
    let before = db::access::clients::expected_clients(db).await?;
    let found = join_all(panels.iter().map(|panel| {
        let also = inbounds(&before, panel.name());
        async move { panel.clients(&also).await }
    }))
    .await;
    // What was written to a panel while it was read is known by having changed in the books.
    let books = settled(&before, db::access::clients::expected_clients(db).await?);
    let mut reports = Vec::new();
    for (panel, found) in panels.iter().zip(found) {
        let name = panel.name();
        let compared = match found {
            Ok(found) => compare((name, panel.inbound_id()), &books, &found, now),
            Err(error) => {
                tracing::warn!(panel = name, %error, "a panel could not be compared with the books");
                Compared::Silent
            }
        };
        reports.push(PanelReport { panel: name.to_owned(), compared });
    }
    let mut elsewhere: BTreeMap<&str, usize> = BTreeMap::new();
    let sold = books.iter().filter(|one| matches!(one.kept, Kept::Active | Kept::Disabled));
    for one in sold.filter(|one| !panels.iter().any(|panel| panel.name() == one.panel)) {
        *elsewhere.entry(&one.panel).or_default() += 1;
    }
    reports.extend(
        elsewhere
            .into_iter()
            .map(|(panel, clients)| PanelReport { panel: panel.to_owned(), compared: Compared::Unconfigured(clients) }),
    );
    Ok(reports)
}
