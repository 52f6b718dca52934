//! What the service manager is told (systemd's protocol, `sd_notify(3)`): that the bot is ready,
//! how it is, that it is alive, that it stops. Without a service manager nobody is told.
//!
//! The watchdog is fed by progress, not by a timer: the outbox worker has to come round when it is
//! asked, and the gateway must not be gone for long. A bot that merely exists is restarted.
//!
//! Where nobody has a watchdog, a bot that cannot hear Discord ends by itself, loudly, but only
//! while Discord answers everything else, and late. Then a connection hangs that will never stand
//! (the library sets no time for it), and whatever runs the bot can start it anew. An outage of
//! Discord, or of the way there, is waited out: ending would bring nothing back, and where nothing
//! restarts the bot it would be gone when Discord is there again.

use std::{sync::Arc, time::Duration};

use sd_notify::NotifyState;
use serenity::{
    all::{Http, ShardManager},
    gateway::ConnectionStage,
};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior},
};

use crate::{effects::Asker, guild_setup::State, panel::Reader};

/// How long the gateway may be gone before the bot no longer counts as alive: Discord's own outages
/// are shorter as a rule, and reconnecting is serenity's work. What it does not manage in this time
/// a fresh start may.
const GATEWAY_GRACE: Duration = Duration::from_mins(15);

/// How long the gateway may be gone while Discord answers everything else, where no watchdog
/// decides: as long as an outage of the gateway alone hardly ever takes.
const DEAF: Duration = Duration::from_hours(1);

/// How long Discord may take to say that it is there.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// Between two looks where the manager has no watchdog but shows the status.
const LOOK: Duration = Duration::from_secs(30);

/// The signs of life of a running bot.
#[derive(Debug)]
pub struct Life {
    /// Whether Discord has said READY.
    pub connected: watch::Receiver<bool>,
    pub shards: Arc<ShardManager>,
    pub http: Arc<Http>,
    pub worker: Asker,
    /// Whether the bot is in its server, and what is wrong there.
    pub standing: watch::Receiver<State>,
    /// The panels, for the status.
    pub panels: Vec<Reader>,
}

/// Tells the manager what the bot is doing, for `systemctl status`.
pub fn status(says: &str) {
    tell(&[NotifyState::Status(says)]);
}

/// Tells the manager that the bot was told to stop, or has to.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("Stopping: what is in hand ends")]);
}

fn tell(states: &[NotifyState<'_>]) {
    // A manager that does not listen is no reason to stop selling.
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the service manager could not be told");
    }
}

/// Reports readiness, status and life until told to stop; an error when the bot is deaf and nobody
/// else would restart it.
pub async fn report(mut life: Life, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let mut connected = life.connected.clone();
    let is_managed = std::env::var_os("NOTIFY_SOCKET").is_some();
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => return Ok(()),
        Ok(_) = connected.wait_for(|connected| *connected) => {}
        // A service manager has a time within which its services must be ready.
        () = hears_nothing(&life.http), if !is_managed => return Err(deaf()),
    }
    tell(&[NotifyState::Ready]);
    let watchdog = sd_notify::watchdog_enabled();
    let period = watchdog.map_or(LOOK, |limit| limit / 2);
    let mut ticks = tokio::time::interval(period.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut shown, mut seen, mut fed) = (String::new(), Instant::now(), true);
    loop {
        tokio::select! {
            _ = stop.changed() => return Ok(()),
            _ = ticks.tick() => {}
            // Said at once; what is alive is asked by the clock.
            Ok(()) = life.standing.changed() => {
                let says = in_words(is_online(&life.shards).await, *life.standing.borrow_and_update(), &life.panels);
                status(&says);
                shown = says;
                continue;
            }
        }
        let online = is_online(&life.shards).await;
        if online {
            seen = Instant::now();
        }
        let says = in_words(online, *life.standing.borrow(), &life.panels);
        if says != shown {
            status(&says);
            shown = says;
        }
        if watchdog.is_none() {
            if seen.elapsed() >= DEAF && answers(&life.http).await {
                return Err(deaf());
            }
            continue;
        }
        let alive = seen.elapsed() < GATEWAY_GRACE && life.worker.turns(period).await;
        if alive {
            tell(&[NotifyState::Watchdog]);
        } else if fed {
            tracing::error!(
                online,
                "no progress: the watchdog is not fed, and the service manager will restart the bot"
            );
        }
        fed = alive;
    }
}

fn deaf() -> anyhow::Error {
    let minutes = DEAF.as_secs() / 60;
    anyhow::anyhow!(
        "Discord answers, but its gateway could not be reached for {minutes} minutes; a fresh start may reach it"
    )
}

/// Ends when Discord answers although the gateway has not been there for long, from now on.
async fn hears_nothing(http: &Http) {
    tokio::time::sleep(DEAF).await;
    while !answers(http).await {
        tokio::time::sleep(LOOK).await;
    }
}

/// Whether Discord answers at all: the gateway's address is told to everybody.
async fn answers(http: &Http) -> bool {
    matches!(tokio::time::timeout(ANSWERS_WITHIN, http.get_gateway()).await, Ok(Ok(_)))
}

/// Whether the gateway is connected. Its table is held for moments only, unless something hangs.
async fn is_online(shards: &ShardManager) -> bool {
    let Ok(runners) = tokio::time::timeout(Duration::from_secs(1), shards.runners.lock()).await else { return false };
    runners.values().any(|runner| runner.stage == ConnectionStage::Connected)
}

fn in_words(online: bool, standing: State, panels: &[Reader]) -> String {
    let down: Vec<_> = panels.iter().filter(|panel| !panel.availability().is_up()).map(Reader::name).collect();
    let discord = match (online, standing) {
        (false, _) => "No connection to Discord, trying again",
        (true, State { at_home: false, .. }) => "The bot is not in its Discord server any more: invite it again",
        (true, State { flaws: 0, .. }) => "Connected to Discord",
        (true, _) => "Connected to Discord, where something needs you: run `tollkeeper check`",
    };
    match down.as_slice() {
        [] => format!("{discord}; all panels are up"),
        down => format!("{discord}; panels that are down: {}", down.join(", ")),
    }
}
