//! Serving a listener: HTTP/1.1 and HTTP/2 on one port, with limits, until told to stop.
//!
//! Our own loop, because `axum::serve` has no limits to set and tonic's server speaks only HTTP/2.

mod patient;
mod talk;
#[cfg(test)]
mod tests;

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode, Version,
    header::{CONNECTION, HOST},
};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::codegen::Service;

use crate::{
    Clock,
    lane::{self, End, Find, Rewound},
};

use self::{
    patient::Patient,
    talk::{Open, Taken, Talk},
};

/// How long running requests may take to end when the process stops. hyper's own graceful shutdown can wait
/// for ever for a peer that connected and says nothing (hyper issue 4170).
const DRAIN: Duration = Duration::from_secs(10);
/// How long a client may take until its first request's headers are there, and until those of the next one over
/// HTTP/1.1: a connection on which nothing is asked for so long ends.
pub(crate) const HEADERS: Duration = Duration::from_secs(10);
/// How long a connection may be without a request where hyper does not say: on the short way, and over HTTP/2. It is longer
/// than proxies keep one that they may use again, so that none of them sends into one that is being closed (nginx: 60 s).
pub(crate) const IDLE: Duration = Duration::from_secs(75);
/// Names and values of a request's headers together, in bytes; more is answered 431.
pub const MAX_HEADER_BYTES: usize = 8 * 1024;
/// What HTTP/2 counts: 32 octets more for each header (RFC 9113, section 6.5.2).
const MAX_HEADER_LIST: u32 = 16 * 1024;
/// Requests of one connection that the peer took back before they were looked at; one more ends the connection
/// (CVE-2023-44487). What h2 does by itself: it is said here to be seen.
const MAX_TAKEN_BACK: usize = 20;
/// Requests of one connection that were refused for the peer's faults; one more ends the connection (CVE-2025-8671).
/// h2 allows a thousand, for what a proxy carries for many; a hundred at once is all that one may have open here.
const MAX_FAULTS: usize = 100;
/// Everybody's connections at once; further ones wait in the system's queue, and get no answer while they do.
///
/// A browser's stream has a connection of its own (HTTP/1.1), so there are far more of these than streams may be open
/// ([`MAX_STREAMS`](crate::gate::MAX_STREAMS)): however many watch, there is room for whoever reads a page or asks
/// whether the process is alive.
pub const MAX_PUBLIC_CONNECTIONS: usize = 40_000;
/// Connections of other services at once. Each of those brings many calls.
const MAX_INTERNAL_CONNECTIONS: usize = 10_000;

/// Cancelled when the process begins to stop. The listener puts it on each request, for what stays open until
/// then: a stream that did not end by itself would hold up the draining.
#[derive(Debug, Clone)]
pub struct Stop(pub CancellationToken);

/// Gives the answers that are ready: asked before the router, on the connection's own task. It must not wait for
/// anything.
pub type Ready = Arc<dyn Fn(&Request<Incoming>) -> Option<Response> + Send + Sync>;

/// What is answered before the router is asked.
#[derive(Clone)]
pub struct ShortWay {
    /// On connections over which nothing else has come.
    pub find: Find,
    /// On all others.
    pub ready: Ready,
    /// The time.
    pub clock: Clock,
}

/// Requests at once on one connection between services.
pub const MAX_INTERNAL_STREAMS: u32 = 4096;

/// For whom a listener is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Everybody.
    Public,
    /// The other services, who have one connection for all of their callers.
    Internal,
}

impl Side {
    /// Requests at once on one connection.
    fn max_streams(self) -> u32 {
        match self {
            Self::Public => 100,
            Self::Internal => MAX_INTERNAL_STREAMS,
        }
    }

    /// Connections at once.
    fn max_connections(self) -> usize {
        match self {
            Self::Public => MAX_PUBLIC_CONNECTIONS,
            Self::Internal => MAX_INTERNAL_CONNECTIONS,
        }
    }
}

/// Serves until `stop`, then lets running requests end, for 10 s at most. What the short way answers does not come to the
/// router.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    short_way: Option<ShortWay>,
    side: Side,
    stop: CancellationToken,
) {
    let connections = TaskTracker::new();
    let room = Arc::new(Semaphore::new(side.max_connections()));
    loop {
        let accept = async {
            let place = Arc::clone(&room).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            accepted = accept => accepted,
            () = stop.cancelled() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, mostly: trying again at once would only spin.
                tracing::warn!(%error, "a connection could not be accepted");
                stop.run_until_cancelled(tokio::time::sleep(Duration::from_millis(50))).await;
                continue;
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection was gone before it began");
        }
        let service = Noticing {
            router: router.clone(),
            short_way: short_way.clone(),
            side,
            spoke: Arc::default(),
            talk: Arc::default(),
            stop: Stop(stop.clone()),
        };
        connections.spawn(async move {
            if let Err(error) = carry(stream, service).await {
                tracing::debug!(error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(DRAIN, connections.wait()).await.is_err() {
        tracing::warn!("some connections did not end within {} s", DRAIN.as_secs());
    }
}

/// Serves one connection to its end.
async fn carry(stream: TcpStream, service: Noticing) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut stream = Patient::new(stream);
    let begun = match &service.short_way {
        None => Vec::new(),
        Some(ShortWay { find, clock, .. }) => {
            match lane::run(&mut stream, find, clock, &service.stop.0).await? {
                End::Closed => return Ok(()),
                End::GoesOn(begun) => begun,
            }
        }
    };
    let stream = Rewound::new(begun, stream);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(2 * MAX_HEADER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .max_header_list_size(MAX_HEADER_LIST)
        .max_pending_accept_reset_streams(MAX_TAKEN_BACK)
        .max_local_error_reset_streams(MAX_FAULTS)
        .max_concurrent_streams(service.side.max_streams());
    let (spoke, talk, stop) = (Arc::clone(&service.spoke), Arc::clone(&service.talk), service.stop.0.clone());
    let service = TowerToHyperService::new(service);
    // nothing here becomes another protocol
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // hyper's own limit begins with the first byte of a request it knows: not for a peer that says nothing, or half of
    // the preface of HTTP/2.
    let silence = async {
        tokio::time::sleep(HEADERS).await;
        if spoke.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    let is_overdue = tokio::select! {
        ended = connection.as_mut() => return ended,
        () = silence => return Ok(()),
        () = talk.overdue() => true,
        () = stop.cancelled() => false,
    };
    connection.as_mut().graceful_shutdown();
    if is_overdue {
        return tokio::time::timeout(DRAIN, connection).await?;
    }
    connection.await
}

/// Whether one may read it in more ways than one, or it is not for a server of this kind. hyper refuses what is ambiguous
/// in its length; with a length and chunks it goes by the chunks, and closes (RFC 9112, section 6.1).
fn is_ambiguous<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next();
    let is_another = || {
        let authority = request.uri().authority().map(|authority| authority.as_str().as_bytes());
        authority.zip(host).is_some_and(|(one, other)| !one.eq_ignore_ascii_case(other.as_bytes()))
    };
    hosts.next().is_some()
        // RFC 9112, section 3.2
        || request.version() == Version::HTTP_11 && host.is_none()
        // RFC 9113, section 8.3.1; in HTTP/1.1 the target has its way (RFC 9112, section 3.2.2)
        || request.version() == Version::HTTP_2 && is_another()
        || request.method() == Method::CONNECT
}

/// Answered, and the connection closed: what follows on it may be part of what was not understood.
fn refused(version: Version) -> Response {
    let mut answer = StatusCode::BAD_REQUEST.into_response();
    if version != Version::HTTP_2 {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

/// The router, and whether a connection has sent it anything yet.
#[derive(Clone)]
struct Noticing {
    router: Router,
    short_way: Option<ShortWay>,
    side: Side,
    spoke: Arc<AtomicBool>,
    talk: Arc<Talk>,
    stop: Stop,
}

/// An answer, or what will be one, to a request that may have to be watched.
struct Answering(Answer, Option<Open>);

enum Answer {
    Ready(Option<Response>),
    Routed(<Router as Service<Request<Incoming>>>::Future),
}

impl Future for Answering {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = match &mut self.0 {
            Answer::Ready(answer) => answer.take().map_or(Poll::Pending, |answer| Poll::Ready(Ok(answer))),
            Answer::Routed(answer) => Pin::new(answer).poll(context),
        };
        let Ok(answer) = ready!(answer);
        Poll::Ready(Ok(match self.1.take() {
            Some(open) => answer.map(|body| Body::new(Taken::new(body, open))),
            None => answer,
        }))
    }
}

impl Service<Request<Incoming>> for Noticing {
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        <Router as Service<Request<Incoming>>>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, request: Request<Incoming>) -> Answering {
        self.spoke.store(true, Ordering::Relaxed);
        // another service is trusted to read what it asked for, and keeps its connection
        let is_watched = self.side == Side::Public && request.version() == Version::HTTP_2;
        let open = is_watched.then(|| self.talk.begin());
        Answering(self.answer(request), open)
    }
}

impl Noticing {
    fn answer(&mut self, mut request: Request<Incoming>) -> Answer {
        if is_ambiguous(&request) {
            return Answer::Ready(Some(refused(request.version())));
        }
        if bytes_of(request.headers()) > MAX_HEADER_BYTES {
            return Answer::Ready(Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response()));
        }
        if let Some(answer) = self.short_way.as_ref().and_then(|short| (short.ready)(&request)) {
            return Answer::Ready(Some(answer));
        }
        request.extensions_mut().insert(self.stop.clone());
        Answer::Routed(self.router.call(request))
    }
}

/// Names and values together (RFC 6585, section 5). The libraries count in their own ways, each version of HTTP in
/// another.
fn bytes_of(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}
