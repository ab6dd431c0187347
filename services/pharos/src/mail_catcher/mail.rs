//! One caught mail: as it came, and as a person reads it.
use bytes::Bytes;
use jiff::Timestamp;
use mail_parser::{Address, Message, MessageParser, MessagePart, PartType};
use serde::{Deserialize, Serialize};
use smtp::server::Envelope;

/// A mail as it came.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Its number: 1 for the first mail the store ever kept, growing by one.
    pub id: u64,
    /// When its final dot was read.
    pub received_at: Timestamp,
    /// From whom, to whom.
    pub envelope: Envelope,
    /// Headers and body, octet for octet.
    pub raw: Bytes,
}

/// A mail with its contents decoded: one element of `GET /inbox.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaughtMail {
    /// The mail's number, larger for a later mail.
    pub id: u64,
    /// When its final dot was read (RFC 3339, UTC).
    pub received_at: Timestamp,
    /// The envelope's sender, where bounces go; empty for `<>`.
    pub sender: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// The From header, decoded: `Name <address>`; empty if there is none.
    pub from: String,
    /// The Subject header, decoded; empty if there is none.
    pub subject: String,
    /// The Date header; null if there is none that can be read.
    pub date: Option<Timestamp>,
    /// The first text/plain part, decoded; null if there is none.
    pub text: Option<String>,
    /// The first text/html part, decoded; null if there is none.
    pub html: Option<String>,
    /// Name and value of each header of the mail, in its order; values are unfolded and otherwise as they were sent.
    pub headers: Vec<(String, String)>,
}

impl Mail {
    /// The Subject header, decoded; empty if there is none.
    pub fn subject(&self) -> String {
        let message = MessageParser::default().parse_headers(&self.raw);
        message.as_ref().and_then(Message::subject).unwrap_or_default().to_owned()
    }

    /// Parses the mail. What is malformed is left out, never an error: a person wants to see just such a mail.
    pub fn read(&self) -> CaughtMail {
        // An empty mail has no `Message`; an empty `Message` in its place panics when asked for a header (0.11.9).
        let message = MessageParser::default().parse(&self.raw);
        let message = message.as_ref();
        let date = message.and_then(Message::date);
        CaughtMail {
            id: self.id,
            received_at: self.received_at,
            sender: self.envelope.sender.clone(),
            to: self.envelope.recipients.clone(),
            from: message.and_then(Message::from).map(written).unwrap_or_default(),
            subject: message.and_then(Message::subject).unwrap_or_default().to_owned(),
            date: date.and_then(|date| Timestamp::from_second(date.to_timestamp()).ok()),
            text: message.and_then(|message| message.text_bodies().find_map(plain_text)),
            html: message.and_then(|message| message.html_bodies().find_map(html)),
            headers: message.map(|message| headers(message, &self.raw)).unwrap_or_default(),
        }
    }
}

/// The parser offers the other body where one is missing; here a mail without a text has none.
fn plain_text(part: &MessagePart<'_>) -> Option<String> {
    if let PartType::Text(text) = &part.body { Some(text.to_string()) } else { None }
}

fn html(part: &MessagePart<'_>) -> Option<String> {
    if let PartType::Html(html) = &part.body { Some(html.to_string()) } else { None }
}

fn written(addresses: &Address<'_>) -> String {
    let written: Vec<String> = addresses
        .iter()
        .map(|mailbox| {
            let address = mailbox.address().unwrap_or_default();
            mailbox.name().map_or_else(|| address.to_owned(), |name| format!("{name} <{address}>"))
        })
        .collect();
    written.join(", ")
}

fn headers(message: &Message<'_>, raw: &[u8]) -> Vec<(String, String)> {
    let value = |from: u32, to: u32| {
        let octets = raw.get(from as usize..to as usize).unwrap_or_default();
        String::from_utf8_lossy(octets).trim().replace(['\r', '\n'], "")
    };
    message
        .headers()
        .iter()
        .map(|header| (header.name().to_owned(), value(header.offset_start(), header.offset_end())))
        .collect()
}
