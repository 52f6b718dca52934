//! What `check` says of panels.

use tollkeeper::sandbox::panel::{Generation, InboundSpec};

use super::{check, configured, finding, shop};

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
