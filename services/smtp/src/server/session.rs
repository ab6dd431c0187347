//! The conversation, without its socket: lines in, replies out.
use std::{io::Write, mem, net::SocketAddr, sync::Arc};

use bytes::Bytes;

use super::{
    command::{self, Command, LINE_TOO_LONG},
    input::Line,
    limits::Limits,
    listener::{Protocol, SmtpServer},
    policy::{Answer, Envelope, Policy, Received, Reply},
};

/// The text's buffer is kept from message to message up to this size, in octets.
const KEPT_TEXT_OCTETS: usize = 1024 * 1024;

/// What the socket's side does after a line.
#[derive(Debug)]
pub(super) enum Step {
    /// Reads on.
    Continue,
    /// Asks the policy what to answer to this message, and goes on with [`Session::answered`].
    Deliver(Received),
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
    BareLineEnd,
}

pub(super) struct Session<P> {
    server: Arc<SmtpServer>,
    policy: Arc<P>,
    connection: u64,
    phase: Phase,
    text: Vec<u8>,
    /// How many recipients the message has that the policy was asked about.
    recipients: usize,
    /// Commands since the last message.
    commands: usize,
    /// Messages that came to their end.
    mails: usize,
}

impl<P: Policy> Session<P> {
    /// Begins a session and writes the greeting.
    pub(super) fn begin(
        server: Arc<SmtpServer>,
        policy: Arc<P>,
        (connection, peer): (u64, SocketAddr),
        out: &mut Vec<u8>,
    ) -> (Self, Step) {
        let greeting = policy.greeting(peer);
        let phase = if greeting.is_success() { Phase::Connected } else { Phase::TurnedAway };
        let session = Self {
            server,
            policy,
            connection,
            phase,
            text: Vec::new(),
            recipients: 0,
            commands: 0,
            mails: 0,
        };
        (session, write(&greeting, out))
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.server.limits
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
        self.commands += 1;
        if self.commands > self.limits().commands_without_mail {
            return write(&Reply::say(421, "4.7.0 too many commands without a message"), out);
        }
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
            Line::Whole(b".\r\n") => return self.end_of_text(out),
            Line::Whole(line) => {
                let line = line.strip_prefix(b".").unwrap_or(line);
                if line.len() > self.server.limits.text_line_octets {
                    fault.get_or_insert(Fault::LineTooLong);
                } else if line.iter().rev().skip(2).any(|octet| matches!(octet, b'\r' | b'\n')) {
                    fault.get_or_insert(Fault::BareLineEnd);
                } else if self.text.len() + line.len() > self.server.limits.message_octets {
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

    /// Says what the policy has answered to a message that [`Step::Deliver`] gave it.
    pub(super) fn answered(&mut self, answer: Answer, out: &mut Vec<u8>) -> Step {
        match self.server.protocol {
            Protocol::Smtp => write(&answer.into_one(), out),
            Protocol::Lmtp => write_each(&answer.into_each(self.recipients), out),
        }
    }

    fn obey(&mut self, command: Command) -> Reply {
        if matches!(self.phase, Phase::TurnedAway) && command != Command::Quit {
            return Reply::say(503, "5.5.1 the greeting was a refusal");
        }
        match command {
            Command::Ehlo | Command::Helo if self.server.protocol == Protocol::Lmtp => {
                Reply::say(500, "5.5.1 this is LMTP, say LHLO")
            }
            Command::Lhlo if self.server.protocol == Protocol::Smtp => {
                Reply::say(500, "5.5.1 this is SMTP, say EHLO")
            }
            Command::Ehlo | Command::Lhlo => {
                self.phase = Phase::Greeted;
                let (name, octets) = (&self.server.name, self.limits().message_octets);
                Reply::say(250, format!("{name}\nPIPELINING\n8BITMIME\nSIZE {octets}\nENHANCEDSTATUSCODES"))
            }
            Command::Helo => {
                self.phase = Phase::Greeted;
                Reply::say(250, self.server.name.clone())
            }
            Command::Mail { size: Some(octets), .. } if octets > self.limits().message_octets as u64 => {
                self.too_large()
            }
            Command::Mail { sender, .. } => self.mail(sender),
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
            Phase::Greeted if self.mails >= self.limits().mails_of_one_connection => {
                Reply::say(421, "4.3.2 enough messages on this connection, come back on another")
            }
            Phase::Greeted => {
                let envelope = Envelope { sender, recipients: Vec::with_capacity(1) };
                self.phase = Phase::Addressed { envelope, is_recipient_tried: false };
                Reply::say(250, "2.1.0 sender noted")
            }
            Phase::Addressed { .. } => Reply::say(503, "5.5.1 one MAIL a message"),
            Phase::TurnedAway | Phase::Connected | Phase::Text { .. } => {
                Reply::say(503, "5.5.1 EHLO, HELO or LHLO first")
            }
        }
    }

    fn rcpt(&mut self, recipient: String) -> Reply {
        let Phase::Addressed { envelope, is_recipient_tried } = &mut self.phase else {
            return Reply::say(503, "5.5.1 MAIL first");
        };
        *is_recipient_tried = true;
        if envelope.recipients.len() >= self.server.limits.recipients {
            return Reply::say(452, "4.5.3 too many recipients");
        }
        envelope.recipients.push(recipient);
        let reply = self.policy.recipient(envelope);
        if reply.is_success() {
            self.commands -= 1;
        } else {
            envelope.recipients.pop();
        }
        reply
    }

    fn data(&mut self) -> Reply {
        let Phase::Addressed { envelope, is_recipient_tried } = &mut self.phase else {
            return Reply::say(503, "5.5.1 MAIL and RCPT first");
        };
        if envelope.recipients.is_empty() {
            // RFC 2033, section 4.2 has one code for both.
            let is_refused = *is_recipient_tried && self.server.protocol == Protocol::Smtp;
            return if is_refused {
                Reply::say(554, "5.5.1 no valid recipients")
            } else {
                Reply::say(503, "5.5.1 there is no recipient")
            };
        }
        let envelope = mem::take(envelope);
        self.text.clear();
        self.phase = Phase::Text { envelope, fault: None };
        Reply::say(354, "end with a line of one dot")
    }

    fn end_of_text(&mut self, out: &mut Vec<u8>) -> Step {
        let Phase::Text { envelope, fault } = mem::replace(&mut self.phase, Phase::Greeted) else {
            unreachable!("a text ends only after DATA was accepted")
        };
        self.recipients = envelope.recipients.len();
        self.commands = 0;
        self.mails += 1;
        // A copy of the exact size: whoever keeps it holds no spare room, and the buffer serves the next message.
        let data = if fault.is_none() { Bytes::copy_from_slice(&self.text) } else { Bytes::new() };
        if self.text.capacity() > KEPT_TEXT_OCTETS {
            self.text = Vec::new();
        }
        let refusal = match fault {
            None => return Step::Deliver(Received { envelope, data, connection: self.connection }),
            Some(Fault::TooLarge) => self.too_large(),
            Some(Fault::LineTooLong) => {
                let limit = self.limits().text_line_octets;
                Reply::say(500, format!("5.6.0 a line of the message is longer than {limit} octets"))
            }
            Some(Fault::BareLineEnd) => {
                Reply::say(550, "5.6.11 the message has a CR or LF that is no part of CR LF")
            }
        };
        self.answered(refusal.into(), out)
    }

    fn too_large(&self) -> Reply {
        let limit = self.limits().message_octets;
        Reply::say(552, format!("5.3.4 the message is larger than {limit} octets"))
    }
}

/// Writes replies up to one that ends the conversation.
fn write_each(replies: &[Reply], out: &mut Vec<u8>) -> Step {
    for reply in replies {
        match write(reply, out) {
            Step::Continue => {}
            step @ (Step::Deliver(_) | Step::Close | Step::Silence) => return step,
        }
    }
    Step::Continue
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
