//! The walks, and a run: one walk in a world of its own, with one kill in it.

use std::{fmt, time::Duration};

use super::{
    people::People,
    points::{Point, Series},
    process::Process,
};
use crate::world::World;

/// Within this time after a kill everything must be right again.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// What happens between the start of the process and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walk {
    /// A customer orders, pays, is approved, and has the link.
    FirstSale,
    /// The same with a proof that is declined first.
    Decline,
    /// The second purchase of somebody who has a subscription.
    Renewal,
    /// Every command of the desk that changes something, after a first sale; then a payment in two parts.
    Desk,
}

impl fmt::Display for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FirstSale => "first sale",
            Self::Decline => "decline and second proof",
            Self::Renewal => "renewal",
            Self::Desk => "a day at the desk",
        })
    }
}

/// Who buys what, and how they pay.
pub(super) struct Sale {
    pub(super) customer: &'static str,
    pub(super) plan: &'static str,
    pub(super) method: &'static str,
    /// What their receipts are of, so that no two are alike.
    pub(super) receipt: &'static str,
}

const FIRST: Sale = Sale { customer: "Mona", plan: "premium", method: "Vodafone Cash", receipt: "the first payment" };
const SECOND: Sale = Sale { customer: "Mona", plan: "basic", method: "InstaPay", receipt: "the second payment" };

/// What the customer has used when they buy again, in bytes.
pub(super) const USED: (i64, i64) = (2 << 30, 10 << 30);

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The process was killed, and everything came right.
    Killed,
    /// The walk has no such point.
    Alive,
}

/// One walk with one kill, and a look at everything afterwards. Panics at what is not right.
pub(super) async fn run(series: Series, point: Point) -> End {
    let world = World::asleep(|scene| {
        scene.generation(series.generation);
        scene.schedule("retry_min", "20ms");
        scene.schedule("panel_timeout", "5s");
    })
    .await;
    if series.walk == Walk::Desk {
        world.panel.add_client(&super::desk::by_hand());
    }
    let process = Process::new(&world);
    let people = People { world: &world, process: &process };
    if matches!(series.walk, Walk::Renewal | Walk::Desk) {
        process.start(None).await;
        buys(&people, &FIRST, 1).await;
        world.settles().await;
        assert!(process.stop().await, "the program ends well");
        let email = world.word("SELECT email FROM subscriptions").await;
        assert!(world.panel.set_traffic(&email, USED.0, USED.1), "the client has counters");
    }
    process.start(Some(point)).await;
    process.alive_for(walk(&people, series.walk)).await;
    // Alive or dead: asked to stop, it says which. The last commit of all can be the one it dies at,
    // and what it wants whenever it comes (a look at the server, a dashboard) it may want at its end.
    loop {
        process.alive_for(world.settles()).await;
        if process.stop().await && world.rests().await {
            break;
        }
        process.start(None).await;
    }
    let deaths = process.deaths();
    assert!(deaths <= 1, "it was killed once and died {deaths} times");
    drop(process);
    super::accounts::hold(&world, series.walk).await;
    world.finish().await;
    if deaths == 1 { End::Killed } else { End::Alive }
}

async fn walk(people: &People<'_>, walk: Walk) {
    match walk {
        Walk::FirstSale => buys(people, &FIRST, 1).await,
        Walk::Decline => {
            let ticket = people.orders(&FIRST).await;
            people.chooses(&FIRST, ticket).await;
            people.pays(&FIRST, ticket, "something that cannot be read").await;
            people.is_declined(&FIRST, ticket).await;
            people.pays(&FIRST, ticket, FIRST.receipt).await;
            people.is_approved(&FIRST, 1).await;
        }
        Walk::Renewal => buys(people, &SECOND, 2).await,
        Walk::Desk => super::desk::day(people).await,
    }
}

async fn buys(people: &People<'_>, sale: &Sale, links: usize) {
    let ticket = people.orders(sale).await;
    people.chooses(sale, ticket).await;
    people.pays(sale, ticket, sale.receipt).await;
    people.is_approved(sale, links).await;
}
