//! One message for all recipients, built by lettre, with marks where it is personal.
//!
//! lettre's own fields are written as lettre writes them. It takes a name or a text of plain ASCII as it is, too
//! easily for text by strangers: what looks like an encoded word would be decoded by the reader, and a name with a
//! dot must be quoted (RFC 5322, section 3.2.5). So names and texts are put into words here, by lettre's encoder.

use std::{
    fmt::{self, Write as _},
    mem,
};

use email_encoding::headers::{rfc2047, writer::EmailWriter};
use jiff::Timestamp;
use lettre::{
    Address, Message, address,
    message::{
        MessageBuilder, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, Date, HeaderName, HeaderValue},
    },
};

use super::{body::Bodies, template::Template};

const WRITES: &str = "a string takes whatever is written to it";
const BUILDS: &str = "a sender and a recipient are there";

/// A message in the making. Values of fields are clean: no line ends, no control characters but the marks.
pub(super) struct Draft {
    builder: MessageBuilder,
    /// What lettre is told of the mail's way; nobody asks it.
    sender: Address,
}

impl Draft {
    /// A message from this address, called so.
    pub(super) fn from(name: &str, address: Address) -> Self {
        let field = "From";
        let value = named(field, name, address.as_ref());
        let from = HeaderValue::dangerous_new_pre_encoded(
            HeaderName::new_from_ascii_str(field),
            address.to_string(),
            value,
        );
        Self { builder: Message::builder().raw_header(from), sender: address }
    }

    /// A field of ASCII, folded by the caller where it is long.
    pub(super) fn field(&mut self, name: &'static str, value: String) {
        let field = HeaderValue::dangerous_new_pre_encoded(
            HeaderName::new_from_ascii_str(name),
            String::new(),
            value,
        );
        self.builder = mem::take(&mut self.builder).raw_header(field);
    }

    /// An unstructured field, such as Subject, of a clean line.
    pub(super) fn text(&mut self, name: &'static str, text: &str) {
        let value = encoded(name, |writer| {
            if is_plain(text) { writer.folding().write_str(text) } else { rfc2047::encode(text, writer) }
        });
        self.field(name, value);
    }

    /// What stands in angle brackets, with a clean line as its name.
    pub(super) fn named(&mut self, field: &'static str, name: &str, target: &str) {
        self.field(field, named(field, name, target));
    }

    /// When the mail was written, to the second, in UTC.
    pub(super) fn date(&mut self, at: Timestamp) {
        self.builder = mem::take(&mut self.builder).header(Date::new(at.into()));
    }

    /// The message in its two forms. `boundary` is in neither of them.
    pub(super) fn finish(self, bodies: Bodies, boundary: &str) -> Template {
        let part = |kind, body| {
            SinglePart::builder().header(kind).header(ContentTransferEncoding::QuotedPrintable).body(body)
        };
        let parts = MultiPart::alternative()
            .boundary(boundary)
            .singlepart(part(ContentType::TEXT_PLAIN, bodies.text))
            .singlepart(part(ContentType::TEXT_HTML, bodies.html));
        let way = address::Envelope::new(None, vec![self.sender]).expect(BUILDS);
        let message = self.builder.envelope(way).multipart(parts).expect(BUILDS);
        Template::cut(&message.formatted())
    }
}

/// `"name" <target>`, or `<target>` of an empty name.
fn named(field: &str, name: &str, target: &str) -> String {
    encoded(field, |writer| {
        if is_plain(name) && !name.is_empty() {
            let quoted = format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
            writer.folding().write_str(&quoted)?;
        } else {
            rfc2047::encode(name, writer)?;
        }
        if !name.is_empty() {
            writer.space();
        }
        writer.folding().write_str(&format!("<{target}>"))
    })
}

/// The value of a field, folded: no line has more than 76 characters if its words have not.
fn encoded(field: &str, write: impl FnOnce(&mut EmailWriter<'_>) -> fmt::Result) -> String {
    let mut value = String::new();
    let mut writer = EmailWriter::new(&mut value, field.len() + ": ".len(), 0, false);
    write(&mut writer).expect(WRITES);
    drop(writer);
    value
}

/// Whether the text can stand as it is: what looks like an encoded word would be decoded by the reader.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) && !text.contains("=?")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(text: &str) -> String {
        let value = encoded("Subject", |writer| {
            if is_plain(text) { writer.folding().write_str(text) } else { rfc2047::encode(text, writer) }
        });
        format!("Subject: {value}\r\n")
    }

    fn read_back(text: &str) -> String {
        let mail = format!("{}\r\n", subject(text));
        mail_parser::MessageParser::default().parse(&mail).unwrap().subject().unwrap_or_default().to_owned()
    }

    #[test]
    fn lines_are_folded_at_spaces() {
        let text = "word ".repeat(30);
        let field = subject(text.trim_end());
        assert_eq!(field.matches("\r\n ").count(), 2);
        assert!(field.split("\r\n").all(|line| line.len() <= 76));
        assert_eq!(read_back(text.trim_end()), text.trim_end());
        assert_eq!(subject(&"x".repeat(120)), format!("Subject: {}\r\n", "x".repeat(120)));
    }

    #[test]
    fn what_is_not_ascii_is_encoded_and_comes_back() {
        for text in [
            "Falha nas notificações",
            &"ação ".repeat(24),
            &"\u{1F525}".repeat(120),
            "=?utf-8?B?YWJj?=",
            "a\u{301}",
            "接続障害のお知らせ: 調査中",
        ] {
            let field = subject(text);
            assert!(field.is_ascii());
            assert!(field.split("\r\n").all(|line| line.len() <= 76), "{field}");
            assert_eq!(read_back(text).trim_end(), text.trim_end());
        }
    }

    #[test]
    fn a_name_is_quoted_encoded_or_left_out() {
        let named = |name| named("From", name, "a@b");
        assert_eq!(named("Acme"), "\"Acme\" <a@b>");
        assert_eq!(named("Acme.io"), "\"Acme.io\" <a@b>");
        assert_eq!(named(r#"A "B" \C, <x@y>"#), r#""A \"B\" \\C, <x@y>" <a@b>"#);
        assert_eq!(named("Ação"), "=?utf-8?b?QcOnw6Nv?= <a@b>");
        assert_eq!(named(""), "<a@b>");
    }
}
