//! Octets nobody would send, in every cut. A failure prints what led to it.
use std::time::Duration;

use proptest::{collection::vec, prelude::*, sample::select};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Arc, Kept, Limits, over_duplex};

const LIMITS: Limits = Limits {
    message_octets: 4000,
    recipients: 3,
    commands_without_mail: usize::MAX,
    idle: Duration::from_secs(300),
    connections: 1,
    connections_from_one_address: 1,
    text_line_octets: 1000,
    text: Duration::from_secs(600),
    connection: Duration::from_secs(1800),
    mails_of_one_connection: usize::MAX,
};

/// Sends these octets in pieces, and gives what was said until the server left, and what it kept.
fn said_to(octets: &[u8], piece: usize, buffer: usize, limits: Limits) -> (String, Arc<Kept>) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let kept = Arc::new(Kept::default());
    let said = runtime.block_on(async {
        let peer = over_duplex(buffer, limits, Arc::clone(&kept));
        let (mut from, mut to) = tokio::io::split(peer);
        let sending = async {
            for piece in octets.chunks(piece) {
                if to.write_all(piece).await.is_err() {
                    return;
                }
            }
            to.shutdown().await.ok();
        };
        let mut said = Vec::new();
        let (_, heard) = tokio::join!(sending, from.read_to_end(&mut said));
        heard.unwrap();
        said
    });
    (String::from_utf8(said).expect("replies are text"), kept)
}

/// Every line is a code and words, and ends in CR LF.
fn assert_replies(said: &str) {
    assert!(said.is_empty() || said.ends_with("\r\n"));
    for line in said.split_terminator("\r\n") {
        let (code, rest) = line.split_at_checked(3).expect("a code");
        assert!(code.parse::<u16>().is_ok_and(|code| (200..600).contains(&code)), "{line:?}");
        assert!(rest.starts_with([' ', '-']) && !rest.contains(['\r', '\n']), "{line:?}");
    }
}

/// What could upset a server most.
fn fragment() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&str> = vec![
        "EHLO a\r\n",
        "HELO a\r\n",
        "LHLO a\r\n",
        "MAIL FROM:<a@b.example>\r\n",
        "MAIL FROM:<> SIZE=9 BODY=8BITMIME\r\n",
        "RCPT TO:<c@d.example>\r\n",
        "RCPT TO:<\"",
        "DATA\r\n",
        "RSET\r\n",
        "NOOP\r\n",
        "VRFY a\r\n",
        "BDAT 3 LAST\r\n",
        "\r\n.\r\n",
        "\n.\n",
        "\r.\r",
        ".",
        "..",
        "\r",
        "\n",
        "\r\n",
        "\0",
        " ",
        "<",
        ">",
        "STARTTLS\r\n",
        "AUTH PLAIN\r\n",
    ];
    prop_oneof![
        12 => select(known).prop_map(|text| text.as_bytes().to_vec()),
        2 => vec(any::<u8>(), 0..20),
        1 => (any::<u8>(), select(vec![510_usize, 555, 556, 998, 1001, 1002, 5000]))
            .prop_map(|(octet, count)| vec![octet; count]),
    ]
}

/// A line of a message, legal or not, without the CR LF behind it.
fn line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => vec(select(b".. \0abc\xe9\xff".to_vec()), 0..12),
        1 => vec(select(b".\r\na".to_vec()), 0..6),
        1 => (select(vec![997_usize, 998, 999, 1000, 3000]), select(b"x.".to_vec())).prop_map(|(n, octet)| vec![octet; n]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn octets_of_any_kind_get_replies_and_no_panic(
        fragments in vec(fragment(), 0..60),
        piece in 1_usize..2000,
        buffer in select(vec![1_usize, 7, 64, 100_000]),
    ) {
        let (said, kept) = said_to(&fragments.concat(), piece, buffer, LIMITS);
        assert_replies(&said);
        for message in &*kept.0.lock().unwrap() {
            assert!(message.data.len() <= LIMITS.message_octets);
            assert!((1..=LIMITS.recipients).contains(&message.envelope.recipients.len()));
            let text = message.data.to_vec();
            let whole = text.split(|&b| b == b'\n').filter(|line| line.ends_with(b"\r")).count();
            assert_eq!(whole, text.iter().filter(|&&b| b == b'\n').count());
            assert_eq!(whole, text.iter().filter(|&&b| b == b'\r').count());
        }
    }

    #[test]
    fn what_is_kept_is_what_was_sent_octet_for_octet(
        mails in vec((vec(line(), 0..8), vec(any::<u8>(), 0..30)), 0..6),
        piece in 1_usize..2000,
        buffer in select(vec![1_usize, 7, 64, 100_000]),
    ) {
        let mut sent = b"EHLO test\r\n".to_vec();
        let mut expected: Vec<Vec<u8>> = Vec::new();
        for (lines, junk) in &mails {
            let junk: Vec<u8> = junk.iter().copied().filter(|b| !b.is_ascii_alphabetic()).collect();
            sent.extend([&junk[..], b"\r\nRSET\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n"].concat());
            let text = lines.iter().flat_map(|line| [&line[..], b"\r\n"]).collect::<Vec<_>>().concat();
            // as a client doubles dots: behind each CR LF, and at the beginning
            let mut last = *b"\r\n";
            for &octet in &text {
                if last == *b"\r\n" && octet == b'.' {
                    sent.push(b'.');
                }
                sent.push(octet);
                last = [last[1], octet];
            }
            sent.extend(b".\r\n");
            let pieces: Vec<&[u8]> = split(&text);
            let is_fine = text.len() <= LIMITS.message_octets
                && pieces.iter().all(|line| line.len() <= 998 && !line.iter().any(|b| matches!(b, b'\r' | b'\n')));
            if is_fine {
                expected.push(text);
            }
        }
        let (said, kept) = said_to(&sent, piece, buffer, LIMITS);
        assert_replies(&said);
        let kept: Vec<Vec<u8>> = kept.0.lock().unwrap().iter().map(|message| message.data.to_vec()).collect();
        prop_assert_eq!(kept, expected);
    }
}

/// The lines of a text between its CR LFs.
fn split(text: &[u8]) -> Vec<&[u8]> {
    let (mut lines, mut start) = (Vec::new(), 0);
    for end in (1..text.len()).filter(|&at| text[at - 1] == b'\r' && text[at] == b'\n') {
        if end > start {
            lines.push(&text[start..end - 1]);
            start = end + 1;
        }
    }
    lines
}
