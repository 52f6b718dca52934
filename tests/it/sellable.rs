//! Conversations about an inbound that nobody could use: what `check` refuses is not sold either.

use tollkeeper::sandbox::panel::{Generation, InboundSpec};

use crate::world::World;

const GENERATIONS: [Generation; 2] = [Generation::V2_9, Generation::V3];

async fn shop(generation: Generation) -> World {
    World::with(|scene| {
        scene.generation(generation);
        scene.schedule("health_check", "40ms");
        scene.schedule("retry_min", "5ms");
        scene.schedule("retry_max", "50ms");
    })
    .await
}

fn trojan() -> InboundSpec {
    InboundSpec { protocol: "trojan".to_owned(), ..InboundSpec::reality(1) }
}

impl World {
    async fn owner_hears(&self, text: &str) {
        let owner = self.person("Omar").id();
        self.until("word to the owner", |view| view.dms_of(owner).iter().any(|dm| dm.contains(text)).then_some(()))
            .await;
    }
}

#[tokio::test]
async fn nothing_is_sold_on_an_inbound_that_is_not_vless() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Basic", "Mona's receipt").await;
        let writes = world.panel.write_count();
        world.panel.set_inbound(&trojan());
        let question = world.admin("Adel").opens_approval().await;
        world.admin("Adel").starts_to_confirm(&question);
        world.owner_hears("inbound 1 cannot be sold\\: the inbound speaks trojan, not vless").await;
        let refused = world.customer("Karim").asks_for_plans().await.render_text();
        assert!(refused.contains("we take no new orders"), "{generation:?}: {refused}");
        assert_eq!((world.panel.write_count(), world.panel.clients().len()), (writes, 0), "{generation:?}");
        // The health check may have been first: the approval stands and waits.
        world.counts(1, "SELECT count(*) FROM orders WHERE status = 'provisioning'").await;
        assert_eq!((world.panel.write_count(), world.panel.clients().len()), (writes, 0), "{generation:?}");
        world.panel.set_inbound(&InboundSpec::reality(1));
        mona.is_sent_link(0).await;
        assert_eq!(world.panel.clients().len(), 1);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_renewal_on_such_an_inbound_waits_as_well_and_changes_nothing() {
    for generation in GENERATIONS {
        let world = shop(generation).await;
        let mona = world.customer("Mona");
        mona.owns_basic().await;
        let before = world.only_client();
        mona.orders_and_pays("Basic", "second receipt").await;
        world.panel.set_inbound(&InboundSpec { listen: "@gone".to_owned(), ..InboundSpec::reality(1) });
        let question = world.admin("Adel").opens_approval().await;
        world.admin("Adel").starts_to_confirm(&question);
        world.owner_hears("listens on a socket of its server").await;
        assert_eq!(world.only_client(), before, "{generation:?}");
        world.panel.set_inbound(&InboundSpec::reality(1));
        mona.is_sent_link(1).await;
        assert_eq!(world.only_client().expiry_ms, before.expiry_ms + 30 * 24 * 60 * 60 * 1000);
        world.finish().await;
    }
}
