//! The configuration: a TOML file for what may be read by anybody, the environment or systemd
//! credentials for secrets, one typed value for the program.
//!
//! Everything that is wrong is said at once, each with its key and its remedy. Unknown keys are
//! refused, because a misspelt key is a setting that silently is not made. Nothing here connects
//! to anything: whether the ids and addresses exist is for `tollkeeper check` to find out.
//! Neither `.env` nor the process environment is read here; the caller hands down a look-up.

use std::{
    fmt,
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::SecretString;
use unic_langid::LanguageIdentifier;
use url::Url;

use crate::domain::{
    ChannelId, Currency, GuildId, PaymentMethod, Plan, RoleId, UserId,
    access::{Layers, Staff},
    grants::TrafficPolicy,
    limits::Limit,
};

pub use reload::{Changed, Renewal};
pub(crate) use secrets::long_enough;

mod catalog;
mod read;
mod reload;
mod secrets;
mod section;
mod values;

/// Everything the operator decides. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[discord]`: where the shop is and who runs it.
    pub discord: DiscordConfig,
    /// `[storage]`: where data lives.
    pub storage: StorageConfig,
    /// `[shop]`: name, money, time.
    pub shop: ShopConfig,
    /// `[[panels]]`: at least one; the first is the default.
    pub panels: Vec<PanelConfig>,
    /// `[[plans]]`: 1 to 25, in the order of the file.
    pub plans: Vec<Plan>,
    /// `[[payment_methods]]`: 1 to 25, in the order of the file.
    pub payment_methods: Vec<PaymentMethod>,
    /// `[limits]`: how often, how many, how long.
    pub limits: LimitsConfig,
    /// `[schedule]`: when background work happens.
    pub schedule: ScheduleConfig,
    /// `[log]`: what is logged and how long it is kept.
    pub log: LogConfig,
    /// The file that says all this.
    pub file: PathBuf,
    /// `BACKUP_PASSPHRASE`: with it, a backup may leave the machine, encrypted.
    pub backup_passphrase: Option<SecretString>,
}

/// The guild, its channels and its staff.
#[derive(Debug, Clone)]
pub struct DiscordConfig {
    /// The bot's token, from `DISCORD_TOKEN`; empty only after [`Config::load_offline`].
    pub token: SecretString,
    /// The one guild the shop is in.
    pub guild_id: GuildId,
    pub review_channel_id: ChannelId,
    pub dashboard_channel_id: ChannelId,
    /// The category in which tickets are made.
    pub ticket_category_id: ChannelId,
    /// Further categories, used when the one before is full (50 channels).
    pub overflow_category_ids: Vec<ChannelId>,
    /// May do everything; never empty.
    pub owners: Vec<UserId>,
    pub admins: Vec<UserId>,
    pub support: Vec<UserId>,
    /// The role that owners hold, if one is asked for.
    pub owner_role_id: Option<RoleId>,
    /// The role that admins hold, if one is asked for.
    pub admin_role_id: Option<RoleId>,
    /// The role that support holds, if one is asked for.
    pub support_role_id: Option<RoleId>,
    /// Whether the application has the Message Content intent; without it proofs come by `/proof`.
    pub message_content: bool,
    /// An HTTP proxy through which REST calls and attachment downloads go.
    pub rest_proxy: Option<Url>,
    /// Further trusted certificates for that proxy, PEM; only together with `rest_proxy`.
    pub ca_pem: Option<Vec<u8>>,
}

impl DiscordConfig {
    /// The shop's staff: what the access rules ask.
    pub fn staff(&self) -> Staff {
        let layers = |ids: &Vec<_>, role| Layers { ids: ids.clone(), role };
        Staff {
            owners: layers(&self.owners, self.owner_role_id),
            admins: layers(&self.admins, self.admin_role_id),
            support: layers(&self.support, self.support_role_id),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct StorageConfig {
    /// Holds the database, screenshots, backups and logs; relative paths were resolved against
    /// the configuration file's folder.
    pub data_dir: PathBuf,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ShopConfig {
    pub name: String,
    /// The currency of every price.
    pub currency: Currency,
    /// The zone in which days, months and years begin.
    pub timezone: chrono_tz::Tz,
    /// The language of people who did not choose one.
    pub locale: LanguageIdentifier,
    /// What a renewal does with unused traffic.
    pub renewal_traffic: TrafficPolicy,
}

/// One 3x-ui panel.
#[derive(Debug, Clone)]
pub struct PanelConfig {
    /// What people and plans call it.
    pub name: String,
    /// Its address with its base path, as in the browser.
    pub url: Url,
    /// The inbound on which clients are made.
    pub inbound_id: i64,
    /// The host that customers' apps connect to.
    pub public_host: String,
    /// Where subscriptions are served, up to and without the subscription id.
    pub subscription_url: Option<Url>,
    /// The certificate (or its authority) to trust instead of the public ones, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// What the names of its secrets begin with.
    pub env_prefix: String,
    pub credentials: PanelCredentials,
}

/// What the environment says about logging in to a panel. At least one of the two is there,
/// except after [`Config::load_offline`].
#[derive(Debug, Clone, Default)]
pub struct PanelCredentials {
    /// `<PREFIX>_API_TOKEN`; preferred where the panel knows tokens (3.1 and later).
    pub api_token: Option<SecretString>,
    /// `<PREFIX>_USERNAME` and `<PREFIX>_PASSWORD`.
    pub login: Option<PanelLogin>,
}

/// A panel login by name and password.
#[derive(Debug, Clone)]
pub struct PanelLogin {
    /// `<PREFIX>_USERNAME`.
    pub username: String,
    /// `<PREFIX>_PASSWORD`.
    pub password: SecretString,
    /// `<PREFIX>_TOTP_SECRET`, base32 without spaces: from it the code of each login is computed.
    pub totp_secret: Option<SecretString>,
}

/// How often, how many, how long.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitsConfig {
    pub order: Limit,
    /// `/admin` per member of staff.
    pub admin: Limit,
    /// `/link` per customer, and "Get my link" as often again.
    pub link: Limit,
    /// `/proof` per customer.
    pub proof: Limit,
    /// Each button of the dashboard per member of staff.
    pub dashboard: Limit,
    /// How many proofs an order may bring to review.
    pub upload_attempts: NonZeroU32,
    /// How long a confirmation may be answered.
    pub confirm_ttl: Duration,
}

/// When background work happens. Each value stands alone: a reminder later than the expiry is
/// never sent, and a `retry_min` above `retry_max` means `retry_max`.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleConfig {
    /// Between two looks at a panel.
    pub health_check: Duration,
    /// How many failed looks in a row make an outage.
    pub health_failures: NonZeroU32,
    /// Between two checks of the revenue roll-up.
    pub revenue_cache: Duration,
    /// Between two looks for what owners are told by the clock: yesterday, and faults.
    pub owner_news: Duration,
    /// Between two edits of the dashboard.
    pub dashboard_refresh: Duration,
    /// Between two looks whether the day's backup is due; the files tell, so a restart changes nothing.
    pub backup_check: Duration,
    /// Between two removals of spent and expired confirmations.
    pub session_cleanup: Duration,
    /// Between two removals of expired rate limit counters.
    pub rate_limit_cleanup: Duration,
    /// Between two rounds of deleting messages whose time is over.
    pub message_cleanup: Duration,
    /// How long a ticket stays after completion or decline.
    pub ticket_delete_after: Duration,
    /// Age at which an unpaid order's customer is reminded.
    pub order_reminder: Duration,
    /// Age at which an unpaid order expires.
    pub order_expiry: Duration,
    /// Between two looks for unpaid orders whose time has come; a minute late harms nobody.
    pub order_scan: Duration,
    /// How long nothing is deleted or expired after the clock jumped forward; zero = not held.
    pub clock_hold: Duration,
    /// Between two re-readings of open tickets.
    pub ticket_scan: Duration,
    /// How long a panel may be silent during an answer.
    pub panel_timeout: Duration,
    /// The first pause after a failed effect.
    pub retry_min: Duration,
    /// The longest pause after failed effects.
    pub retry_max: Duration,
    /// How long a proof may wait before staff are reminded; zero = they are not.
    pub review_reminder: Duration,
    /// How long a proof may wait before the owners are told; zero = they are not.
    pub review_escalation: Duration,
}

/// What is logged and how long it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct LogConfig {
    /// The finest level of our own events; other crates never go below INFO.
    pub level: tracing::Level,
    pub format: LogFormat,
    /// How many days of log files are kept.
    pub retention_days: NonZeroU32,
}

/// How the console looks; the files are always JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// `Plain` under journald, `Human` elsewhere.
    #[default]
    Auto,
    /// With the time, coloured on a terminal.
    Human,
    /// Without time and colour, which journald adds itself.
    Plain,
    /// One JSON object per line.
    Json,
}

/// One thing that is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key in the file (`plans.price`), the variable's name, or the file's.
    pub key: String,
    /// The line in the file, counted from 1, where there is one.
    pub line: Option<usize>,
    /// What is wrong and what to do, without the key.
    pub says: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{} (line {line}): {}", self.key, self.says),
            None => write!(f, "{}: {}", self.key, self.says),
        }
    }
}

/// Everything that is wrong with the configuration; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<Problem>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// Whether missing secrets are errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Secrets {
    Required,
    Optional,
}

impl Config {
    /// Reads the file at `path`, and secrets from `env` or the folder named by
    /// `CREDENTIALS_DIRECTORY`.
    pub fn load(path: &Path, env: &impl Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        Self::load_with(path, env, Secrets::Required)
    }

    /// The same for commands that connect to nothing (backup, export, audit): secrets may be
    /// missing, so that they need not be given to whoever makes the backups.
    pub fn load_offline(path: &Path, env: &impl Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        Self::load_with(path, env, Secrets::Optional)
    }

    /// The file as it is now, for a running bot: everything else stays as it was read at the
    /// start. See [`Renewal`].
    pub fn renew(&self, path: &Path, env: &impl Fn(&str) -> Option<String>) -> Result<Renewal, ConfigErrors> {
        reload::of(self, Self::load(path, env)?)
    }

    fn load_with(path: &Path, env: &dyn Fn(&str) -> Option<String>, secrets: Secrets) -> Result<Self, ConfigErrors> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let says = match error.kind() {
                std::io::ErrorKind::NotFound => {
                    "there is no such file; copy config.example.toml to it and fill it in, or name another with --config".to_owned()
                }
                std::io::ErrorKind::InvalidData => "the file is not UTF-8 text; save it as UTF-8".to_owned(),
                _ => format!("the file cannot be read ({error}); let the bot's user read it"),
            };
            ConfigErrors(vec![Problem { key: path.display().to_string(), line: None, says }])
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let config = read::config(&text, folder, env, secrets).0?;
        Ok(Self { file: path.to_owned(), ..config })
    }

    /// The payment method with this id, if it is still offered.
    pub fn payment_method(&self, id: &str) -> Option<&PaymentMethod> {
        self.payment_methods.iter().find(|method| method.id.as_str() == id)
    }

    /// The plan with this id, if it is still sold.
    pub fn plan(&self, id: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.id.as_str() == id)
    }
}
