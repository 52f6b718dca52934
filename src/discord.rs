//! The way to Discord: its HTTP client, who we are there, and the gateway's address.
//!
//! The tested path is the production path: with `discord.rest_proxy` every call still goes to
//! `https://discord.com`, TLS and serenity's rate limiter included, only through that proxy.
//! serenity's own `HttpBuilder::proxy` is never used: with the limiter on it is silently ignored.

use std::time::Duration;

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use serenity::all::{
    ApplicationId, ClientBuilder, CreateAllowedMentions, CreateCommand, GatewayIntents, GuildId, Http, HttpBuilder,
};

pub use crate::bot::DiscordFailure;
use crate::{config::DiscordConfig, domain::UserId};

/// The longest wait for one answer of Discord, uploads included.
const PATIENCE: Duration = Duration::from_mins(2);
/// So long one try to connect at the start may take: nothing is uploaded there, and who started the bot waits.
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);
/// The longest pause between two tries to reach Discord at the start.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A client of Discord that is not started yet, and who we are.
pub struct Connected {
    /// serenity's client; its `http` is everybody's.
    pub client: serenity::Client,
    pub me: UserId,
}

/// What neither waiting nor starting again cures: a person has to change something first.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OperatorActionRequired(pub String);

/// Why there is no connection.
enum Refused {
    Later(String),
    /// It will not work until somebody changes something.
    Never(String),
}

/// The application as `check` needs to know it.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its id, which invitation links carry.
    pub id: u64,
    pub name: String,
    /// Whether the Message Content intent is on, for a small bot or a verified one.
    pub message_content: bool,
    /// Whether anybody may invite it.
    pub public: bool,
    /// What time Discord has (RFC 9110, `Date`).
    pub date: Option<String>,
}

/// Why Discord did not say what the application is.
#[derive(Debug, Clone)]
pub enum NoApplication {
    /// It does not accept the token.
    Token,
    /// The proxy or its certificates cannot be used.
    Setup(String),
    Unreachable(String),
    /// It answered with this status, or with 200 and nonsense.
    Answered(u16),
}

/// What `GET /applications/@me` says; serenity knows only the older address, whose answer has no
/// `flags`.
#[derive(serde::Deserialize)]
struct ApplicationAnswer {
    id: String,
    name: String,
    #[serde(default)]
    flags: u64,
    #[serde(default)]
    bot_public: bool,
}

/// The flags `GATEWAY_MESSAGE_CONTENT` and `GATEWAY_MESSAGE_CONTENT_LIMITED` ("Application Flags").
const MESSAGE_CONTENT: u64 = (1 << 18) | (1 << 19);

/// Asks who the application is, on the way of every other call.
pub async fn application(config: &DiscordConfig, patience: Duration) -> Result<Application, NoApplication> {
    let client = client(config).map_err(|error| NoApplication::Setup(format!("{error:#}")))?;
    let request = client
        .get("https://discord.com/api/v10/applications/@me")
        .header(reqwest::header::AUTHORIZATION, format!("Bot {}", config.token.expose_secret()))
        .header(reqwest::header::USER_AGENT, serenity::constants::USER_AGENT)
        .timeout(patience);
    let unreachable = |error: reqwest::Error| {
        let error = error.without_url();
        let mut cause: &dyn std::error::Error = &error;
        while let Some(next) = cause.source() {
            cause = next;
        }
        NoApplication::Unreachable(cause.to_string())
    };
    let answer = request.send().await.map_err(unreachable)?;
    let date = answer.headers().get(reqwest::header::DATE).and_then(|date| date.to_str().ok()).map(str::to_owned);
    match answer.status().as_u16() {
        200 => {}
        401 => return Err(NoApplication::Token),
        status => return Err(NoApplication::Answered(status)),
    }
    let said: ApplicationAnswer = answer.json().await.map_err(|_| NoApplication::Answered(200))?;
    Ok(Application {
        id: said.id.parse().map_err(|_| NoApplication::Answered(200))?,
        name: said.name,
        message_content: said.flags & MESSAGE_CONTENT != 0,
        public: said.bot_public,
        date,
    })
}

/// The HTTP client for all REST calls.
pub fn http(config: &DiscordConfig) -> anyhow::Result<Http> {
    let client = client(config)?;
    Ok(HttpBuilder::new(config.token.expose_secret())
        .client(client)
        .default_allowed_mentions(CreateAllowedMentions::new())
        .build())
}

fn client(config: &DiscordConfig) -> anyhow::Result<reqwest::Client> {
    // Proxies from the environment are not followed: where calls go is written in one place.
    let mut client = reqwest::Client::builder().use_rustls_tls().no_proxy().timeout(PATIENCE);
    if let Some(proxy) = &config.rest_proxy {
        client = client.proxy(reqwest::Proxy::https(proxy.as_str()).context("discord.rest_proxy")?);
    }
    for certificate in reqwest::Certificate::from_pem_bundle(config.ca_pem.as_deref().unwrap_or_default())? {
        client = client.add_root_certificate(certificate);
    }
    Ok(client.build()?)
}

/// Reaches Discord, however long that takes, registers the commands and prepares the gateway.
/// Fails only for what waiting does not cure, with [`OperatorActionRequired`].
pub async fn connect<F>(
    config: &DiscordConfig,
    commands: &[CreateCommand],
    intents: GatewayIntents,
    framework: impl Fn() -> F,
    first_pause: Duration,
) -> anyhow::Result<Connected>
where
    F: serenity::framework::Framework + 'static,
{
    let mut pause = first_pause;
    loop {
        let silent = || Err(Refused::Later(format!("it said nothing within {}s", ANSWERS_WITHIN.as_secs())));
        let attempt = attempt(config, commands, intents, framework());
        match tokio::time::timeout(ANSWERS_WITHIN, attempt).await.unwrap_or_else(|_| silent()) {
            Ok(connected) => return Ok(connected),
            Err(Refused::Never(why)) => return Err(OperatorActionRequired(why).into()),
            Err(Refused::Later(why)) => {
                tracing::warn!("Discord is not reachable, trying again in {pause:?}: {why}");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

async fn attempt(
    config: &DiscordConfig,
    commands: &[CreateCommand],
    intents: GatewayIntents,
    framework: impl serenity::framework::Framework + 'static,
) -> Result<Connected, Refused> {
    let http = http(config).map_err(|error| Refused::Never(format!("{error:#}")))?;
    let me = async { http.get_current_user().await.map_err(unanswered) };
    // serenity's own reading of the application wants more than Discord promises to say.
    let application = async { application(config, PATIENCE).await.map_err(no_application) };
    let gateway = async { http.get_gateway().await.map_err(unanswered) };
    let (me, application, gateway) = tokio::try_join!(me, application, gateway)?;
    if !is_safe_gateway(&gateway.url) {
        return Err(Refused::Later("Discord gave an address for the gateway that is not secure".to_owned()));
    }
    register(&http, ApplicationId::new(application.id.max(1)), config, commands).await?;
    let client = ClientBuilder::new_with_http(http, intents)
        .framework(framework)
        .await
        .map_err(|_| Refused::Later("the client could not be made".to_owned()))?;
    // serenity asks for the address itself, and takes a built-in one when it gets no answer.
    let dialled = client.ws_url.lock().await.clone();
    if dialled != gateway.url {
        return Err(Refused::Later("the gateway's address was lost on the way".to_owned()));
    }
    Ok(Connected { client, me: UserId(me.id.get()) })
}

/// One bulk PUT: what is registered already costs nothing.
async fn register(
    http: &Http,
    application: ApplicationId,
    config: &DiscordConfig,
    commands: &[CreateCommand],
) -> Result<(), Refused> {
    http.set_application_id(application);
    let guild = config.guild_id;
    let Err(error) = http.create_guild_commands(GuildId::new(guild.0), &commands).await else { return Ok(()) };
    let error = DiscordFailure::from(error);
    match error.status {
        // A page of something in between, which knows nothing of our rights.
        _ if error.code.is_none_or(|code| code <= 0) => Err(Refused::Later(error.to_string())),
        Some(403 | 404) => Err(Refused::Never(format!(
            "the bot may not register commands in the guild {guild} ({error}): check discord.guild_id, and invite the bot again with the scopes `bot` and `applications.commands`"
        ))),
        Some(status @ 400..500) if status != 429 => {
            Err(Refused::Never(format!("Discord does not take the commands ({error}): please report this")))
        }
        _ => Err(Refused::Later(error.to_string())),
    }
}

fn unanswered(error: serenity::Error) -> Refused {
    let error = DiscordFailure::from(error);
    if error.status == Some(401) {
        return Refused::Never(BAD_TOKEN.to_owned());
    }
    Refused::Later(error.to_string())
}

const BAD_TOKEN: &str = "Discord does not accept the bot's token: copy a fresh one from the Developer Portal (Bot, Reset Token) into DISCORD_TOKEN";

fn no_application(error: NoApplication) -> Refused {
    match error {
        NoApplication::Token => Refused::Never(BAD_TOKEN.to_owned()),
        NoApplication::Setup(why) => Refused::Never(why),
        NoApplication::Unreachable(why) => Refused::Later(why),
        NoApplication::Answered(status) => {
            Refused::Later(format!("asked for the application, Discord answered {status}"))
        }
    }
}

/// Whether the bot would dial this gateway: one without TLS is for a Discord on this machine only.
pub fn is_safe_gateway(address: &str) -> bool {
    let loopback = |url: &url::Url| match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url::Url::parse(address).is_ok_and(|url| url.scheme() == "wss" || url.scheme() == "ws" && loopback(&url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_without_tls_is_on_this_machine() {
        for good in ["wss://gateway.discord.gg", "ws://127.0.0.1:8080", "ws://[::1]:1", "ws://localhost:1"] {
            assert!(is_safe_gateway(good), "{good}");
        }
        for bad in ["ws://gateway.discord.gg", "http://127.0.0.1", "ws://127.0.0.1.example.org", "nonsense"] {
            assert!(!is_safe_gateway(bad), "{bad}");
        }
    }
}
