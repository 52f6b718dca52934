//! The REST side: which routes exist, and the way of a request from its bytes to its answer.

use serde_json::Value;

use super::refusal::Refusal;
use super::state::{Id, State};
use super::upload::Part;
use super::{channels, guilds, interactions, messages};

/// A route Discord has and the sandbox knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    Gateway,
    GatewayBot,
    Me,
    User(Id),
    Application,
    OpenDm,
    Guild(Id),
    GuildChannels(Id),
    CreateChannel(Id),
    Member(Id, Id),
    Roles(Id),
    Commands(Id, Id),
    PutCommands(Id, Id),
    Command(Id, Id, Id),
    DeleteCommand(Id, Id, Id),
    Channel(Id),
    EditChannel(Id),
    DeleteChannel(Id),
    Messages(Id),
    CreateMessage(Id),
    Message(Id, Id),
    EditMessage(Id, Id),
    DeleteMessage(Id, Id),
    BulkDelete(Id),
    PutOverwrite(Id, Id),
    DeleteOverwrite(Id, Id),
    Callback(Id, String),
    Followup(Id, String),
    Answer(Id, String, Option<Id>),
    EditAnswer(Id, String, Option<Id>),
    DeleteAnswer(Id, String, Option<Id>),
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Value,
    pub(super) parts: Vec<Part>,
}

#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Reply {
    pub(super) fn ok(body: Value) -> Self {
        Self { status: 200, body }
    }
    pub(super) fn created(body: Value) -> Self {
        Self { status: 201, body }
    }
    pub(super) fn nothing() -> Self {
        Self { status: 204, body: Value::Null }
    }
}

/// Finds the route of a path after `/api/v10`, with its template.
pub(super) fn route(method: &str, path: &str) -> Option<(Route, &'static str)> {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let id = |text: &str| text.parse::<Id>().ok();
    let which = |text: &str| if text == "@original" { Some(None) } else { id(text).map(Some) };
    Some(match (method, segments.as_slice()) {
        ("GET", ["gateway"]) => (Route::Gateway, "/gateway"),
        ("GET", ["gateway", "bot"]) => (Route::GatewayBot, "/gateway/bot"),
        ("GET", ["users", "@me"]) => (Route::Me, "/users/@me"),
        ("GET", ["users", user]) => (Route::User(id(user)?), "/users/{user_id}"),
        ("POST", ["users", "@me", "channels"]) => (Route::OpenDm, "/users/@me/channels"),
        ("GET", ["oauth2", "applications", "@me"]) => (Route::Application, "/oauth2/applications/@me"),
        ("GET", ["applications", "@me"]) => (Route::Application, "/applications/@me"),
        (_, ["applications", app, "guilds", guild, "commands"]) => {
            let (app, guild) = (id(app)?, id(guild)?);
            let template = "/applications/{application_id}/guilds/{guild_id}/commands";
            match method {
                "GET" => (Route::Commands(app, guild), template),
                "PUT" => (Route::PutCommands(app, guild), template),
                _ => return None,
            }
        }
        (_, ["applications", app, "guilds", guild, "commands", command]) => {
            let (app, guild, command) = (id(app)?, id(guild)?, id(command)?);
            let template = "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}";
            match method {
                "GET" => (Route::Command(app, guild, command), template),
                "DELETE" => (Route::DeleteCommand(app, guild, command), template),
                _ => return None,
            }
        }
        ("POST", ["interactions", n, token, "callback"]) => {
            let template = "/interactions/{interaction_id}/{interaction_token}/callback";
            (Route::Callback(id(n)?, (*token).into()), template)
        }
        ("POST", ["webhooks", app, token]) => {
            (Route::Followup(id(app)?, (*token).into()), "/webhooks/{webhook_id}/{webhook_token}")
        }
        (_, ["webhooks", app, token, "messages", message]) => {
            let (app, token, message) = (id(app)?, (*token).to_owned(), which(message)?);
            let template = if message.is_some() {
                "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"
            } else {
                "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
            };
            match method {
                "GET" => (Route::Answer(app, token, message), template),
                "PATCH" => (Route::EditAnswer(app, token, message), template),
                "DELETE" => (Route::DeleteAnswer(app, token, message), template),
                _ => return None,
            }
        }
        (_, ["guilds", guild, rest @ ..]) => guild_route(method, id(guild)?, rest)?,
        (_, ["channels", channel, rest @ ..]) => channel_route(method, id(channel)?, rest)?,
        _ => return None,
    })
}

fn guild_route(method: &str, guild: Id, rest: &[&str]) -> Option<(Route, &'static str)> {
    Some(match (method, rest) {
        ("GET", []) => (Route::Guild(guild), "/guilds/{guild_id}"),
        ("GET", ["channels"]) => (Route::GuildChannels(guild), "/guilds/{guild_id}/channels"),
        ("POST", ["channels"]) => (Route::CreateChannel(guild), "/guilds/{guild_id}/channels"),
        ("GET", ["members", user]) => {
            (Route::Member(guild, user.parse().ok()?), "/guilds/{guild_id}/members/{user_id}")
        }
        ("GET", ["roles"]) => (Route::Roles(guild), "/guilds/{guild_id}/roles"),
        _ => return None,
    })
}

fn channel_route(method: &str, channel: Id, rest: &[&str]) -> Option<(Route, &'static str)> {
    const ONE: &str = "/channels/{channel_id}";
    const ALL: &str = "/channels/{channel_id}/messages";
    const MESSAGE: &str = "/channels/{channel_id}/messages/{message_id}";
    const OVERWRITE: &str = "/channels/{channel_id}/permissions/{overwrite_id}";
    let id = |text: &str| text.parse::<Id>().ok();
    Some(match (method, rest) {
        ("GET", []) => (Route::Channel(channel), ONE),
        ("PATCH", []) => (Route::EditChannel(channel), ONE),
        ("DELETE", []) => (Route::DeleteChannel(channel), ONE),
        ("GET", ["messages"]) => (Route::Messages(channel), ALL),
        ("POST", ["messages"]) => (Route::CreateMessage(channel), ALL),
        ("POST", ["messages", "bulk-delete"]) => {
            (Route::BulkDelete(channel), "/channels/{channel_id}/messages/bulk-delete")
        }
        ("GET", ["messages", message]) => (Route::Message(channel, id(message)?), MESSAGE),
        ("PATCH", ["messages", message]) => (Route::EditMessage(channel, id(message)?), MESSAGE),
        ("DELETE", ["messages", message]) => (Route::DeleteMessage(channel, id(message)?), MESSAGE),
        ("PUT", ["permissions", target]) => (Route::PutOverwrite(channel, id(target)?), OVERWRITE),
        ("DELETE", ["permissions", target]) => (Route::DeleteOverwrite(channel, id(target)?), OVERWRITE),
        _ => return None,
    })
}

impl Route {
    /// Routes whose token in the path is the authorization.
    pub(super) fn open(&self) -> bool {
        matches!(
            self,
            Self::Gateway
                | Self::Callback(..)
                | Self::Followup(..)
                | Self::Answer(..)
                | Self::EditAnswer(..)
                | Self::DeleteAnswer(..)
        )
    }

    /// Whether the body may be multipart.
    pub(super) fn takes_files(&self) -> bool {
        matches!(
            self,
            Self::CreateMessage(_)
                | Self::EditMessage(..)
                | Self::Callback(..)
                | Self::Followup(..)
                | Self::EditAnswer(..)
        )
    }

    /// The query keys it knows.
    pub(super) fn query(&self) -> &'static [&'static str] {
        match self {
            Self::Messages(_) => &["limit", "after", "before", "around"],
            Self::Callback(..) => &["with_response"],
            Self::Followup(..) => &["wait"],
            Self::Guild(_) => &["with_counts"],
            Self::Commands(..) => &["with_localizations"],
            _ => &[],
        }
    }
}

/// Handles a request that has been read, authorized and matched.
pub(super) fn handle(state: &mut State, route: &Route, call: &Call) -> Result<Reply, Refusal> {
    match *route {
        Route::Gateway | Route::GatewayBot => Err(Refusal::no_route()),
        Route::Me => Ok(guilds::me(state)),
        Route::User(user) => guilds::user(state, user),
        Route::Application => Ok(guilds::application(state)),
        Route::OpenDm => guilds::open_dm(state, call),
        Route::Guild(guild) => guilds::guild(state, guild),
        Route::GuildChannels(guild) => guilds::channels(state, guild),
        Route::Member(guild, user) => guilds::member(state, guild, user),
        Route::Roles(guild) => guilds::roles(state, guild),
        Route::Commands(app, guild) => guilds::commands(state, app, guild),
        Route::PutCommands(app, guild) => guilds::put_commands(state, app, guild, call),
        Route::Command(app, guild, command) => guilds::command(state, app, guild, command),
        Route::DeleteCommand(app, guild, command) => guilds::delete_command(state, app, guild, command),
        Route::CreateChannel(guild) => channels::create(state, guild, call),
        Route::Channel(channel) => channels::get(state, channel),
        Route::EditChannel(channel) => channels::edit(state, channel, call),
        Route::DeleteChannel(channel) => channels::delete(state, channel),
        Route::PutOverwrite(channel, target) => channels::put_overwrite(state, channel, target, call),
        Route::DeleteOverwrite(channel, target) => channels::delete_overwrite(state, channel, target),
        Route::Messages(channel) => messages::list(state, channel, call),
        Route::CreateMessage(channel) => messages::create(state, channel, call),
        Route::Message(channel, message) => messages::get(state, channel, message),
        Route::EditMessage(channel, message) => messages::edit(state, channel, message, call),
        Route::DeleteMessage(channel, message) => messages::delete(state, channel, message),
        Route::BulkDelete(channel) => messages::bulk_delete(state, channel, call),
        Route::Callback(id, ref token) => interactions::callback(state, id, token, call),
        Route::Followup(app, ref token) => interactions::followup(state, app, token, call),
        Route::Answer(app, ref token, message) => interactions::get(state, app, token, message),
        Route::EditAnswer(app, ref token, message) => interactions::edit(state, app, token, message, call),
        Route::DeleteAnswer(app, ref token, message) => interactions::delete(state, app, token, message),
    }
}
