//! How customers get to the inbound we sell: by the hosts that the panel keeps for it (3.4 and later),
//! by its external proxies, by another inbound that hands connections on to it, or straight.

use serde::Deserialize;
use serde_json::Value;

use super::{
    Error, Generation, Inbound,
    connection::Panel,
    inbound::{ExternalProxy, HostSays, Listens, OneOrMany, Stream, Way},
    json_filter::OF_INBOUND,
    wire::Request,
};

/// A group of hosts, as the panel keeps it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "the panel's own fields")]
struct Group {
    is_disabled: bool,
    exclude_from_sub_types: Option<Vec<String>>,
    hosts: Option<Vec<String>>,
    inbound_ids: Option<Vec<i64>>,
    port: u16,
    remark: String,
    security: String,
    sni: String,
    override_sni_from_address: bool,
    keep_sni_blank: bool,
    host_header: String,
    path: String,
    fingerprint: String,
    alpn: Option<OneOrMany>,
    ech_config_list: Option<OneOrMany>,
    pinned_peer_cert_sha256: Option<OneOrMany>,
    verify_peer_cert_by_name: Option<OneOrMany>,
    allow_insecure: bool,
    vless_route: Value,
    sort_order: i64,
}

impl Group {
    /// Whether the links we build are among those it is for.
    fn counts_for(&self, inbound: i64) -> bool {
        let excluded = self.exclude_from_sub_types.iter().flatten().any(|kind| kind.eq_ignore_ascii_case("raw"));
        let elsewhere = self.inbound_ids.as_ref().is_some_and(|ids| !ids.is_empty() && !ids.contains(&inbound));
        !self.is_disabled && !excluded && !elsewhere
    }

    /// One proxy for each of its addresses; without one, the panel's public host.
    fn proxies(&self, inbound: &Inbound, public_host: &str) -> Vec<ExternalProxy> {
        let named: Vec<&str> = self.hosts.iter().flatten().map(|host| host.trim()).collect();
        let named = if named.is_empty() { vec![""] } else { named };
        named.into_iter().map(|host| self.proxy(host, inbound, public_host)).collect()
    }

    fn proxy(&self, host: &str, inbound: &Inbound, public_host: &str) -> ExternalProxy {
        let dest = if host.is_empty() { public_host } else { host }.to_owned();
        let list = |list: &Option<OneOrMany>| list.clone().filter(|list| !list.joined().is_empty());
        let route = match &self.vless_route {
            Value::Number(number) => number.as_u64().and_then(|number| u16::try_from(number).ok()),
            other => other.as_str().and_then(|text| text.trim().parse().ok()),
        };
        ExternalProxy {
            force_tls: self.security.clone(),
            port: if self.port == 0 { inbound.port } else { self.port },
            remark: self.remark.clone(),
            sni: if self.override_sni_from_address { dest.clone() } else { self.sni.clone() },
            fingerprint: self.fingerprint.clone(),
            alpn: list(&self.alpn),
            pinned_peer_cert_sha256: list(&self.pinned_peer_cert_sha256),
            verify_peer_cert_by_name: list(&self.verify_peer_cert_by_name),
            ech_config_list: list(&self.ech_config_list),
            host: Some(HostSays {
                header: self.host_header.clone(),
                path: self.path.clone(),
                no_sni: self.keep_sni_blank,
                allow_insecure: self.allow_insecure,
                route,
            }),
            dest,
        }
    }
}

impl Panel {
    /// The inbound with the way that customers take to it.
    pub(super) async fn reached(&self, generation: Generation, mut inbound: Inbound) -> Result<Inbound, Error> {
        if self.takes_hosts(generation, &mut inbound).await? || inbound.way == Way::Proxies {
            return Ok(inbound);
        }
        if inbound.listens == Listens::Outside {
            return Ok(inbound);
        }
        let Some(mut master) = self.master_of(generation, &inbound).await? else { return Ok(inbound) };
        let (of, stream) = (master.id, behind(&master, &inbound));
        self.takes_hosts(generation, &mut master).await?;
        let proxies = master.stream.external_proxy;
        Ok(Inbound {
            port: master.port,
            listens: master.listens,
            listen: master.listen,
            stream: Stream { external_proxy: proxies, ..stream },
            way: Way::Fallback { of },
            ..inbound
        })
    }

    /// Puts the hosts of an inbound, if it has any, into the place of its proxies.
    async fn takes_hosts(&self, generation: Generation, inbound: &mut Inbound) -> Result<bool, Error> {
        if !generation.has_hosts() {
            return Ok(false);
        }
        let request = Request::get("panel/api/hosts/byInbound").with(&inbound.id);
        let groups = match self.ask(generation, request).await {
            Ok(Value::Null) | Err(Error::Unexpected { .. }) => Vec::new(),
            Ok(groups) => Vec::<Group>::deserialize(groups)
                .map_err(|_| Error::unexpected("hosts of an inbound in a way nobody can read"))?,
            Err(error) => return Err(error),
        };
        let mut groups: Vec<Group> = groups.into_iter().filter(|group| group.counts_for(inbound.id)).collect();
        groups.sort_by_key(|group| group.sort_order);
        let proxies: Vec<_> = groups.iter().flat_map(|group| group.proxies(inbound, &self.public_host)).collect();
        if proxies.is_empty() {
            return Ok(false);
        }
        (inbound.stream.external_proxy, inbound.way) = (proxies, Way::Hosts);
        Ok(true)
    }

    /// The inbound that hands connections on to this one: 3.x says so in its lists; up to 2.9 the other
    /// one names where this one listens.
    async fn master_of(&self, generation: Generation, child: &Inbound) -> Result<Option<Inbound>, Error> {
        let v3 = matches!(generation, Generation::V3 { .. });
        let list = |route: &str| Request::get(route).listing(OF_INBOUND);
        let mut answer = Err(Error::unexpected("no short list"));
        if v3 {
            answer = self.sift(generation, list("panel/api/inbounds/list/slim"), &mut |_, _| false).await;
        }
        if matches!(answer, Err(Error::Unexpected { .. })) {
            answer = self.sift(generation, list("panel/api/inbounds/list"), &mut |_, _| false).await;
        }
        let Value::Array(rows) = answer? else { return Ok(None) };
        // An inbound that cannot be read is not the one we sell, nor before it.
        let all: Vec<Inbound> = rows.into_iter().filter_map(|row| Inbound::parse(row).ok()).collect();
        let parent = all.iter().find(|inbound| inbound.id == child.id).and_then(|inbound| inbound.fallback_parent);
        let named = |master: &&Inbound| match parent {
            Some(parent) => master.id == parent,
            None => master.id != child.id && master.fallbacks.iter().any(|dest| leads_to(dest, child)),
        };
        Ok(all.iter().find(named).filter(|master| master.enabled).cloned())
    }
}

/// The child's transport with the master's security.
fn behind(master: &Inbound, child: &Inbound) -> Stream {
    Stream {
        security: master.stream.security.clone(),
        tls_settings: master.stream.tls_settings.clone(),
        reality_settings: master.stream.reality_settings.clone(),
        ..child.stream.clone()
    }
}

/// Whether a fallback's destination (a port, an address with a port, or a socket) is where this inbound
/// listens.
fn leads_to(dest: &str, child: &Inbound) -> bool {
    let dest = dest.trim();
    if child.listens == Listens::Socket {
        // A path may be followed by the socket's permissions.
        let socket = |text: &str| text.split(',').next().unwrap_or_default().trim().to_owned();
        return socket(dest) == socket(&child.listen);
    }
    let (host, port) = dest.rsplit_once(':').unwrap_or(("", dest));
    let host = host.trim_matches(['[', ']']);
    let local = ["", "127.0.0.1", "localhost", "::1", "0.0.0.0"];
    let here = local.contains(&host) || host == child.listen.trim_matches(['[', ']']);
    here && port.parse() == Ok(child.port)
}
