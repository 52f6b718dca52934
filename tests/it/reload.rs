//! The configuration file is read again while the bot runs: what follows at once, what waits for
//! a restart, and that nothing of a wrong file is taken.

use serde_json::json;
use tollkeeper::sandbox::{
    discord::{Id, permission},
    panel::Generation,
};

use crate::world::World;

const GB: i64 = 1 << 30;
const GENERATIONS: [Generation; 2] = [Generation::V2_9, Generation::V3];

/// Changes the file as an editor does.
fn edits(world: &World, changes: &[(&str, &str)]) {
    let path = world.config_path();
    let mut text = std::fs::read_to_string(&path).expect("the file is read");
    for (old, new) in changes {
        assert!(text.contains(old), "there is no {old:?} in\n{text}");
        text = text.replacen(old, new, 1);
    }
    std::fs::write(path, text).expect("the file is written");
}

/// `/admin reload`, and what is answered.
async fn reloads(world: &World, name: &'static str) -> String {
    world.admin(name).desk("reload", json!({})).await.render_text()
}

fn list(world: &World, names: &[&str]) -> String {
    format!("{:?}", names.iter().map(|name| world.person(name).id().to_string()).collect::<Vec<_>>())
}

fn sees(world: &World, name: &str, channel: Id) -> bool {
    world.person(name).permissions(channel) & permission::VIEW_CHANNEL != 0
}

/// Waits until somebody of staff sees a ticket, or does not any more.
async fn is_let_in(world: &World, name: &str, ticket: Id, expected: bool) {
    let id = world.person(name).id();
    world
        .until(&format!("{name} to see the ticket: {expected}"), |view| {
            (view.permissions(id, ticket) & permission::VIEW_CHANNEL != 0).eq(&expected).then_some(())
        })
        .await;
}

const BASIC: &str = "id = \"basic\"\nname = \"Basic\"\nduration_days = 30\ntraffic_gb = 50\nprice = \"100.00\"";
const PREMIUM: &str =
    "[[plans]]\nid = \"premium\"\nname = \"Premium\"\nduration_days = 30\ntraffic_gb = 150\nprice = \"250.00\"\n";

#[tokio::test]
async fn a_new_price_is_for_the_next_order_and_for_no_open_one() {
    for generation in GENERATIONS {
        let world = World::with(|scene| scene.generation(generation)).await;
        let (mona, karim) = (world.customer("Mona"), world.customer("Karim"));
        mona.orders("Basic").await;
        let old_menu = world.customer("Hoda").asks_for_plans().await;
        edits(
            &world,
            &[
                (BASIC, &BASIC.replace("100.00", "120.00")),
                (PREMIUM, &PREMIUM.replace("premium", "gold").replace("Premium", "Gold")),
            ],
        );
        let said = reloads(&world, "Adel").await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(said, @"
            │ **The configuration was read again**
            │ New plans: `gold`
            │ Changed plans: `basic`
            │ Plans no longer sold: `premium`
            │ Orders that were placed before keep their terms.
            ");
        }
        let pays = mona.chooses("Vodafone Cash").await;
        assert!(pays.contains("`100`") && !pays.contains("120"), "{}", pays.render_text());
        karim.orders("Basic").await;
        let pays = karim.chooses("Vodafone Cash").await;
        assert!(pays.contains("`120`"), "{}", pays.render_text());
        let gone = world.person("Hoda").select(&old_menu, &["Premium"]).expect("the menu is still there");
        assert!(gone.reply().await.expect("an answer").contains("no longer for sale"));
        mona.uploads("Mona's receipt").await;
        world.admin("Adel").approves().await;
        karim.uploads("Karim's receipt").await;
        world.admin("Adel").approves().await;
        world.settles().await;
        assert_eq!(world.number("SELECT sum(amount_minor) FROM ledger").await, 22_000);
        let said = world.word("SELECT payload FROM audit_logs WHERE action = 'config.reload'").await;
        assert!(said.contains(r#""changed":["basic"]"#), "{said}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_wrong_file_changes_nothing_and_names_each_mistake() {
    let world = World::new().await;
    let before = std::fs::read_to_string(world.config_path()).unwrap();
    edits(
        &world,
        &[
            (BASIC, &BASIC.replace("\"100.00\"", "120.00")),
            ("renewal_traffic = \"add\"", "renewal_traffic = \"sum\""),
            ("holder = \"Ahmed M.\"", "hodler = \"Ahmed M.\""),
            ("owners = [", "token = \"MTIz.secret\"\nowners = ["),
        ],
    );
    let answer = reloads(&world, "Omar").await;
    let answer = regex::Regex::new(r"line \d+").unwrap().replace_all(&answer, "line N").into_owned();
    insta::assert_snapshot!(answer, @r#"
    │ **The configuration is wrong, and nothing was changed**
    │ The shop goes on as it was. Correct these, then use `/admin reload` again:
    │ 
    │ `discord.token` (line N): secrets are not written into this file; remove the line and set DISCORD\_TOKEN, PANEL\_API\_TOKEN (or PANEL\_USERNAME and PANEL\_PASSWORD), PANEL\_TOTP\_SECRET or BACKUP\_PASSPHRASE in the environment
    │ 
    │ `shop.renewal_traffic` (line N): "sum" is not known; write one of "add", "reset"
    │ 
    │ `plans.price` (line N): write the price in quotes, such as "100.00"\: it is money, not a computer's number
    │ 
    │ `payment_methods.hodler` (line N): there is no such key; did you mean holder?
    "#);
    assert!(!answer.contains("MTIz"), "no secret, wherever it was written");
    world.customer("Mona").orders("Basic").await;
    assert!(world.customer("Mona").chooses("Vodafone Cash").await.contains("`100`"), "the old shop goes on");
    // A currency and a panel are built into what runs: what is sold by them waits as well.
    std::fs::write(world.config_path(), &before).unwrap();
    edits(&world, &[("renewal_traffic", "currency = \"EUR\"\nrenewal_traffic")]);
    let answer = reloads(&world, "Omar").await;
    assert!(answer.contains("prices are in EGP until the bot is restarted"), "{answer}");
    assert_eq!(world.number("SELECT count(*) FROM audit_logs WHERE action = 'config.reload_refused'").await, 2);
    std::fs::write(world.config_path(), before).unwrap();
    edits(&world, &[("Nile VPN", "Delta VPN"), ("[limits]\n", "[limits]\nconfirm_ttl = \"1m\"\n")]);
    insta::assert_snapshot!(reloads(&world, "Omar").await, @"
    │ **The configuration was read again**
    │ Plans, payment methods and staff are as before.
    │ Waiting for a restart: `[shop], [limits]` changed too. That is in force only after the bot was restarted.
    ");
    world.finish().await;
}

#[tokio::test]
async fn who_is_staff_follows_at_once() {
    let world = World::new().await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Basic", "Mona's receipt").await;
    let ticket = mona.ticket();
    assert!(sees(&world, "Adel", ticket) && sees(&world, "Salma", ticket));
    let open = world.admin("Adel").opens_approval().await;
    let refused = reloads(&world, "Salma").await;
    assert!(refused.contains("only admins can do it"), "{refused}");
    let (admins, support) = (list(&world, &["Adel", "Nadia"]), list(&world, &["Salma"]));
    edits(
        &world,
        &[
            (&format!("admins = {admins}"), &format!("admins = {}", list(&world, &["Nadia", "Salma"]))),
            (&format!("support = {support}"), &format!("support = {}", list(&world, &["Karim"]))),
        ],
    );
    insta::assert_snapshot!(reloads(&world, "Nadia").await, @"
    │ **The configuration was read again**
    │ Changed staff: `discord.admins, discord.support`
    │ Orders that were placed before keep their terms.
    ");
    let answer = world.admin("Adel").confirms(&open).await;
    assert_eq!(answer, "You may no longer decide about payments, so nothing was changed.");
    assert_eq!(world.word("SELECT status FROM orders").await, "payment_submitted");
    is_let_in(&world, "Adel", ticket, false).await;
    is_let_in(&world, "Karim", ticket, true).await;
    is_let_in(&world, "Salma", ticket, true).await;
    let answer = world.admin("Salma").approves().await;
    assert!(answer.starts_with("Approved."), "{answer}");
    world.settles().await;
    // What changed while nobody ran follows at the next start.
    world.stop().await;
    let support = list(&world, &["Karim"]);
    edits(&world, &[(&format!("support = {support}"), "support = []")]);
    world.start().await;
    is_let_in(&world, "Karim", ticket, false).await;
    assert!(sees(&world, "Mona", ticket), "the customer keeps their ticket");
    world.finish().await;
}

#[tokio::test]
async fn what_is_not_sold_any_more_is_still_delivered() {
    for generation in GENERATIONS {
        let world = World::with(|scene| scene.generation(generation)).await;
        let mona = world.customer("Mona");
        mona.orders_and_pays("Premium", "Mona's receipt").await;
        let text = std::fs::read_to_string(world.config_path()).unwrap();
        let methods = text.find("[[payment_methods]]\nid = \"vodafone-cash\"").unwrap();
        let next = text.find("[[payment_methods]]\nid = \"instapay\"").unwrap();
        edits(&world, &[(PREMIUM, ""), (&text[methods..next], "")]);
        let answer = reloads(&world, "Adel").await;
        assert!(answer.contains("Plans no longer sold: `premium`"), "{answer}");
        assert!(answer.contains("no longer offered: `vodafone-cash`"), "{answer}");
        let menu = world.customer("Karim").asks_for_plans().await;
        assert!(menu.contains("Basic") && !menu.contains("Premium"), "{}", menu.render_text());
        // Declined and sent again: the order is what it was when it was placed.
        world.admin("Adel").declines("Screenshot not readable").await;
        let pays = mona.waits_for("was not accepted").await;
        assert!(pays.contains("01000000000"), "{}", pays.render_text());
        mona.uploads("Mona's second receipt").await;
        let answer = world.admin("Adel").approves().await;
        assert!(answer.starts_with("Approved. Link sent"), "{generation:?}: {answer}");
        mona.is_sent_link(0).await;
        let clients = world.panel.clients();
        assert_eq!((clients.len(), clients[0].total_bytes, clients[0].enable), (1, 150 * GB, true), "{generation:?}");
        assert_eq!(world.number("SELECT sum(amount_minor) FROM ledger").await, 25_000);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_hangup_reads_the_file_again() {
    let world = World::with(|scene| scene.process = true).await;
    edits(&world, &[(BASIC, &BASIC.replace("100.00", "120.00"))]);
    world.signals("HUP");
    world.counts(1, "SELECT count(*) FROM audit_logs WHERE action = 'config.reload' AND actor_id = 0").await;
    world.customer("Mona").orders("Basic").await;
    assert!(world.customer("Mona").chooses("Vodafone Cash").await.contains("`120`"));
    edits(&world, &[("\"120.00\"", "\"free\"")]);
    world.signals("HUP");
    world.counts(1, "SELECT count(*) FROM audit_logs WHERE action = 'config.reload_refused'").await;
    world.finish().await;
}
