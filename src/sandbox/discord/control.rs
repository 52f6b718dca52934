//! The director's side: building the guild, ordering faults, waiting for what becomes of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde_json::json;

use super::gateway::{Faults, Frame};
use super::record::{Fault, Request, RequestInfo, Rule};
use super::state::{Channel, Id, Kind, Member, Overwrite, Role, State, User};
use super::view::View;
use super::{Discord, Options, Person, permission, system_millis};

/// Most people's accounts are older than today: a year, in milliseconds.
const YEAR: u64 = 365 * 24 * 60 * 60 * 1000;

/// The guild as it starts: its owner Hala, the bot with its role, `@everyone`.
pub(super) fn first_state(options: &Options) -> State {
    let now = options.clock.clone().unwrap_or_else(|| Arc::new(system_millis));
    let mut state = State {
        guild: 0,
        guild_name: options.guild_name.clone(),
        owner: 0,
        app: 0,
        bot: 0,
        token: String::new(),
        users: BTreeMap::new(),
        members: BTreeMap::new(),
        roles: BTreeMap::new(),
        channels: BTreeMap::new(),
        messages: HashMap::new(),
        commands: Vec::new(),
        shows_all_commands: false,
        interactions: HashMap::new(),
        tokens: HashMap::new(),
        uploads: HashMap::new(),
        sessions: Vec::new(),
        presence: None,
        file_host: super::wire::CDN,
        intents: 0,
        portal: options.portal,
        requests: Vec::new(),
        rules: Vec::new(),
        buckets: HashMap::new(),
        problems: Vec::new(),
        names: Arc::new(HashMap::new()),
        faults: Faults::default(),
        now,
        last_id: 0,
    };
    state.guild = state.next_id();
    state.add_role(state.guild, "@everyone", permission::EVERYONE);
    let owner = state.add_person("Hala", false, YEAR);
    state.owner = owner;
    state.bot = state.add_person(&options.bot_name, true, YEAR);
    state.app = state.bot;
    let role = state.next_id();
    state.add_role(role, &options.bot_name, options.bot_permissions);
    if let Some(member) = state.members.get_mut(&state.bot) {
        member.roles.push(role);
    }
    let id = data_encoding::BASE64URL_NOPAD.encode(state.bot.to_string().as_bytes());
    let secret = super::wire::signature("token", state.bot, &state.guild.to_string());
    state.token = format!("{id}.Gsandb.{}", &secret[..38]);
    state
}

impl State {
    fn add_role(&mut self, id: Id, name: &str, permissions: u64) {
        let position = u64::try_from(self.roles.len()).unwrap_or(0);
        self.name(id, name);
        self.roles.insert(id, Role { id, name: name.to_owned(), permissions, position, mentionable: false });
    }

    /// A person, or a bot, whose account is `age` milliseconds old.
    fn add_person(&mut self, name: &str, bot: bool, age: u64) -> Id {
        let id = self.next_id();
        // A clock that has hardly begun leaves no room for a past.
        let id = id.checked_sub(age << 22).unwrap_or(id);
        let user = User {
            id,
            username: name.to_lowercase().replace(' ', "_"),
            global_name: (!bot).then(|| name.to_owned()),
            bot,
            locale: "en-US".into(),
            dms_open: true,
        };
        self.name(id, name);
        self.users.insert(id, user);
        let joined = self.now();
        self.members.insert(id, Member { roles: Vec::new(), joined });
        id
    }
}

impl Discord {
    /// The HTTP proxy through which `https://discord.com` is this sandbox.
    pub fn proxy_url(&self) -> &str {
        &self.proxy_url
    }

    /// The root certificate to trust, in PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The gateway's `ws://` address.
    pub fn gateway_url(&self) -> &str {
        &self.shared.gateway_url
    }

    /// The bot's token, without `Bot `.
    pub fn bot_token(&self) -> String {
        self.shared.look(|state| state.token.clone())
    }

    pub fn guild(&self) -> Id {
        self.shared.look(|state| state.guild)
    }

    pub fn application_id(&self) -> Id {
        self.shared.look(|state| state.app)
    }

    pub fn bot_id(&self) -> Id {
        self.shared.look(|state| state.bot)
    }

    pub fn owner(&self) -> Person {
        self.person(self.shared.look(|state| state.owner))
    }

    /// A handle for a person by id.
    pub fn person(&self, id: Id) -> Person {
        Person { shared: Arc::clone(&self.shared), id }
    }

    /// A new member with these roles.
    pub fn member(&self, name: &str, roles: &[Id]) -> Person {
        let id = self.shared.change(|state| {
            let id = state.add_person(name, false, YEAR);
            if let Some(member) = state.members.get_mut(&id) {
                member.roles = roles.to_vec();
            }
            id
        });
        self.person(id)
    }

    /// Somebody whose account was made a moment ago.
    pub fn newcomer(&self, name: &str) -> Person {
        let id = self.shared.change(|state| state.add_person(name, false, 0));
        self.person(id)
    }

    pub fn role(&self, name: &str, permissions: u64) -> Id {
        self.shared.change(|state| {
            let id = state.next_id();
            state.add_role(id, name, permissions);
            id
        })
    }

    /// Changes what a role may do; `@everyone` is the guild's id.
    pub fn set_role_permissions(&self, role: Id, permissions: u64) {
        self.shared.change(|state| {
            if let Some(role) = state.roles.get_mut(&role) {
                role.permissions = permissions;
            }
        });
    }

    /// Whether anyone may mention a role (Discord's reference, "Role Object", `mentionable`; "Allow anyone to
    /// @mention this role" in its settings). One that is not is rung only by who has `MENTION_EVERYONE`, which
    /// the settings call "Mention @everyone, @here, and All Roles".
    pub fn set_role_mentionable(&self, role: Id, mentionable: bool) {
        self.shared.change(|state| {
            if let Some(role) = state.roles.get_mut(&role) {
                role.mentionable = mentionable;
            }
        });
    }

    /// Changes what the bot's own role may do.
    pub fn set_bot_permissions(&self, permissions: u64) {
        let role = self.shared.look(|state| {
            let member = state.members.get(&state.bot)?;
            member.roles.first().copied()
        });
        if let Some(role) = role {
            self.set_role_permissions(role, permissions);
        }
    }

    pub fn category(&self, name: &str, overwrites: &[Overwrite]) -> Id {
        self.add(Kind::Category, name, None, overwrites)
    }

    pub fn text_channel(&self, name: &str, parent: Option<Id>, overwrites: &[Overwrite]) -> Id {
        self.add(Kind::Text, name, parent, overwrites)
    }

    /// Gives a channel a topic, past what Discord allows in ten minutes.
    pub fn set_topic(&self, channel: Id, topic: &str) {
        self.shared.change(|state| {
            if let Some(channel) = state.channels.get_mut(&channel) {
                channel.topic = Some(topic.to_owned());
            }
        });
    }

    fn add(&self, kind: Kind, name: &str, parent: Option<Id>, overwrites: &[Overwrite]) -> Id {
        self.shared.change(|state| {
            let id = state.next_id();
            let name = name.to_owned();
            let overwrites = overwrites.to_vec();
            let (topic, recipient, renamed) = (None, None, Vec::new());
            state.add_channel(Channel {
                id,
                kind,
                name,
                topic,
                parent,
                position: 0,
                overwrites,
                recipient,
                slow: 0,
                renamed,
            });
            id
        })
    }

    /// Sets or replaces an overwrite, whoever may do so.
    pub fn set_overwrite(&self, channel: Id, overwrite: Overwrite) {
        self.shared.change(|state| {
            let seen = state.channels.get(&channel).is_some_and(|at| state.bot_sees(at));
            if let Some(at) = state.channels.get_mut(&channel) {
                at.overwrites.retain(|one| one.id != overwrite.id);
                at.overwrites.push(overwrite);
            }
            // Also of a channel that was closed to the bot just now.
            if let Some(at) = state.channels.get(&channel).filter(|at| seen || state.bot_sees(at)) {
                let data = state.channel_json(at);
                state.emit("CHANNEL_UPDATE", super::gateway::GUILDS, &data);
            }
        });
    }

    /// Overwrites that hide a channel from everybody but the owner, administrators and the bot.
    pub fn private(&self) -> Vec<Overwrite> {
        self.shared.look(|state| {
            let everyone =
                Overwrite { id: state.guild, target: super::Target::Role, allow: 0, deny: permission::VIEW_CHANNEL };
            let bot = Overwrite {
                id: state.bot,
                target: super::Target::Member,
                allow: permission::BOT & !permission::MANAGE_ROLES,
                deny: 0,
            };
            vec![everyone, bot]
        })
    }

    /// Switches a privileged intent in the portal; sessions that exist keep theirs.
    pub fn set_portal(&self, portal: super::Portal) {
        self.shared.change(|state| state.portal = portal);
    }

    pub fn look<T>(&self, with: impl FnOnce(&View<'_>) -> T) -> T {
        self.shared.look(|state| with(&View(state)))
    }

    /// Waits until `find` finds something; it is called after every change. The error names `what`.
    pub async fn until<T>(
        &self,
        what: &str,
        patience: Duration,
        mut find: impl FnMut(&View<'_>) -> Option<T>,
    ) -> anyhow::Result<T> {
        self.shared.until_by(what, patience, |state| find(&View(state))).await
    }

    /// Waits until the bot has registered its commands and is connected.
    pub async fn ready(&self, patience: Duration) -> anyhow::Result<()> {
        self.until("the bot to be ready", patience, |view| {
            (view.bot_online() && !view.commands().is_empty()).then_some(())
        })
        .await
    }

    /// What neither Discord nor the sandbox knows, and what a well-behaved bot does not do. Empty when all is well.
    pub fn problems(&self) -> Vec<String> {
        self.shared.look(|state| state.problems.clone())
    }

    /// Takes the problems out, for a test that provoked them.
    pub fn take_problems(&self) -> Vec<String> {
        self.shared.change(|state| std::mem::take(&mut state.problems))
    }

    /// All requests in order of arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.look(|state| state.requests.clone())
    }

    /// How many requests have arrived.
    pub fn request_count(&self) -> u64 {
        self.shared.look(|state| u64::try_from(state.requests.len()).unwrap_or(u64::MAX))
    }

    /// Asks this about every request before it is handled. Replaces the one before.
    pub fn on_request(&self, hook: impl Fn(&RequestInfo) -> Fault + Send + Sync + 'static) {
        *self.shared.hook.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(hook));
    }

    pub fn no_faults(&self) {
        *self.shared.hook.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.shared.change(|state| state.rules.clear());
    }

    /// Strikes the next `times` requests whose method is `method` (empty: any) and whose path or route contains `part`.
    pub fn fail_next(&self, method: &str, part: &str, times: u32, fault: Fault) {
        let rule = Rule { method: method.to_owned(), part: part.to_owned(), left: times, fault };
        self.shared.change(|state| state.rules.push(rule));
    }

    /// Cuts the gateway's connections without a close frame. Sessions can be resumed.
    pub fn cut_gateway(&self) {
        self.to_gateway(&Frame::Cut);
    }

    /// Closes the gateway's connections with a code.
    pub fn close_gateway(&self, code: u16) {
        self.to_gateway(&Frame::Close(code, "closed by the sandbox"));
    }

    /// Op 7: asks the bot to reconnect and resume.
    pub fn reconnect_gateway(&self) {
        self.to_gateway(&Frame::Text(json!({ "op": 7, "d": null }).to_string(), None));
    }

    /// Op 9: the session is over, the bot must identify anew.
    pub fn invalidate_session(&self) {
        self.to_gateway(&Frame::Text(json!({ "op": 9, "d": false }).to_string(), None));
        self.shared.change(|state| state.sessions.clear());
    }

    fn to_gateway(&self, frame: &Frame) {
        self.shared.change(|state| state.sessions.iter().for_each(|session| session.write(frame.clone())));
    }

    /// Stops (or starts) acknowledging heartbeats.
    pub fn silent_heartbeats(&self, silent: bool) {
        self.shared.change(|state| state.faults.silent_heartbeats = silent);
    }

    /// Answers every RESUME with op 9 (or no more).
    pub fn refuse_resume(&self, refuse: bool) {
        self.shared.change(|state| state.faults.refuse_resume = refuse);
    }

    /// Lets no gateway connection in (or again).
    pub fn refuse_connections(&self, refuse: bool) {
        self.shared.change(|state| state.faults.refuse_connections = refuse);
    }

    /// Holds events back while `deaf`; afterwards they are delivered in order.
    pub fn deaf(&self, deaf: bool) {
        self.shared.change(|state| {
            state.faults.deaf = deaf;
            if deaf {
                return;
            }
            for session in &mut state.sessions {
                for frame in std::mem::take(&mut session.held) {
                    session.write(frame);
                }
            }
        });
    }

    /// Throws held events away: the bot never hears of them.
    pub fn forget_held_events(&self) {
        self.shared.change(|state| {
            for session in &mut state.sessions {
                let held = std::mem::take(&mut session.held).len();
                let keep = session.kept.len().saturating_sub(held);
                session.kept.truncate(keep);
            }
        });
    }

    /// Forgets every nonce, as Discord does after some minutes: from now on a message sent again is a second one.
    pub fn forget_nonces(&self) {
        self.shared.change(|state| {
            state.messages.values_mut().flat_map(|all| all.values_mut()).for_each(|message| message.nonce = None);
        });
    }

    /// Tells whoever waits that time was moved by the clock given in [`Options`].
    pub fn time_moved(&self) {
        self.shared.change(|_| ());
    }
}
