//! The catcher over real sockets.
mod inbox;
mod limits;
mod policies;
mod smtp;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{CatchAll, Envelope, Policy, Received, Reply, SmtpServer, Store};

/// A running server.
struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Server {
    async fn start(policy: Arc<dyn Policy>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let serving = tokio::spawn(SmtpServer::serve(listener, policy, stop.clone()));
        Self { address, stop, serving }
    }

    async fn catching(store: &Arc<Store>) -> Self {
        Self::start(Arc::new(CatchAll::new(Arc::clone(store)))).await
    }

    async fn stop(self) {
        self.stop.cancel();
        self.serving.await.unwrap();
    }
}

/// A store whose clock stands still.
fn store(capacity: usize) -> Arc<Store> {
    let now: Timestamp = "2026-03-01T12:34:56Z".parse().unwrap();
    Arc::new(Store::with_capacity(capacity, Arc::new(move || now)))
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
    message: Reply,
    received: Mutex<Vec<Received>>,
}

impl Default for Scripted {
    fn default() -> Self {
        Self {
            greeting: Reply::say(220, "test"),
            recipient: |_| Reply::say(250, "2.1.5 yes"),
            message: Reply::say(250, "2.6.0 yes"),
            received: Mutex::default(),
        }
    }
}

impl Policy for Scripted {
    fn greeting(&self) -> Reply {
        self.greeting.clone()
    }

    fn recipient(&self, envelope: &Envelope) -> Reply {
        (self.recipient)(envelope)
    }

    fn message(&self, received: Received) -> Reply {
        self.received.lock().unwrap().push(received);
        self.message.clone()
    }
}
