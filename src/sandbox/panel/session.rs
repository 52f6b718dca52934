//! Who may call: accounts, session cookies, CSRF tokens, API tokens, lockout and two-factor codes.

use std::collections::HashMap;

use axum::http::{Method, StatusCode};
use chrono::DateTime;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use super::Generation;
use super::answer::{self, Answer, Handled, Refusal};
use super::call::Call;
use super::state::State;

/// Failures after which 3.x locks a pair of address and user name out.
const LOCKOUT_AFTER: usize = 5;
/// The failures must fall into this window, milliseconds.
const LOCKOUT_WINDOW: i64 = 5 * 60 * 1000;
/// How long the lock lasts, milliseconds.
const LOCKOUT_FOR: i64 = 15 * 60 * 1000;

/// One browser session. On 3.x it exists before the login, to carry the CSRF token.
#[derive(Debug, Clone)]
pub(super) struct Session {
    csrf: String,
    signed_in: bool,
    /// Killed by a password change: known, but no longer let in.
    dead: bool,
}

/// One API token of 3.x.
#[derive(Debug, Clone)]
pub(super) struct ApiToken {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) token: String,
    pub(super) enabled: bool,
    pub(super) created: i64,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Accounts {
    pub(super) username: String,
    pub(super) password: String,
    /// Base32 secret; two-factor is on when set.
    pub(super) totp_secret: Option<String>,
    pub(super) tokens: Vec<ApiToken>,
    sessions: HashMap<String, Session>,
    failures: HashMap<(String, String), Vec<i64>>,
}

/// How a request is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// A valid API token: no CSRF needed.
    Token,
    Session,
}

impl Accounts {
    /// Cookies and CSRF tokens that were ever given, and the tokens of the API.
    pub(super) fn secrets(&self) -> Vec<String> {
        let sessions = self.sessions.iter().flat_map(|(cookie, session)| [cookie.clone(), session.csrf.clone()]);
        let tokens = self.tokens.iter().map(|token| token.token.clone());
        sessions.chain(tokens).filter(|secret| !secret.is_empty()).collect()
    }

    pub(super) fn drop_sessions(&mut self) {
        self.sessions.clear();
    }

    /// Ends every session but remembers them: 3.x answers such a cookie with a fresh one beside the 404.
    fn kill_sessions(&mut self) {
        for session in self.sessions.values_mut() {
            session.dead = true;
            session.signed_in = false;
        }
    }

    fn open(&mut self, csrf: Option<String>, signed_in: bool) -> (String, String) {
        let cookie = random_text(32);
        let csrf = csrf.unwrap_or_else(|| random_text(32));
        self.sessions.insert(cookie.clone(), Session { csrf: csrf.clone(), signed_in, dead: false });
        (cookie, csrf)
    }

    fn locked_out(&self, key: &(String, String), now: i64) -> bool {
        let Some(failures) = self.failures.get(key) else { return false };
        let Some(last) = failures.last() else { return false };
        let recent = failures.iter().filter(|at| last - **at < LOCKOUT_WINDOW).count();
        recent >= LOCKOUT_AFTER && now - last < LOCKOUT_FOR
    }

    /// Whether a two-factor code is right; without a secret any code is, also none.
    fn code_is_right(&self, code: &str, now: i64) -> bool {
        let Some(secret) = &self.totp_secret else { return true };
        let Ok(secret) = totp_rs::Secret::try_from_base32(secret) else { return false };
        let seconds = u64::try_from(now / 1000).unwrap_or_default();
        totp_rs::Builder::new().with_secret(secret).build_noncompliant().check(code, seconds).is_some()
    }
}

/// Random text of the url-safe base64 alphabet from this many random bytes.
pub(super) fn random_text(bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    // A machine without randomness cannot run a sandbox either; equal values would show at once.
    let _ = getrandom::fill(&mut buffer);
    BASE64URL_NOPAD.encode(&buffer)
}

/// The `Set-Cookie` line; the path and `SameSite` changed between the generations.
fn set_cookie(state: &State, cookie: &str, now: i64, max_age: i64) -> String {
    let path = match state.generation {
        Generation::V2_6 | Generation::V2_8 => "/",
        Generation::V2_9 | Generation::V3 => &state.base,
    };
    let until = if max_age > 0 { now + max_age * 1000 } else { 1000 };
    let expires = DateTime::from_timestamp_millis(until).unwrap_or_default().format("%a, %d %b %Y %H:%M:%S GMT");
    let same_site = if state.generation == Generation::V2_6 { "" } else { "; SameSite=Lax" };
    format!("3x-ui={cookie}; Path={path}; Expires={expires}; Max-Age={max_age}; HttpOnly{same_site}")
}

/// Seconds a session cookie lives: the panel's default of 360 minutes.
const SESSION_SECONDS: i64 = 21_600;

fn cookied(state: &State, answer: Answer, cookie: &str, now: i64) -> Answer {
    answer::with_header(answer, "set-cookie", &set_cookie(state, cookie, now, SESSION_SECONDS))
}

/// `GET /csrf-token`: opens a session if the caller has none.
pub(super) fn csrf_token(state: &mut State, call: &Call) -> Answer {
    let known = call.cookie().and_then(|cookie| state.accounts.sessions.get(cookie)).filter(|session| !session.dead);
    if let Some(session) = known {
        return answer::json_body(&json!({ "success": true, "obj": session.csrf }));
    }
    let (cookie, csrf) = state.accounts.open(None, false);
    cookied(state, answer::json_body(&json!({ "success": true, "obj": csrf })), &cookie, call.now)
}

/// Whether a POST of a session carries that session's CSRF token.
pub(super) fn csrf_holds(state: &State, call: &Call) -> bool {
    let session = call.cookie().and_then(|cookie| state.accounts.sessions.get(cookie));
    session.is_some_and(|session| !session.dead && call.header("x-csrf-token") == Some(session.csrf.as_str()))
}

/// How a call to a protected route is let in, if it is.
pub(super) fn pass(state: &State, call: &Call) -> Option<Pass> {
    if state.generation == Generation::V3
        && call.route.starts_with("/panel/api/")
        && let Some(token) = call.header("authorization").and_then(|value| value.strip_prefix("Bearer "))
        && state.accounts.tokens.iter().any(|known| known.enabled && known.token == token)
    {
        return Some(Pass::Token);
    }
    let session = call.cookie().and_then(|cookie| state.accounts.sessions.get(cookie))?;
    session.signed_in.then_some(Pass::Session)
}

/// What a call without a session gets from a protected route.
pub(super) fn no_session(state: &State, call: &Call) -> Answer {
    let ajax = call.header("x-requested-with") == Some("XMLHttpRequest");
    let get = call.method == Method::GET;
    let api = call.route.starts_with("/panel/api/");
    let answer = match state.generation {
        Generation::V2_6 if ajax => {
            let body = json!({ "success": false, "msg": "Your session has expired, please log in again", "obj": null });
            answer::typed(StatusCode::UNAUTHORIZED, "application/json; charset=utf-8", body.to_string())
        }
        Generation::V2_6 => answer::redirect(StatusCode::TEMPORARY_REDIRECT, &state.base, get),
        _ if !api => answer::redirect(StatusCode::TEMPORARY_REDIRECT, &state.base, get),
        Generation::V3 if ajax => answer::empty(StatusCode::UNAUTHORIZED),
        _ => answer::empty(StatusCode::NOT_FOUND),
    };
    match call.cookie() {
        Some(cookie) if state.accounts.sessions.get(cookie).is_some_and(|known| known.dead) => {
            cookied(state, answer, cookie, call.now)
        }
        _ => answer,
    }
}

/// `POST /login`, JSON or form.
pub(super) fn login(state: &mut State, call: &Call) -> Answer {
    let v3 = state.generation == Generation::V3;
    if v3 && !csrf_holds(state, call) {
        return answer::empty(StatusCode::FORBIDDEN);
    }
    let Ok(fields) = call.fields() else {
        let article = if v3 { "input" } else { "Input" };
        return answer::failure(&format!("The {article} data format is invalid."));
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (username, password, code) = (text("username"), text("password"), text("twoFactorCode"));
    if username.is_empty() {
        return answer::failure("Username is required");
    }
    if password.is_empty() {
        return answer::failure("Password is required");
    }
    let accounts = &mut state.accounts;
    let key = (call.header("x-real-ip").unwrap_or("127.0.0.1").to_owned(), username.clone());
    let right = username == accounts.username
        && password == accounts.password
        && accounts.code_is_right(&code, call.now)
        && !(v3 && accounts.locked_out(&key, call.now));
    if !right {
        accounts.failures.entry(key).or_default().push(call.now);
        return answer::failure("Invalid username or password or two-factor code.");
    }
    accounts.failures.remove(&key);
    let csrf = call.cookie().and_then(|cookie| accounts.sessions.get(cookie)).map(|session| session.csrf.clone());
    let (cookie, _) = accounts.open(csrf, true);
    let lead = if v3 { "" } else { " " };
    let answer = answer::done(&format!("{lead}You have successfully logged into your account."));
    cookied(state, answer, &cookie, call.now)
}

/// `POST /getTwoFactorEnable`: public on 2.x, behind CSRF on 3.x.
pub(super) fn two_factor_enabled(state: &State, call: &Call) -> Answer {
    if state.generation == Generation::V3 && !csrf_holds(state, call) {
        return answer::empty(StatusCode::FORBIDDEN);
    }
    answer::object(json!(state.accounts.totp_secret.is_some()))
}

/// `/logout`: GET on 2.x, POST with CSRF on 3.x.
pub(super) fn logout(state: &mut State, call: &Call) -> Answer {
    let v3 = state.generation == Generation::V3;
    if v3 && !csrf_holds(state, call) {
        return answer::empty(StatusCode::FORBIDDEN);
    }
    if let Some(cookie) = call.cookie() {
        state.accounts.sessions.remove(cookie);
    }
    let answer = if v3 {
        answer::json_body(&json!({ "success": true }))
    } else {
        answer::redirect(StatusCode::TEMPORARY_REDIRECT, &state.base, true)
    };
    answer::with_header(answer, "set-cookie", &set_cookie(state, "", call.now, 0))
}

/// `updateUser`: another password. 3.x ends every session, 2.x none.
pub(super) fn change_credentials(state: &mut State, call: &Call) -> Handled {
    let prefix = "An error occurred while changing administrator credentials.";
    let fields = call.fields().map_err(|error| Refusal::with_prefix(prefix, error))?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("oldUsername") != state.accounts.username || text("oldPassword") != state.accounts.password {
        return Err(Refusal::with_prefix(prefix, "original user name or password is incorrect\n"));
    }
    change_password(state, text("newUsername").to_owned(), text("newPassword").to_owned());
    let answer = answer::done("You have successfully changed the credentials of the administrator.");
    Ok(match state.generation {
        Generation::V2_6 | Generation::V2_8 => answer,
        Generation::V2_9 | Generation::V3 => {
            let cookie = call.cookie().map_or_else(|| random_text(32), ToOwned::to_owned);
            cookied(state, answer, &cookie, call.now)
        }
    })
}

/// Sets name and password, with what that does to open sessions.
pub(super) fn change_password(state: &mut State, username: String, password: String) {
    state.accounts.username = username;
    state.accounts.password = password;
    if state.generation == Generation::V3 {
        state.accounts.kill_sessions();
    }
}

/// `setting/update`: of the whole page only the two-factor switch is kept.
pub(super) fn update_settings(state: &mut State, call: &Call) -> Handled {
    let fields = call.fields().map_err(|error| Refusal::with_prefix(SETTINGS, error))?;
    let wanted = fields.get("twoFactorEnable").and_then(Value::as_bool).unwrap_or(false);
    let secret = fields.get("twoFactorToken").and_then(Value::as_str).unwrap_or_default();
    let was_on = state.accounts.totp_secret.is_some();
    state.accounts.totp_secret = wanted.then(|| secret.to_owned());
    if wanted && !was_on && state.generation == Generation::V3 {
        state.accounts.kill_sessions();
    }
    Ok(answer::done(SETTINGS))
}

/// What every settings call says, also when it fails.
const SETTINGS: &str = "The parameters have been changed.";

/// `GET setting/apiTokens` of 3.x; the token itself is not shown again.
pub(super) fn list_tokens(state: &mut State, _: &Call) -> Handled {
    Ok(answer::object(state.accounts.tokens.iter().map(shown_token).collect()))
}

/// `POST setting/apiTokens/create {"name"}`.
pub(super) fn create_token(state: &mut State, call: &Call) -> Handled {
    let tokens = &mut state.accounts.tokens;
    let fields = call.fields().map_err(|error| Refusal::with_prefix(SETTINGS, error))?;
    let name = fields.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    if name.is_empty() {
        return Err(Refusal::with_prefix(SETTINGS, "token name is required\n"));
    }
    if tokens.iter().any(|token| token.name == name) {
        return Err(Refusal::with_prefix(SETTINGS, "a token with that name already exists\n"));
    }
    let id = tokens.iter().map(|token| token.id).max().unwrap_or_default() + 1;
    let token = ApiToken { id, name, token: random_text(36), enabled: true, created: call.now / 1000 };
    let mut shown = shown_token(&token);
    shown["token"] = json!(token.token);
    tokens.push(token);
    Ok(answer::object(shown))
}

/// `POST setting/apiTokens/setEnabled/:id {"enabled"}`.
pub(super) fn enable_token(state: &mut State, call: &Call) -> Handled {
    let fields = call.fields().map_err(|error| Refusal::with_prefix(SETTINGS, error))?;
    let enabled = fields.get("enabled").and_then(Value::as_bool).unwrap_or(false);
    let id = call.segment(5);
    for token in state.accounts.tokens.iter_mut().filter(|token| token.id.to_string() == id) {
        token.enabled = enabled;
    }
    Ok(answer::done(SETTINGS))
}

/// `POST setting/apiTokens/delete/:id`; a missing one is success too.
pub(super) fn delete_token(state: &mut State, call: &Call) -> Handled {
    let id = call.segment(5);
    state.accounts.tokens.retain(|token| token.id.to_string() != id);
    Ok(answer::done(SETTINGS))
}

fn shown_token(token: &ApiToken) -> Value {
    json!({ "id": token.id, "name": token.name, "enabled": token.enabled, "createdAt": token.created })
}
