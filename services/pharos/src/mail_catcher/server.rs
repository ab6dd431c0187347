//! The socket's side of the conversation: listening, reading, writing, stopping.
use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    input::Input,
    policy::Policy,
    session::{Expects, Session, Step},
};

/// How long accepting rests after it failed, which is what it does while the process has no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// An SMTP server for programs on this machine.
///
/// ESMTP as RFC 5321 has it, with PIPELINING (RFC 2920), 8BITMIME (RFC 6152), SIZE (RFC 1870) and ENHANCEDSTATUSCODES
/// (RFC 2034); no TLS, no AUTH, no time limits.
///
/// Limits: a command line 512 octets and the 43 that its extensions add to MAIL, a line of a message 1000 octets, a
/// message [`MAX_MESSAGE_OCTETS`](super::MAX_MESSAGE_OCTETS), and [`MAX_RECIPIENTS`](super::MAX_RECIPIENTS).
#[derive(Debug, Clone, Copy)]
pub struct SmtpServer;

impl SmtpServer {
    /// Serves `listener` until `stop`; `policy` decides what is answered.
    ///
    /// Each connection is one task. On `stop` the listener closes at once, every connection that still speaks is told
    /// 421, and the future ends when the last one is gone. It never fails: a connection's error ends that connection.
    pub async fn serve(listener: TcpListener, policy: Arc<dyn Policy>, stop: CancellationToken) {
        let conversations = TaskTracker::new();
        let mut connection = 0;
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    connection += 1;
                    conversations.spawn(converse(stream, connection, Arc::clone(&policy), stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "no connection could be accepted"
                    );
                    tokio::select! {
                        () = stop.cancelled() => break,
                        () = tokio::time::sleep(ACCEPT_PAUSE) => {}
                    }
                }
            }
        }
        drop(listener);
        conversations.close();
        conversations.wait().await;
    }
}

struct Conversation {
    stream: TcpStream,
    input: Input,
    /// Replies not yet sent, or half sent.
    out: Vec<u8>,
    is_silent: bool,
}

async fn converse(stream: TcpStream, connection: u64, policy: Arc<dyn Policy>, stop: CancellationToken) {
    let mut conversation =
        Conversation { stream, input: Input::default(), out: Vec::new(), is_silent: false };
    tokio::select! {
        () = stop.cancelled() => conversation.part(),
        ended = conversation.run(connection, policy) => {
            if let Err(error) = ended {
                tracing::debug!(connection, error = &error as &dyn std::error::Error, "an smtp connection broke");
            }
        }
    }
}

impl Conversation {
    async fn run(&mut self, connection: u64, policy: Arc<dyn Policy>) -> io::Result<()> {
        // A reply must not wait for the peer's acknowledgement of the one before it.
        self.stream.set_nodelay(true)?;
        let (mut session, mut step) = Session::begin(policy, connection, &mut self.out);
        loop {
            // Replies leave when there is nothing more to answer: one write for a pipelined group (RFC 2920, 3.2).
            if !self.out.is_empty() {
                self.stream.write_all(&self.out).await?;
                self.out.clear();
            }
            match step {
                Step::Continue => {}
                Step::Close => return self.stream.shutdown().await,
                Step::Silence => return self.listen_silently().await,
            }
            if !self.input.fill(&mut self.stream).await? {
                return Ok(());
            }
            step = self.answer(&mut session);
        }
    }

    /// Answers every line that is there, up to one that ends the conversation.
    fn answer(&mut self, session: &mut Session) -> Step {
        loop {
            let step = match session.expects() {
                Expects::Command => match self.input.next_command() {
                    Some(line) => session.command(line, &mut self.out),
                    None => return Step::Continue,
                },
                Expects::TextLine => match self.input.next_text_line() {
                    Some(line) => session.text_line(line, &mut self.out),
                    None => return Step::Continue,
                },
            };
            if step != Step::Continue {
                return step;
            }
        }
    }

    async fn listen_silently(&mut self) -> io::Result<()> {
        self.is_silent = true;
        loop {
            self.input.clear();
            if !self.input.fill(&mut self.stream).await? {
                return Ok(());
            }
        }
    }

    /// Says why it ends, unless that would run into a reply that is half sent or break a silence.
    fn part(&mut self) {
        if self.out.is_empty() && !self.is_silent {
            // One try, best effort: a peer that takes nothing must not hold up the stop.
            let _ = self.stream.try_write(b"421 4.3.2 the server stops\r\n");
        }
    }
}
