//! gRPC, gRPC-web and Connect from the world to the services.
//!
//! Promise: what the contracts declare for anyone or for members is passed on unread, byte for byte, with its
//! trailers; everything else answers like a server that has no such method, so that nobody can tell an RPC
//! between services from none at all. Who may call is decided by the service, from the same token.

mod body;
mod connect;
mod headers;
mod lines;
mod stream;

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody as _},
    extract::{Request, State},
    middleware::{Next, from_fn, from_fn_with_state, map_request},
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderName, Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use http_body_util::{Full, LengthLimitError};
use kit::{
    deadline,
    gate::{MAX_CALLS, MAX_STREAMS},
    host::{HostError, MAX_PUBLIC_REQUEST_BYTES, MAX_REQUEST_BYTES},
    listener::{PeerAddress, Stop},
    places::Places,
    status,
};
use proto::{Access, RPCS, Rpc, common::v1::ErrorReason};
use tokio::{
    sync::Semaphore,
    time::{Instant, error::Elapsed},
};
use tonic::{Code, Status, service::RoutesBuilder};
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_web::GrpcWebLayer;
use tower_http::cors::{Any, CorsLayer};

pub(crate) use self::headers::is_grpc;
use self::{
    body::{PREFIX_BYTES, Unread},
    connect::Contracts,
    lines::{BoxError, Lines},
};
use crate::Deps;

/// How long a browser may remember that it may call. Chromium keeps it no longer than two hours.
const PREFLIGHT_AGE: Duration = Duration::from_secs(2 * 60 * 60);

/// How long a service may take to say that the time is up, before its call is given up.
const GRACE: Duration = Duration::from_secs(1);

const WATCH: &str = "/grpc.health.v1.Health/Watch";

/// Where each public RPC goes, by its path.
#[derive(Debug)]
struct Table(HashMap<&'static str, Way>);

#[derive(Debug, Clone)]
struct Way {
    lines: Arc<Lines>,
    room: Room,
    /// Of the message alone.
    max_bytes: usize,
}

#[derive(Debug, Clone)]
enum Room {
    /// For each call of the same gRPC service that may be passed on at once: as many as its gate lets in.
    Calls(Arc<Semaphore>),
    /// For each of all streams that may be open: as many as one process keeps.
    Streams(Places),
}

/// Every gRPC call: health and reflection answered here, public RPCs passed on, anything else unimplemented.
///
/// # Errors
/// [`HostError::Contracts`] or [`HostError::Reflection`] if the contracts cannot be read or described.
pub(crate) fn router<H: Health>(deps: &Deps, health: HealthServer<H>) -> Result<Router, HostError> {
    let mut own = RoutesBuilder::default();
    own.add_service(health.max_decoding_message_size(MAX_PUBLIC_REQUEST_BYTES));
    if deps.reflection {
        let mut services =
            RPCS.iter().filter(|rpc| is_public(rpc)).map(|rpc| rpc.service).collect::<Vec<_>>();
        services.dedup();
        kit::host::add_reflection(&mut own, proto::PUBLIC_DESCRIPTORS, &services)?;
    }
    let table = Arc::new(Table::new(deps));
    let forwarding = Router::new().fallback(forward).with_state(table);
    Ok(own
        .routes()
        .prepare()
        .into_axum_router()
        .reset_fallback()
        .route_layer(from_fn(answer_in_time))
        .merge(forwarding)
        .layer(GrpcWebLayer::new())
        .layer(from_fn_with_state(Arc::new(Contracts::new()?), connect::translate))
        .layer(map_request(spell_types))
        .layer(cors()))
}

async fn spell_types(mut request: Request) -> Request {
    headers::spell_types(request.headers_mut());
    request
}

/// Any origin may call: what a call may do is in its token, and cookies are never looked at.
fn cors() -> CorsLayer {
    let header = HeaderName::from_static;
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::POST])
        // `*` would not cover `authorization` (Fetch standard, section 4.9)
        .allow_headers([
            CONTENT_TYPE,
            AUTHORIZATION,
            header("x-grpc-web"),
            header("x-user-agent"),
            header("grpc-timeout"),
            header("connect-protocol-version"),
            header("connect-timeout-ms"),
        ])
        // a refusal before the first message is told in headers, not in a trailer
        .expose_headers([header("grpc-status"), header("grpc-message"), header("grpc-status-details-bin")])
        .max_age(PREFLIGHT_AGE)
}

fn is_public(rpc: &Rpc) -> bool {
    max_bytes(rpc).is_some()
}

/// How long a message to this RPC may be; nothing if it is not for the world.
fn max_bytes(rpc: &Rpc) -> Option<usize> {
    match rpc.access? {
        Access::Anyone => Some(MAX_PUBLIC_REQUEST_BYTES),
        Access::Member(_) => Some(MAX_REQUEST_BYTES),
        Access::Service => None,
    }
}

impl Table {
    fn new(deps: &Deps) -> Self {
        let peers = [
            ("pharos.tenants.v1", &deps.tenants),
            ("pharos.incidents.v1", &deps.incidents),
            ("pharos.subscriptions.v1", &deps.subscriptions),
            ("pharos.notifications.v1", &deps.notifications),
        ];
        let streams = Places::new(MAX_STREAMS);
        let mut ways = HashMap::new();
        for (package, address) in peers {
            let lines = Arc::new(Lines::new(address));
            let mut places = HashMap::new();
            for rpc in
                RPCS.iter().filter(|rpc| rpc.service.rsplit_once('.').map(|(of, _)| of) == Some(package))
            {
                let Some(max_bytes) = max_bytes(rpc) else { continue };
                let room = if rpc.is_stream {
                    Room::Streams(streams.clone())
                } else {
                    let places =
                        places.entry(rpc.service).or_insert_with(|| Arc::new(Semaphore::new(MAX_CALLS)));
                    Room::Calls(Arc::clone(places))
                };
                ways.insert(rpc.path, Way { lines: Arc::clone(&lines), room, max_bytes });
            }
        }
        Self(ways)
    }
}

async fn forward(State(table): State<Arc<Table>>, request: Request) -> Response {
    let Some(way) = table.0.get(request.uri().path()) else {
        // the same answer as that of a service's own gate
        return Status::unimplemented("no such method").into_http();
    };
    if request.method() != Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let kind = request.headers().get(CONTENT_TYPE).map(|kind| kind.as_bytes());
    if !matches!(kind, Some(b"application/grpc" | b"application/grpc+proto")) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let limit = time_for(&request);
    let answer = async {
        match &way.room {
            Room::Calls(places) => pass_on(way, places, request, limit).await,
            Room::Streams(places) => open(way, places, request, limit).await,
        }
    };
    in_time(limit, deadline::within(limit, answer)).await.unwrap_or_else(Status::into_http)
}

/// Reads the whole request, passes it on, and reads the whole answer.
async fn pass_on(
    way: &Way,
    places: &Arc<Semaphore>,
    request: Request,
    limit: Duration,
) -> Result<Response, Status> {
    let (parts, message) = take_in(way, request).await?;
    let place = Arc::clone(places).try_acquire_owned().map_err(|_| overloaded())?;
    let left = time_left(limit)?;
    let call = onward(parts, message, Some(left));
    let lines = Arc::clone(&way.lines);
    // in a task, because a caller who goes away must not reset the call of a connection that all share
    let call = tokio::spawn(async move {
        let answer = tokio::time::timeout(left + GRACE, carry(&lines, call)).await;
        drop(place);
        answer
    });
    match call.await {
        Ok(Ok(Ok(answer))) => Ok(answer),
        Ok(Ok(Err(error))) if error.is::<LengthLimitError>() => Err(status::internal(error.as_ref())),
        Ok(Ok(Err(error))) => Err(status::unavailable(error.as_ref())),
        Ok(Err(_)) => Err(too_late(limit)),
        Err(error) => Err(status::internal(&error)),
    }
}

/// Reads the whole request, passes it on, and passes the answer through as it comes.
async fn open(way: &Way, places: &Places, request: Request, limit: Duration) -> Result<Response, Status> {
    let began = Instant::now();
    let stop = request.extensions().get::<Stop>().cloned();
    let asked = deadline::asked(request.headers());
    let (parts, message) = take_in(way, request).await?;
    let address = parts.extensions.get().map(|PeerAddress(address)| *address);
    let place = places.take(address).ok_or_else(overloaded)?;
    let left = time_left(limit)?;
    let call = onward(parts, message, asked.map(|asked| asked.saturating_sub(began.elapsed())));
    let lines = Arc::clone(&way.lines);
    // In a task, until the service has taken it up: a server gives up a connection with many streams that were
    // reset before (`max_pending_accept_reset_streams` of h2).
    let call = tokio::spawn(async move {
        let (answer, line) = tokio::time::timeout(left + GRACE, lines.open(call)).await??;
        Ok::<_, BoxError>((answer, (place, line)))
    });
    match call.await {
        Ok(Ok((answer, held))) => {
            let (parts, body) = answer.into_parts();
            let body = if body.is_end_stream() {
                // a refusal without trailers has to end with its headers
                Body::empty()
            } else {
                let overdue_at = asked.map(|asked| began + asked + GRACE);
                stream::pass_through(body, held, stop, overdue_at)
            };
            Ok(answer_of(parts, body))
        }
        Ok(Err(error)) if error.is::<Elapsed>() => Err(too_late(limit)),
        Ok(Err(error)) => Err(status::unavailable(error.as_ref())),
        Err(error) => Err(status::internal(&error)),
    }
}

/// Reads the whole request.
async fn take_in(way: &Way, request: Request) -> Result<(http::request::Parts, Bytes), Status> {
    let (parts, body) = request.into_parts();
    let message = body::request(body, way.max_bytes + PREFIX_BYTES).await.map_err(|unread| match unread {
        Unread::TooLarge => too_large(way.max_bytes),
        Unread::Malformed => malformed(),
    })?;
    Ok((parts, message))
}

/// A request as it goes on, with the time it has, if that is limited.
fn onward(
    mut parts: http::request::Parts,
    message: Bytes,
    time: Option<Duration>,
) -> http::Request<Full<Bytes>> {
    headers::clean_request(&mut parts.headers, time);
    let mut onward = http::Request::new(Full::new(message));
    *onward.method_mut() = Method::POST;
    *onward.uri_mut() = parts.uri;
    *onward.headers_mut() = parts.headers;
    onward
}

/// What is left of the time for the answer's beginning.
fn time_left(limit: Duration) -> Result<Duration, Status> {
    let left = deadline::remaining();
    if left.is_zero() { Err(too_late(limit)) } else { Ok(left) }
}

async fn carry(lines: &Lines, call: http::Request<Full<Bytes>>) -> Result<Response, BoxError> {
    let (parts, body) = lines.call(call).await?.into_parts();
    Ok(answer_of(parts, body::answer(body).await?))
}

fn answer_of(parts: http::response::Parts, body: Body) -> Response {
    let mut answer = Response::new(body);
    *answer.status_mut() = parts.status;
    *answer.headers_mut() = parts.headers;
    headers::clean_answer(answer.headers_mut());
    answer
}

/// What the edge answers itself, in time: but for streams, which may wait for something to tell.
async fn answer_in_time(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path == WATCH || path.starts_with("/grpc.reflection.") {
        return next.run(request).await;
    }
    let limit = time_for(&request);
    let answer = async { Ok(next.run(request).await) };
    in_time(limit, answer).await.unwrap_or_else(Status::into_http)
}

/// How long a call may take: as long as its caller waits, and never more than [`deadline::LIMIT`].
fn time_for(request: &Request) -> Duration {
    deadline::asked(request.headers()).unwrap_or(deadline::LIMIT).min(deadline::LIMIT)
}

async fn in_time(
    limit: Duration,
    answer: impl Future<Output = Result<Response, Status>>,
) -> Result<Response, Status> {
    tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| Err(too_late(limit)))
}

fn malformed() -> Status {
    status::refusal(
        Code::InvalidArgument,
        ErrorReason::InvalidArgument,
        "the request breaks off or is not encoded as its content-type says",
    )
}

fn overloaded() -> Status {
    status::refusal(Code::ResourceExhausted, ErrorReason::Overloaded, "too many calls at once; try again")
}

fn too_late(limit: Duration) -> Status {
    status::refusal(
        Code::DeadlineExceeded,
        ErrorReason::DeadlineExceeded,
        format!("not answered within {} ms", limit.as_millis()),
    )
}

fn too_large(max_bytes: usize) -> Status {
    let limit = i64::try_from(max_bytes).unwrap_or(i64::MAX);
    status::limit_reached(format!("a request to this method has at most {max_bytes} bytes"), limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_public_rpc_has_its_way_and_no_other_one_has() {
        let nowhere = http::Uri::from_static("http://127.0.0.1:1");
        let table = Table::new(&Deps {
            tenants: nowhere.clone(),
            incidents: nowhere.clone(),
            subscriptions: nowhere.clone(),
            notifications: nowhere,
            feedback: None,
            changes: None,
            clock: kit::Clock::system(),
            public_url: "http://localhost".to_owned(),
            pages_domain: None,
            reflection: false,
        });
        for rpc in RPCS {
            assert_eq!(table.0.contains_key(rpc.path), is_public(rpc), "{}", rpc.path);
        }
        assert!(RPCS.iter().any(|rpc| !is_public(rpc)));
    }
}
