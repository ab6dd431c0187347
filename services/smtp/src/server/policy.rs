//! Who decides what the server answers, and the words for it.
use std::{borrow::Cow, net::SocketAddr};

use bytes::Bytes;

/// Decides what an [`SmtpServer`](super::SmtpServer) answers where a real mail system has an opinion.
///
/// Syntax, order of commands and limits are the server's own: a policy is only asked about what passed those.
pub trait Policy: Send + Sync + 'static {
    /// Asked once a connection, before anything was read from it. It must not block.
    ///
    /// A code of 200 to 299 opens the conversation. After any other the peer may only quit: every other command is
    /// answered 503 (RFC 5321, section 3.1).
    fn greeting(&self, peer: SocketAddr) -> Reply;

    /// Asked for each well-formed RCPT: may this recipient be added? It must not block.
    ///
    /// The recipient in question is the last of `envelope.recipients`
    /// ([`Envelope::latest_recipient`]); it stays there only if the reply's code is 200 to 299.
    fn recipient(&self, envelope: &Envelope) -> Reply;

    /// Asked once a message, after the final dot: it has at least one recipient and is within the limits.
    ///
    /// Answering 250 takes over the responsibility for the message (RFC 5321, section 4.2.5). A server that is told to
    /// stop waits for the answer, so that what was taken is also said to be; it must come in the end.
    fn message(&self, received: Received) -> impl Future<Output = Answer> + Send;
}

/// What is said to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The same for all its recipients.
    All(Reply),
    /// A reply for each recipient, in their order: LMTP says each (RFC 2033, section 4.2), and 451 for one without.
    /// SMTP has one reply for all: it says the first that puts off, else the first that refuses, else the first. So a
    /// message may come again for a recipient that had it, but none is lost.
    Each(Vec<Reply>),
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self::All(reply)
    }
}

/// What the server does in reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Says it. The codes 221 and 421 also close the connection, as RFC 5321 defines them.
    Say {
        /// The reply code, 200 to 599.
        code: u16,
        /// What follows the code; each line of it becomes a line of the reply. Outside the greeting it starts with
        /// an enhanced status code (`5.1.1 no such mailbox`), because the server offers ENHANCEDSTATUSCODES.
        text: Cow<'static, str>,
    },
    /// Closes the connection without a word. Replies earned by earlier commands are still sent.
    Close,
    /// Never answers again on this connection, and reads and drops whatever comes until the peer leaves.
    Silence,
}

impl Reply {
    /// A reply in words; see [`Reply::Say`] for what `code` and `text` may be.
    pub fn say(code: u16, text: impl Into<Cow<'static, str>>) -> Self {
        Self::Say { code, text: text.into() }
    }

    /// Whether this is a reply of success: a code of 200 to 299.
    pub fn is_success(&self) -> bool {
        match self {
            Self::Say { code, .. } => (200..300).contains(code),
            Self::Close | Self::Silence => false,
        }
    }

    /// How much it keeps a sender from believing that its message is taken care of.
    fn gravity(&self) -> u8 {
        match self {
            Self::Close | Self::Silence => 3,
            Self::Say { code: 400..500, .. } => 2,
            Self::Say { code: 500.., .. } => 1,
            Self::Say { .. } => 0,
        }
    }
}

const NO_ANSWER: &str = "4.3.0 there is no answer for this recipient";

impl Answer {
    /// One reply for all.
    pub(super) fn into_one(self) -> Reply {
        match self {
            Self::All(reply) => reply,
            Self::Each(replies) => {
                let gravest = replies.into_iter().rev().max_by_key(Reply::gravity);
                gravest.unwrap_or(Reply::say(451, NO_ANSWER))
            }
        }
    }

    /// A reply for each of `count` recipients.
    pub(super) fn into_each(self, count: usize) -> Vec<Reply> {
        match self {
            Self::All(reply) => vec![reply; count],
            Self::Each(mut replies) => {
                replies.resize(count, Reply::say(451, NO_ANSWER));
                replies
            }
        }
    }
}

/// From whom and to whom one message goes, as MAIL and RCPT said it, which is not what its headers say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The reverse path without its angle brackets; empty for a message that must not bounce (`<>`).
    pub sender: String,
    /// The recipients in the order of their RCPTs, at most [`Limits::recipients`](super::Limits::recipients).
    pub recipients: Vec<String>,
}

impl Envelope {
    /// The recipient of the latest RCPT; empty before the first.
    pub fn latest_recipient(&self) -> &str {
        self.recipients.last().map_or("", String::as_str)
    }
}

/// One message, received to its final dot.
#[derive(Debug, Clone)]
pub struct Received {
    /// From whom, to whom.
    pub envelope: Envelope,
    /// Headers and body, octet for octet: dots are unstuffed and the final dot's line is left out. Every line ends in
    /// CR LF, and there is no other CR or LF.
    pub data: Bytes,
    /// The connection it came on: 1 for the server's first.
    pub connection: u64,
}
