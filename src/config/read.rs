//! The sections of the file, one function each, in the order of the example.

use std::{
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::SecretString;
use toml::de::{DeTable, DeValue};
use tracing::Level;

use super::{
    Config, ConfigErrors, DiscordConfig, LimitsConfig, LogConfig, LogFormat, PanelConfig, Problem, ScheduleConfig,
    Secrets, ShopConfig, StorageConfig,
    catalog::{payment_method, plan},
    secrets::Vault,
    section::{Notes, Section},
    values,
};
use crate::domain::{Currency, GuildId, RoleId, UserId, grants::TrafficPolicy, limits::Limit};

/// Discord's select menus end at 25 options.
const MENU_OPTIONS: usize = 25;
/// More panels than one small shop has; a bound for the sake of having one.
const PANELS: usize = 25;

/// One day in seconds: log files are kept by the day.
const DAY: u64 = 24 * 60 * 60;

/// The configuration in a text, and every key that was asked for (for the test of the example).
pub(super) fn config(
    text: &str,
    folder: &Path,
    env: &dyn Fn(&str) -> Option<String>,
    secrets: Secrets,
) -> (Result<Config, ConfigErrors>, Vec<String>) {
    let document = match DeTable::parse(text) {
        Ok(document) => document,
        Err(error) => return (Err(syntax_error(text, &error)), Vec::new()),
    };
    let notes = Notes::new(text);
    let config = sections(document.get_ref(), folder, &Vault::new(env, secrets), &notes);
    let (problems, keys) = notes.close();
    match config {
        Some(config) if problems.is_empty() => (Ok(config), keys),
        _ => (Err(ConfigErrors(problems)), keys),
    }
}

fn syntax_error(text: &str, error: &toml::de::Error) -> ConfigErrors {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map(|before| before.bytes().filter(|byte| *byte == b'\n').count() + 1);
    let says = format!("this is not TOML ({}); correct the line, nothing else was looked at", error.message());
    ConfigErrors(vec![Problem { key: "syntax".to_owned(), line, says }])
}

fn sections(document: &DeTable<'_>, folder: &Path, vault: &Vault<'_>, notes: &Notes<'_>) -> Option<Config> {
    let root = Section::root(notes, document);
    // Everything is read before the first `?`, so that everything wrong is noted.
    let token = vault.discord_token(notes);
    let discord = root.section("discord", true).and_then(|it| discord(&it, folder, token));
    let storage = root.section("storage", true).and_then(|it| storage(&it, folder));
    let shop_section = root.section("shop", true);
    // Also the currency of a shop with other mistakes, or no price would be judged.
    let currency = shop_section.as_ref().and_then(currency);
    let shop = shop_section.and_then(|it| shop(&it));
    let panel_sections = root.sections("panels", PANELS);
    // Also the names of panels with other mistakes, or their plans would seem to be wrong.
    let names: Vec<String> = panel_sections.iter().filter_map(|section| section.peek("name")).collect();
    each_its_own(&panel_sections, "name");
    let panels = panels(&panel_sections, folder, vault, notes);
    let plan_sections = root.sections("plans", MENU_OPTIONS);
    each_its_own(&plan_sections, "id");
    let plans = plan_sections.iter().filter_map(|section| plan(section, currency, &names)).collect();
    let method_sections = root.sections("payment_methods", MENU_OPTIONS);
    each_its_own(&method_sections, "id");
    let payment_methods = method_sections.iter().filter_map(payment_method).collect();
    let limits = root.section("limits", false).map(|it| limits(&it));
    let schedule = root.section("schedule", false).map(|it| schedule(&it));
    let log = root.section("log", false).map(|it| log(&it));
    let backup_passphrase = vault.passphrase(notes);
    Some(Config {
        discord: discord?,
        storage: storage?,
        shop: shop?,
        panels,
        plans,
        payment_methods,
        limits: limits?,
        schedule: schedule?,
        log: log?,
        file: PathBuf::new(),
        backup_passphrase,
    })
}

/// Notes values that stand in several sections, although they tell the sections apart.
fn each_its_own(sections: &[Section<'_, '_>], key: &'static str) {
    let mut seen = Vec::new();
    for section in sections {
        let Some(value) = section.peek(key) else { continue };
        if seen.contains(&value) {
            section.refuse(key, format!("\"{value}\" is used twice; give each its own"));
        }
        seen.push(value);
    }
}

/// Owners are known by their id alone (`domain::access`) and told by direct message: a role lets them
/// see tickets, and is no list of people.
fn owners(section: &Section<'_, '_>) -> (Option<Vec<UserId>>, Option<RoleId>) {
    let owners = section.required("owners", "write your own user id, in brackets", values::snowflakes::<UserId>);
    let role = section.optional("owner_role_id", values::snowflake::<RoleId>);
    if owners.as_ref().is_some_and(Vec::is_empty) {
        let why = match role {
            None => "a shop without an owner cannot be run",
            Some(_) => "owners are known by their id and told by direct message, and owner_role_id names nobody",
        };
        section.refuse("owners", format!("{why}; write your own user id between the brackets"));
    }
    (owners, role)
}

fn discord(section: &Section<'_, '_>, folder: &Path, token: SecretString) -> Option<DiscordConfig> {
    let guild_id = section.required("guild_id", "write the id of your server", values::snowflake::<GuildId>);
    let channel = |key, what: &str| section.required(key, &format!("write the id of the {what}"), values::snowflake);
    let review_channel_id = channel("review_channel_id", "channel where staff review payments");
    let dashboard_channel_id = channel("dashboard_channel_id", "channel for the dashboard");
    let ticket_category_id = channel("ticket_category_id", "category in which tickets are made");
    let people = |key| section.or(key, Vec::new(), values::snowflakes::<UserId>);
    let role = |key| section.optional(key, values::snowflake::<RoleId>);
    let (owners, owner_role_id) = owners(section);
    let rest_proxy = section.optional("rest_proxy", values::address(&["http"]));
    let ca_pem = section.optional("ca_file", |value| certificate(value, folder));
    if ca_pem.is_some() && rest_proxy.is_none() {
        section.refuse("ca_file", "this is only for a rest_proxy, and there is none; remove it, or set rest_proxy");
    }
    // The fields with a `?` come last: by then everything else has been read and noted.
    Some(DiscordConfig {
        token,
        overflow_category_ids: section.or("overflow_category_ids", Vec::new(), values::snowflakes),
        admins: people("admins"),
        support: people("support"),
        owner_role_id,
        admin_role_id: role("admin_role_id"),
        support_role_id: role("support_role_id"),
        message_content: section.or("message_content", true, values::boolean),
        rest_proxy,
        ca_pem,
        guild_id: guild_id?,
        review_channel_id: review_channel_id?,
        dashboard_channel_id: dashboard_channel_id?,
        ticket_category_id: ticket_category_id?,
        owners: owners?,
    })
}

/// A PEM file, read now: a path that is wrong should be noticed before the first customer comes.
fn certificate(value: &DeValue<'_>, folder: &Path) -> Result<Vec<u8>, String> {
    let path = folder.join(values::raw_text(value)?);
    let pem = std::fs::read(&path).map_err(|error| {
        format!("{} cannot be read ({error}); correct the path or the file's rights", path.display())
    })?;
    if String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
        Ok(pem)
    } else {
        Err(format!("{} holds no certificate; it must be a PEM file with BEGIN CERTIFICATE in it", path.display()))
    }
}

fn storage(section: &Section<'_, '_>, folder: &Path) -> Option<StorageConfig> {
    let read = |value: &DeValue<'_>| values::line(1000)(value).map(|path| folder.join(path));
    let data_dir =
        section.required("data_dir", "write the folder for database, screenshots, backups and logs", read)?;
    Some(StorageConfig { data_dir })
}

/// The currency where none is written.
const CURRENCY: &str = "EGP";

/// What prices are judged by; `None` where it is not known, which is noted where it is written.
fn currency(section: &Section<'_, '_>) -> Option<Currency> {
    Currency::parse(section.peek("currency").as_deref().unwrap_or(CURRENCY)).ok()
}

fn shop(section: &Section<'_, '_>) -> Option<ShopConfig> {
    let name = section.required("name", "write what customers call your shop", values::line(values::NAME));
    let currency = section.or("currency", Currency::parse(CURRENCY).ok(), |value| {
        Currency::parse(values::raw_text(value)?).map(Some).map_err(|error| error.to_string())
    });
    let timezone = section.or("timezone", chrono_tz::Africa::Cairo, |value| {
        let zone = values::raw_text(value)?.trim();
        zone.parse()
            .map_err(|_| format!("\"{zone}\" is not a time zone; write a name such as \"Africa/Cairo\" or \"UTC\""))
    });
    let locale = section.or("locale", "en".parse().unwrap_or_default(), |value| {
        let tag = values::raw_text(value)?.trim();
        tag.parse().map_err(|_| format!("\"{tag}\" is not a language; write a tag such as \"en\" or \"ar\""))
    });
    let words = [("add", TrafficPolicy::Add), ("reset", TrafficPolicy::Reset)];
    let renewal_traffic = section.or("renewal_traffic", TrafficPolicy::Add, values::one_of(&words));
    Some(ShopConfig { timezone, locale, renewal_traffic, name: name?, currency: currency? })
}

fn panels(sections: &[Section<'_, '_>], folder: &Path, vault: &Vault<'_>, notes: &Notes<'_>) -> Vec<PanelConfig> {
    let mut panels: Vec<PanelConfig> = Vec::new();
    for section in sections {
        let Some(panel) = panel(section, folder, vault, notes, &panels) else { continue };
        // Writes to one panel must queue behind one another; two names would be two queues.
        if let Some(other) = panels.iter().find(|other| other.url == panel.url) {
            section.refuse("url", format!("this is the panel \"{}\" again; list each panel once", other.name));
        }
        panels.push(panel);
    }
    panels
}

fn panel(
    section: &Section<'_, '_>,
    folder: &Path,
    vault: &Vault<'_>,
    notes: &Notes<'_>,
    earlier: &[PanelConfig],
) -> Option<PanelConfig> {
    let name = section.required("name", "write what people call this panel", values::line(values::NAME));
    let url = section.required("url", "write the panel's address with its base path", values::panel_address);
    let inbound = values::integer(1..=i64::from(u32::MAX));
    let inbound_id = section.required("inbound_id", "write the id of the inbound on which clients are made", inbound);
    let public_host = section.required("public_host", "write the host that customers connect to", values::host);
    let subscription_url = section.optional("subscription_url", values::address(&["https", "http"]));
    let ca_pem = section.optional("ca_file", |value| certificate(value, folder));
    let env_prefix = section.or("env_prefix", "PANEL".to_owned(), |value| {
        let prefix = values::raw_text(value)?;
        let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        if prefix.starts_with(|c: char| c.is_ascii_uppercase()) && prefix.bytes().all(allowed) {
            Ok(prefix.to_owned())
        } else {
            Err(format!("\"{prefix}\" cannot begin a variable's name; write capitals and digits, such as \"DE1\""))
        }
    });
    let credentials = if earlier.iter().any(|other| other.env_prefix == env_prefix) {
        let says =
            format!("another panel reads {env_prefix}_API_TOKEN already; give this one its own, such as \"DE1\"");
        section.refuse("env_prefix", says);
        super::PanelCredentials::default()
    } else {
        vault.panel(&env_prefix, notes)
    };
    Some(PanelConfig {
        subscription_url,
        ca_pem,
        env_prefix,
        credentials,
        name: name?,
        url: url?,
        inbound_id: inbound_id?,
        public_host: public_host?,
    })
}

fn limits(section: &Section<'_, '_>) -> LimitsConfig {
    let per_minutes = |count: NonZeroU32, minutes: u64| Limit::Times { count, per: Duration::from_mins(minutes) };
    let number = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
    LimitsConfig {
        order: section.or("order", per_minutes(number(1), 10), values::parsed),
        admin: section.or("admin", per_minutes(number(10), 1), values::parsed),
        link: section.or("link", per_minutes(number(5), 1), values::parsed),
        proof: section.or("proof", per_minutes(number(5), 1), values::parsed),
        dashboard: section.or("dashboard", per_minutes(number(10), 1), values::parsed),
        upload_attempts: section.or("upload_attempts", number(3), values::count(100)),
        confirm_ttl: section.or("confirm_ttl", Duration::from_mins(5), values::duration),
    }
}

fn schedule(section: &Section<'_, '_>) -> ScheduleConfig {
    let seconds = |key, default| section.or(key, Duration::from_secs(default), values::duration);
    let minutes = |key, default| section.or(key, Duration::from_mins(default), values::duration);
    let hours = |key, default| section.or(key, Duration::from_hours(default), values::duration);
    ScheduleConfig {
        health_check: seconds("health_check", 60),
        health_failures: section.or(
            "health_failures",
            NonZeroU32::new(3).unwrap_or(NonZeroU32::MIN),
            values::count(100),
        ),
        revenue_cache: minutes("revenue_cache", 5),
        owner_news: minutes("owner_news", 1),
        dashboard_refresh: minutes("dashboard_refresh", 5),
        backup_check: hours("backup_check", 1),
        session_cleanup: minutes("session_cleanup", 10),
        rate_limit_cleanup: minutes("rate_limit_cleanup", 5),
        message_cleanup: minutes("message_cleanup", 30),
        ticket_delete_after: hours("ticket_delete_after", 24),
        order_reminder: hours("order_reminder", 20),
        order_expiry: hours("order_expiry", 24),
        order_scan: minutes("order_scan", 1),
        clock_hold: section.or("clock_hold", Duration::from_mins(15), values::duration_or_off),
        ticket_scan: minutes("ticket_scan", 10),
        panel_timeout: seconds("panel_timeout", 15),
        retry_min: seconds("retry_min", 1),
        retry_max: minutes("retry_max", 10),
        review_reminder: section.or("review_reminder", Duration::from_mins(30), values::duration_or_off),
        review_escalation: section.or("review_escalation", Duration::from_hours(2), values::duration_or_off),
    }
}

fn log(section: &Section<'_, '_>) -> LogConfig {
    let levels = [
        ("error", Level::ERROR),
        ("warn", Level::WARN),
        ("info", Level::INFO),
        ("debug", Level::DEBUG),
        ("trace", Level::TRACE),
    ];
    let formats = [
        ("auto", LogFormat::Auto),
        ("human", LogFormat::Human),
        ("plain", LogFormat::Plain),
        ("json", LogFormat::Json),
    ];
    let retention = section.or("retention", Duration::from_hours(14 * 24), values::duration);
    let days = u32::try_from(retention.as_secs().div_ceil(DAY)).ok().and_then(NonZeroU32::new);
    LogConfig {
        level: section.or("level", Level::INFO, values::one_of(&levels)),
        format: section.or("format", LogFormat::default(), values::one_of(&formats)),
        retention_days: days.unwrap_or(NonZeroU32::MIN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../config.example.toml");

    fn read(text: &str, folder: &Path) -> (Result<Config, ConfigErrors>, Vec<String>) {
        let env = |name: &str| matches!(name, "DISCORD_TOKEN" | "PANEL_API_TOKEN").then(|| "secret".to_owned());
        config(text, folder, &env, Secrets::Required)
    }

    /// The example with its optional keys switched on: a line `# key = …` becomes `key = …`.
    fn everything_switched_on() -> String {
        let is_key = |word: &str| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let switch_on = |line: &'static str| match line.strip_prefix("# ").and_then(|rest| rest.split_once(" = ")) {
            Some((key, _)) if is_key(key) => line.trim_start_matches("# "),
            _ => line,
        };
        EXAMPLE.lines().map(switch_on).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_example_shows_every_key_and_each_may_be_used() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["proxy-ca.pem", "panel-ca.pem"] {
            std::fs::write(folder.path().join(name), "-----BEGIN CERTIFICATE-----\n").unwrap();
        }
        let text = everything_switched_on();
        let (config, keys) = read(&text, folder.path());
        config.unwrap();
        let document = DeTable::parse(&text).unwrap();
        let mut missing = Vec::new();
        for key in &keys {
            let mut value = &DeValue::Table(document.get_ref().clone());
            for part in key.split('.') {
                // Of several plans, methods or panels the first one shows every key.
                let table = value.as_array().map_or(value, |list| list[0].get_ref());
                match table.get(part) {
                    Some(found) => value = found.get_ref(),
                    None => missing.push(key),
                }
            }
        }
        assert!(keys.len() > 60, "only {} keys were asked for", keys.len());
        assert!(missing.is_empty(), "not in config.example.toml: {missing:?}");
    }

    #[test]
    fn every_default_in_the_example_is_the_default() {
        let (example, _) = read(EXAMPLE, Path::new(""));
        let optional = ["[limits]", "[schedule]", "[log]"];
        let start = EXAMPLE.find(optional[0]).unwrap();
        let (without, _) = read(&EXAMPLE[..start], Path::new(""));
        let (example, without) = (example.unwrap(), without.unwrap());
        assert_eq!(format!("{:?}", example.limits), format!("{:?}", without.limits));
        assert_eq!(format!("{:?}", example.schedule), format!("{:?}", without.schedule));
        assert_eq!(format!("{:?}", example.log), format!("{:?}", without.log));
    }
}
