//! The conversation, without its socket: lines in, replies out.
use std::{io::Write, mem, sync::Arc};

use bytes::Bytes;

use super::{
    command::{self, Command, LINE_TOO_LONG},
    input::{Line, MAX_TEXT_LINE_OCTETS},
    policy::{Envelope, Policy, Received, Reply},
};

/// Largest message the server takes, in octets after unstuffing: 10 MiB. Larger ones are refused with 552.
pub const MAX_MESSAGE_OCTETS: usize = 10 * 1024 * 1024;

/// Most recipients of one message, the least a server must take (RFC 5321, section 4.5.3.1.8). More are refused
/// with 452.
pub const MAX_RECIPIENTS: usize = 100;

/// What the EHLO reply says; the words after the name are the extensions.
const EHLO: &str = "localhost\nPIPELINING\n8BITMIME\nSIZE 10485760\nENHANCEDSTATUSCODES";

/// The text's buffer is kept from message to message up to this size, in octets.
const KEPT_TEXT_OCTETS: usize = 1024 * 1024;

/// What the socket's side does after a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Reads on.
    Continue,
    /// Sends what was said and closes.
    Close,
    /// Sends what was said and never speaks again.
    Silence,
}

/// What the peer's next line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expects {
    Command,
    TextLine,
}

enum Phase {
    /// The greeting was a refusal.
    TurnedAway,
    /// No EHLO or HELO yet.
    Connected,
    /// Between messages.
    Greeted,
    /// MAIL was accepted.
    Addressed { envelope: Envelope, is_recipient_tried: bool },
    /// DATA was accepted.
    Text { envelope: Envelope, fault: Option<Fault> },
}

/// Why a message is refused at its end, whatever the policy thinks.
enum Fault {
    TooLarge,
    LineTooLong,
}

pub(super) struct Session {
    policy: Arc<dyn Policy>,
    connection: u64,
    phase: Phase,
    text: Vec<u8>,
}

impl Session {
    /// Begins a session and writes the greeting.
    pub(super) fn begin(policy: Arc<dyn Policy>, connection: u64, out: &mut Vec<u8>) -> (Self, Step) {
        let greeting = policy.greeting();
        let phase = if greeting.is_success() { Phase::Connected } else { Phase::TurnedAway };
        (Self { policy, connection, phase, text: Vec::new() }, write(&greeting, out))
    }

    pub(super) fn expects(&self) -> Expects {
        match self.phase {
            Phase::TurnedAway | Phase::Connected | Phase::Greeted | Phase::Addressed { .. } => {
                Expects::Command
            }
            Phase::Text { .. } => Expects::TextLine,
        }
    }

    /// Takes a line that [`Expects::Command`] asked for, and writes its reply.
    pub(super) fn command(&mut self, line: Line<'_>, out: &mut Vec<u8>) -> Step {
        let command = match line {
            Line::Whole(line) => command::parse(line),
            Line::TooLong => Err(LINE_TOO_LONG),
        };
        let reply = match command {
            Ok(command) => self.obey(command),
            Err(refusal) => refusal.into(),
        };
        write(&reply, out)
    }

    /// Takes a line that [`Expects::TextLine`] asked for; writes a reply if it was the final dot.
    pub(super) fn text_line(&mut self, line: Line<'_>, out: &mut Vec<u8>) -> Step {
        let Phase::Text { fault, .. } = &mut self.phase else {
            unreachable!("text lines are read only after DATA was accepted")
        };
        match line {
            Line::Whole(b".\r\n") => {
                let reply = self.end_of_text();
                return write(&reply, out);
            }
            Line::Whole(line) => {
                let line = line.strip_prefix(b".").unwrap_or(line);
                if line.len() > MAX_TEXT_LINE_OCTETS {
                    fault.get_or_insert(Fault::LineTooLong);
                } else if self.text.len() + line.len() > MAX_MESSAGE_OCTETS {
                    fault.get_or_insert(Fault::TooLarge);
                } else if fault.is_none() {
                    self.text.extend_from_slice(line);
                }
            }
            Line::TooLong => {
                fault.get_or_insert(Fault::LineTooLong);
            }
        }
        Step::Continue
    }

    fn obey(&mut self, command: Command) -> Reply {
        if matches!(self.phase, Phase::TurnedAway) && command != Command::Quit {
            return Reply::say(503, "5.5.1 the greeting was a refusal");
        }
        match command {
            Command::Ehlo => {
                self.phase = Phase::Greeted;
                Reply::say(250, EHLO)
            }
            Command::Helo => {
                self.phase = Phase::Greeted;
                Reply::say(250, "localhost")
            }
            Command::Mail { sender } => self.mail(sender),
            Command::Rcpt { recipient } => self.rcpt(recipient),
            Command::Data => self.data(),
            Command::Rset => {
                if matches!(self.phase, Phase::Addressed { .. }) {
                    self.phase = Phase::Greeted;
                }
                Reply::say(250, "2.0.0 forgotten")
            }
            Command::Noop => Reply::say(250, "2.0.0 still here"),
            Command::Vrfy => Reply::say(252, "2.0.0 not verified, send mail and see"),
            Command::Quit => Reply::say(221, "2.0.0 goodbye"),
        }
    }

    fn mail(&mut self, sender: String) -> Reply {
        match self.phase {
            Phase::Greeted => {
                let envelope = Envelope { sender, recipients: Vec::with_capacity(1) };
                self.phase = Phase::Addressed { envelope, is_recipient_tried: false };
                Reply::say(250, "2.1.0 sender noted")
            }
            Phase::Addressed { .. } => Reply::say(503, "5.5.1 one MAIL a message"),
            Phase::TurnedAway | Phase::Connected | Phase::Text { .. } => {
                Reply::say(503, "5.5.1 EHLO or HELO first")
            }
        }
    }

    fn rcpt(&mut self, recipient: String) -> Reply {
        let Phase::Addressed { envelope, is_recipient_tried } = &mut self.phase else {
            return Reply::say(503, "5.5.1 MAIL first");
        };
        *is_recipient_tried = true;
        if envelope.recipients.len() == MAX_RECIPIENTS {
            return Reply::say(452, "4.5.3 too many recipients");
        }
        envelope.recipients.push(recipient);
        let reply = self.policy.recipient(envelope);
        if !reply.is_success() {
            envelope.recipients.pop();
        }
        reply
    }

    fn data(&mut self) -> Reply {
        let Phase::Addressed { envelope, is_recipient_tried } = &mut self.phase else {
            return Reply::say(503, "5.5.1 MAIL and RCPT first");
        };
        if envelope.recipients.is_empty() {
            let refusal = if *is_recipient_tried {
                (554, "5.5.1 no valid recipients")
            } else {
                (503, "5.5.1 RCPT first")
            };
            return Reply::say(refusal.0, refusal.1);
        }
        let envelope = mem::take(envelope);
        self.text.clear();
        self.phase = Phase::Text { envelope, fault: None };
        Reply::say(354, "end with a line of one dot")
    }

    fn end_of_text(&mut self) -> Reply {
        let Phase::Text { envelope, fault } = mem::replace(&mut self.phase, Phase::Greeted) else {
            unreachable!("a text ends only after DATA was accepted")
        };
        let reply = match fault {
            // A copy of the exact size: whoever keeps it holds no spare room, and the buffer serves the next message.
            None => self.policy.message(Received {
                envelope,
                data: Bytes::copy_from_slice(&self.text),
                connection: self.connection,
            }),
            Some(Fault::TooLarge) => Reply::say(552, "5.3.4 the message is larger than 10 MiB"),
            Some(Fault::LineTooLong) => {
                Reply::say(500, "5.6.0 a line of the message is longer than 1000 octets")
            }
        };
        if self.text.capacity() > KEPT_TEXT_OCTETS {
            self.text = Vec::new();
        }
        reply
    }
}

/// Writes a reply as RFC 5321, section 4.2.1 has it, and says how the conversation goes on.
fn write(reply: &Reply, out: &mut Vec<u8>) -> Step {
    match reply {
        Reply::Say { code, text } => {
            let mut lines = text.lines().peekable();
            if lines.peek().is_none() {
                say_line(*code, ' ', "", out);
            }
            while let Some(line) = lines.next() {
                say_line(*code, if lines.peek().is_some() { '-' } else { ' ' }, line, out);
            }
            if matches!(code, 221 | 421) { Step::Close } else { Step::Continue }
        }
        Reply::Close => Step::Close,
        Reply::Silence => Step::Silence,
    }
}

fn say_line(code: u16, separator: char, line: &str, out: &mut Vec<u8>) {
    write!(out, "{code}{separator}{line}\r\n").expect("a Vec takes every write");
}
