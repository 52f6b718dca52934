//! `tollkeeper check`: what an operator reads about a shop that is well, and about each trouble.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use tollkeeper::{
    clock::Clock,
    config::Config,
    ops,
    sandbox::discord::{Fault, Overwrite, Portal, Target, permission},
};

use crate::world::World;

mod panel;
mod running;

/// A shop on which `check` finds nothing; the bot does not run.
async fn shop(choose: impl FnOnce(&mut crate::world::Scene)) -> World {
    let world = World::asleep(|scene| {
        // A program of its own has the machine's clock, as Discord and the panel have here.
        scene.process = true;
        choose(scene);
    })
    .await;
    configured(&world, "\"vpn.example.com\"", "\"203.0.113.7\"");
    world
}

/// Changes the configuration file.
fn configured(world: &World, from: &str, to: &str) {
    let path = world.config_path();
    let toml = std::fs::read_to_string(&path).unwrap();
    assert!(toml.contains(from), "{from}");
    std::fs::write(path, toml.replacen(from, to, 1)).unwrap();
}

/// What `check` says, with what differs from run to run replaced, and whether all was well.
async fn check(world: &World) -> (String, bool) {
    check_at(world, &Clock::system()).await
}

async fn check_at(world: &World, clock: &Clock) -> (String, bool) {
    let environment = world.environment();
    let mut config = Config::load(&world.config_path(), &|name: &str| environment.get(name).cloned()).unwrap();
    config.storage.data_dir = std::path::absolute(&config.storage.data_dir).unwrap();
    let mut out = Vec::new();
    let well = ops::check::check(&config, clock, &mut out).await.unwrap();
    let text = String::from_utf8(out).unwrap();
    for line in text.lines() {
        let long = line.chars().count() > 96 && line.trim().contains(' ');
        assert!(!long || line.contains(&world.data_dir().display().to_string()), "a long line: {line}");
    }
    for secret in environment.values() {
        assert!(!text.contains(secret.as_str()), "a secret in {text}");
    }
    assert_eq!(world.discord.problems(), Vec::<String>::new());
    assert_eq!(world.panel.problems(), Vec::<String>::new());
    assert!(world.discord.requests().iter().all(|request| !request.info.is_write), "it changed something on Discord");
    let signing_in = |path: &str| path.ends_with("/login") || path.ends_with("/getTwoFactorEnable");
    for asked in world.panel.requests() {
        assert!(!asked.request.is_write || signing_in(&asked.request.path), "it changed the panel: {asked:?}");
    }
    (text, well)
}

/// The same by the program itself, beside which the sandbox goes on: its exit code and what it says.
async fn program(world: &World) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollkeeper"));
    command.arg("check").arg("--config").arg(world.config_path()).env_clear().envs(world.environment());
    command.current_dir(world.config_path().parent().unwrap()).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.stderr.is_empty(), "{output:?}");
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

/// One paragraph of it, on one line, that contains `part`; the mark comes first.
fn finding(text: &str, part: &str) -> String {
    let mut findings: Vec<String> = Vec::new();
    for line in text.lines() {
        if let Some(more) = line.strip_prefix("        ")
            && let Some(last) = findings.last_mut()
        {
            last.push(' ');
            last.push_str(more);
        } else {
            findings.push(line.trim().to_owned());
        }
    }
    let found = findings.into_iter().find(|finding| finding.contains(part));
    found.unwrap_or_else(|| unreachable!("nothing about {part:?} in\n{text}"))
}

/// Ids, ports, paths, room on the disk and the time of day differ from run to run.
fn steady(world: &World, text: &str) -> String {
    let mut text = text.to_owned();
    let guild = &world.guild;
    let ids = [
        (world.discord.application_id(), "APPLICATION"),
        (world.discord.guild(), "GUILD"),
        (guild.review, "REVIEW"),
        (guild.dashboard, "DASHBOARD"),
        (guild.tickets[0], "TICKETS"),
    ];
    for (id, name) in ids {
        text = text.replace(&id.to_string(), name);
    }
    for (url, name) in [(world.discord.proxy_url().to_owned(), "PROXY"), (world.panel.url(), "PANEL")] {
        let url: url::Url = url.parse().unwrap();
        text = text.replace(&format!("127.0.0.1:{}", url.port().unwrap()), name);
    }
    let subscriptions: url::Url = world.panel.subscription_url().parse().unwrap();
    text = text.replace(&format!("127.0.0.1:{}", subscriptions.port().unwrap()), "SUBSCRIPTIONS");
    text = text.replace(&world.data_dir().display().to_string(), "DATA").replace("in\n        DATA", "in DATA");
    text = text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let lines = text.lines().filter(|line| !line.contains("The disk has"));
    let mut kept: Vec<_> = lines.map(str::to_owned).collect();
    for line in &mut kept {
        if let Some(at) = line.find("where it is ") {
            line.replace_range(at + 12..at + 17, "TIME ");
        }
    }
    kept.join("\n").replace("TIME  now", "TIME now")
}

#[tokio::test]
async fn a_shop_that_is_well() {
    let world = shop(|_| {}).await;
    let (text, well) = check(&world).await;
    assert!(well, "{text}");
    insta::assert_snapshot!(steady(&world, &text), @"
    Shop
      ok    Nile VPN: 2 plans, 2 ways to pay, prices in EGP.
      ok    Days begin at midnight of Africa/Cairo, where it is TIME now.
      note  Calls to Discord go through discord.rest_proxy at PROXY, and the certificates
            of discord.ca_file are trusted.

    Discord
      ok    The token is accepted: application Sandbox application (APPLICATION).
      ok    Message Content Intent is on: customers upload receipts in their ticket.
      ok    This machine's clock agrees with Discord's.
      ok    Channels, roles and permissions are as needed: review in #review (REVIEW),
            dashboard in #dashboard (DASHBOARD).
      ok    There is room for 50 more tickets.
      ok    Slash commands may be registered; run does so at each start.
      ok    All 4 people who are listed as staff are in the server.

    Panel main
      ok    3x-ui 3.6.0 at PANEL lets us in.
      ok    xray 26.7.28 runs.
      ok    Inbound 1 is vless over tcp with reality, on port 20001.
      ok    Links lead to 203.0.113.7:20001, by public_host and the inbound's port.
      ok    public_host 203.0.113.7 is an address on the internet.
      ok    The subscription server at SUBSCRIPTIONS answers.

    This machine
      ok    tollkeeper VERSION, data in DATA.
      note  The data directory is not there yet: run makes it.

    The invitation link, with exactly the permissions that the bot needs:
    https://discord.com/oauth2/authorize?client_id=APPLICATION&scope=bot+applications.commands&permissions=378225683472

    All is well.
    ");
    world.leave();
}

#[tokio::test]
async fn everything_wrong_is_said_at_once() {
    let world = shop(|scene| scene.message_content = false).await;
    configured(&world, "message_content = false", "message_content = true\nowner_role_id = 11");
    configured(&world, &format!("dashboard_channel_id = {}", world.guild.dashboard), "dashboard_channel_id = 12");
    configured(&world, "inbound_id = 1", "inbound_id = 7");
    configured(&world, "\"203.0.113.7\"", "\"10.0.0.7\"");
    let sub = world.panel.subscription_url();
    configured(&world, &sub, "http://127.0.0.1:9/sub/");
    world.discord.set_bot_permissions(permission::BOT & !permission::MANAGE_CHANNELS);
    let bot = world.discord.bot_id();
    let silent =
        Overwrite { id: bot, target: Target::Member, allow: permission::VIEW_CHANNEL, deny: permission::SEND_MESSAGES };
    world.discord.set_overwrite(world.guild.review, silent);
    world.panel.stop_xray();
    std::fs::write(world.data_dir(), "no folder").unwrap();
    let (text, well) = check(&world).await;
    assert!(!well, "{text}");
    insta::assert_snapshot!(steady(&world, &text), @"
    Shop
      ok    Nile VPN: 2 plans, 2 ways to pay, prices in EGP.
      ok    Days begin at midnight of Africa/Cairo, where it is TIME now.
      note  Calls to Discord go through discord.rest_proxy at PROXY, and the certificates
            of discord.ca_file are trusted.

    Discord
      ok    The token is accepted: application Sandbox application (APPLICATION).
      MEND  Message Content Intent is off, so the bot could not read what customers upload: switch
            it on in the Developer Portal (Bot, Privileged Gateway Intents), or set
            discord.message_content = false.
      ok    This machine's clock agrees with Discord's.
      MEND  The bot's role does not have: Manage Channels. Open the invitation link again, or switch
            these on in Server Settings, Roles.
      MEND  The bot may not do this in the review channel #review (REVIEW): Send
            Messages. Allow it for the bot's role in the channel's settings, Permissions.
      MEND  There is no channel 12 in the server: put the id of the dashboard's channel into
            discord.dashboard_channel_id.
      MEND  There is no role 11 in the server: correct discord.owner_role_id, or leave it out.
      ok    There is room for 50 more tickets.
      ok    Slash commands may be registered; run does so at each start.
      ok    All 4 people who are listed as staff are in the server.

    Panel main
      ok    3x-ui 3.6.0 at PANEL lets us in.
      MEND  xray does not run (stop), so no customer can connect: open the panel's overview, read
            xray's error there and start it.
      MEND  The panel has no inbound 7 (inbound 7: record not found): take the number from the
            panel's list of inbounds into inbound_id.
      MEND  public_host 10.0.0.7 is an address inside this machine or its own network, so customers'
            apps cannot connect: put the name or the public address of the VPN server there.
      MEND  The subscription server at 127.0.0.1:9 does not answer (Connection refused (os error
            111)): switch it on in the panel's settings (Subscription), correct subscription_url, or
            leave that out to offer links only.

    This machine
      ok    tollkeeper VERSION, data in DATA.
      MEND  DATA is no folder: correct storage.data_dir.

    The invitation link, with exactly the permissions that the bot needs:
    https://discord.com/oauth2/authorize?client_id=APPLICATION&scope=bot+applications.commands&permissions=378225683472

    10 things are to be mended; they are marked MEND.
    ");
    std::fs::remove_file(world.data_dir()).unwrap();
    world.leave();
}

#[tokio::test]
async fn the_program_says_how_it_went_with_its_exit_code() {
    let world = shop(|_| {}).await;
    let (code, text) = program(&world).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.ends_with("All is well.\n"), "{text}");
    world.panel.set_inbound_enabled(1, false);
    let (code, text) = program(&world).await;
    assert_eq!(code, Some(1), "{text}");
    configured(&world, "name = \"Nile VPN\"", "nmae = \"Nile VPN\"");
    configured(&world, "inbound_id = 1", "inbound_id = \"one\"");
    let (code, text) = program(&world).await;
    assert_eq!(code, Some(2), "{text}");
    insta::assert_snapshot!(text, @"
    Configuration
      MEND  shop.nmae (line 16): there is no such key; did you mean name?
      MEND  panels.inbound_id (line 21): expected a whole number without quotes, found a text in
            quotes

    2 things are to be mended; they are marked MEND.
    Discord, the panels and this machine are looked at when the configuration can be read.
    ");
    assert!(!world.data_dir().exists(), "check makes nothing");
    world.leave();
}

#[tokio::test]
async fn a_token_that_is_not_accepted_and_a_discord_that_is_not_there() {
    let world = shop(|_| {}).await;
    world.discord.fail_next("GET", "/applications/@me", 1, Fault::refused(401, 0, "401: Unauthorized"));
    let (text, _) = check(&world).await;
    insta::assert_snapshot!(finding(&text, "token"), @"MEND  Discord does not accept the bot's token: copy a fresh one from the Developer Portal (Bot, Reset Token) into DISCORD_TOKEN.");
    assert!(!text.contains("invitation link, with"), "nobody knows whose: {text}");
    world.discord.fail_next("GET", "/applications/@me", 1, Fault::server_error());
    let (text, _) = check(&world).await;
    insta::assert_snapshot!(finding(&text, "Discord answered"), @"MEND  Discord answered 500, so nothing else about it could be looked at: try again in a few minutes, and see discordstatus.com.");
    world.discord.fail_next("GET", "/applications/@me", 1, Fault::CutBefore);
    let (text, _) = check(&world).await;
    assert!(finding(&text, "discord.com on port 443").starts_with("MEND  Discord cannot be reached ("), "{text}");
    world.leave();
}

#[tokio::test]
async fn a_gateway_that_the_bot_would_not_dial() {
    let world = shop(|_| {}).await;
    let body = serde_json::json!({ "url": "ws://gateway.example.org" });
    world.discord.fail_next("GET", "/gateway", 1, Fault::Status { status: 200, body, headers: Vec::new() });
    let (text, well) = check(&world).await;
    assert!(!well);
    insta::assert_snapshot!(finding(&text, "gateway"), @"MEND  Discord names ws://gateway.example.org as its gateway, which the bot does not dial: it must be wss:// with a public certificate, or ws:// on this machine. Correct where discord.rest_proxy leads.");
    world.leave();
}

#[tokio::test]
async fn a_bot_that_was_not_invited() {
    let world = shop(|_| {}).await;
    world.discord.fail_next("GET", "/guilds/", 3, Fault::refused(403, 50001, "Missing Access"));
    let (text, _) = check(&world).await;
    let says = finding(&text, "is not in the server").replace(&world.discord.guild().to_string(), "GUILD");
    insta::assert_snapshot!(says, @"MEND  The bot is not in the server GUILD: open the invitation link below and choose the server, or correct discord.guild_id.");
    assert!(text.contains("permissions=378225683472"), "{text}");
    world.discord.no_faults();
    world.discord.fail_next("GET", "/commands", 1, Fault::refused(403, 50001, "Missing Access"));
    let (text, _) = check(&world).await;
    insta::assert_snapshot!(finding(&text, "slash commands"), @"MEND  The bot may not register slash commands in the server: open the invitation link below again, whose scope applications.commands allows it.");
    world.leave();
}

#[tokio::test]
async fn intents_that_do_not_fit() {
    let world = shop(|_| {}).await;
    world.discord.set_portal(Portal { message_content: false, members: false, presences: false });
    let (text, well) = check(&world).await;
    assert!(!well);
    insta::assert_snapshot!(finding(&text, "Message Content"), @"MEND  Message Content Intent is off, so the bot could not read what customers upload: switch it on in the Developer Portal (Bot, Privileged Gateway Intents), or set discord.message_content = false.");
    configured(&world, "message_content = true", "message_content = false");
    let (text, well) = check(&world).await;
    assert!(well, "{text}");
    insta::assert_snapshot!(finding(&text, "Message Content"), @"ok    Message Content Intent is not used: customers send receipts with /proof.");
    world.leave();
}

#[tokio::test]
async fn staff_that_left_or_lost_their_role() {
    let world = shop(|scene| scene.admin_role = true).await;
    configured(&world, "support = [", "support = [\"4242\", ");
    let omar = world.person("Omar").id();
    configured(&world, "admins = [", &format!("admins = [\"{omar}\", "));
    let (text, well) = check(&world).await;
    assert!(!well);
    insta::assert_snapshot!(finding(&text, "4242"), @"MEND  Nobody with the id 4242 is in the server: correct discord.support, or invite them.");
    let role = finding(&text, "does not hold").replace(&omar.to_string(), "OMAR");
    insta::assert_snapshot!(role.replace(&world.guild.admins.to_string(), "ROLE"), @"MEND  Omar (OMAR) is in discord.admins but does not hold the role ROLE of discord.admin_role_id, so may do nothing: give them the role, or take them out of the list.");
    world.leave();
}

#[tokio::test]
async fn categories_that_are_nearly_full_and_full() {
    let world = shop(|_| {}).await;
    let fill = |n: usize| {
        for n in 0..n {
            world.discord.text_channel(&format!("old-{n}"), Some(world.guild.tickets[0]), &[]);
        }
    };
    fill(47);
    let (text, well) = check(&world).await;
    assert!(well, "{text}");
    insta::assert_snapshot!(finding(&text, "room for"), @"note  There is room for 3 more tickets only: add a category to discord.overflow_category_ids.");
    fill(3);
    let (text, well) = check(&world).await;
    assert!(!well);
    insta::assert_snapshot!(finding(&text, "room for"), @"MEND  No category has room for another ticket (Discord allows 50 channels in a category, 500 in a server): add a category to discord.overflow_category_ids, or delete old channels.");
    world.leave();
}

#[tokio::test]
async fn a_clock_that_is_wrong() {
    let world = shop(|_| {}).await;
    let clock = Clock::system();
    clock.advance(Duration::from_secs(200));
    let (text, well) = check_at(&world, &clock).await;
    assert!(!well);
    insta::assert_snapshot!(finding(&text, "Discord's"), @"MEND  This machine's clock is 3 min ahead of Discord's: switch time synchronisation on (timedatectl set-ntp true).");
    insta::assert_snapshot!(finding(&text, "the panel's: set"), @"note  This machine's clock is 3 min ahead of the panel's: set the clock right that is wrong.");
    world.leave();
}

#[tokio::test]
async fn a_database_that_is_damaged_or_too_new() {
    let world = World::with(|scene| scene.process = true).await;
    configured(&world, "\"vpn.example.com\"", "\"203.0.113.7\"");
    world.stop().await;
    world.changes("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 0)").await;
    let (code, text) = program(&world).await;
    assert_eq!(code, Some(1), "{text}");
    let says = finding(&text, "newer tollkeeper");
    assert!(says.starts_with("MEND  The database was written by a newer tollkeeper (tables of version 9999"), "{says}");
    std::fs::write(world.data_dir().join("tollkeeper.db"), vec![7; 8192]).unwrap();
    let (code, text) = program(&world).await;
    assert_eq!(code, Some(1), "{text}");
    let says = finding(&text, "cannot be read");
    assert!(says.contains("run the bot's last backup through tollkeeper restore"), "{says}");
    std::fs::remove_dir_all(world.data_dir()).unwrap();
    world.leave();
}

/// Others on the machine may read what only the bot should, and change what it does.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_rights_of_files_are_looked_at() {
    use std::{fs, os::unix::fs::PermissionsExt as _};
    let world = shop(|_| {}).await;
    let chmod = |path: &std::path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let dotenv = world.config_path().with_file_name(".env");
    fs::write(&dotenv, "").unwrap();
    fs::create_dir_all(world.data_dir()).unwrap();
    let (file, data) = (world.config_path(), world.data_dir());
    for (file_mode, env_mode, data_mode, wrong) in [(0o664, 0o640, 0o755, 3), (0o644, 0o600, 0o700, 0)] {
        chmod(&file, file_mode);
        chmod(&dotenv, env_mode);
        chmod(&data, data_mode);
        let (text, well) = check(&world).await;
        assert_eq!((text.matches("Other users of this machine").count(), well), (wrong, wrong == 0), "{text}");
        let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for remedy in [
            format!("chmod go-w {}", file.display()),
            format!("chmod 600 {}", dotenv.display()),
            format!("chmod 700 {}", data.display()),
        ] {
            assert_eq!(one_line.contains(&remedy), wrong > 0, "{remedy} in {text}");
        }
    }
    fs::remove_dir(data).expect("check wrote nothing");
    world.leave();
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_not_handed_out_in_the_clear() {
    let world = shop(|_| {}).await;
    let at = format!("subscription_url = {:?}", world.panel.subscription_url());
    configured(&world, &at, "subscription_url = \"http://vpn.invalid/sub/\"");
    let (text, well) = check(&world).await;
    assert!(!well);
    insta::assert_snapshot!(finding(&text, "over http"), @"MEND  subscription_url is over http, so whoever is on the way reads customers' links: give the panel's subscription server a certificate and write https://, or leave subscription_url out to offer links only.");
    world.leave();
}
