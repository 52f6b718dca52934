//! The program as it is started on a server: a configuration file, an environment, and nothing else.

use std::{
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use crate::world::{SOON, World};

/// Runs a command of the program to its end, which must come by itself. Blocks.
pub(crate) fn tollkeeper(world: &World, arguments: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tollkeeper"))
        .args(arguments)
        .arg("--config")
        .arg(world.config_path())
        .env_clear()
        .envs(world.environment())
        .current_dir(world.config_path().parent().unwrap())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + SOON;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            unreachable!("`tollkeeper {arguments:?}` does not end: {output:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

#[tokio::test]
async fn the_program_sells_with_a_configuration_file_and_an_environment() {
    let world = World::with(|scene| scene.process = true).await;
    let mona = world.customer("Mona");
    mona.orders_and_pays("Premium", "Mona's receipt").await;
    world.kill().await;
    world.start().await;
    world.admin("Adel").approves().await;
    mona.is_sent_link(0).await;
    world.restart().await;
    assert!(mona.link().await.contains("vless://"));
    let audit = tollkeeper(&world, &["audit", "verify"]);
    assert!(audit.status.success(), "{audit:?}");
    assert!(String::from_utf8_lossy(&audit.stdout).starts_with("The audit log is whole"), "{audit:?}");
    let secrets: Vec<_> = world.environment().values().cloned().collect();
    let link = mona.link().await;
    let uuid = link.split("vless://").nth(1).and_then(|link| link.split('@').next()).unwrap().to_owned();
    for entry in walk(&world.data_dir().join("logs")) {
        let log = std::fs::read_to_string(&entry).unwrap();
        assert!(log.contains("an order was placed") || !entry.ends_with("tollkeeper.log"), "{}", entry.display());
        for secret in secrets.iter().chain([&uuid]) {
            assert!(!log.contains(secret.as_str()), "a secret in {}", entry.display());
        }
    }
    world.finish().await;
}

#[tokio::test]
async fn a_second_bot_on_the_same_data_is_refused() {
    let world = World::with(|scene| scene.process = true).await;
    let second = tollkeeper(&world, &["run"]);
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("another"), "{second:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_configuration_with_five_mistakes_names_all_five() {
    let world = World::asleep(|scene| scene.process = true).await;
    let path = world.config_path();
    let mut toml = std::fs::read_to_string(&path).unwrap();
    let mistakes = [
        ("price = \"100.00\"", "price = \"100.005\""),
        ("name = \"Nile VPN\"", "nmae = \"Nile VPN\""),
        ("duration_days = 30", "duration_days = -1"),
        ("panel_timeout = \"15s\"", "panel_timeout = \"soon\""),
        ("inbound_id = 1", "inbound_id = \"one\""),
    ];
    for (right, wrong) in mistakes {
        assert!(toml.contains(right), "{right}");
        toml = toml.replacen(right, wrong, 1);
    }
    std::fs::write(&path, toml).unwrap();
    let output = tollkeeper(&world, &["run"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.lines().count(), mistakes.len());
    insta::assert_snapshot!(said, @r#"
    shop.nmae (line 16): there is no such key; did you mean name?
    panels.inbound_id (line 21): expected a whole number without quotes, found a text in quotes
    plans.duration_days (line 27): -1 is out of range; from 1 to 3650 are possible
    plans.price (line 29): "100.005" is no price: EGP has 2 decimals, the amount has more
    schedule.panel_timeout (line 58): "soon" is not a time; a time is written as a number with its unit, such as "60s", "5m" or "24h"
    "#);
    world.leave();
}

/// As README has it: the secrets in a file where the program is started, and nothing in the environment.
#[tokio::test]
async fn secrets_may_stand_in_a_file_beside_the_configuration() {
    let mut world = World::asleep(|scene| scene.process = true).await;
    let lines: Vec<_> = world.environment().iter().map(|(name, value)| format!("{name}='{value}'\n")).collect();
    let file = world.config_path().with_file_name(".env");
    std::fs::write(&file, lines.concat()).unwrap();
    world.forgets_environment();
    world.start().await;
    world.customer("Mona").orders("Basic").await;
    world.settles().await;
    world.stop().await;
    std::fs::write(&file, "DISCORD_TOKEN=a secret with blanks\n").unwrap();
    let refused = tollkeeper(&world, &["run"]);
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.starts_with(".env: a line is not understood") && !said.contains("secret"), "{said}");
    std::fs::remove_file(file).unwrap();
    world.finish().await;
}

/// What a restart does not cure has an exit code of its own, at which the service manager leaves it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_has_to_change_is_not_tried_again_and_again() {
    let run = |world: &World| tokio::task::block_in_place(|| tollkeeper(world, &["run"]));
    let ends = |output: &Output, says: &str| {
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(says), "{output:?}");
    };
    let mut world = World::asleep(|scene| scene.process = true).await;
    let token = world.environment()["DISCORD_TOKEN"].clone();
    world.sets("DISCORD_TOKEN", &token.replacen(|c: char| c.is_ascii_lowercase(), "X", 1));
    ends(&run(&world), "Discord does not accept the bot's token: copy a fresh one");
    world.sets("DISCORD_TOKEN", &token);
    let path = world.config_path();
    let toml = std::fs::read_to_string(&path).unwrap();
    let guild = format!("guild_id = {}", world.discord.guild());
    assert!(toml.contains(&guild));
    std::fs::write(&path, toml.replacen(&guild, "guild_id = 1100000000000000001", 1)).unwrap();
    ends(&run(&world), "may not register commands in the guild 1100000000000000001");
    std::fs::write(&path, toml).unwrap();
    world.start().await;
    world.stop().await;
    world.changes("INSERT INTO _sqlx_migrations SELECT 9999, description, installed_on, success, checksum, execution_time FROM _sqlx_migrations LIMIT 1").await;
    ends(&run(&world), "newer");
    world.changes("DELETE FROM _sqlx_migrations WHERE version = 9999").await;
    world.start().await;
    world.finish().await;

    let world = World::asleep(|scene| {
        scene.process = true;
        scene.message_content = false;
    })
    .await;
    let path = world.config_path();
    let toml = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, toml.replacen("message_content = false", "message_content = true", 1)).unwrap();
    ends(&run(&world), "Discord refuses the Message Content intent");
    std::fs::write(&path, toml).unwrap();
    world.start().await;
    world.finish().await;
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let files = std::fs::read_dir(folder).expect("the bot writes logs");
    files.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
}
