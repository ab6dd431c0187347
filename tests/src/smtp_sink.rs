//! A real SMTP server whose replies a test chooses for each recipient, and which records what came.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use mail_parser::MessageParser;
use smtp::server::{Answer, Envelope, Policy, Received, Reply, SmtpServer};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{eventually, valve::Valve};

/// A mail that the sink said 250 to.
#[derive(Debug, Clone)]
pub struct Mail {
    /// From whom and to whom, as the conversation said.
    pub envelope: Envelope,
    /// Headers and body, as they came.
    pub raw: String,
    /// When it was taken.
    pub at: std::time::Instant,
}

impl Mail {
    /// The subject, decoded.
    ///
    /// # Panics
    /// If it is no mail or has none.
    #[must_use]
    pub fn subject(&self) -> String {
        let message = MessageParser::default().parse(&self.raw).expect("a mail that can be parsed");
        message.subject().expect("a subject").to_owned()
    }

    /// The text part, decoded.
    ///
    /// # Panics
    /// If it is no mail or has none.
    #[must_use]
    pub fn text(&self) -> String {
        let message = MessageParser::default().parse(&self.raw).expect("a mail that can be parsed");
        message.body_text(0).expect("a text").into_owned()
    }

    /// A header as it was sent, unfolded.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.raw.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
        head.split("\r\n").find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    /// The token after this path in the text.
    ///
    /// # Panics
    /// If the text has no such link.
    #[must_use]
    pub fn token(&self, path: &str) -> String {
        let text = self.text();
        let (_, rest) = text.split_once(path).unwrap_or_else(|| panic!("no link {path} in: {text}"));
        rest.split_whitespace().next().expect("a token").to_owned()
    }

    /// Whom it went to.
    ///
    /// # Panics
    /// If it went to more or fewer than one.
    #[must_use]
    pub fn recipient(&self) -> &str {
        assert_eq!(self.envelope.recipients.len(), 1, "one recipient a transaction");
        &self.envelope.recipients[0]
    }
}

#[derive(Debug, Default)]
struct State {
    mails: Vec<Mail>,
    /// What to say to a recipient's next transactions; then 250.
    script: HashMap<String, VecDeque<Reply>>,
    /// Said to every message after so many were taken.
    after: Option<(usize, Reply)>,
    refused: usize,
}

#[derive(Debug, Default)]
struct Script(Mutex<State>);

impl Script {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Policy for Script {
    fn greeting(&self, _peer: SocketAddr) -> Reply {
        Reply::say(220, "sink.test ESMTP")
    }

    fn recipient(&self, envelope: &Envelope) -> Reply {
        let scripted = self.state().script.get_mut(envelope.latest_recipient()).and_then(VecDeque::pop_front);
        scripted.unwrap_or_else(|| Reply::say(250, "2.1.5 ok"))
    }

    async fn message(&self, received: Received) -> Answer {
        let mut state = self.state();
        if let Some((count, reply)) = state.after.clone()
            && state.mails.len() >= count
        {
            state.refused += 1;
            return reply.into();
        }
        let raw = String::from_utf8(received.data.to_vec()).expect("our mails are text");
        state.mails.push(Mail { envelope: received.envelope, raw, at: std::time::Instant::now() });
        Reply::say(250, "2.0.0 taken").into()
    }
}

/// The sink.
#[derive(Debug)]
pub struct SmtpSink {
    valve: Valve,
    script: Arc<Script>,
    _stop: DropGuard,
}

impl SmtpSink {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// If there is none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let script = Arc::new(Script::default());
        let stop = CancellationToken::new();
        tokio::spawn(SmtpServer::on_loopback().serve(listener, Arc::clone(&script), stop.clone()));
        Self { valve: Valve::start(address).await, script, _stop: stop.drop_guard() }
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://{}?tls=never", self.valve.address())
    }

    /// Answers the recipient's next transactions with these, one each.
    pub fn answer(&self, recipient: &str, replies: impl IntoIterator<Item = Reply>) {
        self.script.state().script.entry(recipient.to_owned()).or_default().extend(replies);
    }

    /// Answers every message like this once `count` were taken; `None` takes them again.
    pub fn answer_after(&self, after: Option<(usize, Reply)>) {
        self.script.state().after = after;
    }

    /// Keeps every reply back until [`SmtpSink::release`]; mails go on coming as far as their senders do not wait
    /// for one.
    pub fn hold(&self) {
        self.valve.open(false);
    }

    /// Lets the replies go.
    pub fn release(&self) {
        self.valve.open(true);
    }

    /// How many messages were refused so far.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.script.state().refused
    }

    /// Every mail taken so far.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.script.state().mails.clone()
    }

    /// How many mails were taken so far.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.script.state().mails.len()
    }

    /// Every mail to the address so far.
    #[must_use]
    pub fn mails_to(&self, address: &str) -> Vec<Mail> {
        self.mails().into_iter().filter(|mail| mail.recipient() == address).collect()
    }

    /// Waits for the address's mail with this index, counted from 0.
    pub async fn mail_to(&self, address: &str, index: usize) -> Mail {
        eventually(&format!("mail {index} to {address}"), || async {
            self.mails_to(address).get(index).cloned()
        })
        .await
    }

    /// Waits until so many mails were taken in all.
    pub async fn wait_for(&self, count: usize) {
        eventually(&format!("{count} mails"), || async { (self.accepted() >= count).then_some(()) }).await;
    }
}
