//! No secret is written where it does not belong: a whole conversation with the program as a
//! process, our own events logged down to the finest, and then everything searched.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::{Value, json};
use sqlx::{Connection as _, Row as _, SqliteConnection};
use tollkeeper::sandbox::{
    discord::{Fault, Id, Message, Request},
    panel::{Generation, NewClient},
};

use crate::world::{Question, Scene, World};

/// With it a backup leaves the machine.
const PASSPHRASE: &str = "correct horse battery staple";

/// A client that was made by hand before the bot came.
const BY_HAND: &str = "by-hand-1";

/// Copies what goes through the outbox, whose rows are gone when their work is done.
const SPY: &str = "CREATE TABLE spied (said TEXT) STRICT;
    CREATE TRIGGER spy_new AFTER INSERT ON outbox BEGIN INSERT INTO spied VALUES (NEW.key || ' ' || NEW.args); END;
    CREATE TRIGGER spy_old AFTER UPDATE ON outbox
        BEGIN INSERT INTO spied VALUES (NEW.key || ' ' || NEW.args || COALESCE(NEW.last_error, '')); END;";

/// Secrets of machines: nowhere but on their own wire.
struct Secrets {
    /// Bot token, the panel's token or password, cookie, CSRF token, interactions' tokens, tokens
    /// of buttons and forms.
    of_machines: BTreeSet<String>,
    /// What the buttons and forms do that carry a token.
    guarded: BTreeSet<String>,
    /// Link, uuid and subscription id, with the customer whose they are.
    of_customers: BTreeMap<String, Id>,
}

impl World {
    /// A shop whose bot is a process that logs everything it may.
    async fn chatty(choose: impl FnOnce(&mut Scene)) -> Self {
        let mut world = Self::asleep(|scene| {
            choose(scene);
            scene.process = true;
        })
        .await;
        world.sets("BACKUP_PASSPHRASE", PASSPHRASE);
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
        let mut guarded = BTreeSet::new();
        let tokens = regex::Regex::new("tk:([a-z]+):([0-9a-f]{32})").unwrap();
        for request in self.discord.requests() {
            let parts: Vec<_> = request.info.path.split('/').collect();
            let before = ["interactions", "webhooks"];
            let at = parts.iter().position(|part| before.contains(part));
            of_machines.extend(at.and_then(|at| parts.get(at + 2)).map(ToString::to_string));
            let body = request.info.body.to_string();
            for found in tokens.captures_iter(&body) {
                guarded.insert(found[1].to_owned());
                of_machines.insert(found[2].to_owned());
            }
        }
        of_machines.extend(self.panel.secrets());
        Secrets { of_machines, guarded, of_customers: self.secrets_of_customers().await }
    }

    async fn secrets_of_customers(&self) -> BTreeMap<String, Id> {
        let mut sql = self.sql().await;
        let query = "SELECT user_id, client_uuid AS secret FROM subscriptions
                     UNION SELECT user_id, sub_id FROM subscriptions
                     UNION SELECT user_id, link FROM subscriptions WHERE link IS NOT NULL";
        let rows = sqlx::query(query).fetch_all(&mut sql).await.unwrap();
        let _ = sql.close().await;
        rows.iter().map(|row| (row.get("secret"), row.get::<i64, _>("user_id").cast_unsigned())).collect()
    }
}

impl Secrets {
    fn all(&self) -> impl Iterator<Item = &String> {
        self.of_machines.iter().chain(self.of_customers.keys())
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

/// First sale, decline, second proof, renewal, the link asked for, a day at the desk, the table
/// exported. Answers that table, and what was secret before the desk gave other keys.
async fn everything_happens(world: &World) -> (String, BTreeMap<String, Id>) {
    world.changes(SPY).await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "blurred").await;
    world.admin("Adel").declines("Screenshot not readable").await;
    mona.waits_for("Your last payment proof was not accepted").await;
    mona.uploads("sharp").await;
    assert!(notes_reference(world).await.contains("Noted on the card"));
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    mona.orders_and_pays("Premium", "second receipt").await;
    uses_a_reference_twice(world).await;
    world.admin("Nadia").approves().await;
    mona.is_sent_link(1).await;
    assert!(mona.link().await.contains("vless://"));
    world.settles().await;
    let before = world.secrets_of_customers().await;
    the_desk_acts(world).await;
    the_desk_looks(world).await;
    let table = presses_on_dashboard(world, "Adel", "Export CSV").await;
    let csv = table.attachments.first().expect("a table");
    (String::from_utf8_lossy(&csv.bytes).into_owned(), before)
}

/// Types what stands on the receipt of the newest open card; what is answered.
async fn notes_reference(world: &World) -> Message {
    let (adel, card) = (world.admin("Adel"), world.admin("Adel").card().await);
    let list = adel.opens(&card, "More").await;
    let form = adel.person.select(&list.message, &["Enter the reference"]).unwrap().modal().await.expect("a form");
    let sent = adel.person.submit(&form, &[("The number on the receipt", "777888")]).expect("the form is sent");
    sent.reply().await.expect("an answer")
}

async fn uses_a_reference_twice(world: &World) {
    let adel = world.person("Adel");
    let twin = notes_reference(world).await;
    let form = adel.click(&twin, "Use it all the same").unwrap().modal().await.expect("a form");
    let sent = adel.submit(&form, &[("Why may it be used twice?", "One transfer for two orders.")]);
    let answer = sent.expect("the form is sent").reply().await.expect("an answer");
    assert_eq!(answer.render_text(), "Noted on the card, with your reason in the audit log.");
}

/// Everything at the desk by which a key is made, changed or sent.
async fn the_desk_acts(world: &World) {
    world.panel.add_client(&NewClient {
        inbound_id: 1,
        uuid: "11111111-2222-4333-8444-555555555555".to_owned(),
        email: BY_HAND.to_owned(),
        sub_id: "byhandsubscription".to_owned(),
        enable: true,
        total_bytes: 0,
        expiry_ms: 0,
    });
    let adel = world.admin("Adel");
    let about = |name: &str, mut options: Value| {
        options["user"] = json!(world.person(name).id().to_string());
        options
    };
    for (command, options, says) in [
        ("user-rotate", about("Mona", json!({})), "Done"),
        ("user-adopt", about("Karim", json!({ "email": BY_HAND })), "Done"),
        ("user-create", about("Hoda", json!({ "plan": "basic", "amount": "80" })), "The sale is booked."),
    ] {
        let question = Question { message: adel.desk(command, options).await };
        let answer = adel.confirms(&question).await;
        assert!(answer.starts_with(says), "{command}: {answer}");
    }
    world.settles().await;
    let sent = world.person("Mona").dms().len();
    world.admin("Salma").desk("user-resend", about("Mona", json!({}))).await;
    let mona = world.person("Mona").id();
    world.until("the link once more", |view| (view.dms_of(mona).len() > sent).then_some(())).await;
    let second_thoughts = adel.desk("user-disable", about("Mona", json!({}))).await;
    let cancelled = adel.person.click(&second_thoughts, "Cancel").expect("there is a way out").reply().await;
    assert_eq!(cancelled.expect("an answer").render_text(), "Nothing was changed.");
    world.settles().await;
}

/// Everything at the desk that shows what there is, and a backup that leaves the machine.
async fn the_desk_looks(world: &World) {
    let adel = world.admin("Adel");
    for order in [
        world.word("SELECT id FROM orders WHERE source = 'shop' ORDER BY created_at LIMIT 1").await,
        world.word("SELECT id FROM orders WHERE source = 'manual'").await,
    ] {
        assert!(adel.desk("order", json!({ "order": order })).await.contains(&order));
    }
    let log = adel.desk("audit", json!({})).await;
    let table = adel.person.click(&log, "CSV file").expect("there is a table").reply().await.expect("an answer");
    assert_eq!(table.attachments.len(), 1, "{}", table.render_text());
    let drift = adel.desk("drift", json!({})).await;
    assert!(drift.contains("everything is as the books say"), "{}", drift.render_text());
    for name in ["Mona", "Karim", "Hoda"] {
        adel.desk("user-info", json!({ "user": world.person(name).id().to_string() })).await;
    }
    presses_on_dashboard(world, "Omar", "DB backup").await;
    let omar = world.person("Omar").id();
    let has_file = |message: &Message| !message.attachments.is_empty();
    world.until("the backup by message", |view| view.dms_of(omar).into_iter().find(has_file)).await;
    world.settles().await;
}

async fn presses_on_dashboard(world: &World, name: &str, button: &str) -> Message {
    let dashboard = world.guild.dashboard;
    let shown = world
        .until("the dashboard", |view| view.messages(dashboard).into_iter().rev().find(|it| it.part(button).is_some()))
        .await;
    world.person(name).click(&shown, button).unwrap().reply().await.unwrap()
}

/// Each message with its files, and the customer for whom it is; everything else others read.
fn said(world: &World) -> Vec<(Option<Id>, String)> {
    let mona = world.person("Mona").id();
    world.discord.look(|view| {
        let mut said = Vec::new();
        for channel in view.channels().into_iter().chain(view.dm_channels()) {
            for message in view.messages(channel.id) {
                // The answer to /link, which nobody but Mona asks for.
                let hers = message.ephemeral && message.contains("Your VPN access");
                let files = message.attachments.iter().map(|file| String::from_utf8_lossy(&file.bytes).into_owned());
                let text = format!("{message:?}\n{}", files.collect::<String>());
                said.push((if hers { Some(mona) } else { channel.recipient }, text));
            }
        }
        said
    })
}

async fn keeps_its_secrets(choose: impl FnOnce(&mut Scene)) {
    let world = World::chatty(choose).await;
    let (csv, before) = everything_happens(&world).await;
    let mut secrets = world.secrets().await;
    assert!(before.keys().any(|key| !secrets.of_customers.contains_key(key)), "the keys are others now");
    secrets.of_customers.extend(before);
    // Three of each customer, two of Mona's twice; and of the machines what is drawn for each click.
    let found = (secrets.of_customers.len(), secrets.of_machines.len());
    assert!(found.0 >= 11 && found.1 >= 40, "what is looked for was not found: {found:?}");
    assert!(secrets.of_machines.contains(PASSPHRASE));
    for button in ["abort", "audit", "because", "confirm", "override", "table"] {
        assert!(secrets.guarded.contains(button), "{button} was never shown: {:?}", secrets.guarded);
    }
    secrets.are_not_in("the exported table", &csv);
    let mut sql = world.sql().await;
    let audit = "SELECT action || ' ' || target || ' ' || payload || ' ' || COALESCE(session, '') FROM audit_logs";
    secrets.are_not_in("the audit log", &text_of(&mut sql, audit).await);
    secrets.are_not_in("the outbox", &text_of(&mut sql, "SELECT said FROM spied").await);
    let _ = sql.close().await;
    for (reader, message) in said(&world) {
        for (secret, owner) in &secrets.of_customers {
            let may = reader == Some(*owner);
            assert!(may || !message.contains(secret.as_str()), "{secret} is in a message to others: {message}");
        }
        for secret in [PASSPHRASE, &world.discord.bot_token()] {
            assert!(!message.contains(secret), "{secret} is in a message: {message}");
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
