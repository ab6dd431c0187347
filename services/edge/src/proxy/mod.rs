//! gRPC and gRPC-web from the world to the services.
//!
//! Promise: what the contracts declare for anyone or for members is passed on unread, byte for byte, with its
//! trailers; everything else answers like a server that has no such method, so that nobody can tell an RPC
//! between services from none at all. Who may call is decided by the service, from the same token.

mod body;
mod headers;

use std::{collections::HashMap, error::Error, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderName, Method, StatusCode, Version,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use kit::{
    deadline,
    host::{HostError, MAX_PUBLIC_REQUEST_BYTES, MAX_REQUEST_BYTES},
    status,
};
use proto::{Access, RPCS, Rpc, common::v1::ErrorReason};
use tokio::time::Instant;
use tonic::{Code, Status, TimeoutExpired, body::Body, service::RoutesBuilder, transport::Channel};
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_web::GrpcWebLayer;
use tower::ServiceExt as _;
use tower_http::cors::{Any, CorsLayer};

use self::body::{Answer, Bounded};
use crate::peers::Peers;

/// How long a browser may remember that it may call. Chromium keeps it no longer than two hours.
const PREFLIGHT_AGE: Duration = Duration::from_secs(2 * 60 * 60);

/// Where each public RPC goes, by its path.
#[derive(Debug)]
struct Table(HashMap<&'static str, Way>);

#[derive(Debug, Clone)]
struct Way {
    peer: Channel,
    max_bytes: usize,
}

/// Every gRPC call: health and reflection answered here, public RPCs passed on, anything else unimplemented.
///
/// # Errors
/// [`HostError::Reflection`] if the contracts cannot be described.
pub(crate) fn router<H: Health>(
    peers: &Peers,
    health: HealthServer<H>,
    reflection: bool,
) -> Result<Router, HostError> {
    let mut own = RoutesBuilder::default();
    own.add_service(health);
    if reflection {
        let mut services =
            RPCS.iter().filter(|rpc| is_public(rpc)).map(|rpc| rpc.service).collect::<Vec<_>>();
        services.dedup();
        kit::host::add_reflection(&mut own, proto::PUBLIC_DESCRIPTORS, &services)?;
    }
    let table = Arc::new(Table::new(peers));
    let forwarding = Router::new().fallback(forward).with_state(table);
    Ok(own
        .routes()
        .prepare()
        .into_axum_router()
        .reset_fallback()
        .merge(forwarding)
        .layer(GrpcWebLayer::new())
        .layer(cors()))
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
        ])
        // a refusal before the first message is told in headers, not in a trailer
        .expose_headers([header("grpc-status"), header("grpc-message"), header("grpc-status-details-bin")])
        .max_age(PREFLIGHT_AGE)
}

fn is_public(rpc: &Rpc) -> bool {
    match rpc.access {
        Some(Access::Anyone | Access::Member(_)) => true,
        Some(Access::Service) | None => false,
    }
}

impl Table {
    fn new(peers: &Peers) -> Self {
        let way = |rpc: &'static Rpc| {
            let max_bytes = match rpc.access? {
                Access::Anyone => MAX_PUBLIC_REQUEST_BYTES,
                Access::Member(_) => MAX_REQUEST_BYTES,
                Access::Service => return None,
            };
            let (package, _) = rpc.service.rsplit_once('.')?;
            Some((rpc.path, Way { peer: peers.of_package(package)?.clone(), max_bytes }))
        };
        Self(RPCS.iter().filter_map(way).collect())
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
    let limit = deadline::asked(request.headers()).unwrap_or(deadline::LIMIT).min(deadline::LIMIT);
    let overdue = Instant::now() + limit;
    let passed = deadline::within(limit, pass_on(way, request));
    match tokio::time::timeout_at(overdue, passed).await {
        Ok(Ok(answer)) => answer.map(|body| axum::body::Body::new(Answer::new(body, overdue, limit))),
        Ok(Err(Failure::Overdue)) | Err(_) => too_late(limit).into_http(),
        Ok(Err(Failure::TooLarge)) => too_large(way.max_bytes).into_http(),
        Ok(Err(Failure::Away(error))) => status::unavailable(&error).into_http(),
    }
}

enum Failure {
    Overdue,
    TooLarge,
    Away(tonic::transport::Error),
}

async fn pass_on(way: &Way, request: Request) -> Result<http::Response<Body>, Failure> {
    let (mut parts, body) = request.into_parts();
    if headers::declared_length(&parts.headers).is_some_and(|bytes| bytes > way.max_bytes) {
        return Err(Failure::TooLarge);
    }
    headers::clean_request(&mut parts.headers, deadline::remaining());
    parts.version = Version::HTTP_2;
    parts.extensions = http::Extensions::new();
    let (body, overflow) = Bounded::new(body, way.max_bytes);
    let request = http::Request::from_parts(parts, Body::new(body));
    let mut answer = way.peer.clone().oneshot(request).await.map_err(|error| {
        if overflow.happened() {
            Failure::TooLarge
        } else if ran_out_of_time(&error) {
            Failure::Overdue
        } else {
            Failure::Away(error)
        }
    })?;
    headers::clean_answer(answer.headers_mut());
    Ok(answer)
}

/// tonic's client applies the deadline that is passed on by itself, a moment before ours.
fn ran_out_of_time(error: &tonic::transport::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<TimeoutExpired>() {
            return true;
        }
        cause = error.source();
    }
    false
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
        let peers = Peers::new(&crate::Deps {
            tenants: nowhere.clone(),
            incidents: nowhere.clone(),
            subscriptions: nowhere.clone(),
            notifications: nowhere,
            reflection: false,
        });
        let table = Table::new(&peers);
        for rpc in RPCS {
            assert_eq!(table.0.contains_key(rpc.path), is_public(rpc), "{}", rpc.path);
        }
        assert!(RPCS.iter().any(|rpc| !is_public(rpc)));
    }
}
