//! Whether another machine runs the same bot: the dashboard's footer names the run that wrote it
//! last, and our own runs are remembered.

use std::time::Duration;

use serenity::all::{GetMessages, Http, Message};

use crate::{
    clock::Clock,
    config::Config,
    db::{self, maintenance::instances::Whose},
    domain::{Millis, UserId},
    ops,
    view::Marker,
};

use super::report::Section;

/// A dashboard that nobody edited for this many refreshes is an old one.
const REFRESHES: u32 = 3;

pub(super) async fn look(section: &mut Section, http: &Http, config: &Config, me: UserId, clock: &Clock) {
    let channel = serenity::all::ChannelId::new(config.discord.dashboard_channel_id.0.max(1));
    // A channel that cannot be read was reported with its permissions.
    let Ok(messages) = channel.messages(http, GetMessages::new().limit(50)).await else { return };
    let Some((boot, at)) = messages.iter().filter(|message| message.author.id.get() == me.0).find_map(writer) else {
        return;
    };
    let age = clock.now().since(at);
    let fresh = age < config.schedule.dashboard_refresh.saturating_mul(REFRESHES).max(Duration::from_mins(1));
    let ago = humantime::format_duration(Duration::from_secs(age.as_secs()));
    match whose(config, &boot).await {
        Some(Whose::Foreign) if fresh => section.mend(format!(
            "Another machine, or another data directory, runs this bot with the same token: it edited the dashboard \
             {ago} ago (run {boot}). Stop it, or reset the token in the Developer Portal; two bots answer everything \
             twice."
        )),
        Some(Whose::Foreign) => section.note(format!(
            "The dashboard was last edited {ago} ago by a run that this data directory does not know (run {boot}): \
             fine if you moved from another machine and stopped the bot there."
        )),
        None if fresh => section.note(format!(
            "The dashboard was edited {ago} ago, and there is no database here: if the bot runs elsewhere with this \
             token, stop it there before you start it here."
        )),
        Some(Whose::Ours) | None => {}
    }
}

/// The run that a dashboard names, and when it wrote.
fn writer(message: &Message) -> Option<(String, Millis)> {
    let mut footers = message.embeds.iter().filter_map(|embed| embed.footer.as_ref());
    let boot = footers.find_map(|footer| Marker::parse_dashboard(&footer.text))?;
    let at = message.edited_timestamp.unwrap_or(message.timestamp);
    Some((boot.to_owned(), Millis(at.timestamp_millis())))
}

/// `None` when there is no database that could know.
async fn whose(config: &Config, boot: &str) -> Option<Whose> {
    let db = ops::look(config).await.ok()?;
    let whose = db::maintenance::instances::instance_in_charge(&db, boot).await;
    db.close().await;
    whose.ok()
}
