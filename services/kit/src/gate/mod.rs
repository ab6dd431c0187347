//! The gate: every call passes it before its handler runs.
//!
//! It decides from the contract's declaration and the verified token whether the caller may; it bounds the
//! time and the number of calls and of open streams; it runs a handler that writes in a task of its own, so
//! that a caller who goes away in the middle cannot tear the write; and it ends open streams when the process
//! stops.

mod stream;

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, header::AUTHORIZATION};
use proto::{Access, RPCS, Rpc, common::v1::ErrorReason};
use tokio::{sync::Semaphore, time::Instant};
use tonic::{Code, Status};

pub use stream::{stopping, trailers};

use crate::{
    Caller, deadline,
    listener::MAX_PUBLIC_CONNECTIONS,
    status::{internal, refusal, unavailable},
    token::{TokenError, Verifier},
};

/// So many calls of one service are handled at once; the next one is refused at once rather than kept
/// waiting. A flood of one service leaves the others their room.
pub const MAX_CALLS: usize = 256;
/// So many streams of one process are open at once; the next one is refused at once.
///
/// They have at most half of the connections that the process takes: each may occupy a whole one for hours, and
/// calls and pages need the others.
pub const MAX_STREAMS: usize = 20_000;
const _: () = assert!(2 * MAX_STREAMS <= MAX_PUBLIC_CONNECTIONS);
/// So many streams begin at once; the others wait their turn, within their time. When a server comes back
/// everybody who watched calls again, and neither shall they be refused nor the database see them all at once.
const MAX_BEGINNINGS: usize = 64;

/// Decides who may pass.
#[derive(Debug, Clone)]
pub struct Gate {
    verifier: Arc<Verifier>,
    rooms: Arc<HashMap<&'static str, Arc<Semaphore>>>,
    streams: Arc<Semaphore>,
    beginnings: Arc<Semaphore>,
}

impl Gate {
    /// A gate that knows tokens by this verifier.
    #[must_use]
    pub fn new(verifier: Verifier) -> Self {
        let rooms = RPCS.iter().map(|rpc| (rpc.service, Arc::new(Semaphore::new(MAX_CALLS)))).collect();
        Self {
            verifier: Arc::new(verifier),
            rooms: Arc::new(rooms),
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
            beginnings: Arc::new(Semaphore::new(MAX_BEGINNINGS)),
        }
    }

    async fn admit(&self, rpc: &Rpc, token: Option<&str>) -> Result<Caller, Status> {
        let access = rpc.access.ok_or_else(|| internal(&Undeclared(rpc.path)))?;
        match access {
            Access::Anyone => Ok(Caller::Anyone),
            Access::Service => {
                let token = token.ok_or_else(unauthenticated)?;
                self.verifier.service(token).map_err(refuse_token)?;
                Ok(Caller::Service)
            }
            Access::Member(least) => {
                let token = token.ok_or_else(unauthenticated)?;
                let member = self.verifier.member(token).await.map_err(refuse_token)?;
                if i32::from(member.role) < i32::from(least) {
                    return Err(refusal(
                        Code::PermissionDenied,
                        ErrorReason::PermissionDenied,
                        format!("this call needs the role {} or a higher one", least.as_str_name()),
                    ));
                }
                Ok(Caller::Member(member))
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0} is served without saying who may call it")]
struct Undeclared(&'static str);

fn unauthenticated() -> Status {
    refusal(
        Code::Unauthenticated,
        ErrorReason::Unauthenticated,
        "a valid token is needed: authorization: Bearer …",
    )
}

fn refuse_token(error: TokenError) -> Status {
    match error {
        TokenError::NotGood(why) => {
            tracing::debug!(why, "a token was refused");
            unauthenticated()
        }
        TokenError::NoKeySet(_) | TokenError::TooSoon => unavailable(&error),
    }
}

/// The gate as a layer around all services of a process.
pub async fn guard(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if is_infrastructure(path) {
        return next.run(request).await;
    }
    let Some(rpc) = RPCS.iter().find(|rpc| rpc.path == path) else {
        return Status::unimplemented("no such method").into_http();
    };
    if rpc.is_stream {
        return gate.open(rpc, request, next).await;
    }
    let room = gate.rooms.get(rpc.service).and_then(|room| Arc::clone(room).try_acquire_owned().ok());
    let Some(room) = room else {
        return overloaded().into_http();
    };
    let token = bearer(request.headers());
    let limit = beginning_of(deadline::asked(request.headers()));
    let overdue_at = Instant::now() + limit;
    match tokio::time::timeout_at(overdue_at, gate.admit(rpc, token.as_deref())).await {
        Ok(Ok(caller)) => request.extensions_mut().insert(caller),
        Ok(Err(refused)) => return refused.into_http(),
        Err(_) => return overdue(limit).into_http(),
    };

    let left = overdue_at.saturating_duration_since(Instant::now());
    let handled = async move {
        let answer = tokio::time::timeout(deadline::LIMIT, deadline::within(left, next.run(request))).await;
        drop(room);
        answer.unwrap_or_else(|_| overdue(deadline::LIMIT).into_http())
    };
    if is_read(rpc) {
        // There is nothing to tear: who has gone away needs no answer, and makes room for others.
        return tokio::time::timeout_at(overdue_at, handled)
            .await
            .unwrap_or_else(|_| overdue(limit).into_http());
    }
    match tokio::time::timeout_at(overdue_at, tokio::spawn(handled)).await {
        Ok(Ok(response)) => response,
        Ok(Err(fault)) => internal(&fault).into_http(),
        Err(_) => overdue(limit).into_http(),
    }
}

/// The token of `authorization: Bearer …` (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// How long the first answer may take, if the caller gives so much time for the whole call.
fn beginning_of(asked: Option<Duration>) -> Duration {
    asked.unwrap_or(deadline::LIMIT).min(deadline::LIMIT)
}

/// The standard methods that change nothing (AIP-131, AIP-132).
fn is_read(rpc: &Rpc) -> bool {
    let method = rpc.path.rsplit('/').next().unwrap_or_default();
    ["Get", "List"].iter().any(|verb| method.starts_with(verb))
}

fn overloaded() -> Status {
    refusal(Code::ResourceExhausted, ErrorReason::Overloaded, "too many calls at once; try again")
}

fn overdue(limit: Duration) -> Status {
    refusal(
        Code::DeadlineExceeded,
        ErrorReason::DeadlineExceeded,
        format!("not answered within {} ms", limit.as_millis()),
    )
}

/// Health checks and reflection are no product's RPCs: they have no contract of ours, and no secrets.
fn is_infrastructure(path: &str) -> bool {
    path.starts_with("/grpc.health.v1.Health/") || path.starts_with("/grpc.reflection.")
}
