//! Reading requests: which bytes are a plain request, and which are not.

use super::{Find, Prepared};

/// The longest head of a request that is looked at here; what is longer goes to the web server, which has limits of its
/// own.
pub(super) const MAX_HEAD_BYTES: usize = 8 * 1024;
/// The most header lines of one.
const MAX_HEADERS: usize = 48;

/// A request to read something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The path; there is no query.
    pub path: &'a str,
    /// The host that is asked, with its port if it names one.
    pub host: &'a str,
    /// The encodings that the peer takes (`accept-encoding`); empty if it does not say.
    pub encodings: &'a str,
    /// The versions that the peer has (`if-none-match`).
    pub has: Option<&'a str>,
    is_head: bool,
}

/// What came over a connection.
pub(super) enum Came {
    /// A request whose answer is ready, and whether only its head is wanted.
    Request(Prepared, bool),
    /// Some of a request.
    Part {
        is_first: bool,
    },
    SomethingElse,
    /// The peer closed its side.
    End,
}

/// What came of a request that is not whole: nothing mostly, so that a silent connection holds next to no memory.
#[derive(Default)]
pub(super) struct Begun {
    pub(super) bytes: Vec<u8>,
    /// So many of them were looked at, and are a part of a request.
    pub(super) looked_at: usize,
}

impl Begun {
    /// Whether a look can tell anything new: at the beginning, and when a head may have come to its end. Who sends byte
    /// for byte does not have each of them looked at again and again.
    fn is_news(&self) -> bool {
        let ends = |end: &[u8]| {
            let from = self.looked_at.saturating_sub(end.len() - 1);
            self.bytes[from..].windows(end.len()).any(|window| window == end)
        };
        self.looked_at < self.bytes.len() && (self.looked_at == 0 || ends(b"\n\r\n") || ends(b"\n\n"))
    }

    /// Takes a request off.
    pub(super) fn take(&mut self, find: &Find) -> Came {
        let is_first = self.looked_at == 0;
        let look = if self.is_news() { look(&self.bytes, find) } else { Look::Part };
        self.looked_at = self.bytes.len();
        match look {
            Look::Ready { answer, is_head, length } => {
                self.behind(length);
                Came::Request(answer, is_head)
            }
            Look::Part if self.bytes.len() < MAX_HEAD_BYTES => Came::Part { is_first },
            Look::Part | Look::SomethingElse => Came::SomethingElse,
        }
    }

    /// Leaves what is behind so many bytes.
    fn behind(&mut self, length: usize) {
        *self = Self { bytes: self.bytes.split_off(length), looked_at: 0 };
    }
}

/// What some bytes are.
pub(super) enum Look {
    /// A request of so many bytes, with its answer.
    Ready {
        answer: Prepared,
        is_head: bool,
        length: usize,
    },
    Part,
    SomethingElse,
}

pub(super) fn look(bytes: &[u8], find: &Find) -> Look {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length <= MAX_HEAD_BYTES => length,
        Ok(httparse::Status::Complete(_)) => return Look::SomethingElse,
        Ok(httparse::Status::Partial) => return Look::Part,
        Err(_) => return Look::SomethingElse,
    };
    let asked = asked(&request);
    match asked.and_then(|asked| Some((find(&asked)?, asked.is_head))) {
        Some((answer, is_head)) => Look::Ready { answer, is_head, length },
        None => Look::SomethingElse,
    }
}

/// The request if it is as plain as can be.
fn asked<'a>(request: &httparse::Request<'_, 'a>) -> Option<Asked<'a>> {
    let is_head = match request.method? {
        "GET" => false,
        "HEAD" => true,
        _ => return None,
    };
    let path = request.path.filter(|path| path.starts_with('/') && !path.contains(['?', '#']))?;
    if request.version? != 1 {
        return None;
    }
    let (mut host, mut encodings, mut has) = (None, None, None);
    for header in &*request.headers {
        let value = || std::str::from_utf8(header.value).ok();
        // each once; twice is for others to make sense of
        let place = match header.name {
            name if name.eq_ignore_ascii_case("host") => &mut host,
            name if name.eq_ignore_ascii_case("accept-encoding") => &mut encodings,
            name if name.eq_ignore_ascii_case("if-none-match") => &mut has,
            name if name.eq_ignore_ascii_case("connection") => {
                if !value()?.eq_ignore_ascii_case("keep-alive") {
                    return None;
                }
                continue;
            }
            name if NOT_PLAIN.iter().any(|other| name.eq_ignore_ascii_case(other)) => return None,
            _ => continue,
        };
        if place.replace(value()?).is_some() {
            return None;
        }
    }
    Some(Asked { path, host: host?, encodings: encodings.unwrap_or_default(), has, is_head })
}

/// Headers of requests that are more than a wish to read.
const NOT_PLAIN: [&str; 8] = [
    "content-length",
    "transfer-encoding",
    "content-type",
    "expect",
    "upgrade",
    "trailer",
    "range",
    "http2-settings",
];
