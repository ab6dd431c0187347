//! Listening: a task for each connection that has a place.
use std::{sync::Arc, time::Duration};

use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{admission::Admission, conversation::converse, limits::Limits, policy::Policy};

/// How long accepting rests after it failed, which is what it does while the process has no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A server.
///
/// ESMTP as RFC 5321 has it or LMTP as RFC 2033 has it, with PIPELINING (RFC 2920), 8BITMIME (RFC 6152), SIZE (RFC 1870)
/// and ENHANCEDSTATUSCODES (RFC 2034); no TLS, no AUTH.
#[derive(Debug, Clone)]
pub struct SmtpServer {
    /// What it calls itself in the reply to EHLO: a host's name.
    pub name: String,
    /// What it speaks.
    pub protocol: Protocol,
    /// How much a peer may ask for.
    pub limits: Limits,
}

/// What a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Simple Mail Transfer Protocol: one reply to a message.
    Smtp,
    /// Local Mail Transfer Protocol, for the mail server in front of us: a reply to a message for each recipient.
    Lmtp,
}

impl SmtpServer {
    /// For programs on this machine: SMTP as `localhost`, with [`Limits::of_loopback`].
    pub fn on_loopback() -> Self {
        Self { name: "localhost".to_owned(), protocol: Protocol::Smtp, limits: Limits::of_loopback() }
    }

    /// Serves `listener` until `stop`; `policy` decides what is answered.
    ///
    /// Each connection is one task. On `stop` the listener closes at once, every connection that still speaks is told
    /// 421, and the future ends when the last one is gone. It never fails: a connection's error ends that connection.
    pub async fn serve<P: Policy>(self, listener: TcpListener, policy: Arc<P>, stop: CancellationToken) {
        let server = Arc::new(self);
        let admission = Arc::new(Admission::default());
        let conversations = TaskTracker::new();
        let mut connection = 0;
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    // A reply must not wait for the peer's acknowledgement of the one before it.
                    if stream.set_nodelay(true).is_err() {
                        continue;
                    }
                    match admission.admit(peer.ip(), &server.limits) {
                        Ok(place) => {
                            connection += 1;
                            let (server, policy, stop) =
                                (Arc::clone(&server), Arc::clone(&policy), stop.clone());
                            conversations.spawn(async move {
                                converse(stream, (connection, peer), server, policy, stop).await;
                                drop(place);
                            });
                        }
                        Err(words) => turn_away(&stream, words),
                    }
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

/// One try: a new connection has room for a line, and whoever has none left to give does not wait.
fn turn_away(stream: &TcpStream, words: &[u8]) {
    let _ = stream.try_write(words);
}
