//! Conversations about the awkward cases of review: other amounts, orders that need a person,
//! two people at once.

mod amount;
mod attention;
mod more;
mod parts;
mod races;
mod reference;

use tollkeeper::sandbox::panel::Generation;

use crate::world::World;

/// Both generations of the panel.
const GENERATIONS: [Generation; 2] = [Generation::V2_9, Generation::V3];

/// The usual shop on a panel of this generation.
async fn shop(generation: Generation) -> World {
    World::with(|scene| scene.generation(generation)).await
}
