//! One panel: reached and signed in as `run` does, read and never changed; and what customers'
//! apps will connect to.

use std::{net::IpAddr, time::Duration};

use uuid::Uuid;

use crate::{
    clock::Clock,
    config::{Config, PanelConfig},
    db::{self, Db},
    panel::{
        Error, Inbound, Reader, Xray,
        inbound::Way,
        link::{self, LinkError},
    },
    panels,
};

use super::{CLOCK_SLACK_MS, clock_gap, gap_in_words, report::Section};

/// How long a name may take to be resolved, and a subscription server to answer.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn look(config: &Config, panel: &PanelConfig, clock: &Clock) -> Section {
    let mut section = Section::new(format!("Panel {}", panel.name));
    match panels::client(panel, config, clock) {
        Ok(client) => ask(&mut section, config, panel, &client.reader(), clock).await,
        Err(error) => section.mend(format!("{error:#}: correct url and ca_file of this panel.")),
    }
    public_host(&mut section, &panel.public_host).await;
    if let Some(url) = &panel.subscription_url {
        if url.scheme() == "http" && !leads_here(url) {
            section.mend(
                "subscription_url is over http, so whoever is on the way reads customers' links: give the panel's \
                 subscription server a certificate and write https://, or leave subscription_url out to offer links only.",
            );
        }
        subscription(&mut section, url).await;
    }
    section
}

async fn ask(section: &mut Section, config: &Config, panel: &PanelConfig, reader: &Reader, clock: &Clock) {
    let at = format!("{}:{}", panel.url.host_str().unwrap_or("?"), panel.url.port_or_known_default().unwrap_or(0));
    let status = match reader.status().await {
        Ok(status) => status,
        Err(error) => {
            section.mend(trouble(panel, &at, &error));
            // A wrong clock may be why: it spoils the codes of two-factor.
            return time(section, panel, reader, clock);
        }
    };
    section.well(format!("3x-ui {} at {at} lets us in.", status.generation));
    time(section, panel, reader, clock);
    match &status.xray {
        Xray::Running => section.well(format!("xray {} runs.", status.xray_version)),
        Xray::Stopped(word) => section.mend(format!(
            "xray does not run ({word}), so no customer can connect: open the panel's overview, read xray's error \
             there and start it."
        )),
    }
    inbound(section, panel, reader, &at).await;
    for (id, clients) in elsewhere(config, panel).await {
        where_made(section, panel, reader, id, clients).await;
    }
}

/// The clients that the books have on other inbounds. A database that cannot be read is said to be
/// so where this machine is looked at.
async fn elsewhere(config: &Config, panel: &PanelConfig) -> Vec<(i64, u64)> {
    let path = config.storage.data_dir.join("tollkeeper.db");
    if !path.exists() {
        return Vec::new();
    }
    let Ok(db) = Db::open_read_only(&path, config.shop.timezone).await else { return Vec::new() };
    let found = db::access::clients::clients_elsewhere(&db, &panel.name, panel.inbound_id).await;
    db.close().await;
    found.unwrap_or_default()
}

/// Whether those who were sold to on another inbound can connect.
async fn where_made(section: &mut Section, panel: &PanelConfig, reader: &Reader, id: i64, clients: u64) {
    let sold = panel.inbound_id;
    let who = if clients == 1 { "1 client is".to_owned() } else { format!("{clients} clients are") };
    match reader.at(id).inbound().await {
        Ok(inbound) if inbound.enabled => section.note(format!(
            "{who} on inbound {id}, where they were made, and not on inbound {sold}: they keep their links and are \
             renewed there, so leave inbound {id} on."
        )),
        Ok(_) => section.mend(format!(
            "{who} on inbound {id}, which is switched off, so these customers cannot connect: switch it on in the panel."
        )),
        Err(Error::Refused { .. }) => section.mend(format!(
            "{who} on inbound {id}, which the panel does not have any more, so these customers cannot connect: make \
             them again with /admin user-enable, on inbound {sold} and with new links."
        )),
        // What is wrong was said above.
        Err(_) => {}
    }
}

async fn inbound(section: &mut Section, panel: &PanelConfig, reader: &Reader, at: &str) {
    let id = panel.inbound_id;
    let inbound = match reader.inbound().await {
        Ok(inbound) => inbound,
        Err(Error::Refused { message }) => {
            return section.mend(format!(
                "The panel has no inbound {id} ({message}): take the number from the panel's list of inbounds into \
                 inbound_id."
            ));
        }
        Err(error) => return section.mend(trouble(panel, at, &error)),
    };
    if !inbound.enabled {
        section.mend(format!("Inbound {id} is switched off, so no customer can connect: switch it on in the panel."));
    }
    match reader.links(&inbound, &Uuid::nil(), inbound.flow(), "check") {
        Ok(links) => {
            let (network, security) = (&inbound.stream.network, &inbound.stream.security);
            section.well(format!("Inbound {id} is vless over {network} with {security}, on port {}.", inbound.port));
            section.well(way(&inbound, &links));
            if link::path_breaks(&inbound) {
                section.note(format!(
                    "The path of inbound {id} has a %, + or # in it, and some apps read such a path wrongly: give it \
                     one of letters, digits and slashes in the panel. Links that customers have need to be sent again \
                     then."
                ));
            }
        }
        Err(error @ LinkError::Protocol(_)) => section
            .mend(format!("Inbound {id} cannot be sold ({error}): put the number of a vless inbound into inbound_id.")),
        Err(error @ (LinkError::Loopback | LinkError::Socket)) => section.mend(format!(
            "Nobody can reach inbound {id} ({error}): in the panel, let it listen on all addresses (leave its address \
             empty), give it an external proxy or a host, or name it as a fallback of the inbound that stands before it."
        )),
        Err(error) => section.mend(format!(
            "There is no link for inbound {id} ({error}): complete the inbound in the panel, or put another number \
             into inbound_id."
        )),
    }
}

/// Which way customers are sent.
fn way(inbound: &Inbound, links: &[String]) -> String {
    let places: Vec<String> = links
        .iter()
        .filter_map(|link| url::Url::parse(link).ok())
        .map(|link| format!("{}:{}", link.host_str().unwrap_or("?"), link.port().unwrap_or(0)))
        .collect();
    let how = match inbound.way {
        Way::Direct => "public_host and the inbound's port".to_owned(),
        Way::Proxies => "the inbound's external proxies".to_owned(),
        Way::Hosts => "the panel's hosts".to_owned(),
        Way::Fallback { of } => format!("inbound {of}, whose fallback it is"),
    };
    format!("Links lead to {}, by {how}.", places.join(" and "))
}

fn time(section: &mut Section, panel: &PanelConfig, reader: &Reader, clock: &Clock) {
    let Some(gap) = reader.date().and_then(|date| clock_gap(&date, clock.now().0)) else { return };
    if gap.abs() <= CLOCK_SLACK_MS {
        return;
    }
    let says = format!("This machine's clock is {} the panel's: set the clock right that is wrong.", gap_in_words(gap));
    if panel.credentials.login.as_ref().is_some_and(|login| login.totp_secret.is_some()) {
        section.mend(format!("{says} Two-factor codes do not fit otherwise."));
    } else {
        section.note(says);
    }
}

/// Why a panel cannot be asked, and what to do.
fn trouble(panel: &PanelConfig, at: &str, error: &Error) -> String {
    let prefix = &panel.env_prefix;
    let remedy = match error {
        Error::Unreachable { why } if why.to_lowercase().contains("certificate") => {
            "put the panel's own certificate, or its authority's, into a file and name it in ca_file".to_owned()
        }
        Error::Unreachable { .. } => {
            format!("check that the panel runs, that url is right, and that this machine may connect to {at}")
        }
        Error::Unauthorized { .. } => {
            format!("correct {prefix}_API_TOKEN, or {prefix}_USERNAME, {prefix}_PASSWORD and {prefix}_TOTP_SECRET")
        }
        Error::Unsupported => "back up its database (x-ui.db) and run `x-ui update` on its server".to_owned(),
        Error::Unfit { .. }
        | Error::Refused { .. }
        | Error::Unexpected { .. }
        | Error::BrokenClient { .. }
        | Error::NotDone { .. } => "compare url with the panel's address in the browser, with its base path".to_owned(),
    };
    format!("At {at}: {error}. To mend it, {remedy}.")
}

/// Whether customers' apps can find the host.
async fn public_host(section: &mut Section, host: &str) {
    let found = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) => match tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host, 0))).await {
            Ok(Ok(found)) => found.map(|address| address.ip()).collect(),
            _ => Vec::new(),
        },
    };
    match reachable(&found) {
        Ok(()) => section.well(format!("public_host {host} is an address on the internet.")),
        Err(why) => section.mend(format!(
            "public_host {host} {why}, so customers' apps cannot connect: put the name or the public address of the \
             VPN server there."
        )),
    }
}

/// To this machine, where nobody is on the way.
fn leads_here(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        _ => false,
    }
}

/// Why nobody on the internet reaches these addresses.
fn reachable(found: &[IpAddr]) -> Result<(), &'static str> {
    if found.is_empty() {
        return Err("is a name that does not resolve");
    }
    let inside = |address: &IpAddr| match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    if found.iter().all(inside) { Err("is an address inside this machine or its own network") } else { Ok(()) }
}

/// Whether the subscription server answers, as customers' apps ask it: over certificates that
/// everybody trusts.
async fn subscription(section: &mut Section, url: &url::Url) {
    let at = format!("{}:{}", url.host_str().unwrap_or("?"), url.port_or_known_default().unwrap_or(0));
    let asked = async {
        let client = reqwest::Client::builder().use_rustls_tls().no_proxy().timeout(PATIENCE).build()?;
        client.get(url.clone()).send().await
    };
    match asked.await {
        Ok(answer) if answer.status().is_server_error() => section.mend(format!(
            "The subscription server at {at} answers {}: look at the panel's subscription settings.",
            answer.status().as_u16()
        )),
        Ok(_) => section.well(format!("The subscription server at {at} answers.")),
        Err(error) => {
            let error = error.without_url();
            let mut cause: &dyn std::error::Error = &error;
            while let Some(next) = cause.source() {
                cause = next;
            }
            section.mend(format!(
                "The subscription server at {at} does not answer ({cause}): switch it on in the panel's settings \
                 (Subscription), correct subscription_url, or leave that out to offer links only."
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_inside_is_none_for_customers() {
        let read = |text: &str| text.parse::<IpAddr>().unwrap();
        for inside in ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.1.1", "::1", "fd00::1", "fe80::1", "0.0.0.0"] {
            assert!(reachable(&[read(inside)]).is_err(), "{inside}");
        }
        assert!(reachable(&[read("10.0.0.1"), read("203.0.113.7")]).is_ok(), "one of them is enough");
        assert!(reachable(&[read("2001:db8::1")]).is_ok());
        assert_eq!(reachable(&[]), Err("is a name that does not resolve"));
    }
}
