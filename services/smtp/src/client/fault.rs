//! What ends a conversation before its time.

use std::{fmt, io, time::Duration};

use super::reply::{InvalidReply, Reply};

/// A step of the conversation, each with its own time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Resolving the name and opening the TCP connection.
    Connect,
    /// The TLS handshake.
    Handshake,
    /// The server's first line.
    Greeting,
    /// `EHLO`.
    Hello,
    /// `STARTTLS`.
    StartTls,
    /// `AUTH`.
    Auth,
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO`.
    Recipient,
    /// `DATA`.
    Data,
    /// Writing commands or a message.
    Write,
    /// The reply to the final dot of a message.
    Dot,
    /// `RSET` after a refused mail.
    Reset,
    /// `QUIT`.
    Quit,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::Handshake => "TLS handshake",
            Self::Greeting => "greeting",
            Self::Hello => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::Mail => "MAIL FROM",
            Self::Recipient => "RCPT TO",
            Self::Data => "DATA",
            Self::Write => "write",
            Self::Dot => "final dot",
            Self::Reset => "RSET",
            Self::Quit => "QUIT",
        })
    }
}

/// Why a connection cannot be used any longer.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The limit of a stage ran out.
    #[error("{stage}: no answer within {} ms", limit.as_millis())]
    Timeout {
        /// Where.
        stage: Stage,
        /// The limit.
        limit: Duration,
    },
    /// Reading, writing, connecting or encrypting failed.
    #[error("{stage}: {source}")]
    Io {
        /// Where.
        stage: Stage,
        /// The cause.
        source: io::Error,
    },
    /// The server closed the connection.
    #[error("{stage}: the server closed the connection")]
    Closed {
        /// Where.
        stage: Stage,
    },
    /// What came was no reply.
    #[error("{stage}: {source}")]
    Garbled {
        /// Where.
        stage: Stage,
        /// The cause.
        source: InvalidReply,
    },
    /// A reply that cannot belong to what it should answer: whatever follows cannot be attributed either.
    #[error("{stage}: out of step: {reply}")]
    OutOfStep {
        /// Where.
        stage: Stage,
        /// The reply.
        reply: Reply,
    },
    /// The server takes its leave with 421, which it may do at any point (RFC 5321, section 3.8), or says with 452 4.5.3
    /// that it takes no more mails over this connection.
    #[error("{stage}: {reply}")]
    Leaving {
        /// Where.
        stage: Stage,
        /// The reply.
        reply: Reply,
    },
    /// The sender took the mail back before its body was written.
    #[error("the mail was withdrawn before it was handed over")]
    Withdrawn,
    /// An earlier delivery over this connection ended in a fault or was cut short.
    #[error("the connection was lost before")]
    Spent,
}
