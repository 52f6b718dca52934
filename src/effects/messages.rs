//! Reading messages back: only what is asked of them, each for itself.
//!
//! A client that reads all of a message reads none of a hundred when one of them says something new,
//! and a link's preview is enough for that. What is not needed here is not looked at; a message that
//! cannot even be told apart is passed over with a word in the log.

use serde::Deserialize;
use serde_json::Value;
use serenity::http::{LightMethod, Request, Route};

use super::{
    EffectContext,
    discord::{Trouble, call, made_before, serenity_channel},
};
use crate::{
    domain::{ChannelId, MessageId, Millis, UserId},
    view::Marker,
};

/// Messages Discord gives at a time.
const PAGE: usize = 100;

/// So many pages are looked through for a message of ours, however old they say they are: Discord's
/// clock, by which it numbers messages, need not agree with ours.
const LOOKED_THROUGH: usize = 3;

/// A message, as far as we look at one.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Written {
    id: serenity::all::MessageId,
    author: Author,
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    embeds: Vec<Embedded>,
    #[serde(default)]
    attachments: Vec<File>,
    #[serde(default)]
    message_snapshots: Vec<Snapshot>,
}

#[derive(Debug, Clone, Deserialize)]
struct Author {
    id: serenity::all::UserId,
}

/// An embed, of which only the footer carries a marker of ours.
#[derive(Debug, Clone, Deserialize)]
struct Embedded {
    #[serde(default)]
    footer: Option<Footer>,
}

#[derive(Debug, Clone, Deserialize)]
struct Footer {
    #[serde(default)]
    text: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Snapshot {
    message: Forwarded,
}

#[derive(Debug, Clone, Deserialize)]
struct Forwarded {
    #[serde(default)]
    attachments: Vec<File>,
}

/// A file of a message.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct File {
    /// Where it is; signed, and so a secret.
    pub(super) url: String,
    /// In bytes, as Discord says.
    pub(super) size: u64,
}

impl Written {
    pub(super) fn id(&self) -> MessageId {
        MessageId(self.id.get())
    }

    pub(super) fn author(&self) -> UserId {
        UserId(self.author.id.get())
    }

    /// Its files, and those of the messages that it forwards.
    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        let forwarded = self.message_snapshots.iter().flat_map(|snapshot| &snapshot.message.attachments);
        self.attachments.iter().chain(forwarded)
    }

    /// What stands in it; nothing where the application may not know.
    pub(super) fn text(&self) -> &str {
        self.content.as_deref().unwrap_or_default()
    }

    /// Whether it names an address on the web, such as a picture's.
    pub(super) fn names_an_address(&self) -> bool {
        self.text().contains("https://") || self.text().contains("http://")
    }

    /// What stands at the foot of its boxes.
    pub(super) fn footers(&self) -> impl Iterator<Item = &str> {
        self.embeds.iter().filter_map(|embed| embed.footer.as_ref()).map(|footer| footer.text.as_str())
    }

    fn carries(&self, marker: &Marker) -> bool {
        marker.is_in(self.content.as_deref().unwrap_or_default(), self.footers())
    }
}

/// Messages that Discord gave at once.
#[derive(Debug)]
pub(super) struct Page {
    /// Those that can be told apart.
    pub(super) messages: Vec<Written>,
    /// Whether there may be more; not where none could be read, for there is no way on from there.
    pub(super) goes_on: bool,
}

impl Page {
    fn read(page: Vec<Value>) -> Self {
        let full = page.len() >= PAGE;
        let messages: Vec<_> = page.into_iter().filter_map(read).collect();
        Self { goes_on: full && !messages.is_empty(), messages }
    }
}

fn read(message: Value) -> Option<Written> {
    let id = message["id"].as_str().unwrap_or_default().to_owned();
    let written = serde_json::from_value(message).ok();
    if written.is_none() {
        tracing::warn!(message.id = id, "a message is in a form that nobody knows, and was passed over");
    }
    written
}

impl EffectContext {
    /// Up to a hundred messages after a snowflake, oldest first.
    pub(super) async fn messages_after(&self, channel: ChannelId, after: u64) -> Result<Page, Trouble> {
        let mut page = self.page(channel, Some(("after", after))).await?;
        page.messages.sort_by_key(Written::id);
        Ok(page)
    }

    /// Up to a hundred messages before another, newest first; before nothing: the newest there are.
    pub(super) async fn messages_before(&self, channel: ChannelId, before: Option<MessageId>) -> Result<Page, Trouble> {
        let mut page = self.page(channel, before.map(|before| ("before", before.0))).await?;
        page.messages.sort_by_key(|message| std::cmp::Reverse(message.id()));
        Ok(page)
    }

    async fn page(&self, channel: ChannelId, from: Option<(&'static str, u64)>) -> Result<Page, Trouble> {
        let mut wanted = vec![("limit", PAGE.to_string())];
        wanted.extend(from.map(|(way, snowflake)| (way, snowflake.max(1).to_string())));
        let route = Route::ChannelMessages { channel_id: serenity_channel(channel) };
        let request = Request::new(route, LightMethod::Get).params(Some(wanted));
        Ok(Page::read(call(self.http.fire(request)).await?))
    }

    pub(super) async fn message(&self, channel: ChannelId, message: MessageId) -> Result<Written, Trouble> {
        let message_id = message.0.max(1).into();
        let route = Route::ChannelMessage { channel_id: serenity_channel(channel), message_id };
        call(self.http.fire(Request::new(route, LightMethod::Get))).await
    }

    /// Looks whether an earlier try has posted a message with this marker since `since`, the newest
    /// first.
    pub(super) async fn find_posted(
        &self,
        channel: ChannelId,
        marker: &Marker,
        since: Millis,
    ) -> Result<Option<MessageId>, Trouble> {
        let found = self.find_ours(channel, since, |message| message.carries(marker)).await?;
        Ok(found.map(|message| message.id()))
    }

    /// The newest message of ours since `since` of which something is true.
    pub(super) async fn find_ours(
        &self,
        channel: ChannelId,
        since: Millis,
        is_it: impl Fn(&Written) -> bool + Send,
    ) -> Result<Option<Written>, Trouble> {
        let (mut before, mut looked) = (None, 0);
        loop {
            let page = self.messages_before(channel, before).await?;
            let mut ours = page.messages.iter().filter(|message| message.author() == self.me);
            if let Some(found) = ours.find(|message| is_it(message)) {
                return Ok(Some(found.clone()));
            }
            looked += 1;
            match page.messages.last() {
                Some(oldest) if page.goes_on && (looked < LOOKED_THROUGH || !made_before(oldest.id().0, since)) => {
                    before = Some(oldest.id());
                }
                _ => return Ok(None),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_of_a_new_form_hides_no_other() {
        let said = |id: &str| {
            json!({ "id": id, "author": { "id": "7" }, "type": 999, "embeds": [{ "image": { "width": 1 } }],
                "attachments": [{ "url": "https://cdn.discordapp.com/a.png", "size": 3 }] })
        };
        let page = Page::read(vec![said("1"), json!({ "id": "2" }), json!("nonsense"), said("3")]);
        assert_eq!(page.messages.iter().map(|message| message.id().0).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(page.messages[0].files().count(), 1);
        assert!(!page.goes_on);
        assert!(!Page::read(vec![json!({}); PAGE]).goes_on, "there is no way on from a page of nothing");
    }
}
