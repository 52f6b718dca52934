//! Which paths exist on which generation, and who may call them.

use axum::http::{Method, StatusCode};

use super::Generation;
use super::answer::{self, Answer, Handled};
use super::call::Call;
use super::session::{self, Pass};
use super::state::State;
use super::{hosts, inbounds, server, v2, v3};

type Handler = fn(&mut State, &Call) -> Handled;

/// Answers one request. The second value says what was strange about it, if anything.
pub(super) fn answer(state: &mut State, call: &Call) -> (Answer, Option<String>) {
    let get = call.method == Method::GET;
    if let Some(answer) = public(state, call) {
        return (answer, None);
    }
    let unknown = |state: &State| {
        let problem = format!("unknown route: {} {} on {:?}", call.method, call.route, state.generation);
        // Asking for these is how a client tells the generations apart.
        let probing = ["/csrf-token", "/panel/api/server/status", "/server/status"].contains(&call.route.as_str());
        (answer::not_found(state.generation), (!probing).then_some(problem))
    };
    let bulk = call.route.contains("/clients/bulk") && !call.route.ends_with("Adjust");
    let too_new = bulk && !state.has_bulk_switch() || call.route.contains("/api/hosts/") && !state.has_hosts();
    let found = find(state.generation, &call.method, &call.route, &call.segments()).filter(|_| !too_new);
    let Some(handler) = found else {
        let bare = call.route.trim_end_matches('/');
        let slashed = call.route.len() == bare.len() + 1;
        if slashed && find(state.generation, &call.method, bare, &segments_of(bare)).is_some() {
            let status = if get { StatusCode::MOVED_PERMANENTLY } else { StatusCode::TEMPORARY_REDIRECT };
            let to = format!("{}{bare}", state.base.trim_end_matches('/'));
            return (
                answer::redirect(status, &to, get),
                Some(format!("trailing slash: {} {}", call.method, call.route)),
            );
        }
        return unknown(state);
    };
    let Some(pass) = session::pass(state, call) else { return (session::no_session(state, call), None) };
    let v3 = state.generation == Generation::V3;
    let capabilities = |answer| if v3 { answer::with_header(answer, "x-3x-node-caps", "zstd") } else { answer };
    if v3 && pass == Pass::Session && !get && !session::csrf_holds(state, call) {
        return (capabilities(answer::empty(StatusCode::FORBIDDEN)), None);
    }
    let answer = handler(state, call).unwrap_or_else(|refusal| answer::refused(&refusal));
    (capabilities(answer), None)
}

fn segments_of(route: &str) -> Vec<String> {
    route.split('/').skip(1).map(ToOwned::to_owned).collect()
}

/// Routes that need no session.
fn public(state: &mut State, call: &Call) -> Option<Answer> {
    let v3 = state.generation == Generation::V3;
    let to_panel =
        |state: &State| answer::redirect(StatusCode::TEMPORARY_REDIRECT, &format!("{}panel/", state.base), true);
    Some(match (call.method.as_str(), call.route.as_str()) {
        ("GET", "/") if session::pass(state, call).is_some() => to_panel(state),
        ("GET", "/") => answer::login_page(),
        ("GET", "/panel/") if session::pass(state, call).is_some() => answer::login_page(),
        ("GET", "/panel/") => session::no_session(state, call),
        ("GET", "/csrf-token") if v3 => session::csrf_token(state, call),
        ("POST", "/login") => session::login(state, call),
        ("POST", "/getTwoFactorEnable") => session::two_factor_enabled(state, call),
        ("POST", "/logout") if v3 => session::logout(state, call),
        ("GET", "/logout") if !v3 => session::logout(state, call),
        _ => return None,
    })
}

/// The handler of a protected route, if the generation has it.
fn find(generation: Generation, method: &Method, route: &str, segments: &[String]) -> Option<Handler> {
    if segments.iter().any(String::is_empty) || route.contains("//") {
        return None;
    }
    let pieces: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = method.as_str();
    match generation {
        Generation::V3 => find_v3(method, &pieces),
        Generation::V2_6 => find_2_6(method, &pieces).or_else(|| find_v2(method, &pieces)),
        Generation::V2_8 | Generation::V2_9 => find_2_8(method, &pieces).or_else(|| find_v2(method, &pieces)),
    }
}

/// What every 2.x has.
fn find_v2(method: &str, pieces: &[&str]) -> Option<Handler> {
    if let ["panel", "setting", rest] = pieces {
        return match (method, *rest) {
            ("POST", "defaultSettings") => Some(server::default_settings),
            ("POST", "updateUser") => Some(session::change_credentials),
            ("POST", "update") => Some(session::update_settings),
            ("POST", "restartPanel") => Some(server::restart_panel),
            _ => None,
        };
    }
    let ["panel", "api", "inbounds", rest @ ..] = pieces else { return None };
    Some(match (method, rest) {
        ("GET", ["list"]) => inbounds::list,
        ("GET", ["get", _]) => inbounds::get,
        ("POST", ["add"]) => inbounds::add,
        ("POST", ["addClient"]) => v2::add,
        ("POST", ["updateClient", _]) => v2::update,
        ("POST", [_, "delClient", _]) => v2::delete,
        ("GET", ["getClientTraffics", _]) => v2::traffic,
        ("GET", ["getClientTrafficsById", _]) => v2::traffic_by_uuid,
        ("POST", [_, "resetClientTraffic", _]) => v2::reset,
        ("POST", ["resetAllClientTraffics", _]) => v2::reset_all,
        ("POST", ["updateClientTraffic", _]) => v2::set_traffic,
        ("POST", ["clientIps", _]) => v2::ips,
        ("POST", ["onlines"]) => v2::onlines,
        _ => return None,
    })
}

/// What only 2.6 and before have.
fn find_2_6(method: &str, pieces: &[&str]) -> Option<Handler> {
    Some(match (method, pieces) {
        ("POST", ["server", "status"]) => server::status,
        ("POST", ["server", "stopXrayService"]) => server::stop_xray,
        ("POST", ["server", "restartXrayService"]) => server::restart_xray,
        _ => return None,
    })
}

/// What came with 2.7 and 2.8 and stayed.
fn find_2_8(method: &str, pieces: &[&str]) -> Option<Handler> {
    Some(match (method, pieces) {
        ("POST", ["panel", "api", "inbounds", _, "delClientByEmail", _]) => v2::delete_by_email,
        ("POST", ["panel", "api", "inbounds", "lastOnline"]) => v2::last_online,
        _ => return find_server(method, pieces),
    })
}

/// Server routes since 2.7.
fn find_server(method: &str, pieces: &[&str]) -> Option<Handler> {
    let ["panel", "api", "server", rest] = pieces else { return None };
    Some(match (method, *rest) {
        ("GET", "status") => server::status,
        ("POST", "stopXrayService") => server::stop_xray,
        ("POST", "restartXrayService") => server::restart_xray,
        _ => return None,
    })
}

/// What 3.1 and later have.
fn find_v3(method: &str, pieces: &[&str]) -> Option<Handler> {
    let ["panel", "api", rest @ ..] = pieces else { return None };
    Some(match (method, rest) {
        ("GET", ["inbounds", "list"]) => inbounds::list,
        ("GET", ["inbounds", "list", "slim"]) => inbounds::slim,
        ("GET", ["hosts", "list"]) => hosts::list,
        ("GET", ["hosts", "byInbound", _]) => hosts::by_inbound,
        ("GET", ["inbounds", "options"]) => inbounds::options,
        ("GET", ["inbounds", "get", _]) => inbounds::get,
        ("POST", ["inbounds", "add"]) => inbounds::add,
        ("GET", ["clients", "list"]) => v3::list,
        ("GET", ["clients", "list", "paged"]) => v3::paged,
        ("GET", ["clients", "get", _]) => v3::get,
        ("GET", ["clients", "traffic", _]) => v3::traffic,
        ("GET", ["clients", "links", _]) => v3::links,
        ("GET", ["clients", "subLinks", _]) => v3::sub_links,
        ("POST", ["clients", "add"]) => v3::add,
        ("POST", ["clients", "update", _]) => v3::update,
        ("POST", ["clients", "del", _]) => v3::delete,
        ("POST", ["clients", "bulkEnable"]) => v3::bulk_enable,
        ("POST", ["clients", "bulkDisable"]) => v3::bulk_disable,
        ("POST", ["clients", "bulkAdjust"]) => v3::bulk_adjust,
        ("POST", ["clients", "resetTraffic", _]) => v3::reset,
        ("POST", ["clients", "updateTraffic", _]) => v2::set_traffic,
        ("POST", ["clients", _, "attach"]) => v3::attach,
        ("POST", ["clients", _, "detach"]) => v3::detach,
        ("POST", ["clients", "ips", _] | ["clients", "onlines"]) => v3::nobody,
        ("POST", ["clients", "lastOnline"]) => v2::last_online,
        ("POST", ["setting", "defaultSettings"]) => server::default_settings,
        ("POST", ["setting", "updateUser"]) => session::change_credentials,
        ("POST", ["setting", "update"]) => session::update_settings,
        ("POST", ["setting", "restartPanel"]) => server::restart_panel,
        ("GET", ["setting", "apiTokens"]) => session::list_tokens,
        ("POST", ["setting", "apiTokens", "create"]) => session::create_token,
        ("POST", ["setting", "apiTokens", "setEnabled", _]) => session::enable_token,
        ("POST", ["setting", "apiTokens", "delete", _]) => session::delete_token,
        ("GET", ["server", "getNewUUID"]) => server::new_uuid,
        _ => return find_server(method, pieces),
    })
}

/// Whether a request may change clients or inbounds: what must be serialised, and what a kill test counts.
pub(super) fn is_write(method: &Method, route: &str) -> bool {
    const READS: [&str; 4] = ["/onlines", "/lastOnline", "/clientIps/", "/ips/"];
    *method == Method::POST
        && (route.contains("/inbounds/") || route.contains("/clients/"))
        && !READS.iter().any(|read| route.contains(read))
}
