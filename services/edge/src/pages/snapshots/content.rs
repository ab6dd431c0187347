//! What is answered of a document: its bytes in each encoding, and what is said of them.

use std::io;

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, CONTENT_LANGUAGE,
        CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    },
};
use jiff::Timestamp;
use kit::time::http_date;

use crate::pages::{
    answer::{is_known, tag_of},
    forms::{self, Encoding, Forms},
    guards::Guards,
    preview,
};

/// The version of the page that an answer is of: what `version` of `GetPage` was.
pub(in crate::pages) const VERSION: HeaderName = HeaderName::from_static("pharos-version");
/// When an answer was right, where it may be no longer (RFC 9110, section 5.6.7).
const AS_OF: HeaderName = HeaderName::from_static("pharos-as-of");

/// What caches may do: hand it out for a second, and for another two while a new one is fetched, so that a flood of
/// readers is one request a second and everybody hears of a change at once; and for a day if nobody answers here.
const CACHING: HeaderValue =
    HeaderValue::from_static("public, max-age=1, stale-while-revalidate=2, stale-if-error=86400");
/// What may not be right any longer is not kept: the day for which it may be shown is over for everybody at once.
const OLD_CACHING: HeaderValue = HeaderValue::from_static("public, max-age=1");
const ANY: HeaderValue = HeaderValue::from_static("*");
const EXPOSED: HeaderValue = HeaderValue::from_static("etag, pharos-version, pharos-as-of");

/// Where a page says that it is not the newest.
const NOTICE_PLACE: &[u8] = b"<!--as of-->";

/// For whom a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::pages) enum Kind {
    /// For people: HTML in a language.
    Page { language: HeaderValue },
    /// For programs, in a format: any origin's script may read it.
    Format { content_type: HeaderValue },
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) kind: Kind,
    pub(super) forms: Forms,
    pub(super) tag: HeaderValue,
}

/// What is answered to one reader.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reply {
    NotModified,
    Whole(Encoding),
}

/// What an answer says beside its content.
pub(super) struct Said {
    pub(super) guards: Guards,
    pub(super) version: i64,
    /// When it was right, if it may be no longer.
    pub(super) as_of: Option<Timestamp>,
}

impl Content {
    /// What is made of these bytes, which is the one before it if they are the same.
    pub(super) fn like(before: Option<Self>, kind: Kind, bytes: Vec<u8>) -> Self {
        let tag = tag_of(&bytes);
        match before {
            Some(before) if before.tag == tag && before.kind == kind => before,
            Some(_) | None => {
                let forms = if kind.is_packed() { Forms::Plain(bytes.into()) } else { Forms::new(bytes) };
                Self { kind, forms: fitted(forms), tag }
            }
        }
    }

    /// Whether all its forms are of what its tag is of.
    pub(super) fn is_whole(&self) -> bool {
        self.forms.unpacked().is_some_and(|plain| tag_of(&plain) == self.tag)
    }

    /// The same page with a notice in its place.
    pub(super) fn with(&self, notice: &[u8]) -> Self {
        let plain = self.forms.plain();
        let place = plain.windows(NOTICE_PLACE.len()).position(|window| window == NOTICE_PLACE);
        let (before, after) = match place {
            Some(place) => (&plain[..place], &plain[place + NOTICE_PLACE.len()..]),
            None => (&plain[..], &[][..]),
        };
        Self::like(None, self.kind.clone(), [before, notice, after].concat())
    }

    /// The answer to a reader; nothing if a long one has to be unpacked for it first, as `plain`.
    pub(super) fn answer(&self, request: &HeaderMap, said: &Said, plain: Option<Bytes>) -> Option<Response> {
        let has = request.get(IF_NONE_MATCH).and_then(|has| has.to_str().ok());
        let reply = self.reply(forms::lists(request), has);
        let body = if self.is_at_hand(reply) { self.body(reply) } else { plain? };
        Some(self.head(reply, said).map(|()| Body::from(body)))
    }

    /// What is answered to who takes these encodings and has these versions.
    pub(super) fn reply<'a>(&self, encodings: impl Iterator<Item = &'a str>, has: Option<&str>) -> Reply {
        if has.is_some_and(|has| is_known(&self.tag, has)) {
            Reply::NotModified
        } else {
            Reply::Whole(self.forms.encoding(encodings))
        }
    }

    /// Whether the answer is there without unpacking a long one, which takes a processor some time.
    pub(super) fn is_at_hand(&self, reply: Reply) -> bool {
        !matches!(reply, Reply::Whole(Encoding::Identity)) || self.forms.has_plain()
    }

    pub(super) fn body(&self, reply: Reply) -> Bytes {
        match reply {
            Reply::NotModified => Bytes::new(),
            Reply::Whole(encoding) => self.forms.body(encoding),
        }
    }

    pub(super) fn head(&self, reply: Reply, said: &Said) -> Response<()> {
        let mut response = Response::new(());
        let mut headers = HeaderMap::with_capacity(16);
        match reply {
            Reply::NotModified => {
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                forms::vary(&mut headers);
            }
            Reply::Whole(encoding) => {
                self.describe(&mut headers);
                encoding.describe(&mut headers);
            }
        }
        headers.insert(ETAG, self.tag.clone());
        let caching = if said.as_of.is_some() { OLD_CACHING } else { CACHING };
        headers.insert(CACHE_CONTROL, caching);
        headers.insert(VERSION, said.version.into());
        said.guards.put_on(&mut headers);
        if matches!(self.kind, Kind::Format { .. }) {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
        if let Some(date) = said.as_of.and_then(|at| HeaderValue::try_from(http_date(at)).ok()) {
            headers.insert(AS_OF, date);
        }
        *response.headers_mut() = headers;
        response
    }

    fn describe(&self, headers: &mut HeaderMap) {
        match &self.kind {
            Kind::Page { language } => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
                headers.insert(CONTENT_LANGUAGE, language.clone());
            }
            Kind::Format { content_type } => {
                headers.insert(CONTENT_TYPE, content_type.clone());
            }
        }
    }
}

/// The same in no more memory than it needs: what packs guesses beforehand how long it will be.
fn fitted(forms: Forms) -> Forms {
    let fitted = |bytes: Bytes| Bytes::copy_from_slice(&bytes);
    match forms {
        Forms::Plain(plain) => Forms::Plain(fitted(plain)),
        Forms::Packed { gzip, brotli, plain } => {
            Forms::Packed { gzip: fitted(gzip), brotli: fitted(brotli), plain: plain.map(fitted) }
        }
    }
}

impl Reply {
    /// Its place among all that there are.
    pub(super) fn place(self) -> usize {
        match self {
            Self::NotModified => 0,
            Self::Whole(Encoding::Identity) => 1,
            Self::Whole(Encoding::Gzip) => 2,
            Self::Whole(Encoding::Brotli) => 3,
        }
    }
}

impl Kind {
    /// Whether its bytes are packed by themselves: pictures made of pixels.
    fn is_packed(&self) -> bool {
        matches!(self, Self::Format { content_type } if *content_type == preview::PNG)
    }
}

impl From<Kind> for (String, String) {
    /// The content type of a format, or the language of a page: one of them is empty.
    fn from(kind: Kind) -> Self {
        let text = |value: HeaderValue| value.to_str().unwrap_or_default().to_owned();
        match kind {
            Kind::Page { language } => (String::new(), text(language)),
            Kind::Format { content_type } => (text(content_type), String::new()),
        }
    }
}

impl TryFrom<(String, String)> for Kind {
    type Error = io::Error;

    fn try_from((content_type, language): (String, String)) -> Result<Self, io::Error> {
        let value = |text: String| HeaderValue::try_from(text).map_err(io::Error::other);
        if content_type.is_empty() {
            Ok(Self::Page { language: value(language)? })
        } else {
            Ok(Self::Format { content_type: value(content_type)? })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_takes_no_more_memory_than_its_bytes() {
        let kind = Kind::Page { language: HeaderValue::from_static("en") };
        let mut html = Vec::with_capacity(256 * 1024);
        for long in [100, 4_000, 100_000] {
            html.resize(long, b'a');
            let forms = match Content::like(None, kind.clone(), html.clone()).forms {
                Forms::Plain(plain) => vec![plain],
                Forms::Packed { gzip, brotli, plain } => {
                    [Some(gzip), Some(brotli), plain].into_iter().flatten().collect()
                }
            };
            for form in forms {
                let form = form.try_into_mut().unwrap();
                assert_eq!(form.capacity(), form.len(), "{long}");
            }
        }
    }
}
