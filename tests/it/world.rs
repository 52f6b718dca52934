//! A whole world for a conversation: a Discord with people in it, a panel, and the real bot between
//! them, configured by a real file. People do what their clients let them, the test reads what
//! they see.
//!
//! A world ends with [`World::finish`], which looks at everything that must always be true. A
//! world that is dropped without it fails the test.

mod books;
mod bot;
mod customer;
mod openapi;
mod reading;
mod receipt;
mod scene;
mod staff;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tollkeeper::{
    clock::Clock,
    sandbox::{
        discord::{Discord, Message, Options, Person, Portal},
        panel::{ClientRow, NewClient, Panel},
    },
};

pub(crate) use books::Leaves;
use bot::Running;
pub(crate) use bot::program;
pub(crate) use customer::Customer;
pub(crate) use receipt::{receipt, same_pixels};
use scene::Guild;
pub(crate) use scene::Scene;
use staff::Admin;
pub(crate) use staff::{Question, custom_id};

/// Longer than anything takes on loopback, on a machine that does five other things as well.
pub(crate) const SOON: Duration = Duration::from_secs(30);

pub(crate) struct World {
    pub(crate) discord: Discord,
    pub(crate) panel: Panel,
    /// A second panel, on which one plan is served.
    pub(crate) second: Option<Panel>,
    pub(crate) clock: Clock,
    pub(crate) guild: Guild,
    folder: tempfile::TempDir,
    environment: HashMap<String, String>,
    process: bool,
    arguments: Vec<&'static str>,
    bot: Mutex<Option<Running>>,
    finished: bool,
}

/// Days begin and end in the middle of some test, whenever the tests run; at noon in the middle of
/// none. A bot in a process of its own has the machine's clock.
fn until_noon(clock: &Clock) -> Duration {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    let of_today = u64::try_from(clock.now().0).expect("a time after 1970") % DAY;
    Duration::from_millis((DAY + DAY / 2 - of_today) % DAY)
}

impl World {
    /// The usual shop, with the bot running.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A shop as the test wants it, with the bot running.
    pub(crate) async fn with(choose: impl FnOnce(&mut Scene)) -> Self {
        let world = Self::asleep(choose).await;
        world.start().await;
        world
    }

    /// The same, and the bot is not running yet.
    pub(crate) async fn asleep(choose: impl FnOnce(&mut Scene)) -> Self {
        let mut scene = Scene::default();
        choose(&mut scene);
        let clock = Clock::system();
        if !scene.process {
            clock.advance(until_noon(&clock));
        }
        let now = clock.clone();
        let portal = Portal { message_content: scene.message_content, members: false, presences: false };
        let options = Options {
            portal,
            clock: Some(std::sync::Arc::new(move || u64::try_from(now.now().0).unwrap_or(0))),
            validator: Some(openapi::validator()),
            patience: SOON,
            ..Options::default()
        };
        let discord = Discord::start(options).await.expect("a sandbox Discord");
        let panel = Panel::start(scene.panel.clone()).await.expect("a sandbox panel");
        let mut second = None;
        if scene.second_panel {
            second = Some(Panel::start(scene.panel.clone()).await.expect("a second sandbox panel"));
        }
        for panel in [Some(&panel), second.as_ref()].into_iter().flatten() {
            panel.set_clock_offset_ms(clock.now().0 - Clock::system().now().0);
        }
        let guild = Guild::build(&discord, &scene);
        let folder = tempfile::tempdir().expect("a folder");
        let environment = scene::configure(folder.path(), &scene, &guild, &discord, &panel, second.as_ref());
        let (process, arguments, bot, finished) = (scene.process, Vec::new(), Mutex::new(None), false);
        Self { discord, panel, second, clock, guild, folder, environment, process, arguments, bot, finished }
    }

    /// The one client on the panel.
    pub(crate) fn only_client(&self) -> ClientRow {
        let mut clients = self.panel.clients();
        assert_eq!(clients.len(), 1, "there is one client: {clients:#?}");
        clients.remove(0)
    }

    /// Somebody else's client is on the panel under the name that the only order's will have;
    /// answers the name.
    pub(crate) async fn has_a_stranger_under_our_name(&self) -> String {
        let email = format!("tk-{}", self.word("SELECT id FROM orders").await.to_ascii_lowercase());
        self.panel.add_client(&NewClient {
            inbound_id: 1,
            uuid: "11111111-2222-4333-8444-555555555555".into(),
            email: email.clone(),
            sub_id: "stranger".into(),
            enable: true,
            total_bytes: 0,
            expiry_ms: 0,
        });
        email
    }

    /// Starts the bot and waits until it is connected.
    pub(crate) async fn start(&self) {
        self.tries_to_start().await.unwrap_or_else(|why| unreachable!("{why}"));
    }

    /// The same for a bot that may not come; the error says how it ended.
    pub(crate) async fn tries_to_start(&self) -> Result<(), String> {
        let running = if self.process {
            Running::process(&self.config_path(), &self.environment, &self.console(), &self.arguments)
        } else {
            Running::inside(&self.config_path(), &self.environment, &self.clock)
        };
        *self.bot.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
        if let Err(error) = self.discord.ready(SOON).await {
            let running = self.bot.lock().unwrap_or_else(PoisonError::into_inner).take();
            let ended = running.map(Running::ended);
            let console = std::fs::read_to_string(self.console()).unwrap_or_default();
            return Err(format!("the bot did not come: {error:#}; it ended with {ended:?}\n{console}"));
        }
        Ok(())
    }

    /// Tells the bot to stop, and waits until it has.
    pub(crate) async fn stop(&self) {
        let running = self.bot.lock().unwrap_or_else(PoisonError::into_inner).take();
        running.expect("the bot runs").stop().await.expect("the bot ends well");
        self.gone().await;
    }

    /// Ends the bot at once, wherever it is.
    pub(crate) async fn kill(&self) {
        let running = self.bot.lock().unwrap_or_else(PoisonError::into_inner).take();
        running.expect("the bot runs").kill().await;
        self.gone().await;
    }

    /// Stops and starts the bot.
    pub(crate) async fn restart(&self) {
        self.stop().await;
        self.start().await;
    }

    async fn gone(&self) {
        let offline = self.discord.until("the bot to be gone", SOON, |view| (!view.bot_online()).then_some(()));
        offline.await.expect("the bot leaves");
    }

    /// Moves the clocks of the bot, of Discord and of the panel.
    pub(crate) fn passes(&self, time: Duration) {
        self.clock.advance(time);
        let ahead = self.clock.now().0 - Clock::system().now().0;
        for panel in self.panels() {
            panel.set_clock_offset_ms(ahead);
        }
        self.discord.time_moved();
    }

    /// Sets back the same clocks, which were ahead.
    pub(crate) fn is_set_back(&self, by: Duration) {
        self.clock.set_back(by);
        let ahead = self.clock.now().0 - Clock::system().now().0;
        for panel in self.panels() {
            panel.set_clock_offset_ms(ahead);
        }
        self.discord.time_moved();
    }

    /// Every panel.
    pub(crate) fn panels(&self) -> impl Iterator<Item = &Panel> {
        std::iter::once(&self.panel).chain(&self.second)
    }

    /// Waits until the bot has looked at the server's channels and roles, as it does when it comes.
    pub(crate) async fn inspected(&self) {
        let parts = ["/roles", "/members/", "/channels"];
        self.until("a look at the server", |view| {
            let answered = |part| {
                let mut gets = view.requests().iter().filter(|asked| asked.info.method == "GET");
                gets.any(|asked| {
                    asked.info.path.starts_with("/guilds/") && asked.info.path.contains(part) && asked.status.is_some()
                })
            };
            parts.into_iter().all(answered).then_some(())
        })
        .await;
    }

    /// A customer.
    pub(crate) fn customer(&self, name: &'static str) -> Customer<'_> {
        Customer { world: self, person: self.person(name), name }
    }

    /// A member of staff.
    pub(crate) fn admin(&self, name: &'static str) -> Admin<'_> {
        Admin { world: self, person: self.person(name) }
    }

    /// Anybody, for doing what only their client limits.
    pub(crate) fn person(&self, name: &str) -> Person {
        self.guild.people[name].clone()
    }

    /// The folder with `config.toml` in it.
    pub(crate) fn config_path(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    /// The folder of database, pictures and logs.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Where a process writes what it has to say.
    pub(crate) fn console(&self) -> PathBuf {
        self.folder.path().join("console.log")
    }

    /// Starts the process with one more argument from now on.
    pub(crate) fn adds(&mut self, argument: &'static str) {
        self.arguments.push(argument);
    }

    /// Leaves the process without any variable.
    pub(crate) fn forgets_environment(&mut self) {
        self.environment.clear();
    }

    /// Gives the process one more variable.
    pub(crate) fn sets(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// Sends the process a signal, such as `INT`, and waits for its end.
    pub(crate) async fn ends_on(&self, signal: &str) -> std::process::ExitStatus {
        let running = self.bot.lock().unwrap_or_else(PoisonError::into_inner).take();
        let status = running.expect("the bot runs").ends_on(signal).await;
        self.gone().await;
        status
    }

    /// The memory of the process at its highest so far, in kilobytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let running = self.bot.lock().unwrap_or_else(PoisonError::into_inner);
        running.as_ref().expect("the bot runs").kilobytes("VmHWM")
    }

    /// Sends the process a signal and waits for nothing.
    pub(crate) fn signals(&self, signal: &str) {
        let running = self.bot.lock().unwrap_or_else(PoisonError::into_inner);
        running.as_ref().expect("the bot runs").is_sent(signal);
    }

    /// Waits for the end of a process that ends by itself.
    pub(crate) async fn ends(&self) -> std::process::ExitStatus {
        let running = self.bot.lock().unwrap_or_else(PoisonError::into_inner).take();
        let status = running.expect("the bot runs").ends().await;
        self.gone().await;
        status
    }

    /// What the process has in its environment.
    pub(crate) fn environment(&self) -> &HashMap<String, String> {
        &self.environment
    }

    /// A look at the database from outside, beside the running bot.
    pub(crate) async fn sql(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.data_dir().join("tollkeeper.db")).read_only(true);
        SqliteConnection::connect_with(&options).await.expect("the database opens")
    }

    /// Another process with the database in hand.
    pub(crate) async fn writer(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.data_dir().join("tollkeeper.db"));
        SqliteConnection::connect_with(&options).await.expect("the database opens")
    }

    /// Changes the database past all of the bot's code, beside the running bot.
    pub(crate) async fn changes(&self, statement: &'static str) {
        let options = SqliteConnectOptions::new().filename(self.data_dir().join("tollkeeper.db"));
        let mut sql = SqliteConnection::connect_with(&options).await.expect("the database opens");
        sqlx::raw_sql(statement).execute(&mut sql).await.expect("the statement works");
        let _ = sql.close().await;
    }

    /// One number from the database.
    pub(crate) async fn number(&self, query: &'static str) -> i64 {
        let mut sql = self.sql().await;
        let found = sqlx::query_scalar(query).fetch_one(&mut sql).await;
        let _ = sql.close().await;
        found.expect("the query gives a number")
    }

    /// Waits until a number in the database is this.
    pub(crate) async fn counts(&self, expected: i64, query: &'static str) {
        let deadline = std::time::Instant::now() + SOON;
        loop {
            let found = self.number(query).await;
            if found == expected {
                return;
            }
            assert!(std::time::Instant::now() < deadline, "{found} instead of {expected}: {query}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// One text from the database.
    pub(crate) async fn word(&self, query: &'static str) -> String {
        let mut sql = self.sql().await;
        let found = sqlx::query_scalar(query).fetch_one(&mut sql).await;
        let _ = sql.close().await;
        found.expect("the query gives a text")
    }

    /// Waits until `look` finds something in what people see and hear; the error names `what`.
    pub(crate) async fn until<T>(
        &self,
        what: &str,
        look: impl FnMut(&tollkeeper::sandbox::discord::View<'_>) -> Option<T>,
    ) -> T {
        match self.discord.until(what, SOON, look).await {
            Ok(found) => found,
            Err(error) => {
                let rows = self.outbox().await;
                unreachable!("{error:#}\noutbox: {rows:#?}\npanel: {:?}", self.panel.problems());
            }
        }
    }

    /// Waits until a message in the review channel satisfies `good`, looking at the newest first.
    pub(crate) async fn card(&self, what: &str, good: impl Fn(&Message) -> bool) -> Message {
        let review = self.guild.review;
        self.until(what, |view| view.messages(review).into_iter().rev().find(|message| message.by_bot && good(message)))
            .await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(running) = self.bot.lock().unwrap_or_else(PoisonError::into_inner).take() {
            running.abandon();
        }
        assert!(self.finished || std::thread::panicking(), "a world must be finished");
    }
}
