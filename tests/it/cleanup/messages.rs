//! Messages that are deleted again.

use std::time::Duration;

use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tollkeeper::sandbox::discord::{Fault, Id, Message};

use super::tidy;
use crate::world::World;

const DAY: Duration = Duration::from_hours(24);

/// What has been asked of Discord with this method on this route, each with its path.
fn asked(world: &World, method: &str, route: &str) -> Vec<String> {
    let requests = world.discord.requests();
    let these = requests.into_iter().filter(|it| it.info.method == method && it.info.route == route);
    these.map(|it| it.info.path).collect()
}

const BULK: &str = "/channels/{channel_id}/messages/bulk-delete";
const ONE: &str = "/channels/{channel_id}/messages/{message_id}";

impl World {
    /// Somebody writes so many lines in the lobby, and the bot is made to believe that they are
    /// notices of its own whose time is over.
    async fn overdue(&self, lines: usize) -> Vec<Message> {
        let (lobby, karim) = (self.guild.lobby, self.person("Karim"));
        let written: Vec<_> = (0..lines).map(|n| karim.says(lobby, &format!("line {n}")).unwrap()).collect();
        self.tracks(&written).await;
        written
    }

    async fn tracks(&self, messages: &[Message]) {
        let options = SqliteConnectOptions::new().filename(self.data_dir().join("tollkeeper.db"));
        let mut sql = SqliteConnection::connect_with(&options).await.unwrap();
        let mut tx = sql.begin_with("BEGIN IMMEDIATE").await.unwrap();
        for message in messages {
            let query = "INSERT INTO bot_messages (message_id, channel_id, kind, created_at, delete_at)
                         VALUES (?, ?, 'staff_news', 1, 2)";
            let id = |id: Id| i64::try_from(id).unwrap();
            sqlx::query(query).bind(id(message.id)).bind(id(message.channel)).execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        let _ = sql.close().await;
    }

    async fn nothing_is_tracked(&self) {
        self.counts(0, "SELECT count(*) FROM bot_messages").await;
    }

    fn in_lobby(&self) -> usize {
        self.discord.look(|view| view.messages(self.guild.lobby).len())
    }
}

#[tokio::test]
async fn a_notice_goes_after_a_day_and_what_tells_the_truth_stays() {
    let world = tidy().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let ticket = mona.ticket();
    assert!(mona.person.sees(ticket).iter().any(|message| message.contains("Welcome!")));
    world.passes(Duration::from_mins(24 * 60 - 5));
    world.settles().await;
    assert!(mona.person.sees(ticket).iter().any(|message| message.contains("Welcome!")), "not before its time");
    world.passes(Duration::from_mins(10));
    world
        .until("the notice to be gone", |view| {
            (!view.messages(ticket).iter().any(|message| message.contains("Welcome!"))).then_some(())
        })
        .await;
    world.nothing_is_tracked().await;
    let left = mona.person.sees(ticket);
    assert!(left.iter().any(|message| message.contains("· ticket")), "the status message stays");
    assert!(left.iter().any(|message| !message.attachments.is_empty()), "her receipt is hers");
    assert!(world.cards().await.contains("Approve"), "the card stays");
    world.finish().await;
}

#[tokio::test]
async fn many_messages_go_a_hundred_at_a_time() {
    let world = tidy().await;
    world.overdue(230).await;
    world.nothing_is_tracked().await;
    assert_eq!(world.in_lobby(), 0);
    let bulks: Vec<_> = world.discord.requests().into_iter().filter(|it| it.info.route == BULK).collect();
    let sizes: Vec<_> = bulks.iter().map(|it| it.info.body["messages"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [100, 100, 30]);
    assert_eq!(asked(&world, "DELETE", ONE), Vec::<String>::new());
    world.finish().await;
}

#[tokio::test]
async fn what_is_older_than_two_weeks_goes_one_by_one() {
    let world = tidy().await;
    let (lobby, karim) = (world.guild.lobby, world.person("Karim"));
    let old: Vec<_> = (0..3).map(|n| karim.says(lobby, &format!("old {n}")).unwrap()).collect();
    world.passes(15 * DAY);
    let young: Vec<_> = (0..3).map(|n| karim.says(lobby, &format!("young {n}")).unwrap()).collect();
    world.tracks(&[old, young].concat()).await;
    world.nothing_is_tracked().await;
    assert_eq!(world.in_lobby(), 0);
    assert_eq!((asked(&world, "POST", BULK).len(), asked(&world, "DELETE", ONE).len()), (1, 3));
    world.finish().await;
}

#[tokio::test]
async fn one_message_that_cannot_be_deleted_never_stops_the_rest() {
    let world = tidy().await;
    let (lobby, karim) = (world.guild.lobby, world.person("Karim"));
    let lines: Vec<_> = (0..6).map(|n| karim.says(lobby, &format!("line {n}")).unwrap()).collect();
    // One is gone already, one is refused for ever, one fails for now.
    karim.deletes(&lines[1]).unwrap();
    let path = |n: usize| format!("/messages/{}", lines[n].id);
    let (forbidden, broken) = (path(2), path(3));
    world.discord.on_request(move |asked| match &*asked.path {
        path if path.ends_with("/bulk-delete") => Fault::refused(403, 50013, "Missing Permissions"),
        path if path.ends_with(&forbidden) => Fault::refused(403, 50013, "Missing Permissions"),
        path if path.ends_with(&broken) => Fault::server_error(),
        _ => Fault::None,
    });
    world.tracks(&lines).await;
    world.counts(1, "SELECT count(*) FROM bot_messages").await;
    let left: Vec<_> = world.discord.look(|view| view.messages(lobby)).into_iter().map(|it| it.content).collect();
    assert_eq!(left, ["line 2", "line 3"], "the others went");
    world.discord.no_faults();
    world.nothing_is_tracked().await;
    let left: Vec<_> = world.discord.look(|view| view.messages(lobby)).into_iter().map(|it| it.content).collect();
    assert_eq!(left, ["line 2"], "a refusal is final, a fault is not");
    world.finish().await;
}

#[tokio::test]
async fn one_channel_that_fails_never_stops_the_others() {
    let world = tidy().await;
    let karim = world.person("Karim");
    let channels: Vec<_> = (0..4).map(|n| world.discord.text_channel(&format!("room-{n}"), None, &[])).collect();
    let mut lines = Vec::new();
    for channel in &channels {
        lines.extend((0..5).map(|n| karim.says(*channel, &format!("line {n}")).unwrap()));
    }
    let (broken, gone) = (channels[0], channels[1]);
    let messages = format!("/channels/{broken}/messages/");
    world.discord.on_request(
        move |asked| {
            if asked.path.contains(&messages) { Fault::server_error() } else { Fault::None }
        },
    );
    world.stop().await;
    world.discord.owner().deletes_channel(gone).unwrap();
    world.tracks(&lines).await;
    world.start().await;
    world.counts(5, "SELECT count(*) FROM bot_messages").await;
    for channel in &channels[2..] {
        assert!(world.discord.look(|view| view.messages(*channel).is_empty()));
    }
    world.discord.no_faults();
    world.nothing_is_tracked().await;
    world.finish().await;
}
