//! No secret is written where it does not belong: a whole conversation with the program as a
//! process, our own events logged down to the finest, and then everything searched.

use std::{collections::BTreeSet, path::Path};

use sqlx::{Connection as _, SqliteConnection};
use tollkeeper::sandbox::{
    discord::{Fault, Request},
    panel::Generation,
};

use crate::world::{Scene, World};

/// Copies what goes through the outbox, whose rows are gone when their work is done.
const SPY: &str = "CREATE TABLE spied (said TEXT) STRICT;
    CREATE TRIGGER spy_new AFTER INSERT ON outbox BEGIN INSERT INTO spied VALUES (NEW.key || ' ' || NEW.args); END;
    CREATE TRIGGER spy_old AFTER UPDATE ON outbox
        BEGIN INSERT INTO spied VALUES (NEW.key || ' ' || NEW.args || COALESCE(NEW.last_error, '')); END;";

/// Secrets of machines: nowhere but on their own wire.
struct Secrets {
    /// Bot token, the panel's token or password, cookie, CSRF token, interactions' tokens, tokens
    /// of confirmations.
    of_machines: BTreeSet<String>,
    /// Link, uuid and subscription id: the customer's.
    of_customers: BTreeSet<String>,
}

impl World {
    /// A shop whose bot is a process that logs everything it may.
    async fn chatty(choose: impl FnOnce(&mut Scene)) -> Self {
        let world = Self::asleep(|scene| {
            choose(scene);
            scene.process = true;
        })
        .await;
        let path = world.config_path();
        let mut toml = std::fs::read_to_string(&path).unwrap();
        toml.push_str("[log]\nlevel = \"trace\"\n");
        std::fs::write(&path, toml).unwrap();
        world.start().await;
        world
    }

    async fn secrets(&self) -> Secrets {
        let mut of_machines: BTreeSet<String> = self.environment().values().cloned().collect();
        // The name of a login is no secret, and "admin" is said everywhere.
        of_machines.retain(|secret| secret.len() > 8);
        let confirmations = regex::Regex::new("tk:(?:confirm|abort):([0-9a-f]{32})").unwrap();
        for request in self.discord.requests() {
            let parts: Vec<_> = request.info.path.split('/').collect();
            let before = ["interactions", "webhooks"];
            let at = parts.iter().position(|part| before.contains(part));
            of_machines.extend(at.and_then(|at| parts.get(at + 2)).map(ToString::to_string));
            let body = request.info.body.to_string();
            of_machines.extend(confirmations.captures_iter(&body).map(|found| found[1].to_owned()));
        }
        of_machines.extend(self.panel.secrets());
        let mut sql = self.sql().await;
        let query = "SELECT client_uuid FROM subscriptions UNION SELECT sub_id FROM subscriptions
                     UNION SELECT link FROM subscriptions WHERE link IS NOT NULL";
        let of_customers: Vec<String> = sqlx::query_scalar(query).fetch_all(&mut sql).await.unwrap();
        let _ = sql.close().await;
        Secrets { of_machines, of_customers: of_customers.into_iter().collect() }
    }
}

impl Secrets {
    fn all(&self) -> impl Iterator<Item = &String> {
        self.of_machines.iter().chain(&self.of_customers)
    }

    fn are_not_in(&self, place: &str, text: &str) {
        for secret in self.all() {
            assert!(!text.contains(secret.as_str()), "{secret} is in {place}");
        }
    }
}

async fn text_of(sql: &mut SqliteConnection, query: &'static str) -> String {
    let rows: Vec<String> = sqlx::query_scalar(query).fetch_all(sql).await.unwrap();
    assert!(!rows.is_empty(), "nothing was found by {query}");
    rows.join("\n")
}

/// First sale, decline, second proof, renewal, the link asked for, the table exported.
async fn everything_happens(world: &World) -> String {
    world.changes(SPY).await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "blurred").await;
    world.admin("Adel").declines("Screenshot not readable").await;
    mona.waits_for("Your last payment proof was not accepted").await;
    mona.uploads("sharp").await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    mona.orders_and_pays("Premium", "second receipt").await;
    world.admin("Nadia").approves().await;
    mona.is_sent_link(1).await;
    assert!(mona.link().await.contains("vless://"));
    world.settles().await;
    let dashboard = world.guild.dashboard;
    let shown = world
        .until("the dashboard", |view| {
            view.messages(dashboard).into_iter().rev().find(|it| it.part("Refresh").is_some())
        })
        .await;
    let table = world.person("Adel").click(&shown, "Export CSV").unwrap().reply().await.unwrap();
    let csv = table.attachments.first().expect("a table");
    String::from_utf8_lossy(&csv.bytes).into_owned()
}

/// What was sent to anybody but the customer: those who may read it are not who bought it.
fn said_to_others(world: &World) -> Vec<String> {
    let mona = world.person("Mona").id();
    world.discord.look(|view| {
        let channels = view.channels().into_iter().chain(view.dm_channels());
        let others = channels.filter(|channel| channel.recipient != Some(mona));
        let messages = others.flat_map(|channel| view.messages(channel.id));
        let hers = |message: &tollkeeper::sandbox::discord::Message| message.ephemeral && message.contains("vless://");
        messages.filter(|message| !hers(message)).map(|message| format!("{message:?}")).collect()
    })
}

async fn keeps_its_secrets(choose: impl FnOnce(&mut Scene)) {
    let world = World::chatty(choose).await;
    let csv = everything_happens(&world).await;
    let secrets = world.secrets().await;
    assert!(secrets.of_customers.len() >= 3 && secrets.of_machines.len() >= 8, "what is looked for was not found");
    secrets.are_not_in("the exported table", &csv);
    let mut sql = world.sql().await;
    let audit = "SELECT action || ' ' || target || ' ' || payload || ' ' || COALESCE(session, '') FROM audit_logs";
    secrets.are_not_in("the audit log", &text_of(&mut sql, audit).await);
    secrets.are_not_in("the outbox", &text_of(&mut sql, "SELECT said FROM spied").await);
    let _ = sql.close().await;
    for message in said_to_others(&world) {
        for secret in &secrets.of_customers {
            assert!(!message.contains(secret.as_str()), "{secret} is in a message to others: {message}");
        }
    }
    world.changes("DROP TRIGGER spy_new; DROP TRIGGER spy_old; DROP TABLE spied;").await;
    let (console, logs) = (world.console(), world.data_dir().join("logs"));
    let database = std::fs::read(world.data_dir().join("tollkeeper.db")).unwrap();
    let database = String::from_utf8_lossy(&database).into_owned();
    for secret in &secrets.of_machines {
        assert!(!database.contains(secret.as_str()), "{secret} is in the database");
    }
    world.stop().await;
    secrets.are_not_in("the console", &std::fs::read_to_string(console).unwrap());
    let written = read_all(&logs);
    assert!(written.contains("\"level\":\"DEBUG\""), "our finest events are there");
    assert!(written.contains("a payment was decided"));
    secrets.are_not_in("the logs", &written);
    world.start().await;
    world.finish().await;
}

fn read_all(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[tokio::test]
async fn a_bot_with_a_panels_token_keeps_its_secrets() {
    keeps_its_secrets(|_| {}).await;
}

#[tokio::test]
async fn a_bot_with_a_login_cookie_and_csrf_token_keeps_its_secrets() {
    keeps_its_secrets(|scene| scene.token = false).await;
}

#[tokio::test]
async fn a_bot_with_a_login_on_2_9_keeps_its_secrets() {
    keeps_its_secrets(|scene| scene.generation(Generation::V2_9)).await;
}

#[tokio::test]
async fn the_word_that_a_customer_is_given_for_a_fault_is_in_the_log_with_its_cause() {
    let world = World::chatty(|scene| scene.schedule("owner_news", "200ms")).await;
    let mona = world.customer("Mona");
    world.changes("ALTER TABLE users RENAME COLUMN status TO lost").await;
    let mut words = BTreeSet::new();
    let told_word = regex::Regex::new("tell our team this number: `([0-9A-Z]{6})`").unwrap();
    for _ in 0..3 {
        let told = mona.asks_for_plans().await.render_text();
        words.insert(told_word.captures(&told).expect(&told)[1].to_owned());
    }
    assert_eq!(words.len(), 3, "each fault has its own");
    world.changes("ALTER TABLE users RENAME COLUMN lost TO status").await;
    let omar = world.person("Omar").id();
    let told = world.until("the owner to be told", |view| view.dms_of(omar).pop()).await;
    assert!(told.contains("failed on our side"), "{}", told.render_text());
    assert!(words.iter().any(|word| told.contains(word)), "{}", told.render_text());
    let logs = world.data_dir().join("logs");
    world.stop().await;
    assert_eq!(world.person("Omar").dms().len(), 1, "the others are told of in an hour, together");
    let errors: String = std::fs::read_dir(&logs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("errors."))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    for word in words {
        let line = errors.lines().find(|line| line.contains(&word)).expect("the fault is in the error log");
        assert!(line.contains("no such column"), "with its cause: {line}");
    }
    world.start().await;
    world.finish().await;
}

/// What surprises serenity it would write down whole: an address with an interaction's token, an
/// event with all that is in it.
#[tokio::test]
async fn what_discord_never_does_leaves_no_secret_in_the_logs() {
    let world = World::chatty(|_| {}).await;
    let mona = world.customer("Mona");
    let odd = Fault::Status { status: 200, body: serde_json::json!({}), headers: Vec::new() };
    world.discord.fail_next("POST", "/callback", 1, odd);
    mona.person.slash(world.guild.lobby, "order", serde_json::json!({})).unwrap();
    let answered = |asked: &Request| asked.info.path.ends_with("/callback") && asked.status == Some(200);
    world.until("the odd answer", |view| view.requests().iter().any(answered).then_some(())).await;
    let typed = "typed-into-a-form";
    let frame = serde_json::json!({ "op": 0, "t": "INTERACTION_CREATE", "s": 1, "d": { "id": "1", "token": typed } });
    world.discord.writes_frame(&frame.to_string());
    world.discord.writes_frame(&format!("no frame: {typed}"));
    // Frames are read in order: both were read when this is answered.
    mona.asks_for_plans().await;
    let secrets = world.secrets().await;
    let logs = world.data_dir().join("logs");
    world.stop().await;
    let console = std::fs::read_to_string(world.console()).unwrap();
    for (place, text) in [("the console", console), ("the logs", read_all(&logs))] {
        secrets.are_not_in(place, &text);
        assert!(!text.contains(typed), "what was typed is in {place}");
        assert!(text.contains("Unhandled error"), "{place} says nothing of it");
    }
    world.start().await;
    world.finish().await;
}
