//! Conversations about the dashboard: the owner's numbers, their picture and its buttons.

use std::time::Duration;

use tollkeeper::{
    db::maintenance::encryption,
    sandbox::discord::{Message, Person},
};

use crate::world::{Leaves, World};

impl World {
    /// The dashboards in their channel, oldest first.
    fn dashboards(&self) -> Vec<Message> {
        let channel = self.guild.dashboard;
        let mut all = self.discord.look(|view| view.messages(channel));
        all.retain(|message| message.by_bot && message.contains("dashboard · run") && !message.ephemeral);
        all
    }

    /// Waits until the newest dashboard satisfies `good`.
    async fn dashboard(&self, what: &str, good: impl Fn(&Message) -> bool) -> Message {
        let channel = self.guild.dashboard;
        self.until(what, |view| {
            let newest =
                view.messages(channel).into_iter().rev().find(|it| it.by_bot && it.contains("dashboard · run"));
            newest.filter(&good)
        })
        .await
    }

    /// What somebody is told who presses a button of the dashboard.
    async fn presses_on_dashboard(&self, who: &Person, button: &str) -> Message {
        let dashboard = self.dashboard("a dashboard", |_| true).await;
        who.click(&dashboard, button).unwrap().reply().await.unwrap()
    }

    /// A text of a dashboard without the name of the run.
    async fn shown(&self, dashboard: &Message) -> String {
        let run = regex::Regex::new(r"run [0-9a-f]{16}").unwrap();
        run.replace(&self.tidied(&dashboard.render_text()).await, "run RUN").into_owned()
    }
}

fn picture(dashboard: &Message) -> Vec<u8> {
    let picture = dashboard.attachments.first().expect("it has a picture");
    assert!(picture.in_embed && dashboard.attachments.len() == 1, "one picture, in the embed");
    picture.bytes.to_vec()
}

#[tokio::test]
async fn the_dashboard_stands_from_the_start_and_follows_each_approval() {
    let world = World::new().await;
    let empty = world.dashboard("a dashboard", |_| true).await;
    assert_eq!(empty.buttons(), ["Refresh", "Export CSV", "DB backup"]);
    let before = picture(&empty);
    let mona = world.customer("Mona");
    mona.orders_and_pays("Premium", "Mona's receipt").await;
    world.admin("Adel").approves().await;
    let sold = world.dashboard("the sale", |message| message.contains("250 EGP")).await;
    assert_eq!(sold.id, empty.id, "the same message, edited");
    insta::assert_snapshot!(world.shown(&sold).await, @"
    │ **Nile VPN at a glance**
    │ Updated <time R>. The picture shows the revenue of the last 30 days (EGP) and, below, the orders by state.
    │ Today: **250 EGP** · 1 sale
    │ This month: **250 EGP** · 1 sale
    │ This quarter: **250 EGP** · 1 sale
    │ This year: **250 EGP** · 1 sale
    │ Orders:
    │ 🟨 waiting for payment: **0**
    │ 🟦 payment being checked: **0**
    │ 🟪 access being prepared: **0**
    │ 🟥 being finished by our team: **0**
    │ 🟩 sold in the last 30 days: **1**
    │ Ever: 1 completed, 0 not accepted, 0 cancelled, 0 expired, 0 taken back
    │ Subscriptions: **1** active, **0** of them end within 7 days
    │ This month by payment method: Vodafone Cash: **250 EGP** · 1 sale
    │ This month by plan: Premium: **250 EGP** · 1 sale
    │ [image dashboard.png]
    │ (dashboard · run RUN)
    [Refresh] [Export CSV] [DB backup]
    ");
    let after = picture(&sold);
    assert_ne!(before, after);
    let drawn = image::load_from_memory(&after).unwrap();
    assert_eq!((drawn.width(), drawn.height()), (800, 640));
    world.finish().await;
}

#[tokio::test]
async fn it_is_edited_at_every_interval_and_keeps_its_picture() {
    let world = World::with(|scene| scene.schedule("dashboard_refresh", "60ms")).await;
    let first = world.dashboard("a dashboard", |_| true).await;
    let file = first.attachments[0].id;
    // The time it shows is the only news.
    world.passes(Duration::from_mins(5));
    let later = world
        .dashboard("newer numbers", |message| message.embeds[0]["description"] != first.embeds[0]["description"])
        .await;
    assert_eq!((later.id, later.attachments.len(), later.attachments[0].id), (first.id, 1, file));
    world.finish_but(Leaves { outbox: &["dashboard"], ..Leaves::default() }).await;
}

#[tokio::test]
async fn it_is_found_again_after_a_restart_and_when_the_memory_of_it_is_lost() {
    let world = World::new().await;
    let first = world.dashboard("a dashboard", |_| true).await;
    let footer = first.embeds[0]["footer"]["text"].clone();
    world.restart().await;
    let again = world.dashboard("another run", |message| message.embeds[0]["footer"]["text"] != footer).await;
    assert_eq!(again.id, first.id);
    world.stop().await;
    world.changes("DELETE FROM bot_config WHERE key = 'dashboard'").await;
    let footer = again.embeds[0]["footer"]["text"].clone();
    world.start().await;
    let found = world.dashboard("a third run", |message| message.embeds[0]["footer"]["text"] != footer).await;
    assert_eq!((found.id, world.dashboards().len()), (first.id, 1));
    assert_eq!(found.attachments.len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_deleted_dashboard_is_posted_again() {
    let world = World::with(|scene| scene.schedule("dashboard_refresh", "60ms")).await;
    let first = world.dashboard("a dashboard", |_| true).await;
    world.discord.owner().deletes(&first).unwrap();
    let second = world.dashboard("a new one", |message| message.id != first.id).await;
    assert_eq!((world.dashboards().len(), second.attachments.len()), (1, 1));
    world.finish_but(Leaves { outbox: &["dashboard"], ..Leaves::default() }).await;
}

#[tokio::test]
async fn refresh_is_for_admins_and_says_when_it_is_done() {
    let world = World::new().await;
    let salma = world.presses_on_dashboard(&world.person("Salma"), "Refresh").await;
    assert!(salma.ephemeral && salma.contains("only admins can do it"), "{}", salma.render_text());
    let adel = world.presses_on_dashboard(&world.person("Adel"), "Refresh").await;
    assert!(
        adel.ephemeral && adel.contains("The dashboard shows the numbers of this moment."),
        "{}",
        adel.render_text()
    );
    world.finish().await;
}

/// It lets sales go first, but not for as long as a silent panel takes.
#[tokio::test]
async fn a_panel_that_says_nothing_keeps_no_dashboard_waiting() {
    let world = World::with(|scene| scene.schedule("panel_timeout", "15s")).await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world.panel.black_hole(true);
    let question = world.admin("Adel").opens_approval().await;
    world.admin("Adel").starts_to_confirm(&question);
    mona.waits_for("We are preparing your access.").await;
    let told = world.presses_on_dashboard(&world.person("Omar"), "Refresh").await;
    assert!(told.contains("The dashboard shows the numbers of this moment."), "{}", told.render_text());
    world.panel.black_hole(false);
    world.kill().await;
    world.start().await;
    mona.is_sent_link(0).await;
    world.finish().await;
}

#[tokio::test]
async fn a_roll_up_that_cannot_be_written_is_said_on_the_dashboard_and_repaired() {
    let world = World::with(|scene| scene.schedule("revenue_cache", "80ms")).await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    world
        .changes("CREATE TRIGGER broken BEFORE INSERT ON revenue_cache BEGIN SELECT RAISE(ABORT, 'broken'); END")
        .await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    world.dashboard("what it does not know", |message| message.contains("The revenue is as of")).await;
    world.changes("DROP TRIGGER broken").await;
    world.dashboard("the sale", |message| message.contains("100 EGP") && !message.contains("as of")).await;
    world.finish().await;
}

#[tokio::test]
async fn a_backup_is_for_owners_and_without_a_passphrase_it_stays_on_the_server() {
    let world = World::new().await;
    let adel = world.presses_on_dashboard(&world.person("Adel"), "DB backup").await;
    assert!(adel.ephemeral);
    assert_eq!(adel.render_text(), "Only owners can do this.");
    assert!(!world.data_dir().join("backups").exists());
    let omar = world.presses_on_dashboard(&world.person("Omar"), "DB backup").await;
    assert!(omar.ephemeral && omar.contains("The backup was written on the server: "), "{}", omar.render_text());
    assert!(!omar.contains("direct message"), "{}", omar.render_text());
    let file = only_backup(&world, "db");
    assert!(omar.contains(&file.display().to_string()), "{}", omar.render_text());
    world.settles().await;
    assert_eq!(world.person("Omar").dms().len(), 0);
    assert_eq!(world.number("SELECT count(*) FROM audit_logs WHERE action = 'database.backup'").await, 1);
    world.finish().await;
}

#[tokio::test]
async fn with_a_passphrase_an_encrypted_copy_comes_by_direct_message() {
    const PASSPHRASE: &str = "correct horse battery staple";
    let mut world = World::asleep(|_| {}).await;
    world.sets("BACKUP_PASSPHRASE", PASSPHRASE);
    world.start().await;
    let omar = world.person("Omar");
    let said = world.presses_on_dashboard(&omar, "DB backup").await;
    assert!(said.contains("An encrypted copy is on its way to you by direct message."), "{}", said.render_text());
    let id = omar.id();
    let sent = world
        .until("the backup by direct message", |view| {
            view.dms_of(id).into_iter().find(|message| !message.attachments.is_empty())
        })
        .await;
    let file = &sent.attachments[0];
    assert!(file.bytes.starts_with(b"age-encryption.org/v1\n"));
    assert_eq!(*file.bytes, *std::fs::read(only_backup(&world, "age")).unwrap());
    assert!(sent.contains(&file.filename), "{}", sent.render_text());
    let folder = tempfile::tempdir().unwrap();
    let (sealed, opened) = (folder.path().join("sent.db.age"), folder.path().join("sent.db"));
    std::fs::write(&sealed, &file.bytes).unwrap();
    encryption::open(&sealed, &opened, &PASSPHRASE.into()).unwrap();
    assert!(std::fs::read(&opened).unwrap().starts_with(b"SQLite format 3\0"));
    assert!(!sent.contains(PASSPHRASE));
    world.finish().await;
}

/// The one backup with this ending.
fn only_backup(world: &World, ending: &str) -> std::path::PathBuf {
    let all = std::fs::read_dir(world.data_dir().join("backups")).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = all.filter(|path| path.extension().is_some_and(|it| it == ending)).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// The name of a table's file, and its lines.
fn table(message: &Message) -> (String, Vec<String>) {
    let file = message.attachments.first().unwrap_or_else(|| unreachable!("no table: {}", message.render_text()));
    let text = std::str::from_utf8(&file.bytes).expect("UTF-8");
    let text = text.strip_prefix('\u{feff}').expect("Excel reads it as UTF-8");
    let lines: Vec<_> = text.split_terminator("\r\n").map(str::to_owned).collect();
    assert!(lines[0].starts_with("order_id,created,"), "{lines:?}");
    (file.filename.clone(), lines)
}

#[tokio::test]
async fn the_orders_of_any_period_come_as_a_table() {
    let world = World::new().await;
    let (mona, adel) = (world.customer("Mona"), world.admin("Adel"));
    mona.orders_and_pays("Premium", "Mona's receipt").await;
    adel.approves().await;
    mona.is_sent_link(0).await;
    let salma = world.presses_on_dashboard(&world.person("Salma"), "Export CSV").await;
    assert!(salma.contains("only admins can do it") && salma.attachments.is_empty(), "{}", salma.render_text());
    let asked = world.presses_on_dashboard(&adel.person, "Export CSV").await;
    assert!(asked.ephemeral, "only they may see it");
    let days = regex::Regex::new(r"\d{4}-\d\d-\d\d").unwrap();
    let text = world.tidied(&asked.render_text()).await;
    let (text, menu) = text.split_once("\n[Another period").unwrap();
    assert!(menu.ends_with("| Other days (type them)]"), "{menu}");
    insta::assert_snapshot!(days.replace_all(text, "DAY"), @"
    │ **Orders of DAY..DAY**
    │ The table has 1 order. It opens in Excel, LibreOffice and Google Sheets.
    │ The sums count money on the day it was approved.
    │ By payment method: Vodafone Cash: **250 EGP**
    │ By reviewer: @Adel: **250 EGP**
    📎 orders-DAY-to-DAY.csv
    ");
    let (_, lines) = table(&asked);
    assert!(lines.len() == 2 && lines[1].contains("Premium") && lines[1].contains("completed"), "{lines:?}");

    let today = chrono::DateTime::from_timestamp_millis(world.clock.now().0).unwrap();
    let month = today.format("%Y-%m").to_string();
    let chosen = adel.person.select(&asked, &[&month]).unwrap().reply().await.unwrap();
    let (name, lines) = table(&chosen);
    assert_eq!((name, lines.len()), (format!("orders-{month}.csv"), 2));

    let types = async |typed: &str| {
        let other = adel.person.select(&chosen, &["Other days (type them)"]).unwrap();
        let form = other.modal().await.unwrap();
        let label = form.fields[0].label.clone();
        adel.person.submit(&form, &[(&label, typed)]).unwrap().reply().await.unwrap()
    };
    let (name, lines) = table(&types("2020-01-01..2020-01-31").await);
    assert_eq!((name.as_str(), lines.len()), ("orders-2020-01-01-to-2020-01-31.csv", 1));
    let (name, lines) = table(&types(&today.format("%Y").to_string()).await);
    assert_eq!((name, lines.len()), (today.format("orders-%Y.csv").to_string(), 2));
    let nonsense = types("the day before yesterday").await;
    assert!(nonsense.contains("This is not a period we understand."), "{}", nonsense.render_text());
    assert_eq!(world.number("SELECT count(*) FROM audit_logs WHERE action = 'orders.export'").await, 4);
    world.finish().await;
}
