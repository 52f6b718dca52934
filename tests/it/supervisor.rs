//! The program under a service manager: what it says over the manager's socket, how it ends.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::net::UnixDatagram;
use tollkeeper::sandbox::discord::{Fault, Gate};

use crate::world::{SOON, Scene, World};

/// A service manager, as far as the program can tell: a datagram socket that it reads.
struct Manager {
    socket: UnixDatagram,
    heard: Vec<String>,
}

impl Manager {
    /// Listens, and tells the program where and how often it wants to hear.
    fn listens(world: &mut World, watchdog: Option<Duration>) -> Self {
        let path = world.config_path().with_file_name("notify.sock");
        let socket = UnixDatagram::bind(&path).unwrap();
        world.sets("NOTIFY_SOCKET", path.to_str().unwrap());
        if let Some(watchdog) = watchdog {
            world.sets("WATCHDOG_USEC", &watchdog.as_micros().to_string());
        }
        Self { socket, heard: Vec::new() }
    }

    /// The next thing that is said within this time.
    async fn next(&mut self, patience: Duration) -> Option<String> {
        let mut buffer = [0; 4096];
        let length = tokio::time::timeout(patience, self.socket.recv(&mut buffer)).await.ok()?.unwrap();
        let said = String::from_utf8(buffer[..length].to_vec()).unwrap();
        self.heard.push(said.clone());
        Some(said)
    }

    /// Waits until a line that begins like this is said.
    async fn hears(&mut self, line: &str) -> String {
        let deadline = Instant::now() + SOON;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Some(said) = self.next(left).await else { unreachable!("no {line} in {:?}", self.heard) };
            if let Some(found) = said.lines().find(|said| said.starts_with(line)) {
                return found.to_owned();
            }
        }
    }

    /// How often the watchdog is fed within this time.
    async fn meals(&mut self, time: Duration) -> usize {
        let deadline = Instant::now() + time;
        let mut meals = 0;
        while let Some(said) = self.next(deadline.saturating_duration_since(Instant::now())).await {
            meals += said.lines().filter(|line| *line == "WATCHDOG=1").count();
        }
        meals
    }
}

fn as_process(scene: &mut Scene) {
    scene.process = true;
}

#[tokio::test]
async fn it_is_ready_alive_and_stops() {
    let mut world = World::asleep(as_process).await;
    let mut manager = Manager::listens(&mut world, Some(Duration::from_millis(400)));
    world.start().await;
    manager.hears("READY=1").await;
    let status = manager.hears("STATUS=").await;
    assert_eq!(status, "STATUS=Connected to Discord; all panels are up");
    for _ in 0..3 {
        manager.hears("WATCHDOG=1").await;
    }
    world.stop().await;
    manager.hears("STOPPING=1").await;
    assert!(manager.heard[0].starts_with("STATUS=Reaching Discord"), "{:?}", manager.heard);
    world.finish().await;
}

#[tokio::test]
async fn the_status_says_at_once_that_the_bot_was_taken_out_of_its_server() {
    let mut world = World::asleep(as_process).await;
    let mut manager = Manager::listens(&mut world, None);
    world.start().await;
    manager.hears("READY=1").await;
    world.settles().await;
    world.discord.kicks_bot(true);
    let said = manager.hears("STATUS=The bot is not in its Discord server any more").await;
    assert!(said.contains("invite it again"), "{said}");
    let console = std::fs::read_to_string(world.console()).unwrap();
    assert!(console.contains("the bot is not in the server any more"), "{console}");
    world.discord.invites_bot();
    manager.hears("STATUS=Connected to Discord; all panels are up").await;
    world.finish().await;
}

#[tokio::test]
async fn it_is_not_ready_before_its_commands_are_registered() {
    let mut world = World::asleep(as_process).await;
    let mut manager = Manager::listens(&mut world, None);
    let gate = Gate::new();
    let hold = gate.clone();
    world.discord.on_request(move |asked| match (asked.method.as_str(), asked.path.ends_with("/commands")) {
        ("PUT", true) => Fault::HoldBefore(hold.clone()),
        _ => Fault::None,
    });
    let registering = async {
        manager.hears("STATUS=Reaching Discord").await;
        let deadline = Instant::now() + SOON;
        while gate.waiting() == 0 {
            assert!(Instant::now() < deadline, "it never registers its commands");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(!manager.heard.iter().any(|said| said.contains("READY=1")), "{:?}", manager.heard);
        gate.open();
        manager.hears("READY=1").await;
    };
    tokio::join!(world.start(), registering);
    world.finish().await;
}

/// The worker hangs in the database, which another program holds: the watchdog starves although the
/// program, its gateway and its timers live. When the worker goes on, so does the watchdog.
#[tokio::test]
async fn a_discord_that_says_nothing_is_asked_again_before_anybody_gives_up() {
    let world = World::asleep(as_process).await;
    let first = AtomicBool::new(true);
    world.discord.on_request(move |_| {
        if first.swap(false, Ordering::SeqCst) { Fault::HoldBefore(Gate::new()) } else { Fault::None }
    });
    // Who waits for it to be ready does so for half a minute.
    world.start().await;
    world.finish().await;
}

#[tokio::test]
async fn a_worker_that_hangs_does_not_feed_the_watchdog() {
    const LIMIT: Duration = Duration::from_millis(500);
    let mut world = World::asleep(as_process).await;
    let mut manager = Manager::listens(&mut world, Some(LIMIT));
    // There is always something to claim: what Discord refuses to show is tried again and again.
    let dashboard = world.guild.dashboard.to_string();
    world.discord.on_request(
        move |asked| {
            if asked.path.contains(&dashboard) { Fault::server_error() } else { Fault::None }
        },
    );
    world.start().await;
    manager.hears("READY=1").await;
    assert!(manager.meals(4 * LIMIT).await >= 3, "{:?}", manager.heard);
    let options = SqliteConnectOptions::new().filename(world.data_dir().join("tollkeeper.db"));
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    // What was on its way may still come.
    manager.meals(LIMIT).await;
    assert!(manager.meals(4 * LIMIT).await <= 1, "{:?}", manager.heard);
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    let _ = other.close().await;
    world.discord.no_faults();
    manager.hears("WATCHDOG=1").await;
    world.finish().await;
}

#[tokio::test]
async fn work_in_hand_is_kept_when_it_is_told_to_stop() {
    for signal in ["INT", "TERM"] {
        stopped_with_work_in_hand(signal).await;
    }
}

async fn stopped_with_work_in_hand(signal: &str) {
    let world = World::with(|scene| {
        as_process(scene);
        scene.schedule("panel_timeout", "60s");
    })
    .await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Premium", "Mona's receipt").await;
    world.panel.black_hole(true);
    let before = world.panel.request_count();
    let adel = world.admin("Adel");
    let question = adel.opens_approval().await;
    let _confirming = adel.starts_to_confirm(&question);
    let deadline = Instant::now() + SOON;
    while world.panel.request_count() == before {
        assert!(Instant::now() < deadline, "nothing is asked of the panel");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let status = world.ends_on(signal).await;
    assert!(status.success(), "{signal}: {status}");
    world.panel.black_hole(false);
    world.start().await;
    mona.is_sent_link(0).await;
    world.finish().await;
}

/// A thread that hangs in the system (a dead network disk, a name server that does not answer)
/// cannot be stopped, and is not waited for: it ends with the program.
#[tokio::test]
async fn a_thread_that_hangs_does_not_keep_it_from_stopping() {
    let world = World::with(as_process).await;
    let shelf = world.data_dir().join("screenshots/aa");
    std::fs::create_dir_all(&shelf).unwrap();
    // To read it is to wait for somebody who writes.
    let pipe = shelf.join(format!("{}.png", "aa".repeat(32)));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let dashboard = world.guild.dashboard;
    let board = world
        .until("a dashboard", |view| view.messages(dashboard).into_iter().find(|it| it.part("DB backup").is_some()))
        .await;
    let _backing_up = world.person("Omar").click(&board, "DB backup").unwrap();
    let deadline = Instant::now() + SOON;
    let made = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with("tollkeeper-");
    while !std::fs::read_dir(world.data_dir().join("backups"))
        .is_ok_and(|mut names| names.any(|entry| made(&entry.unwrap().file_name())))
    {
        assert!(Instant::now() < deadline, "the database is not copied");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let status = world.ends_on("TERM").await;
    assert!(status.success(), "{status}");
    std::fs::remove_file(pipe).unwrap();
    world.finish().await;
}

/// Discord ends the session for good: its code for a token that was reset meanwhile.
#[tokio::test]
async fn a_part_that_ends_takes_the_program_with_it() {
    let world = World::with(as_process).await;
    world.inspected().await;
    world.discord.close_gateway(4004);
    let status = world.ends().await;
    assert_eq!(status.code(), Some(3), "starting again would not help");
    let console = std::fs::read_to_string(world.console()).unwrap();
    assert!(console.contains("the gateway ended: Discord does not accept the bot's token any more"), "{console}");
    world.finish().await;
}
