//! Bodies on their way through: the request's is bounded, the answer's ends in time and with a status.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    Error,
    body::{Bytes, HttpBody},
};
use http::HeaderMap;
use hyper::body::{Frame, SizeHint};
use kit::status;
use tokio::time::{Instant, Sleep};
use tonic::{Status, body::Body};

/// A request's body that fails beyond so many bytes.
pub(super) struct Bounded {
    inner: axum::body::Body,
    left: usize,
    overflow: Overflow,
}

/// Whether a request's body was too long: the service's connection only knows that it broke off.
#[derive(Clone, Default)]
pub(super) struct Overflow(Arc<AtomicBool>);

impl Overflow {
    pub(super) fn happened(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Bounded {
    pub(super) fn new(inner: axum::body::Body, max_bytes: usize) -> (Self, Overflow) {
        let overflow = Overflow::default();
        (Self { inner, left: max_bytes, overflow: overflow.clone() }, overflow)
    }
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        let bytes = match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
            Some(Err(_)) | None => 0,
        };
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Poll::Ready(frame)
            }
            None => {
                self.overflow.0.store(true, Ordering::Release);
                self.left = 0;
                Poll::Ready(Some(Err(Error::new(std::io::Error::other("longer than allowed")))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A service's answer. When the time is up, or the service breaks off, it ends with a status in its trailers,
/// where a bare end would leave the caller to guess.
pub(super) struct Answer {
    /// Nothing once the end has been told.
    inner: Option<Body>,
    overdue: Pin<Box<Sleep>>,
    limit: Duration,
}

impl Answer {
    pub(super) fn new(inner: Body, overdue: Instant, limit: Duration) -> Self {
        Self { inner: Some(inner), overdue: Box::pin(tokio::time::sleep_until(overdue)), limit }
    }

    /// Drops the service's side, which resets its stream, and ends with this status.
    fn end(&mut self, status: &Status) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.inner = None;
        let mut trailers = HeaderMap::new();
        Poll::Ready(Some(status.add_header(&mut trailers).map(|()| Frame::trailers(trailers))))
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(inner) = &mut self.inner else {
            return Poll::Ready(None);
        };
        match Pin::new(inner).poll_frame(context) {
            Poll::Ready(Some(Err(broken))) => self.end(&status::unavailable(&broken)),
            Poll::Ready(Some(Ok(frame))) => {
                if frame.is_trailers() {
                    self.inner = None;
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(None) => {
                self.inner = None;
                Poll::Ready(None)
            }
            Poll::Pending => {
                ready!(self.overdue.as_mut().poll(context));
                let late = super::too_late(self.limit);
                self.end(&late)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(|inner| inner.is_end_stream())
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, StreamBody};
    use kit::status::reason;
    use proto::common::v1::ErrorReason;
    use tonic::Code;

    use super::*;

    type Frames = Vec<Result<Frame<Bytes>, Status>>;

    /// An answer whose service sends these frames, and then nothing, not even an end.
    fn answer(frames: Frames, limit: Duration) -> Answer {
        let silence = tokio_stream::pending();
        let stream = tokio_stream::StreamExt::chain(tokio_stream::iter(frames), silence);
        Answer::new(Body::new(StreamBody::new(stream)), Instant::now() + limit, limit)
    }

    async fn told(answer: Answer) -> (Bytes, Status) {
        let whole = answer.collect().await.unwrap();
        let status = Status::from_header_map(whole.trailers().unwrap()).unwrap();
        (whole.to_bytes(), status)
    }

    #[tokio::test]
    async fn an_answer_that_stops_in_the_middle_ends_when_the_time_is_up() {
        let begun = vec![Ok(Frame::data(Bytes::from_static(b"half")))];
        let (bytes, status) = told(answer(begun, Duration::ZERO)).await;
        assert_eq!(bytes, "half");
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert_eq!(reason(&status), Some(ErrorReason::DeadlineExceeded));
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_ends_with_unavailable() {
        let broken = vec![Ok(Frame::data(Bytes::from_static(b"half"))), Err(Status::unknown("reset"))];
        let (bytes, status) = told(answer(broken, Duration::from_secs(3600))).await;
        assert_eq!(bytes, "half");
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(reason(&status), Some(ErrorReason::Unavailable));
    }

    #[tokio::test]
    async fn an_answer_in_time_keeps_its_own_trailers() {
        let mut trailers = HeaderMap::new();
        Status::not_found("no").add_header(&mut trailers).unwrap();
        let (_, status) = told(answer(vec![Ok(Frame::trailers(trailers))], Duration::ZERO)).await;
        assert_eq!((status.code(), status.message()), (Code::NotFound, "no"));
    }

    #[tokio::test]
    async fn a_request_is_passed_on_up_to_its_limit() {
        let (body, overflow) = Bounded::new(axum::body::Body::from("12345"), 5);
        assert_eq!(body.collect().await.unwrap().to_bytes(), "12345");
        assert!(!overflow.happened());
        let (body, overflow) = Bounded::new(axum::body::Body::from("123456"), 5);
        assert!(body.collect().await.is_err());
        assert!(overflow.happened());
    }
}
