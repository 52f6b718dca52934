//! The running bot: the gateway, the outbox worker and the timed tasks, side by side over one
//! database, one Discord client and one client per panel. The end of any of them is an error.

use std::{collections::BTreeMap, fs::DirBuilder, path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use serenity::gateway::GatewayError;
use tokio::{sync::watch, task::JoinSet, time::timeout};

use crate::{
    bot::{self, Host},
    clock::Clock,
    config::Config,
    current_config::{Live, Reloaded, Source},
    db::{self, DataDirLock, Db},
    discord::{self, Connected, OperatorActionRequired},
    domain::UserId,
    effects,
    error_digest::Faults,
    guild_setup::Standing,
    limits::Limits,
    panel, panels,
    proof::ProofIntake,
    supervisor, tasks,
};

/// How long work in hand may take to end after the signal to stop.
const LAST_WORK: Duration = Duration::from_secs(8);
/// How long the database may take to close.
const LAST_WRITE: Duration = Duration::from_secs(1);

/// Everything that is needed to run, and nothing running yet.
#[derive(Debug)]
pub struct App {
    /// As it was read at the start: what is built into something that runs.
    config: Arc<Config>,
    live: Live,
    boot: String,
    clock: Clock,
    db: Db,
    door: ProofIntake,
    panels: BTreeMap<String, panel::Client>,
    limits: Limits,
    faults: Faults,
    standing: Standing,
    /// Held until the end: one bot per data directory.
    _lock: DataDirLock,
}

impl App {
    /// Takes the data directory, opens the database, and prepares the clients. Calls nobody.
    /// `source` is where `config` came from, and is read from again.
    pub async fn build(config: Config, source: Source, clock: Clock) -> anyhow::Result<Self> {
        let data_dir = &config.storage.data_dir;
        make_private(data_dir).with_context(|| format!("cannot make the data directory {}", data_dir.display()))?;
        let lock = DataDirLock::take(data_dir)?;
        let db = Db::open(&data_dir.join("tollkeeper.db"), config.shop.timezone).await?;
        db::ledger::rebuild::settle_books(&db, config.shop.currency).await?;
        if db::maintenance::restore::outbox_held_since(&db).await?.is_some() {
            tracing::warn!(
                "this database was restored and its outbox is held: nothing is sent to a panel or to Discord until it is released"
            );
        }
        let proxy = config.discord.rest_proxy.as_ref().map(url::Url::as_str);
        let door = ProofIntake::new(data_dir, proxy, config.discord.ca_pem.as_deref())
            .context("the client for attachments")?;
        let panels = panels::clients(&config, &clock)?;
        for panel in &config.panels {
            for (inbound, clients) in db::access::clients::clients_elsewhere(&db, &panel.name, panel.inbound_id).await?
            {
                tracing::warn!(
                    panel = panel.name,
                    clients,
                    inbound,
                    "clients are on another inbound than the one that is sold; they keep their links and are renewed there"
                );
            }
        }
        let standing = Standing::default();
        let (limits, faults) = (Limits::new(&config.limits, &clock), Faults::new(&clock));
        let live = Live::new(config, source);
        let (config, boot) = (live.now(), boot()?);
        // Whoever is staff since the last start, or is not any more: tickets follow.
        db::maintenance::reload::settle_tickets(&db, &config.tickets_digest(), clock.now()).await?;
        Ok(Self { config, live, boot, clock, db, door, panels, limits, faults, standing, _lock: lock })
    }

    /// Lets the outbox of a restored database work again.
    pub async fn release_outbox(&self) -> anyhow::Result<()> {
        if db::maintenance::restore::release_outbox(&self.db, UserId(0), self.clock.now()).await? {
            tracing::info!("the outbox is released: what the backup still wanted to do is done now");
        } else {
            tracing::info!("the outbox was not held");
        }
        Ok(())
    }

    /// Runs until `shutdown`, then ends what is in hand and returns.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
        let done = self.run(shutdown).await;
        // What is committed is on disk; closing only folds the log into the file.
        let _ = timeout(LAST_WRITE, self.db.close()).await;
        done
    }

    async fn run(&self, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
        tokio::pin!(shutdown);
        let bot = self.bot();
        supervisor::status("Reaching Discord; the log says what is in the way");
        let connected = tokio::select! {
            connected = self.connect(&bot) => connected?,
            () = &mut shutdown => return Ok(()),
        };
        let (stop, stopped) = watch::channel(false);
        let events = bot.in_hand();
        let mut parts = self.start(bot, connected, &stopped).await?;
        let ended = tokio::select! {
            ended = parts.join_next() => ended,
            () = &mut shutdown => None,
        };
        let verdict = match ended {
            None => Ok(()),
            Some(Ok((part, Ok(())))) => Err(anyhow::anyhow!("{part} ended, which it never should")),
            Some(Ok((part, Err(error)))) => Err(error.context(format!("{part} ended"))),
            Some(Err(error)) => Err(anyhow::Error::from(error).context("a part of the bot ended")),
        };
        tracing::info!("stopping: no new work, and what is in hand ends");
        supervisor::stopping();
        // The receivers may all be gone, which is as good.
        let _ = stop.send(true);
        self.db.end_waits();
        finish(&mut parts, events).await;
        verdict
    }

    fn bot(&self) -> Host {
        Host::new(bot::Parts {
            db: self.db.clone(),
            panels: self.panels.iter().map(|(name, panel)| (name.clone(), panel.reader())).collect(),
            door: self.door.clone(),
            live: self.live.clone(),
            clock: self.clock.clone(),
            limits: self.limits.clone(),
            faults: self.faults.clone(),
            standing: self.standing.clone(),
            boot: self.boot.clone(),
        })
    }

    async fn connect(&self, bot: &Host) -> anyhow::Result<Connected> {
        let (discord, commands) = (&self.config.discord, bot::registrations(&self.config));
        let framework = || bot::framework(bot.clone());
        discord::connect(discord, &commands, bot::intents(discord), framework, self.config.schedule.retry_min).await
    }

    /// Starts the parts, each in a task of its own whose end is noticed.
    async fn start(&self, bot: Host, connected: Connected, stopped: &watch::Receiver<bool>) -> anyhow::Result<Parts> {
        let Connected { client, me } = connected;
        let world = effects::EffectContext {
            db: self.db.clone(),
            http: Arc::clone(&client.http),
            panels: self.panels.clone(),
            door: self.door.clone(),
            config: self.live.now(),
            live: self.live.clone(),
            clock: self.clock.clone(),
            faults: self.faults.clone(),
            standing: self.standing.clone(),
            boot: self.boot.clone(),
            me,
            staff_roles: effects::StaffRoles::default(),
        };
        db::maintenance::instances::record_instance(&self.db, &world.boot).await?;
        let mut parts: Parts = JoinSet::new();
        let (asker, pulse) = effects::pulse();
        let life = supervisor::Life {
            connected: bot.connected(),
            shards: Arc::clone(&client.shard_manager),
            http: Arc::clone(&client.http),
            worker: asker,
            standing: self.standing.watch(),
            panels: self.panels.values().map(panel::Client::reader).collect(),
        };
        let (worker, stop) = (effects::Worker::new(world.clone(), pulse), stopped.clone());
        parts.spawn(async move { ("the outbox worker", worker.run(stop).await) });
        let (stop, limits) = (stopped.clone(), self.limits.clone());
        parts.spawn(async move { ("the timed tasks", tasks::run(world, limits, stop).await) });
        let stop = stopped.clone();
        parts.spawn(async move { ("the report to the service manager", supervisor::report(life, stop).await) });
        let (shards, stop) = (Arc::clone(&client.shard_manager), stopped.clone());
        parts.spawn(async move {
            bot.show_presence(shards, stop).await;
            ("the presence", Ok(()))
        });
        #[cfg(unix)]
        {
            let (in_force, db, clock, stop) = (self.live.clone(), self.db.clone(), self.clock.clone(), stopped.clone());
            let heard = async move { ("the reload on SIGHUP", reload_on_hangup(in_force, db, clock, stop).await) };
            parts.spawn(heard);
        }
        let stop = stopped.clone();
        parts.spawn(async move { ("the gateway", listen(client, stop).await) });
        Ok(parts)
    }
}

type Parts = JoinSet<(&'static str, anyhow::Result<()>)>;

/// Hears Discord until `stop`, then leaves with a word; also when there is no connection just now.
async fn listen(mut client: serenity::Client, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let shards = Arc::clone(&client.shard_manager);
    tokio::select! {
        ended = client.start() => return ended.map_err(gateway_error),
        // What is watched must not be held on to while the shards close.
        () = async { drop(stop.wait_for(|stop| *stop).await) } => {}
    }
    shards.shutdown_all().await;
    Ok(())
}

/// Ends when the process is told to stop: Ctrl-C, and SIGTERM where there is one. It listens from
/// the moment this returns.
///
/// # Errors
///
/// The system gives us no signals.
pub fn told_to_stop() -> std::io::Result<impl Future<Output = ()> + Send> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        // Without signals it is stopped by force.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

/// Reads the configuration again at each SIGHUP, as `systemctl reload` sends it; the log says what
/// came of it.
#[cfg(unix)]
async fn reload_on_hangup(live: Live, db: Db, clock: Clock, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let mut hangup = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?;
    while !*stop.borrow() {
        tokio::select! {
            _ = stop.changed() => {}
            _ = hangup.recv() => match live.reload(&db, UserId(0), clock.now()).await {
                Ok(Reloaded::Done(_)) => {}
                Ok(Reloaded::Wrong(problems)) => {
                    for problem in &problems.0 {
                        tracing::error!("the configuration: {problem}");
                    }
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "the configuration could not be read again");
                }
            },
        }
    }
    Ok(())
}

/// Lets work in hand end, but not for ever: the parts, and then what Discord's last events began. A
/// proof that somebody just sent with a command is nowhere but in their hands.
async fn finish(parts: &mut Parts, mut events: watch::Receiver<usize>) {
    let ends = async {
        while let Some(ended) = parts.join_next().await {
            if let Ok((part, Err(error))) = ended {
                tracing::warn!("{part} ended badly: {error:#}");
            }
        }
        // Without anybody who counts there is nothing left to wait for.
        let _ = events.wait_for(|events| *events == 0).await;
    };
    if timeout(LAST_WORK, ends).await.is_err() {
        tracing::warn!("work in hand did not end in time; what is in the outbox goes on at the next start");
    }
    parts.abort_all();
}

/// A name for this run of the process: the claims of every other run are void.
fn boot() -> anyhow::Result<String> {
    let mut bits = [0; 8];
    getrandom::fill(&mut bits).context("the machine gives no random numbers")?;
    Ok(data_encoding::HEXLOWER.encode(&bits))
}

/// Customers' pictures and links are in there: nobody but the bot's user may look.
fn make_private(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// serenity reconnects by itself; what it gives up for is for a person to change.
fn gateway_error(error: serenity::Error) -> anyhow::Error {
    match error {
        serenity::Error::Gateway(GatewayError::DisallowedGatewayIntents) => OperatorActionRequired(
            "Discord refuses the Message Content intent: switch it on in the Developer Portal (Bot, Privileged Gateway Intents), or set discord.message_content = false"
                .to_owned(),
        )
        .into(),
        serenity::Error::Gateway(GatewayError::InvalidAuthentication) => OperatorActionRequired(
            "Discord does not accept the bot's token any more: copy a fresh one from the Developer Portal (Bot, Reset Token) into DISCORD_TOKEN"
                .to_owned(),
        )
        .into(),
        serenity::Error::Gateway(error) => anyhow::anyhow!("Discord's gateway: {error}"),
        error => anyhow::anyhow!("Discord: {}", bot::DiscordFailure::from(error)),
    }
}
