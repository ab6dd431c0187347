//! The server over real sockets.
mod commands;
mod hostile;
mod limits;
mod lmtp;
mod policies;
mod smuggling;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{
    Answer, Envelope, Limits, Policy, Protocol, Received, Reply, SmtpServer, conversation::converse,
};

/// A running server.
struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Server {
    async fn start(policy: Arc<impl Policy>) -> Self {
        Self::start_as(SmtpServer::on_loopback(), policy).await
    }

    async fn start_as(server: SmtpServer, policy: Arc<impl Policy>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let serving = tokio::spawn(server.serve(listener, policy, stop.clone()));
        Self { address, stop, serving }
    }

    async fn keeping(kept: &Arc<Kept>) -> Self {
        Self::start(Arc::clone(kept)).await
    }

    async fn stop(self) {
        self.stop.cancel();
        self.serving.await.unwrap();
    }
}

/// Takes every message and remembers it.
#[derive(Default)]
struct Kept(Mutex<Vec<Received>>);

impl Kept {
    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// A message by its number, from 1.
    fn find(&self, number: usize) -> Received {
        self.0.lock().unwrap()[number - 1].clone()
    }
}

impl Policy for Kept {
    fn greeting(&self, _peer: SocketAddr) -> Reply {
        Reply::say(220, "localhost ESMTP test")
    }

    fn recipient(&self, _envelope: &Envelope) -> Reply {
        Reply::say(250, "2.1.5 recipient noted")
    }

    async fn message(&self, received: Received) -> Answer {
        let mut kept = self.0.lock().unwrap();
        kept.push(received);
        Reply::say(250, format!("2.6.0 kept as {}", kept.len())).into()
    }
}

/// The other end of a conversation without a socket, in whose time a test can lead.
fn over_duplex(octets_at_once: usize, limits: Limits, policy: Arc<impl Policy>) -> DuplexStream {
    let (ours, theirs) = duplex(octets_at_once);
    let server = Arc::new(SmtpServer { limits, ..SmtpServer::on_loopback() });
    let peer = "192.0.2.1:25".parse().unwrap();
    tokio::spawn(converse(theirs, (1, peer), server, policy, CancellationToken::new()));
    ours
}

/// The other side of a conversation.
struct Peer(BufReader<TcpStream>);

impl Peer {
    async fn connect(server: &Server) -> Self {
        Self(BufReader::new(TcpStream::connect(server.address).await.unwrap()))
    }

    /// Connects, reads the greeting and says EHLO.
    async fn greet(server: &Server) -> Self {
        let mut peer = Self::connect(server).await;
        assert!(peer.reply().await.starts_with("220 "));
        assert!(peer.ask("EHLO test\r\n").await.starts_with("250-"));
        peer
    }

    async fn say(&mut self, octets: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(octets.as_ref()).await.unwrap();
    }

    /// One whole reply with its line ends; empty when the server has closed.
    async fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let start = reply.len();
            if self.0.read_line(&mut reply).await.unwrap() == 0
                || reply.as_bytes().get(start + 3) != Some(&b'-')
            {
                return reply;
            }
        }
    }

    async fn ask(&mut self, octets: impl AsRef<[u8]>) -> String {
        self.say(octets).await;
        self.reply().await
    }

    /// Asks, and gives the code of the reply alone.
    async fn code(&mut self, octets: impl AsRef<[u8]>) -> u16 {
        let reply = self.ask(octets).await;
        reply[..3].parse().unwrap()
    }

    /// All that comes until the server closes.
    async fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).await.unwrap();
        rest
    }
}

/// A policy that answers each question with what the test put there, and remembers the messages.
struct Scripted {
    greeting: Reply,
    recipient: fn(&Envelope) -> Reply,
    message: Answer,
    received: Mutex<Vec<Received>>,
}

impl Default for Scripted {
    fn default() -> Self {
        Self {
            greeting: Reply::say(220, "test"),
            recipient: |_| Reply::say(250, "2.1.5 yes"),
            message: Reply::say(250, "2.6.0 yes").into(),
            received: Mutex::default(),
        }
    }
}

impl Policy for Scripted {
    fn greeting(&self, _peer: SocketAddr) -> Reply {
        self.greeting.clone()
    }

    fn recipient(&self, envelope: &Envelope) -> Reply {
        (self.recipient)(envelope)
    }

    async fn message(&self, received: Received) -> Answer {
        self.received.lock().unwrap().push(received);
        self.message.clone()
    }
}
