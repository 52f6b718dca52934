//! A made-up shop on loopback: a Discord, a panel, a configuration file, and the real bot
//! started with them. The bot cannot tell it from any other place.

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use tokio::{sync::oneshot, task::JoinHandle};

use super::{
    discord::{Discord, Id, Options, Overwrite, Person, Target},
    panel::{Generation, Panel, PanelOptions},
};
use crate::{app::App, clock::Clock, current_config::Source};

/// `VIEW_CHANNEL` and `READ_MESSAGE_HISTORY`.
const LOOK: u64 = (1 << 10) | (1 << 16);

/// How long the bot may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// The shop, its people and its running bot.
pub struct Shop {
    pub discord: Discord,
    pub panel: Panel,
    pub review: Id,
    /// Where the owner sees the numbers.
    pub dashboard: Id,
    /// A channel where everybody writes.
    pub lobby: Id,
    pub mona: Person,
    pub karim: Person,
    /// Somebody who comes at the wrong moment.
    pub salma: Person,
    pub omar: Person,
    pub adel: Person,
    /// The time as the bot sees it.
    pub clock: Clock,
    folder: tempfile::TempDir,
    bot: Option<Bot>,
}

impl std::fmt::Debug for Shop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shop").field("folder", &self.folder.path()).finish_non_exhaustive()
    }
}

struct Bot {
    stop: oneshot::Sender<()>,
    done: JoinHandle<anyhow::Result<()>>,
}

impl Shop {
    /// Sets the scene: guild, channels, people, panel. The bot is not running yet.
    pub async fn open() -> anyhow::Result<Self> {
        let discord = Discord::start(Options { guild_name: "Nile Net".to_owned(), ..Options::default() }).await?;
        let panel = Panel::start(PanelOptions::new(Generation::V3)).await?;
        let review = discord.text_channel("payments", None, &discord.private());
        let dashboard = discord.text_channel("dashboard", None, &discord.private());
        let tickets = discord.category("Tickets", &[]);
        let lobby = discord.text_channel("welcome", None, &[]);
        let staff = discord.role("Staff", super::discord::permission::MANAGE_MESSAGES);
        for channel in [review, dashboard] {
            discord.set_overwrite(channel, Overwrite { id: staff, target: Target::Role, allow: LOOK, deny: 0 });
        }
        let [mona, karim, salma] = ["Mona", "Karim", "Salma"].map(|name| discord.member(name, &[]));
        let omar = discord.owner();
        let adel = discord.member("Adel", &[staff]);
        let folder = tempfile::tempdir()?;
        let people = (omar.id(), adel.id());
        let text = configuration(&discord, &panel, (review, dashboard, tickets), people);
        std::fs::write(folder.path().join("config.toml"), text)?;
        std::fs::write(folder.path().join("ca.pem"), discord.ca_pem())?;
        let clock = Clock::system();
        Ok(Self { discord, panel, review, dashboard, lobby, mona, karim, salma, omar, adel, clock, folder, bot: None })
    }

    /// What one of the shop's people is called.
    pub fn name_of(&self, who: &Person) -> &'static str {
        let known = [
            (&self.mona, "Mona"),
            (&self.karim, "Karim"),
            (&self.salma, "Salma"),
            (&self.omar, "Omar"),
            (&self.adel, "Adel"),
        ];
        known.iter().find(|(person, _)| person.id() == who.id()).map_or("Somebody", |(_, name)| name)
    }

    /// The configuration file, for who wants to look or to run the bot against this shop.
    pub fn config_file(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts the bot and waits until it is ready.
    pub async fn start_bot(&mut self) -> anyhow::Result<()> {
        let secrets = [
            ("DISCORD_TOKEN", self.discord.bot_token()),
            ("PANEL_API_TOKEN", self.panel.token().context("the panel has no token")?),
        ];
        let env = move |name: &str| secrets.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
        let source = Source::new(self.config_file(), env);
        let app = App::build(source.load()?, source, self.clock.clone()).await?;
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            // Stopped by hand, or because the shop is gone: both end the bot.
            let _ = stopped.await;
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "the bot runs beside its audience; its end is awaited in stop_bot"
        )]
        let mut done = tokio::spawn(app.run_until(shutdown));
        tokio::select! {
            ready = self.discord.ready(READY_WITHIN) => ready?,
            ended = &mut done => {
                ended??;
                anyhow::bail!("the bot ended before it was ready");
            }
        }
        self.bot = Some(Bot { stop, done });
        Ok(())
    }

    /// Stops the bot as `systemctl stop` does, and waits for its end.
    pub async fn stop_bot(&mut self) -> anyhow::Result<()> {
        let Some(bot) = self.bot.take() else { return Ok(()) };
        // A bot that has ended by itself no longer listens; its verdict follows.
        let _ = bot.stop.send(());
        bot.done.await?
    }
}

/// What an operator would write, with the ids of this Discord.
fn configuration(
    discord: &Discord,
    panel: &Panel,
    (review, dashboard, tickets): (Id, Id, Id),
    (owner, admin): (Id, Id),
) -> String {
    let (guild, proxy, url, subscription) =
        (discord.guild(), discord.proxy_url(), panel.url(), panel.subscription_url());
    format!(
        r#"
[discord]
guild_id = "{guild}"
review_channel_id = "{review}"
dashboard_channel_id = "{dashboard}"
ticket_category_id = "{tickets}"
owners = ["{owner}"]
admins = ["{admin}"]
rest_proxy = "{proxy}"
ca_file = "ca.pem"

[storage]
data_dir = "data"

[shop]
name = "Nile Net"
currency = "EGP"
timezone = "Africa/Cairo"
locale = "en"
renewal_traffic = "add"

[[panels]]
name = "main"
url = "{url}"
inbound_id = 1
public_host = "vpn.nile.example"
subscription_url = "{subscription}"

[[plans]]
id = "basic"
name = "Basic"
duration_days = 30
traffic_gb = 50
price = "100.00"

[[plans]]
id = "premium"
name = "Premium"
duration_days = 30
traffic_gb = 150
price = "250.00"

[[plans]]
id = "pro"
name = "Pro"
duration_days = 30
traffic_gb = 300
price = "450.00"

[[payment_methods]]
id = "vodafone-cash"
name = "Vodafone Cash"
account = "01000000000"
holder = "Nile Net"
instructions = "Send {{amount}} to the number below."

[[payment_methods]]
id = "instapay"
name = "InstaPay"
account = "nilenet@instapay"
holder = "Nile Net"
instructions = "Send {{amount}} to the address below."

[limits]
order = "off"

[schedule]
retry_min = "100ms"
retry_max = "1s"
health_check = "300ms"
"#
    )
}
