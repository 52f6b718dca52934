//! What the configuration makes of the shop, in a few words: it was read, so it is right as far as
//! a file can tell.

use crate::{clock::Clock, config::Config};

use super::report::Section;

pub(super) fn look(config: &Config, clock: &Clock) -> Section {
    let mut section = Section::new("Shop");
    let (shop, plans, methods) = (&config.shop, config.plans.len(), config.payment_methods.len());
    section.well(format!("{}: {plans} plans, {methods} ways to pay, prices in {}.", shop.name, shop.currency.code()));
    let now = chrono::DateTime::from_timestamp_millis(clock.now().0).unwrap_or_default();
    let there = now.with_timezone(&shop.timezone).format("%H:%M");
    section.well(format!("Days begin at midnight of {}, where it is {there} now.", shop.timezone));
    let discord = &config.discord;
    if let Some(proxy) = &discord.rest_proxy {
        let (host, port) = (proxy.host_str().unwrap_or("?"), proxy.port_or_known_default().unwrap_or(0));
        let trusted =
            if discord.ca_pem.is_some() { ", and the certificates of discord.ca_file are trusted" } else { "" };
        section.note(format!("Calls to Discord go through discord.rest_proxy at {host}:{port}{trusted}."));
    }
    section
}
