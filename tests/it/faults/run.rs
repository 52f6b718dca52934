//! A run: one walk in a world of its own, in which one call fails.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;
use tollkeeper::sandbox::{discord, panel};

use super::{Place, Series, accounted};
use crate::{
    kill::{
        accounts::{self, Noise},
        desk::BY_HAND,
        people::{People, Stuck},
        walks::{self, Walk},
    },
    world::{Leaves, World},
};

/// So long people look whether something comes of what they did.
const CALM: Duration = Duration::from_secs(2);
/// So long they try. A call with a picture may take two minutes to be given up.
const PATIENCE: Duration = Duration::from_secs(20);
/// See [`PATIENCE`].
const PATIENCE_IN_SILENCE: Duration = Duration::from_secs(160);
/// So much later they come back.
const PAUSE: Duration = Duration::from_secs(20);

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// A call failed, and the walk came to its end.
    CameRight,
    /// A call failed, the walk did not come to its end, and whoever has to act sees it.
    Seen,
    /// The walk has no such call.
    NotStruck,
}

/// One walk with one fault, and a look at everything afterwards. Panics at what is not right.
pub(super) async fn run(series: Series, n: u64) -> End {
    let patience = if series.kind.is_silent() { PATIENCE_IN_SILENCE } else { PATIENCE };
    let world = World::asleep(|scene| {
        scene.generation(series.generation);
        scene.schedule("retry_min", "20ms");
        scene.schedule("panel_timeout", "3s");
    })
    .await;
    let (_one_life, lives) = watch::channel(0);
    let people = People { world: &world, lives, calm: CALM, patience, pause: PAUSE };
    let struck = if series.walk.begins_with_a_sale() {
        world.start().await;
        walks::before(&people, series.walk).await;
        strike(&world, series, n)
    } else {
        let struck = strike(&world, series, n);
        starts(&world).await;
        struck
    };
    let end = walks::walk(&people, series.walk).await;
    let end = rests(&world, patience).await.and(end);
    if struck.load(Ordering::SeqCst) < n {
        end.unwrap_or_else(|Stuck(why)| unreachable!("nothing failed, and yet: {why}"));
        world.finish().await;
        return End::NotStruck;
    }
    if series.kind.passes() {
        end.unwrap_or_else(|Stuck(why)| unreachable!("{why}"));
        accounts::hold(&world, series.walk, Noise::Outage).await;
        world.finish().await;
        return End::CameRight;
    }
    accounted::everything_is(&world, end.as_ref().err()).await;
    let adopted = "SELECT count(*) FROM subscriptions WHERE email = 'by-hand-1' AND status <> 'pending'";
    // What nobody came to adopt stays what it was.
    let left_alone: &[&str] =
        if series.walk == Walk::Desk && world.number(adopted).await == 0 { &[BY_HAND] } else { &[] };
    world.finish_but(Leaves { strangers: left_alone, ..Leaves::default() }).await;
    if end.is_ok() { End::CameRight } else { End::Seen }
}

/// Lets the n-th call that fits fail; counts them.
fn strike(world: &World, series: Series, n: u64) -> Arc<AtomicU64> {
    let count = Arc::new(AtomicU64::new(0));
    let (counts, kind) = (Arc::clone(&count), series.kind);
    match series.place {
        Place::Discord => world.discord.on_request(move |asked| {
            let strikes = kind.fits(asked) && counts.fetch_add(1, Ordering::SeqCst) + 1 == n;
            if strikes { kind.on_discord() } else { discord::Fault::None }
        }),
        Place::Panel => world.panel.on_request(move |_| {
            let strikes = counts.fetch_add(1, Ordering::SeqCst) + 1 == n;
            if strikes { kind.on_panel() } else { panel::Fault::None }
        }),
    }
    count
}

/// A bot that ends at its start says why, and is started again by whoever reads that.
async fn starts(world: &World) {
    let Err(why) = world.tries_to_start().await else { return };
    assert!(why.contains("Some(\"Err("), "it did not come and did not say why: {why}");
    world.start().await;
}

/// Waits until nothing is left to do but what is scheduled for later.
async fn rests(world: &World, patience: Duration) -> Result<(), Stuck> {
    let deadline = tokio::time::Instant::now() + patience;
    let mut look = tokio::time::Instant::now() + CALM;
    loop {
        let mut rows = world.outbox().await;
        rows.retain(|row| !row.parked && (row.tries > 0 || row.due_in <= 0));
        if rows.is_empty() {
            return Ok(());
        }
        let now = tokio::time::Instant::now();
        if now >= deadline {
            return Err(Stuck(format!("still to be done: {rows:#?}")));
        }
        if now >= look {
            world.passes(PAUSE);
            look = now + CALM;
        }
        tokio::time::sleep(patience / 2_000).await;
    }
}
