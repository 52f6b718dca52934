//! The panels of the configuration as clients. Calls nobody.

use std::collections::BTreeMap;

use anyhow::Context as _;

use crate::{
    clock::Clock,
    config::{Config, PanelConfig},
    panel,
};

/// One client for each panel, by the panel's name.
pub fn clients(config: &Config, clock: &Clock) -> anyhow::Result<BTreeMap<String, panel::Client>> {
    config.panels.iter().map(|panel| Ok((panel.name.clone(), client(panel, config, clock)?))).collect()
}

pub fn client(panel: &PanelConfig, config: &Config, clock: &Clock) -> anyhow::Result<panel::Client> {
    let schedule = &config.schedule;
    let login = panel.credentials.login.as_ref().map(|login| panel::Login {
        username: login.username.clone(),
        password: login.password.clone(),
        totp_secret: login.totp_secret.clone(),
    });
    let settings = panel::Settings {
        name: panel.name.clone(),
        url: panel.url.clone(),
        inbound_id: panel.inbound_id,
        public_host: panel.public_host.clone(),
        subscription_url: panel.subscription_url.as_ref().map(ToString::to_string),
        ca_pem: panel.ca_pem.clone(),
        credentials: panel::Credentials { token: panel.credentials.api_token.clone(), login },
        timeout: schedule.panel_timeout,
        sign_in_pause: panel::SIGN_IN_PAUSE,
        breaker: panel::breaker::Limits { failures: schedule.health_failures.get(), ..Default::default() },
    };
    let clock = clock.clone();
    panel::Client::new(settings, move || clock.now()).with_context(|| format!("panel `{}`", panel.name))
}
