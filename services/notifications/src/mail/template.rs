//! A mail prepared for all its recipients, with slots for what is personal.

/// Octets of a token on one line of a quoted-printable body; the rest goes on behind a soft line break.
const TOKEN_PER_LINE: usize = super::quoted_printable::MAX_LINE - 1;

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

    fn has_token(&self) -> bool {
        self.slots.iter().any(|(_, slot)| matches!(slot, Slot::Token | Slot::TokenInBody))
    }
}

fn put_in_body(token: &[u8], out: &mut Vec<u8>) {
    for (nth, line) in token.chunks(TOKEN_PER_LINE).enumerate() {
        if nth > 0 {
            out.extend_from_slice(b"=\r\n");
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
fn is_address(text: &str) -> bool {
    let is_atext = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    text.len() <= MAX_ADDRESS
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && local.bytes().chain(domain.bytes()).all(is_atext)
        })
}

/// A template in the making.
#[derive(Default)]
pub(super) struct Draft {
    fixed: Vec<u8>,
    slots: Vec<(usize, Slot)>,
}

/// A part of a line: what is the same for all, or a slot.
pub(super) enum Part<'a> {
    Fixed(&'a str),
    Slot(Slot),
}

impl Draft {
    /// A field without slots, folded.
    pub(super) fn header(&mut self, name: &str, value: &str) {
        super::header::put(&mut self.fixed, name, value);
    }

    /// A line as it stands, with slots.
    pub(super) fn line<const N: usize>(&mut self, parts: [Part<'_>; N]) {
        for part in parts {
            match part {
                Part::Fixed(text) => self.fixed.extend_from_slice(text.as_bytes()),
                Part::Slot(slot) => self.slots.push((self.fixed.len(), slot)),
            }
        }
        self.fixed.extend_from_slice(b"\r\n");
    }

    /// A body in quoted-printable, with the token wherever `mark` stands.
    pub(super) fn body(&mut self, text: &str, mark: char) {
        let places = super::quoted_printable::encode(text, mark, &mut self.fixed);
        self.slots.extend(places.into_iter().map(|place| (place, Slot::TokenInBody)));
        self.fixed.extend_from_slice(b"\r\n");
    }

    pub(super) fn finish(self) -> Template {
        Template { fixed: self.fixed, slots: self.slots }
    }
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

    #[test]
    fn a_long_token_goes_on_behind_soft_line_breaks() {
        for token in ["t".repeat(200), format!(".{}", "t".repeat(100)), "t".repeat(75), ".".to_owned()] {
            let mut draft = Draft::default();
            draft.body("https://status.example.com/u/\u{1}\nend", '\u{1}');
            let personal = Personal { email: "a@b", token: &token, recipient_hash: "h" };
            let mut out = Vec::new();
            draft.finish().splice(&personal, &mut out).unwrap();
            assert!(out.split(|byte| *byte == b'\n').all(|line| line.len() <= 77));
            let text = mail_parser::decoders::quoted_printable::quoted_printable_decode(&out).unwrap();
            assert_eq!(
                String::from_utf8(text).unwrap(),
                format!("https://status.example.com/u/{token}\r\nend\r\n")
            );
        }
    }
}
