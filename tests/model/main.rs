//! The exhaustive model: the rules of `domain`, with the outbox, Discord and the panel around them as the
//! effects use them, explored breadth first from an empty shop and from three later ones, over two orders of one
//! customer. Each click of each person, each outcome of each call, the end of the process before and after
//! each commit, each retry, the timers, somebody's hands on the panel, reversal and renewal are steps; in
//! every shop that can be reached in so many steps the laws hold.
//!
//! The rules themselves are the program's own: which state may follow which, what an order accepts and what ends
//! it, what a grant gives and what a reversal leaves, which rows share a lane. What the effects do between
//! two commits is written here once more, shorter: a call, what it changes, and what is noted after it.
//!
//! `TOLLKEEPER_MODEL=3` in the environment goes three steps further.
#![expect(clippy::expect_used, reason = "a test that cannot set its scene should stop right there")]

mod laws;
mod panel;
mod shop;
mod steps;

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasher as _, RandomState},
    time::Instant,
};

use shop::Shop;
use steps::{Bug, Step, Steps};

/// Where a search begins, and how many steps it takes in `cargo test`.
const BEGINNINGS: [(&str, &[&str], usize); 4] = [
    ("nothing", &[], 12),
    ("a customer", &[FIRST_SALE], 10),
    ("a renewal that was just approved", &[FIRST_SALE, APPROVED_AGAIN], 10),
    ("a customer who has bought twice", &[FIRST_SALE, APPROVED_AGAIN, RENEWED], 12),
];

/// Steps, one in each line.
const FIRST_SALE: &str = "the customer orders
the ticket is shown
the customer sends a proof
the ticket is read
the ticket is shown
the card is shown
staff approve
the panel says what it has
the client is made
the panel has it
the link is sent
the ticket is shown
the card is shown";

/// See [`FIRST_SALE`].
const APPROVED_AGAIN: &str = "traffic is used
the customer orders
the ticket is shown
the customer sends a proof
the ticket is read
the ticket is shown
the card is shown
staff approve";

/// See [`FIRST_SALE`].
const RENEWED: &str = "the panel says what it has
the counter is reset
the client is written
the panel has it
the link is sent
the ticket is shown
the card is shown";

/// What a search came to.
struct Found {
    states: usize,
    depth: usize,
    /// The way to a shop in which a law is broken, and the law.
    broken: Option<(Vec<Step>, &'static str)>,
}

/// Every shop within `depth` steps, until a law is broken.
fn explore(from: Shop, bug: Bug, depth: usize) -> Found {
    let hasher = RandomState::new();
    let print = |shop: &Shop| hasher.hash_one(shop);
    let first = print(&from);
    let mut known: HashMap<u64, Option<(u64, Step)>> = HashMap::from([(first, None)]);
    let mut edge = vec![from];
    let mut reached = 0;
    for _ in 0..depth {
        let mut next = Vec::new();
        for shop in &edge {
            let here = print(shop);
            for (step, then) in Steps::all(shop, bug) {
                let there = print(&then);
                let Entry::Vacant(place) = known.entry(there) else { continue };
                place.insert(Some((here, step)));
                if let Some(law) = laws::broken(&then) {
                    let broken = Some((way(&known, there), law));
                    return Found { states: known.len(), depth: reached + 1, broken };
                }
                next.push(then);
            }
        }
        if next.is_empty() {
            break;
        }
        reached += 1;
        edge = next;
    }
    Found { states: known.len(), depth: reached, broken: None }
}

/// The steps that lead to a shop.
fn way(known: &HashMap<u64, Option<(u64, Step)>>, to: u64) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut at = to;
    while let Some(Some((before, step))) = known.get(&at) {
        steps.push(*step);
        at = *before;
    }
    steps.reverse();
    steps
}

/// The shop to which steps lead from an empty one.
fn after(ways: &[&str]) -> Shop {
    let mut shop = Shop::default();
    for step in ways.iter().flat_map(|way| way.lines()) {
        let (_, then) = Steps::all(&shop, Bug::None).into_iter().find(|(Step(what, _), _)| *what == step).expect(step);
        shop = then;
    }
    shop
}

#[test]
fn no_shop_that_can_be_reached_breaks_a_law() {
    let deeper = std::env::var("TOLLKEEPER_MODEL").ok().and_then(|more| more.parse().ok()).unwrap_or(0);
    for (name, ways, depth) in BEGINNINGS {
        let start = Instant::now();
        let Found { states, depth, broken } = explore(after(ways), Bug::None, depth + deeper);
        eprintln!("from {name}: {states} states within {depth} steps, in {:.1?}", start.elapsed());
        assert!(broken.is_none(), "from {name}: {broken:#?}");
    }
}

#[test]
fn a_target_that_is_computed_before_it_is_asked_whose_client_it_is_is_found() {
    let found = explore(after(&[FIRST_SALE]), Bug::TargetBeforeOwner, 12);
    let (way, law) = found.broken.expect("the search finds it");
    eprintln!("{law}, after {} states: {way:?}", found.states);
    assert!(law.contains("limit") || law.contains("end"), "{law}");
    assert!(way.iter().any(|Step(what, _)| what.contains("under the same name")), "{way:?}");
}

#[test]
fn an_effect_that_never_looks_and_a_row_that_ends_too_early_are_found() {
    for bug in [Bug::NeverLooks, Bug::EndsFirst] {
        let found = explore(Shop::default(), bug, 10);
        let (way, law) = found.broken.expect("the search finds it");
        eprintln!("{bug:?}: {law}, after {} states: {way:?}", found.states);
    }
}
