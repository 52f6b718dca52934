//! The gateway's sockets: plain `ws://` on loopback.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{RawQuery, State as Shelf};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt as _;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::Shared;
use super::gateway::{Connection, Frame};

/// Serves the gateway: `GET /?v=10` upgrades.
pub(super) async fn serve_on(listener: TcpListener, shared: Arc<Shared>) {
    let router = Router::new().route("/", get(upgrade)).with_state(shared);
    // Without TCP_NODELAY a pair of small frames takes 40 ms.
    let listener = listener.tap_io(|socket| {
        let _ = socket.set_nodelay(true);
    });
    let _ = axum::serve(listener, router).await;
}

async fn upgrade(Shelf(shared): Shelf<Arc<Shared>>, RawQuery(query): RawQuery, socket: WebSocketUpgrade) -> Response {
    if shared.change(|state| state.faults.refuse_connections) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let query = query.unwrap_or_default();
    let mut version = None;
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match key.as_ref() {
            "v" => version = Some(value.to_string()),
            "encoding" if value == "json" => {}
            _ => shared.change(|state| state.problem(format!("gateway asked for with {key}={value}"))),
        }
    }
    let good = version.as_deref() == Some("10");
    socket.on_upgrade(move |socket| serve(shared, socket, good))
}

async fn serve(shared: Arc<Shared>, mut socket: WebSocket, good_version: bool) {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    if !good_version {
        close(&mut socket, 4012, "Invalid API version").await;
        return;
    }
    let (out, mut frames) = mpsc::unbounded_channel();
    let mut connection = Connection { number: NUMBER.fetch_add(1, Ordering::Relaxed), out, sent: Vec::new() };
    let interval = u64::try_from(shared.heartbeat_interval.as_millis()).unwrap_or(41_250);
    let hello = json!({ "op": 10, "d": { "heartbeat_interval": interval } }).to_string();
    let mut open = socket.send(Message::Text(hello.into())).await.is_ok();
    let mut down = shared.down.subscribe();
    while open {
        tokio::select! {
            frame = frames.recv() => open = write(&shared, &mut socket, frame).await,
            message = socket.recv() => open = read(&shared, &mut socket, &mut connection, message).await,
            _ = down.changed() => open = false,
        }
    }
    shared.change(|state| {
        for session in &mut state.sessions {
            if session.line.as_ref().is_some_and(|(number, _)| *number == connection.number) {
                session.line = None;
            }
        }
    });
}

/// Writes a frame. `false` ends the connection.
async fn write(shared: &Shared, socket: &mut WebSocket, frame: Option<Frame>) -> bool {
    match frame {
        Some(Frame::Text(text, interaction)) => {
            if let Some(id) = interaction {
                shared.change(|state| state.interaction_written(id));
            }
            socket.send(Message::Text(text.into())).await.is_ok()
        }
        Some(Frame::Close(code, reason)) => {
            close(socket, code, reason).await;
            false
        }
        Some(Frame::Cut) | None => false,
    }
}

/// Handles what the client sent. `false` ends the connection.
async fn read(
    shared: &Shared,
    socket: &mut WebSocket,
    connection: &mut Connection,
    message: Option<Result<Message, axum::Error>>,
) -> bool {
    let text = match message {
        Some(Ok(Message::Text(text))) => text,
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => return true,
        Some(Ok(Message::Binary(_))) => {
            close(socket, 4002, "Error while decoding payload.").await;
            return false;
        }
        Some(Ok(Message::Close(frame))) => {
            // 1000 and 1001 end the session; any other code leaves it to be resumed.
            if frame.is_some_and(|frame| frame.code == 1000 || frame.code == 1001) {
                shared.change(|state| {
                    state
                        .sessions
                        .retain(|session| session.line.as_ref().is_none_or(|(number, _)| *number != connection.number));
                });
            }
            return false;
        }
        Some(Err(_)) | None => return false,
    };
    if let Err((code, reason)) = shared.change(|state| state.frame(connection, &text)) {
        close(socket, code, reason).await;
        return false;
    }
    true
}

async fn close(socket: &mut WebSocket, code: u16, reason: &'static str) {
    // The client may be gone already.
    let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
}
