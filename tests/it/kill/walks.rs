//! The walks, and a run: one walk in a world of its own, with one kill in it.

use std::{fmt, time::Duration};

use super::{
    accounts::Noise,
    people::{People, Stuck},
    points::{Point, Series},
    process::Process,
};
use crate::world::World;

/// Within this time after a kill everything must be right again.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What happens between the start of the process and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Walk {
    /// A customer orders, pays, is approved, and has the link.
    FirstSale,
    /// The same with a proof that is declined first.
    Decline,
    /// The second purchase of somebody who has a subscription.
    Renewal,
    /// Every command of the desk that changes something, after a first sale; then a payment in two parts.
    Desk,
}

impl Walk {
    /// Whether somebody has a subscription when it begins.
    pub(crate) fn begins_with_a_sale(self) -> bool {
        matches!(self, Self::Renewal | Self::Desk)
    }
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
pub(crate) struct Sale {
    pub(crate) customer: &'static str,
    pub(crate) plan: &'static str,
    pub(crate) method: &'static str,
    /// What their receipts are of, so that no two are alike.
    pub(crate) receipt: &'static str,
}

const FIRST: Sale = Sale { customer: "Mona", plan: "premium", method: "Vodafone Cash", receipt: "the first payment" };
const SECOND: Sale = Sale { customer: "Mona", plan: "basic", method: "InstaPay", receipt: "the second payment" };

/// What the customer has used when they buy again, in bytes.
pub(crate) const USED: (i64, i64) = (2 << 30, 10 << 30);

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
        // Its clock is the machine's, and so is the world's then.
        scene.process = true;
        scene.generation(series.generation);
        scene.schedule("retry_min", "20ms");
        scene.schedule("panel_timeout", "5s");
    })
    .await;
    let process = Process::new(&world);
    let (lives, pause) = (process.lives(), Duration::ZERO);
    let people = People { world: &world, lives, calm: PATIENCE, patience: PATIENCE, pause };
    if series.walk.begins_with_a_sale() {
        process.start(None).await;
        before(&people, series.walk).await;
        assert!(process.stop().await, "the program ends well");
    }
    process.start(Some(point)).await;
    process.alive_for(walk(&people, series.walk)).await.unwrap_or_else(|Stuck(why)| unreachable!("{why}"));
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
    super::accounts::hold(&world, series.walk, Noise::Nothing).await;
    world.finish().await;
    if deaths == 1 { End::Killed } else { End::Alive }
}

/// What was there before the walk begins.
pub(crate) async fn before(people: &People<'_>, walk: Walk) {
    let world = people.world;
    if walk == Walk::Desk {
        world.panel.add_client(&super::desk::by_hand());
    }
    buys(people, &FIRST, 1).await.unwrap_or_else(|Stuck(why)| unreachable!("{why}"));
    world.settles().await;
    let email = world.word("SELECT email FROM subscriptions").await;
    assert!(world.panel.set_traffic(&email, USED.0, USED.1), "the client has counters");
}

pub(crate) async fn walk(people: &People<'_>, walk: Walk) -> Result<(), Stuck> {
    match walk {
        Walk::FirstSale => buys(people, &FIRST, 1).await,
        Walk::Decline => {
            let ticket = people.orders(&FIRST).await?;
            people.chooses(&FIRST, ticket).await?;
            people.pays(&FIRST, ticket, "something that cannot be read").await?;
            people.is_declined(&FIRST, ticket).await?;
            people.pays(&FIRST, ticket, FIRST.receipt).await?;
            people.is_approved(&FIRST, 1).await
        }
        Walk::Renewal => buys(people, &SECOND, 2).await,
        Walk::Desk => super::desk::day(people).await,
    }
}

async fn buys(people: &People<'_>, sale: &Sale, links: usize) -> Result<(), Stuck> {
    let ticket = people.orders(sale).await?;
    people.chooses(sale, ticket).await?;
    people.pays(sale, ticket, sale.receipt).await?;
    people.is_approved(sale, links).await
}
