//! What goes over the wire: envelopes and messages.

use std::io::Write as _;

use super::delivery::Envelope;

/// RFC 5321, section 4.5.3.1.3: a path is at most 256 octets, its angle brackets included.
const MAX_ADDRESS: usize = 254;

/// Whether an envelope may be written: checked once more where it meets the wire, because an address that
/// ends its command would begin one of its author's. An empty sender is the null path of RFC 5321, section
/// 4.5.5.
pub(super) fn is_writable(envelope: &Envelope) -> bool {
    let writable = |address: &str| {
        address.len() <= MAX_ADDRESS
            && address.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>')
    };
    writable(&envelope.sender) && !envelope.recipient.is_empty() && writable(&envelope.recipient)
}

/// `MAIL FROM`, with `BODY=8BITMIME` (RFC 6152) and `SIZE` (RFC 1870) if asked for.
pub(super) fn put_mail(out: &mut Vec<u8>, sender: &str, eight_bit: bool, size: Option<u64>) {
    let body = if eight_bit { "> BODY=8BITMIME" } else { ">" };
    for part in ["MAIL FROM:<", sender, body] {
        out.extend_from_slice(part.as_bytes());
    }
    if let Some(octets) = size {
        write!(out, " SIZE={octets}").expect("a Vec takes every write");
    }
    out.extend_from_slice(b"\r\n");
}

/// `RCPT TO`.
pub(super) fn put_recipient(out: &mut Vec<u8>, recipient: &str) {
    for part in ["RCPT TO:<", recipient, ">\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// The message and its final dot: every line ends in CRLF, lone CR and lone LF too (a relay that takes one of
/// them for an end of line would see a dot where we see none), and leading dots are doubled (RFC 5321,
/// section 4.5.2). All other bytes are left alone.
pub(super) fn put_message(out: &mut Vec<u8>, message: &[u8]) {
    out.reserve(message.len() + 64);
    if is_ready(message) {
        out.extend_from_slice(message);
    } else {
        put_lines(out, message);
    }
    out.extend_from_slice(b".\r\n");
}

/// How large a message is for `SIZE`: as [`put_message`] writes it, but for doubled dots and the final one (RFC
/// 1870, section 5).
pub(super) fn octets(message: &[u8]) -> u64 {
    let pairs = message.iter().zip(message.get(1..).unwrap_or_default());
    let torn = pairs.fold(0, |torn, (&a, &b)| torn + u64::from((a == b'\r') != (b == b'\n')));
    let ends = match (message.first(), message.last()) {
        (Some(first), Some(last)) => {
            u64::from(*first == b'\n') + if *last == b'\n' { 0 } else { 2 - u64::from(*last == b'\r') }
        }
        _ => 0,
    };
    message.len() as u64 + torn + ends
}

/// Whether the message can be copied as it is: the rule. One pass without branches, which compiles to vector
/// instructions: 0.1 µs for 4 KB where a walk byte by byte takes 2.
fn is_ready(message: &[u8]) -> bool {
    let pairs = message.iter().zip(message.get(1..).unwrap_or_default());
    let faulty = pairs.fold(false, |faulty, (&a, &b)| {
        faulty | ((a == b'\r') != (b == b'\n')) | ((a == b'\n') & (b == b'.'))
    });
    !faulty && message.ends_with(b"\r\n") && !matches!(message[0], b'.' | b'\n')
}

fn put_lines(out: &mut Vec<u8>, message: &[u8]) {
    let mut at_start = true;
    let mut bytes = message.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        at_start = match byte {
            b'\r' | b'\n' => {
                bytes.next_if(|&next| byte == b'\r' && next == b'\n');
                out.extend_from_slice(b"\r\n");
                true
            }
            byte => {
                out.extend_from_slice(if at_start && byte == b'.' { b"." } else { b"" });
                out.push(byte);
                false
            }
        };
    }
    if !at_start {
        out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_dotted_and_their_lines_end_in_crlf() {
        for (message, wire) in [
            (&b"a\r\nb\r\n"[..], &b"a\r\nb\r\n.\r\n"[..]),
            (b"a", b"a\r\n.\r\n"),
            (b"", b".\r\n"),
            (b".", b"..\r\n.\r\n"),
            (b".a\r\n..b\r\n.\r\nc.d\r\n", b"..a\r\n...b\r\n..\r\nc.d\r\n.\r\n"),
            (b"a\nb\rc\r\n", b"a\r\nb\r\nc\r\n.\r\n"),
            (b"a\n.\nb\r.\rc\n.\r\n", b"a\r\n..\r\nb\r\n..\r\nc\r\n..\r\n.\r\n"),
            (b"\na\r\n", b"\r\na\r\n.\r\n"),
            (b"a\r\r\n", b"a\r\n\r\n.\r\n"),
            (b"a\r", b"a\r\n.\r\n"),
            (b"a\n\r", b"a\r\n\r\n.\r\n"),
            (b"caf\xc3\xa9 \x00\xff\r\n", b"caf\xc3\xa9 \x00\xff\r\n.\r\n"),
        ] {
            let mut out = Vec::new();
            put_message(&mut out, message);
            assert_eq!(out, wire, "{:?}", String::from_utf8_lossy(message));
            let dots = wire.split(|&b| b == b'\n').filter(|line| line.starts_with(b"..")).count();
            assert_eq!(
                octets(message) as usize,
                wire.len() - 3 - dots,
                "{:?}",
                String::from_utf8_lossy(message)
            );
        }
    }

    #[test]
    fn the_fast_way_and_the_slow_way_agree() {
        // every text of six out of these bytes
        let alphabet = [b'\r', b'\n', b'.', b'a'];
        for number in 0..4_usize.pow(6) {
            let text: Vec<u8> = (0..6).map(|place| alphabet[number >> (2 * place) & 3]).collect();
            let mut lines = Vec::new();
            put_lines(&mut lines, &text);
            assert!(!is_ready(&text) || lines == text, "{text:?}");
            assert_eq!(is_ready(&text), lines == text, "{text:?}");
        }
    }

    #[test]
    fn an_address_that_could_end_its_command_is_never_written() {
        let writable = |sender: &str, recipient: &str| {
            is_writable(&Envelope { sender: sender.into(), recipient: recipient.into() })
        };
        assert!(writable("b+1@bounces.example.com", "ann@example.org"));
        assert!(writable("", "ann@example.org"));
        assert!(!writable("", ""));
        let long = "x".repeat(255);
        for bad in
            ["a\r\nDATA", "a\nb", "a\rb", "a>b", "<a", "a b", "a\tb", "a\0b", "a\x7fb", "\u{e9}@b", &long]
        {
            assert!(!writable(bad, "ann@example.org"), "{bad:?}");
            assert!(!writable("b@example.com", bad), "{bad:?}");
        }
    }
}
