//! Reads a mail that came back: a delivery report (RFC 3464), a complaint (RFC 5965), or neither.

mod fields;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _, PartType};

use self::fields::Fields;
use super::came_back::{CameBack, status_of};

/// A mail within a mail is parsed on the stack of the one around it, and freed there too; and what is in parts within
/// parts is searched for the end of each. Each takes at least one of these words; no report says them so often.
const NESTING_WORDS: [(&[&[u8]], usize); 2] = [(&[b"rfc822", b"global", b"digest"], 256), (&[b"multip"], 64)];

/// What a mail says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Read {
    /// A delivery report.
    Delivery(CameBack),
    /// A complaint of a reader.
    Complaint(Complaint),
    /// Something else: an answer of a person or a machine, a report of nothing that failed.
    Nothing,
    /// No report, but it holds another mail.
    Holding(Complaint),
}

/// A complaint, or a mail that may be one by where it was sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Complaint {
    /// Texts that may name the envelope sender of the mail complained of.
    pub(super) names: Vec<String>,
    /// Who reports it, as it calls itself.
    pub(super) by: String,
}

/// Reads a mail of any bytes. A mebibyte takes some milliseconds, whatever is in it.
pub(super) fn read(raw: &[u8]) -> Read {
    if is_nested_too_deeply(raw) {
        return Read::Nothing;
    }
    let Some(message) = MessageParser::default().parse(raw) else { return Read::Nothing };
    let part = |subtypes: &[&str]| {
        message.parts.iter().find(|part| is_of_type(part, "message", subtypes)).map(content)
    };
    if let Some(report) = part(&["delivery-status", "global-delivery-status"]) {
        return delivery(&report).map_or(Read::Nothing, Read::Delivery);
    }
    let mut names = embedded(&message);
    if let Some(report) = part(&["feedback-report"]) {
        let fields = Fields::blocks(&report).into_iter().next().unwrap_or_default();
        if !fields.first("feedback-type").eq_ignore_ascii_case("abuse") {
            return Read::Nothing;
        }
        names.push(fields.first("original-mail-from").to_owned());
        return Read::Complaint(Complaint { names, by: fields.first("user-agent").to_owned() });
    }
    if names.is_empty() { Read::Nothing } else { Read::Holding(Complaint { names, by: String::new() }) }
}

fn is_nested_too_deeply(raw: &[u8]) -> bool {
    NESTING_WORDS.iter().any(|(words, most)| {
        let is_word = |at: &&[u8]| words.iter().any(|word| at.eq_ignore_ascii_case(word));
        raw.windows(6).filter(is_word).nth(*most).is_some()
    })
}

/// One mail goes to one recipient: of the recipients that a report lists, those are names of the one. That it failed
/// for one counts more than that it is late for another.
fn delivery(report: &[u8]) -> Option<CameBack> {
    let blocks = Fields::blocks(report);
    let with =
        |action: &str| blocks.iter().find(|fields| word(fields.first("action")).eq_ignore_ascii_case(action));
    let told = |fields: &Fields| {
        let said = fields.first("diagnostic-code");
        // `smtp; 550 5.1.1 no such user`: the type of the words comes first
        let said = said.split_once(';').map_or(said, |(_, words)| words.trim());
        (status_of(fields.first("status")), said.to_owned())
    };
    if let Some((status, said)) = with("failed").map(told) {
        return Some(CameBack::returned(status, &said));
    }
    with("delayed").map(told).map(|(status, said)| CameBack::delayed(status, &said))
}

/// A field's first word: a comment may follow it.
fn word(text: &str) -> &str {
    text.split(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default()
}

fn is_of_type(part: &MessagePart<'_>, kind: &str, subtypes: &[&str]) -> bool {
    part.content_type().is_some_and(|has| {
        has.ctype().eq_ignore_ascii_case(kind)
            && has.subtype().is_some_and(|has| subtypes.iter().any(|one| has.eq_ignore_ascii_case(one)))
    })
}

fn content<'a>(part: &'a MessagePart<'_>) -> Cow<'a, [u8]> {
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => Cow::Borrowed(text.as_bytes()),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => Cow::Borrowed(bytes),
        PartType::Message(inner) => Cow::Borrowed(&inner.raw_message),
        PartType::Multipart(_) => Cow::Borrowed(&[]),
    }
}

/// The headers of the mails that this one holds, whole or as headers alone. What such a mail says further is the word of
/// whoever wrote it.
fn embedded(message: &Message<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for part in &message.parts {
        if let PartType::Message(inner) = &part.body {
            let headers = inner.parts.first().and_then(|first| {
                inner.raw_message.get(first.offset_header as usize..first.offset_body as usize)
            });
            found.push(String::from_utf8_lossy(headers.unwrap_or_default()).into_owned());
        } else if is_of_type(part, "text", &["rfc822-headers"]) {
            let text = String::from_utf8_lossy(&content(part)).into_owned();
            let end = ["\r\n\r\n", "\n\n"].iter().filter_map(|blank| text.find(blank)).min();
            found.push(text[..end.unwrap_or(text.len())].to_owned());
        }
    }
    found
}
