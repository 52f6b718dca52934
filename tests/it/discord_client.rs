//! A real client, serenity, works against the sandbox's Discord: connects, hears, answers, resumes.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use serenity::all::{
    Client, Context, CreateCommand, CreateInteractionResponse, CreateInteractionResponseMessage, EventHandler,
    GatewayIntents, GuildId, HttpBuilder, Interaction, Message, Ready,
};
use tokio::sync::mpsc;
use tollkeeper::sandbox::discord::{Discord, Options, Portal};

/// Seconds enough for anything on loopback; serenity waits five between sessions.
const SOON: Duration = Duration::from_secs(20);

/// Reports what it hears and answers `/order`.
struct Echo {
    heard: mpsc::UnboundedSender<String>,
    guild: GuildId,
}

#[serenity::async_trait]
impl EventHandler for Echo {
    async fn ready(&self, context: Context, ready: Ready) {
        let commands = vec![CreateCommand::new("order").description("Buy")];
        self.guild.set_commands(&context.http, commands).await.unwrap();
        self.heard.send(format!("ready {}", ready.user.name)).unwrap();
    }

    async fn message(&self, _: Context, message: Message) {
        let files: Vec<_> = message.attachments.iter().map(|file| file.filename.as_str()).collect();
        self.heard.send(format!("{}: {} {files:?}", message.author.name, message.content)).unwrap();
    }

    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        let Interaction::Command(command) = interaction else { return };
        let message = CreateInteractionResponseMessage::new().content("plans").ephemeral(true);
        command.create_response(&context.http, CreateInteractionResponse::Message(message)).await.unwrap();
    }

    async fn resume(&self, _: Context, _: serenity::all::ResumedEvent) {
        self.heard.send("resumed".into()).unwrap();
    }
}

async fn client(discord: &Discord, intents: GatewayIntents) -> (Client, mpsc::UnboundedReceiver<String>) {
    let reqwest = reqwest::Client::builder()
        .proxy(reqwest::Proxy::https(discord.proxy_url()).unwrap())
        .add_root_certificate(reqwest::Certificate::from_pem(discord.ca_pem().as_bytes()).unwrap())
        .build()
        .unwrap();
    let http =
        HttpBuilder::new(discord.bot_token()).client(reqwest).application_id(discord.application_id().into()).build();
    let (heard, inbox) = mpsc::unbounded_channel();
    let handler = Echo { heard, guild: GuildId::new(discord.guild()) };
    let client = serenity::client::ClientBuilder::new_with_http(http, intents).event_handler(handler).await.unwrap();
    (client, inbox)
}

fn intents() -> GatewayIntents {
    GatewayIntents::non_privileged() | GatewayIntents::MESSAGE_CONTENT
}

async fn next(hears: &mut mpsc::UnboundedReceiver<String>) -> String {
    tokio::time::timeout(SOON, hears.recv()).await.expect("the client hears something").unwrap()
}

#[tokio::test]
async fn serenity_connects_hears_and_answers() {
    let discord = Discord::start(Options::default()).await.unwrap();
    let lobby = discord.text_channel("lobby", None, &[]);
    let mona = discord.member("Mona", &[]);
    let (mut client, mut hears) = client(&discord, intents()).await;
    let manager = Arc::clone(&client.shard_manager);
    let talk = async {
        assert_eq!(next(&mut hears).await, "ready tollkeeper");
        discord.ready(SOON).await.unwrap();
        mona.upload(lobby, "proof.png", b"x", "here").unwrap();
        assert_eq!(next(&mut hears).await, r#"mona: here ["proof.png"]"#);
        let asked = mona.slash(lobby, "order", json!({})).unwrap();
        let reply = asked.reply().await.unwrap();
        assert_eq!((reply.content.as_str(), reply.ephemeral), ("plans", true));
        assert!(asked.latency().unwrap() < Duration::from_secs(1));

        // What happens while the connection is cut is replayed.
        discord.cut_gateway();
        discord.until("the connection to be gone", SOON, |view| (!view.bot_online()).then_some(())).await.unwrap();
        mona.says(lobby, "missed me?").unwrap();
        assert_eq!(next(&mut hears).await, "mona: missed me? []");
        assert_eq!(next(&mut hears).await, "resumed");
        manager.shutdown_all().await;
    };
    let (run, ()) = tokio::join!(client.start(), talk);
    run.unwrap();
    assert_eq!(discord.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn without_the_message_content_intent_guild_messages_are_empty() {
    let discord = Discord::start(Options::default()).await.unwrap();
    let lobby = discord.text_channel("lobby", None, &[]);
    let mona = discord.member("Mona", &[]);
    let (mut client, mut hears) = client(&discord, GatewayIntents::non_privileged()).await;
    let manager = Arc::clone(&client.shard_manager);
    let talk = async {
        assert_eq!(next(&mut hears).await, "ready tollkeeper");
        mona.upload(lobby, "proof.png", b"x", "here").unwrap();
        assert_eq!(next(&mut hears).await, "mona:  []");
        mona.says(lobby, &format!("hello <@{}>", discord.bot_id())).unwrap();
        assert!(next(&mut hears).await.starts_with("mona: hello <@"));
        mona.dm("psst", &[]).unwrap();
        assert_eq!(next(&mut hears).await, "mona: psst []");
        manager.shutdown_all().await;
    };
    let (run, ()) = tokio::join!(client.start(), talk);
    run.unwrap();
    assert_eq!(discord.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn an_intent_that_is_off_in_the_portal_ends_the_client() {
    let portal = Portal { message_content: false, members: false, presences: false };
    let discord = Discord::start(Options { portal, ..Options::default() }).await.unwrap();
    let (mut client, _hears) = client(&discord, intents()).await;
    let error = tokio::time::timeout(SOON, client.start()).await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "Disallowed gateway intents were provided");
}

#[tokio::test]
async fn the_gateway_asks_for_a_reconnect_and_ends_sessions() {
    let discord = Discord::start(Options::default()).await.unwrap();
    let lobby = discord.text_channel("lobby", None, &[]);
    let mona = discord.member("Mona", &[]);
    let (mut client, mut hears) = client(&discord, intents()).await;
    let manager = Arc::clone(&client.shard_manager);
    let talk = async {
        assert_eq!(next(&mut hears).await, "ready tollkeeper");
        discord.deaf(true);
        mona.says(lobby, "one").unwrap();
        mona.says(lobby, "two").unwrap();
        discord.reconnect_gateway();
        assert_eq!(next(&mut hears).await, "mona: one []", "RESUME replays what was held back");
        assert_eq!(next(&mut hears).await, "mona: two []");
        assert_eq!(next(&mut hears).await, "resumed");
        mona.says(lobby, "three").unwrap();
        discord.deaf(false);
        assert_eq!(next(&mut hears).await, "mona: three []");
        discord.deaf(true);
        mona.says(lobby, "never heard").unwrap();
        discord.forget_held_events();
        discord.deaf(false);
        discord.invalidate_session();
        assert_eq!(next(&mut hears).await, "ready tollkeeper");
        mona.says(lobby, "four").unwrap();
        assert_eq!(next(&mut hears).await, "mona: four []");
        manager.shutdown_all().await;
    };
    let (run, ()) = tokio::join!(client.start(), talk);
    run.unwrap();
    assert_eq!(discord.problems(), Vec::<String>::new());
}

#[tokio::test]
async fn a_wrong_token_ends_the_client() {
    let discord = Discord::start(Options::default()).await.unwrap();
    let reqwest = reqwest::Client::builder()
        .proxy(reqwest::Proxy::https(discord.proxy_url()).unwrap())
        .add_root_certificate(reqwest::Certificate::from_pem(discord.ca_pem().as_bytes()).unwrap())
        .build()
        .unwrap();
    let http = HttpBuilder::new("a.b.c").client(reqwest).build();
    let mut client = serenity::client::ClientBuilder::new_with_http(http, intents()).await.unwrap();
    let error = tokio::time::timeout(SOON, client.start()).await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "Sent invalid authentication");
}
