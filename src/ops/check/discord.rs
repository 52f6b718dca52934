//! Discord: the token, the application's switches, the guild and what the bot may do in it, and
//! the people who run the shop.

use std::time::Duration;

use serenity::all::{ApplicationId, GuildId as DiscordGuild, Http, Permissions, UserId as DiscordUser};

use crate::{
    clock::Clock,
    config::{Config, DiscordConfig},
    discord::{self, Application, DiscordFailure, NoApplication},
    domain::{
        ChannelId, Millis, RoleId, UserId,
        guild_setup::{Guild, Kind, PER_GUILD, Place, SetupProblem},
    },
    guild_setup,
    view::{
        Locale,
        guild_setup::{Names, flaw},
    },
};

use super::{CLOCK_SLACK_MS, clock_gap, gap_in_words, report::Section, twin};

/// The longest wait for one answer; `run` is more patient.
const PATIENCE: Duration = Duration::from_secs(20);

/// Rooms below this are worth a word.
const FEW: usize = 5;

/// What was found, and whose invitation is to be shown.
pub(super) struct Found {
    pub(super) section: Section,
    pub(super) application: Option<u64>,
}

pub(super) async fn look(config: &Config, clock: &Clock) -> Found {
    let mut section = Section::new("Discord");
    let application = match discord::application(&config.discord, PATIENCE).await {
        Ok(application) => application,
        Err(error) => {
            section.mend(unasked(&error));
            return Found { section, application: None };
        }
    };
    switches(&mut section, &config.discord, &application);
    time(&mut section, &application, clock);
    if let Err(says) = guild(&mut section, config, &application, clock).await {
        section.mend(says);
    }
    Found { section, application: Some(application.id) }
}

fn unasked(error: &NoApplication) -> String {
    match error {
        NoApplication::Token => "Discord does not accept the bot's token: copy a fresh one from the Developer Portal \
                                 (Bot, Reset Token) into DISCORD_TOKEN."
            .to_owned(),
        NoApplication::Setup(why) => {
            format!("Discord cannot be asked ({why}): correct discord.rest_proxy and discord.ca_file.")
        }
        NoApplication::Unreachable(why) => format!(
            "Discord cannot be reached ({why}): let this machine connect to discord.com on port 443, or set \
             discord.rest_proxy."
        ),
        NoApplication::Answered(status) => format!(
            "Discord answered {status}, so nothing else about it could be looked at: try again in a few minutes, and \
             see discordstatus.com."
        ),
    }
}

/// What is switched in the Developer Portal.
fn switches(section: &mut Section, config: &DiscordConfig, application: &Application) {
    section.well(format!("The token is accepted: application {} ({}).", application.name, application.id));
    match (config.message_content, application.message_content) {
        (true, true) => section.well("Message Content Intent is on: customers upload receipts in their ticket."),
        (true, false) => section.mend(
            "Message Content Intent is off, so the bot could not read what customers upload: switch it on in the \
             Developer Portal (Bot, Privileged Gateway Intents), or set discord.message_content = false.",
        ),
        (false, true) => section.note(
            "Message Content Intent is on but discord.message_content = false: customers send receipts with /proof \
             only.",
        ),
        (false, false) => section.well("Message Content Intent is not used: customers send receipts with /proof."),
    }
    if application.public {
        section.note("Anybody may invite the bot elsewhere: switch Public Bot off in the Developer Portal (Bot).");
    }
}

fn time(section: &mut Section, application: &Application, clock: &Clock) {
    match application.date.as_deref().and_then(|date| clock_gap(date, clock.now().0)) {
        None => section.note("Discord did not say what time it is; compare this machine's clock yourself."),
        Some(gap) if gap.abs() > CLOCK_SLACK_MS => section.mend(format!(
            "This machine's clock is {} Discord's: switch time synchronisation on (timedatectl set-ntp true).",
            gap_in_words(gap)
        )),
        Some(_) => section.well("This machine's clock agrees with Discord's."),
    }
}

async fn within<T>(call: impl Future<Output = serenity::Result<T>>) -> Result<T, DiscordFailure> {
    match tokio::time::timeout(PATIENCE, call).await {
        Ok(answer) => answer.map_err(DiscordFailure::from),
        Err(_) => Err(DiscordFailure::silent(PATIENCE)),
    }
}

/// The guild; an error is what stopped the looking.
async fn guild(section: &mut Section, config: &Config, application: &Application, clock: &Clock) -> Result<(), String> {
    let failed = |what: &str, error: &DiscordFailure| format!("{what} could not be looked at ({error}): try again.");
    let http = discord::http(&config.discord).map_err(|error| unasked(&NoApplication::Setup(format!("{error:#}"))))?;
    let me = within(http.get_current_user()).await.map_err(|error| failed("The bot's user", &error))?;
    let me = UserId(me.id.get());
    gateway(section, &http).await;
    let home = config.discord.guild_id;
    let guild = match within(guild_setup::read(&http, home, me)).await {
        Ok(guild) => guild,
        Err(error) if matches!(error.status, Some(403 | 404)) => {
            return Err(format!(
                "The bot is not in the server {home}: open the invitation link below and choose the server, or correct \
                 discord.guild_id."
            ));
        }
        Err(error) => return Err(failed("The server", &error)),
    };
    rooms(section, config, &guild, clock.now());
    commands(section, &http, application, config).await;
    staff(section, &http, config, &guild).await;
    twin::look(section, &http, config, me, clock).await;
    Ok(())
}

/// Whether `run` would dial the gateway that Discord names; it is not dialled here.
async fn gateway(section: &mut Section, http: &Http) {
    match within(http.get_gateway()).await {
        Ok(gateway) if discord::is_safe_gateway(&gateway.url) => {}
        Ok(gateway) => section.mend(format!(
            "Discord names {} as its gateway, which the bot does not dial: it must be wss:// with a public \
             certificate, or ws:// on this machine. Correct where discord.rest_proxy leads.",
            gateway.url
        )),
        Err(error) => section.mend(format!("The gateway's address could not be looked at ({error}): try again.")),
    }
}

fn rooms(section: &mut Section, config: &Config, guild: &Guild, now: Millis) {
    let plan = guild_setup::wanted(config);
    let flaws = guild.flaws(&plan, now);
    let channel = |id: ChannelId| label(guild, id);
    let role = |id: RoleId| id.to_string();
    let moment = |at: Millis| chrono::DateTime::from_timestamp_millis(at.0).unwrap_or_default().to_string();
    let names = Names { channel: &channel, role: &role, moment: &moment };
    for found in &flaws {
        let says = flaw(Locale::English, found, &names);
        if found.is_grave() { section.mend(says) } else { section.note(says) }
    }
    let categories: Vec<_> = plan
        .places
        .iter()
        .filter(|(place, _)| matches!(place, Place::Tickets | Place::Overflow))
        .map(|(_, id)| *id)
        .filter(|id| guild.channel(*id).is_some_and(|channel| channel.kind == Kind::Category))
        .collect();
    if !flaws.iter().any(SetupProblem::is_grave) {
        section.well(format!(
            "Channels, roles and permissions are as needed: review in {}, dashboard in {}.",
            label(guild, config.discord.review_channel_id),
            label(guild, config.discord.dashboard_channel_id)
        ));
    }
    let server = PER_GUILD.saturating_sub(guild.channels.len());
    let room = categories.iter().map(|id| guild.room_in(*id)).sum::<usize>().min(server);
    match room {
        0 => {}
        few if few < FEW => section.note(format!(
            "There is room for {few} more tickets only: add a category to discord.overflow_category_ids."
        )),
        room => section.well(format!("There is room for {room} more tickets.")),
    }
}

/// A channel as a person finds it.
fn label(guild: &Guild, id: ChannelId) -> String {
    match guild.channel(id) {
        Some(channel) if channel.kind == Kind::Text => format!("#{} ({id})", channel.name),
        Some(channel) => format!("{} ({id})", channel.name),
        None => id.to_string(),
    }
}

async fn commands(section: &mut Section, http: &Http, application: &Application, config: &Config) {
    http.set_application_id(ApplicationId::new(application.id.max(1)));
    let asked = within(http.get_guild_commands(DiscordGuild::new(config.discord.guild_id.0.max(1)))).await;
    match asked {
        Ok(_) => section.well("Slash commands may be registered; run does so at each start."),
        Err(error) if matches!(error.status, Some(403 | 404)) => section.mend(
            "The bot may not register slash commands in the server: open the invitation link below again, whose scope \
             applications.commands allows it.",
        ),
        Err(error) => section.note(format!("Slash commands could not be looked at ({error}).")),
    }
}

/// Whether Discord shows `/admin` to somebody with these roles; the server's settings may say otherwise.
fn sees_admin(home: &Guild, roles: &[RoleId]) -> bool {
    let everyone = RoleId(home.id.0);
    let held = home.roles.iter().filter(|(role, _)| *role == everyone || roles.contains(role));
    let bits = held.fold(Permissions::empty(), |bits, (_, more)| bits | Permissions::from_bits_truncate(*more));
    bits.intersects(Permissions::ADMINISTRATOR | Permissions::MANAGE_MESSAGES)
}

/// Whether the listed people are there and hold the roles that they need besides.
async fn staff(section: &mut Section, http: &Http, config: &Config, home: &Guild) {
    let discord = &config.discord;
    let guild = DiscordGuild::new(discord.guild_id.0.max(1));
    let lists = [
        // Their power does not depend on a role.
        ("owners", &discord.owners, "owner_role_id", None),
        ("admins", &discord.admins, "admin_role_id", discord.admin_role_id),
        ("support", &discord.support, "support_role_id", discord.support_role_id),
    ];
    let mut found = 0;
    let mut all = true;
    let mut hidden = Vec::new();
    for (list, people, key, role) in lists {
        // A role that is not there at all was reported with the channels.
        let role = role.filter(|role| home.roles.iter().any(|(known, _)| known == role));
        let asked = people.iter().map(|person| within(http.get_member(guild, DiscordUser::new(person.0.max(1)))));
        for (person, answer) in people.iter().zip(futures_util::future::join_all(asked).await) {
            match answer {
                Ok(member) => {
                    found += 1;
                    let roles: Vec<_> = member.roles.iter().map(|role| RoleId(role.get())).collect();
                    if list != "support" && !sees_admin(home, &roles) {
                        hidden.push(member.display_name().to_owned());
                    }
                    if let Some(role) = role.filter(|role| !member.roles.iter().any(|held| held.get() == role.0)) {
                        all = false;
                        section.mend(format!(
                            "{} ({person}) is in discord.{list} but does not hold the role {role} of discord.{key}, so \
                             may do nothing: give them the role, or take them out of the list.",
                            member.display_name()
                        ));
                    }
                }
                Err(error) if error.status == Some(404) => {
                    all = false;
                    section.mend(format!(
                        "Nobody with the id {person} is in the server: correct discord.{list}, or invite them."
                    ));
                }
                Err(error) => section.note(format!("{person} of discord.{list} could not be looked at ({error}).")),
            }
        }
    }
    if !hidden.is_empty() {
        section.note(format!(
            "{} may use /admin, and Discord shows it only to who may manage messages, unless they own the server: allow \
             it for their role in Server Settings, Integrations, or give the role Manage Messages.",
            hidden.join(", ")
        ));
    }
    if all && found > 0 {
        section.well(format!("All {found} people who are listed as staff are in the server."));
    }
}
