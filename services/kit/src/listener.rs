//! Serving a listener: HTTP/1.1 and HTTP/2 on one port, with limits, until told to stop.
//!
//! Our own loop, because `axum::serve` has no limits to set and tonic's server speaks only HTTP/2.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;
use tonic::codegen::Service;

/// How long running requests may take to end when the process stops. hyper's own graceful shutdown can wait
/// for ever for a peer that connected and says nothing (hyper issue 4170).
const DRAIN: Duration = Duration::from_secs(10);
/// How long a client may take until its first request's headers are there, and over those of each later one.
const HEADERS: Duration = Duration::from_secs(10);
/// Names and values of a request's headers together, in bytes; more is answered 431.
pub const MAX_HEADER_BYTES: usize = 8 * 1024;
/// What HTTP/2 counts: 32 octets more for each header (RFC 9113, section 6.5.2).
const MAX_HEADER_LIST: u32 = 16 * 1024;
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
pub type Ready = Arc<dyn Fn(&http::Request<Incoming>) -> Option<Response> + Send + Sync>;

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

/// Serves until `stop`, then lets running requests end, for 10 s at most. What `ready` answers does not come to the
/// router.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    ready: Option<Ready>,
    side: Side,
    stop: CancellationToken,
) {
    let graceful = GracefulShutdown::new();
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
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS)
            .max_buf_size(2 * MAX_HEADER_BYTES);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(10))
            .max_header_list_size(MAX_HEADER_LIST)
            .max_concurrent_streams(side.max_streams());
        let spoke = Arc::new(AtomicBool::new(false));
        let service = TowerToHyperService::new(Noticing {
            router: router.clone(),
            ready: ready.clone(),
            spoke: Arc::clone(&spoke),
            stop: Stop(stop.clone()),
        });
        let connection = graceful
            .watch(builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned());
        tokio::spawn(async move {
            let mut connection = std::pin::pin!(connection);
            // hyper's own limit begins with the first byte of a request it knows: not for a peer that says
            // nothing, or half of the preface of HTTP/2.
            let first = tokio::time::timeout(HEADERS, connection.as_mut()).await;
            let ended = match first {
                Err(_) if !spoke.load(Ordering::Relaxed) => return,
                Err(_) => connection.await,
                Ok(ended) => ended,
            };
            if let Err(error) = ended {
                tracing::debug!(error = %error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some connections did not end within {} s", DRAIN.as_secs());
    }
}

/// The router, and whether a connection has sent it anything yet.
#[derive(Clone)]
struct Noticing {
    router: Router,
    ready: Option<Ready>,
    spoke: Arc<AtomicBool>,
    stop: Stop,
}

/// An answer, or what will be one.
enum Answering {
    Ready(Option<Response>),
    Routed(<Router as Service<http::Request<Incoming>>>::Future),
}

impl Future for Answering {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Ready(answer) => answer.take().map_or(Poll::Pending, |answer| Poll::Ready(Ok(answer))),
            Self::Routed(answer) => Pin::new(answer).poll(context),
        }
    }
}

impl Service<http::Request<Incoming>> for Noticing {
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        <Router as Service<http::Request<Incoming>>>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, mut request: http::Request<Incoming>) -> Answering {
        self.spoke.store(true, Ordering::Relaxed);
        if bytes_of(request.headers()) > MAX_HEADER_BYTES {
            return Answering::Ready(Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response()));
        }
        if let Some(answer) = self.ready.as_ref().and_then(|ready| ready(&request)) {
            return Answering::Ready(Some(answer));
        }
        request.extensions_mut().insert(self.stop.clone());
        Answering::Routed(self.router.call(request))
    }
}

/// Names and values together (RFC 6585, section 5). The libraries count in their own ways, each version of HTTP in
/// another.
fn bytes_of(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    use super::*;

    async fn answer(request: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", axum::routing::get(|| async { "here" }));
        let stop = CancellationToken::new();
        tokio::spawn(serve(listener, router, None, Side::Public, stop.clone()));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        stop.cancel();
        said
    }

    #[tokio::test]
    async fn headers_of_eight_kibibytes_are_taken_and_one_byte_more_is_not() {
        // `host` and `connection` with their values, and the name of the long one
        let others = "hosthereconnectionclosex".len();
        for (bytes, status) in [(MAX_HEADER_BYTES, "200"), (MAX_HEADER_BYTES + 1, "431")] {
            let long = "a".repeat(bytes - others);
            let request = format!("GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\nx: {long}\r\n\r\n");
            let said = answer(&request).await;
            assert!(said.starts_with(&format!("HTTP/1.1 {status}")), "{bytes}: {said}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_says_nothing_or_half_a_preface_is_let_go() {
        assert_eq!(answer("").await, "");
        assert_eq!(answer("PRI * HTTP").await, "");
    }
}
