//! Serving a listener: HTTP/1.1 and HTTP/2 on one port, with limits, until told to stop.
//!
//! Our own loop, because `axum::serve` has no limits to set and tonic's server speaks only HTTP/2.

mod answering;
mod connection;
mod patient;
mod talk;
#[cfg(test)]
mod tests;

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{Router, response::Response};
use http::Request;
use hyper::body::Incoming;
use tokio::{net::TcpListener, runtime::Handle, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{answering::Answering, connection::Connection};
use crate::{
    Clock,
    lane::{Find, Lanes},
    places::{PART, Shares},
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
/// whether the process is alive. One machine has a quarter of them (see [`places`](crate::places)); a further one of its
/// connections is closed at once.
pub const MAX_PUBLIC_CONNECTIONS: usize = 40_000;
/// Connections of other services at once. Each of those brings many calls.
const MAX_INTERNAL_CONNECTIONS: usize = 10_000;

/// Cancelled when the process begins to stop. The listener puts it on each request, for what stays open until
/// then: a stream that did not end by itself would hold up the draining.
#[derive(Debug, Clone)]
pub struct Stop(pub CancellationToken);

/// Who is at the other end of a connection: a reader, or a proxy that stands for many. The listener puts it on each
/// request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

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

    /// Connections at once of each machine.
    fn shares(self) -> Arc<Shares> {
        Shares::new(match self {
            Self::Public => MAX_PUBLIC_CONNECTIONS / PART,
            // one service may be all that there is
            Self::Internal => MAX_INTERNAL_CONNECTIONS,
        })
    }
}

/// Serves until `stop`, then lets running requests end, for 10 s at most. What the short way answers does not come to the
/// router.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    mut short: Option<(ShortWay, Lanes)>,
    side: Side,
    stop: CancellationToken,
) {
    let connections = TaskTracker::new();
    let room = Arc::new(Semaphore::new(side.max_connections()));
    let shares = side.shares();
    loop {
        let accept = async {
            let place = Arc::clone(&room).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            accepted = accept => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok((stream, peer)) => (stream, PeerAddress(peer.ip())),
            Err(error) => {
                // Out of file descriptors, mostly: trying again at once would only spin.
                tracing::warn!(%error, "a connection could not be accepted");
                stop.run_until_cancelled(tokio::time::sleep(Duration::from_millis(50))).await;
                continue;
            }
        };
        // before anything is read of it: what one machine has too many of gives its place back at once
        let Some(share) = shares.take(Some(peer.0)) else {
            tracing::debug!(peer = %peer.0, "a machine has all the connections that it may have");
            continue;
        };
        let (Ok(place), Ok(())) = (place, stream.set_nodelay(true)) else {
            tracing::debug!("a connection was gone before it began");
            continue;
        };
        let answering = Answering {
            router: router.clone(),
            ready: short.as_ref().map(|(short_way, _)| Arc::clone(&short_way.ready)),
            side,
            peer,
            stop: Stop(stop.clone()),
            spoke: Arc::default(),
            talk: Arc::default(),
        };
        let connection = Connection { answering, place, share, open: connections.token() };
        match &mut short {
            None => drop(tokio::spawn(connection.carry(stream, Vec::new()))),
            Some((short_way, lanes)) => match stream.into_std() {
                Ok(stream) => lanes.spawn(connection.begin(stream, short_way.clone(), Handle::current())),
                Err(error) => tracing::debug!(%error, "a connection was gone before it began"),
            },
        }
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(DRAIN, connections.wait()).await.is_err() {
        tracing::warn!("some connections did not end within {} s", DRAIN.as_secs());
    }
}
