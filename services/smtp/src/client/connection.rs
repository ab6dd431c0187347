//! A connection to a relay: opening it, encrypting it, signing in, and the exchange of commands and replies.

use std::{future::poll_fn, io, pin::Pin, sync::Arc, task::Poll, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use secrecy::ExposeSecret;
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::rustls::ClientConfig;

use super::{
    fault::{Fault, Stage},
    reply::{Reply, Verdict},
    tls::{self, Stream},
    url::{Credentials, SmtpUrl, Tls},
};

/// How long each stage of a conversation may take.
///
/// But for the last, the defaults are shorter than RFC 5321, section 4.5.3.2 asks for: this client speaks to a relay that was
/// chosen for it, and a stuck connection holds back a segment.
#[derive(Debug, Clone)]
pub struct Timeouts {
    /// Resolving the name and opening the TCP connection; the TLS handshake, by itself, as well. 10 s.
    pub connect: Duration,
    /// The greeting and the reply to each command but `DATA`. 30 s.
    pub command: Duration,
    /// The reply to `DATA`; writing a group of commands and a message, by itself, as well. 60 s.
    pub data: Duration,
    /// The reply to the final dot. 600 s, as RFC 5321 asks: the server may have the mail by then, and whoever gives up
    /// sends it twice.
    pub dot: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            command: Duration::from_secs(30),
            data: Duration::from_secs(60),
            dot: Duration::from_secs(600),
        }
    }
}

impl Timeouts {
    fn of(&self, stage: Stage) -> Duration {
        match stage {
            Stage::Connect | Stage::Handshake => self.connect,
            Stage::Greeting
            | Stage::Hello
            | Stage::StartTls
            | Stage::Auth
            | Stage::Mail
            | Stage::Recipient
            | Stage::Reset
            | Stage::Quit => self.command,
            Stage::Data | Stage::Write => self.data,
            Stage::Dot => self.dot,
        }
    }
}

/// Why no connection came about.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The name we were to give in `EHLO` is empty or holds something other than printable ASCII.
    #[error("our own name is not fit for EHLO")]
    ClientName,
    /// The connection was lost.
    #[error("the mail server cannot be used: {0}")]
    Fault(#[from] Fault),
    /// The server said no, for now (4xx) or for good (5xx).
    #[error("the mail server refuses: {stage}: {reply}")]
    Refused {
        /// To what.
        stage: Stage,
        /// The reply.
        reply: Reply,
    },
    /// `?tls=required`, and the server has no STARTTLS.
    #[error("the mail server offers no STARTTLS, and the settings require it")]
    NoStartTls,
    /// There are credentials, the connection is in the clear, and nobody wrote `?tls=never`.
    #[error("the mail server offers no STARTTLS, and a password is sent in the clear only with tls=never")]
    PasswordInTheClear,
    /// There are credentials, and the server takes neither PLAIN nor LOGIN.
    #[error("the mail server offers neither AUTH PLAIN nor AUTH LOGIN")]
    NoMechanism,
}

/// What the server's reply to `EHLO` offers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extensions {
    pub(super) pipelining: bool,
    pub(super) eight_bit: bool,
    /// If SIZE is offered: the largest message in octets, 0 for no fixed limit (RFC 1870, section 4).
    pub(super) size: Option<u64>,
    start_tls: bool,
    plain: bool,
    login: bool,
}

/// A connection over which mails can be delivered, one after the other.
///
/// It belongs to one sender. After a [`Fault`], or when a future of [`Connection::deliver`] was dropped
/// before its end, [`Connection::is_usable`] is false and each delivery answers [`super::Lost`] without a
/// byte written.
#[derive(Debug)]
pub struct Connection {
    wire: BufReader<Stream>,
    is_encrypted: bool,
    pub(super) delivered: u64,
    pub(super) timeouts: Timeouts,
    pub(super) extensions: Extensions,
    pub(super) usable: bool,
}

impl Connection {
    /// Connects, encrypts as `url` says (trusting whom it says), and signs in if it holds credentials. `client_name` is what we call
    /// ourselves in `EHLO`: the host's full name. The name of the relay is resolved anew each time.
    ///
    /// # Errors
    /// See [`OpenError`]; nothing is left open.
    pub async fn open(url: &SmtpUrl, timeouts: &Timeouts, client_name: &str) -> Result<Self, OpenError> {
        if client_name.is_empty() || !client_name.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(OpenError::ClientName);
        }
        let connect = TcpStream::connect((url.host(), url.port));
        let tcp = within(timeouts, Stage::Connect, connect).await?;
        // else the kernel holds back a short write until the server has acknowledged the one before
        tcp.set_nodelay(true).map_err(|source| Fault::Io { stage: Stage::Connect, source })?;
        Self::open_over(Box::new(tcp), url, timeouts, client_name).await
    }

    /// The same over a stream that is there already.
    pub(super) async fn open_over(
        stream: Stream,
        url: &SmtpUrl,
        timeouts: &Timeouts,
        client_name: &str,
    ) -> Result<Self, OpenError> {
        let mut connection = Self {
            wire: BufReader::new(stream),
            is_encrypted: false,
            delivered: 0,
            timeouts: timeouts.clone(),
            extensions: Extensions::default(),
            usable: true,
        };
        let trust = url.trust.as_ref().map_or(&*tls::PUBLIC, |own| &own.config);
        if url.tls == Tls::Implicit {
            connection = connection.encrypted(url, trust).await?;
        }
        connection.hear_yes(Stage::Greeting).await?;
        connection.hello(client_name).await?;
        if matches!(url.tls, Tls::Opportunistic | Tls::Required) {
            connection = connection.start_tls(url, client_name, trust).await?;
        }
        if let Some(credentials) = &url.credentials {
            if !connection.is_encrypted() && url.tls != Tls::Never {
                return Err(OpenError::PasswordInTheClear);
            }
            connection.sign_in(credentials).await?;
        }
        Ok(connection)
    }

    /// Whether another mail can be delivered over it.
    pub fn is_usable(&self) -> bool {
        self.usable
    }

    /// Whether it is under TLS.
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// How many mails the server took or refused at their final dot so far: what a relay counts that allows only so
    /// many a connection.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Says goodbye and closes. What goes wrong with that is of no interest: every outcome is known by now.
    pub async fn quit(mut self) {
        if self.usable && self.write(b"QUIT\r\n").await.1.is_ok() {
            self.hear(Stage::Quit).await.ok();
        }
        within(&self.timeouts, Stage::Quit, self.wire.shutdown()).await.ok();
    }

    async fn hello(&mut self, client_name: &str) -> Result<(), OpenError> {
        let reply = self.ask(Stage::Hello, &format!("EHLO {client_name}\r\n")).await?;
        self.extensions = Extensions::of(&reply);
        Ok(())
    }

    /// Goes on in the clear if the server cannot and need not encrypt. What was offered before the handshake
    /// is forgotten (RFC 3207, section 4.2).
    async fn start_tls(
        mut self,
        url: &SmtpUrl,
        client_name: &str,
        trust: &Arc<ClientConfig>,
    ) -> Result<Self, OpenError> {
        let required = url.tls == Tls::Required;
        if !self.extensions.start_tls {
            return if required { Err(OpenError::NoStartTls) } else { Ok(self) };
        }
        match self.ask(Stage::StartTls, "STARTTLS\r\n").await {
            Ok(_) => {}
            Err(OpenError::Refused { .. }) if !required => return Ok(self),
            Err(error) => return Err(error),
        }
        let mut encrypted = self.encrypted(url, trust).await?;
        encrypted.hello(client_name).await?;
        Ok(encrypted)
    }

    async fn encrypted(mut self, url: &SmtpUrl, trust: &Arc<ClientConfig>) -> Result<Self, OpenError> {
        // Bytes that came in the clear behind the reply to STARTTLS would be taken for the server's words
        // under TLS: somebody on the way put them there.
        self.expect_silence(Stage::Handshake).await?;
        let handshake = tls::encrypt(self.wire.into_inner(), url.host.clone(), Arc::clone(trust));
        let stream = within(&self.timeouts, Stage::Handshake, handshake).await?;
        Ok(Self { wire: BufReader::new(stream), is_encrypted: true, ..self })
    }

    async fn sign_in(&mut self, credentials: &Credentials) -> Result<(), OpenError> {
        let Credentials { user, password } = credentials;
        let password = password.expose_secret();
        let done = if self.extensions.plain {
            let token = BASE64.encode(format!("\0{user}\0{password}"));
            self.ask(Stage::Auth, &format!("AUTH PLAIN {token}\r\n")).await?
        } else if self.extensions.login {
            self.ask(Stage::Auth, "AUTH LOGIN\r\n").await?;
            self.ask(Stage::Auth, &format!("{}\r\n", BASE64.encode(user))).await?;
            self.ask(Stage::Auth, &format!("{}\r\n", BASE64.encode(password))).await?
        } else {
            return Err(OpenError::NoMechanism);
        };
        match done.code() {
            235 => Ok(()),
            _ => Err(Fault::OutOfStep { stage: Stage::Auth, reply: done }.into()),
        }
    }

    /// One command and its reply, which must not be a refusal.
    async fn ask(&mut self, stage: Stage, command: &str) -> Result<Reply, OpenError> {
        self.write(command.as_bytes()).await.1?;
        self.hear_yes(stage).await
    }

    async fn hear_yes(&mut self, stage: Stage) -> Result<Reply, OpenError> {
        let reply = self.hear(stage).await?;
        match (reply.code(), stage) {
            (400.., _) => Err(OpenError::Refused { stage, reply }),
            (220, Stage::Greeting | Stage::StartTls) | (250, Stage::Hello) | (235 | 334, Stage::Auth) => {
                Ok(reply)
            }
            _ => Err(Fault::OutOfStep { stage, reply }.into()),
        }
    }

    /// Writes all of `bytes` and says, whatever happened, how many may have left.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> (usize, Result<(), Fault>) {
        if let Err(fault) = self.expect_silence(Stage::Write).await {
            return (0, Err(fault));
        }
        let mut written = 0;
        let wire = &mut self.wire;
        let all = async {
            while written < bytes.len() {
                match wire.write(&bytes[written..]).await? {
                    0 => return Err(io::ErrorKind::WriteZero.into()),
                    n => written += n,
                }
            }
            wire.flush().await
        };
        let outcome = within(&self.timeouts, Stage::Write, all).await;
        (written, outcome)
    }

    /// The next reply. A 421 ends the conversation whatever it answers.
    pub(super) async fn hear(&mut self, stage: Stage) -> Result<Reply, Fault> {
        let limit = self.timeouts.of(stage);
        let reply = timeout(limit, Reply::read(&mut self.wire, stage))
            .await
            .map_err(|_| Fault::Timeout { stage, limit })??;
        if reply.code() == 421 { Err(Fault::Leaving { stage, reply }) } else { Ok(reply) }
    }

    /// What the next reply makes of the mail if it refuses it. One that lets it pass is not looked at further, and if
    /// it is here already nothing is waited for: of the four replies to a mail this is true of three.
    pub(super) async fn hear_refusal(&mut self, stage: Stage) -> Result<Option<(Verdict, Reply)>, Fault> {
        if let Some(octets) = Reply::passing(self.wire.buffer(), stage) {
            self.wire.consume(octets);
            return Ok(None);
        }
        let (refusal, reply) = self.hear(stage).await?.refusal(stage)?;
        if self.delivered > 0 && reply.is_about_the_number_of_recipients() {
            return Err(Fault::Leaving { stage, reply });
        }
        Ok(refusal.map(|verdict| (verdict, reply)))
    }

    /// Nothing may have come when nothing was asked: it would be taken for the answer to what is asked next.
    async fn expect_silence(&mut self, stage: Stage) -> Result<(), Fault> {
        let something_came = poll_fn(|cx| {
            let polled = Pin::new(&mut self.wire).poll_fill_buf(cx);
            Poll::Ready(polled.is_ready())
        });
        if !something_came.await {
            return Ok(());
        }
        let reply = self.hear(stage).await?;
        Err(Fault::OutOfStep { stage, reply })
    }
}

impl Extensions {
    /// Keywords stand first on each line but the first, in any case (RFC 5321, section 4.1.1.1).
    fn of(reply: &Reply) -> Self {
        let mut found = Self::default();
        for line in reply.lines().skip(1) {
            let mut words = line.split([' ', '=']).map(str::to_ascii_uppercase);
            match words.next().as_deref() {
                Some("PIPELINING") => found.pipelining = true,
                Some("8BITMIME") => found.eight_bit = true,
                Some("SIZE") => {
                    found.size =
                        Some(words.next().and_then(|octets| octets.parse().ok()).unwrap_or_default());
                }
                Some("STARTTLS") => found.start_tls = true,
                Some("AUTH") => {
                    for mechanism in words {
                        found.plain |= mechanism == "PLAIN";
                        found.login |= mechanism == "LOGIN";
                    }
                }
                Some(_) | None => {}
            }
        }
        found
    }
}

async fn within<T>(
    timeouts: &Timeouts,
    stage: Stage,
    work: impl Future<Output = io::Result<T>>,
) -> Result<T, Fault> {
    let limit = timeouts.of(stage);
    timeout(limit, work)
        .await
        .map_err(|_| Fault::Timeout { stage, limit })?
        .map_err(|source| Fault::Io { stage, source })
}
