//! What keeps the shop running: outages, the dashboard, reminders.

use super::{NOW, Words};
use crate::{
    domain::Millis,
    view::{
        Locale, Post,
        outage::{self, Doors, OutageFacts},
    },
};

pub(super) fn outages(locale: Locale, words: Words<'_>) -> Vec<Post> {
    let facts =
        |over_at, waiting| OutageFacts { panel: words.name, since: NOW, cause: words.sentence, over_at, waiting };
    let mut posts = Vec::new();
    for waiting in 0..=2 {
        posts.push(outage::began(locale, &facts(None, waiting)));
        for minutes in [0, 1, 119, 120] {
            posts.push(outage::ended(locale, &facts(Some(Millis(NOW.0 + minutes * 60_000)), waiting)));
        }
    }
    // No post, but its texts count.
    let _ = [Doors::Open, Doors::Partly, Doors::Closed].map(|doors| outage::presence(locale, doors));
    posts
}
