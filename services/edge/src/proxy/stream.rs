//! The answer of a stream on its way through: its frames as they come.
//!
//! A task always reads what the service sends, so that a caller who reads slowly leaves nothing in a line that
//! others share. What the caller has not read yet waits here, up to a limit of bytes and of time; beyond either the
//! caller loses the stream.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use http::HeaderMap;
use http_body_util::BodyExt as _;
use hyper::body::Frame;
use kit::{
    gate::{stopping, trailers},
    listener::Stop,
    status,
};
use proto::common::v1::ErrorReason;
use tokio::{
    sync::Notify,
    time::{Instant, Sleep, sleep_until},
};
use tonic::{Code, Status};

/// How many bytes may wait for their reader; the first piece that waits may be longer.
const MAX_WAITING_BYTES: usize = 16 * 1024;

/// How long anything may wait for its reader. A page on which nothing happens sends a few bytes every 20 s: by the
/// bytes alone, somebody who reads nothing would hold a place for hours.
const PATIENCE: Duration = Duration::from_secs(60);

/// Passes a stream through. `held` is what it occupies, and given back when its upstream has ended.
///
/// It ends as its service ends it, and when the process stops; when the service breaks off, `UNAVAILABLE`; when
/// it does not end the stream by `overdue_at`, `DEADLINE_EXCEEDED`; when the reader does not read,
/// `RESOURCE_EXHAUSTED`. When the reader goes away the upstream is dropped, which resets it.
pub(super) fn pass_through<B, H>(
    upstream: B,
    held: H,
    stop: Option<Stop>,
    overdue_at: Option<Instant>,
) -> Body
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: std::fmt::Display + Send,
    H: Send + 'static,
{
    let shared = Arc::new(Shared::default());
    let reader = Reader(Arc::clone(&shared));
    tokio::spawn(async move {
        let end = tokio::select! {
            end = read(upstream, &shared) => end,
            () = shared.reader_left.notified() => return,
            () = stopped(stop) => trailers(&stopping()),
            () = passed(overdue_at) => trailers(&too_late()),
        };
        drop(held);
        shared.end(end);
    });
    Body::new(reader)
}

/// Reads to the end of the upstream, or of the reader's patience.
async fn read<B>(mut upstream: B, shared: &Shared) -> HeaderMap
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let mut patience = None;
    loop {
        let frame = tokio::select! {
            frame = upstream.frame() => frame,
            () = past(&mut patience) => {
                match shared.overdue_at() {
                    Some(at) if at <= Instant::now() => return shared.not_read(),
                    at => patience = at.map(timer),
                }
                continue;
            }
        };
        let frame = match frame {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                tracing::debug!(%error, "a service broke a stream off");
                return trailers(&broken_off());
            }
            None => return trailers(&broken_off()),
        };
        match frame.into_data() {
            Ok(data) if shared.push(&data) => {
                // One that runs already comes too early rather than too late, and is set anew then: so a reader who
                // keeps up costs a timer a minute, not one for each piece.
                patience = patience.or_else(|| shared.overdue_at().map(timer));
            }
            Ok(_) => return shared.not_read(),
            Err(frame) => {
                if let Ok(trailers) = frame.into_trailers() {
                    return trailers;
                }
            }
        }
    }
}

async fn stopped(stop: Option<Stop>) {
    match stop {
        Some(stop) => stop.0.cancelled_owned().await,
        None => std::future::pending().await,
    }
}

async fn passed(time: Option<Instant>) {
    past(&mut time.map(timer)).await;
}

async fn past(timer: &mut Option<Pin<Box<Sleep>>>) {
    match timer {
        Some(timer) => timer.await,
        None => std::future::pending().await,
    }
}

/// Boxed, because a timer is large, and there are many streams without one.
fn timer(at: Instant) -> Pin<Box<Sleep>> {
    Box::pin(sleep_until(at))
}

fn broken_off() -> Status {
    status::refusal(
        Code::Unavailable,
        ErrorReason::Unavailable,
        "a part of the system does not answer; call again",
    )
}

fn not_read() -> Status {
    status::refusal(
        Code::ResourceExhausted,
        ErrorReason::Overloaded,
        "the stream was not read; call again to go on",
    )
}

fn too_late() -> Status {
    status::refusal(
        Code::DeadlineExceeded,
        ErrorReason::DeadlineExceeded,
        "the time that the caller gave is over",
    )
}

/// What the two sides of a stream know of each other.
#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    reader_left: Notify,
}

#[derive(Default)]
struct Waiting {
    /// Copied together: a piece as it came keeps the whole buffer that it was read into.
    data: Vec<u8>,
    /// Since when the oldest of it waits; of no meaning when nothing does.
    since: Option<Instant>,
    end: End,
    reader: Option<Waker>,
}

#[derive(Default)]
enum End {
    #[default]
    NotYet,
    With(HeaderMap),
    Told,
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there was room.
    fn push(&self, data: &[u8]) -> bool {
        let mut waiting = self.waiting();
        if waiting.data.is_empty() {
            waiting.since = Some(Instant::now());
        } else if waiting.data.len() + data.len() > MAX_WAITING_BYTES {
            return false;
        }
        waiting.data.extend_from_slice(data);
        wake(waiting);
        true
    }

    /// When what waits will have waited for too long; nothing if nothing waits.
    fn overdue_at(&self) -> Option<Instant> {
        let waiting = self.waiting();
        waiting.since.filter(|_| !waiting.data.is_empty()).map(|since| since + PATIENCE)
    }

    /// How the stream of somebody who does not read ends. What waited is no use to them. Messages of our streams come
    /// whole, so that none is cut in two here.
    fn not_read(&self) -> HeaderMap {
        self.waiting().data = Vec::new();
        trailers(&not_read())
    }

    fn end(&self, trailers: HeaderMap) {
        let mut waiting = self.waiting();
        waiting.end = End::With(trailers);
        wake(waiting);
    }
}

fn wake(mut waiting: MutexGuard<'_, Waiting>) {
    let reader = waiting.reader.take();
    drop(waiting);
    if let Some(reader) = reader {
        reader.wake();
    }
}

struct Reader(Arc<Shared>);

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.reader_left.notify_one();
    }
}

impl HttpBody for Reader {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let mut waiting = self.0.waiting();
        if !waiting.data.is_empty() {
            let data = Bytes::from(std::mem::take(&mut waiting.data));
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match std::mem::replace(&mut waiting.end, End::Told) {
            End::NotYet => {
                waiting.end = End::NotYet;
                if !waiting.reader.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
                    waiting.reader = Some(context.waker().clone());
                }
                Poll::Pending
            }
            End::With(trailers) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            End::Told => Poll::Ready(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, StreamBody};
    use tokio::sync::mpsc;
    use tokio_stream::wrappers::UnboundedReceiverStream;
    use tokio_util::sync::CancellationToken;

    use super::*;

    type Sender = mpsc::UnboundedSender<Result<Frame<Bytes>, String>>;

    fn upstream() -> (Sender, impl HttpBody<Data = Bytes, Error = String> + Send + Unpin + 'static) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (sender, StreamBody::new(UnboundedReceiverStream::new(receiver)))
    }

    fn piece(bytes: usize) -> Result<Frame<Bytes>, String> {
        Ok(Frame::data(Bytes::from(vec![0; bytes])))
    }

    async fn end(body: Body) -> Code {
        let whole = body.collect().await.unwrap();
        Status::from_header_map(whole.trailers().unwrap()).unwrap().code()
    }

    #[tokio::test]
    async fn pieces_come_through_before_the_end_and_trailers_at_it() {
        let (service, upstream) = upstream();
        let mut body = pass_through(upstream, (), None, None);
        for bytes in [3, 5] {
            service.send(piece(bytes)).unwrap();
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap().len(), bytes);
        }
        let told = HeaderMap::from_iter([(Status::GRPC_STATUS, "5".parse().unwrap())]);
        service.send(Ok(Frame::trailers(told.clone()))).unwrap();
        assert_eq!(body.collect().await.unwrap().trailers(), Some(&told));
    }

    #[tokio::test]
    async fn a_reader_who_does_not_read_loses_the_stream_and_holds_nothing() {
        let (service, upstream) = upstream();
        let (held, mut given_back) = mpsc::channel::<()>(1);
        let body = pass_through(upstream, held, None, None);
        let mut sent = 0;
        while service.send(piece(1024)).is_ok() {
            sent += 1;
            tokio::task::yield_now().await;
        }
        assert!((16..64).contains(&sent), "{sent} KiB");
        assert!(given_back.recv().await.is_none());
        assert_eq!(end(body).await, Code::ResourceExhausted);
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_reads_for_a_minute_ends_the_stream_however_little_it_is() {
        let began = Instant::now();
        let (service, upstream) = upstream();
        let (held, mut given_back) = mpsc::channel::<()>(1);
        let mut body = pass_through(upstream, held, None, None);
        // A reader who keeps up has no such limit.
        for _ in 0..10 {
            service.send(piece(10)).unwrap();
            assert!(body.frame().await.unwrap().unwrap().is_data());
            tokio::time::advance(Duration::from_secs(20)).await;
        }
        let stopped_reading = Instant::now();
        assert_eq!((stopped_reading - began).as_secs(), 200);
        tokio::spawn(async move {
            while service.send(piece(10)).is_ok() {
                tokio::time::sleep(Duration::from_secs(20)).await;
            }
        });
        assert!(given_back.recv().await.is_none());
        assert_eq!(stopped_reading.elapsed().as_secs(), 60);
        assert_eq!(end(body).await, Code::ResourceExhausted);
    }

    #[tokio::test]
    async fn one_long_piece_is_no_fault_of_the_reader() {
        let (service, upstream) = upstream();
        let mut body = pass_through(upstream, (), None, None);
        service.send(piece(2 * MAX_WAITING_BYTES)).unwrap();
        let data = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(data.len(), 2 * MAX_WAITING_BYTES);
    }

    #[tokio::test]
    async fn when_the_reader_goes_away_so_does_the_upstream() {
        let (service, upstream) = upstream();
        drop(pass_through(upstream, (), None, None));
        service.closed().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_with_its_service_with_its_process_and_at_its_time() {
        let (service, broken) = upstream();
        let body = pass_through(broken, (), None, None);
        service.send(Err("reset".into())).unwrap();
        assert_eq!(end(body).await, Code::Unavailable);

        let (_service, endless) = upstream();
        let stop = CancellationToken::new();
        let body = pass_through(endless, (), Some(Stop(stop.clone())), None);
        stop.cancel();
        assert_eq!(end(body).await, Code::Unavailable);

        let (_service, endless) = upstream();
        let at = Instant::now() + std::time::Duration::from_secs(3);
        assert_eq!(end(pass_through(endless, (), None, Some(at))).await, Code::DeadlineExceeded);
        assert_eq!(Instant::now(), at);
    }
}
