//! Header fields: folding (RFC 5322, section 2.2.3) and encoded words (RFC 2047).

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// RFC 2047, section 2: a line with an encoded word has at most 76 characters. Other lines keep to it too.
const MAX_LINE: usize = 76;

/// How many octets an encoded word carries: 60 characters with its frame, so that it
/// fits beside the name of its field.
const WORD_OCTETS: usize = 36;

/// Writes a field, folded at its spaces. A word that is too long for a line stays whole.
pub(super) fn put(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
    let mut column = name.len() + 1;
    for (nth, word) in value.split(' ').enumerate() {
        if nth > 0 && column + 1 + word.len() > MAX_LINE {
            out.extend_from_slice(b"\r\n");
            column = 0;
        }
        out.push(b' ');
        out.extend_from_slice(word.as_bytes());
        column += 1 + word.len();
    }
    out.extend_from_slice(b"\r\n");
}

/// A clean line as the value of an unstructured field, such as Subject.
pub(super) fn unstructured(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { encoded_words(text) }
}

/// A mailbox or list id: the clean line `name`, if it is not empty, and what stands in angle brackets.
pub(super) fn named(name: &str, target: &str) -> String {
    if name.is_empty() {
        format!("<{target}>")
    } else if is_plain(name) {
        format!("\"{}\" <{target}>", name.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        format!("{} <{target}>", encoded_words(name))
    }
}

/// Whether the text can stand as it is: what looks like an encoded word would be decoded by the reader.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) && !text.contains("=?")
}

fn encoded_words(text: &str) -> String {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.floor_char_boundary(WORD_OCTETS));
        words.push(format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
        rest = after;
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(value: &str) -> String {
        let mut out = Vec::new();
        put(&mut out, "Subject", value);
        String::from_utf8(out).unwrap()
    }

    fn read_back(value: &str) -> String {
        let mail = format!("{}\r\n", field(&unstructured(value)));
        mail_parser::MessageParser::default().parse(&mail).unwrap().subject().unwrap_or_default().to_owned()
    }

    #[test]
    fn lines_are_folded_at_spaces() {
        let text = "word ".repeat(30);
        let field = field(text.trim_end());
        assert_eq!(field.matches("\r\n ").count(), 2);
        assert!(field.split("\r\n").all(|line| line.len() <= MAX_LINE));
        assert_eq!(read_back(text.trim_end()), text.trim_end());
    }

    #[test]
    fn a_word_longer_than_a_line_stays_whole() {
        assert_eq!(field(&"x".repeat(120)), format!("Subject: {}\r\n", "x".repeat(120)));
    }

    #[test]
    fn what_is_not_ascii_is_encoded_and_comes_back() {
        for text in [
            "Falha nas notificações",
            &"ação ".repeat(24),
            &"\u{1F525}".repeat(120),
            "=?utf-8?B?YWJj?=",
            "a\u{301}",
        ] {
            let encoded = field(&unstructured(text));
            assert!(encoded.is_ascii());
            assert!(encoded.split("\r\n").all(|line| line.len() <= MAX_LINE), "{encoded}");
            assert_eq!(read_back(text).trim_end(), text.trim_end());
        }
    }

    #[test]
    fn a_name_is_quoted_encoded_or_left_out() {
        assert_eq!(named("Acme", "a@b"), "\"Acme\" <a@b>");
        assert_eq!(named(r#"A "B" \C, <x@y>"#, "a@b"), r#""A \"B\" \\C, <x@y>" <a@b>"#);
        assert_eq!(named("Ação", "a@b"), "=?utf-8?B?QcOnw6Nv?= <a@b>");
        assert_eq!(named("", "a@b"), "<a@b>");
    }
}
