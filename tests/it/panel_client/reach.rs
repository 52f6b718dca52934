//! How customers get to an inbound: hosts, external proxies, other inbounds, or straight.

use serde_json::{Value, json};
use tollkeeper::{
    panel::{Client, inbound::Way},
    sandbox::panel::{Generation, InboundSpec, Panel, PanelOptions},
};
use url::Url;

use super::{EVERY, add, client, no_problems, panel, target};

/// The link of a new client, and which way it was built.
async fn link(client: &Client) -> (Url, Way) {
    let email = format!("tk-{}", uuid::Uuid::new_v4().simple());
    let record = add(client, &target(&email)).await.client.unwrap();
    let link = client.reader().link(&record, "Nile VPN").await.unwrap();
    (Url::parse(&link).unwrap(), client.inbound().await.unwrap().way)
}

fn at(link: &Url) -> String {
    format!("{}:{}", link.host_str().unwrap(), link.port().unwrap())
}

fn said(link: &Url, key: &str) -> Option<String> {
    link.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned())
}

fn ws_tls() -> Value {
    json!({
        "network": "ws", "security": "tls", "wsSettings": {"path": "/ws", "host": "origin.test"},
        "tlsSettings": {"serverName": "origin.test", "alpn": ["h2"], "settings": {"fingerprint": "chrome"}},
    })
}

#[tokio::test]
async fn hosts_of_the_panel_go_before_everything_else() {
    let panel = panel(Generation::V3).await;
    let mut inbound = InboundSpec::with_stream(1, ws_tls());
    inbound.stream["externalProxy"] = json!([{"forceTls": "same", "dest": "proxy.test", "port": 443, "remark": ""}]);
    panel.set_inbound(&inbound);
    let client = client(&panel);
    panel.set_hosts(&[
        json!({"hosts": ["off.test"], "isDisabled": true}),
        json!({"hosts": ["app.test"], "excludeFromSubTypes": ["json", "raw"]}),
        json!({"hosts": ["other.test"], "inboundIds": [7]}),
        json!({"hosts": ["second.test"], "sortOrder": 2}),
        json!({
            "hosts": ["cdn.test", "cdn-2.test"], "port": 8443, "security": "tls", "sni": "front.test",
            "hostHeader": "front.test", "path": "/front", "fingerprint": "firefox", "alpn": ["http/1.1"],
            "remark": "CDN", "isHidden": true, "sortOrder": 1,
        }),
    ]);
    let (link, way) = link(&client).await;
    assert_eq!((at(&link).as_str(), way), ("cdn.test:8443", Way::Hosts));
    for (key, value) in
        [("sni", "front.test"), ("host", "front.test"), ("path", "/front"), ("fp", "firefox"), ("alpn", "http/1.1")]
    {
        assert_eq!(said(&link, key).as_deref(), Some(value), "{key}");
    }
    assert_eq!(link.fragment(), Some("Nile%20VPN-CDN"));

    // Switched off, what stands before the inbound itself counts again, and without that its own port.
    panel.set_hosts(&[json!({"hosts": ["off.test"], "isDisabled": true})]);
    let (link, way) = self::link(&client).await;
    assert_eq!((at(&link).as_str(), way), ("proxy.test:443", Way::Proxies));
    inbound.stream["externalProxy"] = json!([]);
    panel.set_inbound(&inbound);
    let (link, way) = self::link(&client).await;
    assert_eq!((at(&link).as_str(), way), ("vpn.example.test:20001", Way::Direct));
    no_problems(&panel);
}

#[tokio::test]
async fn a_host_says_only_what_it_says() {
    let panel = panel(Generation::V3).await;
    let client = client(&panel);
    panel.set_hosts(&[json!({"hosts": [""], "vlessRoute": "443"})]);
    let (link, _) = link(&client).await;
    assert_eq!(at(&link), "vpn.example.test:20001");
    assert_eq!(
        (said(&link, "security").as_deref(), said(&link, "sni").as_deref()),
        (Some("reality"), Some("reality.test"))
    );
    assert_eq!(link.username().split('-').nth(2), Some("01bb"), "the route stands in the third group");
    panel.set_hosts(&[json!({"hosts": ["a.test"], "security": "none"}), json!({"hosts": ["b.test"]})]);
    let (link, _) = self::link(&client).await;
    assert_eq!(at(&link), "b.test:20001", "of several the one with the inbound's security");
}

#[tokio::test]
async fn before_3_4_nobody_asks_for_hosts() {
    let options = PanelOptions { panel_version: Some("3.3.1".into()), ..PanelOptions::new(Generation::V3) };
    let panel = Panel::start(options).await.unwrap();
    let (link, way) = link(&client(&panel)).await;
    assert_eq!((at(&link).as_str(), way), ("vpn.example.test:20001", Way::Direct));
    no_problems(&panel);
}

/// A master on all addresses with TLS, and a child behind it.
fn behind(panel: &Panel, listen: &str, dest: &Value) {
    let child = json!({"network": "ws", "security": "none", "wsSettings": {"path": "/child", "host": ""}});
    panel.set_inbound(&InboundSpec { listen: listen.to_owned(), ..InboundSpec::with_stream(1, child) });
    let master = json!({
        "network": "tcp", "security": "tls", "tcpSettings": {"header": {"type": "none"}},
        "tlsSettings": {"serverName": "master.test", "alpn": ["http/1.1"], "settings": {"fingerprint": "chrome"}},
    });
    let master =
        InboundSpec { port: 443, fallbacks: json!([{"dest": dest, "xver": 0}]), ..InboundSpec::with_stream(9, master) };
    panel.set_inbound(&master);
}

#[tokio::test]
async fn a_fallback_has_the_port_and_security_of_the_inbound_before_it() {
    for generation in EVERY {
        for (listen, dest) in [
            ("127.0.0.1", json!(20001)),
            ("127.0.0.1", json!("20001")),
            ("127.0.0.1", json!("127.0.0.1:20001")),
            ("@child", json!("@child")),
            ("/run/child.sock", json!("/run/child.sock")),
        ] {
            let panel = panel(generation).await;
            behind(&panel, listen, &dest);
            let client = client(&panel);
            client.must_be_sellable().await.unwrap();
            let (link, way) = link(&client).await;
            assert_eq!((at(&link).as_str(), way), ("vpn.example.test:443", Way::Fallback { of: 9 }), "{generation:?}");
            for (key, value) in [("type", "ws"), ("path", "/child"), ("security", "tls"), ("sni", "master.test")] {
                assert_eq!(said(&link, key).as_deref(), Some(value), "{generation:?} {listen}: {key}");
            }
            assert_eq!(said(&link, "flow"), None);
            no_problems(&panel);
        }
    }
}

#[tokio::test]
async fn an_inbound_that_nobody_reaches_is_not_sold() {
    for generation in EVERY {
        let panel = panel(generation).await;
        behind(&panel, "127.0.0.1", &json!(4711));
        let client = client(&panel);
        let error = client.must_be_sellable().await.unwrap_err();
        assert!(error.to_string().contains("listens on its server's loopback address"), "{generation:?}: {error}");
        assert!(!client.availability().is_up(), "nothing is ordered either");
        assert!(client.health().await.unwrap().unwrap().contains("cannot be sold"));
        behind(&panel, "", &json!(4711));
        assert_eq!(client.health().await.unwrap(), None, "it listens outside itself");
        assert!(client.availability().is_up());
    }
}
