//! The short way: requests whose answer is ready, answered on the connection without a web server between.
//!
//! A connection begins here. As long as all that comes over it are plain requests of HTTP/1.1 to read what is ready, each
//! costs a read, a look and a write. With the first request that is anything else the connection goes over to the web
//! server for good, with every byte of it. Nothing is decided here that is not plain: what has a body, an upgrade, a
//! second host or a byte out of place is not for this place to judge.

mod request;
#[cfg(test)]
mod tests;
mod threads;

use std::{
    cell::RefCell,
    future::poll_fn,
    io::{self, IoSlice},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf as _, BufMut as _, Bytes};
use jiff::Timestamp;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

pub use self::request::Asked;
use self::request::{Begun, Came, Look, MAX_HEAD_BYTES, look};
pub use self::threads::Lanes;
use crate::{
    Clock,
    listener::{HEADERS, IDLE},
    time::http_date,
};

/// What is no longer is written in one piece: copying it costs less than to have the system gather it.
const SMALL_BYTES: usize = 1024;

/// Finds the answer to a request if it is ready. It must not wait for anything.
pub type Find = Arc<dyn Fn(&Asked<'_>) -> Option<Prepared> + Send + Sync>;

/// An answer that is ready.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The status line and the headers, each with the end of its line, but for `date`.
    pub head: Bytes,
    /// The body, whose length is in the head.
    pub body: Bytes,
}

/// How the short way ended.
#[derive(Debug)]
pub(crate) enum End {
    /// The connection is done with.
    Closed,
    /// It goes on elsewhere; these bytes come before all others.
    GoesOn(Vec<u8>),
}

/// Answers what is ready until something else comes, the peer goes away or is silent for too long, or the process stops.
///
/// # Errors
/// If the connection breaks. How long a peer may not read is for the stream to know.
pub(crate) async fn run<S>(
    stream: &mut S,
    find: &Find,
    clock: &Clock,
    stop: &CancellationToken,
) -> io::Result<End>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stopped = pin!(stop.cancelled());
    let mut silence = pin!(Silence::new());
    let mut begun = Begun::default();
    loop {
        let next = poll_fn(|context| {
            if let Poll::Ready(came) = poll_next(stream, &mut begun, find, context) {
                return Poll::Ready(Some(came));
            }
            let is_over =
                stopped.as_mut().poll(context).is_ready() || silence.as_mut().poll(context).is_ready();
            if is_over { Poll::Ready(None) } else { Poll::Pending }
        });
        match next.await.transpose()? {
            None | Some(Came::End) => return Ok(End::Closed),
            Some(Came::SomethingElse) => return Ok(End::GoesOn(begun.bytes)),
            Some(Came::Part { is_first: true }) => silence.as_mut().ends_in(HEADERS),
            Some(Came::Part { is_first: false }) => {}
            Some(Came::Request(answer, is_head)) => {
                write(stream, answer, is_head, clock).await?;
                silence.as_mut().ends_in(if begun.bytes.is_empty() { IDLE } else { HEADERS });
            }
        }
    }
}

thread_local! {
    /// What is read at once. A request is looked at where it came, and copied only if it is not whole.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; MAX_HEAD_BYTES].into());
    /// The line of the second that it is.
    static DATE: RefCell<(i64, Bytes)> = const { RefCell::new((i64::MIN, Bytes::new())) };
}

fn poll_next<S: AsyncRead + Unpin>(
    stream: &mut S,
    begun: &mut Begun,
    find: &Find,
    context: &mut Context<'_>,
) -> Poll<io::Result<Came>> {
    // what came behind the request before
    if begun.looked_at == 0 && !begun.bytes.is_empty() {
        return Poll::Ready(Ok(begun.take(find)));
    }
    SCRATCH.with_borrow_mut(|scratch| {
        let mut buffer = ReadBuf::new(scratch);
        ready!(Pin::new(stream).poll_read(context, &mut buffer))?;
        let read = buffer.filled();
        if read.is_empty() {
            return Poll::Ready(Ok(Came::End));
        }
        if begun.bytes.is_empty()
            && let Look::Ready { answer, is_head, length } = look(read, find)
        {
            begun.bytes.extend_from_slice(&read[length..]);
            return Poll::Ready(Ok(Came::Request(answer, is_head)));
        }
        begun.bytes.extend_from_slice(read);
        Poll::Ready(Ok(begun.take(find)))
    })
}

async fn write<S: AsyncWrite + Unpin>(
    stream: &mut S,
    answer: Prepared,
    is_head: bool,
    clock: &Clock,
) -> io::Result<()> {
    let body = if is_head { Bytes::new() } else { answer.body };
    let mut parts = [answer.head, date(clock.now()), body];
    poll_fn(|context| poll_write(stream, &mut parts, context)).await
}

fn poll_write<S: AsyncWrite + Unpin>(
    stream: &mut S,
    parts: &mut [Bytes; 3],
    context: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    loop {
        let mut written = match parts.iter().map(Bytes::len).sum() {
            0 => return Poll::Ready(Ok(())),
            all @ 1..=SMALL_BYTES => {
                let mut one = [0; SMALL_BYTES];
                let mut room = &mut one[..];
                for part in parts.iter() {
                    room.put_slice(part);
                }
                ready!(Pin::new(&mut *stream).poll_write(context, &one[..all]))?
            }
            _ => {
                let slices = parts.each_ref().map(|part| IoSlice::new(part));
                ready!(Pin::new(&mut *stream).poll_write_vectored(context, &slices))?
            }
        };
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        for part in parts.iter_mut() {
            let some = written.min(part.len());
            part.advance(some);
            written -= some;
        }
    }
}

/// The line with the date, and the line that ends the head (RFC 9110, section 6.6.1).
fn date(now: Timestamp) -> Bytes {
    DATE.with_borrow_mut(|(second, line)| {
        if *second != now.as_second() {
            (*second, *line) = (now.as_second(), format!("date: {}\r\n\r\n", http_date(now)).into());
        }
        line.clone()
    })
}

/// When a connection has been silent for too long. Its timer is not set anew with each request: it looks, when it rings,
/// whether it is time.
struct Silence {
    ends_at: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Silence {
    fn new() -> Self {
        let ends_at = Instant::now() + HEADERS;
        Self { ends_at, timer: Box::pin(sleep_until(ends_at)) }
    }

    fn ends_in(mut self: Pin<&mut Self>, time: Duration) {
        self.ends_at = Instant::now() + time;
        if self.ends_at < self.timer.deadline() {
            let ends_at = self.ends_at;
            self.timer.as_mut().reset(ends_at);
        }
    }

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.timer.as_mut().poll(context));
            if self.ends_at <= Instant::now() {
                return Poll::Ready(());
            }
            let ends_at = self.ends_at;
            self.timer.as_mut().reset(ends_at);
        }
    }
}
