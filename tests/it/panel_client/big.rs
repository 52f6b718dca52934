//! Panels with many clients.

use tollkeeper::{
    panel::Deleted,
    sandbox::panel::{Generation, Panel, PanelOptions},
};

use super::{add, client, count, no_problems, panel, target};

/// More than 8 MB on every generation.
const MANY: usize = 15_000;

#[tokio::test]
async fn an_inbound_with_many_clients_is_well_and_sold_on() {
    for generation in [Generation::V2_9, Generation::V3] {
        let panel = panel(generation).await;
        panel.crowd(1, MANY);
        let client = client(&panel);
        assert_eq!(client.health().await.unwrap(), None, "{generation:?}");
        let sold = target("tk-1");
        add(&client, &sold).await;
        panel.set_traffic("tk-1", 5, 6);
        let found = client.find("tk-1").await.unwrap().unwrap();
        assert_eq!((found.client.uuid, found.used_bytes), (sold.uuid, 11));
        assert!(client.find("tk-2").await.unwrap().is_none());
        let all = client.reader().clients(&[]).await.unwrap();
        let ours: Vec<_> = all.iter().filter(|client| client.email == "tk-1").collect();
        assert_eq!((all.len(), ours.len(), ours[0].used), (MANY + 1, 1, 11), "{generation:?}");
        assert_eq!(client.delete(&found.client).await.unwrap(), Deleted::Gone);
        no_problems(&panel);
    }
}

/// The bytes that a sale's calls brought: whether it may be sold, the client, its link.
async fn bytes_of_a_sale(clients: usize) -> usize {
    let panel = Panel::start(PanelOptions::new(Generation::V3)).await.unwrap();
    panel.crowd(1, clients);
    let client = client(&panel);
    client.health().await.unwrap();
    let before = panel.requests().len();
    client.must_be_sellable().await.unwrap();
    let snapshot = add(&client, &target("tk-1")).await;
    let link = client.reader().link(&snapshot.client.unwrap(), "Nile VPN").await.unwrap();
    assert!(link.contains("&pbk=vgsyG_10G2GFjE9JYjvYcOsmfW5mfpim2Cyi3kcHHmA&"), "{link}");
    no_problems(&panel);
    panel.requests()[before..].iter().map(|logged| logged.size).sum()
}

#[tokio::test]
async fn on_3_x_a_sale_takes_no_more_bytes_with_many_clients_than_with_ten() {
    let (few, many) = (bytes_of_a_sale(10).await, bytes_of_a_sale(MANY).await);
    println!("a sale with 10 clients: {few} bytes, with {MANY}: {many} bytes");
    assert!(many <= few, "{many} bytes, with ten clients {few}");
}

#[tokio::test]
async fn a_key_changed_by_hand_is_in_the_next_link_of_a_big_panel_too() {
    let panel = panel(Generation::V3).await;
    panel.crowd(1, 500);
    let client = client(&panel);
    client.health().await.unwrap();
    let record = add(&client, &target("tk-1")).await.client.unwrap();
    let mut inbound = panel.inbound(1).unwrap();
    inbound.stream["realitySettings"]["settings"]["publicKey"] = "another-key".into();
    panel.set_inbound(&inbound);
    let link = client.reader().link(&record, "x").await.unwrap();
    assert!(link.contains("&pbk=another-key&"), "{link}");
    inbound.port = 4443;
    panel.set_inbound(&inbound);
    let link = client.reader().link(&record, "x").await.unwrap();
    assert!(link.contains("@vpn.example.test:4443?"), "{link}");
}

#[tokio::test]
async fn health_asks_3_x_for_its_short_list_only() {
    let panel = panel(Generation::V3).await;
    let client = client(&panel);
    client.health().await.unwrap();
    let reads = count(&panel, "inbounds/get/1");
    for _ in 0..3 {
        assert_eq!(client.health().await.unwrap(), None);
    }
    assert_eq!(count(&panel, "inbounds/get/1"), reads);
    panel.set_inbound_enabled(1, false);
    assert!(client.health().await.unwrap().unwrap().contains("switched off"));
    panel.set_inbound_enabled(1, true);
    assert_eq!(client.health().await.unwrap(), None);
}
