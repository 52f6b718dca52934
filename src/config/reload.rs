//! Reading the file again while the bot runs: plans, payment methods and staff follow at once,
//! everything else waits for a restart and is named.
//!
//! What follows is what nobody holds on to: each decision asks for it afresh. A channel, a panel
//! or a period is built into something that runs.

use std::{collections::BTreeMap, path::Path};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::{Config, ConfigErrors, DiscordConfig, PanelConfig, Problem};
use crate::domain::{PaymentMethod, Plan};

/// A good file, and what it changes.
#[derive(Debug, Clone)]
pub struct Renewal {
    /// What is in force from now on.
    pub config: Config,
    pub plans: Changed,
    /// Payment methods by their ids.
    pub methods: Changed,
    /// Keys of `[discord]` that say who is staff and are different now.
    pub staff: Vec<&'static str>,
    /// Keys and sections that are different and wait for a restart.
    pub waits: Vec<&'static str>,
}

/// What became of a list, by ids, in the order of the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    pub added: Vec<String>,
    pub changed: Vec<String>,
    pub removed: Vec<String>,
}

impl Changed {
    fn between<T: PartialEq>(old: &[T], new: &[T], id: impl Fn(&T) -> String) -> Self {
        let by_id = |list: &[T]| -> BTreeMap<String, usize> {
            list.iter().enumerate().map(|(place, one)| (id(one), place)).collect()
        };
        let (before, after) = (by_id(old), by_id(new));
        let mut changed = Self::default();
        for one in new {
            let id = id(one);
            match before.get(&id).and_then(|place| old.get(*place)) {
                None => changed.added.push(id),
                Some(other) if other != one => changed.changed.push(id),
                Some(_) => {}
            }
        }
        changed.removed = old.iter().map(id).filter(|id| !after.contains_key(id)).collect();
        changed
    }

    /// Whether nothing became of it.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

impl Renewal {
    /// Whether the file says what is in force already.
    pub fn is_empty(&self) -> bool {
        self.plans.is_empty() && self.methods.is_empty() && self.staff.is_empty() && self.waits.is_empty()
    }
}

/// What a good file changes, unless what is sold by it needs a restart first.
pub(super) fn of(old: &Config, file: Config) -> Result<Renewal, ConfigErrors> {
    let problems = ahead_of_restart(old, &file);
    if !problems.is_empty() {
        return Err(ConfigErrors(problems));
    }
    let (plans, methods) = (
        Changed::between(&old.plans, &file.plans, |plan: &Plan| plan.id.to_string()),
        Changed::between(&old.payment_methods, &file.payment_methods, |method: &PaymentMethod| method.id.to_string()),
    );
    let staff = staff(&old.discord, &file.discord);
    let waits = waits(old, &file);
    let mut config = old.clone();
    (config.plans, config.payment_methods) = (file.plans, file.payment_methods);
    let Config { discord, .. } = &mut config;
    (discord.owners, discord.owner_role_id) = (file.discord.owners, file.discord.owner_role_id);
    (discord.admins, discord.admin_role_id) = (file.discord.admins, file.discord.admin_role_id);
    (discord.support, discord.support_role_id) = (file.discord.support, file.discord.support_role_id);
    Ok(Renewal { config, plans, methods, staff, waits })
}

/// Plans that cannot be sold before a restart: nothing of such a file is taken.
fn ahead_of_restart(old: &Config, file: &Config) -> Vec<Problem> {
    let problem = |key: &str, says: String| Problem { key: key.to_owned(), line: None, says };
    let mut problems = Vec::new();
    if old.shop.currency != file.shop.currency {
        let (was, is) = (old.shop.currency.code(), file.shop.currency.code());
        problems.push(problem(
            "shop.currency",
            format!(
                "prices are in {was} until the bot is restarted, and this says {is}; restart it to change the currency"
            ),
        ));
    }
    for plan in &file.plans {
        if !old.panels.iter().any(|panel| panel.name == plan.panel) {
            let (id, panel) = (&plan.id, &plan.panel);
            problems.push(problem(
                "plans.panel",
                format!(
                    "the plan {id} is on the panel \"{panel}\", which the bot knows only after a restart; restart it"
                ),
            ));
        }
    }
    problems
}

fn staff(old: &DiscordConfig, new: &DiscordConfig) -> Vec<&'static str> {
    differing(&[
        ("discord.owners", old.owners == new.owners),
        ("discord.admins", old.admins == new.admins),
        ("discord.support", old.support == new.support),
        ("discord.owner_role_id", old.owner_role_id == new.owner_role_id),
        ("discord.admin_role_id", old.admin_role_id == new.admin_role_id),
        ("discord.support_role_id", old.support_role_id == new.support_role_id),
    ])
}

fn waits(old: &Config, new: &Config) -> Vec<&'static str> {
    let (discord, file) = (&old.discord, &new.discord);
    differing(&[
        ("DISCORD_TOKEN", same(Some(&discord.token), Some(&file.token))),
        ("discord.guild_id", discord.guild_id == file.guild_id),
        ("discord.review_channel_id", discord.review_channel_id == file.review_channel_id),
        ("discord.dashboard_channel_id", discord.dashboard_channel_id == file.dashboard_channel_id),
        ("discord.ticket_category_id", discord.ticket_category_id == file.ticket_category_id),
        ("discord.overflow_category_ids", discord.overflow_category_ids == file.overflow_category_ids),
        ("discord.message_content", discord.message_content == file.message_content),
        ("discord.rest_proxy", discord.rest_proxy == file.rest_proxy),
        ("discord.ca_file", discord.ca_pem == file.ca_pem),
        ("storage.data_dir", absolute(&old.storage.data_dir) == absolute(&new.storage.data_dir)),
        ("[shop]", old.shop == new.shop),
        ("[[panels]]", same_panels(&old.panels, &new.panels)),
        ("[limits]", old.limits == new.limits),
        ("[schedule]", old.schedule == new.schedule),
        ("[log]", old.log == new.log),
        ("BACKUP_PASSPHRASE", same(old.backup_passphrase.as_ref(), new.backup_passphrase.as_ref())),
    ])
}

fn differing(keys: &[(&'static str, bool)]) -> Vec<&'static str> {
    keys.iter().filter(|(_, same)| !same).map(|(key, _)| *key).collect()
}

/// The same folder, whoever made its path absolute.
fn absolute(path: &Path) -> Option<std::path::PathBuf> {
    std::path::absolute(path).ok()
}

fn same(old: Option<&SecretString>, new: Option<&SecretString>) -> bool {
    old.map(ExposeSecret::expose_secret) == new.map(ExposeSecret::expose_secret)
}

fn same_panels(old: &[PanelConfig], new: &[PanelConfig]) -> bool {
    old.len() == new.len() && old.iter().zip(new).all(|(old, new)| same_panel(old, new))
}

fn same_panel(old: &PanelConfig, new: &PanelConfig) -> bool {
    let secrets = |panel: &PanelConfig| {
        let login = panel.credentials.login.as_ref();
        let totp = login.and_then(|login| login.totp_secret.clone());
        let password = login.map(|login| login.password.clone());
        [panel.credentials.api_token.clone(), password, totp]
    };
    let login = |panel: &PanelConfig| panel.credentials.login.as_ref().map(|login| login.username.clone());
    let plain = |panel: &PanelConfig| {
        let addresses = (panel.url.clone(), panel.subscription_url.clone(), panel.public_host.clone());
        (panel.name.clone(), addresses, panel.inbound_id, panel.ca_pem.clone(), panel.env_prefix.clone())
    };
    plain(old) == plain(new)
        && login(old) == login(new)
        && secrets(old).iter().zip(&secrets(new)).all(|(old, new)| same(old.as_ref(), new.as_ref()))
}

impl Config {
    /// A digest of what open tickets show of the configuration: who of staff sees them, and the
    /// menu of payment methods.
    pub fn tickets_digest(&self) -> String {
        let methods: Vec<_> = self.payment_methods.iter().map(|method| (method.id.as_str(), &method.name)).collect();
        let shown = format!("{:?} {methods:?}", self.discord.staff());
        data_encoding::HEXLOWER.encode(&Sha256::digest(shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../../config.example.toml");

    fn config(text: &str, token: &str) -> Config {
        let env = |name: &str| match name {
            "DISCORD_TOKEN" => Some(token.to_owned()),
            "PANEL_API_TOKEN" => Some("secret".to_owned()),
            _ => None,
        };
        let (config, _) = super::super::read::config(text, Path::new(""), &env, super::super::Secrets::Required);
        config.unwrap()
    }

    fn renewed(change: impl FnOnce(&mut Config)) -> Result<Renewal, ConfigErrors> {
        let mut file = config(EXAMPLE, "token");
        change(&mut file);
        of(&config(EXAMPLE, "token"), file)
    }

    #[test]
    fn the_same_file_changes_nothing() {
        let same = renewed(|_| {}).unwrap();
        assert!(same.is_empty(), "{same:?}");
    }

    #[test]
    fn each_list_says_what_became_of_it() {
        let renewal = renewed(|file| {
            file.plans[0].price.minor += 1;
            let mut gold = file.plans.remove(1);
            gold.id = "gold".parse().unwrap();
            file.plans.push(gold);
            file.payment_methods.pop();
            file.discord.admins.clear();
        })
        .unwrap();
        assert_eq!((renewal.plans.added.len(), renewal.plans.changed.len(), renewal.plans.removed.len()), (1, 1, 1));
        assert_eq!((renewal.methods.removed.len(), renewal.methods.added.len()), (1, 0));
        assert!(renewal.waits.is_empty(), "{:?}", renewal.waits);
        assert_eq!(renewal.config.plans.last().unwrap().id.as_str(), "gold");
        assert!(renewal.config.discord.admins.is_empty());
    }

    #[test]
    fn what_waits_for_a_restart_is_named_and_stays() {
        let renewal = renewed(|file| {
            file.discord.token = SecretString::from("another");
            file.discord.review_channel_id.0 += 1;
            file.storage.data_dir.push("elsewhere");
            file.shop.name.push('!');
            file.panels[0].credentials.api_token = None;
            file.limits.confirm_ttl *= 2;
            file.backup_passphrase = Some(SecretString::from("new"));
        })
        .unwrap();
        let waits = [
            "DISCORD_TOKEN",
            "discord.review_channel_id",
            "storage.data_dir",
            "[shop]",
            "[[panels]]",
            "[limits]",
            "BACKUP_PASSPHRASE",
        ];
        assert_eq!(renewal.waits, waits);
        assert_eq!(format!("{:?}", renewal.config.shop), format!("{:?}", config(EXAMPLE, "token").shop));
    }

    #[test]
    fn plans_that_need_a_restart_first_are_refused() {
        let refused = renewed(|file| {
            file.shop.currency = crate::domain::Currency::parse("EUR").unwrap();
            file.plans[0].panel = "new".to_owned();
        })
        .unwrap_err();
        let keys: Vec<_> = refused.0.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(keys, ["shop.currency", "plans.panel"]);
    }
}
