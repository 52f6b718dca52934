//! Where the bot is measured: a Discord, a panel, a configuration with room for everybody, on a
//! real disk.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tollkeeper::{
    db::Db,
    sandbox::{
        discord::{Discord, Id, Options, Person},
        panel::{Generation, Panel, PanelOptions},
    },
};

/// Categories for tickets, of 50 places each: enough for every crowd of the bench.
const CATEGORIES: usize = 8;

/// The place and its people.
pub(crate) struct Scene {
    pub(crate) discord: Discord,
    pub(crate) panel: Panel,
    /// Where staff review payments.
    pub(crate) review: Id,
    /// Where everybody writes.
    pub(crate) lobby: Id,
    pub(crate) admin: Person,
    pub(crate) customers: Vec<Person>,
    folder: tempfile::TempDir,
}

impl Scene {
    /// Sets everything up; no bot is running.
    pub(crate) async fn open(customers: usize) -> anyhow::Result<Self> {
        let discord = Discord::start(Options::default()).await?;
        let panel = Panel::start(PanelOptions::new(Generation::V3)).await?;
        let review = discord.text_channel("payments", None, &discord.private());
        let dashboard = discord.text_channel("dashboard", None, &discord.private());
        let categories: Vec<Id> = (0..CATEGORIES).map(|n| discord.category(&format!("Tickets {n}"), &[])).collect();
        let lobby = discord.text_channel("welcome", None, &[]);
        let admin = discord.owner();
        let customers = (0..customers).map(|n| discord.member(&format!("Customer {n}"), &[])).collect();
        // Beside the build, which is on a disk, and not in a folder that may be memory.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let text = configuration(&discord, &panel, review, dashboard, &categories);
        std::fs::write(folder.path().join("config.toml"), text)?;
        std::fs::write(folder.path().join("ca.pem"), discord.ca_pem())?;
        Ok(Self { discord, panel, review, lobby, admin, customers, folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn config_file(&self) -> PathBuf {
        self.folder().join("config.toml")
    }

    /// What the process is given beside its configuration.
    pub(crate) fn secrets(&self) -> anyhow::Result<[(&'static str, String); 2]> {
        let token = self.panel.token().context("the panel has no token")?;
        Ok([("DISCORD_TOKEN", self.discord.bot_token()), ("PANEL_API_TOKEN", token)])
    }

    /// The bot's memory, to look at.
    pub(crate) async fn memory(&self) -> anyhow::Result<Db> {
        Ok(Db::open_read_only(&self.folder().join("data/tollkeeper.db"), chrono_tz::UTC).await?)
    }
}

fn configuration(discord: &Discord, panel: &Panel, review: Id, dashboard: Id, categories: &[Id]) -> String {
    let (guild, owner, proxy) = (discord.guild(), discord.owner().id(), discord.proxy_url());
    let (url, subscriptions) = (panel.url(), panel.subscription_url());
    let first = categories.first().copied().unwrap_or_default();
    let more = categories.iter().skip(1).map(|id| format!("\"{id}\"")).collect::<Vec<_>>().join(", ");
    format!(
        r#"
[discord]
guild_id = "{guild}"
review_channel_id = "{review}"
dashboard_channel_id = "{dashboard}"
ticket_category_id = "{first}"
overflow_category_ids = [{more}]
owners = ["{owner}"]
rest_proxy = "{proxy}"
ca_file = "ca.pem"

[storage]
data_dir = "data"

[shop]
name = "The bench"
currency = "EGP"

[[panels]]
name = "main"
url = "{url}"
inbound_id = 1
public_host = "vpn.example.com"
subscription_url = "{subscriptions}"

[[plans]]
id = "basic"
name = "Basic"
duration_days = 30
traffic_gb = 50
price = "100.00"

[[payment_methods]]
id = "wallet"
name = "Wallet"
account = "01000000000"
holder = "The bench"
instructions = "Send {{amount}}."

[limits]
order = "1000/10m"
admin = "off"

# Looking after the panel is no part of a sale, and would be counted with it.
[schedule]
health_check = "24h"

[log]
format = "plain"
"#
    )
}
