//! Bodies on their way through. Both are held whole, so that nobody's pace is another one's: a caller who
//! sends slowly holds no call of a service, and one who reads slowly leaves nothing in the connection that
//! all callers share.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use bytes::Buf as _;
use http::HeaderMap;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Frame;

use super::lines::BoxError;

/// gRPC puts a flag and a length before a message
/// (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>).
pub(super) const PREFIX_BYTES: usize = 5;

/// The longest answer that is passed on. The front of a page with 50 open incidents of many updates has some
/// tens of MiB.
pub(super) const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// An answer longer than this does not wait for its reader for ever.
const LONG_ANSWER_BYTES: usize = 64 * 1024;

/// What is handed over at a time: HTTP/2 holds a piece that it was given until it is read.
const PIECE_BYTES: usize = 16 * 1024;

/// How long it waits. hyper asks a body for more only while its reader gives it room, so that no time limit
/// inside a body is ever looked at.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a request was not read to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It goes on beyond what is allowed.
    TooLarge,
    /// It broke off, or is not encoded as it says.
    Malformed,
}

/// A whole request, of `max_bytes` at most.
pub(super) async fn request(body: Body, max_bytes: usize) -> Result<Bytes, Unread> {
    match Limited::new(body, max_bytes).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unread::TooLarge),
        Err(_) => Err(Unread::Malformed),
    }
}

/// A whole answer with its trailers.
///
/// # Errors
/// If it breaks off, or is longer than [`MAX_ANSWER_BYTES`].
pub(super) async fn answer<B>(body: B) -> Result<Body, BoxError>
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    if body.is_end_stream() {
        // a refusal without trailers has to end with its headers; this body says that it does
        return Ok(Body::empty());
    }
    let whole = Limited::new(body, MAX_ANSWER_BYTES).collect().await?;
    let trailers = whole.trailers().cloned();
    Ok(Body::new(Answer::new(whole.to_bytes(), trailers)))
}

/// A whole answer without trailers.
pub(super) fn whole(data: Bytes) -> Body {
    Body::new(Answer::new(data, None))
}

/// A whole answer; a long one is let go if its reader takes too long.
struct Answer(Arc<Mutex<Rest>>);

/// What of an answer has not been read.
enum Rest {
    Data(Bytes, Option<HeaderMap>),
    Trailers(HeaderMap),
    Nothing,
    LetGo,
}

/// The reader took too long.
#[derive(Debug, thiserror::Error)]
#[error("the answer was not read within {} s", PATIENCE.as_secs())]
struct NotRead;

impl Answer {
    fn new(data: Bytes, trailers: Option<HeaderMap>) -> Self {
        let is_long = data.len() > LONG_ANSWER_BYTES;
        let answer = Self(Arc::new(Mutex::new(Rest::Data(data, trailers))));
        if is_long {
            let watched = Arc::downgrade(&answer.0);
            tokio::spawn(async move {
                tokio::time::sleep(PATIENCE).await;
                if let Some(rest) = watched.upgrade() {
                    *rest.lock().unwrap_or_else(PoisonError::into_inner) = Rest::LetGo;
                }
            });
        }
        answer
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = NotRead;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, NotRead>>> {
        let mut rest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Poll::Ready(match std::mem::replace(&mut *rest, Rest::Nothing) {
            Rest::Data(mut data, trailers) => {
                // A copy: a piece cut out would keep the whole answer in memory with it.
                let piece = Bytes::copy_from_slice(&data[..data.len().min(PIECE_BYTES)]);
                data.advance(piece.len());
                *rest = match trailers {
                    _ if !data.is_empty() => Rest::Data(data, trailers),
                    Some(trailers) => Rest::Trailers(trailers),
                    None => Rest::Nothing,
                };
                Some(Ok(Frame::data(piece)))
            }
            Rest::Trailers(trailers) => Some(Ok(Frame::trailers(trailers))),
            Rest::Nothing => None,
            Rest::LetGo => Some(Err(NotRead)),
        })
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::StreamBody;

    use super::*;

    fn frames(frames: Vec<Result<Frame<Bytes>, BoxError>>) -> Body {
        Body::new(StreamBody::new(tokio_stream::iter(frames)))
    }

    #[tokio::test]
    async fn a_request_is_read_up_to_its_limit() {
        assert_eq!(request(Body::from("123"), 3).await.unwrap(), "123");
        assert_eq!(request(Body::from("1234"), 3).await, Err(Unread::TooLarge));
        let broken = frames(vec![Ok(Frame::data(Bytes::from_static(b"1"))), Err("gone".into())]);
        assert_eq!(request(broken, 3).await, Err(Unread::Malformed));
    }

    #[tokio::test]
    async fn an_answer_keeps_its_trailers() {
        let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), "5".parse().unwrap())]);
        let parts = vec![Ok(Frame::data(Bytes::from_static(b"half"))), Ok(Frame::trailers(trailers.clone()))];
        let whole = answer(frames(parts)).await.unwrap().collect().await.unwrap();
        assert_eq!(whole.trailers(), Some(&trailers));
        assert_eq!(whole.to_bytes(), "half");
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_answer_that_nobody_reads_is_let_go() {
        let long = || frames(vec![Ok(Frame::data(Bytes::from(vec![0; LONG_ANSWER_BYTES + 1])))]);
        let read = answer(long()).await.unwrap();
        assert_eq!(read.collect().await.unwrap().to_bytes().len(), LONG_ANSWER_BYTES + 1);
        let kept = answer(long()).await.unwrap();
        tokio::time::sleep(PATIENCE + Duration::from_secs(1)).await;
        assert!(kept.collect().await.is_err());
    }

    #[tokio::test]
    async fn an_answer_without_a_body_says_so_at_once() {
        assert!(answer(Body::empty()).await.unwrap().is_end_stream());
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_or_never_ends_is_none() {
        let broken = vec![Ok(Frame::data(Bytes::from_static(b"half"))), Err("reset".into())];
        assert!(answer(frames(broken)).await.is_err());
        let lot = Bytes::from(vec![0; 1024 * 1024]);
        let endless = (0..65).map(|_| Ok(Frame::data(lot.clone()))).collect();
        assert!(answer(frames(endless)).await.unwrap_err().is::<LengthLimitError>());
    }
}
