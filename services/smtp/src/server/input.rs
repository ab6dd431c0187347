//! What came from the peer, cut into lines.
//!
//! A line's end is CR LF and nothing else (RFC 5321, section 2.3.8): a server that ends a message at a lone LF can be
//! talked into taking one message for two. Only between commands does a lone LF end a line too, so that it can be
//! refused instead of waited behind.
use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Longest command line with its CR LF: 512 octets (RFC 5321, section 4.5.3.1.4), and for MAIL 26 more for SIZE
/// (RFC 1870) and 17 more for 8BITMIME (RFC 6152).
const MAX_COMMAND_OCTETS: usize = 512 + 26 + 17;

/// How much is asked of the socket at once: a large message takes few reads, and many small ones take one.
const READ_OCTETS: usize = 64 * 1024;

/// One line from the peer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// With its line end.
    Whole(&'a [u8]),
    /// Longer than allowed; its octets are gone.
    TooLong,
}

/// The octets that were read and not yet understood.
#[derive(Debug, Default)]
pub(super) struct Input {
    buffer: BytesMut,
    /// Where the current line starts.
    start: usize,
    /// Up to where the current line was searched for its end.
    scanned: usize,
    /// The current line is already longer than allowed, and its beginning was dropped.
    overlong: bool,
}

impl Input {
    /// Reads more; false when the peer has closed its side.
    pub(super) async fn fill(&mut self, from: &mut (impl AsyncRead + Unpin)) -> std::io::Result<bool> {
        self.buffer.advance(self.start);
        self.scanned -= self.start;
        self.start = 0;
        self.buffer.reserve(READ_OCTETS);
        Ok(from.read_buf(&mut self.buffer).await? > 0)
    }

    /// Forgets all that was read.
    pub(super) fn clear(&mut self) {
        *self = Self { buffer: std::mem::take(&mut self.buffer), ..Self::default() };
        self.buffer.clear();
    }

    /// The next whole line outside a message.
    pub(super) fn next_command(&mut self) -> Option<Line<'_>> {
        self.next(MAX_COMMAND_OCTETS, |_| true)
    }

    /// The next whole line of a message, with its dot: up to one octet more than `max_octets`.
    pub(super) fn next_text_line(&mut self, max_octets: usize) -> Option<Line<'_>> {
        self.next(max_octets + 1, |before_lf| before_lf.last() == Some(&b'\r'))
    }

    fn next(&mut self, max_octets: usize, is_end: impl Fn(&[u8]) -> bool) -> Option<Line<'_>> {
        let end = loop {
            let Some(at) = self.buffer[self.scanned..].iter().position(|octet| *octet == b'\n') else {
                self.scanned = self.buffer.len();
                if self.buffer.len() - self.start >= max_octets {
                    self.overlong = true;
                    // The last octet stays: it may be the CR of the line's end.
                    self.start = self.buffer.len() - 1;
                }
                return None;
            };
            let lf = self.scanned + at;
            self.scanned = lf + 1;
            if is_end(&self.buffer[self.start..lf]) {
                break lf + 1;
            }
        };
        let line = &self.buffer[self.start..end];
        self.start = end;
        let is_too_long = std::mem::take(&mut self.overlong) || line.len() > max_octets;
        Some(if is_too_long { Line::TooLong } else { Line::Whole(line) })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, duplex};

    use super::{Input, Line, READ_OCTETS};

    const MAX_LINE_OCTETS: usize = 1000;

    #[tokio::test]
    async fn a_line_without_an_end_takes_no_more_room_than_a_read() {
        let mut input = Input::default();
        let mut endless = tokio::io::repeat(b'a');
        for _ in 0..1000 {
            assert!(input.fill(&mut endless).await.unwrap());
            assert_eq!(input.next_text_line(MAX_LINE_OCTETS), None);
            assert!(input.buffer.capacity() <= 4 * READ_OCTETS, "{}", input.buffer.capacity());
        }
        let mut end = &b"\r\n.\r\n"[..];
        assert!(input.fill(&mut end).await.unwrap());
        assert_eq!(input.next_text_line(MAX_LINE_OCTETS), Some(Line::TooLong));
        assert_eq!(input.next_text_line(MAX_LINE_OCTETS), Some(Line::Whole(b".\r\n")));
    }

    #[tokio::test]
    async fn lines_are_the_same_however_the_octets_arrive() {
        let longest = "a".repeat(MAX_LINE_OCTETS - 2);
        let sent = format!(
            "one\r\ntwo\rstill two\nstill two\r\n\r\n{longest}b\r\n{longest}bc\r\n{longest}{longest}\r\n.\r\n"
        );
        for octets_at_once in [1, 2, 3, 7, 1000, 100_000] {
            let (mut peer, mut stream) = duplex(octets_at_once);
            let writing = async {
                peer.write_all(sent.as_bytes()).await.unwrap();
                drop(peer);
            };
            let reading = async {
                let mut input = Input::default();
                let mut lines = Vec::new();
                while input.fill(&mut stream).await.unwrap() {
                    while let Some(line) = input.next_text_line(MAX_LINE_OCTETS) {
                        lines.push(match line {
                            Line::Whole(line) => String::from_utf8(line.to_vec()).unwrap(),
                            Line::TooLong => "too long".to_owned(),
                        });
                    }
                }
                lines
            };
            let ((), lines) = tokio::join!(writing, reading);
            let whole = format!("{longest}b\r\n");
            let expected =
                ["one\r\n", "two\rstill two\nstill two\r\n", "\r\n", &whole, "too long", "too long", ".\r\n"];
            assert_eq!(lines, expected, "{octets_at_once} octets at once");
        }
    }
}
