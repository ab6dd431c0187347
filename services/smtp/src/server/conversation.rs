//! The stream's side of the conversation: reading, writing, waiting, stopping.
use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    time::{Instant, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    input::Input,
    listener::SmtpServer,
    policy::Policy,
    session::{Expects, Session, Step},
};

/// Speaks with one peer until one of the two leaves, or until `stop`.
pub(super) async fn converse<P: Policy>(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    (connection, peer): (u64, SocketAddr),
    server: Arc<SmtpServer>,
    policy: Arc<P>,
    stop: CancellationToken,
) {
    let (idle, text) = (server.limits.idle, server.limits.text);
    let begun = Instant::now();
    let mut conversation = Conversation {
        stream,
        input: Input::default(),
        out: Vec::new(),
        idle,
        text,
        until: begun + idle,
        text_until: None,
        ends: begun + server.limits.connection,
        stop,
    };
    let (session, step) =
        Session::begin(server, Arc::clone(&policy), (connection, peer), &mut conversation.out);
    match conversation.run(session, step, &*policy).await {
        Ok(()) => {}
        Err(End::Stopped) => conversation.part(b"421 4.3.2 the server stops\r\n").await,
        Err(End::Idle) => conversation.part(b"421 4.4.2 nothing came for too long\r\n").await,
        Err(End::Slow) => conversation.part(b"421 4.4.2 the message took too long\r\n").await,
        Err(End::Old) => conversation.part(b"421 4.3.2 this connection lasted too long\r\n").await,
        Err(End::Broken(error)) => {
            tracing::debug!(connection, error = &error as &dyn std::error::Error, "an smtp connection broke");
        }
    }
}

struct Conversation<S> {
    stream: S,
    input: Input,
    /// Replies not yet sent, or half sent.
    out: Vec<u8>,
    idle: Duration,
    text: Duration,
    /// By when the peer must have sent its next line.
    until: Instant,
    /// By when it must have sent the dot of the message that it is at.
    text_until: Option<Instant>,
    /// By when it must have left.
    ends: Instant,
    stop: CancellationToken,
}

/// Why it ends before the peer has closed.
enum End {
    Stopped,
    Idle,
    /// A message did not come to its end.
    Slow,
    /// It lasted too long in all.
    Old,
    Broken(io::Error),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Conversation<S> {
    async fn run<P: Policy>(
        &mut self,
        mut session: Session<P>,
        mut step: Step,
        policy: &P,
    ) -> Result<(), End> {
        loop {
            step = match step {
                Step::Continue => match self.answer(&mut session) {
                    Some(next) => next,
                    None => {
                        // Replies leave when there is nothing more to answer: one write for a pipelined group (RFC
                        // 2920, section 3.2).
                        self.flush().await?;
                        if !self.fill().await? {
                            return Ok(());
                        }
                        Step::Continue
                    }
                },
                Step::Deliver(received) => {
                    let mut message = pin!(policy.message(received));
                    let answer = match poll_fn(|cx| Poll::Ready(message.as_mut().poll(cx))).await {
                        Poll::Ready(answer) => answer,
                        Poll::Pending => {
                            self.flush().await?;
                            message.await
                        }
                    };
                    self.until = Instant::now() + self.idle;
                    session.answered(answer, &mut self.out)
                }
                Step::Close => {
                    self.flush().await?;
                    return Ok(self.stream.shutdown().await?);
                }
                Step::Silence => {
                    self.flush().await?;
                    return self.listen_silently().await;
                }
            };
        }
    }

    /// Answers every line that is there, up to one that takes more than a word; none if all are answered.
    fn answer<P: Policy>(&mut self, session: &mut Session<P>) -> Option<Step> {
        let mut has_answered = false;
        loop {
            let step = match session.expects() {
                Expects::Command => {
                    self.text_until = None;
                    self.input.next_command().map(|line| session.command(line, &mut self.out))
                }
                Expects::TextLine => {
                    self.text_until.get_or_insert_with(|| Instant::now() + self.text);
                    let line = self.input.next_text_line(session.limits().text_line_octets);
                    line.map(|line| session.text_line(line, &mut self.out))
                }
            };
            has_answered |= step.is_some();
            match step {
                Some(Step::Continue) => {}
                Some(step @ (Step::Deliver(_) | Step::Close | Step::Silence)) => return Some(step),
                None => {
                    if has_answered {
                        self.until = Instant::now() + self.idle;
                    }
                    return None;
                }
            }
        }
    }

    /// Sends what is to be sent. What was said before a stop is still said.
    async fn flush(&mut self) -> Result<(), End> {
        if self.out.is_empty() {
            return Ok(());
        }
        let sending = async {
            self.stream.write_all(&self.out).await?;
            self.stream.flush().await
        };
        tokio::select! {
            biased;
            sent = timeout(self.idle, sending) => sent.map_err(|_| End::Idle)??,
            () = self.stop.cancelled() => return Err(End::Stopped),
        }
        self.out.clear();
        Ok(())
    }

    /// Reads more; false when the peer has closed its side.
    async fn fill(&mut self) -> Result<bool, End> {
        let ends = [(self.ends, End::Old), (self.until, End::Idle)];
        let all = ends.into_iter().chain(self.text_until.map(|until| (until, End::Slow)));
        let Some((until, why)) = all.min_by_key(|(until, _)| *until) else {
            unreachable!("a connection has an end")
        };
        // A peer of whom there is always more to read is never waited for.
        if Instant::now() >= until {
            return Err(why);
        }
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(End::Stopped),
            read = timeout_at(until, self.input.fill(&mut self.stream)) => Ok(read.map_err(|_| why)??),
        }
    }

    async fn listen_silently(&mut self) -> Result<(), End> {
        let listening = async {
            loop {
                self.input.clear();
                if !self.input.fill(&mut self.stream).await? {
                    return Ok::<(), io::Error>(());
                }
            }
        };
        tokio::select! {
            () = self.stop.cancelled() => Ok(()),
            ended = listening => Ok(ended?),
        }
    }

    /// Says why it ends, unless that would run into a reply that is half sent. One try: a peer that takes nothing must
    /// not hold up the stop.
    async fn part(&mut self, words: &[u8]) {
        if self.out.is_empty() {
            let stream = &mut self.stream;
            poll_fn(|cx| Poll::Ready(Pin::new(&mut *stream).poll_write(cx, words).is_ready())).await;
        }
    }
}
