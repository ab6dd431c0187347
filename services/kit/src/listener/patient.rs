//! A connection whose peer has to take what is written to it, and of which some bytes may have been read already.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Sleep,
};

/// How long a peer may take nothing of what is written to it. Without an end, one who asks and never reads would hold
/// a connection, and its answer, for ever: HTTP/1.1 has nothing to ask whether somebody is there.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// The connection: what was read of it, and then what comes. Writing fails with [`io::ErrorKind::TimedOut`] once no byte was taken for [`PATIENCE`]; a peer that is
/// slow, and takes some now and then, keeps it.
#[derive(Debug)]
pub(super) struct Patient<S> {
    begun: Bytes,
    stream: S,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S) -> Self {
        Self::after(Vec::new(), stream)
    }

    /// One of which these bytes were read.
    pub(super) fn after(begun: Vec<u8>, stream: S) -> Self {
        Self { begun: begun.into(), stream, waiting: None }
    }

    /// The connection alone, without what was read of it.
    pub(super) fn into_inner(self) -> S {
        self.stream
    }

    fn bounded<T>(&mut self, context: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.waiting = None;
            return outcome;
        }
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(PATIENCE)));
        ready!(waiting.as_mut().poll(context));
        self.waiting = None;
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.begun.is_empty() {
            return Pin::new(&mut self.stream).poll_read(context, buffer);
        }
        let length = self.begun.len().min(buffer.remaining());
        buffer.put_slice(&self.begun.split_to(length));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.bounded(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.bounded(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    // a socket keeps nothing back that would have to be flushed, and its end waits for nobody
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const ROOM: usize = 16;

    #[tokio::test]
    async fn what_was_read_comes_before_what_comes() {
        let (ours, mut theirs) = tokio::io::duplex(ROOM);
        let mut patient = Patient::after(b"GET /".to_vec(), ours);
        theirs.write_all(b"a HTTP/1.1").await.unwrap();
        drop(theirs);
        let mut two = [0; 2];
        patient.read_exact(&mut two).await.unwrap();
        let mut rest = String::new();
        patient.read_to_string(&mut rest).await.unwrap();
        assert_eq!((&two, rest.as_str()), (b"GE", "T /a HTTP/1.1"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_for_sixty_seconds_is_given_up() {
        let (ours, _theirs) = tokio::io::duplex(ROOM);
        let mut patient = Patient::new(ours);
        patient.write_all(&[0; ROOM]).await.unwrap();
        let began = tokio::time::Instant::now();
        let given_up = patient.write_all(&[0; 1]).await.unwrap_err();
        assert_eq!(given_up.kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() >= PATIENCE && began.elapsed() < PATIENCE + Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_a_byte_now_and_then_is_served_to_the_end() {
        let (ours, mut theirs) = tokio::io::duplex(ROOM);
        let mut patient = Patient::new(ours);
        let slow = tokio::spawn(async move {
            for _ in 0..2 * ROOM {
                tokio::time::sleep(PATIENCE - Duration::from_secs(1)).await;
                theirs.read_u8().await.unwrap();
            }
        });
        patient.write_all(&[0; 2 * ROOM]).await.unwrap();
        slow.await.unwrap();
    }
}
