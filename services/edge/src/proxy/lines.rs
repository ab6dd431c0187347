//! The connections to one service on which callers' calls go.
//!
//! Not tonic's `Channel`, which the pages use: that one resets a call's stream as soon as its `grpc-timeout`
//! ends, a moment before the service says so itself. Each answer to a stream that was reset long ago counts
//! as a fault of the connection, which after 1024 of them is given up with everybody's calls on it
//! (`max_local_error_reset_streams` of h2).

use std::{
    error::Error,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::body::Bytes;
use http::{Request, Response, Uri, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Builder, Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use kit::listener::MAX_INTERNAL_STREAMS;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many connections for calls: when one breaks, three of four calls do not notice.
const COUNT: usize = 4;
/// So many streams go on one connection: well below what the other side takes, and when one breaks, not all who
/// watch have to call again.
const STREAMS_ON_A_LINE: usize = 1024;
const _: () = assert!(STREAMS_ON_A_LINE < MAX_INTERNAL_STREAMS as usize);
const CONNECT: Duration = Duration::from_secs(2);
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a service did not answer a call.
pub(super) type BoxError = Box<dyn Error + Send + Sync>;

type Line = Client<HttpConnector, Full<Bytes>>;

/// Connections to one service: a few for calls, used in turn, and as many for streams as those need. Each is
/// made when first needed and made anew when it broke.
#[derive(Debug)]
pub(super) struct Lines {
    address: Uri,
    for_calls: [Line; COUNT],
    next: AtomicUsize,
    for_streams: Mutex<Vec<(Line, Arc<Semaphore>)>>,
}

impl Lines {
    pub(super) fn new(address: &Uri) -> Self {
        Self {
            address: address.clone(),
            for_calls: std::array::from_fn(|_| line(&builder())),
            next: AtomicUsize::new(0),
            for_streams: Mutex::default(),
        }
    }

    /// Sends a call and waits for its answer's headers.
    pub(super) async fn call(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, BoxError> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % COUNT;
        Ok(self.for_calls[turn].request(self.onward(request)?).await?)
    }

    /// Sends a call that is answered with a stream, waits for its headers, and answers with the stream's place
    /// on its line, to be held as long as the stream.
    pub(super) async fn open(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, OwnedSemaphorePermit), BoxError> {
        let (line, place) = self.with_room()?;
        Ok((line.request(self.onward(request)?).await?, place))
    }

    /// The first line with room: the later ones run empty, and are closed when nobody uses them.
    fn with_room(&self) -> Result<(Line, OwnedSemaphorePermit), BoxError> {
        let mut lines = self.for_streams.lock().unwrap_or_else(PoisonError::into_inner);
        for (line, places) in lines.iter() {
            if let Ok(place) = Arc::clone(places).try_acquire_owned() {
                return Ok((line.clone(), place));
            }
        }
        let (line, places) = (line(&streaming()), Arc::new(Semaphore::new(STREAMS_ON_A_LINE)));
        let place = Arc::clone(&places).try_acquire_owned()?;
        lines.push((line.clone(), places));
        Ok((line, place))
    }

    fn onward(&self, mut request: Request<Full<Bytes>>) -> Result<Request<Full<Bytes>>, BoxError> {
        let mut place = self.address.clone().into_parts();
        place.path_and_query = request.uri().path_and_query().cloned();
        *request.uri_mut() = Uri::from_parts(place)?;
        *request.version_mut() = Version::HTTP_2;
        Ok(request)
    }
}

/// A client of its own has a connection of its own: over HTTP/2 it opens no second one to the same address.
fn line(builder: &Builder) -> Line {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT));
    builder.build(connector)
}

fn builder() -> Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .http2_only(true)
        .http2_keep_alive_interval(PING_EVERY)
        .http2_keep_alive_timeout(PING_TIMEOUT);
    builder
}

/// Streams are reset when their readers go away, whatever is on its way just then. That is no fault to count:
/// the other side is our own.
fn streaming() -> Builder {
    let mut builder = builder();
    builder.http2_max_local_error_reset_streams(None);
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_takes_so_many_streams_and_further_ones_go_on_another() {
        let lines = Lines::new(&Uri::from_static("http://127.0.0.1:1"));
        let count = || lines.for_streams.lock().unwrap().len();
        let mut open = (0..STREAMS_ON_A_LINE).map(|_| lines.with_room().unwrap().1).collect::<Vec<_>>();
        assert_eq!(count(), 1);
        open.push(lines.with_room().unwrap().1);
        assert_eq!(count(), 2);
        drop(open.swap_remove(0));
        open.push(lines.with_room().unwrap().1);
        open.push(lines.with_room().unwrap().1);
        assert_eq!(count(), 2);
    }
}
