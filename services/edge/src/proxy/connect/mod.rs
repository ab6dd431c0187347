//! Unary calls as plain HTTP, in JSON or in binary: the Connect protocol (<https://connectrpc.com/docs/protocol>), which
//! `curl` speaks too.
//!
//! Such a call becomes one of gRPC before it is passed on, and its answer becomes plain again. So all that is promised of
//! calls holds for it: who may call what, limits, places, deadlines.

mod codec;
mod contracts;
mod desk;
mod refusal;

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use bytes::{BufMut as _, BytesMut};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Version,
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kit::{deadline, status};
use proto::common::v1::ErrorReason;
use tokio::time::Instant;
use tonic::{Code, Status};

pub(super) use self::contracts::Contracts;
use self::{codec::Codec, desk::Desk};
use super::{
    body::{self, PREFIX_BYTES},
    headers, in_time, malformed, too_large,
};

/// How long its caller waits, in milliseconds, of 10 digits at most.
const TIMEOUT: &str = "connect-timeout-ms";
/// Of the protocol.
const VERSION: &str = "connect-protocol-version";
/// What of gRPC an answer does not say.
const OF_GRPC: [&str; 3] = ["grpc-status", "grpc-message", "grpc-status-details-bin"];

/// Translates what is plain, and lets everything else through.
pub(super) async fn translate(
    State(contracts): State<Arc<Contracts>>,
    request: Request,
    next: Next,
) -> Response {
    let is_call = request.method() == Method::POST && request.uri().path().starts_with("/pharos.");
    if !is_call || headers::is_grpc(request.headers()) {
        return next.run(request).await;
    }
    let Some(codec) = Codec::of(request.headers()) else {
        let takes =
            [("accept-post", "application/json, application/proto, application/grpc, application/grpc-web")];
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, takes).into_response();
    };
    call(&contracts, codec, request, next).await.unwrap_or_else(|status| refusal::of(&status))
}

async fn call(contracts: &Contracts, codec: Codec, request: Request, next: Next) -> Result<Response, Status> {
    // the same words as for a call of gRPC
    let method =
        contracts.find(request.uri().path()).ok_or_else(|| Status::unimplemented("no such method"))?;
    if method.is_stream {
        return Err(Status::unimplemented("this method answers a stream: call it as gRPC or gRPC-web"));
    }
    let limit = asked(request.headers())?;
    in_time(limit, carried(&contracts.desk, method, codec, request, next, limit)).await
}

/// The answer to a call that may take so long.
async fn carried(
    desk: &Desk,
    method: &contracts::Method,
    codec: Codec,
    request: Request,
    next: Next,
    limit: Duration,
) -> Result<Response, Status> {
    let began = Instant::now();
    let (mut parts, body) = request.into_parts();
    let message = body::request(body, method.max_bytes).await.map_err(|unread| match unread {
        body::Unread::TooLarge => too_large(method.max_bytes),
        body::Unread::Malformed => malformed(),
    })?;
    let message = codec.read(desk, &method.input, message).await?;
    for name in [CONTENT_LENGTH, CONTENT_ENCODING, ACCEPT, ACCEPT_ENCODING] {
        parts.headers.remove(name);
    }
    for name in [VERSION, TIMEOUT] {
        parts.headers.remove(name);
    }
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers::give_time(&mut parts.headers, limit.saturating_sub(began.elapsed()));
    // gRPC is there over HTTP/2 alone
    parts.version = Version::HTTP_2;
    let answer = next.run(Request::from_parts(parts, framed(&message))).await;
    let (mut parts, message) = told(answer, codec.max_bytes()).await?;
    let answer = codec.write(desk, &method.output, message).await?;
    for name in OF_GRPC {
        parts.headers.remove(name);
    }
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(codec.content_type()));
    Ok(Response::from_parts(parts, body::whole(answer)))
}

/// How long a call may take: as long as its caller waits, and never more than [`deadline::LIMIT`].
///
/// # Errors
/// If it is of another version of the protocol, or in a way that is not taken.
fn asked(headers: &HeaderMap) -> Result<Duration, Status> {
    let invalid = |message| status::refusal(Code::InvalidArgument, ErrorReason::InvalidArgument, message);
    if headers.get(VERSION).is_some_and(|version| version != "1") {
        return Err(invalid(format!("{VERSION} is 1")));
    }
    let is_plain = |encoding: &HeaderValue| encoding.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(CONTENT_ENCODING).iter().all(is_plain) {
        return Err(Status::unimplemented("a request is taken as it is, without a content-encoding"));
    }
    let Some(asked) = headers.get(TIMEOUT) else { return Ok(deadline::LIMIT) };
    let is_good = |text: &&str| text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    let millis = asked.to_str().ok().filter(is_good).and_then(|text| text.parse().ok());
    let millis = millis.ok_or_else(|| invalid(format!("{TIMEOUT} has 1 to 10 digits")))?;
    Ok(Duration::from_millis(millis).min(deadline::LIMIT))
}

/// A message with a flag (it is not compressed) and its length before it.
fn framed(message: &[u8]) -> Body {
    let mut framed = BytesMut::with_capacity(PREFIX_BYTES + message.len());
    framed.put_u8(0);
    // a request has far fewer bytes
    framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    framed.put_slice(message);
    framed.freeze().into()
}

/// The message of an answer, of so many bytes at most.
///
/// # Errors
/// What the answer says instead; [`Code::ResourceExhausted`] if it is longer; [`Code::Unavailable`] if it breaks off.
async fn told(answer: Response, max_bytes: usize) -> Result<(http::response::Parts, Bytes), Status> {
    let (parts, body) = answer.into_parts();
    let broken = || Status::unavailable("the answer broke off");
    let whole = Limited::new(body, PREFIX_BYTES + max_bytes).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            let limit = i64::try_from(max_bytes).unwrap_or(i64::MAX);
            status::limit_reached(format!("the answer has more than {max_bytes} bytes"), limit)
        } else {
            status::unavailable(error.as_ref())
        }
    })?;
    let status = whole.trailers().and_then(Status::from_header_map);
    match status.or_else(|| Status::from_header_map(&parts.headers)) {
        Some(status) if status.code() == Code::Ok => {}
        Some(status) => return Err(status),
        None => return Err(broken()),
    }
    let framed = whole.to_bytes();
    let length = framed.get(1..PREFIX_BYTES).and_then(|length| length.try_into().ok());
    let length = length.map(u32::from_be_bytes);
    let is_whole = length.is_some_and(|length| framed.len() - PREFIX_BYTES == length as usize);
    let is_plain = framed.first() == Some(&0);
    if is_whole && is_plain { Ok((parts, framed.slice(PREFIX_BYTES..))) } else { Err(broken()) }
}
