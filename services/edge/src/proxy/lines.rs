//! The connections to one service on which callers' calls go.
//!
//! Not tonic's `Channel`, which the pages use: that one resets a call's stream as soon as its `grpc-timeout`
//! ends, a moment before the service says so itself. Each answer to a stream that was reset long ago counts
//! as a fault of the connection, which after 1024 of them is given up with everybody's calls on it
//! (`max_local_error_reset_streams` of h2).

use std::{
    error::Error,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use axum::body::Bytes;
use http::{Request, Response, Uri, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};

/// So many connections: when one breaks, three of four calls do not notice.
const COUNT: usize = 4;
const CONNECT: Duration = Duration::from_secs(2);
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a service did not answer a call.
pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// A few connections to one service, used in turn. Each is made when first needed and made anew when it broke.
#[derive(Debug)]
pub(super) struct Lines {
    address: Uri,
    clients: [Client<HttpConnector, Full<Bytes>>; COUNT],
    next: AtomicUsize,
}

impl Lines {
    pub(super) fn new(address: &Uri) -> Self {
        Self {
            address: address.clone(),
            clients: std::array::from_fn(|_| client()),
            next: AtomicUsize::new(0),
        }
    }

    /// Sends a call and waits for its answer's headers.
    pub(super) async fn call(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, BoxError> {
        let mut place = self.address.clone().into_parts();
        place.path_and_query = request.uri().path_and_query().cloned();
        *request.uri_mut() = Uri::from_parts(place)?;
        *request.version_mut() = Version::HTTP_2;
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % COUNT;
        Ok(self.clients[turn].request(request).await?)
    }
}

/// A client of its own has a connection of its own: over HTTP/2 it opens no second one to the same address.
fn client() -> Client<HttpConnector, Full<Bytes>> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT));
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .http2_only(true)
        .http2_keep_alive_interval(PING_EVERY)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .build(connector)
}
