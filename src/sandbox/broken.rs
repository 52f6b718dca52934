//! Answers that come from elsewhere than from whom was asked, or do not come whole.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderValue, Response, StatusCode, header};
use futures_util::{StreamExt as _, stream};

/// How long after its first half an answer ends: what was written is on its way by then.
const FLUSHED: Duration = Duration::from_millis(20);

/// What a machine in front of a server says when the server does not.
pub(super) fn page(status: u16) -> Response<Body> {
    let text = "<html><head><title>Bad gateway</title></head><body>The server does not answer.</body></html>";
    let mut answer = Response::new(Body::from(text));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
    answer
}

/// 429 of such a machine: come back in a second.
pub(super) fn limited() -> Response<Body> {
    let mut answer = page(429);
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}

/// Headers and half of the body, and then the connection is closed.
pub(super) async fn off(answer: Response<Body>) -> Response<Body> {
    let (mut head, body) = answer.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    if whole.is_empty() {
        return Response::from_parts(head, Body::empty());
    }
    head.headers.insert(header::CONTENT_LENGTH, whole.len().into());
    let first = whole.slice(..whole.len() / 2);
    let then = async {
        tokio::time::sleep(FLUSHED).await;
        Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    };
    let body = stream::once(async { Ok(first) }).chain(stream::once(then));
    Response::from_parts(head, Body::from_stream(body))
}
