//! What goes on on one connection over HTTP/2, and when it has to end.
//!
//! A peer there says how much of each answer it takes (RFC 9113, section 5.2), and answers our pings all the same:
//! neither a limit for writing nor one for silence ever ends one who asks for a hundred answers and takes none of them.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::{sync::Notify, time::Instant};

use super::{IDLE, patient::PATIENCE};

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(5);
/// What is handed over at a time.
const PIECE_BYTES: usize = 16 * 1024;
/// What is handed over without a look at whether it is taken.
const SMALL_BYTES: usize = 1024;

/// The requests that are open on a connection, and which of their answers wait for their reader.
#[derive(Debug, Default)]
pub(super) struct Talk {
    state: Mutex<State>,
    began: Notify,
}

#[derive(Debug, Default)]
struct State {
    requests: u64,
    open: usize,
    /// None before the first request.
    quiet_since: Option<Instant>,
    /// By the number of the request.
    untaken: BTreeMap<u64, Instant>,
}

impl Talk {
    /// One more request.
    pub(super) fn begin(self: &Arc<Self>) -> Open {
        let mut state = self.state();
        state.requests += 1;
        state.open += 1;
        if state.requests == 1 {
            self.began.notify_one();
        }
        Open { number: state.requests, talk: Arc::clone(self) }
    }

    /// Waits until an answer was not taken for 60 s, or nothing was asked for 75 s. That never comes on a connection
    /// without a request.
    pub(super) async fn overdue(&self) {
        self.began.notified().await;
        loop {
            tokio::time::sleep(LOOK).await;
            let state = self.state();
            let is_untaken = state.untaken.values().any(|since| since.elapsed() >= PATIENCE);
            let is_idle = state.open == 0 && state.quiet_since.is_some_and(|since| since.elapsed() >= IDLE);
            if is_untaken || is_idle {
                return;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open request; over when this is dropped.
#[derive(Debug)]
pub(super) struct Open {
    number: u64,
    talk: Arc<Talk>,
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut state = self.talk.state();
        state.untaken.remove(&self.number);
        state.open -= 1;
        state.quiet_since = Some(Instant::now());
    }
}

/// An answer, handed over piece by piece, of which it is known whether the pieces are taken.
///
/// hyper takes a piece, and asks for the next when the one before it has room on its way to the reader. So the last byte
/// of what is not small comes alone: when it is taken, so is nearly all. Pieces are copies, for a part of an answer would
/// keep the whole of it in memory.
#[derive(Debug)]
pub(super) struct Taken {
    body: Body,
    rest: Bytes,
    open: Open,
}

impl Taken {
    pub(super) fn new(body: Body, open: Open) -> Self {
        Self { body, rest: Bytes::new(), open }
    }

    fn piece(&mut self) -> Bytes {
        let size = match self.rest.len() {
            small @ ..=SMALL_BYTES => small,
            more => (more - 1).min(PIECE_BYTES),
        };
        Bytes::copy_from_slice(&self.rest.split_to(size))
    }
}

impl HttpBody for Taken {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.open.talk.state().untaken.remove(&self.open.number);
        if self.rest.is_empty() {
            let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(context)?) else {
                return Poll::Ready(None);
            };
            match frame.into_data() {
                Ok(data) => self.rest = data,
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
        let piece = self.piece();
        self.open.talk.state().untaken.insert(self.open.number, Instant::now());
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (behind, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        if let Some(upper) = behind.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(behind.lower() + rest);
        hint
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    /// A stream in which nothing happens.
    struct Silence;

    impl HttpBody for Silence {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Pending
        }
    }

    async fn next(body: &mut Taken) -> Option<Bytes> {
        let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await?;
        Some(frame.unwrap().into_data().unwrap())
    }

    /// How long it takes until a connection is overdue on which nothing happens from now on.
    async fn overdue_after(talk: &Talk) -> Duration {
        let began = Instant::now();
        talk.overdue().await;
        began.elapsed()
    }

    #[tokio::test]
    async fn an_answer_comes_in_pieces_and_its_last_byte_alone() {
        let talk = Arc::new(Talk::default());
        let bytes = (0..=PIECE_BYTES + SMALL_BYTES + 1).map(|n| n as u8).collect::<Vec<_>>();
        let mut body = Taken::new(Body::from(bytes.clone()), talk.begin());
        assert_eq!(body.size_hint().exact(), Some(bytes.len() as u64));
        let (mut sizes, mut all) = (Vec::new(), Vec::new());
        while let Some(piece) = next(&mut body).await {
            sizes.push(piece.len());
            all.extend_from_slice(&piece);
        }
        assert_eq!(sizes, [PIECE_BYTES, SMALL_BYTES + 1, 1]);
        assert_eq!(all, bytes);
        assert!(Taken::new(Body::empty(), talk.begin()).is_end_stream());
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_takes_ends_its_connection_after_a_minute() {
        let talk = Arc::new(Talk::default());
        let mut body = Taken::new(Body::from(vec![0; 4 * PIECE_BYTES]), talk.begin());
        next(&mut body).await.unwrap();
        let waited = overdue_after(&talk).await;
        assert!(waited >= PATIENCE && waited <= PATIENCE + LOOK, "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_and_a_stream_that_says_nothing_keep_theirs() {
        let talk = Arc::new(Talk::default());
        let mut slow = Taken::new(Body::from(vec![0; 8 * PIECE_BYTES]), talk.begin());
        let mut silent = Taken::new(Body::new(Silence), talk.begin());
        let _waits = tokio::spawn(async move { next(&mut silent).await });
        let mut over = std::pin::pin!(talk.overdue());
        for _ in 0..6 {
            next(&mut slow).await.unwrap();
            let pause = tokio::time::timeout(PATIENCE - LOOK, over.as_mut()).await;
            assert!(pause.is_err());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_requests_ends_after_75_seconds_and_one_with_a_request_does_not() {
        let talk = Arc::new(Talk::default());
        let open = talk.begin();
        assert!(tokio::time::timeout(10 * IDLE, talk.overdue()).await.is_err());
        drop(open);
        talk.began.notify_one();
        let waited = overdue_after(&talk).await;
        assert!(waited >= IDLE && waited <= IDLE + LOOK, "{waited:?}");
    }
}
