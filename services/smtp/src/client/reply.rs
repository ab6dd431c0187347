//! What a server says: reading replies (RFC 5321, section 4.2) and judging them.

use std::{fmt, io};

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

use super::fault::{Fault, Stage};

/// The most lines a reply may have.
const MAX_LINES: usize = 64;
/// The most octets a line may have, without its end. RFC 5321 says 512; servers are wordier.
const MAX_LINE: usize = 2000;
/// The most characters of a reply that are kept for people.
const MAX_TEXT: usize = 500;

/// One reply, of one or many lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    code: u16,
    status: Option<EnhancedStatus>,
    /// The code, a space and the first line, in printable ASCII; the other lines behind `\n`, without their codes.
    words: String,
}

/// A status code of RFC 3463, such as 5.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnhancedStatus {
    /// 2, 4 or 5, the same as the reply code's first digit.
    pub class: u8,
    /// What it is about: 1 addresses, 2 mailboxes, 7 security and policy.
    pub subject: u16,
    /// What exactly.
    pub detail: u16,
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Accepted: 250 after the final dot.
    Sent,
    /// Refused for now, with 4xx.
    Deferred,
    /// Refused for good because of this address: 5xx with 5.1.x (but for 5.1.7 and 5.1.8, which are about the
    /// sender), or `RCPT TO` refused with 550, 551 or 553 without an enhanced code.
    Bounced,
    /// Refused for good for another reason: policy, reputation, content, a full mailbox (5.2.2).
    Rejected,
    /// The connection was lost after the final dot was written: it may have been sent.
    Unknown,
    /// The connection was lost before the final dot, or the server left with 421: it was not sent.
    NotTried,
}

/// Why bytes from a server are no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReply {
    /// More lines than we read.
    #[error("a reply of more than {MAX_LINES} lines")]
    TooManyLines,
    /// A longer line than we read.
    #[error("a reply line of more than {MAX_LINE} octets")]
    LineTooLong,
    /// No three digits from 200 to 599, or something other than a space or a hyphen behind them.
    #[error("a reply line without a code")]
    NoCode,
    /// A line whose code is not that of the lines before.
    #[error("a reply with two codes")]
    TwoCodes,
}

impl Reply {
    /// Reads one reply. `stage` is for the fault alone; the time limit is the caller's.
    pub(super) async fn read(from: &mut (impl AsyncBufRead + Unpin), stage: Stage) -> Result<Self, Fault> {
        let garbled = |source| Fault::Garbled { stage, source };
        let mut reply: Option<Self> = None;
        // the beginning of a line that came in pieces
        let mut begun = Vec::new();
        for _ in 0..MAX_LINES {
            let (longer, is_last) = loop {
                let chunk = from.fill_buf().await.map_err(|source: io::Error| Fault::Io { stage, source })?;
                if chunk.is_empty() {
                    return Err(Fault::Closed { stage });
                }
                let end = chunk.iter().position(|&b| b == b'\n');
                let piece = &chunk[..end.unwrap_or(chunk.len())];
                if begun.len() + piece.len() > MAX_LINE + 1 {
                    return Err(garbled(InvalidReply::LineTooLong));
                }
                let line = match end {
                    Some(_) if begun.is_empty() => Some(Self::with_line(reply.take(), piece)),
                    Some(_) => {
                        begun.extend_from_slice(piece);
                        Some(Self::with_line(reply.take(), &begun))
                    }
                    None => {
                        begun.extend_from_slice(piece);
                        None
                    }
                };
                let used = end.map_or(piece.len(), |end| end + 1);
                from.consume(used);
                if let Some(line) = line {
                    begun.clear();
                    break line.map_err(garbled)?;
                }
            };
            if is_last {
                return Ok(longer);
            }
            reply = Some(longer);
        }
        Err(garbled(InvalidReply::TooManyLines))
    }

    /// How many of these octets are a reply of one line that lets the mail pass `stage`: such a reply may be
    /// skipped, for nobody needs its words. None if it is anything else, or not all there.
    pub(super) fn passing(octets: &[u8], stage: Stage) -> Option<usize> {
        let end = octets.iter().take(MAX_LINE).position(|&b| b == b'\n')?;
        let line = octets[..end].strip_suffix(b"\r").unwrap_or(&octets[..end]);
        let (code, is_last, _) = parse(line).ok()?;
        (is_last && passes(code, stage)).then_some(end + 1)
    }

    /// The lines so far and one more, without its LF; true if it is the last.
    ///
    /// A bare LF ends a line too: some servers send it, and no reply holds one otherwise.
    fn with_line(before: Option<Self>, line: &[u8]) -> Result<(Self, bool), InvalidReply> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > MAX_LINE {
            return Err(InvalidReply::LineTooLong);
        }
        let (code, is_last, text) = parse(line)?;
        let mut reply = match before {
            Some(before) if before.code != code => return Err(InvalidReply::TwoCodes),
            Some(mut before) => {
                before.words.push('\n');
                before
            }
            None => {
                let mut words = String::with_capacity(text.len() + 4);
                words.extend(line.iter().take(3).map(|&digit| char::from(digit)));
                words.push(' ');
                Self { code, status: EnhancedStatus::of(code, text), words }
            }
        };
        reply.words.extend(text.iter().map(|&b| if matches!(b, b' '..=b'~') { char::from(b) } else { '?' }));
        Ok((reply, is_last))
    }

    /// The code, 200 to 599.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The enhanced status code, if the first line has one that fits the code.
    pub fn status(&self) -> Option<EnhancedStatus> {
        self.status
    }

    /// The lines without their codes.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.words[4..].split('\n')
    }

    /// Whether the code is 2xx.
    pub(super) fn is_success(&self) -> bool {
        self.code / 100 == 2
    }

    /// Whether it says "too many recipients" for now (RFC 5321, section 4.5.3.1.10). With one recipient a mail and some
    /// mails taken before, it is not the mail that the server has enough of: `OpenSMTPD` says it to each mail behind the
    /// hundredth of a connection.
    pub(super) fn is_about_the_number_of_recipients(&self) -> bool {
        self.code == 452 && matches!(self.status, Some(EnhancedStatus { class: 4, subject: 5, detail: 3 }))
    }

    /// Whether the reply to `stage` refuses the mail, and how. None is the one reply that lets it pass: 2xx
    /// to `MAIL` and `RCPT`, 354 to `DATA`, 250 to the final dot, where it means that the mail is sent.
    ///
    /// A reply that cannot be an answer to `stage` is a fault.
    pub(super) fn refusal(self, stage: Stage) -> Result<(Option<Verdict>, Self), Fault> {
        let refusal = match (self.code, stage) {
            (code, stage) if passes(code, stage) => None,
            (400..500, _) => Some(Verdict::Deferred),
            (500.., _) => Some(self.permanent(stage)),
            _ => return Err(Fault::OutOfStep { stage, reply: self }),
        };
        Ok((refusal, self))
    }

    /// A bare 550 blames the address only as the answer to `RCPT TO`: as the answer to `DATA` or the final
    /// dot it speaks of policy or content (RFC 5321, section 4.2.2), and no address is suppressed for that.
    fn permanent(&self, stage: Stage) -> Verdict {
        let about_the_address = match self.status {
            Some(EnhancedStatus { subject, detail, .. }) => {
                stage != Stage::Mail && subject == 1 && !matches!(detail, 7 | 8)
            }
            None => stage == Stage::Recipient && matches!(self.code, 550 | 551 | 553),
        };
        if about_the_address { Verdict::Bounced } else { Verdict::Rejected }
    }
}

/// What a line says, without its end: the code, whether it is the last line, and the words.
fn parse(line: &[u8]) -> Result<(u16, bool, &[u8]), InvalidReply> {
    let (digits, rest) = line.split_at_checked(3).ok_or(InvalidReply::NoCode)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(InvalidReply::NoCode);
    }
    let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    let (is_last, text) = match rest.split_first() {
        None => (true, rest),
        Some((b' ', text)) => (true, text),
        Some((b'-', text)) => (false, text),
        Some(_) => return Err(InvalidReply::NoCode),
    };
    if (200..600).contains(&code) { Ok((code, is_last, text)) } else { Err(InvalidReply::NoCode) }
}

/// The replies that let a mail pass: 2xx to `MAIL` and `RCPT`, 354 to `DATA`, 250 to the final dot.
fn passes(code: u16, stage: Stage) -> bool {
    matches!(
        (code, stage),
        (250, Stage::Dot) | (354, Stage::Data) | (200..300, Stage::Mail | Stage::Recipient)
    )
}

/// On one line, at most 500 characters, printable ASCII.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.clone().into_line())
    }
}

impl Reply {
    /// On one line, at most 500 characters, printable ASCII.
    pub(super) fn into_line(self) -> String {
        let mut line = if self.words.contains('\n') { self.words.replace('\n', " ") } else { self.words };
        line.truncate(MAX_TEXT);
        line.truncate(line.trim_end().len());
        line
    }
}

/// `text` in the form in which a report keeps it: at most 500 characters, printable ASCII.
pub(super) fn printable(text: &str) -> String {
    text.chars().take(MAX_TEXT).map(|c| if matches!(c, ' '..='~') { c } else { '?' }).collect()
}

impl EnhancedStatus {
    fn of(code: u16, text: &[u8]) -> Option<Self> {
        let word = text.split(|&b| b == b' ').next()?;
        let mut numbers = std::str::from_utf8(word).ok()?.splitn(3, '.').map(|number| {
            let digits = (1..=3).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
            number.parse::<u16>().ok().filter(|_| digits)
        });
        let mut next = || numbers.next().flatten();
        let (class, subject, detail) = (next()?, next()?, next()?);
        (class == code / 100).then_some(())?;
        Some(Self { class: u8::try_from(class).ok()?, subject, detail })
    }
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &[u8]) -> Result<Reply, Fault> {
        Reply::read(&mut &bytes[..], Stage::Recipient).await
    }

    async fn invalid(bytes: &[u8]) -> InvalidReply {
        let fault = read(bytes).await.unwrap_err();
        let Fault::Garbled { source, .. } = fault else { panic!("{fault}") };
        source
    }

    #[tokio::test]
    async fn a_reply_of_many_lines_is_one_reply() {
        let reply = read(b"250-mail.example.com\r\n250-PIPELINING\n250\r\n").await.unwrap();
        assert_eq!(reply.code(), 250);
        assert_eq!(reply.lines().collect::<Vec<_>>(), ["mail.example.com", "PIPELINING", ""]);
        assert_eq!(reply.to_string(), "250 mail.example.com PIPELINING");
    }

    #[tokio::test]
    async fn enhanced_codes_are_read_if_they_fit_the_code() {
        for (bytes, status) in [
            (&b"550 5.1.1 no such user\r\n"[..], Some("5.1.1")),
            (b"550-5.7.26 unauthenticated\r\n550 5.7.26 see\r\n", Some("5.7.26")),
            (b"550 5.1.1\r\n", Some("5.1.1")),
            (b"550 2.1.1 odd\r\n", None),
            (b"550 5.1.1.1 odd\r\n", None),
            (b"550 5.1 odd\r\n", None),
            (b"550 5.+1.1 odd\r\n", None),
            (b"550 5.1111.1 odd\r\n", None),
            (b"550\r\n", None),
        ] {
            let reply = read(bytes).await.unwrap();
            assert_eq!(reply.status().map(|s| s.to_string()).as_deref(), status, "{bytes:?}");
        }
    }

    #[tokio::test]
    async fn limits_hold() {
        assert!(
            read(&b"250-x\r\n".repeat(63).into_iter().chain(*b"250 x\r\n").collect::<Vec<_>>()).await.is_ok()
        );
        assert_eq!(invalid(&b"250-x\r\n".repeat(65)).await, InvalidReply::TooManyLines);
        let line = |n: usize| [b"250 ", &b"x".repeat(n)[..], b"\r\n"].concat();
        assert_eq!(read(&line(1996)).await.unwrap().to_string().len(), 500);
        assert_eq!(invalid(&line(1997)).await, InvalidReply::LineTooLong);
        assert_eq!(invalid(&b"x".repeat(100_000)).await, InvalidReply::LineTooLong);
    }

    #[tokio::test]
    async fn what_is_no_reply_is_refused() {
        for bytes in
            [&b"\r\n"[..], b"25\r\n", b"250x\r\n", b"abc hello\r\n", b"199 x\r\n", b"600 x\r\n", b"+50 x\r\n"]
        {
            assert_eq!(invalid(bytes).await, InvalidReply::NoCode, "{bytes:?}");
        }
        assert_eq!(invalid(b"250-x\r\n550 y\r\n").await, InvalidReply::TwoCodes);
        assert!(matches!(read(b"250-x\r\n250").await, Err(Fault::Closed { stage: Stage::Recipient })));
    }

    #[tokio::test]
    async fn nothing_but_printable_ascii_is_kept() {
        let reply = read("550 caf\u{e9} \u{202e}\x1b[31m\r\n".as_bytes()).await.unwrap();
        assert!(reply.to_string().bytes().all(|b| matches!(b, b' '..=b'~')));
        assert_eq!(printable("a\r\n\u{202e}b"), "a???b");
    }

    #[tokio::test]
    async fn each_refusal_blames_the_right_one() {
        use Verdict::{Bounced, Deferred, Rejected};
        for (stage, bytes, refusal) in [
            (Stage::Dot, "250 ok", None),
            (Stage::Mail, "250 ok", None),
            (Stage::Recipient, "251 will forward", None),
            (Stage::Data, "354 go on", None),
            (Stage::Mail, "450 later", Some(Deferred)),
            (Stage::Recipient, "452 4.5.3 slower", Some(Deferred)),
            (Stage::Dot, "451 later", Some(Deferred)),
            (Stage::Recipient, "550 5.1.1 no such user", Some(Bounced)),
            (Stage::Recipient, "550 no such user", Some(Bounced)),
            (Stage::Recipient, "551 moved", Some(Bounced)),
            (Stage::Recipient, "553 no such name", Some(Bounced)),
            (Stage::Dot, "550 5.1.1 no such user", Some(Bounced)),
            (Stage::Recipient, "554 5.1.1 no such user", Some(Bounced)),
            (Stage::Recipient, "550 5.1.8 sender has no MX", Some(Rejected)),
            (Stage::Recipient, "550 5.7.1 blocked", Some(Rejected)),
            (Stage::Recipient, "552 5.2.2 full", Some(Rejected)),
            (Stage::Recipient, "554 blocked", Some(Rejected)),
            (Stage::Dot, "550 looks like spam", Some(Rejected)),
            (Stage::Data, "554 no valid recipients", Some(Rejected)),
            (Stage::Mail, "550 who are you", Some(Rejected)),
            (Stage::Mail, "550 5.1.0 who are you", Some(Rejected)),
        ] {
            let reply = read(format!("{bytes}\r\n").as_bytes()).await.unwrap();
            assert_eq!(reply.refusal(stage).unwrap().0, refusal, "{stage}: {bytes}");
        }
    }

    #[tokio::test]
    async fn a_reply_that_cannot_be_the_answer_is_out_of_step() {
        for (stage, bytes) in [
            (Stage::Data, "250 ok"),
            (Stage::Dot, "354 go on"),
            (Stage::Dot, "252 perhaps"),
            (Stage::Mail, "354 go on"),
            (Stage::Recipient, "334 more"),
        ] {
            let reply = read(format!("{bytes}\r\n").as_bytes()).await.unwrap();
            assert!(matches!(reply.refusal(stage), Err(Fault::OutOfStep { .. })), "{stage}: {bytes}");
        }
    }
}
