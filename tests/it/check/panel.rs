//! What `check` says of panels.

use std::time::Duration;

use serde_json::json;
use tollkeeper::{
    clock::Clock,
    sandbox::panel::{Generation, InboundSpec},
};

use super::{check, check_at, configured, finding, shop, steady};

#[tokio::test]
async fn a_panel_of_2_x_that_is_well() {
    let world = shop(|scene| scene.generation(Generation::V2_9)).await;
    let (text, well) = check(&world).await;
    assert!(well, "{text}");
    let text = steady(&world, &text);
    let (_, panel) = text.split_once("Panel main\n").expect("a part about the panel");
    let (panel, _) = panel.split_once("\n\n").expect("another part after it");
    insta::assert_snapshot!(panel, @"
      ok    3x-ui 2.7 to 2.9 at PANEL lets us in.
      ok    xray 26.3.27 runs.
      ok    Inbound 1 is vless over tcp with reality, on port 20001.
      ok    Links lead to 203.0.113.7:20001, by public_host and the inbound's port.
      ok    public_host 203.0.113.7 is an address on the internet.
      ok    The subscription server at SUBSCRIPTIONS answers.
    ");
    world.leave();
}

#[tokio::test]
async fn a_version_that_is_not_supported() {
    let world = shop(|scene| scene.panel.panel_version = Some("3.0.2".to_owned())).await;
    let (text, well) = check(&world).await;
    assert!(!well);
    insta::assert_snapshot!(steady(&world, &finding(&text, "3.0.x")), @"MEND  At PANEL: the panel has version 3.0.x, which we do not support: upgrade it to 3.1 or later. To mend it, back up its database (x-ui.db) and run `x-ui update` on its server.");
    world.leave();
}

#[tokio::test]
async fn two_factor_beside_a_clock_that_is_wrong() {
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    for generation in [Generation::V2_9, Generation::V3] {
        let mut world = shop(|scene| {
            scene.generation(generation);
            scene.token = false;
            scene.panel.totp_secret = Some(SECRET.to_owned());
        })
        .await;
        world.sets("PANEL_TOTP_SECRET", SECRET);
        let (text, well) = check(&world).await;
        assert!(well, "{generation:?}: {text}");
        let clock = Clock::system();
        clock.advance(Duration::from_secs(200));
        let (text, well) = check_at(&world, &clock).await;
        assert!(!well);
        let says = finding(&text, "does not let us in");
        assert!(says.contains("two-factor code (a wrong clock spoils the code; or we are locked out)"), "{says}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(finding(&text, "the panel's: set"), @"MEND  This machine's clock is 3 min ahead of the panel's: set the clock right that is wrong. Two-factor codes do not fit otherwise.");
        }
        world.leave();
    }
}

#[tokio::test]
async fn a_panel_that_does_not_let_us_in_or_is_not_there() {
    for generation in [Generation::V3, Generation::V2_9] {
        let world = shop(|scene| scene.generation(generation)).await;
        match generation {
            Generation::V3 => world.panel.revoke_token(),
            _ => world.panel.change_password("another"),
        }
        let (text, well) = check(&world).await;
        assert!(!well);
        let says = finding(&text, "does not let us in");
        assert!(says.contains("To mend it, correct PANEL_API_TOKEN, or PANEL_USERNAME, PANEL_PASSWORD"), "{says}");
        world.panel.down().await;
        let (text, _) = check(&world).await;
        let says = finding(&text, "cannot be reached");
        assert!(says.contains("check that the panel runs, that url is right"), "{says}");
        world.leave();
    }
}

#[tokio::test]
async fn an_inbound_that_cannot_be_sold() {
    let world = shop(|_| {}).await;
    world.panel.set_inbound(&InboundSpec { protocol: "trojan".to_owned(), ..InboundSpec::reality(1) });
    let (text, well) = check(&world).await;
    assert!(!well);
    insta::assert_snapshot!(finding(&text, "Inbound 1"), @"MEND  Inbound 1 cannot be sold (the inbound speaks trojan, not vless): put the number of a vless inbound into inbound_id.");
    world.panel.set_inbound(&InboundSpec { enable: false, ..InboundSpec::reality(1) });
    let (text, well) = check(&world).await;
    assert!(!well);
    insta::assert_snapshot!(finding(&text, "Inbound 1"), @"MEND  Inbound 1 is switched off, so no customer can connect: switch it on in the panel.");
    world.leave();
}

#[tokio::test]
async fn an_inbound_that_only_its_own_server_reaches() {
    let world = shop(|_| {}).await;
    let mut inbound = InboundSpec { listen: "127.0.0.1".to_owned(), ..InboundSpec::reality(1) };
    world.panel.set_inbound(&inbound);
    let (text, well) = check(&world).await;
    assert!(!well);
    insta::assert_snapshot!(finding(&text, "loopback"), @"MEND  Nobody can reach inbound 1 (it listens on its server's loopback address, and no host, external proxy or other inbound leads to it): in the panel, let it listen on all addresses (leave its address empty), give it an external proxy or a host, or name it as a fallback of the inbound that stands before it.");
    inbound.stream["externalProxy"] = json!([{"forceTls": "same", "dest": "vpn.test", "port": 443, "remark": ""}]);
    world.panel.set_inbound(&inbound);
    let (text, _) = check(&world).await;
    assert!(!text.contains("loopback"), "{text}");
    assert_eq!(finding(&text, "Links"), "ok    Links lead to vpn.test:443, by the inbound's external proxies.");
    world.panel.set_hosts(&[json!({"hosts": ["cdn.test"], "port": 8443})]);
    let (text, _) = check(&world).await;
    assert_eq!(finding(&text, "Links"), "ok    Links lead to cdn.test:8443, by the panel's hosts.");
    world.leave();
}

#[tokio::test]
async fn a_path_that_apps_read_wrongly_and_the_way_through_another_inbound() {
    for generation in [Generation::V2_9, Generation::V3] {
        let world = shop(|scene| scene.generation(generation)).await;
        let stream = json!({"network": "ws", "security": "none", "wsSettings": {"path": "/a%2Fb", "host": ""}});
        world.panel.set_inbound(&InboundSpec { listen: "127.0.0.1".to_owned(), ..InboundSpec::with_stream(1, stream) });
        let fallbacks = json!([{"dest": 20001}]);
        world.panel.set_inbound(&InboundSpec { port: 443, fallbacks, ..InboundSpec::reality(9) });
        let (text, well) = check(&world).await;
        assert!(well, "{text}");
        let says = finding(&text, "The path of inbound 1");
        assert!(says.starts_with("note  The path of inbound 1 has a %, + or # in it"), "{says}");
        let way = "ok    Links lead to 203.0.113.7:443, by inbound 9, whose fallback it is.";
        assert_eq!(finding(&text, "Links lead"), way, "{generation:?}");
        world.leave();
    }
}

#[tokio::test]
async fn a_panel_with_a_certificate_of_its_own() {
    let world = shop(|scene| scene.panel.tls = true).await;
    let (text, well) = check(&world).await;
    assert!(!well);
    let says = finding(&text, "ca_file.");
    assert!(says.contains("put the panel's own certificate, or its authority's, into a file"), "{says}");
    let ca = world.config_path().with_file_name("panel.pem");
    std::fs::write(&ca, world.panel.ca_pem().unwrap()).unwrap();
    configured(&world, "inbound_id = 1", "inbound_id = 1\nca_file = \"panel.pem\"");
    let (text, _) = check(&world).await;
    assert!(finding(&text, "lets us in").starts_with("ok"), "{text}");
    // Customers' apps trust public certificates only.
    assert!(finding(&text, "subscription server").starts_with("MEND"), "{text}");
    world.leave();
}
