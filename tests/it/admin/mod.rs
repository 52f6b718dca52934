//! Conversations at the admin's desk.

mod audit;
mod block;
mod drift;
mod info;
mod orders;
mod resend;
mod state;
mod status;

use tollkeeper::sandbox::panel::Generation;

use crate::world::World;

/// Both generations of the panel, where it matters what the panel says.
const GENERATIONS: [Generation; 2] = [Generation::V2_9, Generation::V3];

/// A world in which Mona owns Basic: 30 days, 50 GB.
async fn sold(generation: Generation) -> World {
    let world = World::with(|scene| scene.generation(generation)).await;
    world.customer("Mona").owns_basic().await;
    world
}
