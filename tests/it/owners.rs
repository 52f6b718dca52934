//! Conversations in which only owners are told: how the day went, and what could not be written.

use std::time::Duration;

use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tollkeeper::sandbox::discord::Message;

use tollkeeper::sandbox::discord::Fault;

use crate::world::World;

const HOUR: Duration = Duration::from_hours(1);

/// Beside the weekly message, which comes when these days have a Monday among them.
fn is_daily(said: &Message) -> bool {
    said.contains("Your shop on")
}

fn daily(world: &World) -> usize {
    world.person("Omar").dms().iter().filter(|said| is_daily(said)).count()
}

#[tokio::test]
async fn owners_read_once_each_morning_how_the_day_before_went() {
    let world = World::with(|scene| scene.schedule("owner_news", "100ms")).await;
    let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
    world.counts(1, "SELECT count(*) FROM bot_config WHERE key = 'daily_news'").await;
    mona.orders_and_pays("Premium", "Mona's receipt").await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    karim.orders_and_pays("Basic", "Karim's receipt").await;
    world.settles().await;
    assert_eq!(daily(&world), 0, "a new shop has no day before");
    // It is noon in Greenwich, two hours later in Cairo; nine o'clock there is nineteen hours away.
    world.passes(17 * HOUR);
    world.restart().await;
    world.settles().await;
    assert_eq!(daily(&world), 0, "not before the morning");
    world.passes(3 * HOUR);
    let omar = world.person("Omar").id();
    let told = world.until("the daily message", |view| view.dms_of(omar).into_iter().rfind(is_daily)).await;
    let head = world.word("SELECT hash FROM audit_logs ORDER BY id DESC LIMIT 1").await;
    let entries = world.number("SELECT max(id) FROM audit_logs").await;
    let text = told.render_text().replace(&format!("{entries}:{head}"), "ANCHOR");
    let text = regex::Regex::new(r"\d{4}-\d\d-\d\d").unwrap().replace_all(&text, "DATE").into_owned();
    insta::assert_snapshot!(text, @"
    Your shop on DATE:
    Sales: 1
    Revenue: `250 EGP`
    Open now: 0 unpaid, 1 to review, 0 being set up, 0 in need of a person
    Steps that gave up: 0
    Given by staff without a sale: nothing
    Last backup: none
    Audit log, its last entry: keep it, `tollkeeper audit verify --expect` shows whether it is still there:
    `ANCHOR`
    -# owner · day DATE
    ");
    world.restart().await;
    world.passes(2 * HOUR);
    world.settles().await;
    assert_eq!(daily(&world), 1, "once a day, whatever happens");
    // Days without the bot are not made up for one by one.
    world.stop().await;
    world.passes(50 * HOUR);
    world.start().await;
    world
        .until("the next one", |view| {
            (view.dms_of(omar).iter().filter(|said| is_daily(said)).count() == 2).then_some(())
        })
        .await;
    world.settles().await;
    assert_eq!(daily(&world), 2);
    world.finish().await;
}

#[tokio::test]
async fn faults_of_one_kind_are_one_message_an_hour() {
    let world = World::with(|scene| scene.schedule("owner_news", "20ms")).await;
    world.changes("CREATE TRIGGER broken BEFORE INSERT ON orders BEGIN SELECT RAISE(ABORT, 'broken'); END").await;
    let omar = world.person("Omar").id();
    let fails = async |name: &'static str| {
        let customer = world.customer(name);
        let menu = customer.asks_for_plans().await;
        let chosen = customer.person.select(&menu, &["Basic"]).unwrap();
        let told = chosen.until("an apology", |message| message.contains("Something went wrong on our side")).await;
        told.unwrap();
    };
    let reads = async |text: &'static str| {
        world.until("the owner to read of it", |view| view.dms_of(omar).into_iter().find(|it| it.contains(text))).await
    };
    fails("Mona").await;
    reads("One answer to a command or button failed on our side.").await;
    fails("Karim").await;
    fails("Hoda").await;
    world.settles().await;
    assert_eq!(world.person("Omar").dms().len(), 1, "the others wait for their hour");
    world.changes("DROP TRIGGER broken").await;
    world.passes(HOUR);
    reads("2 answers to commands or buttons failed on our side.").await;
    world.settles().await;
    assert_eq!(world.person("Omar").dms().len(), 2);
    world.finish().await;
}

/// Somebody else holds the database for longer than we wait for it: the stranger is refused all
/// the same, and that they tried is in the chain as soon as it can be.
#[tokio::test]
async fn what_is_refused_while_the_database_is_locked_comes_into_the_audit_log_later() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.settles().await;
    let card = world.admin("Adel").card().await;
    let options = SqliteConnectOptions::new().filename(world.data_dir().join("tollkeeper.db"));
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    let lock = other.begin_with("BEGIN EXCLUSIVE").await.unwrap();
    let refused = world.person("Salma").click(&card, "Approve").unwrap();
    let told = refused.reply().await.unwrap().render_text();
    assert_eq!(told, "Your role lets you see this, but only admins can do it.");
    let noted = || {
        let files = std::fs::read_dir(world.data_dir()).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.is_file()).any(|path| {
            std::fs::read(path).is_ok_and(|bytes| {
                bytes.starts_with(b"{") && String::from_utf8_lossy(&bytes).contains("payment.approve")
            })
        })
    };
    let deadline = std::time::Instant::now() + crate::world::SOON;
    while !noted() {
        assert!(std::time::Instant::now() < deadline, "it is noted beside the database");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    lock.rollback().await.unwrap();
    let _ = other.close().await;
    let entries = "SELECT count(*) FROM audit_logs WHERE action = 'access.refuse'";
    assert_eq!(world.number(entries).await, 0);
    world.restart().await;
    world.counts(1, entries).await;
    world.restart().await;
    world.settles().await;
    assert_eq!(world.number(entries).await, 1, "once");
    world.finish().await;
}

/// A list of owners with somebody in it whose account is gone, and a ticket that the bot may not
/// read any more: the others are told, once, and the review channel instead of who cannot be.
#[tokio::test]
async fn what_gave_up_is_told_once_and_to_everybody_who_can_be_told() {
    let world = World::asleep(|scene| {
        // Eight tries fit between two scans; a scan in between would begin to count anew.
        scene.schedule("ticket_scan", "3s");
        scene.schedule("retry_max", "30ms");
    })
    .await;
    let ghost = world.discord.member("Ghost", &[]);
    let path = world.config_path();
    let toml = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, toml.replacen("owners = [", &format!("owners = [\"{}\", ", ghost.id()), 1)).unwrap();
    world.discord.forgets(ghost.id());
    world.start().await;
    let mona = world.customer("Mona");
    mona.orders("Basic").await;
    mona.chooses("InstaPay").await;
    let messages = format!("/channels/{}/messages", mona.ticket());
    world.discord.on_request(move |asked| {
        let reads = asked.method == "GET" && asked.path == messages;
        if reads { Fault::refused(403, 50001, "Missing Access") } else { Fault::None }
    });
    let (omar, id) = (world.person("Omar").id(), ghost.id());
    let told = world.until("the owner to be told", |view| view.dms_of(omar).pop()).await;
    assert!(told.contains("read:"), "{}", told.render_text());
    world.card("who cannot be told", |line| line.content.contains(&format!("<@{id}>"))).await;
    // The scan wakes it again and again; it gives up again and again.
    world.counts(1, "SELECT count(*) FROM outbox WHERE key LIKE 'read:%' AND tries > 24").await;
    assert_eq!(world.person("Omar").dms().len(), 1, "once");
    world.discord.no_faults();
    mona.uploads("Mona's receipt").await;
    world.settles().await;
    assert_eq!(world.person("Omar").dms().len(), 1);
    world.finish().await;
}

/// Who can write into the database can write a chain that fits itself; what owners were sent stays.
#[tokio::test]
async fn an_audit_log_without_what_owners_were_sent_is_told() {
    for (tampering, broken) in [
        (vec![], false),
        // As a chain from the beginning would do it as well.
        (vec!["DROP TRIGGER audit_no_delete", "DELETE FROM audit_logs"], true),
    ] {
        let world = World::with(|scene| scene.schedule("owner_news", "100ms")).await;
        let omar = world.person("Omar").id();
        world.counts(1, "SELECT count(*) FROM bot_config WHERE key = 'daily_news'").await;
        world.customer("Mona").orders("Basic").await;
        world.settles().await;
        let days = |count: usize| {
            let world = &world;
            async move {
                world
                    .until("the daily message", |view| {
                        let told: Vec<_> = view.dms_of(omar).into_iter().filter(is_daily).collect();
                        (told.len() == count).then(|| told[count - 1].render_text())
                    })
                    .await
            }
        };
        world.passes(20 * HOUR);
        assert!(!days(1).await.contains("The audit log was changed"));
        world.settles().await;
        for sql in &tampering {
            world.changes(sql).await;
        }
        world.passes(24 * HOUR);
        let told = days(2).await;
        assert_eq!(told.contains("The audit log was changed"), broken, "{told}");
        world.finish().await;
    }
}
