//! A mail prepared for all its recipients, with slots for what is personal.

/// Octets of a token on one line of a quoted-printable body, whose lines have 76 characters at most, a soft line
/// break's `=` included (RFC 2045, section 6.7); the rest goes on behind a soft line break.
const TOKEN_PER_LINE: usize = 75;

const SOFT_BREAK: &[u8] = b"=\r\n";

/// RFC 5321, section 4.5.3.1.3, without the angle brackets.
const MAX_ADDRESS: usize = 254;

/// Longer tokens and hashes are a mistake of ours.
const MAX_WORD: usize = 512;

/// What a mail holds of its recipient, and nothing else does.
#[derive(Clone, Copy)]
pub struct Personal<'a> {
    /// The address: ASCII, an unquoted local part, at most 254 octets.
    pub email: &'a str,
    /// What the link to unsubscribe or to confirm ends in: letters, digits, `-`, `_` and `.`, at most 512. Not
    /// looked at where the mail has no such link.
    pub token: &'a str,
    /// Stands for the recipient in `Message-ID` and `References`; the same for every mail to it. Letters,
    /// digits, `-`, `_` and `.`, at most 512.
    pub recipient_hash: &'a str,
}

/// A recipient whose data would break the mail; nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnfitRecipient {
    /// No header can carry the address.
    #[error("the address cannot stand in a header")]
    Address,
    /// The token is empty, too long, or of other characters.
    #[error("the token is not made of letters, digits, `-`, `_` and `.`")]
    Token,
    /// The hash is empty, too long, or of other characters.
    #[error("the recipient's hash is not made of letters, digits, `-`, `_` and `.`")]
    RecipientHash,
}

/// A place for something personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Address,
    RecipientHash,
    Token,
    /// In a quoted-printable body, on a line of its own.
    TokenInBody,
}

/// What stands in a message where a slot comes: cleaned text holds no control characters.
pub(super) mod mark {
    /// The recipient's address, in a header.
    pub(crate) const ADDRESS: char = '\u{1}';
    /// The recipient's hash, in a header.
    pub(crate) const RECIPIENT_HASH: char = '\u{2}';
    /// The token, in a header or a body.
    pub(crate) const TOKEN: char = '\u{3}';
    /// [`TOKEN`] in quoted-printable: an `=` that was written is `=3D`, and no soft line break tears it.
    pub(super) const TOKEN_IN_BODY: &[u8] = b"=03";
}

/// A complete message (RFC 5322) but for its slots.
pub struct Template {
    fixed: Vec<u8>,
    /// Where in `fixed` a slot is, in order.
    slots: Vec<(usize, Slot)>,
}

impl Template {
    /// Appends the message for one recipient to `out`: all is ASCII, lines end in CRLF, the last one too, and
    /// none is longer than 998 octets.
    ///
    /// # Errors
    ///
    /// [`UnfitRecipient`] if something personal could break out of its place. `out` is as it was.
    pub fn splice(&self, personal: &Personal<'_>, out: &mut Vec<u8>) -> Result<(), UnfitRecipient> {
        personal.check(self.has_token())?;
        out.reserve(self.fixed.len() + self.slots.len() * MAX_ADDRESS);
        let mut copied = 0;
        for (place, slot) in &self.slots {
            out.extend_from_slice(&self.fixed[copied..*place]);
            copied = *place;
            match slot {
                Slot::Address => out.extend_from_slice(personal.email.as_bytes()),
                Slot::RecipientHash => out.extend_from_slice(personal.recipient_hash.as_bytes()),
                Slot::Token => out.extend_from_slice(personal.token.as_bytes()),
                Slot::TokenInBody => put_in_body(personal.token.as_bytes(), out),
            }
        }
        out.extend_from_slice(&self.fixed[copied..]);
        Ok(())
    }

    /// A message with [`mark`]s, whose bodies are in quoted-printable.
    pub(super) fn cut(message: &[u8]) -> Self {
        let end = place_of(b"\r\n\r\n", message).unwrap_or(message.len());
        let (head, body) = message.split_at(end);
        let mut template = Self { fixed: Vec::with_capacity(message.len()), slots: Vec::new() };
        template.cut_head(head);
        template.cut_body(body);
        template
    }

    fn cut_head(&mut self, head: &[u8]) {
        for byte in head {
            let slot = match char::from(*byte) {
                mark::ADDRESS => Slot::Address,
                mark::RECIPIENT_HASH => Slot::RecipientHash,
                mark::TOKEN => Slot::Token,
                _ => {
                    self.fixed.push(*byte);
                    continue;
                }
            };
            self.slots.push((self.fixed.len(), slot));
        }
    }

    /// Each slot gets a line of its own, between soft line breaks.
    fn cut_body(&mut self, mut rest: &[u8]) {
        while let Some(place) = place_of(mark::TOKEN_IN_BODY, rest) {
            self.fixed.extend_from_slice(&rest[..place]);
            if !self.fixed.ends_with(b"\r\n") {
                self.fixed.extend_from_slice(SOFT_BREAK);
            }
            self.slots.push((self.fixed.len(), Slot::TokenInBody));
            rest = &rest[place + mark::TOKEN_IN_BODY.len()..];
            if !rest.starts_with(b"\r\n") && !rest.starts_with(SOFT_BREAK) {
                self.fixed.extend_from_slice(SOFT_BREAK);
            }
        }
        self.fixed.extend_from_slice(rest);
    }

    fn has_token(&self) -> bool {
        self.slots.iter().any(|(_, slot)| matches!(slot, Slot::Token | Slot::TokenInBody))
    }
}

fn place_of(wanted: &[u8], text: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn put_in_body(token: &[u8], out: &mut Vec<u8>) {
    for (nth, line) in token.chunks(TOKEN_PER_LINE).enumerate() {
        if nth > 0 {
            out.extend_from_slice(SOFT_BREAK);
        }
        out.extend_from_slice(line);
    }
}

impl Personal<'_> {
    fn check(&self, has_token: bool) -> Result<(), UnfitRecipient> {
        if !is_address(self.email) {
            Err(UnfitRecipient::Address)
        } else if has_token && !is_word(self.token) {
            Err(UnfitRecipient::Token)
        } else if !is_word(self.recipient_hash) {
            Err(UnfitRecipient::RecipientHash)
        } else {
            Ok(())
        }
    }
}

fn is_word(text: &str) -> bool {
    (1..=MAX_WORD).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// An `addr-spec` of two dot-atoms (RFC 5322, section 3.4.1), as far as it matters to a header.
pub(super) fn is_address(text: &str) -> bool {
    let is_atext = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    text.len() <= MAX_ADDRESS
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && local.bytes().chain(domain.bytes()).all(is_atext)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_that_fits_a_header_is_one() {
        for address in
            ["a@b", "first.last+tag@example.com", "o'neil@example.co.uk", "a=b/c@xn--bcher-kva.example"]
        {
            assert!(is_address(address), "{address}");
        }
        for address in [
            "",
            "a",
            "@b",
            "a@",
            "a@b@c",
            "a b@c",
            "a@b\r\nBcc: c@d",
            "a@b>, <c@d",
            "a@b,c@d",
            "a\0@b",
            "\"a\"@b",
            "é@b",
            "a@[127.0.0.1]",
            &format!("{}@b", "a".repeat(253)),
        ] {
            assert!(!is_address(address), "{address}");
        }
    }

    /// The lines of a body with its tokens, and what a reader's program makes of it.
    fn spliced(body: &str, token: &str) -> (Vec<u8>, String) {
        let body = lettre::message::SinglePart::builder()
            .header(lettre::message::header::ContentTransferEncoding::QuotedPrintable)
            .body(body.to_owned());
        let mut message = b"\r\n\r\n".to_vec();
        message.extend_from_slice(body.raw_body());
        message.extend_from_slice(b"\r\n");
        let personal = Personal { email: "a@b", token, recipient_hash: "h" };
        let mut out = Vec::new();
        Template::cut(&message).splice(&personal, &mut out).unwrap();
        let out = out.split_off(4);
        let text = mail_parser::decoders::quoted_printable::quoted_printable_decode(&out).unwrap();
        (out, String::from_utf8(text).unwrap())
    }

    #[test]
    fn a_long_token_goes_on_behind_soft_line_breaks() {
        for token in ["t".repeat(200), format!(".{}", "t".repeat(100)), "t".repeat(75), ".".to_owned()] {
            let (out, text) = spliced("https://status.example.com/u/\u{3}\nend", &token);
            assert!(out.split(|byte| *byte == b'\n').all(|line| line.len() <= 77));
            assert_eq!(text, format!("https://status.example.com/u/{token}\r\nend\r\n"));
        }
    }

    #[test]
    fn a_token_is_put_in_wherever_its_mark_stands_on_a_line() {
        for before in 0..160 {
            for (ahead, behind) in [("x", ""), ("x", "\">é"), ("é", " "), ("=03", "=03"), ("\u{3}", "\u{3} ")]
            {
                let body = format!("{}\u{3}{behind}\n.\nend", ahead.repeat(before));
                let (out, text) = spliced(&body, "tok");
                assert_eq!(text, format!("{}\r\n", body.replace('\u{3}', "tok").replace('\n', "\r\n")));
                let longest = out.split(|byte| *byte == b'\n').map(<[u8]>::len).max();
                assert!(longest <= Some(77), "{longest:?}");
            }
        }
    }
}
