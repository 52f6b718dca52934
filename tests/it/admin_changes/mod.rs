//! Staff change what a customer has: every command of the desk that does, on both generations of
//! the panel, with the panel's row before and after.

mod adopt;
mod create;
mod faults;
mod layers;
mod limits;
mod reverse;
mod rows;

use serde_json::{Value, json};
use tollkeeper::sandbox::panel::{ClientRow, Generation, NewClient};

use crate::world::{Question, World};

pub(crate) const DAY: i64 = 24 * 60 * 60 * 1000;
pub(crate) const GB: i64 = 1 << 30;

/// Both generations of the panel.
const GENERATIONS: [Generation; 2] = [Generation::V2_9, Generation::V3];

/// A client that was there before the bot came; nobody may touch it.
const STRANGER: &str = "by-hand-1";

/// A world in which Mona owns Basic: 30 days, 50 GB, of which 20 GB are used. The panel keeps
/// more about her client than the bot knows of, and it has another client besides.
async fn sold(generation: Generation) -> World {
    sold_with(generation, false).await
}

async fn sold_with(generation: Generation, admin_role: bool) -> World {
    let world = World::asleep(|scene| {
        scene.generation(generation);
        scene.impatient();
        scene.admin_role = admin_role;
    })
    .await;
    world.panel.add_client(&stranger());
    world.start().await;
    world.customer("Mona").owns_basic().await;
    world.panel.edit_client(&email(&world), |fields| {
        fields.insert("comment".into(), json!("pays in time"));
        fields.insert("limitIp".into(), json!(3));
        fields.insert("tgId".into(), json!(77));
    });
    world.panel.set_traffic(&email(&world), 5 * GB, 15 * GB);
    world
}

fn stranger() -> NewClient {
    NewClient {
        inbound_id: 1,
        uuid: "11111111-2222-4333-8444-555555555555".to_owned(),
        email: STRANGER.to_owned(),
        sub_id: "byhandsubscription".to_owned(),
        enable: true,
        total_bytes: 7 * GB,
        expiry_ms: 0,
    }
}

/// The name of Mona's client on the panel.
fn email(world: &World) -> String {
    client(world).email
}

/// Mona's client.
fn client(world: &World) -> ClientRow {
    let mut ours = world.panel.clients();
    ours.retain(|client| client.email != STRANGER);
    assert_eq!(ours.len(), 1, "{ours:#?}");
    ours.remove(0)
}

/// The commands that change Mona's client, with options, and what they change of it.
fn commands() -> Vec<(&'static str, Value, &'static [&'static str])> {
    vec![
        ("user-extend", json!({ "days": 7 }), &["expiryTime"]),
        ("user-edit-traffic", json!({ "gigabytes": 80 }), &["totalGB"]),
        ("user-disable", json!({}), &["enable"]),
        ("user-enable", json!({}), &["enable"]),
        ("user-reset-traffic", json!({}), &[]),
        ("user-rotate", json!({}), &["id"]),
    ]
}

/// A command about Mona: the question.
async fn asks(world: &World, admin: &'static str, command: &str, mut options: Value) -> Question {
    options["user"] = json!(world.person("Mona").id().to_string());
    Question { message: world.admin(admin).desk(command, options).await }
}

/// A command about Mona, confirmed; what is answered.
async fn changes(world: &World, admin: &'static str, command: &str, options: Value) -> String {
    let question = asks(world, admin, command, options).await;
    world.admin(admin).confirms(&question).await
}

/// The fields in which two rows of the panel differ, without the panel's own times.
pub(crate) fn differences(before: &ClientRow, after: &ClientRow) -> Vec<String> {
    let fields = |row: &ClientRow| row.raw.as_object().cloned().unwrap_or_default();
    let (before, after) = (fields(before), fields(after));
    let mut names: Vec<_> = before.keys().chain(after.keys()).cloned().collect();
    names.sort();
    names.dedup();
    names.retain(|name| !name.starts_with("updated") && before.get(name) != after.get(name));
    names
}
