//! The gateway: HELLO, IDENTIFY, READY, heartbeats, RESUME, and events filtered by intents.
//!
//! A session outlives its connection, so that RESUME can replay. What is wrong with a client's frames closes the
//! connection with Discord's code; what the sandbox does not know is also recorded as a problem.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::state::{Id, State};

/// Intent: the guild, its roles and channels.
pub(super) const GUILDS: u64 = 1;
/// Intent: members (privileged).
pub(super) const GUILD_MEMBERS: u64 = 1 << 1;
/// Intent: presences (privileged).
pub(super) const GUILD_PRESENCES: u64 = 1 << 8;
/// Intent: messages in the guild.
pub(super) const GUILD_MESSAGES: u64 = 1 << 9;
pub(super) const DIRECT_MESSAGES: u64 = 1 << 12;
/// Intent: content of messages (privileged).
pub(super) const MESSAGE_CONTENT: u64 = 1 << 15;
pub(super) const KNOWN_INTENTS: u64 = 0x0331_FFFF;

/// How many events a session keeps for RESUME.
const REPLAY: usize = 2000;

/// What is wrong with the gateway just now.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Debug, Clone, Default)]
pub(super) struct Faults {
    pub(super) silent_heartbeats: bool,
    pub(super) refuse_resume: bool,
    pub(super) refuse_connections: bool,
    pub(super) deaf: bool,
    /// Messages are announced without the guild that they are in.
    pub(super) omits_guilds: bool,
    /// The bot's membership while it is out of the guild.
    pub(super) kicked: Option<super::state::Member>,
    /// The bot shares another guild with everybody.
    pub(super) elsewhere: bool,
}

/// What the connection task writes next.
#[derive(Debug, Clone)]
pub(super) enum Frame {
    /// A frame's text; an interaction's id when its three seconds begin with it.
    Text(String, Option<Id>),
    Close(u16, &'static str),
    /// The end of the connection, without a close frame.
    Cut,
}

/// A session of the bot.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) intents: u64,
    pub(super) seq: u64,
    pub(super) kept: VecDeque<(u64, Frame)>,
    /// The connection it is on now, by number.
    pub(super) line: Option<(u64, mpsc::UnboundedSender<Frame>)>,
    /// Events held back while the bot is deaf.
    pub(super) held: Vec<Frame>,
}

impl Session {
    pub(super) fn send(&mut self, name: &str, data: &Value, interaction: Option<Id>, deaf: bool) {
        self.seq += 1;
        let text = json!({ "op": 0, "t": name, "s": self.seq, "d": data }).to_string();
        let frame = Frame::Text(text, interaction);
        if self.kept.len() == REPLAY {
            self.kept.pop_front();
        }
        self.kept.push_back((self.seq, frame.clone()));
        if deaf {
            self.held.push(frame);
        } else {
            self.write(frame);
        }
    }

    pub(super) fn write(&self, frame: Frame) {
        if let Some((_, line)) = &self.line {
            // A connection that is gone misses it; RESUME replays.
            let _ = line.send(frame);
        }
    }
}

impl State {
    /// Sends an event to the sessions with the intent.
    pub(super) fn emit(&mut self, name: &'static str, intent: u64, data: &Value) {
        self.emit_by_content(name, intent, data, data);
    }

    /// Sends an event: `full` to sessions with the Message Content intent, `bare` to the others.
    pub(super) fn emit_by_content(&mut self, name: &'static str, intent: u64, full: &Value, bare: &Value) {
        let deaf = self.faults.deaf;
        for session in &mut self.sessions {
            if intent == 0 || session.intents & intent != 0 {
                let data = if session.intents & MESSAGE_CONTENT == 0 { bare } else { full };
                session.send(name, data, None, deaf);
            }
        }
    }

    /// Sends an interaction to the newest session that is connected (an application has one per shard). `false` when none is.
    pub(super) fn emit_interaction(&mut self, id: Id, data: &Value) -> bool {
        let deaf = self.faults.deaf;
        let Some(session) = self.sessions.iter_mut().rev().find(|session| session.line.is_some()) else { return false };
        session.send("INTERACTION_CREATE", data, Some(id), deaf);
        true
    }

    /// Whether a session is connected.
    pub(super) fn online(&self) -> bool {
        self.sessions.iter().any(|session| session.line.is_some())
    }

    /// Checks the fields of IDENTIFY. `Err` is the close code.
    fn identify(&mut self, d: &Value, line: (u64, mpsc::UnboundedSender<Frame>)) -> Result<(), (u16, &'static str)> {
        let known = ["token", "properties", "compress", "large_threshold", "shard", "presence", "intents"];
        self.check_fields("IDENTIFY", d, &known);
        if !same_token(d, &self.token) {
            return Err((4004, "Authentication failed."));
        }
        for part in ["os", "browser", "device"] {
            if !d["properties"][part].is_string() {
                self.problem(format!("IDENTIFY without properties.{part}"));
            }
        }
        if let Some(shard) = d.get("shard").filter(|shard| !shard.is_null())
            && *shard != json!([0, 1])
        {
            return Err((4010, "Invalid shard."));
        }
        let Some(intents) = d["intents"].as_u64().filter(|bits| bits & !KNOWN_INTENTS == 0) else {
            return Err((4013, "Invalid intent(s)."));
        };
        let portal = self.portal;
        let privileged = [
            (MESSAGE_CONTENT, portal.message_content),
            (GUILD_MEMBERS, portal.members),
            (GUILD_PRESENCES, portal.presences),
        ];
        if privileged.iter().any(|(bit, allowed)| intents & bit != 0 && !allowed) {
            return Err((4014, "Disallowed intent(s)."));
        }
        self.intents = intents;
        self.presence = d.get("presence").cloned();
        let number = self.next_id();
        let id = format!("{number:032x}");
        let shard = d.get("shard").cloned().unwrap_or_else(|| json!([0, 1]));
        let at_home = self.members.contains_key(&self.bot);
        let guilds = at_home.then(|| json!({ "id": self.guild.to_string(), "unavailable": true }));
        let ready = json!({
            "v": 10, "user": self.user_json_by_id(self.bot), "session_id": id, "session_type": "normal",
            "resume_gateway_url": "wss://gateway.sandbox.invalid", "shard": shard, "private_channels": [],
            "presences": [], "relationships": [], "user_settings": {}, "guild_join_requests": [],
            "guilds": guilds.into_iter().collect::<Vec<_>>(),
            "application": { "id": self.app.to_string(), "flags": self.portal.flags() },
        });
        let mut session = Session { id, intents, seq: 0, kept: VecDeque::new(), line: Some(line), held: Vec::new() };
        session.send("READY", &ready, None, false);
        if intents & GUILDS != 0 && at_home {
            let guild = self.guild_create_json();
            session.send("GUILD_CREATE", &guild, None, false);
        }
        self.sessions.push(session);
        Ok(())
    }

    /// Replays what was missed, or answers with op 9.
    fn resume(&mut self, d: &Value, line: (u64, mpsc::UnboundedSender<Frame>)) -> Result<(), (u16, &'static str)> {
        self.check_fields("RESUME", d, &["token", "session_id", "seq"]);
        if !same_token(d, &self.token) {
            return Err((4004, "Authentication failed."));
        }
        let refused = self.faults.refuse_resume;
        let wanted = d["session_id"].as_str().unwrap_or_default();
        let seq = d["seq"].as_u64().unwrap_or(u64::MAX);
        let Some(at) = self.sessions.iter().position(|session| session.id == wanted) else {
            invalid(&line.1);
            return Ok(());
        };
        let session = &mut self.sessions[at];
        if seq > session.seq {
            return Err((4007, "Invalid seq."));
        }
        let oldest = session.kept.front().map_or(0, |(first, _)| *first);
        if refused || seq + 1 < oldest {
            self.sessions.remove(at);
            invalid(&line.1);
            return Ok(());
        }
        session.line = Some(line);
        session.held.clear();
        for (_, frame) in session.kept.iter().filter(|(n, _)| *n > seq) {
            session.write(frame.clone());
        }
        session.send("RESUMED", &json!({}), None, false);
        Ok(())
    }

    fn identified(&self, conn: &Connection) -> bool {
        self.sessions.iter().any(|session| session.line.as_ref().is_some_and(|(number, _)| *number == conn.number))
    }

    fn check_fields(&mut self, what: &str, d: &Value, known: &[&str]) {
        let unknown: Vec<_> =
            d.as_object().into_iter().flat_map(|map| map.keys()).filter(|key| !known.contains(&key.as_str())).collect();
        if !unknown.is_empty() {
            self.problems.push(format!("{what} with unknown fields {unknown:?}"));
        }
    }

    /// Handles a frame of the client. `Err` closes the connection.
    pub(super) fn frame(&mut self, conn: &mut Connection, text: &str) -> Result<(), (u16, &'static str)> {
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            return Err((4002, "Error while decoding payload."));
        };
        self.check_fields("gateway frame", &frame, &["op", "d", "s", "t"]);
        conn.sent.retain(|at| at.elapsed() < Duration::from_mins(1));
        conn.sent.push(Instant::now());
        if conn.sent.len() > 120 {
            return Err((4008, "You are being rate limited."));
        }
        let d = &frame["d"];
        let line = (conn.number, conn.out.clone());
        match frame["op"].as_u64() {
            Some(1) => {
                if !self.faults.silent_heartbeats {
                    let _ = conn.out.send(Frame::Text(json!({ "op": 11 }).to_string(), None));
                }
                Ok(())
            }
            Some(2) if self.identified(conn) => Err((4005, "Already authenticated.")),
            Some(2) => self.identify(d, line),
            Some(6) => self.resume(d, line),
            Some(3) if self.identified(conn) => {
                self.check_fields("presence update", d, &["since", "activities", "status", "afk"]);
                if !["online", "dnd", "idle", "invisible", "offline"].iter().any(|known| d["status"] == **known) {
                    return Err((4002, "Error while decoding payload."));
                }
                self.presence = Some(d.clone());
                Ok(())
            }
            Some(3) => Err((4003, "Not authenticated.")),
            other => {
                self.problem(format!("gateway opcode {other:?}, which the sandbox does not know"));
                Err((4001, "Unknown opcode."))
            }
        }
    }
}

/// Op 9: the session is gone; the client identifies anew on the same connection or another.
fn invalid(line: &mpsc::UnboundedSender<Frame>) {
    let _ = line.send(Frame::Text(json!({ "op": 9, "d": false }).to_string(), None));
}

fn same_token(d: &Value, token: &str) -> bool {
    d["token"].as_str().is_some_and(|sent| sent.strip_prefix("Bot ").unwrap_or(sent) == token)
}

/// One connection of a client.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) number: u64,
    pub(super) out: mpsc::UnboundedSender<Frame>,
    pub(super) sent: Vec<Instant>,
}
