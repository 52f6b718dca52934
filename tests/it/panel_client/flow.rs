//! The flow of clients, and the links that carry it.

use serde_json::json;
use tollkeeper::{
    panel::{Difference, Target},
    sandbox::panel::{Generation, InboundSpec},
};
use uuid::Uuid;

use super::{
    EVERY, EXPIRY, add, client,
    clients::{by_hand, renew},
    no_problems, panel, target,
};

#[tokio::test]
async fn the_flow_follows_the_inbound() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let client = client(&panel);
        let sold = target("tk-1");
        let record = add(&client, &sold).await.client.unwrap();
        // The owner turns the inbound into a WebSocket: a client with a flow can no longer connect.
        panel.set_inbound(&InboundSpec::with_stream(
            1,
            json!({"network": "ws", "security": "none", "wsSettings": {"path": "/ws", "host": ""}}),
        ));
        let snapshot = client.snapshot("tk-1").await.unwrap();
        assert_eq!(snapshot.differs_from(&sold), [Difference::Flow], "{generation:?}");
        client.update(&record, &sold).await.unwrap();
        assert_eq!(client.snapshot("tk-1").await.unwrap().differs_from(&sold), []);
        add(&client, &target("tk-2")).await;
    }
}

/// A client made by hand, without a flow where ours would have one: the customer's app was set up
/// without, and xray cuts off whose flow is not the client's.
#[tokio::test]
async fn a_client_keeps_the_flow_it_was_made_with() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let client = client(&panel);
        panel.add_client(&by_hand("by-hand", &Uuid::new_v4().to_string()));
        let record = client.snapshot("by-hand").await.unwrap().client.unwrap();
        assert_eq!(record.flow, "");
        let longer = Target { expiry_ms: EXPIRY + 1, ..record.target() };
        client.update(&record, &longer).await.unwrap();
        let after = client.snapshot("by-hand").await.unwrap();
        assert_eq!(after.differs_from(&longer), [], "{generation:?}");
        assert_eq!(after.client.unwrap().flow, "", "{generation:?}");
    }
}

#[tokio::test]
async fn the_links_of_a_sale_carry_what_was_sold() {
    for generation in EVERY {
        let panel = panel(generation).await;
        let client = client(&panel);
        let sold = target("tk-1");
        let snapshot = add(&client, &sold).await;
        let flow = snapshot.client.unwrap().flow;
        let reader = client.reader();
        let links = reader.links(&snapshot.inbound, &sold.uuid, &flow, "Premium").unwrap();
        let start = format!("vless://{}@vpn.example.test:20001?", sold.uuid);
        assert!(links[0].starts_with(&start) && links[0].contains("flow=xtls-rprx-vision"), "{links:?}");
        assert_eq!(reader.subscription_link(&sold.sub_id).unwrap(), format!("{}sub-tk-1", panel.subscription_url()));
    }
}

#[tokio::test]
async fn a_flow_given_by_hand_survives_where_the_inbound_can_carry_it() {
    for generation in [Generation::V2_9, Generation::V3] {
        let panel = panel(generation).await;
        let stream = json!({"network": "xhttp", "security": "none", "xhttpSettings": {"path": "/x", "mode": "auto"}});
        let spec = InboundSpec::with_stream(1, stream);
        panel.set_inbound(&InboundSpec { encryption: "mlkem768x25519plus.native.0rtt.AAAA".into(), ..spec.clone() });
        let client = client(&panel);
        let sold = target("tk-1");
        assert_eq!(add(&client, &sold).await.client.unwrap().flow, "", "new clients get none");
        panel.edit_client("tk-1", |fields| {
            fields.insert("flow".into(), json!("xtls-rprx-vision"));
        });
        renew(&client, &sold).await;
        let snapshot = client.snapshot("tk-1").await.unwrap();
        let flow = snapshot.client.unwrap().flow;
        assert_eq!(flow, "xtls-rprx-vision");
        let links = client.reader().links(&snapshot.inbound, &sold.uuid, &flow, "Premium").unwrap();
        assert!(links[0].contains("&flow=xtls-rprx-vision&"), "{links:?}");
        // Without the encryption nobody can connect with a flow: it goes with the next write.
        panel.set_inbound(&spec);
        let snapshot = client.snapshot("tk-1").await.unwrap();
        let renewed = Target { expiry_ms: sold.expiry_ms + 1, ..sold };
        assert_eq!(snapshot.differs_from(&renewed), [Difference::Flow]);
        client.update(&snapshot.client.unwrap(), &renewed).await.unwrap();
        assert_eq!(panel.client("tk-1").unwrap().raw["flow"].as_str().unwrap_or_default(), "");
        no_problems(&panel);
    }
}
