//! Servers to speak to, over real sockets: one that plays a script, one that behaves.

mod certificate;
mod delivery;
mod hostile;
mod lost;
mod opening;
mod withdrawn;

use std::{ops::ControlFlow, sync::Arc};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig, server::TlsStream};
use tokio_util::either::Either;

use super::*;

const PIPELINING: &str = "250-relay.example\r\n250-8BITMIME\r\n250 PIPELINING\r\n";
const NO_PIPELINING: &str = "250-relay.example\r\n250 8BITMIME\r\n";

/// The server's end of a connection.
struct Peer {
    wire: BufReader<Either<TcpStream, Box<TlsStream<TcpStream>>>>,
}

impl Peer {
    async fn say(&mut self, text: &str) {
        self.wire.write_all(text.as_bytes()).await.unwrap();
        self.wire.flush().await.unwrap();
    }

    /// A line without its CRLF; none when the client is gone. A line that ends otherwise fails the test.
    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.wire.read_line(&mut line).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.strip_suffix("\r\n").expect("the line ends in CRLF").to_owned()),
        }
    }

    async fn expect(&mut self, command: &str) {
        assert_eq!(self.line().await.as_deref(), Some(command));
    }

    async fn expect_commands(&mut self, recipient: &str) {
        self.expect("MAIL FROM:<b@bounces.example.com>").await;
        self.expect(&format!("RCPT TO:<{recipient}>")).await;
        self.expect("DATA").await;
    }

    /// A message as it came, up to and without the line of its final dot.
    async fn message(&mut self) -> Vec<u8> {
        let mut message = Vec::new();
        while !message.ends_with(b"\r\n.\r\n") && message != b".\r\n" {
            message.push(self.wire.read_u8().await.unwrap());
        }
        message.truncate(message.len() - 3);
        message
    }

    async fn greet(&mut self, offer: &str) {
        self.say("220 relay.example ready\r\n").await;
        self.expect("EHLO client.example").await;
        self.say(offer).await;
    }

    /// Nothing more comes from the client, whether it closes or resets.
    async fn expect_end(&mut self) {
        assert_eq!(self.line().await, None);
    }

    async fn encrypted(self, config: ServerConfig) -> Self {
        let Either::Left(tcp) = self.wire.into_inner() else { panic!("encrypted twice") };
        let stream = TlsAcceptor::from(Arc::new(config)).accept(tcp).await.unwrap();
        Self { wire: BufReader::new(Either::Right(Box::new(stream))) }
    }
}

/// A server for one connection; its task ends with what the script returns.
async fn serve<T, F, S>(script: F) -> (SmtpUrl, JoinHandle<T>)
where
    T: Send + 'static,
    F: FnOnce(Peer) -> S + Send + 'static,
    S: Future<Output = T> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let task = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        tcp.set_nodelay(true).unwrap();
        script(Peer { wire: BufReader::new(Either::Left(tcp)) }).await
    });
    (url.parse().unwrap(), task)
}

async fn open(url: &SmtpUrl) -> Connection {
    Connection::open(url, &Timeouts::default(), "client.example").await.unwrap()
}

fn recipient(i: usize) -> String {
    format!("user{i}@example.org")
}

/// Writes a small message to [`recipient`] `i`.
fn compose(i: usize, body: &mut Vec<u8>) -> Envelope {
    body.extend_from_slice(format!("Subject: {i}\r\n\r\nHello {i}\r\n").as_bytes());
    Envelope { sender: "b@bounces.example.com".into(), recipient: recipient(i) }
}

/// Reports as they come, checked to come in order.
#[derive(Default)]
struct Reports(Vec<Report>);

impl Reports {
    fn take(&mut self, i: usize, report: Report) -> ControlFlow<()> {
        assert_eq!(i, self.0.len(), "in order and once");
        self.0.push(report);
        ControlFlow::Continue(())
    }

    fn verdicts(&self) -> Vec<Verdict> {
        self.0.iter().map(|report| report.verdict).collect()
    }
}

/// Delivers `count` small mails.
async fn deliver(connection: &mut Connection, count: usize) -> (Reports, Result<(), Lost>) {
    let mut reports = Reports::default();
    let outcome = connection.deliver(count, compose, |i, report| reports.take(i, report)).await;
    (reports, outcome)
}

/// A mail as a [`relay`] took it.
#[derive(Debug, PartialEq, Eq)]
struct Taken {
    mail: String,
    recipient: String,
    message: Vec<u8>,
}

/// What a [`relay`] answers; an empty answer is the usual one.
#[derive(Debug, Clone, Copy, Default)]
struct Answers {
    mail: &'static str,
    recipient: &'static str,
    data: &'static str,
    dot: &'static str,
}

/// A server that keeps to RFC 5321: it refuses a nested `MAIL` and, unless it is `lenient` as RFC 2920
/// allows, `DATA` without a recipient. Without PIPELINING it fails the test if anything is sent before a
/// reply.
async fn relay(
    mut peer: Peer,
    offer: &'static str,
    lenient: bool,
    answers: impl Fn(usize) -> Answers + Send,
) -> Vec<Taken> {
    let one_by_one = !offer.contains("PIPELINING");
    let (mut taken, mut seen) = (Vec::new(), 0);
    let (mut mail, mut to): (Option<String>, Option<String>) = (None, None);
    peer.greet(offer).await;
    while let Some(line) = peer.line().await {
        assert!(!one_by_one || peer.wire.buffer().is_empty(), "sent before the reply to {line}");
        let answer = answers(seen.max(1) - 1);
        let or = |answer: &'static str, usual: &'static str| if answer.is_empty() { usual } else { answer };
        let reply = match line.split(':').next().unwrap() {
            "MAIL FROM" if mail.is_some() => "503 5.5.1 nested MAIL",
            "MAIL FROM" => {
                seen += 1;
                let reply = or(answers(seen - 1).mail, "250 2.1.0 ok");
                mail = reply.starts_with('2').then_some(line);
                reply
            }
            "RCPT TO" if mail.is_none() => "503 5.5.1 need MAIL",
            "RCPT TO" => {
                let reply = or(answer.recipient, "250-2.1.5 fine\r\n250 2.1.5 ok");
                to = reply.starts_with('2').then_some(line);
                reply
            }
            "DATA" if to.is_none() && !lenient => "554 5.5.1 no valid recipients",
            "DATA" if !answer.data.is_empty() => answer.data,
            "DATA" => {
                peer.say("354 go on\r\n").await;
                let message = peer.message().await;
                let reply = match &to {
                    None => "554 5.5.1 no valid recipients",
                    Some(_) => or(answer.dot, "250 2.0.0 queued"),
                };
                if reply.starts_with('2') || to.is_none() {
                    let recipient = to.take().unwrap_or_default();
                    taken.push(Taken { mail: mail.take().unwrap_or_default(), recipient, message });
                }
                (mail, to) = (None, None);
                reply
            }
            "RSET" => {
                (mail, to) = (None, None);
                "250 2.0.0 forgotten"
            }
            "QUIT" => {
                peer.say("221 bye\r\n").await;
                peer.expect_end().await;
                return taken;
            }
            _ => panic!("unknown command {line}"),
        };
        peer.say(&format!("{reply}\r\n")).await;
    }
    taken
}
